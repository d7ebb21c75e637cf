package dev.arclet.emulator.debug;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.emulator.cpu.interp.Interpreter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The suite finds differences wherever they are: it would be worth nothing otherwise. */
class VectorComparisonTest {
    private static final String BASE =
            "F add n=1 ufl=0\nB eax=1 ecx=2 edx=0 ebx=0 esp=48000 ebp=0 esi=0 edi=0 ip=10100\n";

    @TempDir Path folder;

    private VectorReport run(String test) throws IOException {
        try (var out =
                new GZIPOutputStream(
                        Files.newOutputStream(folder.resolve("int-alu.prot32.txt.gz")))) {
            out.write((BASE + test + "\n").getBytes(StandardCharsets.US_ASCII));
        }
        return VectorSuite.run(folder, Interpreter::new, name -> true);
    }

    private int mismatches(String test) throws IOException {
        return run(test).sum("int-alu.prot32").mismatches();
    }

    /** ADD EAX, ECX; MOV [EBX], EAX; LOCK NOP. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "T 01c8 i fl=0 o eax=3 fl=4",
                "T 01c8 i fl=0 o eax=3 u fl=4",
                "T 8903 i ebx=20ffe fl=0 o @20ffe=01000000",
                "T 8903 i ebx=20000 fl=0 @20000=55 o @20000=01",
                "T 8903 i ebx=20000 fl=0 o u @20000=4",
                "T 8903 i ebx=20000 fl=0 o @21000=55 u res=1",
                "T f090 i fl=0 o x=6"
            })
    void agreement(String test) throws IOException {
        VectorReport report = run(test);
        assertEquals(1, report.total().tests());
        assertEquals(0, report.total().mismatches(), report.format(true));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "T 01c8 i fl=0 o eax=4 fl=4",
                "T 01c8 i fl=0 o eax=3",
                "T 01c8 i fl=0 o eax=3 fl=4 ecx=3",
                "T 01c8 i fl=0 o eax=3 fl=4 ip=10103",
                "T 01c8 i fl=0 o eax=3 fl=4 x=6",
                "T 01c8 i fl=0 o eax=3 fl=4 mxcsr=1f81",
                "T 01c8 i fl=0 o eax=3 fl=4 fsw=1",
                "T 01c8 i fl=0 o eax=3 fl=4 p3=00000000000000000001",
                "T 01c8 i fl=0 o eax=3 fl=4 x7=00000000000000000000000000000001",
                "T 01c8 i fl=0 o eax=3 fl=4 @2f000=01",
                "T 8903 i ebx=20000 fl=0 o",
                "T 8903 i ebx=20000 fl=0 o u @20001=3",
                "T 8903 i ebx=20000 fl=0 o @20000=02",
                "T f090 i fl=0 o",
                "T f090 i fl=0 o x=d"
            })
    void difference(String test) throws IOException {
        assertEquals(1, mismatches(test));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "T 01c8 i fl=zz o",
                "T 01c8 i nonsense=1 o",
                "T 01c8 i eax o",
                "Q what",
                "T 01c8 i @x=1 o"
            })
    void malformedFilesAreRefusedByLine(String test) {
        IOException e = assertThrows(IOException.class, () -> run(test));
        assertTrue(String.valueOf(e.getMessage()).contains("line 3"), e.getMessage());
    }

    @Test
    void anEmptyFolderIsAnError() {
        assertThrows(
                IOException.class, () -> VectorSuite.run(folder, Interpreter::new, name -> true));
    }

    @Test
    void neighboursOfExtendedNumbers() {
        assertTrue(VectorComparison.adjacent(0x3FFF, -5L, 0x3FFF, -4L));
        assertTrue(VectorComparison.adjacent(0x3FFE, -1L, 0x3FFF, Long.MIN_VALUE));
        assertFalse(VectorComparison.adjacent(0x3FFF, -5L, 0x3FFF, -3L));
        assertFalse(VectorComparison.adjacent(0x3FFF, -5L, 0xBFFF, -4L));
    }

    @Test
    void approximationsWithinTwiceTheAllowedError() {
        int one = Float.floatToRawIntBits(1);
        assertTrue(VectorComparison.close(Float.floatToRawIntBits(1.0005f), one));
        assertFalse(VectorComparison.close(Float.floatToRawIntBits(1.001f), one));
        assertFalse(VectorComparison.close(Float.floatToRawIntBits(Float.NaN), one));
        assertTrue(VectorComparison.close(0x7FC00000, 0x7FC00000));
    }
}
