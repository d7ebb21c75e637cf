package dev.arclet.emulator.cpu;

import java.util.List;

/**
 * A {@link TestCpu} in protected or long mode with descriptor tables, two privilege levels and
 * handlers that halt: what a small operating system sets up. Exceptions are delivered.
 */
final class SystemFixture implements AutoCloseable {
    static final int GDT = 0x1000, IDT = 0x2000, TSS = 0x4000, OTHER_TSS = 0x5000, LDT = 0x6000;
    static final int HANDLERS = 0x8000, CODE = 0x1_0000, STACK0 = 0x2_0000, STACK3 = 0x3_0000;
    static final int DATA = 0x4_0000;

    static final int CODE0 = 0x08, DATA0 = 0x10, CODE3 = 0x1B, DATA3 = 0x23;
    static final int CODE16 = 0x28, DATA16 = 0x30, CODE64 = 0x38, CODE64_USER = 0x43;
    static final int TASK = 0x50, OTHER_TASK = 0x60, LOCAL = 0x70, FREE = 0x80;
    private static final int GDT_LIMIT = 0xFF;

    static final int INTERRUPT_GATE = 0x8E, TRAP_GATE = 0x8F, USER = 0x60;

    final TestCpu test;
    final CpuState cpu;
    private final boolean longMode;

    private SystemFixture(TestCpu test, boolean longMode) {
        this.test = test;
        this.longMode = longMode;
        cpu = test.cpu;
        test.deliver = true;
        descriptor(CODE0, segment(0, 0xFFFFF, 0x9B, 0xC));
        descriptor(DATA0, segment(0, 0xFFFFF, 0x93, 0xC));
        descriptor(CODE3, segment(0, 0xFFFFF, 0xFB, 0xC));
        descriptor(DATA3, segment(0, 0xFFFFF, 0xF3, 0xC));
        descriptor(CODE16, segment(CODE, 0xFFFF, 0x9B, 0));
        descriptor(DATA16, segment(STACK0, 0xFFFF, 0x93, 0));
        descriptor(CODE64, segment(0, 0xFFFFF, 0x9B, 0xA));
        descriptor(CODE64_USER, segment(0, 0xFFFFF, 0xFB, 0xA));
        descriptor(TASK, segment(TSS, 0x67, 0x8B, 0));
        descriptor(OTHER_TASK, segment(OTHER_TSS, 0x67, 0x89, 0));
        descriptor(LOCAL, segment(LDT, 0x1F, 0x82, 0));
        cpu.gdtBase = GDT;
        cpu.gdtLimit = GDT_LIMIT;
        cpu.idtBase = IDT;
        cpu.idtLimit = 0xFFF;
        cpu.tr.load(TASK, segment(TSS, 0x67, 0x8B, 0));
        cpu.ldtr.loadNull(0);
        for (int vector = 0; vector < 256; vector++) {
            test.map.write(handler(vector), 1, 0xF4);
            gate(vector, INTERRUPT_GATE, longMode ? CODE64 : CODE0, handler(vector));
        }
        if (longMode) {
            test.map.write(TSS + 4, 8, STACK0);
        } else {
            test.map.write(TSS + 4, 4, STACK0);
            test.map.write(TSS + 8, 4, DATA0);
        }
        ring(0);
    }

    /** Flat 32-bit protected mode, CPL 0, ESP at the top of the ring-0 stack. */
    static SystemFixture protected32() {
        return new SystemFixture(TestCpu.flat32(), false);
    }

    /** 64-bit mode, CPL 0; the first 16 MiB are mapped one to one, for users too. */
    static SystemFixture long64() {
        return new SystemFixture(TestCpu.long64(), true);
    }

    /** Where the handler of a vector stands; all of them halt. */
    static int handler(int vector) {
        return HANDLERS + 4 * vector;
    }

    static long segment(long base, long rawLimit, int access, int flags) {
        return rawLimit & 0xFFFF
                | (base & 0xFF_FFFF) << 16
                | (long) access << 40
                | (rawLimit >> 16 & 15) << 48
                | (long) flags << 52
                | (base >>> 24 & 0xFF) << 56;
    }

    static long gateValue(int access, int selector, long offset) {
        return offset & 0xFFFF
                | (long) selector << 16
                | (long) access << 40
                | (offset >>> 16 & 0xFFFF) << 48;
    }

    void descriptor(int selector, long value) {
        test.map.write(GDT + (selector & ~7), 8, value);
    }

    void gate(int vector, int access, int selector, long offset) {
        int at = IDT + vector * (longMode ? 16 : 8);
        test.map.write(at, 8, gateValue(access, selector, offset));
        if (longMode) {
            test.map.write(at + 8, 8, offset >>> 32);
        }
    }

    /** Goes to a privilege level, 0 or 3, with flat segments and that level's stack. */
    void ring(int cpl) {
        int code = cpl == 0 ? longMode ? CODE64 : CODE0 : longMode ? CODE64_USER : CODE3;
        int data = cpl == 0 ? DATA0 : DATA3;
        for (int i = 0; i < 6; i++) {
            int selector = i == CpuState.CS ? code : data;
            cpu.segments[i].load(selector, test.map.read(GDT + (selector & ~7), 8));
        }
        cpu.cpl = cpl;
        cpu.gpr[CpuState.RSP] = cpl == 0 ? STACK0 : STACK3;
        Segmentation.modeChanged(cpu);
    }

    /** Puts code where RIP then points, and runs until it halts or 1000 instructions are done. */
    SystemFixture run(String hex) {
        test.code(CODE, hex);
        return go();
    }

    /** Runs on. */
    SystemFixture go() {
        cpu.halted = false;
        test.run(1000);
        return this;
    }

    /** Whether the handler of a vector has halted. */
    boolean handled(int vector) {
        return cpu.halted && cpu.rip() == handler(vector) + 1 && cpu.cpl == 0;
    }

    /** Exceptions raised so far. */
    List<Integer> exceptions() {
        return test.exceptions;
    }

    /** The doubleword at a place of the current stack, counted from its top. */
    int stack32(int index) {
        return (int) test.map.read(cpu.gpr[CpuState.RSP] + 4L * index, 4);
    }

    /** The quadword at a place of the current stack, counted from its top. */
    long stack64(int index) {
        return test.map.read(cpu.gpr[CpuState.RSP] + 8L * index, 8);
    }

    int selector(int segment) {
        return cpu.segments[segment].selector;
    }

    long reg(int index) {
        return cpu.gpr[index];
    }

    @Override
    public void close() {
        test.close();
    }
}
