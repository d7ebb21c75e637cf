package dev.arclet.emulator.cpu.decode;

import java.util.Map;

/**
 * An operand code of the opcode chart: where the operand is encoded and how wide it is (SDM vol. 2,
 * appendix A.2; additions are explained at the head of opcodes.txt).
 *
 * @param method where it is
 * @param registerSize width as a register (or immediate)
 * @param memorySize width in memory
 * @param index register number or constant for {@link Method#FIXED} and {@link Method#CONSTANT}
 * @param file register file for {@link Method#FIXED}
 */
record OperandCode(
        Method method, Size registerSize, Size memorySize, int index, Operand.File file) {
    /** Addressing methods. */
    enum Method {
        /** General register or memory by ModRM.rm. */
        E,
        /** General register by ModRM.reg. */
        G,
        /** Memory by ModRM.rm. */
        M,
        /** Offset in the instruction. */
        O,
        /** General register by ModRM.rm. */
        R,
        /** Segment register by ModRM.reg. */
        S,
        /** Control register by ModRM.reg. */
        C,
        /** Debug register by ModRM.reg. */
        D,
        /** Relative branch target. */
        J,
        /** Immediate; zero extended if its size is b or w, else sign extended. */
        I,
        /** Immediate byte, sign extended to the operand size. */
        SI,
        /** Far pointer in the instruction. */
        A,
        /** MMX register by ModRM.reg. */
        P,
        /** MMX register or memory by ModRM.rm. */
        Q,
        /** MMX register by ModRM.rm. */
        N,
        /** XMM register by ModRM.reg. */
        V,
        /** XMM register or memory by ModRM.rm. */
        W,
        /** XMM register by ModRM.rm. */
        U,
        /** General register by the low bits of the opcode. */
        Z,
        /** x87 register by the low bits of ModRM. */
        STI,
        /** A certain register. */
        FIXED,
        /** A certain number. */
        CONSTANT;

        /** Whether it may be or is memory by ModRM.rm. */
        boolean memory() {
            return this == E || this == M || this == Q || this == W;
        }

        /** Whether it needs a ModRM byte. */
        boolean modRm() {
            return switch (this) {
                case O, J, I, SI, A, Z, FIXED, CONSTANT -> false;
                default -> true;
            };
        }
    }

    /** Widths. */
    enum Size {
        NONE,
        B,
        W,
        D,
        Q,
        T,
        DQ,
        V,
        Z,
        Y,
        V2,
        Y2,
        P,
        S,
        E,
        SV,
        X;

        /** Bytes, for an operand size of 2, 4 or 8. */
        int bytes(int operandSize) {
            return switch (this) {
                case NONE -> 0;
                case B -> 1;
                case W -> 2;
                case D -> 4;
                case Q -> 8;
                case T -> 10;
                case DQ -> 16;
                case V -> operandSize;
                case Z -> Math.min(operandSize, 4);
                case Y -> operandSize == 8 ? 8 : 4;
                case V2 -> 2 * operandSize;
                case Y2 -> operandSize == 8 ? 16 : 8;
                case P -> operandSize + 2;
                case S -> operandSize == 8 ? 10 : 6;
                case E -> operandSize == 2 ? 14 : 28;
                case SV -> operandSize == 2 ? 94 : 108;
                case X -> 512;
            };
        }

        private static Size of(String text) {
            return switch (text) {
                case "" -> NONE;
                case "ss" -> D;
                case "sd" -> Q;
                case "ps", "pd" -> DQ;
                case "2v" -> V2;
                case "2y" -> Y2;
                default -> valueOf(text.toUpperCase(java.util.Locale.ROOT));
            };
        }
    }

    private static final Map<String, OperandCode> FIXED =
            Map.ofEntries(
                    fixed("AL", Operand.File.GPR, 0, Size.B),
                    fixed("CL", Operand.File.GPR, 1, Size.B),
                    fixed("AX", Operand.File.GPR, 0, Size.W),
                    fixed("DX", Operand.File.GPR, 2, Size.W),
                    fixed("eAX", Operand.File.GPR, 0, Size.Z),
                    fixed("rAX", Operand.File.GPR, 0, Size.V),
                    fixed("ES", Operand.File.SEGMENT, 0, Size.W),
                    fixed("CS", Operand.File.SEGMENT, 1, Size.W),
                    fixed("SS", Operand.File.SEGMENT, 2, Size.W),
                    fixed("DS", Operand.File.SEGMENT, 3, Size.W),
                    fixed("FS", Operand.File.SEGMENT, 4, Size.W),
                    fixed("GS", Operand.File.SEGMENT, 5, Size.W),
                    fixed("XMM0", Operand.File.XMM, 0, Size.DQ),
                    fixed("ST0", Operand.File.ST, 0, Size.T),
                    Map.entry("STi", simple(Method.STI, Size.T)),
                    Map.entry(
                            "1",
                            new OperandCode(Method.CONSTANT, Size.B, Size.B, 1, Operand.File.GPR)));

    private static Map.Entry<String, OperandCode> fixed(
            String name, Operand.File file, int index, Size size) {
        return Map.entry(name, new OperandCode(Method.FIXED, size, size, index, file));
    }

    private static OperandCode simple(Method method, Size size) {
        return new OperandCode(method, size, size, 0, Operand.File.GPR);
    }

    /**
     * Reads a code as it stands in the chart.
     *
     * @throws IllegalArgumentException if there is no such code
     */
    static OperandCode parse(String text) {
        OperandCode known = FIXED.get(text);
        if (known != null) {
            return known;
        }
        int memory = text.indexOf('M', 1);
        if (memory > 0) {
            Method method = text.charAt(0) == 'U' ? Method.W : Method.E;
            return new OperandCode(
                    method,
                    Size.of(text.substring(1, memory)),
                    Size.of(text.substring(memory + 1)),
                    0,
                    Operand.File.GPR);
        }
        int letters = text.startsWith("sI") ? 2 : 1;
        Method method =
                Method.valueOf(text.substring(0, letters).toUpperCase(java.util.Locale.ROOT));
        return simple(method, Size.of(text.substring(letters)));
    }
}
