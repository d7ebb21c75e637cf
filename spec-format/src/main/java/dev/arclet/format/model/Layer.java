package dev.arclet.format.model;

/**
 * One layer of a disk.
 *
 * @param index the root page of the two-level index
 * @param diskSize bytes of the disk that the layer describes, a multiple of 4096
 * @param packedSize bytes of all packs and leaf pages that the layer refers to
 */
public record Layer(Descriptor index, long diskSize, long packedSize) {}
