package dev.arclet.emulator.cpu.interp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;

import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.TestCpu;
import dev.arclet.emulator.cpu.decode.Decoder;
import dev.arclet.emulator.cpu.decode.Instruction;
import dev.arclet.emulator.fault.GuestFault;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Which instructions share an operation, and that it does not matter where it is executed. */
class SharedOpsTest {
    private final OpTable table = OpTable.standard();
    private final SharedOps shared = new SharedOps();

    private Op op(String hex, int offset, int codeSize) {
        byte[] bytes = HexFormat.of().parseHex(hex);
        int[] at = {0};
        Instruction instruction = new Decoder().decode(() -> bytes[at[0]++] & 0xFF, codeSize);
        long value = 0xA5A5_A5A5_A5A5_A5A5L; // what follows must not count
        for (int i = Math.min(8, bytes.length) - 1; i >= 0; i--) {
            value = value << 8 | bytes[i] & 0xFF;
        }
        Op.Place place = new Op.Place(offset, instruction.length());
        return shared.get(instruction, place, value, codeSize, table::create);
    }

    @Test
    void theSameBytesAreTheSameOperation() {
        assertSame(op("8b4508", 0, 4), op("8b4508", 77, 4)); // mov eax, [ebp+8]
        assertNotSame(op("8b4508", 0, 4), op("8b450c", 0, 4));
    }

    @Test
    void anotherCodeSizeIsAnotherOperation() {
        assertNotSame(op("01d8", 0, 4), op("01d8", 0, 2)); // add eax, ebx; add ax, bx
    }

    @Test
    void whatDependsOnItsPlaceIsNotShared() {
        assertNotSame(op("75fa", 0, 4), op("75fa", 2, 4)); // jnz
        assertNotSame(op("8b0500000000", 0, 8), op("8b0500000000", 6, 8)); // mov eax, [rip]
        assertNotSame(op("d9e8", 0, 4), op("d9e8", 2, 4)); // fld1 leaves its address behind
    }

    @Test
    void faultsAreReportedWhereTheyHappen() {
        try (TestCpu test = TestCpu.flat32()) {
            // inc ecx; div ebx; mov ebx, 0; inc ecx; div ebx; hlt
            test.code(0x1000, "41 f7f3 bb00000000 41 f7f3 f4");
            test.cpu.gpr[CpuState.RDX] = 0;
            test.cpu.gpr[CpuState.RBX] = 1;
            test.run(10);
            assertEquals(List.of(GuestFault.DE), test.exceptions);
            assertEquals(0x1009, test.returnRip);
            assertEquals(2, test.cpu.gpr[CpuState.RCX]);
        }
    }
}
