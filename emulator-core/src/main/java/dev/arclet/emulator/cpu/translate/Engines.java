package dev.arclet.emulator.cpu.translate;

import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.ExecutionEngine;
import dev.arclet.emulator.cpu.interp.Interpreter;
import java.util.Arrays;
import java.util.Optional;

/** The ways to execute guest code, by the names that command lines know. */
public enum Engines {
    /** What serves most guests best: {@link #TRANSLATOR} (docs/adr/0007). */
    AUTO("auto"),

    /** Decoded blocks of operations. */
    INTERPRETER("interpreter"),

    /** Hot code is translated to JVM bytecode in the background. */
    TRANSLATOR("translator"),

    /** Everything is translated at first sight, before it runs: for tests. */
    TRANSLATOR_EAGER("translator-eager");

    private final String optionName;

    Engines(String optionName) {
        this.optionName = optionName;
    }

    /** The name on command lines. */
    public String optionName() {
        return optionName;
    }

    /** The engine with a command line's name. */
    public static Optional<Engines> named(String name) {
        return Arrays.stream(values()).filter(e -> e.optionName.equals(name)).findFirst();
    }

    /**
     * An engine for a processor, which must have no other.
     *
     * @throws UnsupportedOperationException if this version does not have it
     */
    public ExecutionEngine create(CpuState cpu) {
        return switch (this) {
            case INTERPRETER -> new Interpreter(cpu);
            case AUTO, TRANSLATOR -> new Translator(cpu, false);
            case TRANSLATOR_EAGER -> new Translator(cpu, true);
        };
    }
}
