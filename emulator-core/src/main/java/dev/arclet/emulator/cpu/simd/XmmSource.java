package dev.arclet.emulator.cpu.simd;

import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.decode.Operand;
import dev.arclet.emulator.cpu.interp.EffectiveAddress;
import dev.arclet.emulator.cpu.interp.Op;

/**
 * A source that is an XMM register or memory. {@link #fetch} brings it where it can be indexed:
 * registers stay in place, memory goes to {@link CpuState#XMM_SCRATCH}.
 */
public final class XmmSource {
    private final int slot;
    private final EffectiveAddress address;
    private final int bytes;
    private final boolean aligned;

    /**
     * A source of 1, 2, 4, 8 or 16 bytes, as the operand says.
     *
     * @param aligned whether a memory operand must be aligned to 16 bytes (else #GP(0)); only for
     *     those of 16 bytes
     */
    public XmmSource(Operand operand, Op.Place place, boolean aligned) {
        this(operand, place, operand.size(), aligned);
    }

    /** As the other, with a size of its own. */
    public XmmSource(Operand operand, Op.Place place, int bytes, boolean aligned) {
        this.bytes = bytes;
        this.aligned = aligned && bytes == 16;
        if (operand instanceof Operand.Memory memory) {
            address = new EffectiveAddress(memory, place);
            slot = CpuState.XMM_SCRATCH;
        } else {
            address = null;
            slot = 2 * ((Operand.Register) operand).index();
        }
    }

    /** Whether it is memory. */
    public boolean isMemory() {
        return address != null;
    }

    /**
     * Index into {@link CpuState#xmm} of the low quadword; the high one follows. Bytes beyond the
     * size of a memory operand are zero, those of a register are what they are.
     */
    public int fetch(CpuState cpu) {
        if (address != null) {
            long linear = address.read(cpu, bytes);
            if (bytes == 16) {
                if (aligned) {
                    SimdAccess.checkAligned(cpu, linear);
                }
                long low = cpu.mmu.load64(linear);
                cpu.xmm[CpuState.XMM_SCRATCH + 1] = cpu.mmu.load64((linear + 8) & cpu.linearMask);
                cpu.xmm[CpuState.XMM_SCRATCH] = low;
            } else {
                cpu.xmm[CpuState.XMM_SCRATCH] =
                        switch (bytes) {
                            case 1 -> cpu.mmu.load8(linear);
                            case 2 -> cpu.mmu.load16(linear);
                            case 4 -> cpu.mmu.load32(linear) & 0xFFFF_FFFFL;
                            default -> cpu.mmu.load64(linear);
                        };
                cpu.xmm[CpuState.XMM_SCRATCH + 1] = 0;
            }
        }
        return slot;
    }
}
