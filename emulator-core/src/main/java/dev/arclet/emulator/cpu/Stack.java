package dev.arclet.emulator.cpu;

import dev.arclet.emulator.fault.GuestFault;

/** Stack accesses of control transfers, on the current stack or one about to become current. */
final class Stack {
    private Stack() {}

    /** The mask of the stack pointer for a stack segment, in the given code size. */
    static long mask(SegmentRegister ss, boolean long64) {
        return long64 ? -1L : ss.big ? 0xFFFF_FFFFL : 0xFFFFL;
    }

    /**
     * Pushes a value.
     *
     * @param ss the stack segment; ignored in 64-bit mode
     * @param sp the stack pointer before
     * @param user privilege of the access
     * @param errorCode of #SS, if the push is outside the segment or not canonical
     * @return the stack pointer after
     */
    static long push(
            CpuState cpu,
            SegmentRegister ss,
            boolean long64,
            long sp,
            int bytes,
            long value,
            boolean user,
            int errorCode) {
        long mask = mask(ss, long64);
        long top = sp - bytes & mask;
        cpu.mmu.store(linear(cpu, ss, long64, top, bytes, true, errorCode), bytes, value, user);
        return sp & ~mask | top;
    }

    /** Checks that {@code slots} values of {@code bytes} bytes each can be pushed. */
    static void probe(
            CpuState cpu,
            SegmentRegister ss,
            boolean long64,
            long sp,
            int slots,
            int bytes,
            boolean user,
            int errorCode) {
        long mask = mask(ss, long64);
        for (int i = 1; i <= slots; i++) {
            long top = sp - (long) i * bytes & mask;
            cpu.mmu.probeWrite(linear(cpu, ss, long64, top, bytes, true, errorCode), bytes, user);
        }
    }

    /** Reads the value at an offset from the stack pointer; the current privilege. */
    static long peek(CpuState cpu, long sp, int offset, int bytes) {
        SegmentRegister ss = cpu.segments[CpuState.SS];
        boolean long64 = cpu.codeSize == 8;
        long at = sp + offset & mask(ss, long64);
        return cpu.mmu.load(linear(cpu, ss, long64, at, bytes, false, 0), bytes, cpu.cpl == 3);
    }

    /** Adds to the stack pointer, within what the stack segment uses of it. */
    static void release(CpuState cpu, int bytes) {
        long mask = cpu.stackMask;
        long sp = cpu.gpr[CpuState.RSP];
        cpu.gpr[CpuState.RSP] = sp & ~mask | sp + bytes & mask;
    }

    private static long linear(
            CpuState cpu,
            SegmentRegister ss,
            boolean long64,
            long offset,
            int bytes,
            boolean write,
            int errorCode) {
        if (long64) {
            if (!Segmentation.isCanonical(offset)
                    || !Segmentation.isCanonical(offset + bytes - 1)) {
                throw cpu.fault(GuestFault.SS, errorCode);
            }
            return offset;
        }
        if (!ss.allows(offset, bytes, write, Segmentation.isRealStyle(cpu))) {
            throw cpu.fault(GuestFault.SS, errorCode);
        }
        return ss.base + offset & 0xFFFF_FFFFL;
    }
}
