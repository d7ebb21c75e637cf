package dev.arclet.emulator.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

class DiscardTest {
    private static final long PAGE = GuestMemory.PAGE_SIZE;

    /** Every page holds its number, as a snapshot may have it. */
    private static final PageSource NUMBERED =
            new PageSource() {
                @Override
                public boolean holds(long page) {
                    return page % 2 == 0;
                }

                @Override
                public void read(long page, byte[] target) {
                    Arrays.fill(target, (byte) page);
                }
            };

    @Test
    void aDiscardedPageIsZeroAndUntouchedUntilItIsTouched() {
        try (GuestMemory memory = new GuestMemory(64 * PAGE)) {
            memory.write(5 * PAGE + 8, 8, 42);
            memory.write(6 * PAGE, 1, 43);
            long host = memory.pageAddress(5);
            memory.discard(5, 1);
            assertEquals(1, memory.residentPages());
            assertTrue(memory.isUntouched(5));
            assertFalse(memory.copyPage(5, new byte[GuestMemory.PAGE_SIZE]));
            assertEquals(0, memory.read(5 * PAGE + 8, 8));
            assertTrue(memory.isUntouched(5), "reading is no touch");
            assertEquals(43, memory.read(6 * PAGE, 1));
            assertEquals(host, memory.pageAddress(5), "host pages do not move");
            assertEquals(0, GuestMemory.load64(host + 8));
            memory.write(5 * PAGE + 8, 8, 44);
            assertEquals(2, memory.residentPages());
            assertEquals(44, memory.read(5 * PAGE + 8, 8));
        }
    }

    @Test
    void aDiscardedPageDoesNotComeBackFromTheSnapshot() {
        try (GuestMemory memory = new GuestMemory(64 * PAGE)) {
            memory.load(NUMBERED);
            assertEquals(4, memory.read(4 * PAGE, 1));
            memory.discard(4, 5);
            assertEquals(0, memory.read(4 * PAGE, 1));
            assertEquals(0, memory.read(6 * PAGE, 1));
            assertTrue(memory.isUntouched(8));
            memory.write(8 * PAGE, 1, 1);
            assertEquals(0, memory.read(8 * PAGE + 1, 1));
            assertEquals(10, memory.read(10 * PAGE, 1));
        }
    }

    @Test
    void behavesAsAnArrayThatIsCleared() {
        Random random = new Random(5);
        try (GuestMemory memory = new GuestMemory(600 * PAGE)) {
            memory.load(NUMBERED);
            byte[] expected = new byte[600];
            for (int i = 0; i < 600; i += 2) {
                expected[i] = (byte) i;
            }
            for (int i = 0; i < 20_000; i++) {
                int page = random.nextInt(600);
                if (random.nextInt(8) == 0) {
                    int count = 1 + random.nextInt(Math.min(40, 600 - page));
                    memory.discard(page, count);
                    Arrays.fill(expected, page, page + count, (byte) 0);
                } else if (random.nextBoolean()) {
                    expected[page] = (byte) random.nextInt();
                    memory.write(page * PAGE, 1, expected[page]);
                }
                assertEquals(expected[page] & 0xFF, memory.read(page * PAGE, 1));
            }
        }
    }

    @Test
    void onlyWholePagesOfPlainRamAreDiscarded() {
        List<String> told = new ArrayList<>();
        try (GuestMemory ram = new GuestMemory(16 * PAGE);
                GuestMemory video = new GuestMemory(4 * PAGE)) {
            PhysicalMap map = new PhysicalMap(36);
            map.mapRam("RAM", 0, 16 * PAGE, ram, 0);
            map.mapLoggedRam("video", 16 * PAGE, video, new DirtyLog());
            map.onChange(
                    new MapListener() {
                        @Override
                        public void mapChanged() {
                            told.add("map");
                        }

                        @Override
                        public void pagesDiscarded() {
                            told.add("pages");
                        }

                        @Override
                        public void writePermissionChanged() {}
                    });
            map.onExternalWrite((physical, length) -> told.add(physical + "+" + length));
            for (int page = 0; page < 20; page++) {
                map.write(page * PAGE, 4, 7);
            }
            map.discard(14 * PAGE + 1, 5 * PAGE);
            assertEquals(List.of(15 * PAGE + "+" + PAGE, "pages"), told);
            assertEquals(7, map.read(14 * PAGE, 4));
            assertEquals(0, map.read(15 * PAGE, 4));
            assertEquals(7, map.read(16 * PAGE, 4), "video memory stays");
            told.clear();
            map.discard(Long.MAX_VALUE - PAGE, 1L << 31);
            map.discard(-1, -1);
            map.discard(1L << 35, 1 << 20);
            assertEquals(List.of(), told);
        }
    }

    private static long residentBytes() throws Exception {
        String sizes = Files.readString(Path.of("/proc/self/statm"));
        int at = sizes.indexOf(' ') + 1;
        return Long.parseLong(sizes.substring(at, sizes.indexOf(' ', at))) * PAGE;
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void theHostGetsItsMemoryBack() throws Exception {
        int pages = 64 << 20 >> 12;
        try (GuestMemory memory = new GuestMemory(pages * PAGE)) {
            for (int page = 0; page < pages; page++) {
                memory.write(page * PAGE, 8, -1);
            }
            long before = residentBytes();
            memory.discard(0, pages);
            long after = residentBytes();
            assertTrue(before - after > 48 << 20, before + " then " + after);
            assertEquals(0, memory.residentPages());
            assertNotEquals(0, memory.pageAddress(0));
        }
    }
}
