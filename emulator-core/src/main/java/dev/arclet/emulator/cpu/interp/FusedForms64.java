package dev.arclet.emulator.cpu.interp;

import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.LazyFlags;
import dev.arclet.emulator.cpu.decode.Instruction;

/** 64-bit CMP and TEST joined with the Jcc behind; see {@link FusedOp}. */
final class FusedForms64 {
    private FusedForms64() {}

    /** CMP register, register. Null for conditions that hardly follow one. */
    static FusedOp compareRegister(Instruction jcc, Op first, PlacedOp second, int d, int s) {
        boolean wanted = (jcc.condition() & 1) == 0;
        return switch (jcc.condition() >> 1) {
            case 1 ->
                    new FusedOp(jcc, first, second) {
                        @Override
                        public void execute(CpuState cpu) {
                            Alu.sub64(cpu, cpu.gpr[d], cpu.gpr[s]);
                            branch(cpu, LazyFlags.carry(cpu) == wanted);
                        }
                    };
            case 2 ->
                    new FusedOp(jcc, first, second) {
                        @Override
                        public void execute(CpuState cpu) {
                            Alu.sub64(cpu, cpu.gpr[d], cpu.gpr[s]);
                            branch(cpu, LazyFlags.zero(cpu) == wanted);
                        }
                    };
            case 3 ->
                    new FusedOp(jcc, first, second) {
                        @Override
                        public void execute(CpuState cpu) {
                            Alu.sub64(cpu, cpu.gpr[d], cpu.gpr[s]);
                            branch(cpu, LazyFlags.belowOrEqual(cpu) == wanted);
                        }
                    };
            case 4 ->
                    new FusedOp(jcc, first, second) {
                        @Override
                        public void execute(CpuState cpu) {
                            Alu.sub64(cpu, cpu.gpr[d], cpu.gpr[s]);
                            branch(cpu, LazyFlags.sign(cpu) == wanted);
                        }
                    };
            case 6 ->
                    new FusedOp(jcc, first, second) {
                        @Override
                        public void execute(CpuState cpu) {
                            Alu.sub64(cpu, cpu.gpr[d], cpu.gpr[s]);
                            branch(cpu, LazyFlags.less(cpu) == wanted);
                        }
                    };
            case 7 ->
                    new FusedOp(jcc, first, second) {
                        @Override
                        public void execute(CpuState cpu) {
                            Alu.sub64(cpu, cpu.gpr[d], cpu.gpr[s]);
                            branch(cpu, LazyFlags.lessOrEqual(cpu) == wanted);
                        }
                    };
            default -> null;
        };
    }

    /** CMP register, immediate. Null for conditions that hardly follow one. */
    static FusedOp compareImmediate(Instruction jcc, Op first, PlacedOp second, int d, long value) {
        boolean wanted = (jcc.condition() & 1) == 0;
        return switch (jcc.condition() >> 1) {
            case 1 ->
                    new FusedOp(jcc, first, second) {
                        @Override
                        public void execute(CpuState cpu) {
                            Alu.sub64(cpu, cpu.gpr[d], value);
                            branch(cpu, LazyFlags.carry(cpu) == wanted);
                        }
                    };
            case 2 ->
                    new FusedOp(jcc, first, second) {
                        @Override
                        public void execute(CpuState cpu) {
                            Alu.sub64(cpu, cpu.gpr[d], value);
                            branch(cpu, LazyFlags.zero(cpu) == wanted);
                        }
                    };
            case 3 ->
                    new FusedOp(jcc, first, second) {
                        @Override
                        public void execute(CpuState cpu) {
                            Alu.sub64(cpu, cpu.gpr[d], value);
                            branch(cpu, LazyFlags.belowOrEqual(cpu) == wanted);
                        }
                    };
            case 4 ->
                    new FusedOp(jcc, first, second) {
                        @Override
                        public void execute(CpuState cpu) {
                            Alu.sub64(cpu, cpu.gpr[d], value);
                            branch(cpu, LazyFlags.sign(cpu) == wanted);
                        }
                    };
            case 6 ->
                    new FusedOp(jcc, first, second) {
                        @Override
                        public void execute(CpuState cpu) {
                            Alu.sub64(cpu, cpu.gpr[d], value);
                            branch(cpu, LazyFlags.less(cpu) == wanted);
                        }
                    };
            case 7 ->
                    new FusedOp(jcc, first, second) {
                        @Override
                        public void execute(CpuState cpu) {
                            Alu.sub64(cpu, cpu.gpr[d], value);
                            branch(cpu, LazyFlags.lessOrEqual(cpu) == wanted);
                        }
                    };
            default -> null;
        };
    }

    /** TEST register, register. Null for conditions that hardly follow one. */
    static FusedOp testRegister(Instruction jcc, Op first, PlacedOp second, int d, int s) {
        boolean wanted = (jcc.condition() & 1) == 0;
        return switch (jcc.condition() >> 1) {
            case 2 ->
                    new FusedOp(jcc, first, second) {
                        @Override
                        public void execute(CpuState cpu) {
                            Alu.and64(cpu, cpu.gpr[d], cpu.gpr[s]);
                            branch(cpu, LazyFlags.zero(cpu) == wanted);
                        }
                    };
            case 4 ->
                    new FusedOp(jcc, first, second) {
                        @Override
                        public void execute(CpuState cpu) {
                            Alu.and64(cpu, cpu.gpr[d], cpu.gpr[s]);
                            branch(cpu, LazyFlags.sign(cpu) == wanted);
                        }
                    };
            case 6 ->
                    new FusedOp(jcc, first, second) {
                        @Override
                        public void execute(CpuState cpu) {
                            Alu.and64(cpu, cpu.gpr[d], cpu.gpr[s]);
                            branch(cpu, LazyFlags.less(cpu) == wanted);
                        }
                    };
            case 7 ->
                    new FusedOp(jcc, first, second) {
                        @Override
                        public void execute(CpuState cpu) {
                            Alu.and64(cpu, cpu.gpr[d], cpu.gpr[s]);
                            branch(cpu, LazyFlags.lessOrEqual(cpu) == wanted);
                        }
                    };
            default -> null;
        };
    }

    /** TEST register, immediate. Null for conditions that hardly follow one. */
    static FusedOp testImmediate(Instruction jcc, Op first, PlacedOp second, int d, long value) {
        boolean wanted = (jcc.condition() & 1) == 0;
        return switch (jcc.condition() >> 1) {
            case 2 ->
                    new FusedOp(jcc, first, second) {
                        @Override
                        public void execute(CpuState cpu) {
                            Alu.and64(cpu, cpu.gpr[d], value);
                            branch(cpu, LazyFlags.zero(cpu) == wanted);
                        }
                    };
            case 4 ->
                    new FusedOp(jcc, first, second) {
                        @Override
                        public void execute(CpuState cpu) {
                            Alu.and64(cpu, cpu.gpr[d], value);
                            branch(cpu, LazyFlags.sign(cpu) == wanted);
                        }
                    };
            case 6 ->
                    new FusedOp(jcc, first, second) {
                        @Override
                        public void execute(CpuState cpu) {
                            Alu.and64(cpu, cpu.gpr[d], value);
                            branch(cpu, LazyFlags.less(cpu) == wanted);
                        }
                    };
            case 7 ->
                    new FusedOp(jcc, first, second) {
                        @Override
                        public void execute(CpuState cpu) {
                            Alu.and64(cpu, cpu.gpr[d], value);
                            branch(cpu, LazyFlags.lessOrEqual(cpu) == wanted);
                        }
                    };
            default -> null;
        };
    }
}
