package dev.arclet.emulator.cpu.decode;

import java.util.List;

/**
 * One decoded instruction: everything that its bytes and the mode say, nothing of where it stands.
 *
 * <p>Conventions of the decoder ({@code new Decoder().decode(CodeReader, mode)}):
 *
 * <ul>
 *   <li><b>operandSize</b> is 8 for the forms that are 64 bits wide by default in 64-bit mode
 *       (PUSH, POP, near branches, CALL, RET, LEAVE, ENTER, ...); near branches ignore 66 there. It
 *       is <b>1</b> for the byte forms of MOVS, CMPS, STOS, LODS, SCAS, INS, OUTS, IN and OUT. All
 *       other byte forms leave it as the prefixes say and have operands of size 1. INS, OUTS, IN
 *       and OUT are at most 4 wide. LGDT, LIDT, SGDT, SIDT: 8 in 64-bit mode; MOV from and to
 *       control and debug registers: 4, or 8 in 64-bit mode.
 *   <li><b>Immediates</b> of operand size, and byte immediates that the SDM sign extends (83, 6A,
 *       6B), are sign extended to 64 bits and have the size of the operation. Byte and word
 *       immediates of other kinds (byte arithmetic, counts, ports, vectors, selectors of shuffles,
 *       ENTER, RET, AAM) are zero extended with size 1 or 2.
 *   <li><b>Fixed registers and constants are operands</b>: {@code ADD AL, Ib} has a GPR operand,
 *       {@code D1 /4} has an immediate 1 of size 1, {@code D3 /4} has CL (GPR 1 of size 1), IN and
 *       OUT have the accumulator and DX or the port, BLENDVPS and PBLENDVB have XMM0 third, MOV
 *       moffs has a Memory operand without base.
 *   <li><b>Not operands</b>: what the SDM calls implied in MUL, DIV and one-operand IMUL (by the
 *       operand's size), CMPXCHG, CMPXCHG8B, CBW and CWD families, SAHF, LAHF, PUSHA, POPA, XLAT
 *       ({@code [segment: eBX + AL]} by addressSize), CPUID and the like; the string instructions
 *       have no operands at all (segment is that of the source; addressSize that of SI, DI and the
 *       counter CX); LOOPcc and JCXZ have the target only, addressSize is that of CX; MASKMOVQ and
 *       MASKMOVDQU store at {@code [segment: eDI]}. PCMPxSTRx: RAX and RDX are used if operandSize
 *       is 8.
 *   <li><b>Relative branches</b>: Relative; the new RIP is cut to operandSize. Far transfers:
 *       FarPointer, or Memory whose size is operandSize + 2 (selector last). LDS, LES, LFS, LGS,
 *       LSS: (GPR, Memory of operandSize + 2).
 *   <li><b>Memory sizes</b> are what is accessed: MOV Ew,Sw, SLDT, STR and SMSW are of size 2 in
 *       memory and operandSize in a register; BOUND has 2 * operandSize; LGDT and friends 6, or 10
 *       in 64-bit mode; LEA, INVLPG, PREFETCH, CLFLUSH, hint NOPs and the XSAVE family have 0; BT
 *       and relatives have operandSize (the operation adds the bit offset); FXSAVE has 512.
 *   <li><b>x87</b>: the arithmetic and comparing instructions always have two operands, destination
 *       first: {@code (ST0, Memory)}, {@code (ST0, STi)} or {@code (STi, ST0)}; FCMOVcc is {@code
 *       (ST0, STi)}. FLD, FST, FSTP, FILD, FIST, FISTP, FISTTP, FBLD, FBSTP, FXCH, FFREE, FFREEP
 *       have the other operand only; FCOMPP, FUCOMPP and those on ST0 or ST1 alone have none.
 *       Memory size tells the format (FADD 4 or 8, FLD 4, 8 or 10, FILD 2, 4 or 8). FLDENV and
 *       FSTENV: size 14 or 28; FSAVE and FRSTOR: 94 or 108. FSTSW AX has a GPR of size 2.
 *   <li><b>SSE</b>: an XMM operand's size is that of the access (4 or 8 for scalars). CMPPS and
 *       relatives have the predicate as immediate. MOVD with REX.W is MOVQ with a GPR or Memory of
 *       size 8; PINSRD and PEXTRD likewise PINSRQ and PEXTRQ.
 *   <li><b>repeat</b> is set for string instructions only. <b>lock</b> is set only where LOCK is
 *       legal; elsewhere the instruction is {@link Mnemonic#INVALID}.
 *   <li>{@link Mnemonic#INVALID} stands for every encoding that raises #UD; UD0, UD1 and UD2 raise
 *       it, too. More than 15 bytes: the decoder throws #GP(0).
 * </ul>
 *
 * @param mnemonic what it does
 * @param length bytes, 1..15
 * @param mode default code size: 2, 4 or 8 bytes
 * @param operandSize effective operand size in bytes: 2, 4 or 8; 1 for byte forms of string and I/O
 *     instructions
 * @param addressSize effective address size in bytes: 2, 4 or 8
 * @param operands explicit and implicit operands in the order of the SDM's opcode map, destination
 *     first
 * @param condition condition code 0..15 of Jcc, SETcc and CMOVcc, else 0
 * @param segment effective data segment for implicit memory operands (string source, XLAT): DS or
 *     the override
 * @param lock whether a (legal) LOCK prefix is there
 * @param repeat 0, 0xF3 or 0xF2: the repeat prefix where it has that meaning
 * @param opcode the opcode bytes without prefixes, big endian in an int ({@code 0F A2} is 0x0FA2);
 *     where a fixed ModRM byte is part of the opcode it is the last one (XGETBV is 0x0F01D0); x87:
 *     first byte and ModRM byte (0xD9E8), also for memory operands
 */
public record Instruction(
        Mnemonic mnemonic,
        int length,
        int mode,
        int operandSize,
        int addressSize,
        List<Operand> operands,
        int condition,
        int segment,
        boolean lock,
        int repeat,
        int opcode) {
    /** Operand {@code i}, counted from 0. */
    public Operand operand(int i) {
        return operands.get(i);
    }
}
