package dev.arclet.emulator.cpu.interp;

import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.decode.Instruction;
import dev.arclet.emulator.cpu.decode.Operand;

/**
 * Operations by the bytes of their instructions: where code has the same bytes again, its block
 * gets the same operation. Decoded code takes less memory so, and what is seldom executed has fewer
 * cache lines to wait for (docs/adr/0008).
 *
 * <p>One place for each hash, so that it never grows: the last instruction has it.
 */
final class SharedOps {
    /** Longest instruction kept, in bytes. */
    private static final int MAX_BYTES = 7;

    private static final int SIZE = 1 << 15;

    private final long[] keys = new long[SIZE];
    private final Op[] ops = new Op[SIZE];

    /** What makes the operation of an instruction. */
    @FunctionalInterface
    interface Maker {
        Op make(Instruction instruction, Op.Place place);
    }

    /**
     * The operation of an instruction.
     *
     * @param bytes its bytes, the first one lowest; of as many as {@code instruction} is long
     * @param codeSize code size that it was decoded for: 2, 4 or 8
     */
    Op get(Instruction instruction, Op.Place place, long bytes, int codeSize, Maker maker) {
        int length = instruction.length();
        if (length > MAX_BYTES || namesItsPlace(instruction)) {
            return maker.make(instruction, place);
        }
        long key = bytes & -1L >>> 64 - 8 * length | (long) (codeSize << 3 | length) << 56;
        int slot = (int) (key * 0x9E3779B97F4A7C15L >>> 49);
        if (keys[slot] == key) {
            return ops[slot];
        }
        Op op = maker.make(instruction, place);
        if (!(op instanceof PlacedOp)) {
            keys[slot] = key;
            ops[slot] = op;
        }
        return op;
    }

    /** Whether an operand's address is relative to the instruction. */
    private static boolean namesItsPlace(Instruction instruction) {
        for (Operand operand : instruction.operands()) {
            if (operand instanceof Operand.Memory memory && memory.base() == CpuState.RIP) {
                return true;
            }
        }
        return false;
    }
}
