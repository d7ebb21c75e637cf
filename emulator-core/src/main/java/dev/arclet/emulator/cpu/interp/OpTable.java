package dev.arclet.emulator.cpu.interp;

import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.decode.Instruction;
import dev.arclet.emulator.cpu.decode.Mnemonic;
import dev.arclet.emulator.cpu.decode.Operand;
import dev.arclet.emulator.cpu.fpu.X87Ops;
import dev.arclet.emulator.cpu.simd.AesOps;
import dev.arclet.emulator.cpu.simd.ElementOps;
import dev.arclet.emulator.cpu.simd.PackedIntegerOps;
import dev.arclet.emulator.cpu.simd.PackedShuffleOps;
import dev.arclet.emulator.cpu.simd.SimdMoveOps;
import dev.arclet.emulator.cpu.simd.SseFloatOps;
import dev.arclet.emulator.cpu.simd.StringCompareOps;
import dev.arclet.emulator.fault.GuestFault;
import java.util.EnumMap;
import java.util.Map;

/** Which factory makes the operations of which mnemonic. */
public final class OpTable {
    private static final System.Logger LOG = System.getLogger(OpTable.class.getName());

    private final Map<Mnemonic, OpFactory> factories = new EnumMap<>(Mnemonic.class);
    private final Map<Mnemonic, Map<Operand.File, OpFactory>> byFile =
            new EnumMap<>(Mnemonic.class);
    private final Map<Mnemonic, Long> missing = new EnumMap<>(Mnemonic.class);

    /** An empty table: every instruction raises #UD. */
    public OpTable() {}

    /** The table with everything that this processor has. */
    public static OpTable standard() {
        OpTable table = new OpTable();
        AesOps.register(table);
        AluOps.register(table);
        BcdOps.register(table);
        BitOps.register(table);
        BoundOps.register(table);
        BranchOps.register(table);
        ElementOps.register(table);
        FarTransferOps.register(table);
        FlagOps.register(table);
        IoOps.register(table);
        MoveOps.register(table);
        MulDivOps.register(table);
        PackedIntegerOps.register(table);
        PackedShuffleOps.register(table);
        SegmentOps.register(table);
        ShiftOps.register(table);
        SimdMoveOps.register(table);
        SseFloatOps.register(table);
        StackOps.register(table);
        StringCompareOps.register(table);
        StringOps.register(table);
        SystemOps.register(table);
        X87Ops.register(table);
        return table;
    }

    /**
     * Adds a family's factory.
     *
     * @throws IllegalStateException if the mnemonic has one already
     */
    public void put(Mnemonic mnemonic, OpFactory factory) {
        if (factories.putIfAbsent(mnemonic, factory) != null) {
            throw new IllegalStateException(mnemonic + " is registered twice");
        }
    }

    /**
     * Adds a factory for those forms of a mnemonic that have a register of {@code file} among their
     * operands: MOV, PUSH and POP of segment, control and debug registers.
     *
     * @throws IllegalStateException if there is one already
     */
    public void put(Mnemonic mnemonic, Operand.File file, OpFactory factory) {
        if (byFile.computeIfAbsent(mnemonic, m -> new EnumMap<>(Operand.File.class))
                        .putIfAbsent(file, factory)
                != null) {
            throw new IllegalStateException(mnemonic + " of " + file + " is registered twice");
        }
    }

    private OpFactory find(Instruction instruction) {
        Map<Operand.File, OpFactory> special = byFile.get(instruction.mnemonic());
        if (special != null) {
            for (Operand operand : instruction.operands()) {
                if (operand instanceof Operand.Register register
                        && special.containsKey(register.file())) {
                    return special.get(register.file());
                }
            }
        }
        return factories.get(instruction.mnemonic());
    }

    /** The operation for an instruction; one that raises #UD if there is no factory for it. */
    Op create(Instruction instruction, Op.Place place) {
        OpFactory factory = find(instruction);
        if (factory != null) {
            return factory.create(instruction, place);
        }
        Mnemonic mnemonic = instruction.mnemonic();
        return switch (mnemonic) {
            case INVALID, UD0, UD1, UD2 -> new UndefinedOp();
            default -> new MissingOp(mnemonic);
        };
    }

    /** How often instructions without a factory were executed, by mnemonic. */
    public Map<Mnemonic, Long> missing() {
        return Map.copyOf(missing);
    }

    private static final class UndefinedOp extends Op {
        UndefinedOp() {}

        @Override
        public void execute(CpuState cpu) {
            throw cpu.fault(GuestFault.UD, 0);
        }
    }

    private final class MissingOp extends Op {
        private final Mnemonic mnemonic;

        MissingOp(Mnemonic mnemonic) {
            this.mnemonic = mnemonic;
        }

        @Override
        public void execute(CpuState cpu) {
            if (missing.merge(mnemonic, 1L, Long::sum) == 1) {
                LOG.log(
                        System.Logger.Level.WARNING,
                        "{0} is not implemented: the guest gets #UD",
                        mnemonic);
            }
            throw cpu.fault(GuestFault.UD, 0);
        }
    }
}
