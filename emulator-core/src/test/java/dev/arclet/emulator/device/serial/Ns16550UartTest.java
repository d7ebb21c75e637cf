package dev.arclet.emulator.device.serial;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.emulator.device.DeviceContractTest;
import dev.arclet.emulator.device.TestRig;
import dev.arclet.emulator.device.TestRig.Wire;
import org.junit.jupiter.api.Test;

class Ns16550UartTest extends DeviceContractTest {
    private static final int OUT2 = 0x08;
    private static final int LOOP = 0x10;

    private final TestRig rig = new TestRig();
    private final Wire irq = new Wire();
    private final StringBuilder sent = new StringBuilder();
    private int readyCalls;
    private String outputs = "";
    private final SerialBackend backend =
            new SerialBackend() {
                @Override
                public void transmit(int value) {
                    sent.append((char) value);
                }

                @Override
                public void receiverReady() {
                    readyCalls++;
                }

                @Override
                public void outputs(boolean dtr, boolean rts, boolean breakOn) {
                    outputs = (dtr ? "D" : "d") + (rts ? "R" : "r") + (breakOn ? "B" : "b");
                }
            };
    private final Ns16550Uart uart = new Ns16550Uart("serial0", rig.events, irq, backend);

    @Override
    protected Subject create(TestRig rig) {
        Ns16550Uart subject = new Ns16550Uart("serial0", rig.events, new Wire(), value -> {});
        return new Subject()
                .part(subject)
                .ports(8, subject)
                .host(
                        random -> {
                            switch (random.nextInt(4)) {
                                case 0 -> subject.receiveBreak();
                                case 1 ->
                                        subject.setModemInputs(
                                                random.nextBoolean(),
                                                random.nextBoolean(),
                                                random.nextBoolean(),
                                                random.nextBoolean());
                                default -> subject.receive(random.nextInt(256));
                            }
                        });
    }

    private int iir() {
        return uart.readByte(2);
    }

    private int lsr() {
        return uart.readByte(5);
    }

    @Test
    void divisorLatchHidesDataAndInterruptEnable() {
        uart.writeByte(3, 0x83);
        uart.writeByte(0, 0x01);
        uart.writeByte(1, 0x02);
        assertEquals(0x01, uart.readByte(0));
        assertEquals(0x02, uart.readByte(1));
        uart.writeByte(3, 0x03);
        assertEquals(0x00, uart.readByte(1));
        assertEquals("", sent.toString());
        uart.writeByte(0, 'x');
        assertEquals("x", sent.toString());
        assertEquals(0x60, lsr());
    }

    @Test
    void transmitInterruptFollowsAndIsClearedByIdentification() {
        uart.writeByte(4, OUT2);
        uart.writeByte(1, 0x02);
        assertTrue(irq.high, "enabling with an empty transmitter interrupts at once");
        assertEquals(0x02, iir());
        assertFalse(irq.high);
        assertEquals(0x01, iir());
        uart.writeByte(0, 'a');
        assertFalse(irq.high);
        rig.advance(Ns16550Uart.THRE_DELAY_NANOS);
        assertTrue(irq.high);
        uart.writeByte(0, 'b');
        assertFalse(irq.high);
    }

    @Test
    void receiverWithoutFifoHoldsOneByteAndLosesNone() {
        uart.writeByte(4, OUT2);
        uart.writeByte(1, 0x01);
        assertEquals(1, uart.receiveSpace());
        assertTrue(uart.receive('h'));
        assertFalse(uart.receive('i'));
        assertTrue(irq.high);
        assertEquals(0x04, iir());
        assertEquals(0x61, lsr());
        assertEquals('h', uart.readByte(0));
        assertEquals(1, readyCalls);
        assertFalse(irq.high);
        assertTrue(uart.receive('i'));
        assertEquals('i', uart.readByte(0));
        assertEquals(0x60, lsr());
    }

    @Test
    void fifoTriggerLevelAndTimeout() {
        uart.writeByte(2, 0x81);
        uart.writeByte(4, OUT2);
        uart.writeByte(1, 0x01);
        assertEquals(0xC1, iir());
        for (int i = 0; i < 7; i++) {
            uart.receive(i);
        }
        assertFalse(irq.high);
        uart.receive(7);
        assertTrue(irq.high);
        assertEquals(0xC4, iir());
        assertEquals(0, uart.readByte(0));
        assertFalse(irq.high, "below the trigger");
        long character = 10L * 12 * 16 * 1_000_000_000L / 1_843_200;
        uart.writeByte(3, 0x03);
        uart.receive(8);
        assertEquals(1, uart.readByte(0));
        rig.advance(4 * character - 1);
        assertFalse(irq.high);
        rig.advance(1);
        assertTrue(irq.high);
        assertEquals(0xCC, iir());
        assertEquals(2, uart.readByte(0));
        assertFalse(irq.high);
        for (int i = 0; i < 20; i++) {
            uart.receive(i);
        }
        assertEquals(0, uart.receiveSpace());
        uart.writeByte(2, 0x83);
        assertEquals(16, uart.receiveSpace());
        assertEquals(0x60, lsr());
    }

    @Test
    void loopbackCarriesDataAndModemLines() {
        uart.writeByte(4, LOOP);
        assertEquals(0x0B, uart.readByte(6) & 0x0F, "CTS, DSR, DCD fell");
        int[] control = {0x01, 0x02, 0x04, 0x08};
        int[] status = {0x20, 0x10, 0x40, 0x80};
        for (int i = 0; i < 4; i++) {
            uart.writeByte(4, LOOP | control[i]);
            assertEquals(status[i], uart.readByte(6) & 0xF0);
        }
        assertFalse(uart.receive('q'));
        uart.writeByte(3, 0x01);
        uart.writeByte(0, 0xFF);
        assertEquals(0x3F, uart.readByte(0), "six bits per word");
        uart.writeByte(0, 1);
        uart.writeByte(0, 2);
        assertEquals(0x63, lsr(), "overrun");
        assertEquals(0x61, lsr());
        assertEquals("", sent.toString());
        uart.writeByte(4, 0);
        assertEquals(1, uart.readByte(0) == 2 ? 1 : 0);
    }

    @Test
    void interruptsComeWhateverOut2Is() {
        uart.writeByte(4, 0);
        uart.writeByte(1, 0x01);
        uart.receive('x');
        assertTrue(irq.high);
        uart.writeByte(4, OUT2);
        assertTrue(irq.high);
        uart.readByte(0);
        assertFalse(irq.high);
    }

    @Test
    void interruptPriorities() {
        uart.writeByte(4, OUT2);
        uart.writeByte(1, 0x0F);
        uart.setModemInputs(false, true, false, true);
        uart.receiveBreak();
        assertEquals(0x06, iir());
        assertEquals(0x71, lsr());
        assertEquals(0x04, iir());
        uart.readByte(0);
        assertEquals(0x02, iir());
        assertEquals(0x00, iir());
        assertEquals(0xA1, uart.readByte(6));
        assertEquals(0x01, iir());
        assertFalse(irq.high);
    }

    @Test
    void ringCountsWhenItEnds() {
        uart.setModemInputs(true, true, true, true);
        assertEquals(0xF0, uart.readByte(6));
        uart.setModemInputs(true, true, false, true);
        assertEquals(0xB4, uart.readByte(6));
    }

    @Test
    void outputsReachTheBackend() {
        uart.writeByte(4, 0x03);
        assertEquals("DRb", outputs);
        uart.writeByte(3, 0x43);
        assertEquals("DRB", outputs);
    }

    @Test
    void scratchIsPlainMemory() {
        uart.writeByte(7, 0x5A);
        assertEquals(0x5A, uart.readByte(7));
        assertEquals(0x5A << 8 | 0xB0, uart.readPort(6, 2));
    }
}
