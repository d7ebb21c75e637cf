package dev.arclet.emulator.cpu.simd;

import static dev.arclet.emulator.cpu.decode.Mnemonic.*;
import static dev.arclet.emulator.cpu.simd.PackedOps.halves;
import static dev.arclet.emulator.cpu.simd.PackedOps.immediateHalves;

import dev.arclet.emulator.cpu.interp.OpTable;

/** AES-NI and PCLMULQDQ. */
public final class AesOps {
    private AesOps() {}

    /** Puts all of them into the table. */
    public static void register(OpTable table) {
        halves(
                table,
                AESENC,
                (aLow, aHigh, bLow, bHigh) -> Aes.encrypt(aLow, aHigh, 0) ^ bLow,
                (aLow, aHigh, bLow, bHigh) -> Aes.encrypt(aLow, aHigh, 1) ^ bHigh);
        halves(
                table,
                AESENCLAST,
                (aLow, aHigh, bLow, bHigh) -> Aes.encryptLast(aLow, aHigh, 0) ^ bLow,
                (aLow, aHigh, bLow, bHigh) -> Aes.encryptLast(aLow, aHigh, 1) ^ bHigh);
        halves(
                table,
                AESDEC,
                (aLow, aHigh, bLow, bHigh) -> Aes.decrypt(aLow, aHigh, 0) ^ bLow,
                (aLow, aHigh, bLow, bHigh) -> Aes.decrypt(aLow, aHigh, 1) ^ bHigh);
        halves(
                table,
                AESDECLAST,
                (aLow, aHigh, bLow, bHigh) -> Aes.decryptLast(aLow, aHigh, 0) ^ bLow,
                (aLow, aHigh, bLow, bHigh) -> Aes.decryptLast(aLow, aHigh, 1) ^ bHigh);
        halves(
                table,
                AESIMC,
                (aLow, aHigh, bLow, bHigh) -> Aes.inverseMix(bLow),
                (aLow, aHigh, bLow, bHigh) -> Aes.inverseMix(bHigh));
        immediateHalves(
                table,
                AESKEYGENASSIST,
                i -> (aLow, aHigh, bLow, bHigh) -> Aes.keyAssist(bLow, i),
                i -> (aLow, aHigh, bLow, bHigh) -> Aes.keyAssist(bHigh, i));
        immediateHalves(
                table,
                PCLMULQDQ,
                i ->
                        (aLow, aHigh, bLow, bHigh) ->
                                CarrylessProduct.low(
                                        (i & 1) != 0 ? aHigh : aLow,
                                        (i & 0x10) != 0 ? bHigh : bLow),
                i ->
                        (aLow, aHigh, bLow, bHigh) ->
                                CarrylessProduct.high(
                                        (i & 1) != 0 ? aHigh : aLow,
                                        (i & 0x10) != 0 ? bHigh : bLow));
    }
}
