package dev.arclet.launcher.assemble;

import dev.arclet.emulator.display.Screen;
import dev.arclet.emulator.machine.PcMachine;
import dev.arclet.launcher.rfb.RfbSession;
import dev.arclet.launcher.rfb.Transport;
import dev.arclet.launcher.run.Guest;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;

/** A PC's screen, keyboard and mouse for the pages of the launcher. */
public final class PcConsole {
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
    private final PcInput input;
    private final String title;

    /**
     * @param title what viewers call the screen
     */
    public PcConsole(PcMachine machine, String title) {
        this.machine = machine;
        this.input = new PcInput(machine);
        this.title = title;
        machine.screen().addListener(WATCHER);
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

    /** The text-mode screen as lines; empty while the guest shows graphics. */
    public Optional<String> text() {
        return Optional.ofNullable(machine.screen().text()).map(Screen.Text::toPlainText);
    }
}
