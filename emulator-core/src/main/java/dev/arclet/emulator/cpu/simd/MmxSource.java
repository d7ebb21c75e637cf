package dev.arclet.emulator.cpu.simd;

import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.decode.Operand;
import dev.arclet.emulator.cpu.interp.EffectiveAddress;
import dev.arclet.emulator.cpu.interp.Op;

/** A source that is an MMX register or memory of 4 or 8 bytes. */
public final class MmxSource {
    private final int register;
    private final EffectiveAddress address;
    private final int bytes;

    /** The source an operand names. */
    public MmxSource(Operand operand, Op.Place place) {
        bytes = operand.size();
        if (operand instanceof Operand.Memory memory) {
            address = new EffectiveAddress(memory, place);
            register = 0;
        } else {
            address = null;
            register = ((Operand.Register) operand).index();
        }
    }

    /** Whether it is memory. */
    public boolean isMemory() {
        return address != null;
    }

    /** Its value; 4-byte memory is zero extended. */
    public long load(CpuState cpu) {
        if (address == null) {
            return cpu.x87.significand[register];
        }
        long linear = address.read(cpu, bytes);
        return bytes == 4 ? cpu.mmu.load32(linear) & 0xFFFF_FFFFL : cpu.mmu.load64(linear);
    }
}
