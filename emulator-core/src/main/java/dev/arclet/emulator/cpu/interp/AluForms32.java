package dev.arclet.emulator.cpu.interp;

import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.decode.Mnemonic;

/**
 * The 32-bit forms of ADD OR ADC SBB AND SUB XOR CMP TEST, one operation class for each combination
 * of mnemonic and operands: half of all instructions executed are of these, and what the operation
 * is must not be decided again each time.
 */
final class AluForms32 {
    private AluForms32() {}

    /** Register with register. */
    static Op registerRegister(Mnemonic mnemonic, int d, int s) {
        return switch (mnemonic) {
            case ADD ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            cpu.gpr[d] =
                                    Alu.add32(cpu, (int) cpu.gpr[d], (int) cpu.gpr[s]) & Gpr.MASK32;
                        }
                    };
            case OR ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            cpu.gpr[d] =
                                    Alu.or32(cpu, (int) cpu.gpr[d], (int) cpu.gpr[s]) & Gpr.MASK32;
                        }
                    };
            case ADC ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            cpu.gpr[d] =
                                    Alu.adc32(cpu, (int) cpu.gpr[d], (int) cpu.gpr[s]) & Gpr.MASK32;
                        }
                    };
            case SBB ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            cpu.gpr[d] =
                                    Alu.sbb32(cpu, (int) cpu.gpr[d], (int) cpu.gpr[s]) & Gpr.MASK32;
                        }
                    };
            case AND ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            cpu.gpr[d] =
                                    Alu.and32(cpu, (int) cpu.gpr[d], (int) cpu.gpr[s]) & Gpr.MASK32;
                        }
                    };
            case SUB ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            cpu.gpr[d] =
                                    Alu.sub32(cpu, (int) cpu.gpr[d], (int) cpu.gpr[s]) & Gpr.MASK32;
                        }
                    };
            case XOR ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            cpu.gpr[d] =
                                    Alu.xor32(cpu, (int) cpu.gpr[d], (int) cpu.gpr[s]) & Gpr.MASK32;
                        }
                    };
            case CMP ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            Alu.sub32(cpu, (int) cpu.gpr[d], (int) cpu.gpr[s]);
                        }
                    };
            case TEST ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            Alu.and32(cpu, (int) cpu.gpr[d], (int) cpu.gpr[s]);
                        }
                    };
            default -> throw new IllegalArgumentException(mnemonic.name());
        };
    }

    /** Register with immediate. */
    static Op registerImmediate(Mnemonic mnemonic, int d, int value) {
        return switch (mnemonic) {
            case ADD ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            cpu.gpr[d] = Alu.add32(cpu, (int) cpu.gpr[d], value) & Gpr.MASK32;
                        }
                    };
            case OR ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            cpu.gpr[d] = Alu.or32(cpu, (int) cpu.gpr[d], value) & Gpr.MASK32;
                        }
                    };
            case ADC ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            cpu.gpr[d] = Alu.adc32(cpu, (int) cpu.gpr[d], value) & Gpr.MASK32;
                        }
                    };
            case SBB ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            cpu.gpr[d] = Alu.sbb32(cpu, (int) cpu.gpr[d], value) & Gpr.MASK32;
                        }
                    };
            case AND ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            cpu.gpr[d] = Alu.and32(cpu, (int) cpu.gpr[d], value) & Gpr.MASK32;
                        }
                    };
            case SUB ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            cpu.gpr[d] = Alu.sub32(cpu, (int) cpu.gpr[d], value) & Gpr.MASK32;
                        }
                    };
            case XOR ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            cpu.gpr[d] = Alu.xor32(cpu, (int) cpu.gpr[d], value) & Gpr.MASK32;
                        }
                    };
            case CMP ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            Alu.sub32(cpu, (int) cpu.gpr[d], value);
                        }
                    };
            case TEST ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            Alu.and32(cpu, (int) cpu.gpr[d], value);
                        }
                    };
            default -> throw new IllegalArgumentException(mnemonic.name());
        };
    }

    /** Register with memory. */
    static Op registerMemory(Mnemonic mnemonic, int d, EffectiveAddress s) {
        return switch (mnemonic) {
            case ADD ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            int value = cpu.mmu.load32(s.read(cpu, 4));
                            cpu.gpr[d] = Alu.add32(cpu, (int) cpu.gpr[d], value) & Gpr.MASK32;
                        }
                    };
            case OR ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            int value = cpu.mmu.load32(s.read(cpu, 4));
                            cpu.gpr[d] = Alu.or32(cpu, (int) cpu.gpr[d], value) & Gpr.MASK32;
                        }
                    };
            case ADC ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            int value = cpu.mmu.load32(s.read(cpu, 4));
                            cpu.gpr[d] = Alu.adc32(cpu, (int) cpu.gpr[d], value) & Gpr.MASK32;
                        }
                    };
            case SBB ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            int value = cpu.mmu.load32(s.read(cpu, 4));
                            cpu.gpr[d] = Alu.sbb32(cpu, (int) cpu.gpr[d], value) & Gpr.MASK32;
                        }
                    };
            case AND ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            int value = cpu.mmu.load32(s.read(cpu, 4));
                            cpu.gpr[d] = Alu.and32(cpu, (int) cpu.gpr[d], value) & Gpr.MASK32;
                        }
                    };
            case SUB ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            int value = cpu.mmu.load32(s.read(cpu, 4));
                            cpu.gpr[d] = Alu.sub32(cpu, (int) cpu.gpr[d], value) & Gpr.MASK32;
                        }
                    };
            case XOR ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            int value = cpu.mmu.load32(s.read(cpu, 4));
                            cpu.gpr[d] = Alu.xor32(cpu, (int) cpu.gpr[d], value) & Gpr.MASK32;
                        }
                    };
            case CMP ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            int value = cpu.mmu.load32(s.read(cpu, 4));
                            Alu.sub32(cpu, (int) cpu.gpr[d], value);
                        }
                    };
            case TEST ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            int value = cpu.mmu.load32(s.read(cpu, 4));
                            Alu.and32(cpu, (int) cpu.gpr[d], value);
                        }
                    };
            default -> throw new IllegalArgumentException(mnemonic.name());
        };
    }

    /** Memory with register. */
    static Op memoryRegister(Mnemonic mnemonic, EffectiveAddress d, int s) {
        return switch (mnemonic) {
            case ADD ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            long address = d.write(cpu, 4);
                            int value = cpu.mmu.loadForUpdate32(address);
                            cpu.mmu.store32(address, Alu.add32(cpu, value, (int) cpu.gpr[s]));
                        }
                    };
            case OR ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            long address = d.write(cpu, 4);
                            int value = cpu.mmu.loadForUpdate32(address);
                            cpu.mmu.store32(address, Alu.or32(cpu, value, (int) cpu.gpr[s]));
                        }
                    };
            case ADC ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            long address = d.write(cpu, 4);
                            int value = cpu.mmu.loadForUpdate32(address);
                            cpu.mmu.store32(address, Alu.adc32(cpu, value, (int) cpu.gpr[s]));
                        }
                    };
            case SBB ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            long address = d.write(cpu, 4);
                            int value = cpu.mmu.loadForUpdate32(address);
                            cpu.mmu.store32(address, Alu.sbb32(cpu, value, (int) cpu.gpr[s]));
                        }
                    };
            case AND ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            long address = d.write(cpu, 4);
                            int value = cpu.mmu.loadForUpdate32(address);
                            cpu.mmu.store32(address, Alu.and32(cpu, value, (int) cpu.gpr[s]));
                        }
                    };
            case SUB ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            long address = d.write(cpu, 4);
                            int value = cpu.mmu.loadForUpdate32(address);
                            cpu.mmu.store32(address, Alu.sub32(cpu, value, (int) cpu.gpr[s]));
                        }
                    };
            case XOR ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            long address = d.write(cpu, 4);
                            int value = cpu.mmu.loadForUpdate32(address);
                            cpu.mmu.store32(address, Alu.xor32(cpu, value, (int) cpu.gpr[s]));
                        }
                    };
            case CMP ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            int value = cpu.mmu.load32(d.read(cpu, 4));
                            Alu.sub32(cpu, value, (int) cpu.gpr[s]);
                        }
                    };
            case TEST ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            int value = cpu.mmu.load32(d.read(cpu, 4));
                            Alu.and32(cpu, value, (int) cpu.gpr[s]);
                        }
                    };
            default -> throw new IllegalArgumentException(mnemonic.name());
        };
    }

    /** Memory with immediate. */
    static Op memoryImmediate(Mnemonic mnemonic, EffectiveAddress d, int source) {
        return switch (mnemonic) {
            case ADD ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            long address = d.write(cpu, 4);
                            int value = cpu.mmu.loadForUpdate32(address);
                            cpu.mmu.store32(address, Alu.add32(cpu, value, source));
                        }
                    };
            case OR ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            long address = d.write(cpu, 4);
                            int value = cpu.mmu.loadForUpdate32(address);
                            cpu.mmu.store32(address, Alu.or32(cpu, value, source));
                        }
                    };
            case ADC ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            long address = d.write(cpu, 4);
                            int value = cpu.mmu.loadForUpdate32(address);
                            cpu.mmu.store32(address, Alu.adc32(cpu, value, source));
                        }
                    };
            case SBB ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            long address = d.write(cpu, 4);
                            int value = cpu.mmu.loadForUpdate32(address);
                            cpu.mmu.store32(address, Alu.sbb32(cpu, value, source));
                        }
                    };
            case AND ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            long address = d.write(cpu, 4);
                            int value = cpu.mmu.loadForUpdate32(address);
                            cpu.mmu.store32(address, Alu.and32(cpu, value, source));
                        }
                    };
            case SUB ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            long address = d.write(cpu, 4);
                            int value = cpu.mmu.loadForUpdate32(address);
                            cpu.mmu.store32(address, Alu.sub32(cpu, value, source));
                        }
                    };
            case XOR ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            long address = d.write(cpu, 4);
                            int value = cpu.mmu.loadForUpdate32(address);
                            cpu.mmu.store32(address, Alu.xor32(cpu, value, source));
                        }
                    };
            case CMP ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            int value = cpu.mmu.load32(d.read(cpu, 4));
                            Alu.sub32(cpu, value, source);
                        }
                    };
            case TEST ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            int value = cpu.mmu.load32(d.read(cpu, 4));
                            Alu.and32(cpu, value, source);
                        }
                    };
            default -> throw new IllegalArgumentException(mnemonic.name());
        };
    }
}
