package dev.arclet.launcher.assemble;

import dev.arclet.emulator.machine.Exit;
import dev.arclet.emulator.machine.PcMachine;
import dev.arclet.launcher.net.GuestNetwork;
import dev.arclet.launcher.run.Guest;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** The emulator's PC as a guest of the launcher. */
final class PcGuest implements Guest {
    private final PcMachine machine;
    private final SerialBatches serial;
    private final PcConsole console;
    private final CompletableFuture<Ended> ended = new CompletableFuture<>();
    private final Optional<GuestNetwork> network;
    private final Optional<SoundFeed> sound;
    private boolean started;

    PcGuest(
            PcMachine machine,
            SerialBatches serial,
            String title,
            Optional<GuestNetwork> network,
            Optional<SoundFeed> sound) {
        this.machine = machine;
        this.network = network;
        this.sound = sound;
        this.serial = serial;
        this.console = new PcConsole(machine, title);
    }

    @Override
    public synchronized void start() {
        if (ended.isDone()) {
            return;
        }
        started = true;
        Thread.ofPlatform().daemon().name("arclet-machine").start(this::run);
    }

    private void run() {
        Ended end = new Ended(End.DIED, "error of the emulator");
        try {
            Exit exit = machine.run();
            end =
                    switch (exit.reason()) {
                        case POWER_OFF -> new Ended(End.POWERED_OFF, "");
                        case STOPPED -> new Ended(End.STOPPED, "");
                        case TRIPLE_FAULT -> new Ended(End.DIED, "triple fault");
                        case DEBUG_EXIT -> new Ended(End.POWERED_OFF, "status " + exit.status());
                    };
        } finally {
            serial.close();
            machine.close();
            network.ifPresent(GuestNetwork::close);
            ended.complete(end);
        }
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
    public synchronized void stop() {
        if (ended.isDone()) {
            return;
        }
        if (started) {
            machine.stop();
        } else {
            serial.close();
            machine.close();
            network.ifPresent(GuestNetwork::close);
            ended.complete(new Ended(End.STOPPED, ""));
        }
    }
}
