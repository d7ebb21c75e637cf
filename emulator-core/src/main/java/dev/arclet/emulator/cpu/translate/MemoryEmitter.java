package dev.arclet.emulator.cpu.translate;

import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.decode.Operand;
import dev.arclet.emulator.mmu.Mmu;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;

/** Memory operands: addresses, and the TLB lookup in line; what misses leaves the region. */
final class MemoryEmitter {
    private static final int PAGE_MASK = -4096;

    /** Shift and mask that make of an address the offset of its TLB entry in its bank. */
    private static final int ENTRY_SHIFT = 8, ENTRY_MASK = 0x3FF0;

    private final Bytecode code;
    private final CodeBuilder b;
    private final int mode;
    private final long readEntries;
    private final long writeEntries;

    MemoryEmitter(Bytecode code, Mmu mmu) {
        this.code = code;
        b = code.b;
        mode = code.plan.mode;
        readEntries = mmu.readEntries(Mode.bank(mode));
        writeEntries = mmu.writeEntries(Mode.bank(mode));
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
     * @param miss where to go if it is not there
     */
    void locate(Operand.Memory memory, RegionPlan.Step step, int bytes, boolean write, Label miss) {
        pushOffset(memory, step);
        if (!Mode.baseZero(mode, memory.segment())) {
            code.segmentBase(memory.segment());
            if (code.wide) {
                b.ladd();
            } else {
                b.l2i();
                b.iadd();
            }
        }
        locate(bytes, write, miss);
    }

    /** Looks the address on the stack up: a linear one. */
    void locate(int bytes, boolean write, Label miss) {
        if (code.wide) {
            b.lstore(code.address);
            b.lload(code.address);
            b.bipush(ENTRY_SHIFT);
            b.lushr();
            b.l2i();
        } else {
            b.istore(code.address);
            b.iload(code.address);
            b.bipush(ENTRY_SHIFT);
            b.iushr();
        }
        b.sipush(ENTRY_MASK);
        b.iand();
        b.i2l();
        b.loadConstant(write ? writeEntries : readEntries);
        b.ladd();
        b.lstore(code.entry);
        b.lload(code.entry);
        pushTagAndCompare(bytes, miss);
        b.lload(code.entry);
        b.loadConstant(8L);
        b.ladd();
        code.load(8);
        if (code.wide) {
            b.lload(code.address);
        } else {
            b.iload(code.address);
            code.zeroExtend();
        }
        b.ladd();
        b.lstore(code.host);
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
            b.lcmp();
            b.ifne(miss);
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
