package dev.arclet.emulator.cpu.interp;

import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.DebugRegisters;
import dev.arclet.emulator.cpu.Eflags;
import dev.arclet.emulator.cpu.LazyFlags;
import dev.arclet.emulator.cpu.SegmentRegister;
import dev.arclet.emulator.cpu.decode.Instruction;
import dev.arclet.emulator.cpu.decode.Mnemonic;
import dev.arclet.emulator.fault.GuestFault;
import dev.arclet.emulator.memory.GuestMemory;

/** MOVS CMPS STOS LODS SCAS, alone or repeated. */
final class StringOps {
    private static final int PAGE = GuestMemory.PAGE_SIZE;

    private StringOps() {}

    static void register(OpTable table) {
        table.put(Mnemonic.MOVS, Movs::new);
        table.put(Mnemonic.STOS, Stos::new);
        table.put(Mnemonic.LODS, Lods::new);
        table.put(Mnemonic.CMPS, Cmps::new);
        table.put(Mnemonic.SCAS, Scas::new);
    }

    /**
     * A string instruction. Repeated, it leaves registers and count exact after each element, so
     * that a fault or an interrupt in the middle resumes where it was.
     */
    abstract static class StringOp extends Op {
        /**
         * A repetition looks at {@link CpuState#attention} where what is left is a multiple of this
         * power of two: at the same elements, wherever the interpreter took it over.
         */
        private static final int ELEMENTS = 4096;

        /** Element size. */
        final int bytes;

        /** Segment of the source. */
        final int segment;

        private final int addressSize;

        /** Mask of SI, DI and CX. */
        final long mask;

        /** 0, 0xF2 or 0xF3. */
        final int repeat;

        StringOp(Instruction instruction) {
            bytes = instruction.operandSize();
            segment = instruction.segment();
            addressSize = instruction.addressSize();
            mask = Gpr.mask(addressSize);
            repeat = instruction.repeat();
        }

        /** Handles one element, pointers included. */
        abstract void one(CpuState cpu);

        /**
         * Handles several elements at once if that is simple.
         *
         * @param most as many at most
         * @return how many; 0 if it is not simple
         */
        int many(CpuState cpu, long most) {
            return 0;
        }

        /** Whether a repetition ends though the count is not zero. */
        boolean endsEarly(CpuState cpu) {
            return false;
        }

        @Override
        public final void execute(CpuState cpu) {
            if (repeat == 0) {
                one(cpu);
            } else {
                repeat(cpu);
            }
        }

        /** Whether elements set flags. */
        boolean setsFlags() {
            return false;
        }

        private void repeat(CpuState cpu) {
            if (!setsFlags()) {
                repeatElements(cpu);
                return;
            }
            int kind = cpu.flagKind;
            long dst = cpu.flagDst;
            long src = cpu.flagSrc;
            long result = cpu.flagResult;
            try {
                repeatElements(cpu);
            } catch (GuestFault fault) {
                // A handler sees the flags from before the instruction (SDM vol. 2, REP).
                cpu.flagKind = kind;
                cpu.flagDst = dst;
                cpu.flagSrc = src;
                cpu.flagResult = result;
                throw fault;
            }
        }

        private void repeatElements(CpuState cpu) {
            long count = cpu.gpr[CpuState.RCX] & mask;
            // A data breakpoint traps behind the element that meets it.
            boolean single = (cpu.systemFlags & Eflags.TF) != 0 || DebugRegisters.active(cpu);
            while (count != 0) {
                long untilLook = (count - 1 & ELEMENTS - 1) + 1;
                int n = single ? 0 : many(cpu, untilLook);
                if (n == 0) {
                    one(cpu);
                    n = 1;
                }
                count -= n;
                Gpr.set(cpu, CpuState.RCX, addressSize, count);
                if (endsEarly(cpu)) {
                    return;
                }
                boolean look = (count & ELEMENTS - 1) == 0;
                if (count != 0 && (single || look && cpu.attention)) {
                    throw BlockExit.INSTANCE;
                }
            }
        }

        /** Moves SI or DI by {@code n} elements in the direction of DF. */
        final void move(CpuState cpu, int register, int n) {
            long distance = (long) n * bytes;
            if ((cpu.systemFlags & Eflags.DF) != 0) {
                distance = -distance;
            }
            Gpr.set(cpu, register, addressSize, cpu.gpr[register] + distance);
        }

        /** Linear address of the source element. */
        final long source(CpuState cpu) {
            return MoveOps.readAddress(cpu, segment, cpu.gpr[CpuState.RSI] & mask, bytes);
        }

        /** Linear address of the destination element, to be read. */
        final long destinationRead(CpuState cpu) {
            return MoveOps.readAddress(cpu, CpuState.ES, cpu.gpr[CpuState.RDI] & mask, bytes);
        }

        /** Linear address of the destination element, to be written. */
        final long destination(CpuState cpu) {
            return MoveOps.writeAddress(cpu, CpuState.ES, cpu.gpr[CpuState.RDI] & mask, bytes);
        }

        /**
         * How many elements from an offset upwards are within the segment's limit, the address size
         * and the page; possibly too few.
         */
        final long contiguous(
                CpuState cpu, int segmentIndex, boolean unchecked, long offset, long most) {
            SegmentRegister register = cpu.segments[segmentIndex];
            long linear = register.effectiveBase + offset;
            long room = PAGE - (linear & (PAGE - 1));
            if (addressSize != 8) {
                room = Math.min(room, mask - offset + 1);
            }
            if (!unchecked) {
                room = Math.min(room, register.limit - offset + 1);
            }
            return Math.min(most, room / bytes);
        }
    }

    private static final class Movs extends StringOp {
        Movs(Instruction instruction, Place place) {
            super(instruction);
        }

        @Override
        void one(CpuState cpu) {
            long value = BitOps.load(cpu, source(cpu), bytes);
            BitOps.store(cpu, destination(cpu), bytes, value);
            move(cpu, CpuState.RSI, 1);
            move(cpu, CpuState.RDI, 1);
        }

        @Override
        int many(CpuState cpu, long most) {
            if (most < 4 || (cpu.systemFlags & Eflags.DF) != 0) {
                return 0;
            }
            long n =
                    contiguous(
                            cpu,
                            segment,
                            cpu.segments[segment].readUnchecked,
                            cpu.gpr[CpuState.RSI] & mask,
                            most);
            n =
                    contiguous(
                            cpu,
                            CpuState.ES,
                            cpu.segments[CpuState.ES].writeUnchecked,
                            cpu.gpr[CpuState.RDI] & mask,
                            n);
            if (n < 2) {
                return 0;
            }
            long from = cpu.mmu.hostForRead(source(cpu));
            long to = cpu.mmu.hostForWrite(destination(cpu));
            if (from == 0 || to == 0) {
                return 0;
            }
            StringElements.copy(from, to, (int) n * bytes, bytes);
            move(cpu, CpuState.RSI, (int) n);
            move(cpu, CpuState.RDI, (int) n);
            return (int) n;
        }
    }

    private static final class Stos extends StringOp {
        Stos(Instruction instruction, Place place) {
            super(instruction);
        }

        @Override
        void one(CpuState cpu) {
            BitOps.store(cpu, destination(cpu), bytes, cpu.gpr[CpuState.RAX]);
            move(cpu, CpuState.RDI, 1);
        }

        @Override
        int many(CpuState cpu, long most) {
            if (most < 4 || (cpu.systemFlags & Eflags.DF) != 0) {
                return 0;
            }
            long n =
                    contiguous(
                            cpu,
                            CpuState.ES,
                            cpu.segments[CpuState.ES].writeUnchecked,
                            cpu.gpr[CpuState.RDI] & mask,
                            most);
            if (n < 2) {
                return 0;
            }
            long to = cpu.mmu.hostForWrite(destination(cpu));
            if (to == 0) {
                return 0;
            }
            StringElements.fill(to, (int) n * bytes, bytes, cpu.gpr[CpuState.RAX]);
            move(cpu, CpuState.RDI, (int) n);
            return (int) n;
        }
    }

    private static final class Lods extends StringOp {
        Lods(Instruction instruction, Place place) {
            super(instruction);
        }

        @Override
        void one(CpuState cpu) {
            Gpr.set(cpu, CpuState.RAX, bytes, BitOps.load(cpu, source(cpu), bytes));
            move(cpu, CpuState.RSI, 1);
        }
    }

    private static final class Cmps extends StringOp {
        Cmps(Instruction instruction, Place place) {
            super(instruction);
        }

        @Override
        void one(CpuState cpu) {
            long a = BitOps.load(cpu, source(cpu), bytes);
            long b = BitOps.load(cpu, destinationRead(cpu), bytes);
            Alu.sub(cpu, a, b, Gpr.shift(bytes));
            move(cpu, CpuState.RSI, 1);
            move(cpu, CpuState.RDI, 1);
        }

        @Override
        boolean setsFlags() {
            return true;
        }

        @Override
        boolean endsEarly(CpuState cpu) {
            return LazyFlags.zero(cpu) != (repeat == 0xF3);
        }
    }

    private static final class Scas extends StringOp {
        Scas(Instruction instruction, Place place) {
            super(instruction);
        }

        @Override
        void one(CpuState cpu) {
            long b = BitOps.load(cpu, destinationRead(cpu), bytes);
            Alu.sub(cpu, cpu.gpr[CpuState.RAX], b, Gpr.shift(bytes));
            move(cpu, CpuState.RDI, 1);
        }

        @Override
        boolean setsFlags() {
            return true;
        }

        @Override
        boolean endsEarly(CpuState cpu) {
            return LazyFlags.zero(cpu) != (repeat == 0xF3);
        }
    }
}
