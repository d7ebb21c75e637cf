package dev.arclet.emulator.cpu.differential;

import dev.arclet.emulator.bus.MmioDevice;
import dev.arclet.emulator.cpu.Control;
import dev.arclet.emulator.cpu.CpuBus;
import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.Eflags;
import dev.arclet.emulator.cpu.ExecutionEngine;
import dev.arclet.emulator.cpu.ExtendedState;
import dev.arclet.emulator.cpu.Interrupts;
import dev.arclet.emulator.cpu.SegmentRegister;
import dev.arclet.emulator.cpu.Segmentation;
import dev.arclet.emulator.cpu.differential.Case.Setup;
import dev.arclet.emulator.memory.DirtyLog;
import dev.arclet.emulator.memory.GuestMemory;
import dev.arclet.emulator.memory.PhysicalMap;
import dev.arclet.emulator.mmu.Mmu;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Function;

/**
 * A processor with nearly 1 MiB of RAM and one engine, on which cases run. What an engine has
 * derived from code stays from case to case, so that a case can be run again warm.
 *
 * <p>Exceptions are recorded together with all of the processor's state. Unless the case has them
 * delivered, the run then goes on with the next instruction that the case knows. Repetitions are
 * bounded, since nothing is mapped beyond 1 MiB, or segments end there; and where a program has
 * overwritten its page tables so that they lead elsewhere, since accesses there are events.
 */
final class FuzzMachine implements AutoCloseable {
    /** Bytes of RAM. */
    static final int MEMORY = 0xF_0000;

    /** Where segments and page tables end. */
    private static final int SPACE = 0x10_0000;

    /** Linear address of the code segment's start in 16-bit code, and of all code otherwise. */
    static final int CODE = 0x1_0000;

    /** Where data is; 64 KiB. */
    static final int DATA = 0x2_0000;

    /** Where stacks are. */
    static final int STACK = 0x3_0000;

    /** A page of memory-mapped I/O. */
    static final int MMIO = MEMORY;

    /** Linear addresses of this 64 KiB are the code's pages once more. */
    static final int ALIAS = 0x5_0000;

    /** The page table that maps the first 2 MiB, or 4 MiB. */
    static final int PAGE_TABLE = 0x8_3000;

    /** Bases of segments where there are some. */
    static final int SEGMENT_BASE = 0x800;

    private static final int GDT = 0x1000, IDT = 0x2000, TSS = 0x3000, HANDLERS = 0x4000;
    private static final int COUNTER = 0x5000, RESUME_TABLE = 0x5010, STACK0 = 0x7000;
    private static final int PAGE_TABLES = 0x8_0000;
    private static final int PAGE = GuestMemory.PAGE_SIZE;
    private static final int MAX_EVENTS = 5_000;
    private static final int ADDRESS_BITS = 36;

    private final GuestMemory memory = new GuestMemory(MEMORY);
    private final DirtyLog dirtyLog = new DirtyLog();
    private final PhysicalMap map = new PhysicalMap(ADDRESS_BITS);
    private final byte[] image = new byte[MEMORY];
    private final byte[] page = new byte[PAGE];
    private final ExecutionEngine engine;
    private final String name;
    private Outcome outcome = new Outcome();
    private Case current;
    private boolean detailed;

    /** The processor. */
    final CpuState cpu;

    /** What a run has done. */
    static final class Outcome {
        /** Digest of all state after each piece. */
        final List<Integer> states = new ArrayList<>();

        /** Instructions after each piece. */
        final List<Long> counts = new ArrayList<>();

        /** Exceptions, port and device accesses, in order. */
        final List<String> events = new ArrayList<>();

        /** State after each piece in words, if asked for. */
        final List<String> described = new ArrayList<>();

        /** RAM at the end. */
        byte[] memory;

        /** What escaped from the engine, or null. */
        Throwable failure;
    }

    FuzzMachine(String name, Function<CpuState, ExecutionEngine> engines) {
        this.name = name;
        map.mapLoggedRam("RAM", 0, memory, dirtyLog);
        map.mapMmio("device", MMIO, PAGE, new Device());
        map.mapMmio("beyond", MMIO + PAGE, (1L << ADDRESS_BITS) - MMIO - PAGE, new Beyond());
        cpu = new CpuState(new Mmu(map), new Ports());
        cpu.exceptionObserver = this::observe;
        engine = engines.apply(cpu);
    }

    String name() {
        return name;
    }

    /** Instructions that ran as translated code, of all cases. */
    long translated() {
        return engine.translatedInstructions();
    }

    /** The engine's own figures. */
    Map<String, Long> counters() {
        return engine.counters();
    }

    /**
     * Forgets what was derived from code, so that the next case does not depend on those before.
     */
    void forget() {
        engine.invalidateAllCode();
    }

    /** Runs a case. Its RAM is put in place first; pages that have it already are not touched. */
    Outcome run(Case c, boolean describe) {
        current = c;
        detailed = describe;
        outcome = new Outcome();
        buildImage(c);
        for (int at = 0; at < MEMORY; at += PAGE) {
            map.readExternal(at, page, 0, PAGE);
            if (Arrays.mismatch(page, 0, PAGE, image, at, at + PAGE) >= 0) {
                map.writeExternal(at, image, at, PAGE);
            }
        }
        dirtyLog.harvest();
        enter(c);
        try {
            for (Case.Step step : c.steps()) {
                happen(step);
                piece(step.instructions());
                if (outcome.events.size() > MAX_EVENTS) {
                    // Where it then gave way is not the engine's choice.
                    outcome.events.subList(MAX_EVENTS, outcome.events.size()).clear();
                    outcome.memory = new byte[0];
                    return outcome;
                }
                outcome.states.add(stateDigest());
                outcome.counts.add(cpu.instructions);
                if (describe) {
                    outcome.described.add(describe());
                }
                if (cpu.halted || cpu.shutdown) {
                    break;
                }
            }
        } catch (RuntimeException | Error e) {
            // Whatever escapes an engine is a defect, which the comparison reports.
            outcome.failure = e;
        }
        outcome.memory = new byte[MEMORY];
        BitSet touched = dirtyLog.harvest();
        System.arraycopy(image, 0, outcome.memory, 0, MEMORY);
        for (int i = touched.nextSetBit(0); i >= 0; i = touched.nextSetBit(i + 1)) {
            map.readExternal((long) i * PAGE, outcome.memory, i * PAGE, PAGE);
        }
        return outcome;
    }

    /** As the machine's run loop does: interrupts between runs of the engine. */
    private void piece(int instructions) {
        long goal = cpu.instructions + instructions;
        int calls = 0;
        while (cpu.instructions < goal && !cpu.halted && !cpu.shutdown) {
            boolean shadow = cpu.interruptShadow;
            if (!shadow && cpu.interruptLine && (cpu.systemFlags & Eflags.IF) != 0) {
                event("interrupt at " + cpu.instructions);
                cpu.interruptLine = false;
                Interrupts.external(cpu, 0x40);
            }
            cpu.interruptShadow = false;
            cpu.attention = false;
            long before = cpu.instructions;
            engine.run(shadow ? cpu.instructions + 1 : goal);
            if (cpu.instructions > goal) {
                throw new IllegalStateException("ran beyond the limit: " + cpu.instructions);
            }
            if (cpu.instructions != goal) {
                event("back at " + cpu.instructions);
            }
            if (cpu.instructions == before && ++calls > 1000) {
                event("stuck");
                return;
            }
            if (outcome.events.size() > MAX_EVENTS) {
                return;
            }
        }
    }

    private void event(String text) {
        outcome.events.add(text);
        if (outcome.events.size() > MAX_EVENTS) {
            // A repeated port access may be billions of events; with this it gives way.
            cpu.attention = true;
        }
    }

    private void happen(Case.Step step) {
        switch (step.event()) {
            case NONE -> {}
            case DMA_CODE -> {
                int at = at(current, Math.floorMod(step.argument(), current.code().length));
                byte[] one = new byte[1];
                map.readExternal(at, one, 0, 1);
                one[0]++;
                map.writeExternal(at, one, 0, 1);
            }
            case DMA_DATA -> {
                byte[] some = new byte[24];
                Arrays.fill(some, (byte) step.argument());
                map.writeExternal(
                        DATA + Math.floorMod(step.argument(), 0xFF00), some, 0, some.length);
            }
            case IRQ -> cpu.interruptLine = true;
            case FORGET -> engine.invalidateAllCode();
        }
    }

    private boolean observe(CpuState processor, int vector, int errorCode, long returnRip) {
        // Software interrupts come from within a block, where neither of these is exact.
        long rip = processor.rip();
        long instructions = processor.instructions;
        processor.setRip(returnRip);
        processor.instructions = 0;
        event(
                "exception %d(%x) at %x: %08x%s"
                        .formatted(
                                vector,
                                errorCode,
                                returnRip,
                                stateDigest(),
                                detailed ? "\n      " + describe() : ""));
        processor.setRip(rip);
        processor.instructions = instructions;
        if (outcome.events.size() > MAX_EVENTS) {
            processor.setRip(returnRip);
            processor.halted = true;
            return true;
        }
        if (current.has(Setup.DELIVER)) {
            return false;
        }
        long mask = current.codeSize() == 2 ? 0xFFFF : -1L;
        int base = ripBase(current) + current.start();
        long offset = returnRip - base & mask;
        int next = current.code().length - 1;
        for (int start : current.starts()) {
            if (start > offset) {
                next = start;
                break;
            }
        }
        processor.setRip(base + next & mask);
        // The last one is HLT, which may itself be what must not be executed.
        processor.halted = offset == next;
        return true;
    }

    // Memory

    private void put(int address, int bytes, long value) {
        for (int i = 0; i < bytes; i++) {
            image[address + i] = (byte) (value >>> 8 * i);
        }
    }

    private void put(int address, String hex) {
        byte[] bytes = HexFormat.of().parseHex(hex.replace(" ", ""));
        System.arraycopy(bytes, 0, image, address, bytes.length);
    }

    private void buildImage(Case c) {
        Arrays.fill(image, (byte) 0);
        if (c.dataSeed() != 0) {
            Random random = new Random(c.dataSeed());
            byte[] data = new byte[0x2_0000];
            random.nextBytes(data);
            // Small numbers and zeros are what programs compare with.
            for (int i = 0; i < data.length; i += 16) {
                if (random.nextInt(3) == 0) {
                    Arrays.fill(data, i, i + 1 + random.nextInt(16), (byte) 0);
                }
            }
            System.arraycopy(data, 0, image, DATA, data.length);
        }
        for (int i = 0; i < c.code().length; i++) {
            image[at(c, i)] = c.code()[i];
        }
        putTables(c);
        putHandlers(c);
        if (c.has(Setup.PAGING) || c.codeSize() == 8) {
            putPageTables(c);
        }
    }

    /** Linear address of a byte of the code. */
    private static int at(Case c, int index) {
        int offset = c.start() + index;
        return CODE + (c.codeSize() == 2 ? offset & 0xFFFF : offset);
    }

    /** A descriptor of 32 or 64-bit segments: with base 0, and with the limit of {@link #lay}. */
    private static long descriptor(Case c, int access, int flags) {
        long limit = flat(c) ? 0xFL << 48 | 0xFFFF : 0xFF;
        return limit | (long) access << 40 | (long) flags << 52;
    }

    /** A descriptor of a 16-bit segment of 64 KiB. */
    private static long descriptor16(int access, long base) {
        return 0xFFFF | base << 16 | (long) access << 40;
    }

    /** Whether segments end at 4 GiB. Where there are no pages, they end where RAM does. */
    private static boolean flat(Case c) {
        return c.has(Setup.PAGING) || c.codeSize() == 8;
    }

    private void putTables(Case c) {
        int flags = c.codeSize() == 8 ? 0xA : 0xC;
        boolean narrow = c.codeSize() == 2;
        for (int user = 0; user <= 0x60; user += 0x60) {
            int at = GDT + (user == 0 ? 8 : 0x18);
            int code = 0x9B | user;
            int data = 0x93 | user;
            put(at, 8, narrow ? descriptor16(code, CODE) : descriptor(c, code, flags));
            put(at + 8, 8, narrow ? descriptor16(data, DATA) : descriptor(c, data, 0xC));
        }
        if (c.codeSize() == 2) {
            for (int vector = 0; vector < 256; vector++) {
                put(4 * vector, 4, HANDLERS);
            }
        } else {
            int bytes = c.codeSize() == 8 ? 16 : 8;
            for (int vector = 0; vector < 256; vector++) {
                int target = HANDLERS + (vector == 0x40 ? 0 : hasErrorCode(vector) ? 0x40 : 0x80);
                put(IDT + vector * bytes, 8, target & 0xFFFFL | 8 << 16 | 0x8EL << 40);
            }
            put(TSS + 4, c.codeSize() == 8 ? 8 : 4, STACK0);
            put(TSS + 8, c.codeSize() == 8 ? 0 : 4, 0x10);
        }
    }

    private static boolean hasErrorCode(int vector) {
        return vector == 8 || vector >= 10 && vector <= 14 || vector == 17;
    }

    /**
     * The interrupt's handler counts; those of exceptions count, too, and return to an instruction
     * that the counter chooses.
     */
    private void putHandlers(Case c) {
        if (c.codeSize() == 2) {
            put(HANDLERS, "2E FF 06 00 50 CF"); // inc word [cs:0x5000]; iret
            return;
        }
        for (int i = 0; i < 8; i++) {
            int[] starts = c.starts();
            int at = starts.length == 0 ? 0 : starts[i * starts.length / 8];
            put(RESUME_TABLE + 8 * i, 8, (long) ripBase(c) + c.start() + at);
        }
        if (c.codeSize() == 4) {
            put(HANDLERS, "FF 05 00 50 00 00 CF"); // inc [counter]; iretd
            // push eax; mov eax, [counter]; inc eax; mov [counter], eax; and eax, 7
            // mov eax, [table + eax * 8]; mov [esp + 8], eax; pop eax; add esp, 4; iretd
            String body = "50 A1 00500000 40 A3 00500000 83E007 8B04C5 10500000";
            put(HANDLERS + 0x40, body + "89442408 58 83C404 CF");
            put(HANDLERS + 0x80, body + "89442404 58 CF");
        } else {
            put(HANDLERS, "FF 04 25 00 50 00 00 48 CF");
            String body = "50 8B0425 00500000 FFC0 890425 00500000 83E007 488B04C5 10500000";
            put(HANDLERS + 0x40, body + "4889442410 58 4883C408 48CF");
            put(HANDLERS + 0x80, body + "4889442408 58 48CF");
        }
    }

    /** The offset in the code segment of linear address {@link #CODE}. */
    static int ripBase(Case c) {
        return c.codeSize() == 2 ? 0 : CODE;
    }

    private void putPageTables(Case c) {
        boolean wide = c.codeSize() == 8;
        if (wide) {
            put(PAGE_TABLES, 8, PAGE_TABLES + 0x1000 | 7);
            put(PAGE_TABLES + 0x1000, 8, PAGE_TABLES + 0x2000 | 7);
            put(PAGE_TABLES + 0x2000, 8, PAGE_TABLE | 7);
        } else {
            put(PAGE_TABLES, 4, PAGE_TABLE | 7);
        }
        for (int i = 0; i < SPACE / PAGE; i++) {
            int linear = i * PAGE;
            int physical = linear;
            if (linear >= ALIAS && linear < ALIAS + 0x1_0000) {
                physical = linear - ALIAS + CODE;
            }
            int rights = 7;
            if (c.has(Setup.HOLES) && linear >= DATA + 0x8000 && linear < STACK) {
                rights = new int[] {5, 7, 0, 7, 3, 7, 5, 7}[i & 7];
            }
            long key = c.has(Setup.KEYS) && linear >= DATA && linear < STACK ? i & 3 : 0;
            put(PAGE_TABLE + (wide ? 8 : 4) * i, wide ? 8 : 4, key << 59 | physical | rights);
        }
    }

    // Processor

    private void enter(Case c) {
        CpuState s = cpu;
        s.reset();
        s.instructions = 0;
        s.interruptLine = false;
        s.attention = false;
        boolean wide = c.codeSize() == 8;
        boolean user = c.has(Setup.USER);
        s.cr0 = Control.CR0_ET | Control.CR0_NE | Control.CR0_MP;
        s.cr4 = Control.CR4_OSFXSR | Control.CR4_OSXMMEXCPT;
        if (!c.isReal() || c.has(Setup.VM86)) {
            s.cr0 |= Control.CR0_PE | Control.CR0_WP;
        }
        if (c.has(Setup.VM86)) {
            s.systemFlags |= Eflags.VM;
        }
        if (c.has(Setup.KEYS)) {
            s.cr4 |= Control.CR4_PKE | Control.CR4_OSXSAVE;
            s.xcr0 = ExtendedState.components(s.model);
        }
        if (wide) {
            s.cr4 |= Control.CR4_PAE;
            s.efer = Control.EFER_LME | Control.EFER_LMA;
        }
        if (wide || c.has(Setup.PAGING)) {
            s.cr3 = PAGE_TABLES;
            s.cr0 |= Control.CR0_PG;
        }
        s.mmu.setControl(s.cr0, s.cr3, s.cr4, s.efer, true);
        s.gdtBase = GDT;
        s.gdtLimit = 0x27;
        s.idtBase = c.codeSize() == 2 ? 0 : IDT;
        s.idtLimit = 0xFFF;
        s.tr.selector = 0x28;
        s.tr.base = TSS;
        s.tr.limit = 0x67;
        s.cpl = user ? 3 : 0;
        Random limits = new Random(31L * c.start() + c.setup());
        for (int i = 0; i < 6; i++) {
            lay(c, i, s.segments[i], user);
            if (c.has(Setup.LIMITS)) {
                limit(c, i, s.segments[i], limits);
            }
        }
        if (c.has(Setup.OTHER_STACK)) {
            s.segments[CpuState.SS].big = c.codeSize() == 2;
        }
        Segmentation.modeChanged(s);
        s.mmu.flushAll();
        System.arraycopy(c.registers(), 0, s.gpr, 0, 16);
        s.setRip(ripBase(c) + c.start());
        s.systemFlags &= Eflags.VM;
        s.systemFlags |= c.flags() & (Eflags.TF | Eflags.IF | Eflags.DF);
        if (c.has(Setup.VM86) && (c.start() & 1) == 0) {
            s.systemFlags |= Eflags.IOPL;
        }
        s.setArithmeticFlags(c.flags());
        Arrays.fill(s.xmm, 0);
        s.x87.reset();
        s.x87.control = 0x37F;
        if (c.dataSeed() != 0) {
            Random random = new Random(c.dataSeed() + 1);
            for (int i = 0; i < 32; i++) {
                s.xmm[i] =
                        random.nextBoolean()
                                ? Double.doubleToRawLongBits(random.nextInt(1000) / 8.0)
                                : random.nextLong();
            }
        }
    }

    private static void lay16(Case c, int index, SegmentRegister segment, boolean user) {
        boolean bases = c.has(Setup.BASES);
        int base =
                switch (index) {
                    case CpuState.CS -> CODE;
                    case CpuState.SS -> bases ? DATA + 0x10 : STACK;
                    case CpuState.ES -> bases ? 0 : DATA + 0x4000;
                    case CpuState.FS -> bases ? MEMORY - 0x8000 : DATA;
                    default -> DATA;
                };
        segment.selector = base >> 4;
        segment.base = base;
        segment.limit = 0xFFFF;
        segment.access = 0x93;
        segment.granular = false;
        segment.big = false;
        segment.longMode = false;
        segment.unusable = false;
        if (!c.isReal()) {
            boolean code = index == CpuState.CS;
            segment.selector = (code ? 8 : 0x10) + (user ? 0x13 : 0);
            segment.access = code ? 0x9B : 0x93;
        }
        segment.access |= user ? 0x60 : 0;
    }

    /** Gives a segment a limit that accesses may be beyond, or another type. */
    private static void limit(Case c, int index, SegmentRegister segment, Random random) {
        long all = c.codeSize() == 2 ? 0xFFFF : SPACE - 1;
        int choice = random.nextInt(8);
        if (index == CpuState.CS) {
            long code = ripBase(c) + c.start() + 1L + random.nextInt(400);
            if (choice < 5 && code < all) {
                segment.limit = code;
            }
            return;
        }
        switch (choice) {
            case 0, 1 -> segment.limit = all >> 1 | random.nextInt(0x100);
            case 2 -> segment.limit = all - 1;
            case 3 -> segment.limit = SPACE - 1;
            case 4 -> { // what is above 4 KiB
                segment.access |= 4;
                segment.limit = 0xFFF;
            }
            case 5 -> segment.access &= index == CpuState.SS ? 0xFF : ~2;
            case 6 -> segment.limit = flat(c) ? 0xFFFF_FFFFL : segment.limit;
            default -> {}
        }
    }

    private static void lay(Case c, int index, SegmentRegister segment, boolean user) {
        boolean code = index == CpuState.CS;
        if (c.codeSize() == 2) {
            lay16(c, index, segment, user);
            return;
        }
        boolean wide = c.codeSize() == 8;
        segment.selector = (code ? 8 : 0x10) + (user ? 0x13 : 0);
        segment.base = 0;
        if (c.has(Setup.BASES) && !wide) {
            segment.base =
                    switch (index) {
                        case CpuState.ES -> SEGMENT_BASE;
                        case CpuState.FS -> DATA;
                        case CpuState.GS -> 0x1_8000;
                        default -> 0;
                    };
        } else if (index >= CpuState.FS && wide) {
            segment.base = index == CpuState.FS ? DATA : 0;
        }
        segment.limit = flat(c) ? 0xFFFF_FFFFL : SPACE - 1;
        segment.access = (code ? 0x9B : 0x93) | (user ? 0x60 : 0);
        segment.granular = true;
        segment.longMode = wide && code;
        segment.big = !segment.longMode;
        segment.unusable = false;
    }

    /** Of all that the architecture knows of a processor. */
    private int stateDigest() {
        CpuState s = cpu;
        int hash = Arrays.hashCode(s.gpr);
        hash = 31 * hash + s.eflags();
        hash = 31 * hash + Long.hashCode(s.instructions);
        for (SegmentRegister segment : s.segments) {
            hash = 31 * hash + segment.selector;
            hash = 31 * hash + Long.hashCode(segment.base);
            hash = 31 * hash + Long.hashCode(segment.limit);
            hash = 31 * hash + segment.access + (segment.unusable ? 1 << 16 : 0);
        }
        for (long value : new long[] {s.cr0, s.cr2, s.cr3, s.cr4, s.efer, s.gdtBase, s.idtBase}) {
            hash = 31 * hash + Long.hashCode(value);
        }
        hash = 31 * hash + Arrays.hashCode(s.dr);
        hash = 31 * hash + s.cpl;
        hash = 31 * hash + s.codeSize;
        hash = 31 * hash + Arrays.hashCode(Arrays.copyOf(s.xmm, 32));
        hash = 31 * hash + s.mxcsr;
        hash = 31 * hash + s.userKeyRights();
        hash = 31 * hash + Arrays.hashCode(s.x87.significand);
        hash = 31 * hash + Arrays.hashCode(s.x87.signExponent);
        hash = 31 * hash + s.x87.control;
        hash = 31 * hash + s.x87.statusWord();
        hash = 31 * hash + s.x87.valid;
        hash = 31 * hash + Long.hashCode(s.x87.instructionPointer);
        hash = 31 * hash + Long.hashCode(s.x87.dataPointer);
        hash = 31 * hash + s.x87.lastOpcode;
        boolean[] pins = {
            s.interruptLine,
            s.nmiPending,
            s.nmiBlocked,
            s.interruptShadow,
            s.debugShadow,
            s.halted,
            s.shutdown
        };
        hash = 31 * hash + Arrays.hashCode(pins);
        return 31 * hash + s.pendingDebug;
    }

    private String describe() {
        StringBuilder out = new StringBuilder();
        out.append(
                "instructions %d rip %x flags %x"
                        .formatted(cpu.instructions, cpu.rip(), cpu.eflags()));
        for (int i = 0; i < (cpu.codeSize == 8 ? 16 : 8); i++) {
            out.append(" r%d %x".formatted(i, cpu.gpr[i]));
        }
        out.append(" mxcsr %x fpu %x %x".formatted(cpu.mxcsr, cpu.x87.statusWord(), cpu.x87.valid));
        out.append(
                " xmm %08x x87 %08x other %08x"
                        .formatted(
                                Arrays.hashCode(Arrays.copyOf(cpu.xmm, 32)),
                                Arrays.hashCode(cpu.x87.significand),
                                stateDigest()));
        return out.toString();
    }

    @Override
    public void close() {
        memory.close();
    }

    private final class Device implements MmioDevice {
        @Override
        public long readMmio(long offset, int bytes) {
            event("device read %x %d".formatted(offset, bytes));
            return 0x0123_4567_89AB_CDEFL * (offset | 1) >>> 64 - 8 * bytes;
        }

        @Override
        public void writeMmio(long offset, int bytes, long value) {
            event("device write %x %d %x".formatted(offset, bytes, value));
            if (current.has(Setup.ATTENTION)) {
                cpu.attention = true;
            }
        }
    }

    /** Where there is nothing: ones are read, and what is written is lost. */
    private final class Beyond implements MmioDevice {
        @Override
        public long readMmio(long offset, int bytes) {
            event("read beyond %x %d".formatted(offset, bytes));
            return -1L >>> 64 - 8 * bytes;
        }

        @Override
        public void writeMmio(long offset, int bytes, long value) {
            event("write beyond %x %d %x".formatted(offset, bytes, value));
        }
    }

    private final class Ports implements CpuBus {
        @Override
        public int in(int port, int bytes) {
            event("in %x %d".formatted(port, bytes));
            return port * 0x1_0001 & (bytes == 4 ? -1 : (1 << 8 * bytes) - 1);
        }

        @Override
        public void out(int port, int bytes, int value) {
            event("out %x %d %x".formatted(port, bytes, value));
            if ((port & 1) != 0) {
                cpu.attention = true;
            }
        }

        @Override
        public int acknowledgeInterrupt() {
            return 0x40;
        }

        @Override
        public long timeStampCounter() {
            return outcome.events.size() * 1000L;
        }
    }
}
