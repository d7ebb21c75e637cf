package dev.arclet.launcher.rfb;

import java.nio.ByteBuffer;

/** The byte stream to one viewer, whatever carries it. */
public interface Transport {
    /**
     * Sends bytes, in order; may block or queue. The buffer is the transport's afterwards. A stream
     * that has ended swallows them.
     */
    void send(ByteBuffer bytes);

    /** Bytes queued but not yet taken by the system; the session waits while this is high. */
    long backlog();

    /**
     * Ends the stream; may be called more than once.
     *
     * @param reason for people, one line
     */
    void close(String reason);
}
