package dev.arclet.emulator.cpu.fpu;

/**
 * The accumulator of an extended-precision operation: how to round, what was signalled, and the
 * result. The value of a number is {@code significand * 2^(exponent - 16383 - 63)} with an explicit
 * integer bit (SDM vol. 1, section 4.2 and 4.8); an exponent of 0 counts as 1.
 *
 * <p>Operations never store to registers: they leave result and exceptions here, and the
 * instruction decides by its masks what becomes visible.
 */
public final class Float80 {
    /** Exception flags, at their place in the status word. */
    public static final int INVALID = 1, DENORMAL = 2, ZERO_DIVIDE = 4;

    /** Exception flags of results. */
    public static final int OVERFLOW = 8, UNDERFLOW = 0x10, PRECISION = 0x20;

    /** Set in {@link #flags} if rounding increased the magnitude: C1 at its place. */
    public static final int ROUNDED_UP = 0x200;

    /** Rounding control: to nearest even, down, up, towards zero. */
    public static final int NEAREST = 0, DOWN = 1, UP = 2, CHOP = 3;

    /**
     * Rounding to odd: chop, and set the last bit if anything was lost. A result of 64 such bits
     * can be rounded again to 62 or fewer as if it were exact.
     */
    public static final int ODD = 4;

    /** Sign bit and exponent mask of {@link #signExponent}. */
    public static final int SIGN = 0x8000, EXPONENT = 0x7FFF;

    /** Exponent bias. */
    public static final int BIAS = 16383;

    /** The integer bit. */
    public static final long INTEGER = Long.MIN_VALUE;

    /** The bit that makes a NaN quiet. */
    public static final long QUIET = 1L << 62;

    /** How far the exponent of an unmasked overflow or underflow is moved: 3 * 2^13. */
    static final int WRAP = 24576;

    /** Rounding control, 0..3. */
    public int rounding;

    /** Significant bits of arithmetic results: 24, 53 or 64. */
    public int precision = 64;

    /** Masked exceptions: the low six bits of the control word. */
    public int masks = 0x3F;

    /** SSE: tiny results become zero where underflow is masked. */
    public boolean flushToZero;

    /** Exceptions signalled so far, and {@link #ROUNDED_UP}. */
    public int flags;

    /** Result: sign in bit 15, biased exponent below. */
    public int signExponent;

    /** Result: significand. */
    public long significand;

    /** An accumulator that rounds to nearest with full precision, all exceptions masked. */
    public Float80() {}

    /** Takes rounding, precision and masks from a control word and clears the flags. */
    public void begin(int control) {
        rounding = (control >>> 10) & 3;
        int code = (control >>> 8) & 3;
        precision = code == 3 || code == 1 ? 64 : code == 0 ? 24 : 53;
        masks = control & 0x3F;
        flags = 0;
    }

    /** Whether an exception that forbids a result was signalled and is not masked. */
    public boolean suppressed() {
        return (flags & ~masks & (INVALID | DENORMAL | ZERO_DIVIDE)) != 0;
    }

    /** Sets the result. */
    public void set(int newSignExponent, long newSignificand) {
        signExponent = newSignExponent;
        significand = newSignificand;
    }

    /** Delivers the real indefinite as the answer to an invalid operation. */
    public void invalid() {
        flags |= INVALID;
        set(0xFFFF, INTEGER | QUIET);
    }

    /** Delivers a zero; {@code sign} is 0 or {@link #SIGN}. */
    public void zero(int sign) {
        set(sign, 0);
    }

    /** Delivers an infinity. */
    public void infinity(int sign) {
        set(sign | EXPONENT, INTEGER);
    }

    /** Whether the encoding is none of the 80387: unnormal, pseudo-NaN, pseudo-infinity. */
    public static boolean isUnsupported(int se, long significand) {
        return significand >= 0 && (se & EXPONENT) != 0;
    }

    /** Whether it is a NaN, quiet or signalling (of a supported encoding). */
    public static boolean isNaN(int se, long significand) {
        return (se & EXPONENT) == EXPONENT && significand << 1 != 0 && significand < 0;
    }

    /** Whether it is a signalling NaN. */
    public static boolean isSignalling(int se, long significand) {
        return isNaN(se, significand) && (significand & QUIET) == 0;
    }

    /** Whether it is an infinity. */
    public static boolean isInfinity(int se, long significand) {
        return (se & EXPONENT) == EXPONENT && significand == INTEGER;
    }

    /** Whether it is a denormal or pseudo-denormal, which signals {@link #DENORMAL}. */
    public static boolean isDenormal(int se, long significand) {
        return (se & EXPONENT) == 0 && significand != 0;
    }

    /**
     * Deals with one operand that is unsupported or a NaN.
     *
     * @return true if it was, and the result is there
     */
    boolean special(int se, long value) {
        if (isUnsupported(se, value)) {
            invalid();
            return true;
        }
        if (isNaN(se, value)) {
            if ((value & QUIET) == 0) {
                flags |= INVALID;
            }
            set(se, value | QUIET);
            return true;
        }
        return false;
    }

    /**
     * Deals with operands that are unsupported or NaNs. Of two NaNs a quiet one wins over a
     * signalling one, then the larger significand, then the positive one (SDM vol. 1, table 4-7).
     *
     * @return true if there was one, and the result is there
     */
    boolean special(int aSe, long a, int bSe, long b) {
        if (isUnsupported(aSe, a) || isUnsupported(bSe, b)) {
            invalid();
            return true;
        }
        boolean aNaN = isNaN(aSe, a);
        boolean bNaN = isNaN(bSe, b);
        if (!aNaN && !bNaN) {
            return false;
        }
        boolean aSignals = aNaN && (a & QUIET) == 0;
        boolean bSignals = bNaN && (b & QUIET) == 0;
        if (aSignals || bSignals) {
            flags |= INVALID;
        }
        boolean takeA;
        if (!bNaN) {
            takeA = true;
        } else if (!aNaN) {
            takeA = false;
        } else if (aSignals != bSignals) {
            takeA = bSignals;
        } else if (a != b) {
            takeA = Long.compareUnsigned(a, b) > 0;
        } else {
            takeA = (aSe & SIGN) == 0;
        }
        if (takeA) {
            set(aSe, a | QUIET);
        } else {
            set(bSe, b | QUIET);
        }
        return true;
    }

    /** Signals {@link #DENORMAL} if the operand is one. */
    void noteDenormal(int se, long value) {
        if (isDenormal(se, value)) {
            flags |= DENORMAL;
        }
    }

    /** Whether a discarded part makes the magnitude grow; {@code rest} is it, its unit at 2^64. */
    static boolean roundsUp(int mode, boolean negative, boolean odd, long rest) {
        if (rest == 0) {
            return false;
        }
        return switch (mode) {
            case NEAREST -> rest < 0 && (rest << 1 != 0 || odd);
            case DOWN -> negative;
            case UP -> !negative;
            default -> false;
        };
    }

    /** The part of {@code hi:lo} below bit {@code drop} of hi, as a fraction of 2^64, sticky. */
    static long rest(long hi, long lo, int drop) {
        if (drop == 0) {
            return lo;
        }
        long rest = hi << (64 - drop) | lo >>> drop;
        return lo << (64 - drop) != 0 ? rest | 1 : rest;
    }

    /** Right shift of {@code hi:lo}; the low half, with all lost bits or-ed into bit 0. */
    static long shiftLowSticky(long hi, long lo, int shift) {
        if (shift == 0) {
            return lo;
        }
        if (shift < 64) {
            long low = hi << (64 - shift) | lo >>> shift;
            return lo << (64 - shift) != 0 ? low | 1 : low;
        }
        if (shift == 64) {
            return lo != 0 ? hi | 1 : hi;
        }
        if (shift < 128) {
            long low = hi >>> (shift - 64);
            return (hi << (128 - shift) | lo) != 0 ? low | 1 : low;
        }
        return (hi | lo) != 0 ? 1 : 0;
    }

    /** Right shift of {@code hi:lo}; the high half. */
    static long shiftHigh(long hi, int shift) {
        return shift < 64 ? hi >>> shift : 0;
    }

    /** As {@link #round} with the precision control. */
    void round(int sign, int exponent, long hi, long lo) {
        round(sign, exponent, hi, lo, precision);
    }

    /** Normalises a non-zero {@code hi:lo} first, then as {@link #round}. */
    void normaliseAndRound(int sign, int exponent, long hi, long lo, int bits) {
        if (hi == 0) {
            if (lo == 0) {
                zero(sign);
                return;
            }
            hi = lo;
            lo = 0;
            exponent -= 64;
        }
        int shift = Long.numberOfLeadingZeros(hi);
        if (shift != 0) {
            hi = hi << shift | lo >>> (64 - shift);
            lo <<= shift;
            exponent -= shift;
        }
        round(sign, exponent, hi, lo, bits);
    }

    /**
     * Rounds {@code hi:lo * 2^(exponent - BIAS - 63)} to {@code bits} bits and delivers it, with
     * overflow, underflow (detected after rounding) and the biased results of their unmasked forms
     * (SDM vol. 1, sections 8.5.4 to 8.5.6).
     *
     * @param sign 0 or {@link #SIGN}
     * @param exponent biased, any value
     * @param hi bit 63 is set
     * @param lo what follows; bit 0 is sticky
     */
    void round(int sign, int exponent, long hi, long lo, int bits) {
        if (rounding == NEAREST && bits == 64 && exponent > 0 && exponent < EXPONENT - 1) {
            roundOrdinary(sign, exponent, hi, lo);
            return;
        }
        int drop = 64 - bits;
        boolean negative = sign != 0;
        long mask = drop == 0 ? 0 : (1L << drop) - 1;
        long rest = rest(hi, lo, drop);
        boolean up = roundsUp(rounding, negative, (hi >>> drop & 1) != 0, rest);
        long value = hi & ~mask;
        int e = exponent;
        if (up) {
            value += 1L << drop;
            if (value == 0) {
                value = INTEGER;
                e++;
            }
        }
        if (e <= 0) {
            if ((masks & UNDERFLOW) == 0) {
                flags |= UNDERFLOW;
                e += WRAP;
                if (e <= 0) {
                    // FSCALE goes further than the exponent can be wrapped.
                    flags |= PRECISION;
                    zero(sign);
                    return;
                }
            } else {
                denormalise(sign, exponent, hi, lo, drop);
                return;
            }
        } else if (e >= EXPONENT) {
            flags |= OVERFLOW;
            if ((masks & OVERFLOW) == 0) {
                e -= WRAP;
                if (e >= EXPONENT) {
                    flags |= PRECISION | ROUNDED_UP;
                    infinity(sign);
                    return;
                }
            } else {
                flags |= PRECISION;
                if (rounding == NEAREST
                        || rounding == UP && !negative
                        || rounding == DOWN && negative) {
                    flags |= ROUNDED_UP;
                    infinity(sign);
                } else {
                    set(sign | (EXPONENT - 1), ~mask);
                }
                return;
            }
        }
        if (rest != 0) {
            flags |= PRECISION;
            if (up) {
                flags |= ROUNDED_UP;
            } else if (rounding == ODD) {
                value |= 1L << drop;
            }
        }
        set(sign | e, value);
    }

    /** What nearly all numbers need, without a branch on what is lost: that cannot be foreseen. */
    private void roundOrdinary(int sign, int exponent, long hi, long lo) {
        int up = (int) (lo >>> 63) & ((lo << 1 | hi & 1) != 0 ? 1 : 0);
        long value = hi + up;
        if (value == 0) {
            value = INTEGER;
            exponent++;
        }
        flags |= (lo != 0 ? PRECISION : 0) | up * ROUNDED_UP;
        set(sign | exponent, value);
    }

    private void denormalise(int sign, int exponent, long hi, long lo, int drop) {
        int shift = 1 - exponent;
        long low = shiftLowSticky(hi, lo, shift);
        long high = shiftHigh(hi, shift);
        long rest = rest(high, low, drop);
        boolean up = roundsUp(rounding, sign != 0, (high >>> drop & 1) != 0, rest);
        long value = drop == 0 ? high : high & -(1L << drop);
        if (up) {
            value += 1L << drop;
        }
        if (rest != 0) {
            flags |= PRECISION | UNDERFLOW;
            if (up) {
                flags |= ROUNDED_UP;
            }
        }
        set(sign | (value < 0 ? 1 : 0), value);
    }
}
