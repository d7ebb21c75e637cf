package dev.arclet.emulator.device.virtio;

import dev.arclet.emulator.bus.MmioDevice;
import dev.arclet.emulator.bus.PioDevice;
import dev.arclet.emulator.device.DeviceContractTest;
import dev.arclet.emulator.device.TestRig;
import dev.arclet.emulator.device.virtio.VirtioDriver.Piece;
import java.util.Random;

/**
 * The device contract for virtio devices on their PCI function: random registers, and a driver that
 * is now proper, now mad.
 */
abstract class VirtioContractTest extends DeviceContractTest {
    /** Makes the device. */
    protected abstract VirtioDevice device(TestRig rig, TestRam ram, Subject subject);

    @Override
    protected final Subject create(TestRig rig) {
        TestRam ram = new TestRam(1 << 17);
        Subject subject = new Subject();
        VirtioDevice device = device(rig, ram, subject);
        VirtioDriver driver = new VirtioDriver(device, ram);
        return subject.part(ram)
                .part(driver.function)
                .ports(
                        128,
                        new PioDevice() {
                            @Override
                            public int readPort(int offset, int bytes) {
                                return driver.legacy(offset, bytes);
                            }

                            @Override
                            public void writePort(int offset, int bytes, int value) {
                                driver.legacy(offset, bytes, value);
                            }
                        })
                .ports(
                        256,
                        new PioDevice() {
                            @Override
                            public int readPort(int offset, int bytes) {
                                return driver.function.readConfig(offset & -bytes, bytes);
                            }

                            @Override
                            public void writePort(int offset, int bytes, int value) {
                                driver.function.writeConfig(offset & -bytes, bytes, value);
                            }
                        })
                .registers(
                        0x4000,
                        new MmioDevice() {
                            @Override
                            public long readMmio(long offset, int bytes) {
                                return driver.common((int) offset, bytes);
                            }

                            @Override
                            public void writeMmio(long offset, int bytes, long value) {
                                driver.common((int) offset, bytes, value);
                            }
                        })
                .host(random -> drive(driver, device, random));
    }

    /** Something that a driver does; as good as a stopped device lets it. */
    private static void drive(VirtioDriver driver, VirtioDevice device, Random random) {
        driver.place();
        if (random.nextInt(6) == 0 || (driver.status() & 0x4F) != 0x0F) {
            long features = random.nextBoolean() ? -1L : VirtioDriver.VERSION_1;
            driver.start(device.offered() & features);
        }
        int queue = random.nextInt(device.queueCount());
        int pieces = 1 + random.nextInt(4);
        Piece[] chain = new Piece[pieces];
        int out = random.nextInt(pieces + 1);
        for (int i = 0; i < pieces; i++) {
            byte[] content = new byte[random.nextInt(i == pieces - 1 ? 8 : 700)];
            random.nextBytes(content);
            if (i == 0 && content.length > 16 && random.nextInt(8) != 0) {
                // Often enough what a disk or a file server may understand.
                content = new byte[16];
                content[0] = (byte) random.nextInt(14);
                content[8] = (byte) random.nextInt(40);
            }
            chain[i] = i < out ? Piece.out(content) : Piece.in(content.length);
        }
        driver.offer(
                queue,
                random.nextInt(VirtioDriver.QUEUE_DESCRIPTORS - 4),
                random.nextInt(1000),
                random.nextBoolean(),
                chain);
        switch (random.nextInt(12)) {
            case 0 -> driver.setAvailableIndex(queue, random.nextInt());
            case 1 -> {
                int at = 0x1000 + random.nextInt(0x1000);
                driver.ram.bytes[at] = (byte) random.nextInt();
            }
            case 2 -> driver.noInterrupt(queue, random.nextBoolean());
            case 3 -> driver.setUsedEvent(queue, random.nextInt());
            default -> {}
        }
        driver.notifyQueue(queue);
    }
}
