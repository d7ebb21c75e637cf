package dev.arclet.emulator.device.video;

import dev.arclet.emulator.bus.MmioDevice;

/**
 * The adapter's registers as memory (BAR 2, 4 KiB): ports 3C0h..3DFh at 400h, the VBE's 16-bit
 * registers at 500h, and at 600h an extension with its size and the frame buffer's byte order,
 * which is little endian for ever.
 *
 * <p>Source: QEMU's description of its "standard VGA" PCI device. No EDID block is offered: its
 * area reads as zeros, which drivers take for a monitor that does not tell.
 */
final class VgaMmioRegisters implements MmioDevice {
    private static final int PORTS = 0x400;
    private static final int PORTS_END = 0x420;
    private static final int VBE = 0x500;
    private static final int VBE_END = 0x516;
    private static final int EXTENSION = 0x600;
    private static final long EXTENSION_BYTES = 8;
    private static final long LITTLE_ENDIAN = 0x1E1E1E1EL;

    private final VgaRegisters registers;
    private final BochsVbe vbe;

    VgaMmioRegisters(VgaRegisters registers, BochsVbe vbe) {
        this.registers = registers;
        this.vbe = vbe;
    }

    @Override
    public long readMmio(long offset, int bytes) {
        int at = (int) offset & 0xFFF;
        if (at >= PORTS && at + bytes <= PORTS_END) {
            long value = 0;
            for (int i = 0; i < bytes; i++) {
                value |= (long) registers.readPort(at + i - PORTS + 0x10, 1) << (8 * i);
            }
            return value;
        }
        if (at >= VBE && at + bytes <= VBE_END) {
            long value = 0;
            for (int i = 0; i < bytes; i++) {
                int register = (at + i - VBE) >> 1;
                int half = vbe.readRegister(register) >> (8 * (at + i & 1)) & 0xFF;
                value |= (long) half << (8 * i);
            }
            return value;
        }
        if (at == EXTENSION && bytes == 4) {
            return EXTENSION_BYTES;
        }
        return at == EXTENSION + 4 && bytes == 4 ? LITTLE_ENDIAN : 0;
    }

    @Override
    public void writeMmio(long offset, int bytes, long value) {
        int at = (int) offset & 0xFFF;
        if (at >= PORTS && at + bytes <= PORTS_END) {
            for (int i = 0; i < bytes; i++) {
                registers.writePort(at + i - PORTS + 0x10, 1, (int) (value >>> (8 * i)) & 0xFF);
            }
        } else if (at >= VBE && at + bytes <= VBE_END && (at & 1) == 0) {
            for (int i = 0; i + 1 < bytes; i += 2) {
                vbe.writeRegister((at + i - VBE) >> 1, (int) (value >>> (8 * i)) & 0xFFFF);
            }
        }
    }
}
