package dev.arclet.emulator.firmware;

import dev.arclet.emulator.memory.GuestMemory;
import java.util.Arrays;

/**
 * A firmware's ROM: its image ends at the top of the address space below 1 MiB and below 4 GiB, so
 * that the processor finds its first instruction 16 bytes before the end. An image that does not
 * fill its first page is preceded by all ones, as an unprogrammed ROM.
 */
public final class RomImage {
    /** The largest image, in bytes. */
    public static final int MAX_BYTES = 256 << 10;

    /** The smallest image: what is between the reset vector and the end of memory. */
    private static final int MIN_BYTES = 16;

    private final byte[] bytes;

    /**
     * An image padded to whole pages.
     *
     * @param name what to call it in errors, such as its path
     * @param image 16 bytes to 256 KiB
     * @throws BootException if it is larger or smaller
     */
    public RomImage(String name, byte[] image) throws BootException {
        if (image.length < MIN_BYTES || image.length > MAX_BYTES) {
            throw new BootException(
                    "cannot start the firmware '%s': it has %d bytes, a ROM image has 16 to %d; give a PC BIOS image"
                            .formatted(name, image.length, MAX_BYTES));
        }
        int pageMask = GuestMemory.PAGE_SIZE - 1;
        bytes = new byte[image.length + pageMask & ~pageMask];
        int padding = bytes.length - image.length;
        Arrays.fill(bytes, 0, padding, (byte) 0xFF);
        System.arraycopy(image, 0, bytes, padding, image.length);
    }

    /** Size in bytes, a multiple of 4 KiB. */
    public int size() {
        return bytes.length;
    }

    /** Copies the image to the end of a memory of {@link #MAX_BYTES}. */
    public void install(GuestMemory rom) {
        rom.write(MAX_BYTES - bytes.length, bytes, 0, bytes.length);
    }
}
