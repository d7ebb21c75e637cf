package dev.arclet.emulator.firmware;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.emulator.memory.GuestMemory;
import dev.arclet.emulator.memory.PhysicalMap;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LinuxKernelTest {
    private static final int SETUP_SECTORS = 4;
    private static final int CODE_BYTES = 64 << 10;
    private static final long MEMORY = 32L << 20;

    private final GuestMemory ram = new GuestMemory(MEMORY);
    private final PhysicalMap map = new PhysicalMap(36);

    LinuxKernelTest() {
        map.mapRam("memory", 0, MEMORY, ram, 0);
    }

    @AfterEach
    void close() {
        ram.close();
    }

    /** A kernel image with the header fields that matter, and code of 0x5A bytes. */
    private static byte[] image() {
        ByteBuffer image =
                ByteBuffer.allocate((SETUP_SECTORS + 1) * 512 + CODE_BYTES)
                        .order(ByteOrder.LITTLE_ENDIAN);
        Arrays.fill(image.array(), (SETUP_SECTORS + 1) * 512, image.capacity(), (byte) 0x5A);
        image.put(0x1F1, (byte) SETUP_SECTORS);
        image.putInt(0x1F4, CODE_BYTES / 16);
        image.putShort(0x1FE, (short) 0xAA55);
        image.putShort(0x200, (short) 0x66EB);
        image.putInt(0x202, 0x53726448);
        image.putShort(0x206, (short) 0x20F);
        image.put(0x211, (byte) 1);
        image.putInt(0x22C, 0x7FFF_FFFF);
        image.putInt(0x238, 255);
        image.putLong(0x258, 0x100_0000);
        image.putInt(0x260, 1 << 20);
        return image.array();
    }

    private static LinuxKernel kernel(byte[] image, byte[] initrd, String line)
            throws BootException {
        return new LinuxKernel("vmlinuz", image, initrd, line);
    }

    private LinuxKernel.Entry load(LinuxKernel kernel, LinuxKernel.FrameBuffer screen)
            throws BootException {
        return kernel.load(map, E820.of(MEMORY), screen, 0xF0000);
    }

    @Test
    void putsEverythingWhereTheProtocolSays() throws BootException {
        byte[] initrd = {1, 2, 3, 4, 5};
        LinuxKernel.Entry entry =
                load(
                        kernel(image(), initrd, "quiet x=1"),
                        new LinuxKernel.FrameBuffer(0xFD00_0000L, 16 << 20, 1024, 768));
        assertEquals(0x100000, entry.entry());
        assertEquals(0x5A5A, map.read(entry.entry(), 2));
        long params = entry.bootParams();
        assertEquals(0x53726448, map.read(params + 0x202, 4));
        byte[] line = new byte[10];
        map.readExternal(map.read(params + 0x228, 4), line, 0, 10);
        assertEquals("quiet x=1\0", new String(line, java.nio.charset.StandardCharsets.US_ASCII));
        long ramdisk = map.read(params + 0x218, 4);
        assertEquals(5, map.read(params + 0x21C, 4));
        assertEquals(0, ramdisk & 0xFFF);
        assertEquals(0x0403_0201, map.read(ramdisk, 4));
        assertEquals(E820.of(MEMORY).size(), map.read(params + 0x1E8, 1));
        assertEquals(0x23, map.read(params + 0x0F, 1), "VIDEO_TYPE_VLFB");
        assertEquals(1024, map.read(params + 0x12, 2));
        assertEquals(0xFD00_0000L, map.read(params + 0x18, 4));
        assertEquals(0xF0000, map.read(params + 0x70, 8), "RSDP");
        assertEquals(0x00CF_9B00_0000_FFFFL, map.read(entry.gdtBase() + entry.codeSelector(), 8));
    }

    @Test
    void refusesWhatIsNoKernel() {
        for (byte[] bad : new byte[][] {{}, new byte[100], new byte[100_000]}) {
            BootException e = assertThrows(BootException.class, () -> kernel(bad, bad, ""));
            assertTrue(e.getMessage().contains("'vmlinuz'"), e.getMessage());
            assertTrue(e.getMessage().contains("not a Linux bzImage"), e.getMessage());
        }
    }

    @Test
    void refusesATruncatedKernel() {
        byte[] whole = image();
        for (int length = 0x270; length < whole.length - 16; length += 997) {
            byte[] part = Arrays.copyOf(whole, length);
            assertThrows(BootException.class, () -> kernel(part, new byte[0], ""));
        }
    }

    @Test
    void refusesZImages() {
        byte[] image = image();
        image[0x211] = 0;
        BootException e = assertThrows(BootException.class, () -> kernel(image, new byte[0], ""));
        assertTrue(e.getMessage().contains("zImage"), e.getMessage());
    }

    @Test
    void refusesACommandLineThatTheKernelCannotTake() {
        BootException e =
                assertThrows(
                        BootException.class, () -> kernel(image(), new byte[0], "x".repeat(256)));
        assertTrue(e.getMessage().contains("takes 255"), e.getMessage());
    }

    @Test
    void refusesMoreThanTheMemoryHolds() throws BootException {
        LinuxKernel kernel = kernel(image(), new byte[20 << 20], "");
        BootException e = assertThrows(BootException.class, () -> load(kernel, null));
        assertTrue(e.getMessage().contains("more memory"), e.getMessage());
    }
}
