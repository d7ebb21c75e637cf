package dev.arclet.emulator.net;

/** A TCP connection of the host, not blocking; see {@link HostSockets} on threads. */
public interface HostStream {
    /** What happens to the connection. */
    interface Events {
        /** It is open. */
        void connected();

        /** There are bytes, or an end, to {@link HostStream#read}. */
        void readable();

        /** What {@link HostStream#write} did not take may be offered again. */
        void writable();

        /** It could not be opened, or broke. Nothing else follows. */
        void failed();
    }

    /**
     * Reads what is there.
     *
     * @return number of bytes; 0 if there are none yet, in which case {@code readable} follows; -1
     *     if the far end sends no more, or the connection is broken
     */
    int read(byte[] target, int from, int length);

    /** Whether to be told of bytes to read. */
    void wantRead(boolean wanted);

    /**
     * Sends as much as the host takes now.
     *
     * @return number of bytes taken; if fewer than offered, {@code writable} follows
     */
    int write(byte[] source, int from, int length);

    /** Says to the far end that no more is sent. */
    void shutdownOutput();

    /** Closes; what was written is still delivered. */
    void close();

    /** Breaks the connection: the far end sees a reset where the host can do that. */
    void abort();
}
