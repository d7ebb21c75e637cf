package dev.arclet.launcher.session;

import dev.arclet.launcher.run.Guest;
import java.nio.ByteBuffer;

/** Passes bytes between a page's RFB client and the guest's display. */
final class DisplayChannel implements Viewer.Channel {
    private final Viewer viewer;
    private final Guest.DisplaySession display;

    DisplayChannel(Viewer viewer, Guest guest) {
        this.viewer = viewer;
        this.display =
                guest.openDisplay(
                        new Guest.DisplayLink() {
                            @Override
                            public void send(ByteBuffer bytes) {
                                viewer.send(bytes);
                            }

                            @Override
                            public long backlog() {
                                return viewer.backlog();
                            }

                            @Override
                            public void close(String reason) {
                                viewer.close(reason);
                            }
                        });
    }

    @Override
    public void text(String message) {
        viewer.refuse("RFB is binary");
    }

    @Override
    public void binary(ByteBuffer message) {
        display.received(message);
    }

    @Override
    public void closed() {
        display.closed();
    }
}
