package dev.arclet.launcher.cli;

import dev.arclet.format.SpecException;
import dev.arclet.format.json.StrictJson;
import dev.arclet.launcher.LauncherException;
import dev.arclet.launcher.Printable;
import dev.arclet.launcher.policy.CapabilityText;
import dev.arclet.launcher.session.ControlClient;
import dev.arclet.launcher.store.ArcletHome;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Lists machines. */
@Command(
        name = "ps",
        mixinStandardHelpOptions = true,
        description = "Lists the machines that run.",
        footer = {"", "Exit status: 0 done."})
final class PsCommand implements Callable<Integer> {
    @Option(
            names = {"-a", "--all"},
            description = "Also those that have ended lately.")
    private boolean all;

    @Option(names = "--json", description = "Print JSON.")
    private boolean json;

    @Spec private CommandSpec spec;

    @Override
    public Integer call() throws IOException, LauncherException, SpecException {
        List<ControlClient.Machine> machines =
                new ControlClient(ArcletHome.standard())
                        .machines().stream()
                                .filter(
                                        m ->
                                                all
                                                        || !(m.state().equals("ended")
                                                                || m.state().equals("failed")))
                                .toList();
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            out.println(new String(StrictJson.write(json(machines)), StandardCharsets.UTF_8));
        } else {
            out.printf("%-9s %-24s %-9s %-10s %s%n", "ID", "NAME", "STATE", "MEMORY", "SINCE");
            for (ControlClient.Machine m : machines) {
                out.printf(
                        "%-9s %-24s %-9s %-10s %s%n",
                        m.id(),
                        Printable.line(m.name()),
                        m.state(),
                        CapabilityText.bytes(m.memory()),
                        m.since());
            }
        }
        out.flush();
        return ExitStatus.OK;
    }

    private static ObjectNode json(List<ControlClient.Machine> machines) {
        ObjectNode o = StrictJson.object();
        ArrayNode list = o.putArray("machines");
        for (ControlClient.Machine m : machines) {
            list.addObject()
                    .put("id", m.id())
                    .put("name", m.name())
                    .put("version", m.version())
                    .put("title", m.title())
                    .put("state", m.state())
                    .put("message", m.message())
                    .put("fetched", m.fetched())
                    .put("toFetch", m.toFetch())
                    .put("memory", m.memory())
                    .put("since", m.since())
                    .put("link", m.link())
                    .put("pid", m.pid());
        }
        return o;
    }
}
