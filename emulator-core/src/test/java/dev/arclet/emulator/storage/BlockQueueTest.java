package dev.arclet.emulator.storage;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.emulator.device.TestRig;
import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotReader;
import dev.arclet.emulator.snapshot.SnapshotWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BlockQueueTest {
    @TempDir private Path folder;
    private final TestRig rig = new TestRig();
    private final List<String> completions = new ArrayList<>();

    /** Carries work out when the test says so. */
    private static final class LateWork implements HostWork {
        private final Queue<Runnable> steps = new ArrayDeque<>();

        @Override
        public void submit(Runnable work, Runnable done) {
            steps.add(
                    () -> {
                        work.run();
                        done.run();
                    });
        }

        @Override
        public void settle() {
            while (!steps.isEmpty()) {
                steps.remove().run();
            }
        }
    }

    private RawImage disk(boolean readOnly) throws IOException {
        Path path = folder.resolve("disk");
        if (!Files.exists(path)) {
            Files.write(path, new byte[] {1, 2, 3, 4});
        }
        return RawImage.open(path, readOnly);
    }

    private BlockQueue queue(BlockDevice disk, HostWork host, long latency) {
        return new BlockQueue(
                "test",
                rig.events,
                host,
                disk,
                latency,
                (token, ok) -> completions.add(token + (ok ? " ok" : " failed")));
    }

    @Test
    void completesInOrderAfterTheLatency() throws IOException {
        try (RawImage disk = disk(false)) {
            BlockQueue queue = queue(disk, HostWork.IMMEDIATE, 100);
            byte[] buffer = new byte[4];
            queue.read(7, 0, buffer, 0, 4);
            queue.write(8, 2, new byte[] {9}, 0, 1);
            queue.flush(7);
            assertTrue(queue.busy());
            rig.advance(99);
            assertEquals(List.of(), completions);
            rig.advance(1);
            assertEquals(List.of("7 ok", "8 ok", "7 ok"), completions);
            assertArrayEquals(new byte[] {1, 2, 3, 4}, buffer);
            assertFalse(queue.busy());
            assertThrows(IndexOutOfBoundsException.class, () -> queue.read(1, 510, buffer, 0, 4));
        }
    }

    @Test
    void tellsOfAFailedMedium() throws IOException {
        Files.write(folder.resolve("disk"), new byte[512]);
        try (RawImage disk = disk(true)) {
            BlockQueue queue = queue(disk, HostWork.IMMEDIATE, 0);
            queue.write(1, 0, new byte[1], 0, 1);
            queue.discard(2, 0, 512);
            rig.advance(0);
            assertEquals(List.of("1 failed", "2 ok"), completions);
        }
    }

    @Test
    void completesWhenTheHostHasCarriedItOut() throws IOException {
        LateWork host = new LateWork();
        try (RawImage disk = disk(false)) {
            BlockQueue queue = queue(disk, host, 10);
            queue.zero(1, 0, 4);
            rig.advance(1000);
            assertEquals(List.of(), completions);
            SnapshotWriter tooEarly = new SnapshotWriter();
            assertThrows(IllegalStateException.class, () -> queue.save(tooEarly));
            host.settle();
            rig.advance(0);
            assertEquals(List.of("1 ok"), completions);
        }
    }

    @Test
    void resetForgetsWhatIsUnderWay() throws IOException {
        LateWork host = new LateWork();
        try (RawImage disk = disk(false)) {
            BlockQueue queue = queue(disk, host, 10);
            queue.flush(1);
            host.settle();
            queue.flush(2);
            queue.reset();
            assertFalse(queue.busy());
            queue.flush(3);
            host.settle();
            rig.advance(1000);
            assertEquals(List.of("3 ok"), completions);
        }
    }

    @Test
    void completionsThatWaitAreSaved() throws IOException, SnapshotException {
        try (RawImage disk = disk(false)) {
            BlockQueue queue = queue(disk, HostWork.IMMEDIATE, 100);
            queue.flush(5);
            rig.advance(50);
            SnapshotWriter out = new SnapshotWriter();
            queue.save(out);
            queue.reset();
            queue.restore(new SnapshotReader("test", out.toByteArray()));
            rig.advance(49);
            assertEquals(List.of(), completions);
            rig.advance(1);
            assertEquals(List.of("5 ok"), completions);
        }
    }
}
