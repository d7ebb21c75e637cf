package dev.arclet.launcher.assemble;

import dev.arclet.emulator.machine.NetworkCard;
import dev.arclet.format.model.Capabilities;
import dev.arclet.format.model.Device;
import dev.arclet.format.model.NetworkMode;
import dev.arclet.format.model.PortRequest;
import dev.arclet.format.model.Spec;
import dev.arclet.launcher.LauncherException;
import dev.arclet.launcher.net.GuestNetwork;
import dev.arclet.launcher.net.PortForward;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** The network of a spec's machine, as far as the user has granted it. */
final class SpecNetwork {
    private SpecNetwork() {}

    /** Whether a device is a network card that there is. */
    static boolean isCard(Device device) {
        return device == Device.VIRTIO_NET || device == Device.RTL8139;
    }

    /**
     * Starts the network, if the spec names a card or something is granted; what is not granted is
     * refused to the guest, flow by flow, and noted on standard error.
     */
    static Optional<GuestNetwork> start(Spec spec, Capabilities granted)
            throws LauncherException, IOException {
        List<Device> devices = spec.machine().devices();
        boolean wanted =
                devices.stream().anyMatch(SpecNetwork::isCard)
                        || granted.network().mode() == NetworkMode.USER
                        || !granted.ports().isEmpty();
        if (!wanted) {
            return Optional.empty();
        }
        boolean classic = devices.contains(Device.RTL8139) && !devices.contains(Device.VIRTIO_NET);
        List<PortForward> forwards = granted.ports().stream().map(SpecNetwork::forward).toList();
        GuestNetwork.Options options =
                new GuestNetwork.Options(
                        classic ? NetworkCard.Model.RTL8139 : NetworkCard.Model.VIRTIO,
                        granted.network().allow(),
                        forwards);
        return Optional.of(
                GuestNetwork.start(
                        options,
                        line -> System.err.println("arclet: " + spec.name() + ": " + line)));
    }

    /** The same number on the host if it can be had. */
    private static PortForward forward(PortRequest request) {
        return new PortForward(request.protocol(), request.guestPort(), false, request.guestPort());
    }
}
