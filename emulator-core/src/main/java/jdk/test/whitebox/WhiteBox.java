package jdk.test.whitebox;

import java.lang.reflect.Executable;

/**
 * The few of HotSpot's WhiteBox functions that the translator uses. The name and the native
 * methods' signatures are HotSpot's (prims/whitebox.cpp); it binds them to a class of this name of
 * the boot loader, which HotSpot (cpu.translate) defines there, if it was started with {@code
 * -XX:+WhiteBoxAPI}.
 */
public final class WhiteBox {
    private static final int NO_ON_STACK_REPLACEMENT = -1;

    static {
        registerNatives();
    }

    private WhiteBox() {}

    private static native void registerNatives();

    private native boolean enqueueMethodForCompilation0(Executable method, int level, int bci);

    private native int getMethodCompilationLevel0(Executable method, boolean onStackReplacement);

    private static final WhiteBox INSTANCE = new WhiteBox();

    /** Asks for a method to be compiled soon at a level, 1 (C1) to 4 (C2); whether it will be. */
    public static boolean compile(Executable method, int level) {
        return INSTANCE.enqueueMethodForCompilation0(method, level, NO_ON_STACK_REPLACEMENT);
    }

    /** The level at which a method is compiled; 0 if it is not. */
    public static int level(Executable method) {
        return INSTANCE.getMethodCompilationLevel0(method, false);
    }
}
