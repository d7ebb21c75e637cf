package dev.arclet.emulator.device.irq;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.emulator.bus.IrqLine;
import dev.arclet.emulator.device.DeviceContractTest;
import dev.arclet.emulator.device.TestRig;
import dev.arclet.emulator.device.TestRig.Wire;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class I8259PicTest extends DeviceContractTest {
    private static final int EOI = 0x20;

    private final Wire intr = new Wire();
    private final PicPair pics = new PicPair(intr);
    private final IrqLine[] lines = new IrqLine[16];

    @Override
    protected Subject create(TestRig rig) {
        PicPair pair = new PicPair(new Wire());
        IrqLine[] inputs = new IrqLine[16];
        for (int i = 0; i < 16; i++) {
            inputs[i] = pair.line(i);
        }
        return new Subject()
                .part(pair)
                .ports(2, pair.master())
                .ports(2, pair.slave())
                .ports(2, pair.elcr())
                .host(
                        random -> {
                            inputs[random.nextInt(16)].set(random.nextBoolean());
                            if (random.nextBoolean()) {
                                pair.acknowledge();
                            }
                        });
    }

    @BeforeEach
    void programAsLinuxDoes() {
        for (int i = 0; i < 16; i++) {
            lines[i] = pics.line(i);
        }
        init(0x01, 0x01);
    }

    private void init(int masterIcw4, int slaveIcw4) {
        int[] master = {0x30, 0x04, masterIcw4, 0x00};
        int[] slave = {0x38, 0x02, slaveIcw4, 0x00};
        pics.master().writeByte(0, 0x11);
        pics.slave().writeByte(0, 0x11);
        for (int i = 0; i < 4; i++) {
            pics.master().writeByte(1, master[i]);
            pics.slave().writeByte(1, slave[i]);
        }
    }

    private int masterIsr() {
        pics.master().writeByte(0, 0x0B);
        return pics.master().readByte(0);
    }

    private int masterIrr() {
        pics.master().writeByte(0, 0x0A);
        return pics.master().readByte(0);
    }

    @Test
    void deliversByPriorityAndHoldsLowerLevelsUntilEoi() {
        lines[4].set(true);
        lines[3].set(true);
        assertTrue(intr.high);
        assertEquals(0x33, pics.acknowledge());
        assertFalse(intr.high, "level 4 waits behind 3");
        assertEquals(0x08, masterIsr());
        assertEquals(0x10, masterIrr());
        lines[1].set(true);
        assertEquals(0x31, pics.acknowledge(), "a higher level nests");
        pics.master().writeByte(0, EOI);
        assertEquals(0x08, masterIsr(), "EOI ends the highest in service");
        pics.master().writeByte(0, EOI);
        assertEquals(0x34, pics.acknowledge());
    }

    @Test
    void edgeRequestNeedsAnotherEdge() {
        lines[5].set(true);
        assertEquals(0x35, pics.acknowledge());
        pics.master().writeByte(0, EOI);
        assertFalse(intr.high);
        lines[5].set(false);
        lines[5].set(true);
        assertTrue(intr.high);
    }

    @Test
    void levelRequestRepeatsWhileHigh() {
        pics.elcr().writePort(0, 1, 0x20);
        lines[5].set(true);
        assertEquals(0x35, pics.acknowledge());
        assertFalse(intr.high);
        pics.master().writeByte(0, EOI);
        assertTrue(intr.high);
        lines[5].set(false);
        assertFalse(intr.high);
    }

    @Test
    void elcrKeepsTheSystemLinesEdgeTriggered() {
        pics.elcr().writePort(0, 2, 0xFFFF);
        assertEquals(0xDEF8, pics.elcr().readPort(0, 2));
    }

    @Test
    void slaveInterruptGoesThroughBothChips() {
        lines[12].set(true);
        assertEquals(0x3C, pics.acknowledge());
        assertEquals(0x04, masterIsr());
        lines[14].set(true);
        assertFalse(intr.high, "blocked in the slave");
        lines[9].set(true);
        assertFalse(intr.high, "fully nested: the master holds its own IR2 back");
        pics.slave().writeByte(0, EOI);
        pics.master().writeByte(0, EOI);
        assertEquals(0x39, pics.acknowledge());
        pics.slave().writeByte(0, EOI);
        pics.master().writeByte(0, EOI);
        assertEquals(0x3E, pics.acknowledge());
    }

    @Test
    void specialFullyNestedModeLetsTheSlaveNest() {
        init(0x11, 0x01);
        lines[12].set(true);
        assertEquals(0x3C, pics.acknowledge());
        lines[9].set(true);
        assertTrue(intr.high);
        assertEquals(0x39, pics.acknowledge());
        lines[5].set(true);
        assertFalse(intr.high, "lower levels still wait");
    }

    @Test
    void vanishedRequestIsSpuriousLevelSeven() {
        lines[3].set(true);
        lines[3].set(false);
        assertFalse(intr.high);
        assertEquals(0x37, pics.acknowledge());
        assertEquals(0, masterIsr(), "nothing is in service");
    }

    @Test
    void slaveMaskedBetweenRequestAndAcknowledge() {
        lines[10].set(true);
        pics.slave().writeByte(1, 0xFF);
        assertFalse(intr.high);
    }

    @Test
    void maskHoldsAndReleases() {
        pics.master().writeByte(1, 0x08);
        lines[3].set(true);
        assertFalse(intr.high);
        assertEquals(0x08, masterIrr());
        pics.master().writeByte(1, 0x00);
        assertTrue(intr.high);
        assertEquals(0x00, pics.master().readByte(1));
    }

    @Test
    void specialMaskModeLetsLowerLevelsThrough() {
        lines[1].set(true);
        pics.acknowledge();
        lines[6].set(true);
        assertFalse(intr.high);
        pics.master().writeByte(1, 0x02);
        pics.master().writeByte(0, 0x68);
        assertTrue(intr.high);
        assertEquals(0x36, pics.acknowledge());
        pics.master().writeByte(0, EOI);
        assertEquals(0x02, masterIsr(), "the masked level is not ended");
        pics.master().writeByte(0, 0x48);
        pics.master().writeByte(0, EOI);
        assertEquals(0x00, masterIsr());
    }

    @Test
    void rotationMovesTheServedLevelToTheBottom() {
        lines[4].set(true);
        pics.acknowledge();
        pics.master().writeByte(0, 0xA0);
        lines[4].set(false);
        lines[4].set(true);
        lines[6].set(true);
        assertEquals(0x36, pics.acknowledge());
        pics.master().writeByte(0, 0xC0 | 6);
        assertEquals(0x40, masterIsr(), "set priority does not end anything");
        pics.master().writeByte(0, 0x60 | 6);
        assertEquals(0x00, masterIsr());
        assertEquals(0x34, pics.acknowledge());
    }

    @Test
    void automaticEoiLeavesNothingInService() {
        init(0x03, 0x01);
        lines[0].set(true);
        assertEquals(0x30, pics.acknowledge());
        assertEquals(0, masterIsr());
        pics.master().writeByte(0, 0x80);
        lines[0].set(false);
        lines[0].set(true);
        assertEquals(0x30, pics.acknowledge());
        lines[0].set(false);
        lines[0].set(true);
        lines[7].set(true);
        assertEquals(0x37, pics.acknowledge(), "level 0 rotated to the bottom");
    }

    @Test
    void pollCommandAcknowledges() {
        pics.master().writeByte(0, 0x0C);
        assertEquals(0, pics.master().readByte(0));
        lines[6].set(true);
        pics.master().writeByte(0, 0x0C);
        assertEquals(0x86, pics.master().readByte(0));
        assertEquals(0x40, masterIsr());
        assertFalse(intr.high);
    }

    @Test
    void initialisationForgetsOldEdgesAndMask() {
        pics.master().writeByte(1, 0xFF);
        lines[3].set(true);
        pics.master().writeByte(0, 0x11);
        assertFalse(intr.high);
        pics.master().writeByte(1, 0x20);
        pics.master().writeByte(1, 0x04);
        pics.master().writeByte(1, 0x01);
        assertFalse(intr.high, "the edge was before");
        assertEquals(0, pics.master().readByte(1));
        lines[3].set(false);
        lines[3].set(true);
        assertEquals(0x23, pics.acknowledge());
    }

    @Test
    void sharedLineIsHighWhileAnyDriverIs() {
        IrqLine second = pics.line(5);
        pics.elcr().writePort(0, 1, 0x20);
        lines[5].set(true);
        second.set(true);
        lines[5].set(false);
        assertTrue(intr.high);
        second.set(false);
        assertFalse(intr.high);
    }

    @Test
    void saysWhatWaits() {
        assertFalse(pics.waits(10));
        lines[10].set(true);
        assertTrue(pics.waits(10));
        pics.slave().writeByte(1, 0x04);
        assertFalse(pics.waits(10), "masked");
        pics.slave().writeByte(1, 0x00);
        pics.acknowledge();
        assertFalse(pics.waits(10));
    }
}
