package dev.arclet.emulator.cpu.interp;

import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.DebugRegisters;
import dev.arclet.emulator.cpu.Eflags;
import dev.arclet.emulator.cpu.IoPermission;
import dev.arclet.emulator.cpu.decode.Instruction;
import dev.arclet.emulator.cpu.decode.Mnemonic;

/** IN OUT INS OUTS. They stand alone in their blocks: devices see the exact time. */
final class IoOps {
    /** Elements of a repeated INS or OUTS between two looks at {@link CpuState#attention}. */
    private static final int ELEMENTS = 1024;

    private IoOps() {}

    static void register(OpTable table) {
        table.put(Mnemonic.IN, IoOps::in);
        table.put(Mnemonic.OUT, IoOps::out);
        table.put(Mnemonic.INS, (i, p) -> new Ins(i, p));
        table.put(Mnemonic.OUTS, (i, p) -> new Outs(i, p));
    }

    private static Op in(Instruction instruction, Op.Place place) {
        int bytes = instruction.operandSize();
        Location port = Location.of(instruction.operand(1), place);
        return new PlacedOp(place) {
            @Override
            public void execute(CpuState cpu) {
                int number = (int) port.read(cpu);
                IoPermission.check(cpu, number, bytes);
                DebugRegisters.portAccess(cpu, number, bytes);
                Gpr.set(cpu, CpuState.RAX, bytes, cpu.bus.in(number, bytes) & Gpr.MASK32);
                advance(cpu);
            }
        };
    }

    private static Op out(Instruction instruction, Op.Place place) {
        int bytes = instruction.operandSize();
        Location port = Location.of(instruction.operand(0), place);
        return new PlacedOp(place) {
            @Override
            public void execute(CpuState cpu) {
                int number = (int) port.read(cpu);
                IoPermission.check(cpu, number, bytes);
                DebugRegisters.portAccess(cpu, number, bytes);
                // Before the write: a device may reset the processor in it.
                advance(cpu);
                cpu.bus.out(number, bytes, (int) Gpr.get(cpu, CpuState.RAX, bytes));
            }
        };
    }

    private abstract static class StringIo extends PlacedOp {
        final int bytes;
        final int addressSize;
        final long mask;
        final int segment;
        private final boolean repeated;

        StringIo(Instruction instruction, Place place) {
            super(place);
            bytes = instruction.operandSize();
            addressSize = instruction.addressSize();
            mask = Gpr.mask(addressSize);
            segment = instruction.segment();
            repeated = instruction.repeat() != 0;
        }

        abstract void one(CpuState cpu, int port);

        @Override
        public final void execute(CpuState cpu) {
            int port = (int) cpu.gpr[CpuState.RDX] & 0xFFFF;
            if (!repeated) {
                IoPermission.check(cpu, port, bytes);
                one(cpu, port);
                DebugRegisters.portAccess(cpu, port, bytes);
                advance(cpu);
                return;
            }
            long count = cpu.gpr[CpuState.RCX] & mask;
            if (count != 0) {
                IoPermission.check(cpu, port, bytes);
            }
            boolean single = (cpu.systemFlags & Eflags.TF) != 0 || DebugRegisters.active(cpu);
            int patience = ELEMENTS;
            while (count != 0) {
                one(cpu, port);
                DebugRegisters.portAccess(cpu, port, bytes);
                count--;
                Gpr.set(cpu, CpuState.RCX, addressSize, count);
                if (count != 0 && (single || --patience <= 0)) {
                    patience = ELEMENTS;
                    if (single || cpu.attention) {
                        throw BlockExit.INSTANCE;
                    }
                }
            }
            advance(cpu);
        }

        final void move(CpuState cpu, int register) {
            long distance = (cpu.systemFlags & Eflags.DF) != 0 ? -bytes : bytes;
            Gpr.set(cpu, register, addressSize, cpu.gpr[register] + distance);
        }
    }

    private static final class Ins extends StringIo {
        Ins(Instruction instruction, Place place) {
            super(instruction, place);
        }

        @Override
        void one(CpuState cpu, int port) {
            long linear =
                    MoveOps.writeAddress(cpu, CpuState.ES, cpu.gpr[CpuState.RDI] & mask, bytes);
            // Reading a port may have effects, so the store must not fault after it.
            cpu.mmu.probeWrite(linear, bytes);
            BitOps.store(cpu, linear, bytes, cpu.bus.in(port, bytes));
            move(cpu, CpuState.RDI);
        }
    }

    private static final class Outs extends StringIo {
        Outs(Instruction instruction, Place place) {
            super(instruction, place);
        }

        @Override
        void one(CpuState cpu, int port) {
            long linear = MoveOps.readAddress(cpu, segment, cpu.gpr[CpuState.RSI] & mask, bytes);
            int value = (int) BitOps.load(cpu, linear, bytes);
            move(cpu, CpuState.RSI);
            cpu.bus.out(port, bytes, value);
        }
    }
}
