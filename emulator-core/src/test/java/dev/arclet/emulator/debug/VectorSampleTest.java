package dev.arclet.emulator.debug;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.emulator.cpu.interp.Interpreter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The sample of the instruction vectors on the interpreter: everything agrees with the real
 * processor, but for what known-failures.txt names; and that fails.
 */
class VectorSampleTest {
    private static final Path FOLDER = Path.of("src/test/resources/vectors");
    private static final int MAX_COMPLAINTS = 20;

    /** Each instruction as the first of its block, and behind another one. */
    @ParameterizedTest(name = "behind a NOP: {0}")
    @ValueSource(booleans = {false, true})
    void interpreterAgreesWithTheProcessor(boolean behindNop) throws IOException {
        VectorReport report = VectorSuite.run(FOLDER, Interpreter::new, name -> true, behindNop);
        Map<String, String> known = knownFailures();
        Map<String, Integer> hits = new LinkedHashMap<>();
        known.keySet().forEach(name -> hits.put(name, 0));
        List<String> complaints = new ArrayList<>();
        report.groups()
                .forEach(
                        (group, forms) ->
                                forms.forEach(
                                        (form, tally) -> {
                                            if (tally.mismatches() > 0
                                                    && hits.computeIfPresent(
                                                                    group + "/" + form,
                                                                    (name, n) -> n + 1)
                                                            == null
                                                    && hits.computeIfPresent(
                                                                    group, (name, n) -> n + 1)
                                                            == null) {
                                                complaints.add(describe(group, form, tally));
                                            }
                                        }));
        hits.forEach(
                (name, n) -> {
                    if (n == 0) {
                        complaints.add(name + " passes: strike it from known-failures.txt");
                    }
                });
        assertTrue(report.total().tests() > 60_000, "tests run: " + report.total().tests());
        assertTrue(
                complaints.isEmpty(),
                () ->
                        complaints.size()
                                + " forms differ from expectation:\n"
                                + String.join(
                                        "\n",
                                        complaints.subList(
                                                0, Math.min(MAX_COMPLAINTS, complaints.size()))));
    }

    private static String describe(String group, String form, VectorReport.Tally tally) {
        return "%s/%s: %d of %d differ; %s"
                .formatted(group, form, tally.mismatches(), tally.tests(), tally.examples().get(0));
    }

    /** Names and reasons; a line without a reason is an error. */
    private static Map<String, String> knownFailures() throws IOException {
        Map<String, String> known = new LinkedHashMap<>();
        for (String line : Files.readAllLines(FOLDER.resolve("known-failures.txt"))) {
            if (!line.isBlank() && !line.startsWith("#")) {
                String[] words = line.split(" ", 2);
                assertTrue(words.length == 2, "no reason given: " + line);
                known.put(words[0], words[1]);
            }
        }
        return known;
    }
}
