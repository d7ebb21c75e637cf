package dev.arclet.format.trust;

import java.util.Locale;

/** The four top-level roles of TUF (specification 1.0, section 4). */
public enum Role {
    ROOT,
    TARGETS,
    SNAPSHOT,
    TIMESTAMP;

    /** As in metadata and file names. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * File name of a version: {@code timestamp.json}, or {@code N.role.json} for the others
     * (consistent snapshots).
     */
    public String fileName(long version) {
        return this == TIMESTAMP ? "timestamp.json" : version + "." + text() + ".json";
    }
}
