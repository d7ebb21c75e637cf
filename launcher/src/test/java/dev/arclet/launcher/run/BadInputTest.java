package dev.arclet.launcher.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.format.FormatException;
import dev.arclet.format.digest.Digest;
import dev.arclet.format.link.ArcletLink;
import dev.arclet.format.model.Descriptor;
import dev.arclet.format.model.KernelBoot;
import dev.arclet.format.tree.TreeLayout;
import dev.arclet.format.trust.PublisherKeys;
import dev.arclet.launcher.LauncherException;
import dev.arclet.launcher.policy.Abilities;
import dev.arclet.launcher.policy.Choice;
import dev.arclet.launcher.policy.Decision;
import dev.arclet.launcher.support.TestLauncher;
import dev.arclet.launcher.support.TestServer;
import dev.arclet.launcher.support.TestSite;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Damage anywhere between a link and a machine: nothing boots, nothing damaged stays, and the
 * launcher goes on.
 */
class BadInputTest {
    @TempDir private Path dir;

    private TestSite site;
    private TestServer server;
    private TestLauncher launcher;
    private KernelBoot boot;

    @BeforeEach
    void open() throws Exception {
        site = TestSite.build(dir.resolve("site"));
        boot = (KernelBoot) site.built().spec().boot();
        server = new TestServer(site.tree());
        launcher = new TestLauncher(dir.resolve("home"));
    }

    @AfterEach
    void close() throws Exception {
        launcher.close();
        server.close();
    }

    private String link() {
        return server.base() + "vm/" + TestSite.NAME + site.fragment();
    }

    private Resolved resolve(String link) throws Exception {
        return launcher.resolver().resolve(ArcletLink.parse(link));
    }

    private VmInstance start(Resolved resolved) throws Exception {
        return launcher.service()
                .runner()
                .start(
                        resolved,
                        Decision.of(
                                resolved.verified().spec().capabilities(),
                                Choice.NOTHING,
                                Abilities.CURRENT));
    }

    private void assertRunsNow() throws Exception {
        VmInstance vm = start(resolve(link()));
        CompletableFuture<VmState> state = new CompletableFuture<>();
        vm.listen(
                s -> {
                    if (s.state() == VmState.RUNNING || s.state().isOver()) {
                        state.complete(s.state());
                    }
                });
        assertEquals(VmState.RUNNING, state.get(30, TimeUnit.SECONDS), vm.status().message());
        vm.stop();
        assertTrue(vm.awaitEnd(20));
    }

    /** Everything visible in the store is what its name says. */
    private void assertStoreIsSound() throws IOException {
        try (Stream<Path> files = Files.walk(launcher.home().blobs())) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                assertEquals(file.getFileName().toString(), Digest.of(file).hex());
            }
        }
    }

    private Path blob(Digest digest) {
        return site.tree().resolve(TreeLayout.blobPath(digest));
    }

    private Path published(String which) throws IOException {
        return switch (which) {
            case "envelope" -> blob(site.built().envelope());
            case "kernel" -> blob(boot.kernel().digest());
            case "initrd" -> blob(boot.initrd().orElseThrow().digest());
            case "index" ->
                    blob(
                            site.built()
                                    .spec()
                                    .disks()
                                    .getFirst()
                                    .layers()
                                    .getFirst()
                                    .index()
                                    .digest());
            case "pack" -> pack();
            default -> site.tree().resolve(TreeLayout.metadataPath(site.keys().id(), which));
        };
    }

    private Path pack() throws IOException {
        List<Path> others =
                List.of(blob(boot.kernel().digest()), blob(boot.initrd().orElseThrow().digest()));
        try (Stream<Path> files = Files.walk(site.tree().resolve(TreeLayout.BLOBS))) {
            return files.filter(Files::isRegularFile)
                    .filter(f -> !others.contains(f))
                    .max(Comparator.comparingLong(f -> f.toFile().length()))
                    .orElseThrow();
        }
    }

    /** Goes as far as it goes and returns why it went no further. */
    private String refusal() throws Exception {
        Resolved resolved;
        try {
            resolved = resolve(link());
        } catch (LauncherException | FormatException e) {
            return e.getMessage();
        }
        VmInstance vm = start(resolved);
        assertTrue(vm.awaitEnd(60));
        assertEquals(VmState.FAILED, vm.status().state());
        return vm.status().message();
    }

    private void assertRefused(String what) throws Exception {
        String message = refusal();
        assertTrue(message.startsWith("cannot "), message);
        assertTrue(launcher.factory().made().isEmpty(), what);
        assertStoreIsSound();
    }

    @ParameterizedTest
    @ValueSource(strings = {"envelope", "timestamp.json", "kernel", "initrd", "index", "pack"})
    void refusesAFlippedByte(String which) throws Exception {
        Path file = published(which);
        byte[] good = Files.readAllBytes(file);
        for (int at : new int[] {0, good.length / 2, good.length - 1}) {
            byte[] bad = good.clone();
            bad[at] ^= 0x10;
            Files.write(file, bad);
            assertRefused(which + " at " + at);
        }
        Files.write(file, good);
        assertRunsNow();
    }

    @ParameterizedTest
    @ValueSource(strings = {"envelope", "timestamp.json", "kernel", "index", "pack"})
    void refusesATruncatedFile(String which) throws Exception {
        Path file = published(which);
        byte[] good = Files.readAllBytes(file);
        Files.write(file, Arrays.copyOf(good, good.length - 1));
        assertRefused(which);
        Files.write(file, good);
        assertRunsNow();
    }

    @ParameterizedTest
    @ValueSource(strings = {"envelope", "timestamp.json", "kernel", "index", "pack"})
    void refusesAMissingFile(String which) throws Exception {
        Path file = published(which);
        byte[] good = Files.readAllBytes(file);
        Files.delete(file);
        assertRefused(which);
        Files.write(file, good);
        assertRunsNow();
    }

    @Test
    void refusesAnotherPublisher() throws Exception {
        PublisherKeys other = PublisherKeys.create(dir.resolve("others"), "Other", Instant.now());
        assertThrows(
                FormatException.class,
                () -> resolve(server.base() + "vm/" + TestSite.NAME + "#p=" + other.id()));
    }

    @Test
    void pinsAPublisherAtConsentOnly() throws Exception {
        String bare = server.base() + "vm/" + TestSite.NAME;
        assertEquals("FIRST_USE", resolve(bare).verified().trust().name());
        assertEquals("FIRST_USE", resolve(bare).verified().trust().name(), "looking pins none");
        start(resolve(bare));
        assertEquals("PINNED", resolve(bare).verified().trust().name());
        assertTrue(resolve(bare).knownSince().isPresent());
    }

    @Test
    void runsWhatItKnowsWithoutTheNetwork() throws Exception {
        assertRunsNow();
        server.behave(
                exchange -> {
                    exchange.sendResponseHeaders(503, -1);
                    return true;
                });
        assertEquals(0, resolve(link()).missing());
        assertRunsNow();
    }

    @Test
    void fetchesAgainWhatWentBadInTheStore() throws Exception {
        assertRunsNow();
        Path stored = launcher.resolver().store().path(boot.kernel().digest());
        byte[] bytes = Files.readAllBytes(stored);
        bytes[1000] ^= 1;
        Files.write(stored, bytes);
        assertRunsNow();
        assertStoreIsSound();
    }

    @Test
    void stopsAFetchAndKeepsWhatHasArrived() throws Exception {
        Descriptor initrd = boot.initrd().orElseThrow();
        byte[] bytes = Files.readAllBytes(blob(initrd.digest()));
        CountDownLatch end = new CountDownLatch(1);
        server.behave(
                exchange -> {
                    if (!exchange.getRequestURI().getPath().endsWith(initrd.digest().hex())) {
                        return false;
                    }
                    exchange.sendResponseHeaders(200, bytes.length);
                    exchange.getResponseBody().write(bytes, 0, bytes.length / 2);
                    exchange.getResponseBody().flush();
                    end.await();
                    return true;
                });
        VmInstance vm = start(resolve(link()));
        CountDownLatch arrived = new CountDownLatch(1);
        vm.listen(
                s -> {
                    boolean half = s.fetched() >= s.toFetch() - (bytes.length - bytes.length / 2);
                    if (s.toFetch() > 0 && half) {
                        arrived.countDown();
                    }
                });
        assertTrue(arrived.await(20, TimeUnit.SECONDS));
        vm.stop();
        assertTrue(vm.awaitEnd(20));
        end.countDown();
        assertEquals(VmState.ENDED, vm.status().state());
        assertTrue(launcher.factory().made().isEmpty());
        assertFalse(launcher.resolver().store().has(initrd));
        assertEquals(bytes.length / 2, launcher.resolver().store().partialBytes(initrd));
        server.behave(exchange -> false);
        assertRunsNow();
    }

    @Test
    void leavesNothingHalfWrittenAfterARefusal() throws Exception {
        Path file = published("kernel");
        byte[] bytes = Files.readAllBytes(file);
        bytes[5] ^= 1;
        Files.write(file, bytes);
        refusal();
        assertEquals(0, launcher.resolver().store().partialBytes(boot.kernel()));
    }
}
