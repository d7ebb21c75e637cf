package dev.arclet.emulator.device.input;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.emulator.bus.PioDevice;
import dev.arclet.emulator.bus.Resettable;
import dev.arclet.emulator.device.A20Gate;
import dev.arclet.emulator.device.DeviceContractTest;
import dev.arclet.emulator.device.TestRig;
import dev.arclet.emulator.device.TestRig.Wire;
import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotReader;
import dev.arclet.emulator.snapshot.SnapshotWriter;
import dev.arclet.emulator.snapshot.Stateful;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class VmwareBackdoorTest extends DeviceContractTest {
    private static final int MAGIC = 0x564D5868;
    private static final int ENABLE = 0x45414552;
    private static final int ABSOLUTE = 0x53424152;
    private static final int RELATIVE = 0x4C455252;
    private static final int[] COMMANDS = {ENABLE, ABSOLUTE, RELATIVE, 0xF5, 0};

    /** The registers of a guest that calls at random. */
    private static final class Caller
            implements VmwareBackdoor.Registers, PioDevice, Resettable, Stateful {
        final int[] registers = new int[8];
        VmwareBackdoor device;

        @Override
        public int get(int number) {
            return registers[number];
        }

        @Override
        public void set(int number, int value) {
            registers[number] = value;
        }

        int call(int number, int argument) {
            registers[0] = MAGIC;
            registers[1] = number;
            registers[3] = argument;
            registers[0] = device.readPort(0, 4);
            return registers[0];
        }

        @Override
        public int readPort(int offset, int bytes) {
            return device.readPort(offset, bytes);
        }

        @Override
        public void writePort(int offset, int bytes, int value) {
            device.writePort(offset, bytes, value);
            int number = 36 + (value & 7);
            int argument = (value & 0x100) != 0 ? value >>> 3 & 7 : value & 0xFF;
            call(number, number == 41 ? COMMANDS[argument % COMMANDS.length] : argument);
            registers[0] = (value & 0x200) != 0 ? MAGIC : value;
        }

        @Override
        public void reset() {
            Arrays.fill(registers, 0);
        }

        @Override
        public String sectionId() {
            return "caller";
        }

        @Override
        public int sectionVersion() {
            return 1;
        }

        @Override
        public void save(SnapshotWriter out) {
            out.putInts("registers", registers);
        }

        @Override
        public void restore(SnapshotReader in, int version) throws SnapshotException {
            in.getInts("registers", registers);
        }
    }

    private final TestRig rig = new TestRig();
    private final Wire irq12 = new Wire();
    private final I8042 controller =
            new I8042(rig.events, new Wire(), irq12, new A20Gate(new Wire()), () -> {});
    private final Caller guest = new Caller();
    private final VmwareBackdoor device =
            new VmwareBackdoor(guest, 5_000_000_000L, 1_000_000_000L, controller::wakeMouseDriver);

    VmwareBackdoorTest() {
        guest.device = device;
    }

    @Override
    protected Subject create(TestRig rig) {
        Caller caller = new Caller();
        VmwareBackdoor subject = new VmwareBackdoor(caller, 1, 2, () -> {});
        caller.device = subject;
        return new Subject()
                .part(caller)
                .part(subject)
                .ports(4, caller)
                .host(
                        random -> {
                            for (int i = random.nextInt(300); i >= 0; i--) {
                                subject.move(
                                        random.nextInt(0x12000) - 0x1000,
                                        random.nextInt(0x10000),
                                        random.nextInt(99) - 49,
                                        random.nextInt(),
                                        random.nextInt(5) - 2,
                                        random.nextInt(8));
                            }
                        });
    }

    private void start(int mode) {
        guest.call(41, ENABLE);
        assertEquals(1, guest.call(40, 0));
        assertEquals(0x3442554A, guest.call(39, 1));
        guest.call(41, mode);
    }

    /** The next packet: buttons, x, y, wheel. */
    private int[] packet() {
        int buttons = guest.call(39, 4);
        return new int[] {buttons, guest.registers[3], guest.registers[1], guest.registers[2]};
    }

    @Test
    void tellsItsVersionAndTheFrequencies() {
        assertEquals(6, guest.call(10, 0));
        assertEquals(MAGIC, guest.registers[3]);
        assertEquals((int) 5_000_000_000L, guest.call(45, 0));
        assertEquals(1, guest.registers[3]);
        assertEquals(1_000_000_000, guest.registers[1]);
    }

    @Test
    void otherReadsAndCallsFindNothing() {
        guest.registers[1] = 10;
        guest.registers[0] = MAGIC + 1;
        assertEquals(-1, device.readPort(0, 4));
        guest.registers[0] = MAGIC;
        assertEquals(0xFFFF, device.readPort(0, 2));
        assertEquals(0xFF, device.readPort(2, 1));
        assertEquals(-1, guest.call(30, 7));
        assertEquals(30, guest.registers[1]);
        assertEquals(7, guest.registers[3]);
    }

    @Test
    void placesArriveAfterTheDriverAskedForThem() {
        assertFalse(device.listening());
        assertEquals(0xFFFF0000, guest.call(40, 0));
        device.move(1, 2, 0, 0, 0, 0);
        start(ABSOLUTE);
        assertTrue(device.listening());
        assertEquals(0, guest.call(40, 0));
        device.move(0x1234, 0xFEDC, 5, 5, 1, 0);
        device.move(0x1234, 0xFEDC, 0, 0, 0, Ps2Mouse.BUTTON_LEFT);
        device.move(-7, 70000, 0, 0, -1, Ps2Mouse.BUTTON_RIGHT | Ps2Mouse.BUTTON_MIDDLE);
        assertEquals(12, guest.call(40, 0));
        assertArrayEquals(new int[] {0, 0x1234, 0xFEDC, 1}, packet());
        assertArrayEquals(new int[] {0x20, 0x1234, 0xFEDC, 0}, packet());
        assertArrayEquals(new int[] {0x18, 0, 0xFFFF, -1}, packet());
        assertEquals(0, guest.call(40, 0));
    }

    @Test
    void relativeModeGivesDifferencesUpwards() {
        start(RELATIVE);
        device.move(9, 9, 3, 4, 0, Ps2Mouse.BUTTON_LEFT);
        device.move(9, 9, 3, 4, 0, Ps2Mouse.BUTTON_LEFT);
        assertArrayEquals(new int[] {0x10020, 6, -8, 0}, packet());
    }

    @Test
    void motionIsMergedAndTheLastPlaceSurvivesAFullQueue() {
        start(ABSOLUTE);
        for (int i = 0; i < 50; i++) {
            device.move(i, i, 0, 0, 1, 0);
        }
        assertEquals(4, guest.call(40, 0));
        assertArrayEquals(new int[] {0, 49, 49, 50}, packet());
        for (int i = 0; i < 1001; i++) {
            device.move(i, 0, 0, 0, 0, i & 1);
        }
        assertEquals(1024, guest.call(40, 0));
        int[] last = new int[4];
        while (guest.call(40, 0) > 0) {
            last = packet();
        }
        assertArrayEquals(new int[] {0, 1000, 0, 0}, last);
    }

    @Test
    void aDriverThatAsksForTooMuchStartsOver() {
        start(ABSOLUTE);
        device.move(1, 1, 0, 0, 0, 0);
        guest.call(39, 5);
        assertEquals(0xFFFF0000, guest.call(40, 0));
        assertFalse(device.listening());
        start(ABSOLUTE);
        guest.call(41, 0xF5);
        assertEquals(0xFFFF0000, guest.call(40, 0));
    }

    @Test
    void newsComesWithAnEmptyPacketOfThePs2Mouse() {
        device.move(1, 1, 1, 1, 0, 0);
        start(ABSOLUTE);
        device.move(1, 1, 1, 1, 0, 0);
        rig.advance(10 * I8042.BYTE_NANOS);
        assertEquals(0, irq12.rises, "the mouse is off");
        controller.command().writePort(0, 1, 0xD4);
        controller.data().writePort(0, 1, 0xF4);
        rig.advance(I8042.BYTE_NANOS);
        assertEquals(0xFA, controller.data().readPort(0, 1));
        device.move(2, 2, 1, 1, 0, 1);
        device.move(3, 3, 1, 1, 0, 0);
        StringBuilder bytes = new StringBuilder();
        for (int i = 0; i < 10; i++) {
            rig.advance(I8042.BYTE_NANOS);
            if ((controller.command().readPort(0, 1) & 1) != 0) {
                bytes.append(" %02x".formatted(controller.data().readPort(0, 1)));
            }
        }
        assertEquals(" 08 00 00", bytes.toString());
    }
}
