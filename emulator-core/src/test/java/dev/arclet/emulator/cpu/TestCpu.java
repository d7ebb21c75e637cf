package dev.arclet.emulator.cpu;

import dev.arclet.emulator.cpu.interp.Interpreter;
import dev.arclet.emulator.memory.DirtyLog;
import dev.arclet.emulator.memory.GuestMemory;
import dev.arclet.emulator.memory.PhysicalMap;
import dev.arclet.emulator.mmu.Mmu;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HexFormat;
import java.util.List;

/**
 * A processor with flat RAM from address 0 and an interpreter, for tests that bring their code as
 * hexadecimal bytes. Ports read as all ones, and what is written to them is recorded.
 */
public final class TestCpu implements AutoCloseable {
    private static final long MEMORY = 16L << 20;

    /** Physical address of the identity page tables that {@link #long64()} and paging use. */
    public static final int PAGE_TABLES = 0xF0_0000;

    /** RAM. */
    public final GuestMemory memory = new GuestMemory(MEMORY);

    private final DirtyLog dirtyLog = new DirtyLog();

    /** What answers at physical addresses: RAM at 0. */
    public final PhysicalMap map = new PhysicalMap(36);

    /** The processor. */
    public final CpuState cpu;

    /** Its engine. */
    public final Interpreter engine;

    /** Exceptions raised so far, as vectors; none is delivered unless {@link #deliver} is set. */
    public final List<Integer> exceptions = new ArrayList<>();

    /** Where the handler of the last exception would return to. */
    public long returnRip;

    /** Values written to ports, in order. */
    public final List<Integer> output = new ArrayList<>();

    /** Whether exceptions go through the IDT; if not, they halt the processor. */
    public boolean deliver;

    private int codeSize;

    private TestCpu() {
        map.mapLoggedRam("RAM", 0, memory, dirtyLog);
        cpu = new CpuState(new Mmu(map), new Ports());
        cpu.exceptionObserver =
                (processor, vector, errorCode, rip) -> {
                    exceptions.add(vector);
                    returnRip = rip;
                    if (!deliver) {
                        processor.halted = true;
                    }
                    return !deliver;
                };
        engine = new Interpreter(cpu);
    }

    /** Real mode, all segment bases 0, SP 0x8000. */
    public static TestCpu real16() {
        TestCpu test = new TestCpu();
        test.flat(2);
        return test;
    }

    /** Protected mode, flat 32-bit segments, CPL 0, no paging, ESP 0x80000. */
    public static TestCpu flat32() {
        TestCpu test = new TestCpu();
        test.flat(4);
        return test;
    }

    /** 64-bit mode, CPL 0, RSP 0x80000; the first 16 MiB are mapped one to one in 4 KiB pages. */
    public static TestCpu long64() {
        TestCpu test = new TestCpu();
        test.flat(8);
        return test;
    }

    private void flat(int newCodeSize) {
        codeSize = newCodeSize;
        restart();
    }

    /** Puts the processor and RAM back into the state that they had at first. */
    public void restart() {
        CpuState c = cpu;
        c.reset();
        clearMemory();
        c.instructions = 0;
        c.halted = false;
        exceptions.clear();
        output.clear();
        if (codeSize != 2) {
            c.cr0 = Control.CR0_PE | Control.CR0_ET | Control.CR0_NE | Control.CR0_MP;
        }
        c.cr4 = Control.CR4_OSFXSR | Control.CR4_OSXMMEXCPT;
        if (codeSize == 8) {
            c.cr4 |= Control.CR4_PAE;
            c.efer = Control.EFER_LME | Control.EFER_LMA;
            c.cr3 = PAGE_TABLES;
            c.cr0 |= Control.CR0_PG;
        }
        c.mmu.setControl(c.cr0, c.cr3, c.cr4, c.efer, true);
        for (int i = 0; i < 6; i++) {
            SegmentRegister segment = c.segments[i];
            segment.selector = 8 * (i + 1);
            segment.base = 0;
            segment.limit = codeSize == 2 ? 0xFFFF : 0xFFFF_FFFFL;
            segment.access = i == CpuState.CS && codeSize != 2 ? 0x9B : 0x93;
            segment.granular = codeSize != 2;
            segment.longMode = codeSize == 8 && i == CpuState.CS;
            segment.big = codeSize != 2 && !segment.longMode;
            segment.unusable = false;
        }
        Segmentation.modeChanged(c);
        c.mmu.flushAll();
        c.gpr[CpuState.RSP] = codeSize == 2 ? 0x8000 : 0x80000;
    }

    private void writePageTables() {
        map.write(PAGE_TABLES, 8, PAGE_TABLES + 0x1000 | 7);
        map.write(PAGE_TABLES + 0x1000, 8, PAGE_TABLES + 0x2000 | 7);
        for (int i = 0; i < 8; i++) {
            int table = PAGE_TABLES + 0x3000 + i * 0x1000;
            map.write(PAGE_TABLES + 0x2000 + 8L * i, 8, table | 7);
        }
        for (int page = 0; page < MEMORY >> 12; page++) {
            mapPage64(page, page);
        }
    }

    /** Makes RAM as it was at the start: zeros, but for page tables in 64-bit mode. */
    private void clearMemory() {
        BitSet touched = dirtyLog.harvest();
        byte[] zeros = new byte[GuestMemory.PAGE_SIZE];
        for (int page = touched.nextSetBit(0); page >= 0; page = touched.nextSetBit(page + 1)) {
            map.writeExternal((long) page << GuestMemory.PAGE_SHIFT, zeros, 0, zeros.length);
        }
        if (codeSize == 8) {
            writePageTables();
        }
    }

    /** A digest of all of RAM. */
    public int memoryHash() {
        byte[] page = new byte[GuestMemory.PAGE_SIZE];
        int hash = 0;
        for (int i = 0; i < MEMORY >> GuestMemory.PAGE_SHIFT; i++) {
            if (!memory.isUntouched(i)) {
                memory.read((long) i << GuestMemory.PAGE_SHIFT, page, 0, page.length);
                hash += Arrays.hashCode(page) * (2 * i + 1);
            }
        }
        return hash;
    }

    /** Of {@link #long64()}: maps a linear page to a physical one; does not flush the TLB. */
    public void mapPage64(int linearPage, int physicalPage) {
        map.write(PAGE_TABLES + 0x3000 + 8L * linearPage, 8, (long) physicalPage << 12 | 7);
    }

    /** Puts bytes, given in hexadecimal (blanks allowed), at a physical address, as DMA would. */
    public TestCpu put(long address, String hex) {
        byte[] bytes = HexFormat.of().parseHex(hex.replaceAll("\\s", ""));
        map.writeExternal(address, bytes, 0, bytes.length);
        return this;
    }

    /** Puts code at an address and RIP to it. */
    public TestCpu code(long address, String hex) {
        cpu.setRip(address);
        return put(address, hex);
    }

    /** Executes at most so many instructions; returns how many it were. */
    public long run(long instructions) {
        long before = cpu.instructions;
        cpu.attention = false;
        engine.run(before + instructions);
        return cpu.instructions - before;
    }

    @Override
    public void close() {
        memory.close();
    }

    private final class Ports implements CpuBus {
        @Override
        public int in(int port, int bytes) {
            return bytes == 4 ? -1 : (1 << (8 * bytes)) - 1;
        }

        @Override
        public void out(int port, int bytes, int value) {
            output.add(value);
        }

        @Override
        public int acknowledgeInterrupt() {
            return 0;
        }

        @Override
        public long timeStampCounter() {
            return cpu.instructions;
        }
    }
}
