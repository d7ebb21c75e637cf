package dev.arclet.format.model;

import java.util.List;
import java.util.Optional;

/**
 * Boot through a ROM image.
 *
 * @param firmware mapped below 1 MiB and below 4 GiB, at most 16 MiB
 * @param vgaBios option ROM of the display adapter
 * @param order devices to try, first to last, each at most once, at least one
 */
public record FirmwareBoot(
        Descriptor firmware, Optional<Descriptor> vgaBios, List<BootDevice> order) implements Boot {
    public FirmwareBoot {
        order = List.copyOf(order);
    }
}
