package dev.arclet.launcher.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class CommandLineTest {
    private record Result(int status, String out, String err) {}

    private static Result run(String... args) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int status =
                Main.commandLine()
                        .setOut(new PrintWriter(out))
                        .setErr(new PrintWriter(err))
                        .execute(args);
        return new Result(status, out.toString(), err.toString());
    }

    static Stream<List<String>> commands() {
        List<List<String>> all = new ArrayList<>();
        collect(Main.commandLine(), List.of(), all);
        return all.stream();
    }

    private static void collect(CommandLine command, List<String> path, List<List<String>> all) {
        all.add(path);
        command.getSubcommands()
                .forEach(
                        (name, sub) -> {
                            List<String> deeper = new ArrayList<>(path);
                            deeper.add(name);
                            if (!name.equals("serve")) {
                                collect(sub, deeper, all);
                            }
                        });
    }

    @ParameterizedTest
    @MethodSource("commands")
    void explainsEveryCommand(List<String> command) {
        List<String> args = new ArrayList<>(command);
        args.add("--help");
        Result result = run(args.toArray(String[]::new));
        assertEquals(0, result.status(), result.err());
        assertTrue(result.out().startsWith("Usage: arclet"), result.out());
        assertTrue(result.out().lines().count() >= 4, result.out());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "nonsense",
                "run",
                "run a b",
                "run --what x",
                "open",
                "stop",
                "stop --all 12345678",
                "build",
                "build x",
                "publish x",
                "publish x --to https://example.org/",
                "verify",
                "inspect /no/such/folder",
                "inspect ftp://example.org/vm/x",
                "run --headless /no/such/folder",
                "run --headless http://example.org/vm/x",
                "verify https://example.org/vm/x#q=1",
                "key",
                "key init",
                "key show --keys /no/such/folder",
                "build /no/such/folder -o /tmp/none --keys /no/such/folder"
            })
    void answersBadUsageWithOneLineAndStatusTwo(String line) {
        Result result = run(line.isEmpty() ? new String[0] : line.split(" "));
        assertEquals(2, result.status(), result.err());
        List<String> lines = result.err().lines().toList();
        assertEquals(1, lines.size(), result.err());
        assertTrue(lines.getFirst().startsWith("arclet: "), result.err());
        assertFalse(result.err().contains("Exception"), result.err());
    }

    @ParameterizedTest
    @CsvSource({"stpo,stop", "inspekt,inspect", "publihs,publish"})
    void guessesWhatWasMeant(String typed, String meant) {
        assertTrue(run(typed).err().contains("\"" + meant + "\""), run(typed).err());
    }
}
