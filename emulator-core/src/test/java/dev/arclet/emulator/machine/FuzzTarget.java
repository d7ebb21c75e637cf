package dev.arclet.emulator.machine;

import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What a fuzzed machine's guest pokes at: the whole machine, or one device of it, named by the
 * ranges that it answers, its PCI identities (device and vendor), and what its drivers do.
 */
enum FuzzTarget {
    MACHINE(".*", ".*"),
    PIC("8259 .*|ELCR.*", ""),
    PIT("8254.*|system control B.*", ""),
    RTC("MC146818.*", ""),
    KEYBOARD_AND_MOUSE("8042 .*|system control A.*", ""),
    BACKDOOR("VMware backdoor.*", "", DriverGesture.BACKDOOR_CALL),
    SERIAL("COM1.*", ""),
    LOCAL_APIC("local APIC.*", "", DriverGesture.APIC_BASE),
    IO_APIC("I/O APIC.*", ""),
    HPET("HPET.*", ""),
    DMA("8237 .*|DMA pages.*|diagnostic latch.*", "", DriverGesture.FLOPPY_COMMAND),
    COPROCESSOR("coprocessor error.*", ""),
    DEBUG("debug console.*|isa-debug-exit.*", ""),
    FIRMWARE_SETTINGS("fw_cfg.*", "", DriverGesture.FIRMWARE_TRANSFER),
    HOST_AND_ISA_BRIDGE("PCI configuration.*", "1237:8086|7000:8086"),
    DISK(
            "IDE (command|control) block@(1f0|3f6)|IDE bus master.*",
            "7010:8086",
            DriverGesture.DISK_COMMAND),
    CD(
            "IDE (command|control) block@(170|376)|IDE bus master.*",
            "7010:8086",
            DriverGesture.CD_COMMAND),
    FLOPPY("82077.*", "", DriverGesture.FLOPPY_COMMAND),
    POWER_MANAGEMENT("PIIX4 power management.*|APM.*", "7113:8086"),
    VIRTIO_BLOCK("virtio-blk0.*", "1001:1af4", DriverGesture.VIRTIO_QUEUES),
    VIRTIO_CONSOLE("virtio-console0.*", "1003:1af4", DriverGesture.VIRTIO_QUEUES),
    VIRTIO_9P("virtio-9p0.*", "1009:1af4", DriverGesture.VIRTIO_QUEUES),
    VIRTIO_RNG("virtio-rng0.*", "1005:1af4", DriverGesture.VIRTIO_QUEUES),
    VIRTIO_BALLOON("virtio-balloon0.*", "1002:1af4", DriverGesture.VIRTIO_QUEUES),
    VIRTIO_NET("virtio-net0.*", "1000:1af4", DriverGesture.VIRTIO_QUEUES),
    AC97("AC97 .*", "2415:8086", DriverGesture.SOUND_BUFFERS),
    RTL8139("RTL8139.*", "8139:10ec", DriverGesture.CLASSIC_NETWORK_RINGS),
    VGA("VGA.*|Bochs VBE.*", "1111:1234", DriverGesture.VIDEO_MODE);

    private final Pattern labels;
    private final Pattern identities;
    private final Optional<DriverGesture> gesture;

    FuzzTarget(String labels, String identities) {
        this(labels, identities, Optional.empty());
    }

    FuzzTarget(String labels, String identities, DriverGesture gesture) {
        this(labels, identities, Optional.of(gesture));
    }

    FuzzTarget(String labels, String identities, Optional<DriverGesture> gesture) {
        this.labels = Pattern.compile(labels);
        this.identities = Pattern.compile(identities);
        this.gesture = gesture;
    }

    /**
     * Whether a range belongs to it.
     *
     * @param label name and place, such as {@code 8254@40}
     */
    boolean owns(String label) {
        return labels.matcher(label).matches();
    }

    /**
     * Whether a PCI function's configuration belongs to it.
     *
     * @param identity device and vendor, as in its first register
     */
    boolean configures(int identity) {
        String both = "%04x:%04x".formatted(identity >>> 16, identity & 0xFFFF);
        return identities.matcher(both).matches();
    }

    /** Whether it is a PCI function, or has some. */
    boolean isPci() {
        return !identities.pattern().isEmpty();
    }

    /** What its drivers do. */
    List<DriverGesture> gestures() {
        return this == MACHINE
                ? List.of(DriverGesture.values())
                : gesture.map(List::of).orElse(List.of());
    }

    /** Whether it writes to the guest's memory by itself. */
    boolean isBusMaster() {
        return gestures().stream().anyMatch(DriverGesture::movesData);
    }
}
