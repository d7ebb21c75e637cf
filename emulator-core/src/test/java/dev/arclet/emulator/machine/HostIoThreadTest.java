package dev.arclet.emulator.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class HostIoThreadTest {
    private final ConcurrentLinkedQueue<Runnable> posted = new ConcurrentLinkedQueue<>();

    /** Prompt or not, works never overlap, and they and their ends come in order. */
    @Test
    void keepsTheOrderOfWorksAndOfTheirEnds() {
        List<Integer> works = Collections.synchronizedList(new ArrayList<>());
        List<Integer> ends = new ArrayList<>();
        AtomicInteger atOnce = new AtomicInteger();
        int count = 3000;
        try (HostIoThread host = new HostIoThread(posted::add)) {
            Random random = new Random(1);
            for (int i = 0; i < count; i++) {
                int number = i;
                Runnable work =
                        () -> {
                            assertEquals(1, atOnce.incrementAndGet());
                            works.add(number);
                            atOnce.decrementAndGet();
                        };
                if (random.nextBoolean()) {
                    host.submitPrompt(work, () -> ends.add(number));
                } else {
                    host.submit(work, () -> ends.add(number));
                }
                if (random.nextInt(4) == 0) {
                    for (Runnable next = posted.poll(); next != null; next = posted.poll()) {
                        next.run();
                    }
                }
                if (random.nextInt(50) == 0) {
                    host.settle();
                    assertEquals(i + 1, ends.size());
                }
            }
            host.settle();
        }
        List<Integer> all = IntStream.range(0, count).boxed().toList();
        assertEquals(all, works);
        assertEquals(all, ends);
    }

    /** A slow host does not hold the machine thread up: its work waits elsewhere. */
    @Test
    void doesNotWaitForTheHost() throws InterruptedException {
        CountDownLatch host = new CountDownLatch(1);
        CountDownLatch begun = new CountDownLatch(1);
        List<String> ends = new ArrayList<>();
        try (HostIoThread work = new HostIoThread(posted::add)) {
            work.submit(
                    () -> {
                        begun.countDown();
                        try {
                            host.await();
                        } catch (InterruptedException e) {
                            Thread.currentThread().interrupt();
                        }
                    },
                    () -> ends.add("slow"));
            begun.await();
            work.submitPrompt(() -> {}, () -> ends.add("prompt"));
            assertTrue(ends.isEmpty());
            host.countDown();
            work.settle();
            assertEquals(List.of("slow", "prompt"), ends);
        }
    }
}
