/**
 * Disks as the guest's controllers see them: a range of bytes behind one interface, {@link
 * dev.arclet.emulator.storage.BlockDevice}, whatever format the host keeps them in.
 *
 * <p><b>How slow host I/O completes.</b> No device has a thread, and none waits for the host's
 * disk. A controller gives a request to its {@link dev.arclet.emulator.storage.BlockQueue}, which
 * has it carried out by the machine's {@link dev.arclet.emulator.storage.HostWork}: at once on the
 * machine thread where a run must be reproducible, else on the machine's one I/O thread; reads and
 * writes stay on the machine thread as long as the host answers them within a millisecond. The
 * result comes back to the machine thread and waits in the block queue for its deadline in virtual
 * time; then a timer of the event queue fires and the controller is told. So a completion is an
 * event like any other: ordered, reproducible with a deterministic clock, and part of a snapshot.
 * Before a snapshot is taken the machine calls {@link
 * dev.arclet.emulator.storage.HostWork#settle()}: afterwards nothing is under way on the host, and
 * what waits for its deadline is saved.
 */
package dev.arclet.emulator.storage;
