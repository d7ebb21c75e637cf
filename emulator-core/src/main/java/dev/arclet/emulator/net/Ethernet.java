package dev.arclet.emulator.net;

/** Ethernet II frames: destination, source, type (IEEE 802.3 clause 3). */
final class Ethernet {
    static final int HEADER = 14;
    static final int SOURCE = 6;
    static final int TYPE = 12;
    static final int TYPE_IPV4 = 0x0800;
    static final int TYPE_ARP = 0x0806;
    static final int ADDRESS = 6;

    private Ethernet() {}

    static void header(byte[] frame, byte[] destination, byte[] source, int type) {
        System.arraycopy(destination, 0, frame, 0, ADDRESS);
        System.arraycopy(source, 0, frame, SOURCE, ADDRESS);
        Bytes.put16(frame, TYPE, type);
    }
}
