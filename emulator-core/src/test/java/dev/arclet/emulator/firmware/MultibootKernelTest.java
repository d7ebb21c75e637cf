package dev.arclet.emulator.firmware;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.emulator.memory.GuestMemory;
import dev.arclet.emulator.memory.PhysicalMap;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class MultibootKernelTest {
    private static final long MEMORY = 16L << 20;
    private static final int LOAD = 0x20_0000;
    private static final int ENTRY = LOAD + 0x40;
    private static final int CODE_AT = 0x1000;
    private static final int CODE_BYTES = 0x2345;
    private static final int BSS_BYTES = 0x3000;
    private static final int HEADER_AT = 0x80;

    private final GuestMemory ram = new GuestMemory(MEMORY);
    private final PhysicalMap map = new PhysicalMap(36);

    MultibootKernelTest() {
        map.mapRam("memory", 0, MEMORY, ram, 0);
    }

    @AfterEach
    void close() {
        ram.close();
    }

    private static void header(ByteBuffer image, int flags) {
        image.putInt(HEADER_AT, 0x1BADB002);
        image.putInt(HEADER_AT + 4, flags);
        image.putInt(HEADER_AT + 8, -(0x1BADB002 + flags));
    }

    /** An ELF file with one segment of 0x5A bytes, and zeros behind it. */
    private static ByteBuffer elf() {
        ByteBuffer image = ByteBuffer.allocate(CODE_AT + CODE_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        Arrays.fill(image.array(), CODE_AT, image.capacity(), (byte) 0x5A);
        header(image, 3);
        image.putInt(0, 0x464C457F);
        image.put(4, (byte) 1);
        image.putShort(16, (short) 2);
        image.putShort(18, (short) 3);
        image.putInt(24, ENTRY);
        image.putInt(28, 52);
        image.putShort(42, (short) 32);
        image.putShort(44, (short) 1);
        image.putInt(52, 1);
        image.putInt(56, CODE_AT);
        image.putInt(60, 0xC000_0000); // the virtual address does not count
        image.putInt(64, LOAD);
        image.putInt(68, CODE_BYTES);
        image.putInt(72, CODE_BYTES + BSS_BYTES);
        return image;
    }

    private MultibootKernel.Entry load(ByteBuffer image, byte[] initrd, String line)
            throws BootException {
        return new MultibootKernel("dir/test kernel", image.array(), initrd, line)
                .load(map, E820.of(MEMORY));
    }

    private int u32(long address) {
        return (int) map.read(address, 4);
    }

    private String string(long address) {
        byte[] bytes = new byte[64];
        map.readExternal(address, bytes, 0, bytes.length);
        String text = new String(bytes, StandardCharsets.US_ASCII);
        return text.substring(0, text.indexOf(0));
    }

    @Test
    void loadsAnElfFileWhereItsSegmentsSay() throws BootException {
        ram.write(LOAD + CODE_BYTES, 4, 0x1234_5678); // what an earlier run left
        MultibootKernel.Entry entry = load(elf(), new byte[0], "");
        assertEquals(ENTRY, entry.entry());
        assertEquals(0x5A5A_5A5A, u32(LOAD));
        assertEquals(0x5A, map.read(LOAD + CODE_BYTES - 1, 1));
        assertEquals(0, u32(LOAD + CODE_BYTES));
        assertEquals(0x00CF_9B00_0000_FFFFL, map.read(entry.gdtBase() + entry.codeSelector(), 8));
        assertEquals(0x00CF_9300_0000_FFFFL, map.read(entry.gdtBase() + entry.dataSelector(), 8));
    }

    @Test
    void tellsTheKernelWhatItNeedsToKnow() throws BootException {
        MultibootKernel.Entry entry = load(elf(), new byte[] {1, 2, 3, 4, 5}, "a=1 b");
        long info = entry.information();
        assertEquals(0b10_0100_1101, u32(info));
        assertEquals(639, u32(info + 4));
        assertEquals((MEMORY >> 10) - 1024, u32(info + 8));
        assertEquals("test_kernel a=1 b", string(u32(info + 16)));
        assertEquals(1, u32(info + 20));
        long module = u32(info + 24);
        assertEquals(0, u32(module) & 0xFFF);
        assertTrue(u32(module) >= LOAD + CODE_BYTES + BSS_BYTES);
        assertEquals(5, u32(module + 4) - u32(module));
        assertEquals(0x0403_0201, u32(u32(module)));
        assertEquals("", string(u32(module + 8)));
        assertEquals("Arclet", string(u32(info + 64)));
        int count = E820.of(MEMORY).size();
        assertEquals(count * 24, u32(info + 44));
        long last = u32(info + 48) + (count - 1) * 24L;
        assertEquals(20, u32(last));
        assertEquals(0x10_0000, map.read(last + 4, 8));
        assertEquals(MEMORY - 0x10_0000, map.read(last + 12, 8));
        assertEquals(E820.RAM, u32(last + 20));
    }

    @Test
    void tablesKeepOutOfTheWayOfLowKernels() throws BootException {
        ByteBuffer image = elf();
        image.putInt(64, 0x8_0000);
        image.putInt(72, 0x1_F000);
        MultibootKernel.Entry entry = load(image, new byte[] {9}, "");
        assertTrue(entry.information() >= 0x10_0000);
        int module = u32(entry.information() + 24);
        assertEquals(9, map.read(u32(module), 1));
        assertTrue(u32(module) > entry.information());
    }

    @Test
    void obeysAddressesInTheHeader() throws BootException {
        ByteBuffer image = ByteBuffer.allocate(0x1000).order(ByteOrder.LITTLE_ENDIAN);
        Arrays.fill(image.array(), (byte) 0x77);
        header(image, 1 << 16);
        image.putInt(HEADER_AT + 12, 0x10_0000 + HEADER_AT - 0x20); // loads from offset 0x20
        image.putInt(HEADER_AT + 16, 0x10_0000);
        image.putInt(HEADER_AT + 20, 0x10_0100);
        image.putInt(HEADER_AT + 24, 0x10_0200);
        image.putInt(HEADER_AT + 28, 0x10_0004);
        ram.write(0x10_00FC, 8, -1);
        MultibootKernel.Entry entry = load(image, new byte[0], "");
        assertEquals(0x10_0004, entry.entry());
        assertEquals(0x1BADB002, u32(0x10_0000 + HEADER_AT - 0x20));
        assertEquals(0x0000_0000_7777_7777L, map.read(0x10_00FC, 8));
    }

    @Test
    void refusesWhatCannotWork() {
        assertFalse(MultibootKernel.detect(new byte[20000]));
        ByteBuffer badSum = elf();
        badSum.putInt(HEADER_AT + 8, 0);
        assertFalse(MultibootKernel.detect(badSum.array()));

        assertMessage(elf().putShort(18, (short) 62), "objcopy");
        assertMessage(elf().putInt(64, 0x0), "no free RAM");
        assertMessage(elf().putInt(64, (int) MEMORY), "more memory");
        assertMessage(elf().putInt(64, -0x1000), "more memory");
        assertMessage(elf().putInt(72, -1), "more memory");
        assertMessage(elf().putInt(68, 0x4000_0000).putInt(72, 0x4000_0000), "truncated");
        assertMessage(elf().putInt(28, -16), "truncated");
        assertMessage(elf().putInt(52, 2), "no segment");
        ByteBuffer wishes = elf();
        header(wishes, 0x11);
        assertMessage(wishes, "features 0x10");
        ByteBuffer neither = elf();
        neither.putInt(0, 0);
        assertMessage(neither, "neither an ELF");
    }

    private void assertMessage(ByteBuffer image, String part) {
        BootException e = assertThrows(BootException.class, () -> load(image, new byte[] {1}, ""));
        assertTrue(e.getMessage().contains(part), e.getMessage());
        assertTrue(e.getMessage().contains("dir/test kernel"), e.getMessage());
    }

    @Test
    void refusesAModuleThatDoesNotFit() {
        BootException e =
                assertThrows(BootException.class, () -> load(elf(), new byte[(int) MEMORY], ""));
        assertTrue(e.getMessage().contains("more memory"), e.getMessage());
    }
}
