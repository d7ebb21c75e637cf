package dev.arclet.emulator.cpu.interp;

import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.DebugRegisters;
import dev.arclet.emulator.cpu.ExecutionEngine;
import dev.arclet.emulator.cpu.Interrupts;
import dev.arclet.emulator.cpu.decode.Instruction;
import dev.arclet.emulator.cpu.decode.Mnemonic;
import dev.arclet.emulator.fault.GuestFault;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Executes decoded blocks one after another.
 *
 * <p>From block to block there are three ways, the fastest first: a link of the block just done to
 * a successor in its own page; a shortcut from the linear address, valid as long as the MMU's
 * generation, the privilege and the code size are what they were; and the search by physical
 * address, behind which is the decoder. Whatever may change where code comes from, or asks for
 * attention between instructions, ends a block that is not linked, so the first way checks nothing
 * but the budget and {@link CpuState#attention}.
 */
public final class Interpreter implements ExecutionEngine {
    /** Executions after which a block first counts as hot. */
    public static final int HOT = 2_500;

    private static final int TF = 1 << 8;
    private static final int IF = 1 << 9;
    private static final int RF = 1 << 16;

    private static final int SHORTCUTS = 1 << 14;

    private final CpuState cpu;
    private final OpTable table;
    private final BlockCache cache;
    private final BlockBuilder builder;
    private final Block[] shortcuts = new Block[SHORTCUTS];

    /** Whether a block was last left by {@link BlockExit}: a repeated instruction in the middle. */
    private boolean leftEarly;

    /** See {@link #atTransfer()}. */
    private boolean atTransfer = true;

    /** An interpreter with the standard instruction set. */
    public Interpreter(CpuState cpu) {
        this(cpu, OpTable.standard());
    }

    /** An interpreter with a chosen instruction set. */
    public Interpreter(CpuState cpu, OpTable table) {
        this.cpu = cpu;
        this.table = table;
        cache = new BlockCache(cpu.mmu);
        builder = new BlockBuilder(cpu, table);
        cpu.mmu.setCodeGuard(cache);
        cpu.mmu.physical().onExternalWrite(cache);
    }

    /** The operation of an instruction, as blocks have it. */
    public Op operation(Instruction instruction, Op.Place place) {
        return table.create(instruction, place);
    }

    /** Decoded blocks and their statistics. */
    public BlockCache cache() {
        return cache;
    }

    /** How often the guest tried instructions that are not implemented, by mnemonic. */
    public Map<Mnemonic, Long> missing() {
        return table.missing();
    }

    @Override
    public Map<String, Long> counters() {
        Map<String, Long> counters = new LinkedHashMap<>();
        counters.put("blocks.decoded", cache.decoded());
        counters.put("blocks.invalidated", cache.invalidated());
        counters.put("blocks.lookups", cache.lookups());
        counters.put("blocks.guardedWrites", cache.guardedWrites());
        missing().forEach((mnemonic, count) -> counters.put("missing." + mnemonic, count));
        return counters;
    }

    @Override
    public void invalidateCode(long physical, long length) {
        cache.invalidate(physical, length);
    }

    @Override
    public void invalidateAllCode() {
        cache.clear();
    }

    @Override
    public void run(long instructionLimit) {
        atTransfer = true;
        run(instructionLimit, null, false);
    }

    /**
     * Who has faster code for some blocks. Asked before a block whose {@link Block#patience} is
     * used up.
     */
    @FunctionalInterface
    public interface HotCode {
        /**
         * Control has come to an instruction once more.
         *
         * @param rip its address, also in the processor
         * @param instructionsLeft how many instructions may be executed
         * @return 0 to go on there with faster code at once; else how often the interpreter may
         *     execute the block before it asks again
         */
        int reached(long rip, long instructionsLeft);
    }

    /** {@link #run}, but returns before an instruction that {@code hotCode} wants to execute. */
    public void run(long instructionLimit, HotCode hotCode) {
        run(instructionLimit, hotCode, false);
    }

    /**
     * Executes up to behind the next control transfer or what else ends a block, or to the limit.
     */
    public void step(long instructionLimit) {
        run(instructionLimit, null, true);
    }

    /**
     * Whether control stands behind a control transfer, an exception or the like, where attention
     * is to be paid. Both engines do it there only, so that both stop at the same instructions.
     */
    public boolean atTransfer() {
        return atTransfer;
    }

    /** Tells that control has come {@link #atTransfer}, or has not, without the interpreter. */
    public void setAtTransfer(boolean value) {
        atTransfer = value;
    }

    private void run(long instructionLimit, HotCode hotCode, boolean once) {
        CpuState cpu = this.cpu;
        Block previous = null;
        long start = 0;
        long lastByte = 0;
        while (!(atTransfer && cpu.attention)) {
            long rip = cpu.gpr[CpuState.RIP];
            Block block = null;
            if (previous != null) {
                long distance = rip - start;
                if (distance == previous.distance0) {
                    block = previous.next0;
                } else if (distance == previous.distance1) {
                    block = previous.next1;
                }
            }
            if (block == null || !block.valid) {
                if (mustLeave(instructionLimit)) {
                    return;
                }
                if (needsCare()) {
                    previous = null;
                    stepWithCare();
                    atTransfer = true;
                    if (once) {
                        return;
                    }
                    continue;
                }
                // It lasts for one instruction and shows in nothing but faults, which set it.
                cpu.systemFlags &= ~RF;
                lastByte = lastCodeByte();
                block = lookup(rip, lastByte);
                if (block == null) {
                    previous = null;
                    atTransfer = true;
                    if (once) {
                        return;
                    }
                    continue;
                }
                if (previous != null && previous.linkable) {
                    link(previous, start, rip, block);
                }
            }
            if (rip + block.bytes - 1 > lastByte) {
                // The code segment ends within the block: up to there, and not kept.
                previous = null;
                if (mustLeave(instructionLimit)) {
                    return;
                }
                block = decodeAlone(rip, lastByte);
                atTransfer = true;
                if (block != null) {
                    execute(block);
                }
                if (once) {
                    return;
                }
                continue;
            }
            long left = instructionLimit - cpu.instructions;
            if (hotCode != null && --block.patience < 0) {
                block.asked = true;
                block.patience = hotCode.reached(rip, left);
                if (block.patience == 0) {
                    return;
                }
            }
            if (block.count > left) {
                if (left <= 0) {
                    return;
                }
                atTransfer = false;
                executePart(block, (int) left);
                previous = null;
                continue;
            }
            start = rip;
            atTransfer = block.transfers;
            previous = execute(block) ? block : null;
            if (once && atTransfer) {
                return;
            }
        }
    }

    /** Executes a whole block; returns whether control has left it at its end. */
    private boolean execute(Block block) {
        CpuState cpu = this.cpu;
        Op[] ops = block.ops;
        int i = 0;
        try {
            for (; i < ops.length; i++) {
                ops[i].execute(cpu);
            }
            cpu.instructions += block.count;
            return true;
        } catch (GuestFault fault) {
            leaveFaulting(block, i);
            deliver(fault);
        } catch (BlockExit e) {
            leaveEarly(block, i);
        }
        return false;
    }

    /**
     * Executes the first {@code count} instructions of a block that has more; see {@link #execute}.
     */
    private boolean executePart(Block block, int count) {
        Op[] ops = block.ops;
        int i = 0;
        try {
            for (; i < count; i++) {
                Op op = ops[i];
                if (op instanceof FusedOp both) {
                    both.first.execute(cpu);
                    leaveAt(both.second.offset, count);
                    return true;
                }
                op.execute(cpu);
            }
            leaveAt(block.offset(i), i);
            return true;
        } catch (GuestFault fault) {
            leaveAt(block.offset(i), i);
            deliver(fault);
        } catch (BlockExit e) {
            leaveEarly(block, i);
        }
        return false;
    }

    private void leaveFaulting(Block block, int done) {
        if (block.ops[done] instanceof FusedOp both) {
            leaveAt(both.second.offset, done + 1);
        } else {
            leaveAt(block.offset(done), done);
        }
    }

    /**
     * In the middle of a repeated instruction: what comes now pushes RF set. Or before one that has
     * been overwritten, which shows in nothing.
     */
    private void leaveEarly(Block block, int done) {
        leaveAt(block.offset(done), done);
        if (block.ops[done] instanceof Block.StaleOp) {
            atTransfer = false; // the transfer at the block's end is still to come
        } else {
            cpu.systemFlags |= RF;
            leftEarly = true;
            atTransfer = true;
        }
    }

    /** Makes RIP and the count exact for a block left before an operation. */
    private void leaveAt(int offset, int done) {
        cpu.gpr[CpuState.RIP] = (cpu.gpr[CpuState.RIP] + offset) & cpu.ripMask();
        cpu.instructions += done;
    }

    /** Delivers a fault of the instruction at RIP, which the instruction count does not include. */
    public void deliver(GuestFault fault) {
        atTransfer = true;
        // A faulting instruction's own data breakpoints do not count; those of the delivery do.
        cpu.mmu.takeWatchHits();
        cpu.pendingDebug = 0;
        GuestFault delivered = fault;
        if (fault.nonCanonical()) {
            long address = fault.address();
            if (builder.isStackAccess(linear(cpu.gpr[CpuState.RIP]), address)) {
                delivered = cpu.fault(GuestFault.SS, 0);
            }
        }
        Interrupts.exception(cpu, delivered);
    }

    /**
     * Whether the engine has to return: the budget is used up, the processor is halted or shut
     * down, or an interrupt can be taken.
     */
    public boolean mustLeave(long instructionLimit) {
        return cpu.halted
                || cpu.shutdown
                || cpu.instructions >= instructionLimit
                || (!cpu.interruptShadow
                        && (cpu.nmiPending && !cpu.nmiBlocked
                                || cpu.interruptLine && (cpu.systemFlags & IF) != 0));
    }

    /** The offset of the last byte of the code segment; the largest number in 64-bit mode. */
    private long lastCodeByte() {
        return cpu.codeSize == 8 ? Long.MAX_VALUE : cpu.segments[CpuState.CS].limit;
    }

    private long linear(long rip) {
        return (cpu.segments[CpuState.CS].effectiveBase + rip) & cpu.linearMask;
    }

    /** The block at RIP; null if there is none and the fault has been delivered. */
    private Block lookup(long rip, long lastByte) {
        long linear = linear(rip);
        int slot = (int) (linear ^ linear >>> 14) & (SHORTCUTS - 1);
        Block block = shortcuts[slot];
        if (block != null && block.linear == linear && block.key == key(block.global)) {
            return block;
        }
        try {
            block = find(linear, rip, lastByte);
        } catch (GuestFault fault) {
            Interrupts.exception(cpu, fault);
            return null;
        }
        if (block.kept) {
            block.linear = linear;
            block.global = block.secondPage == Block.NO_PAGE && cpu.mmu.fetchesGlobal(linear);
            block.key = key(block.global);
            shortcuts[slot] = block;
        }
        return block;
    }

    /** What a shortcut is good for: a generation of the MMU, a privilege, a code size. */
    private long key(boolean global) {
        return (long) cpu.mmu.generation(global) << 8 | (cpu.cpl == 3 ? 0x10 : 0) | cpu.codeSize;
    }

    private Block find(long linear, long rip, long lastByte) {
        if (rip > lastByte) {
            throw cpu.fault(GuestFault.GP, 0);
        }
        long physical = cpu.mmu.fetch(linear);
        Block block = cache.find(physical, linear, cpu.codeSize);
        if (block == null) {
            block = builder.build(linear, physical, bytesLeft(rip, lastByte), Integer.MAX_VALUE);
            if (builder.isKeepable()) {
                cache.add(block);
            }
        }
        return block;
    }

    private static long bytesLeft(long rip, long lastByte) {
        return lastByte == Long.MAX_VALUE ? Long.MAX_VALUE : lastByte - rip + 1;
    }

    /** One instruction at RIP, decoded for this time only; null if a fault has been delivered. */
    private Block decodeAlone(long rip, long lastByte) {
        try {
            if (rip > lastByte) {
                throw cpu.fault(GuestFault.GP, 0);
            }
            long linear = linear(rip);
            return builder.build(linear, cpu.mmu.fetch(linear), bytesLeft(rip, lastByte), 1);
        } catch (GuestFault fault) {
            Interrupts.exception(cpu, fault);
            return null;
        }
    }

    /** Links two blocks if nothing can come between them: both in one page. */
    private void link(Block from, long fromRip, long rip, Block to) {
        if ((from.physical ^ to.physical) >>> 12 != 0) {
            return;
        }
        long fromLinear = linear(fromRip);
        long toLinear = linear(rip);
        if (fromLinear >>> 12 == toLinear >>> 12
                && toLinear - fromLinear == rip - fromRip
                && from.secondPage == Block.NO_PAGE
                && to.secondPage == Block.NO_PAGE
                && from.valid
                && to.kept) {
            from.link(rip - fromRip, to);
        }
    }

    /** Whether the next instruction must be executed alone: single step, breakpoints, shadow. */
    public boolean needsCare() {
        return (cpu.systemFlags & TF) != 0
                || DebugRegisters.active(cpu)
                || cpu.pendingDebug != 0
                || cpu.interruptShadow
                || cpu.debugShadow;
    }

    /**
     * Executes one instruction with debug exceptions (SDM vol. 3B, section 18.3) and the shadows of
     * STI and MOV SS, which end with it.
     */
    private void stepWithCare() {
        long rip = cpu.gpr[CpuState.RIP];
        boolean held = cpu.debugShadow;
        cpu.interruptShadow = false;
        cpu.debugShadow = false;
        if (!held) {
            int hits = cpu.pendingDebug | cpu.mmu.takeWatchHits();
            if (hits == 0 && (cpu.systemFlags & RF) == 0) {
                hits = DebugRegisters.codeHits(cpu, linear(rip));
            }
            if (hits != 0) {
                Interrupts.debug(cpu, hits);
                return;
            }
        }
        cpu.systemFlags &= ~RF;
        long lastByte = lastCodeByte();
        Block block = lookup(rip, lastByte);
        if (block != null && rip + block.bytes - 1 > lastByte) {
            block = decodeAlone(rip, lastByte);
        }
        if (block == null) {
            return;
        }
        boolean trap = (cpu.systemFlags & TF) != 0;
        leftEarly = false;
        cpu.stepByNewFlags = false;
        boolean done = block.count == 1 ? execute(block) : executePart(block, 1);
        cpu.pendingDebug |= cpu.mmu.takeWatchHits();
        if (!done && !leftEarly) {
            return;
        }
        if (cpu.debugShadow) {
            // The trap of a single step is dropped, as the next instruction makes its own.
            return;
        }
        int causes = cpu.pendingDebug;
        if (cpu.stepByNewFlags ? (cpu.systemFlags & TF) != 0 : trap) {
            causes |= DebugRegisters.SINGLE_STEP;
        }
        if (causes != 0) {
            Interrupts.debug(cpu, causes);
        }
    }
}
