package dev.arclet.launcher.assemble;

import dev.arclet.emulator.display.Screen;
import dev.arclet.emulator.machine.Exit;
import dev.arclet.emulator.machine.PcMachine;
import dev.arclet.launcher.rfb.RfbSession;
import dev.arclet.launcher.rfb.Transport;
import dev.arclet.launcher.run.Guest;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** The emulator's PC as a guest of the launcher. */
final class PcGuest implements Guest {
    /** Keeps the adapter drawing, for the text of the screen. */
    private static final Screen.Listener WATCHER =
            new Screen.Listener() {
                @Override
                public void damaged(List<Screen.Rect> rects) {
                    // Whoever wants the text asks for it.
                }

                @Override
                public void resized(int width, int height) {
                    // As above.
                }
            };

    private final PcMachine machine;
    private final SerialBatches serial;
    private final String title;
    private final PcInput input;
    private final CompletableFuture<Ended> ended = new CompletableFuture<>();
    private boolean started;

    PcGuest(PcMachine machine, SerialBatches serial, String title) {
        this.machine = machine;
        this.serial = serial;
        this.title = title;
        this.input = new PcInput(machine);
        machine.screen().addListener(WATCHER);
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
            ended.complete(end);
        }
    }

    @Override
    public CompletionStage<Ended> ended() {
        return ended.minimalCompletionStage();
    }

    @Override
    public DisplaySession openDisplay(DisplayLink link) {
        RfbSession session =
                new RfbSession(
                        new Transport() {
                            @Override
                            public void send(ByteBuffer bytes) {
                                link.send(bytes);
                            }

                            @Override
                            public long backlog() {
                                return link.backlog();
                            }

                            @Override
                            public void close(String reason) {
                                link.close(reason);
                            }
                        },
                        machine.screen(),
                        input,
                        title);
        session.start();
        return new DisplaySession() {
            @Override
            public void received(ByteBuffer bytes) {
                session.received(bytes);
            }

            @Override
            public void closed() {
                session.closed();
            }
        };
    }

    @Override
    public Optional<String> screenText() {
        return Optional.ofNullable(machine.screen().text()).map(Screen.Text::toPlainText);
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
            ended.complete(new Ended(End.STOPPED, ""));
        }
    }
}
