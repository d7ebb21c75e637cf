package dev.arclet.emulator.cpu.interp;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.LazyFlags;
import dev.arclet.emulator.cpu.TestCpu;
import org.junit.jupiter.api.Test;

/** What the vectors do not compare because the SDM leaves it undefined. */
class ShiftsTest {
    private static final int SIGN_AND_CARRY = LazyFlags.SF | LazyFlags.CF | LazyFlags.OF;

    private static void check(CpuState cpu, long result, long expected, int flags) {
        assertEquals(expected, result & 0xFFFF);
        assertEquals(flags, LazyFlags.compute(cpu) & SIGN_AND_CARRY);
    }

    /** The values are those of a Zen 5: the source rotates, whatever the destination was. */
    @Test
    void doubleShiftsOfWordsByMoreThanTheirSizeRotateTheSource() {
        try (TestCpu test = TestCpu.real16()) {
            CpuState cpu = test.cpu;
            check(cpu, Shifts.shld(cpu, 0x5678, 0x3D34, 0x12, 16), 0xF4D0, LazyFlags.SF);
            check(cpu, Shifts.shld(cpu, 0x5679, 0x3421, 0x1F, 16), 0x9A10, LazyFlags.SF);
            check(cpu, Shifts.shld(cpu, 0x0001, 0xCC66, 0x11, 16), 0x98CD, LazyFlags.SF);
            check(
                    cpu,
                    Shifts.shrd(cpu, 0x5678, 0x3D34, 0x13, 16),
                    0x87A6,
                    LazyFlags.SF | LazyFlags.OF);
            check(cpu, Shifts.shrd(cpu, 0xCF7A, 0xA576, 0x14, 16), 0x6A57, LazyFlags.OF);
            check(cpu, Shifts.shrd(cpu, 0xFFF7, 0xE211, 0x11, 16), 0xF108, LazyFlags.SF);
        }
    }
}
