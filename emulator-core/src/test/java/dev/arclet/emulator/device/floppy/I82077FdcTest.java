package dev.arclet.emulator.device.floppy;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.emulator.bus.PioDevice;
import dev.arclet.emulator.device.DeviceContractTest;
import dev.arclet.emulator.device.TestRig;
import dev.arclet.emulator.device.TestRig.Wire;
import dev.arclet.emulator.device.dma.IsaDma;
import dev.arclet.emulator.device.ide.MemoryDisk;
import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotReader;
import dev.arclet.emulator.snapshot.SnapshotWriter;
import dev.arclet.emulator.storage.HostWork;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class I82077FdcTest extends DeviceContractTest {
    private static final int SECTORS = 2880;

    private final TestRig rig = new TestRig();
    private final byte[] ram = new byte[1 << 20];
    private final IsaDma dma =
            new IsaDma(
                    (physical, data, from, length) ->
                            System.arraycopy(ram, (int) physical, data, from, length),
                    (physical, data, from, length) ->
                            System.arraycopy(data, from, ram, (int) physical, length));
    private final Wire irq = new Wire();
    private final MemoryDisk disk = new MemoryDisk(SECTORS, 512, false);
    private final FloppyDrive a =
            new FloppyDrive("floppy0", rig.events, HostWork.IMMEDIATE, Optional.of(disk));
    private final I82077Fdc fdc = new I82077Fdc(rig.events, irq, dma, List.of(a));
    private final PioDevice ports = fdc.registers();

    @Override
    protected Subject create(TestRig rig) {
        // As with the disk: no snapshot of the chip holds memory, so it does not change.
        IsaDma controller =
                new IsaDma(
                        (physical, data, from, length) -> {
                            for (int i = 0; i < length; i++) {
                                data[from + i] = (byte) (physical + i & 3);
                            }
                        },
                        (physical, data, from, length) -> {});
        I82077Fdc subject =
                new I82077Fdc(
                        rig.events,
                        new Wire(),
                        controller,
                        List.of(
                                new FloppyDrive(
                                        "floppy0",
                                        rig.events,
                                        HostWork.IMMEDIATE,
                                        Optional.of(MemoryDisk.forgetful(720))),
                                new FloppyDrive(
                                        "floppy1",
                                        rig.events,
                                        HostWork.IMMEDIATE,
                                        Optional.empty())));
        PioDevice registers = subject.registers();
        int[] commands = {0x46, 0xE6, 0x45, 0x4A, 0x07, 0x0F, 0x08, 0x4D, 0x42, 0x56, 0x0E, 0x94};
        return new Subject()
                .part(subject)
                .part(controller)
                .ports(6, registers)
                .ports(1, subject.inputRegister())
                .host(
                        random -> {
                            registers.writePort(2, 1, 0x1C);
                            controller.first().writePort(0xB, 1, 0x40 | 2 | random.nextInt(4) << 2);
                            controller.first().writePort(5, 1, random.nextInt(4));
                            controller.first().writePort(5, 1, random.nextInt(4));
                            controller.first().writePort(0xA, 1, 2);
                            registers.writePort(5, 1, commands[random.nextInt(commands.length)]);
                            for (int i = random.nextInt(12); i > 0; i--) {
                                registers.writePort(5, 1, random.nextInt(4));
                            }
                            rig.advance(random.nextInt(1_000_000));
                        });
    }

    private void start() {
        ports.writePort(2, 1, 0x00);
        ports.writePort(2, 1, 0x1C);
        rig.advance(1_000_000);
        assertTrue(irq.high, "reset reports by an interrupt");
        for (int i = 0; i < 4; i++) {
            command(0x08);
            assertArrayEquals(new int[] {0xC0 | i, 0}, result(2));
        }
        command(0x08);
        assertArrayEquals(new int[] {0x80}, result(1), "nothing more");
        fdc.inputRegister().writePort(0, 1, 0);
        command(0x03, 0xDF, 0x02);
    }

    private void command(int... bytes) {
        for (int value : bytes) {
            assertEquals(0x80, ports.readPort(4, 1) & 0xC0, "ready for a command byte");
            ports.writePort(5, 1, value);
        }
    }

    private int[] result(int count) {
        int[] values = new int[count];
        for (int i = 0; i < count; i++) {
            assertEquals(0xD0, ports.readPort(4, 1) & 0xD0, "byte " + i + " of the result");
            values[i] = ports.readPort(5, 1);
        }
        assertEquals(0x80, ports.readPort(4, 1) & 0xF0, "idle again");
        return values;
    }

    private void seek(int track) {
        command(0x0F, 0, track);
        rig.advance(100_000_000);
        assertTrue(irq.high);
        command(0x08);
        assertArrayEquals(new int[] {0x20, track}, result(2));
        assertFalse(irq.high);
    }

    private void program(int mode, int address, int count) {
        dma.first().writePort(0xA, 1, 6);
        dma.first().writePort(0xC, 1, 0);
        dma.first().writePort(0xB, 1, mode | 2);
        dma.first().writePort(4, 1, address & 0xFF);
        dma.first().writePort(4, 1, address >> 8 & 0xFF);
        dma.first().writePort(5, 1, count - 1 & 0xFF);
        dma.first().writePort(5, 1, count - 1 >> 8);
        dma.pages().writePort(0, 1, address >> 16);
        dma.first().writePort(0xA, 1, 2);
    }

    private int number(int address) {
        return ram[address] & 0xFF | (ram[address + 1] & 0xFF) << 8;
    }

    @Test
    void readsUntilTerminalCountAcrossHeads() {
        start();
        seek(3);
        program(0x44, 0x8000, 4 * 512);
        command(0xE6, 0, 3, 0, 17, 2, 18, 0x1B, 0xFF);
        rig.advance(10_000_000);
        assertTrue(irq.high);
        assertArrayEquals(new int[] {0x04, 0, 0, 3, 1, 3, 2}, result(7));
        int first = 3 * 36 + 16;
        for (int i = 0; i < 4; i++) {
            assertEquals(first + i, number(0x8000 + 512 * i));
        }
    }

    /** As a BIOS asks for 60 sectors from the second on, though the track has 18. */
    @Test
    void aMultiTrackTransferGoesOnPastTheCylinder() {
        start();
        program(0x44, 0x8000, 60 * 512);
        command(0xE6, 0, 0, 0, 2, 2, 61, 0x1B, 0xFF);
        rig.advance(20_000_000);
        assertTrue(irq.high);
        assertArrayEquals(new int[] {0x04, 0, 0, 1, 1, 8, 2}, result(7));
        for (int i = 0; i < 60; i++) {
            assertEquals(1 + i, number(0x8000 + 512 * i));
        }
    }

    @Test
    void withoutBothHeadsASectorBeyondTheTrackIsNotFound() {
        start();
        program(0x44, 0x8000, 30 * 512);
        command(0x46, 0, 0, 0, 2, 2, 31, 0x1B, 0xFF);
        rig.advance(20_000_000);
        assertArrayEquals(new int[] {0x40, 0x04, 0, 0, 0, 19, 2}, result(7));
    }

    @Test
    void aMultiTrackTransferEndsWithTheDisk() {
        start();
        seek(79);
        program(0x44, 0x8000, 60 * 512);
        command(0xE6, 4, 79, 1, 10, 2, 61, 0x1B, 0xFF);
        rig.advance(20_000_000);
        int[] result = result(7);
        assertEquals(0x40, result[0] & 0xC0);
    }

    @Test
    void withoutTerminalCountTheTracksEndIsAnError() {
        start();
        program(0x44, 0x8000, 0x8000);
        command(0x46, 0, 0, 0, 18, 2, 18, 0x1B, 0xFF);
        rig.advance(10_000_000);
        assertArrayEquals(new int[] {0x40, 0x80, 0, 1, 0, 1, 2}, result(7));
        assertEquals(17, number(0x8000));
    }

    @Test
    void writesAndFormats() {
        start();
        for (int i = 0; i < 1024; i++) {
            ram[0x9000 + i] = (byte) (i >> 8 | 0x40);
        }
        program(0x48, 0x9000, 1024);
        command(0x45, 0, 0, 0, 5, 2, 18, 0x1B, 0xFF);
        rig.advance(10_000_000);
        assertArrayEquals(new int[] {0, 0, 0, 0, 0, 7, 2}, result(7));
        assertEquals(0x40, disk.data[4 * 512]);
        assertEquals(0x43, disk.data[6 * 512 - 1]);
        assertEquals(6, disk.data[6 * 512]);
        seek(1);
        for (int i = 0; i < 18; i++) {
            ram[0xA000 + 4 * i] = 1;
            ram[0xA000 + 4 * i + 2] = (byte) (i + 1);
            ram[0xA000 + 4 * i + 3] = 2;
        }
        program(0x48, 0xA000, 72);
        command(0x4D, 0, 2, 18, 0x50, 0xF6);
        rig.advance(10_000_000);
        assertEquals(0, result(7)[0]);
        assertEquals((byte) 0xF6, disk.data[36 * 512]);
        assertEquals((byte) 0xF6, disk.data[54 * 512 - 1]);
        assertEquals(54, disk.data[54 * 512], "the other side is untouched");
    }

    @Test
    void whatIsNotThereIsNotFound() {
        start();
        program(0x44, 0x8000, 512);
        command(0x46, 0, 5, 0, 1, 2, 18, 0x1B, 0xFF);
        rig.advance(10_000_000);
        assertArrayEquals(new int[] {0x40, 0x04, 0x10, 5, 0, 1, 2}, result(7), "wrong cylinder");
        command(0x46, 0, 0, 0, 19, 2, 19, 0x1B, 0xFF);
        rig.advance(10_000_000);
        assertArrayEquals(new int[] {0x40, 0x04, 0, 0, 0, 19, 2}, result(7), "no such sector");
        fdc.inputRegister().writePort(0, 1, 2);
        command(0x4A, 0);
        rig.advance(10_000_000);
        assertEquals(1, result(7)[1], "no address mark at 250 kbit/s");
        command(0x07, 1);
        rig.advance(100_000_000);
        command(0x08);
        assertEquals(0x71, result(2)[0], "no drive B: no track 0");
    }

    @Test
    void protectedDisksAreNotWritten() {
        MemoryDisk other = new MemoryDisk(SECTORS, 512, true);
        a.changeDisk(Optional.of(other));
        start();
        program(0x48, 0x9000, 512);
        command(0x45, 0, 0, 0, 1, 2, 18, 0x1B, 0xFF);
        rig.advance(10_000_000);
        assertEquals(0x02, result(7)[1]);
        command(0x04, 0);
        assertEquals(0x78, result(1)[0], "protected, two sides, track 0");
    }

    @Test
    void theChangeLineFallsWhenTheHeadsMove() {
        start();
        assertEquals(0xFF, fdc.inputRegister().readPort(0, 1));
        seek(1);
        assertEquals(0x7F, fdc.inputRegister().readPort(0, 1));
        a.changeDisk(Optional.of(new MemoryDisk(1440, 512, false)));
        assertEquals(0xFF, fdc.inputRegister().readPort(0, 1));
        fdc.inputRegister().writePort(0, 1, 2);
        command(0x4A, 0);
        rig.advance(10_000_000);
        assertArrayEquals(new int[] {0, 0, 0, 1, 0, 1, 2}, result(7), "720K at 250 kbit/s");
    }

    @Test
    void movesBytesByProgrammedIo() {
        start();
        command(0x03, 0xDF, 0x03);
        command(0x46, 0, 0, 0, 2, 2, 2, 0x1B, 0xFF);
        rig.advance(1);
        assertTrue(irq.high);
        assertEquals(0xF0, ports.readPort(4, 1) & 0xF0);
        assertEquals(1, ports.readPort(5, 1));
        for (int i = 1; i < 512; i++) {
            ports.readPort(5, 1);
        }
        rig.advance(10_000_000);
        assertArrayEquals(new int[] {0x40, 0x80, 0, 1, 0, 1, 2}, result(7));
    }

    private static byte[] saved(I82077Fdc chip) {
        SnapshotWriter out = new SnapshotWriter();
        chip.save(out);
        return out.toByteArray();
    }

    @Test
    void whatIsSavedDoesNotDependOnEarlierTransfers() throws SnapshotException {
        movesBytesByProgrammedIo();
        FloppyDrive drive =
                new FloppyDrive("floppy0", rig.events, HostWork.IMMEDIATE, Optional.of(disk));
        I82077Fdc restored = new I82077Fdc(rig.events, new Wire(), dma, List.of(drive));
        restored.restore(new SnapshotReader("test", saved(fdc)), fdc.sectionVersion());
        for (int value : new int[] {0x45, 0, 0, 0, 2, 2, 2, 0x1B, 0xFF}) {
            ports.writePort(5, 1, value);
            restored.registers().writePort(5, 1, value);
        }
        assertArrayEquals(saved(fdc), saved(restored));
    }

    @Test
    void knowsItselfAndInvalidCommands() {
        start();
        command(0x10);
        assertArrayEquals(new int[] {0x90}, result(1));
        command(0x1F);
        assertArrayEquals(new int[] {0x80}, result(1));
        command(0x13, 0, 0x57, 0);
        command(0x94);
        assertArrayEquals(new int[] {0x10}, result(1));
        ports.writePort(4, 1, 0x80);
        rig.advance(1_000_000);
        command(0x0E);
        int[] dump = result(10);
        assertEquals(0x57, dump[8], "locked");
        assertEquals(0x80, dump[7]);
    }

    @Test
    void formatsAreKnownByTheirSize() {
        assertEquals(4, FloppyFormat.of(1_474_560).orElseThrow().cmosType());
        assertEquals(5, FloppyFormat.of(2_949_120).orElseThrow().cmosType());
        assertEquals(1, FloppyFormat.of(163_840).orElseThrow().heads());
        assertEquals(21, FloppyFormat.of(1_720_320).orElseThrow().sectors());
        assertEquals(4, FloppyFormat.of(1_296_384).orElseThrow().cmosType(), "cut off");
        assertEquals(18, FloppyFormat.of(10_208).orElseThrow().sectors(), "a loader and a kernel");
        assertEquals(15, FloppyFormat.of(1_228_800).orElseThrow().sectors());
        assertTrue(FloppyFormat.of(0).isEmpty());
        assertTrue(FloppyFormat.of(10_000_000).isEmpty());
    }

    @Test
    void theRestOfACutImageReadsAsZeros() {
        a.changeDisk(Optional.of(new MemoryDisk(2501, 512, false)));
        start();
        seek(69);
        ram[0x8200] = 1;
        program(0x44, 0x8000, 1024);
        command(0x46, 0, 69, 0, 17, 2, 18, 0x1B, 0xFF);
        rig.advance(10_000_000);
        assertEquals(0, result(7)[0]);
        assertEquals(2500, number(0x8000));
        assertEquals(0, number(0x8200));
    }
}
