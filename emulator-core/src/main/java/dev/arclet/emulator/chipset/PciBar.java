package dev.arclet.emulator.chipset;

import dev.arclet.emulator.bus.MmioDevice;
import dev.arclet.emulator.bus.PioBus;
import dev.arclet.emulator.bus.PioDevice;
import dev.arclet.emulator.memory.DirtyLog;
import dev.arclet.emulator.memory.GuestMemory;
import dev.arclet.emulator.memory.PhysicalMap;

/** What a base address register moves about: it puts a range into a bus and takes it out. */
public interface PciBar {
    /**
     * Makes the range answer at {@code base}.
     *
     * @return false if something else answers there; the bus tries again at the next change
     */
    boolean map(long base);

    /** Takes the range away from {@code base}, where {@link #map} put it. */
    void unmap(long base);

    /** A range of ports. */
    static PciBar ports(PioBus bus, String name, int count, PioDevice device) {
        return new PciBar() {
            @Override
            public boolean map(long base) {
                if (base + count > 0x10000 || bus.occupied((int) base, count)) {
                    return false;
                }
                bus.register((int) base, count, name, device);
                return true;
            }

            @Override
            public void unmap(long base) {
                bus.unregister((int) base, count);
            }
        };
    }

    /** Device registers in memory space. */
    static PciBar mmio(PhysicalMap map, String name, long size, MmioDevice device) {
        return new PciBar() {
            @Override
            public boolean map(long base) {
                if (!map.isFree(base, size)) {
                    return false;
                }
                map.mapMmio(name, base, size, device);
                return true;
            }

            @Override
            public void unmap(long base) {
                map.unmap(base);
            }
        };
    }

    /** A frame buffer: memory whose written pages are logged. */
    static PciBar loggedRam(PhysicalMap map, String name, GuestMemory memory, DirtyLog log) {
        return new PciBar() {
            @Override
            public boolean map(long base) {
                if (!map.isFree(base, memory.size())) {
                    return false;
                }
                map.mapLoggedRam(name, base, memory, log);
                return true;
            }

            @Override
            public void unmap(long base) {
                map.unmap(base);
            }
        };
    }

    /** An expansion ROM. */
    static PciBar rom(PhysicalMap map, String name, GuestMemory memory) {
        return new PciBar() {
            @Override
            public boolean map(long base) {
                if (!map.isFree(base, memory.size())) {
                    return false;
                }
                map.mapRom(name, base, memory.size(), memory, 0);
                return true;
            }

            @Override
            public void unmap(long base) {
                map.unmap(base);
            }
        };
    }
}
