package dev.arclet.emulator.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.arclet.emulator.bus.EventQueue;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** Deterministic time while the processor halts. */
class IdleTimeTest {
    @Test
    void whatADeadlinePostsIsDoneBeforeTimeSkipsToTheNext() throws Exception {
        byte[] rom = new byte[0x1_0000];
        Arrays.fill(rom, (byte) 0xF4); // hlt
        MachineConfig config =
                MachineConfig.builder()
                        .memoryBytes(4L << 20)
                        .icount(true)
                        .firmware("rom", rom)
                        .build();
        try (PcMachine machine = PcMachine.assemble(config)) {
            EventQueue events = machine.events();
            events.timer("stop", machine::stop).arm(1_000);
            events.timer("later", () -> {}).arm(2_000);
            assertEquals(Exit.Reason.STOPPED, machine.run().reason());
            assertEquals(1_000, events.clock().nanos());
        }
    }
}
