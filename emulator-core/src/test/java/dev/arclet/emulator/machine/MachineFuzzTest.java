package dev.arclet.emulator.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertIterableEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.emulator.bus.EventQueue;
import dev.arclet.emulator.net.Cable;
import dev.arclet.emulator.net.Frame;
import dev.arclet.emulator.share.SharedFolder;
import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotFile;
import dev.arclet.emulator.storage.MemoryDisk;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A whole machine with every card and drive there is, whose guest pokes about: ports, registers in
 * memory and configuration at random, memory full of what devices take for descriptors, and a host
 * that types, plugs and sends meanwhile. Nothing may be thrown, nothing may take long, and whatever
 * state comes of it can be saved and restored. {@code -Darclet.fuzz.seconds=N} sets for how long
 * the slow test runs, {@code -Darclet.fuzz.seed=N} where it starts.
 */
class MachineFuzzTest {
    private static final int EVERYDAY_STEPS = 25_000;
    private static final long STEP_LIMIT_NANOS = 2_000_000_000L;
    private static final long MEMORY = 8L << 20;
    private static final int PORTS = 0x1_0000;
    private static final int PAGE = 4096;

    @TempDir Path folder;

    private final List<Integer> ports = new ArrayList<>();
    private final List<Long> registers = new ArrayList<>();
    private final List<Optional<MemoryDisk>> floppies = new ArrayList<>();
    private final List<MemoryDisk> disks = new ArrayList<>();
    private Optional<MemoryDisk> disc = Optional.empty();
    private Cable cable;
    private boolean isClassic;
    private Random random;
    private PcMachine machine;
    private PcMachine.Insides inside;
    private EventQueue.Timer limit;

    /** A machine like the one there is, with copies of its media and a cable of its own. */
    private MachineConfig config(boolean copies) throws Exception {
        byte[] rom = new byte[0x1_0000];
        Arrays.fill(rom, (byte) 0xEB);
        rom[0xFFF0] = (byte) 0xEB; // jmp to itself
        rom[0xFFF1] = (byte) 0xFE;
        Path shared = Files.createDirectories(folder.resolve("shared"));
        Files.writeString(shared.resolve("file"), "content");
        MachineConfig.Builder builder = MachineConfig.builder();
        List<MemoryDisk> media = new ArrayList<>();
        for (MemoryDisk disk : disks) {
            media.add(copies ? copy(disk) : disk);
        }
        disc.ifPresent(d -> builder.cdrom(copies ? copy(d) : d));
        floppies.forEach(f -> f.ifPresent(d -> builder.floppy(copies ? copy(d) : d)));
        cable = new Cable();
        return builder.memoryBytes(MEMORY)
                .icount(true)
                .rtcEpochSeconds(1_000_000_000)
                .firmware("rom", rom)
                .debugExit(true)
                .debugConsole(value -> {})
                .disk(media.get(1))
                .disk(media.get(2))
                .virtio(
                        new MachineConfig.Virtio(
                                List.of(media.get(0)),
                                Optional.of(bytes -> {}),
                                true,
                                true,
                                List.of(
                                        new MachineConfig.Share(
                                                "share0", new SharedFolder(shared, false)))))
                .sound((samples, frames, rate) -> {})
                .network(
                        new NetworkCard(
                                isClassic ? NetworkCard.Model.RTL8139 : NetworkCard.Model.VIRTIO,
                                cable))
                .build();
    }

    private static MemoryDisk copy(MemoryDisk disk) {
        return new MemoryDisk(disk.bytes.clone(), disk.readOnly());
    }

    private void start() throws Exception {
        isClassic = random.nextBoolean();
        disks.clear();
        disks.add(new MemoryDisk(new byte[4 << 20], false));
        disks.add(new MemoryDisk(new byte[4 << 20], false));
        disks.add(new MemoryDisk(new byte[1 << 20], true));
        disc = Optional.of(new MemoryDisk(new byte[2 << 20], true));
        floppies.clear();
        floppies.add(Optional.of(new MemoryDisk(new byte[1_474_560], false)));
        floppies.add(Optional.of(new MemoryDisk(new byte[1_474_560], false)));
        enter(PcMachine.assemble(config(false)));
        placeCards();
    }

    private void enter(PcMachine entered) {
        machine = entered;
        inside = machine.insides();
        limit = inside.events().timer("fuzz.limit", machine::stop);
        look();
    }

    /** Finds what there is to poke at: BARs may have moved. */
    private void look() {
        ports.clear();
        for (int port = 0; port < PORTS; port++) {
            if (inside.ports().occupied(port, 1)) {
                ports.add(port);
            }
        }
        registers.clear();
        registers.addAll(List.of(0xFEE0_0000L, 0xFEC0_0000L, 0xFED0_0000L, 0xA_0000L, 0xB_8000L));
        for (int device = 0; device < 32; device++) {
            for (int function = 0; function < 4; function++) {
                for (int bar = 0; bar < 6; bar++) {
                    int value = config(device, function, 0x10 + 4 * bar);
                    if (value != -1 && value != 0 && (value & 1) == 0) {
                        registers.add(value & 0xFFFF_FFF0L);
                    }
                }
            }
        }
    }

    private int config(int device, int function, int register) {
        inside.ports().write(0xCF8, 4, 1 << 31 | device << 11 | function << 8 | register);
        return inside.ports().read(0xCFC, 4);
    }

    /** Lets drivers' work be done: places every BAR and enables everything. */
    private void placeCards() {
        for (int device = 0; device < 32; device++) {
            for (int function = 0; function < 4; function++) {
                if (config(device, function, 0) == -1) {
                    continue;
                }
                for (int bar = 0; bar < 6; bar++) {
                    int at = 0x10 + 4 * bar;
                    boolean isPorts = (config(device, function, at) & 1) != 0;
                    int number = device * 8 + bar;
                    inside.ports()
                            .write(
                                    0xCFC,
                                    4,
                                    isPorts
                                            ? 0xC000 + number * 0x100
                                            : 0xE000_0000 + (number << 20));
                }
                config(device, function, 4);
                inside.ports().write(0xCFC, 2, 7);
            }
        }
        look();
    }

    private int value() {
        return switch (random.nextInt(6)) {
            case 0 -> 0;
            case 1 -> 1 << random.nextInt(32);
            case 2 -> random.nextInt(256);
            case 3 -> random.nextInt((int) MEMORY) & -PAGE;
            case 4 -> random.nextInt(16);
            default -> random.nextInt();
        };
    }

    /** Writes to something, or reads from it; tells what it has read. */
    private String poke() {
        int bytes = 1 << random.nextInt(3);
        if (random.nextInt(3) > 0) {
            int port = ports.get(random.nextInt(ports.size()));
            if (random.nextInt(3) == 0) {
                return "port %x: %x".formatted(port, inside.ports().read(port, bytes));
            }
            inside.ports().write(port, bytes, value());
            return "";
        }
        long base = registers.get(random.nextInt(registers.size()));
        long at = base + (random.nextInt(1 << random.nextInt(17)) & -bytes);
        if (random.nextInt(3) == 0) {
            return "memory %x: %x".formatted(at, inside.memory().read(at, bytes));
        }
        inside.memory().write(at, bytes, value());
        return "";
    }

    /** The same port or register again and again, as FIFOs and transfers want. */
    private void insist() {
        int port = ports.get(random.nextInt(ports.size()));
        int bytes = 1 << random.nextInt(3);
        boolean reads = random.nextBoolean();
        for (int i = random.nextInt(600); i >= 0; i--) {
            if (reads) {
                inside.ports().read(port, bytes);
            } else {
                inside.ports().write(port, bytes, value());
            }
        }
    }

    private void configure() {
        int device = random.nextInt(32);
        int register = random.nextInt(4) == 0 ? random.nextInt(256) & -4 : random.nextInt(16) * 4;
        config(device, random.nextInt(4), register);
        inside.ports().write(0xCFC, 4, value());
        look();
    }

    /** Pages of small numbers and addresses: what a device may take for its tables. */
    private void fillMemory() {
        byte[] page = new byte[PAGE];
        for (int at = 0; at < PAGE; at += 4) {
            int word = value();
            for (int i = 0; i < 4; i++) {
                page[at + i] = (byte) (word >>> 8 * i);
            }
        }
        inside.memory().writeExternal(random.nextInt((int) MEMORY) & -PAGE, page, 0, PAGE);
    }

    private void host() {
        switch (random.nextInt(8)) {
            case 0 -> machine.key(random.nextInt(256), random.nextBoolean());
            case 1 -> machine.mouse(value(), value(), value(), value());
            case 2 -> machine.pointer(value(), value(), value(), value(), value(), value());
            case 3 -> machine.serialInput(new byte[random.nextInt(40)]);
            case 4 -> machine.pressPowerButton();
            case 5 -> {
                Optional<MemoryDisk> next =
                        random.nextBoolean()
                                ? Optional.empty()
                                : Optional.of(new MemoryDisk(new byte[1 << 20], true));
                machine.changeCdrom(next.map(d -> d), old -> disc = next);
            }
            case 6 -> {
                // Another disk, never none, so that the drives are those of the configuration.
                int drive = random.nextInt(2);
                MemoryDisk next = new MemoryDisk(new byte[737_280 << random.nextInt(2)], false);
                machine.changeFloppy(
                        drive, Optional.of(next), old -> floppies.set(drive, Optional.of(next)));
            }
            default -> {
                byte[] frame = new byte[Frame.MIN + random.nextInt(1500)];
                random.nextBytes(frame);
                Arrays.fill(frame, 0, 6, (byte) -1);
                cable.deliver(Frame.plain(frame));
                drainCable();
            }
        }
    }

    /** What the guest has sent goes nowhere. */
    private void drainCable() {
        while (cable.take() != null) {
            // The next one, then.
        }
        cable.clear(); // what waits there is no part of a snapshot
    }

    /** Lets time pass, and everything that was posted be done. */
    private void run() {
        inside.cpu().init();
        inside.cpu().halted = false;
        inside.cpu().shutdown = false;
        limit.arm(inside.events().clock().nanos() + 1 + random.nextInt(1 << random.nextInt(27)));
        machine.runTo(Long.MAX_VALUE);
        inside = machine.insides();
    }

    /** What a guest reads that goes on poking. */
    private List<String> goOn(long seed) {
        random = new Random(seed);
        List<String> seen = new ArrayList<>();
        for (int i = 0; i < 400; i++) {
            if (random.nextInt(40) == 0) {
                run();
            } else {
                seen.add(poke());
            }
        }
        return seen;
    }

    private void saveAndGoOn() throws Exception {
        run(); // what was posted is no part of the machine
        drainCable();
        Path file = folder.resolve("saved");
        machine.save(file);
        assertTrue(Files.size(file) < 4 * MEMORY + (64 << 20), "a snapshot has grown");
        PcMachine live = machine;
        Cable liveCable = cable;
        long future = random.nextLong();
        MachineConfig copies = config(true);
        Cable otherCable = cable;
        try (SnapshotFile snapshot = SnapshotFile.open(file);
                PcMachine restored = PcMachine.restore(copies, snapshot)) {
            Path again = folder.resolve("again");
            restored.save(again);
            assertEquals(-1, Files.mismatch(file, again));
            cable = otherCable;
            enter(restored);
            List<String> actual = goOn(future);
            restored.save(again);
            cable = liveCable;
            enter(live);
            assertIterableEquals(
                    goOn(future), actual, "what the guest reads after it was restored");
            live.save(file);
            assertEquals(-1, Files.mismatch(file, again), "what it is like some time later");
        }
        if (random.nextInt(4) == 0) {
            machine.close();
            start();
        }
    }

    /** Changes bytes of one section, or of any, and makes the check sums right again. */
    private byte[] damaged(byte[] good) {
        ByteBuffer out = ByteBuffer.wrap(good.clone());
        List<Integer> starts = new ArrayList<>();
        for (int at = 12; at < good.length; ) {
            int id = out.getShort(at);
            int data = at + 2 + id + 16;
            int length = (int) out.getLong(data - 12);
            starts.add(at);
            String name = new String(good, at + 2, id, StandardCharsets.US_ASCII);
            at = data + length;
            if (name.endsWith(".pages") || name.equals("end")) {
                break; // pages of memory follow, which have check sums of their own
            }
        }
        for (int i = random.nextInt(3); i >= 0; i--) {
            int at = starts.get(random.nextInt(starts.size()));
            int id = out.getShort(at);
            int data = at + 2 + id + 16;
            int length = (int) out.getLong(data - 12);
            for (int k = random.nextInt(8); k >= 0 && length > 0; k--) {
                int where = data + random.nextInt(length);
                switch (random.nextInt(3)) {
                    case 0 -> out.put(where, (byte) random.nextInt());
                    case 1 -> out.put(where, (byte) (random.nextInt(3) - 1));
                    default -> out.put(where, (byte) (out.get(where) ^ 1 << random.nextInt(8)));
                }
            }
            CRC32C sum = new CRC32C();
            sum.update(out.array(), at, 2 + id + 12);
            sum.update(out.array(), data, length);
            out.putInt(data - 4, (int) sum.getValue());
        }
        return out.array();
    }

    /** A damaged snapshot is refused by name, or gives a machine that runs and saves. */
    private void restoreDamaged(byte[] good) throws Exception {
        Path file = Files.write(folder.resolve("damaged"), damaged(good));
        try (SnapshotFile snapshot = SnapshotFile.open(file);
                PcMachine restored = PcMachine.restore(config(true), snapshot)) {
            PcMachine whole = machine;
            enter(restored);
            for (int i = 0; i < 50; i++) {
                poke();
            }
            run();
            restored.save(folder.resolve("again"));
            enter(whole);
        } catch (SnapshotException | UncheckedIOException refused) {
            assertTrue(refused.getMessage().contains("snapshot"), refused.getMessage());
        }
    }

    private void fuzzSnapshots(long seed, int damages) throws Exception {
        random = new Random(seed);
        start();
        PcMachine whole = machine;
        try {
            for (int i = 0; i < 3_000; i++) {
                step(i);
            }
            Path file = folder.resolve("saved");
            machine.save(file);
            byte[] good = Files.readAllBytes(file);
            for (int i = 0; i < damages; i++) {
                restoreDamaged(good);
            }
        } catch (Exception | AssertionError | StackOverflowError | OutOfMemoryError e) {
            throw new AssertionError("seed " + seed, e);
        } finally {
            whole.close();
        }
    }

    @Test
    void damagedSnapshotsAreRefusedOrHarmless() throws Exception {
        fuzzSnapshots(2, 100);
    }

    @Test
    @Tag("slow")
    @Timeout(value = 3, unit = TimeUnit.HOURS)
    void fuzzSnapshots() throws Exception {
        long end = System.nanoTime() + Long.getLong("arclet.fuzz.seconds", 60) * 1_000_000_000L;
        long seed = Long.getLong("arclet.fuzz.seed", System.nanoTime());
        long runs = 0;
        for (; System.nanoTime() < end; runs++) {
            fuzzSnapshots(seed++, 200);
        }
        System.out.println("MachineFuzzTest: " + runs * 200 + " damaged snapshots");
    }

    private void step(int number) throws Exception {
        long start = cpuNanos();
        switch (random.nextInt(100)) {
            case 0 -> host();
            case 1, 2, 3 -> fillMemory();
            case 4 -> insist();
            case 5 -> run();
            case 6 -> {
                if (random.nextInt(20) == 0) {
                    configure();
                }
                if (random.nextInt(100) == 0) {
                    placeCards();
                }
            }
            default -> poke();
        }
        if (number % 4_000 == 3_999) {
            saveAndGoOn();
        }
        long took = cpuNanos() - start;
        assertTrue(took < STEP_LIMIT_NANOS, "a step took " + took / 1_000_000 + " ms");
    }

    /** Processor time of this thread: other programs must not make a step look long. */
    private static long cpuNanos() {
        return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    }

    private void fuzz(long seed, int steps) throws Exception {
        random = new Random(seed);
        start();
        int i = 0;
        try {
            for (; i < steps; i++) {
                step(i);
            }
        } catch (Exception | AssertionError | StackOverflowError | OutOfMemoryError e) {
            throw new AssertionError("seed " + seed + ", step " + i, e);
        } finally {
            machine.close();
        }
    }

    @Test
    void whateverAGuestDoesIsHarmless() throws Exception {
        fuzz(1, EVERYDAY_STEPS);
    }

    @Test
    @Tag("slow")
    @Timeout(value = 3, unit = TimeUnit.HOURS)
    void fuzz() throws Exception {
        long end = System.nanoTime() + Long.getLong("arclet.fuzz.seconds", 60) * 1_000_000_000L;
        long seed = Long.getLong("arclet.fuzz.seed", System.nanoTime());
        long runs = 0;
        for (; System.nanoTime() < end; runs++) {
            fuzz(seed++, EVERYDAY_STEPS);
        }
        System.out.println("MachineFuzzTest: " + runs * EVERYDAY_STEPS + " steps");
    }
}
