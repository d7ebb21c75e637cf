package dev.arclet.emulator.net;

/** What has happened on a network; its thread only. */
final class Counters {
    long frames;
    long malformed;
    long ignored;
    long opened;
    long accepted;
    long refused;
    long evicted;
    long lookups;
}
