package dev.arclet.emulator.mmu;

import dev.arclet.emulator.fault.GuestFault;
import dev.arclet.emulator.memory.GuestMemory;
import dev.arclet.emulator.memory.MapListener;
import dev.arclet.emulator.memory.PhysicalMap;

/**
 * Memory as instructions see it: linear addresses, through the software TLB and, on a miss, the
 * page walker. Accesses are made with the current privilege unless the name says system.
 *
 * <p>Page faults are thrown as {@link GuestFault} before anything is written, also when an access
 * spans two pages.
 */
public final class Mmu implements MapListener {
    private final PhysicalMap map;
    private final GuestFault fault = new GuestFault();

    /** An MMU with paging off. */
    public Mmu(PhysicalMap map) {
        this.map = map;
        map.onChange(this);
    }

    /** The physical address space behind. */
    public PhysicalMap physical() {
        return map;
    }

    /** Loads one byte, zero extended. */
    public int load8(long linear) {
        return (int) map.read(linear, 1);
    }

    /** Loads two bytes, zero extended. */
    public int load16(long linear) {
        return (int) map.read(linear, 2);
    }

    /** Loads four bytes. */
    public int load32(long linear) {
        return (int) map.read(linear, 4);
    }

    /** Loads eight bytes. */
    public long load64(long linear) {
        return map.read(linear, 8);
    }

    /** Loads one byte, zero extended, that will be stored to: faults as a write would. */
    public int loadForUpdate8(long linear) {
        return load8(linear);
    }

    /** Loads two bytes that will be stored to. */
    public int loadForUpdate16(long linear) {
        return load16(linear);
    }

    /** Loads four bytes that will be stored to. */
    public int loadForUpdate32(long linear) {
        return load32(linear);
    }

    /** Loads eight bytes that will be stored to. */
    public long loadForUpdate64(long linear) {
        return load64(linear);
    }

    /** Stores the low byte. */
    public void store8(long linear, int value) {
        map.write(linear, 1, value);
    }

    /** Stores the low two bytes. */
    public void store16(long linear, int value) {
        map.write(linear, 2, value);
    }

    /** Stores four bytes. */
    public void store32(long linear, int value) {
        map.write(linear, 4, value);
    }

    /** Stores eight bytes. */
    public void store64(long linear, long value) {
        map.write(linear, 8, value);
    }

    /** Stores sixteen bytes; nothing is written if any of them faults. */
    public void store128(long linear, long low, long high) {
        probeWrite(linear, 16);
        store64(linear, low);
        store64(linear + 8, high);
    }

    /**
     * Faults exactly as a write of {@code bytes} (1..4096) bytes would, and changes nothing else.
     */
    public void probeWrite(long linear, int bytes) {}

    /** Faults exactly as a read of {@code bytes} (1..4096) bytes would. */
    public void probeRead(long linear, int bytes) {}

    /** Loads for the processor itself (descriptor tables, TSS), as supervisor whatever the CPL. */
    public long loadSystem(long linear, int bytes) {
        return map.read(linear, bytes);
    }

    /** Stores for the processor itself, as supervisor whatever the CPL. */
    public void storeSystem(long linear, int bytes, long value) {
        map.write(linear, bytes, value);
    }

    /**
     * Host address of the byte at {@code linear}, if the page can be read directly; else 0. For
     * bulk operations, which may use it to the end of the page; faults as a read would.
     */
    public long hostForRead(long linear) {
        long page = map.readablePage(linear);
        return page == 0 ? 0 : page + (linear & (GuestMemory.PAGE_SIZE - 1));
    }

    /**
     * Host address of the byte at {@code linear}, if the page can be written directly (no code, no
     * device); else 0.
     */
    public long hostForWrite(long linear) {
        return 0;
    }

    /**
     * Physical address of the instruction byte at {@code linear}: canonical (A20 applied), so that
     * it identifies the code; faults as an instruction fetch does.
     */
    public long fetch(long linear) {
        return map.canonical(linear);
    }

    @Override
    public void mapChanged() {}

    @Override
    public void writePermissionChanged() {}
}
