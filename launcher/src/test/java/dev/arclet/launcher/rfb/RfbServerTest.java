package dev.arclet.launcher.rfb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.emulator.display.Screen;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class RfbServerTest {
    private final Screen screen = new Screen();
    private final Recorder input = new Recorder();
    private RfbTcpServer server;
    private volatile boolean stopped;
    private Thread refresher;

    /** Notes what viewers do. */
    private static final class Recorder implements InputSink {
        final LinkedBlockingQueue<String> events = new LinkedBlockingQueue<>();
        volatile int leds = -1;

        @Override
        public void key(int scanCode, boolean down) {
            events.add("%x %s".formatted(scanCode, down ? "down" : "up"));
        }

        @Override
        public void pointer(int x, int y, int buttons) {
            events.add("at %d,%d %x".formatted(x, y, buttons));
        }

        @Override
        public int leds() {
            return leds;
        }

        List<String> take(int count) throws InterruptedException {
            List<String> result = new ArrayList<>();
            while (result.size() < count) {
                String event = events.poll(10, TimeUnit.SECONDS);
                if (event == null) {
                    break;
                }
                result.add(event);
            }
            return result;
        }
    }

    @BeforeEach
    void listen() throws IOException {
        screen.resize(300, 200);
        server =
                RfbTcpServer.listen(
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                        screen,
                        input,
                        "Täst");
    }

    /** Refreshes the screen as a machine does. */
    @BeforeEach
    void refresh() {
        refresher =
                new Thread(
                        () -> {
                            while (!stopped) {
                                screen.publish();
                                LockSupport.parkNanos(2_000_000);
                            }
                        });
        refresher.setDaemon(true);
        refresher.start();
    }

    @AfterEach
    void stop() {
        stopped = true;
        server.close();
    }

    @Test
    void newViewersWaitForTheScreenToBeDrawn() throws IOException, InterruptedException {
        stopped = true;
        refresher.join();
        Thread machine =
                new Thread(
                        () -> {
                            while (!screen.watched()) {
                                Thread.onSpinWait();
                            }
                            screen.resize(320, 240);
                            Drawing.random(screen, new Random(8));
                        });
        machine.start();
        try (RfbTestClient client = new RfbTestClient(server.port()).handshake()) {
            assertEquals(320, client.width);
            client.request(false);
            client.readUntilUpdate();
            assertTrue(same(client));
        }
        machine.join();
    }

    private RfbTestClient client(int... encodings) throws IOException {
        RfbTestClient client = new RfbTestClient(server.port()).handshake();
        client.setEncodings(encodings);
        return client;
    }

    private boolean same(RfbTestClient client) {
        synchronized (screen) {
            int[] pixels = screen.pixels();
            if (client.width != screen.width() || client.height != screen.height()) {
                return false;
            }
            for (int i = 0; i < pixels.length; i++) {
                if (client.pixels[i] != client.format.expected(pixels[i])) {
                    return false;
                }
            }
            return true;
        }
    }

    /**
     * Asks for updates until the viewer shows what the screen shows; the read times out if never.
     */
    private void settle(RfbTestClient client) throws IOException {
        while (!same(client)) {
            client.request(true);
            client.readUntilUpdate();
        }
    }

    static Stream<Arguments> encodingsAndFormats() {
        List<Arguments> result = new ArrayList<>();
        for (int encoding : new int[] {Rfb.RAW, Rfb.ZRLE, Rfb.TIGHT}) {
            for (RfbTestClient.Format format :
                    new RfbTestClient.Format[] {
                        RfbTestClient.Format.RGB888,
                        RfbTestClient.Format.BGR888_BIG,
                        RfbTestClient.Format.RGB10,
                        RfbTestClient.Format.RGB565,
                        RfbTestClient.Format.RGB555_BIG,
                        RfbTestClient.Format.BGR233
                    }) {
                result.add(Arguments.of(encoding, format));
            }
        }
        return result.stream();
    }

    @ParameterizedTest
    @MethodSource("encodingsAndFormats")
    void picturesArriveAsTheyAre(int encoding, RfbTestClient.Format format) throws IOException {
        long seed = 31L * encoding + format.hashCode();
        Random random = new Random(seed);
        Drawing.random(screen, random);
        try (RfbTestClient client = client(encoding)) {
            client.setFormat(format);
            client.request(false);
            client.readUntilUpdate();
            settle(client);
            for (int i = 0; i < 12; i++) {
                Drawing.random(screen, random);
                settle(client);
            }
            assertTrue(client.count(encoding) > 0);
            assertEquals(1, client.seen.size(), "seed " + seed + ": " + client.seen);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {3, 7, 8})
    void oldViewersAreWelcome(int minor) throws IOException {
        try (RfbTestClient client = new RfbTestClient(server.port()).handshake(minor)) {
            assertEquals(300, client.width);
            assertEquals(200, client.height);
            assertEquals("Täst", client.name);
            client.request(false);
            client.readUntilUpdate();
            assertTrue(same(client));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 16, 37, -5, -80})
    void scrollsAreCopied(int shift) throws IOException {
        Drawing.page(screen, new Random(5));
        try (RfbTestClient client = client(Rfb.COPY_RECT, Rfb.TIGHT)) {
            client.request(false);
            client.readUntilUpdate();
            assertTrue(same(client));
            Drawing.scroll(screen, shift);
            client.request(true);
            client.readUntilUpdate();
            assertTrue(same(client));
            assertEquals(1, client.count(Rfb.COPY_RECT));
        }
    }

    @Test
    void onlyWhatDiffersIsSent() throws IOException {
        try (RfbTestClient client = client(Rfb.RAW)) {
            client.request(false);
            client.readUntilUpdate();
            client.request(true);
            int[] row = new int[300];
            row[123] = 0xFFFFFF;
            screen.putRow(77, row, 0);
            screen.publish();
            int before = client.count(Rfb.RAW);
            client.readUntilUpdate();
            assertEquals(before + 1, client.count(Rfb.RAW));
            assertTrue(same(client));
            // Damage without a difference sends nothing: the next update is the next difference.
            client.request(true);
            screen.damage(0, 0, 300, 200);
            screen.publish();
            row[124] = 0xFFFFFF;
            screen.putRow(77, row, 0);
            screen.publish();
            client.readUntilUpdate();
            assertTrue(same(client));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {Rfb.DESKTOP_SIZE, Rfb.EXTENDED_DESKTOP_SIZE})
    void sizeChangesAreFollowed(int encoding) throws IOException {
        Random random = new Random(9);
        try (RfbTestClient client = client(Rfb.ZRLE, encoding)) {
            client.request(false);
            settle(client);
            for (int[] size : new int[][] {{640, 400}, {80, 50}, {1024, 768}}) {
                screen.resize(size[0], size[1]);
                Drawing.random(screen, random);
                settle(client);
            }
            assertTrue(client.count(encoding) >= 3);
        }
    }

    @Test
    void viewersThatCannotResizeGetAClippedPicture() throws IOException {
        try (RfbTestClient client = client(Rfb.RAW)) {
            client.request(false);
            client.readUntilUpdate();
            screen.resize(100, 400);
            int[] row = new int[100];
            row[99] = 0xABCDEF;
            screen.putRow(10, row, 0);
            screen.publish();
            while (client.pixels[10 * 300 + 99] != 0xABCDEF) {
                client.request(true);
                client.readUntilUpdate();
            }
            assertEquals(300, client.width);
        }
    }

    @Test
    void guestsDecideOnTheirModes() throws IOException {
        try (RfbTestClient client = client(Rfb.RAW, Rfb.EXTENDED_DESKTOP_SIZE)) {
            client.request(false);
            settle(client);
            client.request(true);
            client.out.write(new byte[] {(byte) 251, 0, 1, 0, 1, 0, 0, 0});
            while (client.sizeStatus != 1) {
                client.readUntilUpdate();
            }
            assertEquals(300, client.width);
        }
    }

    @Test
    void continuousUpdatesFlowWhileFencesAreAnswered() throws IOException {
        Random random = new Random(11);
        try (RfbTestClient client = client(Rfb.TIGHT, Rfb.FENCE, Rfb.CONTINUOUS_UPDATES)) {
            while (client.fencesSeen == 0 || client.endsOfContinuousUpdates == 0) {
                client.readMessage();
            }
            client.continuous(true);
            for (int i = 0; i < 20; i++) {
                Drawing.random(screen, random);
                while (!same(client)) {
                    client.readMessage();
                }
            }
            client.continuous(false);
            while (client.endsOfContinuousUpdates < 2) {
                client.readMessage();
            }
            client.fence(Rfb.FENCE_REQUEST | Rfb.FENCE_SYNC_NEXT, new byte[] {1, 2, 3});
            int before = client.fencesSeen;
            client.setFormat(RfbTestClient.Format.RGB565);
            while (client.fencesSeen == before) {
                client.readMessage();
            }
            client.request(false);
            settle(client);
        }
    }

    @Test
    void severalViewersLookAtOnce() throws IOException {
        Random random = new Random(12);
        try (RfbTestClient a = client(Rfb.RAW);
                RfbTestClient b = client(Rfb.ZRLE);
                RfbTestClient c = client(Rfb.COPY_RECT, Rfb.TIGHT)) {
            for (RfbTestClient client : List.of(a, b, c)) {
                client.request(false);
                settle(client);
            }
            for (int i = 0; i < 5; i++) {
                Drawing.random(screen, random);
                settle(c);
                settle(a);
                settle(b);
            }
        }
    }

    @Test
    void scanCodesPassUnchanged() throws IOException, InterruptedException {
        try (RfbTestClient client = client(Rfb.RAW, Rfb.QEMU_EXTENDED_KEY)) {
            client.request(false);
            client.readUntilUpdate();
            assertEquals(1, client.count(Rfb.QEMU_EXTENDED_KEY));
            extendedKey(client, 0x1E, true);
            extendedKey(client, 0x1E, false);
            extendedKey(client, 0xCD, true);
            extendedKey(client, 0xCD, false);
            extendedKey(client, 0xC6, true);
            extendedKey(client, 0xB7, true);
            extendedKey(client, 0x7FFFFFFF, true);
            extendedKey(client, 0x2A, true);
            assertEquals(
                    List.of(
                            "1e down",
                            "1e up",
                            "e04d down",
                            "e04d up",
                            "e046 down",
                            "54 down",
                            "2a down"),
                    input.take(7));
        }
        // What was held when the viewer went is let go.
        List<String> released = new ArrayList<>(input.take(3));
        Collections.sort(released);
        assertEquals(List.of("2a up", "54 up", "e046 up"), released);
    }

    private static void extendedKey(RfbTestClient client, int code, boolean down)
            throws IOException {
        client.out.write(new byte[] {(byte) 255, 0, 0, (byte) (down ? 1 : 0), 0, 0, 0, 0});
        client.out.writeInt(code);
    }

    private static void symbol(RfbTestClient client, int symbol, boolean down) throws IOException {
        client.out.write(new byte[] {4, (byte) (down ? 1 : 0), 0, 0});
        client.out.writeInt(symbol);
    }

    @Test
    void symbolsBecomeKeysOfTheUsLayout() throws IOException, InterruptedException {
        try (RfbTestClient client = client(Rfb.RAW)) {
            symbol(client, 'a', true);
            symbol(client, 'a', false);
            symbol(client, 0xFFE1, true);
            symbol(client, 'A', true);
            symbol(client, 'A', false);
            symbol(client, 0xFFE1, false);
            symbol(client, 0xFF0D, true);
            symbol(client, 0xFF0D, false);
            assertEquals(
                    List.of(
                            "1e down", "1e up", "2a down", "1e down", "1e up", "2a up", "1c down",
                            "1c up"),
                    input.take(8));
            // A layout with '*' unshifted and '/' on Shift-7.
            symbol(client, '*', true);
            symbol(client, '*', false);
            symbol(client, 0xFFE2, true);
            symbol(client, '/', true);
            symbol(client, '/', false);
            symbol(client, 0xFFE2, false);
            assertEquals(
                    List.of(
                            "2a down", "9 down", "2a up", "9 up", "36 down", "36 up", "35 down",
                            "36 down", "35 up", "36 up"),
                    input.take(10));
        }
    }

    @Test
    void pointersStayOnTheScreen() throws IOException, InterruptedException {
        try (RfbTestClient client = client(Rfb.RAW)) {
            client.out.write(new byte[] {5, 9, 0, 7, 0, 8});
            client.out.write(new byte[] {5, 0, (byte) 255, 0, (byte) 255, 0});
            assertEquals(List.of("at 7,8 9", "at 299,199 0"), input.take(2));
        }
    }

    @Test
    void lightsOfTheKeyboardAreShown() throws IOException {
        input.leds = 2;
        try (RfbTestClient client = client(Rfb.RAW, Rfb.QEMU_LED_STATE)) {
            client.request(false);
            client.readUntilUpdate();
            assertEquals(2, client.leds);
            client.request(true);
            input.leds = 6;
            client.readUntilUpdate();
            assertEquals(6, client.leds);
        }
    }

    static Stream<Arguments> badMessages() {
        return Stream.of(
                Arguments.of("type", new byte[] {99}),
                Arguments.of("encodings", new byte[] {2, 0, (byte) 255, (byte) 255}),
                Arguments.of("format", badFormat()),
                Arguments.of("fence", new byte[] {(byte) 248, 0, 0, 0, 0, 0, 0, 0, 65}),
                Arguments.of("clipboard", new byte[] {6, 0, 0, 0, 127, 0, 0, 0}),
                Arguments.of("extended clipboard", new byte[] {6, 0, 0, 0, -1, -1, -1, -4}),
                Arguments.of("qemu", new byte[] {(byte) 255, 7}));
    }

    private static byte[] badFormat() {
        byte[] message = new byte[20];
        message[4] = 32;
        message[5] = 24;
        message[7] = 1;
        message[9] = 100;
        return message;
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("badMessages")
    void badMessageEndsOneViewerOnly(String what, byte[] message) throws IOException {
        try (RfbTestClient good = client(Rfb.RAW);
                RfbTestClient bad = client(Rfb.RAW)) {
            good.request(false);
            good.readUntilUpdate();
            bad.out.write(message);
            assertEquals(-1, bad.in.read(), what);
            Drawing.random(screen, new Random(3));
            settle(good);
        }
    }

    @Test
    void clipboardTextIsSkipped() throws IOException, InterruptedException {
        try (RfbTestClient client = client(Rfb.RAW)) {
            client.out.write(new byte[] {6, 0, 0, 0, 0, 1, 0, 0});
            client.out.write(new byte[65536]);
            symbol(client, 'q', true);
            assertEquals(List.of("10 down"), input.take(1));
        }
    }

    @Test
    void strangersAreTurnedAway() throws IOException {
        try (RfbTestClient client = new RfbTestClient(server.port())) {
            client.in.readNBytes(12);
            client.out.write("GET / HTTP/1".getBytes(StandardCharsets.US_ASCII));
            assertEquals(-1, client.in.read());
        }
    }

    @Test
    void onlyLoopbackIsListenedOn() {
        assertThrows(
                IllegalArgumentException.class,
                () -> RfbTcpServer.listen(new InetSocketAddress("0.0.0.0", 0), screen, input, "x"));
    }
}
