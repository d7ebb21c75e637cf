package dev.arclet.emulator.cpu.interp;

import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.decode.Operand;

/**
 * A general register, memory operand or immediate of 1, 2, 4 or 8 bytes, for operations that are
 * not worth a specialised form. Values read are zero extended; of values written only the low bytes
 * count.
 *
 * <p>A read-modify-write asks for the {@link #address} once, then {@link #readForUpdate}, then
 * {@link #write(CpuState, long, long)}: memory faults come before anything has changed.
 */
public abstract class Location {
    /** Size in bytes. */
    public final int bytes;

    Location(int bytes) {
        this.bytes = bytes;
    }

    /** The location that an operand names. */
    public static Location of(Operand operand, Op.Place place) {
        return switch (operand) {
            case Operand.Register register -> {
                int index = register.index();
                yield switch (register.file()) {
                    case GPR ->
                            switch (register.size()) {
                                case 1 -> new Register8(index);
                                case 2 -> new Register16(index);
                                case 4 -> new Register32(index);
                                default -> new Register64(index);
                            };
                    case HIGH_BYTE -> new HighByte(index);
                    default -> throw new IllegalArgumentException("not integer: " + operand);
                };
            }
            case Operand.Memory memory -> {
                EffectiveAddress address = new EffectiveAddress(memory, place);
                yield switch (memory.size()) {
                    case 1 -> new Memory8(address);
                    case 2 -> new Memory16(address);
                    case 4 -> new Memory32(address);
                    case 8 -> new Memory64(address);
                    default -> throw new IllegalArgumentException("not integer: " + operand);
                };
            }
            case Operand.Immediate immediate -> new Constant(immediate.value(), immediate.size());
            default -> throw new IllegalArgumentException("not a value: " + operand);
        };
    }

    /** The value. */
    public abstract long read(CpuState cpu);

    /** The linear address for reading and writing, checked; 0 for a register. */
    public abstract long address(CpuState cpu);

    /** The value, which will be written back; {@code address} is that of {@link #address}. */
    public abstract long readForUpdate(CpuState cpu, long address);

    /** Writes the value; {@code address} is that of {@link #address}. */
    public abstract void write(CpuState cpu, long address, long value);

    /** Writes the value. */
    public final void write(CpuState cpu, long value) {
        write(cpu, address(cpu), value);
    }

    private static final class Constant extends Location {
        private final long value;

        Constant(long value, int size) {
            super(size);
            this.value = value & Gpr.mask(size);
        }

        @Override
        public long read(CpuState cpu) {
            return value;
        }

        @Override
        public long address(CpuState cpu) {
            return 0;
        }

        @Override
        public long readForUpdate(CpuState cpu, long address) {
            return value;
        }

        @Override
        public void write(CpuState cpu, long address, long ignored) {
            throw new IllegalStateException("an immediate is no destination");
        }
    }

    private abstract static class Register extends Location {
        final int index;

        Register(int index, int bytes) {
            super(bytes);
            this.index = index;
        }

        @Override
        public final long address(CpuState cpu) {
            return 0;
        }

        @Override
        public final long readForUpdate(CpuState cpu, long address) {
            return read(cpu);
        }
    }

    private static final class Register8 extends Register {
        Register8(int index) {
            super(index, 1);
        }

        @Override
        public long read(CpuState cpu) {
            return cpu.gpr[index] & 0xFF;
        }

        @Override
        public void write(CpuState cpu, long address, long value) {
            Gpr.set8(cpu, index, value);
        }
    }

    private static final class HighByte extends Register {
        HighByte(int index) {
            super(index, 1);
        }

        @Override
        public long read(CpuState cpu) {
            return (cpu.gpr[index] >>> 8) & 0xFF;
        }

        @Override
        public void write(CpuState cpu, long address, long value) {
            Gpr.setHigh8(cpu, index, value);
        }
    }

    private static final class Register16 extends Register {
        Register16(int index) {
            super(index, 2);
        }

        @Override
        public long read(CpuState cpu) {
            return cpu.gpr[index] & 0xFFFF;
        }

        @Override
        public void write(CpuState cpu, long address, long value) {
            Gpr.set16(cpu, index, value);
        }
    }

    private static final class Register32 extends Register {
        Register32(int index) {
            super(index, 4);
        }

        @Override
        public long read(CpuState cpu) {
            return cpu.gpr[index] & Gpr.MASK32;
        }

        @Override
        public void write(CpuState cpu, long address, long value) {
            cpu.gpr[index] = value & Gpr.MASK32;
        }
    }

    private static final class Register64 extends Register {
        Register64(int index) {
            super(index, 8);
        }

        @Override
        public long read(CpuState cpu) {
            return cpu.gpr[index];
        }

        @Override
        public void write(CpuState cpu, long address, long value) {
            cpu.gpr[index] = value;
        }
    }

    private abstract static class Memory extends Location {
        final EffectiveAddress effective;

        Memory(EffectiveAddress effective, int bytes) {
            super(bytes);
            this.effective = effective;
        }

        @Override
        public final long address(CpuState cpu) {
            return effective.write(cpu, bytes);
        }
    }

    private static final class Memory8 extends Memory {
        Memory8(EffectiveAddress effective) {
            super(effective, 1);
        }

        @Override
        public long read(CpuState cpu) {
            return cpu.mmu.load8(effective.read(cpu, 1));
        }

        @Override
        public long readForUpdate(CpuState cpu, long address) {
            return cpu.mmu.loadForUpdate8(address);
        }

        @Override
        public void write(CpuState cpu, long address, long value) {
            cpu.mmu.store8(address, (int) value);
        }
    }

    private static final class Memory16 extends Memory {
        Memory16(EffectiveAddress effective) {
            super(effective, 2);
        }

        @Override
        public long read(CpuState cpu) {
            return cpu.mmu.load16(effective.read(cpu, 2));
        }

        @Override
        public long readForUpdate(CpuState cpu, long address) {
            return cpu.mmu.loadForUpdate16(address);
        }

        @Override
        public void write(CpuState cpu, long address, long value) {
            cpu.mmu.store16(address, (int) value);
        }
    }

    private static final class Memory32 extends Memory {
        Memory32(EffectiveAddress effective) {
            super(effective, 4);
        }

        @Override
        public long read(CpuState cpu) {
            return cpu.mmu.load32(effective.read(cpu, 4)) & Gpr.MASK32;
        }

        @Override
        public long readForUpdate(CpuState cpu, long address) {
            return cpu.mmu.loadForUpdate32(address) & Gpr.MASK32;
        }

        @Override
        public void write(CpuState cpu, long address, long value) {
            cpu.mmu.store32(address, (int) value);
        }
    }

    private static final class Memory64 extends Memory {
        Memory64(EffectiveAddress effective) {
            super(effective, 8);
        }

        @Override
        public long read(CpuState cpu) {
            return cpu.mmu.load64(effective.read(cpu, 8));
        }

        @Override
        public long readForUpdate(CpuState cpu, long address) {
            return cpu.mmu.loadForUpdate64(address);
        }

        @Override
        public void write(CpuState cpu, long address, long value) {
            cpu.mmu.store64(address, value);
        }
    }
}
