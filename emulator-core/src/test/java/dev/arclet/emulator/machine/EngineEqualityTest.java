package dev.arclet.emulator.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.arclet.emulator.bus.EventQueue;
import dev.arclet.emulator.cpu.translate.Engines;
import dev.arclet.emulator.firmware.BootException;
import dev.arclet.emulator.memory.GuestMemory;
import dev.arclet.emulator.snapshot.SnapshotWriter;
import dev.arclet.emulator.snapshot.Stateful;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * With icount, a machine's run is the same, bit for bit, on every engine: processor, RAM and
 * devices at many points of the distribution's kernel starting and of a shell's work.
 *
 * <p>{@code -Darclet.media} names the folder that the samples' recipes filled, {@code
 * -Darclet.media.sample} the sample in it (debian-shell), {@code -Darclet.icount.millis} the
 * virtual time between two points (500): a smaller one finds out where engines part; {@code
 * -Darclet.icount.points} ends the runs after so many points (10 where everything is translated).
 */
@Tag("slow")
class EngineEqualityTest {
    private static final int MEMORY = 128 << 20, VGA_WINDOW = 0xA_0000, EXTENDED_MEMORY = 1 << 20;

    private static final String WORK =
            "i=0; while [ $i -lt 300 ]; do i=$((i+1)); done; seq 1 500 | sort -r | md5sum;"
                    + " cat /proc/uptime; poweroff -f";

    private static final int MOST_POINTS =
            Integer.getInteger("arclet.icount.points", Integer.MAX_VALUE);

    /** Everything translated, code that runs once too, is slow: the first seconds of the start. */
    private static final int EAGER_POINTS = Integer.getInteger("arclet.icount.points", 10);

    /** What is seen of a run, a line for each point and for each line on the serial console. */
    private static final class Observer {
        final List<String> seen = new ArrayList<>();
        private final StringBuilder line = new StringBuilder();
        private final byte[] page = new byte[GuestMemory.PAGE_SIZE];
        private PcMachine machine;
        private EventQueue.Timer timer;
        private boolean typed;
        private int points;

        void watch(PcMachine newMachine, long everyNanos, int most) {
            machine = newMachine;
            timer =
                    machine.events()
                            .timer(
                                    "test.observer",
                                    () -> {
                                        seen.add(point());
                                        if (++points == most) {
                                            machine.stop();
                                        }
                                        timer.arm(machine.events().clock().nanos() + everyNanos);
                                    });
            timer.arm(everyNanos);
        }

        void transmit(int value) {
            line.append((char) value);
            if (value == '\n') {
                seen.add(machine.cpu().instructions + " " + line.toString().strip());
                line.setLength(0);
            } else if (!typed && line.toString().endsWith("root# ")) {
                typed = true;
                machine.serialInput((WORK + "\r").getBytes(StandardCharsets.US_ASCII));
            }
        }

        private String point() {
            var cpu = machine.cpu();
            SnapshotWriter processor = new SnapshotWriter();
            cpu.save(processor);
            StringBuilder out = new StringBuilder();
            out.append(
                    "%d instructions, rip %x, processor %08x, RAM %08x"
                            .formatted(
                                    cpu.instructions,
                                    cpu.rip(),
                                    Arrays.hashCode(processor.toByteArray()),
                                    ramHash()));
            for (Stateful part : machine.parts()) {
                SnapshotWriter device = new SnapshotWriter();
                part.save(device);
                out.append(
                        ", %s %08x"
                                .formatted(
                                        part.sectionId(), Arrays.hashCode(device.toByteArray())));
            }
            return out.toString();
        }

        private int ramHash() {
            int hash = 0;
            for (int at = 0; at < MEMORY; at += page.length) {
                if (at < VGA_WINDOW || at >= EXTENDED_MEMORY) {
                    machine.cpu().mmu.physical().readExternal(at, page, 0, page.length);
                    hash = 31 * hash + Arrays.hashCode(page);
                }
            }
            return hash;
        }
    }

    private static List<String> run(Engines engine, int most) throws IOException, BootException {
        String media = System.getProperty("arclet.media", "");
        assumeTrue(!media.isEmpty(), "-Darclet.media is not set");
        Path folder = Path.of(media, System.getProperty("arclet.media.sample", "debian-shell"));
        long millis = Long.getLong("arclet.icount.millis", 500);
        Observer observer = new Observer();
        MachineConfig config =
                MachineConfig.builder()
                        .memoryBytes(MEMORY)
                        .icount(true)
                        .engine(engine)
                        .kernel(
                                "vmlinuz",
                                Files.readAllBytes(folder.resolve("vmlinuz")),
                                Files.readAllBytes(folder.resolve("initrd.gz")),
                                "console=ttyS0 quiet")
                        .serial(observer::transmit)
                        .build();
        try (PcMachine machine = PcMachine.assemble(config)) {
            observer.watch(machine, millis * 1_000_000, most);
            Exit exit = machine.run();
            if (observer.points < most) {
                assertEquals(Exit.Reason.POWER_OFF, exit.reason());
            }
        }
        return observer.seen;
    }

    private static void sameAsInterpreted(Engines engine, int most)
            throws IOException, BootException {
        List<String> translated = run(engine, most);
        List<String> interpreted = run(Engines.INTERPRETER, most);
        for (int i = 0; i < Math.min(interpreted.size(), translated.size()); i++) {
            int at = i;
            assertEquals(
                    interpreted.get(i),
                    translated.get(i),
                    () -> "point or line " + at + " of the run");
        }
        assertEquals(interpreted.size(), translated.size());
        System.out.printf("%d points and lines are the same%n", interpreted.size());
    }

    @Test
    void translatedFromTheFirstInstruction() throws IOException, BootException {
        sameAsInterpreted(Engines.TRANSLATOR_EAGER, EAGER_POINTS);
    }

    @Test
    void translatedWhereItIsHot() throws IOException, BootException {
        sameAsInterpreted(Engines.TRANSLATOR, MOST_POINTS);
    }
}
