package dev.arclet.emulator.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.arclet.emulator.firmware.BootException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class FirmwareBootTest {
    private static final int ROM_BYTES = 0x1_0000;

    /** Runs real-mode code that stands at F000:0000 and ends by a write to port 0xF4. */
    private static int run(byte[] rom) throws BootException {
        MachineConfig config =
                MachineConfig.builder()
                        .memoryBytes(4L << 20)
                        .icount(true)
                        .firmware("rom", rom)
                        .debugExit(true)
                        .build();
        try (PcMachine machine = PcMachine.assemble(config)) {
            Exit exit = machine.run();
            assertEquals(Exit.Reason.DEBUG_EXIT, exit.reason());
            return exit.status();
        }
    }

    /** A 64 KiB image: code at its start, a far jump to it at the reset vector. */
    private static byte[] rom(String code) {
        byte[] rom = new byte[ROM_BYTES];
        Arrays.fill(rom, (byte) 0xF4);
        byte[] start = HexFormat.of().parseHex(code.replace(" ", ""));
        System.arraycopy(start, 0, rom, 0, start.length);
        byte[] reset = HexFormat.of().parseHex("EA000000F0");
        System.arraycopy(reset, 0, rom, 0xFFF0, reset.length);
        return rom;
    }

    private static final String EXIT_AX = "E7 F4 EB FE"; // out 0xF4, ax; jmp $

    @Test
    void startsAtTheResetVector() throws BootException {
        assertEquals(0x1234, run(rom("B8 34 12" + EXIT_AX)));
    }

    /** Without a far jump, code runs below 4 GiB; small images end there as well. */
    @Test
    void smallImagesEndAtTheTop() throws BootException {
        byte[] rom = new byte[100];
        byte[] code = HexFormat.of().parseHex("B87856E7F4EBFE");
        System.arraycopy(code, 0, rom, rom.length - 16, code.length);
        assertEquals(0x5678, run(rom));
    }

    @Test
    void unfilledPartsReadAsOnes() throws BootException {
        // mov ax, 0xC000; mov ds, ax; mov ax, [0x1234]
        assertEquals(0xFFFF, run(rom("B8 00 C0 8E D8 A1 34 12" + EXIT_AX)));
    }

    /** Writes register 59h of the host bridge, the attribute of 0xF0000. */
    private static String pam0(String value) {
        // mov dx, 0xCF8; mov eax, 0x80000058; out dx, eax; mov dx, 0xCFD; mov al, value; out dx, al
        return "BA F8 0C 66 B8 58 00 00 80 66 EF BA FD 0C B0" + value + "EE";
    }

    private static final String DS_ROM = "B8 00 F0 8E D8"; // mov ax, 0xF000; mov ds, ax

    @Test
    void romIgnoresWrites() throws BootException {
        // mov word [0x8000], 0x1234; mov ax, [0x8000]
        String code = DS_ROM + "C7 06 00 80 34 12 A1 00 80";
        assertEquals(0xF4F4, run(rom(code + EXIT_AX)));
    }

    @Test
    void aFirmwareShadowsItself() throws BootException {
        String code =
                DS_ROM
                        + pam0("20") // read ROM, write RAM
                        + "B8 00 F0 8E C0" // mov es, 0xF000
                        + "31 F6 31 FF B9 00 80 F3 A5" // copy 64 KiB onto itself
                        + "C7 06 00 80 34 12" // mov word [0x8000], 0x1234
                        + "8B 1E 00 80" // mov bx, [0x8000]: still the ROM
                        + pam0("10") // read RAM, writes are lost
                        + "C7 06 00 80 78 56"
                        + "A1 00 80" // what was written
                        + "29 D8"; // sub ax, bx
        assertEquals(0x1234 - 0xF4F4 & 0xFFFF, run(rom(code + EXIT_AX)));
    }

    /** Code runs from the shadow, which was changed while it was not visible. */
    @Test
    void codeFollowsTheShadow() throws BootException {
        int at = 0x100;
        byte[] rom =
                rom(
                        DS_ROM
                                + pam0("20")
                                + "B8 00 F0 8E C0 31 F6 31 FF B9 00 80 F3 A5"
                                + "E8 00 00" // run the ROM's subroutine, filled in below
                                + "C7 06 01 01 22 22" // patch the copy
                                + pam0("30")
                                + "E8 00 00"
                                + EXIT_AX);
        byte[] sub = HexFormat.of().parseHex("B81111C3"); // mov ax, 0x1111; ret
        System.arraycopy(sub, 0, rom, at, sub.length);
        ByteBuffer image = ByteBuffer.wrap(rom).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < at; i++) {
            if (rom[i] == (byte) 0xE8 && image.getShort(i + 1) == 0) {
                image.putShort(i + 1, (short) (at - i - 3));
            }
        }
        assertEquals(0x2222, run(rom));
    }

    /**
     * Runs a ROM twice: it counts its starts at 0x500, shadows itself, marks its shadow at
     * F000:9000 and resets by the given code.
     *
     * @return number of starts in the low byte, in the high byte what the second found at the mark
     */
    private static int restart(String reset) throws BootException {
        String code =
                "31 C0 8E D8 FE 06 00 05" // ds = 0; inc byte [0x500]
                        + "B8 00 F0 8E C0 26 8A 26 00 90" // es = 0xF000; mov ah, es:[0x9000]
                        + "A0 00 05 3C 02 75 04" // mov al, [0x500]; cmp al, 2; jne over the exit
                        + EXIT_AX
                        + pam0("20")
                        + "06 1F 31 F6 31 FF B9 00 80 F3 A5" // ds = es; copy 64 KiB onto itself
                        + pam0("30")
                        + "C6 06 00 90 77 31 C0 8E D8" // mark; ds = 0
                        + reset
                        + "EB FE";
        return run(rom(code));
    }

    @Test
    void resetsOfTheProcessorAloneLeaveTheShadow() throws BootException {
        assertEquals(0x7702, restart("B0 FE E6 64"), "8042");
        assertEquals(0x7702, restart("B0 01 E6 92"), "port 92h");
        assertEquals(0x7702, restart("BA F9 0C B0 04 EE"), "port CF9h, soft");
        assertEquals(0x7702, restart("0F 01 1E 00 06 CC"), "triple fault");
    }

    @Test
    void hardResetShowsTheRomAgain() throws BootException {
        assertEquals(0xF402, restart("BA F9 0C B0 06 EE"));
    }

    @Test
    void refusesImagesOfImpossibleSize() {
        assertThrows(BootException.class, () -> run(new byte[15]));
        assertThrows(BootException.class, () -> run(new byte[(256 << 10) + 1]));
    }
}
