package dev.arclet.emulator.memory;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/**
 * Gives pages of anonymous memory back to the host without giving up their addresses: they read as
 * zeros and take memory again when they are written. Only Linux promises that; elsewhere there is
 * no such call.
 */
final class HostPages {
    /** From Linux's {@code mman-common.h}; the same on all its architectures but Alpha. */
    private static final int MADV_DONTNEED = 4;

    private static final Optional<MethodHandle> MADVISE = find();

    private HostPages() {}

    private static Optional<MethodHandle> find() {
        if (!System.getProperty("os.name", "").equals("Linux")) {
            return Optional.empty();
        }
        Linker linker = Linker.nativeLinker();
        return linker.defaultLookup()
                .find("madvise")
                .map(
                        address ->
                                linker.downcallHandle(
                                        address,
                                        FunctionDescriptor.of(
                                                ValueLayout.JAVA_INT,
                                                ValueLayout.JAVA_LONG,
                                                ValueLayout.JAVA_LONG,
                                                ValueLayout.JAVA_INT)));
    }

    /**
     * @param address of a page
     * @param bytes whole pages, all of one allocation
     * @return whether it was done; if not, nothing has changed
     */
    static boolean giveBack(long address, long bytes) {
        if (MADVISE.isEmpty()) {
            return false;
        }
        try {
            return (int) MADVISE.get().invokeExact(address, bytes, MADV_DONTNEED) == 0;
        } catch (Throwable e) {
            throw new IllegalStateException("madvise takes three numbers", e);
        }
    }
}
