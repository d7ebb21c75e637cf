package dev.arclet.launcher.boot;

import dev.arclet.emulator.device.audio.PcmSink;
import dev.arclet.emulator.device.audio.SoundMixer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** What the guest plays, as a WAV file of 16-bit stereo PCM. */
final class WavFile implements PcmSink, AutoCloseable {
    private static final int HEADER_BYTES = 44;
    private static final int FRAME_BYTES = 4;

    /** Just below what the format's 32-bit lengths allow. */
    private static final long MAX_DATA = 0xFFFF_0000L;

    private final FileChannel file;
    private long written;

    WavFile(Path path) throws IOException {
        file =
                FileChannel.open(
                        path,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.TRUNCATE_EXISTING,
                        StandardOpenOption.WRITE);
        file.position(HEADER_BYTES);
    }

    @Override
    public void play(short[] samples, int frames, int rate) {
        ByteBuffer out = ByteBuffer.allocate(frames * FRAME_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        out.asShortBuffer().put(samples, 0, 2 * frames);
        write(out);
    }

    private void write(ByteBuffer bytes) {
        if (written + bytes.remaining() > MAX_DATA) {
            return;
        }
        written += bytes.remaining();
        try {
            while (bytes.hasRemaining()) {
                file.write(bytes);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write the sound: " + e.getMessage(), e);
        }
    }

    /** Writes the header, which holds the length. */
    @Override
    public void close() throws IOException {
        ByteBuffer head = ByteBuffer.allocate(HEADER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        head.put(ascii("RIFF")).putInt((int) (written + HEADER_BYTES - 8)).put(ascii("WAVE"));
        head.put(ascii("fmt ")).putInt(16).putShort((short) 1).putShort((short) 2);
        head.putInt(SoundMixer.RATE).putInt(SoundMixer.RATE * FRAME_BYTES);
        head.putShort((short) FRAME_BYTES).putShort((short) 16);
        head.put(ascii("data")).putInt((int) written).flip();
        try (file) {
            file.write(head, 0);
        }
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
