package dev.arclet.launcher.cli;

import dev.arclet.format.FormatException;
import dev.arclet.format.json.SpecJson;
import dev.arclet.format.json.StrictJson;
import dev.arclet.format.verify.VerifiedArclet;
import dev.arclet.launcher.LauncherException;
import dev.arclet.launcher.Printable;
import dev.arclet.launcher.consent.ConsentView;
import dev.arclet.launcher.policy.Abilities;
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

/** Tells what a link leads to. */
@Command(
        name = "inspect",
        mixinStandardHelpOptions = true,
        description = "Tells what is behind a link, without running it.",
        footer = {
            "",
            "Fetches the signed spec only, and verifies it.",
            "",
            "Exit status: 0 done; 2 not a link or folder; 5 not as signed; 7 fetching failed."
        })
final class InspectCommand implements Callable<Integer> {
    @Parameters(paramLabel = "LINK|FOLDER", description = "What to look at.")
    private String what;

    @Option(names = "--json", description = "Print JSON, with the whole spec.")
    private boolean json;

    @Spec private CommandSpec spec;

    @Override
    public Integer call()
            throws IOException, LauncherException, FormatException, InterruptedException {
        try (Context context = new Context()) {
            Resolved resolved = context.resolver().resolve(Resolver.parse(what));
            VerifiedArclet verified = resolved.verified();
            PrintWriter out = spec.commandLine().getOut();
            if (json) {
                ObjectNode o = StrictJson.object();
                o.put("link", verified.link().toString());
                o.put("publisher", verified.publisher().toString());
                o.put("trust", verified.trust().name());
                o.put("fresh", verified.fresh());
                o.put("envelope", verified.envelope().toString());
                o.put("downloadSize", verified.downloadSize());
                o.put("missing", resolved.missing());
                o.set("spec", StrictJson.parse(SpecJson.write(verified.spec()), "the spec"));
                out.println(new String(StrictJson.write(o), StandardCharsets.UTF_8));
            } else {
                ConsentView.lines(resolved, Abilities.CURRENT)
                        .forEach(l -> out.println(Printable.line(l)));
                for (String line : verified.spec().description().split("\n", -1)) {
                    out.println(Printable.line(line));
                }
            }
            out.flush();
            return ExitStatus.OK;
        }
    }
}
