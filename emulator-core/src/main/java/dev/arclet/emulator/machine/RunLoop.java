package dev.arclet.emulator.machine;

import dev.arclet.emulator.bus.EventQueue;
import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.ExecutionEngine;
import dev.arclet.emulator.cpu.Interrupts;
import dev.arclet.emulator.device.audio.SoundMixer;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;

/**
 * Alternates between the processor and everything else, on one thread: input posted by other
 * threads, devices' deadlines, interrupts, the screen. An idle processor parks the thread.
 */
final class RunLoop {
    /** IF in EFLAGS. */
    private static final int INTERRUPT_FLAG = 1 << 9;

    /**
     * Instructions between two looks at the clock: at least, and at most, as fast as the guest's
     * code is executed.
     */
    private static final int MIN_HOST_SLICE = 20_000, MAX_HOST_SLICE = 640_000;

    /**
     * How long such a slice should take at least and at most; it bounds how late a timer fires, and
     * looking at the clock costs some hundred nanoseconds.
     */
    private static final long MIN_SLICE_NANOS = 120_000, MAX_SLICE_NANOS = 300_000;

    /**
     * The same with icount, where virtual time advances at these borders only: small enough that
     * guests which calibrate against a timer see it move smoothly.
     */
    private static final int ICOUNT_SLICE = 1_000;

    /** Shortest time between two new pictures of a watched screen. */
    private static final long REFRESH_NANOS = 16_000_000;

    /**
     * Shortest time between two looks whether there is something new, so that what follows a key
     * press need not wait for its turn. Long enough for a guest to have drawn more than a part.
     */
    private static final long LOOK_NANOS = 2_000_000;

    /** Shortest time between two polls of sound that somebody hears. */
    private static final long SOUND_NANOS = 10_000_000;

    /** How long to park at most, as a safety net for a lost wake-up. */
    private static final long MAX_PARK_NANOS = 1_000_000_000;

    private final CpuState cpu;
    private final ExecutionEngine engine;
    private final EventQueue events;
    private final MachineClock clock;
    private final ScreenRefresh screen;
    private final Runnable shutdown;
    private final Queue<Runnable> commands = new ConcurrentLinkedQueue<>();
    private volatile Thread thread;
    private Exit exit;
    private long lastLook;
    private long lastPicture;
    private volatile long busyNanos;
    private boolean refreshedSinceRun;
    private int hostSlice = MIN_HOST_SLICE;
    private Optional<SoundMixer> sound = Optional.empty();
    private long lastSound;

    /** Draws the screen if anybody looks. */
    interface ScreenRefresh {
        /** Whether anybody looks. */
        boolean wanted();

        /** Draws what has changed, and tells whether anything has. */
        boolean refresh();
    }

    /**
     * Creates a loop that does not run yet.
     *
     * @param shutdown run when the processor has shut down after a triple fault; must end that
     *     state or the run
     */
    RunLoop(
            CpuState cpu,
            ExecutionEngine engine,
            EventQueue events,
            MachineClock clock,
            ScreenRefresh screen,
            Runnable shutdown) {
        this.shutdown = shutdown;
        this.cpu = cpu;
        this.engine = engine;
        this.events = events;
        this.clock = clock;
        this.screen = screen;
        events.onEarlierDeadline(() -> cpu.attention = true);
    }

    /** Sets the sound that is to be heard. */
    void sound(SoundMixer mixer) {
        sound = Optional.of(mixer);
    }

    /** Runs a command on the machine thread soon; any thread. */
    void post(Runnable command) {
        commands.add(command);
        cpu.attention = true;
        LockSupport.unpark(thread);
    }

    /** Ends {@link #run} after the current instruction or command; machine thread. */
    void exit(Exit why) {
        exit = why;
        cpu.attention = true;
    }

    /** Runs until {@link #exit}. */
    Exit run() {
        return run(Long.MAX_VALUE);
    }

    /**
     * Runs until {@link #exit}, or until so many instructions have been executed since power-on.
     */
    Exit run(long instructions) {
        thread = Thread.currentThread();
        exit = null;
        clock.start();
        try {
            while (exit == null) {
                // Cleared before looking, so that nothing set while we look is lost.
                cpu.attention = false;
                for (Runnable command = commands.poll();
                        command != null;
                        command = commands.poll()) {
                    command.run();
                }
                // Behind the commands: a reset that the guest has asked for is part of its state.
                if (cpu.instructions >= instructions && exit == null) {
                    return new Exit(Exit.Reason.STOPPED, 0);
                }
                clock.advance(cpu.instructions);
                events.fireDue(clock.nanos());
                refreshIfDue();
                soundIfDue();
                if (exit == null) {
                    step();
                }
            }
        } finally {
            clock.advance(cpu.instructions);
            clock.stop();
            thread = null;
        }
        return exit;
    }

    private void step() {
        if (cpu.shutdown) {
            shutdown.run();
            return;
        }
        boolean shadow = cpu.interruptShadow;
        if (!shadow) {
            takeInterrupt();
        }
        if (cpu.halted) {
            idle();
            return;
        }
        cpu.interruptShadow = false;
        int slice = clock.icount() ? ICOUNT_SLICE : hostSlice;
        long limit = cpu.instructions + 1;
        if (!shadow) {
            // Aligned, so that borders do not depend on where interrupts fell.
            limit = (cpu.instructions / slice + 1) * slice;
        }
        refreshedSinceRun = false;
        long start = System.nanoTime();
        engine.run(limit);
        long nanos = System.nanoTime() - start;
        long before = busyNanos; // written by this thread only
        busyNanos = before + nanos;
        adapt(nanos, cpu.instructions >= limit);
    }

    /** Fits the next slices to how long one took, and whether it was executed to its end. */
    private void adapt(long nanos, boolean whole) {
        if (nanos > MAX_SLICE_NANOS) {
            hostSlice = Math.max(MIN_HOST_SLICE, hostSlice / 2);
        } else if (whole && nanos < MIN_SLICE_NANOS) {
            hostSlice = Math.min(MAX_HOST_SLICE, hostSlice * 2);
        }
    }

    /** Host time spent in the engine, in nanoseconds. */
    long busyNanos() {
        return busyNanos;
    }

    private void takeInterrupt() {
        if (cpu.nmiPending && !cpu.nmiBlocked) {
            cpu.nmiPending = false;
            cpu.halted = false;
            Interrupts.nmi(cpu);
        } else if (cpu.interruptLine && (cpu.systemFlags & INTERRUPT_FLAG) != 0) {
            cpu.halted = false;
            Interrupts.external(cpu, cpu.bus.acknowledgeInterrupt());
        }
    }

    private void idle() {
        long deadline = events.nextDeadline();
        if (clock.icount() && deadline != EventQueue.NEVER) {
            if (!cpu.attention) { // else something that may end the wait was posted meanwhile
                clock.skipTo(deadline);
            }
            return;
        }
        long wait = MAX_PARK_NANOS;
        if (deadline != EventQueue.NEVER) {
            wait = Math.min(wait, deadline - clock.nanos());
        }
        if (!refreshedSinceRun && screen.wanted()) {
            long now = System.nanoTime();
            if (now - lastPicture >= REFRESH_NANOS) {
                look(now);
            } else {
                wait = Math.min(wait, lastPicture + REFRESH_NANOS - now);
            }
        }
        if (sound.isPresent() && sound.get().sounds()) {
            wait = Math.min(wait, lastSound + SOUND_NANOS - System.nanoTime());
        }
        if (wait > 0 && !cpu.attention) {
            LockSupport.parkNanos(this, wait);
        }
    }

    private void soundIfDue() {
        if (sound.isEmpty()) {
            return;
        }
        long host = System.nanoTime();
        if (host - lastSound >= SOUND_NANOS) {
            lastSound = host;
            sound.get().poll();
        }
    }

    private void refreshIfDue() {
        if (!screen.wanted()) {
            return;
        }
        long host = System.nanoTime();
        if (host - lastPicture >= REFRESH_NANOS && host - lastLook >= LOOK_NANOS) {
            look(host);
        }
    }

    private void look(long now) {
        lastLook = now;
        refreshedSinceRun = true;
        if (screen.refresh()) {
            lastPicture = now;
        }
    }
}
