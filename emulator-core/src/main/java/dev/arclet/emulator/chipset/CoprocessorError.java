package dev.arclet.emulator.chipset;

import dev.arclet.emulator.bus.IrqLine;
import dev.arclet.emulator.device.BytePorts;

/**
 * The coprocessor error register at port 0xF0 (Intel 82371SB PIIX3, 290550): FERR# of the processor
 * raises IRQ 13; a write of any value takes it back. IGNNE#, which the write also asserts, has no
 * effect here as the processor never waits for it. Its only state is the level of the line, which
 * the interrupt controller holds.
 */
public final class CoprocessorError implements BytePorts {
    private static final int OPEN_BUS = 0xFF;

    private final IrqLine irq;

    /** Creates the register; {@code irq} is IRQ 13. */
    public CoprocessorError(IrqLine irq) {
        this.irq = irq;
    }

    /** FERR#: an x87 exception is pending that the processor does not report itself. */
    public void signal() {
        irq.set(true);
    }

    @Override
    public int readByte(int offset) {
        return OPEN_BUS;
    }

    @Override
    public void writeByte(int offset, int value) {
        irq.set(false);
    }
}
