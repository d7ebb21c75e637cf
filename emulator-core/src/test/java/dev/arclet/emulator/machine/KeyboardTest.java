package dev.arclet.emulator.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.emulator.device.A20Gate;
import dev.arclet.emulator.device.DeviceContractTest;
import dev.arclet.emulator.device.TestRig;
import dev.arclet.emulator.device.TestRig.Wire;
import dev.arclet.emulator.device.input.I8042;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class KeyboardTest extends DeviceContractTest {
    private static final int OUTPUT_FULL = 0x01;
    private static final int KEY_A = 0x1E;
    private static final long MILLI = 1_000_000;

    private final TestRig rig = new TestRig();
    private final I8042 controller = controller(rig, new A20Gate(new Wire()));
    private final Keyboard keyboard = new Keyboard(rig.events, controller.keyboard());

    private static I8042 controller(TestRig rig, A20Gate gate) {
        return new I8042(rig.events, new Wire(), new Wire(), gate, () -> {});
    }

    @Override
    protected Subject create(TestRig rig) {
        A20Gate gate = new A20Gate(new Wire());
        I8042 chip = controller(rig, gate);
        Keyboard subject = new Keyboard(rig.events, chip.keyboard());
        return new Subject()
                .part(gate)
                .part(chip)
                .part(subject)
                .ports(1, chip.data())
                .ports(1, chip.command())
                .host(random -> subject.key(1 + random.nextInt(0x50), random.nextBoolean()));
    }

    /**
     * When keys were pressed, in milliseconds, as a guest sees it that polls ten times as often.
     */
    private List<Long> pressed(long millis) {
        List<Long> times = new ArrayList<>();
        for (long tenth = 0; tenth < 10 * millis; tenth++) {
            while ((controller.command().readPort(0, 1) & OUTPUT_FULL) != 0) {
                if ((controller.data().readPort(0, 1) & 0x80) == 0) {
                    times.add(tenth / 10);
                }
            }
            rig.advance(MILLI / 10);
        }
        return times;
    }

    private void type(int keys) {
        for (int i = 0; i < keys; i++) {
            keyboard.key(KEY_A, true);
            keyboard.key(KEY_A, false);
        }
    }

    /** A BIOS keeps 15 keys until the program asks: text that is pasted must not outrun it. */
    @Test
    void textIsTypedNoFasterThanABiosBuffersIt() {
        type(40);
        List<Long> times = pressed(1000);
        assertEquals(40, times.size());
        for (int i = 15; i < times.size(); i++) {
            assertTrue(times.get(i) - times.get(i - 15) >= 100, times.toString());
        }
        assertTrue(times.getLast() < 500, "but faster than a typist: " + times);
    }

    @Test
    void aKeyThatComesAloneArrivesAtOnce() {
        type(1);
        assertEquals(List.of(0L), pressed(2));
        pressed(20);
        type(1);
        assertTrue(pressed(2).size() == 1);
    }
}
