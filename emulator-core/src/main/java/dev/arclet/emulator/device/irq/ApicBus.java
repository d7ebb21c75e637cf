package dev.arclet.emulator.device.irq;

import java.util.ArrayList;
import java.util.List;

/**
 * The wires between local APICs and IOAPICs: who gets a message, and who hears of an end of
 * interrupt. It has no state of its own. (Intel SDM volume 3, section 11.6, "Issuing interprocessor
 * interrupts", and the 82093AA datasheet 290566.)
 */
public final class ApicBus {
    /** Delivery mode: the vector, to every addressed processor. */
    public static final int FIXED = 0;

    /** Delivery mode: the vector, to the addressed processor with the lowest priority. */
    public static final int LOWEST_PRIORITY = 1;

    /** Delivery mode: system management interrupt. */
    public static final int SMI = 2;

    /** Delivery mode: non-maskable interrupt. */
    public static final int NMI = 4;

    /** Delivery mode: processor initialisation. */
    public static final int INIT = 5;

    /** Delivery mode: start-up at the page that the vector names. */
    public static final int STARTUP = 6;

    /** Delivery mode: as from a 8259 pair, which also gives the vector. */
    public static final int EXTERNAL = 7;

    private static final int BROADCAST = 0xFF;

    private final List<LocalApic> locals = new ArrayList<>();
    private final List<IoApic> ioApics = new ArrayList<>();

    void add(LocalApic apic) {
        locals.add(apic);
    }

    void add(IoApic apic) {
        ioApics.add(apic);
    }

    /**
     * Sends a message.
     *
     * @param destination APIC ID, or logical destination, 0..255
     * @param logical whether {@code destination} is logical
     * @param mode delivery mode, {@link #FIXED} to {@link #EXTERNAL}
     * @param level whether a vector is level triggered, so that its end must be broadcast
     * @return whether anybody was addressed
     */
    public boolean send(int destination, boolean logical, int mode, int vector, boolean level) {
        LocalApic best = null;
        boolean found = false;
        for (LocalApic apic : locals) {
            boolean addressed =
                    logical
                            ? apic.matchesLogical(destination)
                            : destination == BROADCAST || destination == apic.id();
            if (!addressed) {
                continue;
            }
            found = true;
            if (mode != LOWEST_PRIORITY) {
                apic.deliver(mode, vector, level);
            } else if (apic.acceptsVectors()
                    && (best == null || apic.processorPriority() < best.processorPriority())) {
                best = apic;
            }
        }
        if (best != null) {
            best.deliver(FIXED, vector, level);
        }
        return found;
    }

    /** Sends to every local APIC, with or without the sender. */
    void sendAll(LocalApic sender, boolean withSender, int mode, int vector) {
        for (LocalApic apic : locals) {
            if (withSender || apic != sender) {
                apic.deliver(mode == LOWEST_PRIORITY ? FIXED : mode, vector, false);
            }
        }
    }

    void endOfInterrupt(int vector) {
        for (IoApic apic : ioApics) {
            apic.endOfInterrupt(vector);
        }
    }
}
