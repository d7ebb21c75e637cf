package dev.arclet.emulator.cpu.translate;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Executable;
import java.lang.reflect.Method;

/**
 * Has HotSpot compile a method when we say so, by the compiler that we say (docs/adr/0008). Left to
 * itself it compiles with C1 and counters first, which takes longer and gives slower code than C1
 * without.
 *
 * <p>Needs a JVM started with {@code -XX:+UnlockDiagnosticVMOptions -XX:+WhiteBoxAPI}, as the
 * {@code arclet} script does; without, {@link #AVAILABLE} is false.
 */
final class HotSpot {
    /** Compilation levels: C1 without counters, and C2. */
    static final int C1 = 1, C2 = 4;

    /** Whether the other methods may be called. */
    static final boolean AVAILABLE;

    private static final String WHITE_BOX = "jdk.test.whitebox.WhiteBox";
    private static final MethodHandle COMPILE;
    private static final MethodHandle LEVEL;

    static {
        MethodHandle compile = null;
        MethodHandle level = null;
        try {
            BootClasses.define(WHITE_BOX);
            Class<?> whiteBox = Class.forName(WHITE_BOX, true, null);
            MethodHandles.Lookup lookup = MethodHandles.publicLookup();
            compile =
                    lookup.findStatic(
                            whiteBox,
                            "compile",
                            MethodType.methodType(boolean.class, Executable.class, int.class));
            level =
                    lookup.findStatic(
                            whiteBox, "level", MethodType.methodType(int.class, Executable.class));
            if (!isBound(level)) {
                compile = null;
            }
        } catch (ReflectiveOperationException | LinkageError e) {
            compile = null; // Another JDK, or started otherwise; HotSpot then decides alone.
        }
        COMPILE = compile;
        LEVEL = level;
        AVAILABLE = compile != null;
    }

    private HotSpot() {}

    /** Whether the class's functions are HotSpot's; it binds them if it was told to. */
    private static boolean isBound(MethodHandle level) throws ReflectiveOperationException {
        Method any = HotSpot.class.getDeclaredMethod("level", Method.class);
        try {
            return (int) level.invokeExact((Executable) any) >= 0;
        } catch (Throwable e) {
            return false;
        }
    }

    /** Asks for a method to be compiled soon at a level; whether it will be. */
    static boolean compile(Method method, int level) {
        try {
            return (boolean) COMPILE.invokeExact((Executable) method, level);
        } catch (Throwable e) {
            throw new IllegalStateException("HotSpot's WhiteBox failed", e);
        }
    }

    /** The level at which a method is compiled; 0 if it is not. */
    static int level(Method method) {
        try {
            return (int) LEVEL.invokeExact((Executable) method);
        } catch (Throwable e) {
            throw new IllegalStateException("HotSpot's WhiteBox failed", e);
        }
    }
}
