package dev.arclet.emulator.cpu;

import dev.arclet.emulator.cpu.fpu.X87State;
import dev.arclet.emulator.cpu.simd.SseFloat;
import dev.arclet.emulator.fault.GuestFault;
import dev.arclet.emulator.mmu.Mmu;
import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotReader;
import dev.arclet.emulator.snapshot.SnapshotWriter;
import dev.arclet.emulator.snapshot.Stateful;
import java.util.Arrays;

/**
 * The architectural state of one logical processor, and what the execution engines share. Fields
 * are public and plain: the interpreter and translated code touch them on every instruction.
 *
 * <p>All of it belongs to the machine thread, except {@link #attention}, which any thread may set.
 */
public final class CpuState implements Stateful {
    /** Index into {@link #gpr}. */
    public static final int RAX = 0, RCX = 1, RDX = 2, RBX = 3, RSP = 4, RBP = 5, RSI = 6, RDI = 7;

    /** Index into {@link #gpr} of a register that is always zero: "no base", "no index". */
    public static final int ZERO = 16;

    /** Index into {@link #gpr} of RIP. */
    public static final int RIP = 17;

    /** Index into {@link #segments}, in the SDM's encoding. */
    public static final int ES = 0, CS = 1, SS = 2, DS = 3, FS = 4, GS = 5;

    /**
     * General registers 0..15 in encoding order, then {@link #ZERO} and {@link #RIP}. Outside
     * 64-bit mode the upper halves of 0..7 are zero.
     *
     * <p>While a decoded block or a translated region runs, RIP is that of its first instruction;
     * the engine makes it exact at the end, at faults and wherever an operation could look.
     */
    public final long[] gpr = new long[18];

    /** ES CS SS DS FS GS. */
    public final SegmentRegister[] segments = new SegmentRegister[6];

    /** Local descriptor table register. */
    public final SegmentRegister ldtr = new SegmentRegister();

    /** Task register. */
    public final SegmentRegister tr = new SegmentRegister();

    /** Descriptor table base. */
    public long gdtBase, idtBase;

    /** Descriptor table limit. */
    public int gdtLimit, idtLimit;

    /** Control registers. CR8 is the TPR of the local APIC. */
    public long cr0, cr2, cr3, cr4;

    /** Task priority (CR8), 0..15. */
    public int cr8;

    /** IA32_EFER. */
    public long efer;

    /** Debug registers; 4 and 5 are unused (aliases). */
    public final long[] dr = new long[8];

    /** Model-specific registers that are plain storage or have side effects. */
    public final Msrs msrs = new Msrs();

    /** EFLAGS without CF PF AF ZF SF OF, which are lazy; see {@link LazyFlags}. */
    public int systemFlags;

    /** Lazy arithmetic flags: what the last flag-setting operation was ({@link LazyFlags}). */
    public int flagKind;

    /** Lazy arithmetic flags: operands and result, meaning by {@link #flagKind}. */
    public long flagDst, flagSrc, flagResult;

    /** x87 and MMX registers. */
    public final X87State x87 = new X87State();

    /**
     * XMM registers: XMMi is {@code xmm[2i]} (low) and {@code xmm[2i + 1]} (high quadword). The
     * last two elements, from {@link #XMM_SCRATCH}, hold a memory operand within an instruction.
     */
    public final long[] xmm = new long[34];

    /** Index into {@link #xmm} of what is no register but a memory operand's place. */
    public static final int XMM_SCRATCH = 32;

    /** What SSE instructions compute floating-point results in; holds no architectural state. */
    public final SseFloat sse = new SseFloat();

    /** SSE control and status. */
    public int mxcsr = 0x1F80;

    /** XCR0. */
    public long xcr0 = 1;

    /** PKRU; set by {@link #setUserKeyRights}. */
    private int userKeyRights;

    /** Current privilege level, 0..3. */
    public int cpl;

    /** Code size of the current CS: 2, 4 or 8 bytes of default address size. */
    public int codeSize = 2;

    /** Derived: real or virtual-8086 mode, as the segments' own derived fields take it. */
    boolean realStyle = true;

    /** Derived: mask for linear addresses: 32 bits outside 64-bit mode, else all ones. */
    public long linearMask = 0xFFFF_FFFFL;

    /** Derived: mask for the stack pointer: 0xFFFF, 0xFFFFFFFF or all ones. */
    public long stackMask = 0xFFFF;

    /** Instructions completed since reset; exact between blocks. */
    public long instructions;

    /** The INTR pin. RESET and INIT leave it. */
    public boolean interruptLine;

    /** An NMI is latched. */
    public boolean nmiPending;

    /** NMIs are blocked until IRET. */
    public boolean nmiBlocked;

    /** Interrupts are held off for one instruction (after STI, MOV SS, POP SS). */
    public boolean interruptShadow;

    /** Debug exceptions are held off for one instruction (after MOV SS, POP SS). */
    public boolean debugShadow;

    /** Bits to set in DR6 by a debug exception that is due before the next instruction. */
    public int pendingDebug;

    /**
     * Set by instructions behind which single-stepping goes by the flags that they have loaded, and
     * not by those before: software interrupts, SYSCALL, SYSRET. Holds no architectural state.
     */
    public boolean stepByNewFlags;

    /** In HLT. */
    public boolean halted;

    /** Shut down by a triple fault. */
    public boolean shutdown;

    /** Something wants the run loop: leave the engine at the next block or region end. */
    public volatile boolean attention;

    /** Looks at exceptions before delivery by {@code Interrupts}; null if nobody does. */
    public ExceptionObserver exceptionObserver;

    /** The address translation of this processor. */
    public final Mmu mmu;

    /** The board. */
    public final CpuBus bus;

    private final GuestFault fault = new GuestFault();

    /** What the guest is told that this processor is; to be changed before RESET only. */
    public CpuModel model = CpuModel.STANDARD;

    /** For control transfers: segments that are checked before they become current. */
    final SegmentRegister pendingStack = new SegmentRegister();

    /** A processor after RESET. */
    public CpuState(Mmu mmu, CpuBus bus) {
        this.mmu = mmu;
        this.bus = bus;
        for (int i = 0; i < segments.length; i++) {
            segments[i] = new SegmentRegister();
        }
        reset();
    }

    /** RESET (SDM vol. 3A, table 10-1): real mode, at the last 16 bytes below 4 GiB. */
    public void reset() {
        initialise();
        x87.reset();
        Arrays.fill(xmm, 0);
        mxcsr = 0x1F80;
        xcr0 = 1;
        userKeyRights = 0;
        msrs.reset();
        keyRightsChanged();
        cr0 = Control.CR0_CD | Control.CR0_NW | Control.CR0_ET;
        mmu.setControl(cr0, cr3, cr4, efer, true);
        Segmentation.modeChanged(this);
        mmu.flushAll();
    }

    /**
     * INIT (SDM vol. 3A, table 10-1): as RESET, but the x87, SSE and model-specific registers and
     * the cache control bits stay.
     */
    public void init() {
        long cache = cr0 & (Control.CR0_CD | Control.CR0_NW);
        initialise();
        cr0 = cache | Control.CR0_ET;
        mmu.setControl(cr0, cr3, cr4, efer, true);
        Segmentation.modeChanged(this);
        mmu.flushAll();
    }

    private void initialise() {
        Arrays.fill(gpr, 0);
        gpr[RDX] = model.signature();
        gpr[RIP] = 0xFFF0;
        for (SegmentRegister segment : segments) {
            segment.loadReal(0, false);
            segment.limit = 0xFFFF;
            segment.big = false;
            segment.granular = false;
        }
        segments[CS].selector = 0xF000;
        segments[CS].base = 0xFFFF_0000L;
        ldtr.loadNull(0);
        ldtr.access = 0x82;
        ldtr.limit = 0xFFFF;
        ldtr.unusable = false;
        tr.loadNull(0);
        tr.access = 0x8B;
        tr.limit = 0xFFFF;
        tr.unusable = false;
        gdtBase = 0;
        idtBase = 0;
        gdtLimit = 0xFFFF;
        idtLimit = 0xFFFF;
        cr2 = 0;
        cr3 = 0;
        cr4 = 0;
        cr8 = 0;
        efer = 0;
        Arrays.fill(dr, 0);
        dr[6] = 0xFFFF_0FF0L;
        dr[7] = 0x400;
        DebugRegisters.changed(this);
        mmu.takeWatchHits();
        pendingDebug = 0;
        debugShadow = false;
        systemFlags = 0;
        setArithmeticFlags(0);
        cpl = 0;
        nmiPending = false;
        nmiBlocked = false;
        interruptShadow = false;
        halted = false;
        shutdown = false;
    }

    /** A fault of this processor, to be thrown: {@code throw cpu.fault(GuestFault.GP, 0)}. */
    public GuestFault fault(int vector, int errorCode) {
        return fault.set(vector, errorCode);
    }

    /** PKRU: access and write disable bits of the protection keys of user pages. */
    public int userKeyRights() {
        return userKeyRights;
    }

    /** Writes PKRU. */
    public void setUserKeyRights(int value) {
        userKeyRights = value;
        keyRightsChanged();
    }

    void keyRightsChanged() {
        mmu.setKeyRights(userKeyRights, (int) msrs.supervisorKeyRights);
    }

    /** Instruction pointer; see {@link #gpr}. */
    public long rip() {
        return gpr[RIP];
    }

    /** Sets the instruction pointer. */
    public void setRip(long rip) {
        gpr[RIP] = rip;
    }

    /**
     * What an instruction pointer that runs on sequentially is cut to: all of it in 64-bit mode,
     * else EIP. A 16-bit segment does not wrap it; its limit stops it.
     */
    public long ripMask() {
        return codeSize == 8 ? -1L : 0xFFFF_FFFFL;
    }

    /** Whether the processor runs in 64-bit mode (not compatibility mode). */
    public boolean in64BitMode() {
        return codeSize == 8;
    }

    /** The complete EFLAGS image, bit 1 set. */
    public int eflags() {
        return systemFlags | LazyFlags.compute(this) | 2;
    }

    /** Sets CF PF AF ZF SF OF from an EFLAGS image; other bits of it are ignored. */
    public void setArithmeticFlags(int flags) {
        flagKind = LazyFlags.EXPLICIT;
        flagResult = flags & LazyFlags.MASK;
    }

    @Override
    public String sectionId() {
        return "cpu";
    }

    @Override
    public int sectionVersion() {
        return 4;
    }

    @Override
    public void save(SnapshotWriter out) {
        out.putLongs("gpr", Arrays.copyOf(gpr, 16));
        out.putLong("rip", gpr[RIP]);
        out.putInt("eflags", eflags());
        for (SegmentRegister segment : segments) {
            segment.save(out);
        }
        ldtr.save(out);
        tr.save(out);
        out.putLong("gdt-base", gdtBase);
        out.putInt("gdt-limit", gdtLimit);
        out.putLong("idt-base", idtBase);
        out.putInt("idt-limit", idtLimit);
        out.putLong("cr0", cr0);
        out.putLong("cr2", cr2);
        out.putLong("cr3", cr3);
        out.putLong("cr4", cr4);
        out.putInt("cr8", cr8);
        out.putLong("efer", efer);
        out.putLongs("dr", dr);
        msrs.save(out);
        saveRegisters(out);
        out.putLong("xcr0", xcr0);
        out.putInt("pkru", userKeyRights);
        out.putLong("pkrs", msrs.supervisorKeyRights);
        out.putInt("cpl", cpl);
        out.putLong("instructions", instructions);
        out.putBoolean("interrupt-line", interruptLine);
        out.putBoolean("nmi-pending", nmiPending);
        out.putBoolean("nmi-blocked", nmiBlocked);
        out.putBoolean("interrupt-shadow", interruptShadow);
        out.putBoolean("debug-shadow", debugShadow);
        out.putInt("pending-debug", pendingDebug | mmu.watchHits());
        out.putBoolean("halted", halted);
        out.putBoolean("shutdown", shutdown);
        mmu.saveRegisters(out);
    }

    private void saveRegisters(SnapshotWriter out) {
        out.putLongs("x87-significand", x87.significand);
        out.putInts("x87-sign-exponent", x87.signExponent);
        out.putInt("x87-control", x87.control);
        out.putInt("x87-status", x87.statusWord());
        out.putInt("x87-valid", x87.valid);
        out.putLong("x87-instruction-pointer", x87.instructionPointer);
        out.putLong("x87-data-pointer", x87.dataPointer);
        out.putInt("x87-instruction-selector", x87.instructionSelector);
        out.putInt("x87-data-selector", x87.dataSelector);
        out.putInt("x87-last-opcode", x87.lastOpcode);
        out.putLongs("xmm", xmm);
        out.putInt("mxcsr", mxcsr);
    }

    @Override
    public void restore(SnapshotReader in, int version) throws SnapshotException {
        long[] general = new long[16];
        in.getLongs("gpr", general);
        System.arraycopy(general, 0, gpr, 0, 16);
        gpr[RIP] = in.getLong("rip");
        int flags = in.getInt("eflags");
        setArithmeticFlags(flags);
        systemFlags = flags & Eflags.SYSTEM;
        for (SegmentRegister segment : segments) {
            segment.restore(in);
        }
        ldtr.restore(in);
        tr.restore(in);
        gdtBase = in.getLong("gdt-base");
        gdtLimit = in.getInt("gdt-limit", 0, 0xFFFF);
        idtBase = in.getLong("idt-base");
        idtLimit = in.getInt("idt-limit", 0, 0xFFFF);
        cr0 = in.getLong("cr0");
        cr2 = in.getLong("cr2");
        cr3 = in.getLong("cr3");
        cr4 = in.getLong("cr4");
        cr8 = in.getInt("cr8", 0, 15);
        efer = in.getLong("efer");
        in.getLongs("dr", dr);
        msrs.restore(in);
        restoreRegisters(in);
        xcr0 = in.getLong("xcr0");
        userKeyRights = version >= 4 ? in.getInt("pkru") : 0;
        msrs.supervisorKeyRights = version >= 4 ? in.getLong("pkrs") & 0xFFFF_FFFFL : 0;
        cpl = in.getInt("cpl", 0, 3);
        instructions = in.getLong("instructions");
        interruptLine = in.getBoolean("interrupt-line");
        nmiPending = in.getBoolean("nmi-pending");
        nmiBlocked = in.getBoolean("nmi-blocked");
        interruptShadow = in.getBoolean("interrupt-shadow");
        mmu.takeWatchHits();
        debugShadow = version >= 2 && in.getBoolean("debug-shadow");
        pendingDebug = version >= 2 ? in.getInt("pending-debug", 0, 0xFFFF) : 0;
        halted = in.getBoolean("halted");
        shutdown = in.getBoolean("shutdown");
        mmu.setControl(cr0, cr3, cr4, efer, true);
        keyRightsChanged();
        Segmentation.modeChanged(this);
        DebugRegisters.changed(this);
        mmu.restoreRegisters(in);
        if (version < 3) {
            mmu.restore(in, 1);
        }
        attention = true;
    }

    private void restoreRegisters(SnapshotReader in) throws SnapshotException {
        in.getLongs("x87-significand", x87.significand);
        in.getInts("x87-sign-exponent", x87.signExponent);
        x87.control = in.getInt("x87-control", 0, 0xFFFF);
        x87.setStatusWord(in.getInt("x87-status", 0, 0xFFFF));
        x87.valid = in.getInt("x87-valid", 0, 0xFF);
        x87.instructionPointer = in.getLong("x87-instruction-pointer");
        x87.dataPointer = in.getLong("x87-data-pointer");
        x87.instructionSelector = in.getInt("x87-instruction-selector", 0, 0xFFFF);
        x87.dataSelector = in.getInt("x87-data-selector", 0, 0xFFFF);
        x87.lastOpcode = in.getInt("x87-last-opcode");
        in.getLongs("xmm", xmm);
        mxcsr = in.getInt("mxcsr");
    }
}
