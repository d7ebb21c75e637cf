package dev.arclet.emulator.storage;

/**
 * Where the host's part of block requests is carried out. The machine has one, which all its disks
 * share.
 */
public interface HostWork {
    /**
     * Has {@code work} carried out, then {@code done} run on the machine thread. Works run one
     * after the other in the order of their submission, and so do their ends. Machine thread only.
     *
     * @param work must not throw and must not touch the machine
     * @param done runs within this call, or later from the run loop
     */
    void submit(Runnable work, Runnable done);

    /**
     * As {@link #submit}, for work that is usually over sooner than another thread would wake up,
     * such as what the host's cache answers. Order is kept among all works.
     */
    default void submitPrompt(Runnable work, Runnable done) {
        submit(work, done);
    }

    /**
     * Waits until every submitted work has been carried out and runs what is to be done after each.
     * Machine thread only.
     */
    void settle();

    /** Carries work out within {@link #submit}: the choice for reproducible runs and for tests. */
    HostWork IMMEDIATE =
            new HostWork() {
                @Override
                public void submit(Runnable work, Runnable done) {
                    work.run();
                    done.run();
                }

                @Override
                public void settle() {}
            };
}
