package dev.arclet.emulator.machine;

import java.util.Random;

/**
 * Beginnings that random numbers hardly ever hit on: what a driver does to have a device fetch
 * tables from memory and move data. Each number is usually sensible and sometimes is not.
 */
enum DriverGesture {
    VIRTIO_QUEUES(true),
    DISK_COMMAND(true),
    CD_COMMAND(true),
    FLOPPY_COMMAND(true),
    FIRMWARE_TRANSFER(true),
    SOUND_BUFFERS(true),
    CLASSIC_NETWORK_RINGS(true),
    BACKDOOR_CALL(false),
    APIC_BASE(false),
    VIDEO_MODE(false);

    private static final int PAGE = 4096;

    /** ATA commands that move data, and a few that do not. */
    private static final int[] ATA_COMMANDS = {
        0x20, 0x24, 0x25, 0x29, 0x30, 0x34, 0x35, 0x39, 0x40, 0x42, 0xC4, 0xC5, 0xC6, 0xC8, 0xCA,
        0xE7, 0xEC, 0xEF, 0x08, 0x90, 0xA1, 0x91, 0xF8, 0x27
    };

    /** Packet commands of CD drives (MMC-3). */
    private static final int[] CD_COMMANDS = {
        0x00, 0x03, 0x12, 0x1A, 0x1B, 0x1E, 0x25, 0x28, 0x2B, 0x42, 0x43, 0x46, 0x4A, 0x51, 0x55,
        0x5A, 0xA8, 0xAD, 0xBB, 0xBD, 0xBE
    };

    /** Commands of the 82077AA, without the bits for head, tracks and encoding. */
    private static final int[] FLOPPY_COMMANDS = {
        0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0A, 0x0C, 0x0D, 0x0E, 0x0F, 0x10, 0x12,
        0x13, 0x14, 0x16
    };

    private final boolean movesData;

    DriverGesture(boolean movesData) {
        this.movesData = movesData;
    }

    /** Whether it makes a device write to memory. */
    boolean movesData() {
        return movesData;
    }

    /** Does it, on the devices of the machine's target. */
    void perform(FuzzedMachine machine, Random random) {
        switch (this) {
            case VIRTIO_QUEUES -> virtio(machine, random);
            case DISK_COMMAND -> ide(machine, random, 0);
            case CD_COMMAND -> ide(machine, random, 1);
            case FLOPPY_COMMAND -> floppy(machine, random);
            case FIRMWARE_TRANSFER -> firmware(machine, random);
            case SOUND_BUFFERS -> sound(machine, random);
            case CLASSIC_NETWORK_RINGS -> network(machine, random);
            case BACKDOOR_CALL -> backdoor(machine, random);
            case APIC_BASE -> apicBase(machine, random);
            case VIDEO_MODE -> video(machine, random);
        }
    }

    private static int oneOf(Random random, int... choices) {
        return choices[random.nextInt(choices.length)];
    }

    /** Virtio 1.2, 3.1.1 and 2.7: negotiates, places queues, makes chains available. */
    private static void virtio(FuzzedMachine machine, Random random) {
        FuzzedMachine.Range card = machine.range("virtio-.*", false);
        if (card == null) {
            return;
        }
        int queues = (int) machine.read(card, 18, 2);
        if (random.nextInt(4) == 0 || machine.read(card, 20, 1) != 15) {
            machine.write(card, 20, 1, 0);
            machine.write(card, 20, 1, machine.near(3));
            for (int half = 0; half < 2; half++) {
                machine.write(card, 0, 4, half);
                long offered = machine.read(card, 4, 4);
                machine.write(card, 8, 4, half);
                int refused = random.nextBoolean() ? 0 : random.nextInt();
                machine.write(
                        card, 12, 4, machine.near((int) offered & ~(half == 0 ? refused : 0)));
            }
            machine.write(card, 20, 1, machine.near(11));
            for (int queue = 0; queue < queues; queue++) {
                machine.write(card, 22, 2, queue);
                machine.write(card, 24, 2, machine.near(1 << random.nextInt(6)));
                int page = machine.page();
                machine.write(card, 32, 4, machine.near(page));
                machine.write(card, 40, 4, machine.near(page + 1024));
                machine.write(card, 48, 4, machine.near(page + 2048));
                machine.write(card, 28, 2, machine.near(1));
            }
            machine.write(card, 20, 1, machine.near(15));
        }
        int queue = random.nextInt(Math.max(1, Math.min(queues, 8)));
        machine.write(card, 22, 2, queue);
        int size = (int) machine.read(card, 24, 2);
        long descriptors = machine.read(card, 32, 4);
        long available = machine.read(card, 40, 4);
        if (size == 0) {
            return;
        }
        int read = 1 + random.nextInt(2);
        int chain = read + random.nextInt(3);
        for (int i = 0; i < Math.min(size, 32); i++) {
            int part = i % chain;
            boolean isLast = part == chain - 1 || i == size - 1;
            descriptor(machine, random, descriptors + 16L * i, i + 1, part, part >= read, isLast);
        }
        long index = machine.read(available + 2, 2);
        int added = 1 + random.nextInt(Math.min(4, size));
        for (int i = 0; i < added; i++) {
            machine.write(
                    available + 4 + 2 * (index + i & size - 1),
                    2,
                    machine.near(random.nextInt(size) / chain * chain));
        }
        machine.write(available, 2, machine.near(0));
        machine.write(available + 2, 2, machine.near((int) index + added));
        machine.write(card, 0x3000 + 4 * queue, 2, queue);
        if (card.name().contains("-net") && random.nextBoolean()) {
            machine.frameArrives();
        }
    }

    private static void descriptor(
            FuzzedMachine machine,
            Random random,
            long at,
            int next,
            int part,
            boolean isWritable,
            boolean isLast) {
        int data = machine.page() + 16 * random.nextInt(PAGE / 16);
        int length = oneOf(random, 1, 4, 12, 16, 64, 512, 1526, PAGE, 16 * PAGE);
        if (part == 0) { // a request's head: of a disk, or of 9P
            length = oneOf(random, 16, length);
            boolean isDisk = random.nextBoolean();
            int kind = oneOf(random, 0, 0, 1, 4, 8, 11, 13);
            int message = oneOf(random, 8, 12, 14, 24, 40, 72, 100, 104, 110, 116, 118, 120);
            machine.write(data, 4, machine.near(isDisk ? kind : length));
            machine.write(data + 4, 4, isDisk ? 0 : machine.near(message | random.nextInt() << 8));
            machine.write(data + 8, 4, machine.near(random.nextInt(isDisk ? 1 << 13 : 4)));
            machine.write(data + 12, 4, isDisk ? 0 : machine.value());
        } else if (isLast) {
            length = oneOf(random, 1, length);
        }
        boolean isIndirect = random.nextInt(32) == 0;
        int flags = (isLast ? 0 : 1) | (isWritable ? 2 : 0);
        machine.write(at, 4, machine.near(data));
        machine.write(at + 4, 4, random.nextInt(64) == 0 ? machine.value() : 0);
        machine.write(at + 8, 4, machine.near(isIndirect ? 16 * random.nextInt(5) : length));
        machine.write(at + 12, 2, machine.near(isIndirect ? 4 : flags));
        machine.write(at + 14, 2, machine.near(next));
    }

    /**
     * A table of regions (Bus Master IDE 1.0, 1.2), a command, and what it moves by the data port.
     */
    private static void ide(FuzzedMachine machine, Random random, int channel) {
        FuzzedMachine.Range block =
                machine.range(channel == 0 ? "IDE command.*@1f0" : "IDE command.*@170", true);
        if (block == null) {
            return;
        }
        FuzzedMachine.Range master = machine.range("IDE bus master.*", true);
        boolean isCd = channel == 1 && random.nextInt(8) > 0;
        int table = machine.page();
        int entries = 1 + random.nextInt(4);
        for (int i = 0; i < entries; i++) {
            machine.write(table + 8L * i, 4, machine.near(machine.page()));
            int end = i == entries - 1 ? 1 << 31 : 0;
            machine.write(
                    table + 8L * i + 4, 4, machine.near(end | oneOf(random, 512, 2048, PAGE, 0)));
        }
        int command = random.nextBoolean() ? 0xC8 : oneOf(random, ATA_COMMANDS);
        int direction = command == 0xC8 || random.nextBoolean() ? 8 : 0;
        if (master != null) {
            machine.write(master, 8 * channel, 1, direction);
            machine.write(master, 8 * channel + 2, 1, 6);
            machine.write(master, 8 * channel + 4, 4, machine.near(table));
        }
        machine.write(block, 6, 1, machine.near(0xE0 | (isCd ? 0 : random.nextInt(2) << 4)));
        machine.write(block, 1, 1, machine.near(isCd ? random.nextInt(2) : 3));
        for (int register = 2; register < 6; register++) {
            int[] limits = {16, 256, isCd ? 256 : 24, isCd ? 256 : 1};
            int wanted = random.nextInt(limits[register - 2]);
            machine.write(block, register, 1, machine.near(register == 2 ? 1 + wanted : wanted));
        }
        machine.write(block, 7, 1, machine.near(isCd ? 0xA0 : command));
        if (isCd) {
            int first = oneOf(random, CD_COMMANDS) | random.nextInt(4) << 8;
            machine.write(block, 0, 2, machine.near(first));
            for (int i = 0; i < 5; i++) {
                machine.write(
                        block, 0, 2, machine.near(random.nextInt(3) << 8 * random.nextInt(2)));
            }
        }
        if (master != null) {
            machine.write(master, 8 * channel, 1, direction | 1);
        }
        int words = random.nextInt(3) == 0 ? random.nextInt(2048) : 0;
        boolean isWrite = random.nextBoolean();
        for (int i = 0; i < words; i++) {
            if (isWrite) {
                machine.write(block, 0, 2, i);
            } else {
                machine.read(block, 0, 2);
            }
        }
    }

    /** Channel 2 of the 8237 (231466), then a command of the 82077AA (290166). */
    private static void floppy(FuzzedMachine machine, Random random) {
        int code = oneOf(random, FLOPPY_COMMANDS);
        int at = machine.page() & 0x7F_FFFF;
        int count = oneOf(random, 511, 1023, 9215, 18_431);
        int mode = code == 5 || code == 9 || code == 0x0D ? 0x4A : 0x46;
        machine.out(0x0A, 1, 6);
        machine.out(0x0C, 1, 0);
        machine.out(0x04, 1, machine.near(at & 0xFF));
        machine.out(0x04, 1, machine.near(at >>> 8 & 0xFF));
        machine.out(0x05, 1, count & 0xFF);
        machine.out(0x05, 1, machine.near(count >>> 8));
        machine.out(0x81, 1, machine.near(at >>> 16));
        machine.out(0x0B, 1, machine.near(mode));
        machine.out(0x0A, 1, machine.near(2));
        int drive = random.nextInt(2);
        if (random.nextInt(8) == 0) {
            machine.out(0x3F2, 1, 0); // reset, and out of it with the motors on
        }
        machine.out(0x3F2, 1, machine.near(0x3C | drive));
        machine.out(0x3F7, 1, machine.near(0));
        machine.out(0x3F5, 1, machine.near(code | oneOf(random, 0x40, 0xC0, 0xE0, 0)));
        machine.out(0x3F5, 1, machine.near(random.nextInt(2) << 2 | drive));
        int cylinder = random.nextInt(4) == 0 ? random.nextInt(84) : 0;
        for (int wanted : new int[] {cylinder, 0, 1, 2, 18, 0x1B, 0xFF}) {
            machine.out(0x3F5, 1, machine.near(wanted));
        }
        for (int i = random.nextInt(8); i > 0; i--) {
            machine.in(0x3F5, 1);
        }
    }

    /** A DMA command of fw_cfg: big-endian control, length and address. */
    private static void firmware(FuzzedMachine machine, Random random) {
        int at = machine.page();
        int control = machine.near(0x0A | random.nextInt(0x24) << 16);
        machine.write(at, 4, Integer.reverseBytes(control));
        machine.write(at + 4, 4, Integer.reverseBytes(machine.near(random.nextInt(PAGE))));
        machine.write(at + 8, 4, random.nextInt(32) == 0 ? machine.value() : 0);
        machine.write(at + 12, 4, Integer.reverseBytes(machine.near(machine.page())));
        machine.out(0x514, 4, random.nextInt(32) == 0 ? machine.value() : 0);
        machine.out(0x518, 4, Integer.reverseBytes(machine.near(at)));
    }

    /** A list of buffers for one of the three engines (82801AA, 13.2). */
    private static void sound(FuzzedMachine machine, Random random) {
        FuzzedMachine.Range master = machine.range("AC97 bus master.*", true);
        FuzzedMachine.Range mixer = machine.range("AC97 mixer.*", true);
        if (master == null || mixer == null) {
            return;
        }
        int list = machine.page();
        for (int i = 0; i < 32; i++) {
            machine.write(list + 8L * i, 4, machine.near(machine.page()));
            int flags = random.nextInt(4) << 30;
            machine.write(list + 8L * i + 4, 4, machine.near(flags | random.nextInt(2048)));
        }
        int engine = 16 * random.nextInt(3);
        machine.write(master, 0x2C, 4, machine.near(2));
        machine.write(mixer, 0x2A, 2, machine.near(random.nextInt(2)));
        machine.write(mixer, 0x2C, 2, machine.near(8_000 + random.nextInt(40_001)));
        machine.write(mixer, 0x18, 2, machine.near(0x0808));
        machine.write(master, engine + 0x0B, 1, random.nextInt(4) == 0 ? 2 : 0);
        machine.write(master, engine, 4, machine.near(list));
        machine.write(master, engine + 5, 1, machine.near(random.nextInt(32)));
        machine.write(master, engine + 0x0B, 1, machine.near(0x1D));
    }

    /** Receive ring and transmit buffers of the RTL8139. */
    private static void network(FuzzedMachine machine, Random random) {
        FuzzedMachine.Range chip = machine.range("RTL8139.*", true);
        if (chip == null) {
            return;
        }
        if (random.nextInt(3) == 0) {
            machine.write(chip, 0x37, 1, machine.near(0x10));
            machine.write(chip, 0x30, 4, machine.near(machine.page()));
            machine.write(chip, 0x37, 1, machine.near(0x0C));
            machine.write(chip, 0x40, 4, machine.near(oneOf(random, 0x600, 0x6_0600)));
            machine.write(chip, 0x44, 4, machine.near(random.nextInt(0x10000) | 0x0F));
            machine.write(chip, 0x3C, 2, machine.near(0xFFFF));
        }
        int buffer = 4 * random.nextInt(4);
        machine.write(chip, 0x20 + buffer, 4, machine.near(machine.page()));
        machine.write(chip, 0x10 + buffer, 4, machine.near(60 + random.nextInt(1455)));
        machine.write(chip, 0x3E, 2, machine.near((int) machine.read(chip, 0x3E, 2)));
        if (random.nextBoolean()) {
            int written = (int) machine.read(chip, 0x3A, 2);
            machine.write(chip, 0x38, 2, machine.near(written - 16 & 0xFFFF));
            machine.frameArrives();
        }
    }

    /** The magic number and a call in the registers; then the port is read. */
    private static void backdoor(FuzzedMachine machine, Random random) {
        int[] commands = {0x4541_4552, 0xF5, 0x4C45_5252, 0x5342_4152};
        int call = machine.near(oneOf(random, 10, 39, 39, 40, 41, 45));
        int words = random.nextInt(7);
        machine.registers(
                machine.near(0x564D_5868), call, call == 41 ? oneOf(random, commands) : words);
        machine.in(0x5658, 4);
    }

    private static void apicBase(FuzzedMachine machine, Random random) {
        long base = (0xFEE0_0000L + (long) random.nextInt(4) * PAGE) | 0x900;
        if (random.nextInt(4) == 0) {
            base = machine.value() & 0xFFFF_F000L | oneOf(random, 0x100, 0x900);
        }
        machine.apicBase(base);
    }

    /** A mode of Bochs' VBE, or the registers of one of VGA's. */
    private static void video(FuzzedMachine machine, Random random) {
        int[] modes = {0, 640, 480, oneOf(random, 4, 8, 15, 16, 24, 32), 0x41, 0, 640, 480, 0, 0};
        for (int index = 1; index < modes.length; index++) {
            machine.out(0x1CE, 2, index);
            machine.out(
                    0x1CF, 2, machine.near(index == 4 && random.nextBoolean() ? 0 : modes[index]));
        }
        machine.out(0x3C4, 2, machine.near(4 | oneOf(random, 2, 6, 0x0E) << 8));
        machine.out(0x3CE, 2, machine.near(6 | random.nextInt(16) << 8));
        machine.out(0x3CE, 2, machine.near(5 | random.nextInt(128) << 8));
        machine.in(0x3DA, 1);
        machine.out(0x3C0, 1, 0x10);
        machine.out(0x3C0, 1, machine.near(random.nextInt(256)));
        machine.out(0x3C0, 1, 0x20);
    }
}
