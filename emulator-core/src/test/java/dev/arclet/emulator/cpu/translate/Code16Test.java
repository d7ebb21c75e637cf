package dev.arclet.emulator.cpu.translate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.SegmentRegister;
import dev.arclet.emulator.cpu.Segmentation;
import dev.arclet.emulator.cpu.TestCpu;
import dev.arclet.emulator.cpu.decode.Decoder;
import dev.arclet.emulator.cpu.decode.Instruction;
import dev.arclet.emulator.cpu.interp.BlockEnd;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** 16-bit code: the same as the interpreter does, without a call of its operations. */
class Code16Test {
    private static final int CODE = 0x1000;

    /** Values for registers: what wraps, what carries, what has an upper half. */
    private static final long[] VALUES = {
        0, 1, 2, 0x7FFF, 0x8000, 0xFFFD, 0xFFFE, 0xFFFF, 0x1234_FFFF, 0xFFFF_0000L, 0x8765_4321L
    };

    private static final byte[] DATA = new byte[0xE_0000];

    static {
        new Random(1).nextBytes(DATA);
    }

    private final TestCpu test = TestCpu.real16();
    private Translator translator = new Translator(test.cpu, true);

    @AfterEach
    void close() {
        test.close();
    }

    /** Real mode, with different bases; SS as wide as the stack pointer is to be. */
    private void start(String code, int round, boolean wideStack) {
        test.restart();
        translator = new Translator(test.cpu, true);
        CpuState cpu = test.cpu;
        for (int i = 0; i < 6; i++) {
            SegmentRegister segment = cpu.segments[i];
            segment.base = i == CpuState.CS ? 0 : 0x2_0000 * (i + 1);
            segment.selector = (int) segment.base >> 4 & 0xFFFF;
            segment.big = i == CpuState.SS && wideStack;
        }
        Segmentation.modeChanged(cpu);
        for (int i = 0; i < 8; i++) {
            cpu.gpr[i] = VALUES[(round * (i + 3) + i) % VALUES.length];
        }
        test.map.writeExternal(0x1_FFF0, DATA, 0, DATA.length);
        cpu.setArithmeticFlags((round & 1) != 0 ? 0x8D5 : 0);
        test.code(CODE, code);
    }

    private String state() {
        CpuState cpu = test.cpu;
        StringBuilder text = new StringBuilder();
        text.append("rip %x flags %x ".formatted(cpu.rip(), cpu.eflags()));
        text.append("count %d faults %s gpr".formatted(cpu.instructions, test.exceptions));
        for (int i = 0; i < 8; i++) {
            text.append(" %x".formatted(cpu.gpr[i]));
        }
        for (SegmentRegister segment : cpu.segments) {
            text.append(" %x:%x".formatted(segment.selector, segment.base));
        }
        return text.append(" RAM %x".formatted(test.memoryHash())).toString();
    }

    private static List<Instruction> decode(String code) {
        byte[] bytes = HexFormat.of().parseHex(code.replace(" ", ""));
        int[] at = {0};
        List<Instruction> all = new ArrayList<>();
        while (at[0] < bytes.length) {
            all.add(new Decoder().decode(() -> bytes[at[0]++] & 0xFF, 2));
        }
        return all;
    }

    /** All instructions of a piece of code are emitted, and do what they should. */
    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "add ax cx, 01 C8",
        "adc bl dh, 12 DE",
        "sub sp 8, 83 EC 08",
        "cmp si 1234h, 81 FE 34 12",
        "inc and dec, 41 4A FE C4",
        "add eax ecx, 66 01 C8",
        "word and dword of one register, 01 C8 66 40 FE C4 01 C1",
        "mov bp imm, BD CD AB",
        "movzx movsx, 0F B6 D9 66 0F BF F2 0F BE C5",
        "neg not, F7 D8 F7 D3 F6 DD",
        "mul and imul, F7 E1 F7 EA F6 E3",
        "div by a word, 31 D2 83 C9 01 F7 F1",
        "shifts, C1 E0 03 D1 EB C1 F9 0F",
        "setcc cmov, 39 D8 0F 9C C1 0F 43 F7",
        "cbw cwd, 98 99 66 98",
        "xchg, 93 87 D1",
        "lea, 8D 42 FF 66 8D 01 67 8D 44 88 07",
        "segment registers to others, 8C D8 66 8C D1 8C CA",
        "[bx + si], 8B 00",
        "[bx + di] of bytes, 00 61 80",
        "[bp + si - 2], 89 52 FE",
        "[bp + di + 8000h], 31 83 00 80",
        "[si], FF 04",
        "[di], 2B 05",
        "[bp], 83 46 00 7F",
        "[bx], 10 07",
        "[FFFFh] of a byte, A2 FF FF",
        "[FFFFh] of a word, A1 FF FF",
        "[FFFDh] of a dword, 66 A1 FD FF",
        "es:[di], 26 89 05",
        "ss:[bx], 36 8A 07",
        "fs: and gs:, 64 03 04 65 03 05",
        "cs:[bx], 2E 8B 07",
        "[eax], 67 8B 08",
        "[esp + 4], 67 8B 44 24 04",
        "[ebx + ecx * 4 + 10h], 67 66 01 54 8B 10",
        "mov mem seg, 8C 1F 8C 46 10",
        "push and pop, 50 5B 54 5C 53 66 58",
        "push of a dword, 66 51 66 5A",
        "push of an immediate, 6A FF 68 34 12",
        "push of memory, FF 37",
        "push of segment registers, 06 0E 16 1E 0F A0",
        "leave, C9",
        "leave of a dword, 66 C9",
        "lods, AC AD 66 AD",
        "lods through es, 26 AC",
        "lods by esi, 67 AC",
        "stos, AA AB 66 AB",
        "movs, A4 A5 2E A4",
        "strings backwards, FD AC A5 66 AB FC",
        "xlat, D7 2E D7",
        "xlat by ebx, 67 D7",
        "carry, F9 11 C0 F5 11 D1 F8 11 DA",
        "lahf sahf, 9F 9E",
        "rcl and rcr, D1 D0 D0 DA D1 D3 66 D1 D8 D1 DE",
        "rol and ror, D1 C0 C0 C3 05 C1 CA 09 D0 C9 C0 C3 08",
        "shifts by cl, D3 E0 D2 E2 D3 EB D2 EF D3 F8 D2 FA",
        "loads of segment registers, 8E D8 A0 10 00 8E C1 26 FE 07 8E 27 64 8A 05",
        "pop of a segment register, 06 1F 16 0F A1 66 16 66 07",
        "far pointers, C5 1E 20 00 8A 07 C4 7E 10 26 8A 05 66 0F B4 37 64 AD",
        "imul of three, 69 C3 34 12 6B CA FE 0F AF D6"
    })
    void does(String name, String code) {
        for (boolean wideStack : new boolean[] {false, true}) {
            start(code, 0, wideStack);
            long mode = Mode.of(test.cpu);
            long next = CODE;
            List<Instruction> all = decode(code);
            for (Instruction instruction : all) {
                next += instruction.length();
                assertTrue(Emission.handles(instruction, next, mode), instruction::toString);
            }
            for (int round = 0; round < 2 * VALUES.length; round++) {
                compare(code, round, wideStack, all.size());
            }
        }
    }

    private void compare(String code, int round, boolean wideStack, int instructions) {
        start(code, round, wideStack);
        test.run(instructions);
        String expected = state();
        start(code, round, wideStack);
        test.cpu.mmu.fetch(CODE);
        translator.run(test.cpu.instructions + instructions);
        assertEquals(expected, state(), () -> "round " + round + (wideStack ? ", wide" : ""));
    }

    /** Control transfers, each run to where it leads. */
    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "jmp over the end, E9 F0 EF, 1",
        "jz, 74 10, 1",
        "jb far, 0F 82 00 70, 1",
        "loop, E2 FE, 3",
        "loopne, 40 E0 FD, 6",
        "loop by ecx, 67 E2 FD, 3",
        "jcxz, E3 10, 1",
        "jecxz, 67 E3 10, 1",
        "call and return, E8 02 00 40 90 C3, 3",
        "call of a dword, 66 E8 02 00 00 00 40 90 66 C3, 3",
        "call over the end of the segment, 66 E8 00 F0 00 00, 1",
        "jump over the end of the segment, 66 E9 00 F0 00 00, 1",
        "call of a register, FF D3, 1",
        "jump to a register, FF E6, 1",
        "jump to 32 bits of a register, 66 FF E6, 1",
        "jump by memory, FF 27, 1",
        "return that releases, C2 06 00, 1",
        "return of a dword, 66 C3, 1",
        "far call, 9A 00 20 00 30, 2",
        "far call of a dword, 66 9A 00 20 00 00 00 30, 2",
        "far call over the end of the segment, 66 9A 00 00 01 00 00 30, 1",
        "far call by memory, FF 1F, 2",
        "far jump, EA 00 20 00 30, 2",
        "far jump by memory, FF 2F, 2",
        "far return, CB, 2",
        "far return that releases, CA 06 00, 2",
        "far return of a dword, 66 CB, 1"
    })
    void goes(String name, String code, int instructions) {
        for (boolean wideStack : new boolean[] {false, true}) {
            for (int round = 0; round < 2 * VALUES.length; round++) {
                compare(code, round, wideStack, instructions);
            }
        }
    }

    /** Puts code in place, and has its page known to be mapped for execution. */
    private void hot(String code) {
        test.restart();
        test.code(CODE, code);
        translator = new Translator(test.cpu, true);
        translator.run(1);
        test.cpu.setRip(CODE);
    }

    private long entriesFor(long instructions) {
        long before = translator.counters().get("regions.entries");
        translator.run(test.cpu.instructions + instructions);
        return translator.counters().get("regions.entries") - before;
    }

    /** Control does not leave a region at each load of a segment register. */
    @Test
    void segmentsMayChangeInsideARegion() {
        // mov ax, 3000h; mov ds, ax; inc byte [10h]; les bx, [20h]; inc byte es:[bx]; push ds;
        // pop es; add ax, 10h; mov fs, ax; dec cx; jmp back
        String code =
                "B80030 8ED8 FE061000 C41E2000 26FE07 1E 07 051000 8EE0 49 EBE6".replace(" ", "");
        hot(code);
        test.map.write(0x3_0010, 1, 0);
        test.map.write(0x3_0020, 4, 0x4000_0030);
        test.map.write(0x4_0030, 1, 0);
        assertTrue(entriesFor(11 * 200) < 20);
        assertEquals(200 & 0xFF, test.map.read(0x3_0010, 1));
        assertEquals(200 & 0xFF, test.map.read(0x4_0030, 1));
        assertEquals(0x3000, test.cpu.segments[CpuState.ES].selector);
        assertEquals(0x3010, test.cpu.segments[CpuState.FS].selector);
    }

    /** The instruction pointer does not wrap by itself. */
    @Test
    void codeEndsAtTheEndOfItsSegment() {
        test.restart();
        translator = new Translator(test.cpu, true);
        test.code(0xFFF0, "EB 0C"); // jmp FFFEh: inc ax; inc cx; then nothing
        test.put(0xFFFE, "40 41 42 42");
        test.cpu.gpr[CpuState.RDX] = 0;
        translator.run(test.cpu.instructions + 10);
        assertEquals(List.of(13), test.exceptions);
        assertEquals(0x1_0000, test.returnRip);
        assertEquals(1, test.cpu.gpr[CpuState.RAX]);
        assertEquals(1, test.cpu.gpr[CpuState.RCX]);
        assertEquals(0, test.cpu.gpr[CpuState.RDX]);
    }

    /** Code that is the same for another limit of its segment is not the same code. */
    @Test
    void codeEndsWhereItsSegmentEndsNow() {
        // inc ax; jmp to 1010h; there: inc cx; jmp back
        for (long limit : new long[] {0xFFFF, 0x100F, 0x1012, 0xFFFF, 0x1010}) {
            test.restart();
            test.code(CODE, "40 EB 0D");
            test.put(0x1010, "41 EB ED");
            SegmentRegister cs = test.cpu.segments[CpuState.CS];
            cs.limit = limit;
            Segmentation.modeChanged(test.cpu);
            test.cpu.gpr[CpuState.RAX] = 0;
            test.cpu.gpr[CpuState.RCX] = 0;
            translator.run(test.cpu.instructions + 40);
            if (limit >= 0x1012) {
                assertEquals(10, test.cpu.gpr[CpuState.RCX], () -> "limit " + limit);
                continue;
            }
            assertEquals(List.of(13), test.exceptions);
            assertEquals(limit == 0x100F ? 0x1001 : 0x1011, test.returnRip);
        }
    }

    /** Protected mode, where segments have any limit and direction. */
    @Test
    void limitsHold() {
        String code = "8B 07 A1 10 00 01 1E 20 00 50 59 89 0F"; // by bx and absolute, push, pop
        long[][] limits = {{0xFFFF, 0x93}, {0x1F, 0x93}, {0x21, 0x93}, {0x11, 0x91}, {0x0F, 0x97}};
        for (long[] limit : limits) {
            String[] states = new String[2];
            for (int engine = 0; engine < 2; engine++) {
                start(code, 1, false);
                test.cpu.cr0 |= 1;
                test.cpu.mmu.setControl(test.cpu.cr0, 0, test.cpu.cr4, 0, true);
                for (int i : new int[] {CpuState.DS, CpuState.SS}) {
                    test.cpu.segments[i].limit = limit[0];
                    test.cpu.segments[i].access = (int) limit[1];
                }
                Segmentation.modeChanged(test.cpu);
                test.cpu.gpr[CpuState.RBX] = 0x20;
                test.cpu.gpr[CpuState.RSP] = 0x20;
                test.cpu.mmu.fetch(CODE);
                if (engine == 0) {
                    test.run(6);
                } else {
                    translator.run(test.cpu.instructions + 6);
                }
                states[engine] = state();
            }
            assertEquals(states[0], states[1], () -> Arrays.toString(limit));
        }
    }

    /** What ends a region all the same. */
    @Test
    void loadsOfTheStackSegmentKeepInterruptsAway() {
        Instruction load = decode("8E D0").getFirst();
        assertTrue(BlockEnd.ends(load));
        assertTrue(!Emission.goesOn(load));
    }
}
