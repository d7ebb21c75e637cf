package dev.arclet.emulator.cpu.interp;

import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.LazyFlags;
import dev.arclet.emulator.cpu.decode.Instruction;
import dev.arclet.emulator.cpu.decode.Mnemonic;
import dev.arclet.emulator.cpu.decode.Operand;
import dev.arclet.emulator.fault.GuestFault;

/** DAA DAS AAA AAS AAM AAD: decimal adjustments of AL and AX (SDM vol. 2). */
final class BcdOps {
    private BcdOps() {}

    static void register(OpTable table) {
        table.put(Mnemonic.DAA, (i, p) -> decimalAdjust(1));
        table.put(Mnemonic.DAS, (i, p) -> decimalAdjust(-1));
        table.put(Mnemonic.AAA, (i, p) -> asciiAdjust(1));
        table.put(Mnemonic.AAS, (i, p) -> asciiAdjust(-1));
        table.put(Mnemonic.AAM, BcdOps::aam);
        table.put(Mnemonic.AAD, BcdOps::aad);
    }

    private static Op decimalAdjust(int sign) {
        return new Op() {
            @Override
            public void execute(CpuState cpu) {
                int flags = LazyFlags.compute(cpu);
                int al = (int) cpu.gpr[CpuState.RAX] & 0xFF;
                int result = al;
                int left = 0;
                boolean low = (al & 0xF) > 9 || (flags & LazyFlags.AF) != 0;
                boolean high = al > 0x99 || (flags & LazyFlags.CF) != 0;
                if (low) {
                    left |= LazyFlags.AF;
                    // A borrow of the first correction counts for DAS.
                    if (sign < 0 && al < 6) {
                        left |= LazyFlags.CF;
                    }
                    result += 6 * sign;
                }
                if (high) {
                    result += 0x60 * sign;
                    left |= LazyFlags.CF;
                }
                Gpr.set8(cpu, CpuState.RAX, result);
                LazyFlags.set(cpu, (byte) result, left);
            }
        };
    }

    private static Op asciiAdjust(int sign) {
        return new Op() {
            @Override
            public void execute(CpuState cpu) {
                int flags = LazyFlags.compute(cpu);
                int ax = (int) cpu.gpr[CpuState.RAX] & 0xFFFF;
                boolean adjust = (ax & 0xF) > 9 || (flags & LazyFlags.AF) != 0;
                if (adjust) {
                    ax += 0x106 * sign;
                }
                ax &= 0xFF0F;
                Gpr.set16(cpu, CpuState.RAX, ax);
                LazyFlags.set(cpu, (byte) ax, adjust ? LazyFlags.AF | LazyFlags.CF : 0);
            }
        };
    }

    private static Op aam(Instruction instruction, Op.Place place) {
        int base = (int) ((Operand.Immediate) instruction.operand(0)).value() & 0xFF;
        return new Op() {
            @Override
            public void execute(CpuState cpu) {
                if (base == 0) {
                    throw cpu.fault(GuestFault.DE, 0);
                }
                int al = (int) cpu.gpr[CpuState.RAX] & 0xFF;
                Gpr.set16(cpu, CpuState.RAX, al / base << 8 | al % base);
                LazyFlags.set(cpu, (byte) (al % base), 0);
            }
        };
    }

    private static Op aad(Instruction instruction, Op.Place place) {
        int base = (int) ((Operand.Immediate) instruction.operand(0)).value() & 0xFF;
        return new Op() {
            @Override
            public void execute(CpuState cpu) {
                int ax = (int) cpu.gpr[CpuState.RAX] & 0xFFFF;
                int al = ((ax & 0xFF) + (ax >> 8) * base) & 0xFF;
                Gpr.set16(cpu, CpuState.RAX, al);
                LazyFlags.set(cpu, (byte) al, 0);
            }
        };
    }
}
