package dev.arclet.emulator.cpu.translate;

/**
 * Whether the JVM's arithmetic is all there is to an SSE instruction: round to nearest, precision
 * exception masked and noted before, and numbers so far from the ends of the range, or zero, that
 * no other exception can be raised (SDM vol. 1, section 11.5).
 */
public final class FloatChecks {
    private FloatChecks() {}

    private static boolean ordinary(double x) {
        double magnitude = Math.abs(x);
        return magnitude >= 0x1p-900 && magnitude <= 0x1p900;
    }

    private static boolean ordinarySingle(double x) {
        double magnitude = Math.abs(x);
        return magnitude >= 0x1p-100 && magnitude <= 0x1p100;
    }

    private static boolean plain(double x) {
        return x == 0 || ordinary(x);
    }

    private static boolean plainSingle(double x) {
        return x == 0 || ordinarySingle(x);
    }

    /** Of a sum or difference. */
    public static boolean sum(double a, double b, double result) {
        return plain(a) && plain(b) && plain(result);
    }

    /** Of a product. */
    public static boolean product(double a, double b, double result) {
        return plain(a) && plain(b) && (ordinary(result) || a == 0 || b == 0);
    }

    /** Of a quotient. */
    public static boolean quotient(double a, double b, double result) {
        return plain(a) && ordinary(b) && (ordinary(result) || a == 0);
    }

    /** Of a sum or difference of singles. */
    public static boolean sumSingle(float a, float b, float result) {
        return plainSingle(a) && plainSingle(b) && plainSingle(result);
    }

    /** Of a product of singles. */
    public static boolean productSingle(float a, float b, float result) {
        return plainSingle(a) && plainSingle(b) && (ordinarySingle(result) || a == 0 || b == 0);
    }

    /** Of a quotient of singles. */
    public static boolean quotientSingle(float a, float b, float result) {
        return plainSingle(a) && ordinarySingle(b) && (ordinarySingle(result) || a == 0);
    }

    /** Of a square root. */
    public static boolean root(double a) {
        return a >= 0x1p-900 && a <= 0x1p900;
    }

    /** Of a comparison. */
    public static boolean comparable(double a, double b) {
        return plain(a) && plain(b);
    }

    /** Of a comparison of singles, given as doubles. */
    public static boolean comparableSingle(double a, double b) {
        return plainSingle(a) && plainSingle(b);
    }

    /** The flags of a comparison: ZF for equal, CF for less (SDM vol. 2, UCOMISD). */
    public static int compare(double a, double b) {
        return a == b ? 0x40 : a < b ? 1 : 0;
    }

    /** Of a conversion to 32 bits, towards zero. */
    public static boolean fitsInt(double a) {
        return plain(a) && Math.abs(a) < 0x1p31;
    }

    /** Of a conversion to 64 bits, towards zero. */
    public static boolean fitsLong(double a) {
        return plain(a) && Math.abs(a) < 0x1p63;
    }

    /** Of a conversion to a single. */
    public static boolean fitsSingle(double a) {
        return plainSingle(a);
    }
}
