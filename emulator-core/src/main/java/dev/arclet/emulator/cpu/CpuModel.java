package dev.arclet.emulator.cpu;

import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

/**
 * Which processor the guest sees.
 *
 * @param vendor twelve characters of CPUID leaf 0
 * @param family 0..15
 * @param model 0..255
 * @param stepping 0..15
 * @param brand at most 47 characters of leaves 0x80000002..4
 * @param features what is announced, and so works
 * @param physicalBits physical address width, 32..52
 * @param timeStampHertz nominal frequency of the time-stamp counter for leaves 0x15 and 0x16; 0
 *     announces none, and the guest measures it
 */
public record CpuModel(
        String vendor,
        int family,
        int model,
        int stepping,
        String brand,
        Set<CpuFeature> features,
        int physicalBits,
        long timeStampHertz) {
    /** Everything that the processor can do by itself; no local APIC. */
    private static final Set<CpuFeature> COMPLETE =
            Collections.unmodifiableSet(
                    EnumSet.of(
                            CpuFeature.FPU,
                            CpuFeature.VME,
                            CpuFeature.DE,
                            CpuFeature.PSE,
                            CpuFeature.TSC,
                            CpuFeature.MSR,
                            CpuFeature.PAE,
                            CpuFeature.MCE,
                            CpuFeature.CX8,
                            CpuFeature.SEP,
                            CpuFeature.MTRR,
                            CpuFeature.PGE,
                            CpuFeature.MCA,
                            CpuFeature.CMOV,
                            CpuFeature.PAT,
                            CpuFeature.PSE36,
                            CpuFeature.CLFSH,
                            CpuFeature.MMX,
                            CpuFeature.FXSR,
                            CpuFeature.SSE,
                            CpuFeature.SSE2,
                            CpuFeature.SSE3,
                            CpuFeature.PCLMULQDQ,
                            CpuFeature.SSSE3,
                            CpuFeature.CX16,
                            CpuFeature.SSE4_1,
                            CpuFeature.SSE4_2,
                            CpuFeature.MOVBE,
                            CpuFeature.POPCNT,
                            CpuFeature.AES,
                            CpuFeature.XSAVE,
                            CpuFeature.FSGSBASE,
                            CpuFeature.TSC_ADJUST,
                            CpuFeature.SMEP,
                            CpuFeature.ADX,
                            CpuFeature.SMAP,
                            CpuFeature.UMIP,
                            CpuFeature.PKU,
                            CpuFeature.PKS,
                            CpuFeature.LAHF64,
                            CpuFeature.LZCNT,
                            CpuFeature.SYSCALL,
                            CpuFeature.NX,
                            CpuFeature.PAGE1GB,
                            CpuFeature.RDTSCP,
                            CpuFeature.LONG_MODE,
                            CpuFeature.INVARIANT_TSC));

    /**
     * The processor of a machine without a local APIC. Family and model are those of an in-order
     * Atom, to which it is closest: nothing here speculates, and guests that know this leave out
     * their mitigations.
     */
    public static final CpuModel STANDARD =
            new CpuModel("GenuineIntel", 6, 0x36, 1, "Arclet Virtual CPU", COMPLETE, 40, 0);

    /** Takes a copy of the features. */
    public CpuModel {
        features = Collections.unmodifiableSet(EnumSet.copyOf(features));
    }

    /** Whether a feature is announced. */
    public boolean has(CpuFeature feature) {
        return features.contains(feature);
    }

    /** The same processor with one feature more. */
    public CpuModel with(CpuFeature feature) {
        EnumSet<CpuFeature> more = EnumSet.copyOf(features);
        more.add(feature);
        return withFeatures(more);
    }

    /** The same processor with one feature less. */
    public CpuModel without(CpuFeature feature) {
        EnumSet<CpuFeature> fewer = EnumSet.copyOf(features);
        fewer.remove(feature);
        return withFeatures(fewer);
    }

    private CpuModel withFeatures(Set<CpuFeature> newFeatures) {
        return new CpuModel(
                vendor, family, model, stepping, brand, newFeatures, physicalBits, timeStampHertz);
    }

    /** The same processor, announcing the frequency of its time-stamp counter. */
    public CpuModel withTimeStampHertz(long hertz) {
        return new CpuModel(vendor, family, model, stepping, brand, features, physicalBits, hertz);
    }

    /** Family, model and stepping as CPUID leaf 1 and EDX after RESET have them. */
    int signature() {
        return stepping | (model & 15) << 4 | family << 8 | (model >> 4) << 16;
    }
}
