package dev.arclet.launcher.assemble;

import dev.arclet.emulator.device.input.VmwareBackdoor;
import dev.arclet.emulator.display.Screen;
import dev.arclet.emulator.machine.PcMachine;
import dev.arclet.launcher.rfb.InputSink;

/**
 * Viewers' keys and pointers for a PC: a guest whose driver knows the absolute pointer learns the
 * place; for others the PS/2 mouse moves by as much as the viewer's pointer did.
 */
public final class PcInput implements InputSink {
    private static final int VIEWER_MIDDLE = 1 << 1;
    private static final int VIEWER_RIGHT = 1 << 2;
    private static final int WHEEL_UP = 1 << 3;
    private static final int WHEEL_DOWN = 1 << 4;

    private final PcMachine machine;
    private int lastX = -1;
    private int lastY;
    private int lastButtons;

    public PcInput(PcMachine machine) {
        this.machine = machine;
    }

    @Override
    public void key(int scanCode, boolean down) {
        machine.key(scanCode, down);
    }

    @Override
    public int leds() {
        return machine.keyboardLights();
    }

    @Override
    public synchronized void pointer(int x, int y, int buttons) {
        int dx = lastX < 0 ? 0 : x - lastX;
        int dy = lastX < 0 ? 0 : y - lastY;
        int pressed = buttons & ~lastButtons;
        // A notch up is -1 to a PS/2 wheel mouse (IntelliMouse: positive is towards the user).
        int wheel = ((pressed & WHEEL_UP) != 0 ? -1 : 0) + ((pressed & WHEEL_DOWN) != 0 ? 1 : 0);
        int held =
                (buttons & 1)
                        | ((buttons & VIEWER_RIGHT) != 0 ? 1 << 1 : 0)
                        | ((buttons & VIEWER_MIDDLE) != 0 ? 1 << 2 : 0);
        lastX = x;
        lastY = y;
        lastButtons = buttons;
        Screen screen = machine.screen();
        machine.pointer(
                coordinate(x, screen.width()), coordinate(y, screen.height()), dx, dy, wheel, held);
    }

    /** The middle of a pixel, so that it is the same one however the guest rounds. */
    static int coordinate(int pixel, int pixels) {
        long range = VmwareBackdoor.MAX_COORDINATE + 1L;
        return Math.clamp(
                (2L * pixel + 1) * range / (2L * Math.max(1, pixels)),
                0,
                VmwareBackdoor.MAX_COORDINATE);
    }
}
