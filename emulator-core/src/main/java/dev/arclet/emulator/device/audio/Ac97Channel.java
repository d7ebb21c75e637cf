package dev.arclet.emulator.device.audio;

import dev.arclet.emulator.bus.DmaMemory;
import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotReader;
import dev.arclet.emulator.snapshot.SnapshotWriter;

/**
 * One bus master engine of the controller: a ring of 32 buffer descriptors and the registers that
 * walk it (82801AA datasheet, section 13.2; "PCM out" and its like).
 */
final class Ac97Channel {
    private static final int DESCRIPTORS = 32;
    private static final int DESCRIPTOR_BYTES = 8;

    // Registers, offsets from the channel's base
    private static final int BDBAR = 0x0;
    private static final int CIV = 0x4;
    private static final int LVI = 0x5;
    private static final int SR = 0x6;
    private static final int PICB = 0x8;
    private static final int PIV = 0xA;
    private static final int CR = 0xB;

    private static final int SR_HALTED = 0x01;
    private static final int SR_AT_LAST = 0x02;
    private static final int SR_LAST_DONE = 0x04;
    private static final int SR_BUFFER_DONE = 0x08;
    private static final int SR_FIFO_ERROR = 0x10;
    private static final int SR_CLEARABLE = SR_LAST_DONE | SR_BUFFER_DONE | SR_FIFO_ERROR;

    private static final int CR_RUN = 0x01;
    private static final int CR_RESET = 0x02;
    private static final int CR_LAST_INTERRUPT = 0x04;
    private static final int CR_FIFO_INTERRUPT = 0x08;
    private static final int CR_BUFFER_INTERRUPT = 0x10;
    private static final int CR_WRITABLE = 0x1D;

    private static final int CONTROL_INTERRUPT = 0x8000_0000;

    private final String name;
    private final DmaMemory memory;
    private final byte[] descriptor = new byte[DESCRIPTOR_BYTES];
    private int base;
    private int current;
    private int last;
    private int status = SR_HALTED;
    private int left;
    private int prefetched;
    private int control;
    private int address;
    private int flags;

    Ac97Channel(String name, DmaMemory memory) {
        this.name = name;
        this.memory = memory;
    }

    void reset() {
        base = 0;
        current = 0;
        last = 0;
        status = SR_HALTED;
        left = 0;
        prefetched = 0;
        control = 0;
        address = 0;
        flags = 0;
    }

    /** Whether the engine moves samples. */
    boolean running() {
        return (control & CR_RUN) != 0 && (status & SR_HALTED) == 0;
    }

    /** Whether it asks for an interrupt. */
    boolean interrupts() {
        return (status & SR_LAST_DONE) != 0 && (control & CR_LAST_INTERRUPT) != 0
                || (status & SR_BUFFER_DONE) != 0 && (control & CR_BUFFER_INTERRUPT) != 0
                || (status & SR_FIFO_ERROR) != 0 && (control & CR_FIFO_INTERRUPT) != 0;
    }

    int readByte(int offset) {
        return switch (offset) {
            case BDBAR, BDBAR + 1, BDBAR + 2, BDBAR + 3 -> base >>> 8 * offset & 0xFF;
            case CIV -> current;
            case LVI -> last;
            case SR -> status;
            case PICB -> left & 0xFF;
            case PICB + 1 -> left >>> 8;
            case PIV -> prefetched;
            case CR -> control;
            default -> 0;
        };
    }

    void writeByte(int offset, int value) {
        switch (offset) {
            case BDBAR, BDBAR + 1, BDBAR + 2, BDBAR + 3 -> {
                int shift = 8 * offset;
                base = (base & ~(0xFF << shift) | (value & 0xFF) << shift) & -DESCRIPTOR_BYTES;
            }
            case LVI -> {
                last = value & DESCRIPTORS - 1;
                if ((control & CR_RUN) != 0 && (status & SR_AT_LAST) != 0) {
                    // There is more to play: the engine goes on where it waits.
                    status &= ~(SR_HALTED | SR_AT_LAST);
                    advance();
                }
            }
            case SR -> status &= ~(value & SR_CLEARABLE);
            case CR -> writeControl(value);
            default -> {} // the engine's own
        }
    }

    private void writeControl(int value) {
        if ((value & CR_RESET) != 0) {
            if ((control & CR_RUN) == 0) {
                reset();
            }
            return;
        }
        boolean starts = (value & CR_RUN) != 0 && (control & CR_RUN) == 0;
        control = value & CR_WRITABLE;
        if ((control & CR_RUN) == 0) {
            status |= SR_HALTED;
        } else if (starts) {
            status &= ~(SR_HALTED | SR_AT_LAST);
            if (left == 0) {
                current = prefetched;
                prefetched = (prefetched + 1) % DESCRIPTORS;
                load();
            }
        }
    }

    private void load() {
        memory.readExternal(
                (base & 0xFFFF_FFFFL) + (long) current * DESCRIPTOR_BYTES,
                descriptor,
                0,
                DESCRIPTOR_BYTES);
        address = int32(0) & ~1;
        flags = int32(4);
        left = flags & 0xFFFF;
    }

    private int int32(int at) {
        return descriptor[at] & 0xFF
                | (descriptor[at + 1] & 0xFF) << 8
                | (descriptor[at + 2] & 0xFF) << 16
                | descriptor[at + 3] << 24;
    }

    private void advance() {
        current = prefetched;
        prefetched = (prefetched + 1) % DESCRIPTORS;
        load();
    }

    /** The buffer is through: on to the next, unless it was the last one. */
    private void finish() {
        if ((flags & CONTROL_INTERRUPT) != 0) {
            status |= SR_BUFFER_DONE;
        }
        if (current == last) {
            status |= SR_LAST_DONE | SR_HALTED | SR_AT_LAST;
        } else {
            advance();
        }
    }

    /** What moves bytes between a piece of guest memory and the codec. */
    interface Mover {
        /**
         * @param physical address of the piece
         * @param at how many samples of the request have been moved before
         */
        void move(long physical, int at, int samples);
    }

    /**
     * Moves up to {@code wanted} samples through the buffers.
     *
     * @return how many were moved; fewer when the engine halts
     */
    int transfer(int wanted, Mover mover) {
        int done = 0;
        int empty = 0;
        while (done < wanted && running()) {
            int n = Math.min(left, wanted - done);
            if (n > 0) {
                mover.move(address & 0xFFFF_FFFFL, done, n);
                address += 2 * n;
                left -= n;
                done += n;
                empty = 0;
            } else if (++empty > DESCRIPTORS) {
                break; // a ring of empty buffers keeps nobody busy
            }
            if (left == 0) {
                finish();
            }
        }
        return done;
    }

    void save(SnapshotWriter out) {
        out.putInt(name + "-base", base);
        out.putInt(name + "-current", current);
        out.putInt(name + "-last", last);
        out.putInt(name + "-status", status);
        out.putInt(name + "-left", left);
        out.putInt(name + "-prefetched", prefetched);
        out.putInt(name + "-control", control);
        out.putInt(name + "-address", address);
        out.putInt(name + "-flags", flags);
    }

    void restore(SnapshotReader in) throws SnapshotException {
        base = in.getInt(name + "-base") & -DESCRIPTOR_BYTES;
        current = in.getInt(name + "-current", 0, DESCRIPTORS - 1);
        last = in.getInt(name + "-last", 0, DESCRIPTORS - 1);
        status = in.getInt(name + "-status", 0, 0x1F);
        left = in.getInt(name + "-left", 0, 0xFFFF);
        prefetched = in.getInt(name + "-prefetched", 0, DESCRIPTORS - 1);
        control = in.getInt(name + "-control", 0, CR_WRITABLE) & CR_WRITABLE;
        address = in.getInt(name + "-address");
        flags = in.getInt(name + "-flags");
    }
}
