package dev.arclet.emulator.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.emulator.fault.GuestFault;
import org.junit.jupiter.api.Test;

/** Delivery through IVT and IDT, and the ways back. */
class InterruptsTest {
    private static final int CODE = SystemFixture.CODE;

    // Protected mode

    @Test
    void anInterruptGateOfTheSameLevelPushesThreeWordsAndClearsIf() {
        try (SystemFixture os = SystemFixture.protected32()) {
            os.cpu.systemFlags = Eflags.IF | Eflags.NT;
            os.run("CD 40");
            assertTrue(os.handled(0x40));
            assertEquals(SystemFixture.STACK0 - 12, os.reg(CpuState.RSP));
            assertEquals(CODE + 2, os.stack32(0));
            assertEquals(SystemFixture.CODE0, os.stack32(1));
            assertEquals(Eflags.IF | Eflags.NT | 2, os.stack32(2));
            assertEquals(0, os.cpu.systemFlags);
        }
    }

    @Test
    void aTrapGateLeavesIfAlone() {
        try (SystemFixture os = SystemFixture.protected32()) {
            os.gate(
                    0x40,
                    SystemFixture.TRAP_GATE,
                    SystemFixture.CODE0,
                    SystemFixture.handler(0x40));
            os.cpu.systemFlags = Eflags.IF;
            os.run("CD 40");
            assertTrue(os.handled(0x40));
            assertEquals(Eflags.IF, os.cpu.systemFlags);
        }
    }

    @Test
    void sixteenBitGatesPushWords() {
        try (SystemFixture os = SystemFixture.protected32()) {
            os.gate(0x40, 0x86, SystemFixture.CODE0, SystemFixture.handler(0x40));
            os.run("CD 40");
            assertTrue(os.handled(0x40));
            assertEquals(SystemFixture.STACK0 - 6, os.reg(CpuState.RSP));
            assertEquals((CODE + 2) & 0xFFFF | SystemFixture.CODE0 << 16, os.stack32(0));
        }
    }

    @Test
    void aFaultInRing3SwitchesToTheStackOfTheTss() {
        try (SystemFixture os = SystemFixture.protected32()) {
            os.ring(3);
            os.cpu.systemFlags = Eflags.IF;
            os.run("90 F4");
            assertTrue(os.handled(GuestFault.GP));
            assertEquals(SystemFixture.STACK0 - 24, os.reg(CpuState.RSP));
            assertEquals(0, os.stack32(0), "error code");
            assertEquals(CODE + 1, os.stack32(1), "the faulting instruction");
            assertEquals(SystemFixture.CODE3, os.stack32(2));
            assertEquals(Eflags.IF | Eflags.RF | 2, os.stack32(3), "RF for faults");
            assertEquals(SystemFixture.STACK3, os.stack32(4));
            assertEquals(SystemFixture.DATA3, os.stack32(5));
            assertEquals(SystemFixture.DATA0, os.selector(CpuState.SS));
            assertEquals(SystemFixture.DATA3, os.selector(CpuState.DS), "data segments stay");
        }
    }

    @Test
    void iretReturnsToRing3AndDropsPrivilegedSegments() {
        try (SystemFixture os = SystemFixture.protected32()) {
            os.gate(
                    0x40,
                    SystemFixture.INTERRUPT_GATE | SystemFixture.USER,
                    SystemFixture.CODE0,
                    0x1_1000);
            // mov ax,10h; mov ds,ax; iret
            os.test.put(0x1_1000, "66 B8 10 00 8E D8 CF");
            os.ring(3);
            // int 40h; hlt, which faults
            os.run("CD 40 F4");
            assertTrue(os.handled(GuestFault.GP));
            assertEquals(CODE + 2, os.stack32(1));
            assertEquals(SystemFixture.STACK3, os.stack32(4));
            assertEquals(0, os.selector(CpuState.DS), "ring 3 must not keep DPL 0 data");
            assertEquals(SystemFixture.DATA3, os.selector(CpuState.ES));
        }
    }

    @Test
    void softwareMayNotUseGatesOfAnInnerLevel() {
        try (SystemFixture os = SystemFixture.protected32()) {
            os.ring(3);
            os.run("CD 40");
            assertTrue(os.handled(GuestFault.GP));
            assertEquals(0x40 * 8 + 2, os.stack32(0));
            assertEquals(CODE, os.stack32(1));
        }
    }

    @Test
    void errorCodesNameTheGateAndWhetherTheEventWasExternal() {
        try (SystemFixture os = SystemFixture.protected32()) {
            os.gate(0x40, 0x0E, SystemFixture.CODE0, 0);
            os.run("CD 40");
            assertTrue(os.handled(GuestFault.NP));
            assertEquals(0x40 * 8 + 2, os.stack32(0));
            os.ring(0);
            os.cpu.setRip(CODE);
            Interrupts.external(os.cpu, 0x40);
            os.go();
            assertTrue(os.handled(GuestFault.NP));
            assertEquals(0x40 * 8 + 3, os.stack32(0));
            os.gate(0x41, SystemFixture.INTERRUPT_GATE, 0, 0);
            os.ring(0);
            Interrupts.external(os.cpu, 0x41);
            os.go();
            assertTrue(os.handled(GuestFault.GP));
            assertEquals(1, os.stack32(0), "null selector: only EXT");
            os.gate(0x41, SystemFixture.INTERRUPT_GATE, 0xF8 + 0x100, 0);
            os.ring(0);
            os.run("CD 41");
            assertEquals(0x1F8, os.stack32(0));
        }
    }

    @Test
    void twoContributoryFaultsAreADoubleFault() {
        try (SystemFixture os = SystemFixture.protected32()) {
            os.gate(GuestFault.GP, 0x0E, SystemFixture.CODE0, 0);
            os.ring(3);
            os.run("F4");
            assertTrue(os.handled(GuestFault.DF));
            assertEquals(0, os.stack32(0));
            assertEquals(CODE, os.stack32(1));
        }
    }

    @Test
    void aBenignFaultGivesWayToTheSecond() {
        try (SystemFixture os = SystemFixture.protected32()) {
            os.gate(GuestFault.UD, 0x0E, SystemFixture.CODE0, 0);
            os.run("0F 0B");
            assertTrue(os.handled(GuestFault.NP));
            assertEquals(GuestFault.UD * 8 + 3, os.stack32(0));
        }
    }

    @Test
    void aTripleFaultShutsDown() {
        try (SystemFixture os = SystemFixture.protected32()) {
            os.gate(GuestFault.GP, 0x0E, SystemFixture.CODE0, 0);
            os.gate(GuestFault.DF, 0x0E, SystemFixture.CODE0, 0);
            os.ring(3);
            os.run("F4");
            assertTrue(os.cpu.shutdown);
            assertEquals(0, os.test.run(10), "nothing runs any more");
        }
    }

    @Test
    void aPageFaultOnTheHandlersStackIsADoubleFault() {
        try (SystemFixture os = SystemFixture.long64()) {
            // The stack of IST 1 is mapped, that of ring 0 is not.
            os.test.map.write(SystemFixture.TSS + 36, 8, 0x7_0000);
            os.test.map.write(SystemFixture.IDT + 8 * 16 + 4, 1, 1);
            os.cpu.gpr[CpuState.RSP] = 0x0200_0000;
            // mov eax,[0x3000000]
            os.run("8B 04 25 00 00 00 03");
            assertTrue(os.handled(GuestFault.DF));
            assertEquals(0x01FF_FFF8L, os.cpu.cr2, "the second one's address");
            assertEquals(0x7_0000 - 48, os.reg(CpuState.RSP));
        }
    }

    @Test
    void tracingTrapsBehindTheInstruction() {
        try (SystemFixture os = SystemFixture.protected32()) {
            // pushf; or dword [esp],100h; popf; nop; nop
            os.run("9C 81 0C 24 00 01 00 00 9D 90 90");
            assertTrue(os.handled(GuestFault.DB));
            assertEquals(CODE + 10, os.stack32(0), "after the instruction behind POPF");
            assertEquals(Eflags.TF | 2, os.stack32(2) & (Eflags.TF | Eflags.RF | 2));
            assertEquals(0x4000, os.cpu.dr[6] & 0xE00F);
            assertEquals(0, os.cpu.systemFlags & Eflags.TF);
        }
    }

    @Test
    void int3AndIntoAreTraps() {
        try (SystemFixture os = SystemFixture.protected32()) {
            os.ring(3);
            os.gate(
                    3,
                    SystemFixture.INTERRUPT_GATE | SystemFixture.USER,
                    SystemFixture.CODE0,
                    SystemFixture.handler(3));
            os.run("CC");
            assertTrue(os.handled(3));
            assertEquals(CODE + 1, os.stack32(0));
            os.ring(0);
            // mov al,7f; inc al; into
            os.run("B0 7F FE C0 CE");
            assertTrue(os.handled(4));
            assertEquals(CODE + 5, os.stack32(0));
            os.ring(0);
            os.run("31 C0 CE F4");
            assertEquals(CODE + 4, os.cpu.rip(), "no overflow, no trap");
        }
    }

    @Test
    void nmisAreHeldOffUntilIret() {
        try (SystemFixture os = SystemFixture.protected32()) {
            os.test.put(SystemFixture.handler(2), "90 F4 CF");
            os.test.code(CODE, "90 F4");
            os.cpu.nmiPending = true;
            os.test.run(100);
            Interrupts.nmi(os.cpu);
            assertTrue(os.cpu.nmiBlocked);
            assertFalse(os.cpu.nmiPending);
            os.go();
            assertEquals(SystemFixture.handler(2) + 2, os.cpu.rip());
            os.go();
            assertFalse(os.cpu.nmiBlocked);
            assertEquals(CODE + 2, os.cpu.rip());
        }
    }

    // Virtual-8086 mode

    /** Goes from ring 0 to virtual-8086 code at 1000:0 with SS:SP 3000:100. */
    private static void enterVm86(SystemFixture os, int iopl) {
        long sp = SystemFixture.STACK0 - 36;
        int[] frame = {
            0,
            0x1000,
            Eflags.VM | iopl << 12 | Eflags.IF | 2,
            0x100,
            0x3000,
            0x2000,
            0x4000,
            0x5000,
            0x6000
        };
        for (int i = 0; i < frame.length; i++) {
            os.test.map.write(sp + 4L * i, 4, frame[i]);
        }
        os.cpu.gpr[CpuState.RSP] = sp;
        os.test.code(0x1_8000, "CF");
    }

    @Test
    void virtual8086ModeIsEnteredByIretAndLeftByInterrupts() {
        try (SystemFixture os = SystemFixture.protected32()) {
            enterVm86(os, 3);
            os.gate(
                    0x40,
                    SystemFixture.INTERRUPT_GATE | SystemFixture.USER,
                    SystemFixture.CODE0,
                    SystemFixture.handler(0x40));
            // mov ax,ds; mov [0],ax; int 40h
            os.test.put(0x1_0000, "8C D8 A3 00 00 CD 40");
            os.go();
            assertTrue(os.handled(0x40));
            assertEquals(0x4000, os.test.map.read(0x4_0000, 2));
            assertEquals(SystemFixture.STACK0 - 36, os.reg(CpuState.RSP));
            int[] expected = {
                7,
                0x1000,
                Eflags.VM | Eflags.IOPL | Eflags.IF | 2,
                0x100,
                0x3000,
                0x2000,
                0x4000,
                0x5000,
                0x6000
            };
            for (int i = 0; i < expected.length; i++) {
                assertEquals(expected[i], os.stack32(i), "slot " + i);
            }
            assertEquals(0, os.selector(CpuState.DS));
            assertTrue(os.cpu.segments[CpuState.GS].unusable);
            assertEquals(0, os.cpu.systemFlags & Eflags.VM);
        }
    }

    @Test
    void virtual8086ModeIsTrappedBelowIopl3() {
        String[] sensitive = {"CD 40", "FA", "FB", "9C", "9D", "CF"};
        for (String code : sensitive) {
            try (SystemFixture os = SystemFixture.protected32()) {
                enterVm86(os, 0);
                os.test.put(0x1_0000, code);
                os.go();
                assertTrue(os.handled(GuestFault.GP), code);
                assertEquals(0, os.stack32(0), code);
                assertEquals(0x1000, os.stack32(2), code);
            }
        }
    }

    @Test
    void vmeKeepsVirtualInterruptFlagAndRedirectsInterrupts() {
        try (SystemFixture os = SystemFixture.protected32()) {
            enterVm86(os, 0);
            os.cpu.cr4 |= Control.CR4_VME;
            // The redirection bitmap, all clear, lies below the I/O bitmap.
            os.test.map.write(SystemFixture.TSS + 0x66, 2, 0x88);
            os.cpu.tr.limit = 0xFF;
            os.test.map.write(0x40 * 4, 4, 0x1000_0020);
            // sti; int 40h; (at 20h) pushf; pop ax; iret; back: hlt, which faults
            os.test.put(0x1_0000, "FB CD 40 F4");
            os.test.put(0x1_0020, "9C 58 CF");
            os.go();
            assertTrue(os.handled(GuestFault.GP));
            assertEquals(3, os.stack32(1), "stopped at HLT");
            assertEquals(Eflags.IOPL, os.reg(CpuState.RAX) & (Eflags.IF | Eflags.IOPL));
            assertEquals(
                    Eflags.VIF, os.stack32(3) & (Eflags.VIF | Eflags.IOPL), "IRET restored VIF");
            assertEquals(0x100, os.stack32(4) & 0xFFFF);
        }
    }

    // Real mode

    @Test
    void vmeHandsPendingVirtualInterruptsToTheMonitor() {
        // STI, POPF and IRET that would set VIF while VIP is set; POPF with TF
        String[] codes = {"FB", "9D", "CF"};
        for (String code : codes) {
            for (int image : new int[] {Eflags.IF, Eflags.TF, 0}) {
                try (SystemFixture os = SystemFixture.protected32()) {
                    enterVm86(os, 0);
                    long flagsAt = SystemFixture.STACK0 - 36 + 8;
                    os.test.map.write(flagsAt, 4, Eflags.VM | Eflags.VIP | Eflags.IF | 2);
                    os.cpu.cr4 |= Control.CR4_VME;
                    int sp = 0x3_0100;
                    os.test.map.write(code.equals("CF") ? sp + 4 : sp, 2, image);
                    os.test.map.write(sp + (code.equals("CF") ? 0 : 8), 2, 1);
                    os.test.map.write(sp + (code.equals("CF") ? 2 : 10), 2, 0x1000);
                    os.test.put(0x1_0000, code + "F4");
                    os.go();
                    assertTrue(os.handled(GuestFault.GP), code);
                    boolean stopped = code.equals("FB") || image != 0;
                    assertEquals(stopped ? 0 : 1, os.stack32(1), code + " " + image);
                }
            }
        }
    }

    @Test
    void realModeGoesThroughTheVectorTable() {
        try (TestCpu test = TestCpu.real16()) {
            test.deliver = true;
            test.cpu.idtLimit = 0x3FF;
            test.cpu.segments[CpuState.CS].selector = 0;
            test.map.write(0x40 * 4, 4, 0x0100_0020);
            test.put(0x1020, "B8 34 12 CF");
            test.cpu.systemFlags = Eflags.IF;
            test.code(0x500, "CD 40 F4");
            test.run(2);
            assertEquals(0, test.cpu.systemFlags & Eflags.IF);
            assertEquals(0x1000, test.cpu.segments[CpuState.CS].base);
            assertEquals(0x8000 - 6, test.cpu.gpr[CpuState.RSP]);
            test.run(10);
            assertTrue(test.cpu.halted);
            assertEquals(0x503, test.cpu.rip());
            assertEquals(0x1234, test.cpu.gpr[CpuState.RAX]);
            assertEquals(Eflags.IF, test.cpu.systemFlags & Eflags.IF);
            assertEquals(0x8000, test.cpu.gpr[CpuState.RSP]);
        }
    }

    @Test
    void realModeFaultsHaveNoErrorCodes() {
        try (TestCpu test = TestCpu.real16()) {
            test.deliver = true;
            test.map.write(GuestFault.GP * 4, 4, 0x0000_0700);
            test.put(0x700, "F4");
            // mov ax,[ffffh]
            test.code(0x500, "A1 FF FF");
            test.run(10);
            assertTrue(test.cpu.halted);
            assertEquals(0x701, test.cpu.rip());
            assertEquals(0x8000 - 6, test.cpu.gpr[CpuState.RSP]);
            assertEquals(0x500, test.map.read(0x8000 - 6, 2));
        }
    }

    // Long mode

    @Test
    void longModeAlignsTheStackAndAlwaysPushesIt() {
        try (SystemFixture os = SystemFixture.long64()) {
            os.cpu.gpr[CpuState.RSP] = 0x7_0008;
            os.run("CD 40");
            assertTrue(os.handled(0x40));
            assertEquals(0x7_0000 - 40, os.reg(CpuState.RSP));
            assertEquals(CODE + 2, os.stack64(0));
            assertEquals(SystemFixture.CODE64, os.stack64(1));
            assertEquals(2, os.stack64(2));
            assertEquals(0x7_0008, os.stack64(3));
            assertEquals(SystemFixture.DATA0, os.stack64(4));
            assertEquals(SystemFixture.DATA0, os.selector(CpuState.SS), "same level, same SS");
        }
    }

    @Test
    void longModeFromRing3LoadsANullStackSegment() {
        try (SystemFixture os = SystemFixture.long64()) {
            os.ring(3);
            os.run("F4");
            assertTrue(os.handled(GuestFault.GP));
            assertEquals(SystemFixture.STACK0 - 48, os.reg(CpuState.RSP));
            assertEquals(0, os.stack64(0));
            assertEquals(SystemFixture.CODE64_USER, os.stack64(2));
            assertEquals(SystemFixture.DATA3, os.stack64(5));
            assertEquals(0, os.selector(CpuState.SS));
            // drop the error code, iretq
            os.test.code(0x1_1000, "48 83 C4 08 48 CF");
            os.test.put(CODE, "90 F4");
            os.go();
            assertTrue(os.handled(GuestFault.GP), "back in ring 3, which faults again");
            assertEquals(CODE + 1, os.stack64(1));
            assertEquals(SystemFixture.STACK3, os.stack64(4));
        }
    }

    @Test
    void interruptStackTablesAreUsed() {
        try (SystemFixture os = SystemFixture.long64()) {
            os.test.map.write(SystemFixture.TSS + 36 + 16, 8, 0x7_0000);
            os.test.map.write(SystemFixture.IDT + 0x40 * 16 + 4, 1, 3);
            os.run("CD 40");
            assertTrue(os.handled(0x40));
            assertEquals(0x7_0000 - 40, os.reg(CpuState.RSP));
        }
    }

    @Test
    void longModeGatesNeedLongModeCode() {
        try (SystemFixture os = SystemFixture.long64()) {
            os.gate(
                    0x40,
                    SystemFixture.INTERRUPT_GATE,
                    SystemFixture.CODE0,
                    SystemFixture.handler(0x40));
            os.run("CD 40");
            assertTrue(os.handled(GuestFault.GP));
            assertEquals(SystemFixture.CODE0, os.stack64(0));
        }
    }

    @Test
    void compatibilityCodeIsInterruptedAndResumed() {
        try (SystemFixture os = SystemFixture.long64()) {
            // Far return to 32-bit code of ring 3: push ss, rsp, cs, rip; retfq
            os.test.put(0x1_2000, "B8 78 56 34 12 F4");
            os.run("6A 23 68 00 00 03 00 6A 1B 68 00 20 01 00 48 CB");
            assertTrue(os.handled(GuestFault.GP));
            assertEquals(0x1_2005, os.stack64(1));
            assertEquals(SystemFixture.CODE3, os.stack64(2));
            assertEquals(0x3_0000, os.stack64(4));
            assertEquals(0x1234_5678, os.reg(CpuState.RAX));
            assertEquals(8, os.cpu.codeSize);
        }
    }
}
