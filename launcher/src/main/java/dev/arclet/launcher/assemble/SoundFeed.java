package dev.arclet.launcher.assemble;

import dev.arclet.emulator.device.audio.PcmSink;
import dev.arclet.launcher.run.Guest;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/**
 * What a machine plays, for whoever listens. While nobody does, the machine makes no sound at all;
 * nothing is kept for a listener that is late.
 */
public final class SoundFeed implements PcmSink, Guest.Sound {
    private static final int FRAME_BYTES = 4;

    private final List<Consumer<ByteBuffer>> listeners = new CopyOnWriteArrayList<>();

    @Override
    public void play(short[] samples, int frames, int rate) {
        ByteBuffer bytes = ByteBuffer.allocate(frames * FRAME_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asShortBuffer().put(samples, 0, 2 * frames);
        for (Consumer<ByteBuffer> listener : listeners) {
            listener.accept(bytes.asReadOnlyBuffer());
        }
    }

    @Override
    public boolean wanted() {
        return !listeners.isEmpty();
    }

    @Override
    public void follow(Consumer<ByteBuffer> listener) {
        listeners.add(listener);
    }

    @Override
    public void unfollow(Consumer<ByteBuffer> listener) {
        listeners.remove(listener);
    }
}
