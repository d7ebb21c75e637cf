package dev.arclet.emulator.cpu.interp;

import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.LazyFlags;
import dev.arclet.emulator.cpu.decode.Instruction;
import dev.arclet.emulator.cpu.decode.Mnemonic;
import dev.arclet.emulator.cpu.decode.Operand;

/** SHL SHR SAR ROL ROR RCL RCR SHLD SHRD. */
final class ShiftOps {
    private ShiftOps() {}

    static void register(OpTable table) {
        table.put(Mnemonic.SHL, (i, p) -> shift(i, p, Shifts::shl));
        table.put(Mnemonic.SHR, (i, p) -> shift(i, p, Shifts::shr));
        table.put(Mnemonic.SAR, (i, p) -> shift(i, p, Shifts::sar));
        table.put(Mnemonic.ROL, (i, p) -> shift(i, p, Shifts::rol));
        table.put(Mnemonic.ROR, (i, p) -> shift(i, p, Shifts::ror));
        table.put(Mnemonic.RCL, (i, p) -> shift(i, p, Shifts::rcl));
        table.put(Mnemonic.RCR, (i, p) -> shift(i, p, Shifts::rcr));
        table.put(Mnemonic.SHLD, (i, p) -> doubleShift(i, p, true));
        table.put(Mnemonic.SHRD, (i, p) -> doubleShift(i, p, false));
    }

    private static Op shift(Instruction instruction, Op.Place place, Shifts.Shift operation) {
        if (instruction.operand(1) instanceof Operand.Immediate amount
                && instruction.operand(0) instanceof Operand.Register target
                && target.size() == 4
                && (amount.value() & 31) != 0) {
            Op op = shift32(instruction.mnemonic(), target.index(), (int) amount.value() & 31);
            if (op != null) {
                return op;
            }
        }
        if (instruction.operand(1) instanceof Operand.Immediate amount
                && instruction.operand(0) instanceof Operand.Register target
                && target.size() == 8
                && (amount.value() & 63) != 0) {
            Op op = shift64(instruction.mnemonic(), target.index(), (int) amount.value() & 63);
            if (op != null) {
                return op;
            }
        }
        Location dst = Location.of(instruction.operand(0), place);
        Location count = Location.of(instruction.operand(1), place);
        int bits = 8 * dst.bytes;
        int countMask = bits == 64 ? 63 : 31;
        return new Op() {
            @Override
            public void execute(CpuState cpu) {
                long address = dst.address(cpu);
                long value = dst.readForUpdate(cpu, address);
                int n = (int) count.read(cpu) & countMask;
                dst.write(cpu, address, operation.apply(cpu, value, n, bits));
            }
        };
    }

    /** A 32-bit register by a constant of 1..31; null for the rotates through carry. */
    private static Op shift32(Mnemonic mnemonic, int d, int n) {
        return switch (mnemonic) {
            case SHL ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            int value = (int) cpu.gpr[d];
                            int result = value << n;
                            int carry = value >>> (32 - n) & 1;
                            LazyFlags.set(cpu, result, carry | (carry ^ (result >>> 31)) << 11);
                            cpu.gpr[d] = result & Gpr.MASK32;
                        }
                    };
            case SHR ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            int value = (int) cpu.gpr[d];
                            int result = value >>> n;
                            LazyFlags.set(
                                    cpu, result, (value >>> (n - 1) & 1) | (value >>> 31) << 11);
                            cpu.gpr[d] = result;
                        }
                    };
            case SAR ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            int value = (int) cpu.gpr[d];
                            int result = value >> n;
                            LazyFlags.set(cpu, result, value >> (n - 1) & 1);
                            cpu.gpr[d] = result & Gpr.MASK32;
                        }
                    };
            default -> null;
        };
    }

    /** A 64-bit register by a constant of 1..63; null for the rotates. */
    private static Op shift64(Mnemonic mnemonic, int d, int n) {
        return switch (mnemonic) {
            case SHL ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            cpu.gpr[d] = Shifts.shl(cpu, cpu.gpr[d], n, 64);
                        }
                    };
            case SHR ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            cpu.gpr[d] = Shifts.shr(cpu, cpu.gpr[d], n, 64);
                        }
                    };
            case SAR ->
                    new Op() {
                        @Override
                        public void execute(CpuState cpu) {
                            cpu.gpr[d] = Shifts.sar(cpu, cpu.gpr[d], n, 64);
                        }
                    };
            default -> null;
        };
    }

    private static Op doubleShift(Instruction instruction, Op.Place place, boolean left) {
        Location dst = Location.of(instruction.operand(0), place);
        Location src = Location.of(instruction.operand(1), place);
        Location count = Location.of(instruction.operand(2), place);
        int bits = 8 * dst.bytes;
        int countMask = bits == 64 ? 63 : 31;
        return new Op() {
            @Override
            public void execute(CpuState cpu) {
                long address = dst.address(cpu);
                long a = dst.readForUpdate(cpu, address);
                long b = src.read(cpu);
                int n = (int) count.read(cpu) & countMask;
                dst.write(
                        cpu,
                        address,
                        left ? Shifts.shld(cpu, a, b, n, bits) : Shifts.shrd(cpu, a, b, n, bits));
            }
        };
    }
}
