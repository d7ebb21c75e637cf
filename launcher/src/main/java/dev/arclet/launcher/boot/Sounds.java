package dev.arclet.launcher.boot;

import dev.arclet.emulator.device.audio.PcmSink;
import java.util.List;

/** Several sinks as one. */
record Sounds(List<PcmSink> sinks) implements PcmSink {
    @Override
    public void play(short[] samples, int frames, int rate) {
        for (PcmSink sink : sinks) {
            if (sink.wanted()) {
                sink.play(samples, frames, rate);
            }
        }
    }

    @Override
    public boolean wanted() {
        for (PcmSink sink : sinks) {
            if (sink.wanted()) {
                return true;
            }
        }
        return false;
    }
}
