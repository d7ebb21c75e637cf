package dev.arclet.launcher.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** Exit statuses and output of {@code arclet dev vectors}. */
class DevVectorsCommandTest {
    private static final String NOP =
            """
            #hwvec 1
            F nop n=1 ufl=0
            B eax=1 ecx=2 edx=3 ebx=4 esp=48000 ebp=5 esi=6 edi=7 ip=10100
            T 90 i fl=0 o
            """;

    @TempDir Path folder;

    private StringWriter out;
    private StringWriter err;

    @BeforeEach
    void collectOutput() {
        out = new StringWriter();
        err = new StringWriter();
    }

    private int run(String... arguments) {
        CommandLine command = Main.commandLine();
        command.setOut(new PrintWriter(out));
        command.setErr(new PrintWriter(err));
        return command.execute(arguments);
    }

    private void write(String name, String text) throws IOException {
        try (OutputStream stream =
                new GZIPOutputStream(Files.newOutputStream(folder.resolve(name)))) {
            stream.write(text.getBytes(StandardCharsets.US_ASCII));
        }
    }

    @Test
    void agreementIsSuccess() throws IOException {
        write("tiny.prot32.txt.gz", NOP);
        assertEquals(ExitStatus.OK, run("dev", "vectors", folder.toString()), err::toString);
        assertTrue(out.toString().contains("tiny.prot32"), out::toString);
        assertTrue(out.toString().contains("Tolerated"), out::toString);
    }

    @Test
    void differenceIsFailureAndIsShown() throws IOException {
        write("tiny.prot32.txt.gz", NOP + "T 40 i fl=0 o eax=3\n");
        assertEquals(ExitStatus.FAILED, run("dev", "vectors", folder.toString()), err::toString);
        assertTrue(out.toString().contains("line 5"), out::toString);
    }

    @Test
    void modeChoosesFiles() throws IOException {
        write("tiny.prot32.txt.gz", NOP);
        write("other.prot16.txt.gz", NOP.replace("ip=10100", "ip=100").replace("48000", "8000"));
        assertEquals(
                ExitStatus.OK,
                run("dev", "vectors", folder.toString(), "--mode", "real"),
                err::toString);
        assertTrue(out.toString().contains("other.real"), out::toString);
        assertFalse(out.toString().contains("prot"), out::toString);
    }

    @Test
    void whatCannotBeReadIsBadUsage() throws IOException {
        String missing = folder.resolve("missing").toString();
        assertEquals(ExitStatus.USAGE, run("dev", "vectors", missing));
        assertTrue(err.toString().contains("there is no such folder"), err::toString);
        assertEquals(ExitStatus.USAGE, run("dev", "vectors", folder.toString()));
        write("tiny.prot32.txt.gz", NOP + "nonsense\n");
        assertEquals(ExitStatus.USAGE, run("dev", "vectors", folder.toString()));
        assertTrue(err.toString().contains("line 5"), err::toString);
        Files.writeString(folder.resolve("tiny.prot32.txt.gz"), "not compressed");
        assertEquals(ExitStatus.USAGE, run("dev", "vectors", folder.toString()));
        assertEquals(ExitStatus.USAGE, run("dev", "vectors", folder.toString(), "--mode", "vm86"));
        assertEquals(ExitStatus.USAGE, run("dev", "vectors", folder.toString(), "--engine", "no"));
        assertEquals(ExitStatus.USAGE, run("dev"));
    }
}
