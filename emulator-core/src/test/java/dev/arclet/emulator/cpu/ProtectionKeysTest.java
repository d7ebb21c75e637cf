package dev.arclet.emulator.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.arclet.emulator.cpu.translate.Engines;
import dev.arclet.emulator.fault.GuestFault;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** PKRU and IA32_PKRS as programs meet them; the rights themselves are MmuTest's. */
class ProtectionKeysTest {
    private static final int DATA = SystemFixture.DATA, AREA = 0x5_0000;
    private static final int NONE = -1;
    private static final int PKRS = 0x6E1;

    private static final String RDPKRU = "0F 01 EE", WRPKRU = "0F 01 EF";

    private static SystemFixture fixture() {
        SystemFixture os = SystemFixture.long64();
        ControlRegisters.write(os.cpu, 4, os.cpu.cr4 | Control.CR4_PKE | Control.CR4_OSXSAVE);
        return os;
    }

    /** Gives a page of data key 1. */
    private static void useKey(SystemFixture os, int linear, boolean userPage) {
        long entry = 1L << 59 | linear & ~0xFFF | (userPage ? 7 : 3);
        os.test.map.write(TestCpu.PAGE_TABLES + 0x3000 + 8L * (linear >> 12), 8, entry);
        os.cpu.mmu.flushAll();
    }

    private static int vectorOf(SystemFixture os, int cpl, String hex) {
        os.exceptions().clear();
        os.ring(cpl);
        os.run(hex);
        return os.exceptions().isEmpty() ? NONE : os.exceptions().get(0);
    }

    @Test
    void everybodyReadsAndWritesPkruOnceTheSystemHasAllowedIt() {
        try (SystemFixture os = SystemFixture.long64()) {
            assertEquals(GuestFault.UD, vectorOf(os, 0, RDPKRU));
            assertEquals(GuestFault.UD, vectorOf(os, 3, WRPKRU));
            ControlRegisters.write(os.cpu, 4, os.cpu.cr4 | Control.CR4_PKE);
            os.cpu.gpr[CpuState.RAX] = 0xFFFF_FFFF_5555_5554L;
            os.cpu.gpr[CpuState.RCX] = 0x1_0000_0000L;
            os.cpu.gpr[CpuState.RDX] = 0x1_0000_0000L;
            // HLT faults at level 3.
            assertEquals(GuestFault.GP, vectorOf(os, 3, WRPKRU + "90 F4"));
            assertEquals(SystemFixture.CODE + 4, os.stack64(1));
            assertEquals(0x5555_5554, os.cpu.userKeyRights());
            os.cpu.gpr[CpuState.RAX] = -1;
            os.cpu.gpr[CpuState.RDX] = -1;
            assertEquals(NONE, vectorOf(os, 0, RDPKRU + "F4"));
            assertEquals(0x5555_5554L, os.reg(CpuState.RAX));
            assertEquals(0, os.reg(CpuState.RDX));
        }
    }

    @Test
    void pkruInstructionsHaveTheirChecks() {
        try (SystemFixture os = fixture()) {
            for (String code : List.of(RDPKRU, WRPKRU)) {
                os.cpu.gpr[CpuState.RDX] = 0;
                os.cpu.gpr[CpuState.RCX] = 1;
                assertEquals(GuestFault.GP, vectorOf(os, 0, code));
                os.cpu.gpr[CpuState.RCX] = 0;
                for (String prefix : List.of("F0", "66", "F2", "F3")) {
                    assertEquals(GuestFault.UD, vectorOf(os, 0, prefix + code), prefix);
                }
            }
            os.cpu.gpr[CpuState.RDX] = 1;
            assertEquals(NONE, vectorOf(os, 0, RDPKRU + "F4"), "EDX is a result");
            os.cpu.gpr[CpuState.RDX] = 1;
            assertEquals(GuestFault.GP, vectorOf(os, 0, WRPKRU));
        }
    }

    @Test
    void cpuidFollowsCr4() {
        try (SystemFixture os = SystemFixture.long64()) {
            String code = "B8 07 00 00 00 31 C9 0F A2 F4";
            assertEquals(NONE, vectorOf(os, 0, code));
            assertEquals(1 << 3 | 1 << 31, (int) os.reg(CpuState.RCX) & (3 << 3 | 1 << 31));
            os.cpu.cr4 |= Control.CR4_PKE;
            assertEquals(NONE, vectorOf(os, 0, code));
            assertEquals(3 << 3, (int) os.reg(CpuState.RCX) & 3 << 3);
            os.cpu.model = CpuModel.STANDARD.without(CpuFeature.PKU).without(CpuFeature.PKS);
            for (long bit : new long[] {Control.CR4_PKE, Control.CR4_PKS}) {
                long value = os.cpu.cr4 & ~Control.CR4_PKE | bit;
                assertThrows(GuestFault.class, () -> ControlRegisters.write(os.cpu, 4, value));
            }
            assertThrows(GuestFault.class, () -> os.cpu.msrs.read(os.cpu, PKRS));
            assertThrows(GuestFault.class, () -> os.cpu.msrs.write(os.cpu, PKRS, 0));
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Engines.class,
            names = {"INTERPRETER", "TRANSLATOR_EAGER"})
    void aWriteToPkruRulesTheNextInstruction(Engines engine) {
        try (SystemFixture os = fixture()) {
            useKey(os, DATA, true);
            ExecutionEngine engineUnderTest = engine.create(os.cpu);
            // mov ebx,[DATA]; mov eax,0ch; wrpkru; inc esi; mov ebx,[DATA]; inc esi; hlt
            String load = "8B 1C 25 00 00 04 00";
            os.test.code(
                    SystemFixture.CODE,
                    load + "B8 0C 00 00 00" + WRPKRU + "FF C6" + load + "FF C6");
            for (int round = 0; round < 3; round++) {
                os.exceptions().clear();
                os.cpu.setUserKeyRights(0);
                os.cpu.gpr[CpuState.RSI] = 0;
                os.cpu.gpr[CpuState.RDX] = 0;
                os.cpu.gpr[CpuState.RCX] = 0;
                os.ring(3);
                os.cpu.setRip(SystemFixture.CODE);
                os.cpu.halted = false;
                os.cpu.attention = false;
                engineUnderTest.run(os.cpu.instructions + 20);
                assertEquals(List.of(GuestFault.PF), os.exceptions());
                assertEquals(1 | 4 | 32, os.stack64(0));
                assertEquals(DATA, os.cpu.cr2);
                assertEquals(1, os.reg(CpuState.RSI));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Engines.class,
            names = {"INTERPRETER", "TRANSLATOR_EAGER"})
    void xrstorLoadsPkruForTheNextInstruction(Engines engine) {
        try (SystemFixture os = fixture()) {
            useKey(os, DATA, true);
            os.cpu.xcr0 = 0x203;
            os.test.map.write(AREA + 24, 4, 0x1F80);
            os.test.map.write(AREA + 512, 8, 0x200);
            os.test.map.write(AREA + 2688, 8, 8);
            ExecutionEngine engineUnderTest = engine.create(os.cpu);
            // mov [DATA],ebx; mov eax,200h; xrstor [AREA]; mov ebx,[DATA]; mov [DATA],ebx
            String store = "89 1C 25 00 00 04 00";
            String load = "8B 1C 25 00 00 04 00";
            os.test.code(
                    SystemFixture.CODE,
                    store + "B8 00 02 00 00" + "0F AE 2C 25 00 00 05 00" + load + store);
            for (int round = 0; round < 3; round++) {
                os.exceptions().clear();
                os.cpu.setUserKeyRights(0);
                os.cpu.gpr[CpuState.RDX] = 0;
                os.ring(3);
                os.cpu.setRip(SystemFixture.CODE);
                os.cpu.halted = false;
                os.cpu.attention = false;
                engineUnderTest.run(os.cpu.instructions + 20);
                assertEquals(List.of(GuestFault.PF), os.exceptions());
                assertEquals(1 | 2 | 4 | 32, os.stack64(0));
                assertEquals(8, os.cpu.userKeyRights());
            }
        }
    }

    @Test
    void xsaveKeepsPkruAsComponentNine() {
        try (SystemFixture os = fixture()) {
            // mov eax,0dh; mov ecx,9; cpuid; hlt
            assertEquals(NONE, vectorOf(os, 0, "B8 0D 00 00 00 B9 09 00 00 00 0F A2 F4"));
            assertEquals(8, os.reg(CpuState.RAX));
            assertEquals(2688, os.reg(CpuState.RBX));
            assertEquals(0, os.reg(CpuState.RCX));
            assertEquals(0, os.reg(CpuState.RDX));
            // mov eax,203h; xor ecx,ecx; xor edx,edx; xsetbv; mov eax,0dh; cpuid; hlt
            String code = "B8 03 02 00 00 31 C9 31 D2 0F 01 D1 B8 0D 00 00 00 0F A2 F4";
            assertEquals(NONE, vectorOf(os, 0, code));
            assertEquals(0x203, os.cpu.xcr0);
            assertEquals(2696, os.reg(CpuState.RBX), "for what XCR0 has switched on");
            String save = "0F AE 24 25 00 00 05 00 F4";
            String restore = "0F AE 2C 25 00 00 05 00 F4";
            os.cpu.gpr[CpuState.RAX] = -1;
            os.cpu.gpr[CpuState.RDX] = -1;
            os.cpu.setUserKeyRights(0x8000_0004);
            assertEquals(NONE, vectorOf(os, 0, save));
            assertEquals(0x203, os.test.map.read(AREA + 512, 8));
            assertEquals(0x8000_0004L, os.test.map.read(AREA + 2688, 8));
            os.cpu.setUserKeyRights(0);
            assertEquals(NONE, vectorOf(os, 0, restore));
            assertEquals(0x8000_0004, os.cpu.userKeyRights());
            os.cpu.gpr[CpuState.RAX] = 3;
            os.cpu.setUserKeyRights(4);
            assertEquals(NONE, vectorOf(os, 0, restore));
            assertEquals(4, os.cpu.userKeyRights(), "not asked for");
            os.cpu.gpr[CpuState.RAX] = -1;
            os.test.map.write(AREA + 512, 8, 3);
            assertEquals(NONE, vectorOf(os, 0, restore));
            assertEquals(0, os.cpu.userKeyRights(), "its initial configuration");
            assertEquals(NONE, vectorOf(os, 0, save));
            assertEquals(3, os.test.map.read(AREA + 512, 8), "which is not in use");
            os.cpu.xcr0 = 3;
            os.test.map.write(AREA + 512, 8, 0x203);
            assertEquals(GuestFault.GP, vectorOf(os, 0, restore), "not switched on in XCR0");
        }
    }

    @Test
    void xsaveAndXrstorChangeNothingIfTheKeysPageFaults() {
        try (SystemFixture os = fixture()) {
            os.cpu.xcr0 = 0x203;
            os.cpu.gpr[CpuState.RAX] = 0x203;
            os.cpu.gpr[CpuState.RDX] = 0;
            os.cpu.gpr[CpuState.RBX] = AREA + 0x1000 - 2688;
            os.cpu.setUserKeyRights(4);
            os.test.map.write(TestCpu.PAGE_TABLES + 0x3000 + 8L * (AREA + 0x1000 >> 12), 8, 0);
            os.cpu.mmu.flushAll();
            assertEquals(GuestFault.PF, vectorOf(os, 0, "0F AE 23 F4"));
            long area = AREA + 0x1000 - 2688;
            assertEquals(0, os.test.map.read(area, 4));
            assertEquals(0, os.test.map.read(area + 512, 8));
            os.test.map.write(area + 24, 4, 0x1F80);
            os.test.map.write(area + 512, 8, 0x203);
            os.cpu.x87.control = 0x27F;
            assertEquals(GuestFault.PF, vectorOf(os, 0, "0F AE 2B F4"));
            assertEquals(0x27F, os.cpu.x87.control);
            assertEquals(4, os.cpu.userKeyRights());
        }
    }

    @Test
    void pkrsRulesTheSupervisorsOwnPages() {
        try (SystemFixture os = fixture()) {
            useKey(os, DATA, false);
            // mov eax,[DATA]; hlt
            String load = "8B 04 25 00 00 04 00 F4";
            os.cpu.msrs.write(os.cpu, PKRS, 0xC);
            assertEquals(0xC, os.cpu.msrs.read(os.cpu, PKRS));
            assertEquals(NONE, vectorOf(os, 0, load), "CR4.PKS is off");
            ControlRegisters.write(os.cpu, 4, os.cpu.cr4 | Control.CR4_PKS);
            assertEquals(GuestFault.PF, vectorOf(os, 0, load));
            assertEquals(1 | 32, os.stack64(0));
            // mov ecx,6e1h; xor edx,edx; xor eax,eax; wrmsr
            assertEquals(NONE, vectorOf(os, 0, "B9 E1 06 00 00 31 D2 31 C0 0F 30" + load));
            assertThrows(GuestFault.class, () -> os.cpu.msrs.write(os.cpu, PKRS, 0x1_0000_0000L));
            os.cpu.msrs.write(os.cpu, PKRS, 0xC);
            os.cpu.setUserKeyRights(0xC);
            os.cpu.init();
            assertEquals(0xC, os.cpu.userKeyRights(), "INIT leaves them");
            assertEquals(0xC, os.cpu.msrs.read(os.cpu, PKRS));
            os.cpu.reset();
            assertEquals(0, os.cpu.userKeyRights());
            assertEquals(0, os.cpu.msrs.read(os.cpu, PKRS));
        }
    }
}
