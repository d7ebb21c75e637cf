package dev.arclet.launcher.net;

import dev.arclet.emulator.machine.NetworkCard;
import dev.arclet.emulator.net.Cable;
import dev.arclet.format.model.NetworkRule;
import dev.arclet.launcher.LauncherException;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** A guest's network as a whole: the card to put into the machine, and what it is plugged into. */
public final class GuestNetwork implements AutoCloseable {
    /**
     * What to build.
     *
     * @param card the model of the card
     * @param rules what the guest may reach; nothing else
     * @param forwards ports of the guest on the host
     */
    public record Options(
            NetworkCard.Model card, List<NetworkRule> rules, List<PortForward> forwards) {
        public Options {
            rules = List.copyOf(rules);
            forwards = List.copyOf(forwards);
        }
    }

    private final NetworkCard card;
    private final NetworkThread thread;

    private GuestNetwork(NetworkCard card, NetworkThread thread) {
        this.card = card;
        this.thread = thread;
    }

    /**
     * Starts a network.
     *
     * @param log receives a line for every decision; called by any thread
     * @throws LauncherException if a port of the host cannot be had
     */
    public static GuestNetwork start(Options options, Consumer<String> log)
            throws LauncherException, IOException {
        Cable cable = new Cable();
        FlowLog flows = new FlowLog(log);
        NetworkThread thread =
                NetworkThread.start(
                        cable, new RulePolicy(options.rules(), flows), options.forwards(), flows);
        return new GuestNetwork(new NetworkCard(options.card(), cable), thread);
    }

    /** The card that a command line names, if there is one. */
    public static Optional<NetworkCard.Model> model(String name) {
        return switch (name) {
            case "virtio" -> Optional.of(NetworkCard.Model.VIRTIO);
            case "rtl8139" -> Optional.of(NetworkCard.Model.RTL8139);
            default -> Optional.empty();
        };
    }

    /** The card, for the machine's configuration. */
    public NetworkCard card() {
        return card;
    }

    /** The host's port of each forward, in their order. */
    public List<Integer> hostPorts() {
        return thread.hostPorts();
    }

    @Override
    public void close() {
        thread.close();
    }
}
