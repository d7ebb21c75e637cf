package dev.arclet.emulator.cpu.differential;

import dev.arclet.emulator.cpu.differential.Case.Setup;
import dev.arclet.emulator.cpu.differential.Draft.Item;
import dev.arclet.emulator.cpu.differential.Draft.Patch;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Sequences that compilers, C libraries and kernels are made of, with random registers and targets.
 */
final class Idioms {
    /** Registers that hold addresses of data. */
    private static final int[] POINTERS = {3, 5, 6, 7};

    private static final int[] SCRATCH = {0, 1, 2};

    private final Random random;
    private final int codeSize;
    private final int items;
    private final int setup;
    private ByteArrayOutputStream out = new ByteArrayOutputStream();
    private List<Patch> patches = new ArrayList<>();
    private int id;

    /** Whether the next memory operand's address has 32 bits in 16-bit code. */
    private boolean wideAddress;

    Idioms(Random random, int codeSize, int items, int setup) {
        this.random = random;
        this.codeSize = codeSize;
        this.items = items;
        this.setup = setup;
    }

    Item item(int newId) {
        id = newId;
        out = new ByteArrayOutputStream();
        patches = new ArrayList<>();
        if (codeSize == 2 && random.nextInt(16) == 0) {
            loadSegment16(pick(new int[] {0, 3, 4, 5}), (setup & Setup.USER) == 0);
            memory();
            return new Item(id, out.toByteArray(), List.copyOf(patches));
        }
        switch (random.nextInt(26)) {
            case 0, 1, 2 -> arithmetic();
            case 3, 4 -> memory();
            case 5, 6 -> compareAndBranch();
            case 7 -> loopBack();
            case 8 -> call();
            case 9 -> returns();
            case 10 -> stack();
            case 11 -> pointer();
            case 12 -> strings();
            case 13 -> flags();
            case 14 -> modifyCode();
            case 15 -> indirectJump();
            case 16 -> shift();
            case 17 -> multiply();
            case 18 -> vector();
            case 19 -> floatingPoint();
            case 20 -> device();
            case 21 -> system();
            case 22 -> frame();
            case 23 -> extend();
            case 24 -> exchange();
            default -> edge();
        }
        return new Item(id, out.toByteArray(), List.copyOf(patches));
    }

    // Encoding

    private void emit(int... bytes) {
        for (int b : bytes) {
            out.write(b);
        }
    }

    private void emit16(int value) {
        emit(value, value >> 8);
    }

    private void emit32(int value) {
        emit16(value);
        emit16(value >> 16);
    }

    /** An immediate of the operand size without prefixes. */
    private void immediate(int value) {
        if (codeSize == 2) {
            emit16(value);
        } else {
            emit32(value);
        }
    }

    /** Now and then an operand size prefix, in 64-bit mode also REX.W. */
    private int size() {
        if (random.nextInt(5) == 0) {
            emit(0x66);
            return codeSize == 2 ? 4 : 2;
        }
        if (codeSize == 8 && random.nextInt(3) != 0) {
            emit(0x48);
            return 8;
        }
        return codeSize == 2 ? 2 : 4;
    }

    private int pick(int[] from) {
        return from[random.nextInt(from.length)];
    }

    private int any() {
        int r = random.nextInt(8);
        return r == 4 ? 0 : r;
    }

    private int target() {
        return random.nextInt(8) == 0 ? pick(POINTERS) : pick(SCRATCH);
    }

    private void registers(int reg, int rm) {
        emit(0xC0 | reg << 3 | rm);
    }

    /** Prefixes of 16-bit code for a memory operand: of its segment, and of its address. */
    private void prefixes() {
        if (codeSize == 2 && random.nextInt(4) == 0) {
            emit(pick(new int[] {0x26, 0x2E, 0x36, 0x3E, 0x64, 0x65}));
        }
        if (codeSize == 2 && random.nextInt(5) == 0) {
            emit(0x67);
            wideAddress = true;
        }
    }

    /** A memory operand in data or on the stack. */
    private void memoryOperand(int reg) {
        if (codeSize == 2 && !wideAddress) {
            memoryOperand16(reg);
            return;
        }
        wideAddress = false;
        switch (random.nextInt(6)) {
            case 0 -> { // [esp + disp8]
                emit(0x44 | reg << 3, 0x24, random.nextInt(64));
            }
            case 1 -> { // [base + ecx * scale + disp8]
                emit(
                        0x44 | reg << 3,
                        random.nextInt(4) << 6 | 1 << 3 | pick(POINTERS),
                        random.nextInt(100));
            }
            case 2 -> { // [disp32]
                if (codeSize == 8) {
                    emit(0x04 | reg << 3, 0x25);
                } else {
                    emit(0x05 | reg << 3);
                }
                emit32((codeSize == 2 ? 0 : FuzzMachine.DATA) + random.nextInt(0x7F00));
            }
            case 3 -> { // [base + disp32]
                emit(0x80 | reg << 3 | pick(POINTERS));
                emit32(random.nextInt(0x800) - 0x400);
            }
            default -> emit(0x40 | reg << 3 | pick(POINTERS), random.nextInt(256));
        }
    }

    /** Mostly what compilers use; all forms, now and then about the end of 64 KiB. */
    private void memoryOperand16(int reg) {
        int form = random.nextInt(3) == 0 ? random.nextInt(8) : 4 + random.nextInt(4);
        switch (random.nextInt(6)) {
            case 0 -> {
                emit(reg << 3 | 6);
                emit16(random.nextInt(8) == 0 ? -random.nextInt(8) : random.nextInt(0x7F00));
            }
            case 1 -> {
                emit(0x80 | reg << 3 | form);
                emit16(random.nextInt(4) == 0 ? random.nextInt() : random.nextInt(0x400) - 0x200);
            }
            case 2 -> {
                emit(reg << 3 | form);
                if (form == 6) {
                    emit16(random.nextInt(0x7F00));
                }
            }
            default -> emit(0x40 | reg << 3 | form, random.nextInt(256));
        }
    }

    private void relative(int size, int toItem) {
        patches.add(new Patch(out.size(), size, true, Math.clamp(toItem, 0, items), 0));
        for (int i = 0; i < size; i++) {
            emit(0);
        }
    }

    private void relativeWide(int toItem) {
        relative(codeSize == 2 ? 2 : 4, toItem);
    }

    private int near() {
        return id + random.nextInt(9) - 3;
    }

    // Idioms

    private void arithmetic() {
        for (int i = 1 + random.nextInt(4); i > 0; i--) {
            switch (random.nextInt(5)) {
                case 0 -> {
                    size();
                    emit(random.nextInt(8) << 3 | 3);
                    registers(target(), any());
                }
                case 1 -> {
                    size();
                    emit(0x83, 0xC0 | random.nextInt(8) << 3 | target(), random.nextInt(256));
                }
                case 2 -> {
                    emit(random.nextInt(8) << 3);
                    registers(random.nextInt(8), pick(new int[] {0, 1, 2, 4, 5, 6}));
                }
                case 3 -> {
                    size();
                    emit(0xFF, 0xC0 | random.nextInt(2) << 3 | target());
                }
                default -> {
                    size();
                    emit(0xF7, 0xD0 | random.nextInt(2) << 3 | target());
                }
            }
        }
    }

    private void memory() {
        prefixes();
        switch (random.nextInt(6)) {
            case 0 -> {
                size();
                emit(0x8B);
                memoryOperand(target());
            }
            case 1 -> {
                size();
                emit(0x89);
                memoryOperand(any());
            }
            case 2 -> {
                emit(0x88 + 2 * random.nextInt(2));
                memoryOperand(random.nextInt(3));
            }
            case 3 -> {
                size();
                emit(random.nextInt(8) << 3 | 1);
                memoryOperand(any());
            }
            case 4 -> {
                size();
                emit(random.nextInt(8) << 3 | 3);
                memoryOperand(target());
            }
            default -> {
                size();
                emit(0x83);
                memoryOperand(random.nextInt(8));
                emit(random.nextInt(256));
            }
        }
    }

    private void compareAndBranch() {
        switch (random.nextInt(5)) {
            case 0 -> {
                size();
                emit(0x39);
                registers(any(), any());
            }
            case 1 -> {
                size();
                emit(0x85);
                registers(any(), any());
            }
            case 2 -> {
                prefixes();
                size();
                emit(0x3B);
                memoryOperand(any());
            }
            case 3 -> emit(0x3C, random.nextInt(256));
            default -> {
                size();
                emit(0x83, 0xF8 | any(), random.nextInt(8));
            }
        }
        int condition = random.nextInt(16);
        switch (random.nextInt(5)) {
            case 0 -> emit(0x0F, 0x90 | condition, 0xC0 | random.nextInt(3));
            case 1 -> {
                size();
                emit(0x0F, 0x40 | condition);
                registers(target(), any());
            }
            case 2 -> {
                emit(0x70 | condition);
                relative(1, near());
            }
            default -> {
                emit(0x0F, 0x80 | condition);
                relativeWide(random.nextInt(3) == 0 ? random.nextInt(items + 1) : near());
            }
        }
    }

    private void loopBack() {
        switch (random.nextInt(3)) {
            case 0 -> { // dec ecx; jnz
                emit(0xFF, 0xC9, 0x0F, 0x85);
                relativeWide(id - random.nextInt(6));
            }
            case 1 -> { // loop
                if (codeSize != 8 && random.nextInt(5) == 0) {
                    emit(0x67);
                }
                emit(0xE0 + random.nextInt(4));
                relative(1, id - random.nextInt(4));
            }
            default -> { // and ecx, 63; sub ecx, 1; ja
                emit(0x83, 0xE1, 0x3F, 0x83, 0xE9, 1, 0x0F, 0x87);
                relativeWide(id - random.nextInt(6));
            }
        }
    }

    private void call() {
        if (random.nextInt(4) == 0) { // through a register
            emit(0xB8);
            patches.add(
                    new Patch(
                            out.size(),
                            codeSize == 2 ? 2 : 4,
                            false,
                            random.nextInt(items + 1),
                            0));
            immediate(0);
            emit(0xFF, 0xD0);
        } else if (codeSize == 2 && random.nextInt(4) == 0) {
            callRarer();
        } else {
            emit(0xE8);
            relativeWide(random.nextInt(items + 1));
        }
    }

    /** Calls of 16-bit code with addresses of 32 bits, and to its own segment. */
    private void callRarer() {
        if (random.nextBoolean()) {
            emit(0x66, 0xE8);
            relative(4, random.nextInt(items + 1));
        } else {
            emit(0x9A);
            patches.add(new Patch(out.size(), 2, false, random.nextInt(items + 1), 0));
            emit16(0);
            emit16((setup & Setup.PROTECTED) == 0 ? FuzzMachine.CODE >> 4 : 8);
        }
    }

    private void returns() {
        switch (random.nextInt(5)) {
            case 0 -> emit(0xC2, random.nextInt(3) * 4, 0);
            case 1, 2 -> {
                if (codeSize == 2 && random.nextInt(4) == 0) {
                    emit(0x66);
                }
                emit(codeSize == 2 && random.nextInt(8) == 0 ? 0xCB : 0xC3);
            }
            default -> { // jumps over a function
                emit(0xE9);
                relativeWide(id + 1 + random.nextInt(5));
            }
        }
    }

    private void stack() {
        if (codeSize != 8 && random.nextInt(6) == 0) {
            emit(0x66);
        }
        switch (random.nextInt(7)) {
            case 0 -> emit(0x50 | any(), 0x58 | target());
            case 1 -> emit(0x50 | any());
            case 2 -> emit(0x58 | target());
            case 3 -> emit(0x6A, random.nextInt(256));
            case 4 -> {
                emit(0xFF);
                memoryOperand(6);
            }
            case 5 -> emit(0x9C, 0x58 | pick(SCRATCH)); // pushf; pop
            default -> {
                if (codeSize == 8) {
                    emit(0x48);
                }
                emit(
                        0x83,
                        random.nextBoolean() ? 0xEC : 0xC4,
                        4 * random.nextInt(8)); // sub/add esp
            }
        }
    }

    /** Makes a register point to data again. */
    private void pointer() {
        int r = pick(POINTERS);
        emit(0xB8 | r);
        int offset =
                random.nextInt(16) == 0 ? 0x8000 + random.nextInt(0x7000) : random.nextInt(0x7000);
        if (codeSize == 2 && random.nextInt(6) == 0) {
            offset = 4 - random.nextInt(8);
        }
        immediate((codeSize == 2 ? 0 : FuzzMachine.DATA) + offset);
        if (random.nextInt(3) == 0) {
            emit(0x83, 0xE1, random.nextInt(64)); // and ecx, n
        }
    }

    private void strings() {
        emit(0xBE);
        immediate((codeSize == 2 ? 0 : FuzzMachine.DATA) + random.nextInt(0x7000));
        emit(0xBF);
        boolean elsewhere = random.nextInt(8) == 0;
        immediate(
                (codeSize == 2 ? 0 : FuzzMachine.DATA)
                        + (elsewhere ? 0x7E00 : 0)
                        + random.nextInt(0x7000));
        emit(0xB9);
        immediate(random.nextInt(random.nextInt(5) == 0 ? 3000 : 40));
        if (random.nextInt(12) == 0) {
            emit(0xFD);
        }
        boolean repeat = random.nextInt(4) != 0;
        if (repeat) {
            emit(0xF2 + random.nextInt(2));
        }
        if (random.nextInt(6) == 0) {
            emit(0x66);
        } else if (codeSize == 8 && random.nextInt(3) == 0) {
            emit(0x48);
        }
        emit(
                pick(
                        new int[] {
                            0xA4, 0xA5, 0xA6, 0xA7, 0xAA, 0xAB, 0xAC, 0xAD, 0xAE, 0xAF, 0xA4, 0xA5,
                            0xAB
                        }));
        if (random.nextInt(2) == 0) {
            emit(0xFC);
        }
    }

    private void flags() {
        switch (random.nextInt(6)) {
            case 0 -> emit(pick(new int[] {0xF5, 0xF8, 0xF9, 0xFC}));
            case 1 -> {
                if (codeSize != 8) {
                    emit(0x9F);
                } else {
                    emit(0x9C, 0x58);
                }
            }
            case 2 -> emit(0x0F, 0x90 | random.nextInt(16), 0xC0 | random.nextInt(3));
            case 3 -> {
                size();
                emit(0x11 + 8 * random.nextInt(2)); // adc, sbb
                registers(any(), target());
            }
            case 4 -> emit(0x9C, 0x9D);
            default -> {
                emit(0x83, 0xC0 | random.nextInt(8) << 3 | pick(SCRATCH), 1);
                emit(0xFF, 0xC0 | random.nextInt(2) << 3 | pick(SCRATCH)); // keeps CF
                emit(0x0F, 0x90 | random.nextInt(16), 0xC3);
            }
        }
    }

    /**
     * Writes into code: into an immediate or wherever, of this page or another, directly or
     * aliased.
     */
    private void modifyCode() {
        int victim = random.nextInt(items + 1);
        int delta = random.nextInt(4);
        boolean alias = (setup & Setup.PAGING) != 0 && random.nextInt(3) == 0;
        if (alias) {
            delta += FuzzMachine.ALIAS - FuzzMachine.CODE;
        }
        if (codeSize == 2) {
            emit(0x2E); // cs:
        }
        boolean wide = random.nextInt(3) == 0;
        int field = codeSize == 2 ? 2 : 4;
        // mov byte or dword [address], imm; or inc byte [address]
        boolean increment = !wide && random.nextBoolean();
        emit(wide ? 0xC7 : increment ? 0xFE : 0xC6);
        if (codeSize == 8) {
            emit(0x04, 0x25);
        } else {
            emit(codeSize == 2 ? 0x06 : 0x05);
        }
        patches.add(new Patch(out.size(), field, false, victim, delta));
        immediate(0);
        if (wide) {
            // Harmless opcodes in a row: inc, nop, cmc, stc.
            int[] harmless = {0x90, 0xF5, 0xF9, 0xF8, 0x98, 0x99};
            for (int i = 0; i < field; i++) {
                emit(pick(harmless));
            }
        } else if (!increment) {
            emit(random.nextBoolean() ? 0x90 : random.nextInt(256));
        }
        if (random.nextBoolean()) {
            emit(0xEB, 0);
        }
    }

    private void indirectJump() {
        int field = codeSize == 2 ? 2 : 4;
        if (random.nextBoolean()) {
            emit(0xB8 | 2);
            patches.add(new Patch(out.size(), field, false, near(), 0));
            immediate(0);
            emit(0xFF, 0xE2);
            return;
        }
        // A table of two targets in memory: stores them, then jumps by the lowest bit of EAX.
        if (codeSize == 2) {
            emit(0x0F, 0x85);
            relativeWide(near());
            return;
        }
        int table = FuzzMachine.DATA + 0x7C00 + 16 * random.nextInt(8);
        int entry = codeSize == 8 ? 8 : 4;
        for (int i = 0; i < 2; i++) {
            if (codeSize == 8) {
                emit(0x48);
            }
            emit(0xC7);
            if (codeSize == 8) {
                emit(0x04, 0x25);
            } else {
                emit(0x05);
            }
            emit32(table + i * entry);
            patches.add(new Patch(out.size(), 4, false, Math.clamp(near(), 0, items), 0));
            emit32(0);
        }
        emit(0x83, 0xE0, 1); // and eax, 1
        emit(0xFF, 0x24, (codeSize == 8 ? 3 : 2) << 6 | 5); // jmp [table + eax * entry]
        emit32(table);
    }

    private void shift() {
        switch (random.nextInt(4)) {
            case 0 -> {
                size();
                emit(0xC1, 0xC0 | random.nextInt(8) << 3 | target(), random.nextInt(40));
            }
            case 1 -> {
                size();
                emit(0xD3, 0xC0 | random.nextInt(8) << 3 | target());
            }
            case 2 -> {
                size();
                emit(0x0F, random.nextBoolean() ? 0xA4 : 0xAC);
                registers(any(), target());
                emit(random.nextInt(40));
            }
            default ->
                    emit(
                            0xD0 + 2 * random.nextInt(2),
                            0xC0 | random.nextInt(8) << 3 | random.nextInt(3));
        }
    }

    private void multiply() {
        switch (random.nextInt(4)) {
            case 0 -> {
                size();
                emit(0x0F, 0xAF);
                registers(target(), any());
            }
            case 1 -> {
                size();
                emit(0x6B);
                registers(target(), any());
                emit(random.nextInt(256));
            }
            case 2 -> { // xor edx, edx; or ebx, 1; div ebx
                emit(0x31, 0xD2, 0x83, 0xCB, 1);
                size();
                emit(0xF7, (random.nextBoolean() ? 0xF0 : 0xF8) | 3);
            }
            default -> {
                size();
                emit(0xF7, 0xE0 | random.nextInt(4) << 3 | any());
            }
        }
    }

    private void vector() {
        int[] moves = {0x10, 0x11, 0x28, 0x6F, 0x7F, 0xD6, 0x7E, 0x6E};
        int[] prefix = {0x66, 0xF2, 0xF3};
        int[] operations = {
            0x51, 0x54, 0x57, 0x58, 0x59, 0x5A, 0x5C, 0x5D, 0x5E, 0x5F, 0x2E, 0x2A, 0x2C, 0xFE,
            0xEF, 0xDB, 0xEB, 0x62, 0x70, 0xD4, 0x6C, 0x74, 0xD7, 0xF4, 0x5B, 0xE6
        };
        int opcode = random.nextInt(3) == 0 ? pick(moves) : pick(operations);
        if (random.nextInt(5) != 0) {
            emit(pick(prefix));
        }
        if (codeSize == 8 && random.nextInt(5) == 0) {
            emit(0x40 | random.nextInt(2) << 2 | random.nextInt(2) << 3);
        }
        emit(0x0F, opcode);
        if (random.nextBoolean()) {
            registers(
                    opcode == 0x2C || opcode == 0xD7 ? target() : random.nextInt(8),
                    random.nextInt(4));
        } else {
            memoryOperand(opcode == 0x2C || opcode == 0xD7 ? target() : random.nextInt(8));
        }
        if (opcode == 0x70) {
            emit(random.nextInt(256));
        }
    }

    private void floatingPoint() {
        switch (random.nextInt(6)) {
            case 0 -> emit(0xD9, 0xE8 + random.nextInt(7)); // constants
            case 1 -> {
                emit(random.nextBoolean() ? 0xD9 : 0xDD);
                memoryOperand(pick(new int[] {0, 2, 3}));
            }
            case 2 -> emit(0xD8 + 4 * random.nextInt(2), 0xC0 + random.nextInt(64));
            case 3 -> emit(0xDE, 0xC1 + 8 * pick(new int[] {0, 1, 4, 5, 6, 7}));
            case 4 -> {
                emit(random.nextBoolean() ? 0xDB : 0xDF);
                memoryOperand(pick(new int[] {0, 2, 3}));
            }
            default -> emit(0xDB, 0xE8 + random.nextInt(16), 0xDF, 0xE0);
        }
    }

    private void device() {
        if (codeSize == 2) {
            emit(0xE4 + random.nextInt(4), random.nextInt(256));
            return;
        }
        switch (random.nextInt(4)) {
            case 0 -> emit(0xE4 + random.nextInt(4), random.nextInt(256));
            case 1 -> {
                emit(0xA1);
                emit32(FuzzMachine.MMIO + 4 * random.nextInt(16));
                if (codeSize == 8) {
                    emit32(0);
                }
            }
            case 2 -> {
                emit(0xC7);
                if (codeSize == 8) {
                    emit(0x04, 0x25);
                } else {
                    emit(0x05);
                }
                emit32(FuzzMachine.MMIO + 4 * random.nextInt(16));
                emit32(random.nextInt());
            }
            default -> {
                emit(0x89);
                memoryOperand(0);
            }
        }
    }

    /** Interrupt flag, page tables, look-aside entries, software interrupts. */
    /** Opens and closes keys 1 to 3. */
    private void keys() {
        emit(0x51, 0x52, 0x31, 0xC9, 0x31, 0xD2, 0xB8); // push rcx, rdx; xor ecx, ecx...
        emit32(random.nextInt() & 0xFC);
        emit(0x0F, 0x01, random.nextInt(4) == 0 ? 0xEE : 0xEF, 0x5A, 0x59); // rdpkru or wrpkru
    }

    private void system() {
        if ((setup & Setup.KEYS) != 0 && random.nextInt(3) != 0) {
            keys();
            return;
        }
        boolean kernel = (setup & Setup.USER) == 0;
        switch (random.nextInt(11)) {
            case 7, 8 -> loadSegment(kernel);
            case 9 -> { // pushf; maybe xor [esp], flags; popf
                emit(0x9C);
                if (codeSize != 2 && random.nextBoolean()) {
                    emit(0x81, 0x34, 0x24);
                    emit32(pick(new int[] {0x200, 0x4_0000, 0x4_0200, 0x8D5}));
                }
                emit(0x9D);
            }
            case 10 -> {
                if (codeSize == 8 && kernel) {
                    emit(0x0F, 0x01, 0xF8, 0x65, 0x8B); // swapgs; mov r, gs:...
                    memoryOperand(target());
                    emit(0x0F, 0x01, 0xF8);
                } else {
                    emit(0x90);
                }
            }
            case 0 -> emit(0xFB); // sti
            case 1 -> emit(0xFA);
            case 2 -> { // cpuid, whose ECX is made small again
                emit(0x0F, 0xA2, 0xB9);
                immediate(7);
            }
            case 3 -> emit(0x0F, 0x31);
            case 4 -> emit(0xCC);
            default -> {
                if (codeSize == 2 || !kernel || (setup & Setup.PAGING) == 0) {
                    emit(0x90);
                    break;
                }
                // Gives a data page other rights or another frame, then invalidates it or
                // everything.
                int page = (FuzzMachine.DATA >> 12) + random.nextInt(8);
                int entry = FuzzMachine.PAGE_TABLE + page * (codeSize == 8 ? 8 : 4);
                int frame =
                        random.nextBoolean() ? page : (FuzzMachine.DATA >> 12) + random.nextInt(8);
                emit(0xC7);
                if (codeSize == 8) {
                    emit(0x04, 0x25);
                } else {
                    emit(0x05);
                }
                emit32(entry);
                emit32(frame << 12 | (random.nextInt(4) == 0 ? 5 : 7));
                if (random.nextBoolean()) {
                    emit(0x0F, 0x01);
                    if (codeSize == 8) {
                        emit(0x3C, 0x25);
                    } else {
                        emit(0x3D);
                    }
                    emit32(page << 12);
                } else {
                    emit(0x0F, 0x20, 0xD8, 0x0F, 0x22, 0xD8); // mov eax, cr3; mov cr3, eax
                }
            }
        }
    }

    /** Loads ES, DS, FS or GS: with what it has, a flat segment, or seldom none. */
    private void loadSegment(boolean kernel) {
        int segment = pick(new int[] {0, 3, 4, 5});
        if (codeSize == 2 && random.nextInt(3) != 0) {
            loadSegment16(segment, kernel);
            return;
        }
        if (codeSize == 2 || random.nextInt(3) == 0) {
            if (segment >= 4) {
                emit(0x0F, 0x80 | segment << 3, 0x0F, 0x81 | segment << 3); // push; pop
            } else if (codeSize != 8) {
                emit(0x06 | segment << 3, 0x07 | segment << 3);
            } else {
                emit(0x8C, 0xC0 | segment << 3, 0x8E, 0xC0 | segment << 3); // by way of eax
            }
            return;
        }
        emit(0xB8); // mov eax, selector; mov segment, ax
        immediate(random.nextInt(6) == 0 ? 0 : kernel && random.nextBoolean() ? 0x10 : 0x23);
        emit(0x8E, 0xC0 | segment << 3);
    }

    /** The same in 16-bit code: with bases about the data's, now and then by LDS and the like. */
    private void loadSegment16(int segment, boolean kernel) {
        int value =
                (setup & Setup.PROTECTED) != 0
                        ? random.nextInt(6) == 0 ? 0 : kernel ? 0x10 : 0x23
                        : switch (random.nextInt(6)) {
                            case 0 -> FuzzMachine.STACK >> 4;
                            case 1 -> FuzzMachine.CODE >> 4;
                            case 2 -> random.nextInt(0x1_0000);
                            default -> (FuzzMachine.DATA >> 4) + random.nextInt(0x800);
                        };
        if (random.nextInt(3) != 0) {
            emit(0xB8); // mov ax, value; mov segment, ax
            emit16(value);
            emit(0x8E, 0xC0 | segment << 3);
            return;
        }
        int at = random.nextInt(8) == 0 ? 0xFFFC + random.nextInt(4) : random.nextInt(0x7000);
        emit(0xC7, 0x06); // mov word [at + 2], value; lds or les bx, [at]
        emit16(at + 2);
        emit16(value);
        switch (segment) {
            case 0 -> emit(0xC4);
            case 3 -> emit(0xC5);
            default -> emit(0x0F, 0xB0 | segment);
        }
        emit(pick(POINTERS) << 3 | 6);
        emit16(at);
    }

    private void frame() {
        switch (random.nextInt(3)) {
            case 0 -> emit(0x55, 0x89, 0xE5, 0xC9);
            case 1 -> emit(0xC8, random.nextInt(4) * 8, 0, random.nextInt(3), 0xC9);
            default -> {
                if (codeSize == 8) {
                    emit(0x90);
                } else {
                    emit(0x60, 0x61);
                }
            }
        }
    }

    private void extend() {
        switch (random.nextInt(3)) {
            case 0 -> {
                prefixes();
                size();
                emit(0x0F, pick(new int[] {0xB6, 0xB7, 0xBE, 0xBF}));
                if (random.nextBoolean()) {
                    registers(target(), any());
                    wideAddress = false;
                } else {
                    memoryOperand(target());
                }
            }
            case 1 -> {
                size();
                emit(random.nextBoolean() ? 0x98 : 0x99);
            }
            default -> {
                prefixes();
                size();
                emit(0x8D);
                memoryOperand(target());
            }
        }
    }

    private void exchange() {
        switch (random.nextInt(4)) {
            case 0 -> {
                prefixes();
                size();
                emit(0x87);
                memoryOperand(pick(SCRATCH));
            }
            case 1 -> {
                emit(0xF0, 0x0F, 0xB1);
                memoryOperand(any());
            }
            case 2 -> {
                emit(0xF0, 0x0F, 0xC1);
                memoryOperand(pick(SCRATCH));
            }
            default -> {
                size();
                emit(0x0F, pick(new int[] {0xA3, 0xAB, 0xB3, 0xBB, 0xBC, 0xBD}));
                registers(pick(SCRATCH), any());
            }
        }
    }

    /** Accesses over a page's end, and where pages may be missing. */
    private void edge() {
        int r = pick(POINTERS);
        int base = codeSize == 2 ? 0 : FuzzMachine.DATA;
        emit(0xB8 | r);
        int pages = codeSize == 2 ? 1 + random.nextInt(16) : 1 + random.nextInt(14);
        immediate(base + 0x1000 * pages - random.nextInt(8));
        for (int i = 1 + random.nextInt(3); i > 0; i--) {
            size();
            emit(pick(new int[] {0x8B, 0x89, 0x01, 0x03, 0x87, 0x31, 0x39}));
            int[] forms16 = {0, 0, 0, 7, 0, 6, 4, 5};
            int reg = pick(SCRATCH);
            int form = codeSize == 2 ? forms16[r] : r;
            emit(0x40 | reg << 3 | form, random.nextInt(4));
        }
    }
}
