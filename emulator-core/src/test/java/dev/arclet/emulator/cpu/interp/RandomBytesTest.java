package dev.arclet.emulator.cpu.interp;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;

import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.TestCpu;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/**
 * Random bytes as code, stack, descriptor tables and IDT, with exceptions delivered: whatever they
 * do, it stays in the guest.
 */
class RandomBytesTest {
    private static final long SEED = 0x5EED_B17EL;
    private static final int PROGRAMS = 250;
    private static final int AREA = 0x4000;

    @Test
    void nothingEscapesTheEngine() {
        try (TestCpu real = TestCpu.real16();
                TestCpu flat = TestCpu.flat32();
                TestCpu wide = TestCpu.long64()) {
            for (TestCpu test : List.of(real, flat, wide)) {
                Random random = new Random(SEED);
                test.deliver = true;
                for (int i = 0; i < PROGRAMS; i++) {
                    int program = i;
                    run(test, random, () -> "seed %x, program %d".formatted(SEED, program));
                }
            }
        }
    }

    private static void run(TestCpu test, Random random, Supplier<String> where) {
        test.restart();
        CpuState cpu = test.cpu;
        byte[] bytes = new byte[AREA];
        random.nextBytes(bytes);
        test.put(0, HexFormat.of().formatHex(bytes));
        cpu.gdtLimit = 0xFFF;
        cpu.idtLimit = 0xFFF;
        cpu.idtBase = 0x1000;
        cpu.ldtr.limit = 0xFF;
        boolean wide = cpu.in64BitMode();
        for (int r = 0; r < (wide ? 16 : 8); r++) {
            // Counts stay small: a repetition of 2^32 elements is allowed to take its time.
            cpu.gpr[r] =
                    r == CpuState.RCX
                            ? random.nextInt(64)
                            : random.nextInt(3) == 0
                                    ? random.nextLong() & (wide ? -1L : 0xFFFF_FFFFL)
                                    : random.nextInt(AREA);
        }
        cpu.setRip(0x2000 + random.nextInt(0x1000));
        for (int slice = 0; slice < 20 && !cpu.halted && !cpu.shutdown; slice++) {
            assertDoesNotThrow(() -> test.run(50), where);
            cpu.gpr[CpuState.RCX] &= 0xFF;
            cpu.interruptLine = false;
        }
    }
}
