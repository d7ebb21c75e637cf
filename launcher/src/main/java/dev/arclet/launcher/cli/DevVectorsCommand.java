package dev.arclet.launcher.cli;

import dev.arclet.emulator.cpu.translate.Engines;
import dev.arclet.emulator.debug.VectorReport;
import dev.arclet.emulator.debug.VectorSuite;
import dev.arclet.launcher.LauncherException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Compares the emulated processor with vectors recorded from a real one. */
@Command(
        name = "vectors",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Executes instruction vectors recorded from a real processor and compares all of the"
                    + " outcome.",
            "",
            "Example: arclet dev vectors cpu-vectors --mode prot32",
            ""
        },
        footer = {
            "",
            "Exit status: 0 everything agrees; 1 something differs; 2 bad usage or unreadable"
                    + " vectors."
        })
final class DevVectorsCommand implements Callable<Integer> {
    @CommandLine.Spec private CommandSpec spec;

    @Parameters(
            paramLabel = "DIR",
            description = "Folder with the vectors: files named GROUP.MODE.txt.gz.")
    private Path folder;

    @Option(
            names = "--engine",
            paramLabel = "auto|interpreter|translator|translator-eager",
            defaultValue = "interpreter",
            description = "What executes them; default ${DEFAULT-VALUE}.")
    private String engine;

    @Option(
            names = "--mode",
            paramLabel = "MODE",
            description =
                    "Only this processor mode: ${COMPLETION-CANDIDATES}; may be repeated; default"
                            + " all.")
    private Set<Mode> modes = EnumSet.allOf(Mode.class);

    private enum Mode {
        prot16,
        real,
        prot32,
        long64
    }

    /**
     * Whether a test named {@code group.mode} or {@code group.mode/form} is of a mode asked for.
     */
    private boolean isWanted(String name) {
        int slash = name.indexOf('/');
        String group = slash < 0 ? name : name.substring(0, slash);
        String mode = group.substring(group.lastIndexOf('.') + 1);
        return modes.contains(Mode.valueOf(mode.toLowerCase(Locale.ROOT)));
    }

    private Engines chosen() {
        return Engines.named(engine)
                .orElseThrow(
                        () ->
                                new CommandLine.ParameterException(
                                        spec.commandLine(),
                                        "--engine "
                                                + engine
                                                + ": auto, interpreter, translator or translator-eager"));
    }

    @Override
    public Integer call() throws LauncherException {
        if (!Files.isDirectory(folder)) {
            throw unreadable(
                    Files.exists(folder) ? "it is no folder" : "there is no such folder", null);
        }
        VectorReport report;
        try {
            report = VectorSuite.run(folder, chosen()::create, this::isWanted);
        } catch (IOException e) {
            String message = e.getMessage();
            throw unreadable(message == null ? e.getClass().getSimpleName() : message, e);
        }
        if (report.total().tests() == 0) {
            throw unreadable("it has none for " + modes, null);
        }
        PrintWriter out = spec.commandLine().getOut();
        out.print(report.format(true));
        out.flush();
        return report.total().mismatches() == 0 ? ExitStatus.OK : ExitStatus.FAILED;
    }

    private LauncherException unreadable(String reason, Throwable cause) {
        return new LauncherException(
                LauncherException.Kind.USAGE,
                "run the vectors of",
                folder.toString(),
                reason,
                "Name a folder with readable files GROUP.MODE.txt.gz",
                cause);
    }
}
