package dev.arclet.emulator.machine;

import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.memory.GuestMemory;
import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotFile;
import dev.arclet.emulator.snapshot.SnapshotOutput;
import dev.arclet.emulator.snapshot.Stateful;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * A whole machine in a file: its shape, its chips, its processor, its memory. The machine stands
 * still meanwhile.
 *
 * @param chips everything with a section of its own but the processor
 * @param apicPage which the processor's registers place
 */
record MachineSnapshot(
        MachineClock clock,
        List<Stateful> chips,
        CpuState cpu,
        LocalApicPage apicPage,
        GuestMemory ram) {
    private static final String RAM = "ram";

    void save(Path path) throws IOException {
        try (SnapshotOutput out = new SnapshotOutput(path)) {
            out.section(new MachineShape(ram.size(), clock.icount(), clock.nanos()));
            for (Stateful chip : chips) {
                out.section(chip);
            }
            out.section(cpu);
            out.section(cpu.mmu);
            out.memory(RAM, ram);
            out.commit();
        }
    }

    /** Replaces the state of a machine that has just been built. */
    void restore(SnapshotFile snapshot) throws SnapshotException {
        MachineShape shape = MachineShape.of(snapshot);
        if (shape.icount() != clock.icount()) {
            throw new SnapshotException(
                    "cannot load the snapshot: it was saved %s --icount, start the machine the same way"
                            .formatted(shape.icount() ? "with" : "without"));
        }
        Set<String> unknown = new HashSet<>(snapshot.sections());
        unknown.removeAll(
                Set.of(
                        shape.sectionId(),
                        cpu.sectionId(),
                        cpu.mmu.sectionId(),
                        RAM + SnapshotOutput.PAGES_SUFFIX,
                        SnapshotOutput.END));
        chips.forEach(chip -> unknown.remove(chip.sectionId()));
        if (!unknown.isEmpty()) {
            throw new SnapshotException(
                    "cannot load the snapshot: it has the device '%s', which this machine has not; give the machine the same devices as when it was saved"
                            .formatted(unknown.iterator().next()));
        }
        snapshot.restore(RAM, ram);
        for (Stateful chip : chips) {
            snapshot.restore(chip);
        }
        // Last: the chips have mapped their memory by now, and their timers follow the clock.
        snapshot.restore(cpu);
        apicPage.move(cpu.msrs.apicBase);
        // Behind all that maps memory, which would empty the TLB.
        snapshot.restore(cpu.mmu);
        clock.restore(shape.nanos(), cpu.instructions);
    }
}
