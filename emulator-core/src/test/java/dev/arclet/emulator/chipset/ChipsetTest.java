package dev.arclet.emulator.chipset;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.emulator.bus.IrqLine;
import dev.arclet.emulator.bus.MmioDevice;
import dev.arclet.emulator.bus.PioBus;
import dev.arclet.emulator.bus.PioDevice;
import dev.arclet.emulator.device.A20Gate;
import dev.arclet.emulator.device.DeviceContractTest;
import dev.arclet.emulator.device.TestRig;
import dev.arclet.emulator.device.TestRig.Wire;
import dev.arclet.emulator.device.debug.DebugConsole;
import dev.arclet.emulator.device.debug.IsaDebugExit;
import dev.arclet.emulator.device.irq.PicPair;
import dev.arclet.emulator.device.timer.CrystalClock;
import dev.arclet.emulator.device.timer.I8254Pit;
import dev.arclet.emulator.memory.PhysicalMap;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The whole chipset on its buses, and the contract for it. */
class ChipsetTest extends DeviceContractTest {
    private final TestRig rig = new TestRig();
    private final PioBus pio = new PioBus();
    private final PicPair pics = new PicPair(new Wire());
    private final Wire sci = new Wire();
    private final List<String> events = new ArrayList<>();
    private final PciBus pci = new PciBus();
    private final I440fxHostBridge host =
            new I440fxHostBridge(
                    (base, size, read, write) ->
                            events.add("%x+%x %s %s".formatted(base, size, read, write)));
    private final Piix3IsaBridge isa =
            new Piix3IsaBridge(lines(pics), () -> events.add("reset"), () -> events.add("init"));
    private final Piix4Pm pm = new Piix4Pm(rig.events, pio, sci, () -> events.add("off"));

    ChipsetTest() {
        pci.add(0, 0, host);
        pci.add(1, 0, isa);
        pci.add(1, 3, pm);
        pci.setResetControl(isa.resetControl());
        pio.register(0xCF8, 8, "PCI", pci);
        pio.register(0xB2, 2, "APM", pm.apm());
    }

    @Override
    protected Subject create(TestRig rig) {
        PioBus bus = new PioBus();
        PicPair pair = new PicPair(new Wire());
        PciBus bus0 = new PciBus();
        I440fxHostBridge bridge = new I440fxHostBridge((base, size, read, write) -> {});
        Piix3IsaBridge piix3 = new Piix3IsaBridge(lines(pair), () -> {}, () -> {});
        Piix4Pm piix4 = new Piix4Pm(rig.events, bus, new Wire(), () -> {});
        PciFunction function = testFunction(bus, new PhysicalMap(32));
        bus0.add(0, 0, bridge);
        bus0.add(1, 0, piix3);
        bus0.add(1, 3, piix4);
        bus0.add(2, 0, function);
        bus0.setResetControl(piix3.resetControl());
        bus.register(0xCF8, 8, "PCI", bus0);
        I8254Pit pit = new I8254Pit(rig.events, new Wire());
        A20Gate gate = new A20Gate(new Wire());
        SystemControlPortB portB = new SystemControlPortB(pit, rig.events.clock());
        SystemControlPortA portA = new SystemControlPortA(gate, () -> {});
        IrqLine pin = piix3.interruptPin(2, 1);
        IrqLine otherPin = piix3.interruptPin(6, 1);
        PioDevice everywhere =
                new PioDevice() {
                    @Override
                    public int readPort(int offset, int bytes) {
                        return bus.read(offset, bytes);
                    }

                    @Override
                    public void writePort(int offset, int bytes, int value) {
                        bus.write(offset, bytes, value);
                    }
                };
        return new Subject()
                .part(pair)
                .part(pit)
                .part(gate)
                .part(portA)
                .part(portB)
                .part(bridge)
                .part(piix3)
                .part(piix4)
                .part(function)
                .part(bus0)
                .ports(8, bus0)
                .ports(2, piix4.apm())
                .ports(1, portA)
                .ports(1, portB)
                .ports(0x10000, everywhere)
                .ports(
                        64,
                        new PioDevice() {
                            @Override
                            public int readPort(int offset, int bytes) {
                                return bus.read(Piix4Pm.DEFAULT_BASE + offset, bytes);
                            }

                            @Override
                            public void writePort(int offset, int bytes, int value) {
                                bus.write(Piix4Pm.DEFAULT_BASE + offset, bytes, value);
                            }
                        })
                .host(
                        random -> {
                            pin.set(random.nextBoolean());
                            otherPin.set(random.nextBoolean());
                            int slot = random.nextInt(3) << 11 | random.nextInt(4) << 8;
                            bus.write(0xCF8, 4, 0x80000000 | slot | random.nextInt(64) << 2);
                            if (random.nextInt(4) == 0) {
                                piix4.pressPowerButton();
                                piix4.raiseGpe(random.nextInt(16));
                            }
                        });
    }

    private static IrqLine[] lines(PicPair pics) {
        IrqLine[] lines = new IrqLine[16];
        for (int irq = 0; irq < 16; irq++) {
            lines[irq] = Piix3IsaBridge.routable(irq) ? pics.line(irq) : null;
        }
        return lines;
    }

    /** A function with one range of each kind. */
    private static PciFunction testFunction(PioBus pio, PhysicalMap map) {
        PioDevice ports =
                new PioDevice() {
                    @Override
                    public int readPort(int offset, int bytes) {
                        return 0x40 + offset;
                    }

                    @Override
                    public void writePort(int offset, int bytes, int value) {}
                };
        MmioDevice registers =
                new MmioDevice() {
                    @Override
                    public long readMmio(long offset, int bytes) {
                        return 0x77;
                    }

                    @Override
                    public void writeMmio(long offset, int bytes, long value) {}
                };
        return new PciFunction(
                "test",
                new PciConfigSpace(0x1234, 0x1111, 0x030000, 2)
                        .interruptPin(1)
                        .ioBar(0, 16, PciBar.ports(pio, "test", 16, ports))
                        .memoryBar(1, 0x1000, true, PciBar.mmio(map, "test", 0x1000, registers)));
    }

    private int config(int device, int function, int offset, int bytes) {
        pio.write(0xCF8, 4, 0x80000000 | device << 11 | function << 8 | offset & 0xFC);
        return pio.read(0xCFC + (offset & 3), bytes);
    }

    private void config(int device, int function, int offset, int bytes, int value) {
        pio.write(0xCF8, 4, 0x80000000 | device << 11 | function << 8 | offset & 0xFC);
        pio.write(0xCFC + (offset & 3), bytes, value);
    }

    @Test
    void identifiesTheRealParts() {
        assertEquals(0x12378086, config(0, 0, 0, 4));
        assertEquals(0x70008086, config(1, 0, 0, 4));
        assertEquals(0x71138086, config(1, 3, 0, 4));
        assertEquals(0x06000002, config(0, 0, 8, 4));
        assertEquals(0x0601, config(1, 0, 10, 2));
        assertEquals(0x80, config(1, 0, 14, 1));
        assertEquals(0xFFFFFFFF, config(2, 0, 0, 4));
        assertEquals(0xFFFF, config(1, 1, 0, 2));
    }

    @Test
    void configurationMechanism() {
        pio.write(0xCF8, 4, 0xFFFFFFFF);
        assertEquals(0x80FFFFFC, pio.read(0xCF8, 4), "reserved bits read zero");
        assertEquals(0xFFFFFFFF, pio.read(0xCFC, 4), "another bus");
        pio.write(0xCF8, 4, 0x00000000);
        assertEquals(0xFFFFFFFF, pio.read(0xCFC, 4), "not enabled");
        pio.write(0xCF8, 4, 0x80000000);
        pio.write(0xCF8, 1, 0x12);
        assertEquals(0x80000000, pio.read(0xCF8, 4), "byte writes are not CONFADD");
        assertEquals(0x37, pio.read(0xCFE, 1));
        assertEquals(0x1237, pio.read(0xCFE, 2));
        config(0, 0, 0, 4, 0);
        assertEquals(0x12378086, config(0, 0, 0, 4), "identity is read only");
    }

    @Test
    void resetControlSharesThePortRange() {
        pio.write(0xCF9, 1, 0x02);
        assertTrue(events.isEmpty());
        pio.write(0xCF9, 1, 0x06);
        assertEquals(List.of("reset"), events);
        pio.write(0xCF9, 1, 0x06);
        assertEquals(1, events.size(), "only the rising bit counts");
        assertEquals(0x06, pio.read(0xCF9, 1));
    }

    @Test
    void shadowRegistersReportSegments() {
        config(0, 0, 0x59, 1, 0x30);
        config(0, 0, 0x5A, 1, 0x21);
        config(0, 0, 0x5F, 1, 0x30);
        assertEquals(
                List.of(
                        "f0000+10000 true true",
                        "c0000+4000 true false",
                        "c4000+4000 false true",
                        "ec000+4000 true true"),
                events);
        events.clear();
        host.reset();
        assertEquals(4, events.size());
        assertEquals("f0000+10000 false false", events.getFirst());
    }

    @Test
    void pciInterruptsAreRoutedAndShared() {
        IrqLine slot2 = isa.interruptPin(2, 1);
        IrqLine slot6 = isa.interruptPin(6, 1);
        pics.master().writeByte(1, 0);
        slot2.set(true);
        assertEquals(0, irr(), "not routed");
        config(1, 0, 0x61, 1, 0x0B);
        assertEquals(0x0800, irr());
        slot6.set(true);
        slot2.set(false);
        assertEquals(0x0800, irr());
        config(1, 0, 0x61, 1, 0x05);
        assertEquals(0x0020, irr());
        slot6.set(false);
        assertEquals(0, irr());
        slot6.set(true);
        config(1, 0, 0x61, 1, 0x80);
        assertEquals(0, irr());
        config(1, 0, 0x61, 1, 0x02);
        assertEquals(0, irr(), "a reserved line");
        assertEquals(0, Piix3IsaBridge.pirq(1, 1));
        assertEquals(3, Piix3IsaBridge.pirq(3, 2));
    }

    @Test
    void aCardsInterruptShowsInItsStatusAndCanBeDisabled() {
        PciFunction card = testFunction(pio, new PhysicalMap(32));
        Wire pin = new Wire();
        pci.add(2, 0, card);
        card.connectInterrupt(pin);
        card.intx().set(true);
        assertTrue(pin.high);
        assertEquals(0x08, config(2, 0, 0x06, 2) & 0x08);
        config(2, 0, 0x04, 2, 0x0400);
        assertFalse(pin.high, "interrupt disable");
        assertEquals(0x08, config(2, 0, 0x06, 2) & 0x08, "still pending");
        config(2, 0, 0x04, 2, 0);
        assertTrue(pin.high);
        card.reset();
        assertFalse(pin.high);
        assertEquals(0, config(2, 0, 0x06, 2) & 0x08);
    }

    @Test
    void capabilitiesFormAList() {
        PciConfigSpace space =
                new PciConfigSpace(0x1AF4, 0x1000, 0x010000, 0)
                        .capability(0x40, 0x09, new byte[] {16, 1})
                        .capability(0x50, 0x11, new byte[] {0, 0});
        pci.add(2, 0, new PciFunction("caps", space));
        assertEquals(0x10, config(2, 0, 0x06, 2));
        assertEquals(0x50, config(2, 0, 0x34, 1));
        assertEquals(0x4011, config(2, 0, 0x50, 2));
        assertEquals(0x01100009, config(2, 0, 0x40, 4));
        config(2, 0, 0x04, 2, 0x0004);
        assertTrue(space.busMaster());
    }

    private int irr() {
        pics.master().writeByte(0, 0x0A);
        pics.slave().writeByte(0, 0x0A);
        return pics.master().readByte(0) & 0xFB | pics.slave().readByte(0) << 8;
    }

    @Test
    void ofRangesThatOverlapTheFirstFunctionsAnswersWhicheverCameFirst() {
        PhysicalMap map = new PhysicalMap(32);
        PciFunction first = testFunction(pio, map);
        PciFunction second = testFunction(pio, map);
        pci.add(2, 0, first);
        pci.add(3, 0, second);
        for (int device = 3; device >= 2; device--) {
            config(device, 0, 0x10, 4, 0xC000);
            config(device, 0, 0x14, 4, 0xE0000000);
            config(device, 0, 0x04, 2, 3);
        }
        assertEquals(0xC000, first.config().mappedAt(0));
        assertEquals(0xE0000000L, first.config().mappedAt(1));
        assertEquals(-1, second.config().mappedAt(0));
        assertEquals(-1, second.config().mappedAt(1));
        first.reset();
        assertEquals(0xC000, second.config().mappedAt(0));
        assertEquals(0xE0000000L, second.config().mappedAt(1));
    }

    @Test
    void rangesFollowTheirBaseAddressRegisters() {
        PhysicalMap map = new PhysicalMap(32);
        PciFunction function = testFunction(pio, map);
        PciFunction rival = testFunction(pio, map);
        pci.add(2, 0, function);
        pci.add(3, 0, rival);
        config(2, 0, 0x10, 4, 0xFFFFFFFF);
        config(2, 0, 0x14, 4, 0xFFFFFFFF);
        assertEquals(0xFFFFFFF1, config(2, 0, 0x10, 4));
        assertEquals(0xFFFFF008, config(2, 0, 0x14, 4));
        assertEquals(0, config(2, 0, 0x18, 4));
        config(2, 0, 0x10, 4, 0xC000);
        config(2, 0, 0x14, 4, 0xE0000000);
        assertEquals(0xFF, pio.read(0xC000, 1), "decoding is off");
        config(2, 0, 0x04, 2, 3);
        assertEquals(0x43, pio.read(0xC003, 1));
        assertEquals(0x77, map.read(0xE0000FFFL, 1));
        config(3, 0, 0x10, 4, 0xC000);
        config(3, 0, 0x04, 2, 1);
        assertEquals(-1, rival.config().mappedAt(0), "the place is taken");
        config(2, 0, 0x10, 4, 0xC100);
        assertEquals(0x43, pio.read(0xC103, 1));
        assertEquals(0xC000, rival.config().mappedAt(0), "mapped as soon as it is free");
        config(2, 0, 0x14, 4, 0xD0000000);
        assertEquals(0xFF, map.read(0xE0000000L, 1));
        assertEquals(0x77, map.read(0xD0000000L, 1));
        config(2, 0, 0x04, 2, 0);
        assertEquals(0xFF, pio.read(0xC103, 1));
        assertEquals(0xFF, map.read(0xD0000000L, 1));
        assertThrows(IllegalArgumentException.class, () -> pci.add(2, 0, rival));
    }

    @Test
    void powerManagementAnswersAtItsDefaultBaseAndMoves() {
        assertEquals(0x601, config(1, 3, 0x40, 4));
        pio.write(0x604, 2, 0x0001);
        assertEquals(0x0001, pio.read(0x604, 2));
        config(1, 3, 0x40, 4, 0xB000);
        assertEquals(0x0001, pio.read(0xB004, 2));
        assertEquals(0xFFFF, pio.read(0x604, 2));
        config(1, 3, 0x80, 1, 0);
        assertEquals(0xFFFF, pio.read(0xB004, 2));
        pm.reset();
        assertEquals(0x0000, pio.read(0x604, 2));
    }

    @Test
    void softOff() {
        pio.write(0x604, 2, 0x2000 | 1 << 10);
        assertTrue(events.isEmpty(), "not S5");
        assertEquals(0x8000, pio.read(0x600, 2) & 0x8000, "woken at once");
        pio.write(0x604, 2, 0x2001);
        assertEquals(List.of("off"), events);
        assertEquals(0x0001, pio.read(0x604, 2), "SLP_EN reads zero");
    }

    @Test
    void powerButtonRaisesTheSystemControlInterrupt() {
        pm.pressPowerButton();
        assertFalse(sci.high);
        pio.write(0x602, 2, 0x0100);
        assertFalse(sci.high, "not in ACPI mode");
        pio.write(0xB2, 1, Piix4Pm.ACPI_ENABLE);
        assertEquals(1, pio.read(0x604, 2) & 1);
        assertTrue(sci.high);
        assertTrue(pm.listensToPowerButton());
        pio.write(0x600, 2, 0x0100);
        assertFalse(sci.high);
        pm.raiseGpe(3);
        pio.write(0x60E, 2, 0x0008);
        assertTrue(sci.high);
        pio.write(0x60C, 2, 0x0008);
        assertFalse(sci.high);
        pio.write(0xB2, 1, Piix4Pm.ACPI_DISABLE);
        assertEquals(0, pio.read(0x604, 2) & 1);
    }

    @Test
    void acpiTimerIsExactAndInterruptsEveryHalfTurn() {
        rig.advance(3600L * 1_000_000_000L);
        long ticks = 3600L * 315_000_000 / 88;
        assertEquals(ticks & 0xFFFFFF, pio.read(0x608, 4));
        pio.write(0x600, 2, 1);
        pio.write(0x602, 2, 1);
        pio.write(0x604, 2, 1);
        assertFalse(sci.high);
        long next = ((ticks >> 23) + 1) << 23;
        rig.advance(CrystalClock.ACPI.nanosAt(next) - 1 - rig.nanos());
        assertFalse(sci.high);
        rig.advance(1);
        assertTrue(sci.high);
        pio.write(0x600, 2, 1);
        assertFalse(sci.high);
        rig.advance(CrystalClock.ACPI.nanosAt(next + (1 << 23)) - rig.nanos());
        assertTrue(sci.high);
    }

    @Test
    void crystalClocksDoNotDrift() {
        long year = 365L * 86_400 * 1_000_000_000L;
        assertEquals(365L * 86_400 * 105_000_000 / 88, CrystalClock.PIT.ticksAt(year));
        assertEquals(365L * 86_400 * 32_768, CrystalClock.RTC.ticksAt(year));
        for (long tick = 0; tick < 100_000; tick += 7) {
            long nanos = CrystalClock.PIT.nanosAt(tick);
            assertEquals(tick, CrystalClock.PIT.ticksAt(nanos));
            assertEquals(tick - 1, CrystalClock.PIT.ticksAt(nanos - 1));
        }
    }

    @Test
    void port61ShowsTimerAndRefresh() {
        I8254Pit pit = new I8254Pit(rig.events, new Wire());
        SystemControlPortB port = new SystemControlPortB(pit, rig.events.clock());
        int toggles = 0;
        int last = port.readByte(0) & 0x10;
        for (int i = 0; i < 1000; i++) {
            rig.advance(1000);
            int now = port.readByte(0) & 0x10;
            toggles += now != last ? 1 : 0;
            last = now;
        }
        assertEquals(66, toggles);
        port.writeByte(0, 0xF1);
        assertTrue(pit.gate2());
        assertFalse(port.speakerEnabled());
        pit.writeByte(3, 0xB0);
        pit.writeByte(2, 100);
        pit.writeByte(2, 0);
        assertEquals(0x01, port.readByte(0) & 0xEF);
        rig.advance(CrystalClock.PIT.nanosAt(102));
        assertEquals(0x21, port.readByte(0) & 0xEF);
        port.writeByte(0, 0x03);
        assertTrue(port.speakerEnabled());
    }

    @Test
    void portF0TakesBackTheCoprocessorsInterrupt() {
        Wire irq = new Wire();
        CoprocessorError error = new CoprocessorError(irq);
        error.signal();
        error.signal();
        assertTrue(irq.high);
        assertEquals(1, irq.rises);
        error.writeByte(0, 0);
        assertFalse(irq.high);
    }

    @Test
    void port92OpensA20AndResetsOnARisingBit() {
        Wire wire = new Wire();
        A20Gate gate = new A20Gate(wire);
        SystemControlPortA port = new SystemControlPortA(gate, () -> events.add("reset"));
        assertEquals(0x02, port.readByte(0));
        port.writeByte(0, 0);
        assertFalse(wire.high);
        gate.set(true);
        assertEquals(0x02, port.readByte(0));
        port.writeByte(0, 3);
        port.writeByte(0, 3);
        assertEquals(List.of("reset"), events);
    }

    @Test
    void debugPorts() {
        StringBuilder text = new StringBuilder();
        DebugConsole console = new DebugConsole(b -> text.append((char) b));
        assertEquals(0xE9, console.readByte(0));
        console.writePort(0, 2, 'o' | 'k' << 8);
        assertEquals("ok", text.toString());
        IsaDebugExit exit = new IsaDebugExit(value -> events.add("exit " + value));
        exit.writePort(0, 4, 0x10);
        assertEquals(List.of("exit 16"), events);
    }
}
