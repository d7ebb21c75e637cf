package dev.arclet.emulator.cpu.differential;

import dev.arclet.emulator.cpu.translate.Engines;

/** Whether this version has the second engine. */
final class Translator {
    private Translator() {}

    static boolean exists() {
        try (FuzzMachine machine = new FuzzMachine("", Engines.TRANSLATOR_EAGER::create)) {
            return machine.cpu != null;
        } catch (UnsupportedOperationException e) {
            return false;
        }
    }
}
