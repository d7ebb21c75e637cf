package dev.arclet.emulator.bus;

/** Guest memory as a bus master sees it: what a device reads and writes by itself. */
public interface DmaMemory {
    /**
     * Copies guest-physical bytes out. Bytes that are not RAM or ROM read as 0xFF.
     *
     * @param physical guest-physical address of the first byte
     * @param length how many bytes go to {@code target[from...]}
     */
    void readExternal(long physical, byte[] target, int from, int length);

    /**
     * Copies bytes into guest-physical RAM. Bytes that hit no RAM are lost.
     *
     * @param physical guest-physical address of the first byte
     * @param length how many bytes come from {@code source[from...]}
     */
    void writeExternal(long physical, byte[] source, int from, int length);
}
