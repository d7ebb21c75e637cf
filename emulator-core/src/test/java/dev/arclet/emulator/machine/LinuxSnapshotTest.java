package dev.arclet.emulator.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotFile;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.IntConsumer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Saves a booting Linux at random instructions and goes on from the file: what it ends as must not
 * tell. -Darclet.snapshot.points says at how many; -Darclet.media names the folder that the
 * samples' recipes filled.
 */
@Tag("slow")
class LinuxSnapshotTest {
    private static final int POINTS = Integer.getInteger("arclet.snapshot.points", 3);

    /** The kernel is in user space by then, and has drawn on its screen. */
    private static final long END = 5_500_000_000L;

    @TempDir Path folder;

    private MachineConfig config(IntConsumer serial) throws IOException {
        Path media = Path.of(System.getProperty("arclet.media"), "debian-shell");
        return MachineConfig.builder()
                .memoryBytes(64L << 20)
                .display(1024, 768)
                .icount(true)
                .rtcEpochSeconds(1_700_000_000)
                .kernel(
                        "vmlinuz",
                        Files.readAllBytes(media.resolve("vmlinuz")),
                        Files.readAllBytes(media.resolve("initrd.gz")),
                        "console=ttyS0 console=tty0")
                .serial(serial)
                .build();
    }

    /**
     * Memory, screen memory and all registers; not the TLB, which depends on the engine's cache.
     */
    private Map<String, Integer> end(PcMachine machine) throws IOException, SnapshotException {
        assertEquals(Exit.Reason.STOPPED, machine.runTo(END).reason());
        Path file = folder.resolve("end");
        machine.save(file);
        Map<String, Integer> out = new TreeMap<>();
        try (SnapshotFile snapshot = SnapshotFile.open(file)) {
            for (String id : snapshot.sections()) {
                if (!id.equals("tlb")) {
                    out.put(id, Arrays.hashCode(snapshot.section(id)));
                }
            }
        }
        return out;
    }

    @Test
    void aRestoredRunEndsAsTheRunWithoutIt() throws Exception {
        assumeTrue(
                System.getProperty("arclet.media", "").length() > 0, "-Darclet.media is not set");
        long seed = new Random().nextLong();
        long[] points = new Random(seed).longs(POINTS, 0, END).sorted().toArray();
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        Map<String, Integer> expected;
        try (PcMachine machine = PcMachine.assemble(config(printed::write))) {
            for (int i = 0; i < POINTS; i++) {
                machine.runTo(points[i]);
                machine.save(folder.resolve("saved" + i));
            }
            expected = end(machine);
        }
        for (int i = 0; i < POINTS; i++) {
            ByteArrayOutputStream rest = new ByteArrayOutputStream();
            try (SnapshotFile snapshot = SnapshotFile.open(folder.resolve("saved" + i));
                    PcMachine machine = PcMachine.restore(config(rest::write), snapshot)) {
                String where = "seed " + seed + ", saved at instruction " + points[i];
                assertEquals(expected, end(machine), where);
                String all = printed.toString(StandardCharsets.ISO_8859_1);
                String tail = rest.toString(StandardCharsets.ISO_8859_1);
                assertEquals(all.substring(all.length() - tail.length()), tail, where);
            }
        }
    }
}
