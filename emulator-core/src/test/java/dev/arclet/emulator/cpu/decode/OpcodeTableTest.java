package dev.arclet.emulator.cpu.decode;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.EnumSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class OpcodeTableTest {
    /** Nothing in the chart is hidden by something else, and no name is without an encoding. */
    @Test
    void everyMnemonicCanBeReached() {
        Set<Mnemonic> reached = EnumSet.noneOf(Mnemonic.class);
        for (int map = 0; map < OpcodeTable.MAPS; map++) {
            for (int i = 0; i < 256 * 4 * 2; i++) {
                OpcodeTable.Cell cell =
                        OpcodeTable.INSTANCE.cell((i & 1) != 0, map, i >> 3, i >> 1 & 3);
                if (cell.isGroup()) {
                    for (int modRm = 0; modRm < 256; modRm++) {
                        reached.addAll(cell.select(modRm).mnemonics());
                    }
                } else {
                    reached.addAll(cell.single().mnemonics());
                }
            }
        }
        assertEquals(EnumSet.allOf(Mnemonic.class), reached);
    }

    @Test
    void prefixesChooseBetweenEncodings() {
        assertEquals(Mnemonic.MOVUPS, single(1, 0x10, 0));
        assertEquals(Mnemonic.MOVUPD, single(1, 0x10, 1));
        assertEquals(Mnemonic.MOVSS, single(1, 0x10, 2));
        assertEquals(Mnemonic.MOVSD, single(1, 0x10, 3));
        assertEquals(Mnemonic.BSF, single(1, 0xBC, 3));
        assertEquals(Mnemonic.TZCNT, single(1, 0xBC, 2));
        assertEquals(Mnemonic.INVALID, single(1, 0x54, 2));
        assertEquals(Mnemonic.INVALID, single(2, 0xF0, 2));
    }

    private static Mnemonic single(int map, int opcode, int prefix) {
        OpcodeTable.Cell cell = OpcodeTable.INSTANCE.cell(false, map, opcode, prefix);
        return (cell.isGroup() ? cell.select(0) : cell.single()).mnemonic(4);
    }
}
