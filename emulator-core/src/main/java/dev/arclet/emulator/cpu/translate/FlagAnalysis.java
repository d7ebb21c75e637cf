package dev.arclet.emulator.cpu.translate;

import dev.arclet.emulator.cpu.LazyFlags;
import dev.arclet.emulator.cpu.decode.Instruction;
import java.util.List;

/**
 * Where in a region the arithmetic flags are looked at, by an instruction or by leaving the region,
 * and which operation left them. Flags are exact wherever control can leave.
 */
final class FlagAnalysis {
    private final RegionPlan plan;

    private FlagAnalysis(RegionPlan plan) {
        this.plan = plan;
    }

    /** Fills in the flag fields of a plan's nodes and steps. */
    static void analyse(RegionPlan plan) {
        FlagAnalysis analysis = new FlagAnalysis(plan);
        analysis.liveness();
        analysis.codes();
    }

    /**
     * Whether an instruction that is emitted looks at flags, of which {@link RegionPlan.Step
     * #flagsNeeded} is known.
     */
    static boolean reads(RegionPlan.Step step) {
        return switch (Emission.flags(step)) {
            case READ -> true;
            case CHANGE -> step.flagsNeeded;
            default -> false;
        };
    }

    private void liveness() {
        boolean changed = true;
        while (changed) {
            changed = false;
            for (RegionPlan.Node node : plan.nodes.reversed()) {
                boolean before = node.flagsLiveIn;
                boolean scanned = scan(node);
                node.flagsLiveIn = node.polled || scanned;
                changed |= before != node.flagsLiveIn;
            }
        }
    }

    /** Whether flags are live at a node's start; sets {@link RegionPlan.Step#flagsNeeded}. */
    private boolean scan(RegionPlan.Node node) {
        boolean live = leavesRegion(node);
        for (RegionPlan.Node next : RegionFormer.successors(plan, node)) {
            live |= next.flagsLiveIn || plan.crosses(node, next);
        }
        for (RegionPlan.Step step : node.steps.reversed()) {
            switch (Emission.flags(step)) {
                case NONE -> {}
                case READ, CALL -> live = true;
                case REPLACE -> {
                    step.flagsNeeded = live;
                    live = false;
                }
                case CHANGE -> step.flagsNeeded = live || readsCarry(step.instruction);
            }
            live |= Emission.mayExit(step) || readsCarry(step.instruction);
        }
        return live;
    }

    private static boolean readsCarry(Instruction instruction) {
        return switch (instruction.mnemonic()) {
            case ADC, SBB, RCL, RCR -> true;
            default -> false;
        };
    }

    private static boolean leavesRegion(RegionPlan.Node node) {
        if (!node.branches) {
            return node.fall == null;
        }
        return switch (node.last().instruction.mnemonic()) {
            case RET, JMP_FAR, CALL_FAR, RET_FAR -> true;
            case JMP, CALL -> node.taken == null;
            default -> node.taken == null || node.fall == null;
        };
    }

    private void codes() {
        for (RegionPlan.Node entry : plan.entries) {
            entry.flagsIn = FlagCode.PROCESSOR;
        }
        boolean changed = true;
        while (changed) {
            changed = false;
            for (RegionPlan.Node node : plan.nodes) {
                node.flagsOut = out(node);
                List<RegionPlan.Node> successors = RegionFormer.successors(plan, node);
                for (RegionPlan.Node next : successors) {
                    int met = meet(next.flagsIn, node.flagsOut);
                    changed |= met != next.flagsIn;
                    next.flagsIn = met;
                }
            }
        }
    }

    private static int meet(int a, int b) {
        if (a == FlagCode.DEAD || a == b) {
            return b;
        }
        return b == FlagCode.DEAD ? a : FlagCode.DYNAMIC;
    }

    private static int out(RegionPlan.Node node) {
        int code = node.flagsIn;
        for (RegionPlan.Step step : node.steps) {
            code = after(step, code);
        }
        return code;
    }

    /** The code of the flags behind an instruction. */
    static int after(RegionPlan.Step step, int codeBefore) {
        Instruction instruction = step.instruction;
        if (!step.emitted) {
            return Emission.keepsFlags(instruction) ? codeBefore : FlagCode.PROCESSOR;
        }
        // What is looked at is loaded.
        boolean loaded = codeBefore == FlagCode.PROCESSOR && reads(step);
        int before = loaded ? FlagCode.DYNAMIC : codeBefore;
        switch (Emission.flags(step)) {
            case NONE, READ -> {
                return before;
            }
            default -> {}
        }
        if (!step.flagsNeeded) {
            boolean unchanged =
                    switch (instruction.mnemonic()) {
                        case SHL, SHR, SAR, ROL, ROR -> Emission.constantCount(instruction, 1) == 0;
                        case SHLD, SHRD -> Emission.constantCount(instruction, 2) == 0;
                        default -> false;
                    };
            return unchanged ? before : FlagCode.DEAD;
        }
        int bytes = instruction.operands().isEmpty() ? 4 : instruction.operand(0).size();
        return switch (instruction.mnemonic()) {
            case ADD, XADD -> FlagCode.of(LazyFlags.ADD, bytes);
            case SUB, CMP, NEG, CMPXCHG -> FlagCode.of(LazyFlags.SUB, bytes);
            case SCAS, CMPS ->
                    instruction.repeat() == 0
                            ? FlagCode.of(LazyFlags.SUB, instruction.operandSize())
                            : FlagCode.DYNAMIC;
            case INC -> FlagCode.of(LazyFlags.INC, bytes);
            case DEC -> FlagCode.of(LazyFlags.DEC, bytes);
            case ADC -> LazyFlags.ADD;
            case SBB -> LazyFlags.SBB;
            case AND, OR, XOR, TEST -> LazyFlags.LOGIC;
            case SHL, SHR, SAR ->
                    switch (Emission.constantCount(instruction, 1)) {
                        case -1 -> FlagCode.DYNAMIC;
                        case 0 -> before;
                        default -> LazyFlags.RESULT;
                    };
            case SHLD, SHRD ->
                    Emission.constantCount(instruction, 2) == 0 ? before : LazyFlags.RESULT;
            case ROL, ROR ->
                    Emission.constantCount(instruction, 1) == 0 ? before : LazyFlags.EXPLICIT;
            case IMUL, MUL -> LazyFlags.RESULT;
            default -> LazyFlags.EXPLICIT;
        };
    }
}
