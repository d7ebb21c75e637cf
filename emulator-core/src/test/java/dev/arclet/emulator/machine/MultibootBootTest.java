package dev.arclet.emulator.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.arclet.emulator.firmware.BootException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class MultibootBootTest {
    private static final int LOAD = 0x8000;
    private static final int GDT = 0x20, GDT_REGISTER = 0x40, START = 0x50;

    /** A kernel at 0x8000 that enters real mode, runs the code there, and exits with its AX. */
    private static byte[] realModeKernel(String code) {
        ByteBuffer image = ByteBuffer.allocate(0x200).order(ByteOrder.LITTLE_ENDIAN);
        int flags = 1 << 16;
        image.putInt(0x1BADB002).putInt(flags).putInt(-(0x1BADB002 + flags));
        image.putInt(LOAD).putInt(LOAD).putInt(0).putInt(0).putInt(LOAD + START);
        image.putLong(GDT + 8, 0x0000_9B00_0000_FFFFL); // 16-bit code
        image.putLong(GDT + 16, 0x0000_9300_0000_FFFFL); // 16-bit data
        image.putShort(GDT_REGISTER, (short) 0x17).putInt(GDT_REGISTER + 2, LOAD + GDT);
        image.position(START);
        put(image, "0F 01 15 40 80 00 00"); // lgdt [8040h]
        put(image, "EA 5E 80 00 00 08 00"); // jmp 8:805Eh
        put(image, "B8 10 00 8E D8 8E C0 8E D0"); // mov ax, 16; ds, es, ss
        put(image, "0F 20 C0 24 FE 0F 22 C0"); // leave protected mode
        put(image, "EA 74 80 00 00"); // jmp 0:8074h
        put(image, "31 C0 8E D8 8E C0 8E D0 BC 00 70"); // segments 0, stack below 7000h
        put(image, code);
        put(image, "E7 F4 EB FE"); // out 0F4h, ax
        return image.array();
    }

    private static void put(ByteBuffer image, String hex) {
        image.put(HexFormat.of().parseHex(hex.replace(" ", "")));
    }

    private static int run(String code) throws BootException {
        MachineConfig config =
                MachineConfig.builder()
                        .memoryBytes(4L << 20)
                        .icount(true)
                        .kernel("kernel", realModeKernel(code), new byte[0], "")
                        .debugExit(true)
                        .build();
        try (PcMachine machine = PcMachine.assemble(config)) {
            Exit exit = machine.run();
            assertEquals(Exit.Reason.DEBUG_EXIT, exit.reason());
            return exit.status();
        }
    }

    /** The Multiboot specification leaves a kernel the BIOS's interrupts; here the timer's. */
    @Test
    void theTimerTicksInRealMode() throws BootException {
        // sti; hlt; hlt; cli; mov ax, [46Ch]
        assertEquals(2, run("FB F4 F4 FA A1 6C 04"));
    }

    @Test
    void unusedVectorsReturn() throws BootException {
        // mov ax, 1234h; int 60h; int 75h
        assertEquals(0x1234, run("B8 34 12 CD 60 CD 75"));
    }
}
