package dev.arclet.emulator.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.arclet.emulator.firmware.BootException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Boots the distribution's kernel; -Darclet.media names the folder that the samples' recipes
 * filled.
 */
@Tag("slow")
class LinuxBootTest {
    private static byte[] kernel;
    private static byte[] initrd;

    @BeforeAll
    static void media() throws IOException {
        String media = System.getProperty("arclet.media", "");
        assumeTrue(!media.isEmpty(), "-Darclet.media is not set");
        kernel = Files.readAllBytes(Path.of(media, "debian-shell", "vmlinuz"));
        initrd = Files.readAllBytes(Path.of(media, "debian-shell", "initrd.gz"));
    }

    /** Types a line at the first prompt on the serial console; keeps what came from it. */
    private static final class Console {
        private final ByteArrayOutputStream seen = new ByteArrayOutputStream();
        private final String line;
        private PcMachine machine;
        private boolean typed;

        Console(String line) {
            this.line = line;
        }

        void transmit(int value) {
            seen.write(value);
            if (!typed && value == ' ' && text().endsWith("root# ")) {
                typed = true;
                machine.serialInput((line + "\r").getBytes(StandardCharsets.US_ASCII));
            }
        }

        String text() {
            return seen.toString(StandardCharsets.ISO_8859_1);
        }
    }

    private record Run(Exit exit, String serial, long instructions) {}

    private static Run run(boolean icount, String line) throws BootException {
        Console console = new Console(line);
        MachineConfig config =
                MachineConfig.builder()
                        .memoryBytes(128L << 20)
                        .display(1024, 768)
                        .icount(icount)
                        .kernel("vmlinuz", kernel, initrd, "console=ttyS0 quiet")
                        .serial(console::transmit)
                        .build();
        try (PcMachine machine = PcMachine.assemble(config)) {
            console.machine = machine;
            Exit exit = machine.run();
            return new Run(exit, console.text(), machine.statistics().instructions());
        }
    }

    @Test
    void bootsToAShellThatComputesAndPowersOff() throws BootException {
        Run run = run(false, "echo $((6*7)); poweroff -f");
        assertTrue(run.serial().contains("Debian's kernel 6.1"), run.serial());
        assertTrue(run.serial().contains("\n42\r\n"), run.serial());
        assertEquals(Exit.Reason.POWER_OFF, run.exit().reason());
    }

    @Test
    void withIcountTwoRunsAreTheSameToTheInstruction() throws BootException {
        Run first = run(true, "cat /proc/uptime /proc/interrupts; poweroff -f");
        Run second = run(true, "cat /proc/uptime /proc/interrupts; poweroff -f");
        assertEquals(Exit.Reason.POWER_OFF, first.exit().reason());
        assertEquals(first.serial(), second.serial());
        assertEquals(first.instructions(), second.instructions());
    }
}
