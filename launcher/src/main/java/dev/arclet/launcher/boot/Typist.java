package dev.arclet.launcher.boot;

import dev.arclet.emulator.machine.PcMachine;

/** Types text on a guest's keyboard, as somebody with a US layout would: scan codes of set 1. */
public final class Typist {
    private static final int LEFT_SHIFT = 0x2A;

    /**
     * Characters by scan code; the second string has them with Shift. A blank space stands where no
     * character is.
     */
    private static final String PLAIN =
            "\0\0331234567890-=\b\tqwertyuiop[]\n\0asdfghjkl;'`\0\\zxcvbnm,./\0*\0 ";

    private static final String SHIFTED =
            "\0\0!@#$%^&*()_+\0\0QWERTYUIOP{}\0\0ASDFGHJKL:\"~\0|ZXCVBNM<>?\0\0\0\0";

    private Typist() {}

    /** Presses and releases the keys of a text; characters that the layout lacks are left out. */
    public static void type(PcMachine machine, String text) {
        for (char c : text.toCharArray()) {
            int plain = c == 0 ? -1 : PLAIN.indexOf(c);
            int shifted = c == 0 ? -1 : SHIFTED.indexOf(c);
            if (plain > 0) {
                press(machine, plain);
            } else if (shifted > 0) {
                machine.key(LEFT_SHIFT, true);
                press(machine, shifted);
                machine.key(LEFT_SHIFT, false);
            }
        }
    }

    private static void press(PcMachine machine, int scanCode) {
        machine.key(scanCode, true);
        machine.key(scanCode, false);
    }
}
