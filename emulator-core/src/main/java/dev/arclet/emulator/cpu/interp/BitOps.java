package dev.arclet.emulator.cpu.interp;

import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.LazyFlags;
import dev.arclet.emulator.cpu.decode.Instruction;
import dev.arclet.emulator.cpu.decode.Mnemonic;
import dev.arclet.emulator.cpu.decode.Operand;

/** BT BTS BTR BTC, BSF BSR TZCNT LZCNT POPCNT, CRC32. */
final class BitOps {
    private BitOps() {}

    static void register(OpTable table) {
        table.put(Mnemonic.BT, BitOps::bitTest);
        table.put(Mnemonic.BTS, BitOps::bitTest);
        table.put(Mnemonic.BTR, BitOps::bitTest);
        table.put(Mnemonic.BTC, BitOps::bitTest);
        table.put(Mnemonic.BSF, (i, p) -> bitScan(i, p, true));
        table.put(Mnemonic.BSR, (i, p) -> bitScan(i, p, false));
        table.put(Mnemonic.TZCNT, (i, p) -> zeroCount(i, p, true));
        table.put(Mnemonic.LZCNT, (i, p) -> zeroCount(i, p, false));
        table.put(Mnemonic.POPCNT, BitOps::popcnt);
        table.put(Mnemonic.CRC32, BitOps::crc32);
    }

    /** Sets CF; the other flags are undefined, and stay. */
    private static void setCarry(CpuState cpu, boolean carry) {
        int others = LazyFlags.compute(cpu) & ~LazyFlags.CF;
        cpu.setArithmeticFlags(carry ? others | LazyFlags.CF : others);
    }

    private static long change(Mnemonic mnemonic, long value, long bit) {
        return switch (mnemonic) {
            case BTS -> value | bit;
            case BTR -> value & ~bit;
            case BTC -> value ^ bit;
            default -> value;
        };
    }

    private static Op bitTest(Instruction instruction, Op.Place place) {
        if (instruction.operand(0) instanceof Operand.Memory memory
                && instruction.operand(1) instanceof Operand.Register index) {
            return bitStringTest(instruction, place, memory, index);
        }
        Mnemonic mnemonic = instruction.mnemonic();
        Location dst = Location.of(instruction.operand(0), place);
        Location index = Location.of(instruction.operand(1), place);
        int mask = 8 * dst.bytes - 1;
        boolean writes = mnemonic != Mnemonic.BT;
        return new Op() {
            @Override
            public void execute(CpuState cpu) {
                long bit = 1L << (index.read(cpu) & mask);
                if (writes) {
                    long address = dst.address(cpu);
                    long value = dst.readForUpdate(cpu, address);
                    dst.write(cpu, address, change(mnemonic, value, bit));
                    setCarry(cpu, (value & bit) != 0);
                } else {
                    setCarry(cpu, (dst.read(cpu) & bit) != 0);
                }
            }
        };
    }

    /** The register's signed value counts bits from the memory operand in either direction. */
    private static Op bitStringTest(
            Instruction instruction,
            Op.Place place,
            Operand.Memory memory,
            Operand.Register index) {
        Mnemonic mnemonic = instruction.mnemonic();
        EffectiveAddress base = new EffectiveAddress(memory, place);
        int bytes = memory.size();
        int shift = Gpr.shift(bytes);
        int indexRegister = index.index();
        int mask = 8 * bytes - 1;
        int log2 = Integer.numberOfTrailingZeros(8 * bytes);
        long offsetMask = Gpr.mask(memory.addressSize());
        boolean writes = mnemonic != Mnemonic.BT;
        return new Op() {
            @Override
            public void execute(CpuState cpu) {
                long position = cpu.gpr[indexRegister] << shift >> shift;
                long offset = (base.offset(cpu) + (position >> log2) * bytes) & offsetMask;
                long bit = 1L << (position & mask);
                long value;
                if (writes) {
                    long linear = MoveOps.writeAddress(cpu, base.segment, offset, bytes);
                    value = loadForUpdate(cpu, linear, bytes);
                    store(cpu, linear, bytes, change(mnemonic, value, bit));
                } else {
                    value = load(cpu, MoveOps.readAddress(cpu, base.segment, offset, bytes), bytes);
                }
                setCarry(cpu, (value & bit) != 0);
            }
        };
    }

    /** Loads 1, 2, 4 or 8 bytes, zero extended. */
    static long load(CpuState cpu, long linear, int bytes) {
        return switch (bytes) {
            case 1 -> cpu.mmu.load8(linear);
            case 2 -> cpu.mmu.load16(linear);
            case 4 -> cpu.mmu.load32(linear) & Gpr.MASK32;
            default -> cpu.mmu.load64(linear);
        };
    }

    private static long loadForUpdate(CpuState cpu, long linear, int bytes) {
        return switch (bytes) {
            case 1 -> cpu.mmu.loadForUpdate8(linear);
            case 2 -> cpu.mmu.loadForUpdate16(linear);
            case 4 -> cpu.mmu.loadForUpdate32(linear) & Gpr.MASK32;
            default -> cpu.mmu.loadForUpdate64(linear);
        };
    }

    /** Stores 1, 2, 4 or 8 bytes. */
    static void store(CpuState cpu, long linear, int bytes, long value) {
        switch (bytes) {
            case 1 -> cpu.mmu.store8(linear, (int) value);
            case 2 -> cpu.mmu.store16(linear, (int) value);
            case 4 -> cpu.mmu.store32(linear, (int) value);
            default -> cpu.mmu.store64(linear, value);
        }
    }

    private static Op bitScan(Instruction instruction, Op.Place place, boolean forward) {
        Location dst = Location.of(instruction.operand(0), place);
        Location src = Location.of(instruction.operand(1), place);
        return new Op() {
            @Override
            public void execute(CpuState cpu) {
                long value = src.read(cpu);
                // With a zero source the destination stays as it is, its upper half too.
                if (value != 0) {
                    dst.write(
                            cpu,
                            forward
                                    ? Long.numberOfTrailingZeros(value)
                                    : 63 - Long.numberOfLeadingZeros(value));
                }
                int others = LazyFlags.compute(cpu) & ~LazyFlags.ZF;
                cpu.setArithmeticFlags(value == 0 ? others | LazyFlags.ZF : others);
            }
        };
    }

    private static Op zeroCount(Instruction instruction, Op.Place place, boolean trailing) {
        Location dst = Location.of(instruction.operand(0), place);
        Location src = Location.of(instruction.operand(1), place);
        int bits = 8 * dst.bytes;
        return new Op() {
            @Override
            public void execute(CpuState cpu) {
                long value = src.read(cpu);
                int count =
                        trailing
                                ? Math.min(bits, Long.numberOfTrailingZeros(value))
                                : Long.numberOfLeadingZeros(value) - (64 - bits);
                int others = LazyFlags.compute(cpu) & ~(LazyFlags.CF | LazyFlags.ZF);
                cpu.setArithmeticFlags(
                        others | (value == 0 ? LazyFlags.CF : 0) | (count == 0 ? LazyFlags.ZF : 0));
                dst.write(cpu, count);
            }
        };
    }

    private static Op popcnt(Instruction instruction, Op.Place place) {
        Location dst = Location.of(instruction.operand(0), place);
        Location src = Location.of(instruction.operand(1), place);
        return new Op() {
            @Override
            public void execute(CpuState cpu) {
                long value = src.read(cpu);
                cpu.setArithmeticFlags(value == 0 ? LazyFlags.ZF : 0);
                dst.write(cpu, Long.bitCount(value));
            }
        };
    }

    private static Op crc32(Instruction instruction, Op.Place place) {
        Location dst = Location.of(instruction.operand(0), place);
        Location src = Location.of(instruction.operand(1), place);
        return new Op() {
            @Override
            public void execute(CpuState cpu) {
                long value = src.read(cpu);
                dst.write(cpu, crc32c((int) dst.read(cpu), value, src.bytes) & Gpr.MASK32);
            }
        };
    }

    /** CRC-32C (polynomial 11EDC6F41, bit-reflected), without the inversions at either end. */
    static int crc32c(int crc, long value, int bytes) {
        for (int i = 0; i < bytes; i++) {
            crc ^= (int) (value >>> (8 * i)) & 0xFF;
            for (int bit = 0; bit < 8; bit++) {
                crc = crc >>> 1 ^ (-(crc & 1) & 0x82F6_3B78);
            }
        }
        return crc;
    }
}
