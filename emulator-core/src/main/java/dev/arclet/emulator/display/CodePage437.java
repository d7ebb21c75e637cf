package dev.arclet.emulator.display;

/**
 * The character set of the PC's text mode: IBM code page 437 with its graphic symbols below 0x20.
 */
public final class CodePage437 {
    private static final String LOW = " ☺☻♥♦♣♠•◘○◙♂♀♪♫☼►◄↕‼¶§▬↨↑↓→←∟↔▲▼";
    private static final String HIGH =
            "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧"
                    + "╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■ ";

    private CodePage437() {}

    /** The Unicode character for a code 0..255; 0 and 255 are blanks. */
    public static char toUnicode(int code) {
        if (code < 0x20) {
            return LOW.charAt(code);
        }
        if (code == 0x7F) {
            return '⌂';
        }
        return code < 0x80 ? (char) code : HIGH.charAt(code - 0x80);
    }
}
