package dev.arclet.emulator.cpu.interp;

import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.FarTransfer;
import dev.arclet.emulator.cpu.InterruptReturn;
import dev.arclet.emulator.cpu.Interrupts;
import dev.arclet.emulator.cpu.LazyFlags;
import dev.arclet.emulator.cpu.SystemCall;
import dev.arclet.emulator.cpu.decode.Instruction;
import dev.arclet.emulator.cpu.decode.Mnemonic;
import dev.arclet.emulator.cpu.decode.Operand;
import dev.arclet.emulator.fault.GuestFault;

/** Control transfers between segments and privilege levels. */
final class FarTransferOps {
    private FarTransferOps() {}

    /** What a far JMP or CALL does. */
    @FunctionalInterface
    private interface Target {
        void go(CpuState cpu, int selector, long offset, int operandSize, long next);
    }

    static void register(OpTable table) {
        table.put(Mnemonic.JMP_FAR, (i, p) -> transfer(i, p, FarTransfer::jump));
        table.put(Mnemonic.CALL_FAR, (i, p) -> transfer(i, p, FarTransfer::call));
        table.put(Mnemonic.RET_FAR, FarTransferOps::ret);
        table.put(Mnemonic.IRET, FarTransferOps::iret);
        table.put(Mnemonic.INT, FarTransferOps::interrupt);
        table.put(
                Mnemonic.INT3,
                (i, p) ->
                        SystemOp.transfer(
                                p, (cpu, next) -> Interrupts.software(cpu, GuestFault.BP, next)));
        table.put(Mnemonic.INTO, FarTransferOps::into);
        table.put(Mnemonic.INT1, (i, p) -> SystemOp.transfer(p, Interrupts::icebp));
        table.put(
                Mnemonic.SYSENTER,
                (i, p) -> SystemOp.transfer(p, (cpu, next) -> SystemCall.sysenter(cpu)));
        table.put(
                Mnemonic.SYSEXIT,
                (i, p) ->
                        SystemOp.transfer(
                                p, (cpu, next) -> SystemCall.sysexit(cpu, i.operandSize())));
        table.put(Mnemonic.SYSCALL, (i, p) -> SystemOp.transfer(p, SystemCall::syscall));
        table.put(
                Mnemonic.SYSRET,
                (i, p) ->
                        SystemOp.transfer(
                                p, (cpu, next) -> SystemCall.sysret(cpu, i.operandSize())));
    }

    private static Op transfer(Instruction instruction, Op.Place place, Target target) {
        int bytes = instruction.operandSize();
        if (instruction.operand(0) instanceof Operand.FarPointer pointer) {
            int selector = pointer.selector();
            long offset = pointer.offset();
            return SystemOp.transfer(
                    place, (cpu, next) -> target.go(cpu, selector, offset, bytes, next));
        }
        FarPointerLocation source = new FarPointerLocation(instruction.operand(0), bytes, place);
        return SystemOp.transfer(
                place,
                (cpu, next) -> {
                    long linear = source.linear(cpu);
                    long offset = source.offset(cpu, linear);
                    target.go(cpu, source.selector(cpu, linear), offset, bytes, next);
                });
    }

    private static Op ret(Instruction instruction, Op.Place place) {
        int bytes = instruction.operandSize();
        int release =
                instruction.operands().isEmpty()
                        ? 0
                        : (int) ((Operand.Immediate) instruction.operand(0)).value() & 0xFFFF;
        return SystemOp.transfer(place, (cpu, next) -> FarTransfer.ret(cpu, bytes, release));
    }

    private static Op iret(Instruction instruction, Op.Place place) {
        int bytes = instruction.operandSize();
        return SystemOp.transfer(place, (cpu, next) -> InterruptReturn.execute(cpu, bytes, next));
    }

    private static Op interrupt(Instruction instruction, Op.Place place) {
        int vector = (int) ((Operand.Immediate) instruction.operand(0)).value() & 0xFF;
        return SystemOp.transfer(
                place, (cpu, next) -> Interrupts.intInstruction(cpu, vector, next));
    }

    private static Op into(Instruction instruction, Op.Place place) {
        return SystemOp.transfer(
                place,
                (cpu, next) -> {
                    if ((LazyFlags.compute(cpu) & LazyFlags.OF) != 0) {
                        Interrupts.software(cpu, GuestFault.OF, next);
                    } else {
                        cpu.setRip(next);
                    }
                });
    }
}
