package dev.arclet.emulator.debug;

import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.ExecutionEngine;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * Runs instruction vectors, recorded from a real processor, on an engine: loads the state before,
 * executes one instruction, compares everything with the state after. The format is that of files
 * {@code <group>.<mode>.txt.gz}, format version 1.
 *
 * <p>The tests of mode prot16 are run twice: in 16-bit protected mode and in real mode (named
 * {@code real} in the report).
 */
public final class VectorSuite {
    private VectorSuite() {}

    /**
     * Runs the vectors of a folder.
     *
     * @param folder where the files are
     * @param engines makes the engine for a processor
     * @param filter which to run: is asked about {@code group.mode} (such as {@code int-alu.real})
     *     and {@code group.mode/form}
     * @return what matched and what did not
     * @throws IOException if a file cannot be read or makes no sense; the message says where
     */
    public static VectorReport run(
            Path folder, Function<CpuState, ExecutionEngine> engines, Predicate<String> filter)
            throws IOException {
        return run(folder, engines, filter, false);
    }

    /**
     * Runs the vectors of a folder; see the other method.
     *
     * @param behindNop whether a NOP is executed before each instruction, so that it is not the
     *     first one of its block
     */
    public static VectorReport run(
            Path folder,
            Function<CpuState, ExecutionEngine> engines,
            Predicate<String> filter,
            boolean behindNop)
            throws IOException {
        long start = System.nanoTime();
        VectorReport report = new VectorReport();
        List<VectorFile> files = VectorFile.list(folder);
        if (files.isEmpty()) {
            throw new IOException(
                    "cannot run vectors: no *.txt.gz in " + folder + "; name the vectors' folder");
        }
        try (VectorMachine machine = new VectorMachine(engines)) {
            for (VectorFile file : files) {
                for (VectorMode mode : VectorMode.values()) {
                    if (mode.fileMode().equals(file.mode)) {
                        run(machine, file, mode, filter, behindNop, report);
                    }
                }
            }
        }
        report.finished((System.nanoTime() - start) / 1e9);
        return report;
    }

    private static void run(
            VectorMachine machine,
            VectorFile file,
            VectorMode mode,
            Predicate<String> filter,
            boolean behindNop,
            VectorReport report)
            throws IOException {
        String name = file.group + "." + mode.label();
        if (!filter.test(name)) {
            return;
        }
        machine.enter(mode);
        VectorComparison comparison = new VectorComparison(mode, file.group);
        List<String> differences = new ArrayList<>();
        file.forEach(
                test -> {
                    if (!mode.runs(file.group, test.form())
                            || !filter.test(name + "/" + test.form())) {
                        return;
                    }
                    differences.clear();
                    VectorMachine.Outcome outcome = machine.run(test, behindNop);
                    comparison.compare(test, outcome, machine.cpu, mode, differences);
                    machine.finish(test, differences);
                    report.add(name, test, differences, comparison.tolerated());
                });
    }
}
