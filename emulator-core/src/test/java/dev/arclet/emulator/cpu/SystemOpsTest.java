package dev.arclet.emulator.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.emulator.fault.GuestFault;
import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotReader;
import dev.arclet.emulator.snapshot.SnapshotWriter;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Control registers, modes, MSRs, CPUID, flags, port permission, snapshots. */
class SystemOpsTest {
    private static final int CODE = SystemFixture.CODE;

    /** Runs code in ring 0 (fresh 32-bit mode) and returns the vector it raises, or -1. */
    private static int vectorOf(SystemFixture os, int cpl, String hex) {
        os.exceptions().clear();
        os.ring(cpl);
        os.run(hex);
        return os.exceptions().isEmpty() ? -1 : os.exceptions().get(0);
    }

    @Test
    void aRealModeProgramReachesLongMode() {
        try (TestCpu test = TestCpu.real16()) {
            test.cpu.segments[CpuState.CS].selector = 0;
            // GDT: null, 64-bit code, data
            test.map.write(0x3008, 8, SystemFixture.segment(0, 0xFFFFF, 0x9A, 0xA));
            test.map.write(0x3010, 8, SystemFixture.segment(0, 0xFFFFF, 0x92, 0xC));
            test.map.write(0x3100, 2, 0x17);
            test.map.write(0x3102, 4, 0x3000);
            // One 2 MiB page, mapped one to one.
            test.map.write(0x10000, 8, 0x11003);
            test.map.write(0x11000, 8, 0x12003);
            test.map.write(0x12000, 8, 0x83);
            // lgdt [3100h]; mov eax,20h; mov cr4,eax; mov eax,10000h; mov cr3,eax;
            // mov ecx,c0000080h; rdmsr; or ah,1; wrmsr; mov eax,80000001h; mov cr0,eax;
            // jmp 8:600h
            test.code(
                    0x500,
                    "0F 01 16 00 31 66 B8 20 00 00 00 0F 22 E0 66 B8 00 00 01 00 0F 22 D8"
                            + "66 B9 80 00 00 C0 0F 32 80 CC 01 0F 30"
                            + "66 B8 01 00 00 80 0F 22 C0 EA 00 06 08 00");
            // mov rax,123456789abcdef0h; mov ecx,c0000080h ; push rax; rdmsr; pop rbx; hlt
            test.put(0x600, "48 B8 F0 DE BC 9A 78 56 34 12 B9 80 00 00 C0 50 0F 32 5B F4");
            test.run(100);
            assertEquals(java.util.List.of(), test.exceptions);
            assertTrue(test.cpu.halted);
            assertEquals(0x614, test.cpu.rip());
            assertEquals(8, test.cpu.codeSize);
            assertEquals(0x1234_5678_9ABC_DEF0L, test.cpu.gpr[CpuState.RBX]);
            assertEquals(0x500, test.cpu.gpr[CpuState.RAX], "LME and LMA");
            assertEquals(0x9B, test.map.read(0x300D, 1), "accessed");
            assertEquals(0x23, test.map.read(0x10000, 1) & 0xFF);
        }
    }

    @Test
    void controlRegistersRefuseWhatMakesNoSense() {
        try (SystemFixture os = SystemFixture.protected32()) {
            long cr0 = os.cpu.cr0;
            for (long value :
                    new long[] {Control.CR0_PG, Control.CR0_PE | Control.CR0_NW, 1L << 32 | 1}) {
                assertThrows(GuestFault.class, () -> ControlRegisters.writeCr0(os.cpu, value));
                assertEquals(cr0, os.cpu.cr0);
            }
            assertThrows(GuestFault.class, () -> ControlRegisters.write(os.cpu, 4, 1L << 13));
            assertThrows(GuestFault.class, () -> ControlRegisters.write(os.cpu, 8, 16));
        }
        try (SystemFixture os = SystemFixture.long64()) {
            long cr4 = os.cpu.cr4;
            assertThrows(
                    GuestFault.class,
                    () -> ControlRegisters.write(os.cpu, 4, cr4 & ~Control.CR4_PAE));
            assertThrows(
                    GuestFault.class,
                    () -> ControlRegisters.writeCr0(os.cpu, os.cpu.cr0 & ~Control.CR0_PG));
            assertThrows(GuestFault.class, () -> ControlRegisters.write(os.cpu, 3, 1L << 52));
            assertThrows(
                    GuestFault.class,
                    () -> os.cpu.msrs.write(os.cpu, 0xC000_0080, Control.EFER_NXE));
        }
    }

    @Test
    void privilegedInstructionsNeedLevel0() {
        String[] privileged = {
            "F4",
            "0F 06",
            "0F 08",
            "0F 09",
            "0F 20 C0",
            "0F 22 C0",
            "0F 21 C0",
            "0F 23 C0",
            "0F 01 10",
            "0F 01 18",
            "0F 01 38",
            "0F 01 F0",
            "0F 00 D0",
            "0F 00 D8",
            "0F 30",
            "0F 32",
            "0F 33",
            "FA",
            "FB",
            "0F 35"
        };
        try (SystemFixture os = SystemFixture.protected32()) {
            for (String code : privileged) {
                assertEquals(GuestFault.GP, vectorOf(os, 3, code), code);
            }
        }
    }

    @Test
    void userModeInstructionPreventionHidesTheTables() {
        String[] hidden = {"0F 01 00", "0F 01 08", "0F 00 C0", "0F 00 C8", "0F 01 E0"};
        try (SystemFixture os = SystemFixture.protected32()) {
            for (String code : hidden) {
                os.cpu.gpr[CpuState.RAX] = SystemFixture.DATA;
                assertEquals(GuestFault.GP, vectorOf(os, 3, code + "F4"), code);
                assertEquals(
                        CODE + (code.length() + 1) / 3,
                        os.stack32(1),
                        code + " itself is allowed, HLT faulted");
                os.cpu.gpr[CpuState.RAX] = SystemFixture.DATA;
                os.cpu.cr4 = Control.CR4_UMIP;
                vectorOf(os, 3, code + "F4");
                assertEquals(CODE, os.stack32(1), code);
                os.cpu.cr4 = 0;
            }
        }
    }

    @Test
    void timeStampsCanBeForbidden() {
        try (SystemFixture os = SystemFixture.protected32()) {
            os.cpu.cr4 = Control.CR4_TSD;
            assertEquals(GuestFault.GP, vectorOf(os, 3, "0F 31"));
            assertEquals(-1, vectorOf(os, 0, "0F 31 F4"));
            os.cpu.msrs.write(os.cpu, 0x10, 0x12_3456_7890L);
            vectorOf(os, 0, "0F 31 F4");
            assertEquals(0x12, os.reg(CpuState.RDX));
            os.cpu.msrs.write(os.cpu, 0x3B, 0);
            vectorOf(os, 0, "0F 31 F4");
            assertEquals(0, os.reg(CpuState.RDX));
        }
    }

    @Test
    void debugRegistersHaveAliasesAndAGuard() {
        try (SystemFixture os = SystemFixture.protected32()) {
            // mov dr4,eax with DE off writes DR6
            os.cpu.gpr[CpuState.RAX] = 0xFFFF_FFFFL;
            assertEquals(-1, vectorOf(os, 0, "0F 23 E0 F4"));
            assertEquals(0xFFFF_EFFFL, os.cpu.dr[6]);
            os.cpu.cr4 = Control.CR4_DE;
            assertEquals(GuestFault.UD, vectorOf(os, 0, "0F 23 E0 F4"));
            os.cpu.dr[7] |= 0x2000;
            os.cpu.dr[6] = 0xFFFF_0FF0L;
            assertEquals(GuestFault.DB, vectorOf(os, 0, "0F 21 C0 F4"));
            assertEquals(0xFFFF_2FF0L, os.cpu.dr[6]);
            assertEquals(0, os.cpu.dr[7] & 0x2000);
            assertEquals(CODE, os.stack32(0));
        }
    }

    @Test
    void cpuidAnnouncesWhatIsThere() {
        try (SystemFixture os = SystemFixture.protected32()) {
            // xor eax,eax; cpuid
            vectorOf(os, 0, "31 C0 0F A2 F4");
            assertEquals(0x756E_6547, os.reg(CpuState.RBX));
            assertEquals(0x4965_6E69, os.reg(CpuState.RDX));
            assertEquals(0x6C65_746E, os.reg(CpuState.RCX));
            vectorOf(os, 0, "B8 01 00 00 00 0F A2 F4");
            int edx = (int) os.reg(CpuState.RDX);
            assertEquals(0, edx & 1 << 9, "no local APIC");
            assertEquals(1 << 26 | 1 << 25 | 1 << 4 | 1, edx & (1 << 26 | 1 << 25 | 1 << 4 | 1));
            vectorOf(os, 0, "B8 01 00 00 80 0F A2 F4");
            assertEquals(1 << 29 | 1 << 20, os.reg(CpuState.RDX) & (1 << 29 | 1 << 20));
            StringBuilder brand = new StringBuilder();
            for (int leaf = 2; leaf <= 4; leaf++) {
                vectorOf(os, 0, "B8 0" + leaf + " 00 00 80 0F A2 F4");
                for (int register : new int[] {0, 3, 1, 2}) {
                    for (int i = 0; i < 4; i++) {
                        int c = (int) (os.reg(register) >>> (8 * i)) & 0xFF;
                        if (c != 0) {
                            brand.append((char) c);
                        }
                    }
                }
            }
            assertEquals("Arclet Virtual CPU", brand.toString());
            os.cpu.model = CpuModel.STANDARD.with(CpuFeature.APIC).without(CpuFeature.LONG_MODE);
            vectorOf(os, 0, "B8 01 00 00 00 0F A2 F4");
            assertEquals(1 << 9, os.reg(CpuState.RDX) & 1 << 9);
            assertThrows(GuestFault.class, () -> os.cpu.msrs.read(os.cpu, 0xC000_0082));
        }
    }

    @Test
    void unknownMsrsFaultAndAreCounted() {
        try (SystemFixture os = SystemFixture.protected32()) {
            assertEquals(GuestFault.GP, vectorOf(os, 0, "B9 34 12 00 00 0F 32"));
            assertEquals(GuestFault.GP, vectorOf(os, 0, "B9 34 12 00 00 0F 30"));
            assertEquals(2L, os.cpu.msrs.unknown().get(0x1234));
            for (int i = 0; i < 5000; i++) {
                int number = 0x4000_0000 + i;
                assertThrows(GuestFault.class, () -> os.cpu.msrs.read(os.cpu, number));
            }
            assertTrue(os.cpu.msrs.unknown().size() <= 1024, "a guest cannot make it grow");
        }
    }

    @Test
    void msrsCheckTheirValues() {
        try (SystemFixture os = SystemFixture.long64()) {
            long[][] refused = {
                {0xC000_0082L, 1L << 47},
                {0xC000_0100L, 1L << 60},
                {0x277, 0x02},
                {0x2FF, 0x07},
                {0xC000_0080L, 1 << 15},
                {0xC000_0103L, 1L << 32},
                {0x201, 1L << 50}
            };
            for (long[] c : refused) {
                assertThrows(GuestFault.class, () -> os.cpu.msrs.write(os.cpu, (int) c[0], c[1]));
            }
            os.cpu.msrs.write(os.cpu, 0xC000_0101, 0xFFFF_8000_0000_1000L);
            os.cpu.msrs.write(os.cpu, 0xC000_0102, 0x2000);
            // swapgs
            os.run("0F 01 F8 F4");
            assertEquals(0x2000, os.cpu.segments[CpuState.GS].base);
            assertEquals(0xFFFF_8000_0000_1000L, os.cpu.msrs.read(os.cpu, 0xC000_0102));
        }
    }

    @Test
    void larLslVerrVerw() {
        try (SystemFixture os = SystemFixture.protected32()) {
            os.ring(3);
            // mov cx,23h; lar eax,cx; lsl ebx,cx; verr cx; setz dl; verw cx; setz dh; mov cx,8;
            // lsl esi,cx; setz ch; hlt
            os.run(
                    "66 B9 23 00 0F 02 C1 0F 03 D9 0F 00 E1 0F 94 C2 0F 00 E9 0F 94 C6"
                            + "66 B9 08 00 0F 03 F1 0F 94 C5 F4");
            assertEquals(0xCF_F300, os.reg(CpuState.RAX));
            assertEquals(0xFFFF_FFFFL, os.reg(CpuState.RBX));
            assertEquals(0x0101, os.reg(CpuState.RDX) & 0xFFFF);
            assertEquals(0, os.reg(CpuState.RSI), "level 0 code is not shown to level 3");
            assertEquals(0, os.reg(CpuState.RCX) >>> 8);
        }
    }

    @Test
    void portsAreGuardedByIoplAndBitmap() {
        try (SystemFixture os = SystemFixture.protected32()) {
            os.ring(3);
            assertThrows(GuestFault.class, () -> IoPermission.check(os.cpu, 0x3F8, 1));
            os.cpu.systemFlags |= Eflags.IOPL;
            IoPermission.check(os.cpu, 0x3F8, 1);
            os.cpu.systemFlags = 0;
            os.test.map.write(SystemFixture.TSS + 0x66, 2, 0x68);
            os.cpu.tr.limit = 0x68 + 0x80;
            for (int i = 0; i <= 0x80; i++) {
                os.test.map.write(SystemFixture.TSS + 0x68 + i, 1, 0xFF);
            }
            os.test.map.write(SystemFixture.TSS + 0x68 + 0x7F, 1, 0x0F);
            assertThrows(GuestFault.class, () -> IoPermission.check(os.cpu, 0x3FB, 1));
            IoPermission.check(os.cpu, 0x3FC, 4);
            assertThrows(GuestFault.class, () -> IoPermission.check(os.cpu, 0x3FD, 4));
            assertThrows(GuestFault.class, () -> IoPermission.check(os.cpu, 0x400, 1));
        }
    }

    @Test
    void stiHoldsInterruptsForOneInstruction() {
        try (SystemFixture os = SystemFixture.protected32()) {
            os.cpu.interruptLine = true;
            os.test.code(CODE, "FB 90 90 F4");
            os.test.run(100);
            assertEquals(CODE + 2, os.cpu.rip(), "the engine leaves behind the shadow");
            assertFalse(os.cpu.interruptShadow);
        }
    }

    @Test
    void snapshotsRestoreEverything() throws SnapshotException {
        long seed = 20261122;
        Random random = new Random(seed);
        try (SystemFixture os = SystemFixture.long64();
                TestCpu other = TestCpu.real16()) {
            os.cpu.efer |= Control.EFER_SCE;
            os.run("48 C7 C0 FE FF FF FF 48 83 C0 05 F4");
            for (int i = 0; i < 16; i++) {
                os.cpu.gpr[i] = random.nextLong();
                os.cpu.xmm[i] = random.nextLong();
            }
            os.cpu.nmiBlocked = true;
            os.cpu.x87.top = 3;
            os.cpu.msrs.lstar = 0x1234;
            byte[] first = save(os.cpu);
            other.cpu.restore(new SnapshotReader("cpu", first), os.cpu.sectionVersion());
            assertArrayEquals(first, save(other.cpu), "seed " + seed);
            assertEquals(8, other.cpu.codeSize);
            assertEquals(-1L, other.cpu.stackMask);
            assertEquals(os.cpu.eflags(), other.cpu.eflags());
            for (int length = 0; length < first.length; length += 97) {
                byte[] cut = Arrays.copyOf(first, length);
                assertThrows(
                        SnapshotException.class,
                        () -> other.cpu.restore(new SnapshotReader("cpu", cut), 1));
            }
        }
    }

    private static byte[] save(CpuState cpu) {
        SnapshotWriter out = new SnapshotWriter();
        cpu.save(out);
        return out.toByteArray();
    }

    @Test
    void resetMakesItNew() {
        try (SystemFixture os = SystemFixture.long64();
                TestCpu other = TestCpu.real16()) {
            os.run("48 C7 C0 FE FF FF FF F4");
            os.cpu.reset();
            os.cpu.instructions = 0;
            other.cpu.reset();
            other.cpu.instructions = 0;
            assertArrayEquals(save(other.cpu), save(os.cpu));
            assertEquals(0xFFF0, os.cpu.rip());
            assertEquals(0xFFFF_0000L, os.cpu.segments[CpuState.CS].base);
        }
    }
}
