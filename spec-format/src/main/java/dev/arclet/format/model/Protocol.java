package dev.arclet.format.model;

/** Transport of a network rule. */
public enum Protocol {
    TCP,
    UDP,
    ICMP
}
