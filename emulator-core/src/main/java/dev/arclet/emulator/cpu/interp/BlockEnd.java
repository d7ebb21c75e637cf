package dev.arclet.emulator.cpu.interp;

import dev.arclet.emulator.cpu.decode.Instruction;
import dev.arclet.emulator.cpu.decode.Mnemonic;
import dev.arclet.emulator.cpu.decode.Operand;
import java.util.EnumSet;
import java.util.Set;

/**
 * Which instructions end a decoded block, and which must stand alone in one.
 *
 * <p>An instruction ends its block if the next one may not follow at the next address, if what the
 * block's operations were decoded under may change (mode, segments, paging), or if the run loop may
 * want control behind it. The operation of such an instruction sets RIP, with {@link
 * PlacedOp#advance} if it goes on behind itself.
 */
public final class BlockEnd {
    private static final Set<Mnemonic> ALWAYS =
            EnumSet.of(
                    Mnemonic.JCC,
                    Mnemonic.JMP,
                    Mnemonic.CALL,
                    Mnemonic.RET,
                    Mnemonic.LOOP,
                    Mnemonic.LOOPE,
                    Mnemonic.LOOPNE,
                    Mnemonic.JCXZ,
                    Mnemonic.JMP_FAR,
                    Mnemonic.CALL_FAR,
                    Mnemonic.RET_FAR,
                    Mnemonic.IRET,
                    Mnemonic.INT,
                    Mnemonic.INT1,
                    Mnemonic.INT3,
                    Mnemonic.INTO,
                    Mnemonic.SYSCALL,
                    Mnemonic.SYSRET,
                    Mnemonic.SYSENTER,
                    Mnemonic.SYSEXIT,
                    Mnemonic.RSM,
                    Mnemonic.HLT,
                    Mnemonic.MWAIT,
                    Mnemonic.CLI,
                    Mnemonic.STI,
                    Mnemonic.POPF,
                    Mnemonic.STAC,
                    Mnemonic.CLAC,
                    Mnemonic.CLTS,
                    Mnemonic.LMSW,
                    Mnemonic.INVLPG,
                    Mnemonic.INVPCID,
                    Mnemonic.INVD,
                    Mnemonic.WBINVD,
                    Mnemonic.LGDT,
                    Mnemonic.LIDT,
                    Mnemonic.LLDT,
                    Mnemonic.LTR,
                    Mnemonic.LDS,
                    Mnemonic.LES,
                    Mnemonic.LFS,
                    Mnemonic.LGS,
                    Mnemonic.LSS,
                    Mnemonic.SWAPGS,
                    Mnemonic.WRFSBASE,
                    Mnemonic.WRGSBASE,
                    Mnemonic.RDMSR,
                    Mnemonic.WRMSR,
                    Mnemonic.XSETBV,
                    Mnemonic.CPUID,
                    Mnemonic.RDTSC,
                    Mnemonic.RDTSCP,
                    Mnemonic.RDPMC,
                    Mnemonic.IN,
                    Mnemonic.OUT,
                    Mnemonic.INS,
                    Mnemonic.OUTS,
                    Mnemonic.UD0,
                    Mnemonic.UD1,
                    Mnemonic.UD2,
                    Mnemonic.INVALID);

    /** What looks at time: the instruction count must be exact when it runs. */
    private static final Set<Mnemonic> ALONE =
            EnumSet.of(
                    Mnemonic.IN,
                    Mnemonic.OUT,
                    Mnemonic.INS,
                    Mnemonic.OUTS,
                    Mnemonic.RDTSC,
                    Mnemonic.RDTSCP,
                    Mnemonic.RDMSR,
                    Mnemonic.WRMSR,
                    Mnemonic.CPUID,
                    Mnemonic.HLT);

    private BlockEnd() {}

    /**
     * Whether the instruction is the last one of its block, so that its operation sets RIP. Besides
     * the mnemonics above these are MOV to control, debug and segment registers, and POP to segment
     * registers.
     */
    public static boolean ends(Instruction instruction) {
        Mnemonic mnemonic = instruction.mnemonic();
        if (ALWAYS.contains(mnemonic)) {
            return true;
        }
        return (mnemonic == Mnemonic.MOV || mnemonic == Mnemonic.POP)
                && instruction.operand(0) instanceof Operand.Register register
                && switch (register.file()) {
                    case CONTROL, DEBUG, SEGMENT -> true;
                    default -> false;
                };
    }

    /** Whether the instruction is the only one of its block. */
    public static boolean standsAlone(Instruction instruction) {
        return ALONE.contains(instruction.mnemonic());
    }

    /**
     * Whether the block's successors are reached without anything else changing, so that it may be
     * linked to them.
     */
    static boolean isDirectBranch(Instruction instruction) {
        return switch (instruction.mnemonic()) {
            case JCC, LOOP, LOOPE, LOOPNE, JCXZ -> true;
            case JMP, CALL -> instruction.operand(0) instanceof Operand.Relative;
            default -> false;
        };
    }
}
