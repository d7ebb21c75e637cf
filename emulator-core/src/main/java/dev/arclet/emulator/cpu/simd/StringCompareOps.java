package dev.arclet.emulator.cpu.simd;

import static dev.arclet.emulator.cpu.decode.Mnemonic.*;

import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.decode.Instruction;
import dev.arclet.emulator.cpu.interp.Op;
import dev.arclet.emulator.cpu.interp.OpTable;

/** PCMPESTRI, PCMPESTRM, PCMPISTRI, PCMPISTRM. */
public final class StringCompareOps {
    private static final int CF = 1, ZF = 0x40, SF = 0x80, OF = 0x800;

    private StringCompareOps() {}

    /** Puts all of them into the table. */
    public static void register(OpTable table) {
        table.put(PCMPESTRI, (instruction, place) -> new CompareOp(instruction, place, true, true));
        table.put(
                PCMPESTRM, (instruction, place) -> new CompareOp(instruction, place, true, false));
        table.put(
                PCMPISTRI, (instruction, place) -> new CompareOp(instruction, place, false, true));
        table.put(
                PCMPISTRM, (instruction, place) -> new CompareOp(instruction, place, false, false));
    }

    private static final class CompareOp extends Op {
        private final int first;
        private final XmmSource second;
        private final int control;
        private final boolean explicit;
        private final boolean index;
        private final boolean longLengths;

        CompareOp(Instruction instruction, Place place, boolean explicit, boolean index) {
            first = 2 * PackedOps.register(instruction, 0);
            second = new XmmSource(instruction.operand(1), place, false);
            control = PackedOps.immediate(instruction, 2);
            this.explicit = explicit;
            this.index = index;
            longLengths = instruction.operandSize() == 8;
        }

        private int length(CpuState cpu, int register, long low, long high) {
            if (!explicit) {
                return StringCompare.implicitLength(low, high, control);
            }
            long value = cpu.gpr[register];
            return StringCompare.explicitLength(longLengths ? value : (int) value, control);
        }

        @Override
        public void execute(CpuState cpu) {
            SimdAccess.checkSse(cpu);
            int s = second.fetch(cpu);
            long[] xmm = cpu.xmm;
            long aLow = xmm[first];
            long aHigh = xmm[first + 1];
            long bLow = xmm[s];
            long bHigh = xmm[s + 1];
            int aLength = length(cpu, CpuState.RAX, aLow, aHigh);
            int bLength = length(cpu, CpuState.RDX, bLow, bHigh);
            int result = StringCompare.compare(aLow, aHigh, aLength, bLow, bHigh, bLength, control);
            if (index) {
                cpu.gpr[CpuState.RCX] = StringCompare.index(result, control);
            } else {
                xmm[0] = StringCompare.maskLow(result, control);
                xmm[1] = StringCompare.maskHigh(result, control);
            }
            int elements = StringCompare.elements(control);
            cpu.setArithmeticFlags(
                    (result != 0 ? CF : 0)
                            | (bLength < elements ? ZF : 0)
                            | (aLength < elements ? SF : 0)
                            | ((result & 1) != 0 ? OF : 0));
        }
    }
}
