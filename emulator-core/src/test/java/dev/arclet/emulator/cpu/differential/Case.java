package dev.arclet.emulator.cpu.differential;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * One program with everything that its run depends on.
 *
 * @param codeSize 2, 4 or 8
 * @param start offset of the first instruction in the code segment; in 16-bit code what would be at
 *     64 KiB is at its start
 * @param code bytes from there on
 * @param starts offsets of instructions from {@code start}, ascending: where a run goes on behind a
 *     fault that is not delivered
 * @param registers general registers
 * @param flags EFLAGS
 * @param setup bits of {@link Setup}
 * @param dataSeed what RAM, vector and floating-point registers hold; 0 for zeros
 * @param steps how the run is cut into pieces, and what happens before each
 */
record Case(
        int codeSize,
        int start,
        byte[] code,
        int[] starts,
        long[] registers,
        int flags,
        int setup,
        long dataSeed,
        List<Step> steps) {
    /** What can be chosen of a machine. */
    static final class Setup {
        /** Code of 16 or 32 bits with 4 KiB pages; 64-bit code always has them. */
        static final int PAGING = 1;

        /** Some pages can only be read, or are not there. */
        static final int HOLES = 2;

        /** CPL 3. */
        static final int USER = 4;

        /** Segments with bases, or other ones (16 and 32-bit code). */
        static final int BASES = 8;

        /** Exceptions are delivered through the IDT (32 and 64-bit code, CPL 0). */
        static final int DELIVER = 16;

        /** Memory-mapped I/O asks for attention. */
        static final int ATTENTION = 32;

        /** Some pages have protection keys (64-bit code). */
        static final int KEYS = 64;

        /** 16-bit code in protected mode; else, it is in real mode. */
        static final int PROTECTED = 128;

        /** 16-bit code in virtual-8086 mode, where the privilege level is 3. */
        static final int VM86 = 256;

        /** Segments with limits of all kinds (16 and 32-bit code). */
        static final int LIMITS = 512;

        /** The stack pointer has 32 bits in 16-bit code, and 16 in 32-bit code. */
        static final int OTHER_STACK = 1024;

        /** All of them. */
        static final int ALL = 2047;

        private Setup() {}
    }

    /** What happens before a piece of the run. */
    enum Event {
        /** Nothing. */
        NONE,
        /** Bytes of code are written over with themselves plus one, as by DMA. */
        DMA_CODE,
        /** Data is written, as by DMA. */
        DMA_DATA,
        /** The interrupt pin rises. */
        IRQ,
        /** All code is forgotten. */
        FORGET
    }

    /**
     * A piece of the run.
     *
     * @param event what happens first
     * @param argument of the event
     * @param instructions limit of the piece
     */
    record Step(Event event, int argument, int instructions) {}

    boolean has(int bit) {
        return (setup & bit) != 0;
    }

    /** Whether it is 16-bit code whose segments are 16 times their selectors. */
    boolean isReal() {
        return codeSize == 2 && !has(Setup.PROTECTED);
    }

    Case with(long[] newRegisters, int newSetup, long newDataSeed, List<Step> newSteps) {
        return new Case(
                codeSize,
                start,
                code,
                starts,
                newRegisters,
                flags,
                newSetup,
                newDataSeed,
                newSteps);
    }

    Case withFlags(int newFlags) {
        return new Case(codeSize, start, code, starts, registers, newFlags, setup, dataSeed, steps);
    }

    /** A form for resources and reports, which {@link #parse} reads. */
    String text() {
        StringBuilder out = new StringBuilder();
        out.append("size ").append(codeSize).append('\n');
        out.append("start ").append(Integer.toHexString(start)).append('\n');
        out.append("code ").append(HexFormat.of().formatHex(code)).append('\n');
        out.append("starts ")
                .append(
                        Arrays.stream(starts)
                                .mapToObj(Integer::toString)
                                .collect(Collectors.joining(" ")))
                .append('\n');
        out.append("registers ")
                .append(
                        Arrays.stream(registers)
                                .mapToObj(Long::toHexString)
                                .collect(Collectors.joining(" ")))
                .append('\n');
        out.append("flags ").append(Integer.toHexString(flags)).append('\n');
        out.append("setup ").append(setup).append('\n');
        out.append("data ").append(dataSeed).append('\n');
        for (Step step : steps) {
            out.append("step %s %d %d%n".formatted(step.event, step.argument, step.instructions));
        }
        return out.toString();
    }

    static Case parse(String text) {
        Map<String, String> fields = new LinkedHashMap<>();
        List<Step> steps = new ArrayList<>();
        for (String line : text.lines().toList()) {
            String[] words = line.strip().split(" ", 2);
            if (words.length < 2 || words[0].startsWith("#")) {
                continue;
            }
            if (words[0].equals("step")) {
                String[] parts = words[1].split(" ", -1);
                steps.add(
                        new Step(
                                Event.valueOf(parts[0]),
                                Integer.parseInt(parts[1]),
                                Integer.parseInt(parts[2])));
            } else {
                fields.put(words[0], words[1]);
            }
        }
        return new Case(
                Integer.parseInt(fields.get("size")),
                Integer.parseInt(fields.get("start"), 16),
                HexFormat.of().parseHex(fields.get("code")),
                Arrays.stream(fields.get("starts").split(" ", -1))
                        .mapToInt(Integer::parseInt)
                        .toArray(),
                Arrays.stream(fields.get("registers").split(" ", -1))
                        .mapToLong(word -> Long.parseUnsignedLong(word, 16))
                        .toArray(),
                Integer.parseInt(fields.get("flags"), 16),
                Integer.parseInt(fields.get("setup")),
                Long.parseLong(fields.get("data")),
                List.copyOf(steps));
    }
}
