package dev.arclet.emulator.firmware;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * The structures by which a firmware names the machine (DMTF DSP0134, System Management BIOS 2.8):
 * system, enclosure, processor, memory. The BIOS structure (type 0) is the firmware's own. Address
 * and checksums of the entry point are left to the firmware, which places the structures.
 */
public final class Smbios {
    private static final int ENTRY_POINT_BYTES = 0x1F;
    private static final long EXTENDED_SIZE_FROM = 0x7FFFL << 20;
    private static final int UNKNOWN = 2;
    private static final int SAFE = 3;
    private static final int NONE = 0xFFFE;
    private static final int MEMORY_ARRAY = 0x1000;
    private static final int MEMORY_DEVICE = 0x1100;

    private final ByteArrayOutputStream structures = new ByteArrayOutputStream();
    private int count;
    private int largest;

    /**
     * Builds the structures.
     *
     * @param memoryBytes RAM
     * @param lowMemoryEnd where RAM below 4 GiB ends; the rest follows from 4 GiB on
     */
    public Smbios(long memoryBytes, long lowMemoryEnd) {
        system();
        enclosure();
        processor();
        memory(memoryBytes, Math.min(memoryBytes, lowMemoryEnd));
        add(32, 0x2000, body(7), new String[0]); // no boot error detected
        add(127, 0x7F00, body(0), new String[0]);
    }

    private static ByteBuffer body(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** A header, the formatted part, then the strings, which the part refers to from 1 on. */
    private void add(int type, int handle, ByteBuffer body, String... strings) {
        int before = structures.size();
        ByteBuffer header = body(4);
        header.put((byte) type).put((byte) (4 + body.capacity())).putShort((short) handle);
        structures.writeBytes(header.array());
        structures.writeBytes(body.array());
        for (String string : strings) {
            structures.writeBytes((string + "\0").getBytes(StandardCharsets.US_ASCII));
        }
        structures.writeBytes(new byte[strings.length == 0 ? 2 : 1]);
        count++;
        largest = Math.max(largest, structures.size() - before);
    }

    /** Section 7.2. Without a UUID, whose bytes are then zero; woken by the power switch. */
    private void system() {
        ByteBuffer b = body(0x1B - 4);
        b.put((byte) 1).put((byte) 2).put((byte) 3).put((byte) 0);
        b.position(b.position() + 16);
        b.put((byte) 6);
        add(1, 0x100, b, "Arclet", "Arclet PC (i440FX, PIIX3)", "1");
    }

    /** Section 7.4. */
    private void enclosure() {
        ByteBuffer b = body(0x15 - 4);
        b.put((byte) 1).put((byte) 1); // kind: other
        b.put((byte) 0).put((byte) 0).put((byte) 0);
        b.put((byte) SAFE).put((byte) SAFE).put((byte) SAFE).put((byte) UNKNOWN);
        add(3, 0x300, b, "Arclet");
    }

    /** Section 7.5: one processor of a family that is none of the list, enabled. */
    private void processor() {
        ByteBuffer b = body(0x2A - 4);
        b.put((byte) 1).put((byte) 3).put((byte) 1).put((byte) 2);
        b.putLong(0).put((byte) 3).put((byte) 0); // no identification, no voltage
        b.putShort((short) 0).putShort((short) 1000).putShort((short) 1000);
        b.put((byte) 0x41).put((byte) 1); // populated and enabled
        b.putShort((short) -1).putShort((short) -1).putShort((short) -1); // no caches described
        b.put((byte) 0).put((byte) 0).put((byte) 0);
        b.put((byte) 1).put((byte) 1).put((byte) 1);
        b.putShort((short) 4).putShort((short) 1);
        add(4, 0x400, b, "CPU 0", "Arclet");
    }

    /** Sections 7.17 to 7.20: an array with one module, mapped at one or two places. */
    private void memory(long bytes, long low) {
        ByteBuffer array = body(0x17 - 4);
        array.put((byte) 1).put((byte) 3).put((byte) 6); // other place, system memory, ECC: other
        array.putInt(bytes < 2L << 40 ? (int) (bytes >> 10) : 0x8000_0000);
        array.putShort((short) NONE).putShort((short) 1).putLong(0);
        add(16, MEMORY_ARRAY, array);

        boolean extended = bytes >= EXTENDED_SIZE_FROM;
        ByteBuffer module = body(0x28 - 4);
        module.putShort((short) MEMORY_ARRAY).putShort((short) NONE);
        module.putShort((short) -1).putShort((short) -1); // widths unknown
        module.putShort((short) (extended ? 0x7FFF : bytes >> 20));
        module.put((byte) 9).put((byte) 0).put((byte) 1).put((byte) 0); // DIMM
        module.put((byte) 7).putShort((short) 2).putShort((short) 0); // RAM, other
        module.put((byte) 2).put((byte) 0).put((byte) 0).put((byte) 0).put((byte) 0);
        module.putInt(extended ? (int) (bytes >> 20) : 0).putShort((short) 0);
        add(17, MEMORY_DEVICE, module, "DIMM 0", "Arclet");

        mapped(0x1300, 0, low);
        if (bytes > low) {
            mapped(0x1301, 1L << 32, bytes - low);
        }
    }

    private void mapped(int handle, long start, long bytes) {
        ByteBuffer b = body(0x1F - 4);
        b.putInt((int) (start >> 10)).putInt((int) (start + bytes - 1 >> 10));
        b.putShort((short) MEMORY_ARRAY).put((byte) 1).putLong(0).putLong(0);
        add(19, handle, b);
    }

    /** The structures, one after the other. */
    public byte[] tables() {
        return structures.toByteArray();
    }

    /** The 32-bit entry point (section 5.2.1) without address and checksums. */
    public byte[] entryPoint() {
        ByteBuffer b = body(ENTRY_POINT_BYTES);
        b.put("_SM_".getBytes(StandardCharsets.US_ASCII)).put((byte) 0);
        b.put((byte) ENTRY_POINT_BYTES).put((byte) 2).put((byte) 8);
        b.putShort((short) largest).put((byte) 0).put(new byte[5]);
        b.put("_DMI_".getBytes(StandardCharsets.US_ASCII)).put((byte) 0);
        b.putShort((short) structures.size()).putInt(0).putShort((short) count);
        b.put((byte) 0x28);
        return b.array();
    }
}
