package dev.arclet.emulator.cpu.interp;

import dev.arclet.emulator.cpu.decode.Instruction;
import dev.arclet.emulator.cpu.decode.Mnemonic;
import dev.arclet.emulator.cpu.decode.Operand;

/**
 * A comparison of registers and the conditional branch behind it, as one operation: the last of its
 * block. The comparison can not fault, so a fault is the branch's. A budget that ends between the
 * two executes {@link #first} alone.
 */
abstract class FusedOp extends BranchOps.RelativeBranch {
    /** The comparison. */
    final Op first;

    /** The branch. */
    final PlacedOp second;

    FusedOp(Instruction jcc, Op first, PlacedOp second) {
        super(jcc, new Place(second.offset, second.end - second.offset));
        this.first = first;
        this.second = second;
    }

    /** Joins a comparison with the Jcc behind it; null if that form is not here. */
    static FusedOp join(Instruction comparison, Op first, Instruction jcc, PlacedOp second) {
        boolean compares = comparison.mnemonic() == Mnemonic.CMP;
        if (jcc.mnemonic() != Mnemonic.JCC
                || !(compares || comparison.mnemonic() == Mnemonic.TEST)
                || !(comparison.operand(0) instanceof Operand.Register target)
                || target.size() < 4) {
            return null;
        }
        int d = target.index();
        boolean wide = target.size() == 8;
        return switch (comparison.operand(1)) {
            case Operand.Register source -> {
                int s = source.index();
                if (compares) {
                    yield wide
                            ? FusedForms64.compareRegister(jcc, first, second, d, s)
                            : FusedForms32.compareRegister(jcc, first, second, d, s);
                }
                yield wide
                        ? FusedForms64.testRegister(jcc, first, second, d, s)
                        : FusedForms32.testRegister(jcc, first, second, d, s);
            }
            case Operand.Immediate immediate -> {
                long value = immediate.value();
                if (compares) {
                    yield wide
                            ? FusedForms64.compareImmediate(jcc, first, second, d, value)
                            : FusedForms32.compareImmediate(jcc, first, second, d, (int) value);
                }
                yield wide
                        ? FusedForms64.testImmediate(jcc, first, second, d, value)
                        : FusedForms32.testImmediate(jcc, first, second, d, (int) value);
            }
            default -> null;
        };
    }
}
