package dev.arclet.emulator.cpu.interp;

import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.LazyFlags;
import dev.arclet.emulator.cpu.Segmentation;
import dev.arclet.emulator.cpu.decode.Instruction;
import dev.arclet.emulator.cpu.decode.Mnemonic;
import dev.arclet.emulator.cpu.decode.Operand;
import dev.arclet.emulator.fault.GuestFault;

/** Near JMP, Jcc, CALL, RET, LOOP, JCXZ. The target is checked before anything changes. */
final class BranchOps {
    private BranchOps() {}

    static void register(OpTable table) {
        table.put(Mnemonic.JMP, BranchOps::jmp);
        table.put(Mnemonic.JCC, BranchOps::jcc);
        table.put(Mnemonic.CALL, BranchOps::call);
        table.put(Mnemonic.RET, BranchOps::ret);
        table.put(Mnemonic.LOOP, BranchOps::loop);
        table.put(Mnemonic.LOOPE, BranchOps::loop);
        table.put(Mnemonic.LOOPNE, BranchOps::loop);
        table.put(Mnemonic.JCXZ, BranchOps::jcxz);
    }

    /** Faults unless a near branch may go to {@code target} (SDM vol. 2, JMP). */
    static void check(CpuState cpu, long target) {
        if (!mayGoTo(cpu, target)) {
            throw cpu.fault(GuestFault.GP, 0);
        }
    }

    /** Faults unless a near call may go to {@code target}; if not, its stack is checked first. */
    private static void checkCall(CpuState cpu, long target, int bytes) {
        if (mayGoTo(cpu, target)) {
            return;
        }
        long top = (cpu.gpr[CpuState.RSP] - bytes) & cpu.stackMask;
        Segmentation.checkWrite(cpu, CpuState.SS, top, bytes);
        if (cpu.codeSize == 8
                && !(Segmentation.isCanonical(top) && Segmentation.isCanonical(top + bytes - 1))) {
            throw cpu.fault(GuestFault.SS, 0);
        }
        throw cpu.fault(GuestFault.GP, 0);
    }

    private static boolean mayGoTo(CpuState cpu, long target) {
        return cpu.codeSize == 8
                ? Segmentation.isCanonical(target)
                : Long.compareUnsigned(target, cpu.segments[CpuState.CS].limit) <= 0;
    }

    /** A branch by a displacement. */
    abstract static class RelativeBranch extends PlacedOp {
        private final long displacement;
        private final long mask;

        RelativeBranch(Instruction instruction, Place place) {
            super(place);
            displacement = end + ((Operand.Relative) instruction.operand(0)).displacement();
            mask = Gpr.mask(instruction.operandSize());
        }

        /** The target's offset, checked. */
        final long target(CpuState cpu) {
            long target = uncheckedTarget(cpu);
            check(cpu, target);
            return target;
        }

        final long uncheckedTarget(CpuState cpu) {
            return (cpu.gpr[CpuState.RIP] + displacement) & mask;
        }

        final void branch(CpuState cpu, boolean taken) {
            if (taken) {
                cpu.gpr[CpuState.RIP] = target(cpu);
            } else {
                advance(cpu);
            }
        }
    }

    private static Op jmp(Instruction instruction, Op.Place place) {
        if (instruction.operand(0) instanceof Operand.Relative) {
            return new RelativeBranch(instruction, place) {
                @Override
                public void execute(CpuState cpu) {
                    cpu.gpr[CpuState.RIP] = target(cpu);
                }
            };
        }
        Location source = Location.of(instruction.operand(0), place);
        return new Op() {
            @Override
            public void execute(CpuState cpu) {
                long target = source.read(cpu);
                check(cpu, target);
                cpu.gpr[CpuState.RIP] = target;
            }
        };
    }

    private static Op jcc(Instruction instruction, Op.Place place) {
        boolean wanted = (instruction.condition() & 1) == 0;
        return switch (instruction.condition() >> 1) {
            case 0 ->
                    new RelativeBranch(instruction, place) {
                        @Override
                        public void execute(CpuState cpu) {
                            branch(cpu, LazyFlags.overflow(cpu) == wanted);
                        }
                    };
            case 1 ->
                    new RelativeBranch(instruction, place) {
                        @Override
                        public void execute(CpuState cpu) {
                            branch(cpu, LazyFlags.carry(cpu) == wanted);
                        }
                    };
            case 2 ->
                    new RelativeBranch(instruction, place) {
                        @Override
                        public void execute(CpuState cpu) {
                            branch(cpu, LazyFlags.zero(cpu) == wanted);
                        }
                    };
            case 3 ->
                    new RelativeBranch(instruction, place) {
                        @Override
                        public void execute(CpuState cpu) {
                            branch(cpu, LazyFlags.belowOrEqual(cpu) == wanted);
                        }
                    };
            case 4 ->
                    new RelativeBranch(instruction, place) {
                        @Override
                        public void execute(CpuState cpu) {
                            branch(cpu, LazyFlags.sign(cpu) == wanted);
                        }
                    };
            case 5 ->
                    new RelativeBranch(instruction, place) {
                        @Override
                        public void execute(CpuState cpu) {
                            branch(cpu, LazyFlags.parity(cpu) == wanted);
                        }
                    };
            case 6 ->
                    new RelativeBranch(instruction, place) {
                        @Override
                        public void execute(CpuState cpu) {
                            branch(cpu, LazyFlags.less(cpu) == wanted);
                        }
                    };
            default ->
                    new RelativeBranch(instruction, place) {
                        @Override
                        public void execute(CpuState cpu) {
                            branch(cpu, LazyFlags.lessOrEqual(cpu) == wanted);
                        }
                    };
        };
    }

    private static Op call(Instruction instruction, Op.Place place) {
        int bytes = instruction.operandSize();
        if (instruction.operand(0) instanceof Operand.Relative) {
            return new RelativeBranch(instruction, place) {
                @Override
                public void execute(CpuState cpu) {
                    long target = uncheckedTarget(cpu);
                    checkCall(cpu, target, bytes);
                    pushReturn(cpu, bytes, end);
                    cpu.gpr[CpuState.RIP] = target;
                }
            };
        }
        Location source = Location.of(instruction.operand(0), place);
        return new PlacedOp(place) {
            @Override
            public void execute(CpuState cpu) {
                long target = source.read(cpu);
                checkCall(cpu, target, bytes);
                pushReturn(cpu, bytes, end);
                cpu.gpr[CpuState.RIP] = target;
            }
        };
    }

    private static void pushReturn(CpuState cpu, int bytes, int end) {
        long next = (cpu.gpr[CpuState.RIP] + end) & cpu.ripMask();
        if (bytes == 4) {
            Stack.push32(cpu, (int) next);
        } else if (bytes == 8) {
            Stack.push64(cpu, next);
        } else {
            Stack.push(cpu, bytes, next);
        }
    }

    private static Op ret(Instruction instruction, Op.Place place) {
        int bytes = instruction.operandSize();
        long release =
                bytes
                        + (instruction.operands().isEmpty()
                                ? 0
                                : ((Operand.Immediate) instruction.operand(0)).value());
        if (bytes == 4) {
            return new Op() {
                @Override
                public void execute(CpuState cpu) {
                    long rsp = cpu.gpr[CpuState.RSP];
                    long mask = cpu.stackMask;
                    long top = MoveOps.readAddress(cpu, CpuState.SS, rsp & mask, 4);
                    long target = cpu.mmu.load32(top) & Gpr.MASK32;
                    check(cpu, target);
                    cpu.gpr[CpuState.RSP] = (rsp & ~mask) | ((rsp + release) & mask);
                    cpu.gpr[CpuState.RIP] = target;
                }
            };
        }
        return new Op() {
            @Override
            public void execute(CpuState cpu) {
                long target = Stack.top(cpu, bytes);
                check(cpu, target);
                Stack.release(cpu, release);
                cpu.gpr[CpuState.RIP] = target;
            }
        };
    }

    private static Op loop(Instruction instruction, Op.Place place) {
        Mnemonic mnemonic = instruction.mnemonic();
        int counter = instruction.addressSize();
        return new RelativeBranch(instruction, place) {
            @Override
            public void execute(CpuState cpu) {
                long count = (cpu.gpr[CpuState.RCX] - 1) & Gpr.mask(counter);
                boolean taken =
                        count != 0
                                && (mnemonic == Mnemonic.LOOP
                                        || LazyFlags.zero(cpu) == (mnemonic == Mnemonic.LOOPE));
                branch(cpu, taken);
                Gpr.set(cpu, CpuState.RCX, counter, count);
            }
        };
    }

    private static Op jcxz(Instruction instruction, Op.Place place) {
        long mask = Gpr.mask(instruction.addressSize());
        return new RelativeBranch(instruction, place) {
            @Override
            public void execute(CpuState cpu) {
                branch(cpu, (cpu.gpr[CpuState.RCX] & mask) == 0);
            }
        };
    }
}
