package dev.arclet.emulator.cpu;

import dev.arclet.emulator.cpu.interp.Interpreter;
import dev.arclet.emulator.memory.GuestMemory;
import dev.arclet.emulator.memory.PhysicalMap;
import dev.arclet.emulator.mmu.Mmu;
import java.util.ArrayList;
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

    /** What answers at physical addresses: RAM at 0. */
    public final PhysicalMap map = new PhysicalMap(36);

    /** The processor. */
    public final CpuState cpu;

    /** Its engine. */
    public final Interpreter engine;

    /** Exceptions raised so far, as vectors; none is delivered unless {@link #deliver} is set. */
    public final List<Integer> exceptions = new ArrayList<>();

    /** Values written to ports, in order. */
    public final List<Integer> output = new ArrayList<>();

    /** Whether exceptions go through the IDT; if not, they halt the processor. */
    public boolean deliver;

    private TestCpu() {
        map.mapRam("RAM", 0, MEMORY, memory, 0);
        cpu = new CpuState(new Mmu(map), new Ports());
        cpu.exceptionObserver =
                (processor, vector, errorCode, returnRip) -> {
                    exceptions.add(vector);
                    if (!deliver) {
                        processor.halted = true;
                    }
                    return !deliver;
                };
        engine = new Interpreter(cpu);
        cpu.reset();
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

    private void flat(int codeSize) {
        CpuState c = cpu;
        if (codeSize != 2) {
            c.cr0 = Control.CR0_PE | Control.CR0_ET | Control.CR0_NE | Control.CR0_MP;
        }
        c.cr4 = Control.CR4_OSFXSR | Control.CR4_OSXMMEXCPT;
        if (codeSize == 8) {
            c.cr4 |= Control.CR4_PAE;
            c.efer = Control.EFER_LME | Control.EFER_LMA;
            map.write(PAGE_TABLES, 8, PAGE_TABLES + 0x1000 | 7);
            map.write(PAGE_TABLES + 0x1000, 8, PAGE_TABLES + 0x2000 | 7);
            for (int i = 0; i < 8; i++) {
                int table = PAGE_TABLES + 0x3000 + i * 0x1000;
                map.write(PAGE_TABLES + 0x2000 + 8L * i, 8, table | 7);
            }
            for (int page = 0; page < MEMORY >> 12; page++) {
                mapPage64(page, page);
            }
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
        c.gpr[CpuState.RSP] = codeSize == 2 ? 0x8000 : 0x80000;
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
