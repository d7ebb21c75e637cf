package dev.arclet.emulator.firmware;

import dev.arclet.emulator.memory.PhysicalMap;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * A Linux kernel in bzImage form, loaded without a boot loader by the 32-bit boot protocol (kernel
 * documentation, "The Linux/x86 Boot Protocol", sections "The Real-Mode Kernel Header" and "32-bit
 * Boot Protocol"). 64-bit kernels have the same entry and switch to long mode themselves.
 *
 * <p>Not supported: zImage (loaded low), protocol versions before 2.03.
 */
public final class LinuxKernel {
    private static final int BOOT_FLAG = 0x1FE;
    private static final int HEADER_MAGIC = 0x202;
    private static final int HDRS = 0x53726448;
    private static final int SETUP_HEADER = 0x1F1;

    private static final int LOADED_HIGH = 1;
    private static final int CAN_USE_HEAP = 0x80;

    /** Loader type "undefined" (0xFF), as assigned loaders have numbers of their own. */
    private static final int TYPE_OF_LOADER = 0xFF;

    private static final long BOOT_PARAMS = 0x10000;
    private static final long COMMAND_LINE = 0x20000;
    private static final long GDT = 0x1F000;
    private static final long KERNEL = 0x100000;

    /** VIDEO_TYPE_VLFB: a VESA linear frame buffer. */
    private static final int VIDEO_TYPE_VLFB = 0x23;

    /** VIDEO_TYPE_VGAC: VGA in colour text mode. */
    private static final int VIDEO_TYPE_VGAC = 0x22;

    /**
     * A linear frame buffer, 32 bits per pixel in the order blue, green, red, unused.
     *
     * @param address physical address
     * @param memoryBytes size of the video memory
     */
    public record FrameBuffer(long address, long memoryBytes, int width, int height) {}

    /**
     * The processor state to enter with: protected mode, paging off, flat segments.
     *
     * @param entry linear address of the first instruction
     * @param bootParams linear address for ESI
     * @param gdtBase linear address of the descriptor table
     * @param gdtLimit its limit
     * @param codeSelector selector of the flat 32-bit code segment
     * @param dataSelector selector of the flat data segment
     */
    public record Entry(
            long entry,
            long bootParams,
            long gdtBase,
            int gdtLimit,
            int codeSelector,
            int dataSelector) {}

    private final String name;
    private final byte[] image;
    private final byte[] initrd;
    private final String commandLine;

    /**
     * A kernel to be loaded.
     *
     * @param name what to call it in errors, such as its path
     * @param image the bzImage
     * @param initrd the initial RAM disk, empty for none
     * @param commandLine kernel parameters, ASCII
     * @throws BootException if the image is no bzImage, or the command line is too long for it
     */
    public LinuxKernel(String name, byte[] image, byte[] initrd, String commandLine)
            throws BootException {
        this.name = name;
        this.image = image;
        this.initrd = initrd;
        this.commandLine = commandLine;
        if (image.length < 0x270
                || u16(BOOT_FLAG) != 0xAA55
                || (int) u32(HEADER_MAGIC) != HDRS
                || u16(0x206) < 0x203) {
            throw new BootException(
                    "cannot boot '%s': it is not a Linux bzImage (no HdrS header of protocol 2.03 or later at offset 0x202); give the vmlinuz file of a distribution's kernel package"
                            .formatted(name));
        }
        if ((image[0x211] & LOADED_HIGH) == 0) {
            throw new BootException(
                    "cannot boot '%s': it is a zImage, which loads below 1 MiB; build it as a bzImage"
                            .formatted(name));
        }
        if (setupBytes() >= image.length) {
            throw new BootException(
                    "cannot boot '%s': it ends inside its setup code (%d bytes); fetch it again"
                            .formatted(name, image.length));
        }
        // syssize counts 16-byte paragraphs of protected-mode code; a shorter file was truncated.
        long declared = u32(0x1F4) * 16;
        if (image.length - setupBytes() < declared - 15) {
            throw new BootException(
                    "cannot boot '%s': it is truncated, %d bytes of code instead of %d; fetch it again"
                            .formatted(name, image.length - setupBytes(), declared));
        }
        int maxCommandLine = u16(0x206) >= 0x206 ? (int) Math.min(u32(0x238), 0xFFFF) : 255;
        if (commandLine.length() > maxCommandLine) {
            throw new BootException(
                    "cannot boot '%s': the command line has %d characters, the kernel takes %d; shorten it"
                            .formatted(name, commandLine.length(), maxCommandLine));
        }
    }

    private int u16(int offset) {
        return (image[offset] & 0xFF) | (image[offset + 1] & 0xFF) << 8;
    }

    private long u32(int offset) {
        return (u16(offset) | (long) u16(offset + 2) << 16) & 0xFFFF_FFFFL;
    }

    private int setupBytes() {
        int sectors = image[SETUP_HEADER] & 0xFF;
        return ((sectors == 0 ? 4 : sectors) + 1) * 512;
    }

    /**
     * Copies kernel, initial RAM disk and boot parameters into guest RAM.
     *
     * @param memory where to
     * @param map the address map to report
     * @param frameBuffer the screen the kernel finds, or null for VGA text mode
     * @param rsdp physical address of the ACPI RSDP, or 0
     * @throws BootException if the guest's RAM is too small
     */
    public Entry load(PhysicalMap memory, List<E820.Entry> map, FrameBuffer frameBuffer, long rsdp)
            throws BootException {
        long ramTop = 0;
        for (E820.Entry entry : map) {
            if (entry.type() == E820.RAM && entry.base() == KERNEL) {
                ramTop = entry.base() + entry.length();
            }
        }
        int codeBytes = image.length - setupBytes();
        // init_size is what the kernel needs in place to decompress itself (protocol 2.10).
        long needed = u16(0x206) >= 0x20A ? Math.max(u32(0x260), codeBytes) : codeBytes * 4L;
        // The preferred address may be above the load address; decompression then runs up there.
        long kernelEnd = (u16(0x206) >= 0x20A ? Math.max(KERNEL, u32(0x258)) : KERNEL) + needed;
        long initrdMax = u32(0x22C) == 0 ? 0x37FF_FFFFL : u32(0x22C);
        long initrdBase = (Math.min(ramTop, initrdMax + 1) - initrd.length) & ~0xFFFL;
        if (kernelEnd > ramTop || (initrd.length > 0 && initrdBase < kernelEnd)) {
            throw new BootException(
                    "cannot boot '%s': kernel and initial RAM disk need %d MiB, the guest has %d MiB; give it more memory"
                            .formatted(
                                    name, ((kernelEnd + initrd.length) >> 20) + 1, ramTop >> 20));
        }
        memory.writeExternal(KERNEL, image, setupBytes(), codeBytes);
        memory.writeExternal(initrdBase, initrd, 0, initrd.length);

        byte[] params = new byte[4096];
        // The header ends where the jump at 0x200 goes: its displacement is at 0x201.
        int headerEnd = Math.min(0x202 + (image[0x201] & 0xFF), 0x290);
        System.arraycopy(image, SETUP_HEADER, params, SETUP_HEADER, headerEnd - SETUP_HEADER);
        params[0x210] = (byte) TYPE_OF_LOADER;
        params[0x211] |= (byte) CAN_USE_HEAP;
        put32(params, 0x214, KERNEL);
        put32(params, 0x218, initrd.length == 0 ? 0 : initrdBase);
        put32(params, 0x21C, initrd.length);
        put16(params, 0x224, 0xFE00);
        put32(params, 0x228, COMMAND_LINE);
        put64(params, 0x070, rsdp);
        put32(params, 0x1E0, (ramTop - 0x100000) >> 10);
        put16(params, 0x002, (int) Math.min((ramTop - 0x100000) >> 10, 0xFC00));
        putScreen(params, frameBuffer);
        params[0x1E8] = (byte) map.size();
        for (int i = 0; i < map.size(); i++) {
            E820.Entry entry = map.get(i);
            int at = 0x2D0 + 20 * i;
            put64(params, at, entry.base());
            put64(params, at + 8, entry.length());
            put32(params, at + 16, entry.type());
        }
        memory.writeExternal(BOOT_PARAMS, params, 0, params.length);
        byte[] line = (commandLine + "\0").getBytes(StandardCharsets.ISO_8859_1);
        memory.writeExternal(COMMAND_LINE, line, 0, line.length);

        // __BOOT_CS is selector 0x10, __BOOT_DS 0x18: flat, 4 GiB, execute/read and read/write.
        byte[] gdt = new byte[0x20];
        put64(gdt, 0x10, 0x00CF_9B00_0000_FFFFL);
        put64(gdt, 0x18, 0x00CF_9300_0000_FFFFL);
        memory.writeExternal(GDT, gdt, 0, gdt.length);
        return new Entry(KERNEL, BOOT_PARAMS, GDT, gdt.length - 1, 0x10, 0x18);
    }

    private static void putScreen(byte[] params, FrameBuffer frameBuffer) {
        // struct screen_info at offset 0.
        if (frameBuffer == null) {
            params[0x06] = 3; // video mode
            params[0x07] = 80;
            params[0x0E] = 25;
            params[0x0F] = VIDEO_TYPE_VGAC;
            put16(params, 0x10, 16); // font height
            return;
        }
        params[0x0F] = VIDEO_TYPE_VLFB;
        put16(params, 0x12, frameBuffer.width());
        put16(params, 0x14, frameBuffer.height());
        put16(params, 0x16, 32); // depth
        put32(params, 0x18, frameBuffer.address());
        put32(params, 0x1C, frameBuffer.memoryBytes() >> 16); // in 64 KiB units
        put16(params, 0x24, frameBuffer.width() * 4); // line length
        byte[] masks = {8, 16, 8, 8, 8, 0, 8, 24}; // size and position of red, green, blue, unused
        System.arraycopy(masks, 0, params, 0x26, masks.length);
        put16(params, 0x32, 1); // pages
    }

    private static void put16(byte[] target, int offset, int value) {
        target[offset] = (byte) value;
        target[offset + 1] = (byte) (value >>> 8);
    }

    private static void put32(byte[] target, int offset, long value) {
        put16(target, offset, (int) value);
        put16(target, offset + 2, (int) (value >>> 16));
    }

    private static void put64(byte[] target, int offset, long value) {
        put32(target, offset, value);
        put32(target, offset + 4, value >>> 32);
    }
}
