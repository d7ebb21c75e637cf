package dev.arclet.emulator.storage;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RawImageTest {
    @TempDir private Path folder;

    private Path image(int bytes) throws IOException {
        byte[] content = new byte[bytes];
        new Random(bytes).nextBytes(content);
        return Files.write(folder.resolve("disk-" + bytes), content);
    }

    @Test
    void readsWhatTheFileHoldsAndWritesIntoIt() throws IOException {
        Path path = image(3 << 20);
        byte[] expected = Files.readAllBytes(path);
        byte[] got = new byte[expected.length + 2];
        try (RawImage disk = RawImage.open(path, false)) {
            assertEquals(expected.length, disk.size());
            disk.read(0, got, 1, expected.length);
            assertArrayEquals(expected, Arrays.copyOfRange(got, 1, expected.length + 1));
            disk.write(1000, new byte[] {1, 2, 3, 4}, 1, 2);
            disk.zero(70_000, 200_000);
            disk.flush();
        }
        expected[1000] = 2;
        expected[1001] = 3;
        Arrays.fill(expected, 70_000, 270_000, (byte) 0);
        assertArrayEquals(expected, Files.readAllBytes(path));
    }

    @Test
    void fillsAPartialSectorWithZeros() throws IOException {
        Path path = image(1000);
        byte[] expected = Arrays.copyOf(Files.readAllBytes(path), 1024);
        byte[] got = new byte[1024];
        Arrays.fill(got, (byte) 9);
        try (RawImage disk = RawImage.open(path, true)) {
            assertEquals(1024, disk.size());
            disk.read(0, got, 0, 1024);
        }
        assertArrayEquals(expected, got);
    }

    @Test
    void leavesTheDiskByNoByte() throws IOException {
        try (RawImage disk = RawImage.open(image(1024), false)) {
            byte[] buffer = new byte[2048];
            assertThrows(IndexOutOfBoundsException.class, () -> disk.read(1023, buffer, 0, 2));
            assertThrows(IndexOutOfBoundsException.class, () -> disk.write(-1, buffer, 0, 2));
            assertThrows(IndexOutOfBoundsException.class, () -> disk.zero(0, 1025));
        }
    }

    @Test
    void refusesByName() throws IOException {
        Path path = image(512);
        Path empty = Files.createFile(folder.resolve("empty"));
        assertMessage("there is no such file", folder.resolve("none"), false);
        assertMessage("it is empty", empty, false);
        try (RawImage disk = RawImage.open(path, true)) {
            assertThrows(StorageException.class, () -> disk.write(0, new byte[1], 0, 1));
            assertThrows(StorageException.class, () -> disk.zero(0, 1));
        }
        try (RawImage disk = RawImage.open(path, false)) {
            assertMessage("another machine", path, false);
            assertMessage("another machine", path, true);
            disk.flush();
        }
        RawImage.open(path, false).close();
    }

    private static void assertMessage(String part, Path path, boolean readOnly) {
        StorageException e =
                assertThrows(StorageException.class, () -> RawImage.open(path, readOnly).close());
        assertTrue(e.getMessage().contains(part), e.getMessage());
        assertTrue(e.getMessage().contains(path.toString()), e.getMessage());
    }
}
