package dev.arclet.format.tree;

import java.util.List;

/**
 * What a publication did.
 *
 * @param names VMs published
 * @param newBytes blob bytes written
 * @param reusedBytes blob bytes that the destination had already
 */
public record PublishReport(List<String> names, long newBytes, long reusedBytes) {
    public PublishReport {
        names = List.copyOf(names);
    }
}
