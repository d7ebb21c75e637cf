package dev.arclet.emulator.machine;

import dev.arclet.emulator.cpu.translate.Engines;
import dev.arclet.emulator.device.audio.PcmSink;
import dev.arclet.emulator.share.SharedFolder;
import dev.arclet.emulator.storage.BlockDevice;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.IntConsumer;

/**
 * What machine to build. Immutable; made by {@link #builder()}.
 *
 * @param memoryBytes guest RAM, a multiple of 1 MiB, 4 MiB..32 GiB
 * @param cpus number of processors; 1
 * @param kernel a Linux or Multiboot kernel to start without a firmware
 * @param firmware a ROM image to start instead of a kernel
 * @param vgaBios the display adapter's own ROM, which a firmware runs; empty for none
 * @param disks IDE disks, at most four, or three beside a CD drive; whoever opened them closes them
 * @param cdrom what is in the CD drive; empty: nothing, or without a firmware no drive at all
 * @param floppies what is in floppy drives A and B, of sizes that floppy disks have
 * @param bootOrder what the firmware tries, the first first
 * @param display what the guest finds as its screen
 * @param icount whether virtual time is a function of executed instructions only
 * @param rtcEpochSeconds what the real-time clock shows at power-on, in seconds since 1970 UTC
 * @param engine how guest code is executed
 * @param serial receives what the guest sends on COM1, byte by byte, on the machine thread
 * @param debugConsole receives what the guest writes to port 0xE9; empty: the port is not there
 * @param debugExit whether the isa-debug-exit port 0xF4 is there
 * @param testDevice whether the device for CPU test suites is there
 * @param postCodes where diagnostic codes are written; empty: nowhere
 * @param virtio the virtio cards; the machine closes their disks when it is closed
 * @param sound receives what the sound card and the speaker play; empty: there is no sound card,
 *     and the speaker is silent
 * @param network the network card; empty: there is none
 */
public record MachineConfig(
        long memoryBytes,
        int cpus,
        Optional<Kernel> kernel,
        Optional<Firmware> firmware,
        Optional<byte[]> vgaBios,
        List<BlockDevice> disks,
        Optional<BlockDevice> cdrom,
        List<BlockDevice> floppies,
        List<BootSource> bootOrder,
        DisplaySize display,
        boolean icount,
        long rtcEpochSeconds,
        Engines engine,
        IntConsumer serial,
        Optional<IntConsumer> debugConsole,
        boolean debugExit,
        boolean testDevice,
        Optional<PostCodes> postCodes,
        Virtio virtio,
        Optional<PcmSink> sound,
        Optional<NetworkCard> network) {

    /** Smallest RAM. */
    public static final long MIN_MEMORY = 4L << 20;

    /** Largest RAM. */
    public static final long MAX_MEMORY = 32L << 30;

    /** What a firmware boots from. */
    public enum BootSource {
        /** A floppy disk. */
        FLOPPY(1),
        /** A hard disk. */
        DISK(2),
        /** A CD. */
        CDROM(3);

        private final int cmosCode;

        BootSource(int cmosCode) {
            this.cmosCode = cmosCode;
        }

        /** Its digit in the boot order that CMOS holds. */
        int cmosCode() {
            return cmosCode;
        }
    }

    /** The most IDE drives. */
    public static final int MAX_IDE_DRIVES = 4;

    /**
     * The screen: a linear frame buffer, or VGA text mode.
     *
     * @param width pixels, 0 for text mode
     * @param height pixels, 0 for text mode
     */
    public record DisplaySize(int width, int height) {
        /** 80 columns, 25 rows. */
        public static final DisplaySize TEXT = new DisplaySize(0, 0);

        /** Whether this is VGA text mode. */
        public boolean isText() {
            return width == 0;
        }
    }

    /**
     * A kernel started directly.
     *
     * @param name what to call it in errors
     * @param image a bzImage, or a Multiboot kernel
     * @param initrd the initial RAM disk, empty for none
     * @param commandLine its parameters
     */
    public record Kernel(String name, byte[] image, byte[] initrd, String commandLine) {}

    /**
     * A ROM that holds the first instruction.
     *
     * @param name what to call it in errors
     * @param image its bytes, which end below 1 MiB and below 4 GiB
     */
    public record Firmware(String name, byte[] image) {}

    /**
     * A port for the codes of a power-on self-test.
     *
     * @param port its address, one where nothing else answers
     * @param output receives each code, on the machine thread
     */
    public record PostCodes(int port, IntConsumer output) {}

    /**
     * The virtio cards.
     *
     * @param disks in the order of their PCI slots
     * @param console receives what the guest writes to its virtio console, on the machine thread;
     *     empty: the console is not there
     * @param rng whether there is a source of entropy
     * @param balloon whether there is a balloon for the guest's free memory
     * @param folders that the guest may mount by the 9P protocol, in the order of their PCI slots
     */
    public record Virtio(
            List<BlockDevice> disks,
            Optional<Consumer<byte[]>> console,
            boolean rng,
            boolean balloon,
            List<Share> folders) {
        /** No cards. */
        public static final Virtio NONE =
                new Virtio(List.of(), Optional.empty(), false, false, List.of());

        /** Keeps copies of the lists. */
        public Virtio {
            disks = List.copyOf(disks);
            folders = List.copyOf(folders);
        }
    }

    /**
     * A folder of the host for the guest.
     *
     * @param tag by which the guest mounts it, ASCII
     */
    public record Share(String tag, SharedFolder folder) {}

    /** Checks the ranges. */
    public MachineConfig {
        if (memoryBytes < MIN_MEMORY
                || memoryBytes > MAX_MEMORY
                || (memoryBytes & ((1 << 20) - 1)) != 0) {
            throw new IllegalArgumentException(
                    "guest memory of %d bytes is not a multiple of 1 MiB in 4 MiB..32 GiB"
                            .formatted(memoryBytes));
        }
        disks = List.copyOf(disks);
        floppies = List.copyOf(floppies);
        bootOrder = List.copyOf(bootOrder);
        if (floppies.size() > 2) {
            throw new IllegalArgumentException(floppies.size() + " floppies: there is room for 2");
        }
        boolean hasCd = cdrom.isPresent() || firmware.isPresent();
        if (disks.size() > MAX_IDE_DRIVES - (hasCd ? 1 : 0)) {
            throw new IllegalArgumentException(
                    "%d IDE disks: there is room for %d"
                            .formatted(disks.size(), MAX_IDE_DRIVES - (hasCd ? 1 : 0)));
        }
        if (cpus != 1) {
            throw new IllegalArgumentException(
                    cpus + " processors: this build has machines with one processor");
        }
    }

    /**
     * A builder with the defaults: 256 MiB, one processor, text mode, the host's time, serial
     * output lost.
     */
    public static Builder builder() {
        return new Builder();
    }

    /** Collects the parts of a configuration. */
    public static final class Builder {
        private long memoryBytes = 256L << 20;
        private int cpus = 1;
        private Optional<Kernel> kernel = Optional.empty();
        private Optional<Firmware> firmware = Optional.empty();
        private Optional<byte[]> vgaBios = Optional.empty();
        private final List<BlockDevice> disks = new ArrayList<>();
        private Optional<BlockDevice> cdrom = Optional.empty();
        private final List<BlockDevice> floppies = new ArrayList<>();
        private List<BootSource> bootOrder =
                List.of(BootSource.FLOPPY, BootSource.DISK, BootSource.CDROM);
        private DisplaySize display = DisplaySize.TEXT;
        private boolean icount;
        private long rtcEpochSeconds = System.currentTimeMillis() / 1000;
        private Engines engine = Engines.AUTO;
        private IntConsumer serial = value -> {};
        private Optional<IntConsumer> debugConsole = Optional.empty();
        private boolean debugExit;
        private boolean testDevice;
        private Optional<PostCodes> postCodes = Optional.empty();
        private Virtio virtio = Virtio.NONE;
        private Optional<PcmSink> sound = Optional.empty();
        private Optional<NetworkCard> network = Optional.empty();

        private Builder() {}

        /** See {@link MachineConfig#memoryBytes()}. */
        public Builder memoryBytes(long value) {
            memoryBytes = value;
            return this;
        }

        /** See {@link MachineConfig#cpus()}. */
        public Builder cpus(int value) {
            cpus = value;
            return this;
        }

        /** See {@link MachineConfig#kernel()}. */
        public Builder kernel(String name, byte[] image, byte[] initrd, String commandLine) {
            kernel = Optional.of(new Kernel(name, image, initrd, commandLine));
            return this;
        }

        /** See {@link MachineConfig#firmware()}; the machine then starts no kernel. */
        public Builder firmware(String name, byte[] image) {
            firmware = Optional.of(new Firmware(name, image));
            return this;
        }

        /** See {@link MachineConfig#vgaBios()}. */
        public Builder vgaBios(byte[] image) {
            vgaBios = Optional.of(image);
            return this;
        }

        /** Adds one of {@link MachineConfig#disks()}. */
        public Builder disk(BlockDevice disk) {
            disks.add(disk);
            return this;
        }

        /** See {@link MachineConfig#cdrom()}. */
        public Builder cdrom(BlockDevice disc) {
            cdrom = Optional.of(disc);
            return this;
        }

        /** Adds one of {@link MachineConfig#floppies()}. */
        public Builder floppy(BlockDevice disk) {
            floppies.add(disk);
            return this;
        }

        /** See {@link MachineConfig#bootOrder()}; by default floppy, disk, CD. */
        public Builder bootOrder(List<BootSource> order) {
            bootOrder = order;
            return this;
        }

        /** See {@link MachineConfig#display()}. */
        public Builder display(int width, int height) {
            display = new DisplaySize(width, height);
            return this;
        }

        /** See {@link MachineConfig#icount()}; the real-time clock then starts at a fixed date. */
        public Builder icount(boolean value) {
            icount = value;
            if (value) {
                rtcEpochSeconds = 1_767_225_600L; // 2026-01-01T00:00:00Z
            }
            return this;
        }

        /** See {@link MachineConfig#rtcEpochSeconds()}. */
        public Builder rtcEpochSeconds(long value) {
            rtcEpochSeconds = value;
            return this;
        }

        /** See {@link MachineConfig#engine()}. */
        public Builder engine(Engines value) {
            engine = value;
            return this;
        }

        /** See {@link MachineConfig#serial()}. */
        public Builder serial(IntConsumer value) {
            serial = value;
            return this;
        }

        /** See {@link MachineConfig#debugConsole()}. */
        public Builder debugConsole(IntConsumer value) {
            debugConsole = Optional.of(value);
            return this;
        }

        /** See {@link MachineConfig#debugExit()}. */
        public Builder debugExit(boolean value) {
            debugExit = value;
            return this;
        }

        /** See {@link MachineConfig#testDevice()}. */
        public Builder testDevice(boolean value) {
            testDevice = value;
            return this;
        }

        /** See {@link MachineConfig#postCodes()}. */
        public Builder postCodes(int port, IntConsumer output) {
            postCodes = Optional.of(new PostCodes(port, output));
            return this;
        }

        /** See {@link MachineConfig#sound()}. */
        public Builder sound(PcmSink value) {
            sound = Optional.of(value);
            return this;
        }

        /** See {@link MachineConfig#virtio()}. */
        public Builder virtio(Virtio value) {
            virtio = value;
            return this;
        }

        /** See {@link MachineConfig#network()}. */
        public Builder network(NetworkCard value) {
            network = Optional.of(value);
            return this;
        }

        /** The configuration. */
        public MachineConfig build() {
            return new MachineConfig(
                    memoryBytes,
                    cpus,
                    kernel,
                    firmware,
                    vgaBios,
                    disks,
                    cdrom,
                    floppies,
                    bootOrder,
                    display,
                    icount,
                    rtcEpochSeconds,
                    engine,
                    serial,
                    debugConsole,
                    debugExit,
                    testDevice,
                    postCodes,
                    virtio,
                    sound,
                    network);
        }
    }
}
