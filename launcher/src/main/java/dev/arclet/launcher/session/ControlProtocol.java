package dev.arclet.launcher.session;

import dev.arclet.launcher.LauncherException;
import dev.arclet.launcher.LauncherException.Kind;
import dev.arclet.launcher.store.ArcletHome;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;

/**
 * How commands talk to a launcher of the same user: over a Unix domain socket in a folder that only
 * the user may enter, one JSON object on one line each way.
 */
final class ControlProtocol {
    /** Longest line, in bytes. */
    static final int MAX_LINE = 64 << 10;

    /** Name of the socket of the launcher that serves pages; others are {@code run-PID.sock}. */
    static final String LAUNCHER = "launcher.sock";

    /** What sun_path of sockaddr_un holds on the tightest system (BSD: 104 with the final zero). */
    private static final int MAX_PATH = 103;

    private ControlProtocol() {}

    static Path socket(ArcletHome home, String name) throws IOException, LauncherException {
        Path path = home.run().resolve(name);
        if (path.toString().getBytes(java.nio.charset.StandardCharsets.UTF_8).length > MAX_PATH) {
            throw new LauncherException(
                    Kind.USAGE,
                    "use",
                    "the folder " + home.root(),
                    "its path is too long for a socket in it (" + path + ")",
                    "Set ARCLET_HOME to a folder with a shorter path");
        }
        return path;
    }

    /** Reads up to the line feed. */
    static byte[] readLine(SocketChannel channel) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteBuffer buffer = ByteBuffer.allocate(4096);
        while (true) {
            if (channel.read(buffer) < 0) {
                throw new IOException("the other side ended the connection");
            }
            buffer.flip();
            while (buffer.hasRemaining()) {
                byte b = buffer.get();
                if (b == '\n') {
                    return out.toByteArray();
                }
                if (out.size() == MAX_LINE) {
                    throw new IOException("the other side sent more than " + MAX_LINE + " bytes");
                }
                out.write(b);
            }
            buffer.clear();
        }
    }

    static void writeLine(SocketChannel channel, byte[] json) throws IOException {
        ByteBuffer out = ByteBuffer.allocate(json.length + 1).put(json).put((byte) '\n').flip();
        while (out.hasRemaining()) {
            channel.write(out);
        }
    }
}
