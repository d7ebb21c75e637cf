package dev.arclet.emulator.firmware;

import java.util.ArrayList;
import java.util.List;

/** The system address map as INT 15h, AX=E820h reports it (ACPI specification 6.5, section 15). */
public final class E820 {
    /** AddressRangeMemory. */
    public static final int RAM = 1;

    /** AddressRangeReserved. */
    public static final int RESERVED = 2;

    /** One range: base and length in bytes, type as in the ACPI specification. */
    public record Entry(long base, long length, int type) {}

    private E820() {}

    /**
     * The map of a PC whose RAM above 1 MiB is contiguous up to the PCI hole at {@link
     * #PCI_HOLE_START}, with the rest from 4 GiB on.
     */
    public static List<Entry> of(long memoryBytes) {
        List<Entry> map = new ArrayList<>();
        map.add(new Entry(0, EBDA, RAM));
        map.add(new Entry(EBDA, 0xA0000 - EBDA, RESERVED));
        map.add(new Entry(0xF0000, 0x10000, RESERVED));
        long low = Math.min(memoryBytes, PCI_HOLE_START);
        map.add(new Entry(0x100000, low - 0x100000, RAM));
        if (memoryBytes > low) {
            map.add(new Entry(1L << 32, memoryBytes - low, RAM));
        }
        return map;
    }

    /** Where the extended BIOS data area starts: the end of conventional RAM. */
    public static final long EBDA = 0x9FC00;

    /** RAM below 4 GiB ends here; device memory follows. */
    public static final long PCI_HOLE_START = 0xC000_0000L;
}
