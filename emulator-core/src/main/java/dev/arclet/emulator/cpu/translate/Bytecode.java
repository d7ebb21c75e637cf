package dev.arclet.emulator.cpu.translate;

import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.SegmentRegister;
import dev.arclet.emulator.cpu.Segmentation;
import dev.arclet.emulator.cpu.decode.Operand;
import dev.arclet.emulator.cpu.interp.Op;
import dev.arclet.emulator.memory.GuestMemory;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.classfile.instruction.SwitchCase;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.DynamicConstantDesc;
import java.lang.constant.MethodTypeDesc;
import java.lang.invoke.MethodHandles;
import java.util.ArrayList;
import java.util.List;

/**
 * A region's method under construction: its locals, and the exits that lead out of it.
 *
 * <p>General registers are int locals in 16 and 32-bit code, long locals in 64-bit code ({@link
 * #wide}); so are the flag operands and linear addresses. Of registers that 16-bit code uses as
 * words and bytes only, the locals hold the low half; what is above it there means nothing. Between
 * guest instructions the operand stack is empty.
 */
final class Bytecode {
    static final ClassDesc CPU = CpuState.class.describeConstable().orElseThrow();
    static final ClassDesc CODE = RegionCode.class.describeConstable().orElseThrow();
    static final ClassDesc FLAG_CODE = FlagCode.class.describeConstable().orElseThrow();
    static final ClassDesc MEMORY = GuestMemory.class.describeConstable().orElseThrow();
    static final ClassDesc MODE = Mode.class.describeConstable().orElseThrow();
    static final ClassDesc OP = Op.class.describeConstable().orElseThrow();
    static final ClassDesc LAZY_INTEGER = Integer.class.describeConstable().orElseThrow();
    static final ClassDesc LAZY_LONG = Long.class.describeConstable().orElseThrow();
    static final ClassDesc MATH = Math.class.describeConstable().orElseThrow();
    static final ClassDesc SEGMENTATION = Segmentation.class.describeConstable().orElseThrow();
    static final ClassDesc SEGMENT = SegmentRegister.class.describeConstable().orElseThrow();
    static final ClassDesc LONG = ConstantDescs.CD_long;
    static final ClassDesc INT = ConstantDescs.CD_int;
    static final ClassDesc LONG_ARRAY = LONG.arrayType();
    static final long MASK32 = 0xFFFF_FFFFL;

    private static final int THIS = 0, CPU_LOCAL = 1, LEFT = 2, ENTRY = 3, GPR = 4, REGISTERS = 5;
    private static final MethodTypeDesc FILL =
            MethodTypeDesc.of(LONG, CPU, LONG, INT, ConstantDescs.CD_boolean);
    private static final MethodTypeDesc COMPARE_INT = MethodTypeDesc.of(INT, INT, INT);
    private static final MethodTypeDesc COMPARE_LONG = MethodTypeDesc.of(INT, LONG, LONG);

    /**
     * The processor's registers. HotSpot takes it for a constant, whose length it knows, if it was
     * asked for before: it stands where calls that do nothing else get to.
     */
    private static final DynamicConstantDesc<long[]> REGISTER_ARRAY =
            DynamicConstantDesc.ofNamed(
                    ConstantDescs.ofConstantBootstrap(
                            MethodHandles.class.describeConstable().orElseThrow(),
                            "classData",
                            ConstantDescs.CD_Object),
                    ConstantDescs.DEFAULT_NAME,
                    LONG_ARRAY);

    /** A way out whose code stands at the end of the method. */
    private record Stub(Label label, int exit) {}

    final CodeBuilder b;
    final RegionPlan plan;
    final boolean wide;

    /** Bit per general register of which the local holds 16 bits. */
    private final int words;

    /** Bit per segment register whose base is in a local. */
    private final int bases;

    /** Whether {@link BranchProfile} tells how often branches are taken. */
    final boolean profiled;

    /** Locals: flag destination, source, result, and code. */
    final int flagDst, flagSrc, flagResult, flagCode;

    /** Local: linear address of an access. */
    final int address;

    /** Local, long: {@link RegionCode#tlb}. */
    final int tlb;

    /** Local: {@link RegionCode#none}, if C1 is to compile the method. */
    private final int none;

    /** Local, long: host address of a TLB entry. */
    final int entry;

    /** Local, long: host address of an operand. */
    final int host;

    /** Locals for within an instruction: three ints, three longs. */
    final int int0, int1, int2, long0, long1, long2;

    /** Locals for floating-point numbers within an instruction. */
    final int double0, double1, double2;

    /** Accesses that are looked up together. */
    final AccessGroups groups;

    final List<Region.Exit> exits = new ArrayList<>();

    /** Ends of the method: flags are those of the processor; or of the locals. */
    private final Label leavingFlags, leavingWithFlags;

    private boolean leavesFlags, leavesWithFlags;
    private final List<Stub> stubs = new ArrayList<>();
    private final int exitNumber;

    /** The first of the locals for segments' bases, an int each. */
    private final int firstBase;

    /**
     * @param profiled whether C2 is to compile the method, and be told how often branches are taken
     */
    Bytecode(CodeBuilder b, RegionPlan plan, boolean profiled) {
        this.b = b;
        this.plan = plan;
        this.profiled = profiled && BranchProfile.AVAILABLE;
        wide = Mode.wide(plan.mode);
        int size = wide ? 2 : 1;
        int next = REGISTERS + (wide ? 32 : 8);
        flagDst = next;
        flagSrc = flagDst + size;
        flagResult = flagSrc + size;
        flagCode = flagResult + size;
        address = flagCode + 1;
        tlb = address + size;
        entry = tlb + 2;
        host = entry + 2;
        int0 = host + 2;
        int1 = int0 + 1;
        int2 = int1 + 1;
        long0 = int2 + 1;
        long1 = long0 + 2;
        long2 = long1 + 2;
        exitNumber = long2 + 2;
        double0 = exitNumber + 1;
        double1 = double0 + 2;
        double2 = double1 + 2;
        none = double2 + 2;
        firstBase = none + 1;
        groups = AccessGroups.of(plan, firstBase + 6);
        int beyondWords = -1;
        int segments = 0;
        if (Mode.codeSize(plan.mode) == 2) {
            beyondWords = 0;
            for (RegionPlan.Node node : plan.nodes) {
                for (RegionPlan.Step step : node.steps) {
                    if (step.emitted) {
                        beyondWords |= Registers.usedBeyondWords(step.instruction, plan.mode);
                        segments |= Registers.segments(step.instruction);
                    }
                }
            }
        }
        words = ~beyondWords;
        bases = segments;
        leavingFlags = b.newLabel();
        leavingWithFlags = b.newLabel();
    }

    // Registers

    private int local(int register) {
        return REGISTERS + (wide ? 2 * register : register);
    }

    /** Pushes the low 32 bits of a register, as an int. */
    void get32(int register) {
        if (wide) {
            b.lload(local(register));
            b.l2i();
        } else {
            b.iload(local(register));
        }
    }

    /** Pops an int into a register; the upper half becomes zero. */
    void set32(int register) {
        if (wide) {
            zeroExtend();
            b.lstore(local(register));
        } else {
            b.istore(local(register));
        }
    }

    /** Pushes a register of 64-bit code, as a long. */
    void get64(int register) {
        b.lload(local(register));
    }

    /** Pops a long into a register of 64-bit code. */
    void set64(int register) {
        b.lstore(local(register));
    }

    /** Pushes a register as what addresses are: an int, or a long in 64-bit code. */
    void getNatural(int register) {
        if (wide) {
            get64(register);
        } else {
            get32(register);
        }
    }

    /** Pops what {@link #getNatural} pushes. */
    void setNatural(int register) {
        if (wide) {
            set64(register);
        } else {
            set32(register);
        }
    }

    /** Pops an int into the bits {@code mask << shift} of a register. */
    private void insert(int register, int mask, int shift) {
        b.loadConstant(mask);
        b.iand();
        if (shift != 0) {
            b.loadConstant(shift);
            b.ishl();
        }
        if (wide) {
            b.i2l();
            b.lload(local(register));
            b.loadConstant(~((long) mask << shift));
            b.land();
            b.lor();
            b.lstore(local(register));
        } else {
            b.iload(local(register));
            b.loadConstant(~(mask << shift));
            b.iand();
            b.ior();
            b.istore(local(register));
        }
    }

    /** Pushes a register operand: an int, sign extended if {@code signed}, or a long if 8 bytes. */
    void get(Operand.Register register, boolean signed) {
        if (register.size() == 8) {
            get64(register.index());
            return;
        }
        get32(register.index());
        if (register.file() == Operand.File.HIGH_BYTE) {
            b.bipush(8);
            b.iushr();
        }
        narrow(register.size(), signed);
    }

    /** Pops an int, or a long if 8 bytes, into a register operand. */
    void set(Operand.Register register) {
        switch (register.size()) {
            case 8 -> set64(register.index());
            case 4 -> set32(register.index());
            case 2 -> {
                if ((words >> register.index() & 1) != 0) {
                    b.istore(local(register.index()));
                } else {
                    insert(register.index(), 0xFFFF, 0);
                }
            }
            default ->
                    insert(
                            register.index(),
                            0xFF,
                            register.file() == Operand.File.HIGH_BYTE ? 8 : 0);
        }
    }

    /** Extends the int on the stack from 1 or 2 bytes. */
    void narrow(int bytes, boolean signed) {
        if (bytes == 1) {
            if (signed) {
                b.i2b();
            } else {
                b.sipush(0xFF);
                b.iand();
            }
        } else if (bytes == 2) {
            if (signed) {
                b.i2s();
            } else {
                b.i2c();
            }
        }
    }

    /** An int on the stack becomes a long, zero extended. */
    void zeroExtend() {
        b.i2l();
        b.loadConstant(MASK32);
        b.land();
    }

    /** Compares the two addresses or registers on the stack as unsigned numbers: -1, 0 or 1. */
    void compareUnsigned() {
        if (wide) {
            b.invokestatic(LAZY_LONG, "compareUnsigned", COMPARE_LONG);
        } else {
            b.invokestatic(LAZY_INTEGER, "compareUnsigned", COMPARE_INT);
        }
    }

    /**
     * Pops two ints, or longs, and pushes whether they differ: 1 or 0. C2 takes what has a profile
     * for one bit, so a comparison, which may give -1, will not do. Of the ints' form it makes a
     * single comparison again, as it knows "zero or not" for a conversion to boolean; of longs of
     * an unsigned comparison with zero, which is never less.
     */
    void differ(boolean longs) {
        if (longs) {
            b.lxor();
            b.lconst_0();
            b.invokestatic(LAZY_LONG, "compareUnsigned", COMPARE_LONG);
            return;
        }
        b.ixor();
        Label other = b.newLabel();
        Label known = b.newLabel();
        b.ifne(other);
        b.iconst_0();
        b.goto_(known);
        b.labelBinding(other);
        b.iconst_1();
        b.labelBinding(known);
    }

    // Host memory

    /** Pops a host address, pushes what is there; ints sign extended. */
    void load(int bytes) {
        switch (bytes) {
            case 1 -> load("load8", ConstantDescs.CD_byte);
            case 2 -> load("load16", ConstantDescs.CD_short);
            case 4 -> load("load32", INT);
            default -> load("load64", LONG);
        }
    }

    private void load(String name, ClassDesc type) {
        if (profiled) {
            b.invokestatic(MEMORY, name, MethodTypeDesc.of(type, LONG));
        } else {
            b.aload(none);
            b.invokestatic(MEMORY, name, MethodTypeDesc.of(type, LONG, ConstantDescs.CD_Object));
        }
    }

    /** Pops a host address and a value, stores it there. */
    void store(int bytes) {
        switch (bytes) {
            case 1 -> {
                b.i2b();
                store("store8", ConstantDescs.CD_byte);
            }
            case 2 -> {
                b.i2s();
                store("store16", ConstantDescs.CD_short);
            }
            case 4 -> store("store32", INT);
            default -> store("store64", LONG);
        }
    }

    private void store(String name, ClassDesc type) {
        if (profiled) {
            b.invokestatic(MEMORY, name, MethodTypeDesc.of(ConstantDescs.CD_void, LONG, type));
        } else {
            b.aload(none);
            b.invokestatic(
                    MEMORY,
                    name,
                    MethodTypeDesc.of(ConstantDescs.CD_void, LONG, type, ConstantDescs.CD_Object));
        }
    }

    // Start and end

    /**
     * The start of the method: leaves for a negative number of instructions, loads registers and
     * flags, goes to the entry.
     *
     * @param flags whether they are looked for in the locals at any entry
     * @param calls whether operations are called, which count from the region's RIP
     * @param entries labels of all entries; the first one's code follows
     */
    void begin(int registers, boolean flags, boolean calls, List<Label> entries) {
        Label go = b.newLabel();
        b.ldc(REGISTER_ARRAY);
        b.astore(GPR);
        b.iload(LEFT);
        b.ifge(go);
        b.lconst_0();
        b.lreturn();
        b.labelBinding(go);
        b.aload(THIS);
        b.getfield(CODE, "tlb", LONG);
        b.lstore(tlb);
        if (!profiled) {
            b.aload(THIS);
            b.getfield(CODE, "none", ConstantDescs.CD_Object);
            b.astore(none);
        }
        if (calls) {
            resetRip();
        }
        reload(registers);
        reloadBases(bases);
        if (flags) {
            loadFlags();
        } else {
            clear(flagDst);
            clear(flagSrc);
            clear(flagResult);
        }
        if (entries.size() > 1) {
            b.iload(ENTRY);
            List<SwitchCase> cases = new ArrayList<>();
            for (int i = 1; i < entries.size(); i++) {
                cases.add(SwitchCase.of(i, entries.get(i)));
            }
            b.tableswitch(1, entries.size() - 1, entries.getFirst(), cases);
        }
    }

    /** Gives a flag local some value, as the verifier wants to see one. */
    private void clear(int local) {
        if (wide) {
            b.lconst_0();
            b.lstore(local);
        } else {
            b.iconst_0();
            b.istore(local);
        }
    }

    /** Loads registers, by a bit each, from the processor. */
    void reload(int registers) {
        for (int i = 0; i < 16; i++) {
            if ((registers >> i & 1) != 0) {
                b.aload(GPR);
                b.loadConstant(i);
                b.laload();
                if (wide) {
                    b.lstore(local(i));
                } else {
                    b.l2i();
                    b.istore(local(i));
                }
            }
        }
    }

    /** Loads the bases of segment registers, by a bit each, that the region uses. */
    private void reloadBases(int segments) {
        for (int i = 0; i < 6; i++) {
            if (((segments & bases) >> i & 1) != 0) {
                loadBase(i);
                b.l2i();
                b.istore(firstBase + i);
            }
        }
    }

    /** Loads what has become of a segment register. */
    void reloadBase(int segment) {
        reloadBases(1 << segment);
    }

    /** Stores registers, by a bit each, into the processor. */
    void flush(int registers) {
        for (int i = 0; i < 16; i++) {
            if ((registers >> i & 1) != 0) {
                b.aload(GPR);
                b.loadConstant(i);
                if (wide) {
                    b.lload(local(i));
                } else if ((words >> i & 1) != 0) {
                    b.aload(GPR);
                    b.loadConstant(i);
                    b.laload();
                    b.loadConstant(~0xFFFFL);
                    b.land();
                    b.iload(local(i));
                    b.i2c();
                    b.i2l();
                    b.lor();
                } else {
                    b.iload(local(i));
                    zeroExtend();
                }
                b.lastore();
            }
        }
    }

    /** Loads the flag locals from the processor. */
    void loadFlags() {
        loadFlag("flagDst", flagDst);
        loadFlag("flagSrc", flagSrc);
        loadFlag("flagResult", flagResult);
        b.aload(CPU_LOCAL);
        b.getfield(CPU, "flagKind", INT);
        b.istore(flagCode);
    }

    private void loadFlag(String field, int local) {
        b.aload(CPU_LOCAL);
        b.getfield(CPU, field, LONG);
        if (wide) {
            b.lstore(local);
        } else {
            b.l2i();
            b.istore(local);
        }
    }

    /** Stores the flag operands into the processor, as they are. */
    private void flushFlagOperands() {
        flushFlag("flagDst", flagDst);
        flushFlag("flagSrc", flagSrc);
        flushFlag("flagResult", flagResult);
    }

    private void flushFlag(String field, int local) {
        b.aload(CPU_LOCAL);
        if (wide) {
            b.lload(local);
        } else {
            b.iload(local);
            b.i2l();
        }
        b.putfield(CPU, field, LONG);
    }

    /** Makes the processor's flags what the locals say, as all others know them. */
    void flushFlags(int code) {
        if (code != FlagCode.PROCESSOR) {
            flushFlagOperands();
        }
        b.aload(CPU_LOCAL);
        switch (code) {
            case FlagCode.PROCESSOR -> {
                b.aload(CPU_LOCAL);
                b.getfield(CPU, "flagKind", INT);
            }
            case FlagCode.DYNAMIC -> b.iload(flagCode);
            default -> b.loadConstant(code);
        }
        b.invokestatic(FLAG_CODE, "settle", MethodTypeDesc.of(ConstantDescs.CD_void, CPU, INT));
    }

    /** Leaves by an exit: goes to the end of the method. */
    void leave(int exit) {
        int flags = exits.get(exit).flags();
        b.loadConstant(word(exit));
        if (flags == FlagCode.PROCESSOR) {
            leavesFlags = true;
            b.goto_(leavingFlags);
            return;
        }
        if (flags == FlagCode.DYNAMIC) {
            b.iload(flagCode);
            b.bipush(RegionCode.FLAGS_SHIFT);
            b.ishl();
            b.ior();
        }
        leavesWithFlags = true;
        b.goto_(leavingWithFlags);
    }

    /** The end of the method: every exit's stub, and what they share. */
    void end(int written) {
        for (Stub stub : stubs) {
            b.labelBinding(stub.label);
            leave(stub.exit);
        }
        Label rest = b.newLabel();
        if (leavesWithFlags) {
            b.labelBinding(leavingWithFlags);
            b.istore(exitNumber);
            flushFlagOperands();
            if (leavesFlags) {
                b.goto_(rest);
            }
        }
        if (leavesFlags) {
            b.labelBinding(leavingFlags);
            b.istore(exitNumber);
        }
        b.labelBinding(rest);
        flush(written);
        pushResult();
        b.lreturn();
    }

    /** Leaves by an exit, with registers and flags as the processor has them. */
    void leaveAsIs(int exit) {
        b.loadConstant(word(exit));
        b.istore(exitNumber);
        pushResult();
        b.lreturn();
    }

    /** What {@link RegionCode#run} tells of an exit. */
    private int word(int exit) {
        Region.Exit of = exits.get(exit);
        return RegionCode.exitWord(exit, of.kind(), of.flags());
    }

    private void pushResult() {
        b.iload(LEFT);
        b.i2l();
        b.bipush(32);
        b.lshl();
        b.iload(exitNumber);
        b.i2l();
        b.lor();
    }

    /**
     * Pops two addresses, and branches if they are equal: {@code often} times, and not {@code
     * seldom} times.
     */
    void ifEqual(Label target, int often, int seldom) {
        if (profiled) {
            differ(wide);
            int ratio = often > seldom ? often / Math.max(1, seldom) : seldom / Math.max(1, often);
            int power =
                    Math.clamp(32 - Integer.numberOfLeadingZeros(ratio), 1, BranchProfile.RAREST);
            if (often > seldom) {
                BranchProfile.rare(b, power);
            } else {
                BranchProfile.frequent(b, power);
            }
            b.ifeq(target);
        } else if (wide) {
            b.lcmp();
            b.ifeq(target);
        } else {
            b.if_icmpeq(target);
        }
    }

    /** The int on the stack, 0 or 1, is seldom other than zero. */
    void rarely() {
        rarely(BranchProfile.RAREST);
    }

    /** The same: once in 2 to a power. */
    void rarely(int power) {
        if (profiled) {
            BranchProfile.rare(b, power);
        }
    }

    // Exits

    /** The number of a new exit; they are fewer than the bytes of bytecode that there may be. */
    int exit(Region.Exit.Kind kind, long rip, int done, int flags) {
        exits.add(new Region.Exit(kind, rip, done, flags));
        return exits.size() - 1;
    }

    /** A label that leads out by a new exit. */
    Label exitLabel(Region.Exit.Kind kind, long rip, int done, int flags) {
        Label label = b.newLabel();
        stubs.add(new Stub(label, exit(kind, rip, done, flags)));
        return label;
    }

    /** Branches if one of the region's pages (0..7) was found in place. */
    void ifInPlace(int page, Label target) {
        b.aload(THIS);
        b.getfield(CODE, "page" + page, INT);
        b.aload(THIS);
        b.getfield(CODE, "generation", INT);
        b.if_icmpeq(target);
    }

    /** Counts instructions as done. */
    void count(int instructions) {
        b.iinc(LEFT, -instructions);
    }

    /** Branches unless enough instructions are left for the longest way to the next such look. */
    void unlessLeft(Label target) {
        b.iload(LEFT);
        if (!profiled) {
            b.iflt(target);
            return;
        }
        // Not a comparison of all of it, lest C2 take what is left for the counter of a loop.
        b.loadConstant(Integer.MIN_VALUE);
        b.iand();
        b.iconst_0();
        differ(false);
        rarely();
        b.ifne(target);
    }

    /** Sets RIP to the address on the stack: an int or, in 64-bit code, a long. */
    void setRip() {
        if (!wide) {
            zeroExtend();
        }
        b.lstore(long0);
        b.aload(GPR);
        b.loadConstant(CpuState.RIP);
        b.lload(long0);
        b.lastore();
    }

    /** Sets RIP back to the region's first entry, from which operations count. */
    void resetRip() {
        b.aload(GPR);
        b.loadConstant(CpuState.RIP);
        b.loadConstant(plan.rip);
        b.lastore();
    }

    /** Calls an operation of the interpreter; everything has been flushed. */
    void callOperation(int number, int exit) {
        b.aload(THIS);
        b.loadConstant(exit);
        b.putfield(CODE, "at", INT);
        b.aload(THIS);
        b.iload(LEFT);
        b.putfield(CODE, "left", INT);
        b.aload(THIS);
        b.getfield(CODE, "ops", OP.arrayType());
        b.loadConstant(number);
        b.aaload();
        b.aload(CPU_LOCAL);
        b.invokevirtual(OP, "execute", MethodTypeDesc.of(ConstantDescs.CD_void, CPU));
    }

    /** Branches if attention is wanted or the region may have become invalid. */
    void ifDisturbed(Label target) {
        b.aload(THIS);
        b.getfield(CODE, "stop", ConstantDescs.CD_boolean);
        b.aload(CPU_LOCAL);
        b.getfield(CPU, "attention", ConstantDescs.CD_boolean);
        b.ior();
        rarely();
        b.ifne(target);
    }

    /** Branches if an interrupt, maskable or not, waits to be taken. */
    void ifInterruptWaits(Label target) {
        for (String which : List.of("interruptLine", "nmiPending")) {
            b.aload(CPU_LOCAL);
            b.getfield(CPU, which, ConstantDescs.CD_boolean);
            rarely();
            b.ifne(target);
        }
    }

    /** Ends the time for which STI keeps interrupts away. */
    void endShadow() {
        b.aload(CPU_LOCAL);
        b.iconst_0();
        b.putfield(CPU, "interruptShadow", ConstantDescs.CD_boolean);
    }

    /** Pushes what calls of {@link RegionCode}'s methods begin with. */
    void pushThisAndCpu() {
        b.aload(THIS);
        b.aload(CPU_LOCAL);
    }

    /** Has the TLB filled for the address in a local, and pushes {@link RegionCode#fill}. */
    void fill(int linear, int bytes, boolean write) {
        pushThisAndCpu();
        b.lload(linear);
        b.loadConstant(bytes);
        b.loadConstant(write ? 1 : 0);
        b.invokevirtual(CODE, "fill", FILL);
    }

    /** Branches if a segment register is as the region's mode says. */
    void ifModeHolds(int segment, Label target) {
        b.aload(CPU_LOCAL);
        b.loadConstant(plan.mode);
        b.loadConstant(segment);
        b.invokestatic(MODE, "holds", MethodTypeDesc.of(ConstantDescs.CD_boolean, CPU, LONG, INT));
        mostly();
        b.ifne(target);
    }

    /** Branches if the system flags are as the region's mode says. */
    void ifModeHolds(Label target) {
        b.aload(CPU_LOCAL);
        b.loadConstant(plan.mode);
        b.invokestatic(MODE, "holds", MethodTypeDesc.of(ConstantDescs.CD_boolean, CPU, LONG));
        mostly();
        b.ifne(target);
    }

    /** The int on the stack, 0 or 1, is seldom zero. */
    private void mostly() {
        mostly(BranchProfile.RAREST);
    }

    /** The same: once in 2 to a power. */
    void mostly(int power) {
        if (profiled) {
            BranchProfile.frequent(b, power);
        }
    }

    /** Adds a segment's base to the offset on the stack: an int, or a long in 64-bit code. */
    void addBase(int segment) {
        if (wide) {
            loadBase(segment);
            b.ladd();
            return;
        }
        if ((bases >> segment & 1) != 0) {
            b.iload(firstBase + segment);
        } else {
            loadBase(segment);
            b.l2i();
        }
        b.iadd();
    }

    private void loadBase(int segment) {
        segment(segment);
        b.getfield(SEGMENT, "effectiveBase", LONG);
    }

    private void segment(int segment) {
        b.aload(CPU_LOCAL);
        b.getfield(CPU, "segments", SEGMENT.arrayType());
        b.loadConstant(segment);
        b.aaload();
    }

    /** Pushes EFLAGS without the arithmetic flags, an int. */
    void systemFlags() {
        b.aload(CPU_LOCAL);
        b.getfield(CPU, "systemFlags", INT);
    }

    /** Sets or clears some of EFLAGS but the arithmetic flags. */
    void changeSystemFlags(int which, boolean set) {
        b.aload(CPU_LOCAL);
        systemFlags();
        b.loadConstant(set ? which : ~which);
        if (set) {
            b.ior();
        } else {
            b.iand();
        }
        b.putfield(CPU, "systemFlags", INT);
    }

    /** Pushes the offset of the last byte of a segment that can be accessed, a long. */
    void segmentLimit(int segment, boolean write) {
        segment(segment);
        b.getfield(SEGMENT, write ? "writableUpTo" : "readableUpTo", LONG);
    }

    /** Pushes a segment register's selector, an int. */
    void selector(int segment) {
        segment(segment);
        b.getfield(SEGMENT, "selector", INT);
    }

    /** Loads a segment register with the selector in a local; see {@link Mode#loadable}. */
    void loadSegment(int segment, int selector) {
        b.aload(CPU_LOCAL);
        b.loadConstant(segment);
        b.iload(selector);
        b.invokestatic(
                SEGMENTATION, "loadReal", MethodTypeDesc.of(ConstantDescs.CD_void, CPU, INT, INT));
        reloadBase(segment);
    }

    /** Branches if the unsigned int on the stack is greater than a constant. */
    void ifBeyond(long last, Label target) {
        b.loadConstant(Integer.MIN_VALUE);
        b.ixor();
        b.loadConstant((int) last ^ Integer.MIN_VALUE);
        b.if_icmpgt(target);
    }
}
