package dev.arclet.launcher.assemble;

import dev.arclet.emulator.firmware.BootException;
import dev.arclet.emulator.machine.MachineConfig;
import dev.arclet.emulator.machine.PcMachine;
import dev.arclet.emulator.storage.BlockDevice;
import dev.arclet.format.FormatException;
import dev.arclet.format.blob.BlobChecks;
import dev.arclet.format.blob.BlobSource;
import dev.arclet.format.json.EnumText;
import dev.arclet.format.model.Audio;
import dev.arclet.format.model.Descriptor;
import dev.arclet.format.model.Device;
import dev.arclet.format.model.Disk;
import dev.arclet.format.model.DiskBus;
import dev.arclet.format.model.DiskKind;
import dev.arclet.format.model.FirmwareBoot;
import dev.arclet.format.model.KernelBoot;
import dev.arclet.format.model.Spec;
import dev.arclet.launcher.LauncherException;
import dev.arclet.launcher.LauncherException.Kind;
import dev.arclet.launcher.net.GuestNetwork;
import dev.arclet.launcher.policy.Decision;
import dev.arclet.launcher.run.Guest;
import dev.arclet.launcher.run.GuestFactory;
import dev.arclet.launcher.run.HostMemory;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * Turns a verified spec and the user's decision into a machine. The only class that sees both a
 * spec and a machine configuration. What this version's machine lacks is refused by name, never
 * left out.
 */
public final class MachineAssembler implements GuestFactory {
    /** What the host needs beside guest RAM: heap, code, the system itself. */
    private static final long RESERVE = 256L << 20;

    private final LongSupplier memoryInUse;
    private final LongSupplier available;
    private final LongSupplier total;

    /**
     * @param memoryInUse bytes of guest memory that this process has promised to other machines
     */
    public MachineAssembler(LongSupplier memoryInUse) {
        this(memoryInUse, HostMemory::available, HostMemory::total);
    }

    MachineAssembler(LongSupplier memoryInUse, LongSupplier available, LongSupplier total) {
        this.memoryInUse = memoryInUse;
        this.available = available;
        this.total = total;
    }

    @Override
    public void check(Spec spec) throws LauncherException {
        if (spec.boot() instanceof FirmwareBoot) {
            throw unsupported(spec, "it boots through a firmware");
        }
        for (Disk disk : spec.disks()) {
            if (disk.kind() != DiskKind.DISK || disk.bus() != DiskBus.VIRTIO) {
                throw unsupported(
                        spec,
                        "it has the disk \""
                                + disk.name()
                                + "\" as "
                                + EnumText.of(disk.kind())
                                + " on "
                                + EnumText.of(disk.bus()));
            }
        }
        if (spec.machine().cpus() != 1) {
            throw unsupported(spec, "it needs " + spec.machine().cpus() + " processors");
        }
        for (Device device : spec.machine().devices()) {
            if (!SpecNetwork.isCard(device)) {
                throw unsupported(spec, "it needs the device " + EnumText.of(device));
            }
        }
        long memory = spec.machine().memory();
        if (memory < MachineConfig.MIN_MEMORY || memory > MachineConfig.MAX_MEMORY) {
            throw unsupported(spec, "it wants " + mib(memory) + " of memory");
        }
        long free = Math.min(available.getAsLong(), total.getAsLong() - memoryInUse.getAsLong());
        if (memory > free - RESERVE) {
            throw new LauncherException(
                    Kind.HOST,
                    "start",
                    spec.name(),
                    String.format(
                            Locale.ROOT,
                            "it wants %s of memory; this computer has %s, of which %s are free and"
                                    + " %s are kept for the system",
                            mib(memory),
                            mib(total.getAsLong()),
                            mib(Math.max(0, free)),
                            mib(RESERVE)),
                    "Stop other machines or programs, or use a computer with more memory");
        }
        long boot = spec.blobs().stream().mapToLong(Descriptor::size).sum();
        if (boot > memory) {
            throw unsupported(
                    spec, "its kernel and initial RAM disk are larger than its own memory");
        }
    }

    private static String mib(long bytes) {
        return (bytes >> 20) + " MiB";
    }

    private static LauncherException unsupported(Spec spec, String what) {
        return new LauncherException(
                Kind.HOST,
                "start",
                spec.name(),
                what + ", which this version of Arclet has not",
                "Use a later version of Arclet");
    }

    @Override
    public Guest assemble(
            Spec spec, Decision decision, BlobSource blobs, Path keep, Consumer<byte[]> serial)
            throws LauncherException, FormatException, IOException {
        check(spec);
        MachineConfig.Builder config = MachineConfig.builder();
        config.memoryBytes(spec.machine().memory());
        config.cpus(spec.machine().cpus());
        spec.machine().display().ifPresent(d -> config.display(d.width(), d.height()));
        switch (spec.boot()) {
            case KernelBoot boot -> {
                byte[] kernel = BlobChecks.readAll(blobs, boot.kernel());
                byte[] initrd =
                        boot.initrd().isPresent()
                                ? BlobChecks.readAll(blobs, boot.initrd().get())
                                : new byte[0];
                config.kernel("the kernel of " + spec.name(), kernel, initrd, boot.commandLine());
            }
            case FirmwareBoot boot -> throw unsupported(spec, "it boots through a firmware");
        }
        SerialBatches batches = new SerialBatches(serial);
        config.serial(batches::accept);
        List<BlockDevice> disks = SpecDisks.open(spec.disks(), blobs, keep);
        boolean taken = false;
        Optional<GuestNetwork> network = Optional.empty();
        try {
            config.virtio(new MachineConfig.Virtio(disks, Optional.empty(), true, true, List.of()));
            network = SpecNetwork.start(spec, decision.granted());
            network.ifPresent(n -> config.network(n.card()));
            Optional<SoundFeed> sound =
                    decision.granted().audio() == Audio.OUTPUT
                            ? Optional.of(new SoundFeed())
                            : Optional.empty();
            sound.ifPresent(config::sound);
            PcMachine machine = PcMachine.assemble(config.build());
            taken = true;
            return new PcGuest(machine, batches, spec.title(), network, sound);
        } catch (BootException e) {
            throw LauncherException.relayed(Kind.REFUSED, e.getMessage());
        } finally {
            if (!taken) {
                network.ifPresent(GuestNetwork::close);
                SpecDisks.closeAll(disks);
            }
        }
    }
}
