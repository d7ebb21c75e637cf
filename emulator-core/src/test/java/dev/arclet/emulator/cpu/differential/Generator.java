package dev.arclet.emulator.cpu.differential;

import dev.arclet.emulator.cpu.differential.Case.Event;
import dev.arclet.emulator.cpu.differential.Case.Setup;
import dev.arclet.emulator.cpu.differential.Case.Step;
import dev.arclet.emulator.cpu.differential.Draft.Item;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Makes random programs of a seed: whatever the decoder knows, and idioms of compilers and kernels.
 */
final class Generator {
    private static final int[] SIZES = {2, 2, 4, 4, 4, 8, 8, 8};

    private Generator() {}

    /**
     * A program.
     *
     * @param seed the same seed, the same program
     * @param allowed the bits of {@link Setup} that may be chosen
     */
    static Draft draft(long seed, int allowed) {
        Random random = new Random(seed * 0x9E37_79B9_7F4A_7C15L);
        // Random's first numbers are alike for neighbouring seeds.
        random.nextLong();
        int codeSize = SIZES[random.nextInt(SIZES.length)];
        int setup = random.nextInt(64) & allowed;
        if (codeSize == 8 && (allowed & Setup.KEYS) != 0 && random.nextInt(4) == 0) {
            setup |= Setup.KEYS;
        }
        if (random.nextInt(3) != 0) {
            setup &= ~Setup.BASES;
        }
        if (codeSize == 2) {
            setup = setup16(random, setup) & allowed;
        } else if (codeSize == 4 && random.nextInt(4) == 0) {
            setup |= random.nextInt(4) * Setup.LIMITS & allowed;
            if ((setup & Setup.OTHER_STACK) != 0) {
                setup &= ~Setup.DELIVER;
            }
        }
        if ((setup & Setup.USER) != 0) {
            // Delivery to CPL 0 and back is the affair of other tests.
            setup &= ~Setup.DELIVER;
        }
        if (codeSize == 8 || codeSize == 4 && random.nextInt(2) == 0) {
            setup |= Setup.PAGING & allowed;
        }
        if (codeSize == 4 && (setup & Setup.PAGING) == 0) {
            setup &= ~Setup.HOLES;
        }
        // Some begin shortly before a page's end, so that instructions and blocks lie across it.
        int start =
                switch (random.nextInt(codeSize == 2 ? 4 : 3)) {
                    case 0 -> 0x1000 - random.nextInt(200);
                    case 1 -> 0x2000 - random.nextInt(30);
                    case 2 -> random.nextInt(0x800);
                    default -> 0xFFFF - random.nextInt(200);
                };
        boolean user = (setup & Setup.USER) != 0;
        long[] registers = new long[16];
        for (int i = 0; i < (codeSize == 8 ? 16 : 8); i++) {
            registers[i] = value(random, codeSize);
        }
        registers[1] = random.nextInt(40);
        registers[4] =
                (setup & Setup.OTHER_STACK) == 0
                        ? stackPointer(random, codeSize)
                        : 0x7000 + (codeSize == 2 ? 0 : random.nextInt() & 0xFFFF_0000L);
        int flags = 2 | random.nextInt() & 0x8D5;
        if (random.nextInt(12) == 0) {
            flags |= 0x400;
        }
        if (random.nextInt(60) == 0) {
            flags |= 0x100;
        }
        if (!user && random.nextInt(2) == 0) {
            flags |= 0x200;
        }
        Case frame =
                new Case(
                        codeSize,
                        start,
                        new byte[0],
                        new int[0],
                        registers,
                        flags,
                        setup,
                        random.nextInt(4) == 0 ? 0 : seed + 1,
                        steps(random, user || (setup & Setup.PROTECTED) != 0, codeSize));
        return new Draft(frame, items(random, codeSize, setup));
    }

    /** Of 16-bit code; some of what may be chosen for other code. */
    private static int setup16(Random random, int before) {
        int setup = before & (Setup.ATTENTION | Setup.BASES);
        switch (random.nextInt(6)) {
            case 0, 1 -> {
                setup |= Setup.PROTECTED | before & (Setup.PAGING | Setup.USER);
                setup |= (setup & Setup.PAGING) != 0 ? before & Setup.HOLES : 0;
            }
            case 2 -> setup |= Setup.VM86 | Setup.USER | before & Setup.PAGING;
            default -> {}
        }
        if (random.nextInt(3) == 0) {
            setup |= Setup.LIMITS;
        }
        if (random.nextInt(5) == 0 && (setup & Setup.VM86) == 0) {
            setup |= Setup.OTHER_STACK;
        }
        return setup;
    }

    /** In 16-bit code often where it wraps. */
    private static long stackPointer(Random random, int codeSize) {
        if (codeSize != 2) {
            return FuzzMachine.STACK + 0x7000 - random.nextInt(2) * 3;
        }
        long upper = random.nextInt(3) == 0 ? random.nextInt() & 0xFFFF_0000L : 0;
        return upper
                | switch (random.nextInt(4)) {
                    case 0 -> random.nextInt(16);
                    case 1 -> 0xFFFF - random.nextInt(16);
                    default -> 0x7000;
                };
    }

    /** Addresses of data for the most part. */
    static long value(Random random, int codeSize) {
        int base = codeSize == 2 ? 0 : FuzzMachine.DATA;
        return switch (random.nextInt(10)) {
            case 0 -> random.nextInt(100);
            case 1 -> random.nextInt() & (codeSize == 2 ? 0xFFFFL : 0xFFFF_FFFFL);
            case 2 -> codeSize == 8 ? random.nextLong() : 0x8000_0000L;
            case 3 -> codeSize == 8 ? -1 : 0xFFFF_FFFFL;
            case 4 -> base + 0x1000L * (1 + random.nextInt(7)) - random.nextInt(8);
            case 5 ->
                    codeSize == 2
                            ? (random.nextInt() & 0xFFFF_0000L) + 8 - random.nextInt(16)
                                    & 0xFFFF_FFFFL
                            : base + random.nextInt(0x7800);
            default -> base + random.nextInt(0x7800);
        };
    }

    private static List<Step> steps(Random random, boolean undisturbed, int codeSize) {
        List<Step> steps = new ArrayList<>();
        int left = 400 + random.nextInt(1200);
        boolean fine = random.nextInt(3) == 0;
        while (left > 0 && steps.size() < 60) {
            int piece = fine ? 1 + random.nextInt(40) : 50 + random.nextInt(800);
            Event event =
                    switch (random.nextInt(16)) {
                        case 0 -> Event.DMA_CODE;
                        case 1, 2 -> Event.DMA_DATA;
                        case 3, 4 -> undisturbed ? Event.NONE : Event.IRQ;
                        case 5 -> Event.FORGET;
                        default -> Event.NONE;
                    };
            if (steps.isEmpty() && event == Event.DMA_CODE) {
                event = Event.NONE;
            }
            steps.add(new Step(event, random.nextInt() >>> 1, piece));
            left -= piece;
        }
        return steps;
    }

    private static List<Item> items(Random random, int codeSize, int setup) {
        int count = 5 + random.nextInt(random.nextBoolean() ? 20 : 120);
        RandomInstructions wild = new RandomInstructions(random, codeSize, count);
        Idioms idioms = new Idioms(random, codeSize, count, setup);
        // From plain programs to wild ones.
        int share = random.nextInt(11);
        List<Item> items = new ArrayList<>();
        for (int id = 0; id < count; id++) {
            items.add(random.nextInt(10) < share ? wild.item(id) : idioms.item(id));
        }
        return items;
    }
}
