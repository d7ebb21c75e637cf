package dev.arclet.emulator.cpu.translate;

import dev.arclet.emulator.cpu.interp.Interpreter;

/**
 * When code goes from the interpreter to a region, and from there to one that C2 compiles
 * (docs/adr/0007).
 *
 * @param hot executions of a block after which a region is formed there
 * @param wanted executions of a block inside a region, which cannot be entered there, after which
 *     it can be
 * @param patience how often the interpreter may execute a block before it asks again for code under
 *     way
 * @param worthOptimising guest instructions that a region executes before it is formed anew for C2,
 *     which takes some hundred milliseconds on another processor and then saves half the time
 * @param entryCost how many instructions entering a region counts for there: what could be executed
 *     in the time that it takes to go from one to another
 * @param many how often a region has to be left for accesses that miss the TLB, or that were looked
 *     up together and are in different pages, before it is formed anew so that it need not
 * @param waiting how many regions may wait for code; what is hot meanwhile has to ask again later
 * @param inStep 0 for code that is made in the background; else it is made on the machine thread,
 *     when it has been asked for so many times more, so that a run can be repeated: for tests
 */
record Tiers(
        int hot,
        int wanted,
        int patience,
        long worthOptimising,
        int entryCost,
        int many,
        int waiting,
        int inStep) {

    /** What serves guests. */
    static final Tiers USUAL = new Tiers(Interpreter.HOT, 500, 32, 8_000_000, 32, 1_000, 300, 0);
}
