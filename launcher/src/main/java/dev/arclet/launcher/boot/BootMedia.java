package dev.arclet.launcher.boot;

import dev.arclet.emulator.device.floppy.FloppyFormat;
import dev.arclet.emulator.machine.MachineConfig;
import dev.arclet.emulator.share.SharedFolder;
import dev.arclet.emulator.storage.BlockDevice;
import dev.arclet.emulator.storage.StorageException;
import dev.arclet.launcher.LauncherException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * The images that {@code arclet boot} puts into a machine's drives, open as long as the run lasts,
 * and the firmware that boots from them.
 */
public final class BootMedia implements AutoCloseable {
    /** Where the distribution's package seabios keeps its images. */
    private static final Path SEABIOS = Path.of("/usr/share/seabios");

    private final List<BlockDevice> open = new ArrayList<>();

    /**
     * Adds the disks of {@code --disk} options, a source of entropy, and shared folders.
     *
     * @param ide whether those that do not say are IDE disks, which every firmware and old system
     *     knows; else virtio
     */
    public void addDisks(
            MachineConfig.Builder config,
            List<String> options,
            boolean ide,
            List<MachineConfig.Share> folders)
            throws LauncherException {
        List<BlockDevice> virtio = new ArrayList<>();
        for (String option : options) {
            DiskOption parsed = DiskOption.parse(option);
            BlockDevice disk = opened(parsed);
            if (parsed.controller().map(c -> c == DiskOption.Controller.IDE).orElse(ide)) {
                config.disk(disk);
            } else {
                virtio.add(disk);
            }
        }
        config.virtio(new MachineConfig.Virtio(virtio, Optional.empty(), true, true, folders));
    }

    /** The folders of {@code --share} options: {@code FOLDER[,rw]}, tags share0, share1... */
    public static List<MachineConfig.Share> shares(List<String> options) throws LauncherException {
        List<MachineConfig.Share> shares = new ArrayList<>();
        for (String option : options) {
            boolean writable = option.endsWith(",rw");
            String path = writable ? option.substring(0, option.length() - 3) : option;
            try {
                SharedFolder folder = new SharedFolder(Path.of(path), writable);
                shares.add(new MachineConfig.Share("share" + shares.size(), folder));
            } catch (IOException e) {
                throw new LauncherException(
                        LauncherException.Kind.USAGE,
                        "share",
                        path,
                        "it is no folder that can be read",
                        "Check the path",
                        e);
            }
        }
        return shares;
    }

    /** Puts a disc into the CD drive. */
    public void insertCd(MachineConfig.Builder config, Path file) throws LauncherException {
        config.cdrom(opened(DiskOption.raw(file, DiskOption.Writes.REFUSED)));
    }

    /** Puts a disk into floppy drive A; write-protected if its file is. */
    public void insertFloppy(MachineConfig.Builder config, Path file) throws LauncherException {
        DiskOption.Writes writes =
                Files.isWritable(file) ? DiskOption.Writes.INTO_IMAGE : DiskOption.Writes.REFUSED;
        BlockDevice disk = opened(DiskOption.raw(file, writes));
        if (FloppyFormat.of(disk.size()).isEmpty()) {
            throw new LauncherException(
                    LauncherException.Kind.USAGE,
                    "boot with floppy",
                    file.toString(),
                    "no floppy disk has %d bytes".formatted(disk.size()),
                    "Give an image of 160K to 2.88M; others go with --disk or --cdrom");
        }
        config.floppy(disk);
    }

    private BlockDevice opened(DiskOption option) throws LauncherException {
        try {
            BlockDevice image = option.open();
            open.add(image);
            return image;
        } catch (StorageException e) {
            throw LauncherException.relayed(LauncherException.Kind.USAGE, e.getMessage());
        }
    }

    /** The order in which a firmware tries what it can boot from: the chosen one first. */
    public static List<MachineConfig.BootSource> order(String first) {
        MachineConfig.BootSource chosen =
                MachineConfig.BootSource.valueOf(first.toUpperCase(Locale.ROOT));
        List<MachineConfig.BootSource> order = new ArrayList<>(List.of(chosen));
        for (MachineConfig.BootSource source : MachineConfig.BootSource.values()) {
            if (source != chosen) {
                order.add(source);
            }
        }
        return order;
    }

    /**
     * Sets the firmware and the display adapter's ROM.
     *
     * @param firmware its image; empty: the distribution's SeaBIOS
     * @param vgaBios the ROM; empty: the distribution's, if the firmware is
     */
    public static void setFirmware(
            MachineConfig.Builder config, Optional<Path> firmware, Optional<Path> vgaBios)
            throws LauncherException, IOException {
        Path bios = firmware.orElse(SEABIOS.resolve("bios-256k.bin"));
        if (firmware.isEmpty() && !Files.isReadable(bios)) {
            throw new LauncherException(
                    LauncherException.Kind.HOST,
                    "boot without",
                    "--firmware or --kernel",
                    "there is no " + bios,
                    "Install the package seabios, or name a firmware image");
        }
        config.firmware(bios.toString(), Files.readAllBytes(bios));
        Path vga = SEABIOS.resolve("vgabios-stdvga.bin");
        if (vgaBios.isPresent()) {
            config.vgaBios(Files.readAllBytes(vgaBios.get()));
        } else if (firmware.isEmpty() && Files.isReadable(vga)) {
            config.vgaBios(Files.readAllBytes(vga));
        }
    }

    @Override
    public void close() throws LauncherException {
        LauncherException failure = null;
        for (BlockDevice image : open.reversed()) {
            try {
                image.close();
            } catch (StorageException e) {
                failure = LauncherException.relayed(LauncherException.Kind.HOST, e.getMessage());
            }
        }
        if (failure != null) {
            throw failure;
        }
    }
}
