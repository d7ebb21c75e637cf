package dev.arclet.emulator.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** A set is a set, whatever the page. */
class PageSetTest {
    @Test
    void doesWhatASetDoes() {
        Random random = new Random(0x9A6E);
        Set<Long> expected = new HashSet<>();
        PageSet pages = new PageSet();
        for (int i = 0; i < 20_000; i++) {
            // Around nothing, around 16 GiB, and the last of 52 bits.
            long page = new long[] {0, (1L << 22) - 40, (1L << 40) - 80}[random.nextInt(3)];
            page += random.nextInt(80);
            assertEquals(expected.contains(page), pages.contains(page));
            if (random.nextBoolean()) {
                pages.add(page);
                expected.add(page);
            } else {
                pages.remove(page);
                expected.remove(page);
            }
        }
    }

    @Test
    void isEmptyWhenCleared() {
        PageSet pages = new PageSet();
        pages.add(5);
        pages.add(1L << 40);
        assertTrue(pages.contains(5));
        pages.clear();
        assertFalse(pages.contains(5));
        assertFalse(pages.contains(1L << 40));
    }
}
