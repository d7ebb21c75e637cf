import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;

/**
 * What guests talk to in bench/net/run: a server on 127.0.0.1, TCP and UDP. A TCP client says in its first line what it
 * wants: {@code SEND n} bytes, {@code SINK n} bytes, {@code ECHO}, or {@code GET /n} by HTTP. UDP is echoed. Prints
 * its port, and the SHA-256 of the first {@code args[0]} bytes that it would send.
 */
final class Peer {
    private static final int PATTERN = 251;
    private static final int PIECE = 64 << 10;
    private static final byte[] BYTES = new byte[PIECE + PATTERN];

    public static void main(String[] args) throws Exception {
        for (int i = 0; i < BYTES.length; i++) {
            BYTES[i] = (byte) (i % PATTERN);
        }
        ServerSocket server = new ServerSocket(0, 50, InetAddress.getByAddress(new byte[] {127, 0, 0, 1}));
        DatagramSocket datagrams = new DatagramSocket(server.getLocalPort(), server.getInetAddress());
        Thread.ofPlatform().daemon().start(() -> echo(datagrams));
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        send(OutputStream.nullOutputStream(), Long.parseLong(args[0]), digest);
        System.out.println(server.getLocalPort() + " " + HexFormat.of().formatHex(digest.digest()));
        while (true) {
            Socket client = server.accept();
            Thread.ofPlatform().daemon().start(() -> serve(client));
        }
    }

    private static void echo(DatagramSocket socket) {
        DatagramPacket packet = new DatagramPacket(new byte[2048], 2048);
        while (true) {
            try {
                packet.setLength(2048);
                socket.receive(packet);
                socket.send(packet);
            } catch (IOException e) {
                System.err.println("peer: " + e);
            }
        }
    }

    private static void serve(Socket client) {
        try (client) {
            client.setTcpNoDelay(true);
            InputStream in = client.getInputStream();
            OutputStream out = client.getOutputStream();
            String[] wish = line(in).split(" ");
            switch (wish[0]) {
                case "SEND" -> send(out, Long.parseLong(wish[1]), null);
                case "SINK" -> {
                    sink(in, Long.parseLong(wish[1]));
                    out.write("OK\n".getBytes(StandardCharsets.US_ASCII));
                }
                case "ECHO" -> {
                    byte[] buffer = new byte[PIECE];
                    for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                        out.write(buffer, 0, n);
                    }
                }
                case "GET" -> {
                    long length = Long.parseLong(wish[1].substring(1));
                    for (String header = line(in); !header.isEmpty(); ) {
                        header = line(in);
                    }
                    out.write(("HTTP/1.0 200 OK\r\nContent-Length: " + length + "\r\n\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
                    send(out, length, null);
                }
                default -> throw new IOException("unknown wish " + wish[0]);
            }
        } catch (IOException e) {
            System.err.println("peer: " + e.getMessage());
        }
    }

    private static String line(InputStream in) throws IOException {
        StringBuilder text = new StringBuilder();
        for (int c = in.read(); c >= 0 && c != '\n'; c = in.read()) {
            if (c != '\r') {
                text.append((char) c);
            }
        }
        return text.toString();
    }

    private static void send(OutputStream out, long bytes, MessageDigest digest) throws IOException {
        for (long done = 0; done < bytes; ) {
            int n = (int) Math.min(PIECE, bytes - done);
            out.write(BYTES, (int) (done % PATTERN), n);
            if (digest != null) {
                digest.update(BYTES, (int) (done % PATTERN), n);
            }
            done += n;
        }
    }

    private static void sink(InputStream in, long bytes) throws IOException {
        byte[] buffer = new byte[PIECE];
        for (long done = 0; done < bytes; ) {
            int n = in.read(buffer, 0, (int) Math.min(PIECE, bytes - done));
            if (n < 0) {
                throw new IOException("only " + done + " of " + bytes + " bytes came");
            }
            for (int i = 0; i < n; i++) {
                if (buffer[i] != BYTES[(int) ((done + i) % PATTERN)]) {
                    throw new IOException("byte " + (done + i) + " is wrong");
                }
            }
            done += n;
        }
    }
}
