package dev.arclet.launcher.rfb;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * Cuts a viewer's byte stream into messages. Memory is bounded: no message needs more than the
 * fixed buffer, and clipboard text, which a machine has no use for, is skipped as it comes.
 */
final class ClientMessages {
    /** What the messages mean; called in order, on the thread that feeds. */
    interface Handler {
        /** The viewer's protocol version, 3, 7 or 8, has been agreed on. */
        void version(int minor);

        /** Security is done with, and the viewer is initialised. */
        void securityChosen();

        void initialised();

        void pixelFormat(PixelFormat format);

        void encodings(int[] encodings);

        void updateRequest(boolean incremental, int x, int y, int width, int height);

        void continuousUpdates(boolean enable, int x, int y, int width, int height);

        void fence(int flags, byte[] payload);

        void desktopSizeRequest();

        void keySymbol(int symbol, boolean down);

        void scanCode(int symbol, int code, boolean down);

        void pointer(int buttons, int x, int y);

        /** The message that was just passed on has been handled. */
        void handled();
    }

    private enum State {
        VERSION,
        SECURITY,
        INIT,
        NORMAL
    }

    private static final int MAX_ENCODINGS = 1024;
    private static final int MAX_CUT_TEXT = 16 << 20;
    private static final int MAX_FENCE = 64;
    private static final int VERSION_BYTES = 12;
    private static final int SECURITY_NONE = 1;

    private final Handler handler;
    private final byte[] buffer = new byte[8192];
    private int size;
    private long skip;
    private State state = State.VERSION;

    ClientMessages(Handler handler) {
        this.handler = handler;
    }

    /**
     * Takes bytes and handles the messages that are complete.
     *
     * @throws RfbProtocolException if they break the protocol; nothing may be fed afterwards
     */
    void feed(ByteBuffer bytes) throws RfbProtocolException {
        while (bytes.hasRemaining()) {
            if (skip > 0) {
                int n = (int) Math.min(skip, bytes.remaining());
                bytes.position(bytes.position() + n);
                skip -= n;
                continue;
            }
            int n = Math.min(bytes.remaining(), buffer.length - size);
            bytes.get(buffer, size, n);
            size += n;
            consume();
        }
    }

    private void consume() throws RfbProtocolException {
        int at = 0;
        while (at < size) {
            int length = length(at, size - at);
            if (length > size - at) {
                break;
            }
            handle(at);
            handler.handled();
            at += length;
            if (skip > 0) {
                // Text to skip may have come with its message already.
                int n = (int) Math.min(skip, size - at);
                skip -= n;
                at += n;
            }
        }
        System.arraycopy(buffer, at, buffer, 0, size - at);
        size -= at;
    }

    private int u8(int at) {
        return buffer[at] & 0xFF;
    }

    private int u16(int at) {
        return u8(at) << 8 | u8(at + 1);
    }

    private int u32(int at) {
        return u16(at) << 16 | u16(at + 2);
    }

    /** Bytes of the message at {@code at}, or of as much as must be known to tell. */
    private int length(int at, int have) throws RfbProtocolException {
        return switch (state) {
            case VERSION -> VERSION_BYTES;
            case SECURITY, INIT -> 1;
            case NORMAL -> normalLength(at, have);
        };
    }

    private int normalLength(int at, int have) throws RfbProtocolException {
        int type = u8(at);
        switch (type) {
            case 0 -> {
                return 20;
            }
            case 2 -> {
                if (have < 4) {
                    return 4;
                }
                int count = u16(at + 2);
                if (count > MAX_ENCODINGS) {
                    throw new RfbProtocolException(count + " encodings are too many");
                }
                return 4 + 4 * count;
            }
            case 3, 150 -> {
                return 10;
            }
            case 4, 6 -> {
                return 8;
            }
            case 5 -> {
                return 6;
            }
            case 248 -> {
                if (have < 9) {
                    return 9;
                }
                if (u8(at + 8) > MAX_FENCE) {
                    throw new RfbProtocolException("a fence of " + u8(at + 8) + " bytes");
                }
                return 9 + u8(at + 8);
            }
            case 251 -> {
                return have < 8 ? 8 : 8 + 16 * u8(at + 6);
            }
            case 255 -> {
                if (have >= 2 && u8(at + 1) != 0) {
                    throw new RfbProtocolException("unknown QEMU message " + u8(at + 1));
                }
                return 12;
            }
            default -> throw new RfbProtocolException("unknown message type " + type);
        }
    }

    private void handle(int at) throws RfbProtocolException {
        switch (state) {
            case VERSION -> version(at);
            case SECURITY -> {
                if (u8(at) != SECURITY_NONE) {
                    throw new RfbProtocolException("security type " + u8(at) + " was not offered");
                }
                state = State.INIT;
                handler.securityChosen();
            }
            case INIT -> {
                state = State.NORMAL;
                handler.initialised();
            }
            case NORMAL -> normal(at);
        }
    }

    private void version(int at) throws RfbProtocolException {
        String text = new String(buffer, at, VERSION_BYTES, StandardCharsets.ISO_8859_1);
        if (!text.matches("RFB \\d{3}\\.\\d{3}\n")) {
            throw new RfbProtocolException("this is not an RFB viewer");
        }
        int major = Integer.parseInt(text.substring(4, 7));
        int minor = Integer.parseInt(text.substring(8, 11));
        if (major < 3 || (major == 3 && minor < 3)) {
            throw new RfbProtocolException("RFB " + major + "." + minor + " is too old");
        }
        // Versions that were never published count as 3.3 (RFC 6143, section 7.1.1).
        int agreed = major > 3 || minor >= 8 ? 8 : minor == 7 ? 7 : 3;
        state = agreed == 3 ? State.INIT : State.SECURITY;
        handler.version(agreed);
    }

    private void normal(int at) throws RfbProtocolException {
        switch (u8(at)) {
            case 0 -> handler.pixelFormat(PixelFormat.read(buffer, at + 4));
            case 2 -> {
                int[] encodings = new int[u16(at + 2)];
                for (int i = 0; i < encodings.length; i++) {
                    encodings[i] = u32(at + 4 + 4 * i);
                }
                handler.encodings(encodings);
            }
            case 3 ->
                    handler.updateRequest(
                            u8(at + 1) != 0, u16(at + 2), u16(at + 4), u16(at + 6), u16(at + 8));
            case 4 -> handler.keySymbol(u32(at + 4), u8(at + 1) != 0);
            case 5 -> handler.pointer(u8(at + 1), u16(at + 2), u16(at + 4));
            case 6 -> cutText(u32(at + 4));
            case 150 ->
                    handler.continuousUpdates(
                            u8(at + 1) != 0, u16(at + 2), u16(at + 4), u16(at + 6), u16(at + 8));
            case 248 -> {
                byte[] payload = new byte[u8(at + 8)];
                System.arraycopy(buffer, at + 9, payload, 0, payload.length);
                handler.fence(u32(at + 4), payload);
            }
            case 251 -> handler.desktopSizeRequest();
            default -> handler.scanCode(u32(at + 4), u32(at + 8), u16(at + 2) != 0);
        }
    }

    private void cutText(int length) throws RfbProtocolException {
        // Negative lengths belong to the extended clipboard, which is not offered.
        if (length < 0 || length > MAX_CUT_TEXT) {
            throw new RfbProtocolException("clipboard text of " + length + " bytes");
        }
        skip = length;
    }
}
