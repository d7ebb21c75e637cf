package dev.arclet.emulator.cpu.differential;

import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.decode.Decoder;
import dev.arclet.emulator.cpu.decode.Instruction;
import dev.arclet.emulator.cpu.decode.Mnemonic;
import dev.arclet.emulator.cpu.decode.Operand;
import dev.arclet.emulator.cpu.differential.Draft.Item;
import dev.arclet.emulator.cpu.differential.Draft.Patch;
import dev.arclet.emulator.fault.GuestFault;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;

/** Single instructions of random bytes, so far as they are worth the while. */
final class RandomInstructions {
    private static final int[] PREFIXES = {0x66, 0x66, 0x67, 0xF2, 0xF3, 0xF0, 0x26, 0x64, 0x65};

    /** They end a program, or leave the world that it lives in. */
    private static final Set<Mnemonic> UNWANTED =
            EnumSet.of(
                    Mnemonic.INVALID,
                    Mnemonic.HLT,
                    Mnemonic.MWAIT,
                    Mnemonic.MONITOR,
                    Mnemonic.LGDT,
                    Mnemonic.LIDT,
                    Mnemonic.LLDT,
                    Mnemonic.LTR,
                    Mnemonic.LMSW,
                    Mnemonic.WRMSR,
                    Mnemonic.RDRAND,
                    Mnemonic.RDSEED,
                    Mnemonic.SYSCALL,
                    Mnemonic.SYSENTER,
                    Mnemonic.SYSEXIT,
                    Mnemonic.SYSRET,
                    Mnemonic.JMP_FAR,
                    Mnemonic.CALL_FAR,
                    Mnemonic.RET_FAR,
                    Mnemonic.IRET,
                    Mnemonic.SWAPGS,
                    Mnemonic.XSETBV,
                    Mnemonic.WRFSBASE,
                    Mnemonic.WRGSBASE,
                    Mnemonic.RSM);

    private final Random random;
    private final int codeSize;
    private final int items;
    private final Decoder decoder = new Decoder();
    private final byte[] bytes = new byte[16];

    RandomInstructions(Random random, int codeSize, int items) {
        this.random = random;
        this.codeSize = codeSize;
        this.items = items;
    }

    Item item(int id) {
        for (int tries = 0; tries < 2000; tries++) {
            fill();
            Instruction instruction = decode();
            if (instruction == null || instruction.length() > 12) {
                continue;
            }
            instruction = aim(instruction);
            if (instruction == null || !wanted(instruction)) {
                continue;
            }
            byte[] code = Arrays.copyOf(bytes, instruction.length());
            for (Operand operand : instruction.operands()) {
                if (operand instanceof Operand.Relative) {
                    return branch(id, instruction, code);
                }
            }
            return Item.of(id, code);
        }
        return Item.of(id, new byte[] {(byte) 0x90});
    }

    private void fill() {
        random.nextBytes(bytes);
        int at = 0;
        while (random.nextInt(5) == 0 && at < 2) {
            bytes[at++] = (byte) PREFIXES[random.nextInt(PREFIXES.length)];
        }
        if (codeSize == 8 && random.nextInt(3) == 0) {
            bytes[at++] = (byte) (0x40 | random.nextInt(16));
        }
        switch (random.nextInt(8)) {
            case 0, 1 -> bytes[at] = 0x0F;
            case 2 -> bytes[at] = (byte) (0xD8 + random.nextInt(8));
            default -> {}
        }
    }

    private Instruction decode() {
        int[] at = {0};
        try {
            return decoder.decode(() -> at[0] < 16 ? bytes[at[0]++] & 0xFF : 0x90, codeSize);
        } catch (GuestFault e) {
            return null;
        }
    }

    private Item branch(int id, Instruction instruction, byte[] code) {
        int opcode = instruction.opcode();
        boolean near = opcode == 0xE8 || opcode == 0xE9 || opcode >> 8 == 0x0F;
        int size = near ? (instruction.operandSize() == 2 ? 2 : 4) : 1;
        int target = size == 1 ? id + random.nextInt(13) - 6 : random.nextInt(items + 1);
        return new Item(
                id,
                code,
                List.of(
                        new Patch(
                                code.length - size,
                                size,
                                true,
                                Math.clamp(target, 0, items),
                                random.nextInt(40) == 0 ? 1 : 0)));
    }

    /** Points displacements that are addresses to data. */
    private Instruction aim(Instruction instruction) {
        for (Operand operand : instruction.operands()) {
            if (operand instanceof Operand.Memory m && Math.abs(m.displacement()) > 0x80) {
                int size = m.addressSize() == 2 ? 2 : 4;
                for (int at = 1; at + size <= instruction.length(); at++) {
                    if (read(at, size)
                            != (size == 2 ? (short) m.displacement() : m.displacement())) {
                        continue;
                    }
                    boolean absolute = m.base() == CpuState.ZERO;
                    long value = random.nextInt(0x400) - 0x200L;
                    if (absolute) {
                        value = (codeSize == 2 ? 0 : FuzzMachine.DATA) + random.nextInt(0x7F00);
                        if (m.addressSize() == 2) {
                            value &= 0x7FFF;
                        }
                    }
                    for (int i = 0; i < size; i++) {
                        bytes[at + i] = (byte) (value >>> 8 * i);
                    }
                    return decode();
                }
                return null;
            }
        }
        return instruction;
    }

    private long read(int at, int size) {
        int value = 0;
        for (int i = size - 1; i >= 0; i--) {
            value = value << 8 | bytes[at + i] & 0xFF;
        }
        return size == 2 ? (short) value : value;
    }

    private boolean wanted(Instruction instruction) {
        if (UNWANTED.contains(instruction.mnemonic())) {
            return false;
        }
        boolean first = true;
        for (Operand operand : instruction.operands()) {
            boolean fits =
                    switch (operand) {
                        case Operand.Register r -> fits(r, first);
                        case Operand.Memory m -> fits(m);
                        case Operand.FarPointer f -> false;
                        default -> true;
                    };
            if (!fits) {
                return false;
            }
            first = false;
        }
        // A count that nobody has made small; there are idioms with one.
        return instruction.repeat() == 0 || random.nextInt(4) == 0;
    }

    private boolean fits(Operand.Register r, boolean target) {
        return switch (r.file()) {
            case CONTROL, DEBUG -> false;
            case SEGMENT -> random.nextInt(8) == 0;
            case GPR -> {
                boolean pointer = r.index() == 3 || r.index() >= 5 && r.index() <= 7;
                if (r.index() == CpuState.RSP) {
                    yield !target && r.size() >= 4;
                }
                yield !(target && pointer && r.size() > 1) || random.nextInt(6) == 0;
            }
            default -> true;
        };
    }

    private boolean fits(Operand.Memory m) {
        if (m.index() != CpuState.ZERO && m.index() != CpuState.RCX && random.nextInt(8) != 0) {
            return false;
        }
        boolean pointer =
                switch (m.base()) {
                    case 3, 4, 5, 6, 7, 13, 14, 15, CpuState.ZERO -> true;
                    default -> false;
                };
        return pointer || random.nextInt(10) == 0;
    }
}
