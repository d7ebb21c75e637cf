package dev.arclet.emulator.cpu.decode;

/** Where the decoder gets instruction bytes from, one at a time and never one more than needed. */
@FunctionalInterface
public interface CodeReader {
    /**
     * The next instruction byte, 0..255.
     *
     * @throws dev.arclet.emulator.fault.GuestFault if it cannot be fetched: beyond the code
     *     segment's limit, or a page fault
     */
    int next();
}
