package dev.arclet.emulator.device.audio;

import dev.arclet.emulator.bus.DmaMemory;
import dev.arclet.emulator.bus.EventQueue;
import dev.arclet.emulator.bus.IrqLine;
import dev.arclet.emulator.bus.PioDevice;
import dev.arclet.emulator.bus.Resettable;
import dev.arclet.emulator.device.BytePorts;
import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotReader;
import dev.arclet.emulator.snapshot.SnapshotWriter;
import dev.arclet.emulator.snapshot.Stateful;

/**
 * The AC '97 controller of the 82801AA (datasheet 290655, chapter 13) with its codec: plays 16-bit
 * stereo at the rate the codec is set to; what it records is silence.
 *
 * <p>Samples are moved when the guest looks how far an engine has come, and every {@link
 * #STEP_NANOS} of virtual time.
 */
public final class Ac97Controller implements Resettable, Stateful {
    /** Ports of the codec's mixer, BAR 0. */
    public static final int MIXER_PORTS = Ac97Codec.SIZE;

    /** Ports of the bus master, BAR 1. */
    public static final int MASTER_PORTS = 0x40;

    /** Between two steps of the engines, in nanoseconds. */
    public static final long STEP_NANOS = 5_000_000;

    private static final int CHANNELS = 3;
    private static final int CHANNEL_PORTS = 0x10;
    private static final int IN = 0;
    private static final int OUT = 1;
    private static final int MIC = 2;
    private static final int GLOBAL_CONTROL = 0x2C;
    private static final int GLOBAL_STATUS = 0x30;
    private static final int CODEC_SEMAPHORE = 0x34;

    private static final int CONTROL_COLD_RESET_OFF = 0x02;
    private static final int CONTROL_WARM_RESET = 0x04;
    private static final int CONTROL_WRITABLE = 0x3F;
    private static final int STATUS_PCM_IN = 0x20;
    private static final int STATUS_PCM_OUT = 0x40;
    private static final int STATUS_MIC = 0x80;
    private static final int STATUS_PRIMARY_READY = 0x100;

    /** Most that a step moves after a pause, in nanoseconds; what is older is lost. */
    private static final long MAX_STEP_NANOS = 50_000_000;

    private static final int MAX_FRAMES = 48_000 / 20 + 1;

    private final EventQueue events;
    private final EventQueue.Timer timer;
    private final DmaMemory memory;
    private final IrqLine irq;
    private final PcmSink sink;
    private final Ac97Codec codec = new Ac97Codec();
    private final Ac97Channel[] channels = new Ac97Channel[CHANNELS];
    private final byte[] raw = new byte[4 * MAX_FRAMES];
    private final short[] samples = new short[2 * MAX_FRAMES];
    private final byte[] silence = new byte[4 * MAX_FRAMES];
    private int globalControl;
    private boolean semaphore;
    private long movedUntil;

    /**
     * A controller after power-on.
     *
     * @param memory guest memory as a bus master sees it
     * @param irq the function's INTA#
     */
    public Ac97Controller(EventQueue events, DmaMemory memory, IrqLine irq, PcmSink sink) {
        this.events = events;
        this.memory = memory;
        this.irq = irq;
        this.sink = sink;
        timer = events.timer("ac97", this::step);
        String[] names = {"pcm-in", "pcm-out", "mic"};
        for (int i = 0; i < CHANNELS; i++) {
            channels[i] = new Ac97Channel(names[i], memory);
        }
    }

    /** The codec's registers: 16 bits wide (section 13.1). */
    public PioDevice mixer() {
        return new PioDevice() {
            @Override
            public int readPort(int offset, int bytes) {
                semaphore = false;
                int low = codec.read(offset);
                int word = (offset & 1) != 0 ? low >>> 8 : low;
                return switch (bytes) {
                    case 1 -> word & 0xFF;
                    case 2 -> word;
                    default -> low | codec.read(offset + 2) << 16;
                };
            }

            @Override
            public void writePort(int offset, int bytes, int value) {
                semaphore = false;
                // Byte writes do not reach the link.
                if (bytes >= 2 && (offset & 1) == 0) {
                    codec.write(offset, value & 0xFFFF);
                }
                if (bytes == 4 && offset + 2 < MIXER_PORTS) {
                    codec.write(offset + 2, value >>> 16);
                }
            }
        };
    }

    /** The bus master's registers. */
    public PioDevice master() {
        return new BytePorts() {
            @Override
            public int readByte(int offset) {
                return readMaster(offset);
            }

            @Override
            public void writeByte(int offset, int value) {
                writeMaster(offset, value);
            }
        };
    }

    private int readMaster(int offset) {
        if (offset < CHANNELS * CHANNEL_PORTS && (offset & 0xF) < 0xC) {
            // Drivers measure the clock by how far an engine has come.
            if (running()) {
                moveUntilNow();
            }
            return channels[offset / CHANNEL_PORTS].readByte(offset % CHANNEL_PORTS);
        }
        if (offset >= GLOBAL_CONTROL && offset < GLOBAL_CONTROL + 4) {
            return globalControl >>> 8 * (offset - GLOBAL_CONTROL) & 0xFF;
        }
        if (offset >= GLOBAL_STATUS && offset < GLOBAL_STATUS + 4) {
            return globalStatus() >>> 8 * (offset - GLOBAL_STATUS) & 0xFF;
        }
        if (offset == CODEC_SEMAPHORE) {
            boolean taken = semaphore;
            semaphore = true;
            return taken ? 1 : 0;
        }
        return 0;
    }

    private int globalStatus() {
        int value = (globalControl & CONTROL_COLD_RESET_OFF) != 0 ? STATUS_PRIMARY_READY : 0;
        value |= channels[IN].interrupts() ? STATUS_PCM_IN : 0;
        value |= channels[OUT].interrupts() ? STATUS_PCM_OUT : 0;
        value |= channels[MIC].interrupts() ? STATUS_MIC : 0;
        return value;
    }

    private void writeMaster(int offset, int value) {
        if (offset < CHANNELS * CHANNEL_PORTS && (offset & 0xF) < 0xC) {
            channels[offset / CHANNEL_PORTS].writeByte(offset % CHANNEL_PORTS, value);
            schedule();
            updateInterrupt();
        } else if (offset == GLOBAL_CONTROL) {
            writeGlobalControl(value);
        }
    }

    private void writeGlobalControl(int value) {
        if ((value & CONTROL_COLD_RESET_OFF) == 0) {
            codec.reset();
            for (Ac97Channel channel : channels) {
                channel.reset();
            }
            updateInterrupt();
        }
        // A warm reset is over at once.
        globalControl = value & CONTROL_WRITABLE & ~CONTROL_WARM_RESET;
    }

    private void updateInterrupt() {
        boolean wanted = false;
        for (Ac97Channel channel : channels) {
            wanted |= channel.interrupts();
        }
        irq.set(wanted);
    }

    private boolean running() {
        return channels[IN].running() || channels[OUT].running() || channels[MIC].running();
    }

    private void schedule() {
        if (!running()) {
            timer.cancel();
        } else if (timer.deadline() == EventQueue.NEVER) {
            movedUntil = events.clock().nanos();
            timer.arm(movedUntil + STEP_NANOS);
        }
    }

    private static int frames(long nanos, int rate) {
        return (int) (nanos * rate / 1_000_000_000L);
    }

    private void step() {
        moveUntilNow();
        if (running()) {
            timer.arm(events.clock().nanos() + STEP_NANOS);
        }
    }

    private void moveUntilNow() {
        long now = events.clock().nanos();
        long passed = now - movedUntil;
        if (passed > MAX_STEP_NANOS) {
            movedUntil = now - MAX_STEP_NANOS;
            passed = MAX_STEP_NANOS;
        }
        int rate = codec.playbackRate();
        int frames = frames(passed, rate);
        play(frames, rate);
        int recorded = frames(passed, codec.recordingRate());
        channels[IN].transfer(2 * recorded, this::record);
        channels[MIC].transfer(recorded, this::record);
        // What is less than a frame counts for the next step.
        movedUntil += frames * 1_000_000_000L / rate;
        updateInterrupt();
    }

    private void play(int frames, int rate) {
        int moved =
                channels[OUT].transfer(
                        2 * frames,
                        (physical, at, count) ->
                                memory.readExternal(physical, raw, 2 * at, 2 * count));
        int whole = moved / 2;
        if (whole == 0) {
            return;
        }
        for (int i = 0; i < 2 * whole; i++) {
            samples[i] = (short) (raw[2 * i] & 0xFF | raw[2 * i + 1] << 8);
        }
        codec.mix(samples, whole);
        sink.play(samples, whole, rate);
    }

    private void record(long physical, int at, int count) {
        memory.writeExternal(physical, silence, 0, 2 * count);
    }

    @Override
    public void reset() {
        codec.reset();
        for (Ac97Channel channel : channels) {
            channel.reset();
        }
        globalControl = 0;
        semaphore = false;
        movedUntil = 0;
        timer.cancel();
        irq.set(false);
    }

    @Override
    public String sectionId() {
        return "ac97";
    }

    @Override
    public int sectionVersion() {
        return 1;
    }

    @Override
    public void save(SnapshotWriter out) {
        codec.save(out);
        for (Ac97Channel channel : channels) {
            channel.save(out);
        }
        out.putInt("global-control", globalControl);
        out.putBoolean("semaphore", semaphore);
        out.putLong("moved-until", movedUntil);
        out.putLong("deadline", timer.deadline());
    }

    @Override
    public void restore(SnapshotReader in, int version) throws SnapshotException {
        codec.restore(in);
        for (Ac97Channel channel : channels) {
            channel.restore(in);
        }
        globalControl = in.getInt("global-control", 0, CONTROL_WRITABLE);
        semaphore = in.getBoolean("semaphore");
        movedUntil = in.getLong("moved-until");
        timer.arm(in.getLong("deadline"));
        updateInterrupt();
    }
}
