package dev.arclet.emulator.device.virtio;

/** The driver broke the rules of its virtqueue; the device stops until it is reset. */
final class VirtioException extends Exception {
    private static final long serialVersionUID = 1;

    VirtioException(String message) {
        super(message, null, false, false);
    }
}
