package dev.arclet.format.model;

/** Processor that the guest needs. Text form: {@code i386}, {@code x86_64}. */
public enum Arch {
    I386,
    X86_64
}
