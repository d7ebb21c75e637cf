package dev.arclet.launcher.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.arclet.format.build.BuiltArclet;
import dev.arclet.format.build.SpecBuilder;
import dev.arclet.format.digest.Digest;
import dev.arclet.format.trust.PublisherKeys;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A signed machine with an ext4 disk: what its guest writes is there at the next launch, and no
 * blob changes. The media are those of {@code bench/disk/recipe}, in the folder {@code disk} of
 * -Darclet.media.
 */
@Tag("slow")
class KeptDiskTest {
    private static final long LIMIT_SECONDS = 800;
    private static final Path MKFS = Path.of("/usr/sbin/mkfs.ext4");
    private static final String PROMPT = "disk# ";

    @TempDir private Path folder;

    @Test
    void whatTheGuestWritesIsThereAtTheNextLaunch() throws Exception {
        Path media = Path.of(System.getProperty("arclet.media", ""), "disk");
        assumeTrue(Files.exists(media.resolve("disk.gz")), "no " + media.resolve("disk.gz"));
        assumeTrue(Files.isExecutable(MKFS), "there is no mkfs.ext4");
        Path sources = Files.createDirectories(folder.resolve("sources"));
        for (String file : List.of("vmlinuz", "disk.gz")) {
            Files.copy(media.resolve(file), sources.resolve(file));
        }
        Path image = sources.resolve("data.img");
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            file.setLength(32 << 20);
        }
        Process mkfs = new ProcessBuilder(MKFS.toString(), "-q", "-F", image.toString()).start();
        assertEquals(0, mkfs.waitFor());
        Files.writeString(
                sources.resolve("vm.yaml"),
                """
                name: disks
                version: "1"
                title: Disks
                machine: {arch: i386, memory: 128M}
                boot: {kernel: vmlinuz, initrd: disk.gz, command-line: "console=ttyS0 quiet"}
                disks:
                  - {name: data, bus: virtio, writes: keep, layers: [data.img]}
                """);
        PublisherKeys keys =
                PublisherKeys.create(folder.resolve("keys"), "Test publisher", Instant.now());
        BuiltArclet built = SpecBuilder.build(sources, folder.resolve("tree"), keys, Instant.now());

        String first =
                run(
                        built,
                        keys,
                        "mount -t ext4 /dev/vda /mnt; echo seen-$((6*7)) >/mnt/note; umount /mnt; poweroff -f");
        assertFalse(first.contains("can't"), first);
        Map<Path, String> blobs = digests(folder.resolve("home").resolve("blobs"));
        assertTrue(blobs.size() > 3, blobs.toString());
        String second =
                run(
                        built,
                        keys,
                        "e2fsck -fn /dev/vda && mount -t ext4 /dev/vda /mnt && cat /mnt/note; poweroff -f");
        assertTrue(second.contains("seen-42"), second);
        assertTrue(second.contains("files (0.0% non-contiguous)"), second);
        assertEquals(blobs, digests(folder.resolve("home").resolve("blobs")));
    }

    private static Map<Path, String> digests(Path root) throws IOException {
        Map<Path, String> all = new TreeMap<>();
        try (Stream<Path> files = Files.walk(root)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                all.put(file, Digest.of(file).hex());
            }
        }
        return all;
    }

    /** Launches, types a line at the prompt, and waits for the power to go off. */
    private String run(BuiltArclet built, PublisherKeys keys, String line) throws Exception {
        ProcessBuilder command =
                new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:-DontCompileHugeMethods",
                        "--add-exports=java.base/jdk.internal.misc=ALL-UNNAMED",
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Main.class.getName(),
                        "run",
                        "--headless",
                        "--serial",
                        "stdio",
                        "--accept-publisher",
                        keys.id().toString(),
                        built.tree().resolve("vm").resolve("disks").toString());
        command.environment().put("ARCLET_HOME", folder.resolve("home").toString());
        command.redirectError(folder.resolve("messages").toFile());
        Process process = command.start();
        CompletableFuture.delayedExecutor(LIMIT_SECONDS, TimeUnit.SECONDS)
                .execute(() -> process.toHandle().destroyForcibly());
        ByteArrayOutputStream seen = new ByteArrayOutputStream();
        try (InputStream serial = process.getInputStream();
                OutputStream keyboard = process.getOutputStream()) {
            boolean typed = false;
            for (int value = serial.read(); value >= 0; value = serial.read()) {
                seen.write(value);
                if (!typed && value == ' ' && text(seen).endsWith(PROMPT)) {
                    typed = true;
                    keyboard.write((line + "\n").getBytes(StandardCharsets.UTF_8));
                    keyboard.flush();
                }
            }
        }
        assertTrue(process.waitFor(60, TimeUnit.SECONDS), text(seen));
        String messages = Files.readString(folder.resolve("messages"));
        assertEquals(0, process.exitValue(), text(seen) + messages);
        return text(seen);
    }

    private static String text(ByteArrayOutputStream seen) {
        return seen.toString(StandardCharsets.ISO_8859_1);
    }
}
