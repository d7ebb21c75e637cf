package dev.arclet.emulator.mmu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.emulator.bus.MmioDevice;
import dev.arclet.emulator.fault.GuestFault;
import dev.arclet.emulator.memory.GuestMemory;
import dev.arclet.emulator.memory.PhysicalMap;
import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotReader;
import dev.arclet.emulator.snapshot.SnapshotWriter;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Page walks, rights, accessed and dirty bits, and what the TLB may and may not remember. */
class MmuTest {
    private static final long PG = 1L << 31, PE = 1, WP = 1L << 16;
    private static final long PSE = 0x10, PAE = 0x20, PGE = 0x80, SMEP = 1L << 20, SMAP = 1L << 21;
    private static final long PKE = 1L << 22, PKS = 1L << 24;
    private static final long LMA = 0x400, NXE = 0x800;
    private static final long NX = 1L << 63;
    private static final int P = 1, W = 2, U = 4, A = 0x20, D = 0x40, PS = 0x80, G = 0x100;
    private static final int TOP = 0x1000, NEXT = 0x2000, LEAF = 0x3000, LAST = 0x4000;
    private static final int DATA = 0x10_0000;

    private final GuestMemory memory = new GuestMemory(8 << 20);
    private final PhysicalMap map = new PhysicalMap(36);
    private final Mmu mmu = new Mmu(map);

    MmuTest() {
        map.mapRam("RAM", 0, memory.size(), memory, 0);
    }

    @AfterEach
    void close() {
        memory.close();
    }

    private void put(long physical, long value, int bytes) {
        map.write(physical, bytes, value);
    }

    private long get(long physical, int bytes) {
        return map.read(physical, bytes);
    }

    private static int code(GuestFault fault) {
        assertEquals(GuestFault.PF, fault.vector());
        return fault.errorCode();
    }

    private int faultCode(Runnable access) {
        return code(assertThrows(GuestFault.class, access::run));
    }

    // 32-bit paging

    private void paging32(long cr0, long cr4) {
        mmu.setControl(PG | PE | cr0, TOP, cr4, 0, true);
    }

    private void map32(int linear, int physical, int pdeRights, int pteRights) {
        put(TOP + 4L * (linear >>> 22), NEXT | pdeRights, 4);
        put(NEXT + 4L * (linear >>> 12 & 0x3FF), physical | pteRights, 4);
    }

    @Test
    void rightsOf32BitPagingAreThoseOfTheManual() {
        for (int bits = 0; bits < 128; bits++) {
            int pde = P | (bits & 1) * W | (bits >> 1 & 1) * U;
            int pte = P | (bits >> 2 & 1) * W | (bits >> 3 & 1) * U;
            boolean user = (bits & 16) != 0;
            boolean write = (bits & 32) != 0;
            boolean protect = (bits & 64) != 0;
            paging32(protect ? WP : 0, 0);
            map32(0x40_1000, DATA, pde, pte);
            mmu.flushAll();
            mmu.setPrivilege(user, false);
            boolean writable = (pde & pte & W) != 0;
            boolean userPage = (pde & pte & U) != 0;
            boolean allowed =
                    user ? userPage && (!write || writable) : !write || writable || !protect;
            Runnable access = write ? () -> mmu.store32(0x40_1004, 7) : () -> mmu.load32(0x40_1004);
            if (allowed) {
                access.run();
            } else {
                int expected = 1 | (write ? 2 : 0) | (user ? 4 : 0);
                assertEquals(expected, faultCode(access), "case " + bits);
            }
        }
    }

    @Test
    void anAccessToNoPageTellsItsKindAndAddress() {
        paging32(0, 0);
        mmu.setPrivilege(true, false);
        GuestFault fault = assertThrows(GuestFault.class, () -> mmu.store8(0x1234_5678, 1));
        assertEquals(6, code(fault));
        assertEquals(0x1234_5678, fault.address());
        mmu.setPrivilege(false, false);
        assertEquals(0, faultCode(() -> mmu.load64(0xFFFF_FFF0L)));
        assertEquals(0, faultCode(() -> mmu.fetch(0x1234_5678)));
    }

    @Test
    void accessedAndDirtyBitsAreSetByWhatHappenedAndNoMore() {
        paging32(0, 0);
        map32(0x40_1000, DATA, P | W | U, P | U);
        mmu.setPrivilege(true, false);
        assertEquals(7, faultCode(() -> mmu.store8(0x40_1000, 1)));
        assertEquals(NEXT | P | W | U, get(TOP + 4, 4), "a fault leaves no trace");
        assertEquals(DATA | P | U, get(NEXT + 4, 4));
        mmu.load8(0x40_1000);
        assertEquals(NEXT | P | W | U | A, get(TOP + 4, 4));
        assertEquals(DATA | P | U | A, get(NEXT + 4, 4));
        map32(0x40_1000, DATA, P | W | U, P | W | U);
        mmu.invalidatePage(0x40_1000);
        mmu.load8(0x40_1000);
        mmu.store8(0x40_1000, 1);
        assertEquals(
                DATA | P | W | U | A | D, get(NEXT + 4, 4), "dirty although a read came first");
        assertEquals(NEXT | P | W | U | A, get(TOP + 4, 4), "no dirty bit above the leaf");
    }

    /** Code looks up once for reads and writes of one page, and relies on it. */
    @Test
    void readsAndWritesOfAPageFindTheSameMemory() {
        paging32(0, 0);
        map32(0x40_1000, DATA, P | W | U, P | W | U);
        put(DATA, 1, 1);
        put(DATA + 0x1000, 2, 1);
        assertEquals(1, mmu.load8(0x40_1000));
        map32(0x40_1000, DATA + 0x1000, P | W | U, P | W | U); // without INVLPG
        assertEquals(1, mmu.load8(0x40_1000));
        mmu.store8(0x40_1001, 7);
        assertEquals(7, get(DATA + 0x1001, 1));
        assertEquals(2, mmu.load8(0x40_1000));
    }

    @Test
    void fourMegabytePagesReachBeyondFourGigabytes() {
        GuestMemory high = new GuestMemory(4 << 20);
        try {
            map.mapRam("high", 0x2_0040_0000L, high.size(), high, 0);
            paging32(0, PSE);
            // Address bits 32..39 are in bits 13..20.
            put(TOP + 8, 0x40_0000 | 2 << 13 | P | W | PS, 4);
            mmu.store32(0x81_2344, 0xCAFE_F00D);
            assertEquals(0xCAFE_F00DL, get(0x2_0041_2344L, 4));
            assertEquals(0x40_0000 | 2 << 13 | P | W | PS | A | D, get(TOP + 8, 4));
            put(TOP + 12, 1 << 21 | P | W | PS, 4);
            assertEquals(9, faultCode(() -> mmu.load8(0xC0_0000)), "bit 21 is reserved");
            put(TOP + 12, 1 << 17 | P | W | PS, 4);
            assertEquals(9, faultCode(() -> mmu.load8(0xC0_0000)), "beyond 36 address bits");
        } finally {
            high.close();
        }
    }

    @Test
    void withoutPseTheSizeBitIsIgnored() {
        paging32(0, 0);
        map32(0x40_1000, DATA, P | W | PS, P | W);
        put(DATA, 0x55, 1);
        assertEquals(0x55, mmu.load8(0x40_1000));
    }

    // PAE

    private void pagingPae(long efer) {
        put(TOP, NEXT | P, 8);
        assertTrue(mmu.loadPdptes(TOP));
        mmu.setControl(PG | PE | WP, TOP, PAE, efer, true);
    }

    @Test
    void paePagesMayForbidExecution() {
        pagingPae(NXE);
        put(NEXT, LEAF | P | W | U, 8);
        put(LEAF + 8, DATA | P | W | U | NX, 8);
        put(LEAF + 16, DATA | P | W | U, 8);
        mmu.setPrivilege(true, false);
        mmu.load8(0x1000);
        assertEquals(DATA + 0x12, mmu.fetch(0x2012));
        assertEquals(1 | 4 | 16, faultCode(() -> mmu.fetch(0x1000)));
        assertEquals(4 | 16, faultCode(() -> mmu.fetch(0x3000)));
        mmu.setPrivilege(false, false);
        assertEquals(1 | 16, faultCode(() -> mmu.fetch(0x1000)));
    }

    @Test
    void paeReservedBitsFault() {
        pagingPae(0);
        put(NEXT, LEAF | P | W | U, 8);
        put(LEAF + 8, DATA | P | W | U | NX, 8);
        assertEquals(9, faultCode(() -> mmu.load8(0x1000)), "bit 63 without NXE");
        put(LEAF + 8, DATA | P | W | U | 1L << 40, 8);
        assertEquals(9, faultCode(() -> mmu.load8(0x1000)), "beyond 36 address bits");
        put(LEAF + 8, DATA | P | W | U | 1L << 52, 8);
        assertEquals(9, faultCode(() -> mmu.load8(0x1000)), "bit 52");
        put(NEXT + 8, 0x1000 << 1 | P | W | PS, 8);
        assertEquals(11, faultCode(() -> mmu.store8(0x20_0000, 1)), "low bits of a 2 MiB page");
        assertEquals(0, faultCode(() -> mmu.load8(0x4000_0000L)), "second PDPTE is not there");
    }

    @Test
    void pdptesAreReadOnceAndChecked() {
        pagingPae(0);
        put(NEXT, 0x20_0000 | P | W | PS, 8);
        put(0x20_0123, 0x77, 1);
        put(TOP, 0, 8);
        mmu.flushAll();
        assertEquals(0x77, mmu.load8(0x123), "the entry in memory counts at the load only");
        put(TOP + 8, P | W, 8);
        assertFalse(mmu.loadPdptes(TOP), "bit 1 of a PDPTE is reserved");
        assertEquals(0x77, mmu.load8(0x123), "a refused load changes nothing");
    }

    // 4-level paging

    private void pagingLong(long cr4, long efer) {
        put(TOP, NEXT | P | W | U, 8);
        put(NEXT, LEAF | P | W | U, 8);
        put(LEAF, LAST | P | W | U, 8);
        mmu.setControl(PG | PE | WP, TOP, PAE | cr4, LMA | efer, true);
    }

    @Test
    void fourLevelsCombineTheirRights() {
        long[] entries = {TOP, NEXT, LEAF, LAST + 8};
        long[] targets = {NEXT, LEAF, LAST, DATA};
        for (int level = 0; level < 4; level++) {
            pagingLong(0, NXE);
            put(LAST + 8, DATA | P | W | U, 8);
            mmu.flushAll();
            mmu.setPrivilege(true, false);
            mmu.store8(0x1000, 1);
            mmu.fetch(0x1000);
            put(entries[level], targets[level] | P | U, 8);
            mmu.flushAll();
            assertEquals(7, faultCode(() -> mmu.store8(0x1000, 1)));
            put(entries[level], targets[level] | P | W, 8);
            mmu.flushAll();
            assertEquals(5, faultCode(() -> mmu.load8(0x1000)));
            put(entries[level], targets[level] | P | W | U | NX, 8);
            mmu.flushAll();
            assertEquals(21, faultCode(() -> mmu.fetch(0x1000)));
            put(entries[level], targets[level] | W | U, 8);
            mmu.flushAll();
            assertEquals(4, faultCode(() -> mmu.load8(0x1000)));
            put(entries[level], targets[level] | P | W | U | 1L << 37, 8);
            mmu.flushAll();
            assertEquals(13, faultCode(() -> mmu.load8(0x1000)));
        }
    }

    @Test
    void largePagesOfLongMode() {
        pagingLong(0, 0);
        put(LEAF + 8, 0x20_0000 | P | W | PS, 8);
        put(NEXT + 8, P | W | PS, 8);
        mmu.store16(0x20_0000 + 0x1_2346, 0xBEEF);
        assertEquals(0xBEEF, get(0x21_2346, 2));
        assertEquals(0xBEEF, mmu.load16(0x4000_0000L + 0x21_2346), "the same by a 1 GiB page");
        assertEquals(0x20_0000 | P | W | PS | A | D, get(LEAF + 8, 8));
        assertEquals(P | W | PS | A, get(NEXT + 8, 8));
        put(NEXT + 16, 0x2000 | P | W | PS, 8);
        assertEquals(9, faultCode(() -> mmu.load8(0x8000_0000L)), "low bits of a 1 GiB page");
        put(TOP + 8, NEXT | P | W | PS, 8);
        assertEquals(9, faultCode(() -> mmu.load8(1L << 39)), "PS in a PML4E");
    }

    @Test
    void nonCanonicalAddressesAreNoPageFaults() {
        pagingLong(0, 0);
        put(TOP + 8 * 511, NEXT | P | W, 8);
        put(NEXT + 8 * 511, P | W | PS, 8);
        mmu.load8(0xFFFF_FFFF_C010_0000L);
        for (long address :
                new long[] {0x8000_0000_0000L, 0xFFFF_7FFF_FFFF_FFFFL, 0x1_0000_0000_0000L}) {
            GuestFault fault = assertThrows(GuestFault.class, () -> mmu.load8(address));
            assertEquals(GuestFault.GP, fault.vector());
            assertTrue(fault.nonCanonical());
            assertEquals(address, fault.address());
        }
        put(TOP + 8 * 255, NEXT | P | W, 8);
        put(NEXT + 8 * 511, P | W | PS, 8);
        mmu.load8(0x7FFF_FFFF_FFFFL);
        assertEquals(
                GuestFault.GP,
                assertThrows(GuestFault.class, () -> mmu.load16(0x7FFF_FFFF_FFFFL)).vector());
    }

    @Test
    void smepAndSmapKeepTheSupervisorOutOfUserPages() {
        pagingLong(SMEP | SMAP, NXE);
        put(LAST + 8, DATA | P | W | U, 8);
        put(LAST + 16, DATA | P | W, 8);
        mmu.setPrivilege(false, false);
        assertEquals(1 | 16, faultCode(() -> mmu.fetch(0x1000)));
        mmu.fetch(0x2000);
        assertEquals(1, faultCode(() -> mmu.load8(0x1000)));
        assertEquals(3, faultCode(() -> mmu.store8(0x1000, 1)));
        mmu.setPrivilege(false, true);
        mmu.store8(0x1000, 0x5A);
        assertEquals(1, faultCode(() -> mmu.loadSystem(0x1000, 1)), "implicit accesses have no AC");
        mmu.setPrivilege(false, false);
        assertEquals(1, faultCode(() -> mmu.load8(0x1000)), "not let in by the TLB");
        mmu.setPrivilege(true, false);
        assertEquals(0x5A, mmu.load8(0x1000));
        assertEquals(5, faultCode(() -> mmu.load8(0x2000)));
        assertEquals(0x5A, mmu.loadSystem(0x2000, 1), "as supervisor whatever the privilege");
    }

    /** Bit i of a number. */
    private static boolean bit(int number, int i) {
        return (number >> i & 1) != 0;
    }

    @Test
    void protectionKeysForbidDataAccessesAsTheManualSays() {
        for (int bits = 0; bits < 1024; bits++) {
            boolean userPage = bit(bits, 0);
            boolean user = bit(bits, 1);
            boolean write = bit(bits, 2);
            boolean protect = bit(bits, 3);
            boolean writable = bit(bits, 4);
            long cr4 = PAE | (bit(bits, 5) ? PKE : 0) | (bit(bits, 6) ? PKS : 0);
            int rights = bits >> 7 & 3;
            boolean large = bit(bits, 9);
            pagingLong(0, NXE);
            mmu.setControl(PG | PE | (protect ? WP : 0), TOP, cr4, LMA | NXE, true);
            long key = 5L << 59;
            put(
                    LEAF,
                    large
                            ? key | 0x20_0000 | P | (writable ? W : 0) | (userPage ? U : 0) | PS
                            : LAST | 7,
                    8);
            put(LAST + 8, key | DATA | P | (writable ? W : 0) | (userPage ? U : 0), 8);
            mmu.flushAll();
            mmu.setPrivilege(user, false);
            // All other keys are closed for the pages in question, and key 5 for the others.
            int five = ~(3 << 10) | rights << 10;
            mmu.setKeyRights(userPage ? five : -1, userPage ? -1 : five);
            boolean ruled = userPage ? (cr4 & PKE) != 0 : (cr4 & PKS) != 0;
            boolean closed =
                    ruled && ((rights & 1) != 0 || (rights & 2) != 0 && write && (user || protect));
            boolean open = user ? userPage && (!write || writable) : !write || writable || !protect;
            Runnable access = write ? () -> mmu.store32(0x1004, 7) : () -> mmu.load32(0x1004);
            if (open && !closed) {
                access.run();
            } else {
                int code = 1 | (write ? 2 : 0) | (user ? 4 : 0) | (closed ? 32 : 0);
                assertEquals(code, faultCode(access), "case " + bits);
            }
            if (userPage || !user) {
                mmu.fetch(0x1000);
            }
        }
    }

    @Test
    void theTlbKnowsNoMoreThanTheKeysAllow() {
        pagingLong(0, 0);
        mmu.setControl(PG | PE | WP, TOP, PAE | PKE | PKS, LMA, true);
        int[] keys = {0, 1, 15, 1};
        for (int i = 0; i < keys.length; i++) {
            put(LAST + 8 + 8L * i, (long) keys[i] << 59 | DATA | P | W | (i < 3 ? U : 0), 8);
        }
        mmu.setPrivilege(false, false);
        for (int round = 0; round < 2; round++) {
            for (int page = 0x1000; page <= 0x4000; page += 0x1000) {
                mmu.store8(page, page >> 12);
                mmu.load8(page);
            }
            mmu.setKeyRights(0xC << 28, 0);
            assertEquals(3 | 32, faultCode(() -> mmu.store8(0x3000, 1)));
            assertEquals(1 | 32, faultCode(() -> mmu.load8(0x3000)));
            mmu.setKeyRights(2 << 2, 0);
            assertEquals(3 | 32, faultCode(() -> mmu.store8(0x2000, 1)));
            mmu.load8(0x2000);
            mmu.store8(0x3000, 1);
            mmu.store8(0x4000, 1);
            mmu.setKeyRights(2, 1 << 2);
            assertEquals(1 | 32, faultCode(() -> mmu.load8(0x4000)));
            assertEquals(3 | 32, faultCode(() -> mmu.storeSystem(0x1000, 1, 1)));
            mmu.store8(0x2000, 1);
            mmu.setKeyRights(0, 0);
        }
    }

    @Test
    void keysCostTranslationsOfTheirPagesOnly() {
        pagingLong(0, 0);
        mmu.setControl(PG | PE | WP, TOP, PAE | PKE, LMA, true);
        put(LAST + 8, 1L << 59 | DATA | P | W | U, 8);
        put(LAST + 16, 2L << 59 | DATA | P | W | U, 8);
        put(DATA, 0x11, 1);
        int before = mmu.generation();
        mmu.load8(0x1000);
        mmu.load8(0x2000);
        put(LAST + 8, 0, 8);
        put(LAST + 16, 0, 8);
        mmu.setKeyRights(2 << 4, 0);
        assertEquals(0x11, mmu.load8(0x1000), "key 1 has the rights that it had");
        assertEquals(0, faultCode(() -> mmu.load8(0x2000)));
        assertEquals(before, mmu.generation(), "code is not concerned");
    }

    @Test
    void protectionKeysAreThoseOfFourLevelsOnly() {
        put(TOP, NEXT | P, 8);
        put(NEXT, LEAF | P | W | U, 8);
        put(LEAF + 8, DATA | P | W | U, 8);
        assertTrue(mmu.loadPdptes(TOP));
        mmu.setKeyRights(-1, -1);
        mmu.setControl(PG | PE | WP, TOP, PAE | PKE | PKS, 0, true);
        mmu.store8(0x1000, 1);
        paging32(WP, PKE | PKS);
        map32(0x40_1000, DATA, P | W, P | W);
        mmu.store8(0x40_1000, 1);
        mmu.setControl(PE, 0, PKE | PKS, 0, true);
        mmu.store8(DATA, 1);
    }

    // TLB

    @Test
    void translationsLiveUntilTheyAreInvalidated() {
        paging32(0, 0);
        map32(0x40_1000, DATA, P | W | U, P | W | U);
        put(DATA, 0x11, 1);
        put(DATA + 0x1000, 0x22, 1);
        assertEquals(0x11, mmu.load8(0x40_1000));
        mmu.fetch(0x40_1000);
        int before = mmu.generation();
        put(NEXT + 4, DATA + 0x1000 | P | W | U, 4);
        assertEquals(0x11, mmu.load8(0x40_1000), "no flush, old translation");
        mmu.invalidatePage(0x40_1FFF);
        assertEquals(0x22, mmu.load8(0x40_1000));
        assertNotEquals(before, mmu.generation());
        put(NEXT + 4, DATA | P | W | U, 4);
        paging32(0, 0);
        assertEquals(0x11, mmu.load8(0x40_1000), "a load of CR3 flushes");
    }

    @Test
    void codeIsConcernedByInvalidationsOfPagesItWasFetchedFrom() {
        paging32(0, 0);
        map32(0x40_1000, DATA, P | W | U, P | W | U);
        map32(0x80_1000, DATA, P | W | U, P | W | U);
        mmu.load8(0x40_1000);
        int before = mmu.generation();
        mmu.invalidatePage(0x40_1000);
        assertEquals(before, mmu.generation(), "only data was accessed there");
        mmu.fetch(0x40_1000);
        mmu.fetch(0x80_1000); // in the same slot
        mmu.invalidatePage(0x40_1000);
        assertNotEquals(before, mmu.generation(), "its translation was displaced, not dropped");
    }

    @Test
    void codeInGlobalPagesOutlivesLoadsOfCr3() {
        paging32(0, PGE);
        map32(0x40_1000, DATA, P | W | U, P | W | U | G);
        map32(0x40_2000, DATA, P | W | U, P | W | U);
        mmu.fetch(0x40_1000);
        mmu.fetch(0x40_2000);
        assertTrue(mmu.fetchesGlobal(0x40_1000));
        assertFalse(mmu.fetchesGlobal(0x40_2000));
        int all = mmu.generation(false);
        int global = mmu.generation(true);
        mmu.setControl(PG | PE, TOP, PGE, 0, true);
        assertNotEquals(all, mmu.generation(false));
        assertEquals(global, mmu.generation(true));
        mmu.invalidatePage(0x40_1000);
        assertNotEquals(global, mmu.generation(true));
    }

    @Test
    void globalPagesOutliveLoadsOfCr3() {
        paging32(0, PGE | PSE);
        map32(0x40_1000, DATA, P | W | U, P | W | U | G);
        map32(0x40_2000, DATA, P | W | U, P | W | U);
        put(TOP + 12, 0x40_0000 | P | W | PS | G, 4);
        put(DATA, 0x11, 1);
        put(0x40_0000, 0x33, 1);
        put(DATA + 0x1000, 0x22, 1);
        mmu.load8(0x40_1000);
        mmu.load8(0x40_2000);
        mmu.load8(0xC0_0000);
        put(NEXT + 4, DATA + 0x1000 | P | W | U | G, 4);
        put(NEXT + 8, DATA + 0x1000 | P | W | U, 4);
        put(TOP + 12, P | W | PS | G, 4);
        paging32(0, PGE | PSE);
        assertEquals(0x11, mmu.load8(0x40_1000));
        assertEquals(0x22, mmu.load8(0x40_2000));
        assertEquals(0x33, mmu.load8(0xC0_0000));
        paging32(0, PGE | PSE);
        assertEquals(0x11, mmu.load8(0x40_1000), "also over a second load");
        mmu.invalidatePage(0x40_1000);
        assertEquals(0x22, mmu.load8(0x40_1000), "INVLPG drops global pages");
        mmu.invalidatePage(0xDF_F000);
        assertEquals(get(0, 1), mmu.load8(0xC0_0000), "anywhere in a large page");
        put(NEXT + 4, DATA | P | W | U | G, 4);
        paging32(0, PSE);
        paging32(0, PGE | PSE);
        assertEquals(0x11, mmu.load8(0x40_1000), "a change of CR4.PGE flushes all");
    }

    @Test
    void moreTranslationsThanTheJournalHoldsAreFlushedToo() {
        paging32(0, PGE);
        for (int i = 0; i < 1024; i++) {
            put(NEXT + 4L * i, DATA | P | W | (i % 2 == 0 ? G : 0), 4);
        }
        put(TOP + 4, NEXT | P | W, 4);
        put(DATA, 0x11, 1);
        put(DATA + 0x1000, 0x22, 1);
        for (int round = 0; round < 2; round++) {
            for (int i = 0; i < 1024; i++) {
                mmu.store8(0x40_0000 + i * 4096, 0x11);
                mmu.load8(0x40_0000 + i * 4096);
                mmu.fetch(0x40_0000 + i * 4096);
            }
        }
        for (int i = 0; i < 1024; i++) {
            put(NEXT + 4L * i, DATA + 0x1000 | P | W, 4);
        }
        for (int round = 0; round < 2; round++) {
            paging32(0, PGE);
            for (int i = 0; i < 1024; i++) {
                int expected = i % 2 == 0 ? 0x11 : 0x22;
                assertEquals(expected, mmu.load8(0x40_0000 + i * 4096), "page " + i);
            }
        }
        mmu.flushAll();
        for (int i = 0; i < 1024; i++) {
            assertEquals(0x22, mmu.load8(0x40_0000 + i * 4096), "page " + i);
        }
    }

    @Test
    void aliasesSeeEachOther() {
        paging32(0, 0);
        map32(0x40_1000, DATA, P | W, P | W);
        map32(0x40_2000, DATA, P | W, P | W);
        mmu.store32(0x40_1010, 0x1234_5678);
        assertEquals(0x1234_5678, mmu.load32(0x40_2010));
    }

    @Test
    void accessesOverAPageBorderFaultBeforeTheyWrite() {
        paging32(WP, 0);
        map32(0x40_1000, DATA, P | W, P | W);
        map32(0x40_2000, DATA + 0x5000, P | W, P);
        put(DATA + 0xFF8, 0x1111_1111_1111_1111L, 8);
        put(DATA + 0x5000, 0x2222_2222_2222_2222L, 8);
        assertEquals(0x2222_1111, mmu.load32(0x40_1FFE));
        assertEquals(0x2222_2222_2222_2211L, mmu.load64(0x40_1FFF));
        GuestFault fault = assertThrows(GuestFault.class, () -> mmu.store64(0x40_1FFC, -1));
        assertEquals(3, code(fault));
        assertEquals(0x40_2000, fault.address());
        assertEquals(0x1111_1111_1111_1111L, get(DATA + 0xFF8, 8));
        assertThrows(GuestFault.class, () -> mmu.store128(0x40_1FF8, -1, -1));
        assertThrows(GuestFault.class, () -> mmu.loadForUpdate16(0x40_1FFF));
        assertEquals(0x1111_1111_1111_1111L, get(DATA + 0xFF8, 8));
        put(NEXT + 8, DATA + 0x5000 | P | W, 4);
        mmu.invalidatePage(0x40_2000);
        mmu.store32(0x40_1FFD, 0x4433_2211);
        assertEquals(0x33_2211_11, (int) get(DATA + 0xFFC, 4));
        assertEquals(0x44, get(DATA + 0x5000, 1));
    }

    @Test
    void withoutPagingAddressesWrapAtFourGigabytes() {
        put(0, 0xAB, 1);
        assertEquals(0xABFF, mmu.load16(0xFFFF_FFFFL));
    }

    @Test
    void devicesAreAskedEveryTime() {
        List<String> log = new ArrayList<>();
        map.mapMmio(
                "device",
                0xF000_0000L,
                0x100,
                new MmioDevice() {
                    @Override
                    public long readMmio(long offset, int bytes) {
                        log.add("r" + offset + "." + bytes);
                        return 0x42;
                    }

                    @Override
                    public void writeMmio(long offset, int bytes, long value) {
                        log.add("w" + offset + "." + bytes + "=" + value);
                    }
                });
        assertEquals(0x42, mmu.load32(0xF000_0004L));
        assertEquals(0x42, mmu.load32(0xF000_0004L));
        mmu.store16(0xF000_0008L, 0x1234);
        mmu.store8(0xF000_0008L, 7);
        assertEquals(List.of("r4.4", "r4.4", "w8.2=" + 0x1234, "w8.1=7"), log);
        assertEquals(0, mmu.hostForRead(0xF000_0000L));
        assertEquals(0, mmu.hostForWrite(0xF000_0000L));
    }

    @Test
    void romKeepsItsContents() {
        GuestMemory rom = new GuestMemory(0x1000);
        try {
            rom.write(0, 4, 0x0102_0304);
            map.mapRom("ROM", 0xE000_0000L, 0x1000, rom, 0);
            mmu.store32(0xE000_0000L, -1);
            assertEquals(0x0102_0304, mmu.load32(0xE000_0000L));
        } finally {
            rom.close();
        }
    }

    @Test
    void writesToCodeAreReportedWhileItIsThere() {
        List<Long> written = new ArrayList<>();
        boolean[] present = {false};
        mmu.setCodeGuard(
                new CodePageGuard() {
                    @Override
                    public boolean hasCode(long physicalPage) {
                        return present[0] && physicalPage == DATA >> 12;
                    }

                    @Override
                    public void codeWritten(long physical, int bytes) {
                        written.add(physical << 8 | bytes);
                    }
                });
        mmu.store32(DATA, 1);
        assertNotEquals(0, mmu.hostForWrite(DATA));
        present[0] = true;
        mmu.protectCode(DATA >> 12);
        assertEquals(0, mmu.hostForWrite(DATA));
        mmu.store32(DATA + 4, 0x55);
        mmu.store16(DATA - 1, 0x7766);
        mmu.storeSystem(DATA + 8, 8, 1);
        assertEquals(0x55, get(DATA + 4, 4));
        assertEquals(
                List.of((DATA + 4L) << 8 | 4, (long) DATA << 8 | 1, (DATA + 8L) << 8 | 8), written);
        present[0] = false;
        mmu.store8(DATA, 1);
        assertNotEquals(0, mmu.hostForWrite(DATA), "directly writable again");
        assertEquals(3, written.size());
    }

    @Test
    void alignmentIsCheckedWhenAskedForAndForUsersOnly() {
        mmu.setPrivilege(true, true);
        mmu.load8(DATA + 1);
        mmu.load32(DATA + 4);
        for (Runnable access :
                List.<Runnable>of(
                        () -> mmu.load16(DATA + 1),
                        () -> mmu.load32(DATA + 2),
                        () -> mmu.load64(DATA + 4),
                        () -> mmu.store16(DATA + 3, 0),
                        () -> mmu.loadForUpdate32(DATA + 1))) {
            GuestFault fault = assertThrows(GuestFault.class, access::run);
            assertEquals(GuestFault.AC, fault.vector());
            assertEquals(0, fault.errorCode());
        }
        mmu.loadSystem(DATA + 1, 4);
        mmu.setPrivilege(false, true);
        mmu.load32(DATA + 1);
    }

    @Test
    void a20MasksWhatTheTlbHolds() {
        put(0x10_0000, 0x11, 1);
        put(0, 0x22, 1);
        assertEquals(0x11, mmu.load8(0x10_0000));
        map.setA20(false);
        assertEquals(0x22, mmu.load8(0x10_0000));
        assertEquals(0, mmu.fetch(0x10_0000));
        map.setA20(true);
        assertEquals(0x11, mmu.load8(0x10_0000));
    }

    @Test
    void aRestoredTlbRemembersWhatTheSavedOneDid() throws SnapshotException {
        paging32(0, PSE);
        map32(0x40_1000, DATA, P | W | U, P | W | U);
        put(TOP + 12, 0x40_0000 | P | W | PS, 4);
        put(DATA, 0x11, 1);
        put(0x40_0000, 0x33, 1);
        mmu.store8(0x40_1001, 1);
        mmu.load8(0x40_1000);
        mmu.load8(0xC0_0000);
        put(NEXT + 4, 0, 4);
        put(TOP + 12, 0, 4);
        SnapshotWriter first = new SnapshotWriter();
        mmu.save(first);
        Mmu other = new Mmu(map);
        other.setControl(PG | PE, TOP, PSE, 0, true);
        other.restore(new SnapshotReader("test", first.toByteArray()), 1);
        SnapshotWriter second = new SnapshotWriter();
        other.save(second);
        org.junit.jupiter.api.Assertions.assertArrayEquals(
                first.toByteArray(), second.toByteArray());
        assertEquals(0x11, other.load8(0x40_1000), "stale, as it was");
        other.store8(0x40_1000, 0x12);
        other.invalidatePage(0xFF_F000);
        assertThrows(GuestFault.class, () -> other.load8(0xC0_0000));
    }
}
