package dev.arclet.launcher.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.arclet.format.build.BuiltArclet;
import dev.arclet.format.build.SpecBuilder;
import dev.arclet.format.trust.PublisherKeys;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code arclet run --headless --serial stdio} as a process of its own, without a terminal, on a
 * real guest.
 */
@Tag("slow")
class HeadlessRunTest {
    private static final long LIMIT_SECONDS = 400;

    @TempDir Path folder;

    @Test
    void runsASignedMachineAndTalksToItsSerialConsole() throws Exception {
        String media = System.getProperty("arclet.media", "");
        assumeTrue(!media.isEmpty(), "-Darclet.media is not set");
        Path sources = Files.createDirectories(folder.resolve("sources"));
        for (String file : List.of("vmlinuz", "initrd.gz")) {
            Files.copy(Path.of(media, "debian-shell", file), sources.resolve(file));
        }
        Files.writeString(
                sources.resolve("vm.yaml"),
                """
                name: shell
                version: "1"
                title: Shell
                machine: {arch: i386, memory: 128M}
                boot: {kernel: vmlinuz, initrd: initrd.gz, command-line: "console=ttyS0 quiet"}
                """);
        PublisherKeys keys =
                PublisherKeys.create(folder.resolve("keys"), "Test publisher", Instant.now());
        BuiltArclet built = SpecBuilder.build(sources, folder.resolve("tree"), keys, Instant.now());

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
                        built.tree().resolve("vm").resolve("shell").toString());
        command.environment().put("ARCLET_HOME", folder.resolve("home").toString());
        command.redirectError(folder.resolve("messages").toFile());
        Process process = command.start();
        // Ends the reading below if the guest says nothing more.
        CompletableFuture.delayedExecutor(LIMIT_SECONDS, TimeUnit.SECONDS)
                .execute(process::destroyForcibly);
        ByteArrayOutputStream seen = new ByteArrayOutputStream();
        try (InputStream serial = process.getInputStream();
                OutputStream keyboard = process.getOutputStream()) {
            boolean typed = false;
            for (int value = serial.read(); value >= 0; value = serial.read()) {
                seen.write(value);
                if (!typed && value == ' ' && text(seen).endsWith("root# ")) {
                    typed = true;
                    keyboard.write("echo $((6*7)); poweroff -f\n".getBytes(StandardCharsets.UTF_8));
                    keyboard.flush();
                }
            }
        }
        assertTrue(process.waitFor(60, TimeUnit.SECONDS), text(seen));
        String messages = Files.readString(folder.resolve("messages"));
        assertEquals(0, process.exitValue(), text(seen) + messages);
        assertTrue(text(seen).contains("\n42\r\n"), text(seen) + messages);
        assertTrue(messages.contains("powered off"), messages);
    }

    private static String text(ByteArrayOutputStream seen) {
        return seen.toString(StandardCharsets.ISO_8859_1);
    }
}
