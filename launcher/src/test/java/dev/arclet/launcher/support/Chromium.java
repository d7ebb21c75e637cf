package dev.arclet.launcher.support;

import dev.arclet.format.SpecException;
import dev.arclet.format.json.StrictJson;
import java.io.BufferedReader;
import java.io.Closeable;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * The distribution's Chromium without a window, driven over its DevTools protocol. Input goes in as
 * the browser's own events, which pages see as trusted.
 */
public final class Chromium implements Closeable, WebSocket.Listener {
    private static final JsonMapper JSON = new JsonMapper();
    private static final long PATIENCE_SECONDS = 60;

    private final Process process;
    private final WebSocket socket;
    private final AtomicInteger ids = new AtomicInteger();
    private final Map<Integer, CompletableFuture<JsonNode>> waiting = new ConcurrentHashMap<>();
    private final StringBuilder text = new StringBuilder();
    private final List<String> console = new java.util.concurrent.CopyOnWriteArrayList<>();

    /**
     * @param profile folder for the browser's profile
     */
    public Chromium(Path profile) throws Exception {
        String binary = System.getProperty("arclet.chromium", "/usr/bin/chromium");
        process =
                new ProcessBuilder(
                                binary,
                                "--headless=new",
                                "--no-sandbox",
                                "--disable-gpu",
                                "--disable-dev-shm-usage",
                                "--no-first-run",
                                "--window-size=1400,900",
                                "--remote-debugging-port=0",
                                "--user-data-dir=" + profile,
                                "about:blank")
                        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                        .start();
        URI address = address(process.errorReader());
        socket =
                HttpClient.newHttpClient()
                        .newWebSocketBuilder()
                        .buildAsync(address, this)
                        .get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    private static URI address(BufferedReader errors) throws IOException {
        for (String line = errors.readLine(); line != null; line = errors.readLine()) {
            String mark = "DevTools listening on ";
            if (line.startsWith(mark)) {
                Thread.ofPlatform()
                        .daemon()
                        .start(
                                () -> {
                                    // Nobody needs the rest, but the pipe must not fill up.
                                    errors.lines().forEach(l -> {});
                                });
                return URI.create(line.substring(mark.length()));
            }
        }
        throw new IOException("Chromium ended before it listened");
    }

    @Override
    public CompletionStage<?> onText(WebSocket ws, CharSequence data, boolean last) {
        text.append(data);
        if (last) {
            JsonNode message = JSON.readTree(text.toString());
            text.setLength(0);
            JsonNode id = message.get("id");
            if (id != null) {
                waiting.remove(id.intValue()).complete(message);
            } else if (message.path("method").asString("").startsWith("Runtime.")
                    || message.path("method").asString("").startsWith("Log.")) {
                console.add(message.get("params").toString());
            }
        }
        ws.request(1);
        return null;
    }

    private JsonNode call(String session, String method, ObjectNode params) throws Exception {
        int id = ids.incrementAndGet();
        ObjectNode request = JSON.createObjectNode().put("id", id).put("method", method);
        request.set("params", params);
        if (!session.isEmpty()) {
            request.put("sessionId", session);
        }
        CompletableFuture<JsonNode> answer = new CompletableFuture<>();
        waiting.put(id, answer);
        synchronized (this) {
            socket.sendText(request.toString(), true).get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        }
        JsonNode got = answer.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        if (got.has("error")) {
            throw new IllegalStateException(method + ": " + got.get("error"));
        }
        return got.get("result");
    }

    /** A new tab at an address. */
    public Tab open(URI address) throws Exception {
        String target =
                call("", "Target.createTarget", JSON.createObjectNode().put("url", "about:blank"))
                        .get("targetId")
                        .asString();
        String session =
                call(
                                "",
                                "Target.attachToTarget",
                                JSON.createObjectNode()
                                        .put("targetId", target)
                                        .put("flatten", true))
                        .get("sessionId")
                        .asString();
        Tab tab = new Tab(session);
        call(session, "Page.enable", JSON.createObjectNode());
        call(session, "Runtime.enable", JSON.createObjectNode());
        call(session, "Log.enable", JSON.createObjectNode());
        tab.navigate(address);
        return tab;
    }

    /** One tab. */
    public final class Tab {
        private final String session;

        private Tab(String session) {
            this.session = session;
        }

        public void navigate(URI address) throws Exception {
            call(session, "Page.navigate", JSON.createObjectNode().put("url", address.toString()));
        }

        /** Makes it the tab that is seen. */
        public void show() throws Exception {
            call(session, "Page.bringToFront", JSON.createObjectNode());
        }

        public void reload() throws Exception {
            call(session, "Page.reload", JSON.createObjectNode());
        }

        /** The value of an expression in the page, as text. */
        public String evaluate(String expression) throws Exception {
            JsonNode result =
                    call(
                            session,
                            "Runtime.evaluate",
                            JSON.createObjectNode()
                                    .put("expression", "String(" + expression + ")")
                                    .put("returnByValue", true));
            if (result.has("exceptionDetails")) {
                return "exception: " + result.get("exceptionDetails");
            }
            return result.get("result").path("value").asString("");
        }

        /** Waits until an expression is {@code true}. */
        public void await(String expression) throws Exception {
            await(expression, PATIENCE_SECONDS);
        }

        /** Waits until an expression is {@code true}, for some seconds. */
        public void await(String expression, long seconds) throws Exception {
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
            String last = "";
            while (System.nanoTime() < end) {
                try {
                    last = evaluate(expression);
                } catch (IllegalStateException e) {
                    last = e.getMessage(); // between two documents
                }
                if (last.equals("true")) {
                    return;
                }
                LockSupport.parkNanos(30_000_000);
            }
            throw new AssertionError(
                    "never: "
                            + expression
                            + " (last: "
                            + last
                            + ")\npage: "
                            + evaluate("location.href + ' ' + document.body.innerText")
                            + "\nconsole: "
                            + console);
        }

        /** Clicks in the middle of an element with real mouse events. */
        public void click(String selector) throws Exception {
            String at =
                    evaluate(
                            "(() => { const r = document.querySelector('"
                                    + selector
                                    + "').getBoundingClientRect(); return [r.x + r.width / 2, r.y +"
                                    + " r.height / 2].join(' '); })()");
            double x = Double.parseDouble(at.split(" ", -1)[0]);
            double y = Double.parseDouble(at.split(" ", -1)[1]);
            for (String type : List.of("mouseMoved", "mousePressed", "mouseReleased")) {
                call(
                        session,
                        "Input.dispatchMouseEvent",
                        JSON.createObjectNode()
                                .put("type", type)
                                .put("x", x)
                                .put("y", y)
                                .put("button", type.equals("mouseMoved") ? "none" : "left")
                                .put("clickCount", 1));
            }
        }

        /** Types characters of a US keyboard, with real key events; a line feed is Enter. */
        public void type(String characters) throws Exception {
            for (char c : characters.toCharArray()) {
                Key key = Key.of(c);
                if (key.shift()) {
                    key("rawKeyDown", "Shift", "ShiftLeft", 16, "", 8);
                }
                int modifiers = key.shift() ? 8 : 0;
                String value = c == '\n' ? "Enter" : String.valueOf(c);
                key(
                        "keyDown",
                        value,
                        key.code(),
                        key.virtual(),
                        c == '\n' ? "\r" : value,
                        modifiers);
                key("keyUp", value, key.code(), key.virtual(), "", modifiers);
                if (key.shift()) {
                    key("keyUp", "Shift", "ShiftLeft", 16, "", 0);
                }
            }
        }

        private void key(
                String type, String key, String code, int virtual, String insert, int modifiers)
                throws Exception {
            ObjectNode event =
                    JSON.createObjectNode()
                            .put("type", type)
                            .put("key", key)
                            .put("code", code)
                            .put("windowsVirtualKeyCode", virtual)
                            .put("modifiers", modifiers);
            if (!insert.isEmpty()) {
                event.put("text", insert);
            }
            call(session, "Input.dispatchKeyEvent", event);
        }

        /** Writes a picture of the page. */
        public void screenshot(Path png) throws Exception {
            JsonNode shot =
                    call(
                            session,
                            "Page.captureScreenshot",
                            JSON.createObjectNode().put("format", "png"));
            Files.createDirectories(png.toAbsolutePath().getParent());
            Files.write(png, Base64.getDecoder().decode(shot.get("data").asString()));
        }

        /** An object that the page computed, as JSON. */
        public ObjectNode json(String expression) throws Exception, SpecException {
            return StrictJson.parse(
                    evaluate("JSON.stringify(" + expression + ")")
                            .getBytes(java.nio.charset.StandardCharsets.UTF_8),
                    "a page's value");
        }
    }

    /** Where a character is on a US keyboard. */
    private record Key(String code, int virtual, boolean shift) {
        private static final String PLAIN = "`1234567890-=[]\\;',./ ";
        private static final String SHIFTED = "~!@#$%^&*()_+{}|:\"<>?";
        private static final List<String> CODES =
                List.of(
                        "Backquote",
                        "Digit1",
                        "Digit2",
                        "Digit3",
                        "Digit4",
                        "Digit5",
                        "Digit6",
                        "Digit7",
                        "Digit8",
                        "Digit9",
                        "Digit0",
                        "Minus",
                        "Equal",
                        "BracketLeft",
                        "BracketRight",
                        "Backslash",
                        "Semicolon",
                        "Quote",
                        "Comma",
                        "Period",
                        "Slash",
                        "Space");
        private static final int[] VIRTUAL = {
            192, 49, 50, 51, 52, 53, 54, 55, 56, 57, 48, 189, 187, 219, 221, 220, 186, 222, 188,
            190, 191, 32
        };

        static Key of(char c) {
            if (c == '\n') {
                return new Key("Enter", 13, false);
            }
            if (Character.isLetter(c)) {
                char upper = Character.toUpperCase(c);
                return new Key("Key" + upper, upper, Character.isUpperCase(c));
            }
            int plain = PLAIN.indexOf(c);
            int at = plain >= 0 ? plain : SHIFTED.indexOf(c);
            if (at < 0) {
                throw new IllegalArgumentException("no key for " + c);
            }
            return new Key(CODES.get(at), VIRTUAL[at], plain < 0);
        }
    }

    @Override
    public void close() {
        socket.abort();
        process.descendants().forEach(ProcessHandle::destroy);
        process.destroy();
        try {
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
