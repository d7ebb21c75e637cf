package dev.arclet.emulator.device.debug;

import dev.arclet.emulator.bus.IrqLine;
import dev.arclet.emulator.bus.MmioDevice;
import dev.arclet.emulator.bus.PioBus;
import dev.arclet.emulator.bus.PioDevice;
import dev.arclet.emulator.device.BytePorts;
import java.util.List;

/**
 * The device by which CPU test suites reach things beside RAM, with the registers of QEMU's {@code
 * pc-testdev}: memory that is reached access by access at 0xFF000000, a port of 32 bits at 0xE0
 * that keeps what is written, a port at 0xE8 that keeps one byte, and a port for each interrupt
 * line at 0x2000. A tool for suites, not part of a saved machine.
 */
public final class PcTestDevice {
    /** Physical address of the memory. */
    public static final long MEMORY = 0xFF00_0000L;

    /** Size of the memory in bytes. */
    public static final int MEMORY_BYTES = 0x1_0000;

    private static final int PORT_WORD = 0xE0;
    private static final int PORT_BYTE = 0xE8;
    private static final int PORT_LINES = 0x2000;

    private final byte[] memory = new byte[MEMORY_BYTES];

    /**
     * Creates the device with its ports.
     *
     * @param lines the interrupt lines to raise and lower, by number
     */
    public PcTestDevice(PioBus ports, List<IrqLine> lines) {
        ports.register(PORT_WORD, 4, "test device", register());
        ports.register(PORT_BYTE, 4, "test device", register());
        ports.register(
                PORT_LINES,
                lines.size(),
                "test device",
                new BytePorts() {
                    @Override
                    public int readByte(int offset) {
                        return 0;
                    }

                    @Override
                    public void writeByte(int offset, int value) {
                        lines.get(offset).set(value != 0);
                    }
                });
    }

    private static PioDevice register() {
        return new BytePorts() {
            private final byte[] bytes = new byte[4];

            @Override
            public int readByte(int offset) {
                return bytes[offset] & 0xFF;
            }

            @Override
            public void writeByte(int offset, int value) {
                bytes[offset] = (byte) value;
            }
        };
    }

    /** The memory. */
    public MmioDevice memory() {
        return new MmioDevice() {
            @Override
            public long readMmio(long offset, int bytes) {
                long value = 0;
                for (int i = bytes - 1; i >= 0; i--) {
                    value = value << 8 | memory[(int) offset + i] & 0xFF;
                }
                return value;
            }

            @Override
            public void writeMmio(long offset, int bytes, long value) {
                for (int i = 0; i < bytes; i++) {
                    memory[(int) offset + i] = (byte) (value >>> 8 * i);
                }
            }
        };
    }
}
