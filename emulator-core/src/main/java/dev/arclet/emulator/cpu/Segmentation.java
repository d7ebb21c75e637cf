package dev.arclet.emulator.cpu;

import dev.arclet.emulator.fault.GuestFault;

/** Segment checks and loads (SDM vol. 3A, chapters 3 and 5). */
public final class Segmentation {
    private Segmentation() {}

    // Checks of memory operands

    /** Checks a read of {@code bytes} bytes at an offset of a segment; #GP(0), or #SS(0) for SS. */
    public static void checkRead(CpuState cpu, int segment, long offset, int bytes) {
        SegmentRegister register = cpu.segments[segment];
        if (offset + (bytes - 1) > register.readableUpTo) {
            checkSlowly(cpu, segment, offset, bytes, false);
        }
    }

    /**
     * Checks a write of {@code bytes} bytes at an offset of a segment; #GP(0), or #SS(0) for SS.
     */
    public static void checkWrite(CpuState cpu, int segment, long offset, int bytes) {
        SegmentRegister register = cpu.segments[segment];
        if (offset + (bytes - 1) > register.writableUpTo) {
            checkSlowly(cpu, segment, offset, bytes, true);
        }
    }

    private static void checkSlowly(
            CpuState cpu, int segment, long offset, int bytes, boolean write) {
        if (!cpu.segments[segment].allows(offset, bytes, write, isRealStyle(cpu))) {
            throw cpu.fault(segment == CpuState.SS ? GuestFault.SS : GuestFault.GP, 0);
        }
    }

    /** Checks that the instruction pointer may become {@code offset}; #GP(0). */
    public static void checkBranch(CpuState cpu, long offset) {
        if (cpu.codeSize == 8) {
            if (!isCanonical(offset)) {
                throw cpu.fault(GuestFault.GP, 0);
            }
        } else if (offset > cpu.segments[CpuState.CS].limit) {
            throw cpu.fault(GuestFault.GP, 0);
        }
    }

    /** Whether bits 63..47 of an address are all equal. */
    public static boolean isCanonical(long address) {
        return address << 16 >> 16 == address;
    }

    // Modes

    /** CR0.PE is clear. */
    public static boolean isRealMode(CpuState cpu) {
        return (cpu.cr0 & Control.CR0_PE) == 0;
    }

    /** Virtual-8086 mode. */
    public static boolean isVm86(CpuState cpu) {
        return (cpu.systemFlags & Eflags.VM) != 0;
    }

    /** Real mode or virtual-8086 mode: segments are 16 times their selector. */
    public static boolean isRealStyle(CpuState cpu) {
        return isRealMode(cpu) || isVm86(cpu);
    }

    /** IA32_EFER.LMA: 64-bit or compatibility mode. */
    public static boolean isLongMode(CpuState cpu) {
        return (cpu.efer & Control.EFER_LMA) != 0;
    }

    /**
     * Recomputes everything that derives from CS, SS, the other segments, CPL, CR0, CR4, EFER and
     * EFLAGS.VM and AC. To be called after any of them has changed.
     */
    public static void modeChanged(CpuState cpu) {
        SegmentRegister cs = cpu.segments[CpuState.CS];
        int before = cpu.codeSize;
        boolean long64 = isLongMode(cpu) && cs.longMode;
        cpu.codeSize = long64 ? 8 : cs.big ? 4 : 2;
        cpu.linearMask = long64 ? -1L : 0xFFFF_FFFFL;
        if (before == 8 && !long64) {
            // Upper halves are undefined after leaving 64-bit mode; ours are zero.
            for (int i = 0; i < 8; i++) {
                cpu.gpr[i] &= 0xFFFF_FFFFL;
            }
            cpu.gpr[CpuState.RIP] &= 0xFFFF_FFFFL;
        }
        cpu.realStyle = isRealStyle(cpu);
        for (int i = 0; i < 6; i++) {
            cpu.segments[i].derive(long64, long64 && i < CpuState.FS, cpu.realStyle);
        }
        stackChanged(cpu);
        privilegeChanged(cpu);
    }

    /** The same after a change of CS, SS and CPL, and whatever that changes. */
    static void codeChanged(CpuState cpu) {
        SegmentRegister cs = cpu.segments[CpuState.CS];
        boolean long64 = isLongMode(cpu) && cs.longMode;
        if (long64 != (cpu.codeSize == 8) || cpu.realStyle != isRealStyle(cpu)) {
            modeChanged(cpu);
            return;
        }
        cpu.codeSize = long64 ? 8 : cs.big ? 4 : 2;
        cs.derive(long64, long64, cpu.realStyle);
        cpu.segments[CpuState.SS].derive(long64, long64, cpu.realStyle);
        stackChanged(cpu);
        privilegeChanged(cpu);
    }

    /** Tells the MMU whose accesses are to come, after a change of CPL, EFLAGS.AC or CR0.AM. */
    public static void privilegeChanged(CpuState cpu) {
        boolean user = cpu.cpl == 3;
        boolean alignment =
                (cpu.systemFlags & Eflags.AC) != 0 && (!user || (cpu.cr0 & Control.CR0_AM) != 0);
        cpu.mmu.setPrivilege(user, alignment);
    }

    private static void stackChanged(CpuState cpu) {
        cpu.stackMask =
                cpu.codeSize == 8 ? -1L : cpu.segments[CpuState.SS].big ? 0xFFFF_FFFFL : 0xFFFFL;
    }

    /** Recomputes what derives from one data segment register that has just changed. */
    static void segmentChanged(CpuState cpu, int segment) {
        boolean long64 = cpu.codeSize == 8;
        cpu.segments[segment].derive(long64, long64 && segment < CpuState.FS, isRealStyle(cpu));
        if (segment == CpuState.SS) {
            stackChanged(cpu);
        }
    }

    // Loads

    /**
     * Loads ES, SS, DS, FS or GS as MOV, POP and LDS do.
     *
     * @throws GuestFault as the SDM says under MOV; nothing has changed then
     */
    public static void loadData(CpuState cpu, int segment, int selector) {
        SegmentRegister register = cpu.segments[segment];
        if (isRealStyle(cpu)) {
            loadReal(cpu, segment, selector);
            return;
        }
        if (segment == CpuState.SS) {
            loadStack(cpu, selector);
        } else if ((selector & ~3) == 0) {
            register.loadNull(selector);
        } else {
            long descriptor = readDescriptor(cpu, selector, GuestFault.GP, 0);
            checkData(cpu, selector, descriptor, cpu.cpl, GuestFault.GP);
            markAccessed(cpu, selector, descriptor);
            register.load(selector, descriptor);
        }
        segmentChanged(cpu, segment);
    }

    /**
     * Loads a segment register in real or virtual-8086 mode. Of CS only if its limit stays: nothing
     * else of the mode then changes.
     */
    public static void loadReal(CpuState cpu, int segment, int selector) {
        cpu.segments[segment].loadReal(selector, isVm86(cpu));
        segmentChanged(cpu, segment);
    }

    /** Checks that a descriptor can be loaded into DS, ES, FS or GS: {@code vector}, #NP. */
    static void checkData(CpuState cpu, int selector, long descriptor, int cpl, int vector) {
        int error = selector & ~3;
        boolean code = Descriptor.isCode(descriptor);
        if (!Descriptor.isSegment(descriptor)
                || (code && !Descriptor.readableOrWritable(descriptor))) {
            throw cpu.fault(vector, error);
        }
        int dpl = Descriptor.dpl(descriptor);
        if (!(code && Descriptor.isConforming(descriptor)) && (dpl < cpl || dpl < (selector & 3))) {
            throw cpu.fault(vector, error);
        }
        if (!Descriptor.present(descriptor)) {
            throw cpu.fault(GuestFault.NP, error);
        }
    }

    private static void loadStack(CpuState cpu, int selector) {
        if ((selector & ~3) == 0) {
            if (cpu.codeSize == 8 && cpu.cpl < 3 && selector == cpu.cpl) {
                cpu.segments[CpuState.SS].loadNull(selector);
                return;
            }
            throw cpu.fault(GuestFault.GP, 0);
        }
        long descriptor = readDescriptor(cpu, selector, GuestFault.GP, 0);
        checkStack(cpu, selector, descriptor, cpu.cpl, GuestFault.GP, 0);
        markAccessed(cpu, selector, descriptor);
        cpu.segments[CpuState.SS].load(selector, descriptor);
    }

    /**
     * Checks that a descriptor can be the stack of privilege level {@code cpl}.
     *
     * @param vector what to raise if not: #GP or #TS; #SS if it is not present
     * @param ext 1 if an external event is being delivered, else 0
     */
    static void checkStack(
            CpuState cpu, int selector, long descriptor, int cpl, int vector, int ext) {
        int error = selector & ~3 | ext;
        if ((selector & 3) != cpl
                || !Descriptor.isWritableData(descriptor)
                || Descriptor.dpl(descriptor) != cpl) {
            throw cpu.fault(vector, error);
        }
        if (!Descriptor.present(descriptor)) {
            throw cpu.fault(GuestFault.SS, error);
        }
    }

    /**
     * Loads CS from a descriptor that has passed its checks, and with it the privilege level.
     *
     * @param cpl the new privilege level, which becomes the selector's RPL
     */
    static void loadCode(CpuState cpu, int selector, long descriptor, int cpl) {
        markAccessed(cpu, selector, descriptor);
        cpu.segments[CpuState.CS].load(selector & ~3 | cpl, descriptor);
        cpu.cpl = cpl;
        codeChanged(cpu);
    }

    /** Loads CS in real or virtual-8086 mode; RIP is the caller's. */
    static void loadCodeReal(CpuState cpu, int selector) {
        cpu.segments[CpuState.CS].loadReal(selector, isVm86(cpu));
        modeChanged(cpu);
    }

    /**
     * Makes a data segment register null if code of the new, outer privilege level must not use it
     * (returns to an outer level).
     */
    static void dropIfPrivileged(CpuState cpu, int segment) {
        SegmentRegister register = cpu.segments[segment];
        boolean conforming =
                (register.access & (SegmentRegister.CODE | SegmentRegister.CONFORMING))
                        == (SegmentRegister.CODE | SegmentRegister.CONFORMING);
        if (register.unusable || (!conforming && register.dpl() < cpu.cpl)) {
            // The base stays: FS and GS of 64-bit mode have one without a descriptor.
            long base = register.base;
            register.loadNull(0);
            register.base = base;
            segmentChanged(cpu, segment);
        }
    }

    /**
     * Reads a descriptor of the GDT or LDT.
     *
     * @param vector what to raise if the selector is outside its table
     * @param ext 1 if an external event is being delivered, else 0; goes into the error code
     */
    static long readDescriptor(CpuState cpu, int selector, int vector, int ext) {
        return cpu.mmu.loadSystem(descriptorAddress(cpu, selector, vector, ext), 8);
    }

    static long descriptorAddress(CpuState cpu, int selector, int vector, int ext) {
        long table;
        long limit;
        if ((selector & 4) == 0) {
            table = cpu.gdtBase;
            limit = cpu.gdtLimit;
        } else {
            table = cpu.ldtr.base;
            limit = cpu.ldtr.unusable ? -1 : cpu.ldtr.limit;
        }
        if ((selector | 7) > limit) {
            throw cpu.fault(vector, selector & ~3 | ext);
        }
        return system(cpu, table + (selector & ~7));
    }

    /** Truncates the linear address of a system structure to what the mode can reach. */
    static long system(CpuState cpu, long linear) {
        return isLongMode(cpu) ? linear : linear & 0xFFFF_FFFFL;
    }

    /** Sets the accessed bit of a code or data descriptor in memory, unless it is set. */
    static void markAccessed(CpuState cpu, int selector, long descriptor) {
        if ((descriptor & 1L << 40) == 0) {
            long address = descriptorAddress(cpu, selector, GuestFault.GP, 0);
            cpu.mmu.storeSystem(address + 5, 1, Descriptor.access(descriptor) | 1);
        }
    }

    /** Sets the base of FS or GS, as the base MSRs do. */
    public static void setBase(CpuState cpu, int segment, long base) {
        cpu.segments[segment].base = base;
        segmentChanged(cpu, segment);
    }
}
