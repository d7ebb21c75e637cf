package dev.arclet.emulator.cpu.interp;

import dev.arclet.emulator.cpu.CpuState;

/** Operations that are rare enough for a lambda each. */
final class SystemOp {
    /** What an operation does. */
    @FunctionalInterface
    interface Action {
        void run(CpuState cpu);
    }

    /** What a control transfer does; it gets the offset behind the instruction. */
    @FunctionalInterface
    interface Transfer {
        void run(CpuState cpu, long next);
    }

    private SystemOp() {}

    /** An operation within a block. */
    static Op inside(Action action) {
        return new Op() {
            @Override
            public void execute(CpuState cpu) {
                action.run(cpu);
            }
        };
    }

    /** An operation that ends its block and goes on behind itself. */
    static Op last(Op.Place place, Action action) {
        return new PlacedOp(place) {
            @Override
            public void execute(CpuState cpu) {
                // The action may change the code size, so RIP's width is that of before.
                long next = (cpu.gpr[CpuState.RIP] + end) & cpu.ripMask();
                action.run(cpu);
                cpu.gpr[CpuState.RIP] = next;
            }
        };
    }

    /** An operation that ends its block and sets RIP itself. */
    static Op transfer(Op.Place place, Transfer transfer) {
        return new PlacedOp(place) {
            @Override
            public void execute(CpuState cpu) {
                transfer.run(cpu, (cpu.gpr[CpuState.RIP] + end) & cpu.ripMask());
            }
        };
    }
}
