package dev.arclet.emulator.machine;

import dev.arclet.emulator.bus.EventQueue;
import dev.arclet.emulator.bus.IrqLine;
import dev.arclet.emulator.bus.PioBus;
import dev.arclet.emulator.bus.Resettable;
import dev.arclet.emulator.chipset.CoprocessorError;
import dev.arclet.emulator.chipset.I440fxHostBridge;
import dev.arclet.emulator.chipset.PciBus;
import dev.arclet.emulator.chipset.PciConfigSpace;
import dev.arclet.emulator.chipset.PciFunction;
import dev.arclet.emulator.chipset.Piix3IsaBridge;
import dev.arclet.emulator.chipset.Piix4Pm;
import dev.arclet.emulator.chipset.SystemControlPortA;
import dev.arclet.emulator.chipset.SystemControlPortB;
import dev.arclet.emulator.chipset.VgaPciFunction;
import dev.arclet.emulator.cpu.CpuBus;
import dev.arclet.emulator.cpu.CpuFeature;
import dev.arclet.emulator.cpu.CpuModel;
import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.ExecutionEngine;
import dev.arclet.emulator.cpu.ProtectedEntry;
import dev.arclet.emulator.device.A20Gate;
import dev.arclet.emulator.device.debug.DebugConsole;
import dev.arclet.emulator.device.debug.IsaDebugExit;
import dev.arclet.emulator.device.debug.PcTestDevice;
import dev.arclet.emulator.device.debug.PostPort;
import dev.arclet.emulator.device.input.I8042;
import dev.arclet.emulator.device.irq.ApicBus;
import dev.arclet.emulator.device.irq.ApicProcessor;
import dev.arclet.emulator.device.irq.IoApic;
import dev.arclet.emulator.device.irq.LocalApic;
import dev.arclet.emulator.device.irq.PicPair;
import dev.arclet.emulator.device.serial.Ns16550Uart;
import dev.arclet.emulator.device.timer.I8254Pit;
import dev.arclet.emulator.device.timer.Mc146818Rtc;
import dev.arclet.emulator.device.video.VgaAdapter;
import dev.arclet.emulator.display.Screen;
import dev.arclet.emulator.firmware.AcpiTables;
import dev.arclet.emulator.firmware.BiosInterrupts;
import dev.arclet.emulator.firmware.BootException;
import dev.arclet.emulator.firmware.E820;
import dev.arclet.emulator.firmware.LinuxKernel;
import dev.arclet.emulator.firmware.MultibootKernel;
import dev.arclet.emulator.firmware.RomImage;
import dev.arclet.emulator.memory.GuestMemory;
import dev.arclet.emulator.memory.PhysicalMap;
import dev.arclet.emulator.mmu.Mmu;
import dev.arclet.emulator.snapshot.Stateful;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

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
    // Memory
    private static final long VGA_WINDOW = 0xA_0000;
    private static final long UPPER_MEMORY = 0xC_0000;
    private static final long BIOS_SEGMENT = 0xF_0000;
    private static final int SHADOW_SEGMENT_BYTES = 0x4000;
    private static final long EXTENDED_MEMORY = 0x10_0000;
    private static final long HIGH_MEMORY = 1L << 32;
    private static final long FRAME_BUFFER = 0xFD00_0000L;
    private static final long VGA_REGISTERS = 0xFEBF_0000L;
    private static final int PHYSICAL_ADDRESS_BITS = 40;

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
    private static final int PORT_APM = 0xB2;
    private static final int PORT_PCI = 0xCF8;
    private static final int PORT_RESET_CONTROL = 0xCF9;
    private static final int RESET_CONTROL_HARD = 0x06;

    // PCI configuration registers
    private static final int PCI_COMMAND = 0x04;
    private static final int PCI_COMMAND_IO = 1;
    private static final int PCI_COMMAND_MEMORY = 2;
    private static final int PAM0 = 0x59;
    private static final int PAM6 = 0x5F;

    private final MachineConfig config;
    private final MachineClock clock;
    private final EventQueue events;
    private final GuestMemory ram;
    private final PhysicalMap memory = new PhysicalMap(PHYSICAL_ADDRESS_BITS);
    private final PioBus ports = new PioBus();
    private final CpuState cpu;
    private final ExecutionEngine engine;
    private final PicPair pic;
    private final CoprocessorError coprocessorError;
    private final LocalApic localApic;
    private final IoApic ioApic;
    private final VgaAdapter vga;
    private final I8042 keyboardController;
    private final Ns16550Uart com1;
    private final Keyboard keyboard;
    private final SerialInput serialInput;
    private final Screen screen = new Screen();
    private final RunLoop loop;
    private final List<Resettable> resettables = new ArrayList<>();
    private final List<Stateful> parts = new ArrayList<>();
    private final Optional<LinuxKernel> kernel;
    private final Optional<MultibootKernel> multiboot;
    private final Optional<RomImage> firmware;
    private final GuestMemory rom = new GuestMemory(RomImage.MAX_BYTES);
    private I440fxHostBridge hostBridge;
    private Piix4Pm powerManagement;
    private VgaPciFunction displayFunction;

    /**
     * Builds a machine and puts it at its first instruction.
     *
     * @throws BootException if the kernel or firmware is none, or does not fit into the memory
     */
    public static PcMachine assemble(MachineConfig config) throws BootException {
        Optional<LinuxKernel> kernel = Optional.empty();
        Optional<MultibootKernel> multiboot = Optional.empty();
        Optional<RomImage> firmware = Optional.empty();
        if (config.firmware().isPresent()) {
            MachineConfig.Firmware f = config.firmware().get();
            firmware = Optional.of(new RomImage(f.name(), f.image()));
        } else if (config.kernel().isPresent()) {
            MachineConfig.Kernel k = config.kernel().get();
            if (MultibootKernel.detect(k.image())) {
                multiboot =
                        Optional.of(
                                new MultibootKernel(
                                        k.name(), k.image(), k.initrd(), k.commandLine()));
            } else {
                kernel =
                        Optional.of(
                                new LinuxKernel(k.name(), k.image(), k.initrd(), k.commandLine()));
            }
        }
        PcMachine machine = new PcMachine(config, kernel, multiboot, firmware);
        try {
            machine.attachPostPort();
            machine.powerOn();
        } catch (BootException e) {
            machine.close();
            throw e;
        }
        return machine;
    }

    private PcMachine(
            MachineConfig config,
            Optional<LinuxKernel> kernel,
            Optional<MultibootKernel> multiboot,
            Optional<RomImage> firmware) {
        this.config = config;
        this.kernel = kernel;
        this.multiboot = multiboot;
        this.firmware = firmware;
        clock = new MachineClock(config.icount());
        events = new EventQueue(clock);
        ram = new GuestMemory(config.memoryBytes());
        cpu = new CpuState(new Mmu(memory), new Board());
        cpu.model = CpuModel.STANDARD.with(CpuFeature.APIC).withTimeStampHertz(MachineClock.TSC_HZ);
        engine = config.engine().create(cpu);
        mapMemory();

        pic = part(new PicPair(high -> localApic().lint0(high)));
        ApicBus apicBus = new ApicBus();
        localApic = part(new LocalApic(events, apicBus, 0, new ApicPins(), pic::acknowledge));
        ioApic = part(new IoApic(apicBus));
        coprocessorError = new CoprocessorError(irq(IRQ_COPROCESSOR));
        A20Gate a20 = part(new A20Gate(memory::setA20));
        I8254Pit pit = part(new I8254Pit(events, irq(IRQ_TIMER), () -> pic.waits(IRQ_TIMER)));
        Mc146818Rtc rtc = part(new Mc146818Rtc(events, irq(IRQ_RTC), config.rtcEpochSeconds()));
        keyboardController =
                part(new I8042(events, irq(IRQ_KEYBOARD), irq(IRQ_MOUSE), a20, this::requestReset));
        com1 = part(new Ns16550Uart("com1", events, irq(IRQ_COM1), config.serial()::accept));
        vga = part(new VgaAdapter(clock, VgaAdapter.DEFAULT_VRAM));
        keyboard = new Keyboard(events, keyboardController.keyboard());
        serialInput = new SerialInput(events, com1);
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
                            public void refresh() {
                                vga.refresh(screen);
                            }
                        });
        wire(pit, rtc, a20);
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

    private void mapMemory() {
        long low = Math.min(config.memoryBytes(), E820.PCI_HOLE_START);
        memory.mapRam("conventional memory", 0, VGA_WINDOW, ram, 0);
        byte[] nothing = new byte[RomImage.MAX_BYTES];
        Arrays.fill(nothing, (byte) 0xFF);
        rom.write(0, nothing, 0, nothing.length);
        firmware.ifPresent(
                image -> {
                    image.install(rom);
                    memory.mapRom(
                            "firmware ROM",
                            HIGH_MEMORY - image.size(),
                            image.size(),
                            rom,
                            RomImage.MAX_BYTES - image.size());
                });
        // From here on the host bridge's attributes say what 0xC0000..0xFFFFF is.
        shadow(BIOS_SEGMENT, EXTENDED_MEMORY - BIOS_SEGMENT, false, false);
        for (long at = UPPER_MEMORY; at < BIOS_SEGMENT; at += SHADOW_SEGMENT_BYTES) {
            shadow(at, SHADOW_SEGMENT_BYTES, false, false);
        }
        memory.mapRam(
                "extended memory", EXTENDED_MEMORY, low - EXTENDED_MEMORY, ram, EXTENDED_MEMORY);
        if (config.memoryBytes() > low) {
            memory.mapRam("memory above 4 GiB", HIGH_MEMORY, config.memoryBytes() - low, ram, low);
        }
    }

    private void wire(I8254Pit pit, Mc146818Rtc rtc, A20Gate a20) {
        ports.register(PORT_PIC_MASTER, 2, "8259 master", pic.master());
        ports.register(PORT_PIC_SLAVE, 2, "8259 slave", pic.slave());
        ports.register(PORT_ELCR, 2, "ELCR", pic.elcr());
        ports.register(PORT_PIT, 4, "8254", pit);
        ports.register(PORT_KEYBOARD_DATA, 1, "8042 data", keyboardController.data());
        ports.register(PORT_KEYBOARD_COMMAND, 1, "8042 command", keyboardController.command());
        ports.register(
                PORT_SYSTEM_CONTROL_B,
                1,
                "system control B",
                part(new SystemControlPortB(pit, clock)));
        ports.register(
                PORT_SYSTEM_CONTROL_A,
                1,
                "system control A",
                part(new SystemControlPortA(a20, this::requestReset)));
        ports.register(PORT_COPROCESSOR_ERROR, 1, "coprocessor error", coprocessorError);
        ports.register(PORT_RTC, 2, "MC146818", rtc);
        ports.register(PORT_COM1, 8, "COM1", com1);
        config.debugConsole()
                .ifPresent(
                        out ->
                                ports.register(
                                        PORT_DEBUG_CONSOLE,
                                        1,
                                        "debug console",
                                        new DebugConsole(out)));
        if (config.debugExit()) {
            ports.register(
                    PORT_DEBUG_EXIT,
                    4,
                    "isa-debug-exit",
                    new IsaDebugExit(value -> loop.exit(new Exit(Exit.Reason.DEBUG_EXIT, value))));
        }
        memory.mapMmio("local APIC", LocalApic.BASE, LocalApic.SIZE, localApic);
        memory.mapMmio("I/O APIC", IoApic.BASE, IoApic.SIZE, ioApic);
        if (config.testDevice()) {
            List<IrqLine> lines = new ArrayList<>();
            for (int i = 0; i < IoApic.PINS; i++) {
                lines.add(i < ISA_IRQS ? irq(i) : ioApic.line(i));
            }
            PcTestDevice test = new PcTestDevice(ports, lines);
            memory.mapMmio(
                    "test memory", PcTestDevice.MEMORY, PcTestDevice.MEMORY_BYTES, test.memory());
        }
        vga.attach(memory, ports);
        wirePci();
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

    private void wirePci() {
        PciBus pci = part(new PciBus());
        ports.register(PORT_PCI, 8, "PCI configuration", pci);
        I440fxHostBridge host = part(new I440fxHostBridge(this::shadow));
        Piix3IsaBridge isa = part(new Piix3IsaBridge(routableLines(), this::requestReset));
        Piix4Pm pm =
                part(
                        new Piix4Pm(
                                events,
                                ports,
                                irq(IRQ_SCI),
                                () -> loop.exit(new Exit(Exit.Reason.POWER_OFF, 0))));
        VgaPciFunction display = part(new VgaPciFunction(vga, memory));
        ports.register(PORT_APM, 2, "APM", pm.apm());
        pci.setResetControl(isa.resetControl());
        pci.add(0, 0, host);
        pci.add(1, 0, isa);
        pci.add(1, 3, pm);
        pci.add(2, 0, display);
        hostBridge = host;
        displayFunction = display;
        powerManagement = pm;
    }

    /** The inputs that PCI interrupts can be routed to, at both kinds of controller. */
    private IrqLine[] routableLines() {
        IrqLine[] lines = new IrqLine[ISA_IRQS];
        for (int number = 0; number < ISA_IRQS; number++) {
            lines[number] = Piix3IsaBridge.routable(number) ? irq(number) : null;
        }
        return lines;
    }

    /** Plugs a card in: its configuration space, its interrupt, its state. */
    void plug(PciBus pci, Piix3IsaBridge isa, int slot, PciFunction card) {
        part(card);
        pci.add(slot, 0, card);
        int pin = card.config().interruptPin();
        if (pin != 0) {
            card.connectInterrupt(isa.interruptPin(slot, pin));
        }
    }

    /** Maps a part of the upper memory area as the host bridge's attributes say. */
    private void shadow(long base, long size, boolean readRam, boolean writeRam) {
        memory.unmap(base);
        if (readRam && writeRam) {
            memory.mapRam("shadow RAM", base, size, ram, base);
        } else if (readRam) {
            memory.mapRom("shadow RAM", base, size, ram, base);
        } else if (writeRam) {
            memory.mapRomOverRam("ROM", base, size, rom, base - UPPER_MEMORY, ram, base);
        } else {
            memory.mapRom("ROM", base, size, rom, base - UPPER_MEMORY);
        }
    }

    private void requestReset() {
        loop.post(
                () -> {
                    try {
                        powerOn();
                    } catch (BootException e) {
                        throw new IllegalStateException("it was loaded before", e);
                    }
                });
    }

    /** RESET for everything, then what a firmware would do. */
    private void powerOn() throws BootException {
        resettables.forEach(Resettable::reset);
        engine.invalidateAllCode();
        cpu.reset();
        if (kernel.isPresent()) {
            startKernel(kernel.get());
        } else if (multiboot.isPresent()) {
            startMultiboot(multiboot.get());
        }
    }

    /**
     * What a firmware does before a boot loader: upper memory is RAM, PCI is configured, tables
     * stand.
     */
    private long prepareBoard() {
        hostBridge.writeConfig(PAM0, 1, 0x30);
        for (int register = PAM0 + 1; register <= PAM6; register++) {
            hostBridge.writeConfig(register, 1, 0x33);
        }
        PciConfigSpace vgaConfig = displayFunction.config();
        vgaConfig.write(0x10 + 4 * VgaPciFunction.FRAME_BUFFER_BAR, 4, (int) FRAME_BUFFER);
        vgaConfig.write(0x10 + 4 * VgaPciFunction.REGISTER_BAR, 4, (int) VGA_REGISTERS);
        vgaConfig.write(PCI_COMMAND, 2, PCI_COMMAND_IO | PCI_COMMAND_MEMORY);
        pic.elcr().writePort(1, 1, 1 << (IRQ_SCI - 8)); // the SCI is level triggered
        return AcpiTables.install(
                memory,
                new AcpiTables.PowerManagement(
                        IRQ_SCI,
                        PORT_APM,
                        Piix4Pm.ACPI_ENABLE,
                        Piix4Pm.ACPI_DISABLE,
                        Piix4Pm.DEFAULT_BASE,
                        Piix4Pm.DEFAULT_BASE + 4,
                        Piix4Pm.DEFAULT_BASE + 8,
                        Piix4Pm.DEFAULT_BASE + 0x0C,
                        4,
                        0,
                        PORT_RESET_CONTROL,
                        RESET_CONTROL_HARD),
                E820.PCI_HOLE_START);
    }

    /** Presses the power button, which asks the guest to shut down; any thread. */
    public void pressPowerButton() {
        loop.post(powerManagement::pressPowerButton);
    }

    private void startKernel(LinuxKernel linux) throws BootException {
        long rsdp = prepareBoard();
        LinuxKernel.FrameBuffer frameBuffer = null;
        if (config.display().isText()) {
            vga.setTextMode();
        } else {
            vga.setLinearMode(config.display().width(), config.display().height(), 32);
            frameBuffer =
                    new LinuxKernel.FrameBuffer(
                            FRAME_BUFFER,
                            vga.vramBytes(),
                            config.display().width(),
                            config.display().height());
        }
        LinuxKernel.Entry entry =
                linux.load(memory, E820.of(config.memoryBytes()), frameBuffer, rsdp);
        ProtectedEntry.enter(
                cpu,
                entry.gdtBase(),
                entry.gdtLimit(),
                entry.codeSelector(),
                entry.dataSelector(),
                entry.entry());
        cpu.gpr[CpuState.RSI] = entry.bootParams();
    }

    private void startMultiboot(MultibootKernel image) throws BootException {
        prepareBoard();
        BiosInterrupts.install(memory);
        BiosInterrupts.start(ports);
        vga.setTextMode();
        MultibootKernel.Entry entry = image.load(memory, E820.of(config.memoryBytes()));
        ProtectedEntry.enter(
                cpu,
                entry.gdtBase(),
                entry.gdtLimit(),
                entry.codeSelector(),
                entry.dataSelector(),
                entry.entry());
        cpu.gpr[CpuState.RAX] = MultibootKernel.LOADER_MAGIC;
        cpu.gpr[CpuState.RBX] = entry.information();
    }

    /**
     * Runs until the guest powers off, dies, or somebody stops it; may be called again after a
     * stop.
     */
    public Exit run() {
        return loop.run();
    }

    /** Makes {@link #run} return soon; any thread. */
    public void stop() {
        loop.post(() -> loop.exit(new Exit(Exit.Reason.STOPPED, 0)));
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
        vga.refresh(screen);
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

    /** Sends bytes to COM1; any thread. */
    public void serialInput(byte[] bytes) {
        byte[] copy = bytes.clone();
        loop.post(() -> serialInput.send(copy));
    }

    /**
     * Figures of the run so far.
     *
     * @param instructions executed by the guest
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
        return new Statistics(
                cpu.instructions,
                loop.busyNanos() / 1e9,
                (double) engine.translatedInstructions() / Math.max(1, cpu.instructions),
                ram.residentPages() * GuestMemory.PAGE_SIZE,
                engine.counters());
    }

    /** Gives the memory back; the machine must not be running. */
    @Override
    public void close() {
        vga.close();
        ram.close();
        rom.close();
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
            loop.post(
                    () -> {
                        localApic.initialise();
                        cpu.init();
                    });
        }

        /** The one processor never waits for a start-up. */
        @Override
        public void startup(int page) {}
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
