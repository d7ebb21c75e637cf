package dev.arclet.emulator.cpu.differential;

import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.ExecutionEngine;
import dev.arclet.emulator.cpu.interp.Interpreter;
import dev.arclet.emulator.cpu.translate.Engines;
import dev.arclet.emulator.cpu.translate.ImpatientEngines;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Programs that engines have differed over. Each file says what it was about in its comment. */
class RegressionTest {
    private static Path folder() throws URISyntaxException {
        return Path.of(RegressionTest.class.getResource("/differential").toURI());
    }

    @TestFactory
    List<DynamicTest> enginesAgree() throws IOException, URISyntaxException {
        try (Stream<Path> files = Files.list(folder())) {
            List<DynamicTest> tests =
                    files.filter(file -> file.toString().endsWith(".case"))
                            .sorted()
                            .map(
                                    file ->
                                            DynamicTest.dynamicTest(
                                                    file.getFileName().toString(),
                                                    () -> compare(Files.readString(file))))
                            .toList();
            assertTrue(!tests.isEmpty());
            return tests;
        }
    }

    private static void compare(String text) {
        if (!Case.parse(text).has(Case.Setup.ATTENTION)) { // which stepping heeds sooner
            compare(text, SteppingEngine::new);
        }
        compare(text, Engines.TRANSLATOR_EAGER::create);
        compare(text, ImpatientEngines::inStep);
    }

    private static void compare(String text, Function<CpuState, ExecutionEngine> engine) {
        try (Fuzzer fuzzer =
                new Fuzzer(
                        new FuzzMachine("interpreter", Interpreter::new),
                        new FuzzMachine("other engine", engine),
                        Case.Setup.ALL)) {
            Case c = Case.parse(text);
            String difference = fuzzer.compare(c);
            assertNull(difference, () -> fuzzer.explain(c));
        }
    }
}
