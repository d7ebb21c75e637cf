package dev.arclet.emulator.device.virtio;

import dev.arclet.emulator.bus.DmaMemory;
import dev.arclet.emulator.bus.Resettable;
import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotReader;
import dev.arclet.emulator.snapshot.SnapshotWriter;

/**
 * What all virtio devices share (chapter 2): status, features, virtqueues. A subclass is one kind
 * of device; a transport shows it to the driver. Modern drivers negotiate {@code VERSION_1}; legacy
 * ones do not.
 */
public abstract class VirtioDevice implements Resettable {
    private static final System.Logger LOG = System.getLogger(VirtioDevice.class.getName());

    // Device status (2.1)
    private static final int FEATURES_OK = 8;
    private static final int DRIVER_OK = 4;
    private static final int NEEDS_RESET = 0x40;

    // Features of every device (6)
    private static final long INDIRECT_DESC = 1L << 28;
    private static final long EVENT_IDX = 1L << 29;
    private static final long VERSION_1 = 1L << 32;

    /** Legacy: no assumptions about framing. */
    private static final long ANY_LAYOUT = 1L << 27;

    /** How a device reaches its driver. */
    public interface Transport {
        /** Says that buffers of a queue were used. */
        void queueInterrupt(int queue);

        /** Says that the configuration or the status has changed. */
        void configurationInterrupt();
    }

    private final String name;
    private final int type;
    private final VirtQueue[] queues;
    private final long offered;
    private Transport transport;
    private int status;
    private long negotiated;
    private int generation;
    private boolean complained;

    /**
     * A device after reset.
     *
     * @param name for diagnostics and the snapshot, such as {@code "virtio-blk0"}
     * @param type virtio device ID (chapter 5)
     * @param features the features of this kind of device that it offers
     * @param queueSizes descriptors of each queue at most, powers of two
     */
    protected VirtioDevice(
            String name, int type, long features, DmaMemory memory, int... queueSizes) {
        this.name = name;
        this.type = type;
        this.offered = features | VERSION_1 | INDIRECT_DESC | EVENT_IDX | ANY_LAYOUT;
        this.queues = new VirtQueue[queueSizes.length];
        for (int i = 0; i < queues.length; i++) {
            queues[i] = new VirtQueue(memory, queueSizes[i]);
        }
    }

    /** Connects the transport; once. */
    public final void connect(Transport wire) {
        transport = wire;
    }

    /** The device's name. */
    public final String name() {
        return name;
    }

    /** The virtio device ID. */
    public final int type() {
        return type;
    }

    /** All features on offer. */
    public final long offered() {
        return offered;
    }

    /** The features that the driver has accepted. */
    public final long negotiated() {
        return negotiated;
    }

    /** Whether all these features were accepted. */
    protected final boolean has(long features) {
        return (negotiated & features) == features;
    }

    /** Sets the features that the driver accepts; ignored once they are fixed. */
    public final void negotiate(long features) {
        if ((status & (FEATURES_OK | DRIVER_OK)) == 0) {
            negotiated = features;
        }
    }

    /** The number of queues. */
    public final int queueCount() {
        return queues.length;
    }

    /** A queue, or null if there is none of this number. */
    public final VirtQueue queue(int number) {
        return number >= 0 && number < queues.length ? queues[number] : null;
    }

    /** The device status register. */
    public final int status() {
        return status;
    }

    /** Counts changes of the configuration, modulo 256. */
    public final int generation() {
        return generation;
    }

    /** Writes the device status register (2.1): zero resets. */
    public final void setStatus(int value) {
        if (value == 0) {
            reset();
            return;
        }
        int next = value & 0xBF | status & NEEDS_RESET;
        if ((next & FEATURES_OK) != 0 && (negotiated & ~offered) != 0) {
            next &= ~FEATURES_OK;
        }
        boolean starts = (next & ~status & DRIVER_OK) != 0;
        status = next;
        if (starts) {
            negotiated &= offered;
            for (VirtQueue queue : queues) {
                queue.negotiated(has(EVENT_IDX), has(INDIRECT_DESC));
            }
            started();
            for (int i = 0; i < queues.length; i++) {
                notified(i);
            }
        }
    }

    /** The driver says that it has made buffers of a queue available. */
    public final void notified(int queue) {
        if (queue < 0
                || queue >= queues.length
                || (status & (DRIVER_OK | NEEDS_RESET)) != DRIVER_OK
                || !queues[queue].ready()) {
            return;
        }
        guard(() -> process(queue));
    }

    /** What a device does with its queues. */
    protected interface Work {
        void run() throws VirtioException;
    }

    /** Runs work on the queues; a driver that breaks the rules stops the device. */
    protected final void guard(Work work) {
        if ((status & NEEDS_RESET) != 0) {
            return;
        }
        try {
            work.run();
        } catch (VirtioException e) {
            if (!complained) {
                complained = true; // once is enough: it may break them as often as it likes
                LOG.log(
                        System.Logger.Level.WARNING,
                        "{0} stops until it is reset: the driver broke the rules: {1}",
                        name,
                        e.getMessage());
            }
            status |= NEEDS_RESET;
            if ((status & DRIVER_OK) != 0) {
                transport.configurationInterrupt();
            }
        }
    }

    /** Interrupts the driver if it wants that for what was given back. */
    protected final void interruptIfWanted(int queue) {
        if (queues[queue].wantsInterrupt()) {
            transport.queueInterrupt(queue);
        }
    }

    /** Tells the driver that the configuration has changed. */
    protected final void configurationChanged() {
        generation = (generation + 1) & 0xFF;
        if ((status & DRIVER_OK) != 0) {
            transport.configurationInterrupt();
        }
    }

    /** The driver has started the device; what it has accepted is known now. */
    protected void started() {}

    /** Whether the driver runs the device. */
    protected final boolean running() {
        return (status & (DRIVER_OK | NEEDS_RESET)) == DRIVER_OK;
    }

    /**
     * Handles what the driver has made available in a queue.
     *
     * @throws VirtioException if it breaks the rules
     */
    protected abstract void process(int queue) throws VirtioException;

    /** Bytes of the device-specific configuration. */
    public abstract int configurationBytes();

    /**
     * Reads a byte of the device-specific configuration.
     *
     * @param offset 0..configurationBytes() - 1
     * @return 0..255
     */
    public abstract int readConfiguration(int offset);

    /** Writes a byte of the device-specific configuration; by default nothing is writable. */
    public void writeConfiguration(int offset, int value) {}

    /** Forgets everything that a new device of this kind would not know. */
    protected abstract void resetDevice();

    @Override
    public final void reset() {
        status = 0;
        negotiated = 0;
        generation = 0;
        for (VirtQueue queue : queues) {
            queue.reset();
        }
        resetDevice();
    }

    /** Writes the state of this kind of device. */
    protected abstract void saveDevice(SnapshotWriter out);

    /** Reads what {@link #saveDevice} of a version wrote. */
    protected abstract void restoreDevice(SnapshotReader in, int version) throws SnapshotException;

    /** The version of what this kind of device writes, from 1. */
    public int stateVersion() {
        return 1;
    }

    /** Writes the state, as a part of the transport's section. */
    public final void save(SnapshotWriter out) {
        out.putInt("status", status);
        out.putLong("negotiated", negotiated);
        out.putInt("generation", generation);
        for (VirtQueue queue : queues) {
            queue.save(out);
        }
        saveDevice(out);
    }

    /** Reads what {@link #save} of a version wrote. */
    public final void restore(SnapshotReader in, int version) throws SnapshotException {
        status = in.getInt("status", 0, 0xFF);
        negotiated = in.getLong("negotiated");
        generation = in.getInt("generation", 0, 0xFF);
        for (VirtQueue queue : queues) {
            queue.restore(in);
        }
        restoreDevice(in, version);
    }
}
