package dev.arclet.launcher.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.launcher.LauncherException;
import dev.arclet.launcher.LauncherException.Kind;
import dev.arclet.launcher.store.ArcletHome;
import dev.arclet.launcher.support.TestLauncher;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The socket on which commands find the launcher. */
class ControlTest {
    @TempDir private Path dir;

    private TestLauncher launcher;
    private ControlServer server;
    private ControlClient client;

    @BeforeEach
    void open() throws Exception {
        launcher = new TestLauncher(dir.resolve("h"));
        server = ControlServer.ofLauncher(launcher.home(), launcher.service());
        client = new ControlClient(launcher.home());
    }

    @AfterEach
    void close() throws Exception {
        server.close();
        launcher.close();
    }

    private Path socket() throws Exception {
        return ControlProtocol.socket(launcher.home(), ControlProtocol.LAUNCHER);
    }

    private String raw(byte[] request) throws Exception {
        try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket()))) {
            channel.write(ByteBuffer.wrap(request));
            return new String(ControlProtocol.readLine(channel), StandardCharsets.UTF_8);
        }
    }

    @Test
    void handsALinkOver() throws Exception {
        assertTrue(client.launcherRuns());
        URI page = client.open("https://example.org/vm/shell");
        assertEquals("127.0.0.1", page.getHost());
        assertTrue(page.getPath().matches("/s/[A-Za-z0-9_-]{43}"), page.toString());
        assertTrue(client.machines().isEmpty());
    }

    @Test
    void isInAFolderThatOnlyItsOwnerMayEnter() throws Exception {
        assertEquals(
                "rwx------",
                PosixFilePermissions.toString(Files.getPosixFilePermissions(socket().getParent())));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://example.org/vm/shell",
                "https://user@example.org/vm/shell",
                "ftp://example.org/vm/shell",
                "/no/such/folder",
                "arclet://open?u=%2Fetc%2Fpasswd",
                "arclet://open?u=file%3A%2F%2F%2Ftmp%2Fvm%2Fx",
                "https://example.org/vm/shell#q=1",
                ""
            })
    void refusesWhatIsNoLink(String what) {
        LauncherException e = assertThrows(LauncherException.class, () -> client.open(what));
        assertEquals(Kind.USAGE, e.kind());
        assertTrue(e.getMessage().startsWith("cannot "), e.getMessage());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "nonsense\n",
                "{}\n",
                "{\"op\":\"boot\"}\n",
                "{\"op\":\"open\"}\n",
                "{\"op\":\"open\",\"what\":7}\n",
                "{\"op\":\"stop\",\"id\":\"../..\"}\n"
            })
    void answersNonsenseWithAnError(String request) throws Exception {
        assertTrue(raw(request.getBytes(StandardCharsets.UTF_8)).startsWith("{\"error\":"));
        assertTrue(client.launcherRuns());
    }

    @Test
    void endsALineThatDoesNotEnd() throws Exception {
        assertThrows(
                IOException.class,
                () ->
                        raw(
                                "x"
                                        .repeat(ControlProtocol.MAX_LINE + 10)
                                        .getBytes(StandardCharsets.UTF_8)));
        assertTrue(client.launcherRuns());
    }

    @Test
    void saysWhenThereIsNoSuchMachine() {
        assertEquals(
                Kind.NOT_FOUND,
                assertThrows(LauncherException.class, () -> client.stop("00000000")).kind());
        assertEquals(
                Kind.NOT_FOUND,
                assertThrows(LauncherException.class, () -> client.open("00000000")).kind());
    }

    @Test
    void takesOverFromALauncherThatWasKilled() throws Exception {
        ArcletHome home = ArcletHome.at(dir.resolve("k"));
        Path left = ControlProtocol.socket(home, ControlProtocol.LAUNCHER);
        try (ServerSocketChannel dead = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            dead.bind(UnixDomainSocketAddress.of(left));
        }
        assertTrue(Files.exists(left), "closing leaves the file, as a kill does");
        ControlClient other = new ControlClient(home);
        assertFalse(other.launcherRuns());
        assertTrue(other.machines().isEmpty());
        ControlServer next = ControlServer.ofLauncher(home, launcher.service());
        assertTrue(other.launcherRuns());
        next.close();
        assertFalse(Files.exists(left));
    }

    @Test
    void saysWhenItsFolderHasTooLongAPath() {
        ArcletHome deep = ArcletHome.at(dir.resolve("d".repeat(120)));
        LauncherException e =
                assertThrows(LauncherException.class, () -> new ControlClient(deep).launcherRuns());
        assertTrue(e.getMessage().contains("ARCLET_HOME"), e.getMessage());
    }

    @Test
    void letsOneLauncherRun() throws Exception {
        try (var first = LauncherProcess.lock(launcher.home()).orElseThrow().acquiredBy()) {
            assertTrue(first.isOpen());
            assertThrows(
                    java.nio.channels.OverlappingFileLockException.class,
                    () -> LauncherProcess.lock(launcher.home()));
        }
    }
}
