package dev.arclet.emulator.cpu.interp;

import dev.arclet.emulator.cpu.decode.Instruction;

/** Makes operations of decoded instructions; one per family of mnemonics. */
@FunctionalInterface
public interface OpFactory {
    /** The operation for an instruction that stands at {@code place} of a block. */
    Op create(Instruction instruction, Op.Place place);
}
