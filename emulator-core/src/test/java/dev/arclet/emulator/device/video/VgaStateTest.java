package dev.arclet.emulator.device.video;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.emulator.display.Screen;
import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotReader;
import dev.arclet.emulator.snapshot.SnapshotWriter;
import java.util.Random;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;

class VgaStateTest {
    private static byte[] save(VgaAdapter vga) {
        SnapshotWriter out = new SnapshotWriter();
        vga.save(out);
        return out.toByteArray();
    }

    /** Random traffic as a confused guest makes it, with enough sense to reach real modes. */
    private static void traffic(VgaBench bench, Random random, int steps) {
        int[] ports = {0x3C0, 0x3C2, 0x3C4, 0x3C5, 0x3CE, 0x3CF, 0x3D4, 0x3D5, 0x3C8, 0x3C9, 0x3DA};
        for (int i = 0; i < steps; i++) {
            switch (random.nextInt(12)) {
                case 0, 1 ->
                        bench.ports.write(
                                ports[random.nextInt(ports.length)], 1, random.nextInt(256));
                case 2 -> bench.index(0x3D4, random.nextInt(0x19), random.nextInt(256));
                case 3 -> bench.index(0x3CE, random.nextInt(9), random.nextInt(256));
                case 4 -> bench.index(0x3C4, random.nextInt(5), random.nextInt(256));
                case 5 -> bench.ports.read(0x3B0 + random.nextInt(0x30), 1 << random.nextInt(3));
                case 6 -> bench.vbe(random.nextInt(12), random.nextInt(0x10000));
                case 7 ->
                        bench.vbe(
                                random.nextInt(5),
                                new int[] {8, 640, 480, 32, 16, 4, 1, 0, 24}[random.nextInt(9)]);
                case 8 ->
                        bench.map.write(
                                0xA0000 + random.nextInt(0x1FFF8),
                                1 << random.nextInt(4),
                                random.nextLong());
                case 9 -> bench.map.read(0xA0000 + random.nextInt(0x1FFF8), 1 << random.nextInt(4));
                case 10 ->
                        bench.map.write(
                                VgaBench.LFB + random.nextInt(VgaAdapter.DEFAULT_VRAM),
                                1 << random.nextInt(4),
                                random.nextLong());
                default -> {
                    bench.nanos += random.nextInt(20_000_000);
                    bench.ports.read(0x3DA, 1);
                    bench.ports.write(0x3C0, 1, 0x20);
                }
            }
        }
    }

    @RepeatedTest(10)
    void randomTrafficNeitherBreaksNorEscapes(RepetitionInfo repetition) {
        long seed = repetition.getCurrentRepetition();
        Random random = new Random(seed);
        try (VgaBench bench = new VgaBench()) {
            for (int round = 0; round < 20; round++) {
                switch (random.nextInt(4)) {
                    case 0 -> bench.vga.setTextMode();
                    case 1 -> bench.mode12h();
                    case 2 -> bench.mode13h();
                    default -> {}
                }
                traffic(bench, random, 300);
                bench.refresh();
                for (Screen.Rect r : bench.damage) {
                    assertTrue(
                            r.x() >= 0
                                    && r.y() >= 0
                                    && r.x() + r.width() <= bench.screen.width()
                                    && r.y() + r.height() <= bench.screen.height(),
                            "seed " + seed + ": " + r);
                }
            }
        } catch (RuntimeException e) {
            throw new AssertionError("seed " + seed, e);
        }
    }

    @RepeatedTest(6)
    void incrementalPictureEqualsAFreshOne(RepetitionInfo repetition) {
        long seed = 100L + repetition.getCurrentRepetition();
        Random random = new Random(seed);
        try (VgaBench bench = new VgaBench()) {
            bench.vga.setTextMode();
            for (int round = 0; round < 20; round++) {
                traffic(bench, random, 40);
                bench.refresh();
                traffic(bench, random, 10);
                bench.index(0x3C4, 1, random.nextInt(16));
                bench.ports.write(0x3C2, 1, 0x67);
                bench.ports.read(0x3DA, 1);
                bench.ports.write(0x3C0, 1, 0x20);
                bench.refresh();
                Screen fresh = new Screen();
                bench.vga.refresh(fresh);
                assertEquals(fresh.width(), bench.screen.width(), "seed " + seed);
                assertArrayEquals(fresh.copyPixels(), bench.screen.copyPixels(), "seed " + seed);
            }
        }
    }

    @Test
    void restoredAdapterIsTheSavedOne() throws SnapshotException {
        for (int seed = 1; seed <= 5; seed++) {
            try (VgaBench bench = new VgaBench();
                    VgaBench other = new VgaBench()) {
                bench.vga.setTextMode();
                traffic(bench, new Random(seed), 500);
                byte[] saved = save(bench.vga);
                traffic(other, new Random(seed + 1000), 300);
                other.nanos = bench.nanos;
                other.vga.restore(new SnapshotReader("vga", saved), 1);
                assertArrayEquals(saved, save(other.vga), "seed " + seed);
                bench.refresh();
                other.refresh();
                Screen fresh = new Screen();
                bench.vga.refresh(fresh);
                Screen restored = new Screen();
                other.vga.refresh(restored);
                assertArrayEquals(
                        fresh.copyPixels(), restored.copyPixels(), "picture of seed " + seed);
            }
        }
    }

    @Test
    void resetMakesANewOne() {
        try (VgaBench bench = new VgaBench();
                VgaBench fresh = new VgaBench()) {
            bench.vga.setTextMode();
            traffic(bench, new Random(7), 500);
            bench.vga.reset();
            assertArrayEquals(save(fresh.vga), save(bench.vga));
        }
    }

    @Test
    void damagedSectionsAreRefused() {
        try (VgaBench bench = new VgaBench()) {
            bench.vga.setTextMode();
            byte[] saved = save(bench.vga);
            assertThrows(
                    SnapshotException.class,
                    () -> bench.vga.restore(new SnapshotReader("vga", saved), 2));
            Random random = new Random(3);
            for (int i = 0; i < 300; i++) {
                byte[] bad = saved.clone();
                int cut = random.nextInt(bad.length);
                if (random.nextBoolean()) {
                    bad = java.util.Arrays.copyOf(bad, cut);
                    byte[] shortened = bad;
                    assertThrows(
                            SnapshotException.class,
                            () -> bench.vga.restore(new SnapshotReader("vga", shortened), 1));
                } else {
                    bad[random.nextInt(2500)] ^= (byte) (1 << random.nextInt(8));
                    try {
                        bench.vga.restore(new SnapshotReader("vga", bad), 1);
                    } catch (SnapshotException e) {
                        assertTrue(e.getMessage().contains("vga"), e.getMessage());
                    }
                }
                bench.refresh();
            }
        }
    }
}
