package dev.arclet.launcher.run;

import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;

/**
 * An assembled machine as the launcher sees it. The implementation over the emulator is made by the
 * machine assembler; tests have one without a machine.
 */
public interface Guest {
    /** How a guest ended. */
    enum End {
        /** It powered itself off, or was reset for good. */
        POWERED_OFF,
        /** Somebody stopped it from outside. */
        STOPPED,
        /** It cannot go on: a triple fault, or an error of the emulator. */
        DIED
    }

    /**
     * @param detail one line for people; empty if there is nothing to add
     */
    record Ended(End end, String detail) {}

    /** Where a guest's display sends what its viewer must receive. */
    interface DisplayLink {
        /** Queues bytes; never blocks. */
        void send(ByteBuffer bytes);

        /** Bytes queued but not sent yet; a display should not produce more while this is high. */
        long backlog();

        /** Ends the connection. */
        void close(String reason);
    }

    /** One viewer's session with the display (RFB, server side). */
    interface DisplaySession {
        /** Bytes came from the viewer; called from one thread at a time. */
        void received(ByteBuffer bytes);

        /** The viewer has gone. */
        void closed();
    }

    /**
     * What a guest lets be heard: 48,000 frames a second, two signed 16-bit samples each, little
     * endian.
     */
    interface Sound {
        /**
         * Lets a listener hear it, in pieces of at most 20 ms, from now on. The buffer is shared by
         * all listeners; one that cannot take it at once must drop it.
         */
        void follow(Consumer<ByteBuffer> listener);

        /** Ends that; without listeners nothing is made. */
        void unfollow(Consumer<ByteBuffer> listener);
    }

    /** Done when the screen has changed for the first time; perhaps never. */
    CompletionStage<Void> firstPicture();

    /** The sound, if the guest was given any. */
    default Optional<Sound> sound() {
        return Optional.empty();
    }

    /** Starts the machine; returns at once. */
    void start();

    /** Done when the machine has ended; never fails. */
    CompletionStage<Ended> ended();

    /** Opens the display for one more viewer. */
    DisplaySession openDisplay(DisplayLink link);

    /** The text-mode screen as lines of text; empty while the guest shows graphics. */
    Optional<String> screenText();

    /** Bytes for the guest's serial port. */
    void serialInput(byte[] bytes);

    /** Ends the machine without asking the guest; harmless if it has ended. */
    void stop();
}
