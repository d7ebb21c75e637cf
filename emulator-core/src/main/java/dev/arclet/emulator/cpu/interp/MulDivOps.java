package dev.arclet.emulator.cpu.interp;

import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.LazyFlags;
import dev.arclet.emulator.cpu.decode.Instruction;
import dev.arclet.emulator.cpu.decode.Mnemonic;
import dev.arclet.emulator.cpu.decode.Operand;
import dev.arclet.emulator.fault.GuestFault;

/** MUL IMUL DIV IDIV. */
final class MulDivOps {
    private MulDivOps() {}

    static void register(OpTable table) {
        table.put(Mnemonic.MUL, (i, p) -> multiplyAccumulator(i, p, false));
        table.put(Mnemonic.IMUL, MulDivOps::imul);
        table.put(Mnemonic.DIV, (i, p) -> divide(i, p, false));
        table.put(Mnemonic.IDIV, (i, p) -> divide(i, p, true));
    }

    /** CF and OF tell whether the product needs its upper half; the rest is of the lower half. */
    private static void setFlags(CpuState cpu, long lowSignExtended, boolean wide) {
        LazyFlags.set(cpu, lowSignExtended, wide ? LazyFlags.CF | LazyFlags.OF : 0);
    }

    private static Op imul(Instruction instruction, Op.Place place) {
        if (instruction.operands().size() == 1) {
            return multiplyAccumulator(instruction, place, true);
        }
        if (instruction.operand(0).size() == 4) {
            Op op = imul32(instruction);
            if (op != null) {
                return op;
            }
        }
        Location dst = Location.of(instruction.operand(0), place);
        boolean three = instruction.operands().size() == 3;
        Location a = Location.of(instruction.operand(three ? 1 : 0), place);
        Location b = Location.of(instruction.operand(three ? 2 : 1), place);
        int shift = Gpr.shift(dst.bytes);
        return new Op() {
            @Override
            public void execute(CpuState cpu) {
                long y = b.read(cpu) << shift >> shift;
                long x = a.read(cpu) << shift >> shift;
                long product = x * y;
                long low = product << shift >> shift;
                boolean wide =
                        shift == 0 ? Math.multiplyHigh(x, y) != product >> 63 : low != product;
                dst.write(cpu, low);
                setFlags(cpu, low, wide);
            }
        };
    }

    /** A register by a register, or a register by a constant; null for other forms. */
    private static Op imul32(Instruction instruction) {
        int d = ((Operand.Register) instruction.operand(0)).index();
        if (!(instruction.operand(1) instanceof Operand.Register register)) {
            return null;
        }
        int s = register.index();
        if (instruction.operands().size() == 2) {
            return new Op() {
                @Override
                public void execute(CpuState cpu) {
                    cpu.gpr[d] = multiply32(cpu, (int) cpu.gpr[d], (int) cpu.gpr[s]) & Gpr.MASK32;
                }
            };
        }
        int factor = (int) ((Operand.Immediate) instruction.operand(2)).value();
        return new Op() {
            @Override
            public void execute(CpuState cpu) {
                cpu.gpr[d] = multiply32(cpu, (int) cpu.gpr[s], factor) & Gpr.MASK32;
            }
        };
    }

    private static long multiply32(CpuState cpu, int x, int y) {
        long product = (long) x * y;
        setFlags(cpu, (int) product, (int) product != product);
        return product;
    }

    private static Op multiplyAccumulator(Instruction instruction, Op.Place place, boolean signed) {
        Location src = Location.of(instruction.operand(0), place);
        int bytes = src.bytes;
        int shift = Gpr.shift(bytes);
        if (bytes == 8) {
            return new Op() {
                @Override
                public void execute(CpuState cpu) {
                    long x = cpu.gpr[CpuState.RAX];
                    long y = src.read(cpu);
                    long low = x * y;
                    long high = signed ? Math.multiplyHigh(x, y) : Math.unsignedMultiplyHigh(x, y);
                    cpu.gpr[CpuState.RAX] = low;
                    cpu.gpr[CpuState.RDX] = high;
                    setFlags(cpu, low, high != (signed ? low >> 63 : 0));
                }
            };
        }
        if (bytes == 4 && !signed) {
            return new Op() {
                @Override
                public void execute(CpuState cpu) {
                    long product = (cpu.gpr[CpuState.RAX] & Gpr.MASK32) * src.read(cpu);
                    cpu.gpr[CpuState.RAX] = product & Gpr.MASK32;
                    cpu.gpr[CpuState.RDX] = product >>> 32;
                    setFlags(cpu, (int) product, product >>> 32 != 0);
                }
            };
        }
        return new Op() {
            @Override
            public void execute(CpuState cpu) {
                long x = cpu.gpr[CpuState.RAX] << shift;
                long y = src.read(cpu) << shift;
                long product = signed ? (x >> shift) * (y >> shift) : (x >>> shift) * (y >>> shift);
                long low = product << shift;
                boolean wide = product != (signed ? low >> shift : low >>> shift);
                if (bytes == 1) {
                    Gpr.set16(cpu, CpuState.RAX, product);
                } else {
                    Gpr.set(cpu, CpuState.RAX, bytes, product);
                    Gpr.set(cpu, CpuState.RDX, bytes, product >>> (8 * bytes));
                }
                setFlags(cpu, low >> shift, wide);
            }
        };
    }

    private static Op divide(Instruction instruction, Op.Place place, boolean signed) {
        Location src = Location.of(instruction.operand(0), place);
        int bytes = src.bytes;
        if (bytes == 8) {
            return new Op() {
                @Override
                public void execute(CpuState cpu) {
                    long divisor = src.read(cpu);
                    if (signed) {
                        divideSigned128(cpu, divisor);
                    } else {
                        divideUnsigned128(cpu, divisor);
                    }
                }
            };
        }
        return signed ? divideSigned(src) : divideUnsigned(src);
    }

    /** The dividend: AX, DX:AX or EDX:EAX. */
    private static long dividend(CpuState cpu, int bytes) {
        if (bytes == 1) {
            return cpu.gpr[CpuState.RAX] & 0xFFFF;
        }
        return Gpr.get(cpu, CpuState.RDX, bytes) << (8 * bytes) | Gpr.get(cpu, CpuState.RAX, bytes);
    }

    private static void setQuotient(CpuState cpu, int bytes, long quotient, long remainder) {
        Gpr.set(cpu, CpuState.RAX, bytes, quotient);
        if (bytes == 1) {
            Gpr.setHigh8(cpu, 0, remainder);
        } else {
            Gpr.set(cpu, CpuState.RDX, bytes, remainder);
        }
    }

    private static Op divideUnsigned(Location src) {
        int bytes = src.bytes;
        return new Op() {
            @Override
            public void execute(CpuState cpu) {
                long divisor = src.read(cpu);
                long dividend = dividend(cpu, bytes);
                if (divisor == 0) {
                    throw cpu.fault(GuestFault.DE, 0);
                }
                long quotient = Long.divideUnsigned(dividend, divisor);
                if ((quotient & ~Gpr.mask(bytes)) != 0) {
                    throw cpu.fault(GuestFault.DE, 0);
                }
                setQuotient(cpu, bytes, quotient, dividend - quotient * divisor);
            }
        };
    }

    private static Op divideSigned(Location src) {
        int bytes = src.bytes;
        int shift = Gpr.shift(bytes);
        int dividendShift = 64 - 16 * bytes;
        return new Op() {
            @Override
            public void execute(CpuState cpu) {
                long divisor = src.read(cpu) << shift >> shift;
                long dividend = dividend(cpu, bytes) << dividendShift >> dividendShift;
                if (divisor == 0 || (divisor == -1 && dividend == Long.MIN_VALUE)) {
                    throw cpu.fault(GuestFault.DE, 0);
                }
                long quotient = dividend / divisor;
                if (quotient << shift >> shift != quotient) {
                    throw cpu.fault(GuestFault.DE, 0);
                }
                setQuotient(cpu, bytes, quotient, dividend - quotient * divisor);
            }
        };
    }

    private static void divideUnsigned128(CpuState cpu, long divisor) {
        long high = cpu.gpr[CpuState.RDX];
        long low = cpu.gpr[CpuState.RAX];
        if (Long.compareUnsigned(high, divisor) >= 0) {
            throw cpu.fault(GuestFault.DE, 0);
        }
        long quotient = quotient128(high, low, divisor);
        cpu.gpr[CpuState.RAX] = quotient;
        cpu.gpr[CpuState.RDX] = low - quotient * divisor;
    }

    private static void divideSigned128(CpuState cpu, long divisor) {
        long high = cpu.gpr[CpuState.RDX];
        long low = cpu.gpr[CpuState.RAX];
        boolean negative = high < 0;
        if (negative) {
            low = -low;
            high = ~high + (low == 0 ? 1 : 0);
        }
        long magnitude = Math.abs(divisor);
        if (Long.compareUnsigned(high, magnitude) >= 0) {
            throw cpu.fault(GuestFault.DE, 0);
        }
        long quotient = quotient128(high, low, magnitude);
        long remainder = low - quotient * magnitude;
        boolean negativeQuotient = negative != divisor < 0;
        // As a magnitude: up to 2^63 if negative, else below.
        if (quotient < 0 && !(negativeQuotient && quotient == Long.MIN_VALUE)) {
            throw cpu.fault(GuestFault.DE, 0);
        }
        cpu.gpr[CpuState.RAX] = negativeQuotient ? -quotient : quotient;
        cpu.gpr[CpuState.RDX] = negative ? -remainder : remainder;
    }

    /** The quotient of an unsigned 128-bit number; {@code high} is below {@code divisor}. */
    private static long quotient128(long high, long low, long divisor) {
        if (high == 0) {
            return Long.divideUnsigned(low, divisor);
        }
        long quotient = 0;
        long remainder = high;
        for (int i = 63; i >= 0; i--) {
            boolean carry = remainder < 0;
            remainder = remainder << 1 | (low >>> i & 1);
            quotient <<= 1;
            if (carry || Long.compareUnsigned(remainder, divisor) >= 0) {
                remainder -= divisor;
                quotient |= 1;
            }
        }
        return quotient;
    }
}
