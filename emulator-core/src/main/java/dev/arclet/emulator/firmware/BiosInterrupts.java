package dev.arclet.emulator.firmware;

import dev.arclet.emulator.bus.PioBus;
import dev.arclet.emulator.memory.PhysicalMap;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;

/**
 * The interrupts of real mode as a BIOS leaves them: vectors with handlers behind them, interrupt
 * controllers at vectors 08h and 70h, the timer ticking 18.2 times a second.
 *
 * <p>A Multiboot loader leaves this state as the BIOS made it (Multiboot Specification 0.6.96,
 * section 3.2), and where there is no BIOS, the loader makes it. Services such as INT 10h are not
 * here: their vectors return at once.
 */
public final class BiosInterrupts {
    private static final int SEGMENT = 0xF000;
    private static final int VECTORS = 256;

    // Offsets in the segment: those of the IBM PC's BIOS, which programs came to rely upon.
    private static final int TIMER = 0xFEA5;
    private static final int MASTER = 0xFF23;
    private static final int SLAVE = 0xFF33;
    private static final int RETURN = 0xFF53;

    private static final int IRQ_0_VECTOR = 0x08;
    private static final int IRQ_8_VECTOR = 0x70;
    private static final int LINES = 8;

    // The BIOS data area
    private static final int EBDA_SEGMENT = 0x40E;
    private static final int BASE_KIB = 0x413;

    /** Counts ticks at 40:6C up to midnight, calls INT 1Ch, and ends the interrupt. */
    private static final byte[] TIMER_CODE =
            code(
                    "1E 50 B8 40 00 8E D8" // push ds, ax; ds = 40h
                            + "66 FF 06 6C 00" // inc dword [6Ch]
                            + "66 81 3E 6C 00 B0 00 18 00 72 0D" // a day's ticks? else skip
                            + "66 C7 06 6C 00 00 00 00 00 FE 06 70 00" // [6Ch] = 0; inc byte [70h]
                            + "CD 1C B0 20 E6 20 58 1F CF"); // int 1Ch; end of interrupt; iret

    /** Ends an interrupt that nobody handles. */
    private static final byte[] MASTER_CODE = code("50 B0 20 E6 20 58 CF");

    private static final byte[] SLAVE_CODE = code("50 B0 20 E6 A0 E6 20 58 CF");

    private static final byte[] RETURN_CODE = code("CF");

    private BiosInterrupts() {}

    private static byte[] code(String hex) {
        return HexFormat.of().parseHex(hex.replace(" ", ""));
    }

    /** Writes the vectors, their handlers (where {@link E820} reserves memory), and the data. */
    public static void install(PhysicalMap memory) {
        putCode(memory, TIMER, TIMER_CODE);
        putCode(memory, MASTER, MASTER_CODE);
        putCode(memory, SLAVE, SLAVE_CODE);
        putCode(memory, RETURN, RETURN_CODE);
        ByteBuffer table = ByteBuffer.allocate(4 * VECTORS).order(ByteOrder.LITTLE_ENDIAN);
        for (int vector = 0; vector < VECTORS; vector++) {
            table.putShort((short) handler(vector)).putShort((short) SEGMENT);
        }
        memory.writeExternal(0, table.array(), 0, table.capacity());
        putWord(memory, EBDA_SEGMENT, (int) (E820.EBDA >> 4));
        putWord(memory, BASE_KIB, (int) (E820.EBDA >> 10));
    }

    private static int handler(int vector) {
        if (vector == IRQ_0_VECTOR) {
            return TIMER;
        }
        if (vector > IRQ_0_VECTOR && vector < IRQ_0_VECTOR + LINES) {
            return MASTER;
        }
        return vector >= IRQ_8_VECTOR && vector < IRQ_8_VECTOR + LINES ? SLAVE : RETURN;
    }

    private static void putCode(PhysicalMap memory, int offset, byte[] bytes) {
        memory.writeExternal(((long) SEGMENT << 4) + offset, bytes, 0, bytes.length);
    }

    private static void putWord(PhysicalMap memory, int address, int value) {
        memory.writeExternal(address, new byte[] {(byte) value, (byte) (value >> 8)}, 0, 2);
    }

    /** Initialises both 8259 and counter 0 of the 8254; only the timer's line is let through. */
    public static void start(PioBus ports) {
        ports.write(0x20, 1, 0x11); // ICW1: edge triggered, cascade, ICW4 follows
        ports.write(0x21, 1, IRQ_0_VECTOR);
        ports.write(0x21, 1, 0x04); // ICW3: the slave is at line 2
        ports.write(0x21, 1, 0x01); // ICW4: 8086 mode
        ports.write(0xA0, 1, 0x11);
        ports.write(0xA1, 1, IRQ_8_VECTOR);
        ports.write(0xA1, 1, 0x02);
        ports.write(0xA1, 1, 0x01);
        ports.write(0x21, 1, 0xFA); // lines 0 and 2
        ports.write(0xA1, 1, 0xFF);
        ports.write(0x43, 1, 0x34); // counter 0, both bytes, rate generator
        ports.write(0x40, 1, 0);
        ports.write(0x40, 1, 0); // 65,536
    }
}
