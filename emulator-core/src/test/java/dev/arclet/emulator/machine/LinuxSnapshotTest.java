package dev.arclet.emulator.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.arclet.emulator.FuzzRun;
import dev.arclet.emulator.net.Cable;
import dev.arclet.emulator.snapshot.SnapshotFile;
import dev.arclet.emulator.storage.MemoryDisk;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.IntConsumer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Saves a Linux at random instructions while it boots and tests its disks, and goes on from each
 * file in a JVM of its own: what it ends as must not tell. The machine has every card there is but
 * the source of entropy. -Darclet.snapshot.points says at how many; the media are those of {@code
 * bench/disk/recipe}, in the folder {@code disk} of -Darclet.media.
 */
@Tag("slow")
class LinuxSnapshotTest {
    private static final int POINTS = Integer.getInteger("arclet.snapshot.points", 3);

    /** The kernel is in user space by then, has drawn on its screen and tested a disk. */
    private static final long END = Long.getLong("arclet.snapshot.end", 10_000_000_000L);

    private static final int DISK_BYTES = 2 << 20;

    @TempDir Path folder;

    /** Two disks, on virtio and on IDE. */
    private static MachineConfig config(Path media, List<MemoryDisk> disks, IntConsumer serial)
            throws IOException {
        return MachineConfig.builder()
                .memoryBytes(96L << 20)
                .display(1024, 768)
                .icount(true)
                .rtcEpochSeconds(1_700_000_000)
                .kernel(
                        "vmlinuz",
                        Files.readAllBytes(media.resolve("vmlinuz")),
                        Files.readAllBytes(media.resolve("disk.gz")),
                        "console=tty0 console=ttyS0 disktest=vda disktest=sda")
                .serial(serial)
                .virtio(
                        new MachineConfig.Virtio(
                                List.of(disks.get(0)),
                                Optional.of(bytes -> {}),
                                false, // what it gives is random, and so is then the memory
                                true,
                                List.of()))
                .disk(disks.get(1))
                .cdrom(new MemoryDisk(new byte[1 << 20], true))
                .floppy(new MemoryDisk(new byte[1_474_560], false))
                .sound((samples, frames, rate) -> {})
                .network(new NetworkCard(NetworkCard.Model.VIRTIO, new Cable()))
                .build();
    }

    private static List<MemoryDisk> disks(Path saved) throws IOException {
        List<MemoryDisk> disks = new ArrayList<>();
        for (String name : List.of(".vda", ".sda")) {
            Path file = Path.of(saved + name);
            byte[] bytes = Files.exists(file) ? Files.readAllBytes(file) : new byte[DISK_BYTES];
            disks.add(new MemoryDisk(bytes, false));
        }
        return disks;
    }

    private static void save(PcMachine machine, List<MemoryDisk> disks, Path file)
            throws IOException {
        machine.save(file);
        Files.write(Path.of(file + ".vda"), disks.get(0).bytes);
        Files.write(Path.of(file + ".sda"), disks.get(1).bytes);
    }

    /**
     * Runs to the end; tells of memory, screen memory, all registers and the disks. Not of the TLB,
     * which depends on the engine's cache.
     */
    private static String end(PcMachine machine, List<MemoryDisk> disks, Path file)
            throws Exception {
        assertEquals(Exit.Reason.STOPPED, machine.runTo(END).reason());
        save(machine, disks, file);
        TreeMap<String, Integer> out = new TreeMap<>();
        try (SnapshotFile snapshot = SnapshotFile.open(file)) {
            for (String id : snapshot.sections()) {
                if (!id.equals("tlb")) {
                    out.put(id, Arrays.hashCode(snapshot.section(id)));
                }
            }
        }
        out.put("vda", Arrays.hashCode(disks.get(0).bytes));
        out.put("sda", Arrays.hashCode(disks.get(1).bytes));
        return out.toString();
    }

    /** The other JVM: media, a saved machine, and where to write what it ends as and has said. */
    public static void main(String[] arguments) throws Exception {
        Path saved = Path.of(arguments[1]);
        Path result = Path.of(arguments[2]);
        List<MemoryDisk> disks = disks(saved);
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        try (SnapshotFile snapshot = SnapshotFile.open(saved);
                PcMachine machine =
                        PcMachine.restore(
                                config(Path.of(arguments[0]), disks, said::write), snapshot)) {
            String end = end(machine, disks, Path.of(result + ".end"));
            Files.writeString(result, end + "\n" + said.toString(StandardCharsets.ISO_8859_1));
        }
    }

    private static String goOnElsewhere(Path media, Path saved, Path result) throws Exception {
        Path log = Path.of(result + ".log");
        Process process =
                new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "-XX:-DontCompileHugeMethods",
                                "--add-exports=java.base/jdk.internal.misc=ALL-UNNAMED",
                                "--enable-native-access=ALL-UNNAMED",
                                "-cp",
                                System.getProperty("java.class.path"),
                                LinuxSnapshotTest.class.getName(),
                                media.toString(),
                                saved.toString(),
                                result.toString())
                        .redirectErrorStream(true)
                        .redirectOutput(log.toFile())
                        .start();
        assertEquals(0, process.waitFor(), () -> read(log));
        return Files.readString(result);
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            return e.toString();
        }
    }

    @Test
    @Timeout(value = 2, unit = TimeUnit.HOURS)
    void aRestoredRunEndsAsTheRunWithoutIt() throws Exception {
        Path media = Path.of(System.getProperty("arclet.media", ""), "disk");
        assumeTrue(Files.exists(media.resolve("disk.gz")), "no " + media.resolve("disk.gz"));
        long seed = FuzzRun.seed();
        long[] points = new Random(seed).longs(POINTS, 0, END).sorted().toArray();
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        List<MemoryDisk> disks = disks(folder.resolve("none"));
        String expected;
        try (PcMachine machine = PcMachine.assemble(config(media, disks, printed::write))) {
            for (int i = 0; i < POINTS; i++) {
                machine.runTo(points[i]);
                save(machine, disks, folder.resolve("saved" + i));
            }
            expected = end(machine, disks, folder.resolve("end"));
        }
        String all = printed.toString(StandardCharsets.ISO_8859_1);
        assertTrue(all.contains("CHURN 60 operations"), all);
        for (int i = 0; i < POINTS; i++) {
            Path result = folder.resolve("result" + i);
            String[] other =
                    goOnElsewhere(media, folder.resolve("saved" + i), result).split("\n", 2);
            String where = "seed " + seed + ", saved at instruction " + points[i];
            assertEquals(expected, other[0], where);
            assertTrue(all.endsWith(other[1]), where + ", said " + other[1]);
        }
        System.out.println(
                "LinuxSnapshotTest: %d points of %d instructions, each in a JVM of its own: %s"
                        .formatted(POINTS, END, Arrays.toString(points)));
    }
}
