package dev.arclet.emulator.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.arclet.emulator.firmware.BootException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The distribution's firmware, where it is installed (package seabios). */
@Tag("slow")
class SeaBiosTest {
    private static final Path FOLDER =
            Path.of(System.getProperty("arclet.seabios", "/usr/share/seabios"));

    @Test
    @Timeout(value = 60, unit = TimeUnit.SECONDS)
    void findsTheMachineAndItsTables() throws IOException, BootException {
        assumeTrue(Files.isReadable(FOLDER.resolve("bios-256k.bin")));
        StringBuilder log = new StringBuilder();
        PcMachine[] running = new PcMachine[1];
        MachineConfig config =
                MachineConfig.builder()
                        .memoryBytes(64L << 20)
                        .icount(true)
                        .firmware("bios", Files.readAllBytes(FOLDER.resolve("bios-256k.bin")))
                        .vgaBios(Files.readAllBytes(FOLDER.resolve("vgabios-stdvga.bin")))
                        .debugConsole(
                                value -> {
                                    log.append((char) value);
                                    if (value == '\n' && log.indexOf("No bootable device") >= 0) {
                                        running[0].stop();
                                    }
                                })
                        .build();
        try (PcMachine machine = PcMachine.assemble(config)) {
            running[0] = machine;
            assertEquals(Exit.Reason.STOPPED, machine.run().reason());
            machine.refreshScreen();
            assertTrue(machine.screen().text().toPlainText().contains("No bootable device"));
        }
        String text = log.toString();
        for (String expected :
                new String[] {
                    "QEMU fw_cfg DMA interface supported",
                    "Using pmtimer, ioport 0x608",
                    "Copying SMBIOS",
                    "ACPI: parse DSDT",
                    "Running option rom at c000:0003",
                    "PS2 keyboard initialized",
                    "Booting from Floppy",
                }) {
            assertTrue(text.contains(expected), expected + " in:\n" + text);
        }
        assertTrue(!text.contains("parse error"), text);
    }
}
