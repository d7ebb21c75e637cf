package dev.arclet.launcher.support;

import dev.arclet.emulator.display.Screen;
import dev.arclet.format.FormatException;
import dev.arclet.format.blob.BlobChecks;
import dev.arclet.format.blob.BlobSource;
import dev.arclet.format.model.Audio;
import dev.arclet.format.model.KernelBoot;
import dev.arclet.format.model.Spec;
import dev.arclet.launcher.LauncherException;
import dev.arclet.launcher.assemble.SoundFeed;
import dev.arclet.launcher.policy.Decision;
import dev.arclet.launcher.rfb.InputSink;
import dev.arclet.launcher.rfb.RfbSession;
import dev.arclet.launcher.rfb.Transport;
import dev.arclet.launcher.run.Guest;
import dev.arclet.launcher.run.GuestFactory;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/**
 * A guest without a machine: a real screen with a painted picture, a real RFB server, a serial port
 * that greets and echoes. Checks its kernel against its digest, as the real assembler does.
 */
public final class FakeMachine implements Guest {
    /** Colour of the painted screen, 0x00RRGGBB. */
    public static final int COLOUR = 0x2266AA;

    /** Greeting on the serial port. */
    public static final String GREETING = "hello from the guest\r\n";

    private final Screen screen = new Screen();
    private final Consumer<byte[]> serial;
    private final CompletableFuture<Ended> ended = new CompletableFuture<>();
    private final List<String> keys = new CopyOnWriteArrayList<>();
    private final List<byte[]> input = new CopyOnWriteArrayList<>();

    private final CompletableFuture<Void> firstPicture = new CompletableFuture<>();
    private final SoundFeed sound = new SoundFeed();
    private final Audio audio;

    private FakeMachine(Consumer<byte[]> serial, Audio audio) {
        this.serial = serial;
        this.audio = audio;
    }

    /** Makes fake machines and remembers them. */
    public static final class Factory implements GuestFactory {
        private final List<FakeMachine> made = new CopyOnWriteArrayList<>();

        public List<FakeMachine> made() {
            return made;
        }

        @Override
        public void check(Spec spec) throws LauncherException {
            // It needs nothing of the host.
        }

        @Override
        public Guest assemble(
                Spec spec, Decision decision, BlobSource blobs, Path keep, Consumer<byte[]> serial)
                throws FormatException, IOException {
            BlobChecks.readAll(blobs, ((KernelBoot) spec.boot()).kernel());
            FakeMachine machine = new FakeMachine(serial, decision.granted().audio());
            made.add(machine);
            return machine;
        }
    }

    /** Keys pressed and released, as {@code code down|up}. */
    public List<String> keys() {
        return keys;
    }

    /** What came on the serial port. */
    public List<byte[]> input() {
        return input;
    }

    @Override
    public void start() {
        synchronized (screen) {
            screen.resize(640, 480);
            java.util.Arrays.fill(screen.pixels(), COLOUR);
            screen.damage(0, 0, 640, 480);
            char[] cells = new char[80 * 25];
            java.util.Arrays.fill(cells, ' ');
            for (int i = 0; i < "Welcome 42".length(); i++) {
                cells[i] = "Welcome 42".charAt(i);
            }
            screen.setText(new Screen.Text(80, 25, cells, 0));
        }
        screen.publish();
        firstPicture.complete(null);
        serial.accept(GREETING.getBytes(StandardCharsets.US_ASCII));
    }

    @Override
    public CompletionStage<Ended> ended() {
        return ended;
    }

    @Override
    public DisplaySession openDisplay(DisplayLink link) {
        RfbSession session =
                new RfbSession(
                        new Transport() {
                            @Override
                            public void send(ByteBuffer bytes) {
                                link.send(bytes);
                            }

                            @Override
                            public long backlog() {
                                return link.backlog();
                            }

                            @Override
                            public void close(String reason) {
                                link.close(reason);
                            }
                        },
                        screen,
                        new InputSink() {
                            @Override
                            public void key(int scanCode, boolean down) {
                                keys.add(scanCode + (down ? " down" : " up"));
                            }

                            @Override
                            public void pointer(int x, int y, int buttons) {
                                // Not looked at.
                            }
                        },
                        "fake");
        session.start();
        return new DisplaySession() {
            @Override
            public void received(ByteBuffer bytes) {
                session.received(bytes);
            }

            @Override
            public void closed() {
                session.closed();
            }
        };
    }

    @Override
    public Optional<String> screenText() {
        return Optional.ofNullable(screen.text()).map(Screen.Text::toPlainText);
    }

    @Override
    public CompletionStage<Void> firstPicture() {
        return firstPicture;
    }

    @Override
    public Optional<Sound> sound() {
        return audio == Audio.OUTPUT ? Optional.of(sound) : Optional.empty();
    }

    /** Plays a piece of sound, if anybody listens. */
    public boolean play(short[] samples) {
        if (sound.wanted()) {
            sound.play(samples, samples.length / 2, 48_000);
            return true;
        }
        return false;
    }

    @Override
    public void serialInput(byte[] bytes) {
        input.add(bytes.clone());
        serial.accept(bytes);
    }

    @Override
    public void stop() {
        ended.complete(new Ended(End.STOPPED, ""));
    }

    /** Ends as a guest does that powers itself off. */
    public void powerOff() {
        ended.complete(new Ended(End.POWERED_OFF, ""));
    }
}
