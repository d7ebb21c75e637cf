package dev.arclet.emulator.cpu.interp;

import dev.arclet.emulator.cpu.CpuState;

/**
 * One instruction of a decoded block, specialised to its operands. Immutable and stateless: it may
 * be executed at several linear addresses (aliased pages), and instructions with the same bytes
 * share one ({@link SharedOps}). One that has to know where it stands is a {@link PlacedOp}.
 */
public abstract class Op {
    /** Where an instruction stands in its block: offset from the block's start, length. */
    public record Place(int offset, int length) {}

    /** An operation. */
    protected Op() {}

    /**
     * Does what the instruction does. Operations that end a block (control transfer, mode change,
     * anything after which the next block must be looked up or interrupts looked at) set RIP; all
     * others leave it.
     *
     * @throws dev.arclet.emulator.fault.GuestFault with no architectural state changed, for a fault
     */
    public abstract void execute(CpuState cpu);
}
