package dev.arclet.emulator.cpu.interp;

import dev.arclet.emulator.cpu.CpuState;

/**
 * One instruction of a decoded block, specialised to its operands. Immutable and stateless: it may
 * be executed at several linear addresses (aliased pages), so it knows its place only relative to
 * the block's first instruction, whose address is in {@link CpuState#RIP} while it runs.
 */
public abstract class Op {
    /** Offset of the instruction from the block's start, in bytes. */
    public final int offset;

    /** Offset of the instruction behind it. */
    public final int end;

    /** An operation at its place. */
    protected Op(Place place) {
        offset = place.offset();
        end = place.offset() + place.length();
    }

    /** Where an instruction stands in its block: offset from the block's start, length. */
    public record Place(int offset, int length) {}

    /**
     * Does what the instruction does. Operations that end a block (control transfer, mode change,
     * anything after which the next block must be looked up or interrupts looked at) set RIP; all
     * others leave it.
     *
     * @throws dev.arclet.emulator.fault.GuestFault with no architectural state changed, for a fault
     */
    public abstract void execute(CpuState cpu);

    /**
     * Sets RIP behind this instruction: for an operation that ends its block ({@link BlockEnd}) and
     * does not branch.
     */
    protected final void advance(CpuState cpu) {
        cpu.gpr[CpuState.RIP] = (cpu.gpr[CpuState.RIP] + end) & cpu.ripMask();
    }
}
