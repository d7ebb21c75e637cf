package dev.arclet.launcher.cli;

import dev.arclet.format.FormatException;
import dev.arclet.format.build.BuiltArclet;
import dev.arclet.format.build.SpecBuilder;
import dev.arclet.format.trust.PublisherKeys;
import dev.arclet.launcher.Printable;
import dev.arclet.launcher.policy.CapabilityText;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Instant;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Builds and signs. */
@Command(
        name = "build",
        mixinStandardHelpOptions = true,
        description = "Builds a signed tree from a folder with a vm.yaml.",
        footer = {
            "",
            "The result can be run (arclet run OUT), published (arclet publish OUT --to ...) and",
            "served (arclet serve OUT). Building into an existing tree of the same publisher adds",
            "to it.",
            "",
            "Exit status: 0 done; 2 vm.yaml, a file it names, or the keys cannot be used."
        })
final class BuildCommand implements Callable<Integer> {
    @Parameters(paramLabel = "DIR", description = "Folder with vm.yaml.")
    private Path dir;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "OUT",
            required = true,
            description = "Folder of the tree.")
    private Path out;

    @Mixin private KeyOption keys;

    @Option(
            names = {"-q", "--quiet"},
            description = "Print the result only.")
    private boolean quiet;

    @Spec private CommandSpec spec;

    @Override
    public Integer call() throws FormatException, IOException {
        PrintWriter err = spec.commandLine().getErr();
        BuiltArclet built =
                SpecBuilder.build(
                        dir,
                        out,
                        PublisherKeys.load(keys.folder()),
                        Instant.now(),
                        note -> {
                            if (!quiet) {
                                err.println(Printable.line(note));
                                err.flush();
                            }
                        });
        PrintWriter console = spec.commandLine().getOut();
        console.println(
                "built "
                        + built.spec().name()
                        + " "
                        + built.spec().version()
                        + ": "
                        + CapabilityText.bytes(built.newBytes())
                        + " new, "
                        + CapabilityText.bytes(built.reusedBytes())
                        + " there before");
        console.println("publisher: " + built.publisher());
        console.println("run it:    arclet run " + out + "/vm/" + built.spec().name());
        console.println(
                "its link:  https://HOST/vm/" + built.spec().name() + "#" + built.linkFragment());
        console.flush();
        return ExitStatus.OK;
    }
}
