package dev.arclet.emulator.chipset;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.emulator.bus.PioBus;
import dev.arclet.emulator.device.DeviceContractTest;
import dev.arclet.emulator.device.TestRig;
import dev.arclet.emulator.device.net.Rtl8139;
import dev.arclet.emulator.memory.GuestMemory;
import dev.arclet.emulator.memory.PhysicalMap;
import dev.arclet.emulator.net.Cable;
import dev.arclet.emulator.net.Frame;
import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotReader;
import dev.arclet.emulator.snapshot.SnapshotWriter;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Queue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class Rtl8139Test extends DeviceContractTest {
    private static final byte[] MAC = {0x52, 0x54, 0, 1, 2, 3};
    private static final int RING = 0x10000;
    private static final int BUFFER = 0x8000;

    private final TestRig rig = new TestRig();
    private final GuestMemory ram = new GuestMemory(1 << 20);
    private final PhysicalMap map = new PhysicalMap(32);
    private final Cable cable = new Cable();
    private final TestRig.Wire pin = new TestRig.Wire();
    private final Rtl8139Pci card = new Rtl8139Pci(rig.events, new PioBus(), map, MAC, cable);
    private final Rtl8139 chip = card.chip();

    Rtl8139Test() {
        map.mapRam("ram", 0, 1 << 20, ram, 0);
        card.connectInterrupt(pin);
        card.writeConfig(4, 2, 7);
        cable.plugCard(card.card(), Runnable::run);
    }

    @AfterEach
    void close() {
        ram.close();
    }

    @Override
    protected Subject create(TestRig on) {
        Cable loop = new Cable();
        Rtl8139Pci made = new Rtl8139Pci(on.events, new PioBus(), new PhysicalMap(32), MAC, loop);
        loop.plugCard(made.card(), Runnable::run);
        return new Subject()
                .part(made)
                .ports(Rtl8139.SIZE, made.chip())
                .registers(Rtl8139.SIZE, made.chip())
                .host(
                        random -> {
                            byte[] frame = new byte[60 + random.nextInt(1400)];
                            Arrays.fill(frame, 0, 6, (byte) -1);
                            made.chip().receive(Frame.plain(frame));
                        });
    }

    private void start(int rules) {
        chip.writePort(0x37, 1, 0x10);
        assertEquals(1, chip.readPort(0x37, 1), "reset is over, the ring is empty");
        chip.writePort(0x30, 4, RING);
        chip.writePort(0x37, 1, 0x0C);
        chip.writePort(0x44, 4, rules);
        chip.writePort(0x3C, 2, 0x0005);
    }

    private static byte[] frame(int length, int first) {
        byte[] frame = new byte[length];
        for (int i = 0; i < length; i++) {
            frame[i] = (byte) (i * 3);
        }
        System.arraycopy(MAC, 0, frame, 0, 6);
        frame[0] = (byte) first;
        return frame;
    }

    private byte[] memory(int at, int length) {
        byte[] bytes = new byte[length];
        map.readExternal(at, bytes, 0, length);
        return bytes;
    }

    @Test
    void sendsFromItsDescriptors() {
        start(0x0F);
        byte[] frame = frame(100, 0x52);
        map.writeExternal(BUFFER, frame, 0, frame.length);
        chip.writePort(0x24, 4, BUFFER);
        chip.writePort(0x14, 4, 100);
        assertArrayEquals(frame, cable.take().bytes());
        assertEquals(0xA000, chip.readPort(0x14, 4) & 0xE000, "sent, and the driver's again");
        assertTrue(pin.high);
        chip.writePort(0x3E, 2, 4);
        assertFalse(pin.high);
        card.writeConfig(4, 2, 3);
        chip.writePort(0x14, 4, 100);
        assertEquals(-1, cable.take().bytes()[50], "no bus master: it reads ones");
    }

    @Test
    void receivesIntoTheRing() {
        start(0x0E);
        cable.deliver(Frame.plain(frame(100, 0x52)));
        assertEquals(0, chip.readPort(0x37, 1) & 1);
        assertEquals(1, chip.readPort(0x3E, 2));
        byte[] entry = memory(RING, 108);
        assertEquals(0x4001, entry[0] & 0xFF | (entry[1] & 0xFF) << 8);
        assertEquals(104, entry[2]);
        assertArrayEquals(frame(100, 0x52), Arrays.copyOfRange(entry, 4, 104));
        assertEquals(108, chip.readPort(0x3A, 2));
        chip.writePort(0x38, 2, 108 - 16);
        assertEquals(1, chip.readPort(0x37, 1) & 1, "all taken");
        cable.deliver(Frame.plain(frame(100, 0x56))); // another station
        assertEquals(1, chip.readPort(0x37, 1) & 1);
        byte[] all = frame(42, -1);
        Arrays.fill(all, 0, 6, (byte) -1);
        cable.deliver(Frame.plain(all));
        assertEquals(
                0x2001, memory(RING + 108, 2)[0] & 0xFF | (memory(RING + 109, 1)[0] & 0xFF) << 8);
        assertEquals(64, memory(RING + 110, 1)[0], "short frames are padded");
    }

    @Test
    void aFullRingHoldsFramesBackAndWraps() {
        start(0x0E);
        int entry = 4 + 1514 + 4 + 3 & ~3;
        for (int i = 0; i < 8; i++) {
            cable.deliver(Frame.plain(frame(1514, 0x52)));
        }
        assertEquals(5 * entry, chip.readPort(0x3A, 2), "five fit into 8 KiB");
        assertEquals(Cable.QUEUE - 3, cable.room());
        int read = 0;
        for (int i = 0; i < 5; i++) {
            read = (read + entry) % 8192;
        }
        chip.writePort(0x38, 2, read - 16);
        assertEquals(Cable.QUEUE, cable.room());
        assertEquals(8 * entry % 8192, chip.readPort(0x3A, 2));
        byte[] whole = memory(RING, 8192);
        byte[] sixth = new byte[1514];
        for (int i = 0; i < sixth.length; i++) {
            sixth[i] = whole[(5 * entry + 4 + i) % 8192];
        }
        assertArrayEquals(frame(1514, 0x52), sixth, "it goes on at the start of the ring");
    }

    @Test
    void aDriverThatAcknowledgesAndLeavesTheRingFullIsReminded() {
        Queue<Runnable> posted = new ArrayDeque<>();
        cable.plugCard(card.card(), posted::add);
        start(0x0E);
        for (int i = 0; i < 20; i++) {
            cable.deliver(Frame.plain(frame(1514, 0x52)));
        }
        posted.remove().run();
        chip.writePort(0x38, 2, (4 + 1514 + 4 + 3 & ~3) - 16);
        chip.writePort(0x3E, 2, 1);
        assertFalse(pin.high, "acknowledged with four frames in the ring");
        posted.remove().run();
        assertTrue(pin.high);
        chip.writePort(0x3E, 2, 1);
        chip.writePort(0x38, 2, chip.readPort(0x38, 2)); // no room made
        posted.remove().run();
        assertTrue(pin.high);
    }

    @Test
    void multicastGoesThroughTheHash() {
        start(0x04);
        byte[] group = frame(60, 0);
        System.arraycopy(new byte[] {1, 0, 0x5E, 0, 0, 1}, 0, group, 0, 6);
        cable.deliver(Frame.plain(group));
        assertEquals(1, chip.readPort(0x37, 1) & 1);
        // The address of all hosts hashes to 31: bit 7 of MAR3.
        int crc = -1;
        for (int i = 0; i < 6; i++) {
            for (int bit = 0; bit < 8; bit++) {
                boolean one = (crc < 0) != ((group[i] >>> bit & 1) != 0);
                crc = crc << 1 ^ (one ? 0x04C11DB7 : 0);
            }
        }
        int index = crc >>> 26;
        chip.writePort(0x08 + (index >>> 3), 1, 1 << (index & 7));
        cable.deliver(Frame.plain(group));
        assertEquals(0, chip.readPort(0x37, 1) & 1);
    }

    private int readEeprom(int address) {
        chip.writePort(0x50, 1, 0x80);
        chip.writePort(0x50, 1, 0x88);
        int command = 6 << 6 | address;
        for (int bit = 8; bit >= 0; bit--) {
            int data = (command >>> bit & 1) << 1;
            chip.writePort(0x50, 1, 0x88 | data);
            chip.writePort(0x50, 1, 0x8C | data);
        }
        int value = 0;
        for (int i = 0; i < 16; i++) {
            chip.writePort(0x50, 1, 0x88);
            chip.writePort(0x50, 1, 0x8C);
            value = value << 1 | chip.readPort(0x50, 1) & 1;
        }
        chip.writePort(0x50, 1, 0);
        return value;
    }

    @Test
    void itsAddressIsInRegistersAndEeprom() {
        assertEquals(0x01005452, chip.readPort(0, 4));
        assertEquals(0x8129, readEeprom(0));
        assertEquals(0x5452, readEeprom(7));
        assertEquals(0x0302, readEeprom(9));
        assertEquals(0x74000000, chip.readPort(0x40, 4) & 0x7CC00000, "an RTL8139C");
    }

    @Test
    void theTimerInterrupts() {
        start(0);
        chip.writePort(0x3C, 2, 0x4000);
        chip.writePort(0x54, 4, 33_000);
        chip.writePort(0x48, 4, 0);
        rig.advance(999_000);
        assertFalse(pin.high);
        rig.advance(2_000);
        assertTrue(pin.high);
        assertEquals(33_033, chip.readPort(0x48, 4));
    }

    @Test
    void theTimerIsExactAfterManyYears() throws SnapshotException {
        start(0);
        rig.jump(1L << 60);
        chip.writePort(0x48, 4, 0);
        rig.advance(1_000_000);
        assertEquals(33_000, chip.readPort(0x48, 4));
        SnapshotWriter out = new SnapshotWriter();
        card.save(out);
        SnapshotReader in = new SnapshotReader("card", out.toByteArray());
        card.restore(in, card.sectionVersion());
        assertEquals(33_000, chip.readPort(0x48, 4));
    }

    @Test
    @Timeout(60)
    void aDamagedTimerDoesNotFireForEver() {
        start(0);
        chip.writePort(0x54, 4, 33_000);
        SnapshotWriter out = new SnapshotWriter();
        card.save(out);
        int accepted = 0;
        for (int i = 0; i < out.toByteArray().length; i++) {
            byte[] bytes = out.toByteArray();
            bytes[i] ^= (byte) 0xC0;
            try {
                card.restore(new SnapshotReader("card", bytes), card.sectionVersion());
                accepted++;
            } catch (SnapshotException e) {
                continue; // refused, by name
            }
            rig.advance(2_000_000);
        }
        assertTrue(accepted > 0);
    }
}
