package dev.arclet.emulator.cpu.differential;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;

/**
 * A program before it has addresses: items in order, some of which refer to others. Taking items
 * away leaves a program.
 *
 * @param frame everything of the case but its code
 * @param items in order; a HLT follows
 */
record Draft(Case frame, List<Item> items) {
    /**
     * A few instructions that stay together.
     *
     * @param id by which others refer to it
     * @param bytes of the instructions
     * @param patches addresses to fill in
     */
    record Item(int id, byte[] bytes, List<Patch> patches) {
        static Item of(int id, byte[] bytes) {
            return new Item(id, bytes, List.of());
        }
    }

    /**
     * A reference in an item's bytes.
     *
     * @param offset in the bytes
     * @param size 1, 2 or 4 bytes
     * @param relative whether it is relative to the end of the field, as branches are; else it is
     *     the address
     * @param target id of an item; if that is gone, the next one that is left
     * @param delta bytes to add
     */
    record Patch(int offset, int size, boolean relative, int target, int delta) {}

    /** The same without some items, or with them as NOPs. */
    Draft with(List<Item> newItems) {
        return new Draft(frame, newItems);
    }

    Draft with(Case newFrame) {
        return new Draft(newFrame, items);
    }

    /** With addresses. */
    Case assemble() {
        int[] starts = new int[items.size()];
        int at = 0;
        for (int i = 0; i < starts.length; i++) {
            starts[i] = at;
            at += items.get(i).bytes.length;
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        List<Integer> known = new ArrayList<>();
        for (int i = 0; i < starts.length; i++) {
            Item item = items.get(i);
            byte[] bytes = item.bytes.clone();
            for (Patch patch : item.patches) {
                int target = patch.delta + (patch.target < 0 ? 0 : find(patch.target, starts, at));
                long value =
                        patch.relative
                                ? target - (starts[i] + patch.offset + patch.size)
                                : target + frame.start() + FuzzMachine.ripBase(frame);
                if (patch.size == 1 && value != (byte) value) {
                    value = 0;
                }
                for (int k = 0; k < patch.size; k++) {
                    bytes[patch.offset + k] = (byte) (value >>> 8 * k);
                }
            }
            out.writeBytes(bytes);
            known.add(starts[i]);
        }
        out.write(0xF4);
        known.add(at);
        return new Case(
                frame.codeSize(),
                frame.start(),
                out.toByteArray(),
                known.stream().mapToInt(v -> v).toArray(),
                frame.registers(),
                frame.flags(),
                frame.setup(),
                frame.dataSeed(),
                frame.steps());
    }

    private int find(int id, int[] starts, int end) {
        for (int i = 0; i < starts.length; i++) {
            if (items.get(i).id >= id) {
                return starts[i];
            }
        }
        return end;
    }
}
