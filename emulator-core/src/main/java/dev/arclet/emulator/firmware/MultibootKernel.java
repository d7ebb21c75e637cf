package dev.arclet.emulator.firmware;

import dev.arclet.emulator.memory.PhysicalMap;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * A kernel with a Multiboot header, loaded without a boot loader (Multiboot Specification version
 * 0.6.96). The image is a 32-bit ELF executable, or anything if the header gives the load addresses
 * itself (flag bit 16). An initial RAM disk becomes the one boot module.
 *
 * <p>The kernel is given memory sizes, the memory map, its command line, the module and the boot
 * loader's name. What it wishes of the video mode is ignored, as the specification allows.
 */
public final class MultibootKernel {
    private static final int HEADER_MAGIC = 0x1BADB002;

    /** The header lies within so many bytes from the start of the image. */
    private static final int HEADER_RANGE = 8192;

    /** The value of EAX that tells the kernel who loaded it. */
    public static final int LOADER_MAGIC = 0x2BADB002;

    // Header flags: the low 16 bits are requirements, the high ones are not.
    private static final int FLAG_PAGE_ALIGN = 1;
    private static final int FLAG_MEMORY = 1 << 1;
    private static final int FLAG_VIDEO = 1 << 2;
    private static final int FLAG_ADDRESSES = 1 << 16;
    private static final int REQUIREMENTS = 0xFFFF;

    // Flags of the information structure: which of its fields are valid.
    private static final int INFO_MEMORY = 1;
    private static final int INFO_COMMAND_LINE = 1 << 2;
    private static final int INFO_MODULES = 1 << 3;
    private static final int INFO_MEMORY_MAP = 1 << 6;
    private static final int INFO_LOADER_NAME = 1 << 9;

    private static final int ELF_MAGIC = 0x464C457F;
    private static final int ELF_CLASS_32 = 1;
    private static final int ELF_EXECUTABLE = 2;
    private static final int ELF_MACHINE_386 = 3;
    private static final int ELF_LOAD = 1;
    private static final int ELF_HEADER_BYTES = 52;
    private static final int ELF_PROGRAM_HEADER_BYTES = 32;

    /** Longest command line; as long as Linux takes at most. */
    private static final int MAX_COMMAND_LINE = 0xFFFF;

    private static final int PAGE = 4096;
    private static final long EXTENDED_MEMORY = 0x10_0000;
    private static final long FIRST_USABLE = 0x1000;

    // Layout of the block of tables
    private static final int INFO = 0;
    private static final int MODULE = 0x80; // the information takes 0x78 bytes at most
    private static final int GDT = 0x90;
    private static final int GDT_BYTES = 0x20;
    private static final int MEMORY_MAP = 0xC0;
    private static final int MEMORY_MAP_ENTRY = 24;
    private static final int CODE_SELECTOR = 0x10;
    private static final int DATA_SELECTOR = 0x18;

    /**
     * The processor state to enter with: protected mode, paging off, flat segments, EAX = {@link
     * #LOADER_MAGIC}.
     *
     * @param entry linear address of the first instruction
     * @param information linear address for EBX
     * @param gdtBase linear address of the descriptor table
     * @param gdtLimit its limit
     * @param codeSelector selector of the flat 32-bit code segment
     * @param dataSelector selector of the flat data segment
     */
    public record Entry(
            long entry,
            long information,
            long gdtBase,
            int gdtLimit,
            int codeSelector,
            int dataSelector) {}

    /** Bytes of the image that go to an address; the rest up to memoryBytes is zero. */
    private record Segment(long address, int fileOffset, int fileBytes, long memoryBytes) {
        long end() {
            return address + memoryBytes;
        }
    }

    private final String name;
    private final ByteBuffer image;
    private final byte[] initrd;
    private final String commandLine;
    private final List<Segment> segments = new ArrayList<>();
    private final long entry;

    /** Whether an image has a Multiboot header where it belongs. */
    public static boolean detect(byte[] image) {
        return headerOffset(littleEndian(image)) >= 0;
    }

    /**
     * A kernel to be loaded.
     *
     * @param name what to call it in errors, such as its path
     * @param bytes the image
     * @param initrd the initial RAM disk, empty for none
     * @param commandLine kernel parameters, ASCII; the kernel finds them after the image's name
     * @throws BootException if the image is none that can be loaded
     */
    public MultibootKernel(String name, byte[] bytes, byte[] initrd, String commandLine)
            throws BootException {
        this.name = name;
        this.initrd = initrd;
        image = littleEndian(bytes);
        int header = headerOffset(image);
        if (header < 0) {
            throw broken(
                    "it has no Multiboot header in its first 8192 bytes",
                    "give a Multiboot (version 1) kernel");
        }
        int flags = image.getInt(header + 4);
        int unknown = flags & REQUIREMENTS & ~(FLAG_PAGE_ALIGN | FLAG_MEMORY | FLAG_VIDEO);
        if (unknown != 0) {
            throw broken(
                    "its Multiboot header requires features 0x%x, which no loader of version 0.6.96 has"
                            .formatted(unknown),
                    "build it without them");
        }
        String program = name.substring(name.lastIndexOf('/') + 1).replace(' ', '_');
        this.commandLine = commandLine.isEmpty() ? program : program + " " + commandLine;
        if (this.commandLine.length() > MAX_COMMAND_LINE) {
            throw broken(
                    "the command line has %d characters, at most %d are passed on"
                            .formatted(this.commandLine.length(), MAX_COMMAND_LINE),
                    "shorten it");
        }
        entry = (flags & FLAG_ADDRESSES) != 0 ? readAddresses(header) : readElf();
    }

    private static ByteBuffer littleEndian(byte[] bytes) {
        return ByteBuffer.wrap(bytes)
                .order(ByteOrder.LITTLE_ENDIAN)
                .asReadOnlyBuffer()
                .order(ByteOrder.LITTLE_ENDIAN);
    }

    private static int headerOffset(ByteBuffer image) {
        int end = Math.min(image.limit(), HEADER_RANGE) - 12;
        for (int at = 0; at <= end; at += 4) {
            if (image.getInt(at) == HEADER_MAGIC
                    && HEADER_MAGIC + image.getInt(at + 4) + image.getInt(at + 8) == 0) {
                return at;
            }
        }
        return -1;
    }

    private BootException broken(String cause, String nextStep) {
        return new BootException("cannot boot '%s': %s; %s".formatted(name, cause, nextStep));
    }

    private BootException truncated() {
        return broken(
                "it is truncated: it ends before what its headers promise (%d bytes)"
                        .formatted(image.limit()),
                "fetch or build it again");
    }

    private long u32(int offset) {
        return image.getInt(offset) & 0xFFFF_FFFFL;
    }

    /** The header says where the image goes; offsets follow section 3.1.3. */
    private long readAddresses(int header) throws BootException {
        if (image.limit() - header < 32) {
            throw truncated();
        }
        long headerAddress = u32(header + 12);
        long load = u32(header + 16);
        long loadEnd = u32(header + 20);
        long bssEnd = u32(header + 24);
        long start = header - (headerAddress - load);
        if (headerAddress < load || start < 0) {
            throw broken(
                    "its Multiboot header lies outside of what it asks to load", "build it again");
        }
        long bytes = loadEnd == 0 ? image.limit() - start : loadEnd - load;
        long memory = bssEnd == 0 ? bytes : bssEnd - load;
        if (bytes < 0 || memory < bytes) {
            throw broken("the load addresses of its Multiboot header decrease", "build it again");
        }
        if (bytes > image.limit() - start) {
            throw truncated();
        }
        segments.add(new Segment(load, (int) start, (int) bytes, memory));
        return u32(header + 28);
    }

    private long readElf() throws BootException {
        if (image.limit() < ELF_HEADER_BYTES || image.getInt(0) != ELF_MAGIC) {
            throw broken(
                    "it has a Multiboot header, but is neither an ELF file nor says where to load it",
                    "build it as a 32-bit ELF executable");
        }
        if (image.get(4) != ELF_CLASS_32
                || image.getShort(16) != ELF_EXECUTABLE
                || image.getShort(18) != ELF_MACHINE_386) {
            throw broken(
                    "it is no 32-bit x86 ELF executable, and Multiboot knows no other ELF files",
                    "convert it with objcopy -O elf32-i386");
        }
        long table = u32(28);
        int entryBytes = image.getShort(42) & 0xFFFF;
        int count = image.getShort(44) & 0xFFFF;
        if (entryBytes < ELF_PROGRAM_HEADER_BYTES && count > 0) {
            throw broken("its ELF program headers are too short", "build it again");
        }
        if (table + (long) count * entryBytes > image.limit()) {
            throw truncated();
        }
        for (int i = 0; i < count; i++) {
            int at = (int) table + i * entryBytes;
            if (image.getInt(at) != ELF_LOAD) {
                continue;
            }
            long offset = u32(at + 4);
            long fileBytes = u32(at + 16);
            long memoryBytes = u32(at + 20);
            if (fileBytes > memoryBytes) {
                throw broken(
                        "an ELF segment is larger in the file than in memory", "build it again");
            }
            if (offset + fileBytes > image.limit()) {
                throw truncated();
            }
            if (memoryBytes > 0) {
                segments.add(new Segment(u32(at + 12), (int) offset, (int) fileBytes, memoryBytes));
            }
        }
        if (segments.isEmpty()) {
            throw broken("it has no segment to load", "give an executable, not an object file");
        }
        return u32(24);
    }

    /**
     * Copies kernel, module and tables into guest RAM.
     *
     * @param memory where to; zero before, except for firmware tables
     * @param map the address map to report
     * @throws BootException if the kernel wants to be where no RAM is, or the RAM is too small
     */
    public Entry load(PhysicalMap memory, List<E820.Entry> map) throws BootException {
        long kernelEnd = EXTENDED_MEMORY;
        for (Segment segment : segments) {
            if (segment.address < FIRST_USABLE || !isRam(map, segment.address, segment.end())) {
                throw broken(
                        "it is to be loaded at 0x%x..0x%x, where the guest has no free RAM"
                                .formatted(segment.address, segment.end()),
                        "give the guest more memory, or link the kernel to 1 MiB or above");
            }
            kernelEnd = Math.max(kernelEnd, segment.end());
        }
        byte[] line = (commandLine + "\0").getBytes(StandardCharsets.ISO_8859_1);
        byte[] loader = "Arclet\0".getBytes(StandardCharsets.US_ASCII);
        int lineAt = MEMORY_MAP + map.size() * MEMORY_MAP_ENTRY;
        int loaderAt = lineAt + line.length;
        byte[] tables = new byte[pages(loaderAt + loader.length)];
        long base = placeTables(tables.length, kernelEnd);
        long moduleBase = pages(Math.max(kernelEnd, base + tables.length));
        if (!isRam(map, base, base + tables.length)
                || (initrd.length > 0 && !isRam(map, moduleBase, moduleBase + initrd.length))) {
            throw broken(
                    "kernel and initial RAM disk end at 0x%x, beyond the guest's RAM"
                            .formatted(moduleBase + initrd.length),
                    "give the guest more memory");
        }

        for (Segment segment : segments) {
            byte[] bytes = new byte[segment.fileBytes];
            image.get(segment.fileOffset, bytes);
            memory.writeExternal(segment.address, bytes, 0, bytes.length);
            clear(memory, segment.address + bytes.length, segment.end());
        }
        memory.writeExternal(moduleBase, initrd, 0, initrd.length);

        ByteBuffer out = ByteBuffer.wrap(tables).order(ByteOrder.LITTLE_ENDIAN);
        putInformation(out, base, map, lineAt, loaderAt);
        if (initrd.length > 0) {
            out.putInt(MODULE, (int) moduleBase);
            out.putInt(MODULE + 4, (int) (moduleBase + initrd.length));
            out.putInt(MODULE + 8, (int) (base + loaderAt + loader.length - 1)); // no name
        }
        out.putLong(GDT + CODE_SELECTOR, 0x00CF_9B00_0000_FFFFL);
        out.putLong(GDT + DATA_SELECTOR, 0x00CF_9300_0000_FFFFL);
        out.put(lineAt, line);
        out.put(loaderAt, loader);
        memory.writeExternal(base, tables, 0, tables.length);
        return new Entry(
                entry, base + INFO, base + GDT, GDT_BYTES - 1, CODE_SELECTOR, DATA_SELECTOR);
    }

    private void putInformation(
            ByteBuffer out, long base, List<E820.Entry> map, int lineAt, int loaderAt) {
        int flags = INFO_MEMORY | INFO_COMMAND_LINE | INFO_MEMORY_MAP | INFO_LOADER_NAME;
        out.putInt(INFO, initrd.length > 0 ? flags | INFO_MODULES : flags);
        out.putInt(INFO + 4, (int) (E820.EBDA >> 10));
        out.putInt(INFO + 8, (int) (topOfExtendedMemory(map) - EXTENDED_MEMORY >> 10));
        out.putInt(INFO + 16, (int) (base + lineAt));
        out.putInt(INFO + 20, initrd.length > 0 ? 1 : 0);
        out.putInt(INFO + 24, (int) (base + MODULE));
        out.putInt(INFO + 44, map.size() * MEMORY_MAP_ENTRY);
        out.putInt(INFO + 48, (int) (base + MEMORY_MAP));
        out.putInt(INFO + 64, (int) (base + loaderAt));
        int at = MEMORY_MAP;
        for (E820.Entry range : map) {
            out.putInt(at, MEMORY_MAP_ENTRY - 4); // the size field does not count itself
            out.putLong(at + 4, range.base());
            out.putLong(at + 12, range.length());
            out.putInt(at + 20, range.type());
            at += MEMORY_MAP_ENTRY;
        }
    }

    /** Below the extended BIOS data area, or after a kernel that is there itself. */
    private long placeTables(int bytes, long kernelEnd) {
        long low = E820.EBDA - bytes & ~(PAGE - 1L);
        if (low >= EXTENDED_MEMORY / 2) {
            boolean free = true;
            for (Segment segment : segments) {
                free &= segment.address >= low + bytes || segment.end() <= low;
            }
            if (free) {
                return low;
            }
        }
        return pages(kernelEnd);
    }

    private static long topOfExtendedMemory(List<E820.Entry> map) {
        for (E820.Entry range : map) {
            if (range.type() == E820.RAM && range.base() == EXTENDED_MEMORY) {
                return range.base() + range.length();
            }
        }
        return EXTENDED_MEMORY;
    }

    private static boolean isRam(List<E820.Entry> map, long from, long to) {
        for (E820.Entry range : map) {
            if (range.type() == E820.RAM
                    && from >= range.base()
                    && to <= range.base() + range.length()) {
                return true;
            }
        }
        return false;
    }

    /** After a reset, RAM still holds what the guest left there. */
    private static void clear(PhysicalMap memory, long from, long to) {
        byte[] zeros = new byte[PAGE];
        while (from < to) {
            int bytes = (int) Math.min(to - from, PAGE - (from & PAGE - 1));
            memory.writeExternal(from, zeros, 0, bytes);
            from += bytes;
        }
    }

    private static long pages(long bytes) {
        return bytes + PAGE - 1 & -PAGE;
    }

    private static int pages(int bytes) {
        return bytes + PAGE - 1 & -PAGE;
    }
}
