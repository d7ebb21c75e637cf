package dev.arclet.emulator.cpu.decode;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.fault.GuestFault;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DecoderTest {
    private static Instruction decode(int mode, String hex) {
        byte[] bytes = HexFormat.of().parseHex(hex.replace(" ", ""));
        int[] at = {0};
        Instruction instruction =
                new Decoder().decode(() -> at[0] < bytes.length ? bytes[at[0]++] & 0xFF : 0, mode);
        assertEquals(at[0], instruction.length(), "bytes taken");
        return instruction;
    }

    /** Encodings by hand from the SDM's instruction pages. */
    @ParameterizedTest(name = "{0}-bit {1} is {2}")
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    16 | 01 D8                | add ax, bx
                    32 | 66 01 D8             | add ax, bx
                    64 | 48 01 D8             | add rax, rbx
                    64 | 66 48 01 D8          | add rax, rbx
                    64 | 48 66 01 D8          | add ax, bx
                    64 | 40 88 E0             | mov al, spl
                    32 | 88 E0                | mov al, ah
                    64 | 45 88 E0             | mov r8b, r12b
                    16 | 8B 42 FE             | mov ax, word [bp+si-0x2]
                    16 | 8B 06 34 12          | mov ax, word [0x1234]
                    16 | 67 8B 44 24 08       | mov ax, word [esp+0x8]
                    32 | 8B 04 8D 00 00 00 10 | mov eax, dword [ecx*4+0x10000000]
                    32 | 64 8B 45 00          | mov eax, dword fs:[ebp]
                    32 | 67 8B 07             | mov eax, dword [bx]
                    64 | 8B 05 10 00 00 00    | mov eax, dword [rip: 0x1016]
                    64 | 43 8B 44 25 00       | mov eax, dword [r13+r12]
                    64 | 65 26 8B 00          | mov eax, dword gs:[rax]
                    64 | 48 B8 88 77 66 55 44 33 22 11 | mov rax, 0x1122334455667788
                    64 | 48 C7 C0 FF FF FF FF | mov rax, 0xffffffffffffffff
                    64 | A1 88 77 66 55 44 33 22 11 | mov eax, dword [0x1122334455667788]
                    32 | 83 C0 FF             | add eax, 0xffffffff
                    32 | 04 FF                | add al, 0xff
                    32 | 82 C0 01             | add al, 0x1
                    32 | 6A 80                | push 0xffffff80
                    64 | 6A 80                | push 0xffffffffffffff80
                    64 | 50                   | push rax
                    64 | 66 50                | push ax
                    64 | 41 5F                | pop r15
                    32 | D1 F0                | shl eax, 0x1
                    32 | D3 E0                | shl eax, cl
                    32 | F6 C8 01             | test al, 0x1
                    32 | 0F AC C8 04          | shrd eax, ecx, 0x4
                    16 | EB FE                | jmp 0x1000
                    32 | 0F 84 00 01 00 00    | je 0x1106
                    64 | 66 E8 00 00 00 00    | call 0x1006
                    32 | 66 E9 00 F0          | jmp 0x4
                    16 | EA 34 12 00 F0       | jmp far 0xf000:0x1234
                    32 | 66 EA 34 12 00 F0    | jmp far 0xf000:0x1234
                    32 | FF 2D 00 00 01 00    | jmp far fword [0x10000]
                    64 | FF 20                | jmp qword [rax]
                    32 | C5 06                | lds eax, fword [esi]
                    32 | F3 A4                | rep movsb
                    32 | F2 F3 A6             | repe cmpsb
                    32 | 2E AD                | lodsd cs
                    64 | 48 AB                | stosq
                    32 | EC                   | in al, dx
                    32 | E7 80                | out 0x80, eax
                    64 | 90                   | nop
                    64 | 41 90                | xchg r8d, eax
                    64 | F3 90                | pause
                    32 | F3 0F 1E FB          | nop ebx
                    32 | 0F 18 06             | prefetch [esi]
                    32 | F0 0F B1 0E          | lock cmpxchg dword [esi], ecx
                    64 | 48 0F C7 0E          | cmpxchg16b xmmword [rsi]
                    32 | F3 0F BC C1          | tzcnt eax, ecx
                    32 | F2 0F BC C1          | bsf eax, ecx
                    32 | 66 F2 0F 38 F1 C1    | crc32 eax, cx
                    32 | 66 F3 0F 10 01       | movss xmm0, dword [ecx]
                    64 | 66 48 0F 6E C0       | movq xmm0, rax
                    32 | 0F 6E C0             | movd mm0, eax
                    32 | 0F 12 C1             | movhlps xmm0, xmm1
                    32 | 66 0F 38 14 C1       | blendvps xmm0, xmm1, xmm0
                    64 | 66 49 0F 3A 16 C3 01 | pextrq r11, xmm0, 0x1
                    32 | D8 C1                | fadd st(0), st(1)
                    32 | DC E9                | fsub st(1), st(0)
                    32 | DB 2E                | fld tbyte [esi]
                    32 | DF E0                | fstsw ax
                    32 | 0F 01 D0             | xgetbv
                    32 | 0F 22 C0             | mov cr0, eax
                    64 | 44 0F 20 C0          | mov rax, cr8
                    32 | 8E D8                | mov ds, ax
                    32 | 8C D8                | mov eax, ds
                    32 | 8C 1E                | mov word [esi], ds
                    64 | E3 00                | jrcxz 0x1002
                    64 | 67 E3 00             | jecxz 0x1003
                    64 | C8 10 00 01          | enter 0x10, 0x1
                    64 | 63 C1                | movsxd eax, ecx
                    32 | 63 C8                | arpl ax, cx
                    16 | 66 CF                | iretd
                    64 | 48 CF                | iret
                    """)
    void readsAsTheManualSays(int bits, String hex, String text) {
        assertEquals(text, Disassembler.format(decode(bits / 8, hex), 0x1000));
    }

    @ParameterizedTest(name = "{0}-bit {1} is undefined")
    @CsvSource({
        "32, F0 01 D8",
        "32, F0 39 03",
        "32, F0 90",
        "32, 0F 04",
        "32, 8D C0",
        "32, 8E C8",
        "32, 0F 22 C8",
        "64, 06",
        "64, 82 C0 01",
        "64, EA",
        "32, C4 C0",
        "32, 0F BA C0 00",
        "32, F3 0F 38 00 C0",
        "32, 0F 01 C1",
        "64, 44 0F 21 C0",
        "32, C5 F8",
        "32, 0F 01 F8",
        "32, F3 0F 54 C0",
        "32, 66 0F AE 38"
    })
    void refusesWhatIsNoInstruction(int bits, String hex) {
        assertEquals(Mnemonic.INVALID, decode(bits / 8, hex).mnemonic());
    }

    @Test
    void stopsAfterFifteenBytes() {
        assertEquals(15, decode(4, "66".repeat(13) + "01d8").length());
        GuestFault fault =
                assertThrows(GuestFault.class, () -> decode(4, "66".repeat(14) + "01d8"));
        assertEquals(GuestFault.GP, fault.vector());
        assertEquals(0, fault.errorCode());
    }

    @Test
    void passesFetchFaultsOn() {
        GuestFault pageFault = new GuestFault().setPageFault(0x1000, 0x10);
        int[] calls = {0};
        GuestFault thrown =
                assertThrows(
                        GuestFault.class,
                        () ->
                                new Decoder()
                                        .decode(
                                                () -> {
                                                    if (calls[0]++ == 1) {
                                                        throw pageFault;
                                                    }
                                                    return 0x81;
                                                },
                                                4));
        assertEquals(GuestFault.PF, thrown.vector());
        assertEquals(2, calls[0]);
    }

    @Test
    void byteFormsOfStringAndPortInstructionsHaveSizeOne() {
        assertEquals(1, decode(8, "48 A4").operandSize());
        assertEquals(8, decode(8, "48 A5").operandSize());
        assertEquals(1, decode(4, "EC").operandSize());
        assertEquals(4, decode(8, "48 ED").operandSize());
        assertEquals(4, decode(8, "48 6D").operandSize());
    }

    @Test
    void segmentsOfMemoryOperands() {
        assertEquals(CpuState.SS, memory(4, "8B 45 00").segment());
        assertEquals(CpuState.SS, memory(4, "8B 04 24").segment());
        assertEquals(CpuState.DS, memory(4, "8B 04 6D 00 00 00 00").segment());
        assertEquals(CpuState.DS, memory(8, "41 8B 45 00").segment());
        assertEquals(CpuState.FS, memory(8, "64 2E 8B 00").segment());
        assertEquals(CpuState.ES, memory(4, "64 26 8B 00").segment());
        assertEquals(CpuState.SS, memory(2, "8B 02").segment());
        assertEquals(CpuState.DS, memory(2, "8B 06 00 00").segment());
    }

    private static Operand.Memory memory(int mode, String hex) {
        return (Operand.Memory) decode(mode, hex).operand(1);
    }

    @Test
    void lockNeedsAMemoryDestination() {
        assertTrue(decode(4, "F0 01 03").lock());
        assertFalse(decode(4, "01 03").lock());
        assertEquals(Mnemonic.INVALID, decode(4, "F0 03 03").mnemonic());
    }

    /** Whatever the bytes, the outcome is an instruction of 1 to 15 bytes, or #GP for more. */
    @Test
    void takesAnyBytes() {
        long seed = 20;
        Random random = new Random(seed);
        Decoder decoder = new Decoder();
        for (int i = 0; i < 200_000; i++) {
            int mode = 2 << random.nextInt(3);
            int[] taken = {0};
            try {
                Instruction instruction =
                        decoder.decode(
                                () -> {
                                    taken[0]++;
                                    return random.nextInt(256);
                                },
                                mode);
                assertEquals(taken[0], instruction.length(), "seed " + seed + ", case " + i);
                assertTrue(instruction.length() <= 15);
                List<Operand> operands = instruction.operands();
                assertTrue(operands.size() <= 3);
                assertFalse(Disassembler.format(instruction, i).isEmpty());
            } catch (GuestFault fault) {
                assertEquals(GuestFault.GP, fault.vector(), "seed " + seed + ", case " + i);
                assertEquals(15, taken[0]);
            }
        }
    }
}
