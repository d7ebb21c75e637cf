package dev.arclet.launcher.session;

import dev.arclet.format.SpecException;
import dev.arclet.format.json.EnumText;
import dev.arclet.format.json.Fields;
import dev.arclet.format.json.StrictJson;
import dev.arclet.launcher.run.Guest;
import dev.arclet.launcher.run.VmInstance;
import dev.arclet.launcher.run.VmState;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import tools.jackson.databind.node.ObjectNode;

/**
 * The subprotocol {@code arclet.side.v1}: what RFB lacks. After the ticket, binary messages carry a
 * channel byte and data (0: serial port 1, both ways; 1: sound, to the page); text messages are
 * JSON objects with a {@code type}. From the launcher: {@code status} (state, fetched, toFetch,
 * message, sound) and {@code screen} (text, or graphics true). From the page: {@code stop}, and
 * {@code sound} (on): whether it listens, which at first it does not.
 */
final class SideChannel implements Viewer.Channel {
    private static final byte SERIAL = 0;
    private static final byte SOUND = 1;

    /** A page with more waiting than this, a second of sound, misses some. */
    private static final long MAX_SOUND_BACKLOG = 192_000;

    private static final int MAX_INPUT = 4096;
    private static final long SCREEN_PERIOD_MILLIS = 250;
    private static final long STATUS_PERIOD_MILLIS = 100;

    private final Viewer viewer;
    private final VmInstance vm;
    private final RateLimit input = new RateLimit(256 << 10, 256 << 10, System::nanoTime);
    private final Consumer<byte[]> serial = this::sendSerial;
    private final VmInstance.Listener listener = this::changed;
    private final Consumer<ByteBuffer> sound = this::sendSound;
    private Optional<Guest.Sound> heard = Optional.empty();
    private boolean over;
    private final ScheduledFuture<?> screenTask;
    private final ScheduledFuture<?> statusTask;
    private Optional<String> lastScreen;
    private VmInstance.Status sent;
    private VmInstance.Status latest;

    SideChannel(Viewer viewer, VmInstance vm, ScheduledExecutorService timer) {
        this.viewer = viewer;
        this.vm = vm;
        vm.listen(listener);
        vm.serial().follow(serial);
        statusTask =
                timer.scheduleWithFixedDelay(
                        this::sendStatus,
                        STATUS_PERIOD_MILLIS,
                        STATUS_PERIOD_MILLIS,
                        TimeUnit.MILLISECONDS);
        screenTask =
                timer.scheduleWithFixedDelay(
                        this::sendScreen, 0, SCREEN_PERIOD_MILLIS, TimeUnit.MILLISECONDS);
    }

    private void sendSerial(byte[] bytes) {
        viewer.send(ByteBuffer.allocate(1 + bytes.length).put(SERIAL).put(bytes).flip());
    }

    /** Machine thread. */
    private void sendSound(ByteBuffer pcm) {
        if (viewer.backlog() <= MAX_SOUND_BACKLOG) {
            viewer.send(ByteBuffer.allocate(1 + pcm.remaining()).put(SOUND).put(pcm).flip());
        }
    }

    private synchronized void listen(boolean on) {
        heard.ifPresent(s -> s.unfollow(sound));
        heard = on && !over ? vm.guest().flatMap(Guest::sound) : Optional.empty();
        heard.ifPresent(s -> s.follow(sound));
    }

    /** Progress comes many times a second: only changes of state go out at once. */
    private void changed(VmInstance.Status status) {
        boolean now;
        synchronized (this) {
            now = sent == null || sent.state() != status.state();
            latest = status;
        }
        if (now) {
            sendStatus();
        }
    }

    private void sendStatus() {
        VmInstance.Status status;
        synchronized (this) {
            if (latest == null || latest.equals(sent)) {
                return;
            }
            status = latest;
            sent = status;
            ObjectNode o = StrictJson.object();
            o.put("type", "status");
            o.put("state", EnumText.of(status.state()));
            o.put("fetched", status.fetched());
            o.put("toFetch", status.toFetch());
            o.put("message", status.message());
            o.put("sound", vm.guest().flatMap(Guest::sound).isPresent());
            send(o);
        }
    }

    private void sendScreen() {
        Optional<Guest> guest = vm.guest();
        if (guest.isEmpty() || vm.status().state() != VmState.RUNNING) {
            return;
        }
        Optional<String> screen = guest.get().screenText();
        if (screen.equals(lastScreen)) {
            return;
        }
        lastScreen = screen;
        ObjectNode o = StrictJson.object();
        o.put("type", "screen");
        o.put("graphics", screen.isEmpty());
        o.put("text", screen.orElse(""));
        send(o);
    }

    private void send(ObjectNode o) {
        viewer.send(new String(StrictJson.write(o), StandardCharsets.UTF_8));
    }

    @Override
    public void text(String message) {
        try {
            Fields f =
                    Fields.of(
                            StrictJson.parse(
                                    message.getBytes(StandardCharsets.UTF_8),
                                    "a page's message",
                                    4096),
                            "a page's message");
            switch (f.string("type")) {
                case "stop" -> {
                    f.refuseUnknown();
                    vm.stop();
                }
                case "sound" -> {
                    boolean on = f.bool("on");
                    f.refuseUnknown();
                    listen(on);
                }
                default -> viewer.refuse("unknown message");
            }
        } catch (SpecException e) {
            viewer.refuse("malformed message");
        }
    }

    @Override
    public void binary(ByteBuffer message) {
        int size = message.remaining() - 1;
        if (size < 0 || size > MAX_INPUT || message.get() != SERIAL || !input.allows(size)) {
            viewer.refuse("malformed message");
            return;
        }
        byte[] bytes = new byte[size];
        message.get(bytes);
        vm.guest().ifPresent(g -> g.serialInput(bytes));
    }

    @Override
    public void closed() {
        screenTask.cancel(false);
        statusTask.cancel(false);
        vm.unlisten(listener);
        vm.serial().unfollow(serial);
        synchronized (this) {
            over = true;
            listen(false);
        }
    }
}
