package dev.arclet.emulator.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.arclet.emulator.bus.EventQueue;
import dev.arclet.emulator.bus.IrqLine;
import dev.arclet.emulator.device.irq.ApicBus;
import dev.arclet.emulator.device.irq.ApicProcessor;
import dev.arclet.emulator.device.irq.LocalApic;
import dev.arclet.emulator.memory.GuestMemory;
import dev.arclet.emulator.memory.PhysicalMap;
import dev.arclet.emulator.snapshot.SnapshotFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** IA32_APIC_BASE moves the registers, a reset moves them back, a snapshot knows where they are. */
class LocalApicPageTest {
    private static final int LOAD = 0x8000;

    /** What is read at the new place, the old one, the old one after a reset, and the new one. */
    private static final int EXPECTED = 0xFF14_FF14;

    /** Instructions up to somewhere in the loop behind the one that moves the page. */
    private static final int MOVED = 50_000;

    /**
     * A kernel that moves the page to FED40000, notes the low bytes of the version registers there
     * and at FEE00000, resets the machine, looks again, and exits with all four.
     */
    private static byte[] kernel() {
        String code =
                "8B1D00001000 85DB 753A" // cmp [100000h], 0; jne second
                        + "C7050000100001000000" // mov [100000h], 1
                        + "B91B000000 B80009D4FE 31D2 0F30 B9A0860100 E2FE" // wrmsr; 100,000 loops
                        + "A13000D4FE 8B1D3000E0FE 88DC A304001000"
                        + "66BAF90C B006 EE EBFE" // out 0CF9h, 6
                        + "A13000E0FE 8B1D3000D4FE 88DC C1E010"
                        + "66A104001000 E7F4 EBFE"; // out 0F4h, eax
        ByteBuffer image = ByteBuffer.allocate(0x100).order(ByteOrder.LITTLE_ENDIAN);
        int flags = 1 << 16;
        image.putInt(0x1BADB002).putInt(flags).putInt(-(0x1BADB002 + flags));
        image.putInt(LOAD).putInt(LOAD).putInt(0).putInt(0).putInt(LOAD + 0x20);
        image.put(HexFormat.of().parseHex(code.replace(" ", "")));
        return image.array();
    }

    private static MachineConfig config() {
        return MachineConfig.builder()
                .memoryBytes(4L << 20)
                .icount(true)
                .kernel("kernel", kernel(), new byte[0], "")
                .debugExit(true)
                .build();
    }

    private static int finish(PcMachine machine) {
        Exit exit = machine.run();
        assertEquals(Exit.Reason.DEBUG_EXIT, exit.reason());
        return exit.status();
    }

    @Test
    void movesAndComesBack(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("moved");
        try (PcMachine machine = PcMachine.assemble(config())) {
            machine.runTo(MOVED);
            machine.save(file);
            assertEquals(EXPECTED, finish(machine));
        }
        try (SnapshotFile snapshot = SnapshotFile.open(file);
                PcMachine machine = PcMachine.restore(config(), snapshot)) {
            Path again = folder.resolve("again");
            machine.save(again);
            assertEquals(-1, Files.mismatch(file, again), "saved, restored and saved again");
            assertEquals(EXPECTED, finish(machine));
        }
    }

    @Test
    void givesWayToWhatIsThere() {
        GuestMemory memory = new GuestMemory(1 << 20);
        try {
            PhysicalMap map = new PhysicalMap(36);
            map.mapRam("RAM", 0, memory.size(), memory, 0);
            LocalApic apic =
                    new LocalApic(
                            new EventQueue(() -> 0), new ApicBus(), 0, new Unconnected(), () -> 0);
            LocalApicPage page = new LocalApicPage(map, apic);
            page.move(0xFEE0_0900L);
            assertEquals(0x14, map.read(0xFEE0_0030L, 1));
            page.move(0x1_0900);
            assertEquals(0, map.read(0x1_0030, 1));
            assertEquals(0xFF, map.read(0xFEE0_0030L, 1));
            page.move(0xFEE0_0900L);
            assertEquals(0x14, map.read(0xFEE0_0030L, 1));
        } finally {
            memory.close();
        }
    }

    private static final class Unconnected implements ApicProcessor {
        @Override
        public IrqLine intr() {
            return high -> {};
        }

        @Override
        public void nmi() {}

        @Override
        public void smi() {}

        @Override
        public void init() {}

        @Override
        public void startup(int page) {}
    }
}
