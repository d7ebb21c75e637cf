package dev.arclet.emulator.mmu;

import dev.arclet.emulator.fault.GuestFault;
import dev.arclet.emulator.memory.PhysicalMap;

/**
 * Translates linear addresses by the paging structures in memory (SDM vol. 3A, chapter 4): 32-bit
 * paging with PSE and PSE-36, PAE paging, 4-level paging.
 *
 * <p>Accessed and dirty bits are set only when the whole translation succeeds, so a fault leaves
 * the structures as they were.
 */
final class PageWalker {
    /** Kind of access. */
    static final int READ = 0, WRITE = 1, EXECUTE = 2;

    /** Bits of {@link #entryFlags}: kept over CR3 writes; maps more than 4 KiB. */
    static final int GLOBAL = 1, LARGE = 2;

    /** In {@link #entryFlags}: which bit of {@link #changedKeys} stands for the page's key. */
    static final int KEY_SHIFT = 4, KEY_MASK = 31;

    /** The part of {@link #entryFlags} that is flags: all of it. */
    static final int FLAGS = GLOBAL | LARGE | KEY_MASK << KEY_SHIFT;

    private static final int PRESENT = 1, WRITABLE = 2, USER = 4, ACCESSED = 0x20, DIRTY = 0x40;
    private static final int PAGE_SIZE_BIT = 0x80, GLOBAL_BIT = 0x100;
    private static final int CR0_WP = 1 << 16, CR0_PG = 1 << 31;
    private static final int CR4_PSE = 1 << 4, CR4_PAE = 1 << 5, CR4_PGE = 1 << 7;
    private static final int CR4_SMEP = 1 << 20, CR4_SMAP = 1 << 21;
    private static final int CR4_PKE = 1 << 22, CR4_PKS = 1 << 24;
    private static final int EFER_LMA = 1 << 10, EFER_NXE = 1 << 11;

    private final PhysicalMap map;
    private final GuestFault fault;
    private final long reservedAddressBits;
    private final int reservedPse36Bits;

    private long cr3;
    private boolean paging;
    private boolean pae;
    private boolean longMode;
    private boolean pageSizeExtensions;
    private boolean writeProtect;
    private boolean noExecute;
    private boolean globalPages;
    private boolean smep;
    private boolean smap;
    private boolean userKeys;
    private boolean supervisorKeys;
    private int userKeyRights;
    private int supervisorKeyRights;
    private final long[] pdptes = new long[4];

    /** Of the last successful walk: {@link #GLOBAL}, {@link #LARGE}, and the key's number. */
    int entryFlags;

    /** Of the last successful walk: the size of the page, 4096 or more. */
    long pageBytes;

    private boolean unnoticed;

    PageWalker(PhysicalMap map, GuestFault fault) {
        this.map = map;
        this.fault = fault;
        long physicalMask = map.canonical(-1L) | 1L << 20;
        reservedAddressBits = ~physicalMask & 0x000F_FFFF_FFFF_F000L;
        // Bits 13..20 of a 4 MiB entry are address bits 32..39, bit 21 is always reserved.
        reservedPse36Bits = (int) (reservedAddressBits >>> 19) & 0x1F_E000 | 1 << 21;
    }

    /** Takes over what the control registers say. */
    void configure(long cr0, long newCr3, long cr4, long efer) {
        paging = (cr0 & CR0_PG) != 0;
        writeProtect = (cr0 & CR0_WP) != 0;
        cr3 = newCr3;
        pageSizeExtensions = (cr4 & CR4_PSE) != 0;
        pae = (cr4 & CR4_PAE) != 0;
        globalPages = (cr4 & CR4_PGE) != 0;
        smep = (cr4 & CR4_SMEP) != 0;
        smap = (cr4 & CR4_SMAP) != 0;
        longMode = (efer & EFER_LMA) != 0;
        noExecute = (efer & EFER_NXE) != 0;
        userKeys = longMode && (cr4 & CR4_PKE) != 0;
        supervisorKeys = longMode && (cr4 & CR4_PKS) != 0;
    }

    /**
     * Takes over PKRU and IA32_PKRS.
     *
     * @return the keys whose rights are others now: bit n for key n of supervisor pages, bit 16 + n
     *     for key n of user pages
     */
    int setKeyRights(int user, int supervisor) {
        int changed = changedKeys(supervisorKeyRights, supervisor);
        changed |= changedKeys(userKeyRights, user) << 16;
        userKeyRights = user;
        supervisorKeyRights = supervisor;
        return changed;
    }

    private static int changedKeys(int before, int after) {
        int changed = 0;
        for (int key = 0; key < 16; key++) {
            changed |= ((before ^ after) >>> 2 * key & 3) != 0 ? 1 << key : 0;
        }
        return changed;
    }

    boolean paging() {
        return paging;
    }

    /** Whether a walk ends by a fault before it reads tables in devices, which may notice that. */
    void setUnnoticed(boolean value) {
        unnoticed = value;
    }

    private long read(long address, int bytes) {
        if (unnoticed && map.readablePage(address) == 0) {
            throw fault;
        }
        return map.read(address, bytes);
    }

    boolean longMode() {
        return longMode;
    }

    boolean globalPages() {
        return globalPages;
    }

    /**
     * Reads the four page-directory-pointer entries of PAE paging, as a load of CR3 does.
     *
     * @return whether their reserved bits are clear; if not, nothing has changed
     */
    boolean loadPdptes(long newCr3) {
        long table = newCr3 & 0xFFFF_FFE0L;
        long[] loaded = new long[4];
        for (int i = 0; i < 4; i++) {
            loaded[i] = map.read(table + 8L * i, 8);
            long reserved = reservedAddressBits | 0xFFF0_0000_0000_01E6L;
            if ((loaded[i] & PRESENT) != 0 && (loaded[i] & reserved) != 0) {
                return false;
            }
        }
        System.arraycopy(loaded, 0, pdptes, 0, 4);
        return true;
    }

    long[] pdptes() {
        return pdptes;
    }

    /**
     * The physical address of the 4 KiB that contain {@code linear}.
     *
     * @param access {@link #READ}, {@link #WRITE} or {@link #EXECUTE}
     * @param user whether the access is made with user privilege
     * @param smapOverride whether EFLAGS.AC lifts SMAP for this access
     * @throws GuestFault #PF with its exact error code
     */
    long walk(long linear, int access, boolean user, boolean smapOverride) {
        if (!paging) {
            entryFlags = GLOBAL;
            pageBytes = 4096;
            return linear & 0xFFFF_F000L;
        }
        if (longMode) {
            return walkLong(linear, access, user, smapOverride);
        }
        return pae
                ? walkPae(linear, access, user, smapOverride)
                : walk32(linear, access, user, smapOverride);
    }

    private long walk32(long linear, int access, boolean user, boolean smapOverride) {
        long pdeAddress = (cr3 & 0xFFFF_F000L) + (linear >>> 20 & 0xFFC);
        int pde = (int) read(pdeAddress, 4);
        if ((pde & PRESENT) == 0) {
            throw fault(linear, access, user, 0);
        }
        if (pageSizeExtensions && (pde & PAGE_SIZE_BIT) != 0) {
            if ((pde & reservedPse36Bits) != 0) {
                throw fault(linear, access, user, 9);
            }
            check(linear, access, user, smapOverride, pde, false, 0);
            touch(pdeAddress, pde, access, 4);
            found(pde, 1L << 22);
            return pde & 0xFFC0_0000L | (pde & 0x1F_E000L) << 19 | linear & 0x3F_F000;
        }
        long pteAddress = (pde & 0xFFFF_F000L) + (linear >>> 10 & 0xFFC);
        int pte = (int) read(pteAddress, 4);
        if ((pte & PRESENT) == 0) {
            throw fault(linear, access, user, 0);
        }
        check(linear, access, user, smapOverride, pde & pte, false, 0);
        accessed(pdeAddress, pde, 4);
        touch(pteAddress, pte, access, 4);
        found(pte, 4096);
        return pte & 0xFFFF_F000L;
    }

    private long walkPae(long linear, int access, boolean user, boolean smapOverride) {
        long pdpte = pdptes[(int) (linear >>> 30) & 3];
        if ((pdpte & PRESENT) == 0) {
            throw fault(linear, access, user, 0);
        }
        long pdeAddress = table(pdpte) + (linear >>> 18 & 0xFF8);
        long pde = entry(pdeAddress, linear, access, user);
        if ((pde & 0x7FF0_0000_0000_0000L) != 0) {
            throw fault(linear, access, user, 9);
        }
        if ((pde & PAGE_SIZE_BIT) != 0) {
            if ((pde & 0x1F_E000) != 0) {
                throw fault(linear, access, user, 9);
            }
            check(linear, access, user, smapOverride, (int) pde, pde < 0, 0);
            touch(pdeAddress, pde, access, 8);
            found((int) pde, 1L << 21);
            return table(pde) & -(1L << 21) | linear & 0x1F_F000;
        }
        long pteAddress = table(pde) + (linear >>> 9 & 0xFF8);
        long pte = entry(pteAddress, linear, access, user);
        if ((pte & 0x7FF0_0000_0000_0000L) != 0) {
            throw fault(linear, access, user, 9);
        }
        check(linear, access, user, smapOverride, (int) (pde & pte), (pde | pte) < 0, 0);
        accessed(pdeAddress, pde, 8);
        touch(pteAddress, pte, access, 8);
        found((int) pte, 4096);
        return table(pte);
    }

    private long walkLong(long linear, int access, boolean user, boolean smapOverride) {
        long pml4eAddress = table(cr3) + (linear >>> 36 & 0xFF8);
        long pml4e = entry(pml4eAddress, linear, access, user);
        if ((pml4e & PAGE_SIZE_BIT) != 0) {
            throw fault(linear, access, user, 9);
        }
        long pdpteAddress = table(pml4e) + (linear >>> 27 & 0xFF8);
        long pdpte = entry(pdpteAddress, linear, access, user);
        long all = pml4e & pdpte;
        long any = pml4e | pdpte;
        if ((pdpte & PAGE_SIZE_BIT) != 0) {
            if ((pdpte & 0x3FFF_E000) != 0) {
                throw fault(linear, access, user, 9);
            }
            check(linear, access, user, smapOverride, (int) all, any < 0, pdpte);
            accessed(pml4eAddress, pml4e, 8);
            touch(pdpteAddress, pdpte, access, 8);
            found((int) pdpte, 1L << 30);
            entryFlags |= keyFlags(all, pdpte);
            return table(pdpte) & -(1L << 30) | linear & 0x3FFF_F000;
        }
        long pdeAddress = table(pdpte) + (linear >>> 18 & 0xFF8);
        long pde = entry(pdeAddress, linear, access, user);
        all &= pde;
        any |= pde;
        if ((pde & PAGE_SIZE_BIT) != 0) {
            if ((pde & 0x1F_E000) != 0) {
                throw fault(linear, access, user, 9);
            }
            check(linear, access, user, smapOverride, (int) all, any < 0, pde);
            accessed(pml4eAddress, pml4e, 8);
            accessed(pdpteAddress, pdpte, 8);
            touch(pdeAddress, pde, access, 8);
            found((int) pde, 1L << 21);
            entryFlags |= keyFlags(all, pde);
            return table(pde) & -(1L << 21) | linear & 0x1F_F000;
        }
        long pteAddress = table(pde) + (linear >>> 9 & 0xFF8);
        long pte = entry(pteAddress, linear, access, user);
        check(linear, access, user, smapOverride, (int) (all & pte), (any | pte) < 0, pte);
        accessed(pml4eAddress, pml4e, 8);
        accessed(pdpteAddress, pdpte, 8);
        accessed(pdeAddress, pde, 8);
        touch(pteAddress, pte, access, 8);
        found((int) pte, 4096);
        entryFlags |= keyFlags(all & pte, pte);
        return table(pte);
    }

    private static long table(long entry) {
        return entry & 0x000F_FFFF_FFFF_F000L;
    }

    /** Reads an 8-byte entry; faults if it is not present or its reserved bits are set. */
    private long entry(long address, long linear, int access, boolean user) {
        long entry = read(address, 8);
        if ((entry & PRESENT) == 0) {
            throw fault(linear, access, user, 0);
        }
        if ((entry & reservedAddressBits) != 0 || (entry < 0 && !noExecute)) {
            throw fault(linear, access, user, 9);
        }
        return entry;
    }

    /** Section 4.6: what the combined rights of all levels allow. */
    private void check(
            long linear,
            int access,
            boolean user,
            boolean smapOverride,
            int rights,
            boolean noExecuteBit,
            long leaf) {
        boolean userPage = (rights & USER) != 0;
        boolean allowed;
        if (user) {
            allowed =
                    userPage
                            && (access != WRITE || (rights & WRITABLE) != 0)
                            && (access != EXECUTE || !noExecuteBit);
        } else if (access == EXECUTE) {
            allowed = !noExecuteBit && !(smep && userPage);
        } else {
            allowed =
                    (access != WRITE || (rights & WRITABLE) != 0 || !writeProtect)
                            && !(smap && userPage && !smapOverride);
        }
        boolean forbiddenByKey = access != EXECUTE && keyForbids(access, user, userPage, leaf);
        if (!allowed || forbiddenByKey) {
            throw fault(linear, access, user, forbiddenByKey ? 1 | 32 : 1);
        }
    }

    /** Section 4.6.2: whether the protection key of a leaf entry forbids a data access. */
    private boolean keyForbids(int access, boolean user, boolean userPage, long leaf) {
        if (userPage ? !userKeys : !supervisorKeys) {
            return false;
        }
        int rights = (userPage ? userKeyRights : supervisorKeyRights) >>> 2 * key(leaf);
        boolean accessDisabled = (rights & 1) != 0;
        boolean writeDisabled = (rights & 2) != 0 && (user || writeProtect);
        return accessDisabled || (access == WRITE && writeDisabled);
    }

    private static int key(long leaf) {
        return (int) (leaf >>> 59) & 15;
    }

    private static int keyFlags(long rights, long leaf) {
        return (key(leaf) | ((rights & USER) != 0 ? 16 : 0)) << KEY_SHIFT;
    }

    private void accessed(long address, long entry, int bytes) {
        if ((entry & ACCESSED) == 0) {
            map.write(address, bytes, entry | ACCESSED);
        }
    }

    private void touch(long address, long entry, int access, int bytes) {
        int wanted = access == WRITE ? ACCESSED | DIRTY : ACCESSED;
        if ((entry & wanted) != wanted) {
            map.write(address, bytes, entry | wanted);
        }
    }

    private void found(int leaf, long bytes) {
        pageBytes = bytes;
        entryFlags =
                (globalPages && (leaf & GLOBAL_BIT) != 0 ? GLOBAL : 0) | (bytes > 4096 ? LARGE : 0);
    }

    private GuestFault fault(long linear, int access, boolean user, int presentAndReserved) {
        int code = presentAndReserved | (access == WRITE ? 2 : 0) | (user ? 4 : 0);
        if (access == EXECUTE && (smep || (noExecute && (pae || longMode)))) {
            code |= 16;
        }
        return fault.setPageFault(linear, code);
    }
}
