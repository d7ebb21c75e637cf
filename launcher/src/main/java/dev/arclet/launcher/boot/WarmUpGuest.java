package dev.arclet.launcher.boot;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;

/**
 * A guest that gives every part of the emulator's way from code to the JVM something to do, for
 * some seconds, and needs no media: a Multiboot kernel of many small loops, each long enough to be
 * translated. At its end it sends {@link #END} to the first serial port.
 */
public final class WarmUpGuest {
    /** What the guest sends when it is through. */
    public static final char END = '.';

    private static final int LOAD = 0x10_0000, HEADER = 0x20;
    private static final int LOOPS = 150, ROUNDS = 30_000, PARTS = 8;

    /**
     * Code that a loop may have: EBX is the address of its data, EDI counts, the rest of the
     * registers is free.
     */
    private static final String[] CODE = {
        "01 C8", // add eax, ecx
        "29 D0", // sub eax, edx
        "11 C2", // adc edx, eax
        "19 F1", // sbb ecx, esi
        "31 C6", // xor esi, eax
        "21 D1", // and ecx, edx
        "09 C1", // or ecx, eax
        "40", // inc eax
        "4A", // dec edx
        "F7 D8", // neg eax
        "F7 D2", // not edx
        "C1 E0 03", // shl eax, 3
        "C1 EA 05", // shr edx, 5
        "C1 F9 02", // sar ecx, 2
        "D3 E0", // shl eax, cl
        "C1 C0 07", // rol eax, 7
        "0F AF C1", // imul eax, ecx
        "F7 E1", // mul ecx
        "89 03", // mov [ebx], eax
        "8B 43 04", // mov eax, [ebx+4]
        "01 53 08", // add [ebx+8], edx
        "88 43 0C", // mov [ebx+12], al
        "0F B6 43 0C", // movzx eax, byte [ebx+12]
        "0F BE C8", // movsx ecx, al
        "66 89 4B 10", // mov [ebx+16], cx
        "85 C0", // test eax, eax
        "39 C8", // cmp eax, ecx
        "0F 94 C0", // sete al
        "0F 4F C1", // cmovg eax, ecx
        "50 5A", // push eax; pop edx
        "8D 34 41", // lea esi, [ecx+2*eax]
        "0F BA E0 05", // bt eax, 5
        "0F BC C2", // bsf eax, edx
        "0F C8", // bswap eax
        "99", // cdq
        "0F A4 C2 04", // shld edx, eax, 4
        "87 D1", // xchg ecx, edx
        "73 01 40", // jnc past; inc eax
        "E8 02000000 EB 01 C3", // call to a ret
        "D4 0A", // aam
        "D9 E8 DD D8" // fld1; fstp st0
    };

    private WarmUpGuest() {}

    /** The kernel's file. */
    public static byte[] kernel() {
        ByteBuffer image = ByteBuffer.allocate(32 << 10).order(ByteOrder.LITTLE_ENDIAN);
        int flags = 1 << 16; // addresses follow, no ELF header
        image.putInt(0x1BADB002).putInt(flags).putInt(-(0x1BADB002 + flags));
        image.putInt(LOAD).putInt(LOAD).putInt(0).putInt(0).putInt(LOAD + HEADER);
        put(image, "BC 00003000 BB 00002000"); // mov esp, 300000h; mov ebx, 200000h
        for (int i = 0; i < LOOPS; i++) {
            image.put((byte) 0xBF).putInt(ROUNDS); // mov edi, ROUNDS
            int again = image.position();
            for (int part = 0; part < PARTS; part++) {
                put(image, CODE[(5 * i + part * (1 + i % 7)) % CODE.length]);
            }
            put(image, "4F 75"); // dec edi; jnz again
            image.put((byte) (again - image.position() - 1));
        }
        put(image, "66 BA F8 03 B0"); // mov dx, 3F8h; mov al, END; out dx, al; cli; hlt
        image.put((byte) END);
        put(image, "EE FA F4");
        byte[] kernel = new byte[image.position()];
        image.get(0, kernel);
        return kernel;
    }

    private static void put(ByteBuffer image, String hex) {
        image.put(HexFormat.of().parseHex(hex.replace(" ", "")));
    }
}
