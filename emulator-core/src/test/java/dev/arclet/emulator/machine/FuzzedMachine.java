package dev.arclet.emulator.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertIterableEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.emulator.bus.EventQueue;
import dev.arclet.emulator.memory.PhysicalMap;
import dev.arclet.emulator.net.Cable;
import dev.arclet.emulator.net.Frame;
import dev.arclet.emulator.share.SharedFolder;
import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotFile;
import dev.arclet.emulator.storage.MemoryDisk;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;

/**
 * A whole machine with every card and drive there is, whose guest pokes about in its target: ports,
 * registers in memory and configuration at random, memory full of what devices take for
 * descriptors, and a host that types, plugs and sends meanwhile. Nothing may be thrown, no step may
 * take long or much memory, and whatever state comes of it can be saved and restored.
 */
final class FuzzedMachine implements AutoCloseable {
    /** Ports or physical addresses of the target. */
    record Range(String name, long base, long size, boolean isPorts) {
        /** Name and place. */
        String label() {
            return "%s@%x".formatted(name, base);
        }
    }

    private static final long STEP_LIMIT_NANOS = 2_000_000_000L;

    /** A full picture of the largest mode and the media that a host puts in fit. */
    private static final long STEP_LIMIT_BYTES = 64L << 20;

    private static final long MEMORY = 8L << 20;
    private static final int PORTS = 0x1_0000;
    private static final int PAGE = 4096;

    /** More than the latency of virtio's disk with a deterministic clock. */
    private static final long DISK_NANOS = 1_000_000;

    private static final int STEPS_BETWEEN_SAVES = 4_000;

    /**
     * What a guest executes at most while time passes: it only halts, unless an NMI leads astray.
     */
    private static final long INSTRUCTIONS = 100_000;

    private static final com.sun.management.ThreadMXBean THREADS =
            (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();

    private final FuzzTarget target;
    private final Path folder;
    private final List<Range> ranges = new ArrayList<>();
    private final List<Integer> functions = new ArrayList<>();
    private final List<Optional<MemoryDisk>> floppies = new ArrayList<>();
    private final List<MemoryDisk> disks = new ArrayList<>();
    private final Map<String, Long> accesses = new TreeMap<>();
    private long bytesMoved;
    private long interrupts;
    private boolean isFilling;
    private Optional<MemoryDisk> disc = Optional.empty();
    private Cable cable;
    private boolean isClassic;
    private Random random;
    private PcMachine machine;
    private PcMachine.Insides inside;
    private EventQueue.Timer limit;
    private volatile long steps;

    /** A machine as the target needs it, with chance from a seed. */
    FuzzedMachine(FuzzTarget target, Path folder, long seed) throws Exception {
        this.target = target;
        this.folder = folder;
        random = new Random(seed);
        start();
    }

    /** Accesses so far of the target's ranges, by name; its configuration is one, too. */
    Map<String, Long> accesses() {
        return accesses;
    }

    /** Bytes that devices have written to memory so far. */
    long bytesMoved() {
        return bytesMoved;
    }

    /** Interrupts that the guest has taken so far. */
    long interrupts() {
        return interrupts;
    }

    /** Steps so far; any thread. */
    long steps() {
        return steps;
    }

    /** A machine like the one there is, with copies of its media and a cable of its own. */
    private MachineConfig config(boolean copies) throws Exception {
        byte[] rom = new byte[0x1_0000];
        Arrays.fill(rom, (byte) 0xF4);
        rom[0xFFF0] = (byte) 0xF4; // hlt
        rom[0xFFF1] = (byte) 0xEB; // jmp to it
        rom[0xFFF2] = (byte) 0xFD;
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
        isClassic =
                switch (target) {
                    case RTL8139 -> true;
                    case VIRTIO_NET -> false;
                    default -> random.nextBoolean();
                };
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
        // In place of the code cache: the only code is in ROM.
        inside.memory()
                .onExternalWrite(
                        (physical, bytes) -> {
                            if (!isFilling) {
                                bytesMoved += bytes;
                            }
                        });
        look();
    }

    /** Finds what there is to poke at: BARs may have moved. */
    private void look() {
        ranges.clear();
        for (int port = 0; port < PORTS; port++) {
            String name = inside.ports().nameAt(port);
            int base = port;
            while (!name.isEmpty() && port + 1 < PORTS && isSame(name, port + 1)) {
                port++;
            }
            if (!name.isEmpty()) {
                addRange(new Range(name, base, port + 1 - base, true));
            }
        }
        for (PhysicalMap.Range range : inside.memory().ranges()) {
            addRange(new Range(range.name(), range.base(), range.size(), false));
        }
        ranges.sort(Comparator.comparing(Range::label)); // the map's order depends on its past
        functions.clear();
        for (int device = 0; device < 32; device++) {
            for (int function = 0; function < 4; function++) {
                int identity = config(device, function, 0);
                if (identity != -1 && target.configures(identity)) {
                    functions.add(device << 11 | function << 8);
                }
            }
        }
    }

    private boolean isSame(String name, int port) {
        return inside.ports().nameAt(port).equals(name);
    }

    private void addRange(Range range) {
        boolean isDevice = range.isPorts || !range.name.matches(".*(RAM|ROM|memory).*");
        if (isDevice && target.owns(range.label())) {
            ranges.add(range);
        }
    }

    private int config(int device, int function, int register) {
        return config(device << 11 | function << 8, register);
    }

    private int config(int place, int register) {
        inside.ports().write(0xCF8, 4, 1 << 31 | place | register);
        return inside.ports().read(0xCFC, 4);
    }

    /** Lets drivers' work be done: places every BAR and enables everything. */
    private void placeCards() {
        int ports = 0xC000;
        int memory = 0xE000_0000;
        for (int device = 0; device < 32; device++) {
            for (int function = 0; function < 4; function++) {
                if (config(device, function, 0) == -1) {
                    continue;
                }
                for (int bar = 0; bar < 6; bar++) {
                    boolean isPorts = (config(device, function, 0x10 + 4 * bar) & 1) != 0;
                    inside.ports().write(0xCFC, 4, isPorts ? ports : memory);
                    if ((inside.ports().read(0xCFC, 4) & -16) == 0) {
                        continue; // there is none
                    }
                    if (isPorts) {
                        ports += 0x100;
                    } else {
                        memory += 1 << 24;
                    }
                }
                config(device, function, 4);
                inside.ports().write(0xCFC, 2, 7);
            }
        }
        config(1, 1, 0x40); // the PIIX decodes both channels
        inside.ports().write(0xCFC, 4, 0x8000_8000);
        config(1, 0, 0x60); // PCI's interrupts
        inside.ports().write(0xCFC, 4, 0x0B0B_0A0A);
        for (int pic : new int[] {0x20, 0xA0}) {
            inside.ports().write(pic, 1, 0x11);
            inside.ports().write(pic + 1, 1, pic == 0x20 ? 8 : 0x70);
            inside.ports().write(pic + 1, 1, pic == 0x20 ? 4 : 2);
            inside.ports().write(pic + 1, 1, 1);
            inside.ports().write(pic + 1, 1, 0);
        }
        inside.ports().write(0x4D0, 2, 0x0E00);
        look();
    }

    /** A number of the kinds that registers and tables hold. */
    int value() {
        return switch (random.nextInt(6)) {
            case 0 -> 0;
            case 1 -> 1 << random.nextInt(32);
            case 2 -> random.nextInt(256);
            case 3 -> page();
            case 4 -> random.nextInt(16);
            default -> random.nextInt();
        };
    }

    /** The number that is wanted, or at times any. */
    int near(int wanted) {
        return random.nextInt(60) == 0 ? value() : wanted;
    }

    /** The address of a page of RAM. */
    int page() {
        return random.nextInt((int) MEMORY) & -PAGE;
    }

    private void count(String name) {
        accesses.merge(name, 1L, Long::sum);
    }

    /** A range of the target whose label matches, or null; of several, any. */
    Range range(String label, boolean isPorts) {
        List<Range> found =
                ranges.stream()
                        .filter(r -> r.isPorts == isPorts && r.label().matches(label))
                        .toList();
        return found.isEmpty() ? null : found.get(random.nextInt(found.size()));
    }

    /** Reads 1, 2 or 4 bytes of a range. */
    long read(Range range, int offset, int bytes) {
        count(range.name);
        return range.isPorts
                ? inside.ports().read((int) range.base + offset, bytes)
                : inside.memory().read(range.base + offset, bytes);
    }

    /** Writes 1, 2 or 4 bytes of a range. */
    void write(Range range, int offset, int bytes, int value) {
        count(range.name);
        if (range.isPorts) {
            inside.ports().write((int) range.base + offset, bytes, value);
        } else {
            inside.memory().write(range.base + offset, bytes, value);
        }
    }

    /** Reads 1, 2 or 4 bytes of memory. */
    long read(long address, int bytes) {
        return inside.memory().read(address, bytes);
    }

    /** Writes 1, 2 or 4 bytes of memory. */
    void write(long address, int bytes, int value) {
        inside.memory().write(address, bytes, value);
    }

    private void countPort(int port) {
        ranges.stream()
                .filter(r -> r.isPorts && port >= r.base && port < r.base + r.size)
                .forEach(r -> count(r.name));
    }

    /** Reads a port. */
    int in(int port, int bytes) {
        countPort(port);
        return inside.ports().read(port, bytes);
    }

    /** Writes a port. */
    void out(int port, int bytes, int value) {
        countPort(port);
        inside.ports().write(port, bytes, value);
    }

    /** Sets the registers that a call through the backdoor passes. */
    void registers(int eax, int ecx, int ebx) {
        inside.cpu().gpr[0] = eax & 0xFFFF_FFFFL;
        inside.cpu().gpr[1] = ecx & 0xFFFF_FFFFL;
        inside.cpu().gpr[3] = ebx & 0xFFFF_FFFFL;
    }

    /** Writes IA32_APIC_BASE, as far as the processor lets it pass. */
    void apicBase(long value) {
        inside.cpu().msrs.apicBase = value;
        inside.cpu().bus.setApicBase(value);
        look();
    }

    private Range anyRange() {
        return ranges.get(random.nextInt(ranges.size()));
    }

    /** Writes to something, or reads from it; tells what it has read. */
    private String poke() {
        if (ranges.isEmpty()) {
            return "";
        }
        Range range = anyRange();
        int bytes = 1 << random.nextInt(3);
        int within = (int) Math.min(range.size, 1 << random.nextInt(17));
        int offset = random.nextInt(within) & -bytes;
        if (random.nextInt(3) == 0) {
            return "%s+%x: %x".formatted(range.label(), offset, read(range, offset, bytes));
        }
        write(range, offset, bytes, value());
        return "";
    }

    /** The same port or register again and again, as FIFOs and transfers want. */
    private void insist() {
        if (ranges.isEmpty()) {
            return;
        }
        Range range = anyRange();
        int offset = random.nextInt((int) Math.min(range.size, PAGE));
        int bytes = 1 << random.nextInt(3);
        boolean reads = random.nextBoolean();
        for (int i = random.nextInt(600); i >= 0; i--) {
            if (reads) {
                var unused = read(range, offset, bytes);
            } else {
                write(range, offset, bytes, value());
            }
        }
    }

    private void configure() {
        if (functions.isEmpty()) {
            return;
        }
        int place = functions.get(random.nextInt(functions.size()));
        int register = random.nextInt(4) == 0 ? random.nextInt(256) & -4 : random.nextInt(16) * 4;
        config(place, register);
        count("configuration");
        inside.ports().write(0xCFC, 4, value());
        look();
    }

    private void gesture() {
        List<DriverGesture> gestures = target.gestures();
        if (!gestures.isEmpty()) {
            gestures.get(random.nextInt(gestures.size())).perform(this, random);
            if (random.nextBoolean()) {
                run(); // before other accesses spoil it
            }
        }
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
        isFilling = true;
        inside.memory().writeExternal(page(), page, 0, PAGE);
        isFilling = false;
    }

    /** Takes interrupts as the processor does. */
    private void takeInterrupts() {
        for (int i = 0; i < 16 && inside.cpu().interruptLine; i++) {
            var unused = inside.cpu().bus.acknowledgeInterrupt();
            interrupts++;
            if (random.nextInt(8) > 0) {
                inside.ports().write(0xA0, 1, 0x20);
                inside.ports().write(0x20, 1, 0x20);
                inside.memory().write(0xFEE0_00B0L, 4, 0);
            }
        }
    }

    /** The reset button, and what a firmware does then. */
    private void reset() {
        inside.ports().write(0xCF9, 1, 2);
        inside.ports().write(0xCF9, 1, 6);
        run();
        placeCards();
    }

    private void host() {
        switch (random.nextInt(11)) {
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
            case 7 -> machine.consoleInput(new byte[random.nextInt(40)]);
            case 8 -> machine.balloon(value() & 0xFFFF_FFFFL);
            case 9 -> machine.refreshScreen();
            default -> {
                frameArrives();
                drainCable();
            }
        }
    }

    /** A frame for everybody comes by the cable. */
    void frameArrives() {
        byte[] frame = new byte[Frame.MIN + random.nextInt(1500)];
        random.nextBytes(frame);
        Arrays.fill(frame, 0, 6, (byte) -1);
        cable.deliver(Frame.plain(frame));
        run();
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
        run(1);
    }

    private void run(long leastNanos) {
        inside.cpu().init();
        inside.cpu().halted = true;
        inside.cpu().shutdown = false;
        inside.cpu().nmiPending = false;
        long nanos = Math.max(leastNanos, 1 + random.nextInt(1 << random.nextInt(27)));
        limit.arm(inside.events().clock().nanos() + nanos);
        machine.runTo(inside.cpu().instructions + INSTRUCTIONS);
        inside = machine.insides();
    }

    /** What a guest reads that goes on poking. */
    private List<String> goOn(long seed) {
        random = new Random(seed);
        List<String> seen = new ArrayList<>();
        for (int i = 0; i < 400; i++) {
            switch (random.nextInt(40)) {
                case 0 -> run();
                case 1 -> gesture();
                case 2 -> takeInterrupts();
                default -> seen.add(poke());
            }
        }
        return seen;
    }

    private void saveAndGoOn() throws Exception {
        // What was posted is no part of the machine. And requests of virtio's disk are to be over:
        // with a driver that changes a descriptor meanwhile, a restored machine may do another.
        run(DISK_NANOS);
        drainCable();
        if (machine.disc().isEmpty()) {
            disc = Optional.empty(); // the guest may have ejected it
        }
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
            assertSame(file, again, "saved, restored and saved again");
            cable = otherCable;
            enter(restored);
            List<String> actual = goOn(future);
            restored.save(again);
            cable = liveCable;
            enter(live);
            assertIterableEquals(
                    goOn(future), actual, "what the guest reads after it was restored");
            live.save(file);
            assertSame(file, again, "what it is like some time later");
        }
        if (random.nextInt(4) == 0) {
            machine.close();
            start();
        }
    }

    private static void assertSame(Path expected, Path actual, String what) throws Exception {
        long at = Files.mismatch(expected, actual);
        assertEquals(-1, at, () -> what + " differs in " + section(expected, at));
    }

    /** Which section of a snapshot a byte belongs to. */
    private static String section(Path file, long place) {
        try {
            ByteBuffer in = ByteBuffer.wrap(Files.readAllBytes(file));
            String name = "header";
            for (int at = 12; at <= place; ) {
                int id = in.getShort(at);
                name = new String(in.array(), at + 2, id, StandardCharsets.US_ASCII);
                int data = at + 2 + id + 16;
                at = data + (int) in.getLong(data - 12);
                if (name.endsWith(".pages")) {
                    break; // pages of memory follow
                }
            }
            return name;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** One thing that guest or host does. */
    void step() throws Exception {
        long number = steps;
        long start = cpuNanos();
        long allocated = THREADS.getCurrentThreadAllocatedBytes();
        switch (random.nextInt(100)) {
            case 0 -> host();
            case 1, 2, 3 -> fillMemory();
            case 4 -> insist();
            case 5 -> run();
            case 6 -> {
                switch (random.nextInt(40)) {
                    case 0, 1 -> configure();
                    case 2, 3 -> placeCards();
                    case 4 -> reset();
                    default -> poke();
                }
            }
            case 7, 8, 9 -> gesture();
            case 10 -> takeInterrupts();
            default -> poke();
        }
        long took = THREADS.getCurrentThreadAllocatedBytes() - allocated;
        assertTrue(took < STEP_LIMIT_BYTES, "a step took " + (took >> 20) + " MiB");
        if (number % STEPS_BETWEEN_SAVES == STEPS_BETWEEN_SAVES - 1) {
            saveAndGoOn();
        }
        long nanos = cpuNanos() - start;
        assertTrue(nanos < STEP_LIMIT_NANOS, "a step took " + nanos / 1_000_000 + " ms");
        steps = number + 1;
    }

    /** Processor time of this thread: other programs must not make a step look long. */
    private static long cpuNanos() {
        return THREADS.getCurrentThreadCpuTime();
    }

    /** Saves the machine; the file's bytes. */
    byte[] save() throws Exception {
        Path file = folder.resolve("saved");
        machine.save(file);
        return Files.readAllBytes(file);
    }

    /** A damaged snapshot is refused by name, or gives a machine that runs and saves. */
    void restoreDamaged(byte[] snapshotBytes) throws Exception {
        Path file = Files.write(folder.resolve("damaged"), snapshotBytes);
        PcMachine whole = machine;
        try (SnapshotFile snapshot = SnapshotFile.open(file);
                PcMachine restored = PcMachine.restore(config(true), snapshot)) {
            enter(restored);
            for (int i = 0; i < 50; i++) {
                poke();
            }
            run();
            restored.save(folder.resolve("again"));
        } catch (SnapshotException | UncheckedIOException refused) {
            assertTrue(refused.getMessage().contains("snapshot"), refused.getMessage());
        } finally {
            enter(whole);
        }
    }

    @Override
    public void close() {
        machine.close();
    }
}
