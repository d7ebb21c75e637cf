package dev.arclet.launcher.boot;

import dev.arclet.emulator.machine.Exit;
import dev.arclet.emulator.machine.PcMachine;
import java.lang.management.ClassLoadingMXBean;
import java.lang.management.CompilationMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;

/** What {@code boot --stats} writes. */
final class Statistics {
    /** When an expected text was seen: seconds and instructions since the start of the run. */
    record Mark(String text, double seconds, long instructions) {}

    private Statistics() {}

    /**
     * JSON with these members: {@code exit}, {@code seconds} (wall time of the run), {@code
     * cpuSeconds} (of the whole process), {@code instructions}, {@code mips}, {@code busyMips}
     * (over the time the processor was not halted), {@code translatedShare} (0..1), {@code
     * guestMemoryBytes} (RAM the guest has touched), {@code heapBytes}, {@code jvm} with the
     * seconds that its compilers took and what is loaded, {@code engine} with the engine's own
     * counters, and {@code expected} with what was expected and when it was seen.
     */
    static String json(PcMachine.Statistics machine, double seconds, Exit exit, List<Mark> marks) {
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("exit", exit.reason().name());
        out.put("seconds", seconds);
        var system =
                (com.sun.management.OperatingSystemMXBean)
                        ManagementFactory.getOperatingSystemMXBean();
        out.put("cpuSeconds", system.getProcessCpuTime() / 1e9);
        out.put("instructions", machine.instructions());
        out.put("mips", machine.instructions() / seconds / 1e6);
        out.put("busyMips", machine.instructions() / Math.max(machine.busySeconds(), 1e-9) / 1e6);
        out.put("translatedShare", machine.translatedShare());
        out.put("guestMemoryBytes", machine.residentBytes());
        out.put("heapBytes", ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed());
        out.put("jvm", jvm());
        out.put("engine", machine.engineCounters());
        out.put("expected", marks);
        return JsonMapper.builder().build().writerWithDefaultPrettyPrinter().writeValueAsString(out)
                + "\n";
    }

    /** What translated code costs the JVM: its compilers' time, memory for classes and code. */
    private static Map<String, Object> jvm() {
        Map<String, Object> out = new LinkedHashMap<>();
        CompilationMXBean compiler = ManagementFactory.getCompilationMXBean();
        if (compiler != null) { // there is none with -Xint
            out.put("compilerSeconds", compiler.getTotalCompilationTime() / 1e3);
        }
        long code = 0;
        long classes = 0;
        for (MemoryPoolMXBean pool : ManagementFactory.getMemoryPoolMXBeans()) {
            if (pool.getType() == MemoryType.NON_HEAP) {
                long used = pool.getUsage().getUsed();
                if (pool.getName().startsWith("Code")) {
                    code += used;
                } else {
                    classes += used;
                }
            }
        }
        out.put("codeCacheBytes", code);
        out.put("metaspaceBytes", classes);
        ClassLoadingMXBean loading = ManagementFactory.getClassLoadingMXBean();
        out.put("classesLoaded", loading.getLoadedClassCount());
        out.put("classesUnloaded", loading.getUnloadedClassCount());
        return out;
    }
}
