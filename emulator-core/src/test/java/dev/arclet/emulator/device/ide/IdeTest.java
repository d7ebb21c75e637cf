package dev.arclet.emulator.device.ide;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.emulator.bus.PioBus;
import dev.arclet.emulator.chipset.Piix3Ide;
import dev.arclet.emulator.device.DeviceContractTest;
import dev.arclet.emulator.device.TestRig;
import dev.arclet.emulator.device.TestRig.Wire;
import dev.arclet.emulator.memory.GuestMemory;
import dev.arclet.emulator.memory.PhysicalMap;
import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotReader;
import dev.arclet.emulator.snapshot.SnapshotWriter;
import dev.arclet.emulator.snapshot.Stateful;
import dev.arclet.emulator.storage.HostWork;
import java.util.Arrays;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class IdeTest extends DeviceContractTest {
    private static final int SECTORS = 40_000;
    private static final int READY = 0x50;
    private static final int DATA_REQUEST = 0x58;
    private static final int ERROR = 0x51;
    private static final int BUS_MASTER = 0xC000;
    private static final int TABLE = 0x1000;

    private final TestRig rig = new TestRig();
    private final PioBus ports = new PioBus();
    private final GuestMemory ram = new GuestMemory(1 << 20);
    private final PhysicalMap memory = new PhysicalMap(32);
    private final Wire irq = new Wire();
    private final MemoryDisk disk = new MemoryDisk(SECTORS, 512, false);
    private final MemoryDisk disc = new MemoryDisk(1000, 2048, true);
    private final AtapiDrive cd =
            new AtapiDrive("cd", rig.events, HostWork.IMMEDIATE, Optional.of(disc));
    private final IdeChannel channel =
            new IdeChannel(
                    "ide0",
                    this::interrupt,
                    Optional.of(new AtaDisk("disk", rig.events, HostWork.IMMEDIATE, disk)),
                    Optional.of(cd));

    private final Piix3Ide function;

    private void interrupt(boolean high) {
        if (function != null) {
            function.interrupt(0, high);
        }
        irq.set(high);
    }

    IdeTest() {
        memory.mapRam("memory", 0, ram.size(), ram, 0);
        function =
                new Piix3Ide(
                        ports,
                        memory,
                        channel,
                        new IdeChannel("ide1", new Wire(), Optional.empty(), Optional.empty()));
        enable(function);
    }

    private static void enable(Piix3Ide function) {
        function.writeConfig(0x40, 4, 0x8000_8000);
        function.writeConfig(0x20, 4, BUS_MASTER);
        function.writeConfig(0x04, 2, 5);
    }

    @AfterEach
    void close() {
        ram.close();
    }

    @Override
    protected Subject create(TestRig rig) {
        PioBus bus = new PioBus();
        IdeChannel primary =
                new IdeChannel(
                        "ide0",
                        new Wire(),
                        Optional.of(
                                new AtaDisk(
                                        "disk",
                                        rig.events,
                                        HostWork.IMMEDIATE,
                                        MemoryDisk.forgetful(100))),
                        Optional.of(
                                new AtapiDrive(
                                        "cd",
                                        rig.events,
                                        HostWork.IMMEDIATE,
                                        Optional.of(new MemoryDisk(100, 2048, true)))));
        IdeChannel secondary =
                new IdeChannel("ide1", new Wire(), Optional.empty(), Optional.empty());
        Piix3Ide function = new Piix3Ide(bus, memory, primary, secondary);
        byte[] commands = {
            0x08,
            0x20,
            0x24,
            0x25,
            0x30,
            0x35,
            (byte) 0x90,
            (byte) 0xA0,
            (byte) 0xA1,
            (byte) 0xC4,
            (byte) 0xC5,
            (byte) 0xC6,
            (byte) 0xC8,
            (byte) 0xCA,
            (byte) 0xE7,
            (byte) 0xEC,
            0x42
        };
        return new Subject()
                .part(primary)
                .part(secondary)
                .part(function)
                .ports(8, primary.commandBlock())
                .ports(1, primary.controlBlock())
                .ports(8, secondary.commandBlock())
                .host(
                        random -> {
                            function.writeConfig(0x20, 4, BUS_MASTER);
                            function.writeConfig(0x04, 2, 5);
                            int register = 2 + random.nextInt(4);
                            primary.commandBlock().writePort(register, 1, random.nextInt(3));
                            primary.commandBlock()
                                    .writePort(7, 1, commands[random.nextInt(commands.length)]);
                            bus.write(BUS_MASTER + 4, 4, random.nextInt(1 << 20));
                            bus.write(BUS_MASTER, 1, random.nextInt(2) | random.nextInt(2) << 3);
                            for (int i = 0; i < 6; i++) {
                                primary.commandBlock()
                                        .writePort(0, 2, random.nextInt(4) << random.nextInt(16));
                            }
                        });
    }

    private void command(int device, int count, int lba, int code) {
        ports.write(0x1F6, 1, device | lba >>> 24 & 0xF);
        ports.write(0x1F2, 1, count);
        ports.write(0x1F3, 1, lba & 0xFF);
        ports.write(0x1F4, 1, lba >>> 8 & 0xFF);
        ports.write(0x1F5, 1, lba >>> 16 & 0xFF);
        ports.write(0x1F7, 1, code);
    }

    private int status() {
        rig.advance(1);
        return ports.read(0x1F7, 1);
    }

    private int[] words(int count) {
        int[] words = new int[count];
        Arrays.setAll(words, i -> ports.read(0x1F0, 2));
        return words;
    }

    @Test
    void identifiesItself() {
        command(0xE0, 0, 0, 0xEC);
        assertTrue(irq.high);
        assertEquals(DATA_REQUEST, status());
        assertFalse(irq.high, "reading the status takes the request back");
        int[] id = words(256);
        assertEquals(READY, status());
        assertEquals(SECTORS, id[60] | id[61] << 16);
        assertEquals(SECTORS, id[100] | id[101] << 16);
        assertEquals(39, id[1]);
        assertEquals('A' << 8 | 'r', id[27]);
    }

    @Test
    void readsSectorBySectorWithAnInterruptEach() {
        command(0xE0, 3, 39_000, 0x20);
        for (int i = 0; i < 3; i++) {
            assertEquals(DATA_REQUEST, status(), "sector " + i);
            assertEquals(i + 1, irq.rises);
            int[] data = words(256);
            assertEquals(39_000 + i, data[0]);
        }
        assertEquals(READY, status());
        assertEquals(3, irq.rises, "none after the last");
        assertEquals(39_002 & 0xFF, ports.read(0x1F3, 1), "address of the last sector");
        assertEquals(0, ports.read(0x1F2, 1));
    }

    @Test
    void multipleTransfersABlockAnInterrupt() {
        command(0xE0, 4, 0, 0xC4);
        assertEquals(ERROR, status(), "not set up");
        command(0xE0, 3, 0, 0xC6);
        assertEquals(ERROR, status(), "no power of two");
        command(0xE0, 4, 0, 0xC6);
        assertEquals(READY, status());
        int before = irq.rises;
        command(0xE0, 6, 100, 0xC4);
        assertEquals(DATA_REQUEST, status());
        assertEquals(100, words(1024)[0]);
        assertEquals(DATA_REQUEST, status());
        assertEquals(104, words(512)[0]);
        assertEquals(READY, status());
        assertEquals(before + 2, irq.rises);
    }

    @Test
    void writesAndFlushes() {
        command(0xE0, 2, 7, 0x30);
        assertEquals(DATA_REQUEST, status());
        assertEquals(0, irq.rises, "the first block is asked for without");
        for (int sector = 0; sector < 2; sector++) {
            for (int i = 0; i < 128; i++) {
                ports.write(0x1F0, 4, 0x1111_1111 * (sector + 1));
            }
            assertEquals(sector == 0 ? DATA_REQUEST : READY, status());
        }
        assertEquals(2, irq.rises);
        assertEquals(0x11, disk.data[7 * 512]);
        assertEquals(0x22, disk.data[9 * 512 - 1]);
        assertEquals(9, disk.data[9 * 512]);
        command(0xE0, 0, 0, 0xE7);
        assertEquals(READY, status());
        assertEquals(1, disk.flushes);
    }

    @Test
    void addressesByCylinderHeadAndSector() {
        command(0xA0 | 15, 63, 0, 0x91);
        assertEquals(READY, status());
        ports.write(0x1F6, 1, 0xA0 | 2);
        ports.write(0x1F2, 1, 1);
        ports.write(0x1F3, 1, 5);
        ports.write(0x1F4, 1, 1);
        ports.write(0x1F5, 1, 0);
        ports.write(0x1F7, 1, 0x20);
        assertEquals(DATA_REQUEST, status());
        assertEquals((16 + 2) * 63 + 4, words(256)[0]);
        ports.write(0x1F3, 1, 0);
        ports.write(0x1F2, 1, 1);
        ports.write(0x1F7, 1, 0x20);
        assertEquals(ERROR, status(), "sectors count from 1");
        assertEquals(0x10, ports.read(0x1F1, 1), "ID not found");
    }

    @Test
    void fortyEightBitAddressesComeInTwoWrites() {
        ports.write(0x1F6, 1, 0xE0);
        for (int[] write :
                new int[][] {
                    {2, 0}, {2, 1}, {3, 0}, {3, 0x40}, {4, 0}, {4, 0x9C}, {5, 0}, {5, 0}
                }) {
            ports.write(0x1F0 + write[0], 1, write[1]);
        }
        ports.write(0x1F7, 1, 0x24);
        assertEquals(ERROR, status(), "beyond the end");
        ports.write(0x1F3, 1, 0);
        ports.write(0x1F3, 1, 0x3F);
        ports.write(0x1F7, 1, 0x24);
        assertEquals(DATA_REQUEST, status());
        assertEquals(0x9C3F, words(256)[0]);
        ports.write(0x3F6, 1, 0x80);
        assertEquals(0, ports.read(0x1F3, 1), "previous content");
    }

    @Test
    void mediumErrorsAreReported() {
        disk.bad = 50;
        command(0xE0, 1, 50, 0x20);
        assertEquals(ERROR, status());
        assertEquals(0x40, ports.read(0x1F1, 1), "uncorrectable");
        command(0xE0, 1, 51, 0x20);
        assertEquals(DATA_REQUEST, status());
    }

    private void descriptor(int index, int address, int count, boolean last) {
        memory.write(TABLE + 8L * index, 4, address);
        memory.write(TABLE + 8L * index + 4, 4, (count & 0xFFFF | (last ? 0x8000_0000L : 0)));
    }

    @Test
    void dmaScattersIntoMemory() {
        descriptor(0, 0x8000, 0x200, false);
        descriptor(1, 0xA000, 0x600, true);
        ports.write(BUS_MASTER + 4, 4, TABLE);
        command(0xE0, 4, 300, 0xC8);
        rig.advance(1);
        assertEquals(0, irq.rises, "waits for the bus master");
        ports.write(BUS_MASTER, 1, 0x09);
        assertTrue(irq.high);
        assertEquals(0x04, ports.read(BUS_MASTER + 2, 1), "interrupt, not active");
        assertEquals(READY, status());
        assertEquals(300, memory.read(0x8000, 4));
        assertEquals(301, memory.read(0xA000, 4));
        assertEquals(303, memory.read(0xA400, 4));
        ports.write(BUS_MASTER + 2, 1, 0x04);
        assertEquals(0, ports.read(BUS_MASTER + 2, 1));
    }

    @Test
    void dmaGathersFromMemory() {
        for (int i = 0; i < 1024; i += 4) {
            memory.write(0x8000 + i, 4, 0x5A5A_0000L + i);
        }
        descriptor(0, 0x8000, 0x400, true);
        ports.write(BUS_MASTER + 4, 4, TABLE);
        ports.write(BUS_MASTER, 1, 0x01);
        command(0xE0, 2, 10, 0xCA);
        rig.advance(1);
        assertTrue(irq.high);
        assertEquals(READY, status());
        assertEquals(0x5A, disk.data[10 * 512 + 3]);
        assertEquals((byte) 0xFC, disk.data[12 * 512 - 4]);
    }

    @Test
    void tooShortATableLeavesTheDriveWaiting() {
        descriptor(0, 0x8000, 0x200, true);
        ports.write(BUS_MASTER + 4, 4, TABLE);
        command(0xE0, 2, 0, 0xC8);
        rig.advance(1);
        ports.write(BUS_MASTER, 1, 0x09);
        assertFalse(irq.high);
        assertEquals(0, ports.read(BUS_MASTER + 2, 1) & 1, "not active");
        ports.write(0x3F6, 1, 4);
        assertEquals(0x80, ports.read(0x3F6, 1), "busy while reset is held");
        ports.write(0x3F6, 1, 0);
        assertEquals(READY, status());
    }

    @Test
    void resetLeavesSignatures() {
        ports.write(0x3F6, 1, 4);
        ports.write(0x3F6, 1, 0);
        assertEquals(1, ports.read(0x1F1, 1));
        assertEquals(0, ports.read(0x1F4, 1));
        ports.write(0x1F6, 1, 0xB0);
        assertEquals(0, ports.read(0x1F7, 1));
        assertEquals(0x14, ports.read(0x1F4, 1));
        assertEquals(0xEB, ports.read(0x1F5, 1));
        ports.write(0x1F7, 1, 0xEC);
        assertEquals(ERROR, status(), "packet devices abort IDENTIFY DEVICE");
        assertEquals(0xEB, ports.read(0x1F5, 1));
    }

    @Test
    void interruptsCanBeDisabled() {
        ports.write(0x3F6, 1, 2);
        command(0xE0, 1, 0, 0x20);
        rig.advance(1);
        assertFalse(irq.high);
        ports.write(0x3F6, 1, 0);
        assertTrue(irq.high, "still requested");
    }

    private void packet(int byteCount, int features, int... bytes) {
        ports.write(0x1F6, 1, 0xB0);
        ports.write(0x1F1, 1, features);
        ports.write(0x1F4, 1, byteCount & 0xFF);
        ports.write(0x1F5, 1, byteCount >> 8);
        ports.write(0x1F7, 1, 0xA0);
        assertEquals(DATA_REQUEST, status());
        assertEquals(1, ports.read(0x1F2, 1), "a command, to the device");
        byte[] packet = new byte[12];
        for (int i = 0; i < bytes.length; i++) {
            packet[i] = (byte) bytes[i];
        }
        for (int i = 0; i < 12; i += 2) {
            ports.write(0x1F0, 2, packet[i] & 0xFF | (packet[i + 1] & 0xFF) << 8);
        }
    }

    private byte[] reply(int bytes) {
        assertEquals(DATA_REQUEST, status());
        assertEquals(2, ports.read(0x1F2, 1), "data, to the host");
        assertEquals(bytes, ports.read(0x1F4, 1) | ports.read(0x1F5, 1) << 8);
        byte[] data = new byte[bytes];
        for (int i = 0; i < bytes; i += 2) {
            int word = ports.read(0x1F0, 2);
            data[i] = (byte) word;
            if (i + 1 < bytes) {
                data[i + 1] = (byte) (word >> 8);
            }
        }
        return data;
    }

    private void clearAttention() {
        packet(0, 0, 0x00);
        assertEquals(ERROR, status());
        assertEquals(0x60, ports.read(0x1F1, 1), "unit attention");
        packet(100, 0, 0x03, 0, 0, 0, 18);
        byte[] sense = reply(18);
        assertEquals(6, sense[2]);
        assertEquals(0x29, sense[12]);
        assertEquals(READY, status());
    }

    @Test
    void readsAnsweredInBlocksOfTheGuestsSize() {
        clearAttention();
        packet(2048, 0, 0x28, 0, 0, 0, 0x03, 0x20, 0, 0, 2);
        byte[] first = reply(2048);
        assertEquals((byte) 0x20, first[0]);
        assertEquals((byte) 0x03, first[1]);
        assertEquals((byte) 0x21, reply(2048)[0]);
        assertEquals(READY, status());
        assertEquals(3, ports.read(0x1F2, 1), "status, to the host");
        packet(2048, 0, 0x28, 0, 0, 0, 0x03, 0xE8, 0, 0, 1);
        assertEquals(ERROR, status(), "beyond the end");
        assertEquals(0x54, ports.read(0x1F1, 1), "illegal request, aborted");
    }

    @Test
    void packetsByDma() {
        clearAttention();
        descriptor(0, 0x8000, 0x1000, true);
        ports.write(BUS_MASTER + 4, 4, TABLE);
        ports.write(BUS_MASTER, 1, 0x09);
        packet(0, 1, 0xA8, 0, 0, 0, 0, 5, 0, 0, 0, 2);
        rig.advance(1);
        assertTrue(irq.high);
        assertEquals(READY, status());
        assertEquals(5, memory.read(0x8000, 4));
        assertEquals(6, memory.read(0x8800, 4));
    }

    private static byte[] saved(Stateful... parts) {
        SnapshotWriter out = new SnapshotWriter();
        for (Stateful part : parts) {
            part.save(out);
        }
        return out.toByteArray();
    }

    @Test
    void aRegionCanBeSavedOfWhichAnOddPartIsDone() throws SnapshotException {
        clearAttention();
        descriptor(0, 0x8000, 0x1000, true);
        ports.write(BUS_MASTER + 4, 4, TABLE);
        ports.write(BUS_MASTER, 1, 0x09);
        packet(0, 1, 0x12, 0, 0, 0, 5);
        rig.advance(1);
        byte[] before = saved(function);
        function.restore(new SnapshotReader("test", before), function.sectionVersion());
        assertArrayEquals(before, saved(function));
    }

    @Test
    void whatIsSavedDoesNotDependOnEarlierTransfers() throws SnapshotException {
        clearAttention();
        packet(2048, 0, 0x28, 0, 0, 0, 0x03, 0x20, 0, 0, 1);
        reply(2048);
        IdeChannel restored =
                new IdeChannel(
                        "ide0",
                        new Wire(),
                        Optional.of(new AtaDisk("disk", rig.events, HostWork.IMMEDIATE, disk)),
                        Optional.of(
                                new AtapiDrive(
                                        "cd", rig.events, HostWork.IMMEDIATE, Optional.of(disc))));
        restored.restore(new SnapshotReader("test", saved(channel)), channel.sectionVersion());
        channel.commandBlock().writePort(7, 1, 0xA0);
        restored.commandBlock().writePort(7, 1, 0xA0);
        assertArrayEquals(saved(channel), saved(restored));
    }

    @Test
    void aTransferCanBeSavedWhoseDiscWasTakenOut() throws SnapshotException {
        clearAttention();
        packet(2048, 0, 0x28, 0, 0, 0, 0x03, 0x20, 0, 0, 2);
        assertEquals((byte) 0x20, reply(2048)[0]);
        cd.changeMedium(Optional.of(new MemoryDisk(10, 2048, true)));
        byte[] before = saved(channel);
        channel.restore(new SnapshotReader("test", before), channel.sectionVersion());
        assertArrayEquals(before, saved(channel));
        assertEquals((byte) 0x21, reply(2048)[0], "what the drive has read already");
    }

    @Test
    void capacityAndContents() {
        clearAttention();
        packet(8, 0, 0x25);
        assertArrayEquals(new byte[] {0, 0, 3, (byte) 0xE7, 0, 0, 8, 0}, reply(8));
        packet(100, 0, 0x43, 2, 0, 0, 0, 0, 0, 0, 100);
        byte[] toc = reply(20);
        assertEquals(18, toc[1]);
        assertEquals(1, toc[6], "first track");
        assertEquals((byte) 0xAA, toc[14], "lead-out");
        assertEquals(15, toc[18], "at 1,150 frames: 0:15:25");
        assertEquals(25, toc[19]);
    }

    @Test
    void theDiscCanBeChanged() {
        clearAttention();
        cd.changeMedium(Optional.empty());
        packet(0, 0, 0x00);
        assertEquals(ERROR, status());
        assertEquals(0x20, ports.read(0x1F1, 1), "not ready");
        cd.changeMedium(Optional.of(new MemoryDisk(10, 2048, true)));
        packet(8, 0, 0x25);
        assertEquals(ERROR, status());
        assertEquals(0x60, ports.read(0x1F1, 1), "unit attention: another medium");
        packet(8, 0, 0x25);
        assertEquals(9, reply(8)[3]);
        packet(0, 0, 0x1B, 0, 0, 0, 2);
        assertEquals(READY, status(), "ejected");
        assertTrue(cd.medium().isEmpty());
    }
}
