package dev.arclet.emulator.machine;

import dev.arclet.emulator.bus.EventQueue;
import dev.arclet.emulator.bus.IrqLine;
import dev.arclet.emulator.bus.PioBus;
import dev.arclet.emulator.bus.Resettable;
import dev.arclet.emulator.chipset.Ac97Function;
import dev.arclet.emulator.chipset.CoprocessorError;
import dev.arclet.emulator.chipset.PciFunction;
import dev.arclet.emulator.chipset.SystemControlPortA;
import dev.arclet.emulator.chipset.SystemControlPortB;
import dev.arclet.emulator.chipset.VgaPciFunction;
import dev.arclet.emulator.cpu.CpuBus;
import dev.arclet.emulator.cpu.CpuFeature;
import dev.arclet.emulator.cpu.CpuModel;
import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.ExecutionEngine;
import dev.arclet.emulator.device.A20Gate;
import dev.arclet.emulator.device.audio.SoundMixer;
import dev.arclet.emulator.device.debug.DebugConsole;
import dev.arclet.emulator.device.debug.IsaDebugExit;
import dev.arclet.emulator.device.debug.PcTestDevice;
import dev.arclet.emulator.device.debug.PostPort;
import dev.arclet.emulator.device.dma.IsaDma;
import dev.arclet.emulator.device.firmware.FwCfg;
import dev.arclet.emulator.device.ide.AtapiDrive;
import dev.arclet.emulator.device.input.I8042;
import dev.arclet.emulator.device.input.VmwareBackdoor;
import dev.arclet.emulator.device.irq.ApicBus;
import dev.arclet.emulator.device.irq.ApicProcessor;
import dev.arclet.emulator.device.irq.IoApic;
import dev.arclet.emulator.device.irq.LocalApic;
import dev.arclet.emulator.device.irq.PicPair;
import dev.arclet.emulator.device.serial.Ns16550Uart;
import dev.arclet.emulator.device.timer.Hpet;
import dev.arclet.emulator.device.timer.I8254Pit;
import dev.arclet.emulator.device.timer.Mc146818Rtc;
import dev.arclet.emulator.device.video.VgaAdapter;
import dev.arclet.emulator.display.Screen;
import dev.arclet.emulator.firmware.AcpiTables;
import dev.arclet.emulator.firmware.BootException;
import dev.arclet.emulator.firmware.E820;
import dev.arclet.emulator.firmware.RomImage;
import dev.arclet.emulator.memory.GuestMemory;
import dev.arclet.emulator.memory.PhysicalMap;
import dev.arclet.emulator.mmu.Mmu;
import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotFile;
import dev.arclet.emulator.snapshot.Stateful;
import dev.arclet.emulator.storage.BlockDevice;
import dev.arclet.emulator.storage.HostWork;
import dev.arclet.emulator.storage.StorageException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The PC: an i440FX with PIIX3 and its devices, wired. This is the one file that knows every
 * address and interrupt; the constants are the map.
 *
 * <p>{@link #assemble} returns it powered but not running. {@link #run} runs it on the calling
 * thread, which is then the machine thread. {@link #post}, {@link #stop}, {@link #key}, {@link
 * #mouse} and {@link #serialInput} may be called by any thread; everything else belongs to the
 * machine thread.
 */
public final class PcMachine implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(PcMachine.class.getName());

    /** Behind the slots of disks and the like, whose number varies. */
    private static final int SLOT_NETWORK = 0x12;

    private static final int SLOT_SOUND = 0x13;

    // Interrupts
    private static final int IRQ_TIMER = 0;
    private static final int IRQ_KEYBOARD = 1;
    private static final int IRQ_COM1 = 4;
    private static final int IRQ_RTC = 8;
    private static final int IRQ_SCI = 9;
    private static final int IRQ_MOUSE = 12;
    private static final int IRQ_COPROCESSOR = 13;
    private static final int IO_APIC_TIMER_PIN = 2;
    private static final int ISA_IRQS = 16;
    private static final int IO_APIC_FREE_PIN = 16;

    // Ports
    private static final int PORT_PIC_MASTER = 0x20;
    private static final int PORT_PIT = 0x40;
    private static final int PORT_KEYBOARD_DATA = 0x60;
    private static final int PORT_SYSTEM_CONTROL_B = 0x61;
    private static final int PORT_KEYBOARD_COMMAND = 0x64;
    private static final int PORT_RTC = 0x70;
    private static final int PORT_SYSTEM_CONTROL_A = 0x92;
    private static final int PORT_PIC_SLAVE = 0xA0;
    private static final int PORT_DEBUG_CONSOLE = 0xE9;
    private static final int PORT_COPROCESSOR_ERROR = 0xF0;
    private static final int PORT_DEBUG_EXIT = 0xF4;
    private static final int PORT_COM1 = 0x3F8;
    private static final int PORT_ELCR = 0x4D0;
    private static final int PORT_FW_CFG = 0x510;
    private static final int PORT_FIRMWARE_CONSOLE = 0x402;
    private static final int PORT_VMWARE_BACKDOOR = 0x5658;
    private static final int PORT_DMA_FIRST = 0x00;
    private static final int PORT_DMA_PAGES = 0x80;
    private static final int PORT_DMA_SECOND = 0xC0;

    private final MachineConfig config;
    private final MachineClock clock;
    private final EventQueue events;
    private final PcMemory memory;
    private final PioBus ports = new PioBus();
    private final CpuState cpu;
    private final ExecutionEngine engine;
    private final PicPair pic;
    private final CoprocessorError coprocessorError;
    private final LocalApic localApic;
    private final LocalApicPage localApicPage;
    private final IoApic ioApic;
    private final VgaAdapter vga;
    private final I8042 keyboardController;
    private final VmwareBackdoor backdoor;
    private final Ns16550Uart com1;
    private final Keyboard keyboard;
    private final SerialInput serialInput;
    private final Screen screen = new Screen();
    private final RunLoop loop;
    private final List<Resettable> resettables = new ArrayList<>();
    private final List<Stateful> parts = new ArrayList<>();
    private final Optional<DirectBoot> kernel;
    private final boolean hasFirmware;
    private final AcpiTables acpi = new AcpiTables(PciBoard.acpi(IRQ_SCI), E820.PCI_HOLE_START);
    private final PciBoard board;
    private long restoredAt;
    private final HostIoThread hostThread;
    private final HostWork hostWork;
    private final VirtioCards virtio;
    private final PcDrives drives;

    /**
     * Builds a machine and puts it at its first instruction.
     *
     * @throws BootException if the kernel or firmware is none, or does not fit into the memory
     */
    public static PcMachine assemble(MachineConfig config) throws BootException {
        PcMachine machine = build(config);
        try {
            machine.attachPostPort();
            machine.powerOn();
        } catch (BootException e) {
            machine.close();
            throw e;
        }
        return machine;
    }

    private static PcMachine build(MachineConfig config) throws BootException {
        Optional<DirectBoot> kernel = Optional.empty();
        Optional<RomImage> firmware = Optional.empty();
        if (config.firmware().isPresent()) {
            MachineConfig.Firmware f = config.firmware().get();
            firmware = Optional.of(new RomImage(f.name(), f.image()));
        } else if (config.kernel().isPresent()) {
            kernel = Optional.of(new DirectBoot(config.kernel().get()));
        }
        return new PcMachine(config, kernel, firmware);
    }

    /**
     * Builds a machine and puts it where a saved one stood.
     *
     * @param config as it was for the saved machine; its kernel is needed again at a reset only
     * @param snapshot must stay open until the machine is closed
     * @throws BootException if the kernel or firmware is none
     * @throws SnapshotException if the snapshot is damaged or of another machine
     */
    public static PcMachine restore(MachineConfig config, SnapshotFile snapshot)
            throws BootException, SnapshotException {
        PcMachine machine = build(config);
        try {
            machine.attachPostPort();
            machine.snapshot().restore(snapshot);
            machine.restoredAt = machine.cpu.instructions;
            machine.refreshScreen();
        } catch (BootException | SnapshotException e) {
            machine.close();
            throw e;
        }
        return machine;
    }

    private long waitedNanos() {
        return engine.waitedNanos();
    }

    private PcMachine(
            MachineConfig config, Optional<DirectBoot> kernel, Optional<RomImage> firmware) {
        this.config = config;
        this.kernel = kernel;
        hasFirmware = firmware.isPresent();
        clock = new MachineClock(config.icount(), this::waitedNanos);
        events = new EventQueue(clock);
        memory = new PcMemory(config.memoryBytes(), firmware);
        cpu = new CpuState(new Mmu(memory.map()), new Board());
        cpu.model =
                CpuModel.STANDARD
                        .with(CpuFeature.APIC)
                        .with(CpuFeature.ARAT)
                        .with(CpuFeature.HYPERVISOR)
                        .withTimeStampHertz(MachineClock.TSC_HZ);
        engine = config.engine().create(cpu);

        pic = part(new PicPair(high -> localApic().lint0(high)));
        ApicBus apicBus = new ApicBus();
        localApic = part(new LocalApic(events, apicBus, 0, new ApicPins(), pic::acknowledge));
        localApicPage = new LocalApicPage(memory.map(), localApic);
        ioApic = part(new IoApic(apicBus));
        coprocessorError = new CoprocessorError(irq(IRQ_COPROCESSOR));
        A20Gate a20 = part(new A20Gate(memory.map()::setA20));
        SwitchedLine timerLine = new SwitchedLine(irq(IRQ_TIMER));
        SwitchedLine rtcLine = new SwitchedLine(irq(IRQ_RTC));
        I8254Pit pit = part(new I8254Pit(events, timerLine, () -> pic.waits(IRQ_TIMER)));
        Mc146818Rtc rtc = part(new Mc146818Rtc(events, rtcLine, config.rtcEpochSeconds()));
        Hpet hpet = part(hpet(timerLine, rtcLine));
        keyboardController =
                part(
                        new I8042(
                                events,
                                irq(IRQ_KEYBOARD),
                                irq(IRQ_MOUSE),
                                a20,
                                this::processorReset));
        backdoor =
                part(
                        new VmwareBackdoor(
                                new CallRegisters(),
                                MachineClock.TSC_HZ,
                                LocalApic.TIMER_HZ,
                                keyboardController::wakeMouseDriver));
        com1 = part(new Ns16550Uart("com1", events, irq(IRQ_COM1), config.serial()::accept));
        vga = part(new VgaAdapter(clock, VgaAdapter.DEFAULT_VRAM));
        keyboard = part(new Keyboard(events, keyboardController.keyboard()));
        serialInput = part(new SerialInput(events, com1));
        loop =
                new RunLoop(
                        cpu,
                        engine,
                        events,
                        clock,
                        new RunLoop.ScreenRefresh() {
                            @Override
                            public boolean wanted() {
                                return screen.watched();
                            }

                            @Override
                            public boolean refresh() {
                                return vga.refresh(screen);
                            }
                        },
                        this::processorShutDown);
        IsaDma dma = part(new IsaDma(memory.map()::readExternal, memory.map()::writeExternal));
        SystemControlPortB portB = new SystemControlPortB(pit, clock);
        wire(pit, rtc, a20, hpet, dma, portB);
        hostThread = new HostIoThread(loop::post);
        // A repeatable run must not depend on how fast the host's disk is.
        hostWork = config.icount() ? HostWork.IMMEDIATE : hostThread;
        PciBoard.Wiring wiring = new BoardWiring();
        board =
                new PciBoard(
                        wiring,
                        events,
                        ports,
                        memory,
                        new VgaPciFunction(vga, memory.map(), config.vgaBios()),
                        IRQ_SCI);
        virtio =
                new VirtioCards(
                        config.virtio(), events, ports, memory.map(), hostWork, config.icount());
        int slot = PciBoard.FIRST_FREE_SLOT;
        for (PciFunction card : virtio.cards()) {
            board.plug(slot++, card);
        }
        if (config.sound().isPresent()) {
            SoundMixer mixer =
                    new SoundMixer(pit, portB::speakerEnabled, clock, config.sound().get());
            pit.onToneChange(mixer::speakerChanged);
            portB.onSpeakerChange(mixer::speakerChanged);
            loop.sound(mixer);
            board.plug(SLOT_SOUND, new Ac97Function(events, ports, memory.map(), mixer));
        }
        config.network()
                .ifPresent(
                        card ->
                                board.plug(
                                        SLOT_NETWORK,
                                        card.build(events, ports, memory.map(), this::post)));
        drives = new PcDrives(config, wiring, events, hostWork, ports, memory.map(), dma);
        board.addIde(drives.function());
        FirmwareSettings.storeCmos(rtc, config, drives.floppyTypes(), drives.geometries());
        if (hasFirmware) {
            FwCfg items = part(new FwCfg(memory.map()));
            FirmwareSettings.describe(items, config, acpi);
            ports.register(PORT_FW_CFG, FwCfg.PORTS, "fw_cfg", items);
        }
    }

    /** With legacy replacement its timers take the place of the 8254 and the clock. */
    private Hpet hpet(SwitchedLine timer, SwitchedLine rtc) {
        IrqLine[] pins = new IrqLine[IoApic.PINS - IO_APIC_FREE_PIN];
        for (int i = 0; i < pins.length; i++) {
            pins[i] = ioApic.line(IO_APIC_FREE_PIN + i);
        }
        return new Hpet(
                events,
                pins,
                irq(IRQ_TIMER),
                irq(IRQ_RTC),
                legacy -> {
                    timer.connect(!legacy);
                    rtc.connect(!legacy);
                });
    }

    /** A new driver's input to an ISA interrupt, which goes to both kinds of controller. */
    private IrqLine irq(int number) {
        IrqLine toPic = pic.line(number);
        IrqLine toApic = ioApic.line(number == IRQ_TIMER ? IO_APIC_TIMER_PIN : number);
        return high -> {
            toPic.set(high);
            toApic.set(high);
        };
    }

    private LocalApic localApic() {
        return localApic;
    }

    private <T extends Stateful & Resettable> T part(T part) {
        parts.add(part);
        resettables.add(part);
        return part;
    }

    private void wire(
            I8254Pit pit,
            Mc146818Rtc rtc,
            A20Gate a20,
            Hpet hpet,
            IsaDma dma,
            SystemControlPortB portB) {
        ports.register(PORT_DMA_FIRST, 16, "8237 first", dma.first());
        ports.register(PORT_DMA_SECOND, 32, "8237 second", dma.second());
        ports.register(PORT_DMA_PAGES + 1, 15, "DMA pages", dma.pages());
        if (config.postCodes().isEmpty() || config.postCodes().get().port() != PORT_DMA_PAGES) {
            ports.register(PORT_DMA_PAGES, 1, "diagnostic latch", dma.diagnosticLatch());
        }
        ports.register(PORT_PIC_MASTER, 2, "8259 master", pic.master());
        ports.register(PORT_PIC_SLAVE, 2, "8259 slave", pic.slave());
        ports.register(PORT_ELCR, 2, "ELCR", pic.elcr());
        ports.register(PORT_PIT, 4, "8254", pit);
        ports.register(PORT_KEYBOARD_DATA, 1, "8042 data", keyboardController.data());
        ports.register(PORT_KEYBOARD_COMMAND, 1, "8042 command", keyboardController.command());
        ports.register(PORT_VMWARE_BACKDOOR, 4, "VMware backdoor", backdoor);
        ports.register(PORT_SYSTEM_CONTROL_B, 1, "system control B", part(portB));
        ports.register(
                PORT_SYSTEM_CONTROL_A,
                1,
                "system control A",
                part(new SystemControlPortA(a20, this::processorReset)));
        ports.register(PORT_COPROCESSOR_ERROR, 1, "coprocessor error", coprocessorError);
        ports.register(PORT_RTC, 2, "MC146818", rtc);
        ports.register(PORT_COM1, 8, "COM1", com1);
        config.debugConsole()
                .ifPresent(
                        out -> {
                            DebugConsole console = new DebugConsole(out);
                            ports.register(PORT_DEBUG_CONSOLE, 1, "debug console", console);
                            ports.register(PORT_FIRMWARE_CONSOLE, 1, "debug console", console);
                        });
        if (config.debugExit()) {
            ports.register(
                    PORT_DEBUG_EXIT,
                    4,
                    "isa-debug-exit",
                    new IsaDebugExit(value -> loop.exit(new Exit(Exit.Reason.DEBUG_EXIT, value))));
        }
        localApicPage.move(cpu.msrs.apicBase);
        memory.map().mapMmio("I/O APIC", IoApic.BASE, IoApic.SIZE, ioApic);
        memory.map().mapMmio("HPET", Hpet.BASE, Hpet.SIZE, hpet);
        if (config.testDevice()) {
            List<IrqLine> lines = new ArrayList<>();
            for (int i = 0; i < IoApic.PINS; i++) {
                lines.add(i < ISA_IRQS ? irq(i) : ioApic.line(i));
            }
            PcTestDevice test = new PcTestDevice(ports, lines);
            memory.map()
                    .mapMmio(
                            "test memory",
                            PcTestDevice.MEMORY,
                            PcTestDevice.MEMORY_BYTES,
                            test.memory());
        }
        vga.attach(memory.map(), ports);
    }

    private void attachPostPort() throws BootException {
        if (config.postCodes().isPresent()) {
            MachineConfig.PostCodes post = config.postCodes().get();
            if (post.port() < 0 || post.port() > 0xFFFF || ports.occupied(post.port(), 1)) {
                throw new BootException(
                        "cannot listen for diagnostic codes at port 0x%x: there is none, or a device of the machine answers there; choose another, such as 0x190"
                                .formatted(post.port()));
            }
            ports.register(post.port(), 1, "POST", new PostPort(post.output()));
        }
    }

    /** RESET for every chip. */
    private void hardReset() {
        loop.post(
                () -> {
                    try {
                        powerOn();
                    } catch (BootException e) {
                        throw new IllegalStateException("it was loaded before", e);
                    }
                });
    }

    /**
     * INIT for the processor alone, which goes on with the firmware that still is in memory: how
     * programs of the 286's time left protected mode. Without a firmware there is nothing to go on
     * with, so everything is reset.
     */
    private void processorReset() {
        if (!hasFirmware) {
            hardReset();
            return;
        }
        loop.post(this::initialiseProcessor);
    }

    private void initialiseProcessor() {
        localApic.initialise();
        cpu.init();
    }

    /** A triple fault: the south bridge answers the shutdown cycle with INIT. */
    private void processorShutDown() {
        if (hasFirmware) {
            initialiseProcessor();
        } else {
            loop.exit(new Exit(Exit.Reason.TRIPLE_FAULT, 0));
        }
    }

    /** RESET for everything, then what a firmware would do. */
    private void powerOn() throws BootException {
        resettables.forEach(Resettable::reset);
        engine.invalidateAllCode();
        cpu.reset();
        localApicPage.move(cpu.msrs.apicBase);
        if (kernel.isPresent()) {
            int level = board.configure(IRQ_SCI);
            pic.elcr().writePort(0, 1, level & 0xFF);
            pic.elcr().writePort(1, 1, level >> 8);
            kernel.get().start(config, cpu, memory.map(), ports, vga, acpi);
        }
    }

    /** Presses the power button, which asks the guest to shut down; any thread. */
    public void pressPowerButton() {
        loop.post(board.powerManagement()::pressPowerButton);
    }

    /**
     * Changes what is in the CD drive, if there is a drive; any thread. The old disc may be closed
     * once {@code done} has run.
     *
     * @param disc the new disc; empty: none
     * @param done runs on the machine thread with what was in the drive before
     */
    public void changeCdrom(Optional<BlockDevice> disc, Consumer<Optional<BlockDevice>> done) {
        loop.post(
                () ->
                        drives.cd()
                                .ifPresent(
                                        drive -> {
                                            Optional<BlockDevice> old = drive.medium();
                                            drive.changeMedium(disc);
                                            done.accept(old);
                                        }));
    }

    /**
     * Changes what is in floppy drive A or B, if there is such a drive; any thread.
     *
     * @param drive 0 or 1
     * @param disk of a size that floppy disks have; empty: none
     * @param done runs on the machine thread with what was in the drive before
     */
    public void changeFloppy(
            int drive, Optional<BlockDevice> disk, Consumer<Optional<BlockDevice>> done) {
        loop.post(
                () ->
                        drives.floppy(drive)
                                .ifPresent(
                                        unit -> {
                                            Optional<BlockDevice> old = unit.disk();
                                            unit.changeDisk(disk);
                                            done.accept(old);
                                        }));
    }

    /**
     * Runs until the guest powers off, dies, or somebody stops it; may be called again after a
     * stop.
     */
    public Exit run() {
        return loop.run();
    }

    /**
     * Runs on until at least {@code instructions} have been executed since power-on, or the guest
     * ends. Where it stops does not change what comes after, so that with icount a run in pieces is
     * the run in one.
     *
     * @return how the guest ended, or {@link Exit.Reason#STOPPED}
     */
    public Exit runTo(long instructions) {
        return loop.run(instructions);
    }

    /**
     * Saves the whole machine; it must not be running.
     *
     * @param file replaced as a whole, or left as it is if this fails
     */
    public void save(Path file) throws IOException {
        hostWork.settle();
        List<BlockDevice> disks = new ArrayList<>(config.virtio().disks());
        disks.addAll(config.disks());
        drives.media().forEach(disks::add);
        for (BlockDevice disk : disks) {
            disk.flush(); // what the snapshot's guest has read must be there next time, too
        }
        snapshot().save(file);
    }

    private MachineSnapshot snapshot() {
        return new MachineSnapshot(clock, parts, cpu, localApicPage, memory.ram());
    }

    /** Makes {@link #run} return soon; any thread. */
    public void stop() {
        loop.post(() -> loop.exit(new Exit(Exit.Reason.STOPPED, 0)));
    }

    /** What the processor reaches the devices through, and their time. */
    record Insides(CpuState cpu, PioBus ports, PhysicalMap memory, EventQueue events) {}

    Insides insides() {
        return new Insides(cpu, ports, memory.map(), events);
    }

    /** Runs a command on the machine thread; any thread. */
    public void post(Runnable command) {
        loop.post(command);
    }

    /** The screen; see its own rules on threads. */
    public Screen screen() {
        return screen;
    }

    /** Draws the screen now; machine thread, or after {@link #run} has returned. */
    public void refreshScreen() {
        var unused = vga.refresh(screen);
    }

    /**
     * Presses or releases a key; any thread.
     *
     * @param scanCode of set 1, with 0xE000 added for codes behind an E0 prefix, as in RFB's QEMU
     *     extended key event
     */
    public void key(int scanCode, boolean down) {
        loop.post(() -> keyboard.key(scanCode, down));
    }

    /**
     * The keyboard's lights as the guest has set them; any thread, perhaps a moment old. Bit 0
     * scroll lock, 1 num lock, 2 caps lock.
     */
    public int keyboardLights() {
        return keyboardController.keyboard().leds();
    }

    /** Moves the mouse and sets its buttons (bit 0 left, 1 right, 2 middle); any thread. */
    public void mouse(int dx, int dy, int wheel, int buttons) {
        loop.post(() -> keyboardController.mouse().move(dx, dy, wheel, buttons));
    }

    /**
     * Moves the pointer to a place, if a driver listens for places, else the mouse by the
     * difference; any thread.
     *
     * @param x place from the left, 0 to {@link VmwareBackdoor#MAX_COORDINATE}
     * @param y place from the top, likewise
     * @param dx,dy,wheel,buttons as for {@link #mouse}
     */
    public void pointer(int x, int y, int dx, int dy, int wheel, int buttons) {
        loop.post(
                () -> {
                    if (backdoor.listening()) {
                        backdoor.move(x, y, dx, dy, wheel, buttons);
                    } else {
                        keyboardController.mouse().move(dx, dy, wheel, buttons);
                    }
                });
    }

    /** Sends bytes to COM1; any thread. */
    public void serialInput(byte[] bytes) {
        byte[] copy = bytes.clone();
        loop.post(() -> serialInput.send(copy));
    }

    /**
     * Figures of the run so far.
     *
     * @param instructions executed by the guest since power-on, or since it was restored
     * @param busySeconds host time spent executing them
     * @param translatedShare share of them that ran as translated code, 0..1
     * @param residentBytes guest RAM that owns host memory
     * @param engineCounters the engine's own counters by name
     */
    public record Statistics(
            long instructions,
            double busySeconds,
            double translatedShare,
            long residentBytes,
            Map<String, Long> engineCounters) {}

    /** Figures; exact on the machine thread, else slightly old. */
    public Statistics statistics() {
        long executed = cpu.instructions - restoredAt;
        return new Statistics(
                executed,
                loop.busyNanos() / 1e9,
                (double) engine.translatedInstructions() / Math.max(1, executed),
                memory.residentBytes(),
                engine.counters());
    }

    /** What executes the guest's code, for tools that look into it on the machine thread. */
    public ExecutionEngine engine() {
        return engine;
    }

    /** The processor, for tests that compare runs. */
    CpuState cpu() {
        return cpu;
    }

    /** The devices, for tests that compare runs. */
    List<Stateful> parts() {
        return List.copyOf(parts);
    }

    /** What is in the CD drive, for tests that compare runs. */
    Optional<BlockDevice> disc() {
        return drives.cd().flatMap(AtapiDrive::medium);
    }

    /** The deadlines, for tests that compare runs. */
    EventQueue events() {
        return events;
    }

    /** Sends bytes to the virtio console; any thread. What it has no room for is lost. */
    public void consoleInput(byte[] bytes) {
        byte[] copy = bytes.clone();
        loop.post(() -> virtio.console().ifPresent(console -> console.send(copy)));
    }

    /**
     * Asks a guest with a driver for the memory balloon to give up so many bytes; any thread. Zero
     * lets it take all back.
     */
    public void balloon(long bytes) {
        int pages = (int) (Math.min(bytes, config.memoryBytes()) / GuestMemory.PAGE_SIZE);
        loop.post(() -> virtio.balloon().ifPresent(balloon -> balloon.ask(pages)));
    }

    /**
     * What the guest's driver for the memory balloon says of its memory, by virtio's tags; any
     * thread.
     *
     * @param receiver called on the machine thread with what was said last; new figures are asked
     *     for, for the next call
     */
    public void guestMemory(Consumer<Map<Integer, Long>> receiver) {
        loop.post(
                () ->
                        virtio.balloon()
                                .ifPresent(
                                        balloon -> {
                                            receiver.accept(balloon.statistics());
                                            balloon.refreshStatistics();
                                        }));
    }

    private static void closeDisk(BlockDevice disk) {
        try {
            disk.close();
        } catch (StorageException e) {
            LOG.log(System.Logger.Level.ERROR, e.getMessage());
        }
    }

    /** Flushes and closes the disks and gives the memory back; the machine must not be running. */
    @Override
    public void close() {
        hostThread.close();
        config.virtio().disks().forEach(PcMachine::closeDisk);
        vga.close();
        memory.close();
    }

    /** The pins by which the local APIC reaches the processor. */
    private final class ApicPins implements ApicProcessor {
        @Override
        public IrqLine intr() {
            return high -> {
                cpu.interruptLine = high;
                cpu.attention |= high;
            };
        }

        @Override
        public void nmi() {
            cpu.nmiPending = true;
            cpu.attention = true;
        }

        /** There is no system management mode. */
        @Override
        public void smi() {}

        @Override
        public void init() {
            loop.post(PcMachine.this::initialiseProcessor);
        }

        /** The one processor never waits for a start-up. */
        @Override
        public void startup(int page) {}
    }

    /** The registers by which a guest calls through the backdoor. */
    private final class CallRegisters implements VmwareBackdoor.Registers {
        @Override
        public int get(int number) {
            return (int) cpu.gpr[number];
        }

        @Override
        public void set(int number, int value) {
            cpu.gpr[number] = value & 0xFFFF_FFFFL;
        }
    }

    /** What the PCI board asks for. */
    private final class BoardWiring implements PciBoard.Wiring {
        @Override
        public IrqLine irq(int number) {
            return PcMachine.this.irq(number);
        }

        @Override
        public <T extends Stateful & Resettable> T part(T part) {
            return PcMachine.this.part(part);
        }

        @Override
        public void powerOff() {
            loop.exit(new Exit(Exit.Reason.POWER_OFF, 0));
        }

        @Override
        public void hardReset() {
            PcMachine.this.hardReset();
        }

        @Override
        public void processorReset() {
            PcMachine.this.processorReset();
        }
    }

    /** What the processor sees of the board. */
    private final class Board implements CpuBus {
        @Override
        public int in(int port, int bytes) {
            return ports.read(port, bytes);
        }

        @Override
        public void out(int port, int bytes, int value) {
            ports.write(port, bytes, value);
        }

        @Override
        public int acknowledgeInterrupt() {
            return localApic.acknowledge();
        }

        @Override
        public void setApicBase(long value) {
            localApic.setBaseMsr(value);
            localApicPage.move(value);
        }

        @Override
        public void setTaskPriorityClass(int priorityClass) {
            localApic.setTaskPriorityClass(priorityClass);
        }

        @Override
        public int taskPriorityClass(int written) {
            return localApic.taskPriorityClass();
        }

        @Override
        public long timeStampCounter() {
            return clock.nanos();
        }

        @Override
        public void floatingPointError() {
            coprocessorError.signal();
        }
    }
}
