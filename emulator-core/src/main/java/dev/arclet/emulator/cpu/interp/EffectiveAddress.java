package dev.arclet.emulator.cpu.interp;

import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.SegmentRegister;
import dev.arclet.emulator.cpu.Segmentation;
import dev.arclet.emulator.cpu.decode.Operand;

/** A memory operand, ready to be computed without a branch on its form. */
public final class EffectiveAddress {
    private final long displacement;
    private final long mask;
    private final byte base;
    private final byte index;
    private final byte scale;

    /** The segment register it goes through. */
    public final byte segment;

    /** The address of an operand of the instruction at {@code place}. */
    public EffectiveAddress(Operand.Memory operand, Op.Place place) {
        base = (byte) operand.base();
        index = (byte) operand.index();
        scale = (byte) operand.scale();
        displacement =
                operand.base() == CpuState.RIP
                        ? operand.displacement() + place.offset() + place.length()
                        : operand.displacement();
        mask =
                switch (operand.addressSize()) {
                    case 2 -> 0xFFFFL;
                    case 4 -> 0xFFFF_FFFFL;
                    default -> -1L;
                };
        segment = (byte) operand.segment();
    }

    /** The offset within the segment, truncated to the address size. */
    public long offset(CpuState cpu) {
        long[] gpr = cpu.gpr;
        return (gpr[base] + (gpr[index] << scale) + displacement) & mask;
    }

    /** The linear address for reading {@code bytes} bytes; segment checks done. */
    public long read(CpuState cpu, int bytes) {
        long offset = offset(cpu);
        SegmentRegister register = cpu.segments[segment];
        if (!register.readUnchecked) {
            Segmentation.checkRead(cpu, segment, offset, bytes);
        }
        return (register.effectiveBase + offset) & cpu.linearMask;
    }

    /**
     * The linear address for writing (or reading and writing) {@code bytes} bytes; segment checks
     * done.
     */
    public long write(CpuState cpu, int bytes) {
        long offset = offset(cpu);
        SegmentRegister register = cpu.segments[segment];
        if (!register.writeUnchecked) {
            Segmentation.checkWrite(cpu, segment, offset, bytes);
        }
        return (register.effectiveBase + offset) & cpu.linearMask;
    }
}
