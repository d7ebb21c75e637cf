package dev.arclet.emulator.firmware;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/**
 * Encodes the few terms of ACPI Machine Language that our namespace needs (ACPI specification 6.5,
 * chapter 20). Every method returns the encoded bytes of one term.
 */
final class Aml {
    private Aml() {}

    static byte[] join(byte[]... parts) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            out.writeBytes(part);
        }
        return out.toByteArray();
    }

    private static byte[] bytes(int... values) {
        byte[] out = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            out[i] = (byte) values[i];
        }
        return out;
    }

    /**
     * A path: optional leading backslash, then segments of up to four characters, joined by dots.
     */
    private static byte[] path(String path) {
        boolean root = path.startsWith("\\");
        String[] segments = (root ? path.substring(1) : path).split("\\.", -1);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        if (root) {
            out.write('\\');
        }
        if (segments.length == 2) {
            out.write(0x2E); // DualNamePrefix
        } else if (segments.length > 2) {
            out.write(0x2F); // MultiNamePrefix
            out.write(segments.length);
        }
        for (String segment : segments) {
            out.writeBytes((segment + "____").substring(0, 4).getBytes(StandardCharsets.US_ASCII));
        }
        return out.toByteArray();
    }

    /** Section 20.2.4: the length counts its own bytes. */
    private static byte[] withLength(byte[] body) {
        int length = body.length + 1;
        if (length < 0x40) {
            return join(bytes(length), body);
        }
        length++;
        if (length < 0x1000) {
            return join(bytes(0x40 | (length & 0xF), length >> 4), body);
        }
        length++;
        return join(bytes(0x80 | (length & 0xF), length >> 4 & 0xFF, length >> 12), body);
    }

    static byte[] integer(long value) {
        if (value == 0) {
            return bytes(0x00);
        }
        if (value == 1) {
            return bytes(0x01);
        }
        if (value <= 0xFF) {
            return bytes(0x0A, (int) value);
        }
        if (value <= 0xFFFF) {
            return bytes(0x0B, (int) value, (int) (value >> 8));
        }
        return bytes(
                0x0C, (int) value, (int) (value >> 8), (int) (value >> 16), (int) (value >> 24));
    }

    static byte[] name(String path, byte[] value) {
        return join(bytes(0x08), path(path), value);
    }

    static byte[] scope(String path, byte[]... terms) {
        return join(bytes(0x10), withLength(join(path(path), join(terms))));
    }

    static byte[] device(String name, byte[]... terms) {
        return join(bytes(0x5B, 0x82), withLength(join(path(name), join(terms))));
    }

    static byte[] packageOf(byte[]... elements) {
        return join(bytes(0x12), withLength(join(bytes(elements.length), join(elements))));
    }

    static byte[] buffer(byte[] content) {
        return join(bytes(0x11), withLength(join(integer(content.length), content)));
    }

    /** A method without its own synchronisation, with {@code arguments} (0..7) arguments. */
    static byte[] method(String name, int arguments, byte[]... terms) {
        return join(bytes(0x14), withLength(join(path(name), bytes(arguments), join(terms))));
    }

    /** Registers of the enclosing PCI function's configuration space. */
    static byte[] pciConfigRegion(String name, int offset, int length) {
        return join(bytes(0x5B, 0x80), path(name), bytes(2), integer(offset), integer(length));
    }

    /** Eight-bit fields one after the other in a region, accessed by bytes, others preserved. */
    static byte[] byteFields(String region, String... names) {
        byte[] list = new byte[0];
        for (String field : names) {
            list = join(list, path(field), bytes(8));
        }
        return join(bytes(0x5B, 0x81), withLength(join(path(region), bytes(0x01), list)));
    }

    /** Names four bytes of a buffer object. */
    static byte[] createDwordField(byte[] buffer, int offset, String name) {
        return join(bytes(0x8A), buffer, integer(offset), path(name));
    }

    static byte[] store(byte[] value, byte[] target) {
        return join(bytes(0x70), value, target);
    }

    /** Bitwise and, with {@link #NOWHERE} as target for the value alone. */
    static byte[] and(byte[] left, byte[] right, byte[] target) {
        return join(bytes(0x7B), left, right, target);
    }

    static byte[] or(byte[] left, byte[] right, byte[] target) {
        return join(bytes(0x7D), left, right, target);
    }

    static byte[] ifTrue(byte[] condition, byte[]... terms) {
        return join(bytes(0xA0), withLength(join(condition, join(terms))));
    }

    static byte[] returns(byte[] value) {
        return join(bytes(0xA4), value);
    }

    /** A reference to an object by its path. */
    static byte[] reference(String path) {
        return path(path);
    }

    /** The first argument of a method. */
    static final byte[] ARGUMENT_0 = {0x68};

    /** No target. */
    static final byte[] NOWHERE = {0x00};

    /** A processor without a register block. */
    static byte[] processor(String name, int id) {
        return join(bytes(0x5B, 0x83), withLength(join(path(name), bytes(id, 0, 0, 0, 0, 0))));
    }

    /** A compressed EISA identifier such as {@code PNP0303} (section 19.6.36). */
    static byte[] eisaId(String id) {
        int vendor = 0;
        for (int i = 0; i < 3; i++) {
            vendor = vendor << 5 | (id.charAt(i) - 0x40);
        }
        int product = Integer.parseInt(id.substring(3), 16);
        return bytes(0x0C, vendor >> 8, vendor, product >> 8, product);
    }

    /** A resource template: descriptors closed by an end tag without checksum (section 6.4). */
    static byte[] resources(byte[]... descriptors) {
        return buffer(join(join(descriptors), bytes(0x79, 0)));
    }

    /** I/O port descriptor, 16-bit decode, fixed location. */
    static byte[] io(int base, int length) {
        return bytes(0x47, 1, base, base >> 8, base, base >> 8, 1, length);
    }

    /** IRQ descriptor without flags: edge, high, exclusive. */
    static byte[] irq(int number) {
        int mask = 1 << number;
        return bytes(0x22, mask, mask >> 8);
    }

    /** DMA descriptor: 8-bit transfers on one channel, no bus master. */
    static byte[] dma(int channel) {
        return bytes(0x2A, 1 << channel, 0);
    }

    /** Memory that is always there, such as a chip's registers. */
    static byte[] fixedMemory(long base, long length) {
        return join(bytes(0x86, 9, 0, 1), dword(base), dword(length));
    }

    /** Extended interrupt descriptor: level, active high, shared; the interrupts to choose from. */
    static byte[] sharedInterrupts(int... numbers) {
        byte[] list = new byte[0];
        for (int number : numbers) {
            list = join(list, dword(number));
        }
        return join(bytes(0x89, 2 + list.length, 0, 0x09, numbers.length), list);
    }

    /** Word address space: bus numbers 0..255. */
    static byte[] busNumbers() {
        return bytes(0x88, 13, 0, 2, 0x0C, 0, 0, 0, 0, 0, 0xFF, 0, 0, 0, 0, 1);
    }

    /** Word address space: an I/O window that the bridge passes on. */
    static byte[] ioWindow(int min, int max) {
        int length = max - min + 1;
        return bytes(
                0x88,
                13,
                0,
                1,
                0x0C,
                3,
                0,
                0,
                min,
                min >> 8,
                max,
                max >> 8,
                0,
                0,
                length,
                length >> 8);
    }

    /** Double word address space: a memory window that the bridge passes on. */
    static byte[] memoryWindow(long min, long max) {
        return join(
                bytes(0x87, 23, 0, 0, 0x0C, 1),
                dword(0),
                dword(min),
                dword(max),
                dword(0),
                dword(max - min + 1));
    }

    private static byte[] dword(long value) {
        return bytes((int) value, (int) (value >> 8), (int) (value >> 16), (int) (value >> 24));
    }
}
