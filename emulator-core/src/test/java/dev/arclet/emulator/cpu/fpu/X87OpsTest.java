package dev.arclet.emulator.cpu.fpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.emulator.cpu.CpuBus;
import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.Segmentation;
import dev.arclet.emulator.cpu.TestCpu;
import dev.arclet.emulator.cpu.interp.Interpreter;
import dev.arclet.emulator.fault.GuestFault;
import dev.arclet.emulator.memory.GuestMemory;
import dev.arclet.emulator.memory.PhysicalMap;
import dev.arclet.emulator.mmu.Mmu;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What the vectors do not show: availability, images and their pointers, XSAVE, FERR#. */
class X87OpsTest {
    private static final int CR0_MP = 2, CR0_EM = 4, CR0_TS = 8, CR0_NE = 0x20;
    private static final int CR4_OSFXSR = 0x200, CR4_OSXMMEXCPT = 0x400, CR4_OSXSAVE = 1 << 18;
    private static final long IMAGE = 0x4000;

    private static List<Integer> exceptionsOf(TestCpu test, String code) {
        test.code(0x1000, code + "F4");
        test.cpu.halted = false;
        test.exceptions.clear();
        test.run(100);
        return List.copyOf(test.exceptions);
    }

    private static int read(TestCpu test, long address, int bytes) {
        return (int) test.map.read(address, bytes);
    }

    @Test
    void availabilityFollowsControlRegisters() {
        try (TestCpu test = TestCpu.flat32()) {
            CpuState cpu = test.cpu;
            cpu.cr0 |= CR0_TS;
            assertEquals(List.of(GuestFault.NM), exceptionsOf(test, "D9E8"));
            assertEquals(List.of(GuestFault.NM), exceptionsOf(test, "9B"));
            assertEquals(List.of(GuestFault.NM), exceptionsOf(test, "0F58C1"));
            cpu.cr0 &= ~CR0_MP;
            assertEquals(List.of(), exceptionsOf(test, "9B"));
            cpu.cr0 = cpu.cr0 & ~CR0_TS | CR0_EM;
            assertEquals(List.of(GuestFault.NM), exceptionsOf(test, "DBE3"));
            assertEquals(List.of(GuestFault.UD), exceptionsOf(test, "0F58C1"));
            cpu.cr0 &= ~CR0_EM;
            cpu.cr4 &= ~CR4_OSFXSR;
            assertEquals(List.of(GuestFault.UD), exceptionsOf(test, "0F58C1"));
        }
    }

    @Test
    void anExceptionIsReportedByTheNextWaitingInstruction() {
        try (TestCpu test = TestCpu.flat32()) {
            // FNINIT; FLDCW with ZM clear; FLD1; FLDZ; FDIVP; FNSTSW AX; FLD1
            test.put(0x3000, "7B03");
            assertEquals(
                    List.of(GuestFault.MF),
                    exceptionsOf(test, "DBE3 D92D00300000 D9E8 D9EE DEF9 DFE0 D9E8"));
            assertEquals(0x1010, test.cpu.rip());
            assertEquals(0xB084, (int) test.cpu.gpr[0] & 0xFFFF);
        }
    }

    @Test
    void aStoreThatIsForbiddenStillChecksItsOperand() {
        try (TestCpu test = TestCpu.long64()) {
            CpuState cpu = test.cpu;
            cpu.x87.control = 0x340;
            cpu.x87.valid = 0;
            // FST dword [RAX], at an address beyond the page tables, then at one within
            cpu.gpr[CpuState.RAX] = 0x1234_5678;
            assertEquals(List.of(GuestFault.PF), exceptionsOf(test, "D910"));
            assertEquals(0, cpu.x87.statusWord());
            cpu.gpr[CpuState.RAX] = IMAGE;
            test.put(IMAGE, "11223344");
            assertEquals(List.of(), exceptionsOf(test, "D910"));
            assertEquals(0x80C1, cpu.x87.statusWord());
            assertEquals(0x44332211, read(test, IMAGE, 4));
        }
    }

    @Test
    void simdExceptionsNeedTheirEnableBit() {
        try (TestCpu test = TestCpu.flat32()) {
            test.cpu.mxcsr = 0x1F80 & ~(4 << 7);
            test.cpu.xmm[0] = 0x3F800000L;
            assertEquals(List.of(GuestFault.XM), exceptionsOf(test, "F30F5EC1"));
            assertEquals(0x3F800000L, test.cpu.xmm[0]);
            assertEquals(4, test.cpu.mxcsr & 0x3F);
            test.cpu.cr4 &= ~CR4_OSXMMEXCPT;
            assertEquals(List.of(GuestFault.UD), exceptionsOf(test, "F30F5EC1"));
        }
    }

    @Test
    void protectedEnvironmentHasPointersAndOpcode() {
        try (TestCpu test = TestCpu.flat32()) {
            // FNINIT; FLD dword [3000h] at 1002h; FNSTENV [4000h]
            assertEquals(List.of(), exceptionsOf(test, "DBE3 D90500300000 D93500400000"));
            assertEquals(0xFFFF037F, read(test, IMAGE, 4));
            assertEquals(0xFFFF3800, read(test, IMAGE + 4, 4));
            assertEquals(0xFFFF7FFF, read(test, IMAGE + 8, 4));
            assertEquals(0x1002, read(test, IMAGE + 12, 4));
            assertEquals(0x01050010, read(test, IMAGE + 16, 4));
            assertEquals(0x3000, read(test, IMAGE + 20, 4));
            assertEquals(0xFFFF0020, read(test, IMAGE + 24, 4));
        }
    }

    @Test
    void realEnvironmentHasLinearPointers() {
        try (TestCpu test = TestCpu.real16()) {
            test.cpu.segments[CpuState.DS].selector = 0x2345;
            // FNINIT; FLD dword [3000h] at 1002h; FNSTENV [4000h], then with 32-bit operands
            assertEquals(List.of(), exceptionsOf(test, "DBE3 D9060030 D9360040 66D9368040"));
            assertEquals(0x037F, read(test, IMAGE, 2));
            long ip = 0x1002 + 16L * test.cpu.segments[CpuState.CS].selector;
            long dp = 0x3000 + 16L * 0x2345;
            assertEquals(ip & 0xFFFF, read(test, IMAGE + 6, 2));
            assertEquals(0x106 | ip >>> 4 & 0xF000, read(test, IMAGE + 8, 2));
            assertEquals(dp & 0xFFFF, read(test, IMAGE + 10, 2));
            assertEquals(dp >>> 4 & 0xF000, read(test, IMAGE + 12, 2));
            assertEquals(0x106 | ip >>> 4 & 0xFFF_F000, read(test, IMAGE + 0x80 + 16, 4));
            assertEquals(dp >>> 4 & 0xFFF_F000, read(test, IMAGE + 0x80 + 24, 4));
        }
    }

    private static void fill(CpuState cpu) {
        for (int i = 0; i < 8; i++) {
            cpu.x87.significand[i] = 0x8000_0000_0000_0000L + i * 0x1234567L;
            cpu.x87.signExponent[i] = 0x3FFF + i;
            cpu.xmm[2 * i] = i * 0x1111L;
            cpu.xmm[2 * i + 1] = -i;
        }
        cpu.x87.top = 3;
        cpu.x87.valid = 0x5A;
        cpu.x87.control = 0x27F;
        cpu.mxcsr = 0x3FA0;
    }

    private static long[] state(CpuState cpu) {
        X87State x = cpu.x87;
        long[] state = new long[8 + 8 + 16 + 5];
        System.arraycopy(x.significand, 0, state, 0, 8);
        for (int i = 0; i < 8; i++) {
            state[8 + i] = x.signExponent[i];
        }
        System.arraycopy(cpu.xmm, 0, state, 16, 16);
        state[32] = x.statusWord();
        state[33] = x.valid;
        state[34] = x.control;
        state[35] = cpu.mxcsr;
        return state;
    }

    private static void wipe(CpuState cpu) {
        cpu.x87.reset();
        Arrays.fill(cpu.xmm, 0);
        cpu.mxcsr = 0x1F80;
    }

    @Test
    void imagesRestoreWhatTheySaved() {
        try (TestCpu test = TestCpu.flat32()) {
            CpuState cpu = test.cpu;
            cpu.cr4 |= CR4_OSXSAVE;
            cpu.xcr0 = 3;
            cpu.gpr[CpuState.RAX] = 3;
            cpu.gpr[CpuState.RDX] = 0;
            String[][] pairs = {
                {"0FAE0500400000", "0FAE0D00400000"}, {"0FAE2500400000", "0FAE2D00400000"}
            };
            for (String[] pair : pairs) {
                test.put(IMAGE, "00".repeat(576));
                fill(cpu);
                long[] before = state(cpu);
                assertEquals(List.of(), exceptionsOf(test, pair[0]));
                wipe(cpu);
                assertEquals(List.of(), exceptionsOf(test, pair[1]));
                assertArrayEquals(before, state(cpu));
            }
            fill(cpu);
            long[] registers = cpu.x87.significand.clone();
            // FNSAVE, FRSTOR, also with 16-bit operands
            assertEquals(
                    List.of(),
                    exceptionsOf(
                            test, "DD3500400000 D9E8 DD2500400000 66DD3500500000 66DD2500500000"));
            assertArrayEquals(registers, cpu.x87.significand);
            assertEquals(0x5A, cpu.x87.valid);
        }
    }

    @Test
    void restoringHasItsChecks() {
        try (TestCpu test = TestCpu.flat32()) {
            CpuState cpu = test.cpu;
            assertEquals(List.of(GuestFault.GP), exceptionsOf(test, "0FAE0504400000"));
            assertEquals(List.of(GuestFault.UD), exceptionsOf(test, "0FAE2500400000"));
            cpu.cr4 |= CR4_OSXSAVE;
            cpu.xcr0 = 3;
            cpu.gpr[CpuState.RAX] = 3;
            assertEquals(List.of(GuestFault.GP), exceptionsOf(test, "0FAE2510400000"));
            test.put(IMAGE + 24, "00000100");
            assertEquals(List.of(GuestFault.GP), exceptionsOf(test, "0FAE0D00400000"));
            assertEquals(List.of(GuestFault.GP), exceptionsOf(test, "0FAE2D00400000"));
            test.put(IMAGE + 24, "801F0000").put(IMAGE + 512, "04");
            assertEquals(List.of(GuestFault.GP), exceptionsOf(test, "0FAE2D00400000"));
            fill(cpu);
            test.put(IMAGE + 512, "00");
            assertEquals(List.of(), exceptionsOf(test, "0FAE2D00400000"));
            assertEquals(0x37F, cpu.x87.control);
            assertEquals(0, cpu.xmm[2]);
        }
    }

    @Test
    void withoutNumericErrorsThePinIsDriven() {
        GuestMemory memory = new GuestMemory(1 << 16);
        PhysicalMap map = new PhysicalMap(36);
        map.mapRam("RAM", 0, 1 << 16, memory, 0);
        Pin pin = new Pin();
        CpuState cpu = new CpuState(new Mmu(map), pin);
        cpu.reset();
        cpu.cr0 &= ~(CR0_NE | CR0_EM | CR0_TS);
        cpu.segments[CpuState.CS].selector = 0;
        cpu.segments[CpuState.CS].base = 0;
        Segmentation.modeChanged(cpu);
        cpu.setRip(0x1000);
        byte[] code = HexFormat.of().parseHex("DBE3D92E0030D9E8D9EEDEF9F4");
        map.writeExternal(0x1000, code, 0, code.length);
        map.writeExternal(0x3000, new byte[] {0x7B, 3}, 0, 2);
        new Interpreter(cpu).run(5);
        assertTrue(pin.driven);
        assertEquals(0x100C, cpu.rip());
        memory.close();
    }

    private static final class Pin implements CpuBus {
        boolean driven;

        @Override
        public int in(int port, int bytes) {
            return 0;
        }

        @Override
        public void out(int port, int bytes, int value) {}

        @Override
        public int acknowledgeInterrupt() {
            return 0;
        }

        @Override
        public long timeStampCounter() {
            return 0;
        }

        @Override
        public void floatingPointError() {
            driven = true;
        }
    }

    /** A register that is empty and a stack that is full at once: C1 tells of the former. */
    @Test
    void loadingAnEmptyRegisterOntoAFullStackIsAnUnderflow() {
        try (TestCpu test = TestCpu.flat32()) {
            X87State x87 = test.cpu.x87;
            x87.control = 0x37F;
            x87.valid = 0x80; // physical register 7, which a push would take
            assertEquals(List.of(), exceptionsOf(test, "D9C2 DFE0")); // fld st(2); fnstsw ax
            assertEquals(0x3841, (int) test.cpu.gpr[0] & 0xFFFF);
            x87.reset();
            x87.control = 0x37F;
            x87.valid = 0x80;
            assertEquals(List.of(), exceptionsOf(test, "D9C7 DFE0")); // fld st(7); fnstsw ax
            assertEquals(0x3A41, (int) test.cpu.gpr[0] & 0xFFFF);
        }
    }
}
