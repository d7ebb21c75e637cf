package dev.arclet.launcher.rfb;

import dev.arclet.emulator.display.Screen;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * One viewer of a screen: the server's side of an RFB connection over any {@link Transport}.
 *
 * <p>Three threads meet here. The transport's thread feeds {@link #received}; the machine's thread
 * reports damage, which is only noted; this session's own thread encodes and sends. At most one
 * update is being made, and a viewer that does not keep up gets fewer of them, never a queue.
 *
 * <p>A session keeps a copy of what its viewer shows. Against it damage is trimmed to the pixels
 * that differ, and scrolling is found.
 */
public final class RfbSession {
    private static final AtomicInteger NUMBER = new AtomicInteger();

    /** Replies that a viewer may have waiting before it is taken for hostile. */
    private static final int MAX_REPLY_BYTES = 64 << 10;

    /** Updates sent but not acknowledged by a fence. */
    private static final int MAX_UNACKNOWLEDGED = 2;

    private static final long MAX_BACKLOG = 1 << 20;
    private static final int CHUNK = 64 << 10;
    private static final long BACKLOG_WAIT_MILLIS = 4;
    private static final long IDLE_WAIT_MILLIS = 100;

    /** How long a new viewer waits for a screen that nobody watched to be drawn. */
    private static final long DRAW_WAIT_NANOS = 1_000_000_000;

    private final Transport transport;
    private final Screen screen;
    private final InputSink input;
    private final String name;
    private final KeyTracker keys;
    private final ClientMessages messages;
    private final Screen.Listener listener = new DamageListener();
    private final Object lock = new Object();

    // Guarded by the lock.
    private final Deque<ByteBuffer> replies = new ArrayDeque<>();
    private int replyBytes;
    private boolean closed;
    private boolean initialised;

    /** When a viewer that waits for its greeting gets it even if nothing was drawn. */
    private long greetBy;

    private boolean greetingWanted;
    private boolean drawn;
    private int width;
    private int height;
    private boolean sizeChanged;
    private final Damage damage = new Damage();
    private boolean refill;
    private boolean requested;
    private Area requestArea = Area.NONE;
    private boolean continuous;
    private Area continuousArea = Area.NONE;
    private boolean sizeAsked;
    private boolean sizeRefused;
    private int unacknowledged;
    private Wishes wishes = Wishes.NONE;
    private boolean fenceAnnounced;
    private boolean continuousAnnounced;
    private boolean keysAnnounced;
    private int ledsShown = -1;
    private PixelFormat format = PixelFormat.NATIVE;

    // Owned by the session's thread.
    private final Picture picture;
    private final OutBuffer out = new OutBuffer();

    /** A rectangle as a request names it: anything, clipped when used. */
    private record Area(int x, int y, int width, int height) {
        static final Area NONE = new Area(0, 0, 0, 0);
    }

    /**
     * @param transport carries the bytes to the viewer
     * @param screen what is shown; it need not be the only viewer
     * @param input where keys and the pointer go
     * @param name the title of the viewer's window
     */
    public RfbSession(Transport transport, Screen screen, InputSink input, String name) {
        this.transport = transport;
        this.screen = screen;
        this.input = input;
        this.name = name;
        keys = new KeyTracker(input);
        messages = new ClientMessages(new Receiver());
        picture = new Picture(this::pump);
    }

    /** Greets the viewer. Call once, before {@link #received}. */
    public void start() {
        reply(ByteBuffer.wrap("RFB 003.008\n".getBytes(StandardCharsets.US_ASCII)));
        Thread thread = new Thread(this::run, "rfb-viewer-" + NUMBER.incrementAndGet());
        thread.setDaemon(true);
        thread.start();
    }

    /**
     * Takes bytes that came from the viewer. One thread at a time. A viewer that breaks the
     * protocol is disconnected; that is no error of the caller's.
     */
    public void received(ByteBuffer bytes) {
        synchronized (lock) {
            if (closed) {
                return;
            }
        }
        try {
            messages.feed(bytes);
        } catch (RfbProtocolException e) {
            close(e.getMessage());
        }
    }

    /** The viewer has gone. May be called from any thread, more than once. */
    public void closed() {
        close("the viewer has gone");
    }

    private void close(String reason) {
        synchronized (lock) {
            if (closed) {
                return;
            }
            closed = true;
            lock.notifyAll();
        }
        screen.removeListener(listener);
        synchronized (keys) {
            keys.releaseAll();
        }
        transport.close(reason);
    }

    private void reply(ByteBuffer message) {
        boolean flooded;
        synchronized (lock) {
            replyBytes += message.remaining();
            flooded = replyBytes > MAX_REPLY_BYTES;
            replies.add(message);
            lock.notifyAll();
        }
        if (flooded) {
            close("the viewer asks but does not read");
        }
    }

    private void reply(OutBuffer message) {
        reply(message.take());
    }

    private void run() {
        try {
            while (step()) {
                // One reply or update each.
            }
        } catch (InterruptedException e) {
            close("the server is shutting down");
            Thread.currentThread().interrupt();
        } finally {
            picture.close();
            close("the display has failed");
        }
    }

    /** Sends what is due, or waits; false when the session is over. */
    private boolean step() throws InterruptedException {
        ByteBuffer message;
        Due due;
        synchronized (lock) {
            message = replies.poll();
            due = due();
            while (message == null && due == Due.NOTHING && !closed) {
                // Not for ever: the keyboard's lights change without a word.
                lock.wait(IDLE_WAIT_MILLIS);
                message = replies.poll();
                due = due();
            }
            if (closed) {
                return false;
            }
            if (message != null) {
                replyBytes -= message.remaining();
            }
        }
        if (message != null) {
            transport.send(message);
            return true;
        }
        switch (due) {
            case GREETING -> sendGreeting();
            case SIZE -> sendSize();
            case UPDATE -> sendUpdate();
            case NOTHING -> {}
        }
        return true;
    }

    private enum Due {
        NOTHING,
        GREETING,
        SIZE,
        UPDATE
    }

    /** What should be sent now. The lock is held. */
    private Due due() {
        if (greetingWanted) {
            return drawn || System.nanoTime() - greetBy >= 0 ? Due.GREETING : Due.NOTHING;
        }
        boolean behind = continuous && unacknowledged >= MAX_UNACKNOWLEDGED;
        if (!initialised || !(requested || continuous) || behind) {
            return Due.NOTHING;
        }
        if (sizeRefused || sizeAsked || sizeChanged && wishes.resizable()) {
            return Due.SIZE;
        }
        boolean news =
                wishes.extendedKeys() && !keysAnnounced
                        || wishes.leds() && input.leds() >= 0 && input.leds() != ledsShown;
        return news || intersects(continuous, continuousArea) || intersects(requested, requestArea)
                ? Due.UPDATE
                : Due.NOTHING;
    }

    private boolean intersects(boolean wanted, Area area) {
        return wanted && damage.intersects(area.x, area.y, area.width, area.height);
    }

    private void sendGreeting() {
        byte[] title = name.getBytes(StandardCharsets.UTF_8);
        synchronized (lock) {
            synchronized (screen) {
                width = screen.width();
                height = screen.height();
            }
            sizeChanged = false;
            out.u16(width);
            out.u16(height);
            PixelFormat.NATIVE.write(out);
            out.u32(title.length);
            out.put(title, 0, title.length);
            damage.resize(width, height);
            refill = true;
            greetingWanted = false;
            initialised = true;
        }
        transport.send(out.take());
    }

    /** Tells the viewer the size of the screen; such an update has nothing else in it. */
    private void sendSize() {
        int encoding;
        int reason;
        synchronized (lock) {
            encoding = wishes.extendedDesktopSize() ? Rfb.EXTENDED_DESKTOP_SIZE : Rfb.DESKTOP_SIZE;
            reason = sizeRefused ? 1 : 0;
            sizeRefused = false;
            sizeAsked = false;
            if (sizeChanged && wishes.resizable()) {
                adoptSize();
            }
            // Pixels follow in an update of their own, for the same request.
            out.u8(0);
            out.u8(0);
            out.u16(1);
            // Status 1 to our refusal of a size: prohibited.
            out.u16(reason);
            out.u16(reason);
            out.u16(width);
            out.u16(height);
            out.u32(encoding);
            if (encoding == Rfb.EXTENDED_DESKTOP_SIZE) {
                out.u32(1 << 24);
                out.u32(0);
                out.u32(0);
                out.u16(width);
                out.u16(height);
                out.u32(0);
            }
        }
        transport.send(out.take());
    }

    /** Takes over the screen's size. The lock is held. */
    private void adoptSize() {
        boolean whole =
                continuousArea.x == 0
                        && continuousArea.y == 0
                        && continuousArea.width >= width
                        && continuousArea.height >= height;
        boolean wholeRequest =
                requestArea.x == 0
                        && requestArea.y == 0
                        && requestArea.width >= width
                        && requestArea.height >= height;
        width = screen.width();
        height = screen.height();
        sizeChanged = false;
        damage.resize(width, height);
        if (whole) {
            continuousArea = new Area(0, 0, width, height);
        }
        if (wholeRequest) {
            requestArea = new Area(0, 0, width, height);
        }
        refill = true;
    }

    private void sendUpdate() throws InterruptedException {
        boolean announceKeys;
        int leds = -1;
        List<Screen.Rect> rects;
        synchronized (lock) {
            picture.configure(width, height, refill, wishes, format);
            refill = false;
            Area area = continuous ? continuousArea : requestArea;
            rects = damage.take(area.x, area.y, area.width, area.height);
            if (continuous && requested) {
                // A full request is honoured beside continuous updates.
                rects.addAll(
                        damage.take(
                                requestArea.x,
                                requestArea.y,
                                requestArea.width,
                                requestArea.height));
            }
            requested = false;
            announceKeys = wishes.extendedKeys() && !keysAnnounced;
            keysAnnounced |= announceKeys;
            if (wishes.leds() && input.leds() != ledsShown) {
                leds = input.leds();
                ledsShown = leds;
            }
        }
        picture.copy(screen, rects);
        int extra = (announceKeys ? 1 : 0) + (leds >= 0 ? 1 : 0);
        int count = picture.prepare(rects);
        if (count + extra == 0) {
            synchronized (lock) {
                // Nothing differs after all: the request stays open.
                requested |= !continuous;
            }
            return;
        }
        out.u8(0);
        out.u8(0);
        out.u16(count + extra);
        if (announceKeys) {
            out.rectangle(0, 0, 0, 0, Rfb.QEMU_EXTENDED_KEY);
        }
        if (leds >= 0) {
            out.rectangle(0, 0, 0, 0, Rfb.QEMU_LED_STATE);
            out.u8(leds);
        }
        picture.encode(out);
        acknowledgement();
        transport.send(out.take());
        waitForBacklog();
    }

    /** In continuous mode, asks the viewer to say when it has the update. */
    private void acknowledgement() {
        synchronized (lock) {
            if (continuous && wishes.fence()) {
                unacknowledged++;
                fence(out, Rfb.FENCE_REQUEST | Rfb.FENCE_BLOCK_BEFORE, new byte[0]);
            }
        }
    }

    private static void fence(OutBuffer out, int flags, byte[] payload) {
        out.u8(248);
        out.u8(0);
        out.u16(0);
        out.u32(flags);
        out.u8(payload.length);
        out.put(payload, 0, payload.length);
    }

    /** Sends part of an update once it is worth it. */
    private void pump() throws InterruptedException {
        if (out.size() >= CHUNK) {
            transport.send(out.take());
            waitForBacklog();
        }
    }

    private void waitForBacklog() throws InterruptedException {
        while (transport.backlog() > MAX_BACKLOG) {
            synchronized (lock) {
                if (closed) {
                    return;
                }
                lock.wait(BACKLOG_WAIT_MILLIS);
            }
        }
    }

    /** Notes damage; the machine's thread must not wait. */
    private final class DamageListener implements Screen.Listener {
        @Override
        public void damaged(List<Screen.Rect> rects) {
            synchronized (lock) {
                for (Screen.Rect rect : rects) {
                    damage.add(rect.x(), rect.y(), rect.width(), rect.height());
                }
                lock.notifyAll();
            }
        }

        @Override
        public void resized(int newWidth, int newHeight) {
            synchronized (lock) {
                sizeChanged = newWidth != width || newHeight != height;
                damage.add(0, 0, width, height);
                lock.notifyAll();
            }
        }

        @Override
        public void refreshed() {
            synchronized (lock) {
                if (!drawn) {
                    drawn = true;
                    lock.notifyAll();
                }
            }
        }
    }

    /** Acts on the viewer's messages, on the transport's thread. */
    private final class Receiver implements ClientMessages.Handler {
        private int minor;
        private ByteBuffer fenceAfterNext;
        private int messagesToFence;

        @Override
        public void version(int agreed) {
            minor = agreed;
            OutBuffer message = new OutBuffer();
            if (agreed == 3) {
                message.u32(1);
            } else {
                message.u8(1);
                message.u8(1);
            }
            reply(message);
        }

        @Override
        public void securityChosen() {
            if (minor == 8) {
                OutBuffer message = new OutBuffer();
                message.u32(0);
                reply(message);
            }
        }

        @Override
        public void initialised() {
            synchronized (lock) {
                greetBy = System.nanoTime() + DRAW_WAIT_NANOS;
                greetingWanted = true;
            }
            screen.addListener(listener);
            boolean late;
            synchronized (lock) {
                late = closed;
                lock.notifyAll();
            }
            if (late) {
                screen.removeListener(listener);
            }
        }

        @Override
        public void pixelFormat(PixelFormat newFormat) {
            if (!newFormat.trueColour) {
                reply(colourMap());
            }
            synchronized (lock) {
                format = newFormat;
            }
        }

        private ByteBuffer colourMap() {
            OutBuffer message = new OutBuffer();
            message.u8(1);
            message.u8(0);
            message.u16(0);
            message.u16(256);
            for (int i = 0; i < 256; i++) {
                message.u16((i >> 5 & 7) * 0xFFFF / 7);
                message.u16((i >> 2 & 7) * 0xFFFF / 7);
                message.u16((i & 3) * 0xFFFF / 3);
            }
            return message.take();
        }

        @Override
        public void encodings(int[] encodings) {
            boolean announceFence;
            boolean announceContinuous;
            synchronized (lock) {
                wishes = Wishes.of(encodings);
                announceFence = wishes.fence() && !fenceAnnounced;
                announceContinuous = wishes.continuousUpdates() && !continuousAnnounced;
                fenceAnnounced |= announceFence;
                continuousAnnounced |= announceContinuous;
            }
            OutBuffer message = new OutBuffer();
            if (announceFence) {
                RfbSession.fence(message, Rfb.FENCE_REQUEST, new byte[0]);
            }
            if (announceContinuous) {
                message.u8(150);
            }
            if (message.size() > 0) {
                reply(message);
            }
        }

        @Override
        public void updateRequest(boolean incremental, int x, int y, int w, int h) {
            synchronized (lock) {
                if (incremental && continuous) {
                    return;
                }
                if (!incremental) {
                    damage.add(x, y, w, h);
                    refill = true;
                    sizeAsked = wishes.extendedDesktopSize();
                }
                requestArea =
                        requested ? union(requestArea, new Area(x, y, w, h)) : new Area(x, y, w, h);
                requested = true;
                lock.notifyAll();
            }
        }

        private Area union(Area a, Area b) {
            int x = Math.min(a.x, b.x);
            int y = Math.min(a.y, b.y);
            return new Area(
                    x,
                    y,
                    Math.max(a.x + a.width, b.x + b.width) - x,
                    Math.max(a.y + a.height, b.y + b.height) - y);
        }

        @Override
        public void continuousUpdates(boolean enable, int x, int y, int w, int h) {
            synchronized (lock) {
                continuous = enable && wishes.continuousUpdates();
                continuousArea = new Area(x, y, w, h);
                lock.notifyAll();
            }
            if (!enable) {
                OutBuffer message = new OutBuffer();
                message.u8(150);
                reply(message);
            }
        }

        @Override
        public void fence(int flags, byte[] payload) {
            if ((flags & Rfb.FENCE_REQUEST) == 0) {
                synchronized (lock) {
                    unacknowledged = Math.max(0, unacknowledged - 1);
                    lock.notifyAll();
                }
                return;
            }
            int known = Rfb.FENCE_BLOCK_BEFORE | Rfb.FENCE_BLOCK_AFTER | Rfb.FENCE_SYNC_NEXT;
            OutBuffer message = new OutBuffer();
            RfbSession.fence(message, flags & known, payload);
            if ((flags & Rfb.FENCE_SYNC_NEXT) == 0) {
                reply(message);
                return;
            }
            // The answer must not go out before the next message has taken effect.
            ByteBuffer earlier = fenceAfterNext;
            fenceAfterNext = message.take();
            messagesToFence = 2;
            if (earlier != null) {
                reply(earlier);
            }
        }

        @Override
        public void handled() {
            if (fenceAfterNext != null && --messagesToFence == 0) {
                ByteBuffer due = fenceAfterNext;
                fenceAfterNext = null;
                reply(due);
            }
        }

        @Override
        public void desktopSizeRequest() {
            synchronized (lock) {
                // The guest decides on its modes.
                sizeRefused = wishes.extendedDesktopSize();
                lock.notifyAll();
            }
        }

        @Override
        public void keySymbol(int symbol, boolean down) {
            synchronized (keys) {
                keys.symbol(symbol, down);
            }
        }

        @Override
        public void scanCode(int symbol, int code, boolean down) {
            synchronized (keys) {
                if (code > 0 && code < 0x80) {
                    keys.scanCode(code, down);
                } else if (code > 0x80 && code < 0x100) {
                    // B7h is what older viewers send for Print Screen.
                    keys.scanCode(code == 0xB7 ? 0x54 : 0xE000 | code & 0x7F, down);
                }
            }
        }

        @Override
        public void pointer(int buttons, int x, int y) {
            int right;
            int bottom;
            synchronized (lock) {
                right = width - 1;
                bottom = height - 1;
            }
            input.pointer(Math.min(x, right), Math.min(y, bottom), buttons & 0x7F);
        }
    }
}
