package dev.arclet.launcher.cli;

import dev.arclet.format.FormatException;
import dev.arclet.format.json.StrictJson;
import dev.arclet.format.verify.TreeCheck;
import dev.arclet.format.verify.VerifiedArclet;
import dev.arclet.launcher.LauncherException;
import dev.arclet.launcher.consent.ConsentView;
import dev.arclet.launcher.fetch.FetchProgress;
import dev.arclet.launcher.policy.CapabilityText;
import dev.arclet.launcher.run.Resolved;
import dev.arclet.launcher.run.Resolver;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.node.ObjectNode;

/** Checks everything behind a link. */
@Command(
        name = "verify",
        mixinStandardHelpOptions = true,
        description = "Checks every signature and byte behind a link.",
        footer = {
            "",
            "Fetches everything and decompresses every chunk. Nothing is run, and no publisher is",
            "remembered.",
            "",
            "Exit status: 0 all is as signed; 2 not a link or folder; 5 something is not as signed;",
            "7 fetching failed; 8 no room on disk."
        })
final class VerifyCommand implements Callable<Integer> {
    @Parameters(paramLabel = "LINK|FOLDER", description = "What to check.")
    private String what;

    @Option(names = "--json", description = "Print JSON.")
    private boolean json;

    @Spec private CommandSpec spec;

    @Override
    public Integer call()
            throws IOException, LauncherException, FormatException, InterruptedException {
        try (Context context = new Context()) {
            Resolved resolved = context.resolver().resolve(Resolver.parse(what));
            context.resolver().fetch(resolved, true, FetchProgress.NONE);
            VerifiedArclet verified = resolved.verified();
            TreeCheck.Report report = TreeCheck.check(verified, resolved.source());
            PrintWriter out = spec.commandLine().getOut();
            if (json) {
                ObjectNode o = StrictJson.object();
                o.put("link", verified.link().toString());
                o.put("publisher", verified.publisher().toString());
                o.put("trust", verified.trust().name());
                o.put("fresh", verified.fresh());
                o.put("envelope", verified.envelope().toString());
                o.put("spec", verified.specDigest().toString());
                o.put("blobs", report.blobs());
                o.put("bytes", report.bytes());
                o.put("chunks", report.chunks());
                out.println(new String(StrictJson.write(o), StandardCharsets.UTF_8));
            } else {
                out.println(
                        "good: "
                                + verified.spec().name()
                                + " "
                                + verified.spec().version()
                                + ", "
                                + report.blobs()
                                + " blobs, "
                                + CapabilityText.bytes(report.bytes())
                                + ", "
                                + report.chunks()
                                + " chunks");
                out.println("publisher: " + verified.publisher());
                out.println(ConsentView.trust(verified));
                if (!verified.fresh()) {
                    out.println(
                            "Could not check whether a newer version, or a revocation, exists.");
                }
            }
            out.flush();
            return ExitStatus.OK;
        }
    }
}
