package dev.arclet.emulator.device.irq;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.emulator.bus.EventQueue;
import dev.arclet.emulator.bus.IrqLine;
import dev.arclet.emulator.device.DeviceContractTest;
import dev.arclet.emulator.device.TestRig;
import dev.arclet.emulator.device.TestRig.Wire;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ApicTest extends DeviceContractTest {
    private static final int TPR = 0x80;
    private static final int PPR = 0xA0;
    private static final int EOI = 0xB0;
    private static final int LDR = 0xD0;
    private static final int DFR = 0xE0;
    private static final int SVR = 0xF0;
    private static final int ESR = 0x280;
    private static final int ICR = 0x300;
    private static final int ICR_HIGH = 0x310;
    private static final int LVT_TIMER = 0x320;
    private static final int LVT_LINT0 = 0x350;
    private static final int LVT_LINT1 = 0x360;
    private static final int LVT_ERROR = 0x370;
    private static final int INITIAL = 0x380;
    private static final int CURRENT = 0x390;
    private static final int DIVIDE = 0x3E0;

    private static final class Processor implements ApicProcessor {
        final Wire wire = new Wire();
        final List<String> events = new ArrayList<>();

        @Override
        public IrqLine intr() {
            return wire;
        }

        @Override
        public void nmi() {
            events.add("nmi");
        }

        @Override
        public void smi() {
            events.add("smi");
        }

        @Override
        public void init() {
            events.add("init");
        }

        @Override
        public void startup(int page) {
            events.add("startup " + page);
        }
    }

    private final TestRig rig = new TestRig();
    private final ApicBus bus = new ApicBus();
    private final Processor cpu0 = new Processor();
    private final Processor cpu1 = new Processor();
    private final LocalApic apic = new LocalApic(rig.events, bus, 0, cpu0, () -> 0x77);
    private final LocalApic other = new LocalApic(rig.events, bus, 1, cpu1, () -> 0x78);
    private final IoApic io = new IoApic(bus);

    @Override
    protected Subject create(TestRig rig) {
        ApicBus wires = new ApicBus();
        LocalApic first = new LocalApic(rig.events, wires, 0, new Processor(), () -> 0x30);
        LocalApic second = new LocalApic(rig.events, wires, 1, new Processor(), () -> 0x31);
        IoApic chip = new IoApic(wires);
        IrqLine[] lines = new IrqLine[IoApic.PINS];
        for (int i = 0; i < lines.length; i++) {
            lines[i] = chip.line(i);
        }
        return new Subject()
                .part(chip)
                .part(first)
                .part(second)
                .registers(0x400, first)
                .registers(0x400, second)
                .registers(LocalApic.SIZE, first)
                .registers(0x20, chip)
                .host(
                        random -> {
                            LocalApic one = random.nextBoolean() ? first : second;
                            switch (random.nextInt(8)) {
                                case 0 -> one.lint0(random.nextBoolean());
                                case 1 -> one.lint1(random.nextBoolean());
                                case 2 -> one.acknowledge();
                                case 3 -> one.writeMmio(SVR, 4, 0x1FF);
                                case 4 -> one.setBaseMsr(random.nextInt(4) == 0 ? 0 : 0x800);
                                case 5 -> one.initialise();
                                default -> {
                                    chip.writeMmio(0, 4, 16 + random.nextInt(48));
                                    lines[random.nextInt(IoApic.PINS)].set(random.nextBoolean());
                                }
                            }
                        });
    }

    @BeforeEach
    void enable() {
        write(apic, SVR, 0x1FF);
        write(other, SVR, 0x1FF);
    }

    private static void write(LocalApic target, int at, int value) {
        target.writeMmio(at, 4, value);
    }

    private static int read(LocalApic source, int at) {
        return (int) source.readMmio(at, 4);
    }

    private void redirect(int pin, long entry) {
        io.writeMmio(0, 4, 0x11 + 2 * pin);
        io.writeMmio(0x10, 4, entry >>> 32);
        io.writeMmio(0, 4, 0x10 + 2 * pin);
        io.writeMmio(0x10, 4, entry & 0xFFFFFFFFL);
    }

    private int redirection(int pin) {
        io.writeMmio(0, 4, 0x10 + 2 * pin);
        return (int) io.readMmio(0x10, 4);
    }

    @Test
    void identifiesItself() {
        assertEquals(0x00050014, read(apic, 0x30));
        assertEquals(1 << 24, read(other, 0x20));
        io.writeMmio(0, 1, 1);
        assertEquals(0x00170011, io.readMmio(0x10, 4));
    }

    @Test
    void virtualWirePassesThe8259ThroughUntilMasked() {
        apic.lint0(true);
        assertTrue(cpu0.wire.high);
        assertEquals(0x77, apic.acknowledge());
        write(apic, LVT_LINT0, 0x10700);
        assertFalse(cpu0.wire.high);
        other.lint0(true);
        assertFalse(cpu1.wire.high, "only the boot processor starts with ExtINT");
        apic.setBaseMsr(0xFEE00100L);
        assertTrue(cpu0.wire.high, "a disabled APIC is a wire");
        assertEquals(0xFFFFFFFFL, apic.readMmio(0x30, 4));
    }

    @Test
    void vectorsNestByPriorityClass() {
        bus.send(0, false, ApicBus.FIXED, 0x51, false);
        bus.send(0, false, ApicBus.FIXED, 0x62, false);
        assertEquals(0x62, apic.acknowledge());
        assertEquals(0x60, read(apic, PPR));
        assertFalse(cpu0.wire.high);
        bus.send(0, false, ApicBus.FIXED, 0x6F, false);
        assertFalse(cpu0.wire.high, "the same class waits");
        bus.send(0, false, ApicBus.FIXED, 0x70, false);
        assertEquals(0x70, apic.acknowledge());
        write(apic, EOI, 0);
        write(apic, EOI, 0);
        assertEquals(0x6F, apic.acknowledge());
        write(apic, EOI, 0);
        write(apic, TPR, 0x50);
        assertFalse(cpu0.wire.high);
        assertEquals(0x00020000, read(apic, 0x220), "requested: vector 0x51");
        apic.setTaskPriorityClass(4);
        assertEquals(0x40, read(apic, TPR));
        assertEquals(0x51, apic.acknowledge());
        assertEquals(0x00020000, read(apic, 0x120), "in service: vector 0x51");
        assertEquals(0xFF, apic.acknowledge(), "spurious");
    }

    @Test
    void disabledBySoftwareRefusesVectorsButNotNmi() {
        write(apic, SVR, 0xFF);
        bus.send(0, false, ApicBus.FIXED, 0x51, false);
        bus.send(0, false, ApicBus.NMI, 0, false);
        assertFalse(cpu0.wire.high);
        assertEquals(List.of("nmi"), cpu0.events);
        write(apic, LVT_ERROR, 0x40);
        assertEquals(0x10040, read(apic, LVT_ERROR));
    }

    @Test
    void oneShotAndPeriodicTimer() {
        write(apic, DIVIDE, 0x3);
        write(apic, LVT_TIMER, 0x41);
        write(apic, INITIAL, 1000);
        rig.advance(8_000);
        assertEquals(500, read(apic, CURRENT));
        rig.advance(7_999);
        assertFalse(cpu0.wire.high);
        rig.advance(1);
        assertEquals(0x41, apic.acknowledge());
        write(apic, EOI, 0);
        assertEquals(0, read(apic, CURRENT));
        rig.advance(1_000_000);
        assertFalse(cpu0.wire.high);

        write(apic, DIVIDE, 0xB);
        write(apic, LVT_TIMER, 0x20042);
        write(apic, INITIAL, 10_000);
        int interrupts = 0;
        for (int i = 0; i < 1_000; i++) {
            rig.advance(1_000);
            if (cpu0.wire.high) {
                assertEquals(0x42, apic.acknowledge());
                write(apic, EOI, 0);
                interrupts++;
            }
        }
        assertEquals(100, interrupts);
        rig.advance(2_500);
        assertEquals(7_500, read(apic, CURRENT));
        write(apic, INITIAL, 0);
        rig.advance(100_000);
        assertFalse(cpu0.wire.high);
        assertEquals(0, read(apic, CURRENT));
    }

    @Test
    void theCountGoesOnWhenTheTimersModeChanges() {
        int oneShot = 0x41;
        int periodic = 0x20041;
        write(apic, DIVIDE, 0xB);
        write(apic, LVT_TIMER, periodic);
        write(apic, INITIAL, 10_000);
        rig.advance(26_000);
        write(apic, LVT_TIMER, oneShot);
        assertEquals(4_000, read(apic, CURRENT), "of the period that has begun");
        assertEquals(0x41, apic.acknowledge());
        write(apic, EOI, 0);
        rig.advance(3_999);
        assertFalse(cpu0.wire.high);
        rig.advance(1);
        assertEquals(0x41, apic.acknowledge());
        write(apic, EOI, 0);
        write(apic, LVT_TIMER, periodic);
        for (int i = 0; i < 5; i++) {
            rig.advance(7_000);
            assertEquals(0, read(apic, CURRENT), "a count that is over stays so");
            assertFalse(cpu0.wire.high);
        }
        write(apic, DIVIDE, 0x3);
        assertEquals(0, read(apic, CURRENT));
        write(apic, LVT_TIMER, oneShot);
        write(apic, LVT_TIMER, periodic);
        rig.advance(1_000_000);
        assertEquals(0, read(apic, CURRENT));
        assertFalse(cpu0.wire.high);
        write(apic, DIVIDE, 0xB);
        write(apic, INITIAL, 10_000);
        write(apic, LVT_TIMER, oneShot);
        rig.advance(6_000);
        write(apic, LVT_TIMER, periodic);
        assertEquals(4_000, read(apic, CURRENT));
        rig.advance(14_000);
        assertTrue(cpu0.wire.high);
        assertEquals(10_000, read(apic, CURRENT));
    }

    @Test
    void aCountThatIsOverBeforeTheWriteReturnsStillInterrupts() {
        // The host's clock: later at every look.
        long[] now = {0};
        EventQueue events = new EventQueue(() -> now[0] += 500);
        Processor cpu = new Processor();
        LocalApic quick = new LocalApic(events, new ApicBus(), 0, cpu, () -> 0x77);
        write(quick, SVR, 0x1FF);
        write(quick, DIVIDE, 0xB);
        write(quick, LVT_TIMER, 0x41);
        for (int count = 1; count < 2_000; count += 100) {
            write(quick, INITIAL, count);
            events.fireDue(now[0] + 10_000);
            assertTrue(cpu.wire.high, "a count of " + count);
            assertEquals(0x41, quick.acknowledge());
            write(quick, EOI, 0);
            now[0] += 10_000;
        }
        write(quick, INITIAL, 100);
        write(quick, DIVIDE, 0x3); // over, but not fired yet
        events.fireDue(now[0] + 10_000);
        assertTrue(cpu.wire.high);
    }

    @Test
    void interprocessorInterrupts() {
        write(apic, ICR_HIGH, 1 << 24);
        write(apic, ICR, 0x4500);
        write(apic, ICR, 0x8500);
        write(apic, ICR, 0x4609);
        assertEquals(List.of("init", "startup 9"), cpu1.events);
        write(apic, ICR, 0x00C4055);
        assertTrue(cpu1.wire.high, "all but self");
        assertFalse(cpu0.wire.high);
        write(apic, ICR, 0x0040056);
        assertEquals(0x56, apic.acknowledge());
        write(apic, ICR, 0x0080057);
        assertEquals(0x57, other.acknowledge());
        assertTrue(apic.pending() || read(apic, 0x220) != 0);
    }

    @Test
    void logicalDestinations() {
        write(apic, LDR, 0x01000000);
        write(other, LDR, 0x02000000);
        bus.send(2, true, ApicBus.FIXED, 0x50, false);
        assertFalse(cpu0.wire.high);
        assertEquals(0x50, other.acknowledge());
        write(other, EOI, 0);
        write(apic, TPR, 0x20);
        bus.send(3, true, ApicBus.LOWEST_PRIORITY, 0x51, false);
        assertFalse(cpu0.wire.high);
        assertEquals(0x51, other.acknowledge());
        write(other, EOI, 0);
        write(apic, DFR, 0x0FFFFFFF);
        write(other, DFR, 0x0FFFFFFF);
        write(apic, LDR, 0x11000000);
        write(other, LDR, 0x21000000);
        bus.send(0x21, true, ApicBus.FIXED, 0x52, false);
        assertFalse(cpu0.wire.high);
        assertEquals(0x52, other.acknowledge());
    }

    @Test
    void errorsAreLatchedByAWrite() {
        write(apic, LVT_ERROR, 0x45);
        write(apic, ICR, 0x40005);
        assertEquals(0x45, apic.acknowledge());
        assertEquals(0, read(apic, ESR));
        write(apic, ESR, 0);
        assertEquals(0x20, read(apic, ESR));
        write(apic, EOI, 0);
        bus.send(0, false, ApicBus.FIXED, 3, false);
        write(apic, 0x3F0, 0);
        write(apic, ESR, 0);
        assertEquals(0xC0, read(apic, ESR));
    }

    @Test
    void lint1IsNmi() {
        write(apic, LVT_LINT1, 0x400);
        apic.lint1(true);
        apic.lint1(true);
        apic.lint1(false);
        assertEquals(List.of("nmi"), cpu0.events);
    }

    @Test
    void ioApicEdgeAndMask() {
        IrqLine line = io.line(4);
        assertEquals(0x10000, redirection(4));
        line.set(true);
        redirect(4, 0x34);
        assertFalse(cpu0.wire.high, "an edge on a masked pin is lost");
        line.set(false);
        line.set(true);
        assertEquals(0x34, apic.acknowledge());
        write(apic, EOI, 0);
        assertFalse(cpu0.wire.high);
        redirect(4, 1L << 56 | 0x35);
        line.set(false);
        line.set(true);
        assertEquals(0x35, other.acknowledge());
    }

    @Test
    void ioApicLevelRepeatsUntilTheDeviceIsQuiet() {
        IrqLine line = io.line(10);
        IrqLine shared = io.line(10);
        redirect(10, 0xA93A);
        line.set(true);
        shared.set(true);
        assertEquals(0xA93A, redirection(10));
        assertFalse(cpu0.wire.high, "logical destination 0 reaches nobody");
        redirect(10, 0xA03A);
        assertEquals(0xE03A, redirection(10), "remote IRR");
        assertEquals(0x3A, apic.acknowledge());
        assertEquals(1 << 26, read(apic, 0x190), "trigger mode: level");
        line.set(false);
        write(apic, EOI, 0);
        assertEquals(0x3A, apic.acknowledge(), "the other driver still asks");
        shared.set(false);
        write(apic, EOI, 0);
        assertFalse(cpu0.wire.high);
        assertEquals(0xA03A, redirection(10));
    }

    @Test
    void externalThroughTheIoApic() {
        IrqLine line = io.line(0);
        redirect(0, 0x0700);
        line.set(true);
        assertTrue(cpu0.wire.high);
        assertEquals(0x77, apic.acknowledge());
        assertFalse(cpu0.wire.high);
    }

    @Test
    void initKeepsTheIdentifier() {
        write(other, 0x20, 5 << 24);
        write(other, TPR, 0x90);
        other.initialise();
        assertEquals(5, other.id());
        assertEquals(0, read(other, TPR));
        assertEquals(0xFF, read(other, SVR));
    }
}
