package dev.arclet.emulator.cpu.translate;

import dev.arclet.emulator.cpu.decode.Mnemonic;
import dev.arclet.emulator.cpu.decode.Operand;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;

/**
 * The instruction being emitted, for those who emit parts of it: its operands, whether its flags
 * are wanted, and the ways out of the region before it has changed anything.
 */
final class OperandEmitter implements MemoryEmitter.Misses {
    private final Bytecode code;
    private final CodeBuilder b;
    private final FlagEmitter flags;
    private final MemoryEmitter memory;

    private RegionPlan.Step step;
    private int done;
    private Label miss;
    private Label unusual;

    OperandEmitter(Bytecode code, FlagEmitter flags, MemoryEmitter memory) {
        this.code = code;
        b = code.b;
        this.flags = flags;
        this.memory = memory;
    }

    /** The current instruction. */
    RegionPlan.Step step() {
        return step;
    }

    /** The label that leaves the region before the current instruction, which misses the TLB. */
    @Override
    public Label miss() {
        if (miss == null) {
            miss = leave(Region.Exit.Kind.MISS);
        }
        return miss;
    }

    /** The same, as its operands are no case for emitted code. */
    @Override
    public Label unusual() {
        if (unusual == null) {
            unusual = leave(Region.Exit.Kind.UNUSUAL);
        }
        return unusual;
    }

    @Override
    public Label apart() {
        return leave(Region.Exit.Kind.APART);
    }

    private Label leave(Region.Exit.Kind kind) {
        return code.exitLabel(kind, step.rip, done, flags.current);
    }

    /** Begins an instruction before which so many of its node were done. */
    void start(RegionPlan.Step newStep, int newDone) {
        step = newStep;
        done = newDone;
        miss = null;
        unusual = null;
    }

    static boolean isMemory(Operand operand) {
        return operand instanceof Operand.Memory;
    }

    void locate(Operand operand, boolean write) {
        if (operand instanceof Operand.Memory at) {
            memory.locate(at, step, at.size(), write, false, this);
        }
    }

    /** Pushes an operand that has been located, as a long if {@code bytes} is 8, else an int. */
    void push(Operand operand, int bytes, boolean signed) {
        switch (operand) {
            case Operand.Register register -> {
                if (register.file() != Operand.File.SEGMENT) {
                    code.get(register, signed);
                    return;
                }
                code.selector(register.index());
                if (bytes == 8) {
                    b.i2l();
                }
            }
            case Operand.Memory at -> {
                memory.load(bytes);
                if (bytes < 4 && !signed) {
                    code.narrow(bytes, false);
                }
            }
            case Operand.Immediate immediate -> {
                if (bytes == 8) {
                    b.loadConstant(immediate.value());
                } else {
                    int value = (int) immediate.value();
                    b.loadConstant(
                            switch (bytes) {
                                case 1 -> signed ? (byte) value : value & 0xFF;
                                case 2 -> signed ? (short) value : value & 0xFFFF;
                                default -> value;
                            });
                }
            }
            default -> throw new IllegalArgumentException(operand.toString());
        }
    }

    void beginStore(Operand target) {
        if (isMemory(target)) {
            b.lload(code.host);
        }
    }

    void endStore(Operand target) {
        if (target instanceof Operand.Register register) {
            code.set(register);
        } else {
            code.store(target.size());
        }
    }

    /** Whether somebody may look at the flags of the current instruction. */
    boolean wantsFlags() {
        return step.flagsNeeded;
    }

    /** Keeps a copy of the value on the stack in a flag local, if flags are wanted. */
    void keep(int local, int bytes) {
        if (wantsFlags()) {
            flags.keep(local, bytes);
        }
    }

    void operate(Mnemonic mnemonic, int bytes) {
        boolean longs = bytes == 8;
        switch (mnemonic) {
            case ADD, ADC -> {
                if (longs) {
                    b.ladd();
                } else {
                    b.iadd();
                }
            }
            case SUB, SBB -> {
                if (longs) {
                    b.lsub();
                } else {
                    b.isub();
                }
            }
            case AND, TEST -> {
                if (longs) {
                    b.land();
                } else {
                    b.iand();
                }
            }
            case OR -> {
                if (longs) {
                    b.lor();
                } else {
                    b.ior();
                }
            }
            default -> {
                if (longs) {
                    b.lxor();
                } else {
                    b.ixor();
                }
            }
        }
    }

    void popTemporary(int bytes, int number) {
        if (bytes == 8) {
            b.lstore(number == 0 ? code.long0 : code.long1);
        } else {
            b.istore(number == 0 ? code.int0 : code.int1);
        }
    }

    void pushTemporary(int bytes, int number) {
        if (bytes == 8) {
            b.lload(number == 0 ? code.long0 : code.long1);
        } else {
            b.iload(number == 0 ? code.int0 : code.int1);
        }
    }
}
