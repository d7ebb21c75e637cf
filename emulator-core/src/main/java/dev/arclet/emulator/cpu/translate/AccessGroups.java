package dev.arclet.emulator.cpu.translate;

import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.decode.Instruction;
import dev.arclet.emulator.cpu.decode.Mnemonic;
import dev.arclet.emulator.cpu.decode.Operand;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Accesses of a region that are looked up in the TLB together: those at constant distances from one
 * address, such as a stack frame's or an object's. The first of them looks up all the bytes between
 * the lowest and the highest; if these are in one page that the TLB has for all kinds of access
 * wanted, the others need no look of their own. Between the first and the others nothing fills the
 * TLB or drops entries of it.
 *
 * <p>If the bytes are not all in one page, the region is left although each access for itself might
 * have succeeded; a region to which that happens often is formed anew without groups.
 */
final class AccessGroups {
    /** Bytes of a group at most: the more, the likelier is a border of pages in it. */
    private static final int MAX_SPAN = 256;

    /** Groups of a region at most; each has a local of its own. */
    private static final int MAX_GROUPS = 64;

    /** In place of a register: a constant address. */
    static final int CONSTANT = -1;

    /** Accesses that are looked up together. */
    static final class Group {
        /** Whose value the distances are counted from; {@link #CONSTANT} for addresses. */
        private final int register;

        /** The distance at the first access that belongs to the register's value as it is there. */
        private long lowest;

        private long end;
        private boolean reads;
        private boolean writes;
        private int accesses;

        /** Local, long: host address of the lowest byte. */
        private int host = -1;

        /** Whether the first access has been emitted, and has looked all up. */
        private boolean found;

        private Group(int register) {
            this.register = register;
        }

        boolean reads() {
            return reads;
        }

        boolean writes() {
            return writes;
        }

        /** Bytes from the lowest to the highest. */
        int span() {
            return (int) (end - lowest);
        }

        /** Local for the host address of the lowest byte, a long. */
        int host() {
            return host;
        }

        /** The register that the lowest byte's distance counts from; {@link #CONSTANT} if none. */
        int register() {
            return register;
        }

        /** Distance of the lowest byte from the register's value at the first access. */
        long lowest() {
            return lowest;
        }
    }

    /** One access. */
    static final class Access {
        final Group group;

        /** Whether it is the one that looks all up. */
        final boolean first;

        /** Of its first byte, from the register's value at the group's first access. */
        private final long offset;

        private Access(Group group, boolean first, long offset) {
            this.group = group;
            this.first = first;
            this.offset = offset;
        }

        /** Bytes between the group's lowest byte and the access's. */
        long distance() {
            return offset - group.lowest;
        }

        /**
         * Whether the group's lookup is good for it, or will be, if it is the first. Tells the
         * group that it is made, then.
         */
        boolean uses(int bytes, boolean write) {
            if (offset + bytes > group.end || !(write ? group.writes : group.reads)) {
                return false;
            }
            group.found |= first;
            return group.found;
        }
    }

    /** A group that is open for accesses through a register, and how far that has moved since. */
    private record Open(Group group, long moved) {}

    private final Map<RegionPlan.Step, Access> explicit = new HashMap<>();
    private final Map<RegionPlan.Step, Access> stack = new HashMap<>();
    private final List<Group> groups = new ArrayList<>();
    private final long mode;
    private final boolean wide;

    private AccessGroups(long mode) {
        this.mode = mode;
        wide = Mode.wide(mode);
    }

    /**
     * Groups the accesses of a region.
     *
     * @param firstLocal number of the method's first free local
     */
    static AccessGroups of(RegionPlan plan, int firstLocal) {
        AccessGroups all = new AccessGroups(plan.mode);
        if (plan.grouped && !plan.filling) {
            all.find(plan);
            int next = firstLocal;
            for (Group group : all.groups) {
                if (group.accesses > 1) {
                    group.host = next;
                    next += 2;
                }
            }
        }
        return all;
    }

    /** The access by an instruction's memory operand; null if it is looked up alone. */
    Access explicit(RegionPlan.Step step) {
        return grouped(explicit.get(step));
    }

    /** The access by which an instruction pushes or pops; null if it is looked up alone. */
    Access stack(RegionPlan.Step step) {
        return grouped(stack.get(step));
    }

    private static Access grouped(Access access) {
        return access == null || access.group.host < 0 ? null : access;
    }

    /** Follows control as long as there is one way only: what was looked up there holds. */
    private void find(RegionPlan plan) {
        Map<RegionPlan.Node, Integer> ways = new HashMap<>();
        for (RegionPlan.Node node : plan.nodes) {
            for (RegionPlan.Node next : RegionFormer.successors(plan, node)) {
                ways.merge(next, 1, Integer::sum);
            }
        }
        for (RegionPlan.Node entry : plan.entries) {
            ways.merge(entry, 2, Integer::sum);
        }
        Map<RegionPlan.Node, Map<Integer, Open>> before = new HashMap<>();
        for (RegionPlan.Node node : plan.nodes) { // each behind those that lead to it alone
            Map<Integer, Open> open =
                    new HashMap<>(
                            ways.getOrDefault(node, 2) == 1
                                    ? before.getOrDefault(node, Map.of())
                                    : Map.of());
            for (RegionPlan.Step step : node.steps) {
                pass(step, open);
            }
            for (RegionPlan.Node next : RegionFormer.successors(plan, node)) {
                if (next.order > node.order) {
                    before.put(next, open);
                }
            }
        }
    }

    private void pass(RegionPlan.Step step, Map<Integer, Open> open) {
        Instruction instruction = step.instruction;
        if (!step.emitted) {
            if (Emission.accessesMemory(instruction)
                    || !Emission.keepsGeneralRegisters(instruction)) {
                open.clear();
            }
            return;
        }
        List<Operand> operands = instruction.operands();
        for (int i = 0; i < operands.size(); i++) {
            if (operands.get(i) instanceof Operand.Memory memory && accesses(instruction)) {
                Access access = explicit(memory, step, i == 0 && writes(instruction), open);
                if (access != null) {
                    explicit.put(step, access);
                }
            }
        }
        int word = instruction.operandSize();
        boolean plain = Mode.baseZero(mode, CpuState.SS) && Mode.wideStack(mode);
        switch (instruction.mnemonic()) {
            case MOVS, STOS -> {
                if (instruction.repeat() != 0) {
                    open.clear(); // it has the TLB filled
                    return;
                }
            }
            case PUSH, CALL -> {
                if (plain) {
                    stack.put(step, access(CpuState.RSP, -word, word, true, open));
                }
                moveStack(-word, open);
                return;
            }
            case POP, RET -> {
                if (plain) {
                    stack.put(step, access(CpuState.RSP, 0, word, false, open));
                }
                moveStack(word, open);
            }
            case LEAVE -> {
                if (plain) {
                    stack.put(step, access(CpuState.RBP, 0, word, false, open));
                }
                open.remove(CpuState.RSP);
                open.remove(CpuState.RBP);
                return;
            }
            default -> {}
        }
        redefine(instruction, open);
    }

    /** Whether memory operands are accessed at all. */
    private static boolean accesses(Instruction instruction) {
        return switch (instruction.mnemonic()) {
            case LEA, NOP, PREFETCH -> false;
            default -> true;
        };
    }

    /** Whether the first operand is written, maybe. */
    private static boolean writes(Instruction instruction) {
        return switch (instruction.mnemonic()) {
            case CMP, TEST, BT, PUSH, JMP, CALL, MUL, IMUL, DIV, IDIV -> false;
            default ->
                    !X87Emitter.handles(instruction) || X87Emitter.writes(instruction.mnemonic());
        };
    }

    private Access explicit(
            Operand.Memory memory, RegionPlan.Step step, boolean write, Map<Integer, Open> open) {
        if (memory.index() < CpuState.ZERO
                || memory.addressSize() != (wide ? 8 : 4)
                || !Mode.baseZero(mode, memory.segment())
                || memory.size() <= 0) {
            return null;
        }
        long displacement = memory.displacement();
        if (memory.base() < CpuState.ZERO) {
            long distance = wide ? displacement : (int) displacement;
            return access(memory.base(), distance, memory.size(), write, open);
        }
        if (memory.base() == CpuState.RIP) {
            displacement += step.next;
        }
        if (!wide) {
            displacement &= Bytecode.MASK32;
        }
        return access(CONSTANT, displacement, memory.size(), write, open);
    }

    private Access access(
            int register, long distance, int bytes, boolean write, Map<Integer, Open> open) {
        Open before = open.get(register);
        long offset = distance + (before == null ? 0 : before.moved);
        boolean first = before == null || !fits(before.group, offset, bytes);
        if (first) {
            if (groups.size() >= MAX_GROUPS) {
                return null;
            }
            offset = distance;
            before = new Open(new Group(register), 0);
            before.group.lowest = offset;
            before.group.end = offset + bytes;
            groups.add(before.group);
            open.put(register, before);
        }
        Group group = before.group;
        group.lowest = Math.min(group.lowest, offset);
        group.end = Math.max(group.end, offset + bytes);
        // What is written is often read by the same instruction, with the entry for writing.
        group.reads |= !write;
        group.writes |= write;
        group.accesses++;
        return new Access(group, first, offset);
    }

    private static boolean fits(Group group, long offset, int bytes) {
        long lowest = Math.min(group.lowest, offset);
        long end = Math.max(group.end, offset + bytes);
        if (group.register == CONSTANT && lowest >> 12 != end - 1 >> 12) {
            return false;
        }
        return end - lowest <= (group.register == CONSTANT ? 4096 : MAX_SPAN);
    }

    private void moveStack(int distance, Map<Integer, Open> open) {
        if (Mode.wideStack(mode)) {
            move(CpuState.RSP, distance, open);
        } else {
            open.remove(CpuState.RSP);
        }
    }

    private static void move(int register, long distance, Map<Integer, Open> open) {
        open.computeIfPresent(
                register, (key, before) -> new Open(before.group, before.moved + distance));
    }

    /** Closes the groups of registers that an instruction sets, or notes how far it moves them. */
    private void redefine(Instruction instruction, Map<Integer, Open> open) {
        int written = Registers.written(instruction);
        if (instruction.mnemonic() == Mnemonic.POP || instruction.mnemonic() == Mnemonic.RET) {
            written &= ~(1 << CpuState.RSP);
            if (!instruction.operands().isEmpty()) {
                switch (instruction.operand(0)) {
                    case Operand.Register target -> open.remove(target.index());
                    default -> open.remove(CpuState.RSP); // RET n
                }
            }
        }
        while (written != 0) {
            int register = Integer.numberOfTrailingZeros(written);
            written &= written - 1;
            long distance = distance(instruction, register);
            if (distance == Long.MAX_VALUE) {
                open.remove(register);
            } else {
                move(register, distance, open);
            }
        }
    }

    /** How far an instruction moves a register that it writes; the largest number if not so. */
    private long distance(Instruction instruction, int register) {
        if (!(instruction.operands().size() > 0
                && instruction.operand(0) instanceof Operand.Register target
                && target.index() == register
                && target.file() == Operand.File.GPR
                && target.size() == (wide ? 8 : 4))) {
            return Long.MAX_VALUE;
        }
        return switch (instruction.mnemonic()) {
            case INC -> 1;
            case DEC -> -1;
            case ADD ->
                    instruction.operand(1) instanceof Operand.Immediate immediate
                            ? small(immediate.value())
                            : Long.MAX_VALUE;
            case SUB ->
                    instruction.operand(1) instanceof Operand.Immediate immediate
                            ? small(-immediate.value())
                            : Long.MAX_VALUE;
            case LEA ->
                    instruction.operand(1) instanceof Operand.Memory memory
                                    && memory.base() == register
                                    && memory.index() >= CpuState.ZERO
                                    && memory.addressSize() == (wide ? 8 : 4)
                            ? small(memory.displacement())
                            : Long.MAX_VALUE;
            default -> Long.MAX_VALUE;
        };
    }

    /** Distances that lead out of any group count as unknown. */
    private long small(long value) {
        long distance = wide ? value : (int) value;
        return Math.abs(distance) <= MAX_SPAN ? distance : Long.MAX_VALUE;
    }
}
