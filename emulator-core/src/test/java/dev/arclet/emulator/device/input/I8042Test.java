package dev.arclet.emulator.device.input;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.emulator.bus.PioDevice;
import dev.arclet.emulator.device.A20Gate;
import dev.arclet.emulator.device.DeviceContractTest;
import dev.arclet.emulator.device.TestRig;
import dev.arclet.emulator.device.TestRig.Wire;
import org.junit.jupiter.api.Test;

class I8042Test extends DeviceContractTest {
    private final TestRig rig = new TestRig();
    private final Wire irq1 = new Wire();
    private final Wire irq12 = new Wire();
    private final Wire a20Wire = new Wire();
    private final A20Gate a20 = new A20Gate(a20Wire);
    private int resets;
    private final I8042 controller = new I8042(rig.events, irq1, irq12, a20, () -> resets++);
    private final PioDevice data = controller.data();
    private final PioDevice command = controller.command();

    @Override
    protected Subject create(TestRig rig) {
        A20Gate gate = new A20Gate(new Wire());
        I8042 subject = new I8042(rig.events, new Wire(), new Wire(), gate, () -> {});
        return new Subject()
                .part(gate)
                .part(subject)
                .ports(1, subject.data())
                .ports(1, subject.command())
                .host(
                        random -> {
                            subject.keyboard().key(random.nextInt(0x120), random.nextBoolean());
                            subject.mouse()
                                    .move(
                                            random.nextInt(2000) - 1000,
                                            random.nextInt(20) - 10,
                                            random.nextInt(3) - 1,
                                            random.nextInt(8));
                        });
    }

    private int status() {
        return command.readPort(0, 1);
    }

    private void command(int value) {
        command.writePort(0, 1, value);
    }

    private void mode(int value) {
        command(0x60);
        data.writePort(0, 1, value);
    }

    /** All that the devices send, in hexadecimal. */
    private String drain() {
        StringBuilder bytes = new StringBuilder();
        for (int idle = 0; idle < 3; idle++) {
            while ((status() & 1) != 0) {
                bytes.append(" %02x".formatted(data.readPort(0, 1)));
                idle = 0;
            }
            rig.advance(I8042.BYTE_NANOS);
        }
        return bytes.toString().trim();
    }

    private String keyboard(int... bytes) {
        StringBuilder replies = new StringBuilder();
        for (int b : bytes) {
            data.writePort(0, 1, b);
            replies.append(' ').append(drain());
        }
        return replies.toString().trim();
    }

    private String mouse(int... bytes) {
        StringBuilder replies = new StringBuilder();
        for (int b : bytes) {
            command(0xD4);
            data.writePort(0, 1, b);
            replies.append(' ').append(drain());
        }
        return replies.toString().trim();
    }

    private String press(int key) {
        controller.keyboard().key(key, true);
        String make = drain();
        controller.keyboard().key(key, false);
        return make + " / " + drain();
    }

    @Test
    void selfTestAndPortTests() {
        command(0xAA);
        assertEquals("55", drain());
        assertEquals(0x04, status() & 0x04);
        command(0xAB);
        assertEquals("00", drain());
        command(0xA9);
        assertEquals("00", drain());
        command(0xA4);
        assertEquals("f1", drain());
    }

    @Test
    void commandByteAndRam() {
        mode(0x47);
        command(0x20);
        assertEquals("47", drain());
        command(0x65);
        data.writePort(0, 1, 0x99);
        command(0x25);
        assertEquals("99", drain());
        command(0xA7);
        command(0xAD);
        command(0x20);
        assertEquals("77", drain());
        command(0xA8);
        command(0xAE);
        command(0x20);
        assertEquals("47", drain());
    }

    @Test
    void keysInTranslatedSet2() {
        mode(0x43);
        assertEquals("1e / 9e", press(0x1E));
        assertEquals("e0 48 / e0 c8", press(0xE048));
        assertEquals("e0 48 / e0 c8", press(0xC8), "the RFB form");
        assertEquals("41 / c1", press(0x41), "F7");
        assertEquals("e1 1d 45 e1 9d c5 / ", press(0xE046));
        assertEquals("e0 2a e0 37 / e0 b7 e0 aa", press(0xE037));
        assertEquals("01 / 81", press(0x01));
        assertEquals("58 / d8", press(0x58));
    }

    @Test
    void keysInPlainSets() {
        mode(0x03);
        assertEquals("1c / f0 1c", press(0x1E));
        assertEquals("e0 75 / e0 f0 75", press(0xC8));
        assertEquals("83 / f0 83", press(0x41));
        assertEquals("fa fa", keyboard(0xF0, 1));
        assertEquals("1e / 9e", press(0x1E));
        assertEquals("e0 48 / e0 c8", press(0xC8));
        assertEquals("fa fa", keyboard(0xF0, 3));
        assertEquals("1c / ", press(0x1E), "typematic only by default");
        assertEquals("12 / f0 12", press(0x2A), "modifiers make and break");
        assertEquals("fa", keyboard(0xFA));
        assertEquals("63 / f0 63", press(0xC8));
        assertEquals("fa fa", keyboard(0xFD, 0x1C));
        assertEquals("fa fa 03", keyboard(0xF0, 0));
        assertEquals("1c / ", press(0x1E));
    }

    @Test
    void everyKeyTranslatesBackToItsSet1Code() {
        mode(0x43);
        for (int key = 1; key < 0x59; key++) {
            if (key == 0x54 || key == 0x55) {
                continue;
            }
            assertEquals("%02x / %02x".formatted(key, key | 0x80), press(key));
        }
    }

    @Test
    void altPrintScreenIsSystemRequest() {
        mode(0x43);
        controller.keyboard().key(0x38, true);
        drain();
        assertEquals("54 / d4", press(0x54));
        assertEquals("54 / d4", press(0xE037));
    }

    @Test
    void controlPauseIsBreak() {
        mode(0x43);
        controller.keyboard().key(0x1D, true);
        drain();
        assertEquals("e0 46 e0 c6 / ", press(0xC6));
    }

    @Test
    void keyboardCommands() {
        mode(0x03);
        assertEquals("fa ab 83", keyboard(0xF2));
        assertEquals("ee", keyboard(0xEE));
        assertEquals("fa fa", keyboard(0xED, 0x05));
        assertEquals(5, controller.keyboard().leds());
        assertEquals("fa fa", keyboard(0xF3, 0x00));
        assertEquals("fa aa", keyboard(0xFF));
        assertEquals(0, controller.keyboard().leds());
        assertEquals("fe", keyboard(0x12), "no such command");
        assertEquals("fa", keyboard(0xF5));
        assertEquals(" / ", press(0x1E));
        assertEquals("fa", keyboard(0xF4));
        assertEquals("1c / f0 1c", press(0x1E));
        assertEquals("1c", keyboard(0xFE), "resend");
        assertEquals("fa fa ab 83", keyboard(0xED, 0xF2), "a command instead of the data byte");
        mode(0x43);
        assertEquals("fa ab 41", keyboard(0xF2), "the controller translates the identifier");
    }

    @Test
    void interruptsFollowTheOutputBuffer() {
        mode(0x03);
        controller.keyboard().key(0x1E, true);
        controller.keyboard().key(0x1E, false);
        assertFalse(irq1.high);
        rig.advance(I8042.BYTE_NANOS);
        assertTrue(irq1.high);
        assertEquals(0x1C, data.readPort(0, 1));
        assertFalse(irq1.high);
        assertEquals(0x1C, data.readPort(0, 1), "the old byte stays until the next one arrives");
        rig.advance(I8042.BYTE_NANOS);
        assertTrue(irq1.high);
        assertEquals(2, irq1.rises);
        assertEquals(0x10, command.readPort(0, 1) & 0x30);
        mouse(0xF4);
        assertEquals(1, irq12.rises);
        mode(0x00);
        controller.keyboard().key(0x1E, true);
        rig.advance(10 * I8042.BYTE_NANOS);
        assertFalse(irq1.high);
        assertEquals(1, status() & 1);
    }

    @Test
    void disabledKeyboardWaits() {
        mode(0x43);
        command(0xAD);
        controller.keyboard().key(0x1E, true);
        assertEquals("", drain());
        command(0xAE);
        assertEquals("1e", drain());
    }

    @Test
    void overrunLosesWholeKeysAndSaysSo() {
        mode(0x03);
        for (int i = 0; i < 1000; i++) {
            controller.keyboard().key(0x1E, true);
            controller.keyboard().key(0x1E, false);
        }
        String all = drain();
        assertTrue(all.endsWith(" 00"), all);
        assertTrue(all.length() < 1000);
        assertEquals("1c / f0 1c", press(0x1E));
    }

    @Test
    void a20AndResetOutputs() {
        assertTrue(a20.open());
        command(0xD0);
        int port = data.readPort(0, 1);
        assertEquals(0x03, port & 0x03);
        command(0xD1);
        data.writePort(0, 1, port & ~2);
        assertFalse(a20Wire.high);
        assertEquals(0, resets);
        command(0xDF);
        assertTrue(a20Wire.high);
        command(0xDD);
        assertFalse(a20Wire.high);
        command(0xFE);
        assertEquals(1, resets);
        command(0xFF);
        assertEquals(1, resets);
        command(0xD1);
        data.writePort(0, 1, 0x02);
        assertEquals(2, resets);
    }

    @Test
    void loopbackCommands() {
        mode(0x03);
        command(0xD2);
        data.writePort(0, 1, 0xA5);
        assertTrue(irq1.high);
        assertEquals("a5", drain());
        command(0xD3);
        data.writePort(0, 1, 0x5A);
        assertTrue(irq12.high);
        assertEquals(0x21, status() & 0x21);
        assertEquals("5a", drain());
    }

    @Test
    void standardMousePackets() {
        assertEquals("fa 00", mouse(0xF2));
        controller.mouse().move(5, 5, 0, 0);
        assertEquals("", drain(), "not enabled");
        assertEquals("fa", mouse(0xF4));
        assertTrue(controller.mouse().enabled());
        controller.mouse().move(5, 3, 1, Ps2Mouse.BUTTON_LEFT);
        assertEquals("29 05 fd", drain());
        controller.mouse().move(-1, -2, 0, Ps2Mouse.BUTTON_RIGHT | Ps2Mouse.BUTTON_MIDDLE);
        assertEquals("1e ff 02", drain());
        controller.mouse().move(0, 0, 0, 6);
        assertEquals("", drain(), "nothing changed");
    }

    @Test
    void motionIsMergedAndButtonsAreNot() {
        mouse(0xF4);
        for (int i = 0; i < 100; i++) {
            controller.mouse().move(3, 0, 0, 0);
        }
        controller.mouse().move(0, 0, 0, 1);
        controller.mouse().move(0, 0, 0, 0);
        assertEquals("08 ff 00 08 2d 00 09 00 00 08 00 00", drain());
    }

    @Test
    void wheelAndSideButtonsAfterTheMagicRates() {
        assertEquals("fa fa fa fa fa fa fa 03", mouse(0xF3, 200, 0xF3, 100, 0xF3, 80, 0xF2));
        mouse(0xF4);
        controller.mouse().move(0, 0, -1, 0);
        assertEquals("08 00 00 ff", drain());
        assertEquals("fa fa fa fa fa fa fa 04", mouse(0xF3, 200, 0xF3, 200, 0xF3, 80, 0xF2));
        controller.mouse().move(0, 0, 1, 0x18);
        assertEquals("08 00 00 31", drain());
        assertEquals("fa aa 00", mouse(0xFF));
        assertEquals("fa 00", mouse(0xF2));
    }

    @Test
    void remoteWrapAndStatus() {
        assertEquals("fa", mouse(0xF0));
        controller.mouse().move(7, 0, 0, 4);
        assertEquals("", drain());
        assertEquals("fa 0c 07 00", mouse(0xEB));
        assertEquals("fa 0c 00 00", mouse(0xEB));
        assertEquals("fa fa fa fa 52 03 64", mouse(0xE7, 0xE8, 0x03, 0xE9));
        assertEquals("fa 12 f4", mouse(0xEE, 0x12, 0xF4));
        assertEquals("fa", mouse(0xEC));
        assertEquals("fa fa", mouse(0xEA, 0xF4));
        controller.mouse().move(6, 5, 0, 0);
        assertEquals("28 0c f7", drain(), "scaled two to one");
        assertEquals("f7", mouse(0xFE));
        assertEquals("fe", mouse(0xE1));
    }
}
