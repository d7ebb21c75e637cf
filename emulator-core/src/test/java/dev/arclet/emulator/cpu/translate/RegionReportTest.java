package dev.arclet.emulator.cpu.translate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.emulator.cpu.TestCpu;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What developers are told of regions. */
class RegionReportTest {
    private static final long CODE = 0x1000, OTHER = 0x3000;

    private final TestCpu test = TestCpu.flat32();
    private final Translator translator = new Translator(test.cpu, true);

    /** Two loops: the first runs longer, calls an operation, and needs the interpreter. */
    @BeforeEach
    void run() {
        translator.keepRegions();
        // start: mov ecx, 100; again: inc eax; aam; dec ecx; jnz again; inc eax; rdtsc; jmp start
        loop(CODE, "B9 64000000 40 D4 0A 49 75 FA 40 0F 31 EB F0", 3000);
        // inc ebx; jmp back
        loop(OTHER, "43 EB FD", 1000);
    }

    @AfterEach
    void close() {
        test.close();
    }

    private void loop(long address, String code, int instructions) {
        test.code(address, code);
        run(1); // the page is known then
        test.cpu.setRip(address);
        run(instructions);
    }

    private void run(int instructions) {
        test.cpu.attention = false;
        translator.run(test.cpu.instructions + instructions);
    }

    private String report(int top, OptionalLong address, boolean bytecode) {
        return translator.report(new RegionReport.Wish(top, address, bytecode));
    }

    private static long number(String text, String pattern) {
        Matcher matcher = Pattern.compile(pattern).matcher(text);
        assertTrue(matcher.find(), text);
        return Long.parseLong(matcher.group(1).replace(",", ""));
    }

    @Test
    void numbersAreThoseOfTheRun() {
        String all = report(10, OptionalLong.empty(), false);
        long translated = number(all, "have executed ([0-9,]+) of");
        assertEquals(translator.translatedInstructions(), translated, all);
        assertEquals(test.cpu.instructions, number(all, "of ([0-9,]+) instructions"), all);
        long sum = 0;
        Matcher one = Pattern.compile("  executed ([0-9,]+) instr").matcher(all);
        while (one.find()) {
            sum += Long.parseLong(one.group(1).replace(",", ""));
        }
        assertEquals(translated, sum, all);
        String first = report(1, OptionalLong.empty(), false);
        assertTrue(number(first, "  executed ([0-9,]+) instr") > 2000, first);
        long exits = 0;
        Matcher exit = Pattern.compile("(?m)^ {4} *([0-9,]+)  [a-z]+ +(to|at) ").matcher(first);
        while (exit.find()) {
            exits += Long.parseLong(exit.group(1).replace(",", ""));
        }
        assertEquals(number(first, "entered ([0-9,]+) times"), exits, first);
    }

    @Test
    void disassemblyTellsWhatIsCalledAndWhatIsLeft() {
        String first = report(1, OptionalLong.empty(), false);
        assertTrue(first.contains(": 32-bit code, supervisor, 32-bit stack\n"), first);
        assertTrue(first.contains("              1005  inc eax\n"), first);
        assertTrue(first.contains("    call      1006  aam 0xa\n"), first);
        assertTrue(first.contains("jne 0x1005"), first);
        assertTrue(first.contains("    leave     100c  rdtsc  ; interpret "), first);
        assertFalse(first.contains("bytecode:"), first);
    }

    @Test
    void anAddressChoosesRegions() {
        String other = report(10, OptionalLong.of(OTHER + 1), false);
        assertTrue(other.contains("jmp 0x3000"), other);
        assertFalse(other.contains("aam"), other);
        String none = report(10, OptionalLong.of(OTHER + 2), false);
        assertTrue(none.contains("No region has an instruction at that address."), none);
    }

    @Test
    void whatIsOverwrittenIsSaidToBe() {
        test.put(OTHER, "4B"); // dec ebx
        String other = report(10, OptionalLong.of(OTHER), false);
        assertTrue(other.contains("no longer in use"), other);
        assertTrue(other.contains("inc ebx"), other);
    }

    @Test
    void bytecodeIsThatOfTheRegion() {
        String first = report(1, OptionalLong.empty(), true);
        long bytes = number(first, "([0-9,]+) bytes of bytecode");
        Matcher line = Pattern.compile("(?m)^ {4} *([0-9]+)  lreturn$").matcher(first);
        long last = 0;
        while (line.find()) {
            last = Math.max(last, Long.parseLong(line.group(1)));
        }
        assertEquals(bytes - 1, last, first);
        assertTrue(first.contains("invokevirtual Op.execute"), first);
    }
}
