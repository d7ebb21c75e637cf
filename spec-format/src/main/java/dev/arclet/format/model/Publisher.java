package dev.arclet.format.model;

/**
 * Who published a spec.
 *
 * @param id proven by signatures
 * @param name the publisher's own words; shown beside the id, never instead of it
 */
public record Publisher(PublisherId id, String name) {}
