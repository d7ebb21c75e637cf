package dev.arclet.launcher.rfb;

/** A viewer broke the protocol or a bound; its connection ends with this message as the reason. */
final class RfbProtocolException extends Exception {
    private static final long serialVersionUID = 1;

    RfbProtocolException(String message) {
        super(message);
    }
}
