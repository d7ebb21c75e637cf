package dev.arclet.emulator.cpu.interp;

import dev.arclet.emulator.cpu.Control;
import dev.arclet.emulator.cpu.ControlRegisters;
import dev.arclet.emulator.cpu.CpuFeature;
import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.Cpuid;
import dev.arclet.emulator.cpu.DebugRegisters;
import dev.arclet.emulator.cpu.Eflags;
import dev.arclet.emulator.cpu.ExtendedState;
import dev.arclet.emulator.cpu.LazyFlags;
import dev.arclet.emulator.cpu.Msrs;
import dev.arclet.emulator.cpu.Segmentation;
import dev.arclet.emulator.cpu.SystemSegments;
import dev.arclet.emulator.cpu.decode.Instruction;
import dev.arclet.emulator.cpu.decode.Mnemonic;
import dev.arclet.emulator.cpu.decode.Operand;
import dev.arclet.emulator.fault.GuestFault;

/** Instructions on the system registers, and those that only the system's software may use. */
final class SystemOps {
    private SystemOps() {}

    static void register(OpTable table) {
        registerTables(table);
        registerSelectors(table);
        registerFlags(table);
        registerControl(table);
        registerCounters(table);
        registerBases(table);
        for (Mnemonic absent :
                new Mnemonic[] {
                    Mnemonic.MONITOR,
                    Mnemonic.MWAIT,
                    Mnemonic.INVPCID,
                    Mnemonic.RDRAND,
                    Mnemonic.RDSEED,
                    Mnemonic.RDPID,
                    Mnemonic.XSAVEOPT,
                    Mnemonic.RSM
                }) {
            table.put(absent, (i, p) -> SystemOp.inside(SystemOps::undefined));
        }
    }

    private static void undefined(CpuState cpu) {
        throw cpu.fault(GuestFault.UD, 0);
    }

    private static void requireCpl0(CpuState cpu) {
        if (cpu.cpl != 0) {
            throw cpu.fault(GuestFault.GP, 0);
        }
    }

    /** UMIP: what tells user code where the system's tables are. */
    private static void requireVisible(CpuState cpu) {
        if (cpu.cpl != 0 && (cpu.cr4 & Control.CR4_UMIP) != 0) {
            throw cpu.fault(GuestFault.GP, 0);
        }
    }

    private static void require(CpuState cpu, CpuFeature feature) {
        if (!cpu.model.has(feature)) {
            throw cpu.fault(GuestFault.UD, 0);
        }
    }

    // Descriptor table registers

    private static void registerTables(OpTable table) {
        table.put(Mnemonic.LGDT, (i, p) -> loadTable(i, p, true));
        table.put(Mnemonic.LIDT, (i, p) -> loadTable(i, p, false));
        table.put(Mnemonic.SGDT, (i, p) -> storeTable(i, p, true));
        table.put(Mnemonic.SIDT, (i, p) -> storeTable(i, p, false));
    }

    private static Op loadTable(Instruction instruction, Op.Place place, boolean global) {
        Operand.Memory memory = (Operand.Memory) instruction.operand(0);
        EffectiveAddress address = new EffectiveAddress(memory, place);
        boolean wide = memory.size() == 10;
        boolean short24 = instruction.operandSize() == 2;
        return SystemOp.last(
                place,
                cpu -> {
                    requireCpl0(cpu);
                    long linear = address.read(cpu, memory.size());
                    int limit = cpu.mmu.load16(linear);
                    long at = (linear + 2) & cpu.linearMask;
                    long base = wide ? cpu.mmu.load64(at) : cpu.mmu.load32(at) & Gpr.MASK32;
                    if (short24) {
                        base &= 0xFF_FFFF;
                    }
                    if (!Segmentation.isCanonical(base)) {
                        throw cpu.fault(GuestFault.GP, 0);
                    }
                    if (global) {
                        cpu.gdtBase = base;
                        cpu.gdtLimit = limit;
                    } else {
                        cpu.idtBase = base;
                        cpu.idtLimit = limit;
                    }
                });
    }

    private static Op storeTable(Instruction instruction, Op.Place place, boolean global) {
        Operand.Memory memory = (Operand.Memory) instruction.operand(0);
        EffectiveAddress address = new EffectiveAddress(memory, place);
        boolean wide = memory.size() == 10;
        return SystemOp.inside(
                cpu -> {
                    requireVisible(cpu);
                    long linear = address.write(cpu, memory.size());
                    cpu.mmu.probeWrite(linear, memory.size());
                    long base = global ? cpu.gdtBase : cpu.idtBase;
                    cpu.mmu.store16(linear, global ? cpu.gdtLimit : cpu.idtLimit);
                    long at = (linear + 2) & cpu.linearMask;
                    if (wide) {
                        cpu.mmu.store64(at, base);
                    } else {
                        cpu.mmu.store32(at, (int) base);
                    }
                });
    }

    // Instructions on selectors

    private static void registerSelectors(OpTable table) {
        table.put(Mnemonic.LLDT, (i, p) -> loadSelector(i, p, SystemSegments::loadLdt));
        table.put(Mnemonic.LTR, (i, p) -> loadSelector(i, p, SystemSegments::loadTask));
        table.put(Mnemonic.SLDT, (i, p) -> storeSelector(i, p, true));
        table.put(Mnemonic.STR, (i, p) -> storeSelector(i, p, false));
        table.put(Mnemonic.VERR, (i, p) -> verify(i, p, false));
        table.put(Mnemonic.VERW, (i, p) -> verify(i, p, true));
        table.put(Mnemonic.LAR, (i, p) -> inspect(i, p, SystemSegments::accessRights));
        table.put(Mnemonic.LSL, (i, p) -> inspect(i, p, SystemSegments::limit));
        table.put(Mnemonic.ARPL, SystemOps::arpl);
    }

    @FunctionalInterface
    private interface SelectorAction {
        void run(CpuState cpu, int selector);
    }

    @FunctionalInterface
    private interface SelectorQuery {
        long ask(CpuState cpu, int selector);
    }

    private static Op loadSelector(Instruction instruction, Op.Place place, SelectorAction action) {
        Location source = Location.of(instruction.operand(0), place);
        return SystemOp.last(
                place,
                cpu -> {
                    SystemSegments.requireProtected(cpu);
                    requireCpl0(cpu);
                    action.run(cpu, (int) source.read(cpu) & 0xFFFF);
                });
    }

    private static Op storeSelector(Instruction instruction, Op.Place place, boolean local) {
        Location target = Location.of(instruction.operand(0), place);
        return SystemOp.inside(
                cpu -> {
                    SystemSegments.requireProtected(cpu);
                    requireVisible(cpu);
                    target.write(cpu, (local ? cpu.ldtr : cpu.tr).selector);
                });
    }

    private static void setZero(CpuState cpu, boolean zero) {
        int others = LazyFlags.compute(cpu) & ~LazyFlags.ZF;
        cpu.setArithmeticFlags(zero ? others | LazyFlags.ZF : others);
    }

    private static Op verify(Instruction instruction, Op.Place place, boolean write) {
        Location source = Location.of(instruction.operand(0), place);
        return SystemOp.inside(
                cpu -> {
                    SystemSegments.requireProtected(cpu);
                    int selector = (int) source.read(cpu) & 0xFFFF;
                    setZero(
                            cpu,
                            write
                                    ? SystemSegments.isWritable(cpu, selector)
                                    : SystemSegments.isReadable(cpu, selector));
                });
    }

    private static Op inspect(Instruction instruction, Op.Place place, SelectorQuery query) {
        Location target = Location.of(instruction.operand(0), place);
        Location source = Location.of(instruction.operand(1), place);
        return SystemOp.inside(
                cpu -> {
                    SystemSegments.requireProtected(cpu);
                    long answer = query.ask(cpu, (int) source.read(cpu) & 0xFFFF);
                    if (answer >= 0) {
                        target.write(cpu, answer);
                    }
                    setZero(cpu, answer >= 0);
                });
    }

    private static Op arpl(Instruction instruction, Op.Place place) {
        Location target = Location.of(instruction.operand(0), place);
        Location source = Location.of(instruction.operand(1), place);
        return SystemOp.inside(
                cpu -> {
                    SystemSegments.requireProtected(cpu);
                    // Nothing is written back unless it changes: read-only memory is no fault then.
                    long selector = target.read(cpu);
                    long wanted = source.read(cpu) & 3;
                    boolean raised = (selector & 3) < wanted;
                    if (raised) {
                        target.write(cpu, target.address(cpu), selector & ~3L | wanted);
                    }
                    setZero(cpu, raised);
                });
    }

    // Flags

    private static void registerFlags(OpTable table) {
        table.put(Mnemonic.CLI, (i, p) -> SystemOp.last(p, Eflags::clearInterrupt));
        table.put(Mnemonic.STI, (i, p) -> SystemOp.last(p, Eflags::setInterrupt));
        table.put(Mnemonic.PUSHF, SystemOps::pushf);
        table.put(Mnemonic.POPF, SystemOps::popf);
        table.put(Mnemonic.CLAC, (i, p) -> SystemOp.last(p, cpu -> alignment(cpu, 0)));
        table.put(Mnemonic.STAC, (i, p) -> SystemOp.last(p, cpu -> alignment(cpu, Eflags.AC)));
    }

    private static Op pushf(Instruction instruction, Op.Place place) {
        int bytes = instruction.operandSize();
        return SystemOp.inside(cpu -> Stack.push(cpu, bytes, Eflags.pushImage(cpu, bytes)));
    }

    private static Op popf(Instruction instruction, Op.Place place) {
        int bytes = instruction.operandSize();
        return SystemOp.last(
                place,
                cpu -> {
                    Eflags.pop(cpu, bytes, (int) Stack.top(cpu, bytes));
                    Stack.release(cpu, bytes);
                });
    }

    private static void alignment(CpuState cpu, int value) {
        require(cpu, CpuFeature.SMAP);
        if (cpu.cpl != 0) {
            throw cpu.fault(GuestFault.UD, 0);
        }
        cpu.systemFlags = cpu.systemFlags & ~Eflags.AC | value;
        Segmentation.privilegeChanged(cpu);
    }

    // Control and debug registers

    private static void registerControl(OpTable table) {
        table.put(Mnemonic.MOV, Operand.File.CONTROL, SystemOps::movControl);
        table.put(Mnemonic.MOV, Operand.File.DEBUG, SystemOps::movDebug);
        table.put(Mnemonic.CLTS, (i, p) -> privileged(p, ControlRegisters::clearTaskSwitched));
        table.put(Mnemonic.LMSW, SystemOps::lmsw);
        table.put(Mnemonic.SMSW, SystemOps::smsw);
        table.put(Mnemonic.INVLPG, SystemOps::invlpg);
        table.put(Mnemonic.INVD, (i, p) -> privileged(p, cpu -> {}));
        table.put(Mnemonic.WBINVD, (i, p) -> privileged(p, cpu -> {}));
        table.put(Mnemonic.CLFLUSH, SystemOps::clflush);
        table.put(Mnemonic.HLT, (i, p) -> privileged(p, cpu -> cpu.halted = true));
        table.put(Mnemonic.XGETBV, (i, p) -> SystemOp.inside(SystemOps::xgetbv));
        table.put(Mnemonic.XSETBV, (i, p) -> SystemOp.last(p, SystemOps::xsetbv));
        // Every access looks into the TLB, which these keep right: they need not end a block.
        table.put(Mnemonic.RDPKRU, (i, p) -> SystemOp.inside(SystemOps::rdpkru));
        table.put(Mnemonic.WRPKRU, (i, p) -> SystemOp.inside(SystemOps::wrpkru));
    }

    private static Op privileged(Op.Place place, SystemOp.Action action) {
        return SystemOp.last(
                place,
                cpu -> {
                    requireCpl0(cpu);
                    action.run(cpu);
                });
    }

    private static Op movControl(Instruction instruction, Op.Place place) {
        Operand.Register target = (Operand.Register) instruction.operand(0);
        Operand.Register source = (Operand.Register) instruction.operand(1);
        int bytes = target.size();
        if (target.file() == Operand.File.CONTROL) {
            return privileged(
                    place,
                    cpu ->
                            ControlRegisters.write(
                                    cpu, target.index(), Gpr.get(cpu, source.index(), bytes)));
        }
        return SystemOp.inside(
                cpu -> {
                    requireCpl0(cpu);
                    long value = ControlRegisters.read(cpu, source.index());
                    Gpr.set(cpu, target.index(), bytes, value);
                });
    }

    private static Op movDebug(Instruction instruction, Op.Place place) {
        Operand.Register target = (Operand.Register) instruction.operand(0);
        Operand.Register source = (Operand.Register) instruction.operand(1);
        int bytes = target.size();
        if (target.file() == Operand.File.DEBUG) {
            return privileged(
                    place,
                    cpu ->
                            DebugRegisters.write(
                                    cpu, target.index(), Gpr.get(cpu, source.index(), bytes)));
        }
        return SystemOp.inside(
                cpu -> {
                    requireCpl0(cpu);
                    long value = DebugRegisters.read(cpu, source.index());
                    Gpr.set(cpu, target.index(), bytes, value);
                });
    }

    private static Op lmsw(Instruction instruction, Op.Place place) {
        Location source = Location.of(instruction.operand(0), place);
        return privileged(
                place, cpu -> ControlRegisters.loadMachineStatus(cpu, (int) source.read(cpu)));
    }

    private static Op smsw(Instruction instruction, Op.Place place) {
        Location target = Location.of(instruction.operand(0), place);
        return SystemOp.inside(
                cpu -> {
                    requireVisible(cpu);
                    target.write(cpu, cpu.cr0);
                });
    }

    private static Op invlpg(Instruction instruction, Op.Place place) {
        EffectiveAddress address =
                new EffectiveAddress((Operand.Memory) instruction.operand(0), place);
        return privileged(
                place,
                cpu -> {
                    long linear =
                            cpu.segments[address.segment].effectiveBase + address.offset(cpu)
                                    & cpu.linearMask;
                    cpu.mmu.invalidatePage(linear);
                });
    }

    private static Op clflush(Instruction instruction, Op.Place place) {
        EffectiveAddress address =
                new EffectiveAddress((Operand.Memory) instruction.operand(0), place);
        return SystemOp.inside(
                cpu -> {
                    require(cpu, CpuFeature.CLFSH);
                    cpu.mmu.probeRead(address.read(cpu, 1), 1);
                });
    }

    private static void xgetbv(CpuState cpu) {
        requireXsave(cpu);
        if ((int) cpu.gpr[CpuState.RCX] != 0) {
            throw cpu.fault(GuestFault.GP, 0);
        }
        Gpr.set32(cpu, CpuState.RAX, cpu.xcr0);
        Gpr.set32(cpu, CpuState.RDX, cpu.xcr0 >>> 32);
    }

    private static void xsetbv(CpuState cpu) {
        requireXsave(cpu);
        requireCpl0(cpu);
        long value = edxEax(cpu);
        // x87 state is always on.
        if ((int) cpu.gpr[CpuState.RCX] != 0
                || (value & ~ExtendedState.components(cpu.model)) != 0
                || (value & 1) == 0) {
            throw cpu.fault(GuestFault.GP, 0);
        }
        cpu.xcr0 = value;
    }

    private static void rdpkru(CpuState cpu) {
        requireKeys(cpu);
        if ((int) cpu.gpr[CpuState.RCX] != 0) {
            throw cpu.fault(GuestFault.GP, 0);
        }
        setEdxEax(cpu, cpu.userKeyRights() & Gpr.MASK32);
    }

    private static void wrpkru(CpuState cpu) {
        requireKeys(cpu);
        if ((int) cpu.gpr[CpuState.RCX] != 0 || (int) cpu.gpr[CpuState.RDX] != 0) {
            throw cpu.fault(GuestFault.GP, 0);
        }
        cpu.setUserKeyRights((int) cpu.gpr[CpuState.RAX]);
    }

    private static void requireKeys(CpuState cpu) {
        if ((cpu.cr4 & Control.CR4_PKE) == 0) {
            throw cpu.fault(GuestFault.UD, 0);
        }
    }

    private static void requireXsave(CpuState cpu) {
        if ((cpu.cr4 & Control.CR4_OSXSAVE) == 0) {
            throw cpu.fault(GuestFault.UD, 0);
        }
    }

    // Identification, time, model-specific registers

    private static void registerCounters(OpTable table) {
        table.put(Mnemonic.CPUID, (i, p) -> SystemOp.last(p, Cpuid::execute));
        table.put(Mnemonic.RDTSC, (i, p) -> SystemOp.last(p, SystemOps::rdtsc));
        table.put(Mnemonic.RDTSCP, (i, p) -> SystemOp.last(p, SystemOps::rdtscp));
        table.put(Mnemonic.RDPMC, (i, p) -> SystemOp.last(p, SystemOps::rdpmc));
        table.put(Mnemonic.RDMSR, (i, p) -> privileged(p, SystemOps::rdmsr));
        table.put(Mnemonic.WRMSR, (i, p) -> privileged(p, SystemOps::wrmsr));
    }

    private static void rdtsc(CpuState cpu) {
        if (cpu.cpl != 0 && (cpu.cr4 & Control.CR4_TSD) != 0) {
            throw cpu.fault(GuestFault.GP, 0);
        }
        setEdxEax(cpu, Msrs.timeStampCounter(cpu));
    }

    private static void rdtscp(CpuState cpu) {
        require(cpu, CpuFeature.RDTSCP);
        rdtsc(cpu);
        Gpr.set32(cpu, CpuState.RCX, cpu.msrs.tscAux);
    }

    /** There are no counters, so every index is out of range. */
    private static void rdpmc(CpuState cpu) {
        throw cpu.fault(GuestFault.GP, 0);
    }

    private static void rdmsr(CpuState cpu) {
        setEdxEax(cpu, cpu.msrs.read(cpu, (int) cpu.gpr[CpuState.RCX]));
    }

    private static void wrmsr(CpuState cpu) {
        cpu.msrs.write(cpu, (int) cpu.gpr[CpuState.RCX], edxEax(cpu));
    }

    private static long edxEax(CpuState cpu) {
        return cpu.gpr[CpuState.RDX] << 32 | cpu.gpr[CpuState.RAX] & Gpr.MASK32;
    }

    private static void setEdxEax(CpuState cpu, long value) {
        Gpr.set32(cpu, CpuState.RAX, value);
        Gpr.set32(cpu, CpuState.RDX, value >>> 32);
    }

    // Segment bases of 64-bit mode

    private static void registerBases(OpTable table) {
        table.put(Mnemonic.SWAPGS, (i, p) -> privileged(p, SystemOps::swapgs));
        table.put(Mnemonic.RDFSBASE, (i, p) -> readBase(i, p, CpuState.FS));
        table.put(Mnemonic.RDGSBASE, (i, p) -> readBase(i, p, CpuState.GS));
        table.put(Mnemonic.WRFSBASE, (i, p) -> writeBase(i, p, CpuState.FS));
        table.put(Mnemonic.WRGSBASE, (i, p) -> writeBase(i, p, CpuState.GS));
    }

    private static void swapgs(CpuState cpu) {
        long base = cpu.segments[CpuState.GS].base;
        Segmentation.setBase(cpu, CpuState.GS, cpu.msrs.kernelGsBase);
        cpu.msrs.kernelGsBase = base;
    }

    private static void requireBaseAccess(CpuState cpu) {
        if ((cpu.cr4 & Control.CR4_FSGSBASE) == 0) {
            throw cpu.fault(GuestFault.UD, 0);
        }
    }

    private static Op readBase(Instruction instruction, Op.Place place, int segment) {
        Location target = Location.of(instruction.operand(0), place);
        return SystemOp.inside(
                cpu -> {
                    requireBaseAccess(cpu);
                    target.write(cpu, cpu.segments[segment].base);
                });
    }

    private static Op writeBase(Instruction instruction, Op.Place place, int segment) {
        Location source = Location.of(instruction.operand(0), place);
        return SystemOp.last(
                place,
                cpu -> {
                    requireBaseAccess(cpu);
                    long base = source.read(cpu);
                    if (!Segmentation.isCanonical(base)) {
                        throw cpu.fault(GuestFault.GP, 0);
                    }
                    Segmentation.setBase(cpu, segment, base);
                });
    }
}
