package dev.arclet.emulator.device.timer;

/**
 * A copy of a counter that is run from edge to edge of its OUT, to find out what it sounded like.
 * The counter itself does not notice.
 */
public final class PitTone {
    private final PitChannel channel = new PitChannel(false);

    /** A counter that does not run. */
    public PitTone() {}

    void load(PitChannel from) {
        channel.copyFrom(from);
    }

    /** Runs to a tick of {@link CrystalClock#PIT}; an earlier one changes nothing. */
    public void advance(long tick) {
        channel.advance(tick);
    }

    /** OUT at the tick that it was run to. */
    public boolean out() {
        return channel.out();
    }

    /**
     * A tick after the one that it was run to, no later than OUT's next change; {@link
     * Long#MAX_VALUE} if there will be none.
     */
    public long nextChange() {
        return channel.nextChange();
    }
}
