package dev.arclet.emulator.cpu.simd;

import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.fpu.X87;
import dev.arclet.emulator.cpu.fpu.X87State;
import dev.arclet.emulator.fault.GuestFault;

/**
 * What all MMX and SSE instructions check and share: availability (SDM vol. 2A, section 2.4 and
 * tables of exception types), MMX state, alignment.
 */
public final class SimdAccess {
    private static final int CR0_EM = 4, CR0_TS = 8;
    private static final int CR4_OSFXSR = 0x200, CR4_OSXMMEXCPT = 0x400;

    private SimdAccess() {}

    /** Check of instructions on XMM registers: #UD by CR0.EM and CR4.OSFXSR, #NM by CR0.TS. */
    public static void checkSse(CpuState cpu) {
        if ((cpu.cr0 & (CR0_EM | CR0_TS)) != 0 || (cpu.cr4 & CR4_OSFXSR) == 0) {
            throw cpu.fault(
                    (cpu.cr0 & CR0_EM) != 0 || (cpu.cr4 & CR4_OSFXSR) == 0
                            ? GuestFault.UD
                            : GuestFault.NM,
                    0);
        }
    }

    /** Check of MMX instructions: #UD by CR0.EM, #NM by CR0.TS, #MF for a pending x87 exception. */
    public static void checkMmx(CpuState cpu) {
        if ((cpu.cr0 & (CR0_EM | CR0_TS)) != 0) {
            throw cpu.fault((cpu.cr0 & CR0_EM) != 0 ? GuestFault.UD : GuestFault.NM, 0);
        }
        X87.checkPending(cpu);
    }

    /**
     * The transition of the x87 state that every MMX instruction but EMMS makes once it can no
     * longer fault: TOP 0, all tags valid (SDM vol. 1, section 9.5.1).
     */
    public static void enterMmx(CpuState cpu) {
        X87State x = cpu.x87;
        x.top = 0;
        x.valid = 0xFF;
    }

    /** EMMS: all tags empty, TOP 0. */
    public static void leaveMmx(CpuState cpu) {
        cpu.x87.top = 0;
        cpu.x87.valid = 0;
    }

    /** MMi; the caller has made the transition. */
    public static long mmx(CpuState cpu, int i) {
        return cpu.x87.significand[i];
    }

    /** Writes MMi: sign and exponent of the x87 register become all ones. */
    public static void setMmx(CpuState cpu, int i, long value) {
        cpu.x87.significand[i] = value;
        cpu.x87.signExponent[i] = 0xFFFF;
    }

    /** #GP(0) if a linear address is not a multiple of 16. */
    public static void checkAligned(CpuState cpu, long linear) {
        if ((linear & 15) != 0) {
            throw cpu.fault(GuestFault.GP, 0);
        }
    }

    /**
     * Raises an unmasked SIMD floating-point exception: #XM, or #UD without CR4.OSXMMEXCPT. The
     * flags are in MXCSR already.
     */
    public static GuestFault simdException(CpuState cpu) {
        return cpu.fault((cpu.cr4 & CR4_OSXMMEXCPT) != 0 ? GuestFault.XM : GuestFault.UD, 0);
    }
}
