package dev.arclet.launcher.rfb;

import java.util.HashMap;
import java.util.Map;

/**
 * X11 key symbols to set 1 scan codes on the US layout, for viewers that do not send scan codes.
 * Sources: X11's keysym encoding, IBM's scan code set 1.
 */
final class KeySymbols {
    /** Set in a result when the US layout needs Shift for the symbol. */
    static final int SHIFT = 1 << 16;

    /** Set in a result when the symbol's key is the same with and without Shift. */
    static final int ANY_SHIFT = 1 << 17;

    static final int LEFT_SHIFT = 0x2A;
    static final int RIGHT_SHIFT = 0x36;

    private static final Map<Integer, Integer> CODES = new HashMap<>();

    /** Rows of the keyboard: first scan code, keys, keys with Shift. */
    private static final String[][] ROWS = {
        {"02", "1234567890-=", "!@#$%^&*()_+"},
        {"10", "qwertyuiop[]", "QWERTYUIOP{}"},
        {"1E", "asdfghjkl;'`", "ASDFGHJKL:\"~"},
        {"2B", "\\zxcvbnm,./", "|ZXCVBNM<>?"},
    };

    static {
        for (String[] row : ROWS) {
            int first = Integer.parseInt(row[0], 16);
            for (int i = 0; i < row[1].length(); i++) {
                CODES.put((int) row[1].charAt(i), first + i);
                CODES.put((int) row[2].charAt(i), first + i | SHIFT);
            }
        }
        any(' ', 0x39);
        any(0xFF08, 0x0E);
        any(0xFF09, 0x0F);
        any(0xFE20, 0x0F);
        any(0xFF0D, 0x1C);
        any(0xFF1B, 0x01);
        any(0xFFFF, 0xE053);
        any(0xFF50, 0xE047);
        any(0xFF51, 0xE04B);
        any(0xFF52, 0xE048);
        any(0xFF53, 0xE04D);
        any(0xFF54, 0xE050);
        any(0xFF55, 0xE049);
        any(0xFF56, 0xE051);
        any(0xFF57, 0xE04F);
        any(0xFF63, 0xE052);
        any(0xFF61, 0x54);
        any(0xFF15, 0x54);
        any(0xFF13, 0xE046);
        any(0xFF6B, 0xE046);
        any(0xFF14, 0x46);
        any(0xFF7F, 0x45);
        any(0xFF67, 0xE05D);
        any(0xFFE5, 0x3A);
        any(0xFFE1, LEFT_SHIFT);
        any(0xFFE2, RIGHT_SHIFT);
        any(0xFFE3, 0x1D);
        any(0xFFE4, 0xE01D);
        any(0xFFE9, 0x38);
        any(0xFFE7, 0x38);
        any(0xFFEA, 0xE038);
        any(0xFFE8, 0xE038);
        any(0xFE03, 0xE038);
        any(0xFF7E, 0xE038);
        any(0xFFEB, 0xE05B);
        any(0xFFEC, 0xE05C);
        for (int i = 0; i < 10; i++) {
            any(0xFFBE + i, 0x3B + i);
        }
        any(0xFFC8, 0x57);
        any(0xFFC9, 0x58);
        int[] pad = {0x52, 0x4F, 0x50, 0x51, 0x4B, 0x4C, 0x4D, 0x47, 0x48, 0x49};
        for (int i = 0; i < 10; i++) {
            any(0xFFB0 + i, pad[i]);
        }
        int[] padMoves = {0x47, 0x4B, 0x48, 0x4D, 0x50, 0x49, 0x51, 0x4F, 0x4C, 0x52, 0x53};
        for (int i = 0; i < padMoves.length; i++) {
            any(0xFF95 + i, padMoves[i]);
        }
        any(0xFFAE, 0x53);
        any(0xFFAC, 0x53);
        any(0xFFAB, 0x4E);
        any(0xFFAD, 0x4A);
        any(0xFFAA, 0x37);
        any(0xFFAF, 0xE035);
        any(0xFF8D, 0xE01C);
    }

    private KeySymbols() {}

    private static void any(int symbol, int code) {
        CODES.put(symbol, code | ANY_SHIFT);
    }

    /**
     * The scan code in bits 0..15, {@link #SHIFT} or {@link #ANY_SHIFT} beside it; -1 if no key has
     * the symbol.
     */
    static int lookUp(int symbol) {
        return CODES.getOrDefault(symbol, -1);
    }
}
