package dev.arclet.emulator.chipset;

import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotReader;
import dev.arclet.emulator.snapshot.SnapshotWriter;

/**
 * Intel 82441FX PMC, the host bridge of the 440FX (datasheet 290549), PCI function 0:0.0.
 *
 * <p>The PAM registers, which shadow ROM into RAM between 0xC0000 and 0xFFFFF, act through a
 * callback. Timing, error and DRAM size registers are stored only.
 */
public final class I440fxHostBridge implements PciDevice {
    private static final int VENDOR_INTEL = 0x8086;
    private static final int DEVICE_82441FX = 0x1237;
    private static final int CLASS_HOST_BRIDGE = 0x060000;
    private static final int REVISION = 0x02;
    private static final int STATUS_RESET = 0x0280;

    /** By these SeaBIOS knows that there is a fw_cfg device. */
    private static final int SUBSYSTEM_VENDOR = 0x1AF4;

    private static final int SUBSYSTEM_DEVICE = 0x1100;

    private static final int PMC_CONFIG = 0x50;
    private static final int PAM0 = 0x59;
    private static final int PAM6 = 0x5F;
    private static final int DRAM_ROW_BOUNDARY = 0x60;
    private static final int SMRAM = 0x72;
    private static final int PAM_READ = 1;
    private static final int PAM_WRITE = 2;
    private static final int SEGMENTS = 13;

    /** Told how the CPU reaches a part of 0xC0000..0xFFFFF. */
    @FunctionalInterface
    public interface ShadowListener {
        /**
         * Sets the attributes of a part.
         *
         * @param base physical address
         * @param size 16 KiB, or 64 KiB for the BIOS area at 0xF0000
         * @param readRam reads go to RAM instead of ROM on the PCI bus
         * @param writeRam writes go to RAM instead of the PCI bus
         */
        void shadow(long base, long size, boolean readRam, boolean writeRam);
    }

    private final ShadowListener shadow;
    private final int[] attributes = new int[SEGMENTS];
    private final PciConfigSpace config;

    /**
     * Creates the bridge with every segment on the PCI bus (no shadow).
     *
     * @param shadow told of every change of a PAM attribute
     */
    public I440fxHostBridge(ShadowListener shadow) {
        this.shadow = shadow;
        config =
                new PciConfigSpace(VENDOR_INTEL, DEVICE_82441FX, CLASS_HOST_BRIDGE, REVISION)
                        .subsystem(SUBSYSTEM_VENDOR, SUBSYSTEM_DEVICE)
                        .status(STATUS_RESET)
                        .define(0x04, 2, 0x0006, 0x0100)
                        .define(PMC_CONFIG, 2, 0x0000, 0xFFFF)
                        .define(0x52, 2, 0, 0xFFFF)
                        .define(0x54, 4, 0, 0xFFFFFFFF)
                        .define(0x58, 1, 0, 0xFF)
                        .define(SMRAM, 1, 0x02, 0x78);
        for (int at = PAM0; at <= PAM6; at++) {
            config.define(at, 1, 0, at == PAM0 ? 0x30 : 0x33);
        }
        for (int at = DRAM_ROW_BOUNDARY; at < DRAM_ROW_BOUNDARY + 8; at++) {
            config.define(at, 1, 0x01, 0xFF);
        }
    }

    @Override
    public PciConfigSpace config() {
        return config;
    }

    @Override
    public void writeConfig(int offset, int bytes, int value) {
        config.write(offset, bytes, value);
        if (offset <= PAM6 && offset + bytes > PAM0) {
            applyShadow();
        }
    }

    /** Segment 0 is 0xF0000 (PAM0 high nibble); then 16 KiB each from 0xC0000 (PAM1 low nibble). */
    private void applyShadow() {
        for (int i = 0; i < SEGMENTS; i++) {
            int register = config.read(PAM0 + (i + 1) / 2, 1);
            int attribute = (i & 1) == 0 ? register >>> 4 : register;
            attribute &= PAM_READ | PAM_WRITE;
            if (attribute != attributes[i]) {
                attributes[i] = attribute;
                long base = i == 0 ? 0xF0000 : 0xC0000 + (i - 1) * 0x4000L;
                shadow.shadow(
                        base,
                        i == 0 ? 0x10000 : 0x4000,
                        (attribute & PAM_READ) != 0,
                        (attribute & PAM_WRITE) != 0);
            }
        }
    }

    @Override
    public void reset() {
        config.reset();
        applyShadow();
    }

    @Override
    public String sectionId() {
        return "i440fx";
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
        applyShadow();
    }
}
