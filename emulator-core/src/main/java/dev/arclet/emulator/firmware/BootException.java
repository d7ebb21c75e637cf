package dev.arclet.emulator.firmware;

/** An image can't be booted; the message names the image, the cause and the next step. */
public final class BootException extends Exception {
    private static final long serialVersionUID = 1;

    /** An error found in the image or in what is asked of it. */
    public BootException(String message) {
        super(message);
    }
}
