package dev.arclet.launcher.rfb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class ClientMessagesTest {
    /** Writes down what it is told. */
    private static final class Log implements ClientMessages.Handler {
        final List<String> lines = new ArrayList<>();

        @Override
        public void version(int minor) {
            lines.add("version " + minor);
        }

        @Override
        public void securityChosen() {
            lines.add("security");
        }

        @Override
        public void initialised() {
            lines.add("init");
        }

        @Override
        public void pixelFormat(PixelFormat format) {
            lines.add("format " + format.bitsPerPixel + " " + format.convert(0x123456));
        }

        @Override
        public void encodings(int[] encodings) {
            lines.add("encodings " + Arrays.toString(encodings));
        }

        @Override
        public void updateRequest(boolean incremental, int x, int y, int width, int height) {
            lines.add("request " + incremental + " " + x + " " + y + " " + width + " " + height);
        }

        @Override
        public void continuousUpdates(boolean enable, int x, int y, int width, int height) {
            lines.add("continuous " + enable + " " + x + " " + y + " " + width + " " + height);
        }

        @Override
        public void fence(int flags, byte[] payload) {
            lines.add("fence " + flags + " " + Arrays.toString(payload));
        }

        @Override
        public void desktopSizeRequest() {
            lines.add("size");
        }

        @Override
        public void keySymbol(int symbol, boolean down) {
            lines.add("symbol " + symbol + " " + down);
        }

        @Override
        public void scanCode(int symbol, int code, boolean down) {
            lines.add("code " + symbol + " " + code + " " + down);
        }

        @Override
        public void pointer(int buttons, int x, int y) {
            lines.add("pointer " + buttons + " " + x + " " + y);
        }

        @Override
        public void handled() {}
    }

    private static final byte[] HELLO = "RFB 003.008\n\1\1".getBytes(StandardCharsets.ISO_8859_1);

    private static byte[] randomSession(Random random, boolean valid) {
        ByteBuffer out = ByteBuffer.allocate(1 << 16);
        out.put(HELLO);
        for (int i = 0; i < 60; i++) {
            switch (random.nextInt(10)) {
                case 0 -> {
                    out.putInt(0);
                    out.put(new byte[] {16, 16, (byte) random.nextInt(2), 1});
                    out.putShort((short) 31).putShort((short) 63).putShort((short) 31);
                    out.put(new byte[] {11, 5, 0, 0, 0, 0});
                }
                case 1 -> {
                    int n = random.nextInt(50);
                    out.putShort((short) 0x0200).putShort((short) n);
                    for (int k = 0; k < n; k++) {
                        out.putInt(random.nextInt(700) - 350);
                    }
                }
                case 2 -> out.put((byte) 3).put((byte) 1).putLong(random.nextLong());
                case 3 -> out.putInt(4 << 24 | 1 << 16).putInt(random.nextInt());
                case 4 -> out.put((byte) 5).put((byte) 3).putInt(random.nextInt());
                case 5 -> {
                    int n = random.nextInt(300);
                    out.putInt(6 << 24).putInt(n).put(new byte[n]);
                }
                case 6 -> out.put((byte) 150).put((byte) 1).putLong(random.nextLong());
                case 7 -> {
                    int n = random.nextInt(65);
                    out.putInt(248 << 24).putInt(random.nextInt()).put((byte) n);
                    out.put(new byte[n]);
                }
                case 8 -> {
                    int n = random.nextInt(5);
                    out.putInt(251 << 24).putShort((short) 0).put((byte) n).put((byte) 0);
                    out.put(new byte[16 * n]);
                }
                default -> {
                    out.putInt(0xFF000001).putInt(random.nextInt()).putInt(random.nextInt());
                }
            }
        }
        byte[] bytes = Arrays.copyOf(out.array(), out.position());
        if (!valid) {
            for (int i = 0; i < 1 + random.nextInt(10); i++) {
                bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
            }
        }
        return bytes;
    }

    @RepeatedTest(20)
    void anyFragmentationMeansTheSame(RepetitionInfo repetition) throws RfbProtocolException {
        long seed = repetition.getCurrentRepetition();
        Random random = new Random(seed);
        byte[] session = randomSession(random, true);
        Log whole = new Log();
        new ClientMessages(whole).feed(ByteBuffer.wrap(session));
        Log pieces = new Log();
        ClientMessages parser = new ClientMessages(pieces);
        for (int at = 0; at < session.length; ) {
            int n = Math.min(session.length - at, 1 + random.nextInt(30));
            parser.feed(ByteBuffer.wrap(session, at, n));
            at += n;
        }
        assertEquals(whole.lines, pieces.lines, "seed " + seed);
        assertTrue(whole.lines.size() > 40, "seed " + seed);
    }

    @Test
    void damagedSessionsEndOrGoOnButNeverBreak() {
        int refused = fuzz(0, 3000);
        assertTrue(refused > 500, "refused " + refused);
    }

    @Test
    @Tag("slow")
    @Timeout(value = 3, unit = TimeUnit.HOURS)
    void fuzz() {
        long end = System.nanoTime() + Long.getLong("arclet.fuzz.seconds", 60) * 1_000_000_000L;
        long seed = 3000;
        for (; System.nanoTime() < end; seed += 3000) {
            fuzz(seed, seed + 3000);
        }
        System.out.println("ClientMessagesTest: " + seed + " sessions");
    }

    private static int fuzz(long from, long until) {
        int refused = 0;
        for (long seed = from; seed < until; seed++) {
            Random random = new Random(seed);
            byte[] session = randomSession(random, false);
            try {
                new ClientMessages(new Log()).feed(ByteBuffer.wrap(session));
            } catch (RfbProtocolException e) {
                refused++;
                assertTrue(!e.getMessage().isBlank(), "seed " + seed);
            } catch (RuntimeException e) {
                throw new AssertionError("seed " + seed, e);
            }
        }
        return refused;
    }

    @Test
    void noiseIsRefused() {
        for (long seed = 0; seed < 2000; seed++) {
            byte[] noise = new byte[4000];
            new Random(seed).nextBytes(noise);
            System.arraycopy(HELLO, 0, noise, 0, HELLO.length);
            try {
                new ClientMessages(new Log()).feed(ByteBuffer.wrap(noise));
            } catch (RfbProtocolException e) {
                assertTrue(!e.getMessage().isBlank());
            } catch (RuntimeException e) {
                throw new AssertionError("seed " + seed, e);
            }
        }
    }
}
