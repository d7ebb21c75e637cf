package dev.arclet.emulator.machine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.emulator.FuzzRun;
import dev.arclet.emulator.firmware.BootException;
import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whole machines through a file, at any moment of a run that can be repeated exactly. */
class MachineSnapshotTest {
    private static final int POINTS = 20;
    private static final long MEMORY = 4L << 20;

    /**
     * Real-mode code at F000:0000: sets up the 8259 and the 8254, then mixes numbers into memory
     * (imul, add to a changing address) and now and then mixes in the timer's counter and halts,
     * while each timer interrupt mixes in the counter too; after 300 interrupts it writes the
     * number to port 0xF4.
     */
    private static final String PROGRAM =
            "fa31c08ed0bc00708ed8c70620006800c706220000f0b011e620b008e621b004e621b001e621b0fe"
                    + "e621b014e643b0c8e640fb31dba1000569c05562051936a3000589c781e7fe7f018500804384db75"
                    + "e4e44030060005f4813e02052c0172d5faa10005e7f4ebfe50ff060205e44030060005b020e62058"
                    + "cf";

    @TempDir Path folder;

    /** Counts in word 0:600, has everything reset by port 0xCF9, and waits for that. */
    private static final String RESETTING = "31c08ed8ff060006baf90cb002eeb006eeebfe";

    private static MachineConfig config(long memory, boolean icount) {
        return config(memory, icount, PROGRAM);
    }

    private static MachineConfig config(long memory, boolean icount, String program) {
        byte[] rom = new byte[0x1_0000];
        Arrays.fill(rom, (byte) 0xF4);
        byte[] code = HexFormat.of().parseHex(program);
        System.arraycopy(code, 0, rom, 0, code.length);
        byte[] reset = HexFormat.of().parseHex("EA000000F0");
        System.arraycopy(reset, 0, rom, 0xFFF0, reset.length);
        return MachineConfig.builder()
                .memoryBytes(memory)
                .icount(icount)
                .rtcEpochSeconds(1_000_000_000)
                .firmware("rom", rom)
                .debugExit(true)
                .build();
    }

    private static MachineConfig config() {
        return config(MEMORY, true);
    }

    private byte[] finish(PcMachine machine) throws IOException {
        Exit exit = machine.run();
        assertEquals(Exit.Reason.DEBUG_EXIT, exit.reason());
        assertTrue(exit.status() != 0);
        Path end = folder.resolve("end");
        machine.save(end);
        return Files.readAllBytes(end);
    }

    private static long length(PcMachine machine) {
        return machine.statistics().instructions();
    }

    @Test
    void aRestoredRunEndsAsTheRunWithoutIt() throws Exception {
        byte[] expected;
        long length;
        try (PcMachine machine = PcMachine.assemble(config())) {
            expected = finish(machine);
            length = length(machine);
        }
        long seed = FuzzRun.seed();
        Random random = new Random(seed);
        for (int i = 0; i < POINTS; i++) {
            long at = random.nextLong(length);
            String where = "seed " + seed + ", saved at instruction " + at + " of " + length;
            Path file = folder.resolve("saved");
            try (PcMachine machine = PcMachine.assemble(config())) {
                assertEquals(Exit.Reason.STOPPED, machine.runTo(at).reason());
                machine.save(file);
                if (i == 0) {
                    assertArrayEquals(expected, finish(machine), where + ", going on");
                }
            }
            try (SnapshotFile snapshot = SnapshotFile.open(file);
                    PcMachine machine = PcMachine.restore(config(), snapshot)) {
                Path again = folder.resolve("again");
                machine.save(again);
                assertArrayEquals(Files.readAllBytes(file), Files.readAllBytes(again), where);
                assertArrayEquals(expected, finish(machine), where);
            }
        }
    }

    /** Runs to an instruction, tells of the state then. */
    private byte[] stateAt(PcMachine machine, long instructions) throws IOException {
        machine.runTo(instructions);
        Path file = folder.resolve("state");
        machine.save(file);
        return Files.readAllBytes(file);
    }

    @Test
    void aResetAskedForIsNotLost() throws Exception {
        long end = 50;
        MachineConfig config = config(MEMORY, true, RESETTING);
        byte[] expected;
        try (PcMachine machine = PcMachine.assemble(config)) {
            expected = stateAt(machine, end);
            assertTrue(machine.insides().memory().read(0x600, 2) > 1, "it was reset");
        }
        for (int at = 1; at < end; at++) {
            Path file = folder.resolve("saved");
            try (PcMachine machine = PcMachine.assemble(config)) {
                machine.runTo(at);
                machine.save(file);
                assertArrayEquals(expected, stateAt(machine, end), "going on at " + at);
            }
            try (SnapshotFile snapshot = SnapshotFile.open(file);
                    PcMachine machine = PcMachine.restore(config, snapshot)) {
                assertArrayEquals(expected, stateAt(machine, end), "saved at " + at);
            }
        }
    }

    @Test
    void aRestoredScreenIsThereAtOnce() throws Exception {
        Path file = folder.resolve("saved");
        try (PcMachine machine = PcMachine.assemble(config())) {
            int[] registers = {1, 640, 2, 480, 3, 32, 4, 0x41}; // Bochs VBE: size, depth, on
            for (int i = 0; i < registers.length; i += 2) {
                machine.insides().ports().write(0x1CE, 2, registers[i]);
                machine.insides().ports().write(0x1CF, 2, registers[i + 1]);
            }
            var unused = machine.insides().ports().read(0x3DA, 1);
            machine.insides().ports().write(0x3C0, 1, 0x20); // the attribute controller shows it
            machine.save(file);
        }
        try (SnapshotFile snapshot = SnapshotFile.open(file);
                PcMachine machine = PcMachine.restore(config(), snapshot)) {
            assertEquals(640, machine.screen().width());
            assertEquals(480, machine.screen().height());
        }
    }

    private Path saved() throws IOException, BootException {
        Path file = folder.resolve("saved");
        try (PcMachine machine = PcMachine.assemble(config())) {
            machine.runTo(100_000);
            machine.save(file);
        }
        return file;
    }

    private static String refusal(Path file, MachineConfig config) {
        return assertThrows(
                        SnapshotException.class,
                        () -> {
                            try (SnapshotFile snapshot = SnapshotFile.open(file)) {
                                PcMachine.restore(config, snapshot).close();
                            }
                        })
                .getMessage();
    }

    @Test
    void refusesAMachineOfAnotherShape() throws Exception {
        Path file = saved();
        String memory = refusal(file, config(MEMORY * 2, true));
        assertTrue(memory.contains("--memory") && memory.contains("8388608"), memory);
        String time = refusal(file, config(MEMORY, false));
        assertTrue(time.contains("with --icount"), time);
        MachineConfig noFirmware = MachineConfig.builder().memoryBytes(MEMORY).icount(true).build();
        String device = refusal(file, noFirmware);
        assertTrue(device.contains("the device '"), device);
    }

    @Test
    void refusesDamageByName() throws Exception {
        byte[] good = Files.readAllBytes(saved());
        Path file = folder.resolve("damaged");
        long seed = FuzzRun.seed();
        Random random = new Random(seed);
        for (int i = 0; i < 300; i++) {
            byte[] bad = good.clone();
            String what;
            if (i % 3 == 0) {
                bad = Arrays.copyOf(good, random.nextInt(good.length));
                what = "cut to " + bad.length;
            } else {
                int at = random.nextInt(i % 2 == 0 ? 4_000 : good.length);
                bad[at] ^= (byte) (1 << random.nextInt(8));
                what = "flipped a bit of byte " + at;
            }
            Files.write(file, bad);
            String where = "seed " + seed + ", " + what;
            try (SnapshotFile snapshot = SnapshotFile.open(file);
                    PcMachine machine = PcMachine.restore(config(), snapshot)) {
                // What opens may have a bad page, or a bad byte between the parts.
                machine.run();
            } catch (SnapshotException | UncheckedIOException e) {
                assertTrue(e.getMessage().contains(file.toString()), where + ": " + e.getMessage());
            }
        }
    }

    @Test
    void keepsTheOldFileWhenSavingFails() throws Exception {
        Path file = saved();
        byte[] before = Files.readAllBytes(file);
        Files.createDirectory(folder.resolve(".saved.part"));
        try (PcMachine machine = PcMachine.assemble(config())) {
            machine.runTo(200_000);
            assertThrows(IOException.class, () -> machine.save(file));
        }
        assertArrayEquals(before, Files.readAllBytes(file));
        Files.delete(folder.resolve(".saved.part"));
        saved();
        try (Stream<Path> files = Files.list(folder)) {
            assertEquals(1, files.count(), "nothing half-written stays");
        }
    }
}
