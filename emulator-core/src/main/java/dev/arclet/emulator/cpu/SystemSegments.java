package dev.arclet.emulator.cpu;

import dev.arclet.emulator.fault.GuestFault;

/**
 * Instructions on descriptors: LLDT, LTR, VERR, VERW, LAR, LSL, ARPL (SDM vol. 3A, sections 2.8 and
 * 5.10).
 */
public final class SystemSegments {
    private SystemSegments() {}

    /** #UD in real and virtual-8086 mode, where these instructions do not exist. */
    public static void requireProtected(CpuState cpu) {
        if (Segmentation.isRealStyle(cpu)) {
            throw cpu.fault(GuestFault.UD, 0);
        }
    }

    /** LLDT; privilege has been checked. */
    public static void loadLdt(CpuState cpu, int selector) {
        if ((selector & ~3) == 0) {
            cpu.ldtr.loadNull(selector);
            return;
        }
        long descriptor = readSystem(cpu, selector);
        if ((Descriptor.access(descriptor) & 0x1F) != Descriptor.LDT) {
            throw cpu.fault(GuestFault.GP, selector & ~3);
        }
        checkPresent(cpu, selector, descriptor);
        long baseHigh = baseHigh(cpu, selector);
        cpu.ldtr.load(selector, descriptor);
        cpu.ldtr.base |= baseHigh;
    }

    /** LTR; privilege has been checked. */
    public static void loadTask(CpuState cpu, int selector) {
        if ((selector & ~3) == 0) {
            throw cpu.fault(GuestFault.GP, 0);
        }
        long descriptor = readSystem(cpu, selector);
        int type = Descriptor.access(descriptor) & 0x1F;
        if (type != Descriptor.TSS32
                && (type != Descriptor.TSS16 || Segmentation.isLongMode(cpu))) {
            throw cpu.fault(GuestFault.GP, selector & ~3);
        }
        checkPresent(cpu, selector, descriptor);
        long baseHigh = baseHigh(cpu, selector);
        long entry = Segmentation.descriptorAddress(cpu, selector, GuestFault.GP, 0);
        cpu.mmu.storeSystem(entry + 5, 1, Descriptor.access(descriptor) | 2);
        cpu.tr.load(selector, descriptor | 2L << 40);
        cpu.tr.base |= baseHigh;
    }

    private static long readSystem(CpuState cpu, int selector) {
        if ((selector & 4) != 0) {
            throw cpu.fault(GuestFault.GP, selector & ~3);
        }
        return Segmentation.readDescriptor(cpu, selector, GuestFault.GP, 0);
    }

    private static void checkPresent(CpuState cpu, int selector, long descriptor) {
        if (!Descriptor.present(descriptor)) {
            throw cpu.fault(GuestFault.NP, selector & ~3);
        }
    }

    /** Bits 63..32 of the base, from the second half of a 16-byte descriptor of long mode. */
    private static long baseHigh(CpuState cpu, int selector) {
        if (!Segmentation.isLongMode(cpu)) {
            return 0;
        }
        long address = Segmentation.descriptorAddress(cpu, selector, GuestFault.GP, 0);
        if ((selector | 7) + 8 > cpu.gdtLimit) {
            throw cpu.fault(GuestFault.GP, selector & ~3);
        }
        long high = cpu.mmu.loadSystem(address + 8, 8);
        if ((high & 0x1F00L << 32) != 0 || !Segmentation.isCanonical(high << 32)) {
            throw cpu.fault(GuestFault.GP, selector & ~3);
        }
        return high << 32;
    }

    /** VERR: whether a segment can be read by the current privilege level. */
    public static boolean isReadable(CpuState cpu, int selector) {
        long descriptor = find(cpu, selector);
        if (!Descriptor.isSegment(descriptor)) {
            return false;
        }
        if (Descriptor.isCode(descriptor)) {
            return Descriptor.readableOrWritable(descriptor)
                    && (Descriptor.isConforming(descriptor) || reaches(cpu, selector, descriptor));
        }
        return reaches(cpu, selector, descriptor);
    }

    /** VERW: whether a segment can be written by the current privilege level. */
    public static boolean isWritable(CpuState cpu, int selector) {
        long descriptor = find(cpu, selector);
        return Descriptor.isWritableData(descriptor) && reaches(cpu, selector, descriptor);
    }

    /**
     * LAR: the access rights in bits 8..23, or -1 if they are not to be seen. Bits 16..19 are
     * undefined; processors leave the limit's there.
     */
    public static long accessRights(CpuState cpu, int selector) {
        long descriptor = find(cpu, selector);
        if (!isVisible(cpu, selector, descriptor, false)) {
            return -1;
        }
        return descriptor >>> 32 & 0x00FF_FF00L;
    }

    /** LSL: the limit, scaled, or -1 if it is not to be seen. */
    public static long limit(CpuState cpu, int selector) {
        long descriptor = find(cpu, selector);
        if (!isVisible(cpu, selector, descriptor, true)) {
            return -1;
        }
        return Descriptor.limit(descriptor);
    }

    private static boolean isVisible(
            CpuState cpu, int selector, long descriptor, boolean needsLimit) {
        if (Descriptor.isSegment(descriptor)) {
            return (Descriptor.isCode(descriptor) && Descriptor.isConforming(descriptor))
                    || reaches(cpu, selector, descriptor);
        }
        boolean longMode = Segmentation.isLongMode(cpu);
        boolean valid =
                switch (Descriptor.type(descriptor)) {
                    case Descriptor.LDT, Descriptor.TSS32, Descriptor.TSS32_BUSY -> true;
                    case Descriptor.TSS16, Descriptor.TSS16_BUSY -> !longMode;
                    case Descriptor.CALL_GATE32 -> !needsLimit;
                    case Descriptor.CALL_GATE16, Descriptor.TASK_GATE -> !needsLimit && !longMode;
                    default -> false;
                };
        return valid && reaches(cpu, selector, descriptor);
    }

    private static boolean reaches(CpuState cpu, int selector, long descriptor) {
        int dpl = Descriptor.dpl(descriptor);
        return dpl >= cpu.cpl && dpl >= (selector & 3);
    }

    /** The descriptor, or 0 (of a reserved type) if there is none. */
    private static long find(CpuState cpu, int selector) {
        if ((selector & ~3) == 0) {
            return 0;
        }
        boolean local = (selector & 4) != 0;
        long limit = local ? cpu.ldtr.unusable ? -1 : cpu.ldtr.limit : cpu.gdtLimit;
        if ((selector | 7) > limit) {
            return 0;
        }
        return Segmentation.readDescriptor(cpu, selector, GuestFault.GP, 0);
    }
}
