package dev.arclet.emulator.device.floppy;

import dev.arclet.emulator.bus.EventQueue;
import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotReader;
import dev.arclet.emulator.snapshot.SnapshotWriter;
import dev.arclet.emulator.storage.BlockDevice;
import dev.arclet.emulator.storage.BlockQueue;
import dev.arclet.emulator.storage.HostWork;
import java.util.Optional;

/** A floppy disk drive: where its heads are, what disk is in it, the disk change line. */
public final class FloppyDrive {
    /** The last track that the heads reach. */
    static final int LAST_TRACK = 83;

    private final String name;
    final BlockQueue queue;
    private Optional<BlockDevice> disk = Optional.empty();
    private Optional<FloppyFormat> format = Optional.empty();

    /** Track that the heads are over, 0 to {@link #LAST_TRACK}. */
    int track;

    /** The line that says the disk was taken out since the heads last moved. */
    boolean changed = true;

    /** Completions go to the controller; set by it. */
    BlockQueue.Client client = (token, ok) -> {};

    /**
     * A drive.
     *
     * @param name for diagnostics, such as {@code "floppy0"}
     * @param disk what is in it, of a size that {@link FloppyFormat} knows; empty: nothing
     */
    public FloppyDrive(String name, EventQueue events, HostWork host, Optional<BlockDevice> disk) {
        this.name = name;
        queue =
                new BlockQueue(
                        name,
                        events,
                        host,
                        whole(disk),
                        0,
                        (token, ok) -> client.completed(token, ok));
        insert(disk);
    }

    private void insert(Optional<BlockDevice> medium) {
        disk = medium;
        format = medium.flatMap(d -> FloppyFormat.of(d.size()));
    }

    /** The disk as long as its format says. */
    private static BlockDevice whole(Optional<BlockDevice> disk) {
        if (disk.isEmpty()) {
            return null;
        }
        BlockDevice image = disk.get();
        long bytes = FloppyFormat.of(image.size()).map(FloppyFormat::bytes).orElse(image.size());
        return bytes == image.size() ? image : new WholeDisk(image, bytes);
    }

    /** Puts another disk in. Machine thread. */
    public void changeDisk(Optional<BlockDevice> medium) {
        queue.change(whole(medium));
        insert(medium);
        changed = true;
    }

    /** What is in the drive. */
    public Optional<BlockDevice> disk() {
        return disk;
    }

    /** How the disk is formatted; empty: there is none, or none that can be read. */
    Optional<FloppyFormat> format() {
        return format;
    }

    boolean writeProtected() {
        return queue.disk() == null || queue.disk().readOnly();
    }

    /** Moves the heads, which takes the disk change line back if there is a disk. */
    void step(int to) {
        int target = Math.clamp(to, 0, LAST_TRACK);
        if (target != track && format.isPresent()) {
            changed = false;
        }
        track = target;
    }

    void reset() {
        queue.reset();
        track = 0;
        changed = true;
    }

    void save(SnapshotWriter out) {
        out.putLong("diskBytes", format.map(FloppyFormat::bytes).orElse(0L));
        out.putInt("track", track);
        out.putBoolean("changed", changed);
        queue.save(out);
    }

    void restore(SnapshotReader in) throws SnapshotException {
        if (in.getLong("diskBytes") != format.map(FloppyFormat::bytes).orElse(0L)) {
            throw new SnapshotException(
                    "cannot restore floppy drive '%s': the snapshot was made with another disk in it; start the machine with the same disk"
                            .formatted(name));
        }
        track = in.getInt("track", 0, LAST_TRACK);
        changed = in.getBoolean("changed");
        queue.restore(in);
    }
}
