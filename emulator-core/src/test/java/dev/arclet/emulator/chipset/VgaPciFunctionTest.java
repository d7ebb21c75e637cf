package dev.arclet.emulator.chipset;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.arclet.emulator.device.DeviceContractTest;
import dev.arclet.emulator.device.TestRig;
import dev.arclet.emulator.device.video.VgaAdapter;
import dev.arclet.emulator.memory.PhysicalMap;
import org.junit.jupiter.api.Test;

class VgaPciFunctionTest extends DeviceContractTest {
    @Override
    protected Subject create(TestRig rig) {
        PhysicalMap map = new PhysicalMap(32);
        PciBus bus = new PciBus();
        VgaPciFunction function =
                new VgaPciFunction(
                        new VgaAdapter(rig.events.clock(), VgaAdapter.DEFAULT_VRAM), map);
        bus.add(0, 0, function);
        return new Subject().part(bus).part(function).ports(8, bus);
    }

    @Test
    void theFrameBufferAnswersWhereItsBarSays() {
        TestRig rig = new TestRig();
        PhysicalMap map = new PhysicalMap(32);
        try (VgaAdapter vga = new VgaAdapter(rig.events.clock(), VgaAdapter.DEFAULT_VRAM)) {
            PciConfigSpace config = new VgaPciFunction(vga, map).config();
            config.write(0x10, 4, 0xE000_0000);
            assertEquals(-1, vga.frameBufferBase(), "memory space is not enabled yet");
            config.write(0x04, 2, 2);
            assertEquals(0xE000_0000L, vga.frameBufferBase());
            map.write(0xE000_1234L, 4, 0x1122_3344);
            assertEquals(0x1122_3344, map.read(0xE000_1234L, 4));
            config.write(0x10, 4, 0xD000_0000);
            assertEquals(0x1122_3344, map.read(0xD000_1234L, 4), "it moved");
            assertEquals(0xFFFF_FFFFL, map.read(0xE000_1234L, 4), "and left");
        }
    }
}
