package dev.arclet.launcher.assemble;

import dev.arclet.emulator.display.Screen;
import dev.arclet.emulator.machine.PcMachine;
import dev.arclet.launcher.rfb.RfbSession;
import dev.arclet.launcher.rfb.Transport;
import dev.arclet.launcher.run.Guest;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** A PC's screen, keyboard and mouse for the pages of the launcher. */
public final class PcConsole {
    private final PcMachine machine;
    private final PcInput input;
    private final String title;
    private final CompletableFuture<Void> firstPicture = new CompletableFuture<>();

    /**
     * @param title what viewers call the screen
     */
    public PcConsole(PcMachine machine, String title) {
        this.machine = machine;
        this.input = new PcInput(machine);
        this.title = title;
        // Keeps the adapter drawing, for the text of the screen.
        machine.screen()
                .addListener(
                        new Screen.Listener() {
                            @Override
                            public void damaged(List<Screen.Rect> rects) {
                                firstPicture.complete(null);
                            }

                            @Override
                            public void resized(int width, int height) {
                                // Whoever shows the screen has a listener of its own.
                            }
                        });
    }

    /** Opens the screen for one more viewer. */
    public Guest.DisplaySession open(Guest.DisplayLink link) {
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
        return new Guest.DisplaySession() {
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

    /** Done when the screen has changed for the first time. */
    public CompletionStage<Void> firstPicture() {
        return firstPicture.minimalCompletionStage();
    }

    /** The text-mode screen as lines; empty while the guest shows graphics. */
    public Optional<String> text() {
        return Optional.ofNullable(machine.screen().text()).map(Screen.Text::toPlainText);
    }
}
