package dev.arclet.emulator.cpu.interp;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.LazyFlags;
import dev.arclet.emulator.cpu.TestCpu;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Each short way to a condition agrees with the complete flags. */
class LazyFlagsTest {
    private static final long SEED = 0x5EED_F1A6L;

    private static final List<Alu.Binary> BINARY =
            List.of(Alu::add, Alu::adc, Alu::sub, Alu::sbb, Alu::and, Alu::or, Alu::xor);

    private static final List<Shifts.Shift> SHIFTS =
            List.of(
                    Shifts::shl,
                    Shifts::shr,
                    Shifts::sar,
                    Shifts::rol,
                    Shifts::ror,
                    Shifts::rcl,
                    Shifts::rcr);

    private static boolean expected(int flags, int cc) {
        boolean cf = (flags & LazyFlags.CF) != 0;
        boolean zf = (flags & LazyFlags.ZF) != 0;
        boolean sf = (flags & LazyFlags.SF) != 0;
        boolean of = (flags & LazyFlags.OF) != 0;
        boolean pf = (flags & LazyFlags.PF) != 0;
        boolean holds =
                switch (cc >> 1) {
                    case 0 -> of;
                    case 1 -> cf;
                    case 2 -> zf;
                    case 3 -> cf || zf;
                    case 4 -> sf;
                    case 5 -> pf;
                    case 6 -> sf != of;
                    default -> zf || sf != of;
                };
        return holds ^ (cc & 1) != 0;
    }

    private static long interesting(Random random) {
        return switch (random.nextInt(4)) {
            case 0 -> random.nextInt(3) - 1;
            case 1 -> 1L << random.nextInt(64);
            case 2 -> (1L << random.nextInt(64)) - 1;
            default -> random.nextLong();
        };
    }

    @Test
    void conditionsAgreeWithFlags() {
        Random random = new Random(SEED);
        try (TestCpu test = TestCpu.flat32()) {
            CpuState cpu = test.cpu;
            for (int i = 0; i < 200_000; i++) {
                int bytes = 1 << random.nextInt(4);
                long a = interesting(random);
                long b = random.nextInt(4) == 0 ? a : interesting(random);
                int shift = Gpr.shift(bytes);
                switch (random.nextInt(5)) {
                    case 0 -> Alu.inc(cpu, a, shift);
                    case 1 -> Alu.dec(cpu, a, shift);
                    case 2 ->
                            SHIFTS.get(random.nextInt(SHIFTS.size()))
                                    .apply(
                                            cpu,
                                            a & Gpr.mask(bytes),
                                            random.nextInt(bytes == 8 ? 64 : 32),
                                            8 * bytes);
                    default -> BINARY.get(random.nextInt(BINARY.size())).apply(cpu, a, b, shift);
                }
                int flags = LazyFlags.compute(cpu);
                for (int cc = 0; cc < 16; cc++) {
                    int condition = cc;
                    int kind = cpu.flagKind;
                    assertEquals(
                            expected(flags, cc),
                            LazyFlags.condition(cpu, cc),
                            () -> "seed " + SEED + " cc " + condition + " kind " + kind);
                }
            }
        }
    }

    @Test
    void specialisedWidthsAgreeWithTheGeneralOne() {
        Random random = new Random(SEED);
        try (TestCpu one = TestCpu.flat32();
                TestCpu two = TestCpu.flat32()) {
            for (int i = 0; i < 50_000; i++) {
                long a = interesting(random);
                long b = interesting(random);
                int x = (int) a;
                int y = (int) b;
                CpuState c = one.cpu;
                CpuState d = two.cpu;
                int carry = random.nextInt(2);
                c.setArithmeticFlags(carry);
                d.setArithmeticFlags(carry);
                long[] got =
                        switch (i % 7) {
                            case 0 -> pair(Alu.add32(c, x, y), Alu.add(d, a, b, 32));
                            case 1 -> pair(Alu.adc32(c, x, y), Alu.adc(d, a, b, 32));
                            case 2 -> pair(Alu.sub32(c, x, y), Alu.sub(d, a, b, 32));
                            case 3 -> pair(Alu.sbb64(c, a, b), Alu.sbb(d, a, b, 0));
                            case 4 -> pair(Alu.inc32(c, x), Alu.inc(d, a, 32));
                            case 5 -> pair(Alu.dec64(c, a), Alu.dec(d, a, 0));
                            default -> pair(Alu.xor32(c, x, y), Alu.xor(d, a, b, 32));
                        };
                String where = "seed " + SEED + " round " + i;
                assertEquals(got[0], got[1], where);
                assertEquals(LazyFlags.compute(c), LazyFlags.compute(d), where);
            }
        }
    }

    private static long[] pair(long a, long b) {
        return new long[] {a, b};
    }
}
