package dev.arclet.format.model;

/** How the machine starts. */
public sealed interface Boot permits KernelBoot, FirmwareBoot {}
