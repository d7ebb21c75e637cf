package dev.arclet.launcher.rfb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.emulator.display.Screen;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Sessions over a transport that only queues, as a WebSocket does. */
@Timeout(60)
class RfbSessionTest {
    private static final class Queueing implements Transport {
        final AtomicLong backlog = new AtomicLong();
        final AtomicLong peak = new AtomicLong();
        final LinkedBlockingQueue<Integer> sizes = new LinkedBlockingQueue<>();
        final CountDownLatch closed = new CountDownLatch(1);
        volatile String reason;

        @Override
        public void send(ByteBuffer bytes) {
            int size = bytes.remaining();
            peak.accumulateAndGet(backlog.addAndGet(size), Math::max);
            sizes.add(size);
        }

        @Override
        public long backlog() {
            return backlog.get();
        }

        @Override
        public void close(String why) {
            reason = why;
            closed.countDown();
        }
    }

    private static final InputSink NOBODY =
            new InputSink() {
                @Override
                public void key(int scanCode, boolean down) {}

                @Override
                public void pointer(int x, int y, int buttons) {}
            };

    private final Screen screen = new Screen();
    private final Queueing transport = new Queueing();

    private RfbSession session() {
        RfbSession session = new RfbSession(transport, screen, NOBODY, "test");
        session.start();
        session.received(
                ByteBuffer.wrap("RFB 003.008\n\1\1".getBytes(StandardCharsets.ISO_8859_1)));
        screen.publish();
        return session;
    }

    private static ByteBuffer request(int incremental) {
        return ByteBuffer.wrap(new byte[] {3, (byte) incremental, 0, 0, 0, 0, 0x7F, -1, 0x7F, -1});
    }

    @Test
    void slowViewersGetFewerUpdatesAndNoQueue() throws InterruptedException {
        screen.resize(1024, 768);
        Random random = new Random(1);
        RfbSession session = session();
        session.received(request(0));
        long drained = 0;
        for (int i = 0; i < 200; i++) {
            Drawing.page(screen, random);
            session.received(request(1));
            Integer size = transport.sizes.poll(10, TimeUnit.MILLISECONDS);
            if (size != null) {
                drained += transport.backlog.getAndSet(0) > 0 ? size : 0;
            }
        }
        assertTrue(drained > 0);
        // One chunk beyond the limit at most; a raw rectangle of 256x256 pixels is 256 KiB.
        assertTrue(transport.peak.get() < 2 << 20, "queued " + transport.peak.get());
        session.closed();
        assertTrue(transport.closed.await(10, TimeUnit.SECONDS));
        assertFalse(screen.watched());
    }

    @Test
    void viewersThatAskWithoutReadingAreClosed() throws InterruptedException {
        Transport stuck =
                new Transport() {
                    @Override
                    public void send(ByteBuffer bytes) {
                        try {
                            transport.closed.await();
                        } catch (InterruptedException e) {
                            Thread.currentThread().interrupt();
                        }
                    }

                    @Override
                    public long backlog() {
                        return 0;
                    }

                    @Override
                    public void close(String reason) {
                        transport.close(reason);
                    }
                };
        RfbSession session = new RfbSession(stuck, screen, NOBODY, "test");
        session.start();
        session.received(
                ByteBuffer.wrap("RFB 003.008\n\1\1".getBytes(StandardCharsets.ISO_8859_1)));
        byte[] fence = new byte[9 + 64];
        fence[0] = (byte) 248;
        fence[4] = (byte) 0x80;
        fence[8] = 64;
        for (int i = 0; i < 2000 && transport.reason == null; i++) {
            session.received(ByteBuffer.wrap(fence));
        }
        assertNotNull(transport.reason);
        assertEquals("the viewer asks but does not read", transport.reason);
    }

    @Test
    void closingIsSaidOnceAndForgetsTheScreen() throws InterruptedException {
        RfbSession session = session();
        assertTrue(screen.watched());
        session.received(ByteBuffer.wrap(new byte[] {77}));
        assertTrue(transport.closed.await(10, TimeUnit.SECONDS));
        assertEquals("unknown message type 77", transport.reason);
        session.closed();
        session.received(request(0));
        assertEquals("unknown message type 77", transport.reason);
        assertFalse(screen.watched());
    }
}
