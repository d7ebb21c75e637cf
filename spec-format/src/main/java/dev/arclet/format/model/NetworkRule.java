package dev.arclet.format.model;

/**
 * Flows the guest asks to open.
 *
 * @param host a DNS name, {@code *.} and a DNS name, a literal IPv4 or IPv6 address, or {@code *}
 * @param firstPort 1 to 65535; 0 for ICMP
 * @param lastPort not below firstPort; 0 for ICMP
 */
public record NetworkRule(Protocol protocol, String host, int firstPort, int lastPort) {}
