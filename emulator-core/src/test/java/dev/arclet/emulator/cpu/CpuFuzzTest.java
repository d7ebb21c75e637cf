package dev.arclet.emulator.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.arclet.emulator.FuzzRun;
import dev.arclet.emulator.bus.MmioDevice;
import dev.arclet.emulator.cpu.interp.Interpreter;
import dev.arclet.emulator.memory.GuestMemory;
import dev.arclet.emulator.memory.PhysicalMap;
import dev.arclet.emulator.mmu.Mmu;
import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotReader;
import dev.arclet.emulator.snapshot.SnapshotWriter;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Random code in random states of all modes, on descriptor tables, page tables and stacks of random
 * bytes: no error leaves the engine, it always comes back, nothing is written outside the machine's
 * RAM, and the state can be saved and restored.
 *
 * <p>Every page of RAM lies between two guard pages on the host. {@code -Darclet.fuzz.seconds=N}
 * sets for how long it runs (60), {@code -Darclet.fuzz.seed=S} with which program it begins; a
 * failure tells the seed that begins with the failing program.
 */
class CpuFuzzTest {
    private static final int LOW_RAM = 0xA_0000, HOLE = 0x2_0000, ROM = 0xC_0000;
    private static final int HIGH_RAM = 0x10_0000, END = 0x14_0000;
    private static final int PAGE = GuestMemory.PAGE_SIZE;
    private static final int PAGES = END / PAGE;
    private static final long PATTERN = 0x6B6B_6B6B_6B6B_6B6BL;

    private static final int TABLES = 0x1000, IDT = 0x2000, TSS = 0x3000, PAGING = 0x10_0000;
    private static final int CODE = 0x8000, DATA = 0x1_0000;

    private static final long SLICE = 200;
    private static final int SLICES = 5;
    private static final int PATIENCE_SECONDS = 120;

    private static final int[] PREFIXES = {
        0x66, 0x67, 0xF2, 0xF3, 0xF0, 0x2E, 0x36, 0x3E, 0x26, 0x64, 0x65, 0x48, 0x41, 0x4D
    };

    private final GuestMemory memory = new GuestMemory(2L * END);
    private final PhysicalMap map = new PhysicalMap(40);
    private final CpuState cpu;
    private final Interpreter engine;
    private final byte[] image = new byte[PAGE];
    private final byte[] rom = new byte[HIGH_RAM - ROM];

    private Random random = new Random(0);
    private volatile long program;
    private volatile boolean stop;
    private long instructions;

    CpuFuzzTest() {
        // Touched in turn, so that they lie in turn on the host.
        for (int page = 0; page < PAGES; page++) {
            guard(page);
            memory.pageAddress(page);
        }
        map.mapRam("low RAM", 0, LOW_RAM, memory, 0);
        map.mapMmio("device", LOW_RAM, HOLE, new Noise());
        new Random(1).nextBytes(rom);
        memory.write(ROM, rom, 0, rom.length);
        map.mapRom("ROM", ROM, HIGH_RAM - ROM, memory, ROM);
        map.mapRam("high RAM", HIGH_RAM, END - HIGH_RAM, memory, HIGH_RAM);
        cpu = new CpuState(new Mmu(map), new Pins());
        engine = new Interpreter(cpu);
    }

    private void guard(int page) {
        for (int at = 0; at < PAGE; at += 8) {
            memory.write((long) (PAGES + page) * PAGE + at, 8, PATTERN);
        }
    }

    @Test
    @Tag("slow")
    @Timeout(value = 3, unit = TimeUnit.HOURS)
    void randomCodeInRandomStatesStaysInTheMachine() throws InterruptedException {
        run(FuzzRun.seed(), Long.MAX_VALUE, FuzzRun.end(60));
    }

    @Test
    void someRandomCodeInRandomStatesStaysInTheMachine() throws InterruptedException {
        run(20_261_122, 1500, Long.MAX_VALUE);
    }

    private void run(long seed, long programs, long until) throws InterruptedException {
        program = seed;
        Throwable[] failure = new Throwable[1];
        Thread worker =
                Thread.ofPlatform()
                        .daemon()
                        .start(
                                () -> {
                                    try {
                                        work(seed, programs, until);
                                    } catch (Throwable e) {
                                        failure[0] = e;
                                    }
                                });
        long seen = program;
        long since = System.nanoTime();
        while (worker.isAlive()) {
            // Ends repetitions of 2^32 elements and more, as a timer would.
            worker.join(10);
            cpu.attention = true;
            if (program != seen) {
                seen = program;
                since = System.nanoTime();
            } else if (System.nanoTime() - since > TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS)) {
                String trace = Arrays.toString(worker.getStackTrace());
                stop = true;
                fail("hangs: seed %d, at %s".formatted(seen, trace));
            }
        }
        if (failure[0] != null) {
            throw new AssertionError(
                    "seed %d, %s".formatted(program, failure[0].getMessage()), failure[0]);
        }
        assertTrue(instructions > 0);
        System.out.printf(
                "%d programs, %d instructions from seed %d%n",
                program - seed + 1, instructions, seed);
        memory.close();
    }

    private void work(long seed, long programs, long until) throws SnapshotException {
        for (long i = 0; i < programs && System.nanoTime() < until && !stop; i++) {
            program = seed + i;
            random = new Random(program);
            prepare();
            for (int slice = 0; slice < SLICES && !cpu.halted && !cpu.shutdown; slice++) {
                cpu.attention = false;
                long before = cpu.instructions;
                engine.run(before + SLICE);
                long done = cpu.instructions - before;
                assertTrue(done >= 0 && done <= SLICE, "instruction limit");
                instructions += done;
                event();
            }
            checkSnapshot();
            if (i % 64 == 0) {
                checkGuards();
            }
        }
        checkGuards();
    }

    private void event() {
        switch (random.nextInt(8)) {
            case 0 -> Interrupts.external(cpu, random.nextInt(256));
            case 1 -> Interrupts.nmi(cpu);
            case 2 -> map.setA20(random.nextBoolean());
            case 3 -> map.writeExternal(CODE + random.nextInt(PAGE), code(64), 0, 64);
            default -> cpu.interruptLine = random.nextBoolean();
        }
    }

    private void checkGuards() {
        for (int page = 0; page < PAGES; page++) {
            for (int at = 0; at < PAGE; at += 8) {
                if (memory.read((long) (PAGES + page) * PAGE + at, 8) != PATTERN) {
                    throw new AssertionError(
                            "written beside page %x by this program or one of the 64 before"
                                    .formatted(page));
                }
            }
        }
        byte[] now = new byte[rom.length];
        memory.read(ROM, now, 0, now.length);
        assertArrayEquals(rom, now, "the ROM was written");
    }

    private void checkSnapshot() throws SnapshotException {
        if (random.nextInt(16) != 0) {
            return;
        }
        byte[] saved = save();
        cpu.reset();
        cpu.restore(new SnapshotReader("cpu", saved), cpu.sectionVersion());
        assertArrayEquals(saved, save(), "save, restore, save");
        for (int i = 0; i < 8; i++) {
            runDamaged(saved.clone());
        }
    }

    /** A snapshot with a few bytes changed is refused, or makes a guest like any other. */
    private void runDamaged(byte[] snapshot) {
        for (int i = random.nextInt(4); i >= 0; i--) {
            snapshot[random.nextInt(snapshot.length)] = (byte) random.nextInt();
        }
        try {
            cpu.restore(new SnapshotReader("cpu", snapshot), cpu.sectionVersion());
        } catch (SnapshotException refused) {
            return;
        }
        cpu.instructions = 0;
        cpu.attention = false;
        engine.run(SLICE);
    }

    private byte[] save() {
        SnapshotWriter out = new SnapshotWriter();
        cpu.save(out);
        return out.toByteArray();
    }

    // States

    private void prepare() {
        map.setA20(true);
        cpu.reset();
        cpu.instructions = 0;
        for (int page = 0; page < PAGES; page++) {
            if (page < LOW_RAM / PAGE && random.nextInt(8) == 0) {
                random.nextBytes(image);
                map.writeExternal((long) page * PAGE, image, 0, PAGE);
            }
        }
        for (int i = 0; i < 512; i++) {
            map.write(TABLES + 8 * i, 8, descriptor());
            map.write(IDT + 8 * i, 8, gate());
        }
        byte[] code = code(2 * PAGE);
        map.writeExternal(CODE, code, 0, code.length);
        pageTables();
        registers();
        mode();
        cpu.gdtBase = TABLES;
        cpu.gdtLimit = 0xFFF;
        cpu.idtBase = IDT;
        cpu.idtLimit = 0xFFF;
        cpu.ldtr.load(8, SystemFixture.segment(TABLES, 0xFFF, 0x82, 0));
        cpu.tr.load(16, SystemFixture.segment(TSS, 0x2FFF, random.nextBoolean() ? 0x8B : 0x83, 0));
        cpu.mmu.setControl(cpu.cr0, cpu.cr3, cpu.cr4, cpu.efer, true);
        if ((cpu.cr4 & Control.CR4_PAE) != 0) {
            cpu.mmu.loadPdptes(cpu.cr3);
        }
        Segmentation.modeChanged(cpu);
        DebugRegisters.changed(cpu);
        cpu.mmu.flushAll();
    }

    private void registers() {
        for (int i = 0; i < 16; i++) {
            cpu.gpr[i] =
                    switch (random.nextInt(4)) {
                        case 0 -> random.nextLong();
                        case 1 -> random.nextInt(256) - 16;
                        case 2 -> random.nextInt(END);
                        default -> DATA + random.nextInt(4 * PAGE);
                    };
            cpu.xmm[2 * i] = random.nextLong();
            cpu.xmm[2 * i + 1] = random.nextLong();
        }
        for (int i = 0; i < 8; i++) {
            cpu.x87.significand[i] = random.nextLong();
            cpu.x87.signExponent[i] = random.nextInt(0x10000);
        }
        cpu.x87.control = random.nextInt(0x2000) | 0x40;
        cpu.x87.setStatusWord(random.nextInt(0x10000));
        cpu.x87.valid = random.nextInt(256);
        cpu.mxcsr = random.nextInt(0x10000);
        cpu.setRip(CODE + random.nextInt(2 * PAGE));
        cpu.setArithmeticFlags(random.nextInt());
        int flags = Eflags.SYSTEM & ~Eflags.VM & random.nextInt();
        int fewer = random.nextInt();
        cpu.systemFlags = flags & fewer & (random.nextInt(4) == 0 ? -1 : ~Eflags.TF);
        if (random.nextInt(4) == 0) {
            for (int i = 0; i < 4; i++) {
                cpu.dr[i] = (long) CODE + random.nextInt(DATA);
            }
            cpu.dr[7] = random.nextInt() & 0xFFFF_27FFL | 0x400;
        }
        cpu.msrs.sysenterCs = random.nextInt(0x1000);
        cpu.msrs.sysenterEip = CODE;
        cpu.msrs.sysenterEsp = DATA;
        cpu.msrs.star = random.nextLong();
        cpu.msrs.lstar = CODE;
        cpu.msrs.fmask = random.nextInt() & 0xFFFF_FFFFL;
        cpu.msrs.kernelGsBase = DATA;
        cpu.setUserKeyRights(random.nextInt(4) == 0 ? 1 << random.nextInt(32) : 0);
    }

    /** Real, virtual-8086, 16 and 32-bit protected, compatibility or 64-bit mode; paging or not. */
    private void mode() {
        int mode = random.nextInt(8);
        boolean real = mode == 0;
        boolean vm86 = mode == 1;
        boolean longMode = mode >= 5;
        boolean long64 = mode >= 6;
        boolean paging = longMode || (!real && random.nextBoolean());
        boolean pae = longMode || (paging && random.nextBoolean());
        long optional = Control.CR0_MP | Control.CR0_NE | Control.CR0_WP | Control.CR0_AM;
        cpu.cr0 =
                Control.CR0_ET
                        | random.nextLong() & optional
                        | (real ? 0 : Control.CR0_PE)
                        | (paging ? Control.CR0_PG : 0)
                        | (random.nextInt(16) == 0 ? Control.CR0_TS : 0)
                        | (random.nextInt(16) == 0 ? Control.CR0_EM : 0);
        long features =
                Control.CR4_VME
                        | Control.CR4_PVI
                        | Control.CR4_TSD
                        | Control.CR4_DE
                        | Control.CR4_PGE
                        | Control.CR4_OSFXSR
                        | Control.CR4_OSXMMEXCPT
                        | Control.CR4_UMIP
                        | Control.CR4_FSGSBASE
                        | Control.CR4_OSXSAVE
                        | Control.CR4_SMEP
                        | Control.CR4_SMAP
                        | Control.CR4_PKE
                        | Control.CR4_PKS;
        cpu.cr4 = random.nextLong() & features | Control.CR4_PSE | (pae ? Control.CR4_PAE : 0);
        if (random.nextInt(4) != 0) {
            cpu.cr4 |= Control.CR4_OSFXSR;
        }
        cpu.efer = random.nextLong() & (Control.EFER_SCE | Control.EFER_NXE);
        if (longMode) {
            cpu.efer |= Control.EFER_LME | Control.EFER_LMA;
        }
        cpu.cr3 = (long) PAGING + (longMode ? 0 : pae ? 0x1000 : 0x1_0000);
        cpu.cpl = real ? 0 : vm86 ? 3 : random.nextInt(3) == 0 ? random.nextInt(4) : 0;
        if (vm86) {
            cpu.systemFlags |= Eflags.VM;
        }
        int dpl = cpu.cpl << 5;
        for (int i = 0; i < 6; i++) {
            SegmentRegister segment = cpu.segments[i];
            if (real || vm86) {
                segment.loadReal(i == CpuState.CS ? 0 : random.nextInt(0x2000), vm86);
            } else if (i == CpuState.CS) {
                int size = long64 ? 0xA : mode == 2 ? 0 : 0xC;
                int selector = 8 * random.nextInt(512) | cpu.cpl;
                segment.load(selector, SystemFixture.segment(0, 0xFFFFF, 0x9B | dpl, size));
            } else {
                int type = 0x91 | dpl | (i == CpuState.SS ? 2 : random.nextInt(4) << 1);
                long base = random.nextBoolean() ? 0 : random.nextInt(END);
                long limit = random.nextInt(4) == 0 ? random.nextInt(1 << 20) : 0xFFFFF;
                int flags = random.nextInt(4) << 2 & 0xC;
                segment.load(
                        8 * random.nextInt(512) | cpu.cpl,
                        SystemFixture.segment(base, limit, type, flags & ~2));
            }
        }
        cpu.gpr[CpuState.RSP] = DATA + 0x4000L + random.nextInt(PAGE);
        if (!long64) {
            for (int i = 0; i < 8; i++) {
                cpu.gpr[i] &= 0xFFFF_FFFFL;
            }
            for (int i = 8; i < 16; i++) {
                cpu.gpr[i] = 0;
            }
        }
    }

    private long descriptor() {
        if (random.nextInt(8) == 0) {
            return random.nextLong();
        }
        if (random.nextInt(4) == 0) {
            return gate();
        }
        int access = 0x80 | random.nextInt(0x80);
        return SystemFixture.segment(
                random.nextBoolean() ? 0 : random.nextInt(END),
                random.nextBoolean() ? 0xFFFFF : random.nextInt(1 << 20),
                access,
                random.nextInt(16));
    }

    private long gate() {
        int[] types = {4, 5, 6, 7, 12, 14, 15, 14};
        int access = 0x80 | types[random.nextInt(types.length)] | random.nextInt(4) << 5;
        int selector = 8 * random.nextInt(512) | random.nextInt(8);
        return SystemFixture.gateValue(access, selector, CODE + random.nextInt(2 * PAGE));
    }

    /** One to one for the most part, with random rights, sizes, and now and then any bits. */
    private void pageTables() {
        long user = random.nextInt(8) != 0 ? 7 : 3;
        map.write(PAGING, 8, PAGING + 0x1000 | user);
        for (int i = 0; i < 4; i++) {
            map.write(PAGING + 0x1000 + 8 * i, 8, PAGING + 0x2000 | 1);
        }
        map.write(PAGING + 0x1000, 8, PAGING + 0x2000 | (random.nextBoolean() ? 7 : 1));
        map.write(PAGING + 0x2000, 8, PAGING + 0x3000 | user);
        map.write(PAGING + 0x2008, 8, 0x83 | random.nextInt(2) << 2);
        map.write(PAGING + 0x1_0000, 4, PAGING + 0x1_1000 | user);
        map.write(PAGING + 0x1_0004, 4, 0x83);
        for (int page = 0; page < 512; page++) {
            long entry = (long) page << 12 | user;
            if (random.nextInt(16) == 0) {
                entry = (long) random.nextInt(PAGES) << 12 | random.nextInt(0x200);
            }
            if (random.nextInt(64) == 0) {
                entry = random.nextLong();
            }
            map.write(PAGING + 0x3000 + 8 * page, 8, entry);
            map.write(PAGING + 0x1_1000 + 4 * page, 4, entry & 0xFFFF_FFFFL);
        }
    }

    /** Random bytes, half of them arranged as instructions are. */
    private byte[] code(int length) {
        byte[] code = new byte[length];
        random.nextBytes(code);
        if (random.nextInt(4) == 0) {
            return code;
        }
        int at = 0;
        while (at < length - 16) {
            while (random.nextInt(3) == 0 && at < length - 12) {
                code[at++] = (byte) PREFIXES[random.nextInt(PREFIXES.length)];
            }
            if (random.nextInt(2) == 0) {
                code[at++] = 0x0F;
                switch (random.nextInt(8)) {
                    case 0 -> code[at++] = 0x38;
                    case 1 -> code[at++] = 0x3A;
                    default -> {}
                }
            }
            at += 2;
            if (random.nextInt(3) == 0) {
                // A small displacement or immediate follows.
                code[at++] = (byte) random.nextInt(64);
            }
        }
        return code;
    }

    private final class Noise implements MmioDevice {
        @Override
        public long readMmio(long offset, int bytes) {
            assertEquals(0, offset & ~(HOLE - 1L));
            return random.nextLong() >>> 64 - 8 * bytes;
        }

        @Override
        public void writeMmio(long offset, int bytes, long value) {
            assertEquals(0, offset & ~(HOLE - 1L));
        }
    }

    private final class Pins implements CpuBus {
        @Override
        public int in(int port, int bytes) {
            return random.nextInt() >>> 32 - 8 * bytes;
        }

        @Override
        public void out(int port, int bytes, int value) {
            assertTrue(port >= 0 && port <= 0xFFFF);
        }

        @Override
        public int acknowledgeInterrupt() {
            return random.nextInt(256);
        }

        @Override
        public long timeStampCounter() {
            return cpu.instructions;
        }
    }
}
