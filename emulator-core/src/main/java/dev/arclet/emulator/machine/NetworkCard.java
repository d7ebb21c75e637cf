package dev.arclet.emulator.machine;

import dev.arclet.emulator.bus.EventQueue;
import dev.arclet.emulator.bus.PioBus;
import dev.arclet.emulator.chipset.PciFunction;
import dev.arclet.emulator.chipset.Rtl8139Pci;
import dev.arclet.emulator.chipset.VirtioPci;
import dev.arclet.emulator.device.virtio.VirtioNet;
import dev.arclet.emulator.memory.PhysicalMap;
import dev.arclet.emulator.net.Cable;
import java.util.concurrent.Executor;

/**
 * A network card of a configuration.
 *
 * @param model which card
 * @param cable what it is plugged into; the other end is the embedder's
 */
public record NetworkCard(Model model, Cable cable) {
    private static final int CLASS_ETHERNET = 0x020000;

    /** Locally administered; there is one machine on a cable. */
    private static final byte[] ADDRESS = {0x52, 0x54, 0x00, 0x0A, 0x2C, 0x01};

    /** The cards there are. */
    public enum Model {
        /** Fast, for systems with its driver. */
        VIRTIO,
        /** For systems older than virtio. */
        RTL8139
    }

    /** Makes the card and plugs it into its cable. */
    PciFunction build(EventQueue events, PioBus ports, PhysicalMap memory, Executor machineThread) {
        return switch (model) {
            case VIRTIO -> {
                VirtioNet card = new VirtioNet("virtio-net0", memory, ADDRESS, cable);
                cable.plugCard(card, machineThread);
                yield new VirtioPci(card, CLASS_ETHERNET, ports, memory);
            }
            case RTL8139 -> {
                Rtl8139Pci card = new Rtl8139Pci(events, ports, memory, ADDRESS, cable);
                cable.plugCard(card.card(), machineThread);
                yield card;
            }
        };
    }
}
