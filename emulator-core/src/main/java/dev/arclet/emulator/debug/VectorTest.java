package dev.arclet.emulator.debug;

import java.util.List;

/**
 * One test of an instruction vector file.
 *
 * @param form name of the form
 * @param line line number in the file, counted from 1
 * @param text the line itself
 * @param code the instruction's bytes
 * @param input state before
 * @param expected state after; its memory is what changes
 * @param vector exception vector, or -1
 * @param errorCode error code, or -1
 * @param undefinedFlags EFLAGS bits not to be compared
 * @param undefinedStatus x87 status bits not to be compared
 * @param undefinedMemory memory not to be compared
 * @param undefinedResult whether only ip and vector are to be compared
 */
record VectorTest(
        String form,
        int line,
        String text,
        byte[] code,
        VectorState input,
        VectorState expected,
        int vector,
        int errorCode,
        int undefinedFlags,
        int undefinedStatus,
        List<Gap> undefinedMemory,
        boolean undefinedResult) {
    /** Bytes that are not to be compared. */
    record Gap(int address, int length) {}
}
