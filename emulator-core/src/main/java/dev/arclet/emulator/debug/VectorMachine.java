package dev.arclet.emulator.debug;

import dev.arclet.emulator.cpu.CpuBus;
import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.ExecutionEngine;
import dev.arclet.emulator.memory.DirtyLog;
import dev.arclet.emulator.memory.GuestMemory;
import dev.arclet.emulator.memory.PhysicalMap;
import dev.arclet.emulator.mmu.Mmu;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.function.Function;

/**
 * A processor and the memory that instruction vectors expect. It is built once; between tests only
 * what a test touched is restored: written pages are found by the memory's dirty log.
 */
final class VectorMachine implements AutoCloseable {
    /** Linear and physical address of the tests' memory. */
    static final int MEMORY = 0x10000;

    /** Size of the tests' memory. */
    static final int MEMORY_BYTES = 0x60000;

    /** Physical address of the GDT, LDT and page tables, out of the tests' reach. */
    static final int GDT = 0x100000, LDT = 0x101000, PAGE_TABLES = 0x102000;

    /** Table sizes: selectors 4F and FF are beyond the LDT. */
    static final int GDT_BYTES = 0x48, LDT_BYTES = 0x48;

    /** Selector of the LDT in the GDT. */
    static final int LDT_SELECTOR = 0x40;

    private static final byte[] NOP = {(byte) 0x90};
    private static final int SYSTEM_BYTES = 0x5000;
    private static final int PAGE = GuestMemory.PAGE_SIZE;
    private static final int INT3_AREA_BYTES = 0x10000;
    private static final int INTERRUPT_FLAG = 0x200, DIRECTION_FLAG = 0x400;

    /** A REP string instruction may come back this often before it is done. */
    private static final int MAX_CALLS = 1 << 17;

    /** What happened, besides the change of state. */
    static final class Outcome {
        /** Exception vector, or -1. */
        int vector;

        /** Error code, or -1. */
        int errorCode;

        /** Instruction pointer, as a handler would see it pushed. */
        long ip;

        /** What went wrong in the emulator itself, or null. */
        String failure;
    }

    private final GuestMemory memory = new GuestMemory(MEMORY_BYTES);
    private final GuestMemory system = new GuestMemory(SYSTEM_BYTES);
    private final DirtyLog dirtyLog = new DirtyLog();
    private final PhysicalMap map = new PhysicalMap(36);
    private final byte[] pristine = new byte[MEMORY_BYTES];
    private final byte[] expected = new byte[MEMORY_BYTES];
    private final byte[] page = new byte[PAGE];
    private final ExecutionEngine engine;
    private final Outcome outcome = new Outcome();
    private VectorMode mode = VectorMode.REAL;

    /** The processor. */
    final CpuState cpu;

    VectorMachine(Function<CpuState, ExecutionEngine> engines) {
        map.mapLoggedRam("vector memory", MEMORY, memory, dirtyLog);
        map.mapRam("vector tables", GDT, SYSTEM_BYTES, system, 0);
        Arrays.fill(pristine, 0, INT3_AREA_BYTES, (byte) 0xCC);
        System.arraycopy(pristine, 0, expected, 0, MEMORY_BYTES);
        map.writeExternal(MEMORY, pristine, 0, MEMORY_BYTES);
        writeTables();
        cpu = new CpuState(new Mmu(map), new NoBus());
        cpu.exceptionObserver = this::observe;
        engine = engines.apply(cpu);
    }

    private boolean observe(CpuState processor, int vector, int errorCode, long returnRip) {
        if (outcome.vector < 0) {
            outcome.vector = vector;
            outcome.errorCode = errorCode;
            outcome.ip = returnRip;
        }
        processor.halted = true;
        processor.attention = true;
        return true;
    }

    /** SDM vol. 3A, section 3.4.5; the list is in the vectors' README. */
    private void writeTables() {
        int[] bases = {0x30000, 0x10000, 0x40000, 0x20000, 0x50000, 0x60000};
        for (int i = 0; i < bases.length; i++) {
            putDescriptor(LDT + 8 * i, bases[i], 0xFFFF, i == 1 ? 0xFB : 0xF3, 0);
        }
        putDescriptor(LDT + 0x30, 0x20000, 0xFFFF, 0x73, 0);
        putDescriptor(LDT + 0x38, 0x20000, 0xFFFF, 0xF1, 0);
        putDescriptor(LDT + 0x40, 0x10000, 0xFFFF, 0xF9, 0);
        putDescriptor(GDT + 0x20, 0, 0xFFFFF, 0xFB, 0xC);
        putDescriptor(GDT + 0x28, 0, 0xFFFFF, 0xF3, 0xC);
        putDescriptor(GDT + 0x30, 0, 0xFFFFF, 0xFB, 0xA);
        putDescriptor(GDT + LDT_SELECTOR, LDT, LDT_BYTES - 1, 0x82, 0);
        // PML4, PDPT and a directory of 2 MiB pages: the first 2 MiB, user, writable.
        map.write(PAGE_TABLES, 8, (PAGE_TABLES + 0x1000) | 0x27);
        map.write(PAGE_TABLES + 0x1000, 8, (PAGE_TABLES + 0x2000) | 0x27);
        map.write(PAGE_TABLES + 0x2000, 8, 0xE7);
    }

    private void putDescriptor(int address, int base, int limit, int access, int flags) {
        long value =
                (limit & 0xFFFFL)
                        | (base & 0xFFFFFFL) << 16
                        | (long) access << 40
                        | (limit >> 16 & 0xFL) << 48
                        | (long) flags << 52
                        | (base >>> 24 & 0xFFL) << 56;
        map.write(address, 8, value);
    }

    /** Switches to a mode for the tests to come. */
    void enter(VectorMode newMode) {
        mode = newMode;
        mode.enter(cpu);
        engine.invalidateAllCode();
    }

    /**
     * Runs one test: loads its input, executes its one instruction. State is left to look at.
     *
     * @param behindNop whether to execute a NOP just before it, where there is room for one, so
     *     that the instruction is not the first of its block
     */
    Outcome run(VectorTest test, boolean behindNop) {
        load(test);
        boolean nop = behindNop && test.input().ip > 0;
        if (nop) {
            cpu.setRip(test.input().ip - 1);
            put((int) test.input().ip - 1 + mode.codeBase, NOP);
        }
        outcome.vector = -1;
        outcome.errorCode = -1;
        outcome.failure = null;
        long goal = cpu.instructions + (nop ? 2 : 1);
        try {
            int calls = 0;
            while (cpu.instructions < goal && outcome.vector < 0 && calls++ < MAX_CALLS) {
                cpu.attention = false;
                engine.run(goal);
            }
            if (calls >= MAX_CALLS) {
                outcome.failure = "the instruction does not end";
            }
        } catch (RuntimeException e) {
            // Whatever escapes here is a defect of the engine, which the report is about.
            outcome.failure = describe(e);
        }
        if (outcome.vector < 0) {
            outcome.ip = cpu.rip();
        }
        if (cpu.shutdown) {
            outcome.failure = "the processor shut down";
        }
        return outcome;
    }

    private static String describe(RuntimeException e) {
        StackTraceElement[] trace = e.getStackTrace();
        return e + (trace.length == 0 ? "" : " at " + trace[0]);
    }

    private void load(VectorTest test) {
        VectorState input = test.input();
        System.arraycopy(input.gpr, 0, cpu.gpr, 0, 16);
        cpu.setRip(input.ip);
        cpu.systemFlags = INTERRUPT_FLAG | (input.flags & DIRECTION_FLAG);
        cpu.setArithmeticFlags(input.flags);
        System.arraycopy(input.significand, 0, cpu.x87.significand, 0, 8);
        System.arraycopy(input.signExponent, 0, cpu.x87.signExponent, 0, 8);
        cpu.x87.control = input.fcw;
        cpu.x87.setStatusWord(input.fsw);
        cpu.x87.valid = input.ftw;
        cpu.mxcsr = input.mxcsr;
        System.arraycopy(input.xmm, 0, cpu.xmm, 0, 32);
        cpu.halted = false;
        cpu.shutdown = false;
        cpu.interruptShadow = false;
        cpu.attention = false;
        for (VectorState.Run run : input.memory) {
            put(run.address(), run.bytes());
        }
        put((int) input.ip + mode.codeBase, test.code());
    }

    private void put(int address, byte[] bytes) {
        map.writeExternal(address, bytes, 0, bytes.length);
        System.arraycopy(bytes, 0, expected, address - MEMORY, bytes.length);
    }

    /**
     * Compares the memory with what the test expects, then restores memory and, if the test changed
     * them, segments.
     *
     * @param differences gets a line for each page that differs
     */
    void finish(VectorTest test, List<String> differences) {
        for (VectorState.Run run : test.expected().memory) {
            System.arraycopy(run.bytes(), 0, expected, run.address() - MEMORY, run.bytes().length);
        }
        for (VectorTest.Gap gap : test.undefinedMemory()) {
            map.readExternal(gap.address(), expected, gap.address() - MEMORY, gap.length());
        }
        BitSet touched = dirtyLog.harvest();
        for (VectorState.Run run : test.expected().memory) {
            int first = (run.address() - MEMORY) / PAGE;
            touched.set(first, (run.address() + run.bytes().length - 1 - MEMORY) / PAGE + 1);
        }
        for (int i = touched.nextSetBit(0); i >= 0; i = touched.nextSetBit(i + 1)) {
            int at = i * PAGE;
            map.readExternal(MEMORY + at, page, 0, PAGE);
            int difference = Arrays.mismatch(page, 0, PAGE, expected, at, at + PAGE);
            if (difference >= 0 && !test.undefinedResult()) {
                differences.add(describeMemory(at, difference));
            }
            if (Arrays.mismatch(page, 0, PAGE, pristine, at, at + PAGE) >= 0) {
                map.writeExternal(MEMORY + at, pristine, at, PAGE);
            }
            System.arraycopy(pristine, at, expected, at, PAGE);
        }
        restoreSegments();
    }

    private void restoreSegments() {
        boolean same = cpu.cpl == (mode == VectorMode.REAL ? 0 : 3);
        for (int i = 0; i < 6; i++) {
            same &= cpu.segments[i].selector == mode.selector(i) && !cpu.segments[i].unusable;
        }
        if (!same) {
            enter(mode);
        }
    }

    private String describeMemory(int pageStart, int difference) {
        int end = Math.min(difference + 16, PAGE);
        var hex = java.util.HexFormat.of();
        return "@%x is %s, expected %s"
                .formatted(
                        MEMORY + pageStart + difference,
                        hex.formatHex(page, difference, end),
                        hex.formatHex(expected, pageStart + difference, pageStart + end));
    }

    @Override
    public void close() {
        memory.close();
        system.close();
    }

    /** A board with nothing on it. */
    private static final class NoBus implements CpuBus {
        private long time;

        @Override
        public int in(int port, int bytes) {
            return -1 >>> (32 - 8 * bytes);
        }

        @Override
        public void out(int port, int bytes, int value) {}

        @Override
        public int acknowledgeInterrupt() {
            return 0xFF;
        }

        @Override
        public long timeStampCounter() {
            return time++;
        }
    }
}
