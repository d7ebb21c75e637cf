package dev.arclet.emulator.machine;

import dev.arclet.emulator.bus.PioBus;
import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.ProtectedEntry;
import dev.arclet.emulator.device.video.VgaAdapter;
import dev.arclet.emulator.firmware.AcpiTables;
import dev.arclet.emulator.firmware.BiosInterrupts;
import dev.arclet.emulator.firmware.BootException;
import dev.arclet.emulator.firmware.E820;
import dev.arclet.emulator.firmware.LinuxKernel;
import dev.arclet.emulator.firmware.MultibootKernel;
import dev.arclet.emulator.memory.PhysicalMap;
import java.util.Optional;

/** Starts a kernel without a firmware: loads it and puts the processor at its entry. */
final class DirectBoot {
    private final Optional<LinuxKernel> linux;
    private final Optional<MultibootKernel> multiboot;

    /**
     * Reads a kernel's headers.
     *
     * @throws BootException if it is no kernel that can be started
     */
    DirectBoot(MachineConfig.Kernel k) throws BootException {
        boolean isMultiboot = MultibootKernel.detect(k.image());
        multiboot =
                isMultiboot
                        ? Optional.of(
                                new MultibootKernel(
                                        k.name(), k.image(), k.initrd(), k.commandLine()))
                        : Optional.empty();
        linux =
                isMultiboot
                        ? Optional.empty()
                        : Optional.of(
                                new LinuxKernel(k.name(), k.image(), k.initrd(), k.commandLine()));
    }

    /**
     * Loads the kernel into a machine that was just reset and whose board is configured.
     *
     * @throws BootException if the guest's memory is too small for it
     */
    void start(
            MachineConfig config,
            CpuState cpu,
            PhysicalMap memory,
            PioBus ports,
            VgaAdapter vga,
            AcpiTables acpi)
            throws BootException {
        long rsdp = acpi.install(memory);
        if (linux.isPresent()) {
            startLinux(linux.get(), config, cpu, memory, vga, rsdp);
        } else {
            BiosInterrupts.install(memory);
            BiosInterrupts.start(ports);
            startMultiboot(multiboot.orElseThrow(), config, cpu, memory, vga);
        }
    }

    private static void startLinux(
            LinuxKernel linux,
            MachineConfig config,
            CpuState cpu,
            PhysicalMap memory,
            VgaAdapter vga,
            long rsdp)
            throws BootException {
        LinuxKernel.FrameBuffer frameBuffer = null;
        MachineConfig.DisplaySize size = config.display();
        if (size.isText()) {
            vga.setTextMode();
        } else {
            vga.setLinearMode(size.width(), size.height(), 32);
            frameBuffer =
                    new LinuxKernel.FrameBuffer(
                            PciBoard.FRAME_BUFFER, vga.vramBytes(), size.width(), size.height());
        }
        LinuxKernel.Entry entry =
                linux.load(memory, E820.of(config.memoryBytes()), frameBuffer, rsdp);
        ProtectedEntry.enter(
                cpu,
                entry.gdtBase(),
                entry.gdtLimit(),
                entry.codeSelector(),
                entry.dataSelector(),
                entry.entry());
        cpu.gpr[CpuState.RSI] = entry.bootParams();
    }

    private static void startMultiboot(
            MultibootKernel image,
            MachineConfig config,
            CpuState cpu,
            PhysicalMap memory,
            VgaAdapter vga)
            throws BootException {
        vga.setTextMode();
        MultibootKernel.Entry entry = image.load(memory, E820.of(config.memoryBytes()));
        ProtectedEntry.enter(
                cpu,
                entry.gdtBase(),
                entry.gdtLimit(),
                entry.codeSelector(),
                entry.dataSelector(),
                entry.entry());
        cpu.gpr[CpuState.RAX] = MultibootKernel.LOADER_MAGIC;
        cpu.gpr[CpuState.RBX] = entry.information();
    }
}
