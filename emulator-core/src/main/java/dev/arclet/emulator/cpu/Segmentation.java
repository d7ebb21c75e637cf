package dev.arclet.emulator.cpu;

import dev.arclet.emulator.fault.GuestFault;

/** Segment checks and loads (SDM vol. 3A, chapters 3 and 5). */
public final class Segmentation {
    private Segmentation() {}

    /** Checks a read of {@code bytes} bytes at an offset of a segment; #GP(0), or #SS(0) for SS. */
    public static void checkRead(CpuState cpu, int segment, long offset, int bytes) {
        check(cpu, segment, offset, bytes);
    }

    /**
     * Checks a write of {@code bytes} bytes at an offset of a segment; #GP(0), or #SS(0) for SS.
     */
    public static void checkWrite(CpuState cpu, int segment, long offset, int bytes) {
        check(cpu, segment, offset, bytes);
    }

    private static void check(CpuState cpu, int segment, long offset, int bytes) {
        if (offset + bytes - 1 > cpu.segments[segment].limit) {
            throw cpu.fault(segment == CpuState.SS ? GuestFault.SS : GuestFault.GP, 0);
        }
    }
}
