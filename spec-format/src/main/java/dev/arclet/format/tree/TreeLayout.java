package dev.arclet.format.tree;

import dev.arclet.format.digest.Digest;
import dev.arclet.format.model.PublisherId;

/** Paths of a published tree, relative to its base, with forward slashes. */
public final class TreeLayout {
    /** Advisory list of everything in the tree. */
    public static final String CATALOG = "catalog.json";

    /** All immutable blobs are under this folder. */
    public static final String BLOBS = "blobs/sha256";

    /** One folder for each publisher. */
    public static final String PUBLISHERS = "publishers";

    private TreeLayout() {}

    public static String blobPath(Digest digest) {
        return BLOBS + "/" + digest.hex().substring(0, 2) + "/" + digest.hex();
    }

    /**
     * @param file such as {@code timestamp.json} or {@code 1.root.json}
     */
    public static String metadataPath(PublisherId publisher, String file) {
        return PUBLISHERS + "/" + publisher + "/" + file;
    }

    /** Unsigned hint which publisher a name belongs to, for links without a fragment. */
    public static String pointerPath(String vmName) {
        return "vm/" + vmName + "/arclet.json";
    }
}
