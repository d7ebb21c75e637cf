package dev.arclet.emulator.cpu;

import java.nio.charset.StandardCharsets;

/** The answers of CPUID (SDM vol. 2A), from a {@link CpuModel} and the state that they show. */
public final class Cpuid {
    private static final int MAX_EXTENDED = 0x8000_0008;

    /** The leaves of a hypervisor: VMware's, whose backdoor port the PC has. */
    private static final int HYPERVISOR = 0x4000_0000;

    private static final int MAX_HYPERVISOR = 0x4000_0010;
    private static final String HYPERVISOR_NAME = "VMwareVMware";

    private Cpuid() {}

    /** CPUID: leaf in EAX, subleaf in ECX; writes EAX, EBX, ECX, EDX. */
    public static void execute(CpuState cpu) {
        CpuModel model = cpu.model;
        int leaf = (int) cpu.gpr[CpuState.RAX];
        int subleaf = (int) cpu.gpr[CpuState.RCX];
        int maxBasic = model.timeStampHertz() != 0 ? 0x16 : 0xD;
        boolean hypervisor =
                model.has(CpuFeature.HYPERVISOR) && leaf >= HYPERVISOR && leaf <= MAX_HYPERVISOR;
        if (!hypervisor && (leaf < 0 ? leaf > MAX_EXTENDED : leaf > maxBasic)) {
            // Leaves beyond the last answer as the last basic one; so do unknown ranges.
            leaf = maxBasic;
        }
        int a = features(model, leaf, subleaf, 'a');
        int b = features(model, leaf, subleaf, 'b');
        int c = features(model, leaf, subleaf, 'c');
        int d = features(model, leaf, subleaf, 'd');
        switch (leaf) {
            case 0 -> {
                a = maxBasic;
                b = text(model.vendor(), 0);
                d = text(model.vendor(), 4);
                c = text(model.vendor(), 8);
            }
            case 1 -> {
                a = model.signature();
                b = model.has(CpuFeature.CLFSH) ? 8 << 8 : 0;
                if ((cpu.cr4 & Control.CR4_OSXSAVE) != 0) {
                    c |= 1 << 27;
                }
                if ((cpu.msrs.apicBase & Msrs.APIC_ENABLE) == 0) {
                    d &= ~(1 << CpuFeature.APIC.bit);
                }
            }
            case 2 -> {
                // Descriptors 30 (32 KiB code), 0E (24 KiB data), 7F (512 KiB second level).
                a = 0x000E_3001;
                d = 0x7F;
            }
            case 4 -> {
                int type = subleaf == 0 ? 1 : subleaf == 1 ? 2 : 3;
                if (subleaf < 3 && subleaf >= 0) {
                    int ways = subleaf == 0 ? 6 : 8;
                    int sets = subleaf == 2 ? 1024 : 64;
                    a = type | (subleaf == 2 ? 2 : 1) << 5 | 1 << 8;
                    b = 63 | ways - 1 << 22;
                    c = sets - 1;
                }
            }
            case 7 -> {
                if (subleaf == 0 && (cpu.cr4 & Control.CR4_PKE) != 0) {
                    c |= 1 << 4;
                }
            }
            case 0xD -> {
                if (model.has(CpuFeature.XSAVE)) {
                    if (subleaf == 0) {
                        long all = ExtendedState.components(model);
                        a = (int) all;
                        b = ExtendedState.bytes(cpu.xcr0);
                        c = ExtendedState.bytes(all);
                    } else if (subleaf == ExtendedState.PKRU && model.has(CpuFeature.PKU)) {
                        a = ExtendedState.PKRU_BYTES;
                        b = ExtendedState.PKRU_OFFSET;
                    }
                }
            }
            case 0x15 -> {
                // Counter frequency = crystal * EBX / EAX.
                a = 1;
                b = 1;
                c = (int) model.timeStampHertz();
            }
            case 0x16 -> {
                // Base and maximum frequency, bus frequency, in MHz.
                a = (int) (model.timeStampHertz() / 1_000_000);
                b = a;
                c = 100;
            }
            case HYPERVISOR -> {
                a = MAX_HYPERVISOR;
                b = text(HYPERVISOR_NAME, 0);
                c = text(HYPERVISOR_NAME, 4);
                d = text(HYPERVISOR_NAME, 8);
            }
            case MAX_HYPERVISOR -> {
                // Frequencies of the time-stamp counter and the local APIC's timer, in kHz.
                a = (int) (model.timeStampHertz() / 1000);
                b = a;
            }
            case 0x8000_0000 -> a = MAX_EXTENDED;
            case 0x8000_0001 -> {
                if (cpu.codeSize != 8) {
                    d &= ~(1 << CpuFeature.SYSCALL.bit);
                }
            }
            case 0x8000_0002, 0x8000_0003, 0x8000_0004 -> {
                int at = (leaf - 0x8000_0002) * 16;
                a = text(model.brand(), at);
                b = text(model.brand(), at + 4);
                c = text(model.brand(), at + 8);
                d = text(model.brand(), at + 12);
            }
            case 0x8000_0006 -> c = 64 | 6 << 12 | 512 << 16;
            case 0x8000_0008 ->
                    a = model.physicalBits() | (model.has(CpuFeature.LONG_MODE) ? 48 : 32) << 8;
            default -> {}
        }
        cpu.gpr[CpuState.RAX] = a & 0xFFFF_FFFFL;
        cpu.gpr[CpuState.RBX] = b & 0xFFFF_FFFFL;
        cpu.gpr[CpuState.RCX] = c & 0xFFFF_FFFFL;
        cpu.gpr[CpuState.RDX] = d & 0xFFFF_FFFFL;
    }

    private static int features(CpuModel model, int leaf, int subleaf, char register) {
        int bits = 0;
        for (CpuFeature feature : model.features()) {
            if (feature.leaf == leaf
                    && feature.register == register
                    && (leaf != 7 || feature.subleaf == subleaf)) {
                bits |= 1 << feature.bit;
            }
        }
        return bits;
    }

    private static int text(String string, int at) {
        byte[] bytes = string.getBytes(StandardCharsets.US_ASCII);
        int word = 0;
        for (int i = 0; i < 4 && at + i < bytes.length; i++) {
            word |= (bytes[at + i] & 0xFF) << (8 * i);
        }
        return word;
    }
}
