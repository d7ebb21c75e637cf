package dev.arclet.emulator.debug;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.emulator.cpu.decode.Decoder;
import dev.arclet.emulator.cpu.decode.Instruction;
import dev.arclet.emulator.cpu.decode.Mnemonic;
import dev.arclet.emulator.fault.GuestFault;
import java.io.IOException;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** The bytes of all vectors of the sample decode to instructions of their length. */
class VectorDecodeTest {
    private static final Set<Mnemonic> UNDEFINED =
            EnumSet.of(Mnemonic.INVALID, Mnemonic.UD0, Mnemonic.UD1, Mnemonic.UD2);

    @Test
    void lengthsAndUndefinedEncodings() throws IOException {
        AtomicInteger tests = new AtomicInteger();
        for (VectorFile file : VectorFile.list(Path.of("src/test/resources/vectors"))) {
            int mode =
                    switch (file.mode) {
                        case "prot16" -> 2;
                        case "prot32" -> 4;
                        default -> 8;
                    };
            Decoder decoder = new Decoder();
            file.forEach(
                    test -> {
                        tests.incrementAndGet();
                        check(decoder, mode, test, file.group + "." + file.mode);
                    });
        }
        assertTrue(tests.get() > 60_000, "tests in the sample: " + tests);
    }

    private static void check(Decoder decoder, int mode, VectorTest test, String group) {
        String name = group + " " + test.form() + " line " + test.line();
        int[] at = {0};
        byte[] code = test.code();
        try {
            Instruction instruction =
                    decoder.decode(() -> at[0] < code.length ? code[at[0]++] & 0xFF : 0xCC, mode);
            assertEquals(
                    test.vector() == GuestFault.UD,
                    UNDEFINED.contains(instruction.mnemonic()),
                    name);
            if (!UNDEFINED.contains(instruction.mnemonic())) {
                assertEquals(code.length, instruction.length(), name);
            }
        } catch (GuestFault fault) {
            assertEquals(GuestFault.GP, fault.vector(), name);
            assertEquals(GuestFault.GP, test.vector(), name);
        }
    }
}
