package dev.arclet.launcher.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.net.httpserver.HttpServer;
import dev.arclet.format.build.BuiltArclet;
import dev.arclet.format.build.SpecBuilder;
import dev.arclet.format.digest.Digest;
import dev.arclet.format.trust.PublisherKeys;
import dev.arclet.launcher.support.RawHttp;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A network as a Debian guest finds it, with its own drivers: an address by DHCP, a name, a
 * download from a server on this computer that a rule allows, one that no rule allows, and a port
 * of the guest that is reached from here. The media are those of {@code bench/net/recipe}, in the
 * folder {@code net} of -Darclet.media; -Darclet.download says how many bytes are fetched.
 */
@Tag("slow")
class GuestNetworkTest {
    private static final long LIMIT_SECONDS = 580;
    private static final int DOWNLOAD = Integer.getInteger("arclet.download", 3_000_000);
    private static final String PROMPT = "net# ";
    private static final Pattern FORWARDED =
            Pattern.compile("tcp port 80 of the guest is at 127\\.0\\.0\\.1:(\\d+)");

    @TempDir Path folder;

    private final byte[] content = new byte[DOWNLOAD];
    private final AtomicInteger intrusions = new AtomicInteger();
    private HttpServer allowed;
    private HttpServer denied;
    private Path media;

    @BeforeEach
    void start() throws IOException {
        media = Path.of(System.getProperty("arclet.media", ""), "net");
        assumeTrue(Files.exists(media.resolve("net.gz")), "no " + media.resolve("net.gz"));
        new Random(1).nextBytes(content);
        allowed =
                serve(
                        exchange -> {
                            exchange.sendResponseHeaders(200, content.length);
                            exchange.getResponseBody().write(content);
                            exchange.close();
                        });
        denied =
                serve(
                        exchange -> {
                            intrusions.incrementAndGet();
                            exchange.sendResponseHeaders(204, -1);
                            exchange.close();
                        });
    }

    private static HttpServer serve(com.sun.net.httpserver.HttpHandler handler) throws IOException {
        InetAddress loopback = InetAddress.getByAddress(new byte[] {127, 0, 0, 1});
        HttpServer server = HttpServer.create(new InetSocketAddress(loopback, 0), 0);
        server.createContext("/", handler);
        server.start();
        return server;
    }

    @AfterEach
    void stop() {
        if (allowed != null) {
            allowed.stop(0);
        }
        if (denied != null) {
            denied.stop(0);
        }
    }

    private static int port(HttpServer server) {
        return server.getAddress().getPort();
    }

    @Test
    void bootWithAVirtioCard() throws Exception {
        everythingWorks(boot("virtio"), "virtio_net");
    }

    @Test
    void bootWithAnRtl8139() throws Exception {
        everythingWorks(boot("rtl8139"), "8139too");
    }

    private Conversation boot(String card) throws IOException {
        return new Conversation(
                List.of(
                        "boot",
                        "--kernel",
                        media.resolve("vmlinuz").toString(),
                        "--initrd",
                        media.resolve("net.gz").toString(),
                        "--append",
                        "console=ttyS0 quiet",
                        "--memory",
                        "128M",
                        "--net",
                        "user",
                        "--net-card",
                        card,
                        "--net-allow",
                        "tcp:localhost:" + port(allowed),
                        "--net-forward",
                        "tcp:0:80"));
    }

    @Test
    void aSignedMachineHasWhatTheUserGrants() throws Exception {
        everythingWorks(run(true), "virtio_net");
    }

    @Test
    void aSignedMachineHasNothingThatTheUserDoesNotGrant() throws Exception {
        try (Conversation guest = run(false)) {
            guest.until(PROMPT);
            guest.type("wget -q -O - http://10.0.2.2:" + port(allowed) + "/ || echo none-$((6*7))");
            guest.until("none-42");
            guest.until(PROMPT);
            guest.end();
            assertTrue(
                    guest.messages().contains("refused tcp to this computer port " + port(allowed)),
                    guest.messages());
            assertFalse(FORWARDED.matcher(guest.messages()).find(), guest.messages());
        }
    }

    private Conversation run(boolean granted) throws Exception {
        Path sources = Files.createDirectories(folder.resolve("sources"));
        for (String file : List.of("vmlinuz", "net.gz")) {
            Files.copy(media.resolve(file), sources.resolve(file));
        }
        Files.writeString(
                sources.resolve("vm.yaml"),
                """
                name: networked
                version: "1"
                title: Networked
                machine: {arch: i386, memory: 128M, devices: [virtio-net]}
                boot: {kernel: vmlinuz, initrd: net.gz, command-line: "console=ttyS0 quiet"}
                capabilities:
                  network: {mode: user, allow: ["tcp localhost %d"]}
                  ports:
                    - {port: 80, purpose: "Its page"}
                """
                        .formatted(port(allowed)));
        PublisherKeys keys =
                PublisherKeys.create(folder.resolve("keys"), "Test publisher", Instant.now());
        BuiltArclet built = SpecBuilder.build(sources, folder.resolve("tree"), keys, Instant.now());
        List<String> command = new ArrayList<>(List.of("run", "--headless", "--serial", "stdio"));
        if (granted) {
            command.addAll(List.of("--allow", "network,ports"));
        }
        command.addAll(
                List.of(
                        "--accept-publisher",
                        keys.id().toString(),
                        built.tree().resolve("vm").resolve("networked").toString()));
        return new Conversation(command);
    }

    private void everythingWorks(Conversation started, String driver) throws Exception {
        try (Conversation guest = started) {
            guest.until("LEASE 10.0.2.15/24 via 10.0.2.2, name server 10.0.2.3");
            guest.until("DRIVER " + driver);
            guest.until(PROMPT);
            guest.type("nslookup host.internal");
            guest.until("10.0.2.2");
            guest.until(PROMPT);
            guest.type(
                    "wget -q -O - http://host.internal:" + port(allowed) + "/content | sha256sum");
            guest.until(Digest.of(content).hex());
            guest.until(PROMPT);
            guest.type("wget -q -O - http://10.0.2.2:" + port(denied) + "/ || echo none-$((6*7))");
            // Without -T: BusyBox's static wget dies of it before it connects, under QEMU, too.
            guest.until("none-42");
            guest.until(PROMPT);
            assertEquals(0, intrusions.get());
            guest.type(
                    "echo page-$((6*7)) >/www/index.html; httpd -p 80 -h /www; echo serving-$((6*7))");
            guest.until("serving-42");
            guest.until(PROMPT);
            Matcher forwarded = FORWARDED.matcher(guest.messages());
            assertTrue(forwarded.find(), guest.messages());
            int hostPort = Integer.parseInt(forwarded.group(1));
            RawHttp.Answer page =
                    RawHttp.send(
                            hostPort,
                            "GET /index.html HTTP/1.0\nHost: 127.0.0.1:" + hostPort + "\n",
                            new byte[0]);
            assertEquals(200, page.status());
            assertEquals("page-42\n", page.body());
            guest.end();
            String messages = guest.messages();
            assertTrue(
                    messages.contains("allowed tcp to this computer port " + port(allowed)),
                    messages);
            assertTrue(
                    messages.contains(
                            "refused tcp to this computer port "
                                    + port(denied)
                                    + ": no rule allows it"),
                    messages);
        }
    }

    /** A process of Arclet's, and its guest's serial line. */
    private final class Conversation implements AutoCloseable {
        private final Process process;
        private final InputStream serial;
        private final OutputStream keyboard;
        private final ByteArrayOutputStream seen = new ByteArrayOutputStream();
        private int looked;

        Conversation(List<String> arguments) throws IOException {
            List<String> command =
                    new ArrayList<>(
                            List.of(
                                    Path.of(System.getProperty("java.home"), "bin", "java")
                                            .toString(),
                                    "-XX:-DontCompileHugeMethods",
                                    "--add-exports=java.base/jdk.internal.misc=ALL-UNNAMED",
                                    "--enable-native-access=ALL-UNNAMED",
                                    "-cp",
                                    System.getProperty("java.class.path"),
                                    Main.class.getName()));
            command.addAll(arguments);
            ProcessBuilder builder = new ProcessBuilder(command);
            builder.environment().put("ARCLET_HOME", folder.resolve("home").toString());
            builder.redirectError(folder.resolve("messages").toFile());
            process = builder.start();
            // Ends the reading below if the guest says nothing more.
            CompletableFuture.delayedExecutor(LIMIT_SECONDS, TimeUnit.SECONDS)
                    .execute(process::destroyForcibly);
            serial = process.getInputStream();
            keyboard = process.getOutputStream();
        }

        private String text() {
            return seen.toString(StandardCharsets.ISO_8859_1);
        }

        String messages() throws IOException {
            return Files.readString(folder.resolve("messages"));
        }

        /** Reads until a text has come, behind the one waited for before. */
        void until(String expected) throws IOException {
            int at = text().indexOf(expected, looked);
            while (at < 0) {
                int value = serial.read();
                assertTrue(value >= 0, "no \"" + expected + "\" in " + text() + messages());
                seen.write(value);
                if (value == expected.charAt(expected.length() - 1)) {
                    at = text().indexOf(expected, looked);
                }
            }
            looked = at + expected.length();
        }

        /** Types a line and waits for its echo's end, so that what follows is the answer. */
        void type(String line) throws IOException {
            keyboard.write((line + "\n").getBytes(StandardCharsets.UTF_8));
            keyboard.flush();
            until("\n");
        }

        void end() throws Exception {
            type("poweroff -f");
            while (serial.read() >= 0) {
                // Whatever it says before its power is off.
            }
            assertTrue(process.waitFor(60, TimeUnit.SECONDS), text());
            assertEquals(0, process.exitValue(), text() + messages());
        }

        @Override
        public void close() {
            process.destroyForcibly();
        }
    }
}
