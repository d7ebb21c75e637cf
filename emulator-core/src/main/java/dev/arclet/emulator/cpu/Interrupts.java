package dev.arclet.emulator.cpu;

import dev.arclet.emulator.fault.GuestFault;

/**
 * Delivery of exceptions and interrupts through the IVT or IDT (SDM vol. 3A, chapter 6; vol. 1,
 * section 6.5).
 *
 * <p>Delivery changes nothing before all its checks have passed, so that a fault on the way is the
 * only trace of it.
 */
public final class Interrupts {
    private static final int EXTERNAL = 0, EXCEPTION = 1, SOFTWARE = 2, PRIVILEGED_TRAP = 3;
    private static final int NONE = 0, CONTRIBUTORY = 1, PAGE_FAULT = 2;

    private Interrupts() {}

    /**
     * Delivers an exception of the instruction at RIP (a fault), or before it (a trap). A fault
     * while delivering becomes a double fault or is delivered in its place, after the rules of SDM
     * vol. 3A, table 6-5; a third one shuts the processor down.
     */
    public static void exception(CpuState cpu, GuestFault fault) {
        deliverChain(cpu, fault.vector(), EXCEPTION, fault, isFault(fault.vector()));
    }

    /**
     * Delivers a debug exception: a trap behind an instruction, or a breakpoint before one. RF is
     * pushed as it is, so that whoever leaves an instruction breakpoint set must set it himself.
     *
     * @param causes bits to set in DR6
     */
    public static void debug(CpuState cpu, int causes) {
        // Which breakpoints they were is exact; the other bits stay until software clears them.
        cpu.dr[6] = cpu.dr[6] & ~15L | causes;
        DebugRegisters.releaseGuard(cpu);
        cpu.pendingDebug = 0;
        cpu.halted = false;
        deliverChain(cpu, GuestFault.DB, EXCEPTION, cpu.fault(GuestFault.DB, 0), false);
    }

    /** Delivers an external interrupt between two instructions. */
    public static void external(CpuState cpu, int vector) {
        cpu.halted = false;
        deliverChain(cpu, vector, EXTERNAL, null, false);
    }

    /** Delivers the latched NMI and blocks further ones until IRET. */
    public static void nmi(CpuState cpu) {
        cpu.halted = false;
        cpu.nmiPending = false;
        cpu.nmiBlocked = true;
        deliverChain(cpu, 2, EXTERNAL, null, false);
    }

    /**
     * INT n. In virtual-8086 mode IOPL and the redirection bitmap decide who serves it (SDM vol.
     * 3B, table 20-2).
     *
     * @param returnRip the offset behind the instruction
     * @throws GuestFault if it can't be delivered; nothing has changed then
     */
    public static void intInstruction(CpuState cpu, int vector, long returnRip) {
        if (Segmentation.isVm86(cpu)) {
            if ((cpu.cr4 & Control.CR4_VME) != 0 && IoPermission.redirects(cpu, vector)) {
                redirected(cpu, vector, returnRip);
                return;
            }
            if (Eflags.iopl(cpu.systemFlags) < 3) {
                throw cpu.fault(GuestFault.GP, 0);
            }
        }
        software(cpu, vector, returnRip);
    }

    /**
     * INT3, INTO, and INT n outside virtual-8086 mode.
     *
     * @param returnRip the offset behind the instruction
     * @throws GuestFault if it can't be delivered; nothing has changed then
     */
    public static void software(CpuState cpu, int vector, long returnRip) {
        deliver(cpu, vector, SOFTWARE, 0, returnRip, cpu.eflags());
    }

    /**
     * INT1: a debug exception that needs no privilege for its gate. What MOV SS has held off until
     * now is reported with it.
     */
    public static void icebp(CpuState cpu, long returnRip) {
        deliver(cpu, GuestFault.DB, PRIVILEGED_TRAP, 0, returnRip, cpu.eflags());
        if (cpu.pendingDebug != 0) {
            cpu.dr[6] = cpu.dr[6] & ~15L | cpu.pendingDebug;
            cpu.pendingDebug = 0;
        }
        DebugRegisters.releaseGuard(cpu);
    }

    private static void deliverChain(
            CpuState cpu, int first, int source, GuestFault cause, boolean resume) {
        boolean setResume = resume;
        int vector = first;
        int errorCode = cause == null ? 0 : cause.errorCode();
        int kind = source;
        if (cause != null && vector == GuestFault.PF) {
            cpu.cr2 = cause.address();
        }
        while (true) {
            try {
                int flags = cpu.eflags();
                if (setResume) {
                    flags |= Eflags.RF;
                }
                deliver(cpu, vector, kind, errorCode, cpu.rip(), flags);
                return;
            } catch (GuestFault nested) {
                if (vector == GuestFault.DF && kind == EXCEPTION) {
                    cpu.shutdown = true;
                    cpu.attention = true;
                    return;
                }
                int second = nested.vector();
                if (second == GuestFault.PF) {
                    cpu.cr2 = nested.address();
                }
                int firstClass = kind == EXCEPTION ? severity(vector) : NONE;
                int secondClass = severity(second);
                boolean isDouble =
                        (firstClass == CONTRIBUTORY && secondClass == CONTRIBUTORY)
                                || (firstClass == PAGE_FAULT && secondClass != NONE);
                errorCode = isDouble ? 0 : nested.errorCode();
                vector = isDouble ? GuestFault.DF : second;
                kind = EXCEPTION;
                setResume = isFault(vector);
            }
        }
    }

    private static int severity(int vector) {
        return switch (vector) {
            case GuestFault.DE, GuestFault.TS, GuestFault.NP, GuestFault.SS, GuestFault.GP ->
                    CONTRIBUTORY;
            case GuestFault.PF -> PAGE_FAULT;
            default -> NONE;
        };
    }

    private static boolean isFault(int vector) {
        return switch (vector) {
            case GuestFault.BP, GuestFault.OF, GuestFault.DF, 2 -> false;
            default -> true;
        };
    }

    private static void deliver(
            CpuState cpu, int vector, int source, int errorCode, long returnRip, int flags) {
        cpu.stepByNewFlags = true;
        ExceptionObserver observer = cpu.exceptionObserver;
        if (observer != null && source != EXTERNAL) {
            boolean hasCode = source == EXCEPTION && GuestFault.pushesErrorCode(vector);
            if (observer.intercept(cpu, vector, hasCode ? errorCode : -1, returnRip)) {
                return;
            }
        }
        if (Segmentation.isRealMode(cpu)) {
            deliverReal(cpu, vector, returnRip, flags);
        } else if (Segmentation.isLongMode(cpu)) {
            deliverLong(cpu, vector, source, errorCode, returnRip, flags);
        } else {
            deliverProtected(cpu, vector, source, errorCode, returnRip, flags);
        }
    }

    private static void deliverReal(CpuState cpu, int vector, long returnRip, int flags) {
        if (vector * 4 + 3 > cpu.idtLimit) {
            throw cpu.fault(GuestFault.GP, 0);
        }
        int entry = (int) cpu.mmu.loadSystem(cpu.idtBase + vector * 4L & 0xFFFF_FFFFL, 4);
        pushRealFrame(cpu, returnRip, flags);
        cpu.systemFlags &= ~(Eflags.IF | Eflags.TF | Eflags.AC | Eflags.RF);
        Segmentation.loadCodeReal(cpu, entry >>> 16);
        cpu.setRip(entry & 0xFFFF);
    }

    private static void pushRealFrame(CpuState cpu, long returnRip, int flags) {
        SegmentRegister ss = cpu.segments[CpuState.SS];
        boolean user = cpu.cpl == 3;
        long sp = cpu.gpr[CpuState.RSP];
        Stack.probe(cpu, ss, false, sp, 3, 2, user, 0);
        sp = Stack.push(cpu, ss, false, sp, 2, flags, user, 0);
        sp = Stack.push(cpu, ss, false, sp, 2, cpu.segments[CpuState.CS].selector, user, 0);
        sp = Stack.push(cpu, ss, false, sp, 2, returnRip, user, 0);
        cpu.gpr[CpuState.RSP] = sp;
    }

    /**
     * INT n in virtual-8086 mode that stays there: through the task's own IVT at linear 0 (SDM vol.
     * 3B, section 20.3.3.4).
     */
    private static void redirected(CpuState cpu, int vector, long returnRip) {
        int entry = (int) cpu.mmu.load(vector * 4L, 4, true);
        cpu.stepByNewFlags = true;
        int flags = cpu.eflags();
        if (Eflags.iopl(flags) < 3) {
            // The handler sees VIF where IF would be, and IOPL 3.
            boolean virtualIf = (flags & Eflags.VIF) != 0;
            flags = flags & ~Eflags.IF | Eflags.IOPL | (virtualIf ? Eflags.IF : 0);
        }
        pushRealFrame(cpu, returnRip, flags);
        if (Eflags.iopl(cpu.systemFlags) == 3) {
            cpu.systemFlags &= ~Eflags.IF;
        } else {
            cpu.systemFlags &= ~Eflags.VIF;
        }
        cpu.systemFlags &= ~(Eflags.TF | Eflags.NT | Eflags.RF);
        Segmentation.loadCodeReal(cpu, entry >>> 16);
        cpu.setRip(entry & 0xFFFF);
    }

    private static void deliverProtected(
            CpuState cpu, int vector, int source, int errorCode, long returnRip, int flags) {
        int ext = source == SOFTWARE ? 0 : 1;
        int gateError = vector << 3 | 2 | ext;
        if (vector * 8 + 7 > cpu.idtLimit) {
            throw cpu.fault(GuestFault.GP, gateError);
        }
        long gate = cpu.mmu.loadSystem(cpu.idtBase + vector * 8L & 0xFFFF_FFFFL, 8);
        int type = Descriptor.access(gate) & 0x1F;
        boolean interruptOrTrap =
                type == Descriptor.INTERRUPT_GATE16
                        || type == Descriptor.TRAP_GATE16
                        || type == Descriptor.INTERRUPT_GATE32
                        || type == Descriptor.TRAP_GATE32;
        if (!interruptOrTrap && type != Descriptor.TASK_GATE) {
            throw cpu.fault(GuestFault.GP, gateError);
        }
        if (source == SOFTWARE && Descriptor.dpl(gate) < cpu.cpl) {
            throw cpu.fault(GuestFault.GP, gateError);
        }
        if (!Descriptor.present(gate)) {
            throw cpu.fault(GuestFault.NP, gateError);
        }
        boolean hasErrorCode = source == EXCEPTION && GuestFault.pushesErrorCode(vector);
        int selector = Descriptor.gateSelector(gate);
        if (type == Descriptor.TASK_GATE) {
            int bytes = TaskSwitch.interrupt(cpu, selector, ext, returnRip, flags);
            if (hasErrorCode) {
                SegmentRegister ss = cpu.segments[CpuState.SS];
                cpu.gpr[CpuState.RSP] =
                        Stack.push(
                                cpu,
                                ss,
                                false,
                                cpu.gpr[CpuState.RSP],
                                bytes,
                                errorCode,
                                cpu.cpl == 3,
                                ext);
            }
            return;
        }
        if ((selector & ~3) == 0) {
            throw cpu.fault(GuestFault.GP, ext);
        }
        long code = Segmentation.readDescriptor(cpu, selector, GuestFault.GP, ext);
        int target = selector & ~3 | ext;
        if (!Descriptor.isCode(code) || Descriptor.dpl(code) > cpu.cpl) {
            throw cpu.fault(GuestFault.GP, target);
        }
        if (!Descriptor.present(code)) {
            throw cpu.fault(GuestFault.NP, target);
        }
        boolean vm86 = Segmentation.isVm86(cpu);
        int newCpl = Descriptor.isConforming(code) ? cpu.cpl : Descriptor.dpl(code);
        if (vm86 && newCpl != 0) {
            throw cpu.fault(GuestFault.GP, target);
        }
        int bytes = type >= Descriptor.INTERRUPT_GATE32 ? 4 : 2;
        long offset = Descriptor.gateOffset(gate);
        if (bytes == 2) {
            offset &= 0xFFFF;
        }
        if (offset > Descriptor.limit(code)) {
            throw cpu.fault(GuestFault.GP, ext);
        }

        boolean inner = newCpl < cpu.cpl;
        SegmentRegister ss = cpu.segments[CpuState.SS];
        long sp = cpu.gpr[CpuState.RSP];
        int stackError = ext;
        long stackDescriptor = 0;
        if (inner) {
            sp = stackPointerOfTss(cpu, newCpl, ext);
            int stackSelector = stackSelectorOfTss(cpu, newCpl, ext);
            stackDescriptor = checkNewStack(cpu, stackSelector, newCpl, ext);
            ss = cpu.pendingStack;
            ss.load(stackSelector, stackDescriptor);
            stackError = stackSelector & ~3 | ext;
        }
        int slots = 3 + (inner ? 2 : 0) + (vm86 ? 4 : 0) + (hasErrorCode ? 1 : 0);
        boolean user = newCpl == 3;
        Stack.probe(cpu, ss, false, sp, slots, bytes, user, stackError);
        if (inner) {
            SegmentRegister[] old = cpu.segments;
            if (vm86) {
                sp = push(cpu, ss, sp, bytes, old[CpuState.GS].selector, user, stackError);
                sp = push(cpu, ss, sp, bytes, old[CpuState.FS].selector, user, stackError);
                sp = push(cpu, ss, sp, bytes, old[CpuState.DS].selector, user, stackError);
                sp = push(cpu, ss, sp, bytes, old[CpuState.ES].selector, user, stackError);
            }
            sp = push(cpu, ss, sp, bytes, old[CpuState.SS].selector, user, stackError);
            sp = push(cpu, ss, sp, bytes, cpu.gpr[CpuState.RSP], user, stackError);
        }
        sp = push(cpu, ss, sp, bytes, flags, user, stackError);
        sp = push(cpu, ss, sp, bytes, cpu.segments[CpuState.CS].selector, user, stackError);
        sp = push(cpu, ss, sp, bytes, returnRip, user, stackError);
        if (hasErrorCode) {
            sp = push(cpu, ss, sp, bytes, errorCode, user, stackError);
        }

        cpu.systemFlags &= ~(Eflags.TF | Eflags.NT | Eflags.RF | Eflags.VM);
        if ((type & 1) == 0) {
            cpu.systemFlags &= ~Eflags.IF;
        }
        if (vm86) {
            cpu.segments[CpuState.ES].loadNull(0);
            cpu.segments[CpuState.DS].loadNull(0);
            cpu.segments[CpuState.FS].loadNull(0);
            cpu.segments[CpuState.GS].loadNull(0);
        }
        if (inner) {
            Segmentation.markAccessed(cpu, ss.selector, stackDescriptor);
            cpu.segments[CpuState.SS].copyFrom(ss);
        }
        cpu.gpr[CpuState.RSP] = sp;
        Segmentation.loadCode(cpu, selector, code, newCpl);
        cpu.setRip(offset);
    }

    private static long push(
            CpuState cpu,
            SegmentRegister ss,
            long sp,
            int bytes,
            long value,
            boolean user,
            int errorCode) {
        return Stack.push(cpu, ss, false, sp, bytes, value, user, errorCode);
    }

    /** Reads ESPn or SPn of the current TSS; #TS(TR) if it is outside. */
    static long stackPointerOfTss(CpuState cpu, int cpl, int ext) {
        boolean tss32 = isTss32(cpu);
        int at = tss32 ? 4 + 8 * cpl : 2 + 4 * cpl;
        checkTss(cpu, at + (tss32 ? 5 : 3), ext);
        return cpu.mmu.loadSystem(cpu.tr.base + at & 0xFFFF_FFFFL, tss32 ? 4 : 2);
    }

    /** Reads SSn of the current TSS. */
    static int stackSelectorOfTss(CpuState cpu, int cpl, int ext) {
        int at = isTss32(cpu) ? 8 + 8 * cpl : 4 + 4 * cpl;
        checkTss(cpu, at + 1, ext);
        return (int) cpu.mmu.loadSystem(cpu.tr.base + at & 0xFFFF_FFFFL, 2);
    }

    /** Reads an 8-byte field of the 64-bit TSS. */
    static long stackPointerOfTss64(CpuState cpu, int at, int ext) {
        checkTss(cpu, at + 7, ext);
        return cpu.mmu.loadSystem(cpu.tr.base + at, 8);
    }

    private static boolean isTss32(CpuState cpu) {
        return (cpu.tr.access & 8) != 0;
    }

    private static void checkTss(CpuState cpu, int last, int ext) {
        if (cpu.tr.unusable || last > cpu.tr.limit) {
            throw cpu.fault(GuestFault.TS, cpu.tr.selector & ~3 | ext);
        }
    }

    /** Checks a stack selector from the TSS (#TS, #SS) and returns its descriptor. */
    static long checkNewStack(CpuState cpu, int selector, int cpl, int ext) {
        if ((selector & ~3) == 0) {
            throw cpu.fault(GuestFault.TS, ext);
        }
        long descriptor = Segmentation.readDescriptor(cpu, selector, GuestFault.TS, ext);
        Segmentation.checkStack(cpu, selector, descriptor, cpl, GuestFault.TS, ext);
        return descriptor;
    }

    private static void deliverLong(
            CpuState cpu, int vector, int source, int errorCode, long returnRip, int flags) {
        int ext = source == SOFTWARE ? 0 : 1;
        int gateError = vector << 3 | 2 | ext;
        if (vector * 16 + 15 > cpu.idtLimit) {
            throw cpu.fault(GuestFault.GP, gateError);
        }
        long gate = cpu.mmu.loadSystem(cpu.idtBase + vector * 16L, 8);
        long gateHigh = cpu.mmu.loadSystem(cpu.idtBase + vector * 16L + 8, 8);
        int type = Descriptor.access(gate) & 0x1F;
        if ((type != Descriptor.INTERRUPT_GATE32 && type != Descriptor.TRAP_GATE32)
                || (source == SOFTWARE && Descriptor.dpl(gate) < cpu.cpl)) {
            throw cpu.fault(GuestFault.GP, gateError);
        }
        if (!Descriptor.present(gate)) {
            throw cpu.fault(GuestFault.NP, gateError);
        }
        int selector = Descriptor.gateSelector(gate);
        if ((selector & ~3) == 0) {
            throw cpu.fault(GuestFault.GP, ext);
        }
        long code = Segmentation.readDescriptor(cpu, selector, GuestFault.GP, ext);
        int target = selector & ~3 | ext;
        if (!Descriptor.isCode(code)
                || Descriptor.dpl(code) > cpu.cpl
                || !Descriptor.longMode(code)
                || Descriptor.big(code)) {
            throw cpu.fault(GuestFault.GP, target);
        }
        if (!Descriptor.present(code)) {
            throw cpu.fault(GuestFault.NP, target);
        }
        long offset = Descriptor.gateOffset(gate) | gateHigh << 32;
        if (!Segmentation.isCanonical(offset)) {
            throw cpu.fault(GuestFault.GP, ext);
        }
        int newCpl = Descriptor.isConforming(code) ? cpu.cpl : Descriptor.dpl(code);
        int stackTable = Descriptor.gateStackTable(gate);
        long sp = cpu.gpr[CpuState.RSP];
        if (stackTable != 0) {
            sp = stackPointerOfTss64(cpu, 28 + 8 * stackTable, ext);
        } else if (newCpl < cpu.cpl) {
            sp = stackPointerOfTss64(cpu, 4 + 8 * newCpl, ext);
        }
        sp &= ~15L;
        boolean hasErrorCode = source == EXCEPTION && GuestFault.pushesErrorCode(vector);
        boolean user = newCpl == 3;
        SegmentRegister ss = cpu.segments[CpuState.SS];
        Stack.probe(cpu, ss, true, sp, hasErrorCode ? 6 : 5, 8, user, ext);
        sp = Stack.push(cpu, ss, true, sp, 8, ss.selector, user, ext);
        sp = Stack.push(cpu, ss, true, sp, 8, cpu.gpr[CpuState.RSP], user, ext);
        sp = Stack.push(cpu, ss, true, sp, 8, flags, user, ext);
        sp = Stack.push(cpu, ss, true, sp, 8, cpu.segments[CpuState.CS].selector, user, ext);
        sp = Stack.push(cpu, ss, true, sp, 8, returnRip, user, ext);
        if (hasErrorCode) {
            sp = Stack.push(cpu, ss, true, sp, 8, errorCode, user, ext);
        }
        cpu.systemFlags &= ~(Eflags.TF | Eflags.NT | Eflags.RF | Eflags.VM);
        if ((type & 1) == 0) {
            cpu.systemFlags &= ~Eflags.IF;
        }
        if (newCpl != cpu.cpl) {
            ss.loadNull(newCpl);
        }
        Segmentation.loadCode(cpu, selector, code, newCpl);
        cpu.gpr[CpuState.RSP] = sp;
        cpu.setRip(offset);
    }
}
