package dev.arclet.emulator.cpu.interp;

import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.decode.Mnemonic;

/**
 * The 64-bit forms of ADD OR ADC SBB AND SUB XOR CMP TEST, one operation class for each combination
 * of mnemonic and operands: half of all instructions executed are of these, and what the operation
 * is must not be decided again each time.
 */
final class AluForms64 {
    private AluForms64() {}

    /** Register with register. */
    static Op registerRegister(Mnemonic mnemonic, int d, int s) {
        return switch (mnemonic) {
            case ADD ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            cpu.gpr[d] = Alu.add64(cpu, cpu.gpr[d], cpu.gpr[s]);
                        }
                    };
            case OR ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            cpu.gpr[d] = Alu.or64(cpu, cpu.gpr[d], cpu.gpr[s]);
                        }
                    };
            case ADC ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            cpu.gpr[d] = Alu.adc64(cpu, cpu.gpr[d], cpu.gpr[s]);
                        }
                    };
            case SBB ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            cpu.gpr[d] = Alu.sbb64(cpu, cpu.gpr[d], cpu.gpr[s]);
                        }
                    };
            case AND ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            cpu.gpr[d] = Alu.and64(cpu, cpu.gpr[d], cpu.gpr[s]);
                        }
                    };
            case SUB ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            cpu.gpr[d] = Alu.sub64(cpu, cpu.gpr[d], cpu.gpr[s]);
                        }
                    };
            case XOR ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            cpu.gpr[d] = Alu.xor64(cpu, cpu.gpr[d], cpu.gpr[s]);
                        }
                    };
            case CMP ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            Alu.sub64(cpu, cpu.gpr[d], cpu.gpr[s]);
                        }
                    };
            case TEST ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            Alu.and64(cpu, cpu.gpr[d], cpu.gpr[s]);
                        }
                    };
            default -> throw new IllegalArgumentException(mnemonic.name());
        };
    }

    /** Register with immediate. */
    static Op registerImmediate(Mnemonic mnemonic, int d, long value) {
        return switch (mnemonic) {
            case ADD ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            cpu.gpr[d] = Alu.add64(cpu, cpu.gpr[d], value);
                        }
                    };
            case OR ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            cpu.gpr[d] = Alu.or64(cpu, cpu.gpr[d], value);
                        }
                    };
            case ADC ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            cpu.gpr[d] = Alu.adc64(cpu, cpu.gpr[d], value);
                        }
                    };
            case SBB ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            cpu.gpr[d] = Alu.sbb64(cpu, cpu.gpr[d], value);
                        }
                    };
            case AND ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            cpu.gpr[d] = Alu.and64(cpu, cpu.gpr[d], value);
                        }
                    };
            case SUB ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            cpu.gpr[d] = Alu.sub64(cpu, cpu.gpr[d], value);
                        }
                    };
            case XOR ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            cpu.gpr[d] = Alu.xor64(cpu, cpu.gpr[d], value);
                        }
                    };
            case CMP ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            Alu.sub64(cpu, cpu.gpr[d], value);
                        }
                    };
            case TEST ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            Alu.and64(cpu, cpu.gpr[d], value);
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
                            long value = cpu.mmu.load64(s.read(cpu, 8));
                            cpu.gpr[d] = Alu.add64(cpu, cpu.gpr[d], value);
                        }
                    };
            case OR ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            long value = cpu.mmu.load64(s.read(cpu, 8));
                            cpu.gpr[d] = Alu.or64(cpu, cpu.gpr[d], value);
                        }
                    };
            case ADC ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            long value = cpu.mmu.load64(s.read(cpu, 8));
                            cpu.gpr[d] = Alu.adc64(cpu, cpu.gpr[d], value);
                        }
                    };
            case SBB ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            long value = cpu.mmu.load64(s.read(cpu, 8));
                            cpu.gpr[d] = Alu.sbb64(cpu, cpu.gpr[d], value);
                        }
                    };
            case AND ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            long value = cpu.mmu.load64(s.read(cpu, 8));
                            cpu.gpr[d] = Alu.and64(cpu, cpu.gpr[d], value);
                        }
                    };
            case SUB ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            long value = cpu.mmu.load64(s.read(cpu, 8));
                            cpu.gpr[d] = Alu.sub64(cpu, cpu.gpr[d], value);
                        }
                    };
            case XOR ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            long value = cpu.mmu.load64(s.read(cpu, 8));
                            cpu.gpr[d] = Alu.xor64(cpu, cpu.gpr[d], value);
                        }
                    };
            case CMP ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            long value = cpu.mmu.load64(s.read(cpu, 8));
                            Alu.sub64(cpu, cpu.gpr[d], value);
                        }
                    };
            case TEST ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            long value = cpu.mmu.load64(s.read(cpu, 8));
                            Alu.and64(cpu, cpu.gpr[d], value);
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
                            long address = d.write(cpu, 8);
                            long value = cpu.mmu.loadForUpdate64(address);
                            cpu.mmu.store64(address, Alu.add64(cpu, value, cpu.gpr[s]));
                        }
                    };
            case OR ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            long address = d.write(cpu, 8);
                            long value = cpu.mmu.loadForUpdate64(address);
                            cpu.mmu.store64(address, Alu.or64(cpu, value, cpu.gpr[s]));
                        }
                    };
            case ADC ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            long address = d.write(cpu, 8);
                            long value = cpu.mmu.loadForUpdate64(address);
                            cpu.mmu.store64(address, Alu.adc64(cpu, value, cpu.gpr[s]));
                        }
                    };
            case SBB ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            long address = d.write(cpu, 8);
                            long value = cpu.mmu.loadForUpdate64(address);
                            cpu.mmu.store64(address, Alu.sbb64(cpu, value, cpu.gpr[s]));
                        }
                    };
            case AND ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            long address = d.write(cpu, 8);
                            long value = cpu.mmu.loadForUpdate64(address);
                            cpu.mmu.store64(address, Alu.and64(cpu, value, cpu.gpr[s]));
                        }
                    };
            case SUB ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            long address = d.write(cpu, 8);
                            long value = cpu.mmu.loadForUpdate64(address);
                            cpu.mmu.store64(address, Alu.sub64(cpu, value, cpu.gpr[s]));
                        }
                    };
            case XOR ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            long address = d.write(cpu, 8);
                            long value = cpu.mmu.loadForUpdate64(address);
                            cpu.mmu.store64(address, Alu.xor64(cpu, value, cpu.gpr[s]));
                        }
                    };
            case CMP ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            long value = cpu.mmu.load64(d.read(cpu, 8));
                            Alu.sub64(cpu, value, cpu.gpr[s]);
                        }
                    };
            case TEST ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            long value = cpu.mmu.load64(d.read(cpu, 8));
                            Alu.and64(cpu, value, cpu.gpr[s]);
                        }
                    };
            default -> throw new IllegalArgumentException(mnemonic.name());
        };
    }

    /** Memory with immediate. */
    static Op memoryImmediate(Mnemonic mnemonic, EffectiveAddress d, long source) {
        return switch (mnemonic) {
            case ADD ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            long address = d.write(cpu, 8);
                            long value = cpu.mmu.loadForUpdate64(address);
                            cpu.mmu.store64(address, Alu.add64(cpu, value, source));
                        }
                    };
            case OR ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            long address = d.write(cpu, 8);
                            long value = cpu.mmu.loadForUpdate64(address);
                            cpu.mmu.store64(address, Alu.or64(cpu, value, source));
                        }
                    };
            case ADC ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            long address = d.write(cpu, 8);
                            long value = cpu.mmu.loadForUpdate64(address);
                            cpu.mmu.store64(address, Alu.adc64(cpu, value, source));
                        }
                    };
            case SBB ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            long address = d.write(cpu, 8);
                            long value = cpu.mmu.loadForUpdate64(address);
                            cpu.mmu.store64(address, Alu.sbb64(cpu, value, source));
                        }
                    };
            case AND ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            long address = d.write(cpu, 8);
                            long value = cpu.mmu.loadForUpdate64(address);
                            cpu.mmu.store64(address, Alu.and64(cpu, value, source));
                        }
                    };
            case SUB ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            long address = d.write(cpu, 8);
                            long value = cpu.mmu.loadForUpdate64(address);
                            cpu.mmu.store64(address, Alu.sub64(cpu, value, source));
                        }
                    };
            case XOR ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            long address = d.write(cpu, 8);
                            long value = cpu.mmu.loadForUpdate64(address);
                            cpu.mmu.store64(address, Alu.xor64(cpu, value, source));
                        }
                    };
            case CMP ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            long value = cpu.mmu.load64(d.read(cpu, 8));
                            Alu.sub64(cpu, value, source);
                        }
                    };
            case TEST ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            long value = cpu.mmu.load64(d.read(cpu, 8));
                            Alu.and64(cpu, value, source);
                        }
                    };
            default -> throw new IllegalArgumentException(mnemonic.name());
        };
    }
}
