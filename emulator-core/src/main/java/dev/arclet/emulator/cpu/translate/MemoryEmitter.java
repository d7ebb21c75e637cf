package dev.arclet.emulator.cpu.translate;

import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.decode.Operand;
import dev.arclet.emulator.mmu.Mmu;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;

/** Memory operands: addresses, and the TLB lookup in line; what misses leaves the region. */
final class MemoryEmitter {
    /** Where control goes from an access that cannot be made. */
    interface Misses {
        /** It is not in the TLB, or otherwise out of the ordinary. */
        Label miss();

        /** It is not aligned as it has to be. */
        Label unusual();

        /** Those of a group are not, or they are not all in one page. */
        Label apart();
    }

    private static final int PAGE_MASK = -4096;

    /** Shift and mask that make of an address the offset of its TLB entry in its bank. */
    private static final int ENTRY_SHIFT = 8;

    private static final int ENTRY_MASK = 0x3FF0;

    /** Where an entry has what to add to a linear address. */
    private static final long ADDEND = 8;

    private final Bytecode code;
    private final CodeBuilder b;
    private final long mode;

    /** How far the entries for writing are from those for reading. */
    private final long writeEntries;

    MemoryEmitter(Bytecode code, Mmu mmu) {
        this.code = code;
        b = code.b;
        mode = code.plan.mode;
        int bank = Mode.bank(mode);
        writeEntries = mmu.writeEntries(bank) - mmu.readEntries(bank);
    }

    /** Pushes the offset of a memory operand: an int, or a long in 64-bit code. */
    void pushOffset(Operand.Memory memory, RegionPlan.Step step) {
        if (code.wide) {
            pushOffset64(memory, step);
            return;
        }
        boolean any = false;
        if (memory.base() < CpuState.ZERO) {
            code.get32(memory.base());
            any = true;
        }
        if (memory.index() < CpuState.ZERO) {
            code.get32(memory.index());
            if (memory.scale() != 0) {
                b.loadConstant(memory.scale());
                b.ishl();
            }
            if (any) {
                b.iadd();
            }
            any = true;
        }
        int displacement = (int) memory.displacement();
        if (displacement != 0 || !any) {
            b.loadConstant(displacement);
            if (any) {
                b.iadd();
            }
        }
        if (memory.addressSize() == 2) {
            b.i2c();
        }
    }

    private void pushOffset64(Operand.Memory memory, RegionPlan.Step step) {
        boolean any = false;
        long displacement = memory.displacement();
        if (memory.base() == CpuState.RIP) {
            displacement += step.next;
        } else if (memory.base() != CpuState.ZERO) {
            code.get64(memory.base());
            any = true;
        }
        if (memory.index() < CpuState.ZERO) {
            code.get64(memory.index());
            if (memory.scale() != 0) {
                b.loadConstant(memory.scale());
                b.lshl();
            }
            if (any) {
                b.ladd();
            }
            any = true;
        }
        if (displacement != 0 || !any) {
            b.loadConstant(displacement);
            if (any) {
                b.ladd();
            }
        }
        if (memory.addressSize() == 4) {
            b.loadConstant(Bytecode.MASK32);
            b.land();
        }
    }

    /**
     * Looks a memory operand up in the TLB, and leaves its host address in the local {@code host}.
     *
     * @param aligned whether an address that is no multiple of 16 is a fault, which comes first
     */
    void locate(
            Operand.Memory memory,
            RegionPlan.Step step,
            int bytes,
            boolean write,
            boolean aligned,
            Misses misses) {
        AccessGroups.Access access = code.groups.explicit(step);
        if (access != null && access.uses(bytes, write)) {
            locate(access, misses);
            if (aligned) {
                b.lload(code.host); // pages are pages on both sides
                ifNotAligned(misses.unusual());
            }
            return;
        }
        pushOffset(memory, step);
        checkLimit(memory.segment(), memory.addressSize(), bytes, write, misses);
        addBase(memory.segment());
        storeAddress();
        if (aligned) { // before the TLB is filled for it
            b.lload(code.wide ? code.address : code.host);
            ifNotAligned(misses.unusual());
        }
        lookUp(bytes, !write, write, misses.miss());
    }

    /** The same for a byte at an offset that is on the stack, in a segment. */
    void locateByte(int segment, int addressSize, Misses misses) {
        checkLimit(segment, addressSize, 1, false, misses);
        addBase(segment);
        storeAddress();
        lookUp(1, true, false, misses.miss());
    }

    /** Branches if the long on the stack is no multiple of 16. */
    private void ifNotAligned(Label target) {
        b.l2i();
        b.bipush(15);
        b.iand();
        b.ifne(target);
    }

    /** The same at a distance from what a register points to on the stack. */
    void locateStack(
            int register,
            int distance,
            RegionPlan.Step step,
            int bytes,
            boolean write,
            Misses misses) {
        AccessGroups.Access access = code.groups.stack(step);
        if (access != null && access.uses(bytes, write)) {
            locate(access, misses);
            return;
        }
        pushSum(register, distance);
        boolean all = Mode.wideStack(mode);
        if (!all) {
            b.i2c();
        }
        checkLimit(CpuState.SS, all ? 4 : 2, bytes, write, misses);
        addBase(CpuState.SS);
        storeAddress();
        lookUp(bytes, !write, write, misses.miss());
    }

    private void locate(AccessGroups.Access access, Misses misses) {
        AccessGroups.Group group = access.group;
        if (access.first) {
            boolean constant = group.register() == AccessGroups.CONSTANT;
            if (!constant) {
                pushSum(group.register(), group.lowest());
            } else if (code.wide) {
                b.loadConstant(group.lowest());
            } else {
                b.loadConstant((int) group.lowest());
            }
            storeAddress();
            Label miss = constant ? misses.miss() : misses.apart();
            lookUp(group.span(), group.reads(), group.writes(), miss);
            b.lload(code.host);
            b.lstore(group.host());
            if (access.distance() == 0) {
                return;
            }
        }
        b.lload(group.host());
        if (access.distance() != 0) {
            b.loadConstant(access.distance());
            b.ladd();
        }
        b.lstore(code.host);
    }

    /** Pushes a register plus a number. */
    void pushSum(int register, long number) {
        code.getNatural(register);
        if (number != 0) {
            if (code.wide) {
                b.loadConstant(number);
                b.ladd();
            } else {
                b.loadConstant((int) number);
                b.iadd();
            }
        }
    }

    /** Pushes the linear address that a register points to in a segment, a long. */
    void pushLinear(int segment, int register) {
        code.getNatural(register);
        addBase(segment);
        if (!code.wide) {
            code.zeroExtend();
        }
    }

    private void addBase(int segment) {
        if (!Mode.baseZero(mode, segment)) {
            code.addBase(segment);
        }
    }

    /**
     * Leaves the region if an access at the offset on the stack may be outside its segment; goes on
     * with the offset there.
     *
     * @param addressSize bytes of which the offset was made
     */
    private void checkLimit(int segment, int addressSize, int bytes, boolean write, Misses misses) {
        if (Mode.unchecked(mode, segment)) {
            return;
        }
        boolean word = addressSize == 2 && Mode.firstWord(mode, segment);
        if (word && bytes == 1) {
            return;
        }
        b.istore(code.address);
        b.iload(code.address);
        if (word) {
            b.loadConstant(0x1_0000 - bytes);
            b.if_icmpgt(misses.unusual());
        } else {
            code.zeroExtend();
            if (bytes > 1) {
                b.loadConstant(bytes - 1L);
                b.ladd();
            }
            code.segmentLimit(segment, write);
            b.lcmp();
            b.ifgt(misses.unusual());
        }
        b.iload(code.address);
    }

    /**
     * Pops a linear address into the local {@code address}; of 32 bits also into {@code host}, as a
     * long.
     */
    private void storeAddress() {
        if (code.wide) {
            b.lstore(code.address);
        } else {
            b.istore(code.address);
            b.iload(code.address);
            code.zeroExtend();
            b.lstore(code.host);
        }
    }

    /**
     * Looks up what {@link #storeAddress} stored, and leaves the host's in {@code host}. Regions
     * that have the TLB filled do so one access at a time, for reading or for writing.
     */
    private void lookUp(int bytes, boolean reads, boolean writes, Label miss) {
        // Shifting a long is more code in C1's.
        if (code.wide) {
            b.lload(code.address);
            b.l2i();
        } else {
            b.iload(code.address);
        }
        b.bipush(ENTRY_SHIFT);
        b.iushr();
        b.loadConstant(ENTRY_MASK);
        b.iand();
        b.i2l();
        b.lload(code.tlb);
        b.ladd();
        b.lstore(code.entry);
        Label absent = code.plan.filling ? b.newLabel() : miss;
        if (reads) {
            pushEntry(0);
            pushTagAndCompare(bytes, absent);
        }
        if (writes) {
            pushEntry(writeEntries);
            pushTagAndCompare(bytes, absent);
        }
        // Where both are wanted, both lead to the same place: the MMU sees to that.
        pushEntry(writes ? writeEntries + ADDEND : ADDEND);
        code.load(8);
        b.lload(code.wide ? code.address : code.host);
        b.ladd();
        b.lstore(code.host);
        if (code.plan.filling) {
            fill(absent, bytes, writes, miss);
        }
    }

    /** Has the TLB filled for an access that it does not have; goes on with what it had. */
    private void fill(Label absent, int bytes, boolean write, Label miss) {
        Label found = b.newLabel();
        b.goto_(found);
        b.labelBinding(absent);
        code.fill(code.wide ? code.address : code.host, bytes, write);
        b.lstore(code.host);
        b.lload(code.host);
        b.lconst_0();
        b.lcmp();
        b.ifeq(miss);
        b.labelBinding(found);
    }

    private void pushEntry(long distance) {
        b.lload(code.entry);
        if (distance != 0) {
            b.loadConstant(distance);
            b.ladd();
        }
    }

    private void pushTagAndCompare(int bytes, Label miss) {
        if (code.wide) {
            code.load(8);
            b.lload(code.address);
            if (bytes > 1) {
                b.loadConstant(bytes - 1L);
                b.ladd();
            }
            b.loadConstant((long) PAGE_MASK);
            b.land();
            missIfDifferent(true, miss);
            return;
        }
        boolean longTags = Mode.longMode(mode);
        code.load(longTags ? 8 : 4);
        b.iload(code.address);
        if (bytes > 1) {
            b.loadConstant(bytes - 1);
            b.iadd();
        }
        b.loadConstant(PAGE_MASK);
        b.iand();
        if (longTags) {
            code.zeroExtend();
            missIfDifferent(true, miss);
        } else {
            missIfDifferent(false, miss);
        }
    }

    private void missIfDifferent(boolean longs, Label miss) {
        if (code.profiled) {
            code.differ(longs);
            code.rarely();
            b.ifne(miss);
        } else if (longs) {
            b.lcmp();
            b.ifne(miss);
        } else {
            b.if_icmpne(miss);
        }
    }

    /** Pushes the value at {@code host}; of 1 or 2 bytes sign extended. */
    void load(int bytes) {
        b.lload(code.host);
        code.load(bytes);
    }
}
