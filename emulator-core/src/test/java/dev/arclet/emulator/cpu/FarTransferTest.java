package dev.arclet.emulator.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.emulator.fault.GuestFault;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Gates, task switches, fast system calls: control transfers between privilege levels. */
class FarTransferTest {
    private static final int CODE = SystemFixture.CODE;
    private static final int GATE = SystemFixture.FREE;
    private static final int TARGET = 0x1_1000;

    private static void callGate(SystemFixture os, int access, int selector, int parameters) {
        long gate = SystemFixture.gateValue(access, selector, TARGET);
        os.descriptor(GATE, gate | (long) parameters << 32);
    }

    @Test
    void aCallGateToTheSameLevelPushesWhatItsSizeSays() {
        try (SystemFixture os = SystemFixture.protected32()) {
            callGate(os, 0x8C, SystemFixture.CODE0, 3);
            os.test.put(TARGET, "F4");
            // call 80h:12345678h; the offset is ignored
            os.run("9A 78 56 34 12 80 00");
            assertTrue(os.cpu.halted);
            assertEquals(TARGET + 1, os.cpu.rip());
            assertEquals(SystemFixture.STACK0 - 8, os.reg(CpuState.RSP));
            assertEquals(CODE + 7, os.stack32(0));
            assertEquals(SystemFixture.CODE0, os.stack32(1));
        }
    }

    @Test
    void aCallGateInwardCopiesParametersAndReturns() {
        try (SystemFixture os = SystemFixture.protected32()) {
            callGate(os, 0xEC, SystemFixture.CODE0, 2);
            // mov eax,[esp+8]; mov ebx,[esp+12]; mov cx,10h; mov fs,cx; retf 8
            os.test.put(TARGET, "8B 44 24 08 8B 5C 24 0C 66 B9 10 00 8E E1 CA 08 00");
            os.ring(3);
            // push 11h; push 22h; call 83h:0; hlt
            os.run("6A 11 6A 22 9A 00 00 00 00 83 00 F4");
            assertTrue(os.handled(GuestFault.GP));
            assertEquals(CODE + 11, os.stack32(1), "back at HLT, which faults in ring 3");
            assertEquals(SystemFixture.STACK3, os.stack32(4), "parameters are gone");
            assertEquals(0x22, os.reg(CpuState.RAX));
            assertEquals(0x11, os.reg(CpuState.RBX));
            assertEquals(0, os.selector(CpuState.FS), "a DPL 0 selector is dropped");
            assertEquals(SystemFixture.DATA3, os.selector(CpuState.DS));
        }
    }

    @Test
    void theInnerStackHoldsTheOuterOne() {
        try (SystemFixture os = SystemFixture.protected32()) {
            callGate(os, 0xEC, SystemFixture.CODE0, 1);
            os.test.put(TARGET, "F4");
            os.ring(3);
            os.run("6A 11 9A 00 00 00 00 83 00");
            assertTrue(os.cpu.halted);
            assertEquals(0, os.cpu.cpl);
            int[] expected = {
                CODE + 9, SystemFixture.CODE3, 0x11, SystemFixture.STACK3 - 4, SystemFixture.DATA3
            };
            for (int i = 0; i < expected.length; i++) {
                assertEquals(expected[i], os.stack32(i), "slot " + i);
            }
            assertEquals(SystemFixture.DATA0, os.selector(CpuState.SS));
        }
    }

    @Test
    void gatesOfAnInnerLevelAreRefused() {
        try (SystemFixture os = SystemFixture.protected32()) {
            callGate(os, 0x8C, SystemFixture.CODE0, 0);
            os.ring(3);
            os.run("9A 00 00 00 00 83 00");
            assertTrue(os.handled(GuestFault.GP));
            assertEquals(GATE, os.stack32(0));
            callGate(os, 0x6C, SystemFixture.CODE0, 0);
            os.ring(3);
            os.run("9A 00 00 00 00 83 00");
            assertTrue(os.handled(GuestFault.NP));
            callGate(os, 0xEC, SystemFixture.CODE0, 0);
            os.ring(3);
            // jmp through the gate may not change the level
            os.run("EA 00 00 00 00 83 00");
            assertTrue(os.handled(GuestFault.GP));
            assertEquals(SystemFixture.CODE0, os.stack32(0));
        }
    }

    @Test
    void conformingCodeRunsAtTheCallersLevel() {
        try (SystemFixture os = SystemFixture.protected32()) {
            os.descriptor(GATE, SystemFixture.segment(0, 0xFFFFF, 0x9F, 0xC));
            os.test.put(TARGET, "F4");
            os.ring(3);
            os.run("EA 00 10 01 00 80 00");
            assertTrue(os.handled(GuestFault.GP), "HLT at level 3");
            assertEquals(TARGET, os.stack32(1));
            assertEquals(GATE | 3, os.stack32(2));
        }
    }

    @Test
    void farJumpsCheckTheLimitOfTheTarget() {
        try (SystemFixture os = SystemFixture.protected32()) {
            // jmp 28h:ffff is inside, 28h:10000h is not; code there starts at CODE
            os.run("EA 00 00 01 00 28 00");
            assertTrue(os.handled(GuestFault.GP));
            assertEquals(0, os.stack32(0));
            os.ring(0);
            os.test.put(CODE + 0xFFFFL, "F4");
            os.run("EA FF FF 00 00 28 00");
            assertTrue(os.cpu.halted);
            assertEquals(2, os.cpu.codeSize);
        }
    }

    @Test
    void longModeCallGates() {
        try (SystemFixture os = SystemFixture.long64()) {
            os.descriptor(GATE, SystemFixture.gateValue(0xEC, SystemFixture.CODE64, TARGET));
            os.descriptor(GATE + 8, 0);
            os.test.put(TARGET, "48 CB");
            os.ring(3);
            os.test.map.write(SystemFixture.DATA, 4, 0);
            os.test.map.write(SystemFixture.DATA + 4, 2, GATE | 3);
            // call far [DATA]; hlt
            os.run("FF 1C 25 00 00 04 00 F4");
            assertTrue(os.handled(GuestFault.GP));
            assertEquals(CODE + 7, os.stack64(1));
            assertEquals(SystemFixture.STACK3, os.stack64(4));
            os.descriptor(GATE + 8, 1L << 40);
            os.ring(3);
            os.go();
            os.cpu.setRip(CODE);
            os.ring(3);
            os.go();
            assertTrue(os.handled(GuestFault.GP));
            assertEquals(GATE, os.stack64(0), "type bits of the second half");
        }
    }

    // Task switches

    private static void otherTask(SystemFixture os, int eip, int flags) {
        int at = SystemFixture.OTHER_TSS;
        os.test.map.write(at + 0x20, 4, eip);
        os.test.map.write(at + 0x24, 4, flags);
        for (int i = 0; i < 8; i++) {
            os.test.map.write(at + 0x28 + 4 * i, 4, 0x100 + i);
        }
        os.test.map.write(at + 0x28 + 16, 4, 0x5_0000);
        int[] selectors = {
            SystemFixture.DATA3,
            SystemFixture.CODE0,
            SystemFixture.DATA0,
            SystemFixture.DATA0,
            SystemFixture.DATA3,
            0
        };
        for (int i = 0; i < 6; i++) {
            os.test.map.write(at + 0x48 + 4 * i, 2, selectors[i]);
        }
    }

    private static int tssType(SystemFixture os, int selector) {
        return (int) os.test.map.read(SystemFixture.GDT + selector + 5, 1) & 15;
    }

    @Test
    void aJumpToATssSwitchesTasks() {
        try (SystemFixture os = SystemFixture.protected32()) {
            otherTask(os, TARGET, 2);
            os.test.put(TARGET, "F4");
            os.cpu.gpr[CpuState.RBX] = 0x1234;
            os.run("EA 00 00 00 00 60 00");
            assertTrue(os.cpu.halted);
            assertEquals(TARGET + 1, os.cpu.rip());
            assertEquals(0x103, os.reg(CpuState.RBX));
            assertEquals(0x5_0000, os.reg(CpuState.RSP));
            assertEquals(SystemFixture.DATA3, os.selector(CpuState.ES));
            assertTrue(os.cpu.segments[CpuState.GS].unusable);
            assertEquals(SystemFixture.OTHER_TASK, os.cpu.tr.selector);
            assertEquals(9, tssType(os, SystemFixture.TASK), "the old task is available");
            assertEquals(11, tssType(os, SystemFixture.OTHER_TASK));
            assertTrue((os.cpu.cr0 & Control.CR0_TS) != 0);
            assertEquals(CODE + 7, os.test.map.read(SystemFixture.TSS + 0x20, 4));
            assertEquals(0x1234, os.test.map.read(SystemFixture.TSS + 0x28 + 12, 4));
            assertEquals(SystemFixture.CODE0, os.test.map.read(SystemFixture.TSS + 0x4C, 2));
        }
    }

    @Test
    void aCallNestsAndIretReturns() {
        try (SystemFixture os = SystemFixture.protected32()) {
            otherTask(os, TARGET, 2);
            os.test.put(TARGET, "B8 99 00 00 00 CF");
            os.cpu.gpr[CpuState.RBX] = 0x1234;
            os.test.code(CODE, "9A 00 00 00 00 60 00 F4");
            os.test.run(1);
            assertEquals(Eflags.NT, os.cpu.systemFlags & Eflags.NT);
            assertEquals(SystemFixture.TASK, os.test.map.read(SystemFixture.OTHER_TSS, 2));
            assertEquals(11, tssType(os, SystemFixture.TASK), "both are busy");
            os.go();
            assertEquals(CODE + 8, os.cpu.rip());
            assertEquals(0x1234, os.reg(CpuState.RBX));
            assertEquals(0, os.cpu.systemFlags & Eflags.NT);
            assertEquals(SystemFixture.TASK, os.cpu.tr.selector);
            assertEquals(9, tssType(os, SystemFixture.OTHER_TASK));
            assertEquals(0x99, os.test.map.read(SystemFixture.OTHER_TSS + 0x28, 4));
        }
    }

    @Test
    void exceptionsMaySwitchTasks() {
        try (SystemFixture os = SystemFixture.protected32()) {
            otherTask(os, TARGET, 2);
            os.test.put(TARGET, "F4");
            os.gate(GuestFault.GP, 0x85, SystemFixture.OTHER_TASK, 0);
            os.ring(3);
            os.run("90 F4");
            assertTrue(os.cpu.halted);
            assertEquals(TARGET + 1, os.cpu.rip());
            assertEquals(0x5_0000 - 4, os.reg(CpuState.RSP), "the error code");
            assertEquals(0, os.stack32(0));
            assertEquals(CODE + 1, os.test.map.read(SystemFixture.TSS + 0x20, 4));
        }
    }

    @Test
    void sixteenBitTasks() {
        try (SystemFixture os = SystemFixture.protected32()) {
            os.descriptor(
                    SystemFixture.OTHER_TASK,
                    SystemFixture.segment(SystemFixture.OTHER_TSS, 0x2B, 0x81, 0));
            int at = SystemFixture.OTHER_TSS;
            os.test.map.write(at + 0x0E, 2, 0x100);
            os.test.map.write(at + 0x10, 2, 2);
            os.test.map.write(at + 0x12 + 8, 2, 0x8000);
            os.test.map.write(at + 0x22, 2, 0);
            os.test.map.write(at + 0x24, 2, SystemFixture.CODE16);
            os.test.map.write(at + 0x26, 2, SystemFixture.DATA16);
            os.test.put(CODE + 0x100, "F4");
            os.run("EA 00 00 00 00 60 00");
            assertTrue(os.cpu.halted);
            assertEquals(0x101, os.cpu.rip());
            assertEquals(2, os.cpu.codeSize);
            assertEquals(0xFFFFL, os.cpu.stackMask);
            assertEquals(0x8000, os.reg(CpuState.RSP) & 0xFFFF);
        }
    }

    @Test
    void faultsOfTheNewTaskAreItsOwn() {
        try (SystemFixture os = SystemFixture.protected32()) {
            otherTask(os, TARGET, 2);
            // DS is a code segment that can't be read.
            os.descriptor(GATE, SystemFixture.segment(0, 0xFFFFF, 0x99, 0xC));
            os.test.map.write(SystemFixture.OTHER_TSS + 0x48 + 12, 2, GATE);
            os.run("EA 00 00 00 00 60 00");
            assertTrue(os.handled(GuestFault.TS));
            assertEquals(GATE, os.stack32(0));
            assertEquals(TARGET, os.stack32(1));
            assertEquals(SystemFixture.OTHER_TASK, os.cpu.tr.selector);
        }
    }

    @Test
    void busyTasksAreNotEnteredTwice() {
        try (SystemFixture os = SystemFixture.protected32()) {
            os.run("EA 00 00 00 00 50 00");
            assertTrue(os.handled(GuestFault.GP));
            assertEquals(SystemFixture.TASK, os.stack32(0));
            assertEquals(SystemFixture.TASK, os.cpu.tr.selector);
        }
    }

    // Fast system calls

    @Test
    void sysenterAndSysexit() {
        try (SystemFixture os = SystemFixture.protected32()) {
            os.cpu.msrs.sysenterCs = SystemFixture.CODE0;
            os.cpu.msrs.sysenterEsp = 0x5_0000;
            os.cpu.msrs.sysenterEip = TARGET;
            os.cpu.systemFlags = Eflags.IF;
            os.ring(3);
            // sysexit wants EDX = EIP, ECX = ESP
            os.test.put(TARGET, "BA 00 20 01 00 B9 00 00 03 00 0F 35");
            os.test.code(CODE, "0F 34");
            os.test.run(1);
            assertEquals(0, os.cpu.cpl);
            assertEquals(0x5_0000, os.reg(CpuState.RSP));
            assertEquals(0, os.cpu.systemFlags & Eflags.IF);
            assertEquals(SystemFixture.DATA0, os.selector(CpuState.SS));
            os.test.put(0x1_2000, "F4");
            os.go();
            assertTrue(os.handled(GuestFault.GP));
            assertEquals(0x1_2000, os.stack32(1));
            assertEquals(SystemFixture.CODE0 + 16 | 3, os.stack32(2));
            assertEquals(SystemFixture.CODE0 + 24 | 3, os.stack32(5));
        }
    }

    @Test
    void sysenterNeedsItsMsr() {
        try (SystemFixture os = SystemFixture.protected32()) {
            os.run("0F 34");
            assertTrue(os.handled(GuestFault.GP));
        }
    }

    @Test
    void syscallAndSysret() {
        try (SystemFixture os = SystemFixture.long64()) {
            os.cpu.efer |= Control.EFER_SCE;
            // SYSCALL: CS = 38h, SS = 40h; SYSRET: base 33h gives CS 43h and SS 3bh.
            os.cpu.msrs.star = 0x0033_0038L << 32;
            os.cpu.msrs.lstar = TARGET;
            os.cpu.msrs.fmask = Eflags.IF | Eflags.DF;
            os.cpu.systemFlags = Eflags.IF | Eflags.DF;
            os.ring(3);
            os.test.put(TARGET, "48 0F 07");
            os.test.code(CODE, "0F 05 F4");
            os.test.run(1);
            assertEquals(0, os.cpu.cpl);
            assertEquals(CODE + 2, os.reg(CpuState.RCX));
            assertEquals(Eflags.IF | Eflags.DF | 2, os.reg(11));
            assertEquals(0, os.cpu.systemFlags);
            assertEquals(SystemFixture.STACK3, os.reg(CpuState.RSP), "RSP is software's affair");
            os.go();
            assertTrue(os.handled(GuestFault.GP));
            assertEquals(CODE + 2, os.stack64(1));
            assertEquals(0x43, os.stack64(2));
            assertEquals(0x3B, os.stack64(5));
            assertEquals(Eflags.IF | Eflags.DF, os.stack64(3) & (Eflags.IF | Eflags.DF));
        }
    }

    @Test
    void syscallIsUndefinedOutside64BitModeOrWhenOff() {
        try (SystemFixture os = SystemFixture.long64()) {
            os.run("0F 05");
            assertTrue(os.handled(GuestFault.UD));
        }
        try (SystemFixture os = SystemFixture.protected32()) {
            os.cpu.efer |= Control.EFER_SCE;
            os.run("0F 05");
            assertTrue(os.handled(GuestFault.UD));
            assertFalse(os.cpu.shutdown);
        }
    }

    @Test
    void arplWritesOnlyWhatItChanges() {
        try (SystemFixture os = SystemFixture.protected32()) {
            // A read-only data segment
            os.descriptor(SystemFixture.FREE, SystemFixture.segment(0, 0xFFFFF, 0x91, 0xC));
            os.test.map.write(SystemFixture.DATA, 2, 0xFFF2);
            // mov ax,80h; mov ds,ax; mov bx,2; arpl [40000h],bx; hlt
            String code = "66 B8 80 00 8E D8 66 BB %02X 00 63 1D 00 00 04 00 F4";
            os.run(code.formatted(2));
            assertEquals(List.of(), os.exceptions());
            os.run(code.formatted(3));
            assertTrue(os.handled(GuestFault.GP));
        }
    }
}
