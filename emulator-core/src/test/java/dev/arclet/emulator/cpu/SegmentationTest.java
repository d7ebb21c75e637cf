package dev.arclet.emulator.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.emulator.fault.GuestFault;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Limits, types and loads of segments. */
class SegmentationTest {
    private static final int CODE = SystemFixture.CODE;
    private static final int FREE = SystemFixture.FREE;

    private static void load(SystemFixture os, int segment, int rawLimit, int access, int flags) {
        os.descriptor(FREE, SystemFixture.segment(SystemFixture.DATA, rawLimit, access, flags));
        Segmentation.loadData(os.cpu, segment, FREE);
    }

    private static int read(SystemFixture os, int segment, long offset, int bytes) {
        return vector(() -> Segmentation.checkRead(os.cpu, segment, offset, bytes));
    }

    private static int write(SystemFixture os, int segment, long offset, int bytes) {
        return vector(() -> Segmentation.checkWrite(os.cpu, segment, offset, bytes));
    }

    /** The vector that an access raises, with error code 0; -1 for none. */
    private static int vector(Runnable access) {
        try {
            access.run();
            return -1;
        } catch (GuestFault fault) {
            assertEquals(0, fault.errorCode());
            return fault.vector();
        }
    }

    @Test
    void limitsCountTheLastByte() {
        try (SystemFixture os = SystemFixture.protected32()) {
            load(os, CpuState.DS, 0x1000, 0x93, 4);
            assertEquals(-1, read(os, CpuState.DS, 0xFFD, 4));
            assertEquals(GuestFault.GP, read(os, CpuState.DS, 0xFFE, 4));
            assertEquals(-1, write(os, CpuState.DS, 0x1000, 1));
            assertEquals(GuestFault.GP, write(os, CpuState.DS, 0x1001, 1));
            assertEquals(GuestFault.GP, read(os, CpuState.DS, 0xFFFF_FFFFL, 4));
            load(os, CpuState.DS, 1, 0x93, 0xC);
            assertEquals(-1, read(os, CpuState.DS, 0x1FFF, 1));
            assertEquals(GuestFault.GP, read(os, CpuState.DS, 0x2000, 1));
        }
    }

    @Test
    void expandDownSegmentsBeginAboveTheirLimit() {
        try (SystemFixture os = SystemFixture.protected32()) {
            load(os, CpuState.DS, 0x1000, 0x97, 4);
            assertEquals(GuestFault.GP, read(os, CpuState.DS, 0x1000, 1));
            assertEquals(-1, read(os, CpuState.DS, 0x1001, 1));
            assertEquals(-1, write(os, CpuState.DS, 0xFFFF_FFFCL, 4));
            assertEquals(GuestFault.GP, write(os, CpuState.DS, 0xFFFF_FFFDL, 4));
            load(os, CpuState.DS, 0x1000, 0x97, 0);
            assertEquals(-1, read(os, CpuState.DS, 0xFFFE, 2));
            assertEquals(GuestFault.GP, read(os, CpuState.DS, 0xFFFF, 2));
            load(os, CpuState.SS, 0x1000, 0x97, 4);
            assertEquals(GuestFault.SS, write(os, CpuState.SS, 0x1000, 4));
        }
    }

    @Test
    void typesSayWhatMayBeDone() {
        try (SystemFixture os = SystemFixture.protected32()) {
            load(os, CpuState.ES, 0xFFFFF, 0x91, 0xC);
            assertEquals(-1, read(os, CpuState.ES, 5, 1));
            assertEquals(GuestFault.GP, write(os, CpuState.ES, 5, 1));
            load(os, CpuState.ES, 0xFFFFF, 0x9B, 0xC);
            assertEquals(-1, read(os, CpuState.ES, 5, 1));
            assertEquals(GuestFault.GP, write(os, CpuState.ES, 5, 1));
            assertEquals(GuestFault.GP, write(os, CpuState.CS, 5, 1), "code is not written");
            Segmentation.loadData(os.cpu, CpuState.ES, 3);
            assertEquals(3, os.selector(CpuState.ES));
            assertEquals(GuestFault.GP, read(os, CpuState.ES, 0, 1), "null");
        }
    }

    @Test
    void loadsCheckPrivilegeTypeAndPresence() {
        try (SystemFixture os = SystemFixture.protected32()) {
            os.cpu.segments[CpuState.CS].selector |= 3;
            os.ring(3);
            Object[][] cases = {
                {0x93, GuestFault.GP}, // DPL 0
                {0x99 | 0x60, GuestFault.GP}, // execute only
                {0x73, GuestFault.NP}, // not present
                {0x82 | 0x60, GuestFault.GP}, // a system segment
                {0x9F, -1}, // conforming code of level 0
                {0xF1, -1}
            };
            for (Object[] c : cases) {
                os.descriptor(FREE, SystemFixture.segment(0, 0xFFFFF, (int) c[0], 0xC));
                int vector = -1;
                try {
                    Segmentation.loadData(os.cpu, CpuState.GS, FREE | 3);
                } catch (GuestFault fault) {
                    vector = fault.vector();
                    assertEquals(FREE, fault.errorCode());
                }
                assertEquals(c[1], vector, "access " + Integer.toHexString((int) c[0]));
            }
            GuestFault fault =
                    assertThrows(
                            GuestFault.class,
                            () -> Segmentation.loadData(os.cpu, CpuState.GS, 0x1003));
            assertEquals(0x1000, fault.errorCode(), "beyond the table");
            fault =
                    assertThrows(
                            GuestFault.class, () -> Segmentation.loadData(os.cpu, CpuState.GS, 7));
            assertEquals(4, fault.errorCode(), "no LDT");
        }
    }

    @Test
    void stackSegmentsMustMatchTheLevelExactly() {
        try (SystemFixture os = SystemFixture.protected32()) {
            assertEquals(GuestFault.GP, loadStack(os, SystemFixture.DATA3).vector());
            assertEquals(GuestFault.GP, loadStack(os, SystemFixture.DATA0 | 1).vector());
            assertEquals(GuestFault.GP, loadStack(os, SystemFixture.CODE0).vector());
            assertEquals(0, loadStack(os, 0).errorCode());
            os.descriptor(FREE, SystemFixture.segment(0, 0xFFFFF, 0x13, 0xC));
            assertEquals(GuestFault.SS, loadStack(os, FREE).vector());
            os.descriptor(FREE, SystemFixture.segment(0, 0xFFFF, 0x93, 0));
            Segmentation.loadData(os.cpu, CpuState.SS, FREE);
            assertEquals(0xFFFFL, os.cpu.stackMask);
        }
    }

    private static GuestFault loadStack(SystemFixture os, int selector) {
        return assertThrows(
                GuestFault.class, () -> Segmentation.loadData(os.cpu, CpuState.SS, selector));
    }

    @Test
    void loadsSetTheAccessedBit() {
        try (SystemFixture os = SystemFixture.protected32()) {
            os.descriptor(FREE, SystemFixture.segment(0, 0xFFFFF, 0x92, 0xC));
            Segmentation.loadData(os.cpu, CpuState.FS, FREE);
            assertEquals(0x93, os.test.map.read(SystemFixture.GDT + FREE + 5, 1));
        }
    }

    @Test
    void theLocalTableIsUsed() {
        try (SystemFixture os = SystemFixture.protected32()) {
            os.test.map.write(
                    SystemFixture.LDT + 8, 8, SystemFixture.segment(0x1234_5678, 0xFFFF, 0x93, 0));
            // mov ax,70h; lldt ax; mov ax,0ch; mov gs,ax; sldt bx; hlt
            os.run("66 B8 70 00 0F 00 D0 66 B8 0C 00 8E E8 66 0F 00 C3 F4");
            assertEquals(CODE + 18, os.cpu.rip());
            assertEquals(0x1234_5678L, os.cpu.segments[CpuState.GS].base);
            assertEquals(0x70, os.reg(CpuState.RBX) & 0xFFFF);
        }
    }

    @Test
    void in64BitModeOnlyFsAndGsHaveBases() {
        try (SystemFixture os = SystemFixture.long64()) {
            load(os, CpuState.DS, 0, 0x93, 0);
            load(os, CpuState.FS, 0, 0x93, 0);
            os.test.map.write(SystemFixture.DATA + 0x10, 4, 0x1111_1111);
            // mov eax,[40010h]; mov ebx,fs:[10h]; hlt
            os.run("8B 04 25 10 00 04 00 64 8B 1C 25 10 00 00 00 F4");
            assertEquals(0x1111_1111, os.reg(CpuState.RAX));
            assertEquals(0x1111_1111, os.reg(CpuState.RBX));
            assertEquals(-1, read(os, CpuState.DS, 0x10_0000, 8), "limits do not count");
            Segmentation.loadData(os.cpu, CpuState.SS, 0);
            assertTrue(os.cpu.segments[CpuState.SS].unusable, "a null stack is allowed at level 0");
        }
    }

    @Test
    void nonCanonicalStackAccessesRaiseStackFaults() {
        try (SystemFixture os = SystemFixture.long64()) {
            os.cpu.gpr[CpuState.RBP] = 1L << 62;
            os.run("48 8B 45 00");
            assertTrue(os.handled(GuestFault.SS));
            os.ring(0);
            os.cpu.gpr[CpuState.RBX] = 1L << 62;
            os.run("48 8B 03");
            assertTrue(os.handled(GuestFault.GP));
        }
    }

    @Test
    void bigRealModeKeepsItsLimits() {
        try (TestCpu test = TestCpu.real16()) {
            test.map.write(0x3000, 8, SystemFixture.segment(0, 0xFFFFF, 0x93, 0x8));
            test.cpu.gdtBase = 0x3000 - 8;
            test.cpu.gdtLimit = 15;
            test.map.write(0x50_0000, 4, 0x1234_5678);
            // mov eax,cr0; or al,1; mov cr0,eax; mov bx,8; mov ds,bx; and al,fe; mov cr0,eax;
            // xor bx,bx; mov ds,bx; mov esi,500000h; mov ecx,[esi]; hlt
            test.code(
                    0x500,
                    "0F 20 C0 0C 01 0F 22 C0 BB 08 00 8E DB 24 FE 0F 22 C0 31 DB 8E DB"
                            + "66 BE 00 00 50 00 67 66 8B 0E F4");
            test.run(100);
            assertTrue(test.cpu.halted);
            assertEquals(List.of(), test.exceptions);
            assertEquals(0x1234_5678, test.cpu.gpr[CpuState.RCX]);
        }
    }

    /** Of both faults of a call a processor reports that of the stack (seen on a Zen 4). */
    @Test
    void aCallChecksItsStackBeforeItsTarget() {
        try (TestCpu test = TestCpu.long64()) {
            test.cpu.gpr[CpuState.RAX] = 0x0100_F7FF_0000_1F79L;
            test.code(0x1000, "FFD0").run(10); // call rax
            assertEquals(List.of(GuestFault.GP), test.exceptions);
            test.restart();
            test.cpu.gpr[CpuState.RAX] = 0x0100_F7FF_0000_1F79L;
            test.cpu.gpr[CpuState.RSP] = Long.MIN_VALUE;
            test.code(0x1000, "FFD0").run(10);
            assertEquals(List.of(GuestFault.SS), test.exceptions);
        }
        try (TestCpu test = TestCpu.real16()) {
            test.cpu.gpr[CpuState.RAX] = 0x1_2345;
            test.code(0x1000, "66FFD0").run(10); // call eax
            assertEquals(List.of(GuestFault.GP), test.exceptions);
            test.restart();
            test.cpu.gpr[CpuState.RAX] = 0x1_2345;
            test.cpu.gpr[CpuState.RSP] = 2;
            test.code(0x1000, "66FFD0").run(10);
            assertEquals(List.of(GuestFault.SS), test.exceptions);
        }
    }

    /** The bit offset leads away from the operand's address, but not to another segment. */
    @Test
    void bitStringsOnTheStackRaiseStackFaults() {
        try (TestCpu test = TestCpu.long64()) {
            test.cpu.gpr[CpuState.RBP] = 0x3000;
            test.cpu.gpr[CpuState.RCX] = 1L << 62;
            test.code(0x1000, "480FA34D01").run(10); // bt [rbp + 1], rcx
            assertEquals(List.of(GuestFault.SS), test.exceptions);
            test.restart();
            test.cpu.gpr[CpuState.RBX] = 0x3000;
            test.cpu.gpr[CpuState.RCX] = 1L << 62;
            test.code(0x1000, "480FBB4B01").run(10); // btc [rbx + 1], rcx
            assertEquals(List.of(GuestFault.GP), test.exceptions);
        }
    }
}
