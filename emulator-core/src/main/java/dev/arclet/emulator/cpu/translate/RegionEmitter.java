package dev.arclet.emulator.cpu.translate;

import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.decode.Instruction;
import dev.arclet.emulator.cpu.decode.Mnemonic;
import dev.arclet.emulator.cpu.decode.Operand;
import dev.arclet.emulator.cpu.interp.Op;
import java.lang.classfile.Attributes;
import java.lang.classfile.ClassFile;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.classfile.MethodModel;
import java.lang.classfile.attribute.CodeAttribute;
import java.lang.classfile.instruction.SwitchCase;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.lang.invoke.MethodHandles;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;

/**
 * Makes a class of a region's plan: one method, in which branches inside the region are branches.
 * May run on any thread, one region at a time.
 */
final class RegionEmitter {
    /** HotSpot never compiles a method over 8,000 bytes; C2 gives up well before. */
    static final int MAX_CODE_BYTES = 6_000;

    /** Targets of an indirect branch that are compared one by one; more are chosen by a switch. */
    private static final int MAX_COMPARISONS = 3;

    private static final MethodHandles.Lookup LOOKUP = MethodHandles.lookup();
    private static final ClassDesc NAME =
            ClassDesc.of(RegionEmitter.class.getPackageName() + ".Translated");
    private static final MethodTypeDesc CONSTRUCTOR =
            MethodTypeDesc.of(ConstantDescs.CD_void, Bytecode.OP.arrayType());

    /** What was made. */
    record Result(
            RegionCode code, Method method, Region.Exit[] exits, int bytes, byte[] classFile) {}

    /** The plan's code has more bytes than a method should. */
    static final class TooLargeException extends Exception {
        private static final long serialVersionUID = 1;

        TooLargeException(int bytes) {
            super("a region of " + bytes + " bytes of bytecode", null, false, false);
        }
    }

    private final RegionPlan plan;
    private final boolean profiled;
    private final CpuState cpu;
    private final List<Op> ops = new ArrayList<>();
    private final BiFunction<Instruction, Op.Place, Op> operations;
    private int used;
    private int written;
    private List<Region.Exit> exits = List.of();

    /**
     * A look whether pages are in place, on the way to a node: its own, and the one that its first
     * instruction goes over to; {@link #NO_LOOK} for either if that is not needed.
     */
    private record Guard(Label label, int page, int straddled, Label target, Label away) {}

    private static final int NO_LOOK = -1;

    private final List<Guard> guards = new ArrayList<>();

    // While the method is being built.
    private Map<RegionPlan.Node, Label> labels = Map.of();

    private RegionEmitter(
            RegionPlan plan,
            boolean profiled,
            CpuState cpu,
            BiFunction<Instruction, Op.Place, Op> operations) {
        this.profiled = profiled;
        this.plan = plan;
        this.cpu = cpu;
        this.operations = operations;
    }

    /**
     * Emits and defines the code of a plan.
     *
     * @param profiled whether C2 is to compile it
     * @param cpu whose registers it is for
     * @param operations makes the interpreter's operations
     */
    static Result emit(
            RegionPlan plan,
            boolean profiled,
            CpuState cpu,
            BiFunction<Instruction, Op.Place, Op> operations)
            throws TooLargeException {
        return new RegionEmitter(plan, profiled, cpu, operations).make();
    }

    private Result make() throws TooLargeException {
        FlagAnalysis.analyse(plan);
        for (RegionPlan.Node node : plan.nodes) {
            for (RegionPlan.Step step : node.steps) {
                if (step.emitted) {
                    used |= Registers.used(step.instruction);
                    written |= Registers.written(step.instruction);
                }
            }
        }
        byte[] bytes =
                ClassFile.of(
                                ClassFile.DebugElementsOption.DROP_DEBUG,
                                ClassFile.LineNumbersOption.DROP_LINE_NUMBERS)
                        .build(
                                NAME,
                                type ->
                                        type.withSuperclass(Bytecode.CODE)
                                                .withMethodBody(
                                                        ConstantDescs.INIT_NAME,
                                                        CONSTRUCTOR,
                                                        0,
                                                        RegionEmitter::constructor)
                                                .withMethodBody(
                                                        "run",
                                                        MethodTypeDesc.of(
                                                                Bytecode.LONG,
                                                                Bytecode.CPU,
                                                                Bytecode.INT,
                                                                Bytecode.INT),
                                                        0,
                                                        this::body));
        int codeBytes = 0;
        for (MethodModel method : ClassFile.of().parse(bytes).methods()) {
            int length =
                    method.findAttribute(Attributes.code())
                            .map(CodeAttribute::codeLength)
                            .orElse(0);
            codeBytes = Math.max(codeBytes, length);
        }
        if (codeBytes > MAX_CODE_BYTES) {
            throw new TooLargeException(codeBytes);
        }
        try {
            Class<?> made =
                    LOOKUP.defineHiddenClassWithClassData(bytes, cpu.gpr, false).lookupClass();
            RegionCode code =
                    (RegionCode)
                            made.getDeclaredConstructor(Op[].class)
                                    .newInstance((Object) ops.toArray(new Op[0]));
            code.tlb = cpu.mmu.readEntries(Mode.bank(plan.mode));
            code.paged = plan.linearPages.length > 1;
            code.generation = cpu.mmu.generation() - 1;
            Method run = made.getDeclaredMethod("run", CpuState.class, int.class, int.class);
            return new Result(code, run, exits.toArray(new Region.Exit[0]), codeBytes, bytes);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("emitted class cannot be made", e);
        }
    }

    private static void constructor(CodeBuilder b) {
        b.aload(0);
        b.aload(1);
        b.invokespecial(Bytecode.CODE, ConstantDescs.INIT_NAME, CONSTRUCTOR);
        b.return_();
    }

    private void body(CodeBuilder b) {
        ops.clear();
        guards.clear();
        Bytecode code = new Bytecode(b, plan, profiled);
        FlagEmitter flags = new FlagEmitter(code);
        MemoryEmitter memory = new MemoryEmitter(code, cpu.mmu);
        InstructionEmitter instructions =
                new InstructionEmitter(
                        code, flags, memory, new OperandEmitter(code, flags, memory));
        labels = new HashMap<>();
        for (RegionPlan.Node node : plan.nodes) {
            labels.put(node, b.newLabel());
        }
        boolean loadsFlags =
                plan.entries.stream().anyMatch(entry -> entry.flagsIn == FlagCode.DYNAMIC);
        code.begin(used, loadsFlags, calls(), plan.entries.stream().map(labels::get).toList());
        for (RegionPlan.Node node : plan.nodes) {
            emit(node, code, flags, instructions);
        }
        for (Guard guard : guards) {
            b.labelBinding(guard.label);
            if (guard.straddled != NO_LOOK) {
                Label first = b.newLabel();
                code.ifInPlace(guard.straddled, first);
                b.goto_(guard.away);
                b.labelBinding(first);
            }
            if (guard.page != NO_LOOK) {
                code.ifInPlace(guard.page, guard.target);
                b.goto_(guard.away);
            } else {
                b.goto_(guard.target);
            }
        }
        code.end(written);
        exits = code.exits;
    }

    private boolean calls() {
        return plan.nodes.stream()
                .anyMatch(node -> node.steps.stream().anyMatch(step -> !step.emitted));
    }

    private void emit(
            RegionPlan.Node node,
            Bytecode code,
            FlagEmitter flags,
            InstructionEmitter instructions) {
        CodeBuilder b = code.b;
        b.labelBinding(labels.get(node));
        flags.current = node.flagsIn;
        if (node.polled) {
            code.unlessLeft(code.exitLabel(Region.Exit.Kind.BUDGET, node.rip, 0, flags.current));
        }
        int dirty = written;
        boolean synced = false;
        boolean shadowed = false;
        int done = 0;
        for (RegionPlan.Step step : node.steps) {
            instructions.start(step, done);
            boolean last = done == node.steps.size() - 1;
            if (last && node.branches) {
                branch(node, step, code, flags, instructions);
                return;
            }
            if (step.emitted) {
                int before = flags.current;
                instructions.emit();
                dirty |= Registers.written(step.instruction);
                synced &= before == flags.current && !step.flagsNeeded;
                if (shadowed) {
                    code.endShadow();
                    shadowed = false;
                }
            } else {
                code.flush(dirty);
                dirty = 0;
                if (!synced) {
                    code.flushFlags(flags.current);
                    synced = true;
                }
                shadowed = step.instruction.mnemonic() == Mnemonic.STI;
                if (last && node.leaves || shadowed && !hasPlainStep(node, done + 1)) {
                    leaveCalling(step, done, code);
                    return;
                }
                call(step, done, code, flags);
            }
            done++;
        }
        code.count(node.steps.size());
        materialise(node, flags);
        if (node.fall != null) {
            jump(node, node.fall, code, flags);
        } else {
            b.goto_(
                    code.exitLabel(
                            node.interpretNext ? Region.Exit.Kind.STEP : Region.Exit.Kind.GO,
                            node.fallRip,
                            0,
                            flags.current));
        }
    }

    /** Whether a node has a step of that number which is emitted and no control transfer. */
    private static boolean hasPlainStep(RegionPlan.Node node, int number) {
        boolean last = number == node.steps.size() - 1;
        return number < node.steps.size()
                && node.steps.get(number).emitted
                && !(last && node.branches);
    }

    /** Calls the interpreter's operation; all has been flushed. */
    private void execute(RegionPlan.Step step, int done, Bytecode code) {
        Instruction instruction = step.instruction;
        int exit = code.exit(Region.Exit.Kind.CALLING, step.rip, done, FlagCode.PROCESSOR);
        ops.add(
                operations.apply(
                        instruction,
                        new Op.Place((int) (step.rip - plan.rip), instruction.length())));
        code.callOperation(ops.size() - 1, exit);
    }

    /** Has an instruction that ends a block executed, and leaves with what it left. */
    private void leaveCalling(RegionPlan.Step step, int done, Bytecode code) {
        execute(step, done, code);
        code.count(done + 1);
        code.leaveAsIs(code.exit(Region.Exit.Kind.CALLED, 0, 0, FlagCode.PROCESSOR));
    }

    /** Has an instruction executed by the interpreter's operation; all has been flushed. */
    private void call(RegionPlan.Step step, int done, Bytecode code, FlagEmitter flags) {
        Instruction instruction = step.instruction;
        execute(step, done, code);
        if (Emission.goesOn(instruction)) {
            unlessItHolds(step, done, code);
            code.resetRip();
        }
        if (!Emission.keepsGeneralRegisters(instruction)) {
            code.reload(used);
        }
        if (!Emission.keepsFlags(instruction)) {
            flags.current = FlagCode.PROCESSOR;
        }
        if (Emission.accessesMemory(instruction) && !Emission.goesOn(instruction)) {
            code.ifDisturbed(
                    code.exitLabel(Region.Exit.Kind.DISTURBED, step.next, done + 1, flags.current));
        }
    }

    /**
     * Leaves behind an instruction that ends a block if the mode is another now, or if somebody
     * wants attention: the interpreter would pay it here. Behind STI, also if an interrupt waits.
     * If none does, nobody can tell whether one would be kept away from the next instruction, which
     * accesses no device in the region.
     */
    private void unlessItHolds(RegionPlan.Step step, int done, Bytecode code) {
        CodeBuilder b = code.b;
        int segment = Emission.changedSegment(step.instruction);
        boolean flags = step.instruction.mnemonic() == Mnemonic.POPF;
        boolean lets = step.instruction.mnemonic() == Mnemonic.STI;
        if (segment < 0 && !flags && !lets) {
            return;
        }
        Label away = b.newLabel();
        Label on = b.newLabel();
        code.ifDisturbed(away);
        if (lets) {
            code.ifInterruptWaits(away);
            b.goto_(on);
        } else if (flags) {
            code.ifModeHolds(on);
        } else {
            code.ifModeHolds(segment, on);
        }
        b.labelBinding(away);
        code.count(done + 1);
        code.leaveAsIs(code.exit(Region.Exit.Kind.CALLED, 0, 0, FlagCode.PROCESSOR));
        b.labelBinding(on);
        if (segment >= 0) {
            code.reloadBase(segment);
        }
    }

    /** Lets the flag code's local tell if a successor asks it. */
    private void materialise(RegionPlan.Node node, FlagEmitter flags) {
        for (RegionPlan.Node next : RegionFormer.successors(plan, node)) {
            if (next.flagsIn == FlagCode.DYNAMIC) {
                flags.materialise();
                return;
            }
        }
    }

    private void jump(RegionPlan.Node from, RegionPlan.Node to, Bytecode code, FlagEmitter flags) {
        if (!follows(from, to)) {
            code.b.goto_(enter(from, to, code, flags));
        }
    }

    /** Whether control falls from the end of one node into another. */
    private boolean follows(RegionPlan.Node from, RegionPlan.Node to) {
        return to.order == from.order + 1 && !plan.crosses(from, to);
    }

    /** The label of a node, or of a look whether its page is in place. */
    private Label enter(
            RegionPlan.Node from, RegionPlan.Node to, Bytecode code, FlagEmitter flags) {
        if (!plan.crosses(from, to)) {
            return labels.get(to);
        }
        Label guard = code.b.newLabel();
        Label away = code.exitLabel(Region.Exit.Kind.PAGE, to.rip, 0, flags.current);
        int page = plan.page(to.rip);
        int last = plan.page(to.rip + to.steps.getFirst().instruction.length() - 1);
        guards.add(
                new Guard(
                        guard,
                        plan.mustLook(page) ? page : NO_LOOK,
                        to.straddles && plan.mustLook(last) ? last : NO_LOOK,
                        labels.get(to),
                        away));
        return guard;
    }

    /** Where a direct branch goes: inside, or out. */
    private Label target(
            RegionPlan.Node from,
            RegionPlan.Node node,
            long rip,
            Bytecode code,
            FlagEmitter flags) {
        return node != null
                ? enter(from, node, code, flags)
                : code.exitLabel(Region.Exit.Kind.GO, rip, 0, flags.current);
    }

    private void branch(
            RegionPlan.Node node,
            RegionPlan.Step step,
            Bytecode code,
            FlagEmitter flags,
            InstructionEmitter instructions) {
        CodeBuilder b = code.b;
        Instruction i = step.instruction;
        int count = node.steps.size();
        boolean direct = !i.operands().isEmpty() && i.operand(0) instanceof Operand.Relative;
        long taken = direct ? RegionFormer.target(i, step.next) : 0;
        switch (i.mnemonic()) {
            case JMP -> {
                if (!direct) {
                    indirect(node, i, step, false, code, flags, instructions, count);
                    return;
                }
                code.count(count);
                materialise(node, flags);
                if (node.taken == null || !follows(node, node.taken)) {
                    b.goto_(target(node, node.taken, taken, code, flags));
                }
            }
            case CALL -> {
                if (!direct) {
                    indirect(node, i, step, true, code, flags, instructions, count);
                    return;
                }
                pushReturn(step, code, instructions);
                code.count(count);
                materialise(node, flags);
                if (node.taken == null || !follows(node, node.taken)) {
                    b.goto_(target(node, node.taken, taken, code, flags));
                }
            }
            case RET -> ret(node, i, code, flags, instructions, count);
            case JMP_FAR, CALL_FAR, RET_FAR -> {
                instructions.pushFarTarget();
                keepTarget(code, instructions);
                instructions.goFar();
                code.count(count);
                materialise(node, flags);
                leaveTo(node, code, flags);
            }
            case JCC -> {
                code.count(count);
                materialise(node, flags);
                Label target = target(node, node.taken, taken, code, flags);
                if (code.profiled && node.taken != null && node.taken.order <= node.order) {
                    // C2 looks for attention before it branches back. Nothing of the condition has
                    // to be kept for that if it has been decided before.
                    Label next = b.newLabel();
                    flags.jumpIf(i.condition() ^ 1, next, runs(node.fall), runs(node.taken));
                    b.goto_(target);
                    b.labelBinding(next);
                } else {
                    flags.jumpIf(i.condition(), target, runs(node.taken), runs(node.fall));
                }
                fall(node, step, code, flags);
            }
            default -> {
                loop(node, i, taken, code, flags, count);
                fall(node, step, code, flags);
            }
        }
    }

    private static int runs(RegionPlan.Node node) {
        return node == null ? 0 : node.runs;
    }

    private void fall(
            RegionPlan.Node node, RegionPlan.Step step, Bytecode code, FlagEmitter flags) {
        if (node.fall == null || !follows(node, node.fall)) {
            code.b.goto_(target(node, node.fall, step.next, code, flags));
        }
    }

    private static void pushReturn(
            RegionPlan.Step step, Bytecode code, InstructionEmitter instructions) {
        instructions.locatePush();
        code.b.lload(code.host);
        pushAddress(step.next, code);
        int bytes = instructions.stackBytes();
        code.store(bytes);
        instructions.setPointer(CpuState.RSP, -bytes);
    }

    /** Keeps the branch target on the stack in a temporary; what cannot be one is interpreted. */
    private static void keepTarget(Bytecode code, InstructionEmitter instructions) {
        CodeBuilder b = code.b;
        if (!code.wide) {
            b.istore(code.int0);
            long last = Mode.lastByte(code.plan.mode);
            if (last < (instructions.stackBytes() == 2 ? 0xFFFF : Bytecode.MASK32)) {
                b.iload(code.int0);
                code.ifBeyond(last, instructions.unusual());
            }
            return;
        }
        b.lstore(code.long2);
        b.lload(code.long2);
        b.bipush(16);
        b.lshl();
        b.bipush(16);
        b.lshr();
        b.lload(code.long2);
        b.lcmp();
        b.ifne(instructions.unusual());
    }

    private static void pushTarget(Bytecode code) {
        if (code.wide) {
            code.b.lload(code.long2);
        } else {
            code.b.iload(code.int0);
        }
    }

    private void indirect(
            RegionPlan.Node node,
            Instruction i,
            RegionPlan.Step step,
            boolean call,
            Bytecode code,
            FlagEmitter flags,
            InstructionEmitter instructions,
            int count) {
        instructions.pushTarget(i.operand(0));
        keepTarget(code, instructions);
        if (call) {
            pushReturn(step, code, instructions);
        }
        code.count(count);
        materialise(node, flags);
        goTo(node, node.targets, code, flags);
    }

    /** Goes to one of the known targets, if it is the address that {@link #keepTarget} kept. */
    private void goTo(
            RegionPlan.Node from,
            List<RegionPlan.Target> targets,
            Bytecode code,
            FlagEmitter flags) {
        if (targets.size() > MAX_COMPARISONS) {
            choose(from, targets, code, flags);
        } else {
            int rest = 64;
            for (RegionPlan.Target target : targets) {
                pushTarget(code);
                pushAddress(target.node().rip, code);
                code.ifEqual(
                        enter(from, target.node(), code, flags),
                        target.share(),
                        rest - target.share());
                rest = Math.max(1, rest - target.share());
            }
        }
        leaveTo(from, code, flags);
    }

    private static void pushAddress(long rip, Bytecode code) {
        if (code.wide) {
            code.b.loadConstant(rip);
        } else {
            code.b.loadConstant((int) rip);
        }
    }

    /** The same by a switch, on distances from the first target. */
    private void choose(
            RegionPlan.Node from,
            List<RegionPlan.Target> targets,
            Bytecode code,
            FlagEmitter flags) {
        CodeBuilder b = code.b;
        long origin = targets.getFirst().node().rip;
        Label other = b.newLabel();
        pushTarget(code);
        pushAddress(origin, code);
        if (code.wide) {
            b.lsub();
            b.dup2();
            b.lstore(code.long0);
            b.l2i();
            b.istore(code.int1);
            b.lload(code.long0);
            b.iload(code.int1);
            b.i2l();
            code.differ(true);
            code.rarely();
            b.ifne(other);
        } else {
            b.isub();
            b.istore(code.int1);
        }
        List<SwitchCase> cases = new ArrayList<>();
        for (RegionPlan.Target target : targets) {
            long distance = target.node().rip - origin;
            if (distance == (int) distance) {
                cases.add(SwitchCase.of((int) distance, enter(from, target.node(), code, flags)));
            }
        }
        b.iload(code.int1);
        b.lookupswitch(other, cases);
        b.labelBinding(other);
    }

    /** Leaves for the address that {@link #keepTarget} kept. */
    private void leaveTo(RegionPlan.Node from, Bytecode code, FlagEmitter flags) {
        pushTarget(code);
        code.setRip();
        code.leave(code.exit(Region.Exit.Kind.DYNAMIC, from.last().rip, 0, flags.current));
    }

    private void ret(
            RegionPlan.Node node,
            Instruction i,
            Bytecode code,
            FlagEmitter flags,
            InstructionEmitter instructions,
            int count) {
        CodeBuilder b = code.b;
        instructions.pushTop(CpuState.RSP);
        code.narrow(i.operandSize(), false);
        keepTarget(code, instructions);
        int release = i.operands().isEmpty() ? 0 : (int) ((Operand.Immediate) i.operand(0)).value();
        instructions.setPointer(CpuState.RSP, i.operandSize() + release);
        code.count(count);
        materialise(node, flags);
        for (RegionPlan.Node site : plan.returnSites) {
            pushTarget(code);
            pushAddress(site.rip, code);
            if (code.wide) {
                b.lcmp();
                b.ifeq(enter(node, site, code, flags));
            } else {
                b.if_icmpeq(enter(node, site, code, flags));
            }
        }
        List<RegionPlan.Target> others = new ArrayList<>(node.targets);
        others.removeIf(target -> plan.returnSites.contains(target.node()));
        goTo(node, others, code, flags);
    }

    private void loop(
            RegionPlan.Node node,
            Instruction i,
            long taken,
            Bytecode code,
            FlagEmitter flags,
            int count) {
        CodeBuilder b = code.b;
        code.count(count);
        materialise(node, flags);
        Label target = target(node, node.taken, taken, code, flags);
        var counter = new Operand.Register(Operand.File.GPR, CpuState.RCX, i.addressSize());
        if (i.mnemonic() == Mnemonic.JCXZ) {
            pushCounter(counter, code);
            b.ifeq(target);
            return;
        }
        code.get(counter, true);
        if (code.wide) {
            b.lconst_1();
            b.lsub();
        } else {
            b.iconst_1();
            b.isub();
        }
        code.set(counter);
        Label ends = b.newLabel();
        if (i.mnemonic() == Mnemonic.LOOPE) {
            flags.jumpIf(5, ends);
        } else if (i.mnemonic() == Mnemonic.LOOPNE) {
            flags.jumpIf(4, ends);
        }
        pushCounter(counter, code);
        b.ifne(target);
        b.labelBinding(ends);
    }

    /** Pushes an int that is zero if the counter is. */
    private static void pushCounter(Operand.Register counter, Bytecode code) {
        code.get(counter, true);
        if (code.wide) {
            code.b.lconst_0();
            code.b.lcmp();
        }
    }
}
