package dev.arclet.emulator.cpu;

import dev.arclet.emulator.fault.GuestFault;

/**
 * Far JMP, CALL and RET in all modes, with call gates, task gates and task-state segments (SDM vol.
 * 3A, section 5.8; vol. 2 under CALL, JMP and RET).
 */
public final class FarTransfer {
    private FarTransfer() {}

    /**
     * JMP to another segment.
     *
     * @param operandSize 2, 4 or 8 bytes
     * @param returnRip the offset behind the instruction, for a task switch
     */
    public static void jump(
            CpuState cpu, int selector, long offset, int operandSize, long returnRip) {
        if (Segmentation.isRealStyle(cpu)) {
            checkLimit(cpu, offset);
            Segmentation.loadCodeReal(cpu, selector);
            cpu.setRip(offset);
            return;
        }
        long descriptor = readTarget(cpu, selector);
        if (Descriptor.isSegment(descriptor)) {
            checkCode(cpu, selector, descriptor);
            enter(cpu, selector, descriptor, offset);
            return;
        }
        checkGatePrivilege(cpu, selector, descriptor);
        int type = Descriptor.type(descriptor);
        boolean longMode = Segmentation.isLongMode(cpu);
        if (type == Descriptor.CALL_GATE32 || (type == Descriptor.CALL_GATE16 && !longMode)) {
            long gateHigh = checkCallGate(cpu, selector, descriptor);
            int codeSelector = Descriptor.gateSelector(descriptor);
            long code = gateTarget(cpu, codeSelector);
            checkGateCode(cpu, codeSelector, code, true);
            enter(cpu, codeSelector, code, gateOffset(descriptor, gateHigh));
        } else if (!longMode) {
            task(cpu, selector, descriptor, false, returnRip);
        } else {
            throw cpu.fault(GuestFault.GP, selector & ~3);
        }
    }

    /**
     * CALL to another segment.
     *
     * @param operandSize 2, 4 or 8 bytes
     * @param returnRip the offset behind the instruction
     */
    public static void call(
            CpuState cpu, int selector, long offset, int operandSize, long returnRip) {
        if (Segmentation.isRealStyle(cpu)) {
            checkLimit(cpu, offset);
            pushReturn(cpu, operandSize, returnRip);
            Segmentation.loadCodeReal(cpu, selector);
            cpu.setRip(offset);
            return;
        }
        long descriptor = readTarget(cpu, selector);
        if (Descriptor.isSegment(descriptor)) {
            checkCode(cpu, selector, descriptor);
            checkTargetOffset(cpu, descriptor, offset);
            pushReturn(cpu, operandSize, returnRip);
            enter(cpu, selector, descriptor, offset);
            return;
        }
        checkGatePrivilege(cpu, selector, descriptor);
        int type = Descriptor.type(descriptor);
        boolean longMode = Segmentation.isLongMode(cpu);
        if (type == Descriptor.CALL_GATE32 || (type == Descriptor.CALL_GATE16 && !longMode)) {
            callGate(cpu, selector, descriptor, returnRip);
        } else if (!longMode) {
            task(cpu, selector, descriptor, true, returnRip);
        } else {
            throw cpu.fault(GuestFault.GP, selector & ~3);
        }
    }

    private static void checkLimit(CpuState cpu, long offset) {
        if (offset > cpu.segments[CpuState.CS].limit) {
            throw cpu.fault(GuestFault.GP, 0);
        }
    }

    private static long readTarget(CpuState cpu, int selector) {
        if ((selector & ~3) == 0) {
            throw cpu.fault(GuestFault.GP, 0);
        }
        return Segmentation.readDescriptor(cpu, selector, GuestFault.GP, 0);
    }

    private static void checkCode(CpuState cpu, int selector, long descriptor) {
        int error = selector & ~3;
        int dpl = Descriptor.dpl(descriptor);
        boolean allowed =
                Descriptor.isCode(descriptor)
                        && (Descriptor.isConforming(descriptor)
                                ? dpl <= cpu.cpl
                                : dpl == cpu.cpl && (selector & 3) <= cpu.cpl);
        if (!allowed || isLongAndBig(cpu, descriptor)) {
            throw cpu.fault(GuestFault.GP, error);
        }
        if (!Descriptor.present(descriptor)) {
            throw cpu.fault(GuestFault.NP, error);
        }
    }

    private static boolean isLongAndBig(CpuState cpu, long descriptor) {
        return Segmentation.isLongMode(cpu)
                && Descriptor.longMode(descriptor)
                && Descriptor.big(descriptor);
    }

    static void checkTargetOffset(CpuState cpu, long descriptor, long offset) {
        boolean long64 = Segmentation.isLongMode(cpu) && Descriptor.longMode(descriptor);
        if (long64 ? !Segmentation.isCanonical(offset) : offset > Descriptor.limit(descriptor)) {
            throw cpu.fault(GuestFault.GP, 0);
        }
    }

    /** Goes to code of the current privilege level. */
    private static void enter(CpuState cpu, int selector, long descriptor, long offset) {
        checkTargetOffset(cpu, descriptor, offset);
        Segmentation.loadCode(cpu, selector, descriptor, cpu.cpl);
        cpu.setRip(offset);
    }

    private static void pushReturn(CpuState cpu, int bytes, long returnRip) {
        SegmentRegister ss = cpu.segments[CpuState.SS];
        boolean long64 = cpu.codeSize == 8;
        boolean user = cpu.cpl == 3;
        long sp = cpu.gpr[CpuState.RSP];
        Stack.probe(cpu, ss, long64, sp, 2, bytes, user, 0);
        int cs = cpu.segments[CpuState.CS].selector;
        sp = Stack.push(cpu, ss, long64, sp, bytes, cs, user, 0);
        sp = Stack.push(cpu, ss, long64, sp, bytes, returnRip, user, 0);
        cpu.gpr[CpuState.RSP] = sp;
    }

    private static void checkGatePrivilege(CpuState cpu, int selector, long descriptor) {
        int dpl = Descriptor.dpl(descriptor);
        if (dpl < cpu.cpl || dpl < (selector & 3)) {
            throw cpu.fault(GuestFault.GP, selector & ~3);
        }
    }

    /** Checks a call gate and returns the upper half of its 64-bit form, 0 for others. */
    private static long checkCallGate(CpuState cpu, int selector, long descriptor) {
        long high = 0;
        if (Segmentation.isLongMode(cpu)) {
            high = Segmentation.readDescriptor(cpu, selector + 8, GuestFault.GP, 0);
            if ((high & 0x1F00L << 32) != 0) {
                throw cpu.fault(GuestFault.GP, selector & ~3);
            }
        }
        if (!Descriptor.present(descriptor)) {
            throw cpu.fault(GuestFault.NP, selector & ~3);
        }
        return high;
    }

    private static long gateOffset(long gate, long high) {
        long offset = Descriptor.gateOffset(gate) | high << 32;
        return Descriptor.type(gate) == Descriptor.CALL_GATE16 ? offset & 0xFFFF : offset;
    }

    private static long gateTarget(CpuState cpu, int selector) {
        if ((selector & ~3) == 0) {
            throw cpu.fault(GuestFault.GP, 0);
        }
        return Segmentation.readDescriptor(cpu, selector, GuestFault.GP, 0);
    }

    private static void checkGateCode(CpuState cpu, int selector, long code, boolean jump) {
        int error = selector & ~3;
        int dpl = Descriptor.dpl(code);
        boolean sameOnly = jump && !Descriptor.isConforming(code);
        if (!Descriptor.isCode(code) || (sameOnly ? dpl != cpu.cpl : dpl > cpu.cpl)) {
            throw cpu.fault(GuestFault.GP, error);
        }
        if (Segmentation.isLongMode(cpu) && (!Descriptor.longMode(code) || Descriptor.big(code))) {
            throw cpu.fault(GuestFault.GP, error);
        }
        if (!Descriptor.present(code)) {
            throw cpu.fault(GuestFault.NP, error);
        }
    }

    private static void callGate(CpuState cpu, int selector, long gate, long returnRip) {
        long gateHigh = checkCallGate(cpu, selector, gate);
        int codeSelector = Descriptor.gateSelector(gate);
        long code = gateTarget(cpu, codeSelector);
        checkGateCode(cpu, codeSelector, code, false);
        long offset = gateOffset(gate, gateHigh);
        checkTargetOffset(cpu, code, offset);
        boolean longMode = Segmentation.isLongMode(cpu);
        int bytes = longMode ? 8 : Descriptor.type(gate) == Descriptor.CALL_GATE32 ? 4 : 2;
        int cpl = Descriptor.dpl(code);
        if (Descriptor.isConforming(code) || cpl == cpu.cpl) {
            SegmentRegister ss = cpu.segments[CpuState.SS];
            boolean user = cpu.cpl == 3;
            long sp = cpu.gpr[CpuState.RSP];
            Stack.probe(cpu, ss, longMode, sp, 2, bytes, user, 0);
            int cs = cpu.segments[CpuState.CS].selector;
            sp = Stack.push(cpu, ss, longMode, sp, bytes, cs, user, 0);
            sp = Stack.push(cpu, ss, longMode, sp, bytes, returnRip, user, 0);
            Segmentation.loadCode(cpu, codeSelector, code, cpu.cpl);
            cpu.gpr[CpuState.RSP] = sp;
        } else if (longMode) {
            callInner64(cpu, codeSelector, code, cpl, returnRip);
        } else {
            int parameters = Descriptor.gateParameters(gate);
            callInner(cpu, codeSelector, code, cpl, bytes, parameters, returnRip);
        }
        cpu.setRip(offset);
    }

    private static void callInner(
            CpuState cpu,
            int codeSelector,
            long code,
            int cpl,
            int bytes,
            int parameters,
            long returnRip) {
        long sp = Interrupts.stackPointerOfTss(cpu, cpl, 0);
        int stackSelector = Interrupts.stackSelectorOfTss(cpu, cpl, 0);
        long stackDescriptor = Interrupts.checkNewStack(cpu, stackSelector, cpl, 0);
        SegmentRegister ss = cpu.pendingStack;
        ss.load(stackSelector, stackDescriptor);
        int error = stackSelector & ~3;
        Stack.probe(cpu, ss, false, sp, 4 + parameters, bytes, false, error);
        long oldSp = cpu.gpr[CpuState.RSP];
        int oldSs = cpu.segments[CpuState.SS].selector;
        sp = Stack.push(cpu, ss, false, sp, bytes, oldSs, false, error);
        sp = Stack.push(cpu, ss, false, sp, bytes, oldSp, false, error);
        for (int i = parameters - 1; i >= 0; i--) {
            long parameter = Stack.peek(cpu, oldSp, i * bytes, bytes);
            sp = Stack.push(cpu, ss, false, sp, bytes, parameter, false, error);
        }
        int cs = cpu.segments[CpuState.CS].selector;
        sp = Stack.push(cpu, ss, false, sp, bytes, cs, false, error);
        sp = Stack.push(cpu, ss, false, sp, bytes, returnRip, false, error);
        Segmentation.markAccessed(cpu, stackSelector, stackDescriptor);
        cpu.segments[CpuState.SS].copyFrom(ss);
        Segmentation.loadCode(cpu, codeSelector, code, cpl);
        cpu.gpr[CpuState.RSP] = sp;
    }

    private static void callInner64(
            CpuState cpu, int codeSelector, long code, int cpl, long returnRip) {
        long sp = Interrupts.stackPointerOfTss64(cpu, 4 + 8 * cpl, 0);
        SegmentRegister ss = cpu.segments[CpuState.SS];
        Stack.probe(cpu, ss, true, sp, 4, 8, false, 0);
        sp = Stack.push(cpu, ss, true, sp, 8, ss.selector, false, 0);
        sp = Stack.push(cpu, ss, true, sp, 8, cpu.gpr[CpuState.RSP], false, 0);
        int cs = cpu.segments[CpuState.CS].selector;
        sp = Stack.push(cpu, ss, true, sp, 8, cs, false, 0);
        sp = Stack.push(cpu, ss, true, sp, 8, returnRip, false, 0);
        ss.loadNull(cpl);
        Segmentation.loadCode(cpu, codeSelector, code, cpl);
        cpu.gpr[CpuState.RSP] = sp;
    }

    private static void task(
            CpuState cpu, int selector, long descriptor, boolean call, long returnRip) {
        switch (Descriptor.type(descriptor)) {
            case Descriptor.TSS16, Descriptor.TSS32 ->
                    TaskSwitch.transfer(cpu, selector, call, returnRip);
            case Descriptor.TASK_GATE -> {
                if (!Descriptor.present(descriptor)) {
                    throw cpu.fault(GuestFault.NP, selector & ~3);
                }
                TaskSwitch.transfer(cpu, Descriptor.gateSelector(descriptor), call, returnRip);
            }
            default -> throw cpu.fault(GuestFault.GP, selector & ~3);
        }
    }

    /**
     * RET to another segment.
     *
     * @param operandSize 2, 4 or 8 bytes
     * @param release bytes of parameters to drop
     */
    public static void ret(CpuState cpu, int operandSize, int release) {
        long sp = cpu.gpr[CpuState.RSP];
        long offset = Stack.peek(cpu, sp, 0, operandSize);
        int selector = (int) Stack.peek(cpu, sp, operandSize, operandSize) & 0xFFFF;
        if (Segmentation.isRealStyle(cpu)) {
            checkLimit(cpu, offset);
            Segmentation.loadCodeReal(cpu, selector);
            Stack.release(cpu, 2 * operandSize + release);
            cpu.setRip(offset);
            return;
        }
        long code = checkReturnCode(cpu, selector);
        if ((selector & 3) == cpu.cpl) {
            checkTargetOffset(cpu, code, offset);
            Stack.release(cpu, 2 * operandSize + release);
            Segmentation.loadCode(cpu, selector, code, cpu.cpl);
            cpu.setRip(offset);
            return;
        }
        int at = 2 * operandSize + release;
        long newSp = Stack.peek(cpu, sp, at, operandSize);
        int stackSelector = (int) Stack.peek(cpu, sp, at + operandSize, operandSize) & 0xFFFF;
        long stack = checkReturnStack(cpu, stackSelector, selector & 3, code);
        checkTargetOffset(cpu, code, offset);
        returnOutward(cpu, selector, code, stackSelector, stack, newSp, operandSize);
        Stack.release(cpu, release);
        cpu.setRip(offset);
    }

    /** Checks the code segment that a RET or IRET goes back to. */
    static long checkReturnCode(CpuState cpu, int selector) {
        long code = readTarget(cpu, selector);
        int rpl = selector & 3;
        int dpl = Descriptor.dpl(code);
        if (!Descriptor.isCode(code)
                || rpl < cpu.cpl
                || (Descriptor.isConforming(code) ? dpl > rpl : dpl != rpl)
                || isLongAndBig(cpu, code)) {
            throw cpu.fault(GuestFault.GP, selector & ~3);
        }
        if (!Descriptor.present(code)) {
            throw cpu.fault(GuestFault.NP, selector & ~3);
        }
        return code;
    }

    /** Checks the stack segment that a RET or IRET goes back to; 0 stands for a null selector. */
    static long checkReturnStack(CpuState cpu, int selector, int rpl, long code) {
        if ((selector & ~3) == 0) {
            boolean long64 = Segmentation.isLongMode(cpu) && Descriptor.longMode(code);
            if (long64 && rpl != 3 && selector == rpl) {
                return 0;
            }
            throw cpu.fault(GuestFault.GP, 0);
        }
        long descriptor = Segmentation.readDescriptor(cpu, selector, GuestFault.GP, 0);
        Segmentation.checkStack(cpu, selector, descriptor, rpl, GuestFault.GP, 0);
        return descriptor;
    }

    /** Loads CS, SS and the stack pointer that were popped; all checks have passed. */
    static void returnOutward(
            CpuState cpu,
            int selector,
            long code,
            int stackSelector,
            long stack,
            long newSp,
            int operandSize) {
        SegmentRegister ss = cpu.segments[CpuState.SS];
        if (stack == 0) {
            ss.loadNull(stackSelector);
        } else {
            Segmentation.markAccessed(cpu, stackSelector, stack);
            ss.load(stackSelector, stack);
        }
        boolean outer = (selector & 3) != cpu.cpl;
        Segmentation.loadCode(cpu, selector, code, selector & 3);
        // Of ESP only the part changes that the new stack segment uses.
        long mask = cpu.stackMask;
        cpu.gpr[CpuState.RSP] = cpu.gpr[CpuState.RSP] & ~mask | newSp & mask;
        if (outer) {
            Segmentation.dropIfPrivileged(cpu, CpuState.ES);
            Segmentation.dropIfPrivileged(cpu, CpuState.DS);
            Segmentation.dropIfPrivileged(cpu, CpuState.FS);
            Segmentation.dropIfPrivileged(cpu, CpuState.GS);
        }
    }
}
