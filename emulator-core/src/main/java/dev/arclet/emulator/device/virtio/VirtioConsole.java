package dev.arclet.emulator.device.virtio;

import dev.arclet.emulator.bus.DmaMemory;
import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotReader;
import dev.arclet.emulator.snapshot.SnapshotWriter;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.function.Consumer;

/** A console with one port (section 5.3). What is sent to the guest waits until it has room. */
public final class VirtioConsole extends VirtioDevice {
    private static final int TYPE = 3;
    private static final int QUEUE_SIZE = 64;
    private static final int RECEIVE = 0;
    private static final int TRANSMIT = 1;
    private static final long SIZE = 1;
    private static final long EMERGENCY_WRITE = 1 << 2;
    private static final int CONFIG_BYTES = 12;
    private static final int CONFIG_EMERGENCY = 8;

    /** Output is handed on in pieces of this size. */
    private static final int PIECE = 4096;

    /** Input that may wait; what comes beyond is lost, as on a line that nobody reads. */
    private static final int MAX_WAITING = 1 << 16;

    private final Consumer<byte[]> output;
    private byte[] waiting = new byte[0];
    private int columns;
    private int rows;

    /**
     * A console.
     *
     * @param output receives what the guest writes, on the machine thread
     */
    public VirtioConsole(String name, DmaMemory memory, Consumer<byte[]> output) {
        super(name, TYPE, SIZE | EMERGENCY_WRITE, memory, QUEUE_SIZE, QUEUE_SIZE);
        this.output = output;
        resetDevice();
    }

    /**
     * Sends bytes to the guest. Machine thread.
     *
     * @return how many were taken; the rest would exceed what may wait
     */
    public int send(byte[] bytes) {
        int n = Math.min(bytes.length, MAX_WAITING - waiting.length);
        ByteArrayOutputStream joined = new ByteArrayOutputStream();
        joined.writeBytes(waiting);
        joined.write(bytes, 0, n);
        waiting = joined.toByteArray();
        notified(RECEIVE);
        return n;
    }

    /** Tells the guest the size of the terminal, in characters. Machine thread. */
    public void resize(int newColumns, int newRows) {
        columns = newColumns & 0xFFFF;
        rows = newRows & 0xFFFF;
        configurationChanged();
    }

    @Override
    protected void process(int number) throws VirtioException {
        if (number == TRANSMIT) {
            transmit();
        } else {
            receive();
        }
        interruptIfWanted(number);
    }

    private void transmit() throws VirtioException {
        VirtQueue queue = queue(TRANSMIT);
        for (DescriptorChain chain = queue.next(); chain != null; chain = queue.next()) {
            long length = Math.min(chain.readableBytes(), MAX_WAITING);
            for (long at = 0; at < length; at += PIECE) {
                byte[] piece = new byte[(int) Math.min(PIECE, length - at)];
                chain.read(at, piece, 0, piece.length);
                output.accept(piece);
            }
            queue.giveBack(chain.head(), 0);
        }
    }

    private void receive() throws VirtioException {
        VirtQueue queue = queue(RECEIVE);
        while (waiting.length > 0) {
            DescriptorChain chain = queue.next();
            if (chain == null) {
                return;
            }
            int n = (int) Math.min(waiting.length, chain.writableBytes());
            chain.write(0, waiting, 0, n);
            waiting = Arrays.copyOfRange(waiting, n, waiting.length);
            queue.giveBack(chain.head(), n);
        }
    }

    @Override
    public int configurationBytes() {
        return CONFIG_BYTES;
    }

    @Override
    public int readConfiguration(int offset) {
        return switch (offset) {
            case 0, 1 -> columns >>> 8 * offset & 0xFF;
            case 2, 3 -> rows >>> 8 * (offset - 2) & 0xFF;
            default -> 0;
        };
    }

    @Override
    public void writeConfiguration(int offset, int value) {
        if (offset == CONFIG_EMERGENCY) {
            output.accept(new byte[] {(byte) value});
        }
    }

    @Override
    protected void resetDevice() {
        waiting = new byte[0];
        columns = 80;
        rows = 25;
    }

    @Override
    protected void saveDevice(SnapshotWriter out) {
        out.putBytes("waiting", waiting);
        out.putInt("columns", columns);
        out.putInt("rows", rows);
    }

    @Override
    protected void restoreDevice(SnapshotReader in, int version) throws SnapshotException {
        waiting = in.getBytes("waiting", MAX_WAITING);
        columns = in.getInt("columns", 0, 0xFFFF);
        rows = in.getInt("rows", 0, 0xFFFF);
    }
}
