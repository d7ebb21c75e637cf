package dev.arclet.emulator.cpu.fpu;

import static dev.arclet.emulator.cpu.decode.Mnemonic.*;

import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.LazyFlags;
import dev.arclet.emulator.cpu.decode.Instruction;
import dev.arclet.emulator.cpu.decode.Mnemonic;
import dev.arclet.emulator.cpu.decode.Operand;
import dev.arclet.emulator.cpu.interp.EffectiveAddress;
import dev.arclet.emulator.cpu.interp.Op;
import dev.arclet.emulator.cpu.interp.OpTable;
import dev.arclet.emulator.cpu.interp.PlacedOp;
import dev.arclet.emulator.fault.GuestFault;

/** Operations of the x87 instructions, of FXSAVE and of the XSAVE family. */
public final class X87Ops {
    private X87Ops() {}

    /** What an instruction does once it may execute. */
    @FunctionalInterface
    private interface Action {
        void run(CpuState cpu);
    }

    /** What an instruction does with a value from memory, in a format of {@link X87}. */
    @FunctionalInterface
    private interface LoadAction {
        void run(CpuState cpu, int format, long bits);
    }

    /** What an instruction does with an image in memory. */
    @FunctionalInterface
    private interface ImageAction {
        void run(CpuState cpu, long linear, int operandSize);
    }

    /** Puts all of them into the table. */
    public static void register(OpTable table) {
        registerArithmetic(table);
        registerComparisons(table);
        registerMoves(table);
        registerFunctions(table);
        registerControl(table);
    }

    private static void registerArithmetic(OpTable table) {
        arithmetic(table, X87.ADD, FADD, FADDP, FIADD);
        arithmetic(table, X87.SUB, FSUB, FSUBP, FISUB);
        arithmetic(table, X87.SUBR, FSUBR, FSUBRP, FISUBR);
        arithmetic(table, X87.MUL, FMUL, FMULP, FIMUL);
        arithmetic(table, X87.DIV, FDIV, FDIVP, FIDIV);
        arithmetic(table, X87.DIVR, FDIVR, FDIVRP, FIDIVR);
    }

    private static void arithmetic(
            OpTable table, int operation, Mnemonic plain, Mnemonic popping, Mnemonic integer) {
        LoadAction withMemory =
                (cpu, format, bits) -> X87.arithmeticWith(cpu, operation, format, bits);
        table.put(
                plain,
                (instruction, place) -> {
                    if (instruction.operand(1) instanceof Operand.Memory) {
                        return new LoadOp(instruction, place, 1, false, withMemory);
                    }
                    int i = st(instruction, 0);
                    int j = st(instruction, 1);
                    return new RegisterOp(
                            instruction, place, cpu -> X87.arithmetic(cpu, operation, i, j, false));
                });
        table.put(
                popping,
                (instruction, place) -> {
                    int i = st(instruction, 0);
                    int j = st(instruction, 1);
                    return new RegisterOp(
                            instruction, place, cpu -> X87.arithmetic(cpu, operation, i, j, true));
                });
        table.put(
                integer,
                (instruction, place) -> new LoadOp(instruction, place, 1, true, withMemory));
    }

    private static void registerComparisons(OpTable table) {
        compare(table, FCOM, X87.ORDERED, 0);
        compare(table, FCOMP, X87.ORDERED, 1);
        compare(table, FUCOM, X87.UNORDERED, 0);
        compare(table, FUCOMP, X87.UNORDERED, 1);
        compareInteger(table, FICOM, 0);
        compareInteger(table, FICOMP, 1);
        register(table, FCOMPP, cpu -> X87.compare(cpu, 1, X87.ORDERED, 2));
        register(table, FUCOMPP, cpu -> X87.compare(cpu, 1, X87.UNORDERED, 2));
        register(table, FTST, X87::compareZero);
        register(table, FXAM, X87::examine);
        compareFlags(table, FCOMI, X87.ORDERED, false);
        compareFlags(table, FCOMIP, X87.ORDERED, true);
        compareFlags(table, FUCOMI, X87.UNORDERED, false);
        compareFlags(table, FUCOMIP, X87.UNORDERED, true);
    }

    private static void compare(OpTable table, Mnemonic mnemonic, boolean quiet, int pops) {
        LoadAction withMemory = (cpu, format, bits) -> X87.compareWith(cpu, format, bits, pops);
        table.put(
                mnemonic,
                (instruction, place) -> {
                    if (instruction.operand(1) instanceof Operand.Memory) {
                        return new LoadOp(instruction, place, 1, false, withMemory);
                    }
                    int i = st(instruction, 1);
                    return new RegisterOp(
                            instruction, place, cpu -> X87.compare(cpu, i, quiet, pops));
                });
    }

    private static void compareInteger(OpTable table, Mnemonic mnemonic, int pops) {
        LoadAction withMemory = (cpu, format, bits) -> X87.compareWith(cpu, format, bits, pops);
        table.put(
                mnemonic,
                (instruction, place) -> new LoadOp(instruction, place, 1, true, withMemory));
    }

    private static void compareFlags(OpTable table, Mnemonic mnemonic, boolean quiet, boolean pop) {
        table.put(
                mnemonic,
                (instruction, place) -> {
                    int i = st(instruction, 1);
                    return new RegisterOp(
                            instruction,
                            place,
                            cpu -> cpu.setArithmeticFlags(X87.compareFlags(cpu, i, quiet, pop)));
                });
    }

    private static void registerMoves(OpTable table) {
        table.put(
                FLD,
                (instruction, place) -> {
                    if (instruction.operand(0) instanceof Operand.Memory memory) {
                        return memory.size() == 10
                                ? new ExtendedLoadOp(instruction, place)
                                : new LoadOp(instruction, place, 0, false, X87::load);
                    }
                    int i = st(instruction, 0);
                    return new RegisterOp(instruction, place, cpu -> X87.loadRegister(cpu, i));
                });
        table.put(FILD, (instruction, place) -> new LoadOp(instruction, place, 0, true, X87::load));
        table.put(FBLD, (instruction, place) -> new BcdLoadOp(instruction, place));
        store(table, FST, false, false, false);
        store(table, FSTP, false, false, true);
        store(table, FIST, true, false, false);
        store(table, FISTP, true, false, true);
        store(table, FISTTP, true, true, true);
        table.put(
                FBSTP,
                (instruction, place) -> new StoreOp(instruction, place, X87.BCD, false, true));
        table.put(
                FXCH,
                (instruction, place) -> {
                    int i = st(instruction, 0);
                    return new RegisterOp(instruction, place, cpu -> X87.exchange(cpu, i));
                });
        constant(table, FLD1, X87.Constant.ONE);
        constant(table, FLDL2T, X87.Constant.LOG2_10);
        constant(table, FLDL2E, X87.Constant.LOG2_E);
        constant(table, FLDPI, X87.Constant.PI);
        constant(table, FLDLG2, X87.Constant.LOG10_2);
        constant(table, FLDLN2, X87.Constant.LN_2);
        constant(table, FLDZ, X87.Constant.ZERO);
        conditional(table, FCMOVB, FCMOVNB, LazyFlags.CF);
        conditional(table, FCMOVE, FCMOVNE, LazyFlags.ZF);
        conditional(table, FCMOVBE, FCMOVNBE, LazyFlags.CF | LazyFlags.ZF);
        conditional(table, FCMOVU, FCMOVNU, LazyFlags.PF);
    }

    private static void store(
            OpTable table, Mnemonic mnemonic, boolean integer, boolean chop, boolean pop) {
        table.put(
                mnemonic,
                (instruction, place) -> {
                    if (instruction.operand(0) instanceof Operand.Memory memory) {
                        int format = integer ? integerFormat(memory) : floatFormat(memory);
                        return new StoreOp(instruction, place, format, chop, pop);
                    }
                    int i = st(instruction, 0);
                    if ((instruction.opcode() & 0xFFF8) == 0xD9D8) {
                        return new RegisterOp(
                                instruction, place, cpu -> X87.storeAndPopQuietly(cpu, i));
                    }
                    return new RegisterOp(
                            instruction, place, cpu -> X87.storeRegister(cpu, i, pop));
                });
    }

    /** The format of an integer in memory. */
    public static int integerFormat(Operand.Memory memory) {
        return switch (memory.size()) {
            case 2 -> X87.INT16;
            case 4 -> X87.INT32;
            default -> X87.INT64;
        };
    }

    /** The format of a floating-point number in memory. */
    public static int floatFormat(Operand.Memory memory) {
        return switch (memory.size()) {
            case 4 -> X87.SINGLE;
            case 8 -> X87.DOUBLE;
            default -> X87.EXTENDED;
        };
    }

    private static void constant(OpTable table, Mnemonic mnemonic, X87.Constant constant) {
        register(table, mnemonic, cpu -> X87.loadConstant(cpu, constant));
    }

    private static void conditional(OpTable table, Mnemonic set, Mnemonic clear, int flags) {
        table.put(
                set,
                (instruction, place) -> {
                    int i = st(instruction, 1);
                    return new RegisterOp(
                            instruction,
                            place,
                            cpu -> X87.conditionalMove(cpu, i, (cpu.eflags() & flags) != 0));
                });
        table.put(
                clear,
                (instruction, place) -> {
                    int i = st(instruction, 1);
                    return new RegisterOp(
                            instruction,
                            place,
                            cpu -> X87.conditionalMove(cpu, i, (cpu.eflags() & flags) == 0));
                });
    }

    private static void registerFunctions(OpTable table) {
        register(table, FCHS, X87::negate);
        register(table, FABS, X87::absolute);
        register(table, FSQRT, X87::squareRoot);
        register(table, FRNDINT, X87::roundToIntegral);
        register(table, FSCALE, cpu -> X87.binary(cpu, Float80Arithmetic::scale, false));
        register(table, FPREM, cpu -> X87.remainder(cpu, false));
        register(table, FPREM1, cpu -> X87.remainder(cpu, true));
        register(table, FSIN, cpu -> X87.reducing(cpu, Float80Functions::sine));
        register(table, FCOS, cpu -> X87.reducing(cpu, Float80Functions::cosine));
        register(table, FSINCOS, cpu -> X87.pair(cpu, Float80Functions::sineAndCosine, true));
        register(table, FPTAN, cpu -> X87.pair(cpu, Float80Functions::tangent, true));
        register(table, FPATAN, cpu -> X87.binary(cpu, Float80Functions::arcTangent, true));
        register(table, F2XM1, cpu -> X87.unary(cpu, Float80Functions::twoToXMinus1));
        register(table, FYL2X, cpu -> X87.binary(cpu, Float80Functions::yLog2X, true));
        register(table, FYL2XP1, cpu -> X87.binary(cpu, Float80Functions::yLog2XPlus1, true));
        register(table, FXTRACT, cpu -> X87.pair(cpu, Float80Arithmetic::extract, false));
    }

    private static void registerControl(OpTable table) {
        register(table, FINCSTP, cpu -> X87.rotate(cpu, 1), false);
        register(table, FDECSTP, cpu -> X87.rotate(cpu, -1), false);
        register(table, FNOP, cpu -> {}, false);
        table.put(
                FFREE,
                (instruction, place) -> {
                    int i = st(instruction, 0);
                    return new RegisterOp(
                            instruction, place, cpu -> X87.free(cpu, i, false), false);
                });
        table.put(
                FFREEP,
                (instruction, place) -> {
                    int i = st(instruction, 0);
                    return new RegisterOp(instruction, place, cpu -> X87.free(cpu, i, true), false);
                });
        table.put(FWAIT, (instruction, place) -> new PlainOp(X87::waitForIt));
        plain(table, FINIT, cpu -> cpu.x87.initialise());
        plain(table, FCLEX, X87::clearExceptions);
        plain(table, F_LEGACY_NOP, cpu -> {});
        table.put(
                FSTSW,
                (instruction, place) -> {
                    if (instruction.operand(0) instanceof Operand.Memory) {
                        return new StoreWordOp(instruction, place, true);
                    }
                    return new PlainOp(
                            cpu -> {
                                X87.checkAvailable(cpu);
                                cpu.gpr[CpuState.RAX] =
                                        cpu.gpr[CpuState.RAX] & ~0xFFFFL | cpu.x87.statusWord();
                            });
                });
        table.put(FSTCW, (instruction, place) -> new StoreWordOp(instruction, place, false));
        image(
                table,
                FLDCW,
                2,
                true,
                (cpu, linear, size) -> cpu.x87.setControl(cpu.mmu.load16(linear)));
        image(table, FSTENV, 0, false, X87Environment::storeEnvironment);
        image(table, FLDENV, 0, true, X87Environment::loadEnvironment);
        image(table, FSAVE, 0, false, X87Environment::save);
        image(table, FRSTOR, 0, true, X87Environment::restore);
        table.put(
                FXSAVE,
                (instruction, place) ->
                        new AlignedImageOp(
                                instruction,
                                place,
                                16,
                                true,
                                X87::checkAvailable,
                                (cpu, linear, size) ->
                                        X87Environment.fxsave(cpu, linear, size == 8)));
        table.put(
                FXRSTOR,
                (instruction, place) ->
                        new AlignedImageOp(
                                instruction,
                                place,
                                16,
                                false,
                                X87::checkAvailable,
                                (cpu, linear, size) ->
                                        X87Environment.fxrstor(cpu, linear, size == 8)));
        table.put(
                XSAVE,
                (instruction, place) ->
                        new AlignedImageOp(
                                instruction,
                                place,
                                64,
                                true,
                                X87Environment::checkXsave,
                                (cpu, linear, size) ->
                                        X87Environment.xsave(cpu, linear, size == 8)));
        table.put(
                XRSTOR,
                (instruction, place) ->
                        new AlignedImageOp(
                                instruction,
                                place,
                                64,
                                false,
                                X87Environment::checkXsave,
                                (cpu, linear, size) ->
                                        X87Environment.xrstor(cpu, linear, size == 8)));
    }

    private static void image(
            OpTable table, Mnemonic mnemonic, int bytes, boolean waiting, ImageAction action) {
        table.put(
                mnemonic,
                (instruction, place) ->
                        new ImageOp(
                                instruction,
                                place,
                                bytes != 0 ? bytes : instruction.operand(0).size(),
                                waiting,
                                action));
    }

    private static void register(OpTable table, Mnemonic mnemonic, Action action) {
        register(table, mnemonic, action, true);
    }

    private static void register(
            OpTable table, Mnemonic mnemonic, Action action, boolean recorded) {
        table.put(
                mnemonic,
                (instruction, place) -> new RegisterOp(instruction, place, action, recorded));
    }

    /** Control instructions that do not wait. */
    private static void plain(OpTable table, Mnemonic mnemonic, Action action) {
        table.put(
                mnemonic,
                (instruction, place) ->
                        new PlainOp(
                                cpu -> {
                                    X87.checkAvailable(cpu);
                                    action.run(cpu);
                                }));
    }

    private static int st(Instruction instruction, int operand) {
        return ((Operand.Register) instruction.operand(operand)).index();
    }

    /** One that leaves its address and opcode behind (SDM vol. 1, section 8.1.8). */
    private abstract static class RecordedOp extends PlacedOp {
        private final int opcode;

        RecordedOp(Instruction instruction, Place place) {
            super(place);
            opcode = instruction.opcode();
        }

        final void recordInstruction(CpuState cpu) {
            X87.record(cpu, cpu.gpr[CpuState.RIP] + offset, opcode);
        }

        final void recordData(CpuState cpu, EffectiveAddress address) {
            long rip = cpu.gpr[CpuState.RIP] + offset;
            X87.record(cpu, rip, opcode, address.offset(cpu), address.segment);
        }
    }

    private static final class PlainOp extends Op {
        private final Action action;

        PlainOp(Action action) {
            this.action = action;
        }

        @Override
        public void execute(CpuState cpu) {
            action.run(cpu);
        }
    }

    private static final class RegisterOp extends RecordedOp {
        private final Action action;
        private final boolean recorded;

        RegisterOp(Instruction instruction, Place place, Action action) {
            this(instruction, place, action, true);
        }

        RegisterOp(Instruction instruction, Place place, Action action, boolean recorded) {
            super(instruction, place);
            this.action = action;
            this.recorded = recorded;
        }

        @Override
        public void execute(CpuState cpu) {
            X87.checkWaiting(cpu);
            if (recorded) {
                recordInstruction(cpu);
            }
            action.run(cpu);
        }
    }

    private static final class LoadOp extends RecordedOp {
        private final EffectiveAddress address;
        private final int bytes;
        private final int format;
        private final LoadAction action;

        LoadOp(
                Instruction instruction,
                Place place,
                int operand,
                boolean integer,
                LoadAction action) {
            super(instruction, place);
            Operand.Memory memory = (Operand.Memory) instruction.operand(operand);
            address = new EffectiveAddress(memory, place);
            bytes = memory.size();
            format = integer ? integerFormat(memory) : floatFormat(memory);
            this.action = action;
        }

        @Override
        public void execute(CpuState cpu) {
            X87.checkWaiting(cpu);
            long linear = address.read(cpu, bytes);
            long bits =
                    switch (bytes) {
                        case 2 -> (short) cpu.mmu.load16(linear);
                        case 4 -> cpu.mmu.load32(linear);
                        default -> cpu.mmu.load64(linear);
                    };
            recordData(cpu, address);
            action.run(cpu, format, bits);
        }
    }

    /** FLD m80. */
    private static final class ExtendedLoadOp extends RecordedOp {
        private final EffectiveAddress address;

        ExtendedLoadOp(Instruction instruction, Place place) {
            super(instruction, place);
            address = new EffectiveAddress((Operand.Memory) instruction.operand(0), place);
        }

        @Override
        public void execute(CpuState cpu) {
            X87.checkWaiting(cpu);
            long linear = address.read(cpu, 10);
            long significand = cpu.mmu.load64(linear);
            int se = cpu.mmu.load16(linear + 8 & cpu.linearMask);
            recordData(cpu, address);
            X87.loadExact(cpu, se, significand);
        }
    }

    private static final class BcdLoadOp extends RecordedOp {
        private final EffectiveAddress address;

        BcdLoadOp(Instruction instruction, Place place) {
            super(instruction, place);
            address = new EffectiveAddress((Operand.Memory) instruction.operand(0), place);
        }

        @Override
        public void execute(CpuState cpu) {
            X87.checkWaiting(cpu);
            long linear = address.read(cpu, 10);
            long low = cpu.mmu.load64(linear);
            int high = cpu.mmu.load16(linear + 8 & cpu.linearMask);
            recordData(cpu, address);
            Float80 value = cpu.x87.second;
            Float80Convert.fromBcd(value, low, high);
            X87.loadExact(cpu, value.signExponent, value.significand);
        }
    }

    private static final class StoreOp extends RecordedOp {
        private final EffectiveAddress address;
        private final int bytes;
        private final int format;
        private final boolean chop;
        private final boolean pop;

        StoreOp(Instruction instruction, Place place, int format, boolean chop, boolean pop) {
            super(instruction, place);
            Operand.Memory memory = (Operand.Memory) instruction.operand(0);
            address = new EffectiveAddress(memory, place);
            bytes = memory.size();
            this.format = format;
            this.chop = chop;
            this.pop = pop;
        }

        @Override
        public void execute(CpuState cpu) {
            X87.checkWaiting(cpu);
            long linear = address.write(cpu, bytes);
            if (!X87.prepareStore(cpu, format, chop)) {
                cpu.mmu.probeWrite(linear, bytes);
                recordData(cpu, address);
                X87.finishStore(cpu, false);
                return;
            }
            Float80 value = cpu.x87.unit;
            switch (bytes) {
                case 2 -> cpu.mmu.store16(linear, (int) value.significand);
                case 4 -> cpu.mmu.store32(linear, (int) value.significand);
                case 8 -> cpu.mmu.store64(linear, value.significand);
                default -> {
                    cpu.mmu.probeWrite(linear, 10);
                    cpu.mmu.store64(linear, value.significand);
                    cpu.mmu.store16(linear + 8 & cpu.linearMask, value.signExponent);
                }
            }
            recordData(cpu, address);
            X87.finishStore(cpu, pop);
        }
    }

    /** FNSTSW and FNSTCW to memory. */
    private static final class StoreWordOp extends Op {
        private final EffectiveAddress address;
        private final boolean status;

        StoreWordOp(Instruction instruction, Place place, boolean status) {
            address = new EffectiveAddress((Operand.Memory) instruction.operand(0), place);
            this.status = status;
        }

        @Override
        public void execute(CpuState cpu) {
            X87.checkAvailable(cpu);
            long linear = address.write(cpu, 2);
            cpu.mmu.store16(linear, status ? cpu.x87.statusWord() : cpu.x87.control);
        }
    }

    private static final class ImageOp extends Op {
        private final EffectiveAddress address;
        private final int bytes;
        private final int operandSize;
        private final boolean waiting;
        private final ImageAction action;

        ImageOp(
                Instruction instruction,
                Place place,
                int bytes,
                boolean waiting,
                ImageAction action) {
            address = new EffectiveAddress((Operand.Memory) instruction.operand(0), place);
            this.bytes = bytes;
            operandSize = bytes == 14 || bytes == 94 ? 2 : 4;
            this.waiting = waiting;
            this.action = action;
        }

        @Override
        public void execute(CpuState cpu) {
            if (waiting) {
                X87.checkWaiting(cpu);
            } else {
                X87.checkAvailable(cpu);
            }
            long linear = waiting ? address.read(cpu, bytes) : address.write(cpu, bytes);
            action.run(cpu, linear, operandSize);
        }
    }

    /** FXSAVE, FXRSTOR and the XSAVE family. */
    private static final class AlignedImageOp extends Op {
        private final EffectiveAddress address;
        private final int alignment;
        private final boolean write;
        private final int operandSize;
        private final Action check;
        private final ImageAction action;

        AlignedImageOp(
                Instruction instruction,
                Place place,
                int alignment,
                boolean write,
                Action check,
                ImageAction action) {
            address = new EffectiveAddress((Operand.Memory) instruction.operand(0), place);
            this.alignment = alignment;
            this.write = write;
            operandSize = instruction.operandSize();
            this.check = check;
            this.action = action;
        }

        @Override
        public void execute(CpuState cpu) {
            check.run(cpu);
            int bytes = alignment == 16 ? 512 : X87Environment.areaBytes(cpu);
            long linear = write ? address.write(cpu, bytes) : address.read(cpu, bytes);
            if ((linear & (alignment - 1)) != 0) {
                throw cpu.fault(GuestFault.GP, 0);
            }
            action.run(cpu, linear, operandSize);
        }
    }
}
