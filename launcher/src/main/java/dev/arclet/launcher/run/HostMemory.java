package dev.arclet.launcher.run;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;

/** How much memory this computer could still give to a guest. */
public final class HostMemory {
    private HostMemory() {}

    /** All memory of this computer, or of the container that this process is in, in bytes. */
    public static long total() {
        return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
                .getTotalMemorySize();
    }

    /**
     * Bytes that new programs could use without pushing others out: what Linux estimates as
     * available, within the limit of this process's container; elsewhere the free memory.
     */
    public static long available() {
        OperatingSystemMXBean system =
                (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        long total = system.getTotalMemorySize();
        try {
            for (String line : Files.readAllLines(Path.of("/proc/meminfo"))) {
                if (line.startsWith("MemAvailable:")) {
                    String kib = line.replaceAll("[^0-9]", "");
                    return Math.min(total, Long.parseLong(kib) << 10);
                }
            }
        } catch (IOException | NumberFormatException e) {
            // Not Linux, or an unusual one.
        }
        return Math.min(total, system.getFreeMemorySize());
    }
}
