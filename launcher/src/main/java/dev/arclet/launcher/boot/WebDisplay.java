package dev.arclet.launcher.boot;

import dev.arclet.emulator.machine.Exit;
import dev.arclet.emulator.machine.PcMachine;
import dev.arclet.launcher.LauncherException;
import dev.arclet.launcher.assemble.PcConsole;
import dev.arclet.launcher.assemble.SerialBatches;
import dev.arclet.launcher.assemble.SoundFeed;
import dev.arclet.launcher.run.Guest;
import dev.arclet.launcher.run.VmInstance;
import dev.arclet.launcher.run.VmRegistry;
import dev.arclet.launcher.session.Browser;
import dev.arclet.launcher.session.ControlServer;
import dev.arclet.launcher.session.MachinePages;
import dev.arclet.launcher.store.ArcletHome;
import java.io.IOException;
import java.net.URI;
import java.time.Clock;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * The screen in a browser: the same page as for a signed machine, behind the same one-time address,
 * served by this process for as long as the machine runs. {@code arclet ps}, {@code logs} and
 * {@code stop} know the machine too.
 */
final class WebDisplay implements Display {
    private final VmInstance vm;
    private final MachinePages pages;
    private final ControlServer control;
    private final SerialBatches serial;
    private final LocalGuest guest;

    private WebDisplay(
            VmInstance vm,
            MachinePages pages,
            ControlServer control,
            SerialBatches serial,
            LocalGuest guest) {
        this.vm = vm;
        this.pages = pages;
        this.control = control;
        this.serial = serial;
        this.guest = guest;
    }

    static WebDisplay open(PcMachine machine, VmInstance.About about, Optional<SoundFeed> sound)
            throws LauncherException, IOException {
        ArcletHome home = ArcletHome.standard();
        VmRegistry registry = new VmRegistry(home, Clock.systemUTC());
        LocalGuest guest = new LocalGuest(machine, about.title(), sound);
        MachinePages pages = new MachinePages(registry, Clock.systemUTC());
        ControlServer control;
        try {
            control = ControlServer.ofRun(home, registry);
        } catch (LauncherException | IOException e) {
            pages.close();
            throw e;
        }
        VmInstance vm = registry.start(about.title(), about, made -> guest);
        URI page = pages.open(vm.id());
        System.err.printf("arclet: the screen is at %s (works once, within a minute)%n", page);
        Browser.open(page);
        return new WebDisplay(
                vm, pages, control, new SerialBatches(bytes -> vm.serial().append(bytes)), guest);
    }

    @Override
    public void serial(int value) {
        serial.accept(value);
    }

    @Override
    public void ended(Exit exit) {
        serial.close();
        guest.ended.complete(
                switch (exit.reason()) {
                    case POWER_OFF -> new Guest.Ended(Guest.End.POWERED_OFF, "");
                    case STOPPED -> new Guest.Ended(Guest.End.STOPPED, "");
                    case TRIPLE_FAULT -> new Guest.Ended(Guest.End.DIED, "triple fault");
                    case DEBUG_EXIT ->
                            new Guest.Ended(Guest.End.POWERED_OFF, "status " + exit.status());
                });
    }

    @Override
    public void close() throws IOException {
        // Without an end of its own the machine never ran, and no page may wait for it.
        guest.ended.complete(new Guest.Ended(Guest.End.STOPPED, ""));
        vm.stop();
        serial.close();
        pages.close();
        control.close();
    }

    /** The machine of this session for the pages; the session itself runs it. */
    private static final class LocalGuest implements Guest {
        private final PcMachine machine;
        private final PcConsole console;
        private final CompletableFuture<Ended> ended = new CompletableFuture<>();

        private final Optional<SoundFeed> sound;

        LocalGuest(PcMachine machine, String title, Optional<SoundFeed> sound) {
            this.machine = machine;
            this.sound = sound;
            this.console = new PcConsole(machine, title);
        }

        @Override
        public void start() {
            // The session runs the machine on its own thread.
        }

        @Override
        public CompletionStage<Ended> ended() {
            return ended.minimalCompletionStage();
        }

        @Override
        public DisplaySession openDisplay(DisplayLink link) {
            return console.open(link);
        }

        @Override
        public Optional<String> screenText() {
            return console.text();
        }

        @Override
        public CompletionStage<Void> firstPicture() {
            return console.firstPicture();
        }

        @Override
        public Optional<Sound> sound() {
            return sound.map(feed -> feed);
        }

        @Override
        public void serialInput(byte[] bytes) {
            if (!ended.isDone()) {
                machine.serialInput(bytes);
            }
        }

        @Override
        public void stop() {
            if (!ended.isDone()) {
                machine.stop();
            }
        }
    }
}
