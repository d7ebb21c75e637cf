package dev.arclet.emulator.cpu.interp;

import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.LazyFlags;
import dev.arclet.emulator.cpu.decode.Instruction;
import dev.arclet.emulator.cpu.decode.Mnemonic;
import dev.arclet.emulator.cpu.decode.Operand;
import dev.arclet.emulator.fault.GuestFault;

/** ADD OR ADC SBB AND SUB XOR CMP TEST INC DEC NEG NOT ADCX ADOX XADD CMPXCHG. */
final class AluOps {
    private AluOps() {}

    static void register(OpTable table) {
        binary(table, Mnemonic.ADD, Alu::add);
        binary(table, Mnemonic.OR, Alu::or);
        binary(table, Mnemonic.ADC, Alu::adc);
        binary(table, Mnemonic.SBB, Alu::sbb);
        binary(table, Mnemonic.AND, Alu::and);
        binary(table, Mnemonic.SUB, Alu::sub);
        binary(table, Mnemonic.XOR, Alu::xor);
        binary(table, Mnemonic.CMP, Alu::sub);
        binary(table, Mnemonic.TEST, Alu::and);
        table.put(Mnemonic.ADCX, (i, p) -> new BinaryOp(i, p, Alu::adcx));
        table.put(Mnemonic.ADOX, (i, p) -> new BinaryOp(i, p, Alu::adox));
        table.put(Mnemonic.INC, AluOps::inc);
        table.put(Mnemonic.DEC, AluOps::dec);
        table.put(Mnemonic.NEG, AluOps::neg);
        table.put(Mnemonic.NOT, AluOps::not);
        table.put(Mnemonic.XADD, AluOps::xadd);
        table.put(Mnemonic.CMPXCHG, AluOps::cmpxchg);
        table.put(Mnemonic.CMPXCHG8B, AluOps::cmpxchg8b);
        table.put(Mnemonic.CMPXCHG16B, AluOps::cmpxchg16b);
    }

    private static void binary(OpTable table, Mnemonic mnemonic, Alu.Binary operation) {
        table.put(mnemonic, (instruction, place) -> binary(instruction, place, operation));
    }

    private static Op binary(Instruction instruction, Op.Place place, Alu.Binary operation) {
        Mnemonic m = instruction.mnemonic();
        Operand first = instruction.operand(0);
        Operand second = instruction.operand(1);
        int size = first.size();
        if (size == 4) {
            return switch (first) {
                case Operand.Register d ->
                        switch (second) {
                            case Operand.Register s ->
                                    AluForms32.registerRegister(m, d.index(), s.index());
                            case Operand.Immediate s ->
                                    AluForms32.registerImmediate(m, d.index(), (int) s.value());
                            case Operand.Memory s ->
                                    AluForms32.registerMemory(
                                            m, d.index(), new EffectiveAddress(s, place));
                            default -> throw new IllegalArgumentException(m.name());
                        };
                case Operand.Memory d -> {
                    EffectiveAddress address = new EffectiveAddress(d, place);
                    yield second instanceof Operand.Register s
                            ? AluForms32.memoryRegister(m, address, s.index())
                            : AluForms32.memoryImmediate(
                                    m, address, (int) ((Operand.Immediate) second).value());
                }
                default -> throw new IllegalArgumentException(m.name());
            };
        }
        if (size == 8) {
            return switch (first) {
                case Operand.Register d ->
                        switch (second) {
                            case Operand.Register s ->
                                    AluForms64.registerRegister(m, d.index(), s.index());
                            case Operand.Immediate s ->
                                    AluForms64.registerImmediate(m, d.index(), s.value());
                            case Operand.Memory s ->
                                    AluForms64.registerMemory(
                                            m, d.index(), new EffectiveAddress(s, place));
                            default -> throw new IllegalArgumentException(m.name());
                        };
                case Operand.Memory d -> {
                    EffectiveAddress address = new EffectiveAddress(d, place);
                    yield second instanceof Operand.Register s
                            ? AluForms64.memoryRegister(m, address, s.index())
                            : AluForms64.memoryImmediate(
                                    m, address, ((Operand.Immediate) second).value());
                }
                default -> throw new IllegalArgumentException(m.name());
            };
        }
        Op op = size == 1 ? ByteForms.create(instruction, place) : null;
        if (op != null) {
            return op;
        }
        return m == Mnemonic.CMP || m == Mnemonic.TEST
                ? new CompareOp(instruction, place, operation)
                : new BinaryOp(instruction, place, operation);
    }

    private static final class BinaryOp extends Op {
        private final Location dst;
        private final Location src;
        private final Alu.Binary operation;
        private final int shift;

        BinaryOp(Instruction instruction, Place place, Alu.Binary operation) {
            dst = Location.of(instruction.operand(0), place);
            src = Location.of(instruction.operand(1), place);
            shift = Gpr.shift(dst.bytes);
            this.operation = operation;
        }

        @Override
        public void execute(CpuState cpu) {
            long address = dst.address(cpu);
            long b = src.read(cpu);
            long a = dst.readForUpdate(cpu, address);
            dst.write(cpu, address, operation.apply(cpu, a, b, shift));
        }
    }

    private static final class CompareOp extends Op {
        private final Location dst;
        private final Location src;
        private final Alu.Binary operation;
        private final int shift;

        CompareOp(Instruction instruction, Place place, Alu.Binary operation) {
            dst = Location.of(instruction.operand(0), place);
            src = Location.of(instruction.operand(1), place);
            shift = Gpr.shift(dst.bytes);
            this.operation = operation;
        }

        @Override
        public void execute(CpuState cpu) {
            long a = dst.read(cpu);
            operation.apply(cpu, a, src.read(cpu), shift);
        }
    }

    private static final class UnaryOp extends Op {
        private final Location dst;
        private final Alu.Unary operation;
        private final int shift;

        UnaryOp(Instruction instruction, Place place, Alu.Unary operation) {
            dst = Location.of(instruction.operand(0), place);
            shift = Gpr.shift(dst.bytes);
            this.operation = operation;
        }

        @Override
        public void execute(CpuState cpu) {
            long address = dst.address(cpu);
            long a = dst.readForUpdate(cpu, address);
            dst.write(cpu, address, operation.apply(cpu, a, shift));
        }
    }

    private static Op inc(Instruction instruction, Op.Place place) {
        if (instruction.operand(0) instanceof Operand.Register target) {
            int d = target.index();
            int size = target.size();
            if (size == 4) {
                return new Op() {
                    @Override
                    public void execute(CpuState cpu) {
                        cpu.gpr[d] = Alu.inc32(cpu, (int) cpu.gpr[d]) & Gpr.MASK32;
                    }
                };
            }
            if (size == 8) {
                return new Op() {
                    @Override
                    public void execute(CpuState cpu) {
                        cpu.gpr[d] = Alu.inc64(cpu, cpu.gpr[d]);
                    }
                };
            }
        }
        return new UnaryOp(instruction, place, Alu::inc);
    }

    private static Op dec(Instruction instruction, Op.Place place) {
        if (instruction.operand(0) instanceof Operand.Register target) {
            int d = target.index();
            int size = target.size();
            if (size == 4) {
                return new Op() {
                    @Override
                    public void execute(CpuState cpu) {
                        cpu.gpr[d] = Alu.dec32(cpu, (int) cpu.gpr[d]) & Gpr.MASK32;
                    }
                };
            }
            if (size == 8) {
                return new Op() {
                    @Override
                    public void execute(CpuState cpu) {
                        cpu.gpr[d] = Alu.dec64(cpu, cpu.gpr[d]);
                    }
                };
            }
        }
        return new UnaryOp(instruction, place, Alu::dec);
    }

    private static Op neg(Instruction instruction, Op.Place place) {
        if (instruction.operand(0) instanceof Operand.Register target && target.size() == 4) {
            int d = target.index();
            return new Op() {
                @Override
                public void execute(CpuState cpu) {
                    cpu.gpr[d] = Alu.sub32(cpu, 0, (int) cpu.gpr[d]) & Gpr.MASK32;
                }
            };
        }
        return new UnaryOp(instruction, place, Alu::neg);
    }

    private static Op not(Instruction instruction, Op.Place place) {
        if (instruction.operand(0) instanceof Operand.Register target && target.size() == 4) {
            int d = target.index();
            return new Op() {
                @Override
                public void execute(CpuState cpu) {
                    cpu.gpr[d] = ~cpu.gpr[d] & Gpr.MASK32;
                }
            };
        }
        return new UnaryOp(instruction, place, Alu::not);
    }

    private static Op xadd(Instruction instruction, Op.Place place) {
        Location dst = Location.of(instruction.operand(0), place);
        Location src = Location.of(instruction.operand(1), place);
        int shift = Gpr.shift(dst.bytes);
        return new Op() {
            @Override
            public void execute(CpuState cpu) {
                long address = dst.address(cpu);
                long a = dst.readForUpdate(cpu, address);
                long sum = Alu.add(cpu, a, src.read(cpu), shift);
                // The sum last: XADD of a register with itself leaves the sum.
                src.write(cpu, a);
                dst.write(cpu, address, sum);
            }
        };
    }

    private static Op cmpxchg(Instruction instruction, Op.Place place) {
        Location dst = Location.of(instruction.operand(0), place);
        Location src = Location.of(instruction.operand(1), place);
        int bytes = dst.bytes;
        boolean inMemory = instruction.operand(0) instanceof Operand.Memory;
        return new Op() {
            @Override
            public void execute(CpuState cpu) {
                long address = dst.address(cpu);
                long a = dst.readForUpdate(cpu, address);
                long accumulator = Gpr.get(cpu, CpuState.RAX, bytes);
                long replacement = src.read(cpu);
                Alu.sub(cpu, accumulator, a, Gpr.shift(bytes));
                if (accumulator == a) {
                    dst.write(cpu, address, replacement);
                } else {
                    // Memory is written in either case, a register is not: it keeps its upper half.
                    if (inMemory) {
                        dst.write(cpu, address, a);
                    }
                    Gpr.set(cpu, CpuState.RAX, bytes, a);
                }
            }
        };
    }

    private static void setZero(CpuState cpu, boolean zero) {
        int flags = LazyFlags.compute(cpu);
        cpu.setArithmeticFlags(zero ? flags | LazyFlags.ZF : flags & ~LazyFlags.ZF);
    }

    private static Op cmpxchg8b(Instruction instruction, Op.Place place) {
        var memory = new EffectiveAddress((Operand.Memory) instruction.operand(0), place);
        return new Op() {
            @Override
            public void execute(CpuState cpu) {
                long address = memory.write(cpu, 8);
                long[] gpr = cpu.gpr;
                long value = cpu.mmu.loadForUpdate64(address);
                long expected = gpr[CpuState.RDX] << 32 | (gpr[CpuState.RAX] & Gpr.MASK32);
                boolean equal = value == expected;
                if (equal) {
                    value = (gpr[CpuState.RBX] & Gpr.MASK32) | gpr[CpuState.RCX] << 32;
                }
                cpu.mmu.store64(address, value);
                if (!equal) {
                    gpr[CpuState.RAX] = value & Gpr.MASK32;
                    gpr[CpuState.RDX] = value >>> 32;
                }
                setZero(cpu, equal);
            }
        };
    }

    private static Op cmpxchg16b(Instruction instruction, Op.Place place) {
        var memory = new EffectiveAddress((Operand.Memory) instruction.operand(0), place);
        return new Op() {
            @Override
            public void execute(CpuState cpu) {
                long address = memory.write(cpu, 16);
                if ((address & 15) != 0) {
                    throw cpu.fault(GuestFault.GP, 0);
                }
                long[] gpr = cpu.gpr;
                long low = cpu.mmu.loadForUpdate64(address);
                long high = cpu.mmu.loadForUpdate64(address + 8);
                boolean equal = low == gpr[CpuState.RAX] && high == gpr[CpuState.RDX];
                if (equal) {
                    cpu.mmu.store128(address, gpr[CpuState.RBX], gpr[CpuState.RCX]);
                } else {
                    cpu.mmu.store128(address, low, high);
                    gpr[CpuState.RAX] = low;
                    gpr[CpuState.RDX] = high;
                }
                setZero(cpu, equal);
            }
        };
    }
}
