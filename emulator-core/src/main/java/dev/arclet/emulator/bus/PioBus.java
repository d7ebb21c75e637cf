package dev.arclet.emulator.bus;

import java.util.Arrays;

/**
 * The 64 KiB port space. Ports without a device read as all ones and swallow writes, as an ISA bus
 * with pulled-up data lines does. An access wider than its device's remaining range is split.
 */
public final class PioBus {
    private static final int PORTS = 0x10000;

    private final PioDevice[] devices = new PioDevice[PORTS];
    private final char[] bases = new char[PORTS];
    private final String[] names = new String[PORTS];

    /**
     * Gives {@code count} ports from {@code base} to a device.
     *
     * @param name what to call the range in errors, such as {@code "8259 master"}
     * @throws IllegalArgumentException if the range is empty, leaves the port space, or overlaps
     *     another
     */
    public void register(int base, int count, String name, PioDevice device) {
        if (count <= 0 || base < 0 || base + count > PORTS) {
            throw new IllegalArgumentException(
                    "%s: bad port range %04x+%x".formatted(name, base, count));
        }
        for (int port = base; port < base + count; port++) {
            if (devices[port] != null) {
                throw new IllegalArgumentException(
                        "%s at port %04x overlaps %s".formatted(name, port, names[port]));
            }
        }
        Arrays.fill(devices, base, base + count, device);
        Arrays.fill(bases, base, base + count, (char) base);
        Arrays.fill(names, base, base + count, name);
    }

    /** Takes a range back, for a relocatable device (a PCI BAR). */
    public void unregister(int base, int count) {
        Arrays.fill(devices, base, base + count, null);
        Arrays.fill(names, base, base + count, null);
    }

    /** Whether any port of the range has a device. */
    public boolean occupied(int base, int count) {
        for (int port = base; port < base + count; port++) {
            if (devices[port] != null) {
                return true;
            }
        }
        return false;
    }

    /** What the range that a port (0..0xFFFF) belongs to is called; empty where nothing answers. */
    public String nameAt(int port) {
        return devices[port] == null ? "" : names[port];
    }

    /** Reads 1, 2 or 4 bytes at a port (0..0xFFFF); the value is zero extended into the int. */
    public int read(int port, int bytes) {
        PioDevice device = devices[port];
        if (port + bytes > PORTS || (bytes > 1 && devices[port + bytes - 1] != device)) {
            int half = bytes >> 1;
            return half == 0
                    ? 0xFF
                    : read(port, half) | read((port + half) & 0xFFFF, half) << (8 * half);
        }
        int mask = bytes == 4 ? -1 : (1 << (8 * bytes)) - 1;
        return device == null ? mask : device.readPort(port - bases[port], bytes) & mask;
    }

    /** Writes the low 1, 2 or 4 bytes of {@code value} at a port (0..0xFFFF). */
    public void write(int port, int bytes, int value) {
        PioDevice device = devices[port];
        if (port + bytes > PORTS || (bytes > 1 && devices[port + bytes - 1] != device)) {
            int half = bytes >> 1;
            write(port, half, value);
            write((port + half) & 0xFFFF, half, value >>> (8 * half));
            return;
        }
        if (device != null) {
            int mask = bytes == 4 ? -1 : (1 << (8 * bytes)) - 1;
            device.writePort(port - bases[port], bytes, value & mask);
        }
    }
}
