package dev.arclet.launcher.boot;

import dev.arclet.emulator.machine.PcMachine;
import dev.arclet.launcher.LauncherException;
import dev.arclet.launcher.assemble.PcInput;
import dev.arclet.launcher.rfb.RfbTcpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Opens what {@code boot --display} names. */
final class Display {
    private static final Pattern VNC =
            Pattern.compile(
                    "vnc=(127\\.\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}|localhost|\\[::1\\]):(\\d{1,5})");

    private Display() {}

    /** Opens the display; closing the result ends it. */
    static Optional<AutoCloseable> open(String where, PcMachine machine)
            throws LauncherException, IOException {
        if (where.equals("none")) {
            return Optional.empty();
        }
        Matcher vnc = VNC.matcher(where);
        if (vnc.matches() && Integer.parseInt(vnc.group(2)) <= 0xFFFF) {
            // The pattern admits literal loopback addresses only, so nothing is looked up.
            InetAddress host = InetAddress.getAllByName(vnc.group(1))[0];
            InetSocketAddress address = new InetSocketAddress(host, Integer.parseInt(vnc.group(2)));
            return Optional.of(listen(where, address, machine));
        }
        boolean web = where.equals("web");
        throw new LauncherException(
                LauncherException.Kind.USAGE,
                "open",
                "--display " + where,
                web
                        ? "this version shows pages for signed machines only"
                        : "it is neither none nor vnc=127.0.0.1:PORT; viewers need no password, so"
                                + " only this computer's own address will do",
                web
                        ? "Use vnc=127.0.0.1:PORT, or \"arclet build\" and \"arclet run\""
                        : "Write for example vnc=127.0.0.1:5900");
    }

    private static RfbTcpServer listen(String where, InetSocketAddress address, PcMachine machine)
            throws LauncherException {
        try {
            RfbTcpServer server =
                    RfbTcpServer.listen(address, machine.screen(), new PcInput(machine), "Arclet");
            System.err.printf(
                    "arclet: VNC viewers find the screen at %s:%d%n",
                    address.getAddress().getHostAddress(), server.port());
            return server;
        } catch (IOException e) {
            throw new LauncherException(
                    LauncherException.Kind.HOST,
                    "open",
                    "--display " + where,
                    "nothing can listen there: " + e.getMessage(),
                    "Choose another port",
                    e);
        }
    }
}
