package dev.arclet.emulator.cpu.interp;

import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.decode.Instruction;
import dev.arclet.emulator.cpu.decode.Operand;

/** The byte forms of CMP, TEST, AND and OR that compilers emit most, specialised. */
final class ByteForms {
    private static final int SHIFT = 56;

    private ByteForms() {}

    /** The operation, or null if the form is not here. */
    static Op create(Instruction instruction, Op.Place place) {
        Operand first = instruction.operand(0);
        Operand second = instruction.operand(1);
        if (second instanceof Operand.Immediate immediate) {
            if (first instanceof Operand.Memory memory) {
                return memoryImmediate(
                        instruction, new EffectiveAddress(memory, place), immediate.value());
            }
            return isLowByte(first)
                    ? registerImmediate(instruction, index(first), immediate.value())
                    : null;
        }
        if (isLowByte(first) && isLowByte(second)) {
            return registerRegister(instruction, index(first), index(second));
        }
        return null;
    }

    private static boolean isLowByte(Operand operand) {
        return operand instanceof Operand.Register register && register.file() == Operand.File.GPR;
    }

    private static int index(Operand operand) {
        return ((Operand.Register) operand).index();
    }

    private static Op memoryImmediate(Instruction instruction, EffectiveAddress d, long value) {
        return switch (instruction.mnemonic()) {
            case CMP ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            Alu.sub(cpu, cpu.mmu.load8(d.read(cpu, 1)), value, SHIFT);
                        }
                    };
            case TEST ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            Alu.and(cpu, cpu.mmu.load8(d.read(cpu, 1)), value, SHIFT);
                        }
                    };
            case AND ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            long address = d.write(cpu, 1);
                            int old = cpu.mmu.loadForUpdate8(address);
                            cpu.mmu.store8(address, (int) Alu.and(cpu, old, value, SHIFT));
                        }
                    };
            case OR ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            long address = d.write(cpu, 1);
                            int old = cpu.mmu.loadForUpdate8(address);
                            cpu.mmu.store8(address, (int) Alu.or(cpu, old, value, SHIFT));
                        }
                    };
            default -> null;
        };
    }

    private static Op registerImmediate(Instruction instruction, int d, long value) {
        return switch (instruction.mnemonic()) {
            case CMP ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            Alu.sub(cpu, cpu.gpr[d], value, SHIFT);
                        }
                    };
            case TEST ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            Alu.and(cpu, cpu.gpr[d], value, SHIFT);
                        }
                    };
            case AND ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            Gpr.set8(cpu, d, Alu.and(cpu, cpu.gpr[d], value, SHIFT));
                        }
                    };
            case OR ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            Gpr.set8(cpu, d, Alu.or(cpu, cpu.gpr[d], value, SHIFT));
                        }
                    };
            default -> null;
        };
    }

    private static Op registerRegister(Instruction instruction, int d, int s) {
        return switch (instruction.mnemonic()) {
            case CMP ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            Alu.sub(cpu, cpu.gpr[d], cpu.gpr[s], SHIFT);
                        }
                    };
            case TEST ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            Alu.and(cpu, cpu.gpr[d], cpu.gpr[s], SHIFT);
                        }
                    };
            default -> null;
        };
    }
}
