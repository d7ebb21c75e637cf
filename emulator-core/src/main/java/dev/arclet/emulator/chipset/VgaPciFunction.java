package dev.arclet.emulator.chipset;

import dev.arclet.emulator.device.video.VgaAdapter;
import dev.arclet.emulator.memory.GuestMemory;
import dev.arclet.emulator.memory.PhysicalMap;
import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotReader;
import dev.arclet.emulator.snapshot.SnapshotWriter;
import java.util.Optional;

/**
 * The display adapter as a PCI function, 1234h:1111h as in QEMU's documentation of its standard
 * VGA: BAR 0 is the linear frame buffer, BAR 2 the registers as memory.
 */
public final class VgaPciFunction implements PciDevice {
    private static final int VENDOR = 0x1234;
    private static final int DEVICE = 0x1111;
    private static final int CLASS_VGA = 0x030000;
    private static final int REVISION = 2;
    private static final int REGISTER_BYTES = 4096;

    /** The largest BIOS, in bytes: what fits between the display memory and the system BIOS. */
    public static final int MAX_ROM_BYTES = 128 << 10;

    private static final int MIN_ROM_BYTES = GuestMemory.PAGE_SIZE;

    /** Index of the BAR of the linear frame buffer. */
    public static final int FRAME_BUFFER_BAR = 0;

    /** Index of the BAR of the registers. */
    public static final int REGISTER_BAR = 2;

    private final PciConfigSpace config;

    /** The function of an adapter without a ROM, whose BARs map into {@code map}. */
    public VgaPciFunction(VgaAdapter vga, PhysicalMap map) {
        this(vga, map, Optional.empty());
    }

    /**
     * The function of an adapter whose BARs map into {@code map}.
     *
     * @param rom its BIOS, at most {@link #MAX_ROM_BYTES}, for the expansion ROM register
     */
    public VgaPciFunction(VgaAdapter vga, PhysicalMap map, Optional<byte[]> rom) {
        PciBar frameBuffer =
                new PciBar() {
                    @Override
                    public boolean map(long base) {
                        if (!map.isFree(base, vga.vramBytes())) {
                            return false;
                        }
                        vga.mapFrameBuffer(map, base);
                        return true;
                    }

                    @Override
                    public void unmap(long base) {
                        vga.unmapFrameBuffer();
                    }
                };
        config =
                new PciConfigSpace(VENDOR, DEVICE, CLASS_VGA, REVISION)
                        .memoryBar(FRAME_BUFFER_BAR, vga.vramBytes(), true, frameBuffer)
                        .memoryBar(
                                REGISTER_BAR,
                                REGISTER_BYTES,
                                false,
                                PciBar.mmio(
                                        map,
                                        "VGA registers",
                                        REGISTER_BYTES,
                                        vga.registerWindow()));
        rom.ifPresent(image -> config.expansionRom(romBytes(image), expansionRom(map, image)));
    }

    private static PciBar expansionRom(PhysicalMap map, byte[] image) {
        GuestMemory rom = new GuestMemory(romBytes(image));
        rom.write(0, image, 0, image.length);
        return PciBar.rom(map, "VGA BIOS", rom);
    }

    private static int romBytes(byte[] image) {
        return Math.max(MIN_ROM_BYTES, Integer.highestOneBit(2 * image.length - 1));
    }

    @Override
    public PciConfigSpace config() {
        return config;
    }

    @Override
    public void reset() {
        config.reset();
    }

    @Override
    public String sectionId() {
        return "vga-pci";
    }

    @Override
    public int sectionVersion() {
        return 1;
    }

    @Override
    public void save(SnapshotWriter out) {
        config.save(out);
    }

    @Override
    public void restore(SnapshotReader in, int version) throws SnapshotException {
        config.restore(in);
    }
}
