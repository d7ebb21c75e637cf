package dev.arclet.launcher.cli;

import dev.arclet.emulator.cpu.translate.Engines;
import dev.arclet.emulator.firmware.BootException;
import dev.arclet.emulator.machine.MachineConfig;
import dev.arclet.emulator.machine.MachineShape;
import dev.arclet.emulator.machine.NetworkCard;
import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotFile;
import dev.arclet.format.model.NetworkRule;
import dev.arclet.launcher.LauncherException;
import dev.arclet.launcher.boot.BootMedia;
import dev.arclet.launcher.boot.BootSession;
import dev.arclet.launcher.boot.ExpectScript;
import dev.arclet.launcher.boot.Inspection;
import dev.arclet.launcher.boot.MemorySize;
import dev.arclet.launcher.boot.PictureMatch;
import dev.arclet.launcher.net.GuestNetwork;
import dev.arclet.launcher.net.PortForward;
import dev.arclet.launcher.net.RulePolicy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Stack;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IParameterConsumer;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** Runs local, unsigned media: a tool for authors and testers. */
@Command(
        name = "boot",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Runs local, unsigned media: a tool for authors and testers.",
            "",
            "Example: arclet boot --kernel vmlinuz --initrd initrd.gz --append console=ttyS0"
                    + " --expect '# ' --type 'uname -a\\n'",
            ""
        },
        footer = {
            "",
            "Exit status: 0 the guest powered off, or all --expect texts were seen; 1 it powered off before that, or nothing could be saved;",
            "2 bad usage or unreadable media; 3 time limit passed; 4 the guest died (triple fault)."
        })
class BootCommand implements Callable<Integer> {
    @CommandLine.Spec private CommandSpec spec;

    @Option(
            names = "--memory",
            paramLabel = "SIZE",
            description =
                    "Guest RAM, such as 256M or 2G; default 256M, or what the loaded snapshot has.")
    private String memory;

    @Option(
            names = "--cpus",
            paramLabel = "N",
            defaultValue = "1",
            description = "Processors; default 1.")
    private int cpus;

    @Option(
            names = "--kernel",
            paramLabel = "FILE",
            description =
                    "Linux kernel (bzImage) or Multiboot kernel (32-bit ELF), started without a firmware.")
    private Path kernel;

    @Option(
            names = "--initrd",
            paramLabel = "FILE",
            description = "Its initial RAM disk, or module.")
    private Path initrd;

    @Option(
            names = "--append",
            paramLabel = "TEXT",
            defaultValue = "",
            description = "Its command line.")
    private String append;

    @Option(
            names = "--firmware",
            paramLabel = "FILE",
            description =
                    "Firmware image (BIOS) of up to 256 KiB, started instead of a kernel; default: SeaBIOS of the package seabios.")
    private Path firmware;

    @Option(names = "--vgabios", paramLabel = "FILE", description = "VGA option ROM.")
    private Path vgabios;

    @Option(
            names = "--disk",
            paramLabel = "FILE[,raw|,qcow2][,ide|,virtio][,ro|,snapshot|,overlay=FILE]",
            description =
                    "Disk image, qcow2 if its name ends so or the option says it, else raw; may be repeated: IDE with a firmware, virtio with --kernel, or as it says. With ro it is write-protected, with snapshot writes are lost at the end, with overlay they go to a file of their own.")
    private List<String> disks = new ArrayList<>();

    @Option(
            names = "--share",
            paramLabel = "FOLDER[,rw]",
            description =
                    "Folder that the guest may mount by the 9P protocol (tags share0, share1...), read-only without rw; may be repeated.")
    private List<String> folders = new ArrayList<>();

    @Option(names = "--cdrom", paramLabel = "FILE", description = "CD image.")
    private Path cdrom;

    @Option(names = "--floppy", paramLabel = "FILE", description = "Floppy image.")
    private Path floppy;

    @Option(
            names = "--boot",
            paramLabel = "DEVICE",
            description =
                    "What the firmware tries first: floppy, cdrom or disk; by default floppy, disk, cdrom in this order.")
    private BootDevice bootDevice;

    @Option(
            names = "--net",
            paramLabel = "none|user",
            defaultValue = "none",
            description =
                    "Network: none, or one behind address translation; default ${DEFAULT-VALUE}.")
    private Net net;

    @Option(
            names = "--net-allow",
            paramLabel = "RULE",
            description =
                    "What the guest may reach: tcp:HOST:PORT, udp:HOST:PORT-PORT, icmp:HOST; * is every public"
                            + " host or every port, localhost this computer (10.0.2.2 or host.internal in the"
                            + " guest); may be repeated. Without it, nothing.")
    private List<String> netAllow = new ArrayList<>();

    @Option(
            names = "--net-forward",
            paramLabel = "tcp|udp:HOSTPORT:GUESTPORT",
            description =
                    "A port of the guest that is to be at 127.0.0.1:HOSTPORT; may be repeated.")
    private List<String> netForward = new ArrayList<>();

    @Option(
            names = "--net-card",
            paramLabel = "virtio|rtl8139",
            defaultValue = "virtio",
            description = "The network card; default ${DEFAULT-VALUE}.")
    private String netCard;

    @Option(
            names = "--serial",
            paramLabel = "stdio|none|file:F",
            defaultValue = "stdio",
            description = "The first serial port; default ${DEFAULT-VALUE}.")
    private String serial;

    @Option(
            names = "--debugcon",
            paramLabel = "stdio|file:F",
            description = "Debug console on port 0xE9.")
    private String debugcon;

    @Option(
            names = "--debug-exit",
            description = "Port 0xF4 (isa-debug-exit) ends the run with status value * 2 + 1.")
    private boolean debugExit;

    @Option(
            names = "--test-device",
            hidden = true,
            description = "The ports and memory that kvm-unit-tests knows as pc-testdev.")
    private boolean testDevice;

    @Option(
            names = "--post-port",
            paramLabel = "PORT",
            hidden = true,
            description = "Prints each code written to this port, such as 0x80, on standard error.")
    private String postPort;

    @Option(
            names = "--display",
            paramLabel = "none|vnc=127.0.0.1:PORT|web",
            defaultValue = "none",
            description = "Where the screen can be seen; default ${DEFAULT-VALUE}.")
    private String display;

    @Option(
            names = "--sound",
            paramLabel = "F.wav",
            description =
                    "Gives the guest a sound card (AC '97) and writes what it and the speaker play (with --display web the page plays it, too).")
    private Path sound;

    @Option(
            names = "--screen",
            paramLabel = "text|WxH",
            defaultValue = "1024x768",
            description =
                    "The screen that a directly started kernel finds; default ${DEFAULT-VALUE}.")
    private String screen;

    @Option(
            names = "--engine",
            paramLabel = "auto|interpreter|translator|translator-eager",
            defaultValue = "auto",
            description = "How guest code is executed; default ${DEFAULT-VALUE}.")
    private String engine;

    @Option(
            names = "--icount",
            description =
                    "Virtual time is a function of executed instructions: the run can be repeated exactly.")
    private boolean icount;

    @Option(
            names = "--snapshot-save",
            paramLabel = "FILE",
            description = "Saves the whole machine when the run ends by --expect or --timeout.")
    private Path snapshotSave;

    @Option(
            names = "--snapshot-load",
            paramLabel = "FILE",
            description =
                    "Goes on where a saved machine stood; give the same media as when it was saved.")
    private Path snapshotLoad;

    @Option(
            names = "--expect",
            paramLabel = "TEXT",
            parameterConsumer = Expect.class,
            description =
                    "Waits until TEXT is seen on the serial line or the text screen; may be repeated, seen in order.")
    private String expect;

    @Option(
            names = "--expect-serial",
            paramLabel = "TEXT",
            parameterConsumer = ExpectSerial.class,
            description = "The same, on the serial line only.")
    private String expectSerial;

    @Option(
            names = "--expect-picture",
            paramLabel = "F.png[,PERCENT]",
            parameterConsumer = ExpectPicture.class,
            description =
                    "Waits until the screen resembles a picture, in its turn among what --expect waits for; 90 percent unless told, not counting the background.")
    private String expectPicture;

    @Option(
            names = "--type",
            paramLabel = "TEXT",
            parameterConsumer = Type.class,
            description =
                    "Typed once the preceding --expect was seen, there where it was seen; \\n is Enter.")
    private String type;

    @Option(
            names = "--click",
            paramLabel = "X,Y",
            parameterConsumer = Click.class,
            description =
                    "Clicks with the left button at a place of the screen once the preceding --expect or --expect-picture was seen.")
    private String click;

    @Option(
            names = "--keys",
            paramLabel = "TEXT",
            parameterConsumer = Keys.class,
            description =
                    "Typed on the keyboard once the preceding --expect was seen, wherever that was.")
    private String keys;

    @Option(
            names = "--pause",
            paramLabel = "SECONDS",
            parameterConsumer = Pause.class,
            description =
                    "Waits before what comes next is typed or clicked, as after the prompt for a password, when programs forget what is typed too early.")
    private String pause;

    @Option(
            names = "--screenshot",
            paramLabel = "F.png",
            description = "Writes the screen as a picture at the end.")
    private Path screenshot;

    @Option(
            names = "--timeout",
            paramLabel = "SECONDS",
            description = "Ends the run after this time; without it there is no limit.")
    private Long timeoutSeconds;

    @Option(
            names = "--stats",
            paramLabel = "F.json",
            description = "Writes instructions, speed, times and memory at the end.")
    private Path stats;

    private final ExpectScript script = new ExpectScript();

    private enum BootDevice {
        floppy,
        cdrom,
        disk
    }

    private enum Net {
        none,
        user
    }

    /** Keeps the order of --expect and --type, which two lists would lose. */
    private static final class Expect implements IParameterConsumer {
        @Override
        public void consumeParameters(Stack<String> args, ArgSpec arg, CommandSpec spec) {
            ((BootCommand) spec.userObject()).script.expect(value(args, arg, spec));
        }
    }

    private static final class ExpectSerial implements IParameterConsumer {
        @Override
        public void consumeParameters(Stack<String> args, ArgSpec arg, CommandSpec spec) {
            ((BootCommand) spec.userObject()).script.expectSerial(value(args, arg, spec));
        }
    }

    private static final class ExpectPicture implements IParameterConsumer {
        @Override
        public void consumeParameters(Stack<String> args, ArgSpec arg, CommandSpec spec) {
            try {
                ((BootCommand) spec.userObject())
                        .script.expect(PictureMatch.parse(value(args, arg, spec)));
            } catch (LauncherException e) {
                throw new ParameterException(spec.commandLine(), e.getMessage(), e);
            }
        }
    }

    private static final class Type implements IParameterConsumer {
        @Override
        public void consumeParameters(Stack<String> args, ArgSpec arg, CommandSpec spec) {
            ((BootCommand) spec.userObject()).script.type(value(args, arg, spec));
        }
    }

    private static final class Click implements IParameterConsumer {
        @Override
        public void consumeParameters(Stack<String> args, ArgSpec arg, CommandSpec spec) {
            String place = value(args, arg, spec);
            if (!place.matches("[0-9]{1,4},[0-9]{1,4}")) {
                throw new ParameterException(
                        spec.commandLine(), "--click " + place + " is no place such as 320,200");
            }
            ((BootCommand) spec.userObject()).script.click(place);
        }
    }

    private static final class Keys implements IParameterConsumer {
        @Override
        public void consumeParameters(Stack<String> args, ArgSpec arg, CommandSpec spec) {
            ((BootCommand) spec.userObject()).script.keys(value(args, arg, spec));
        }
    }

    private static final class Pause implements IParameterConsumer {
        @Override
        public void consumeParameters(Stack<String> args, ArgSpec arg, CommandSpec spec) {
            String seconds = value(args, arg, spec);
            if (!seconds.matches("[0-9]{1,4}")) {
                throw new ParameterException(
                        spec.commandLine(), "--pause " + seconds + " is no number of seconds");
            }
            ((BootCommand) spec.userObject()).script.pause(Integer.parseInt(seconds));
        }
    }

    private static String value(Stack<String> args, ArgSpec arg, CommandSpec spec) {
        if (args.isEmpty()) {
            throw new ParameterException(
                    spec.commandLine(), "missing parameter of " + arg.paramLabel());
        }
        return args.pop();
    }

    @Override
    public Integer call() throws LauncherException, IOException {
        refuseWhatIsNotThereYet();
        if (kernel == null && firmware == null && snapshotLoad == null && !media()) {
            throw new ParameterException(
                    spec.commandLine(),
                    "nothing to boot: give --kernel FILE, --disk FILE, --cdrom FILE, --floppy FILE, --firmware FILE or --snapshot-load FILE");
        }
        if (kernel != null && firmware != null) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--kernel starts without a firmware: leave out --firmware or --kernel");
        }
        if (timeoutSeconds != null && timeoutSeconds <= 0) {
            throw new ParameterException(spec.commandLine(), "--timeout must be positive");
        }
        try (SnapshotFile snapshot =
                snapshotLoad == null ? null : SnapshotFile.open(snapshotLoad)) {
            return boot(Optional.ofNullable(snapshot));
        } catch (SnapshotException e) {
            throw LauncherException.relayed(LauncherException.Kind.USAGE, e.getMessage());
        }
    }

    /** What looks into the machine. */
    Inspection inspection() {
        return Inspection.NONE;
    }

    /** Whether there is something in a drive to boot from. */
    private boolean media() {
        return !disks.isEmpty() || cdrom != null || floppy != null;
    }

    private int boot(Optional<SnapshotFile> snapshot)
            throws LauncherException, IOException, SnapshotException {
        MachineConfig.Builder config =
                MachineConfig.builder()
                        .cpus(cpus)
                        .icount(icount)
                        .debugExit(debugExit)
                        .testDevice(testDevice)
                        .engine(Engines.named(engine).orElseThrow());
        if (memory != null) {
            config.memoryBytes(MemorySize.parse(memory, "--memory"));
        }
        if (snapshot.isPresent()) {
            MachineShape shape = MachineShape.of(snapshot.get());
            config.icount(shape.icount());
            if (memory == null) {
                config.memoryBytes(shape.memoryBytes());
            }
        }
        if (firmware != null || kernel == null && media()) {
            BootMedia.setFirmware(
                    config, Optional.ofNullable(firmware), Optional.ofNullable(vgabios));
        } else if (kernel != null) {
            config.kernel(
                    kernel.toString(),
                    Files.readAllBytes(kernel),
                    initrd == null ? new byte[0] : Files.readAllBytes(initrd),
                    append);
        }
        if (postPort != null) {
            config.postCodes(port(postPort), code -> System.err.printf("POST %02X%n", code));
        }
        if (!screen.equals("text")) {
            setSize(config);
        }
        Optional<GuestNetwork.Options> network = network();
        BootSession.Options options =
                new BootSession.Options(
                        serial,
                        Optional.ofNullable(debugcon),
                        title(),
                        snapshot,
                        Optional.ofNullable(snapshotSave),
                        Optional.ofNullable(sound),
                        display,
                        network,
                        script,
                        Optional.ofNullable(timeoutSeconds),
                        Optional.ofNullable(screenshot),
                        Optional.ofNullable(stats));
        try (BootMedia images = new BootMedia();
                BootSession session = new BootSession(options, inspection())) {
            images.addDisks(config, disks, kernel == null, BootMedia.shares(folders));
            if (cdrom != null) {
                images.insertCd(config, cdrom);
            }
            if (floppy != null) {
                images.insertFloppy(config, floppy);
            }
            if (bootDevice != null) {
                config.bootOrder(BootMedia.order(bootDevice.name()));
            }
            return session.run(config);
        } catch (BootException e) {
            throw new LauncherException(
                    LauncherException.Kind.USAGE,
                    "boot",
                    title(),
                    e.getMessage(),
                    "Check the files and options",
                    e);
        }
    }

    /** What is booted, for titles and messages. */
    private String title() {
        Path what = kernel;
        for (Path next : new Path[] {cdrom, floppy, firmware, snapshotLoad}) {
            what = what == null ? next : what;
        }
        if (what == null && !disks.isEmpty()) {
            what = Path.of(disks.getFirst());
        }
        return what == null || what.getFileName() == null ? "PC" : what.getFileName().toString();
    }

    private Optional<GuestNetwork.Options> network() {
        if (net == Net.none) {
            if (!netAllow.isEmpty() || !netForward.isEmpty()) {
                throw new ParameterException(
                        spec.commandLine(), "--net-allow and --net-forward need --net user");
            }
            return Optional.empty();
        }
        NetworkCard.Model model =
                GuestNetwork.model(netCard)
                        .orElseThrow(
                                () ->
                                        new ParameterException(
                                                spec.commandLine(),
                                                "--net-card " + netCard + ": virtio or rtl8139"));
        List<NetworkRule> rules = new ArrayList<>();
        for (String text : netAllow) {
            rules.add(
                    RulePolicy.parse(text)
                            .orElseThrow(
                                    () ->
                                            new ParameterException(
                                                    spec.commandLine(),
                                                    "--net-allow "
                                                            + text
                                                            + " is no rule such as tcp:example.org:443,"
                                                            + " udp:*:1-1024 or icmp:*")));
        }
        List<PortForward> forwards = new ArrayList<>();
        for (String text : netForward) {
            forwards.add(
                    PortForward.parse(text)
                            .orElseThrow(
                                    () ->
                                            new ParameterException(
                                                    spec.commandLine(),
                                                    "--net-forward "
                                                            + text
                                                            + " is not like tcp:8080:80")));
        }
        return Optional.of(new GuestNetwork.Options(model, rules, forwards));
    }

    private int port(String text) {
        try {
            return Integer.decode(text);
        } catch (NumberFormatException e) {
            throw new ParameterException(
                    spec.commandLine(), "--post-port " + text + " is no number, such as 0x80", e);
        }
    }

    private void setSize(MachineConfig.Builder config) {
        String[] parts = screen.split("x", -1);
        try {
            int width = Integer.parseInt(parts[0]);
            int height = Integer.parseInt(parts.length == 2 ? parts[1] : "");
            if (width >= 320
                    && width <= 1920
                    && width % 8 == 0
                    && height >= 200
                    && height <= 1200) {
                config.display(width, height);
                return;
            }
        } catch (NumberFormatException e) {
            // said below
        }
        throw new ParameterException(
                spec.commandLine(),
                "--screen " + screen + " is neither \"text\" nor a size from 320x200 to 1920x1200");
    }

    private void refuseWhatIsNotThereYet() throws LauncherException {
        refuse("--cpus " + cpus, cpus != 1);
        if (Engines.named(engine).isEmpty()) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--engine " + engine + ": auto, interpreter, translator or translator-eager");
        }
    }

    private static void refuse(String option, boolean given) throws LauncherException {
        if (given) {
            throw new LauncherException(
                    LauncherException.Kind.USAGE,
                    "boot with",
                    option,
                    "this version of Arclet does not have it yet",
                    "Leave it out, and start a Linux kernel with --kernel");
        }
    }
}
