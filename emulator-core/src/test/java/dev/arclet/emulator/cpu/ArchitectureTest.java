package dev.arclet.emulator.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.emulator.fault.GuestFault;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Rules of the system architecture, as programs meet them. */
class ArchitectureTest {
    private static final int CODE = SystemFixture.CODE;
    private static final int DATA = SystemFixture.DATA;
    private static final int NONE = -1;

    /** Runs code at a level and returns the vector it raises first, or {@link #NONE}. */
    private static int vectorOf(SystemFixture os, int cpl, String hex) {
        os.exceptions().clear();
        os.ring(cpl);
        os.run(hex);
        return os.exceptions().isEmpty() ? NONE : os.exceptions().get(0);
    }

    // A20

    @Test
    void realModeAddressesWrapAtOneMegabyteWhenA20IsOff() {
        try (TestCpu test = TestCpu.real16()) {
            test.put(0x10_0000, "11").put(0, "22");
            for (boolean a20 : new boolean[] {true, false, true}) {
                test.map.setA20(a20);
                // mov ax,ffffh; mov ds,ax; mov bl,[10h]; mov byte [11h],55h; hlt
                test.code(0x500, "B8 FF FF 8E D8 8A 1E 10 00 C6 06 11 00 55 F4");
                test.cpu.halted = false;
                test.run(10);
                assertEquals(a20 ? 0x11 : 0x22, test.cpu.gpr[CpuState.RBX] & 0xFF);
                assertEquals(0x55, test.map.read(a20 ? 0x10_0001 : 1, 1));
                test.put(0x10_0001, "00").put(1, "00");
            }
        }
    }

    @Test
    void codeAboveOneMegabyteIsThatBelowWhenA20IsOff() {
        try (TestCpu test = TestCpu.flat32()) {
            // mov al,1; hlt and mov al,2; hlt
            test.put(0x1000, "B0 01 F4").put(0x10_1000, "B0 02 F4");
            for (boolean a20 : new boolean[] {true, false, true}) {
                test.map.setA20(a20);
                test.cpu.setRip(0x10_1000);
                test.cpu.halted = false;
                test.run(5);
                assertEquals(a20 ? 2 : 1, test.cpu.gpr[CpuState.RAX] & 0xFF);
            }
        }
    }

    @Test
    void a20MasksPhysicalAddressesBehindPaging() {
        try (SystemFixture os = SystemFixture.long64()) {
            os.test.mapPage64(0x50, 0x100);
            os.test.mapPage64(0x51, 0x000);
            os.test.put(0x10_0000, "11").put(0, "22");
            // mov al,[50000h]; mov bl,[51000h]; hlt
            String code = "8A 04 25 00 00 05 00 8A 1C 25 00 10 05 00 F4";
            assertEquals(NONE, vectorOf(os, 0, code));
            assertEquals(0x11, os.reg(CpuState.RAX) & 0xFF);
            os.test.map.setA20(false);
            // The page tables at F00000h lie in an odd megabyte; put a copy where they are now.
            byte[] tables = new byte[0xC000];
            os.test.memory.read(TestCpu.PAGE_TABLES, tables, 0, tables.length);
            os.test.memory.write(TestCpu.PAGE_TABLES & ~(1 << 20), tables, 0, tables.length);
            os.cpu.mmu.flushAll();
            assertEquals(NONE, vectorOf(os, 0, code));
            assertEquals(0x22, os.reg(CpuState.RAX) & 0xFF, "page 100h is page 0");
            assertEquals(0x22, os.reg(CpuState.RBX) & 0xFF);
        }
    }

    // Segment limits

    @Test
    void realModeOperandsMayNotCrossTheEndOfTheirSegment() {
        String[] crossing = {
            "A1 FF FF", // mov ax,[ffffh]
            "66 A1 FD FF", // mov eax,[fffdh]
            "89 1E FF FF", // mov [ffffh],bx
            "FF 06 FF FF", // inc word [ffffh]
        };
        for (String code : crossing) {
            try (TestCpu test = TestCpu.real16()) {
                test.code(0x500, code + "F4").run(5);
                assertEquals(List.of(GuestFault.GP), test.exceptions, code);
            }
        }
        try (TestCpu test = TestCpu.real16()) {
            test.cpu.gpr[CpuState.RSP] = 1;
            test.code(0x500, "50").run(5);
            assertEquals(List.of(GuestFault.SS), test.exceptions, "push with SP = 1");
        }
        try (TestCpu test = TestCpu.real16()) {
            // A byte at the very end is inside.
            test.code(0x500, "A0 FF FF F4").run(5);
            assertEquals(List.of(), test.exceptions);
        }
    }

    @Test
    void realModeCodeMayNotRunBeyondItsSegment() {
        try (TestCpu test = TestCpu.real16()) {
            test.code(0xFFFE, "40 40 40");
            assertEquals(2, test.run(10));
            assertEquals(List.of(GuestFault.GP), test.exceptions);
            assertEquals(0x10000, test.returnRip);
        }
        try (TestCpu test = TestCpu.real16()) {
            // mov ax,imm over the end
            test.code(0xFFFE, "B8 34 12").run(10);
            assertEquals(List.of(GuestFault.GP), test.exceptions);
            assertEquals(0xFFFE, test.returnRip);
        }
    }

    @Test
    void repetitionsStopAtTheLimitAndKeepWhatIsDone() {
        try (SystemFixture os = SystemFixture.protected32()) {
            os.descriptor(0x88, SystemFixture.segment(DATA, 0x1F, 0x93, 4));
            Segmentation.loadData(os.cpu, CpuState.ES, 0x88);
            os.cpu.gpr[CpuState.RCX] = 100;
            os.cpu.gpr[CpuState.RDI] = 0;
            os.cpu.gpr[CpuState.RAX] = 0x5555_5555;
            os.run("F3 AB");
            assertEquals(List.of(GuestFault.GP), os.exceptions());
            assertEquals(0x20, os.reg(CpuState.RDI));
            assertEquals(92, os.reg(CpuState.RCX));
            assertEquals(0x5555_5555, os.test.map.read(DATA + 0x1C, 4));
            assertEquals(0, os.test.map.read(DATA + 0x20, 4));
        }
    }

    // Alignment

    @Test
    void alignmentIsCheckedAtLevel3WithAmAndAcOnly() {
        // mov eax,[DATA+1]; hlt
        String code = "A1 01 00 04 00 F4";
        for (int bits = 0; bits < 8; bits++) {
            try (SystemFixture os = SystemFixture.protected32()) {
                boolean am = (bits & 1) != 0;
                boolean ac = (bits & 2) != 0;
                int cpl = (bits & 4) != 0 ? 3 : 0;
                os.cpu.cr0 |= am ? Control.CR0_AM : 0;
                os.cpu.systemFlags |= ac ? Eflags.AC : 0;
                int expected = cpl == 0 ? NONE : am && ac ? GuestFault.AC : GuestFault.GP;
                assertEquals(expected, vectorOf(os, cpl, code), "case " + bits);
                if (expected == GuestFault.AC) {
                    assertEquals(0, os.stack32(0), "error code");
                    assertEquals(CODE, os.stack32(1));
                }
            }
        }
    }

    // LOCK

    @Test
    void lockIsLegalForMemoryDestinationsOfSomeInstructionsOnly() {
        String[] legal = {
            "F0 01 03",
            "F0 0F B1 03",
            "F0 0F C1 03",
            "F0 87 03",
            "F0 FF 03",
            "F0 F7 13",
            "F0 0F AB 03",
            "F0 0F BA 2B 01",
            "F0 0F C7 0B",
            "F0 81 03 00 00 00 00"
        };
        String[] illegal = {
            "F0 01 C3", "F0 03 03", "F0 39 03", "F0 89 03", "F0 0F A3 03", "F0 0F BA 23 01",
            "F0 90", "F0 87 C0", "F0 85 03", "F0 A5", "F0 50", "F0 EB 00"
        };
        try (SystemFixture os = SystemFixture.protected32()) {
            for (String code : legal) {
                os.cpu.gpr[CpuState.RBX] = DATA;
                assertEquals(NONE, vectorOf(os, 0, code + "F4"), code);
            }
            for (String code : illegal) {
                os.cpu.gpr[CpuState.RBX] = DATA;
                os.cpu.gpr[CpuState.RAX] = DATA;
                os.cpu.gpr[CpuState.RSI] = DATA;
                os.cpu.gpr[CpuState.RDI] = DATA;
                assertEquals(GuestFault.UD, vectorOf(os, 0, code), code);
            }
        }
    }

    // Identification, counters, what is absent

    @Test
    void cpuidStatesExactlyTheModelsFeatures() {
        int[][] leaves = {{1, 0}, {7, 0}, {0x8000_0001, 0}, {0x8000_0007, 0}};
        try (SystemFixture os = SystemFixture.long64()) {
            for (int[] leaf : leaves) {
                os.cpu.gpr[CpuState.RAX] = leaf[0] & 0xFFFF_FFFFL;
                os.cpu.gpr[CpuState.RCX] = leaf[1];
                Cpuid.execute(os.cpu);
                for (char register = 'b'; register <= 'd'; register++) {
                    if (leaf[0] == 1 && register == 'b') {
                        continue;
                    }
                    int bits = 0;
                    for (CpuFeature feature : CpuModel.STANDARD.features()) {
                        if (feature.leaf == leaf[0] && feature.register == register) {
                            bits |= 1 << feature.bit;
                        }
                    }
                    int index = register == 'b' ? CpuState.RBX : register - 'b';
                    assertEquals(
                            bits, (int) os.reg(index), "leaf %x E%cX".formatted(leaf[0], register));
                }
            }
        }
    }

    @Test
    void aModelWithAnApicSaysThatItsTimerAlwaysRuns() {
        try (SystemFixture os = SystemFixture.long64()) {
            // mov eax,6; cpuid; hlt
            assertEquals(NONE, vectorOf(os, 0, "B8 06 00 00 00 0F A2 F4"));
            assertEquals(0, os.reg(CpuState.RAX));
            os.cpu.model = CpuModel.STANDARD.with(CpuFeature.APIC).with(CpuFeature.ARAT);
            assertEquals(NONE, vectorOf(os, 0, "B8 06 00 00 00 0F A2 F4"));
            assertEquals(4, os.reg(CpuState.RAX));
        }
    }

    @Test
    void extendedStateIsThatOfX87SseAndKeyRights() {
        try (SystemFixture os = SystemFixture.long64()) {
            // mov eax,0dh; xor ecx,ecx; cpuid; hlt
            assertEquals(NONE, vectorOf(os, 0, "B8 0D 00 00 00 31 C9 0F A2 F4"));
            assertEquals(0x203, os.reg(CpuState.RAX));
            assertEquals(576, os.reg(CpuState.RBX));
            assertEquals(2696, os.reg(CpuState.RCX));
            // No XSAVEOPT, XSAVEC, XSAVES, and no further components but PKRU
            for (int subleaf : new int[] {1, 2, 3, 4, 5, 6, 7, 8, 0xA, 0xB}) {
                assertEquals(
                        NONE,
                        vectorOf(os, 0, "B8 0D 00 00 00 B1 %02X 0F A2 F4".formatted(subleaf)));
                for (int register = 0; register < 4; register++) {
                    assertEquals(0, os.reg(register), "subleaf " + subleaf);
                }
                os.cpu.gpr[CpuState.RCX] = 0;
            }
            String xsetbv = "31 C9 31 D2 B8 03 00 00 00 0F 01 D1";
            assertEquals(GuestFault.UD, vectorOf(os, 0, xsetbv), "CR4.OSXSAVE is off");
            ControlRegisters.write(os.cpu, 4, os.cpu.cr4 | Control.CR4_OSXSAVE);
            // xsetbv; mov eax,1; cpuid; hlt
            assertEquals(NONE, vectorOf(os, 0, xsetbv + "B8 01 00 00 00 0F A2 F4"));
            assertEquals(1 << 27 | 1 << 26, os.reg(CpuState.RCX) & (1 << 27 | 1 << 26));
            assertEquals(3, os.cpu.xcr0);
            assertEquals(GuestFault.GP, vectorOf(os, 0, xsetbv.replace("B8 03", "B8 07")));
            assertEquals(GuestFault.GP, vectorOf(os, 0, xsetbv.replace("B8 03", "B8 02")));
            assertEquals(GuestFault.GP, vectorOf(os, 3, xsetbv));
        }
    }

    @Test
    void whatIsNotAnnouncedIsUndefined() {
        try (SystemFixture os = SystemFixture.long64()) {
            os.cpu.gpr[CpuState.RAX] = 1;
            Cpuid.execute(os.cpu);
            int ecx = (int) os.reg(CpuState.RCX);
            // MONITOR, VMX, SMX, FMA, PCID, x2APIC, AVX, F16C, RDRAND
            int absent = 1 << 3 | 1 << 5 | 1 << 6 | 1 << 12 | 1 << 17 | 1 << 21 | 1 << 28;
            assertEquals(0, ecx & (absent | 1 << 29 | 1 << 30));
            // monitor, mwait, invpcid, rdrand, rdseed, rdpid, xsaveopt, vmcall, rsm, vaddps
            String[] undefined = {
                "0F 01 C8",
                "0F 01 C9",
                "66 0F 38 82 03",
                "0F C7 F0",
                "0F C7 F8",
                "F3 0F C7 F8",
                "0F AE 33",
                "0F 01 C1",
                "0F AA",
                "C5 F8 58 C1"
            };
            for (String code : undefined) {
                os.cpu.gpr[CpuState.RBX] = DATA;
                assertEquals(GuestFault.UD, vectorOf(os, 0, code), code);
            }
            // CR4.PCIDE, VMXE, OSXSAVE's neighbours: reserved
            for (int bit : new int[] {12, 13, 14, 15, 17, 19, 23, 25, 32}) {
                long value = os.cpu.cr4 | 1L << bit;
                assertThrows(GuestFault.class, () -> ControlRegisters.write(os.cpu, 4, value));
            }
        }
    }

    @Test
    void rdtscpTellsTheCounterAndTscAux() {
        try (SystemFixture os = SystemFixture.long64()) {
            os.cpu.msrs.write(os.cpu, 0xC000_0103, 0x1234);
            os.cpu.msrs.write(os.cpu, 0x10, 0x55_0000_0000L);
            assertEquals(NONE, vectorOf(os, 0, "0F 01 F9 F4"));
            assertEquals(0x1234, os.reg(CpuState.RCX));
            assertEquals(0x55, os.reg(CpuState.RDX));
            os.cpu.cr4 |= Control.CR4_TSD;
            assertEquals(GuestFault.GP, vectorOf(os, 3, "0F 01 F9"));
            os.cpu.model = CpuModel.STANDARD.without(CpuFeature.RDTSCP);
            assertEquals(GuestFault.UD, vectorOf(os, 0, "0F 01 F9"));
        }
    }

    @Test
    void performanceCountersAreRefused() {
        try (SystemFixture os = SystemFixture.protected32()) {
            for (int cpl : new int[] {0, 3}) {
                for (long pce : new long[] {0, Control.CR4_PCE}) {
                    os.cpu.cr4 = pce;
                    os.cpu.gpr[CpuState.RCX] = 0;
                    assertEquals(GuestFault.GP, vectorOf(os, cpl, "0F 33"));
                }
            }
        }
    }

    @Test
    void memoryTypeRegistersKeepWhatIsWritten() {
        try (SystemFixture os = SystemFixture.protected32()) {
            long[][] values = {
                {0x200, 0x1_0000_0006L},
                {0x201, 0xFF_F000_0800L},
                {0x20F, 0xFF_F000_0800L},
                {0x250, 0x0606_0606_0606_0606L},
                {0x26F, 0x0505_0505_0505_0505L},
                {0x2FF, 0xC06},
                {0x277, 0x0007_0406_0001_0406L}
            };
            for (long[] v : values) {
                // wrmsr; xor eax,eax; xor edx,edx; rdmsr; hlt
                os.cpu.gpr[CpuState.RCX] = v[0];
                os.cpu.gpr[CpuState.RAX] = v[1] & 0xFFFF_FFFFL;
                os.cpu.gpr[CpuState.RDX] = v[1] >>> 32;
                assertEquals(NONE, vectorOf(os, 0, "0F 30 31 C0 31 D2 0F 32 F4"));
                long read = os.reg(CpuState.RDX) << 32 | os.reg(CpuState.RAX);
                assertEquals(v[1], read, Long.toHexString(v[0]));
            }
            assertEquals(0x508, os.cpu.msrs.read(os.cpu, 0xFE));
        }
    }

    // Protection of the supervisor

    @Test
    void stacAndClacOpenAndCloseUserPages() {
        try (SystemFixture os = SystemFixture.long64()) {
            // The first 16 MiB are user pages but for what the supervisor needs.
            for (int page : new int[] {1, 2, 4, CODE >> 12, SystemFixture.STACK0 - 1 >> 12, 8}) {
                os.test.map.write(TestCpu.PAGE_TABLES + 0x3000 + 8L * page, 8, page << 12 | 3);
            }
            ControlRegisters.write(os.cpu, 4, os.cpu.cr4 | Control.CR4_SMAP | Control.CR4_SMEP);
            String load = "8A 04 25 00 00 04 00";
            assertEquals(GuestFault.PF, vectorOf(os, 0, load));
            assertEquals(1, os.stack64(0));
            assertEquals(DATA, os.cpu.cr2);
            assertEquals(NONE, vectorOf(os, 0, "0F 01 CB" + load + "0F 01 CA F4"));
            assertEquals(GuestFault.PF, vectorOf(os, 0, "0F 01 CB 0F 01 CA" + load));
            // jmp to a user page: mov eax,DATA; jmp rax
            assertEquals(GuestFault.PF, vectorOf(os, 0, "B8 00 00 04 00 FF E0"));
            assertEquals(17, os.stack64(0));
            assertEquals(DATA, os.stack64(1));
        }
        try (SystemFixture os = SystemFixture.protected32()) {
            assertEquals(GuestFault.UD, vectorOf(os, 3, "0F 01 CB"));
        }
    }

    @Test
    void noExecutePagesFaultWithTheirErrorCode() {
        try (SystemFixture os = SystemFixture.long64()) {
            int page = DATA >> 12;
            os.test.map.write(
                    TestCpu.PAGE_TABLES + 0x3000 + 8L * page, 8, (long) DATA | 7 | 1L << 63);
            os.cpu.mmu.flushAll();
            assertEquals(GuestFault.PF, vectorOf(os, 0, "8A 04 25 00 00 04 00 F4"));
            assertEquals(9, os.stack64(0), "without EFER.NXE the bit is reserved");
            os.cpu.msrs.write(os.cpu, 0xC000_0080, os.cpu.efer | Control.EFER_NXE);
            assertEquals(NONE, vectorOf(os, 0, "8A 04 25 00 00 04 00 F4"));
            assertEquals(GuestFault.PF, vectorOf(os, 0, "B8 00 00 04 00 FF E0"));
            assertEquals(17, os.stack64(0));
        }
    }

    // 64-bit mode

    @Test
    void nonCanonicalTargetsFault() {
        try (SystemFixture os = SystemFixture.long64()) {
            // mov rax,800000000000h; then jmp rax, call rax, push rax; ret
            String load = "48 B8 00 00 00 00 00 80 00 00";
            for (String transfer : List.of("FF E0", "FF D0", "50 C3")) {
                assertEquals(GuestFault.GP, vectorOf(os, 0, load + transfer), transfer);
                int at = transfer.equals("50 C3") ? 11 : 10;
                assertEquals(CODE + at, os.stack64(1), transfer);
                assertEquals(0, os.stack64(0));
            }
            // sysret with a non-canonical RCX faults at level 0
            os.cpu.efer |= Control.EFER_SCE;
            os.cpu.gpr[CpuState.RCX] = 1L << 47;
            assertEquals(GuestFault.GP, vectorOf(os, 0, "48 0F 07"));
            assertEquals(SystemFixture.CODE64, os.stack64(2));
        }
    }

    @Test
    void cr8IsTheTaskPriority() {
        try (SystemFixture os = SystemFixture.long64()) {
            // mov eax,9; mov cr8,rax; mov rbx,cr8; hlt
            assertEquals(NONE, vectorOf(os, 0, "B8 09 00 00 00 44 0F 22 C0 44 0F 20 C3 F4"));
            os.go(); // The board looks at the priority first.
            assertEquals(9, os.cpu.cr8);
            assertEquals(9, os.reg(CpuState.RBX));
            assertEquals(GuestFault.GP, vectorOf(os, 0, "B8 10 00 00 00 44 0F 22 C0"));
            assertEquals(GuestFault.GP, vectorOf(os, 3, "44 0F 20 C0"));
        }
        try (SystemFixture os = SystemFixture.protected32()) {
            // There LOCK stands for REX.R on AMD only; it is no MOV CR8 here.
            assertEquals(GuestFault.UD, vectorOf(os, 0, "F0 0F 20 C0"));
        }
    }

    @Test
    void segmentBasesCanBeReadAndWrittenWhereAllowed() {
        try (SystemFixture os = SystemFixture.long64()) {
            // wrfsbase rax
            os.cpu.gpr[CpuState.RAX] = 0x1234_5678;
            assertEquals(GuestFault.UD, vectorOf(os, 3, "F3 48 0F AE D0"));
            os.cpu.cr4 |= Control.CR4_FSGSBASE;
            // wrfsbase rax; rdfsbase rbx; wrgsbase rax; rdgsbase ecx; (hlt faults)
            vectorOf(os, 3, "F3 48 0F AE D0 F3 48 0F AE C3 F3 48 0F AE D8 F3 0F AE C9 F4");
            assertEquals(0x1234_5678, os.reg(CpuState.RBX));
            assertEquals(0x1234_5678, os.reg(CpuState.RCX));
            assertEquals(0x1234_5678, os.cpu.msrs.read(os.cpu, 0xC000_0100));
            os.cpu.gpr[CpuState.RAX] = 1L << 47;
            assertEquals(GuestFault.GP, vectorOf(os, 3, "F3 48 0F AE D0"));
            assertEquals(GuestFault.GP, vectorOf(os, 3, "0F 01 F8"), "SWAPGS at level 3");
        }
    }

    @Test
    void sysenterAndSysexitOf64BitMode() {
        try (SystemFixture os = SystemFixture.long64()) {
            // SYSENTER loads CS = 38h; SYSEXIT with REX.W CS = 38h + 32 | 3.
            os.cpu.msrs.sysenterCs = SystemFixture.CODE64;
            os.cpu.msrs.sysenterEsp = 0x5_0000;
            os.cpu.msrs.sysenterEip = DATA;
            os.ring(3);
            os.test.code(CODE, "0F 34");
            os.test.run(1);
            assertEquals(0, os.cpu.cpl);
            assertEquals(8, os.cpu.codeSize);
            assertEquals(0x5_0000, os.reg(CpuState.RSP));
            assertEquals(DATA, os.cpu.rip());
            os.cpu.gpr[CpuState.RDX] = 1L << 47;
            os.test.code(DATA, "48 0F 35");
            os.go();
            assertTrue(os.exceptions().contains(GuestFault.GP), "non-canonical RDX");
            os.ring(0);
            os.cpu.gpr[CpuState.RDX] = CODE;
            os.cpu.gpr[CpuState.RCX] = SystemFixture.STACK3;
            os.test.code(DATA, "48 0F 35");
            os.test.run(1);
            os.cpu.halted = false;
            os.test.run(1);
            assertEquals(3, os.cpu.cpl);
            assertEquals(SystemFixture.CODE64 + 32 | 3, os.selector(CpuState.CS));
            assertEquals(SystemFixture.CODE64 + 40 | 3, os.selector(CpuState.SS));
        }
    }

    @Test
    void cmpxchg16bNeedsAnAlignedOperand() {
        try (SystemFixture os = SystemFixture.long64()) {
            os.cpu.gpr[CpuState.RSI] = DATA + 8;
            assertEquals(GuestFault.GP, vectorOf(os, 0, "F0 48 0F C7 0E"));
            os.cpu.gpr[CpuState.RSI] = DATA;
            for (int i : new int[] {CpuState.RAX, CpuState.RDX}) {
                os.cpu.gpr[i] = 0;
            }
            os.cpu.gpr[CpuState.RBX] = 0x1111;
            os.cpu.gpr[CpuState.RCX] = 0x2222;
            assertEquals(NONE, vectorOf(os, 0, "F0 48 0F C7 0E F4"));
            assertEquals(0x1111, os.test.map.read(DATA, 8));
            assertEquals(0x2222, os.test.map.read(DATA + 8, 8));
        }
    }

    // Virtual interrupts

    @Test
    void protectedModeVirtualInterrupts() {
        try (SystemFixture os = SystemFixture.protected32()) {
            os.cpu.cr4 = Control.CR4_PVI;
            // sti; (hlt faults)
            vectorOf(os, 3, "FB F4");
            assertEquals(CODE + 1, os.stack32(1));
            assertTrue((os.stack32(3) & Eflags.VIF) != 0);
            assertEquals(0, os.stack32(3) & Eflags.IF);
            os.cpu.systemFlags = Eflags.VIF;
            vectorOf(os, 3, "FA F4");
            assertEquals(0, os.stack32(3) & Eflags.VIF);
            os.cpu.systemFlags = Eflags.VIP;
            assertEquals(GuestFault.GP, vectorOf(os, 3, "FB"));
            assertEquals(CODE, os.stack32(1), "STI with VIP");
        }
    }
}
