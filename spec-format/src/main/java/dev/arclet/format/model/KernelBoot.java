package dev.arclet.format.model;

import java.util.Optional;

/**
 * Direct boot of a kernel, without firmware.
 *
 * @param commandLine printable ASCII, at most 2,047 characters (the x86 boot protocol's usual
 *     limit)
 */
public record KernelBoot(Descriptor kernel, Optional<Descriptor> initrd, String commandLine)
        implements Boot {}
