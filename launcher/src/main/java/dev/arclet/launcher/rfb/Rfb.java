package dev.arclet.launcher.rfb;

/** Numbers of the protocol. */
final class Rfb {
    static final int RAW = 0;
    static final int COPY_RECT = 1;
    static final int TIGHT = 7;
    static final int ZRLE = 16;

    static final int DESKTOP_SIZE = -223;
    static final int LAST_RECT = -224;
    static final int CURSOR = -239;
    static final int QEMU_EXTENDED_KEY = -258;
    static final int QEMU_LED_STATE = -261;
    static final int DESKTOP_NAME = -307;
    static final int EXTENDED_DESKTOP_SIZE = -308;
    static final int FENCE = -312;
    static final int CONTINUOUS_UPDATES = -313;

    /** Compression levels 0 to 9 are encodings from here up. */
    static final int COMPRESSION_LEVEL_0 = -256;

    /** JPEG quality levels 0 to 9 are encodings from here up. */
    static final int QUALITY_LEVEL_0 = -32;

    static final int FENCE_BLOCK_BEFORE = 1;
    static final int FENCE_BLOCK_AFTER = 2;
    static final int FENCE_SYNC_NEXT = 4;
    static final int FENCE_REQUEST = 1 << 31;

    private Rfb() {}
}
