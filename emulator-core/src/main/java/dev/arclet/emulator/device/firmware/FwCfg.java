package dev.arclet.emulator.device.firmware;

import dev.arclet.emulator.bus.DmaMemory;
import dev.arclet.emulator.bus.PioDevice;
import dev.arclet.emulator.bus.Resettable;
import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotReader;
import dev.arclet.emulator.snapshot.SnapshotWriter;
import dev.arclet.emulator.snapshot.Stateful;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * QEMU's firmware configuration device (QEMU documentation, "QEMU Firmware Configuration (fw_cfg)
 * Device"): items that a firmware selects by key and reads byte by byte, or by DMA. Twelve ports:
 * selector (16 bits, offset 0), data (8 bits, offset 1), DMA address (64 bits, big endian, offset
 * 4).
 *
 * <p>Every item is read-only. The items are the machine's configuration, so neither reset nor a
 * snapshot touches them.
 */
public final class FwCfg implements PioDevice, Resettable, Stateful {
    /** How many ports there are. */
    public static final int PORTS = 12;

    private static final int KEY_SIGNATURE = 0x00;
    private static final int KEY_ID = 0x01;
    private static final int KEY_DIRECTORY = 0x19;
    private static final int FIRST_FILE_KEY = 0x20;
    private static final int ID_TRADITIONAL = 0x01;
    private static final int ID_DMA = 0x02;
    private static final int DIRECTORY_ENTRY = 64;
    private static final int NAME_BYTES = 56;

    /** A selector's bit 14 asks to write, bit 15 marks items of one architecture. */
    private static final int KEY_MASK = 0xBFFF;

    private static final int SELECTOR = 0;
    private static final int DATA = 1;
    private static final int DMA_ADDRESS_HIGH = 4;
    private static final int DMA_ADDRESS_LOW = 8;

    private static final int DMA_ERROR = 0x01;
    private static final int DMA_READ = 0x02;
    private static final int DMA_SKIP = 0x04;
    private static final int DMA_SELECT = 0x08;
    private static final int DMA_WRITE = 0x10;
    private static final int DMA_CONTROL_BYTES = 16;
    private static final int MAX_ZEROS = 1 << 20;
    private static final int DMA_CHUNK = 1 << 16;

    /** What the DMA address register shows: "QEMU CFG". */
    private static final long DMA_SIGNATURE = 0x51454D5520434647L;

    private final DmaMemory memory;
    private final Map<Integer, byte[]> items = new LinkedHashMap<>();
    private final Map<String, Integer> files = new LinkedHashMap<>();
    private int key;
    private int offset;
    private int dmaAddressHigh;

    /**
     * Creates the device with signature, feature bits and an empty file directory.
     *
     * @param memory where DMA goes
     */
    public FwCfg(DmaMemory memory) {
        this.memory = memory;
        items.put(KEY_SIGNATURE, "QEMU".getBytes(StandardCharsets.US_ASCII));
        putNumber(KEY_ID, 4, ID_TRADITIONAL | ID_DMA);
        updateDirectory();
    }

    /**
     * Sets an item to a number, little endian.
     *
     * @param bytes 2, 4 or 8
     */
    public void putNumber(int itemKey, int bytes, long value) {
        byte[] content = new byte[bytes];
        for (int i = 0; i < bytes; i++) {
            content[i] = (byte) (value >>> 8 * i);
        }
        items.put(itemKey, content);
    }

    /**
     * Adds a file, or replaces its content.
     *
     * @param name of at most 55 ASCII characters, such as {@code "etc/e820"}
     */
    public void putFile(String name, byte[] content) {
        if (name.length() >= NAME_BYTES) {
            throw new IllegalArgumentException("fw_cfg file name too long: " + name);
        }
        int fileKey = files.computeIfAbsent(name, n -> FIRST_FILE_KEY + files.size());
        items.put(fileKey, content.clone());
        updateDirectory();
    }

    /** Adds a file with a little-endian 64-bit number, which is how settings are given. */
    public void putFile(String name, long value) {
        putFile(name, ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array());
    }

    private void updateDirectory() {
        ByteBuffer out = ByteBuffer.allocate(4 + files.size() * DIRECTORY_ENTRY);
        out.putInt(files.size());
        files.forEach(
                (name, fileKey) -> {
                    int start = out.position();
                    out.putInt(items.get(fileKey).length).putShort(fileKey.shortValue());
                    out.putShort((short) 0);
                    out.put(name.getBytes(StandardCharsets.US_ASCII));
                    out.position(start + DIRECTORY_ENTRY);
                });
        items.put(KEY_DIRECTORY, out.array());
    }

    private byte[] selected() {
        return items.getOrDefault(key, new byte[0]);
    }

    /** The next byte of the selected item; 0 beyond its end. */
    private int nextByte() {
        byte[] item = selected();
        return offset < item.length ? item[offset++] & 0xFF : 0;
    }

    @Override
    public int readPort(int port, int bytes) {
        if (port == DATA || port == SELECTOR) {
            // The data port is one byte wide; the selector reads as nothing.
            return port == DATA && bytes == 1 ? nextByte() : 0;
        }
        if (port < DMA_ADDRESS_HIGH) {
            return 0;
        }
        int value = 0;
        for (int i = 0; i < bytes && port - DMA_ADDRESS_HIGH + i < 8; i++) {
            int shift = 56 - 8 * (port - DMA_ADDRESS_HIGH + i);
            value |= (int) (DMA_SIGNATURE >>> shift & 0xFF) << 8 * i;
        }
        return value;
    }

    @Override
    public void writePort(int port, int bytes, int value) {
        if (port == SELECTOR && bytes == 2) {
            select(value);
        } else if (port == DMA_ADDRESS_HIGH && bytes == 4) {
            dmaAddressHigh = Integer.reverseBytes(value);
        } else if (port == DMA_ADDRESS_LOW && bytes == 4) {
            long address = (long) dmaAddressHigh << 32 | Integer.reverseBytes(value) & 0xFFFF_FFFFL;
            dmaAddressHigh = 0;
            transfer(address);
        }
    }

    private void select(int value) {
        key = value & KEY_MASK;
        offset = 0;
    }

    /** Carries out the command at a guest-physical address, and clears its control word. */
    private void transfer(long commandAddress) {
        byte[] raw = new byte[DMA_CONTROL_BYTES];
        memory.readExternal(commandAddress, raw, 0, raw.length);
        ByteBuffer command = ByteBuffer.wrap(raw);
        int control = command.getInt();
        long length = command.getInt() & 0xFFFF_FFFFL;
        long address = command.getLong();
        if ((control & DMA_SELECT) != 0) {
            select(control >>> 16);
        }
        int result = 0;
        if ((control & DMA_READ) != 0) {
            result = read(address, length) ? 0 : DMA_ERROR;
        } else if ((control & DMA_WRITE) != 0) {
            result = DMA_ERROR;
        } else if ((control & DMA_SKIP) != 0) {
            offset = (int) Math.min(selected().length, offset + length);
        }
        byte[] done = ByteBuffer.allocate(4).putInt(result).array();
        memory.writeExternal(commandAddress, done, 0, done.length);
    }

    /**
     * Zeros follow the item's end, but not without end: with one access a guest could keep the
     * machine busy for seconds.
     *
     * @return false if it asks for too many
     */
    private boolean read(long address, long length) {
        byte[] item = selected();
        int available = (int) Math.min(length, item.length - offset);
        if (length - available > MAX_ZEROS) {
            return false;
        }
        memory.writeExternal(address, item, offset, available);
        offset += available;
        byte[] zeros = new byte[(int) Math.min(DMA_CHUNK, length - available)];
        for (long at = available; at < length; at += zeros.length) {
            int n = (int) Math.min(zeros.length, length - at);
            memory.writeExternal(address + at, zeros, 0, n);
        }
        return true;
    }

    @Override
    public void reset() {
        select(0);
        dmaAddressHigh = 0;
    }

    @Override
    public String sectionId() {
        return "fw-cfg";
    }

    @Override
    public int sectionVersion() {
        return 1;
    }

    @Override
    public void save(SnapshotWriter out) {
        out.putInt("key", key);
        out.putInt("offset", offset);
        out.putInt("dmaAddressHigh", dmaAddressHigh);
    }

    @Override
    public void restore(SnapshotReader in, int version) throws SnapshotException {
        select(in.getInt("key", 0, 0xFFFF));
        offset = in.getInt("offset", 0, Integer.MAX_VALUE);
        offset = Math.min(offset, selected().length);
        dmaAddressHigh = in.getInt("dmaAddressHigh");
    }
}
