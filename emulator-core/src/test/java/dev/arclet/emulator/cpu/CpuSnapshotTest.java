package dev.arclet.emulator.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.emulator.cpu.fpu.X87State;
import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotReader;
import dev.arclet.emulator.snapshot.SnapshotWriter;
import java.io.ByteArrayOutputStream;
import java.lang.reflect.Array;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The section "cpu": no field is forgotten, a restored processor goes on as the saved one. */
class CpuSnapshotTest {
    /** Derived from other fields, or without meaning between instructions. */
    private static final Set<String> DERIVED =
            Set.of(
                    "CpuState.flagKind",
                    "CpuState.flagDst",
                    "CpuState.flagSrc",
                    "CpuState.flagResult",
                    "CpuState.codeSize",
                    "CpuState.realStyle",
                    "CpuState.linearMask",
                    "CpuState.stackMask",
                    "CpuState.attention",
                    "CpuState.stepByNewFlags",
                    "SegmentRegister.readUnchecked",
                    "SegmentRegister.writeUnchecked",
                    "SegmentRegister.effectiveBase",
                    "SegmentRegister.kind",
                    "SegmentRegister.readableUpTo",
                    "SegmentRegister.writableUpTo");

    /** Fields of which not every bit can be set without changing the mode; others get 1. */
    private static final Map<String, Long> VALUES =
            Map.of(
                    "CpuState.cr0", 0x11L,
                    "CpuState.cr4", 0x600L,
                    "CpuState.efer", 1L,
                    "CpuState.systemFlags", (long) Eflags.DF,
                    "X87State.control", 0x27FL,
                    "X87State.status", 0x4000L);

    private record Cell(String name, Object owner, Field field, int index) {
        Object get() throws IllegalAccessException {
            return index < 0 ? field.get(owner) : Array.get(field.get(owner), index);
        }

        void set(long value) throws IllegalAccessException {
            Class<?> type = index < 0 ? field.getType() : field.getType().componentType();
            Object boxed =
                    type == boolean.class
                            ? (Object) (value != 0)
                            : type == int.class ? (Object) (int) value : (Object) value;
            if (index < 0) {
                field.set(owner, boxed);
            } else {
                Array.set(field.get(owner), index, boxed);
            }
        }
    }

    /** All numbers and flags of the state, each field and array element by itself. */
    private static List<Cell> cells(CpuState cpu) throws IllegalAccessException {
        List<Object> owners = new ArrayList<>(List.of(cpu, cpu.msrs, cpu.x87, cpu.ldtr, cpu.tr));
        owners.addAll(List.of(cpu.segments));
        List<Cell> cells = new ArrayList<>();
        for (Object owner : owners) {
            String prefix = owner.getClass().getSimpleName() + ".";
            for (Field field : owner.getClass().getDeclaredFields()) {
                Class<?> type = field.getType();
                String name = prefix + field.getName();
                if (Modifier.isStatic(field.getModifiers()) || DERIVED.contains(name)) {
                    continue;
                }
                if (type.isPrimitive()) {
                    field.setAccessible(true);
                    cells.add(new Cell(name, owner, field, -1));
                } else if (type == long[].class || type == int[].class) {
                    field.setAccessible(true);
                    addElements(cells, name, owner, field);
                }
            }
        }
        return cells;
    }

    private static void addElements(List<Cell> cells, String name, Object owner, Field field)
            throws IllegalAccessException {
        int length =
                switch (name) {
                    case "CpuState.gpr" -> CpuState.ZERO;
                    case "CpuState.xmm" -> CpuState.XMM_SCRATCH;
                    default -> Array.getLength(field.get(owner));
                };
        for (int i = 0; i < length; i++) {
            cells.add(new Cell(name, owner, field, i));
        }
    }

    private static byte[] save(CpuState cpu) {
        SnapshotWriter out = new SnapshotWriter();
        cpu.save(out);
        return out.toByteArray();
    }

    private static void restore(CpuState cpu, byte[] bytes) throws SnapshotException {
        cpu.restore(new SnapshotReader("cpu", bytes), cpu.sectionVersion());
    }

    @Test
    void noFieldIsForgotten() throws SnapshotException, IllegalAccessException {
        try (TestCpu from = TestCpu.flat32();
                TestCpu to = TestCpu.flat32()) {
            List<Cell> source = cells(from.cpu);
            List<Cell> target = cells(to.cpu);
            assertEquals(source.size(), target.size());
            assertTrue(source.size() > 150, "found " + source.size());
            for (int i = 0; i < source.size(); i++) {
                Cell cell = source.get(i);
                from.restart();
                to.restart();
                Object before = cell.get();
                boolean set = before instanceof Boolean flag ? flag : false;
                long value = VALUES.getOrDefault(cell.name(), 1L);
                cell.set(before instanceof Boolean ? (set ? 0 : 1) : value);
                if (cell.get().equals(before)) {
                    cell.set(2);
                }
                byte[] bytes = save(from.cpu);
                restore(to.cpu, bytes);
                assertEquals(
                        cell.get(), target.get(i).get(), cell.name() + " [" + cell.index() + "]");
                assertArrayEquals(bytes, save(to.cpu), cell.name());
            }
        }
    }

    @Test
    void restoredProcessorsGoOnAsTheSavedOnes() throws SnapshotException {
        // 1: add eax,ecx; rol eax,3; fld1; fadd st1; push eax; xadd [8000h],eax; loop 1b; hlt
        String code = "01 C8 C1 C0 03 D9 E8 D8 C1 50 0F C1 05 00 80 00 00 E2 ED F4";
        try (TestCpu whole = TestCpu.flat32();
                TestCpu parts = TestCpu.flat32()) {
            for (TestCpu test : List.of(whole, parts)) {
                test.code(0x1000, code);
                test.cpu.x87.initialise();
                test.cpu.gpr[CpuState.RCX] = 40;
            }
            whole.run(100_000);
            while (!parts.cpu.halted) {
                parts.run(7);
                byte[] bytes = save(parts.cpu);
                parts.cpu.reset();
                restore(parts.cpu, bytes);
            }
            assertArrayEquals(save(whole.cpu), save(parts.cpu));
            assertEquals(whole.memoryHash(), parts.memoryHash());
            assertTrue(whole.exceptions.isEmpty());
        }
    }

    @Test
    void theFirstVersionIsStillRead() throws SnapshotException {
        try (TestCpu test = TestCpu.flat32()) {
            test.cpu.pendingDebug = 1;
            test.cpu.setUserKeyRights(0x1234_5678);
            byte[] bytes = save(test.cpu);
            // The second version has a flag and a number more, in front of "halted"; the third has
            // given the TLB at the end to a section of its own; the fourth has PKRU and PKRS.
            assertThrows(
                    SnapshotException.class,
                    () -> test.cpu.restore(new SnapshotReader("cpu", bytes), 1),
                    "another field stands there");
            SnapshotWriter out = new SnapshotWriter();
            out.putBoolean("debug-shadow", false);
            out.putInt("pending-debug", 1);
            byte[] added = out.toByteArray();
            int at = indexOf(bytes, added);
            int fourth = indexOf(bytes, keyRights(0x1234_5678));
            SnapshotWriter tlb = new SnapshotWriter();
            test.cpu.mmu.save(tlb);
            ByteArrayOutputStream first = new ByteArrayOutputStream();
            first.write(bytes, 0, fourth);
            int behind = fourth + keyRights(0).length;
            first.write(bytes, behind, at - behind);
            first.write(bytes, at + added.length, bytes.length - at - added.length);
            first.writeBytes(tlb.toByteArray());
            test.cpu.restore(new SnapshotReader("cpu", first.toByteArray()), 1);
            assertEquals(0, test.cpu.pendingDebug);
            assertEquals(0, test.cpu.userKeyRights());
        }
    }

    private static byte[] keyRights(int user) {
        SnapshotWriter out = new SnapshotWriter();
        out.putInt("pkru", user);
        out.putLong("pkrs", 0);
        return out.toByteArray();
    }

    private static int indexOf(byte[] bytes, byte[] part) {
        for (int i = 0; i + part.length <= bytes.length; i++) {
            if (Arrays.equals(bytes, i, i + part.length, part, 0, part.length)) {
                return i;
            }
        }
        throw new AssertionError("not found");
    }

    @Test
    void x87StatusKeepsItsTop() throws SnapshotException {
        try (TestCpu from = TestCpu.flat32();
                TestCpu to = TestCpu.flat32()) {
            X87State x87 = from.cpu.x87;
            for (int top = 0; top < 8; top++) {
                x87.top = top;
                x87.status = 0x4700;
                restore(to.cpu, save(from.cpu));
                assertEquals(top, to.cpu.x87.top);
                assertEquals(x87.statusWord(), to.cpu.x87.statusWord());
            }
        }
    }
}
