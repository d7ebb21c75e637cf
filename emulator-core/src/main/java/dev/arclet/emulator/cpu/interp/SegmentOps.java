package dev.arclet.emulator.cpu.interp;

import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.Segmentation;
import dev.arclet.emulator.cpu.decode.Instruction;
import dev.arclet.emulator.cpu.decode.Mnemonic;
import dev.arclet.emulator.cpu.decode.Operand;
import dev.arclet.emulator.fault.GuestFault;

/** MOV, PUSH and POP of segment registers; LDS LES LFS LGS LSS. */
final class SegmentOps {
    private SegmentOps() {}

    static void register(OpTable table) {
        table.put(Mnemonic.MOV, Operand.File.SEGMENT, SegmentOps::mov);
        table.put(Mnemonic.PUSH, Operand.File.SEGMENT, SegmentOps::push);
        table.put(Mnemonic.POP, Operand.File.SEGMENT, SegmentOps::pop);
        table.put(Mnemonic.LDS, (i, p) -> loadFar(i, p, CpuState.DS));
        table.put(Mnemonic.LES, (i, p) -> loadFar(i, p, CpuState.ES));
        table.put(Mnemonic.LFS, (i, p) -> loadFar(i, p, CpuState.FS));
        table.put(Mnemonic.LGS, (i, p) -> loadFar(i, p, CpuState.GS));
        table.put(Mnemonic.LSS, (i, p) -> loadFar(i, p, CpuState.SS));
    }

    private static int segment(Operand operand) {
        return ((Operand.Register) operand).index();
    }

    private static Op mov(Instruction instruction, Op.Place place) {
        if (instruction.operand(0) instanceof Operand.Register register
                && register.file() == Operand.File.SEGMENT) {
            int segment = register.index();
            if (segment == CpuState.CS) {
                return SystemOp.inside(SegmentOps::undefined);
            }
            Location source = Location.of(instruction.operand(1), place);
            return SystemOp.last(place, cpu -> load(cpu, segment, (int) source.read(cpu) & 0xFFFF));
        }
        int segment = segment(instruction.operand(1));
        Location target = Location.of(instruction.operand(0), place);
        return SystemOp.inside(cpu -> target.write(cpu, cpu.segments[segment].selector));
    }

    private static void undefined(CpuState cpu) {
        throw cpu.fault(GuestFault.UD, 0);
    }

    private static void load(CpuState cpu, int segment, int selector) {
        Segmentation.loadData(cpu, segment, selector);
        if (segment == CpuState.SS) {
            cpu.interruptShadow = true;
            cpu.debugShadow = true;
        }
    }

    private static Op push(Instruction instruction, Op.Place place) {
        int bytes = instruction.operandSize();
        int segment = segment(instruction.operand(0));
        return SystemOp.inside(cpu -> Stack.push(cpu, bytes, cpu.segments[segment].selector));
    }

    private static Op pop(Instruction instruction, Op.Place place) {
        int bytes = instruction.operandSize();
        int segment = segment(instruction.operand(0));
        return SystemOp.last(
                place,
                cpu -> {
                    int selector = (int) Stack.top(cpu, bytes) & 0xFFFF;
                    long rsp = cpu.gpr[CpuState.RSP];
                    long mask = cpu.stackMask;
                    load(cpu, segment, selector);
                    cpu.gpr[CpuState.RSP] = rsp & ~mask | (rsp + bytes) & mask;
                });
    }

    private static Op loadFar(Instruction instruction, Op.Place place, int segment) {
        int bytes = instruction.operandSize();
        int register = segment(instruction.operand(0));
        FarPointerLocation source = new FarPointerLocation(instruction.operand(1), bytes, place);
        return SystemOp.last(
                place,
                cpu -> {
                    long linear = source.linear(cpu);
                    long offset = source.offset(cpu, linear);
                    Segmentation.loadData(cpu, segment, source.selector(cpu, linear));
                    Gpr.set(cpu, register, bytes, offset);
                });
    }
}
