package dev.arclet.format.model;

import java.util.List;
import java.util.Optional;

/**
 * The PC to build.
 *
 * @param arch processor
 * @param memory bytes of RAM, a multiple of 1 MiB, 1 MiB to 64 GiB
 * @param cpus processors, 1 to 32
 * @param display absent for a machine without a display adapter
 * @param devices optional devices, each at most once
 */
public record Machine(
        Arch arch, long memory, int cpus, Optional<Display> display, List<Device> devices) {
    public Machine {
        devices = List.copyOf(devices);
    }
}
