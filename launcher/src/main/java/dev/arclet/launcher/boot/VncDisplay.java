package dev.arclet.launcher.boot;

import dev.arclet.emulator.machine.PcMachine;
import dev.arclet.launcher.LauncherException;
import dev.arclet.launcher.LauncherException.Kind;
import dev.arclet.launcher.assemble.PcInput;
import dev.arclet.launcher.rfb.RfbTcpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The screen for VNC viewers, over plain TCP on this computer's own address. */
final class VncDisplay implements Display {
    private static final Pattern VNC =
            Pattern.compile(
                    "vnc=(127\\.\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}|localhost|\\[::1\\]):(\\d{1,5})");

    private final RfbTcpServer server;

    private VncDisplay(RfbTcpServer server) {
        this.server = server;
    }

    static VncDisplay open(String where, PcMachine machine) throws LauncherException, IOException {
        Matcher vnc = VNC.matcher(where);
        if (!vnc.matches() || Integer.parseInt(vnc.group(2)) > 0xFFFF) {
            throw new LauncherException(
                    Kind.USAGE,
                    "open",
                    "--display " + where,
                    "it is neither none nor web nor vnc=127.0.0.1:PORT; viewers need no password,"
                            + " so only this computer's own address will do",
                    "Write for example vnc=127.0.0.1:5900");
        }
        // The pattern admits literal loopback addresses only, so nothing is looked up.
        InetAddress host = InetAddress.getAllByName(vnc.group(1))[0];
        InetSocketAddress address = new InetSocketAddress(host, Integer.parseInt(vnc.group(2)));
        try {
            RfbTcpServer server =
                    RfbTcpServer.listen(address, machine.screen(), new PcInput(machine), "Arclet");
            System.err.printf(
                    "arclet: VNC viewers find the screen at %s:%d%n",
                    address.getAddress().getHostAddress(), server.port());
            return new VncDisplay(server);
        } catch (IOException e) {
            throw new LauncherException(
                    Kind.HOST,
                    "open",
                    "--display " + where,
                    "nothing can listen there: " + e.getMessage(),
                    "Choose another port",
                    e);
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
    }
}
