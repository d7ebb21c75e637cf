package dev.arclet.emulator.device.virtio;

import dev.arclet.emulator.bus.DmaMemory;
import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotReader;
import dev.arclet.emulator.snapshot.SnapshotWriter;

/** A source of entropy (section 5.4). */
public final class VirtioRng extends VirtioDevice {
    private static final int TYPE = 4;
    private static final int QUEUE_SIZE = 8;

    /** A request gets at most so many bytes; the device may give fewer than there is room for. */
    private static final int MAX_BYTES = 4096;

    /** Where the bytes come from. */
    public interface Source {
        /**
         * Fills an array with random bytes.
         *
         * @param handedOut how many bytes the device has given since its reset: a source for runs
         *     that can be repeated gives the same for the same number, whatever was restored
         */
        void fill(byte[] bytes, long handedOut);
    }

    private final Source source;
    private long handedOut;

    /** A device on a source. */
    public VirtioRng(String name, DmaMemory memory, Source source) {
        super(name, TYPE, 0, memory, QUEUE_SIZE);
        this.source = source;
    }

    @Override
    protected void process(int number) throws VirtioException {
        VirtQueue queue = queue(0);
        for (DescriptorChain chain = queue.next(); chain != null; chain = queue.next()) {
            byte[] bytes = new byte[(int) Math.min(MAX_BYTES, chain.writableBytes())];
            source.fill(bytes, handedOut);
            handedOut += bytes.length;
            chain.write(0, bytes, 0, bytes.length);
            queue.giveBack(chain.head(), bytes.length);
        }
        interruptIfWanted(0);
    }

    @Override
    public int configurationBytes() {
        return 0;
    }

    @Override
    public int readConfiguration(int offset) {
        return 0;
    }

    @Override
    protected void resetDevice() {
        handedOut = 0;
    }

    @Override
    public int stateVersion() {
        return 2;
    }

    @Override
    protected void saveDevice(SnapshotWriter out) {
        out.putLong("handedOut", handedOut);
    }

    @Override
    protected void restoreDevice(SnapshotReader in, int version) throws SnapshotException {
        handedOut = version > 1 ? in.getLong("handedOut") : 0;
    }
}
