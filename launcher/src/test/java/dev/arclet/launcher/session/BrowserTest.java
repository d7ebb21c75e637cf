package dev.arclet.launcher.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.launcher.support.Chromium;
import dev.arclet.launcher.support.FakeMachine;
import dev.arclet.launcher.support.TestLauncher;
import dev.arclet.launcher.support.TestServer;
import dev.arclet.launcher.support.TestSite;
import java.net.URI;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The launcher's pages in a real browser, with a machine that is none behind them. */
@Tag("browser")
class BrowserTest {
    @TempDir private Path dir;

    private TestSite site;
    private TestServer server;
    private TestLauncher launcher;
    private Chromium browser;

    @BeforeEach
    void open() throws Exception {
        site = TestSite.build(dir.resolve("site"), "capabilities:\n  clipboard: both\n");
        server = new TestServer(site.tree());
        launcher = new TestLauncher(dir.resolve("home"));
        browser = new Chromium(dir.resolve("profile"));
    }

    @AfterEach
    void close() throws Exception {
        browser.close();
        launcher.close();
        server.close();
    }

    private URI address() throws Exception {
        return launcher.service().open(server.base() + "vm/" + TestSite.NAME + site.fragment());
    }

    @Test
    void asksShowsAndOutlivesTheTab() throws Exception {
        URI address = address();
        Chromium.Tab tab = browser.open(address);
        tab.await("document.getElementById('asking') && !document.getElementById('asking').hidden");
        String page = tab.evaluate("document.body.innerText");
        assertTrue(page.contains("A machine for tests"), page);
        assertTrue(page.contains(site.keys().id().grouped()), page);
        assertTrue(page.contains("64 MiB of this computer's memory"), page);
        assertTrue(page.contains("to read what you copy and to set your clipboard"), page);

        // Neither a script's click nor an early one may start anything.
        tab.evaluate("document.getElementById('run').disabled = false");
        tab.evaluate("document.getElementById('run').click()");
        assertTrue(launcher.registry().list().isEmpty());

        // The address in the history is void.
        Chromium.Tab thief = browser.open(address);
        thief.await("document.body.innerText.includes('Not found')");

        // While another tab is in front, the button stays inert.
        assertEquals("true", tab.evaluate("document.getElementById('run').disabled"));
        tab.show();
        tab.await("!document.getElementById('run').disabled");
        tab.click("#run");
        tab.await("location.pathname.startsWith('/vm/')");
        String machine = tab.evaluate("location.pathname");
        tab.await("document.getElementById('state').dataset.state === 'running'");
        awaitPicture(tab);
        tab.await("document.getElementById('screen-text').textContent.includes('Welcome 42')");
        tab.await(
                "document.querySelector('.xterm-rows').innerText.replaceAll('\\u00a0', ' ')"
                        + ".includes('hello from the guest')");

        FakeMachine guest = launcher.factory().made().getFirst();
        tab.click("#canvas canvas");
        tab.type("a");
        long end = System.nanoTime() + 20_000_000_000L;
        while (guest.keys().size() < 2 && System.nanoTime() < end) {
            Thread.onSpinWait();
        }
        // Scan code of the key A, whatever the layout.
        assertEquals("30 down", guest.keys().get(0));
        assertEquals("30 up", guest.keys().get(1));

        tab.reload();
        tab.await("document.getElementById('state').dataset.state === 'running'");
        awaitPicture(tab);
        assertEquals(machine, tab.evaluate("location.pathname"));
        assertEquals(1, launcher.factory().made().size());
        tab.screenshot(Path.of("target", "browser", "player.png"));

        guest.powerOff();
        tab.await("document.getElementById('state').textContent.includes('powered off')");
    }

    private static void awaitPicture(Chromium.Tab tab) throws Exception {
        tab.await(
                "(() => { const c = document.querySelector('#canvas canvas'); if (!c || c.width !== 640)"
                        + " return false; const p = c.getContext('2d').getImageData(320, 240, 1, 1).data;"
                        + " return p[0] === 0x22 && p[1] === 0x66 && p[2] === 0xAA; })()");
    }

    @Test
    void refusesToBeFramedAndToBeReadByOtherPages() throws Exception {
        Chromium.Tab tab = browser.open(address());
        tab.await("document.getElementById('asking') && !document.getElementById('asking').hidden");
        String page = tab.evaluate("location.href");
        server.behave(
                exchange -> {
                    if (!exchange.getRequestURI().getPath().equals("/evil.html")) {
                        return false;
                    }
                    exchange.getResponseHeaders().set("Content-Type", "text/html");
                    TestServer.send(
                            exchange,
                            ("<!doctype html><iframe id=f src='"
                                            + page
                                            + "'></iframe><script>"
                                            + "window.result = 'pending';"
                                            + "fetch('"
                                            + page
                                            + "/state', {credentials: 'include'}).then(r =>"
                                            + " window.result = 'read', e => window.result ="
                                            + " 'refused');"
                                            + "fetch('"
                                            + page
                                            + "/run', {method: 'POST', credentials: 'include', mode:"
                                            + " 'no-cors', body: new URLSearchParams({token: 'x'})});"
                                            + "</script>")
                                    .getBytes(java.nio.charset.StandardCharsets.UTF_8));
                    return true;
                });
        Chromium.Tab evil = browser.open(server.base().resolve("evil.html"));
        evil.await("window.result === 'refused'");
        evil.await(
                "(() => { try { return document.getElementById('f').contentDocument === null; }"
                        + " catch { return true; } })()");
        assertTrue(launcher.registry().list().isEmpty());
    }

    @Test
    void saysWhyItRefuses() throws Exception {
        java.nio.file.Files.delete(
                site.tree()
                        .resolve("publishers")
                        .resolve(site.keys().id().toString())
                        .resolve("timestamp.json"));
        Chromium.Tab tab = browser.open(address());
        tab.await(
                "document.getElementById('refused') && !document.getElementById('refused').hidden");
        String page = tab.evaluate("document.body.innerText");
        assertTrue(page.contains("cannot "), page);
    }
}
