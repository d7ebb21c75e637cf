package dev.arclet.emulator.machine;

import dev.arclet.emulator.device.irq.LocalApic;
import dev.arclet.emulator.memory.PhysicalMap;

/**
 * The place of a local APIC's registers in physical memory, which IA32_APIC_BASE tells. Where
 * something else answers already they are not to be found.
 */
final class LocalApicPage {
    private static final System.Logger LOG = System.getLogger(LocalApicPage.class.getName());
    private static final long NOWHERE = -1;

    private final PhysicalMap map;
    private final LocalApic apic;
    private long place = NOWHERE;
    private boolean complained;

    LocalApicPage(PhysicalMap map, LocalApic apic) {
        this.map = map;
        this.apic = apic;
    }

    /** Puts the page where a value of IA32_APIC_BASE wants it. */
    void move(long apicBase) {
        long wanted = apicBase & -LocalApic.SIZE;
        if (wanted == place) {
            return;
        }
        if (place != NOWHERE) {
            map.unmap(place);
            place = NOWHERE;
        }
        if (map.isFree(wanted, LocalApic.SIZE)) {
            map.mapMmio("local APIC", wanted, LocalApic.SIZE, apic);
            place = wanted;
        } else if (!complained) {
            complained = true; // once is enough: the guest may do so as often as it likes
            LOG.log(
                    System.Logger.Level.WARNING,
                    "the guest moves the local APIC to {0}, where something else is: it has no registers there",
                    Long.toHexString(wanted));
        }
    }
}
