package dev.arclet.emulator.cpu.interp;

import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.SegmentRegister;
import dev.arclet.emulator.cpu.Segmentation;
import dev.arclet.emulator.cpu.decode.Instruction;
import dev.arclet.emulator.cpu.decode.Mnemonic;
import dev.arclet.emulator.cpu.decode.Operand;

/**
 * Data movement between general registers and memory: MOV, MOVZX, MOVSX, MOVSXD, LEA, XCHG, BSWAP,
 * MOVBE, MOVNTI, XLAT, and the sign extensions of the accumulator.
 */
final class MoveOps {
    private MoveOps() {}

    static void register(OpTable table) {
        table.put(Mnemonic.MOV, MoveOps::mov);
        table.put(Mnemonic.MOVNTI, MoveOps::mov);
        table.put(Mnemonic.MOVZX, MoveOps::movzx);
        table.put(Mnemonic.MOVSX, MoveOps::movsx);
        table.put(Mnemonic.MOVSXD, MoveOps::movsx);
        table.put(Mnemonic.LEA, MoveOps::lea);
        table.put(Mnemonic.XCHG, MoveOps::xchg);
        table.put(Mnemonic.BSWAP, MoveOps::bswap);
        table.put(Mnemonic.MOVBE, MoveOps::movbe);
        table.put(Mnemonic.XLAT, MoveOps::xlat);
        table.put(Mnemonic.CBW, (i, p) -> extendAccumulator(1));
        table.put(Mnemonic.CWDE, (i, p) -> extendAccumulator(2));
        table.put(Mnemonic.CDQE, (i, p) -> extendAccumulator(4));
        table.put(Mnemonic.CWD, (i, p) -> signToRdx(2));
        table.put(Mnemonic.CDQ, (i, p) -> signToRdx(4));
        table.put(Mnemonic.CQO, (i, p) -> signToRdx(8));
    }

    private static Op mov(Instruction instruction, Op.Place place) {
        Operand first = instruction.operand(0);
        Operand second = instruction.operand(1);
        Op op = null;
        if (first instanceof Operand.Register target) {
            int d = target.index();
            int size = target.size();
            if (size == 4) {
                op = load32(place, d, second);
            } else if (size == 8) {
                op = load64(place, d, second);
            } else if (size == 1
                    && target.file() == Operand.File.GPR
                    && second instanceof Operand.Immediate immediate) {
                long value = immediate.value() & 0xFF;
                op =
                        new Op() {
                            @Override
                            public void execute(CpuState cpu) {
                                cpu.gpr[d] = (cpu.gpr[d] & ~0xFFL) | value;
                            }
                        };
            } else if (size == 1
                    && target.file() == Operand.File.GPR
                    && second instanceof Operand.Memory memory) {
                EffectiveAddress s = new EffectiveAddress(memory, place);
                op =
                        new Op() {
                            @Override
                            public void execute(CpuState cpu) {
                                long value = cpu.mmu.load8(s.read(cpu, 1));
                                cpu.gpr[d] = (cpu.gpr[d] & ~0xFFL) | value;
                            }
                        };
            }
        } else if (first instanceof Operand.Memory memory) {
            EffectiveAddress d = new EffectiveAddress(memory, place);
            op =
                    second instanceof Operand.Register s
                            ? storeRegister(d, s)
                            : storeImmediate(d, (Operand.Immediate) second);
        }
        return op != null ? op : genericMov(instruction, place);
    }

    private static Op genericMov(Instruction instruction, Op.Place place) {
        Location dst = Location.of(instruction.operand(0), place);
        Location src = Location.of(instruction.operand(1), place);
        return new Op() {
            @Override
            public void execute(CpuState cpu) {
                dst.write(cpu, src.read(cpu));
            }
        };
    }

    private static Op load32(Op.Place place, int d, Operand source) {
        return switch (source) {
            case Operand.Register register -> {
                int s = register.index();
                yield new Op() {
                    @Override
                    public void execute(CpuState cpu) {
                        cpu.gpr[d] = cpu.gpr[s] & Gpr.MASK32;
                    }
                };
            }
            case Operand.Memory memory -> {
                EffectiveAddress s = new EffectiveAddress(memory, place);
                yield new Op() {
                    @Override
                    public void execute(CpuState cpu) {
                        cpu.gpr[d] = cpu.mmu.load32(s.read(cpu, 4)) & Gpr.MASK32;
                    }
                };
            }
            case Operand.Immediate immediate -> constant(d, immediate.value() & Gpr.MASK32);
            default -> null;
        };
    }

    private static Op load64(Op.Place place, int d, Operand source) {
        return switch (source) {
            case Operand.Register register -> {
                int s = register.index();
                yield new Op() {
                    @Override
                    public void execute(CpuState cpu) {
                        cpu.gpr[d] = cpu.gpr[s];
                    }
                };
            }
            case Operand.Memory memory -> {
                EffectiveAddress s = new EffectiveAddress(memory, place);
                yield new Op() {
                    @Override
                    public void execute(CpuState cpu) {
                        cpu.gpr[d] = cpu.mmu.load64(s.read(cpu, 8));
                    }
                };
            }
            case Operand.Immediate immediate -> constant(d, immediate.value());
            default -> null;
        };
    }

    private static Op constant(int d, long value) {
        return new Op() {
            @Override
            public void execute(CpuState cpu) {
                cpu.gpr[d] = value;
            }
        };
    }

    private static Op storeRegister(EffectiveAddress d, Operand.Register source) {
        int s = source.index();
        if (source.file() != Operand.File.GPR) {
            return null;
        }
        return switch (source.size()) {
            case 1 ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            cpu.mmu.store8(d.write(cpu, 1), (int) cpu.gpr[s]);
                        }
                    };
            case 2 ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            cpu.mmu.store16(d.write(cpu, 2), (int) cpu.gpr[s]);
                        }
                    };
            case 4 ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            cpu.mmu.store32(d.write(cpu, 4), (int) cpu.gpr[s]);
                        }
                    };
            default ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            cpu.mmu.store64(d.write(cpu, 8), cpu.gpr[s]);
                        }
                    };
        };
    }

    private static Op storeImmediate(EffectiveAddress d, Operand.Immediate source) {
        long wide = source.value();
        int value = (int) wide;
        return switch (source.size()) {
            case 1 ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            cpu.mmu.store8(d.write(cpu, 1), value);
                        }
                    };
            case 4 ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            cpu.mmu.store32(d.write(cpu, 4), value);
                        }
                    };
            case 8 ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            cpu.mmu.store64(d.write(cpu, 8), wide);
                        }
                    };
            default -> null;
        };
    }

    private static Op movzx(Instruction instruction, Op.Place place) {
        var target = (Operand.Register) instruction.operand(0);
        int d = target.index();
        Operand source = instruction.operand(1);
        if (target.size() >= 4) {
            if (source instanceof Operand.Memory memory) {
                EffectiveAddress s = new EffectiveAddress(memory, place);
                return source.size() == 1
                        ? new Op() {
                            @Override
                            public void execute(CpuState cpu) {
                                cpu.gpr[d] = cpu.mmu.load8(s.read(cpu, 1));
                            }
                        }
                        : new Op() {
                            @Override
                            public void execute(CpuState cpu) {
                                cpu.gpr[d] = cpu.mmu.load16(s.read(cpu, 2));
                            }
                        };
            }
            if (source instanceof Operand.Register register
                    && register.file() == Operand.File.GPR) {
                int s = register.index();
                long mask = Gpr.mask(register.size());
                return new Op() {
                    @Override
                    public void execute(CpuState cpu) {
                        cpu.gpr[d] = cpu.gpr[s] & mask;
                    }
                };
            }
        }
        Location dst = Location.of(target, place);
        Location src = Location.of(source, place);
        return new Op() {
            @Override
            public void execute(CpuState cpu) {
                dst.write(cpu, src.read(cpu));
            }
        };
    }

    private static Op movsx(Instruction instruction, Op.Place place) {
        Location dst = Location.of(instruction.operand(0), place);
        Location src = Location.of(instruction.operand(1), place);
        int shift = Gpr.shift(src.bytes);
        if (dst.bytes == 8) {
            int d = ((Operand.Register) instruction.operand(0)).index();
            return new Op() {
                @Override
                public void execute(CpuState cpu) {
                    cpu.gpr[d] = src.read(cpu) << shift >> shift;
                }
            };
        }
        if (dst.bytes == 4) {
            int d = ((Operand.Register) instruction.operand(0)).index();
            return new Op() {
                @Override
                public void execute(CpuState cpu) {
                    cpu.gpr[d] = src.read(cpu) << shift >> shift & Gpr.MASK32;
                }
            };
        }
        return new Op() {
            @Override
            public void execute(CpuState cpu) {
                dst.write(cpu, src.read(cpu) << shift >> shift);
            }
        };
    }

    private static Op lea(Instruction instruction, Op.Place place) {
        EffectiveAddress source =
                new EffectiveAddress((Operand.Memory) instruction.operand(1), place);
        var target = (Operand.Register) instruction.operand(0);
        int d = target.index();
        return switch (target.size()) {
            case 2 ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            Gpr.set16(cpu, d, source.offset(cpu));
                        }
                    };
            case 4 ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            cpu.gpr[d] = source.offset(cpu) & Gpr.MASK32;
                        }
                    };
            default ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            cpu.gpr[d] = source.offset(cpu);
                        }
                    };
        };
    }

    private static Op xchg(Instruction instruction, Op.Place place) {
        boolean memorySecond = instruction.operand(1) instanceof Operand.Memory;
        Location a = Location.of(instruction.operand(memorySecond ? 1 : 0), place);
        Location b = Location.of(instruction.operand(memorySecond ? 0 : 1), place);
        return new Op() {
            @Override
            public void execute(CpuState cpu) {
                long address = a.address(cpu);
                long x = a.readForUpdate(cpu, address);
                long y = b.read(cpu);
                a.write(cpu, address, y);
                b.write(cpu, 0, x);
            }
        };
    }

    private static Op bswap(Instruction instruction, Op.Place place) {
        var target = (Operand.Register) instruction.operand(0);
        int d = target.index();
        return switch (target.size()) {
            // With a 16-bit operand the result is undefined; processors clear the word.
            case 2 ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            Gpr.set16(cpu, d, 0);
                        }
                    };
            case 4 ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            cpu.gpr[d] = Integer.reverseBytes((int) cpu.gpr[d]) & Gpr.MASK32;
                        }
                    };
            default ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            cpu.gpr[d] = Long.reverseBytes(cpu.gpr[d]);
                        }
                    };
        };
    }

    private static Op movbe(Instruction instruction, Op.Place place) {
        Location dst = Location.of(instruction.operand(0), place);
        Location src = Location.of(instruction.operand(1), place);
        int shift = Gpr.shift(dst.bytes);
        return new Op() {
            @Override
            public void execute(CpuState cpu) {
                dst.write(cpu, Long.reverseBytes(src.read(cpu)) >>> shift);
            }
        };
    }

    private static Op xlat(Instruction instruction, Op.Place place) {
        int segment = instruction.segment();
        long mask = Gpr.mask(instruction.addressSize());
        return new Op() {
            @Override
            public void execute(CpuState cpu) {
                long offset = (cpu.gpr[CpuState.RBX] + (cpu.gpr[CpuState.RAX] & 0xFF)) & mask;
                Gpr.set8(cpu, CpuState.RAX, cpu.mmu.load8(readAddress(cpu, segment, offset, 1)));
            }
        };
    }

    /** The linear address for reading at an offset of a segment; segment checks done. */
    static long readAddress(CpuState cpu, int segment, long offset, int bytes) {
        SegmentRegister register = cpu.segments[segment];
        if (!register.readUnchecked) {
            Segmentation.checkRead(cpu, segment, offset, bytes);
        }
        return (register.effectiveBase + offset) & cpu.linearMask;
    }

    /** The linear address for writing at an offset of a segment; segment checks done. */
    static long writeAddress(CpuState cpu, int segment, long offset, int bytes) {
        SegmentRegister register = cpu.segments[segment];
        if (!register.writeUnchecked) {
            Segmentation.checkWrite(cpu, segment, offset, bytes);
        }
        return (register.effectiveBase + offset) & cpu.linearMask;
    }

    private static Op extendAccumulator(int fromBytes) {
        int shift = Gpr.shift(fromBytes);
        return new Op() {
            @Override
            public void execute(CpuState cpu) {
                long value = cpu.gpr[CpuState.RAX] << shift >> shift;
                Gpr.set(cpu, CpuState.RAX, 2 * fromBytes, value);
            }
        };
    }

    private static Op signToRdx(int bytes) {
        int shift = Gpr.shift(bytes);
        return new Op() {
            @Override
            public void execute(CpuState cpu) {
                Gpr.set(cpu, CpuState.RDX, bytes, cpu.gpr[CpuState.RAX] << shift >> 63);
            }
        };
    }
}
