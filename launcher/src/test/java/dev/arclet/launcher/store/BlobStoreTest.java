package dev.arclet.launcher.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.format.VerifyException;
import dev.arclet.format.digest.Digest;
import dev.arclet.format.model.Descriptor;
import dev.arclet.format.model.MediaTypes;
import dev.arclet.launcher.LauncherException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BlobStoreTest {
    @TempDir private Path dir;

    private BlobStore store;
    private byte[] bytes;
    private Descriptor blob;

    @BeforeEach
    void open() throws IOException {
        store = new BlobStore(ArcletHome.at(dir.resolve("home")));
        bytes = new byte[300_000];
        new Random(1).nextBytes(bytes);
        blob = new Descriptor(MediaTypes.KERNEL, Digest.of(bytes), bytes.length);
    }

    @AfterEach
    void close() throws IOException {
        store.close();
    }

    @Test
    void showsABlobOnlyAfterItsDigestWasChecked() throws Exception {
        try (PartialBlob partial = store.begin(blob)) {
            partial.write(bytes, 0, bytes.length);
            assertFalse(store.has(blob));
            partial.commit();
        }
        assertTrue(store.has(blob));
        assertArrayEquals(bytes, store.open(blob.digest(), blob.size()).readAllBytes());
        assertEquals(0, store.partialBytes(blob));
        byte[] middle = store.read(blob.digest(), blob.size(), 1000, 50);
        assertArrayEquals(java.util.Arrays.copyOfRange(bytes, 1000, 1050), middle);
    }

    @Test
    void anInterruptedWriterDoesNotEndTheStoreForOthers() throws Exception {
        Thread.currentThread().interrupt();
        assertThrows(java.nio.channels.FileLockInterruptionException.class, () -> store.lock(0));
        assertTrue(Thread.interrupted());
        try (PartialBlob partial = store.begin(blob)) {
            partial.write(bytes, 0, bytes.length);
            partial.commit();
        }
        assertTrue(store.has(blob));
    }

    @Test
    void refusesAndForgetsBytesWithAnotherDigest() throws Exception {
        bytes[12_345] ^= 1;
        try (PartialBlob partial = store.begin(blob)) {
            partial.write(bytes, 0, bytes.length);
            VerifyException e = assertThrows(VerifyException.class, partial::commit);
            assertTrue(e.getMessage().contains(blob.digest().toString()), e.getMessage());
        }
        assertFalse(store.has(blob));
        assertEquals(0, store.partialBytes(blob));
    }

    @Test
    void refusesMoreBytesThanWereSigned() throws Exception {
        try (PartialBlob partial = store.begin(blob)) {
            partial.write(bytes, 0, bytes.length);
            assertThrows(VerifyException.class, () -> partial.write(bytes, 0, 1));
        }
        assertEquals(0, store.partialBytes(blob));
    }

    @Test
    void continuesWhatAnEarlierAttemptLeft() throws Exception {
        try (PartialBlob partial = store.begin(blob)) {
            partial.write(bytes, 0, 100_001);
        }
        assertEquals(100_001, store.partialBytes(blob));
        try (PartialBlob partial = store.begin(blob)) {
            assertEquals(100_001, partial.length());
            partial.write(bytes, 100_001, bytes.length - 100_001);
            partial.commit();
        }
        assertTrue(store.has(blob));
    }

    @Test
    void letsOneWriterAtABlobAndTellsTheOthersItIsThere() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        AtomicBoolean there = new AtomicBoolean();
        Thread second;
        try (PartialBlob partial = store.begin(blob)) {
            second =
                    Thread.ofPlatform()
                            .start(
                                    () -> {
                                        begun.countDown();
                                        try (PartialBlob other = store.begin(blob)) {
                                            there.set(other.alreadyThere());
                                        } catch (IOException | InterruptedException e) {
                                            throw new IllegalStateException(e);
                                        }
                                    });
            begun.await();
            partial.write(bytes, 0, bytes.length);
            partial.commit();
        }
        second.join(TimeUnit.SECONDS.toMillis(20));
        assertTrue(there.get());
    }

    @Test
    void keepsOthersOutOfItsFolders() throws IOException {
        assertEquals(
                "rwx------",
                PosixFilePermissions.toString(
                        Files.getPosixFilePermissions(ArcletHome.at(dir.resolve("home")).run())));
    }

    @Test
    void treatsACutOffBlobAsMissing() throws Exception {
        try (PartialBlob partial = store.begin(blob)) {
            partial.write(bytes, 0, bytes.length);
            partial.commit();
        }
        Files.write(store.path(blob.digest()), new byte[10]);
        assertFalse(store.has(blob));
        assertThrows(IOException.class, () -> store.read(blob.digest(), blob.size(), 1000, 50));
    }

    @Test
    void namesTheFolderWhenTheDiskIsFull() {
        LauncherException e =
                assertThrows(
                        LauncherException.class,
                        () -> store.requireSpace(Long.MAX_VALUE / 2, "test-vm"));
        assertEquals(LauncherException.Kind.HOST, e.kind());
        assertTrue(e.getMessage().contains("ARCLET_HOME"), e.getMessage());
    }

    @Test
    void sweepsOldUnfinishedDownloads() throws Exception {
        try (PartialBlob partial = store.begin(blob)) {
            partial.write(bytes, 0, 1000);
        }
        store.sweepPartial(Duration.ofDays(7), Instant.now());
        assertEquals(1000, store.partialBytes(blob));
        store.sweepPartial(Duration.ofDays(7), Instant.now().plus(Duration.ofDays(8)));
        assertEquals(0, store.partialBytes(blob));
    }
}
