package dev.arclet.emulator.machine;

import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotFile;
import dev.arclet.emulator.snapshot.SnapshotReader;
import dev.arclet.emulator.snapshot.SnapshotWriter;
import dev.arclet.emulator.snapshot.Stateful;

/** What a snapshot's machine must be assembled as, and the time it had reached. */
public final class MachineShape implements Stateful {
    private long memoryBytes;
    private boolean icount;
    private long nanos;

    MachineShape(long memoryBytes, boolean icount, long nanos) {
        this.memoryBytes = memoryBytes;
        this.icount = icount;
        this.nanos = nanos;
    }

    /**
     * Reads a snapshot's shape.
     *
     * @throws SnapshotException if it has none, or one that no machine can have
     */
    public static MachineShape of(SnapshotFile snapshot) throws SnapshotException {
        MachineShape shape = new MachineShape(0, false, 0);
        snapshot.restore(shape);
        return shape;
    }

    /** Guest RAM in bytes. */
    public long memoryBytes() {
        return memoryBytes;
    }

    /** Whether virtual time is a function of executed instructions only. */
    public boolean icount() {
        return icount;
    }

    /** Virtual time in nanoseconds. */
    long nanos() {
        return nanos;
    }

    @Override
    public String sectionId() {
        return "machine";
    }

    @Override
    public int sectionVersion() {
        return 1;
    }

    @Override
    public void save(SnapshotWriter out) {
        out.putLong("memory-bytes", memoryBytes);
        out.putBoolean("icount", icount);
        out.putLong("nanos", nanos);
    }

    @Override
    public void restore(SnapshotReader in, int version) throws SnapshotException {
        memoryBytes = in.getLong("memory-bytes");
        icount = in.getBoolean("icount");
        nanos = in.getLong("nanos");
        if (memoryBytes < MachineConfig.MIN_MEMORY
                || memoryBytes > MachineConfig.MAX_MEMORY
                || memoryBytes % (1 << 20) != 0
                || nanos < 0) {
            throw new SnapshotException(
                    "cannot restore snapshot section 'machine': a machine with %d bytes of memory at %d ns can't be; the snapshot is damaged, start the machine without it"
                            .formatted(memoryBytes, nanos));
        }
    }
}
