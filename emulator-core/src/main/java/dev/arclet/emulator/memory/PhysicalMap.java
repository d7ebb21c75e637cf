package dev.arclet.emulator.memory;

import dev.arclet.emulator.bus.DmaMemory;
import dev.arclet.emulator.bus.MmioDevice;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What answers at each physical address: RAM, ROM, device memory or nothing (reads as all ones).
 *
 * <p>Page granular where it matters: {@link #readablePage} and {@link #writablePage} give the host
 * address of a page that may be reached directly, which the MMU caches in its TLB. Everything else
 * goes through {@link #read} and {@link #write}.
 */
public final class PhysicalMap implements DmaMemory {
    private static final int PAGE_SHIFT = GuestMemory.PAGE_SHIFT;
    private static final int OFFSET_MASK = GuestMemory.PAGE_SIZE - 1;
    private static final long A20 = 1L << 20;

    private enum Kind {
        RAM,
        ROM,
        MMIO
    }

    private record Region(
            String name,
            long base,
            long size,
            Kind kind,
            GuestMemory memory,
            long memoryOffset,
            DirtyLog dirtyLog,
            MmioDevice device) {
        boolean contains(long address) {
            return Long.compareUnsigned(address - base, size) < 0;
        }
    }

    private final List<Region> regions = new ArrayList<>();
    private Region last;
    private long addressMask;
    private boolean a20 = true;
    private final long widthMask;
    private MapListener mapListener =
            new MapListener() {
                @Override
                public void mapChanged() {}

                @Override
                public void writePermissionChanged() {}
            };
    private PhysicalWriteListener writeListener = (physical, length) -> {};

    /**
     * An empty map.
     *
     * @param addressBits physical address width, 32..52; higher address bits are ignored
     */
    public PhysicalMap(int addressBits) {
        widthMask = (1L << addressBits) - 1;
        addressMask = widthMask;
    }

    /** The one listener for changes of the map; the MMU. */
    public void onChange(MapListener listener) {
        mapListener = listener;
    }

    /** The one listener for RAM writes that do not come from the CPU; the code cache. */
    public void onExternalWrite(PhysicalWriteListener listener) {
        writeListener = listener;
    }

    /** Maps RAM: {@code size} bytes from {@code memoryOffset} of {@code memory} at {@code base}. */
    public void mapRam(String name, long base, long size, GuestMemory memory, long memoryOffset) {
        add(new Region(name, base, size, Kind.RAM, memory, memoryOffset, null, null));
    }

    /** Maps RAM whose written pages are logged, such as a frame buffer. */
    public void mapLoggedRam(String name, long base, GuestMemory memory, DirtyLog dirtyLog) {
        add(new Region(name, base, memory.size(), Kind.RAM, memory, 0, dirtyLog, null));
        dirtyLog.onHarvest(() -> mapListener.writePermissionChanged());
    }

    /** Maps memory that ignores writes. */
    public void mapRom(String name, long base, long size, GuestMemory memory, long memoryOffset) {
        add(new Region(name, base, size, Kind.ROM, memory, memoryOffset, null, null));
    }

    /**
     * Maps memory that is read from a ROM while writes go to RAM, as a host bridge does while a
     * firmware copies itself.
     */
    public void mapRomOverRam(
            String name,
            long base,
            long size,
            GuestMemory rom,
            long romOffset,
            GuestMemory ram,
            long ramOffset) {
        add(
                new Region(
                        name,
                        base,
                        size,
                        Kind.ROM,
                        rom,
                        romOffset,
                        null,
                        new RamBehind(ram, ramOffset)));
    }

    /** Takes what is written to a ROM. */
    private record RamBehind(GuestMemory ram, long ramOffset) implements MmioDevice {
        @Override
        public long readMmio(long offset, int bytes) {
            return ram.read(ramOffset + offset, bytes);
        }

        @Override
        public void writeMmio(long offset, int bytes, long value) {
            ram.write(ramOffset + offset, bytes, value);
        }
    }

    /** Maps a device's registers; not bound to page borders. */
    public void mapMmio(String name, long base, long size, MmioDevice device) {
        add(new Region(name, base, size, Kind.MMIO, null, 0, null, device));
    }

    /** Removes the region that starts at {@code base}, if there is one. */
    public void unmap(long base) {
        regions.removeIf(r -> r.base == base);
        last = null;
        mapListener.mapChanged();
    }

    private void add(Region region) {
        if (region.size <= 0
                || region.base < 0
                || region.base + region.size - 1 > widthMask
                || (region.kind != Kind.MMIO && ((region.base | region.size) & OFFSET_MASK) != 0)) {
            throw new IllegalArgumentException(
                    "%s: bad physical range %x+%x"
                            .formatted(region.name, region.base, region.size));
        }
        for (Region other : regions) {
            if (region.base < other.base + other.size && other.base < region.base + region.size) {
                throw new IllegalArgumentException(
                        "%s at %x+%x overlaps %s"
                                .formatted(region.name, region.base, region.size, other.name));
            }
        }
        regions.add(region);
        last = null;
        mapListener.mapChanged();
    }

    /**
     * A range of physical addresses that one memory or device answers.
     *
     * @param size in bytes
     */
    public record Range(String name, long base, long size) {}

    /** What answers where at present, in no order. */
    public List<Range> ranges() {
        return regions.stream().map(r -> new Range(r.name, r.base, r.size)).toList();
    }

    /** Whether nothing answers anywhere in the range and it lies within the address width. */
    public boolean isFree(long base, long size) {
        if (size <= 0 || base < 0 || base + size - 1 > widthMask) {
            return false;
        }
        for (Region other : regions) {
            if (base < other.base + other.size && other.base < base + size) {
                return false;
            }
        }
        return true;
    }

    /**
     * Opens ({@code true}) or masks address line 20, as the keyboard controller and port 0x92 do.
     */
    public void setA20(boolean enabled) {
        if (a20 != enabled) {
            a20 = enabled;
            addressMask = enabled ? widthMask : widthMask & ~A20;
            mapListener.mapChanged();
        }
    }

    /** Whether address line 20 is open. */
    public boolean a20() {
        return a20;
    }

    /** Where the next region behind an address starts that is in none. */
    private long nextRegion(long address) {
        long next = widthMask + 1;
        for (Region region : regions) {
            if (region.base > address) {
                next = Math.min(next, region.base);
            }
        }
        return next;
    }

    private Region find(long address) {
        Region region = last;
        if (region != null && region.contains(address)) {
            return region;
        }
        for (int i = 0; i < regions.size(); i++) {
            region = regions.get(i);
            if (region.contains(address)) {
                last = region;
                return region;
            }
        }
        return null;
    }

    /**
     * The physical address that reaches the bus: A20 and the address width applied. The page number
     * of the result identifies a page of code whatever alias it was reached through.
     */
    public long canonical(long physical) {
        return physical & addressMask;
    }

    /**
     * Host address of the page that contains {@code physical}, if the CPU may read it directly; 0
     * if not.
     */
    public long readablePage(long physical) {
        long address = physical & addressMask;
        Region region = find(address);
        if (region == null || region.kind == Kind.MMIO) {
            return 0;
        }
        return region.memory.pageAddress(
                (region.memoryOffset + address - region.base) >>> PAGE_SHIFT);
    }

    /**
     * Host address of the page that contains {@code physical}, if the CPU may write it directly; 0
     * if not. A page of logged RAM counts as written from now until its log is harvested.
     */
    public long writablePage(long physical) {
        long address = physical & addressMask;
        Region region = find(address);
        if (region == null || region.kind != Kind.RAM) {
            return 0;
        }
        long page = (region.memoryOffset + address - region.base) >>> PAGE_SHIFT;
        if (region.dirtyLog != null) {
            region.dirtyLog.mark(page);
        }
        return region.memory.pageAddress(page);
    }

    /** Reads 1, 2, 4 or 8 bytes from whatever answers; all ones where nothing does. */
    public long read(long physical, int bytes) {
        long address = physical & addressMask;
        Region region = find(address);
        if (region == null) {
            return bytes == 8 ? -1L : (1L << (8 * bytes)) - 1;
        }
        long offset = address - region.base;
        if (offset + bytes > region.size) {
            return split(physical, bytes);
        }
        return region.kind == Kind.MMIO
                ? region.device.readMmio(offset, bytes)
                : region.memory.read(region.memoryOffset + offset, bytes);
    }

    private long split(long physical, int bytes) {
        long value = 0;
        for (int i = 0; i < bytes; i++) {
            value |= read(physical + i, 1) << (8 * i);
        }
        return value;
    }

    /**
     * Writes 1, 2, 4 or 8 bytes for the CPU. The caller has dealt with translated code itself;
     * device and loader writes use {@link #writeExternal}.
     */
    public void write(long physical, int bytes, long value) {
        long address = physical & addressMask;
        Region region = find(address);
        if (region == null) {
            return;
        }
        long offset = address - region.base;
        if (offset + bytes > region.size) {
            for (int i = 0; i < bytes; i++) {
                write(physical + i, 1, value >>> (8 * i));
            }
            return;
        }
        switch (region.kind) {
            case MMIO -> region.device.writeMmio(offset, bytes, value);
            case ROM -> {
                if (region.device != null) {
                    region.device.writeMmio(offset, bytes, value);
                }
            }
            case RAM -> {
                region.memory.write(region.memoryOffset + offset, bytes, value);
                if (region.dirtyLog != null) {
                    region.dirtyLog.mark((region.memoryOffset + offset) >>> PAGE_SHIFT);
                    region.dirtyLog.mark((region.memoryOffset + offset + bytes - 1) >>> PAGE_SHIFT);
                }
            }
        }
    }

    /**
     * Makes RAM zero and gives its host memory back, as far as whole pages of plain RAM lie within
     * the range; the rest stays as it is.
     */
    public void discard(long physical, long length) {
        long end = physical + length & ~(long) OFFSET_MASK;
        long at = physical + OFFSET_MASK & ~(long) OFFSET_MASK;
        boolean any = false;
        while (at < end) {
            long address = at & addressMask;
            Region region = find(address);
            // Up to where something else answers, or the next address is not the next byte.
            long next = region == null ? nextRegion(address) : region.base + region.size;
            long bytes = Math.min(end - at, next - address + OFFSET_MASK & ~(long) OFFSET_MASK);
            bytes = Math.min(bytes, a20 ? bytes : A20 - (address & A20 - 1));
            if (region != null && region.kind == Kind.RAM && region.dirtyLog == null) {
                long first = region.memoryOffset + address - region.base >>> PAGE_SHIFT;
                region.memory.discard(first, bytes >>> PAGE_SHIFT);
                writeListener.physicalWrite(address, bytes);
                any = true;
            }
            at += bytes;
        }
        if (any) {
            mapListener.pagesDiscarded();
        }
    }

    /**
     * Copies guest-physical bytes out, as a bus master reads. Bytes that are not RAM or ROM read as
     * 0xFF.
     */
    @Override
    public void readExternal(long physical, byte[] target, int from, int length) {
        while (length > 0) {
            int inPage = (int) (physical & OFFSET_MASK);
            int n = Math.min(length, GuestMemory.PAGE_SIZE - inPage);
            long address = physical & addressMask;
            Region region = find(address);
            if (region == null || region.kind == Kind.MMIO) {
                Arrays.fill(target, from, from + n, (byte) 0xFF);
            } else {
                region.memory.read(region.memoryOffset + address - region.base, target, from, n);
            }
            physical += n;
            from += n;
            length -= n;
        }
    }

    /**
     * Copies bytes into guest-physical RAM, as a bus master or a loader writes. Bytes that hit no
     * RAM are lost.
     */
    @Override
    public void writeExternal(long physical, byte[] source, int from, int length) {
        while (length > 0) {
            int inPage = (int) (physical & OFFSET_MASK);
            int n = Math.min(length, GuestMemory.PAGE_SIZE - inPage);
            long address = physical & addressMask;
            Region region = find(address);
            if (region != null && region.kind == Kind.RAM) {
                long offset = region.memoryOffset + address - region.base;
                region.memory.write(offset, source, from, n);
                if (region.dirtyLog != null) {
                    region.dirtyLog.mark(offset >>> PAGE_SHIFT);
                }
                writeListener.physicalWrite(address, n);
            }
            physical += n;
            from += n;
            length -= n;
        }
    }
}
