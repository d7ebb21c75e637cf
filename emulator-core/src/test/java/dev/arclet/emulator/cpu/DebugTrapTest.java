package dev.arclet.emulator.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.emulator.fault.GuestFault;
import org.junit.jupiter.api.Test;

/** Debug exceptions and what holds them off (SDM vol. 3B, section 18.3; vol. 3A, section 6.8.3). */
class DebugTrapTest {
    private static final int CODE = SystemFixture.CODE;
    private static final int TF = 0x100;
    private static final int SINGLE_STEP = 1 << 14;

    private static long causes(SystemFixture os) {
        return os.cpu.dr[6] & 0xF00F;
    }

    /** pushf; or byte [esp+1],1; popf: the trap comes after the instruction that follows. */
    private static final String SET_TF = "9C 80 4C 24 01 01 9D";

    @Test
    void stiDoesNotHoldTrapsOff() {
        try (SystemFixture os = SystemFixture.protected32()) {
            os.run(SET_TF + "FB 90 90 F4");
            assertTrue(os.handled(GuestFault.DB));
            assertEquals(CODE + 8, os.stack32(0));
            assertEquals(SINGLE_STEP, causes(os));
        }
    }

    @Test
    void movSsHoldsTrapsOffForOneInstruction() {
        try (SystemFixture os = SystemFixture.protected32()) {
            os.run("66 8C D0" + SET_TF + "8E D0 90 90 F4");
            assertTrue(os.handled(GuestFault.DB));
            assertEquals(CODE + 3 + 7 + 3, os.stack32(0));
        }
    }

    @Test
    void softwareInterruptsClearTheTrapFlagInTime() {
        for (String instruction : new String[] {"CD 33", "CC", "F1"}) {
            try (SystemFixture os = SystemFixture.protected32()) {
                os.run(SET_TF + instruction + "F4");
                int vector = instruction.equals("CD 33") ? 0x33 : instruction.equals("CC") ? 3 : 1;
                assertTrue(os.handled(vector), instruction);
                assertEquals(CODE + 7 + instruction.replace(" ", "").length() / 2, os.stack32(0));
                assertEquals(TF, os.stack32(2) & TF, instruction);
                assertEquals(0, causes(os), instruction);
            }
        }
    }

    @Test
    void theResumeFlagLastsOneInstruction() {
        try (SystemFixture os = SystemFixture.protected32()) {
            // push 10002h; push cs; push target; iret; target: nop; nop; hlt
            os.cpu.dr[0] = CODE + 14;
            os.cpu.dr[7] = 0x401;
            os.run("68 02 00 01 00 0E 68 0D 00 01 00 CF F4 90 90 F4");
            assertTrue(os.handled(GuestFault.DB), "the second NOP has its breakpoint");
            assertEquals(CODE + 14, os.stack32(0));
            assertEquals(1, causes(os));
        }
    }

    @Test
    void aWatchpointHeldOffByMovSsComesWithInt1() {
        try (SystemFixture os = SystemFixture.protected32()) {
            os.test.map.write(SystemFixture.DATA, 4, SystemFixture.DATA0);
            Segmentation.loadData(os.cpu, CpuState.DS, SystemFixture.DATA0);
            // mov eax,40000h; mov dr0,eax; mov eax,0F0403h; mov dr7,eax; mov ss,[40000h]; int1; hlt
            os.run("B8 00 00 04 00 0F 23 C0 B8 03 04 0F 00 0F 23 F8" + "8E 15 00 00 04 00 F1 F4");
            assertTrue(os.handled(GuestFault.DB));
            assertEquals(CODE + 23, os.stack32(0));
            assertEquals(1, causes(os));
            assertEquals(SystemFixture.STACK0 - 12, os.reg(CpuState.RSP), "delivered once");
        }
    }

    @Test
    void breakpointBitsAreExactAndOthersStay() {
        try (SystemFixture os = SystemFixture.protected32()) {
            os.cpu.dr[2] = CODE + 1;
            os.cpu.dr[6] |= SINGLE_STEP | 2;
            os.cpu.dr[7] = 0x420;
            os.run("90 90 F4");
            assertTrue(os.handled(GuestFault.DB));
            assertEquals(SINGLE_STEP | 4, causes(os));
        }
    }

    @Test
    void theBasesOfNullSegmentsSurviveReturnsToPrograms() {
        try (SystemFixture os = SystemFixture.long64()) {
            os.cpu.cr4 |= Control.CR4_FSGSBASE;
            Segmentation.loadData(os.cpu, CpuState.FS, 0);
            Segmentation.setBase(os.cpu, CpuState.FS, 0x1234_5678);
            Segmentation.setBase(os.cpu, CpuState.GS, 0x2345_6789); // GS has a ring-0 selector
            os.test.put(0x1_1000, "F4");
            // push 23h; push 30000h; push 2; push 43h; push 11000h; iretq
            os.run("6A 23 68 00 00 03 00 6A 02 6A 43 68 00 10 01 00 48 CF");
            assertTrue(os.handled(GuestFault.GP), "HLT in ring 3");
            assertEquals(0x1234_5678, os.cpu.segments[CpuState.FS].base);
            assertEquals(0, os.selector(CpuState.FS));
            assertEquals(0x2345_6789, os.cpu.segments[CpuState.GS].base);
            assertEquals(0, os.selector(CpuState.GS));
        }
    }
}
