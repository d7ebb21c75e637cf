package dev.arclet.emulator.cpu.interp;

import dev.arclet.emulator.cpu.CpuState;

/**
 * An operation that knows where it stands, relative to the block's first instruction, whose address
 * is in {@link CpuState#RIP} while it runs: one that ends its block, or names an address of its
 * own.
 */
public abstract class PlacedOp extends Op {
    /** Offset of the instruction from the block's start, in bytes. */
    public final int offset;

    /** Offset of the instruction behind it. */
    public final int end;

    /** An operation at its place. */
    protected PlacedOp(Place place) {
        offset = place.offset();
        end = place.offset() + place.length();
    }

    /**
     * Sets RIP behind this instruction: for an operation that ends its block ({@link BlockEnd}) and
     * does not branch.
     */
    protected final void advance(CpuState cpu) {
        cpu.gpr[CpuState.RIP] = (cpu.gpr[CpuState.RIP] + end) & cpu.ripMask();
    }
}
