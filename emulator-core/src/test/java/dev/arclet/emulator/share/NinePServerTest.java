package dev.arclet.emulator.share;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotReader;
import dev.arclet.emulator.snapshot.SnapshotWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class NinePServerTest {
    private static final int ROOM = 8192;

    @TempDir private Path dir;
    private Path shared;
    private NinePServer server;

    @BeforeEach
    void files() throws IOException {
        shared = Files.createDirectory(dir.resolve("shared"));
        Files.createDirectories(shared.resolve("sub/deep"));
        Files.writeString(shared.resolve("hello"), "Hello");
        Files.writeString(shared.resolve("sub/deep/inner"), "inner");
        Files.writeString(dir.resolve("secret"), "secret");
        Files.createDirectory(dir.resolve("other"));
        Files.writeString(dir.resolve("other/secret"), "secret");
        Files.createSymbolicLink(shared.resolve("link"), Path.of("../secret"));
        Files.createSymbolicLink(shared.resolve("dirlink"), dir.resolve("other"));
        serve(false);
    }

    private void serve(boolean writable) throws IOException {
        server = new NinePServer(new SharedFolder(shared, writable));
        call(100, 8192, "9P2000.L");
        call(104, 0, -1, "user", "", 0);
    }

    /** Integers are 4 bytes, shorts 2, longs 8, strings as the protocol has them. */
    private static byte[] message(int type, Object... fields) {
        ByteBuffer out = ByteBuffer.allocate(20_000).order(ByteOrder.LITTLE_ENDIAN);
        out.putInt(0).put((byte) type).putShort((short) 1);
        for (Object field : fields) {
            switch (field) {
                case Integer i -> out.putInt(i);
                case Short s -> out.putShort(s);
                case Long l -> out.putLong(l);
                case Byte b -> out.put(b);
                case byte[] bytes -> out.put(bytes);
                case String text -> {
                    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
                    out.putShort((short) bytes.length).put(bytes);
                }
                default -> throw new IllegalArgumentException();
            }
        }
        out.putInt(0, out.position());
        return Arrays.copyOf(out.array(), out.position());
    }

    private ByteBuffer reply(int type, Object... fields) {
        byte[] bytes = server.answer(message(type, fields), ROOM);
        ByteBuffer out = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        assertEquals(bytes.length, out.getInt(0));
        assertEquals(1, out.getShort(5));
        return out.position(7);
    }

    private ByteBuffer call(int type, Object... fields) {
        ByteBuffer out = reply(type, fields);
        assertEquals(type + 1, out.get(4), () -> "error " + out.getInt(7));
        return out;
    }

    private void fails(int error, int type, Object... fields) {
        ByteBuffer out = reply(type, fields);
        assertEquals(7, out.get(4));
        assertEquals(error, out.getInt(7));
    }

    private void walk(int fid, String... names) {
        Object[] fields = new Object[3 + names.length];
        fields[0] = 0;
        fields[1] = fid;
        fields[2] = (short) names.length;
        System.arraycopy(names, 0, fields, 3, names.length);
        call(110, fields);
    }

    private String content(int fid) {
        ByteBuffer out = call(116, fid, 0L, 1000);
        byte[] bytes = new byte[out.getInt()];
        out.get(bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    @Test
    void readsFilesAndDirectories() {
        walk(1, "hello");
        call(12, 1, 0);
        assertEquals("Hello", content(1));
        walk(2, "sub", "deep", "inner");
        call(12, 2, 0);
        assertEquals("inner", content(2));
        ByteBuffer attributes = call(24, 1, -1L);
        assertEquals(0100444, attributes.getInt(7 + 8 + 13));
        assertEquals(5, attributes.getLong(7 + 8 + 13 + 4 + 4 + 4 + 8 + 8));
        walk(3);
        call(12, 3, 0);
        String names = new String(call(40, 3, 0L, 4000).array(), StandardCharsets.ISO_8859_1);
        for (String name : new String[] {"hello", "sub", "link", "dirlink"}) {
            assertTrue(names.contains(name), names);
        }
        assertFalse(names.contains("secret"));
        call(120, 1);
        fails(Errno.EBADF, 116, 1, 0L, 10);
    }

    /** A listing in small pieces has every name once. */
    @Test
    void listsInPieces() throws IOException {
        for (int i = 0; i < 100; i++) {
            Files.createFile(shared.resolve("file-" + i));
        }
        walk(3);
        call(12, 3, 0);
        long offset = 0;
        int seen = 0;
        while (true) {
            ByteBuffer out = call(40, 3, offset, 200);
            int bytes = out.getInt();
            if (bytes == 0) {
                break;
            }
            int end = out.position() + bytes;
            while (out.position() < end) {
                out.position(out.position() + 13);
                offset = out.getLong();
                out.get();
                out.position(out.position() + 2 + out.getShort(out.position()));
                seen++;
            }
        }
        assertEquals(2 + 4 + 100, seen);
    }

    @Test
    void nothingOutsideIsReached() throws IOException {
        serve(true);
        fails(Errno.EINVAL, 110, 0, 1, (short) 1, "../secret");
        fails(Errno.EINVAL, 110, 0, 1, (short) 1, "/etc/passwd");
        fails(Errno.EINVAL, 110, 0, 1, (short) 1, "");
        fails(Errno.EINVAL, 110, 0, 1, (short) 1, "a\0b");
        // ".." at the root is the root.
        walk(1, "..", "..", "hello");
        fails(Errno.ENOENT, 110, 0, 2, (short) 1, "secret");
        walk(3, "link");
        fails(Errno.ELOOP, 12, 3, 0);
        assertEquals("../secret", text(call(22, 3)));
        // Through a link to a directory: as far as the link and no further.
        ByteBuffer out = call(110, 0, 4, (short) 2, "dirlink", "secret");
        assertEquals(1, out.getShort());
        walk(5, "dirlink");
        fails(Errno.ELOOP, 110, 5, 6, (short) 1, "secret");
        fails(Errno.ELOOP, 12, 5, 0);
        fails(Errno.ELOOP, 14, 5, "new", 1, 0644, 0);
        fails(Errno.ELOOP, 72, 5, "new", 0755, 0);
        fails(Errno.ELOOP, 76, 5, "secret", 0);
        fails(Errno.EINVAL, 14, 0, "../new", 1, 0644, 0);
        fails(Errno.EINVAL, 72, 0, "..", 0755, 0);
        fails(Errno.EINVAL, 74, 0, "hello", 0, "../moved");
        fails(Errno.ELOOP, 74, 0, "hello", 5, "moved");
        // Nor can a guest make links (Tsymlink, Tlink, Tmknod).
        for (int type : new int[] {16, 70, 18}) {
            fails(Errno.EOPNOTSUPP, type, 0, "x", "/etc/passwd", 0, 0, 0, 0, 0);
        }
        assertEquals("secret", Files.readString(dir.resolve("secret")));
        assertArrayEquals(new String[] {"secret"}, dir.resolve("other").toFile().list());
    }

    private static String text(ByteBuffer out) {
        byte[] bytes = new byte[out.getShort()];
        out.get(bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    @Test
    void aReadOnlyFolderIsNotChanged() throws IOException {
        walk(1, "hello");
        fails(Errno.EROFS, 12, 1, 1);
        fails(Errno.EROFS, 12, 1, 0x200);
        fails(Errno.EROFS, 14, 0, "new", 1, 0644, 0);
        fails(Errno.EROFS, 72, 0, "new", 0755, 0);
        fails(Errno.EROFS, 76, 0, "hello", 0);
        fails(Errno.EROFS, 74, 0, "hello", 0, "moved");
        fails(Errno.EROFS, 122, 1);
        walk(1, "hello");
        fails(Errno.EROFS, 26, 1, 8, 0, 0, 0, 0L, 0L, 0L, 0L, 0L);
        call(12, 1, 0);
        fails(Errno.EBADF, 118, 1, 0L, 1, (byte) 'x');
        assertEquals("Hello", Files.readString(shared.resolve("hello")));
    }

    @Test
    void aWritableFolderIsChanged() throws IOException {
        serve(true);
        walk(1);
        call(14, 1, "new", 2, 0644, 0);
        call(118, 1, 3L, 4, "data".getBytes(StandardCharsets.UTF_8));
        call(50, 1, 0);
        assertEquals("\0\0\0data", Files.readString(shared.resolve("new")));
        call(26, 1, 8, 0, 0, 0, 5L, 0L, 0L, 0L, 0L);
        assertEquals(5, Files.size(shared.resolve("new")));
        call(72, 0, "made", 0755, 0);
        walk(2, "made");
        call(74, 0, "new", 2, "moved");
        assertEquals(5, Files.size(shared.resolve("made/moved")));
        fails(Errno.ENOTEMPTY, 76, 0, "made", 0x200);
        call(76, 2, "moved", 0);
        call(76, 0, "made", 0x200);
        assertFalse(Files.exists(shared.resolve("made")));
        // A link itself can be removed; what it points to stays.
        call(76, 0, "link", 0);
        assertTrue(Files.exists(dir.resolve("secret")));
    }

    @Test
    void whatTheGuestHoldsSurvivesASnapshot() throws IOException, SnapshotException {
        walk(1, "hello");
        call(12, 1, 0);
        walk(2, "sub");
        call(12, 2, 0);
        SnapshotWriter out = new SnapshotWriter();
        server.save(out);
        server = new NinePServer(new SharedFolder(shared, false));
        server.restore(new SnapshotReader("x", out.toByteArray()));
        assertEquals("Hello", content(1));
        assertTrue(call(40, 2, 0L, 4000).getInt() > 0);
    }

    @Test
    void anyMessageIsAnswered() throws IOException {
        serve(true);
        fuzz(0, 20_000);
    }

    @Test
    @Tag("slow")
    @Timeout(value = 3, unit = TimeUnit.HOURS)
    void fuzz() throws IOException {
        serve(true);
        long end = System.nanoTime() + Long.getLong("arclet.fuzz.seconds", 60) * 1_000_000_000L;
        long seed = 20_000;
        for (; System.nanoTime() < end; seed += 20_000) {
            fuzz(seed, seed + 20_000);
        }
        System.out.println("NinePServerTest: " + seed + " messages");
    }

    private void fuzz(long from, long until) throws IOException {
        int[] types = {
            8, 12, 14, 20, 22, 24, 26, 30, 40, 50, 52, 54, 72, 74, 76, 100, 104, 110, 116, 118, 120,
            122
        };
        for (long seed = from; seed < until; seed++) {
            Random random = new Random(seed);
            byte[] message = new byte[random.nextInt(60)];
            random.nextBytes(message);
            if (message.length > 7) {
                ByteBuffer.wrap(message)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .putInt(message.length)
                        .put((byte) types[random.nextInt(types.length)]);
                for (int i = 7; i < message.length; i++) {
                    message[i] =
                            (byte)
                                    (random.nextInt(3) == 0
                                            ? random.nextInt(4)
                                            : random.nextInt(2) * message[i] & 7);
                }
            }
            byte[] reply = server.answer(message, 11 + random.nextInt(200));
            assertTrue(reply.length >= 7, "seed " + seed);
        }
        assertEquals("secret", Files.readString(dir.resolve("secret")));
    }
}
