package dev.arclet.emulator.cpu;

import dev.arclet.emulator.fault.GuestFault;

/**
 * Hardware task switches through 16-bit and 32-bit task-state segments (SDM vol. 3A, chapter 7).
 *
 * <p>Faults before the switch is committed belong to the old task and are thrown. Faults while the
 * new task's segments are loaded belong to the new task and are delivered there.
 */
final class TaskSwitch {
    private static final int JUMP = 0, CALL = 1, RETURN = 2;
    private static final int LIMIT32 = 0x67, LIMIT16 = 0x2B;

    private TaskSwitch() {}

    /** JMP or CALL to a TSS or through a task gate; privilege has been checked. */
    static void transfer(CpuState cpu, int selector, boolean call, long returnRip) {
        long descriptor = checkTarget(cpu, selector, GuestFault.GP, 0, false);
        perform(cpu, selector, descriptor, call ? CALL : JUMP, returnRip, cpu.eflags());
    }

    /**
     * An interrupt through a task gate.
     *
     * @return the size of an error code on the new task's stack: 2 or 4
     */
    static int interrupt(CpuState cpu, int selector, int ext, long returnRip, int flags) {
        long descriptor = checkTarget(cpu, selector, GuestFault.GP, ext, false);
        perform(cpu, selector, descriptor, CALL, returnRip, flags);
        return (cpu.tr.access & 8) != 0 ? 4 : 2;
    }

    /** IRET with EFLAGS.NT set: back to the task in the TSS's link field. */
    static void returnFromNested(CpuState cpu, long returnRip) {
        int selector = (int) cpu.mmu.loadSystem(cpu.tr.base & 0xFFFF_FFFFL, 2);
        long descriptor = checkTarget(cpu, selector, GuestFault.TS, 0, true);
        perform(cpu, selector, descriptor, RETURN, returnRip, cpu.eflags() & ~Eflags.NT);
    }

    private static long checkTarget(
            CpuState cpu, int selector, int vector, int ext, boolean wantBusy) {
        int error = selector & ~3 | ext;
        if ((selector & ~3) == 0 || (selector & 4) != 0) {
            throw cpu.fault(vector, error);
        }
        long descriptor = Segmentation.readDescriptor(cpu, selector, vector, ext);
        int type = Descriptor.access(descriptor) & 0x1F;
        boolean matches =
                wantBusy
                        ? type == Descriptor.TSS16_BUSY || type == Descriptor.TSS32_BUSY
                        : type == Descriptor.TSS16 || type == Descriptor.TSS32;
        if (!matches) {
            throw cpu.fault(vector, error);
        }
        if (!Descriptor.present(descriptor)) {
            throw cpu.fault(GuestFault.NP, error);
        }
        int least = (type & 8) != 0 ? LIMIT32 : LIMIT16;
        if (Descriptor.limit(descriptor) < least) {
            throw cpu.fault(GuestFault.TS, error);
        }
        return descriptor;
    }

    private static void perform(
            CpuState cpu, int selector, long descriptor, int kind, long returnRip, int flags) {
        boolean old32 = (cpu.tr.access & 8) != 0;
        boolean new32 = (Descriptor.type(descriptor) & 8) != 0;
        long newBase = Descriptor.base(descriptor);
        long newEntry = Segmentation.descriptorAddress(cpu, selector, GuestFault.GP, 0);

        // Whatever can fault in the old task's context does so here.
        cpu.mmu.probeWrite(at(cpu.tr.base, old32 ? 0x20 : 0x0E), old32 ? 0x40 : 0x1C, false);
        cpu.mmu.probeRead(newBase & 0xFFFF_FFFFL, (new32 ? LIMIT32 : LIMIT16) + 1, false);
        if (kind == CALL) {
            cpu.mmu.probeWrite(newBase & 0xFFFF_FFFFL, 2, false);
        }
        cpu.mmu.probeWrite(newEntry + 5, 1, false);
        if (kind != CALL) {
            long oldEntry = Segmentation.descriptorAddress(cpu, cpu.tr.selector, GuestFault.TS, 0);
            int access = (int) cpu.mmu.loadSystem(oldEntry + 5, 1);
            cpu.mmu.storeSystem(oldEntry + 5, 1, access & ~2);
        }
        saveOld(cpu, old32, returnRip, flags);

        // Everything is read before the link is written: the TSSs may be the same.
        int[] registers = new int[8];
        int[] selectors = new int[6];
        long base = newBase;
        int newCr3 = 0;
        int newIp;
        int newFlags;
        int newLdt;
        boolean trap = false;
        if (new32) {
            newCr3 = read(cpu, base, 0x1C, 4);
            newIp = read(cpu, base, 0x20, 4);
            newFlags = read(cpu, base, 0x24, 4);
            for (int i = 0; i < 8; i++) {
                registers[i] = read(cpu, base, 0x28 + 4 * i, 4);
            }
            for (int i = 0; i < 6; i++) {
                selectors[i] = read(cpu, base, 0x48 + 4 * i, 2);
            }
            newLdt = read(cpu, base, 0x60, 2);
            trap = (read(cpu, base, 0x64, 2) & 1) != 0;
        } else {
            newIp = read(cpu, base, 0x0E, 2);
            newFlags = read(cpu, base, 0x10, 2);
            for (int i = 0; i < 8; i++) {
                registers[i] = read(cpu, base, 0x12 + 2 * i, 2) | 0xFFFF_0000;
            }
            for (int i = 0; i < 4; i++) {
                selectors[i] = read(cpu, base, 0x22 + 2 * i, 2);
            }
            newLdt = read(cpu, base, 0x2A, 2);
        }
        if (kind == CALL) {
            cpu.mmu.storeSystem(at(newBase, 0), 2, cpu.tr.selector);
            newFlags |= Eflags.NT;
        }
        if (kind != RETURN) {
            cpu.mmu.storeSystem(newEntry + 5, 1, Descriptor.access(descriptor) | 2);
        }

        cpu.tr.load(selector, descriptor | 2L << 40);
        cpu.cr0 |= Control.CR0_TS;
        DebugRegisters.taskSwitched(cpu);
        if (new32 && (cpu.cr0 & Control.CR0_PG) != 0) {
            cpu.cr3 = newCr3 & 0xFFFF_FFFFL;
            if ((cpu.cr4 & Control.CR4_PAE) != 0) {
                cpu.mmu.loadPdptes(cpu.cr3);
            }
            cpu.mmu.setControl(cpu.cr0, cpu.cr3, cpu.cr4, cpu.efer, true);
        }
        for (int i = 0; i < 8; i++) {
            cpu.gpr[i] = registers[i] & 0xFFFF_FFFFL;
        }
        cpu.setRip(newIp & 0xFFFF_FFFFL);
        cpu.setArithmeticFlags(newFlags);
        cpu.systemFlags = newFlags & Eflags.SYSTEM;
        try {
            loadSegments(cpu, selectors, newLdt);
            if ((newIp & 0xFFFF_FFFFL) > cpu.segments[CpuState.CS].limit) {
                throw cpu.fault(GuestFault.GP, 0);
            }
        } catch (GuestFault fault) {
            Segmentation.modeChanged(cpu);
            Interrupts.exception(cpu, fault);
            return;
        }
        if (trap) {
            // Before the new task's first instruction.
            cpu.pendingDebug |= DebugRegisters.TASK_SWITCH;
        }
    }

    private static void saveOld(CpuState cpu, boolean old32, long returnRip, int flags) {
        long base = cpu.tr.base;
        if (old32) {
            write(cpu, base, 0x20, 4, returnRip);
            write(cpu, base, 0x24, 4, flags);
            for (int i = 0; i < 8; i++) {
                write(cpu, base, 0x28 + 4 * i, 4, cpu.gpr[i]);
            }
            for (int i = 0; i < 6; i++) {
                write(cpu, base, 0x48 + 4 * i, 2, cpu.segments[i].selector);
            }
        } else {
            write(cpu, base, 0x0E, 2, returnRip);
            write(cpu, base, 0x10, 2, flags);
            for (int i = 0; i < 8; i++) {
                write(cpu, base, 0x12 + 2 * i, 2, cpu.gpr[i]);
            }
            for (int i = 0; i < 4; i++) {
                write(cpu, base, 0x22 + 2 * i, 2, cpu.segments[i].selector);
            }
        }
    }

    private static void loadSegments(CpuState cpu, int[] selectors, int ldt) {
        boolean vm86 = Segmentation.isVm86(cpu);
        // Until each has passed its checks, the registers show their selectors but can't be used.
        cpu.ldtr.loadNull(ldt);
        for (int i = 0; i < 6; i++) {
            if (vm86) {
                cpu.segments[i].loadReal(selectors[i], true);
            } else if (i != CpuState.CS && i != CpuState.SS) {
                cpu.segments[i].loadNull(selectors[i]);
            } else {
                cpu.segments[i].selector = selectors[i];
            }
        }
        cpu.cpl = vm86 ? 3 : selectors[CpuState.CS] & 3;
        Segmentation.modeChanged(cpu);
        if ((ldt & ~3) != 0) {
            loadLdt(cpu, ldt);
        }
        if (vm86) {
            return;
        }
        int cs = selectors[CpuState.CS];
        if ((cs & ~3) == 0) {
            throw cpu.fault(GuestFault.TS, 0);
        }
        long code = Segmentation.readDescriptor(cpu, cs, GuestFault.TS, 0);
        int dpl = Descriptor.dpl(code);
        if (!Descriptor.isCode(code)
                || (Descriptor.isConforming(code) ? dpl > (cs & 3) : dpl != (cs & 3))) {
            throw cpu.fault(GuestFault.TS, cs & ~3);
        }
        if (!Descriptor.present(code)) {
            throw cpu.fault(GuestFault.NP, cs & ~3);
        }
        Segmentation.loadCode(cpu, cs, code, cs & 3);
        int ss = selectors[CpuState.SS];
        long stack = Interrupts.checkNewStack(cpu, ss, cs & 3, 0);
        Segmentation.markAccessed(cpu, ss, stack);
        cpu.segments[CpuState.SS].load(ss, stack);
        Segmentation.segmentChanged(cpu, CpuState.SS);
        for (int i = 0; i < 6; i++) {
            if (i != CpuState.CS && i != CpuState.SS && (selectors[i] & ~3) != 0) {
                long data = Segmentation.readDescriptor(cpu, selectors[i], GuestFault.TS, 0);
                Segmentation.checkData(cpu, selectors[i], data, cpu.cpl, GuestFault.TS);
                Segmentation.markAccessed(cpu, selectors[i], data);
                cpu.segments[i].load(selectors[i], data);
                Segmentation.segmentChanged(cpu, i);
            }
        }
    }

    private static void loadLdt(CpuState cpu, int selector) {
        int error = selector & ~3;
        if ((selector & 4) != 0) {
            throw cpu.fault(GuestFault.TS, error);
        }
        long descriptor = Segmentation.readDescriptor(cpu, selector, GuestFault.TS, 0);
        if ((Descriptor.access(descriptor) & 0x9F) != (0x80 | Descriptor.LDT)) {
            throw cpu.fault(GuestFault.TS, error);
        }
        cpu.ldtr.load(selector, descriptor);
    }

    private static long at(long base, int offset) {
        return base + offset & 0xFFFF_FFFFL;
    }

    private static int read(CpuState cpu, long base, int offset, int bytes) {
        return (int) cpu.mmu.loadSystem(at(base, offset), bytes);
    }

    private static void write(CpuState cpu, long base, int offset, int bytes, long value) {
        cpu.mmu.storeSystem(at(base, offset), bytes, value);
    }
}
