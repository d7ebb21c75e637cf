package dev.arclet.launcher.boot;

import dev.arclet.emulator.machine.MachineConfig;
import dev.arclet.launcher.LauncherException;
import dev.arclet.launcher.run.HostMemory;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Sizes of guest RAM as people write them, held against what the host has. */
public final class MemorySize {
    private static final Pattern FORM =
            Pattern.compile("([0-9]{1,9})([KMG]?)B?", Pattern.CASE_INSENSITIVE);

    /** What the host needs beside the guest's RAM: the JVM's heap, code and the system. */
    private static final long HOST_RESERVE = 512L << 20;

    private MemorySize() {}

    /**
     * Bytes of a size such as {@code 256M}; a number alone means MiB.
     *
     * @param what the option or field it stands in, for the message
     * @throws LauncherException if it is no size, or not a multiple of 1 MiB within a machine's
     *     range
     */
    public static long parse(String text, String what) throws LauncherException {
        Matcher matcher = FORM.matcher(text);
        if (matcher.matches()) {
            long unit =
                    switch (matcher.group(2).toUpperCase(java.util.Locale.ROOT)) {
                        case "K" -> 1L << 10;
                        case "G" -> 1L << 30;
                        default -> 1L << 20;
                    };
            long bytes = Long.parseLong(matcher.group(1)) * unit;
            if (bytes >= MachineConfig.MIN_MEMORY
                    && bytes <= MachineConfig.MAX_MEMORY
                    && bytes % (1 << 20) == 0) {
                return bytes;
            }
        }
        throw new LauncherException(
                LauncherException.Kind.USAGE,
                "use",
                what + " " + text,
                "guest memory is a whole number of MiB from 4M to 32G",
                "Write it like 256M or 2G");
    }

    /**
     * Refuses a guest whose RAM this host cannot hold.
     *
     * @throws LauncherException of kind HOST
     */
    public static void checkHost(long bytes) throws LauncherException {
        checkHost(bytes, HostMemory.total());
    }

    static void checkHost(long bytes, long hostBytes) throws LauncherException {
        if (bytes > hostBytes - HOST_RESERVE) {
            throw new LauncherException(
                    LauncherException.Kind.HOST,
                    "start a machine with",
                    (bytes >> 20) + " MiB of memory",
                    "this computer has %d MiB, of which %d are kept for the system"
                            .formatted(hostBytes >> 20, HOST_RESERVE >> 20),
                    "Give the machine less memory");
        }
    }
}
