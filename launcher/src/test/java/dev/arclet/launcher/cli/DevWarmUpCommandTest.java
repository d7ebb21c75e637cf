package dev.arclet.launcher.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.emulator.cpu.translate.Engines;
import dev.arclet.emulator.machine.MachineConfig;
import dev.arclet.emulator.machine.PcMachine;
import dev.arclet.launcher.boot.WarmUpGuest;
import java.util.Map;
import java.util.function.IntConsumer;
import org.junit.jupiter.api.Test;

/** {@code arclet dev warm-up}, and what its guest gives the emulator to do. */
class DevWarmUpCommandTest {
    @Test
    void runsToItsEnd() {
        assertEquals(ExitStatus.OK, Main.commandLine().execute("dev", "warm-up"));
    }

    @Test
    void theGuestHasItsLoopsTranslated() throws Exception {
        PcMachine[] machine = new PcMachine[1];
        IntConsumer serial = value -> machine[0].stop();
        MachineConfig config =
                MachineConfig.builder()
                        .kernel("warm-up", WarmUpGuest.kernel(), new byte[0], "")
                        .engine(Engines.TRANSLATOR)
                        .serial(serial)
                        .build();
        try (PcMachine made = PcMachine.assemble(config)) {
            machine[0] = made;
            made.run();
            PcMachine.Statistics statistics = made.statistics();
            assertTrue(statistics.instructions() > 150 * 30_000, statistics::toString);
            // However few of them the background has come to: all loops were found hot.
            Map<String, Long> engine = statistics.engineCounters();
            long found = engine.get("regions.translated") + engine.get("regions.waiting");
            assertTrue(found > 100, statistics::toString);
        }
    }
}
