package dev.arclet.launcher.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** {@code arclet dev regions} on a kernel that counts down and then says so. */
class DevRegionsCommandTest {
    private static final int LOAD = 0x10_0000, START = 0x20;
    private static final int ROUNDS = 100_000;

    @TempDir Path folder;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private Path kernel;

    /** A Multiboot kernel. */
    @BeforeEach
    void writeKernel() throws IOException {
        ByteBuffer image = ByteBuffer.allocate(0x60).order(ByteOrder.LITTLE_ENDIAN);
        int flags = 1 << 16;
        image.putInt(0x1BADB002).putInt(flags).putInt(-(0x1BADB002 + flags));
        image.putInt(LOAD).putInt(LOAD).putInt(0).putInt(0).putInt(LOAD + START);
        image.put((byte) 0xB9).putInt(ROUNDS); // mov ecx, ROUNDS
        put(image, "01 C8 31 C3 49 75 F9"); // again: add eax, ecx; xor ebx, eax; dec ecx; jnz again
        put(image, "66 BA F8 03 B0 2E EE"); // mov dx, 3F8h; mov al, '.'; out dx, al
        put(image, "FA F4"); // cli; hlt
        kernel = Files.write(folder.resolve("kernel"), image.array());
    }

    private static void put(ByteBuffer image, String hex) {
        image.put(HexFormat.of().parseHex(hex.replace(" ", "")));
    }

    private int run(String... arguments) {
        CommandLine command = Main.commandLine();
        command.setOut(new PrintWriter(out));
        command.setErr(new PrintWriter(err));
        List<String> all =
                new ArrayList<>(
                        List.of(
                                "dev",
                                "regions",
                                "--kernel",
                                kernel.toString(),
                                "--memory",
                                "4M",
                                "--timeout",
                                "300"));
        all.addAll(List.of(arguments));
        return command.execute(all.toArray(String[]::new));
    }

    @Test
    void listsTheLoop() {
        assertEquals(
                0,
                run("--expect", ".", "--engine", "translator-eager", "--top", "1"),
                err::toString);
        String list = out.toString();
        assertTrue(list.contains(": 32-bit code, supervisor, 32-bit stack"), list);
        assertFalse(list.contains("Region 2 "), list);
        for (String line : List.of("add eax, ecx", "xor ebx, eax", "dec ecx", "jne 0x100025")) {
            assertTrue(list.contains(line), list);
        }
        Matcher executed = Pattern.compile("have executed ([0-9,]+) of").matcher(list);
        assertTrue(executed.find(), list);
        long instructions = Long.parseLong(executed.group(1).replace(",", ""));
        assertTrue(instructions > 3 * ROUNDS && instructions <= 4 * ROUNDS + 10, list);
        assertFalse(list.contains("bytecode:"), list);
    }

    @Test
    void writesAFileOfRegionsAtAnAddress() throws IOException {
        Path file = folder.resolve("regions");
        assertEquals(
                0,
                run(
                        "--expect",
                        ".",
                        "--engine",
                        "translator-eager",
                        "--at",
                        "0x100027",
                        "--bytecode",
                        "--out",
                        file.toString()),
                err::toString);
        assertEquals("", out.toString());
        String list = Files.readString(file);
        assertTrue(list.contains("xor ebx, eax"), list);
        assertTrue(list.contains("lreturn"), list);
    }

    @Test
    void refusesWhatItCannotTellOf() {
        assertEquals(ExitStatus.USAGE, run("--engine", "interpreter"));
        assertTrue(err.toString().contains("translates nothing"), err::toString);
        assertEquals(ExitStatus.USAGE, run("--top", "0"));
        assertTrue(err.toString().contains("--top"), err::toString);
        assertEquals(ExitStatus.USAGE, run("--at", "main"));
        assertTrue(err.toString().contains("hexadecimal"), err::toString);
    }
}
