package dev.arclet.launcher.rfb;

import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;

/** What a viewer holds down, so that nothing stays pressed when it goes. */
final class KeyTracker {
    private static final int MAX_SYMBOLS = 64;

    private final InputSink sink;
    private final BitSet down = new BitSet();
    private final Map<Integer, Integer> symbols = new HashMap<>();

    KeyTracker(InputSink sink) {
        this.sink = sink;
    }

    /** A key by its scan code, {@code 0x01..0x7F} or {@code 0xE001..0xE07F}; others are ignored. */
    void scanCode(int code, boolean press) {
        int plain = code & 0x7F;
        if (plain == 0 || (code != plain && code != (0xE000 | plain))) {
            return;
        }
        int bit = code == plain ? plain : plain | 0x80;
        down.set(bit, press);
        sink.key(code, press);
    }

    /** A key by its symbol, on the US layout. */
    void symbol(int symbol, boolean press) {
        if (!press) {
            // What went down with the symbol comes up, whatever the symbol means by now.
            Integer code = symbols.remove(symbol);
            if (code != null) {
                scanCode(code, false);
            }
            return;
        }
        int found = KeySymbols.lookUp(symbol);
        if (found < 0 || symbols.size() >= MAX_SYMBOLS) {
            return;
        }
        int code = found & 0xFFFF;
        symbols.put(symbol, code);
        boolean shifted = down.get(KeySymbols.LEFT_SHIFT) || down.get(KeySymbols.RIGHT_SHIFT);
        boolean wanted = (found & KeySymbols.SHIFT) != 0;
        if ((found & KeySymbols.ANY_SHIFT) != 0 || shifted == wanted) {
            scanCode(code, true);
            return;
        }
        // The viewer's layout has the symbol on another level: give Shift the state ours needs.
        boolean left = down.get(KeySymbols.LEFT_SHIFT) || wanted;
        int shift = left ? KeySymbols.LEFT_SHIFT : KeySymbols.RIGHT_SHIFT;
        boolean both =
                !wanted && down.get(KeySymbols.LEFT_SHIFT) && down.get(KeySymbols.RIGHT_SHIFT);
        sink.key(shift, wanted);
        if (both) {
            sink.key(KeySymbols.RIGHT_SHIFT, false);
        }
        scanCode(code, true);
        sink.key(shift, !wanted);
        if (both) {
            sink.key(KeySymbols.RIGHT_SHIFT, true);
        }
    }

    /** Lets everything go. */
    void releaseAll() {
        for (int bit = down.nextSetBit(0); bit >= 0; bit = down.nextSetBit(bit + 1)) {
            sink.key(bit < 0x80 ? bit : 0xE000 | bit & 0x7F, false);
        }
        down.clear();
        symbols.clear();
    }
}
