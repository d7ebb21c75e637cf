package dev.arclet.emulator.device.virtio;

import dev.arclet.emulator.bus.DmaMemory;
import dev.arclet.emulator.share.NinePServer;
import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotReader;
import dev.arclet.emulator.snapshot.SnapshotWriter;
import dev.arclet.emulator.storage.HostWork;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * A folder of the host by the 9P protocol (device ID 9; the device is described by QEMU and Linux,
 * not by the standard). The guest mounts it by its tag: {@code mount -t 9p -o
 * trans=virtio,version=9p2000.L TAG /mnt}.
 */
public final class Virtio9p extends VirtioDevice {
    private static final int TYPE = 9;
    private static final int QUEUE_SIZE = 128;
    private static final long MOUNT_TAG = 1;
    private static final int SMALLEST_REPLY = 11;
    private static final int MESSAGE_HEADER = 7;

    private final HostWork host;
    private final NinePServer server;
    private final byte[] tag;
    private int generation;

    /**
     * A share.
     *
     * @param mountTag by which the guest knows it, ASCII
     */
    public Virtio9p(
            String name, DmaMemory memory, HostWork host, NinePServer server, String mountTag) {
        super(name, TYPE, MOUNT_TAG, memory, QUEUE_SIZE);
        this.host = host;
        this.server = server;
        tag = mountTag.getBytes(StandardCharsets.US_ASCII);
    }

    @Override
    protected void process(int number) throws VirtioException {
        VirtQueue queue = queue(0);
        for (DescriptorChain chain = queue.next(); chain != null; chain = queue.next()) {
            start(chain);
        }
        interruptIfWanted(0);
    }

    private void start(DescriptorChain chain) throws VirtioException {
        if (chain.readableBytes() < MESSAGE_HEADER || chain.writableBytes() < SMALLEST_REPLY) {
            throw new VirtioException("a request without message or room for a reply");
        }
        byte[] size = new byte[4];
        chain.read(0, size, 0, 4);
        // The message says how long it is; the chain may have more room.
        long said = ByteBuffer.wrap(size).order(ByteOrder.LITTLE_ENDIAN).getInt() & 0xFFFFFFFFL;
        int length = (int) Math.min(said, Math.min(chain.readableBytes(), NinePServer.MAX_MESSAGE));
        byte[] message = new byte[Math.max(MESSAGE_HEADER, length)];
        chain.read(0, message, 0, message.length);
        int room = (int) Math.min(chain.writableBytes(), NinePServer.MAX_MESSAGE);
        byte[][] reply = new byte[1][];
        int startedIn = generation;
        host.submit(
                () -> reply[0] = server.answer(message, room),
                () -> {
                    if (startedIn == generation) {
                        chain.write(0, reply[0], 0, reply[0].length);
                        queue(0).giveBack(chain.head(), reply[0].length);
                        interruptIfWanted(0);
                    }
                });
    }

    @Override
    public int configurationBytes() {
        return 2 + tag.length;
    }

    @Override
    public int readConfiguration(int offset) {
        return switch (offset) {
            case 0 -> tag.length & 0xFF;
            case 1 -> tag.length >>> 8;
            default -> tag[offset - 2] & 0xFF;
        };
    }

    @Override
    protected void resetDevice() {
        generation++;
        host.settle();
        server.reset();
    }

    @Override
    protected void saveDevice(SnapshotWriter out) {
        server.save(out);
    }

    @Override
    protected void restoreDevice(SnapshotReader in, int version) throws SnapshotException {
        generation++;
        host.settle();
        server.restore(in);
    }
}
