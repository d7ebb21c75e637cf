package dev.arclet.emulator.cpu.fpu;

import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.ExtendedState;
import dev.arclet.emulator.fault.GuestFault;
import dev.arclet.emulator.mmu.Mmu;

/**
 * Memory images of the x87 and SSE state: environments (SDM vol. 1, figures 8-9 to 8-12), FXSAVE
 * (vol. 2A, table 3-43) and XSAVE (vol. 1, chapter 13). Nothing is written, or loaded, if any byte
 * of the image faults.
 */
public final class X87Environment {
    /** Size of the legacy region of XSAVE, which is that of an FXSAVE image. */
    public static final int LEGACY_BYTES = 512;

    /** Bits of MXCSR that exist. */
    public static final int MXCSR_MASK = 0xFFFF;

    private static final int CR4_OSXSAVE = 1 << 18;
    private static final int FLAG_VM = 1 << 17;
    private static final int MXCSR_OFFSET = 24, REGISTERS_OFFSET = 32, XMM_OFFSET = 160;
    private static final int HEADER_OFFSET = 512;
    private static final long COMPONENT_X87 = 1 << ExtendedState.X87,
            COMPONENT_SSE = 1 << ExtendedState.SSE,
            COMPONENT_AVX = 1 << ExtendedState.AVX,
            COMPONENT_PKRU = 1 << ExtendedState.PKRU;

    private X87Environment() {}

    private static boolean realAddressing(CpuState cpu) {
        return (cpu.cr0 & 1) == 0 || (cpu.systemFlags & FLAG_VM) != 0;
    }

    /** Bytes of an environment: 14 or 28. */
    private static int environmentBytes(int operandSize) {
        return operandSize == 2 ? 14 : 28;
    }

    /** FNSTENV: stores the environment (operand size 2 or 4), then masks all exceptions. */
    public static void storeEnvironment(CpuState cpu, long linear, int operandSize) {
        cpu.mmu.probeWrite(linear, environmentBytes(operandSize));
        writeEnvironment(cpu, linear, operandSize);
        cpu.x87.control |= 0x3F;
        cpu.x87.summarise();
    }

    private static void writeEnvironment(CpuState cpu, long linear, int operandSize) {
        X87State x = cpu.x87;
        boolean real = realAddressing(cpu);
        long ip = real ? x.instructionPointer + 16L * x.instructionSelector : x.instructionPointer;
        long dp = real ? x.dataPointer + 16L * x.dataSelector : x.dataPointer;
        int[] fields = new int[7];
        fields[0] = x.control;
        fields[1] = x.statusWord();
        fields[2] = x.tagWord();
        fields[3] = (int) ip;
        fields[5] = (int) dp;
        if (operandSize == 2) {
            fields[4] = real ? (int) (ip >>> 4 & 0xF000) | x.lastOpcode : x.instructionSelector;
            fields[6] = real ? (int) (dp >>> 4 & 0xF000) : x.dataSelector;
            for (int i = 0; i < 7; i++) {
                cpu.mmu.store16(linear + 2L * i & cpu.linearMask, fields[i]);
            }
            return;
        }
        for (int i = 0; i < 3; i++) {
            fields[i] |= 0xFFFF_0000;
        }
        if (real) {
            fields[3] = (int) (ip & 0xFFFF) | 0xFFFF_0000;
            fields[4] = (int) (ip >>> 4 & 0x0FFF_F000) | x.lastOpcode;
            fields[5] = (int) (dp & 0xFFFF) | 0xFFFF_0000;
            fields[6] = (int) (dp >>> 4 & 0x0FFF_F000);
        } else {
            fields[4] = x.instructionSelector | x.lastOpcode << 16;
            fields[6] = x.dataSelector | 0xFFFF_0000;
        }
        for (int i = 0; i < 7; i++) {
            cpu.mmu.store32(linear + 4L * i & cpu.linearMask, fields[i]);
        }
    }

    /** FLDENV. */
    public static void loadEnvironment(CpuState cpu, long linear, int operandSize) {
        cpu.mmu.probeRead(linear, environmentBytes(operandSize));
        readEnvironment(cpu, linear, operandSize);
    }

    private static void readEnvironment(CpuState cpu, long linear, int operandSize) {
        X87State x = cpu.x87;
        int[] fields = new int[7];
        for (int i = 0; i < 7; i++) {
            fields[i] =
                    operandSize == 2
                            ? cpu.mmu.load16(linear + 2L * i & cpu.linearMask)
                            : cpu.mmu.load32(linear + 4L * i & cpu.linearMask);
        }
        x.setControl(fields[0]);
        x.setStatusWord(fields[1]);
        x.setTagWord(fields[2]);
        if (realAddressing(cpu)) {
            long high = operandSize == 2 ? 0xF000 : 0x0FFF_F000;
            x.instructionPointer = fields[3] & 0xFFFF | (fields[4] & high) << 4;
            x.dataPointer = fields[5] & 0xFFFF | (fields[6] & high) << 4;
            x.lastOpcode = fields[4] & 0x7FF;
            x.instructionSelector = 0;
            x.dataSelector = 0;
        } else {
            x.instructionPointer = fields[3] & 0xFFFF_FFFFL;
            x.instructionSelector = fields[4] & 0xFFFF;
            x.dataPointer = fields[5] & 0xFFFF_FFFFL;
            x.dataSelector = fields[6] & 0xFFFF;
            if (operandSize != 2) {
                x.lastOpcode = fields[4] >>> 16 & 0x7FF;
            }
        }
    }

    /** FNSAVE: the environment and ST(0)..ST(7), then FNINIT. */
    public static void save(CpuState cpu, long linear, int operandSize) {
        int bytes = environmentBytes(operandSize);
        cpu.mmu.probeWrite(linear, bytes + 80);
        writeEnvironment(cpu, linear, operandSize);
        X87State x = cpu.x87;
        for (int i = 0; i < 8; i++) {
            long place = linear + bytes + 10L * i;
            cpu.mmu.store64(place & cpu.linearMask, x.significand(i));
            cpu.mmu.store16(place + 8 & cpu.linearMask, x.signExponent(i));
        }
        x.initialise();
    }

    /** FRSTOR. */
    public static void restore(CpuState cpu, long linear, int operandSize) {
        int bytes = environmentBytes(operandSize);
        cpu.mmu.probeRead(linear, bytes + 80);
        readEnvironment(cpu, linear, operandSize);
        X87State x = cpu.x87;
        for (int i = 0; i < 8; i++) {
            long place = linear + bytes + 10L * i;
            int n = x.top + i & 7;
            x.significand[n] = cpu.mmu.load64(place & cpu.linearMask);
            x.signExponent[n] = cpu.mmu.load16(place + 8 & cpu.linearMask);
        }
    }

    private static int xmmRegisters(CpuState cpu) {
        return cpu.in64BitMode() ? 16 : 8;
    }

    /**
     * FXSAVE.
     *
     * @param wide REX.W: pointers of 64 bits instead of 32 and a selector
     */
    public static void fxsave(CpuState cpu, long linear, boolean wide) {
        cpu.mmu.probeWrite(linear, XMM_OFFSET + 16 * xmmRegisters(cpu));
        writeX87(cpu, linear, wide);
        writeMxcsr(cpu, linear);
        writeXmm(cpu, linear);
    }

    private static void writeX87(CpuState cpu, long linear, boolean wide) {
        X87State x = cpu.x87;
        Mmu mmu = cpu.mmu;
        mmu.store16(linear, x.control);
        mmu.store16(linear + 2, x.statusWord());
        mmu.store16(linear + 4, x.valid);
        mmu.store16(linear + 6, x.lastOpcode);
        if (wide) {
            mmu.store64(linear + 8, x.instructionPointer);
            mmu.store64(linear + 16, x.dataPointer);
        } else {
            mmu.store32(linear + 8, (int) x.instructionPointer);
            mmu.store32(linear + 12, x.instructionSelector);
            mmu.store32(linear + 16, (int) x.dataPointer);
            mmu.store32(linear + 20, x.dataSelector);
        }
        for (int i = 0; i < 8; i++) {
            mmu.store64(linear + REGISTERS_OFFSET + 16L * i, x.significand(i));
            mmu.store64(linear + REGISTERS_OFFSET + 16L * i + 8, x.signExponent(i));
        }
    }

    private static void writeMxcsr(CpuState cpu, long linear) {
        cpu.mmu.store32(linear + MXCSR_OFFSET, cpu.mxcsr);
        cpu.mmu.store32(linear + MXCSR_OFFSET + 4, MXCSR_MASK);
    }

    private static void writeXmm(CpuState cpu, long linear) {
        for (int i = 0; i < 2 * xmmRegisters(cpu); i++) {
            cpu.mmu.store64(linear + XMM_OFFSET + 8L * i, cpu.xmm[i]);
        }
    }

    /** FXRSTOR; #GP(0) if MXCSR has a reserved bit. */
    public static void fxrstor(CpuState cpu, long linear, boolean wide) {
        cpu.mmu.probeRead(linear, XMM_OFFSET + 16 * xmmRegisters(cpu));
        int mxcsr = readMxcsr(cpu, linear);
        readX87(cpu, linear, wide);
        cpu.mxcsr = mxcsr;
        readXmm(cpu, linear);
    }

    private static int readMxcsr(CpuState cpu, long linear) {
        int mxcsr = cpu.mmu.load32(linear + MXCSR_OFFSET);
        if ((mxcsr & ~MXCSR_MASK) != 0) {
            throw cpu.fault(GuestFault.GP, 0);
        }
        return mxcsr;
    }

    private static void readX87(CpuState cpu, long linear, boolean wide) {
        X87State x = cpu.x87;
        Mmu mmu = cpu.mmu;
        x.setControl(mmu.load16(linear));
        x.setStatusWord(mmu.load16(linear + 2));
        x.valid = mmu.load8(linear + 4);
        x.lastOpcode = mmu.load16(linear + 6) & 0x7FF;
        if (wide) {
            x.instructionPointer = mmu.load64(linear + 8);
            x.dataPointer = mmu.load64(linear + 16);
        } else {
            x.instructionPointer = mmu.load32(linear + 8) & 0xFFFF_FFFFL;
            x.instructionSelector = mmu.load16(linear + 12);
            x.dataPointer = mmu.load32(linear + 16) & 0xFFFF_FFFFL;
            x.dataSelector = mmu.load16(linear + 20);
        }
        for (int i = 0; i < 8; i++) {
            int n = x.top + i & 7;
            x.significand[n] = mmu.load64(linear + REGISTERS_OFFSET + 16L * i);
            x.signExponent[n] = mmu.load16(linear + REGISTERS_OFFSET + 16L * i + 8);
        }
    }

    private static void readXmm(CpuState cpu, long linear) {
        for (int i = 0; i < 2 * xmmRegisters(cpu); i++) {
            cpu.xmm[i] = cpu.mmu.load64(linear + XMM_OFFSET + 8L * i);
        }
    }

    /** #UD without CR4.OSXSAVE, #NM by CR0.TS: the check of the XSAVE family. */
    public static void checkXsave(CpuState cpu) {
        if ((cpu.cr4 & CR4_OSXSAVE) == 0) {
            throw cpu.fault(GuestFault.UD, 0);
        }
        if ((cpu.cr0 & 8) != 0) {
            throw cpu.fault(GuestFault.NM, 0);
        }
    }

    private static long requested(CpuState cpu) {
        long mask = (cpu.gpr[CpuState.RDX] & 0xFFFF_FFFFL) << 32;
        return (mask | cpu.gpr[CpuState.RAX] & 0xFFFF_FFFFL) & cpu.xcr0;
    }

    /** Bytes that the XSAVE family may access, by the components that EDX:EAX and XCR0 choose. */
    static int areaBytes(CpuState cpu) {
        return ExtendedState.bytes(requested(cpu));
    }

    /** XSAVE, standard format. The address is aligned. */
    public static void xsave(CpuState cpu, long linear, boolean wide) {
        long components = requested(cpu);
        cpu.mmu.probeWrite(linear, HEADER_OFFSET + 8);
        long keys = linear + ExtendedState.PKRU_OFFSET & cpu.linearMask;
        if ((components & COMPONENT_PKRU) != 0) {
            cpu.mmu.probeWrite(keys, ExtendedState.PKRU_BYTES);
        }
        if ((components & COMPONENT_X87) != 0) {
            writeX87(cpu, linear, wide);
        }
        if ((components & (COMPONENT_SSE | COMPONENT_AVX)) != 0) {
            writeMxcsr(cpu, linear);
        }
        if ((components & COMPONENT_SSE) != 0) {
            writeXmm(cpu, linear);
        }
        long used = components;
        if ((components & COMPONENT_PKRU) != 0) {
            cpu.mmu.store64(keys, cpu.userKeyRights() & 0xFFFF_FFFFL);
            if (cpu.userKeyRights() == 0) {
                used &= ~COMPONENT_PKRU;
            }
        }
        long present = cpu.mmu.load64(linear + HEADER_OFFSET);
        cpu.mmu.store64(linear + HEADER_OFFSET, present & ~components | used);
    }

    /** XRSTOR, standard format; #GP(0) for a header or MXCSR that is not valid. */
    public static void xrstor(CpuState cpu, long linear, boolean wide) {
        long components = requested(cpu);
        cpu.mmu.probeRead(linear, HEADER_OFFSET + 64);
        long present = cpu.mmu.load64(linear + HEADER_OFFSET);
        if ((present & ~cpu.xcr0) != 0
                || cpu.mmu.load64(linear + HEADER_OFFSET + 8) != 0
                || cpu.mmu.load64(linear + HEADER_OFFSET + 16) != 0) {
            throw cpu.fault(GuestFault.GP, 0);
        }
        int keyRights = 0;
        if ((components & present & COMPONENT_PKRU) != 0) {
            keyRights = cpu.mmu.load32(linear + ExtendedState.PKRU_OFFSET & cpu.linearMask);
        }
        if ((components & (COMPONENT_SSE | COMPONENT_AVX)) != 0) {
            cpu.mxcsr = readMxcsr(cpu, linear);
        }
        if ((components & COMPONENT_X87) != 0) {
            if ((present & COMPONENT_X87) != 0) {
                readX87(cpu, linear, wide);
            } else {
                initialiseX87(cpu.x87);
            }
        }
        if ((components & COMPONENT_SSE) != 0) {
            if ((present & COMPONENT_SSE) != 0) {
                readXmm(cpu, linear);
            } else {
                for (int i = 0; i < 2 * xmmRegisters(cpu); i++) {
                    cpu.xmm[i] = 0;
                }
            }
        }
        // Last, for it may forbid to read the image.
        if ((components & COMPONENT_PKRU) != 0) {
            cpu.setUserKeyRights(keyRights);
        }
    }

    /** The initial configuration of state component 0: FNINIT, and registers of zeros. */
    private static void initialiseX87(X87State x) {
        x.reset();
        x.initialise();
    }
}
