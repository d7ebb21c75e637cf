package dev.arclet.format.model;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A virtual machine, declaratively: media type {@link MediaTypes#SPEC}. Nothing in it runs on the
 * host. Instances hold only what {@code SpecRules} accepts when they come out of the parser or the
 * builder.
 *
 * @param name 1 to 64 characters of a-z, 0-9 and inner hyphens: the last part of a link
 * @param version the author's own version, 1 to 64 characters of A-Z a-z 0-9 . + - _
 * @param title 1 to 120 characters for people
 * @param description at most 4,000 characters
 * @param screenshot PNG, at most 4 MiB
 * @param critical members that a reader must understand or else refuse the spec
 */
public record Spec(
        String name,
        String version,
        String title,
        String description,
        Publisher publisher,
        Machine machine,
        Boot boot,
        List<Disk> disks,
        Capabilities capabilities,
        Optional<Descriptor> screenshot,
        List<String> critical) {
    public Spec {
        disks = List.copyOf(disks);
        critical = List.copyOf(critical);
    }

    /** Every blob that the spec itself names: boot files, layer index roots, screenshot. */
    public List<Descriptor> blobs() {
        List<Descriptor> all = new ArrayList<>();
        switch (boot) {
            case KernelBoot k -> {
                all.add(k.kernel());
                k.initrd().ifPresent(all::add);
            }
            case FirmwareBoot f -> {
                all.add(f.firmware());
                f.vgaBios().ifPresent(all::add);
            }
        }
        disks.forEach(d -> d.layers().forEach(l -> all.add(l.index())));
        screenshot.ifPresent(all::add);
        return List.copyOf(all);
    }

    /**
     * Upper bound of the bytes a first full download takes: every blob once, with the packs of all
     * layers. Layers that share packs make the truth smaller.
     */
    public long downloadSize() {
        long direct = blobs().stream().distinct().mapToLong(Descriptor::size).sum();
        long packed =
                disks.stream()
                        .flatMap(d -> d.layers().stream())
                        .distinct()
                        .mapToLong(Layer::packedSize)
                        .sum();
        return Math.addExact(direct, packed);
    }
}
