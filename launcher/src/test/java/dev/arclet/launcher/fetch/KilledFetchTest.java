package dev.arclet.launcher.fetch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.format.model.Descriptor;
import dev.arclet.format.model.KernelBoot;
import dev.arclet.launcher.cli.Main;
import dev.arclet.launcher.support.TestServer;
import dev.arclet.launcher.support.TestSite;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A launcher that is killed in the middle of a fetch, and one that goes on from there. */
class KilledFetchTest {
    @TempDir private Path dir;

    private Process start(String link) throws Exception {
        ProcessBuilder builder =
                new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Main.class.getName(),
                        "verify",
                        link);
        builder.environment().put("ARCLET_HOME", dir.resolve("home").toString());
        builder.redirectErrorStream(true);
        builder.redirectOutput(dir.resolve("out").toFile());
        return builder.start();
    }

    @Test
    void continuesWhereItWasKilled() throws Exception {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        TestSite site = TestSite.build(dir.resolve("site"));
        Descriptor initrd = ((KernelBoot) site.built().spec().boot()).initrd().orElseThrow();
        Path part = dir.resolve("home").resolve("partial").resolve(initrd.digest().hex() + ".part");
        try (TestServer server = new TestServer(site.tree())) {
            String link = server.base() + "vm/" + TestSite.NAME + site.fragment();
            long kept = 0;
            for (int kill = 0; kill < 2; kill++) {
                long stopAt = kept + 1 + random.nextInt((int) (initrd.size() - kept) / 2);
                CountDownLatch sent = new CountDownLatch(1);
                server.behave(
                        exchange -> {
                            String path = exchange.getRequestURI().getPath();
                            if (!path.endsWith(initrd.digest().hex())) {
                                return false;
                            }
                            byte[] bytes = Files.readAllBytes(site.tree().resolve("." + path));
                            String range = exchange.getRequestHeaders().getFirst("Range");
                            int from =
                                    range == null
                                            ? 0
                                            : Integer.parseInt(range.replaceAll("[^0-9]", ""));
                            if (range != null) {
                                exchange.getResponseHeaders()
                                        .set(
                                                "Content-Range",
                                                "bytes "
                                                        + from
                                                        + "-"
                                                        + (bytes.length - 1)
                                                        + "/"
                                                        + bytes.length);
                            }
                            exchange.sendResponseHeaders(
                                    range == null ? 200 : 206, bytes.length - from);
                            OutputStream out = exchange.getResponseBody();
                            out.write(bytes, from, (int) stopAt - from);
                            out.flush();
                            sent.countDown();
                            Thread.sleep(TimeUnit.MINUTES.toMillis(1)); // until the client is dead
                            return true;
                        });
                Process process = start(link);
                assertTrue(sent.await(60, TimeUnit.SECONDS), "seed " + seed);
                long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
                while ((!Files.exists(part) || Files.size(part) < stopAt)
                        && System.nanoTime() < end) {
                    LockSupport.parkNanos(1_000_000);
                }
                process.destroyForcibly().waitFor();
                kept = Files.size(part);
                assertEquals(stopAt, kept, "seed " + seed);
            }
            server.behave(exchange -> false);
            server.requests().clear();
            Process last = start(link);
            assertTrue(last.waitFor(60, TimeUnit.SECONDS));
            assertEquals(0, last.exitValue(), Files.readString(dir.resolve("out")));
            long keptLast = kept;
            assertTrue(
                    server.requests().stream()
                            .anyMatch(
                                    r ->
                                            r.endsWith(
                                                    initrd.digest().hex()
                                                            + " bytes="
                                                            + keptLast
                                                            + "-")),
                    "seed " + seed + ": " + server.requests());
        }
    }
}
