package dev.arclet.emulator.chipset;

import dev.arclet.emulator.bus.MmioDevice;
import dev.arclet.emulator.bus.PioBus;
import dev.arclet.emulator.bus.PioDevice;
import dev.arclet.emulator.device.virtio.VirtQueue;
import dev.arclet.emulator.device.virtio.VirtioDevice;
import dev.arclet.emulator.memory.PhysicalMap;
import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotReader;
import dev.arclet.emulator.snapshot.SnapshotWriter;

/**
 * A virtio device as a transitional PCI function (OASIS Virtio 1.2, section 4.1): BAR 0 has the
 * legacy registers (4.1.4.10), BAR 4 the modern ones, found by vendor capabilities (4.1.4).
 * Interrupts go by the pin; there is no MSI-X.
 */
public final class VirtioPci extends PciFunction implements VirtioDevice.Transport {
    private static final int VENDOR = 0x1AF4;
    private static final int LEGACY_BAR = 0;
    private static final int LEGACY_BYTES = 128;
    private static final int MODERN_BAR = 4;
    private static final int MODERN_BYTES = 0x4000;

    // What stands where in the modern range
    private static final int COMMON = 0x0000;
    private static final int COMMON_BYTES = 60;
    private static final int ISR = 0x1000;
    private static final int DEVICE = 0x2000;
    private static final int NOTIFY = 0x3000;
    private static final int PART_MASK = 0x3000;
    private static final int NOTIFY_MULTIPLIER = 4;

    // Capabilities (4.1.4)
    private static final int CAPABILITY_ID = 0x09;
    private static final int CFG_TYPE_COMMON = 1;
    private static final int CFG_TYPE_NOTIFY = 2;
    private static final int CFG_TYPE_ISR = 3;
    private static final int CFG_TYPE_DEVICE = 4;
    private static final int CFG_TYPE_PCI = 5;
    private static final int PCI_CAPABILITY = 0x98;
    private static final int PCI_WINDOW = PCI_CAPABILITY + 16;

    // Common configuration (4.1.4.3)
    private static final int DEVICE_FEATURE_SELECT = 0;
    private static final int DEVICE_FEATURE = 4;
    private static final int DRIVER_FEATURE_SELECT = 8;
    private static final int DRIVER_FEATURE = 12;
    private static final int CONFIG_VECTOR = 16;
    private static final int NUM_QUEUES = 18;
    private static final int STATUS = 20;
    private static final int GENERATION = 21;
    private static final int QUEUE_SELECT = 22;
    private static final int QUEUE_SIZE = 24;
    private static final int QUEUE_VECTOR = 26;
    private static final int QUEUE_ENABLE = 28;
    private static final int QUEUE_NOTIFY_OFF = 30;
    private static final int QUEUE_DESC = 32;
    private static final int QUEUE_DRIVER = 40;
    private static final int QUEUE_DEVICE = 48;
    private static final int QUEUE_ADDRESSES_END = 56;
    private static final int NO_VECTOR = 0xFFFF;

    // Legacy registers
    private static final int LEGACY_FEATURES = 0;
    private static final int LEGACY_DRIVER_FEATURES = 4;
    private static final int LEGACY_QUEUE_PAGE = 8;
    private static final int LEGACY_QUEUE_SIZE = 12;
    private static final int LEGACY_QUEUE_SELECT = 14;
    private static final int LEGACY_QUEUE_NOTIFY = 16;
    private static final int LEGACY_STATUS = 18;
    private static final int LEGACY_ISR = 19;
    private static final int LEGACY_CONFIG = 20;

    private static final int ISR_QUEUE = 1;
    private static final int ISR_CONFIGURATION = 2;

    private final VirtioDevice device;
    private int deviceFeatureSelect;
    private int driverFeatureSelect;
    private long driverFeatures;
    private int queueSelect;
    private int isr;

    /**
     * A function for a device.
     *
     * @param classCode PCI class, such as {@code 0x010000} for a disk
     */
    public VirtioPci(VirtioDevice device, int classCode, PioBus ports, PhysicalMap map) {
        super(device.name(), new PciConfigSpace(VENDOR, pciDevice(device.type()), classCode, 0));
        this.device = device;
        device.connect(this);
        config().subsystem(VENDOR, device.type()).interruptPin(1);
        config().ioBar(
                        LEGACY_BAR,
                        LEGACY_BYTES,
                        PciBar.ports(ports, device.name(), LEGACY_BYTES, new Legacy()));
        config().memoryBar(
                        MODERN_BAR,
                        MODERN_BYTES,
                        false,
                        PciBar.mmio(map, device.name(), MODERN_BYTES, new Modern()));
        addCapability(0x40, CFG_TYPE_COMMON, COMMON, COMMON_BYTES, 16);
        addCapability(0x50, CFG_TYPE_ISR, ISR, 4, 16);
        int deviceBytes = Math.max(4, device.configurationBytes());
        addCapability(0x60, CFG_TYPE_DEVICE, DEVICE, deviceBytes, 16);
        addCapability(0x70, CFG_TYPE_NOTIFY, NOTIFY, NOTIFY_MULTIPLIER * device.queueCount(), 20);
        config().define(0x80, 4, NOTIFY_MULTIPLIER, 0);
        addCapability(PCI_CAPABILITY, CFG_TYPE_PCI, 0, 0, 20);
        // Its BAR, offset and length select what the window shows.
        config().define(PCI_CAPABILITY + 4, 1, 0, 0xFF);
        config().define(PCI_CAPABILITY + 8, 4, 0, -1);
        config().define(PCI_CAPABILITY + 12, 4, 0, -1);
        config().define(PCI_WINDOW, 4, 0, -1);
    }

    /** Transitional IDs (4.1.2.1), of the kinds that have one; for the others the modern ID. */
    private static int pciDevice(int type) {
        return switch (type) {
            case 1 -> 0x1000;
            case 2 -> 0x1001;
            case 5 -> 0x1002;
            case 3 -> 0x1003;
            case 8 -> 0x1004;
            case 4 -> 0x1005;
            case 9 -> 0x1009;
            default -> 0x1040 + type;
        };
    }

    private void addCapability(int at, int type, int offset, int length, int bytes) {
        byte[] body = new byte[bytes - 2];
        body[0] = (byte) bytes;
        body[1] = (byte) type;
        body[2] = MODERN_BAR;
        for (int i = 0; i < 4; i++) {
            body[6 + i] = (byte) (offset >>> 8 * i);
            body[10 + i] = (byte) (length >>> 8 * i);
        }
        config().capability(at, CAPABILITY_ID, body);
    }

    @Override
    public void queueInterrupt(int queue) {
        setIsr(isr | ISR_QUEUE);
    }

    @Override
    public void configurationInterrupt() {
        setIsr(isr | ISR_CONFIGURATION);
    }

    private void setIsr(int value) {
        isr = value;
        setInterrupt(value != 0);
    }

    private int takeIsr() {
        int value = isr;
        setIsr(0);
        return value;
    }

    private void writeStatus(int value) {
        if (value == 0) {
            resetDevice();
        } else {
            device.setStatus(value);
        }
    }

    private void resetDevice() {
        device.reset();
        deviceFeatureSelect = 0;
        driverFeatureSelect = 0;
        driverFeatures = 0;
        queueSelect = 0;
        setIsr(0);
    }

    private long readDevice(int offset, int bytes) {
        long value = 0;
        for (int i = 0; i < bytes; i++) {
            int at = offset + i;
            long b = at < device.configurationBytes() ? device.readConfiguration(at) : 0;
            value |= b << 8 * i;
        }
        return value;
    }

    private void writeDevice(int offset, int bytes, long value) {
        for (int i = 0; i < bytes && offset + i < device.configurationBytes(); i++) {
            device.writeConfiguration(offset + i, (int) (value >>> 8 * i) & 0xFF);
        }
    }

    private long readCommon(int offset) {
        VirtQueue queue = device.queue(queueSelect);
        return switch (offset) {
            case DEVICE_FEATURE_SELECT -> deviceFeatureSelect & 0xFFFFFFFFL;
            case DEVICE_FEATURE -> half(device.offered(), deviceFeatureSelect);
            case DRIVER_FEATURE_SELECT -> driverFeatureSelect & 0xFFFFFFFFL;
            case DRIVER_FEATURE -> half(driverFeatures, driverFeatureSelect);
            case CONFIG_VECTOR, QUEUE_VECTOR -> NO_VECTOR;
            case NUM_QUEUES -> device.queueCount();
            case STATUS -> device.status();
            case GENERATION -> device.generation();
            case QUEUE_SELECT -> queueSelect;
            case QUEUE_SIZE -> queue == null ? 0 : queue.size();
            case QUEUE_ENABLE -> queue != null && queue.ready() ? 1 : 0;
            case QUEUE_NOTIFY_OFF -> queue == null ? 0 : queueSelect;
            case QUEUE_DESC -> queue == null ? 0 : queue.descriptors();
            case QUEUE_DRIVER -> queue == null ? 0 : queue.available();
            case QUEUE_DEVICE -> queue == null ? 0 : queue.used();
            default -> 0;
        };
    }

    private static long half(long features, int select) {
        return switch (select) {
            case 0 -> features & 0xFFFFFFFFL;
            case 1 -> features >>> 32;
            default -> 0;
        };
    }

    /** The start of the register that a byte belongs to. */
    private static int register(int offset) {
        if (offset >= QUEUE_DESC) {
            return offset & -8;
        }
        if (offset < CONFIG_VECTOR) {
            return offset & -4;
        }
        return offset == STATUS || offset == GENERATION ? offset : offset & -2;
    }

    private long readCommon(int offset, int bytes) {
        long value = 0;
        for (int i = 0; i < bytes; i++) {
            int at = offset + i;
            if (at < QUEUE_ADDRESSES_END) {
                int register = register(at);
                value |= (readCommon(register) >>> 8 * (at - register) & 0xFF) << 8 * i;
            }
        }
        return value;
    }

    /** Drivers must write whole fields (4.1.3.1); anything else is ignored. */
    private void writeCommon(int offset, int bytes, long value) {
        if (offset >= QUEUE_DESC && offset < QUEUE_ADDRESSES_END) {
            if (bytes >= 4) {
                writeAddress(offset, bytes, value);
            }
            return;
        }
        int number = (int) value;
        VirtQueue queue = device.queue(queueSelect);
        switch (offset << 4 | bytes) {
            case DEVICE_FEATURE_SELECT << 4 | 4 -> deviceFeatureSelect = number;
            case DRIVER_FEATURE_SELECT << 4 | 4 -> driverFeatureSelect = number;
            case DRIVER_FEATURE << 4 | 4 -> writeFeatures(number);
            case STATUS << 4 | 1 -> writeStatus(number & 0xFF);
            case QUEUE_SELECT << 4 | 2 -> queueSelect = number & 0xFFFF;
            case QUEUE_SIZE << 4 | 2 -> {
                if (queue != null) {
                    queue.setSize(number & 0xFFFF);
                }
            }
            case QUEUE_ENABLE << 4 | 2 -> {
                if (queue != null && (number & 0xFFFF) == 1) {
                    queue.enable();
                }
            }
            default -> {}
        }
    }

    private void writeFeatures(int value) {
        switch (driverFeatureSelect) {
            case 0 -> driverFeatures = driverFeatures & -1L << 32 | value & 0xFFFFFFFFL;
            case 1 -> driverFeatures = driverFeatures & 0xFFFFFFFFL | (long) value << 32;
            default -> {
                return;
            }
        }
        device.negotiate(driverFeatures);
    }

    private void writeAddress(int offset, int bytes, long value) {
        VirtQueue queue = device.queue(queueSelect);
        if (queue == null || (offset & 3) != 0 || bytes == 8 && (offset & 7) != 0) {
            return;
        }
        int register = offset & -8;
        long old = readCommon(register);
        long next = value;
        if (bytes == 4) {
            int shift = 8 * (offset & 4);
            next = old & ~(0xFFFFFFFFL << shift) | (value & 0xFFFFFFFFL) << shift;
        }
        queue.place(
                register == QUEUE_DESC ? next : queue.descriptors(),
                register == QUEUE_DRIVER ? next : queue.available(),
                register == QUEUE_DEVICE ? next : queue.used());
    }

    /** The registers of BAR 4. */
    private final class Modern implements MmioDevice {
        @Override
        public long readMmio(long offset, int bytes) {
            int at = (int) offset & ~PART_MASK;
            return switch ((int) offset & PART_MASK) {
                case COMMON -> readCommon(at, bytes);
                case ISR -> at == 0 ? takeIsr() : 0;
                case DEVICE -> readDevice(at, bytes);
                default -> 0;
            };
        }

        @Override
        public void writeMmio(long offset, int bytes, long value) {
            int at = (int) offset & ~PART_MASK;
            switch ((int) offset & PART_MASK) {
                case COMMON -> writeCommon(at, bytes, value);
                case DEVICE -> writeDevice(at, bytes, value);
                case NOTIFY -> device.notified(at / NOTIFY_MULTIPLIER);
                default -> {}
            }
        }
    }

    /** The registers of BAR 0. */
    private final class Legacy implements PioDevice {
        @Override
        public int readPort(int offset, int bytes) {
            if (offset >= LEGACY_CONFIG) {
                return (int) readDevice(offset - LEGACY_CONFIG, bytes);
            }
            VirtQueue queue = device.queue(queueSelect);
            long value =
                    switch (offset) {
                        case LEGACY_FEATURES -> device.offered() & 0xFFFFFFFFL;
                        case LEGACY_DRIVER_FEATURES -> driverFeatures & 0xFFFFFFFFL;
                        case LEGACY_QUEUE_PAGE -> queue == null ? 0 : queue.legacyPage();
                        case LEGACY_QUEUE_SIZE -> queue == null ? 0 : queue.size();
                        case LEGACY_QUEUE_SELECT -> queueSelect;
                        case LEGACY_STATUS -> device.status();
                        case LEGACY_ISR -> takeIsr();
                        default -> 0;
                    };
            return (int) (value & (1L << 8 * bytes) - 1);
        }

        @Override
        public void writePort(int offset, int bytes, int value) {
            if (offset >= LEGACY_CONFIG) {
                writeDevice(offset - LEGACY_CONFIG, bytes, value);
                return;
            }
            VirtQueue queue = device.queue(queueSelect);
            switch (offset << 4 | bytes) {
                case LEGACY_DRIVER_FEATURES << 4 | 4 -> {
                    driverFeatures = value & 0xFFFFFFFFL;
                    device.negotiate(driverFeatures);
                }
                case LEGACY_QUEUE_PAGE << 4 | 4 -> {
                    if (queue != null) {
                        queue.placeLegacy(value);
                    }
                }
                case LEGACY_QUEUE_SELECT << 4 | 2 -> queueSelect = value;
                case LEGACY_QUEUE_NOTIFY << 4 | 2 -> device.notified(value);
                case LEGACY_STATUS << 4 | 1 -> writeStatus(value);
                default -> {}
            }
        }
    }

    /** The window of {@code VIRTIO_PCI_CAP_PCI_CFG} (4.1.4.9), for those who cannot reach BAR 4. */
    @Override
    public int readConfig(int offset, int bytes) {
        if (offset == PCI_WINDOW && windowMatches(bytes)) {
            return (int) new Modern().readMmio(windowOffset(), bytes);
        }
        return super.readConfig(offset, bytes);
    }

    @Override
    public void writeConfig(int offset, int bytes, int value) {
        super.writeConfig(offset, bytes, value);
        if (offset == PCI_WINDOW && windowMatches(bytes)) {
            new Modern().writeMmio(windowOffset(), bytes, value & 0xFFFFFFFFL);
        }
    }

    private int windowOffset() {
        return config().read(PCI_CAPABILITY + 8, 4);
    }

    private boolean windowMatches(int bytes) {
        int at = windowOffset();
        return config().read(PCI_CAPABILITY + 4, 1) == MODERN_BAR
                && config().read(PCI_CAPABILITY + 12, 4) == bytes
                && at >= 0
                && at <= MODERN_BYTES - bytes
                && (at & bytes - 1) == 0;
    }

    @Override
    public void reset() {
        resetDevice();
        super.reset();
    }

    @Override
    public int sectionVersion() {
        return device.stateVersion();
    }

    @Override
    public void save(SnapshotWriter out) {
        super.save(out);
        out.putInt("deviceFeatureSelect", deviceFeatureSelect);
        out.putInt("driverFeatureSelect", driverFeatureSelect);
        out.putLong("driverFeatures", driverFeatures);
        out.putInt("queueSelect", queueSelect);
        out.putInt("isr", isr);
        device.save(out);
    }

    @Override
    public void restore(SnapshotReader in, int version) throws SnapshotException {
        super.restore(in, version);
        deviceFeatureSelect = in.getInt("deviceFeatureSelect");
        driverFeatureSelect = in.getInt("driverFeatureSelect");
        driverFeatures = in.getLong("driverFeatures");
        queueSelect = in.getInt("queueSelect", 0, 0xFFFF);
        isr = in.getInt("isr", 0, ISR_QUEUE | ISR_CONFIGURATION);
        device.restore(in, version);
    }
}
