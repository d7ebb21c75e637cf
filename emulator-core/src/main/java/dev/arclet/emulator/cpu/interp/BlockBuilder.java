package dev.arclet.emulator.cpu.interp;

import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.decode.CodeReader;
import dev.arclet.emulator.cpu.decode.Decoder;
import dev.arclet.emulator.cpu.decode.Instruction;
import dev.arclet.emulator.cpu.decode.Mnemonic;
import dev.arclet.emulator.cpu.decode.Operand;
import dev.arclet.emulator.fault.GuestFault;
import dev.arclet.emulator.memory.GuestMemory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Decodes blocks from the processor's memory. */
final class BlockBuilder implements CodeReader {
    /** Instructions of a block at most. */
    private static final int MAX_INSTRUCTIONS = 64;

    private final CpuState cpu;
    private final OpTable table;
    private final Decoder decoder = new Decoder();
    private final SharedOps shared = new SharedOps();
    private final List<Op> ops = new ArrayList<>();
    private final short[] offsets = new short[MAX_INSTRUCTIONS + 1];

    /** Of the block's first byte. */
    private long linear;

    private long physical;

    /** How many bytes may be fetched before the code segment ends. */
    private long allowed;

    /** How many bytes there are before the page ends. */
    private int inPage;

    /** Host address of the block's first byte, or 0. */
    private long host;

    private long secondPage;
    private int position;
    private boolean first;

    BlockBuilder(CpuState cpu, OpTable table) {
        this.cpu = cpu;
        this.table = table;
    }

    /** Whether the block just built stands in memory whose writes are told of, and may be kept. */
    boolean isKeepable() {
        return host != 0
                && (secondPage == Block.NO_PAGE
                        || cpu.mmu.physical().readablePage(secondPage) != 0);
    }

    /**
     * Decodes a block.
     *
     * @param startLinear linear address of its first byte
     * @param startPhysical where that is; canonical
     * @param bytesAllowed bytes up to the end of the code segment
     * @param maxInstructions at most so many instructions
     * @throws GuestFault if the first instruction cannot be fetched
     */
    Block build(long startLinear, long startPhysical, long bytesAllowed, int maxInstructions) {
        linear = startLinear;
        physical = startPhysical;
        allowed = bytesAllowed;
        int pageOffset = (int) startLinear & (GuestMemory.PAGE_SIZE - 1);
        inPage = GuestMemory.PAGE_SIZE - pageOffset;
        long page = cpu.mmu.physical().readablePage(physical);
        host = page == 0 ? 0 : page + pageOffset;
        secondPage = Block.NO_PAGE;
        position = 0;
        ops.clear();
        int most = host == 0 ? 1 : Math.min(maxInstructions, MAX_INSTRUCTIONS);
        int end = 0;
        boolean ended = false;
        boolean linkable = true;
        Instruction before = null;
        int joined = 0;
        while (!ended && ops.size() < most && secondPage == Block.NO_PAGE) {
            first = ops.isEmpty();
            Instruction instruction;
            try {
                instruction = decoder.decode(this, cpu.codeSize);
            } catch (BlockExit e) {
                break;
            } catch (GuestFault e) {
                if (first) {
                    throw e;
                }
                break;
            }
            boolean alone = BlockEnd.standsAlone(instruction);
            if (alone && !first) {
                break;
            }
            Op op = operation(instruction, end);
            FusedOp both =
                    before == null || instruction.mnemonic() != Mnemonic.JCC
                            ? null
                            : FusedOp.join(before, ops.getLast(), instruction, (PlacedOp) op);
            if (both != null) {
                ops.removeLast();
                joined = 1;
            } else {
                offsets[ops.size()] = (short) end;
            }
            ops.add(both != null ? both : op);
            before = instruction;
            end += instruction.length();
            position = end;
            ended = BlockEnd.ends(instruction);
            if (ended) {
                linkable = BlockEnd.isDirectBranch(instruction);
            } else if (alone) {
                break;
            }
        }
        int count = ops.size() + joined;
        if (!ended) {
            offsets[ops.size()] = (short) end;
            ops.add(new Block.GoOn(end));
        }
        return new Block(
                physical,
                secondPage,
                cpu.codeSize,
                end,
                count,
                linkable,
                ended,
                ops.toArray(new Op[0]),
                Arrays.copyOf(offsets, ops.size()));
    }

    /** The operation of an instruction at an offset from the block's start. */
    private Op operation(Instruction instruction, int offset) {
        Op.Place place = new Op.Place(offset, instruction.length());
        if (host == 0 || offset + Long.BYTES > inPage) {
            return table.create(instruction, place);
        }
        long bytes = GuestMemory.load64(host + offset);
        return shared.get(instruction, place, bytes, cpu.codeSize, table::create);
    }

    /**
     * Whether the instruction at an address accesses {@code address} through SS. For faults only:
     * which of its accesses failed is not recorded, and is found out from its operands.
     */
    boolean isStackAccess(long startLinear, long address) {
        linear = startLinear;
        physical = cpu.mmu.fetch(startLinear);
        allowed = Long.MAX_VALUE;
        inPage = GuestMemory.PAGE_SIZE - ((int) startLinear & (GuestMemory.PAGE_SIZE - 1));
        host = 0;
        secondPage = Block.NO_PAGE;
        position = 0;
        first = true;
        Instruction instruction = decoder.decode(this, cpu.codeSize);
        Op.Place place = new Op.Place(0, instruction.length());
        for (Operand operand : instruction.operands()) {
            if (operand instanceof Operand.Memory memory) {
                if (isBitString(instruction.mnemonic())) { // its address is not the operand's
                    return memory.segment() == CpuState.SS;
                }
                long offset = new EffectiveAddress(memory, place).offset(cpu);
                long base = cpu.segments[memory.segment()].effectiveBase;
                if (Long.compareUnsigned(address - offset - base, Math.max(1, memory.size())) < 0) {
                    return memory.segment() == CpuState.SS;
                }
            }
        }
        return switch (instruction.mnemonic()) {
            case PUSH, POP, PUSHF, POPF, ENTER, LEAVE, CALL, RET, CALL_FAR, RET_FAR, IRET -> true;
            default -> false;
        };
    }

    private static boolean isBitString(Mnemonic mnemonic) {
        return switch (mnemonic) {
            case BT, BTS, BTR, BTC -> true;
            default -> false;
        };
    }

    @Override
    public int next() {
        int at = position++;
        if (at >= allowed) {
            if (!first) {
                throw BlockExit.INSTANCE;
            }
            throw cpu.fault(GuestFault.GP, 0);
        }
        if (at >= inPage) {
            if (!first) {
                throw BlockExit.INSTANCE;
            }
            if (secondPage == Block.NO_PAGE) {
                secondPage = cpu.mmu.fetch((linear + at) & cpu.linearMask);
            }
            return (int) cpu.mmu.physical().read(secondPage + (at - inPage), 1);
        }
        return host != 0
                ? GuestMemory.load8(host + at) & 0xFF
                : (int) cpu.mmu.physical().read(physical + at, 1);
    }
}
