package dev.arclet.emulator.device.virtio;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.arclet.emulator.device.TestRig;
import dev.arclet.emulator.device.virtio.VirtioDriver.Piece;
import dev.arclet.emulator.share.NinePServer;
import dev.arclet.emulator.share.SharedFolder;
import dev.arclet.emulator.storage.HostWork;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class Virtio9pTest extends VirtioContractTest {
    @TempDir private Path folder;

    @Override
    protected VirtioDevice device(TestRig rig, TestRam ram, Subject subject) {
        try {
            NinePServer server = new NinePServer(new SharedFolder(folder, false));
            return new Virtio9p("virtio-9p0", ram, HostWork.IMMEDIATE, server, "share");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void answersInTheWritablePart() {
        TestRam ram = new TestRam(1 << 17);
        VirtioDriver driver =
                new VirtioDriver(device(new TestRig(), ram, new Subject()), ram).place();
        assertEquals(0x1009, driver.function.readConfig(2, 2));
        assertEquals(5, driver.config(0, 2));
        assertEquals('s', driver.config(2, 1));
        driver.start(driver.offered());
        byte[] version = "9P2000.L".getBytes(StandardCharsets.US_ASCII);
        ByteBuffer message = ByteBuffer.allocate(21).order(ByteOrder.LITTLE_ENDIAN);
        message.putInt(21).put((byte) 100).putShort((short) 7).putInt(8192);
        message.putShort((short) version.length).put(version);
        int at = driver.offer(0, 0, 0, false, Piece.out(message.array()), Piece.in(100));
        driver.notifyQueue(0);
        assertEquals(1, driver.usedIndex(0));
        assertEquals(21, driver.usedLength(0, 0));
        assertEquals(101, ram.bytes[at + 21 + 4]);
        assertEquals(8192, ram.view.getInt(at + 21 + 7));
    }
}
