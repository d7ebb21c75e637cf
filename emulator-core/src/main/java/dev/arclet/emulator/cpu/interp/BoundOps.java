package dev.arclet.emulator.cpu.interp;

import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.decode.Instruction;
import dev.arclet.emulator.cpu.decode.Mnemonic;
import dev.arclet.emulator.cpu.decode.Operand;
import dev.arclet.emulator.fault.GuestFault;

/** BOUND. */
final class BoundOps {
    private BoundOps() {}

    static void register(OpTable table) {
        table.put(Mnemonic.BOUND, BoundOps::bound);
    }

    private static Op bound(Instruction instruction, Op.Place place) {
        var index = (Operand.Register) instruction.operand(0);
        var bounds = new EffectiveAddress((Operand.Memory) instruction.operand(1), place);
        int bytes = index.size();
        int shift = Gpr.shift(bytes);
        return new Op() {
            @Override
            public void execute(CpuState cpu) {
                long linear = bounds.read(cpu, 2 * bytes);
                long low = BitOps.load(cpu, linear, bytes) << shift >> shift;
                long next = (linear + bytes) & cpu.linearMask;
                long high = BitOps.load(cpu, next, bytes) << shift >> shift;
                long value = cpu.gpr[index.index()] << shift >> shift;
                if (value < low || value > high) {
                    throw cpu.fault(GuestFault.BR, 0);
                }
            }
        };
    }
}
