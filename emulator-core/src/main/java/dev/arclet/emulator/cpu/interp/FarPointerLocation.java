package dev.arclet.emulator.cpu.interp;

import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.decode.Operand;

/** A far pointer in memory: an offset of 2, 4 or 8 bytes, then a selector. */
final class FarPointerLocation {
    private final EffectiveAddress address;
    private final int bytes;

    FarPointerLocation(Operand operand, int bytes, Op.Place place) {
        address = new EffectiveAddress((Operand.Memory) operand, place);
        this.bytes = bytes;
    }

    /** The linear address of the pointer; segment checks done. */
    long linear(CpuState cpu) {
        return address.read(cpu, bytes + 2);
    }

    /** Its offset, zero extended. */
    long offset(CpuState cpu, long linear) {
        return switch (bytes) {
            case 2 -> cpu.mmu.load16(linear);
            case 4 -> cpu.mmu.load32(linear) & Gpr.MASK32;
            default -> cpu.mmu.load64(linear);
        };
    }

    /** Its selector. */
    int selector(CpuState cpu, long linear) {
        return cpu.mmu.load16((linear + bytes) & cpu.linearMask);
    }
}
