package dev.arclet.launcher.cli;

import dev.arclet.format.FormatException;
import dev.arclet.format.tree.PublishReport;
import dev.arclet.format.tree.TreePublisher;
import dev.arclet.format.trust.PublisherKeys;
import dev.arclet.launcher.LauncherException;
import dev.arclet.launcher.LauncherException.Kind;
import dev.arclet.launcher.policy.CapabilityText;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Publishes. */
@Command(
        name = "publish",
        mixinStandardHelpOptions = true,
        description = "Copies a built tree to where it is served from.",
        footer = {
            "",
            "Blobs go first and the channel last, so that readers never meet what is not there yet.",
            "The keys are needed when the destination has more than the tree to be published.",
            "",
            "Exit status: 0 done; 2 no built tree, or no keys; 5 the tree is not as signed."
        })
final class PublishCommand implements Callable<Integer> {
    @Parameters(paramLabel = "OUT", description = "Tree made by \"arclet build\".")
    private Path built;

    @Option(
            names = "--to",
            paramLabel = "DIR",
            required = true,
            description = "Folder to publish into.")
    private String to;

    @Mixin private KeyOption keys;

    @Spec private CommandSpec spec;

    @Override
    public Integer call() throws FormatException, IOException, LauncherException {
        if (to.contains("://")) {
            throw new LauncherException(
                    Kind.USAGE,
                    "publish to",
                    to,
                    "this version publishes into folders only",
                    "Publish into a folder and copy it to the server with any tool; serve it as it"
                            + " is");
        }
        Optional<PublisherKeys> signer =
                Files.isDirectory(keys.folder())
                        ? Optional.of(PublisherKeys.load(keys.folder()))
                        : Optional.empty();
        PublishReport report = TreePublisher.publish(built, Path.of(to), signer, Instant.now());
        PrintWriter out = spec.commandLine().getOut();
        out.println(
                "published "
                        + String.join(", ", report.names())
                        + ": "
                        + CapabilityText.bytes(report.newBytes())
                        + " new, "
                        + CapabilityText.bytes(report.reusedBytes())
                        + " there before");
        out.println("serve it:  arclet serve " + to);
        out.flush();
        return ExitStatus.OK;
    }
}
