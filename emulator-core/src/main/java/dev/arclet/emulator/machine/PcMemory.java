package dev.arclet.emulator.machine;

import dev.arclet.emulator.firmware.E820;
import dev.arclet.emulator.firmware.RomImage;
import dev.arclet.emulator.memory.GuestMemory;
import dev.arclet.emulator.memory.PhysicalMap;
import java.util.Arrays;
import java.util.Optional;

/**
 * The PC's memory: RAM around the holes for the display, the ROMs and PCI devices; the firmware's
 * ROM below 4 GiB and, as far as its last 128 KiB go, below 1 MiB, where the host bridge decides
 * what of it is RAM.
 */
final class PcMemory implements AutoCloseable {
    private static final long VGA_WINDOW = 0xA_0000;
    private static final long UPPER_MEMORY = 0xC_0000;
    private static final long BIOS_SEGMENT = 0xF_0000;
    private static final int SHADOW_SEGMENT_BYTES = 0x4000;
    private static final long EXTENDED_MEMORY = 0x10_0000;
    private static final long HIGH_MEMORY = 1L << 32;
    private static final int PHYSICAL_ADDRESS_BITS = 40;

    /** How much of a ROM the ISA bus shows at the end of the first megabyte (PIIX3 2.2.9). */
    private static final int ISA_ROM_BYTES = 128 << 10;

    private static final int UPPER_BYTES = (int) (EXTENDED_MEMORY - UPPER_MEMORY);

    private final PhysicalMap map = new PhysicalMap(PHYSICAL_ADDRESS_BITS);
    private final GuestMemory ram;
    private final GuestMemory rom = new GuestMemory(RomImage.MAX_BYTES);

    /** What the ISA bus shows from 0xC0000 on: nothing, then the end of the ROM. */
    private final GuestMemory isa = new GuestMemory(UPPER_BYTES);

    /** Memory of a size, with a ROM or none, as it is after reset: nothing is shadowed. */
    PcMemory(long bytes, Optional<RomImage> firmware) {
        ram = new GuestMemory(bytes);
        byte[] nothing = new byte[RomImage.MAX_BYTES];
        Arrays.fill(nothing, (byte) 0xFF);
        rom.write(0, nothing, 0, nothing.length);
        isa.write(0, nothing, 0, UPPER_BYTES);
        map.mapRam("conventional memory", 0, VGA_WINDOW, ram, 0);
        firmware.ifPresent(this::install);
        shadow(BIOS_SEGMENT, EXTENDED_MEMORY - BIOS_SEGMENT, false, false);
        for (long at = UPPER_MEMORY; at < BIOS_SEGMENT; at += SHADOW_SEGMENT_BYTES) {
            shadow(at, SHADOW_SEGMENT_BYTES, false, false);
        }
        long low = Math.min(bytes, E820.PCI_HOLE_START);
        map.mapRam("extended memory", EXTENDED_MEMORY, low - EXTENDED_MEMORY, ram, EXTENDED_MEMORY);
        if (bytes > low) {
            map.mapRam("memory above 4 GiB", HIGH_MEMORY, bytes - low, ram, low);
        }
    }

    private void install(RomImage image) {
        image.install(rom);
        map.mapRom(
                "firmware ROM",
                HIGH_MEMORY - image.size(),
                image.size(),
                rom,
                RomImage.MAX_BYTES - image.size());
        byte[] end = new byte[Math.min(image.size(), ISA_ROM_BYTES)];
        rom.read(RomImage.MAX_BYTES - end.length, end, 0, end.length);
        isa.write(UPPER_BYTES - end.length, end, 0, end.length);
        // A reset while A20 is masked starts 1 MiB lower, where the south bridge decodes it too.
        map.mapRom(
                "firmware ROM (A20 masked)",
                HIGH_MEMORY - EXTENDED_MEMORY - end.length,
                end.length,
                rom,
                RomImage.MAX_BYTES - end.length);
    }

    /** The guest's RAM, without holes. */
    GuestMemory ram() {
        return ram;
    }

    /** What answers at each physical address. */
    PhysicalMap map() {
        return map;
    }

    /** Guest RAM that owns host memory, in bytes. */
    long residentBytes() {
        return ram.residentPages() * GuestMemory.PAGE_SIZE;
    }

    /** Maps a part of the upper memory area as the host bridge's attributes say. */
    void shadow(long base, long size, boolean readRam, boolean writeRam) {
        map.unmap(base);
        if (readRam && writeRam) {
            map.mapRam("shadow RAM", base, size, ram, base);
        } else if (readRam) {
            map.mapRom("shadow RAM", base, size, ram, base);
        } else if (writeRam) {
            map.mapRomOverRam("ROM", base, size, isa, base - UPPER_MEMORY, ram, base);
        } else {
            map.mapRom("ROM", base, size, isa, base - UPPER_MEMORY);
        }
    }

    @Override
    public void close() {
        ram.close();
        rom.close();
        isa.close();
    }
}
