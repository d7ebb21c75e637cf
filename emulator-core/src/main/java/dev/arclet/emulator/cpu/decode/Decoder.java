package dev.arclet.emulator.cpu.decode;

import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.fault.GuestFault;
import java.util.ArrayList;
import java.util.List;

/**
 * Turns instruction bytes into {@link Instruction}s, for 16, 32 and 64-bit code, by the opcode
 * chart in {@code opcodes.txt}. The conventions of what comes out stand at {@link Instruction}.
 *
 * <p>Prefixes (SDM vol. 2, section 2.1): any number in any order; of F2 and F3, and of the segment
 * overrides, the last counts; CS, DS, ES and SS overrides do nothing in 64-bit mode; a REX prefix
 * counts only directly before the opcode.
 *
 * <p>A decoder holds the state of one decoding: one per thread.
 */
public final class Decoder {
    /** Longest instruction in bytes (SDM vol. 2, section 2.3.11). */
    public static final int MAX_LENGTH = 15;

    private static final int[] BASE_16 = {
        CpuState.RBX, CpuState.RBX, CpuState.RBP, CpuState.RBP,
        CpuState.RSI, CpuState.RDI, CpuState.RBP, CpuState.RBX
    };
    private static final int[] INDEX_16 = {
        CpuState.RSI, CpuState.RDI, CpuState.RSI, CpuState.RDI,
        CpuState.ZERO, CpuState.ZERO, CpuState.ZERO, CpuState.ZERO
    };
    private static final int NO_SEGMENT = -1;
    private static final int REX_W = 8, REX_R = 4, REX_X = 2, REX_B = 1;

    private final GuestFault tooLong = new GuestFault();
    private final OpcodeTable table = OpcodeTable.INSTANCE;

    private CodeReader code = () -> 0;
    private int length;
    private int mode;
    private int rex;
    private boolean rexPresent;
    private boolean prefix66;
    private boolean prefixLock;
    private int repeat;
    private int segment;
    private int addressSize;
    private int operandSize;
    private int opcode;
    private int modRm;

    /** A decoder for any mode. */
    public Decoder() {}

    /**
     * Decodes one instruction.
     *
     * @param source delivers its bytes in order
     * @param codeSize 2, 4 or 8: 16-bit, 32-bit or 64-bit code
     * @return the instruction; {@link Mnemonic#INVALID} if the encoding raises #UD, its length then
     *     being the number of bytes looked at
     * @throws GuestFault what {@code source} throws; #GP(0) if the instruction is longer than 15
     *     bytes
     */
    public Instruction decode(CodeReader source, int codeSize) {
        code = source;
        mode = codeSize;
        length = 0;
        opcode = prefixes();
        int map = 0;
        int full = opcode;
        if (opcode == 0x0F) {
            opcode = next();
            map = opcode == 0x38 ? 2 : opcode == 0x3A ? 3 : 1;
            full = 0x0F00 | opcode;
            if (map != 1) {
                opcode = next();
                full = full << 8 | opcode;
            }
        }
        int mandatory = repeat == 0xF3 ? 2 : repeat == 0xF2 ? 3 : prefix66 ? 1 : 0;
        OpcodeTable.Cell cell = table.cell(mode == 8, map, opcode, mandatory);
        if (map == 0 && opcode == 0x90 && (rex & REX_B) != 0) {
            cell = table.cell(true, 0, 0x91, 0);
        }
        Encoding encoding = cell.single();
        if (cell.isGroup()) {
            modRm = next();
            encoding = cell.select(modRm);
        } else if (encoding.modRm()) {
            modRm = next();
        }
        return instruction(encoding, fullOpcode(full));
    }

    /** Appends the ModRM byte where it is part of what the instruction is. */
    private int fullOpcode(int full) {
        boolean x87 = full >= 0xD8 && full <= 0xDF;
        boolean fixedModRm = full == 0x0F01 && modRm >= 0xC0;
        return x87 || fixedModRm ? full << 8 | modRm : full;
    }

    /** Takes all prefixes; returns the byte behind them. */
    private int prefixes() {
        rex = 0;
        rexPresent = false;
        prefix66 = false;
        prefixLock = false;
        repeat = 0;
        segment = NO_SEGMENT;
        addressSize = mode;
        while (true) {
            int octet = next();
            switch (octet) {
                case 0x26, 0x2E, 0x36, 0x3E -> {
                    if (mode != 8) {
                        segment = octet >> 3 & 3;
                    }
                }
                case 0x64 -> segment = CpuState.FS;
                case 0x65 -> segment = CpuState.GS;
                case 0x66 -> prefix66 = true;
                case 0x67 -> addressSize = mode == 4 ? 2 : 4;
                case 0xF0 -> prefixLock = true;
                case 0xF2, 0xF3 -> repeat = octet;
                default -> {
                    if (mode != 8 || octet >> 4 != 4) {
                        return octet;
                    }
                    rex = octet;
                    rexPresent = true;
                    continue;
                }
            }
            rex = 0;
            rexPresent = false;
        }
    }

    private Instruction instruction(Encoding encoding, int fullOpcode) {
        operandSize = encoding.operandSize(mode, prefix66, (rex & REX_W) != 0);
        boolean register = modRm >= 0xC0;
        Operand.Memory memory =
                encoding.memory() && encoding.modRm() && !register ? memory() : null;
        boolean valid = !prefixLock || (encoding.lock() && memory != null);
        List<Operand> operands = new ArrayList<>(encoding.operands().size());
        for (OperandCode operandCode : encoding.operands()) {
            Operand operand = operand(operandCode, memory);
            if (operand == null) {
                valid = false;
            } else {
                operands.add(operand);
            }
        }
        return new Instruction(
                valid ? encoding.mnemonic(operandSize) : Mnemonic.INVALID,
                length,
                mode,
                operandSize,
                addressSize,
                valid ? List.copyOf(operands) : List.of(),
                encoding.condition(),
                segment == NO_SEGMENT ? CpuState.DS : segment,
                prefixLock && valid,
                encoding.repeatable() ? repeat : 0,
                fullOpcode);
    }

    /** The operand of a code; null if there is no such register. */
    private Operand operand(OperandCode operand, Operand.Memory memory) {
        int registerSize = operand.registerSize().bytes(operandSize);
        int reg = modRm >> 3 & 7 | (rex & REX_R) << 1;
        int rm = modRm & 7 | (rex & REX_B) << 3;
        return switch (operand.method()) {
            case E ->
                    memory == null
                            ? general(rm, registerSize)
                            : sized(memory, operand.memorySize().bytes(operandSize));
            case Q ->
                    memory == null
                            ? new Operand.Register(Operand.File.MMX, rm & 7, 8)
                            : sized(memory, operand.memorySize().bytes(operandSize));
            case W ->
                    memory == null
                            ? new Operand.Register(Operand.File.XMM, rm, registerSize)
                            : sized(memory, operand.memorySize().bytes(operandSize));
            case M -> sized(memory, operand.memorySize().bytes(operandSize));
            case G -> general(reg, registerSize);
            case R -> general(rm, registerSize);
            case Z -> general(opcode & 7 | (rex & REX_B) << 3, registerSize);
            case P -> new Operand.Register(Operand.File.MMX, reg & 7, registerSize);
            case N -> new Operand.Register(Operand.File.MMX, rm & 7, registerSize);
            case V -> new Operand.Register(Operand.File.XMM, reg, registerSize);
            case U -> new Operand.Register(Operand.File.XMM, rm, registerSize);
            case S -> segmentRegister(reg & 7);
            case C -> controlRegister(reg, registerSize);
            case D -> debugRegister(reg, registerSize);
            case STI -> new Operand.Register(Operand.File.ST, modRm & 7, registerSize);
            case FIXED -> new Operand.Register(operand.file(), operand.index(), registerSize);
            case CONSTANT -> new Operand.Immediate(operand.index(), registerSize);
            case I -> immediate(operand.registerSize(), registerSize);
            case SI -> new Operand.Immediate((byte) next(), operandSize);
            case J -> new Operand.Relative(signed(registerSize), registerSize);
            case O ->
                    new Operand.Memory(
                            segment == NO_SEGMENT ? CpuState.DS : segment,
                            CpuState.ZERO,
                            CpuState.ZERO,
                            0,
                            unsigned(addressSize),
                            addressSize,
                            registerSize);
            case A -> {
                long offset = unsigned(registerSize - 2);
                yield new Operand.FarPointer((int) unsigned(2), offset, registerSize - 2);
            }
        };
    }

    private Operand general(int index, int size) {
        if (size == 1 && !rexPresent && index >= 4) {
            return new Operand.Register(Operand.File.HIGH_BYTE, index - 4, 1);
        }
        return new Operand.Register(Operand.File.GPR, index, size);
    }

    private static Operand segmentRegister(int index) {
        return index > CpuState.GS ? null : new Operand.Register(Operand.File.SEGMENT, index, 2);
    }

    private static Operand controlRegister(int index, int size) {
        boolean exists = index <= 8 && index != 1 && (index < 5 || index == 8);
        return exists ? new Operand.Register(Operand.File.CONTROL, index, size) : null;
    }

    private static Operand debugRegister(int index, int size) {
        return index > 7 ? null : new Operand.Register(Operand.File.DEBUG, index, size);
    }

    private Operand immediate(OperandCode.Size code, int size) {
        return switch (code) {
            case B, W -> new Operand.Immediate(unsigned(size), size);
            case Z -> new Operand.Immediate(signed(size), operandSize);
            default -> new Operand.Immediate(signed(size), size);
        };
    }

    private static Operand.Memory sized(Operand.Memory memory, int size) {
        return new Operand.Memory(
                memory.segment(),
                memory.base(),
                memory.index(),
                memory.scale(),
                memory.displacement(),
                memory.addressSize(),
                size);
    }

    private Operand.Memory memory() {
        return addressSize == 2 ? memory16() : memory32();
    }

    /** SDM vol. 2, table 2-1. */
    private Operand.Memory memory16() {
        int mod = modRm >> 6;
        int rm = modRm & 7;
        int base = BASE_16[rm];
        long displacement = mod == 1 ? signed(1) : mod == 2 ? signed(2) : 0;
        if (mod == 0 && rm == 6) {
            base = CpuState.ZERO;
            displacement = signed(2);
        }
        return address(base, INDEX_16[rm], 0, displacement);
    }

    /** SDM vol. 2, tables 2-2 and 2-3, section 2.2.1. */
    private Operand.Memory memory32() {
        int mod = modRm >> 6;
        int base = modRm & 7;
        int index = CpuState.ZERO;
        int scale = 0;
        boolean sib = base == 4;
        if (sib) {
            int octet = next();
            scale = octet >> 6;
            index = octet >> 3 & 7 | (rex & REX_X) << 2;
            if (index == 4) {
                index = CpuState.ZERO;
            }
            base = octet & 7;
        }
        long displacement = mod == 1 ? signed(1) : mod == 2 ? signed(4) : 0;
        if (mod == 0 && base == 5) {
            displacement = signed(4);
            base = sib || mode != 8 ? CpuState.ZERO : CpuState.RIP;
        } else {
            base |= (rex & REX_B) << 3;
        }
        return address(base, index, scale, displacement);
    }

    private Operand.Memory address(int base, int index, int scale, long displacement) {
        int register = segment;
        if (register == NO_SEGMENT) {
            boolean stack = base == CpuState.RBP || base == CpuState.RSP;
            register = stack ? CpuState.SS : CpuState.DS;
        }
        return new Operand.Memory(register, base, index, scale, displacement, addressSize, 0);
    }

    private long unsigned(int bytes) {
        long value = 0;
        for (int i = 0; i < bytes; i++) {
            value |= (long) next() << (8 * i);
        }
        return value;
    }

    private long signed(int bytes) {
        int unused = 64 - 8 * bytes;
        return unsigned(bytes) << unused >> unused;
    }

    private int next() {
        if (length == MAX_LENGTH) {
            throw tooLong.set(GuestFault.GP, 0);
        }
        int octet = code.next();
        length++;
        return octet;
    }
}
