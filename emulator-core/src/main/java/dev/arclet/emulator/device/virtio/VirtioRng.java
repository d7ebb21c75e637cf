package dev.arclet.emulator.device.virtio;

import dev.arclet.emulator.bus.DmaMemory;
import dev.arclet.emulator.snapshot.SnapshotReader;
import dev.arclet.emulator.snapshot.SnapshotWriter;
import java.util.function.Consumer;

/** A source of entropy (section 5.4). */
public final class VirtioRng extends VirtioDevice {
    private static final int TYPE = 4;
    private static final int QUEUE_SIZE = 8;

    /** A request gets at most so many bytes; the device may give fewer than there is room for. */
    private static final int MAX_BYTES = 4096;

    private final Consumer<byte[]> source;

    /**
     * A device on a source.
     *
     * @param source fills arrays with random bytes
     */
    public VirtioRng(String name, DmaMemory memory, Consumer<byte[]> source) {
        super(name, TYPE, 0, memory, QUEUE_SIZE);
        this.source = source;
    }

    @Override
    protected void process(int number) throws VirtioException {
        VirtQueue queue = queue(0);
        for (DescriptorChain chain = queue.next(); chain != null; chain = queue.next()) {
            byte[] bytes = new byte[(int) Math.min(MAX_BYTES, chain.writableBytes())];
            source.accept(bytes);
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
    protected void resetDevice() {}

    @Override
    protected void saveDevice(SnapshotWriter out) {}

    @Override
    protected void restoreDevice(SnapshotReader in) {}
}
