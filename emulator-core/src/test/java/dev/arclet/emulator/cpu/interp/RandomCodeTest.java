package dev.arclet.emulator.cpu.interp;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.TestCpu;
import dev.arclet.emulator.cpu.decode.Decoder;
import dev.arclet.emulator.cpu.decode.Instruction;
import dev.arclet.emulator.cpu.decode.Mnemonic;
import dev.arclet.emulator.cpu.decode.Operand;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.Random;
import java.util.Set;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/**
 * Random programs, which branch, fault and overwrite themselves as it happens, run in ways that
 * must not differ: in one go, again with warm caches, in pieces of random length, and one
 * instruction at a time without any cache.
 */
class RandomCodeTest {
    private static final long SEED = 0x5EED_C0DEL;
    private static final int PROGRAMS = 100;
    private static final int INSTRUCTIONS = 120;
    private static final int BUDGET = 1000;

    /** Programs start before a page's end, so that some instruction is over it. */
    private static final int CODE = 0x10_0000 - 150;

    private static final int DATA = 0x8000;

    private static final Set<Mnemonic> MNEMONICS =
            EnumSet.of(
                    Mnemonic.ADC,
                    Mnemonic.ADD,
                    Mnemonic.AND,
                    Mnemonic.BSF,
                    Mnemonic.BSR,
                    Mnemonic.BSWAP,
                    Mnemonic.BT,
                    Mnemonic.BTC,
                    Mnemonic.BTR,
                    Mnemonic.BTS,
                    Mnemonic.CALL,
                    Mnemonic.CBW,
                    Mnemonic.CDQ,
                    Mnemonic.CLC,
                    Mnemonic.CMC,
                    Mnemonic.CMOVCC,
                    Mnemonic.CMP,
                    Mnemonic.CMPS,
                    Mnemonic.CMPXCHG,
                    Mnemonic.CWDE,
                    Mnemonic.DEC,
                    Mnemonic.DIV,
                    Mnemonic.ENTER,
                    Mnemonic.IDIV,
                    Mnemonic.IMUL,
                    Mnemonic.INC,
                    Mnemonic.JCC,
                    Mnemonic.JCXZ,
                    Mnemonic.LAHF,
                    Mnemonic.LEA,
                    Mnemonic.LEAVE,
                    Mnemonic.LODS,
                    Mnemonic.LOOP,
                    Mnemonic.LOOPNE,
                    Mnemonic.MOV,
                    Mnemonic.MOVBE,
                    Mnemonic.MOVS,
                    Mnemonic.MOVSX,
                    Mnemonic.MOVZX,
                    Mnemonic.MUL,
                    Mnemonic.NEG,
                    Mnemonic.NOT,
                    Mnemonic.OR,
                    Mnemonic.POP,
                    Mnemonic.PUSH,
                    Mnemonic.RCL,
                    Mnemonic.RCR,
                    Mnemonic.RET,
                    Mnemonic.ROL,
                    Mnemonic.ROR,
                    Mnemonic.SAHF,
                    Mnemonic.SAR,
                    Mnemonic.SBB,
                    Mnemonic.SCAS,
                    Mnemonic.SETCC,
                    Mnemonic.SHL,
                    Mnemonic.SHLD,
                    Mnemonic.SHR,
                    Mnemonic.SHRD,
                    Mnemonic.STC,
                    Mnemonic.STOS,
                    Mnemonic.SUB,
                    Mnemonic.TEST,
                    Mnemonic.XADD,
                    Mnemonic.XCHG,
                    Mnemonic.XOR);

    private record Start(byte[] code, long[] registers, byte[] data) {}

    private static boolean wanted(Instruction instruction) {
        if (!MNEMONICS.contains(instruction.mnemonic()) || instruction.repeat() != 0) {
            return false;
        }
        for (Operand operand : instruction.operands()) {
            boolean fits =
                    switch (operand) {
                        case Operand.Register r ->
                                (r.file() == Operand.File.GPR || r.file() == Operand.File.HIGH_BYTE)
                                        && (r.index() != CpuState.RSP || r.size() == 1);
                        case Operand.Memory m ->
                                m.segment() < CpuState.FS
                                        && Math.abs(m.displacement()) < 0x100
                                        && m.addressSize() >= 4;
                        case Operand.Relative r -> Math.abs(r.displacement()) < 0x40;
                        default -> true;
                    };
            if (!fits) {
                return false;
            }
        }
        return true;
    }

    private static Start program(Random random, int codeSize) {
        ByteArrayOutputStream code = new ByteArrayOutputStream();
        Decoder decoder = new Decoder();
        byte[] bytes = new byte[16];
        int instructions = 0;
        while (instructions < INSTRUCTIONS) {
            random.nextBytes(bytes);
            int[] at = {0};
            Instruction instruction =
                    decoder.decode(() -> at[0] < 16 ? bytes[at[0]++] & 0xFF : 0x90, codeSize);
            if (instruction.length() <= 8 && wanted(instruction)) {
                code.write(bytes, 0, instruction.length());
                instructions++;
            }
        }
        code.writeBytes(new byte[] {(byte) 0xF4});
        long[] registers = new long[16];
        for (int i = 0; i < (codeSize == 8 ? 16 : 8); i++) {
            registers[i] =
                    switch (random.nextInt(8)) {
                        case 0 -> (long) CODE + random.nextInt(300);
                        case 1 -> random.nextInt(100);
                        case 2 -> random.nextLong() & (codeSize == 8 ? -1L : 0x7FFF_FFFFL);
                        default -> (long) DATA + random.nextInt(0x4000);
                    };
        }
        registers[CpuState.RSP] = DATA + 0x6000L + random.nextInt(8);
        byte[] data = new byte[0x8000];
        random.nextBytes(data);
        return new Start(code.toByteArray(), registers, data);
    }

    private static void prepare(TestCpu test, Start start) {
        test.restart();
        test.put(CODE, HexFormat.of().formatHex(start.code));
        test.put(DATA, HexFormat.of().formatHex(start.data));
        CpuState cpu = test.cpu;
        System.arraycopy(start.registers, 0, cpu.gpr, 0, 16);
        cpu.setRip(CODE);
    }

    private static String outcome(TestCpu test) {
        CpuState cpu = test.cpu;
        return "%d instructions, flags %x, exceptions %s, halted %s, memory %x, rip %x, %s"
                .formatted(
                        cpu.instructions,
                        cpu.eflags(),
                        test.exceptions,
                        cpu.halted,
                        test.memoryHash(),
                        test.exceptions.isEmpty() ? cpu.rip() : test.returnRip,
                        Arrays.toString(Arrays.copyOf(cpu.gpr, 16)));
    }

    @Test
    void everyWayToRunAgreesIn32BitMode() {
        everyWayToRunAgrees(4);
    }

    @Test
    void everyWayToRunAgreesIn64BitMode() {
        everyWayToRunAgrees(8);
    }

    private static void everyWayToRunAgrees(int codeSize) {
        Random random = new Random(SEED + codeSize);
        Supplier<TestCpu> machine = codeSize == 8 ? TestCpu::long64 : TestCpu::flat32;
        try (TestCpu test = machine.get();
                TestCpu cold = machine.get()) {
            for (int i = 0; i < PROGRAMS; i++) {
                Start start = program(random, codeSize);
                String where = "seed " + SEED + ", code size " + codeSize + ", program " + i;
                long pieces = random.nextLong();

                prepare(test, start);
                test.run(BUDGET);
                String expected = outcome(test);

                prepare(test, start);
                test.run(BUDGET);
                assertEquals(expected, outcome(test), where + ", warm");

                prepare(test, start);
                Random lengths = new Random(pieces);
                while (test.cpu.instructions < BUDGET && !test.cpu.halted) {
                    long left = BUDGET - test.cpu.instructions;
                    test.run(Math.min(left, 1 + lengths.nextInt(7)));
                }
                assertEquals(expected, outcome(test), where + ", in pieces");

                prepare(cold, start);
                while (cold.cpu.instructions < BUDGET && !cold.cpu.halted) {
                    cold.engine.invalidateAllCode();
                    cold.run(1);
                }
                assertEquals(expected, outcome(cold), where + ", cold");
            }
        }
    }
}
