package dev.arclet.emulator.cpu.interp;

import dev.arclet.emulator.memory.GuestMemory;
import dev.arclet.emulator.memory.PageSet;
import dev.arclet.emulator.memory.PhysicalWriteListener;
import dev.arclet.emulator.mmu.CodePageGuard;
import dev.arclet.emulator.mmu.Mmu;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Decoded blocks by canonical physical address. Told of every write to a page that has code, it
 * forgets the blocks whose bytes were hit; data in the same page does not disturb them.
 */
public final class BlockCache implements CodePageGuard, PhysicalWriteListener {
    /**
     * Operations of blocks kept at most, some 25 bytes each; when there are more, all are
     * forgotten.
     */
    private static final int MAX_OPERATIONS = 1_500_000;

    private static final int RECENT = 1 << 14;

    private final Mmu mmu;
    private final Map<Long, CodePage> pages = new HashMap<>();
    private CodePage lastPage = new CodePage(-1);

    /** The numbers of {@link #pages}: asked whenever the TLB gets an entry for writing. */
    private final PageSet withCode = new PageSet();

    /**
     * Blocks last found, in one page each, by their physical address: what is needed after every
     * switch of address spaces.
     */
    private final Block[] recent = new Block[RECENT];

    private int operations;
    private int patience = Interpreter.HOT;

    private long decoded;
    private long invalidated;
    private long lookups;
    private long guardedWrites;

    BlockCache(Mmu mmu) {
        this.mmu = mmu;
    }

    /** Blocks decoded so far. */
    public long decoded() {
        return decoded;
    }

    /** Blocks forgotten because their code was overwritten. */
    public long invalidated() {
        return invalidated;
    }

    /** Searches by physical address, which the virtual-address shortcut did not save. */
    public long lookups() {
        return lookups;
    }

    /** Writes by the CPU to pages that have code. */
    public long guardedWrites() {
        return guardedWrites;
    }

    private CodePage page(long number) {
        CodePage page = lastPage;
        if (page.number != number) {
            page = pages.get(number);
            if (page != null) {
                lastPage = page;
            }
        }
        return page;
    }

    /**
     * The block whose code is at an address now, or null.
     *
     * @param linear linear address of the same byte, through which the rest of an instruction over
     *     the page's end is fetched
     * @throws dev.arclet.emulator.fault.GuestFault if that rest cannot be fetched
     */
    Block find(long physical, long linear, int codeSize) {
        lookups++;
        int slot = (int) (physical ^ physical >>> 14) & RECENT - 1;
        Block known = recent[slot];
        if (known != null
                && known.physical == physical
                && known.codeSize == codeSize
                && known.valid) {
            return known;
        }
        CodePage page = page(physical >>> GuestMemory.PAGE_SHIFT);
        if (page == null) {
            return null;
        }
        Block block = page.find(physical, codeSize);
        if (block == null) {
            return null;
        }
        if (block.secondPage == Block.NO_PAGE) {
            recent[slot] = block;
            return block;
        }
        long next = (linear | (GuestMemory.PAGE_SIZE - 1)) + 1;
        return page.find(physical, codeSize, mmu.fetch(next));
    }

    /**
     * How often the interpreter has come to a block that starts at an address: 0 if there is none,
     * at most what {@link #setPatience} was told.
     */
    public int runs(long physical, int codeSize) {
        CodePage page = page(physical >>> GuestMemory.PAGE_SHIFT);
        Block block = page == null ? null : page.find(physical, codeSize);
        if (block == null) {
            return 0;
        }
        return block.asked ? patience : patience - block.patience;
    }

    /** Sets how often new blocks may be executed before the interpreter asks for faster code. */
    public void setPatience(int executions) {
        patience = executions;
    }

    /** Keeps a new block. */
    void add(Block block) {
        if (operations > MAX_OPERATIONS) {
            clear();
        }
        decoded++;
        block.kept = true;
        block.patience = patience;
        operations += block.ops.length;
        grow(block.physical >>> GuestMemory.PAGE_SHIFT).add(block);
        if (block.secondPage != Block.NO_PAGE) {
            grow(block.secondPage >>> GuestMemory.PAGE_SHIFT).addGuest(block);
        }
    }

    private CodePage grow(long number) {
        CodePage page = page(number);
        if (page == null) {
            page = new CodePage(number);
            pages.put(number, page);
            withCode.add(number);
            mmu.protectCode(number);
        }
        return page;
    }

    @Override
    public boolean hasCode(long physicalPage) {
        return withCode.contains(physicalPage);
    }

    @Override
    public void mapChanged() {
        clear();
    }

    @Override
    public void codeWritten(long physical, int bytes) {
        guardedWrites++;
        invalidate(physical, bytes);
    }

    @Override
    public void physicalWrite(long physical, long length) {
        invalidate(physical, length);
    }

    /** Forgets the blocks that contain any byte of a physical range. */
    void invalidate(long physical, long length) {
        if (length > (long) pages.size() * GuestMemory.PAGE_SIZE) {
            List<CodePage> all = new ArrayList<>(pages.values());
            for (CodePage page : all) {
                long base = page.number << GuestMemory.PAGE_SHIFT;
                long first = Math.max(physical, base);
                long last = Math.min(physical + length, base + GuestMemory.PAGE_SIZE) - 1;
                if (first <= last) {
                    invalidateInPage(page, (int) (first - base), (int) (last - base));
                }
            }
            return;
        }
        while (length > 0) {
            int first = (int) physical & 4095;
            int n = (int) Math.min(length, GuestMemory.PAGE_SIZE - first);
            CodePage page = page(physical >>> GuestMemory.PAGE_SHIFT);
            if (page != null) {
                invalidateInPage(page, first, first + n - 1);
            }
            physical += n;
            length -= n;
        }
    }

    private void invalidateInPage(CodePage page, int first, int last) {
        if (!page.mayHaveCode(first, last)) {
            return;
        }
        List<Block> hit = new ArrayList<>();
        page.takeOverlapping(first, last, hit::add);
        for (Block block : hit) {
            forget(block, page);
        }
        page.refresh();
        dropIfEmpty(page);
    }

    private void forget(Block block, CodePage from) {
        invalidated++;
        operations -= block.ops.length;
        block.invalidate();
        long number = block.physical >>> GuestMemory.PAGE_SHIFT;
        if (number != from.number) {
            CodePage start = page(number);
            if (start != null) {
                start.remove(block);
                dropIfEmpty(start);
            }
        }
        if (block.secondPage != Block.NO_PAGE) {
            CodePage second = page(block.secondPage >>> GuestMemory.PAGE_SHIFT);
            if (second != null) {
                second.removeGuest(block);
                if (second != from) {
                    dropIfEmpty(second);
                }
            }
        }
    }

    private void dropIfEmpty(CodePage page) {
        if (page.isEmpty()) {
            pages.remove(page.number);
            withCode.remove(page.number);
            if (lastPage == page) {
                lastPage = new CodePage(-1);
            }
        }
    }

    /** Forgets every block. One that runs stops behind its current instruction. */
    void clear() {
        for (CodePage page : pages.values()) {
            page.takeOverlapping(0, GuestMemory.PAGE_SIZE - 1, Block::invalidate);
        }
        pages.clear();
        withCode.clear();
        lastPage = new CodePage(-1);
        operations = 0;
    }
}
