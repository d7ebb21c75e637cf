package dev.arclet.emulator.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.arclet.emulator.device.TestRig;
import dev.arclet.emulator.device.TestRig.Wire;
import dev.arclet.emulator.device.ide.DiskGeometry;
import dev.arclet.emulator.device.timer.Mc146818Rtc;
import java.util.List;
import org.junit.jupiter.api.Test;

class CmosTest {
    private final Mc146818Rtc rtc = new Mc146818Rtc(new TestRig().events, new Wire(), 0);

    private void store(DiskGeometry... disks) {
        MachineConfig config =
                MachineConfig.builder()
                        .memoryBytes(64 << 20)
                        .firmware("test", new byte[65536])
                        .build();
        FirmwareSettings.storeCmos(rtc, config, 0x40, List.of(disks));
    }

    private int word(int address) {
        return rtc.cmos(address) | rtc.cmos(address + 1) << 8;
    }

    @Test
    void systemsOlderThanIdentifyFindTheDisks() {
        store(new DiskGeometry(615, 4, 17), new DiskGeometry(1000, 16, 63));
        assertEquals(0xFF, rtc.cmos(0x12));
        assertEquals(47, rtc.cmos(0x19));
        assertEquals(47, rtc.cmos(0x1A));
        assertEquals(615, word(0x1B));
        assertEquals(4, rtc.cmos(0x1D));
        assertEquals(0xFFFF, word(0x1E));
        assertEquals(0xC0, rtc.cmos(0x20));
        assertEquals(17, rtc.cmos(0x23));
        assertEquals(1000, word(0x24));
        assertEquals(16, rtc.cmos(0x26));
        assertEquals(0xC8, rtc.cmos(0x29));
        assertEquals(63, rtc.cmos(0x2C));
    }

    @Test
    void oneDiskIsTheFirst() {
        store(new DiskGeometry(615, 4, 17));
        assertEquals(0xF0, rtc.cmos(0x12));
        assertEquals(0, rtc.cmos(0x1A));
        store();
        assertEquals(0, rtc.cmos(0x12));
    }

    @Test
    void theChecksumHolds() {
        store(new DiskGeometry(615, 4, 17));
        int sum = 0;
        for (int address = 0x10; address <= 0x2D; address++) {
            sum += rtc.cmos(address);
        }
        assertEquals(sum, rtc.cmos(0x2E) << 8 | rtc.cmos(0x2F));
    }
}
