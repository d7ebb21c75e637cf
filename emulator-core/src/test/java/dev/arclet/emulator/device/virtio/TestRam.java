package dev.arclet.emulator.device.virtio;

import dev.arclet.emulator.bus.DmaMemory;
import dev.arclet.emulator.bus.Resettable;
import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotReader;
import dev.arclet.emulator.snapshot.SnapshotWriter;
import dev.arclet.emulator.snapshot.Stateful;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/** Guest memory from address 0, and a part with state, so that a restored run sees the same. */
final class TestRam implements DmaMemory, Resettable, Stateful {
    final byte[] bytes;
    final ByteBuffer view;

    TestRam(int size) {
        bytes = new byte[size];
        view = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private boolean has(long at) {
        return at >= 0 && at < bytes.length;
    }

    @Override
    public void readExternal(long physical, byte[] target, int from, int length) {
        for (int i = 0; i < length; i++) {
            target[from + i] = has(physical + i) ? bytes[(int) (physical + i)] : (byte) 0xFF;
        }
    }

    @Override
    public void writeExternal(long physical, byte[] source, int from, int length) {
        for (int i = 0; i < length; i++) {
            if (has(physical + i)) {
                bytes[(int) (physical + i)] = source[from + i];
            }
        }
    }

    @Override
    public void reset() {
        Arrays.fill(bytes, (byte) 0);
    }

    @Override
    public String sectionId() {
        return "test-ram";
    }

    @Override
    public int sectionVersion() {
        return 1;
    }

    @Override
    public void save(SnapshotWriter out) {
        out.putBytes("bytes", bytes);
    }

    @Override
    public void restore(SnapshotReader in, int version) throws SnapshotException {
        in.getBytes("bytes", bytes);
    }
}
