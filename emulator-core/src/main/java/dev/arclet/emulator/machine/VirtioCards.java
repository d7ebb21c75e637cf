package dev.arclet.emulator.machine;

import dev.arclet.emulator.bus.EventQueue;
import dev.arclet.emulator.bus.PioBus;
import dev.arclet.emulator.chipset.PciFunction;
import dev.arclet.emulator.chipset.VirtioPci;
import dev.arclet.emulator.device.virtio.Virtio9p;
import dev.arclet.emulator.device.virtio.VirtioBalloon;
import dev.arclet.emulator.device.virtio.VirtioBlock;
import dev.arclet.emulator.device.virtio.VirtioConsole;
import dev.arclet.emulator.device.virtio.VirtioDevice;
import dev.arclet.emulator.device.virtio.VirtioRng;
import dev.arclet.emulator.memory.PhysicalMap;
import dev.arclet.emulator.share.NinePServer;
import dev.arclet.emulator.storage.BlockDevice;
import dev.arclet.emulator.storage.HostWork;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;

/** Makes the virtio cards of a configuration. */
final class VirtioCards {
    private static final int CLASS_MASS_STORAGE = 0x010000;
    private static final int CLASS_COMMUNICATION = 0x078000;
    private static final int CLASS_OTHER = 0x00FF00;

    /**
     * With a deterministic clock every request takes this long; else the host's time is enough. A
     * guest gets interrupts of a disk later than it asked, as from a real one.
     */
    private static final long DETERMINISTIC_LATENCY = 50_000;

    private final EventQueue events;
    private final PioBus ports;
    private final PhysicalMap memory;
    private final HostWork host;
    private final boolean icount;
    private final List<PciFunction> cards = new ArrayList<>();
    private Optional<VirtioConsole> console = Optional.empty();
    private Optional<VirtioBalloon> balloon = Optional.empty();

    VirtioCards(
            MachineConfig.Virtio config,
            EventQueue events,
            PioBus ports,
            PhysicalMap memory,
            HostWork host,
            boolean icount) {
        this.events = events;
        this.ports = ports;
        this.memory = memory;
        this.host = host;
        this.icount = icount;
        for (BlockDevice disk : config.disks()) {
            add(disk(cards.size(), disk), CLASS_MASS_STORAGE);
        }
        if (config.console().isPresent()) {
            console =
                    Optional.of(
                            new VirtioConsole("virtio-console0", memory, config.console().get()));
            add(console.get(), CLASS_COMMUNICATION);
        }
        if (config.rng()) {
            add(new VirtioRng("virtio-rng0", memory, entropy()), CLASS_OTHER);
        }
        for (int i = 0; i < config.folders().size(); i++) {
            MachineConfig.Share share = config.folders().get(i);
            NinePServer server = new NinePServer(share.folder());
            add(new Virtio9p("virtio-9p" + i, memory, host, server, share.tag()), CLASS_OTHER);
        }
        if (config.balloon()) {
            balloon = Optional.of(new VirtioBalloon("virtio-balloon0", memory, memory::discard));
            add(balloon.get(), CLASS_OTHER);
        }
    }

    private VirtioDevice disk(int number, BlockDevice medium) {
        return new VirtioBlock(
                "virtio-blk" + number,
                memory,
                events,
                host,
                medium,
                "arclet-" + number,
                icount ? DETERMINISTIC_LATENCY : 0);
    }

    /** True entropy, unless the run is to be repeatable. */
    private VirtioRng.Source entropy() {
        if (icount) {
            return (bytes, handedOut) -> new SplittableRandom(handedOut).nextBytes(bytes);
        }
        SecureRandom random = new SecureRandom();
        return (bytes, handedOut) -> random.nextBytes(bytes);
    }

    private void add(VirtioDevice device, int classCode) {
        cards.add(new VirtioPci(device, classCode, ports, memory));
    }

    /** The cards, in the order of their slots. */
    List<PciFunction> cards() {
        return cards;
    }

    /** The memory balloon, if there is one. */
    Optional<VirtioBalloon> balloon() {
        return balloon;
    }

    /** The console, if there is one. */
    Optional<VirtioConsole> console() {
        return console;
    }
}
