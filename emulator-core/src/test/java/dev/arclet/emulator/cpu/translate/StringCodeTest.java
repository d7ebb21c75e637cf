package dev.arclet.emulator.cpu.translate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.Eflags;
import dev.arclet.emulator.cpu.TestCpu;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** String instructions in regions: the same as the interpreter does. */
class StringCodeTest {
    private static final int CODE = 0x1000;
    private static final int DATA = 0x2_0000;
    private static final int DATA_BYTES = 0x8000;

    /** How far the target is from the source: overlaps of all kinds, and none. */
    private static final int[] DISTANCES = {-4096, -9, -3, 0, 1, 3, 4, 7, 8, 12, 0x4000};

    private static final int[] COUNTS = {0, 1, 2, 9, 33, 257, 2049};

    /** Short repetitions of few values, which comparisons take some elements to get through. */
    private static byte[] data() {
        Random random = new Random(2);
        byte[] bytes = new byte[DATA_BYTES];
        for (int i = 0; i < bytes.length; ) {
            byte value = (byte) (random.nextInt(3) * 0x41);
            for (int n = random.nextInt(60); n >= 0 && i < bytes.length; n--) {
                bytes[i++] = value;
            }
        }
        return bytes;
    }

    private static void prepare(TestCpu test, String code, int distance, int count, boolean down) {
        test.restart();
        test.map.writeExternal(DATA, data(), 0, DATA_BYTES);
        test.code(CODE, code + "F4");
        CpuState cpu = test.cpu;
        cpu.gpr[CpuState.RAX] = 0x4141_4141_4141_4141L & (cpu.codeSize == 8 ? -1L : 0xFFFF_FFFFL);
        cpu.gpr[CpuState.RSI] = DATA + 0x1F77;
        cpu.gpr[CpuState.RDI] = DATA + 0x1F77 + distance;
        cpu.gpr[CpuState.RCX] = count;
        cpu.setArithmeticFlags((count & 1) != 0 ? 0x8D5 : 0);
        cpu.systemFlags = down ? cpu.systemFlags | Eflags.DF : cpu.systemFlags & ~Eflags.DF;
        cpu.mmu.fetch(CODE);
        for (int page = DATA - 0x1000; page < DATA + DATA_BYTES; page += 0x1000) {
            cpu.mmu.probeRead(page, 1); // a region would leave at what the TLB has not
            cpu.mmu.probeWrite(page, 1);
        }
    }

    private static String state(TestCpu test) {
        CpuState cpu = test.cpu;
        StringBuilder text = new StringBuilder();
        text.append("rip %x flags %x ".formatted(cpu.rip(), cpu.eflags()));
        text.append("count %d faults %s gpr".formatted(cpu.instructions, test.exceptions));
        for (int i = 0; i < 8; i++) {
            text.append(" %x".formatted(cpu.gpr[i]));
        }
        return text.append(" RAM %x".formatted(test.memoryHash())).toString();
    }

    private static void compare(TestCpu test, String code) {
        long translated = 0;
        for (int distance : DISTANCES) {
            for (int count : COUNTS) {
                for (boolean down : new boolean[] {false, true}) {
                    prepare(test, code, distance, count, down);
                    test.run(3);
                    String expected = state(test);
                    prepare(test, code, distance, count, down);
                    Translator translator = new Translator(test.cpu, true);
                    prepare(test, code, distance, count, down);
                    translator.run(test.cpu.instructions + 3);
                    assertEquals(
                            expected,
                            state(test),
                            () -> "distance " + distance + ", count " + count + ", down " + down);
                    translated += translator.translatedInstructions();
                }
            }
        }
        assertTrue(translated > 0);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "rep movsb, F3 A4",
        "rep movsw, F3 66 A5",
        "rep movsd, F3 A5",
        "rep stosb, F3 AA",
        "rep stosw, F3 66 AB",
        "rep stosd, F3 AB",
        "repe cmpsb, F3 A6",
        "repne cmpsw, F2 66 A7",
        "repe cmpsd, F3 A7",
        "repe scasb, F3 AE",
        "repne scasb, F2 AE",
        "repne scasw, F2 66 AF",
        "repe scasd, F3 AF",
        "cmpsb, A6",
        "scasw, 66 AF",
        "a search whose flags decide, F2 AE 0F 94 C2",
        "flags from before a comparison of nothing, 31 D2 F3 A6"
    })
    void doesWhatTheInterpreterDoes(String name, String code) {
        try (TestCpu test = TestCpu.flat32()) {
            compare(test, code);
        }
        try (TestCpu test = TestCpu.long64()) {
            compare(test, code);
        }
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "rep movsq, F3 48 A5",
        "rep stosq, F3 48 AB",
        "repe cmpsq, F3 48 A7",
        "repne scasq, F2 48 AF"
    })
    void doesSoWithQuadwords(String name, String code) {
        try (TestCpu test = TestCpu.long64()) {
            compare(test, code);
        }
    }
}
