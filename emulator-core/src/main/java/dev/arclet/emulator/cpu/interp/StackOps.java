package dev.arclet.emulator.cpu.interp;

import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.decode.Instruction;
import dev.arclet.emulator.cpu.decode.Mnemonic;
import dev.arclet.emulator.cpu.decode.Operand;

/** PUSH and POP of general registers, memory and immediates; PUSHA, POPA, ENTER, LEAVE. */
final class StackOps {
    private StackOps() {}

    static void register(OpTable table) {
        table.put(Mnemonic.PUSH, StackOps::push);
        table.put(Mnemonic.POP, StackOps::pop);
        table.put(Mnemonic.PUSHA, StackOps::pusha);
        table.put(Mnemonic.POPA, StackOps::popa);
        table.put(Mnemonic.ENTER, StackOps::enter);
        table.put(Mnemonic.LEAVE, StackOps::leave);
    }

    private static Op push(Instruction instruction, Op.Place place) {
        int bytes = instruction.operandSize();
        Operand source = instruction.operand(0);
        if (source instanceof Operand.Register register) {
            int s = register.index();
            if (bytes == 4) {
                return new Op() {
                    @Override
                    public void execute(CpuState cpu) {
                        Stack.push32(cpu, (int) cpu.gpr[s]);
                    }
                };
            }
            if (bytes == 8) {
                return new Op() {
                    @Override
                    public void execute(CpuState cpu) {
                        Stack.push64(cpu, cpu.gpr[s]);
                    }
                };
            }
        }
        if (source instanceof Operand.Immediate immediate) {
            long value = immediate.value();
            if (bytes == 4) {
                return new Op() {
                    @Override
                    public void execute(CpuState cpu) {
                        Stack.push32(cpu, (int) value);
                    }
                };
            }
            return new Op() {
                @Override
                public void execute(CpuState cpu) {
                    Stack.push(cpu, bytes, value);
                }
            };
        }
        if (bytes == 4 && source instanceof Operand.Memory memory) {
            EffectiveAddress address = new EffectiveAddress(memory, place);
            return new Op() {
                @Override
                public void execute(CpuState cpu) {
                    Stack.push32(cpu, cpu.mmu.load32(address.read(cpu, 4)));
                }
            };
        }
        Location src = Location.of(source, place);
        return new Op() {
            @Override
            public void execute(CpuState cpu) {
                Stack.push(cpu, bytes, src.read(cpu));
            }
        };
    }

    private static Op pop(Instruction instruction, Op.Place place) {
        int bytes = instruction.operandSize();
        Operand target = instruction.operand(0);
        if (target instanceof Operand.Register register) {
            int d = register.index();
            return switch (bytes) {
                case 2 ->
                        new Op() {
                            @Override
                            public void execute(CpuState cpu) {
                                Gpr.set16(cpu, d, Stack.pop(cpu, 2));
                            }
                        };
                case 4 ->
                        new Op() {
                            @Override
                            public void execute(CpuState cpu) {
                                cpu.gpr[d] = Stack.pop32(cpu);
                            }
                        };
                default ->
                        new Op() {
                            @Override
                            public void execute(CpuState cpu) {
                                cpu.gpr[d] = Stack.pop64(cpu);
                            }
                        };
            };
        }
        Location dst = Location.of(target, place);
        return new Op() {
            @Override
            public void execute(CpuState cpu) {
                long rsp = cpu.gpr[CpuState.RSP];
                long value = Stack.top(cpu, bytes);
                // The destination's address is computed with the incremented RSP (SDM vol. 2, POP);
                // should that access fault, RSP is as before.
                Stack.release(cpu, bytes);
                boolean done = false;
                try {
                    dst.write(cpu, value);
                    done = true;
                } finally {
                    if (!done) {
                        cpu.gpr[CpuState.RSP] = rsp;
                    }
                }
            }
        };
    }

    private static Op pusha(Instruction instruction, Op.Place place) {
        int bytes = instruction.operandSize();
        return new Op() {
            @Override
            public void execute(CpuState cpu) {
                long sp = cpu.gpr[CpuState.RSP];
                for (int register = 0; register < 8; register++) {
                    Stack.store(cpu, sp - (register + 1L) * bytes, bytes, cpu.gpr[register]);
                }
                Stack.setPointer(cpu, sp - 8L * bytes);
            }
        };
    }

    private static Op popa(Instruction instruction, Op.Place place) {
        int bytes = instruction.operandSize();
        return new Op() {
            @Override
            public void execute(CpuState cpu) {
                long sp = cpu.gpr[CpuState.RSP];
                // All but the image of the stack pointer; the first and last byte fault alike.
                cpu.mmu.probeRead(
                        MoveOps.readAddress(cpu, CpuState.SS, sp & cpu.stackMask, bytes), bytes);
                cpu.mmu.probeRead(
                        MoveOps.readAddress(
                                cpu, CpuState.SS, (sp + 7L * bytes) & cpu.stackMask, bytes),
                        bytes);
                for (int register = 7; register >= 0; register--) {
                    if (register != CpuState.RSP) {
                        long value = Stack.load(cpu, sp + (7L - register) * bytes, bytes);
                        Gpr.set(cpu, register, bytes, value);
                    }
                }
                Stack.setPointer(cpu, sp + 8L * bytes);
            }
        };
    }

    private static Op enter(Instruction instruction, Op.Place place) {
        int bytes = instruction.operandSize();
        int size = (int) ((Operand.Immediate) instruction.operand(0)).value();
        int level = (int) ((Operand.Immediate) instruction.operand(1)).value() & 31;
        return new Op() {
            @Override
            public void execute(CpuState cpu) {
                long sp = cpu.gpr[CpuState.RSP];
                long bp = cpu.gpr[CpuState.RBP];
                sp -= bytes;
                Stack.store(cpu, sp, bytes, bp);
                // The frame pointer is all of ESP, also if the stack is 16 bits wide.
                long mask = cpu.stackMask;
                long frame = (cpu.gpr[CpuState.RSP] & ~mask) | (sp & mask);
                for (int i = 1; i < level; i++) {
                    bp -= bytes;
                    sp -= bytes;
                    Stack.store(cpu, sp, bytes, Stack.load(cpu, bp, bytes));
                }
                if (level > 0) {
                    sp -= bytes;
                    Stack.store(cpu, sp, bytes, frame);
                }
                sp -= size;
                // ENTER faults if the new frame's end could not be written (SDM vol. 2).
                long end = sp & cpu.stackMask;
                cpu.mmu.probeWrite(MoveOps.writeAddress(cpu, CpuState.SS, end, bytes), bytes);
                Gpr.set(cpu, CpuState.RBP, bytes, frame);
                Stack.setPointer(cpu, sp);
            }
        };
    }

    private static Op leave(Instruction instruction, Op.Place place) {
        int bytes = instruction.operandSize();
        return new Op() {
            @Override
            public void execute(CpuState cpu) {
                long bp = cpu.gpr[CpuState.RBP];
                long value = Stack.load(cpu, bp, bytes);
                Stack.setPointer(cpu, bp + bytes);
                Gpr.set(cpu, CpuState.RBP, bytes, value);
            }
        };
    }
}
