package dev.arclet.launcher.support;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** HTTP as an attacker writes it: every byte of the request is the test's own. */
public final class RawHttp {
    /**
     * An answer.
     *
     * @param headers lines as received
     */
    public record Answer(int status, List<String> headers, String body) {
        /** First value of a header. */
        public Optional<String> header(String name) {
            String prefix = name.toLowerCase(Locale.ROOT) + ":";
            return headers.stream()
                    .filter(h -> h.toLowerCase(Locale.ROOT).startsWith(prefix))
                    .map(h -> h.substring(prefix.length()).strip())
                    .findFirst();
        }
    }

    private RawHttp() {}

    /**
     * Sends a request and reads the answer up to the connection's end.
     *
     * @param head request line and headers, lines ended by a line feed, without the empty line
     */
    public static Answer send(int port, String head, byte[] body) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout(10_000);
            String request = head.strip().replace("\r\n", "\n").replace("\n", "\r\n") + "\r\n\r\n";
            socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
            try {
                socket.getOutputStream().write(body);
                socket.getOutputStream().flush();
            } catch (IOException e) {
                // The server may answer and close before it has read everything.
            }
            return read(socket.getInputStream());
        }
    }

    private static Answer read(InputStream in) throws IOException {
        List<String> lines = new ArrayList<>();
        for (String line = line(in); !line.isEmpty(); line = line(in)) {
            lines.add(line);
        }
        if (lines.isEmpty()) {
            return new Answer(0, List.of(), "");
        }
        int status = Integer.parseInt(lines.getFirst().split(" ", 3)[1]);
        Answer head = new Answer(status, lines.subList(1, lines.size()), "");
        int length = head.header("Content-Length").map(Integer::parseInt).orElse(0);
        String body = "";
        if (status != 101) {
            try {
                body = new String(in.readNBytes(length), StandardCharsets.UTF_8);
            } catch (SocketTimeoutException e) {
                body = "";
            }
        }
        return new Answer(status, head.headers(), body);
    }

    private static String line(InputStream in) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (int c = in.read(); c >= 0 && c != '\n'; c = in.read()) {
            if (c != '\r') {
                out.write(c);
            }
        }
        return out.toString(StandardCharsets.ISO_8859_1);
    }
}
