package dev.arclet.format.model;

import dev.arclet.format.digest.Digest;

/**
 * A blob by digest.
 *
 * @param mediaType what the bytes are; one of {@link MediaTypes}
 * @param digest SHA-256 of the exact bytes
 * @param size exact length in bytes; a reader never takes more than this from any source
 */
public record Descriptor(String mediaType, Digest digest, long size) {}
