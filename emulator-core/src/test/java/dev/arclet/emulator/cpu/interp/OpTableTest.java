package dev.arclet.emulator.cpu.interp;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.arclet.emulator.cpu.decode.Decoder;
import dev.arclet.emulator.cpu.decode.Instruction;
import dev.arclet.emulator.cpu.decode.Mnemonic;
import dev.arclet.emulator.fault.GuestFault;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Whatever the decoder accepts has an operation. */
class OpTableTest {
    private static final long SEED = 0x5EED_0975L;
    private static final int ROUNDS = 150_000;

    @Test
    void everyDecodedInstructionHasAnOperation() {
        Random random = new Random(SEED);
        OpTable table = OpTable.standard();
        Decoder decoder = new Decoder();
        byte[] bytes = new byte[16];
        int[] sizes = {2, 4, 8};
        for (int i = 0; i < ROUNDS; i++) {
            random.nextBytes(bytes);
            if (i % 3 == 0) {
                bytes[0] = 0x0F;
            }
            int mode = sizes[random.nextInt(3)];
            int[] at = {0};
            Instruction instruction;
            try {
                instruction = decoder.decode(() -> bytes[at[0]++ & 15] & 0xFF, mode);
            } catch (GuestFault tooLong) {
                continue;
            }
            assertDoesNotThrow(
                    () -> table.create(instruction, new Op.Place(0, instruction.length())),
                    () ->
                            "seed "
                                    + SEED
                                    + ": "
                                    + instruction
                                    + " "
                                    + HexFormat.of().formatHex(bytes));
        }
    }

    @Test
    void mnemonicIsRegisteredOnce() {
        OpTable table = new OpTable();
        table.put(Mnemonic.NOP, (i, p) -> null);
        assertThrows(IllegalStateException.class, () -> table.put(Mnemonic.NOP, (i, p) -> null));
    }
}
