package dev.arclet.emulator.cpu.interp;

import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.Eflags;
import dev.arclet.emulator.cpu.LazyFlags;
import dev.arclet.emulator.cpu.decode.Instruction;
import dev.arclet.emulator.cpu.decode.Mnemonic;
import dev.arclet.emulator.cpu.decode.Operand;

/** SETcc, CMOVcc, the instructions on single flags, and those that do nothing. */
final class FlagOps {
    private static final int AH_FLAGS =
            LazyFlags.CF | LazyFlags.PF | LazyFlags.AF | LazyFlags.ZF | LazyFlags.SF;

    private FlagOps() {}

    static void register(OpTable table) {
        table.put(Mnemonic.SETCC, FlagOps::setcc);
        table.put(Mnemonic.CMOVCC, FlagOps::cmovcc);
        table.put(Mnemonic.CLC, (i, p) -> changeCarry(~LazyFlags.CF, 0));
        table.put(Mnemonic.STC, (i, p) -> changeCarry(~LazyFlags.CF, LazyFlags.CF));
        table.put(Mnemonic.CMC, (i, p) -> changeCarry(-1, LazyFlags.CF));
        table.put(Mnemonic.CLD, (i, p) -> direction(0));
        table.put(Mnemonic.STD, (i, p) -> direction(Eflags.DF));
        table.put(Mnemonic.LAHF, FlagOps::lahf);
        table.put(Mnemonic.SAHF, FlagOps::sahf);
        table.put(Mnemonic.SALC, FlagOps::salc);
        for (Mnemonic mnemonic :
                new Mnemonic[] {
                    Mnemonic.NOP,
                    Mnemonic.PAUSE,
                    Mnemonic.PREFETCH,
                    Mnemonic.LFENCE,
                    Mnemonic.SFENCE,
                    Mnemonic.MFENCE
                }) {
            table.put(mnemonic, FlagOps::nop);
        }
    }

    private static Op setcc(Instruction instruction, Op.Place place) {
        Location dst = Location.of(instruction.operand(0), place);
        int condition = instruction.condition();
        return new Op() {
            @Override
            public void execute(CpuState cpu) {
                dst.write(cpu, LazyFlags.condition(cpu, condition) ? 1 : 0);
            }
        };
    }

    private static Op cmovcc(Instruction instruction, Op.Place place) {
        Location dst = Location.of(instruction.operand(0), place);
        Location src = Location.of(instruction.operand(1), place);
        int condition = instruction.condition();
        if (instruction.operand(0).size() == 4
                && instruction.operand(1) instanceof Operand.Register register) {
            int s = register.index();
            int d = ((Operand.Register) instruction.operand(0)).index();
            return new Op() {
                @Override
                public void execute(CpuState cpu) {
                    int from = LazyFlags.condition(cpu, condition) ? s : d;
                    cpu.gpr[d] = cpu.gpr[from] & Gpr.MASK32;
                }
            };
        }
        if (instruction.operand(0).size() == 8
                && instruction.operand(1) instanceof Operand.Register register) {
            int s = register.index();
            int d = ((Operand.Register) instruction.operand(0)).index();
            return new Op() {
                @Override
                public void execute(CpuState cpu) {
                    if (LazyFlags.condition(cpu, condition)) {
                        cpu.gpr[d] = cpu.gpr[s];
                    }
                }
            };
        }
        return new Op() {
            @Override
            public void execute(CpuState cpu) {
                // The source is read, and the upper half cleared, whether the condition holds or
                // not.
                long value = src.read(cpu);
                dst.write(cpu, LazyFlags.condition(cpu, condition) ? value : dst.read(cpu));
            }
        };
    }

    private static Op changeCarry(int keep, int flip) {
        return new Op() {
            @Override
            public void execute(CpuState cpu) {
                cpu.setArithmeticFlags((LazyFlags.compute(cpu) & keep) ^ flip);
            }
        };
    }

    private static Op direction(int set) {
        return new Op() {
            @Override
            public void execute(CpuState cpu) {
                cpu.systemFlags = (cpu.systemFlags & ~Eflags.DF) | set;
            }
        };
    }

    private static Op lahf(Instruction instruction, Op.Place place) {
        return new Op() {
            @Override
            public void execute(CpuState cpu) {
                Gpr.setHigh8(cpu, 0, (LazyFlags.compute(cpu) & AH_FLAGS) | 2);
            }
        };
    }

    private static Op sahf(Instruction instruction, Op.Place place) {
        return new Op() {
            @Override
            public void execute(CpuState cpu) {
                int overflow = LazyFlags.compute(cpu) & LazyFlags.OF;
                int ah = (int) (cpu.gpr[CpuState.RAX] >>> 8);
                cpu.setArithmeticFlags((ah & AH_FLAGS) | overflow);
            }
        };
    }

    private static Op salc(Instruction instruction, Op.Place place) {
        return new Op() {
            @Override
            public void execute(CpuState cpu) {
                Gpr.set8(cpu, CpuState.RAX, LazyFlags.carry(cpu) ? 0xFF : 0);
            }
        };
    }

    private static Op nop(Instruction instruction, Op.Place place) {
        return new Op() {
            @Override
            public void execute(CpuState cpu) {}
        };
    }
}
