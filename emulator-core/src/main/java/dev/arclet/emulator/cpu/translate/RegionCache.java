package dev.arclet.emulator.cpu.translate;

import dev.arclet.emulator.memory.GuestMemory;
import dev.arclet.emulator.memory.PageSet;
import dev.arclet.emulator.memory.PhysicalWriteListener;
import dev.arclet.emulator.mmu.CodePageGuard;
import dev.arclet.emulator.mmu.Mmu;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Regions by the physical address of their code. Stands as guard before the interpreter's block
 * cache: both are told of writes to pages that have code of either.
 */
final class RegionCache implements CodePageGuard, PhysicalWriteListener {
    /** Regions of one physical page. */
    private static final class Page {
        /** Bit per 64 bytes that have code; may be set too much, never too little. */
        long granules;

        final List<Region> regions = new ArrayList<>();
    }

    private static final int RECENT = 1 << 14;
    private static final int GRANULE_SHIFT = 6;
    private static final int PAGE_SIZE = GuestMemory.PAGE_SIZE;

    private final Mmu mmu;
    private final CodePageGuard blocks;
    private final PhysicalWriteListener blockWrites;
    private final Map<Long, Page> pages = new HashMap<>();

    /** The numbers of {@link #pages}. */
    private final PageSet withCode = new PageSet();

    private final Map<Long, Region.Entry> entries = new HashMap<>();
    private final Set<Region> regions = new LinkedHashSet<>();

    /** How many regions have an instruction sequence that starts at a physical address. */
    private final Map<Long, Integer> starts = new HashMap<>();

    /** Entries last found, by physical address. */
    private final Region.Entry[] recent = new Region.Entry[RECENT];

    private int opened;
    private long invalidated;
    private long evicted;

    RegionCache(Mmu mmu, CodePageGuard blocks, PhysicalWriteListener blockWrites) {
        this.mmu = mmu;
        this.blocks = blocks;
        this.blockWrites = blockWrites;
    }

    /** Regions kept. */
    int count() {
        return regions.size();
    }

    /** Regions forgotten because their guest code was overwritten. */
    long invalidated() {
        return invalidated;
    }

    /** Regions forgotten to make room. */
    long evicted() {
        return evicted;
    }

    /** All regions kept. */
    List<Region> all() {
        return List.copyOf(regions);
    }

    /** The entry at an address, or null; the newest region's if there are several. */
    Region.Entry find(long physical, long linear, long rip, long mode) {
        int slot = recentSlot(physical, mode);
        Region.Entry entry = recent[slot];
        if (entry != null
                && entry.physical == physical
                && entry.region.valid
                && entry.isAt(linear, rip, mode)) {
            return entry;
        }
        entry = entries.get(physical);
        while (entry != null && !entry.isAt(linear, rip, mode)) {
            entry = entry.nextAtPhysical;
        }
        if (entry != null) {
            recent[slot] = entry;
        }
        return entry;
    }

    private static int recentSlot(long physical, long mode) {
        return (int) (physical ^ physical >>> 14 ^ Mode.hash(mode)) & RECENT - 1;
    }

    /** Whether a region has a sequence of instructions that starts at a physical address. */
    boolean covers(long physical) {
        return starts.containsKey(physical);
    }

    /** Whether control enters a region at a physical address, other than one that may be null. */
    boolean isEntered(long physical, Region other) {
        Region.Entry entry = entries.get(physical);
        while (entry != null && entry.region == other) {
            entry = entry.nextAtPhysical;
        }
        return entry != null;
    }

    /**
     * A region in which a sequence of instructions starts at an address, with that page mapped as
     * it is now; null if there is none.
     */
    Region covering(long physical, long linear, long mode) {
        Page page = pages.get(physical >>> GuestMemory.PAGE_SHIFT);
        if (page == null) {
            return null;
        }
        for (Region region : page.regions) {
            if (region.mode == mode
                    && region.hasPage(physical & -PAGE_SIZE, linear & -PAGE_SIZE)
                    && region.startsAt(physical)) {
                return region;
            }
        }
        return null;
    }

    /** Keeps a region, and lets control find it. */
    void add(Region region) {
        keep(region);
        open(region);
    }

    /** How often regions were {@link #open opened}: as long as it is the same, there is no more. */
    int opened() {
        return opened;
    }

    /** Lets control find a region that is kept, before others at the same places. */
    void open(Region region) {
        opened++;
        for (Region.Entry entry : region.entries) {
            entry.nextAtPhysical = entries.put(entry.physical, entry);
            recent[recentSlot(entry.physical, region.mode)] = entry;
        }
    }

    /** Keeps a region: when its guest code is overwritten, it becomes invalid. */
    void keep(Region region) {
        regions.add(region);
        for (long start : region.starts) {
            starts.merge(start, 1, Integer::sum);
        }
        for (Region.Span span : region.spans) {
            long number = span.physical() >>> GuestMemory.PAGE_SHIFT;
            Page page = pages.get(number);
            if (page == null) {
                page = new Page();
                pages.put(number, page);
                withCode.add(number);
                mmu.protectCode(number);
            }
            if (page.regions.isEmpty() || page.regions.getLast() != region) {
                page.regions.add(region);
            }
            page.granules |= granules(span);
        }
    }

    private static long granules(Region.Span span) {
        int first = (int) span.physical() & PAGE_SIZE - 1;
        return bits(first, first + span.bytes() - 1);
    }

    private static long bits(int first, int last) {
        return -1L << (first >>> GRANULE_SHIFT) & -1L >>> (63 - (last >>> GRANULE_SHIFT));
    }

    /** Forgets a region. */
    void remove(Region region) {
        if (!region.valid) {
            return;
        }
        region.invalidate();
        regions.remove(region);
        for (long start : region.starts) {
            starts.computeIfPresent(start, (key, count) -> count == 1 ? null : count - 1);
        }
        for (Region.Entry entry : region.entries) {
            remove(entry);
        }
        for (Region.Span span : region.spans) {
            long number = span.physical() >>> GuestMemory.PAGE_SHIFT;
            Page page = pages.get(number);
            if (page != null && page.regions.remove(region)) {
                if (page.regions.isEmpty()) {
                    pages.remove(number);
                    withCode.remove(number);
                } else {
                    refresh(page, number);
                }
            }
        }
    }

    private void remove(Region.Entry entry) {
        Region.Entry first = entries.get(entry.physical);
        if (first == entry) {
            if (entry.nextAtPhysical == null) {
                entries.remove(entry.physical);
            } else {
                entries.put(entry.physical, entry.nextAtPhysical);
            }
        } else {
            while (first != null && first.nextAtPhysical != entry) {
                first = first.nextAtPhysical;
            }
            if (first != null) { // else it was not open
                first.nextAtPhysical = entry.nextAtPhysical;
            }
        }
    }

    private static void refresh(Page page, long number) {
        page.granules = 0;
        for (Region region : page.regions) {
            for (Region.Span span : region.spans) {
                if (span.physical() >>> GuestMemory.PAGE_SHIFT == number) {
                    page.granules |= granules(span);
                }
            }
        }
    }

    /** Forgets all but some regions: those that control has come to least since the last call. */
    void evictLeastUsed(int keep) {
        List<Region> byUse = new ArrayList<>(regions);
        byUse.sort(Comparator.comparingLong(Region::usesSinceSweep));
        for (Region region : byUse.subList(0, Math.max(0, byUse.size() - keep))) {
            evicted++;
            remove(region);
        }
        regions.forEach(Region::sweep);
    }

    /** Forgets everything. */
    void clear() {
        regions.forEach(Region::invalidate);
        regions.clear();
        starts.clear();
        entries.clear();
        pages.clear();
        withCode.clear();
    }

    @Override
    public boolean hasCode(long physicalPage) {
        return blocks.hasCode(physicalPage) || withCode.contains(physicalPage);
    }

    @Override
    public void codeWritten(long physical, int bytes) {
        blocks.codeWritten(physical, bytes);
        invalidate(physical, bytes);
    }

    @Override
    public void mapChanged() {
        blocks.mapChanged();
        clear();
    }

    @Override
    public void physicalWrite(long physical, long length) {
        blockWrites.physicalWrite(physical, length);
        invalidate(physical, length);
    }

    /** Forgets the regions that have any byte of a physical range. */
    void invalidate(long physical, long length) {
        if (length > (long) pages.size() * PAGE_SIZE) {
            for (Region region : all()) {
                if (touches(region, physical, length)) {
                    invalidated++;
                    remove(region);
                }
            }
            return;
        }
        while (length > 0) {
            int first = (int) physical & PAGE_SIZE - 1;
            int n = (int) Math.min(length, PAGE_SIZE - first);
            Page page = pages.get(physical >>> GuestMemory.PAGE_SHIFT);
            if (page != null && (page.granules & bits(first, first + n - 1)) != 0) {
                for (Region region : List.copyOf(page.regions)) {
                    if (touches(region, physical, n)) {
                        invalidated++;
                        remove(region);
                    }
                }
            }
            physical += n;
            length -= n;
        }
    }

    private static boolean touches(Region region, long physical, long length) {
        for (Region.Span span : region.spans) {
            if (span.physical() < physical + length && physical < span.physical() + span.bytes()) {
                return true;
            }
        }
        return false;
    }
}
