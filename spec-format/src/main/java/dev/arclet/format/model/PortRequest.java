package dev.arclet.format.model;

/**
 * A guest port to be reachable from the host's loopback interface.
 *
 * @param protocol TCP or UDP
 * @param guestPort 1 to 65535
 * @param purpose shown to the visitor
 */
public record PortRequest(Protocol protocol, int guestPort, String purpose) {}
