package dev.arclet.emulator.device.audio;

import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotReader;
import dev.arclet.emulator.snapshot.SnapshotWriter;
import java.util.Arrays;

/**
 * The codec's mixer: a stereo codec with variable rate audio and nothing optional (Audio Codec '97
 * Component Specification 2.3, section 5.7). 16-bit registers at even offsets.
 */
final class Ac97Codec {
    /** Bytes of register space. */
    static final int SIZE = 0x100;

    private static final int RESET = 0x00;
    private static final int MASTER_VOLUME = 0x02;
    private static final int AUX_OUT_VOLUME = 0x04;
    private static final int MONO_VOLUME = 0x06;
    private static final int PC_BEEP_VOLUME = 0x0A;
    private static final int PHONE_VOLUME = 0x0C;
    private static final int MIC_VOLUME = 0x0E;
    private static final int LINE_IN_VOLUME = 0x10;
    private static final int CD_VOLUME = 0x12;
    private static final int VIDEO_VOLUME = 0x14;
    private static final int AUX_IN_VOLUME = 0x16;
    private static final int PCM_OUT_VOLUME = 0x18;
    private static final int RECORD_SELECT = 0x1A;
    private static final int RECORD_GAIN = 0x1C;
    private static final int GENERAL_PURPOSE = 0x20;
    private static final int POWERDOWN = 0x26;
    private static final int EXTENDED_ID = 0x28;
    private static final int EXTENDED_CONTROL = 0x2A;
    private static final int FRONT_DAC_RATE = 0x2C;
    private static final int ADC_RATE = 0x32;
    private static final int VENDOR_1 = 0x7C;
    private static final int VENDOR_2 = 0x7E;

    private static final int MUTE = 0x8000;
    private static final int VARIABLE_RATE = 0x0001;
    private static final int ALL_READY = 0x000F;
    private static final int POWERDOWN_WRITABLE = 0xFF00;
    private static final int STEREO_5_BITS = 0x9F1F;
    private static final int MONO_5_BITS = 0x801F;
    private static final int STEREO_INPUT = 0x9F1F;

    /** With 5 bits of attenuation, a sixth written as 1 reads as 31 (section 5.7.2.1). */
    private static final int SIXTH_BIT = 0x20;

    private static final int MIN_RATE = 4_000;
    private static final int MAX_RATE = 48_000;

    /** SigmaTel STAC9700, which every driver knows. */
    private static final int VENDOR_ID_1 = 0x8384;

    private static final int VENDOR_ID_2 = 0x7600;

    /** 0 dB of the PCM out register. */
    private static final int PCM_UNITY = 8;

    private final int[] registers = new int[SIZE / 2];

    /** Factors for left and right in 1/65536. */
    private final int[] gains = new int[2];

    Ac97Codec() {
        reset();
    }

    /** Register reset, or a cold reset of the link. */
    void reset() {
        Arrays.fill(registers, 0);
        for (int output : new int[] {MASTER_VOLUME, AUX_OUT_VOLUME, MONO_VOLUME, RECORD_GAIN}) {
            set(output, MUTE);
        }
        set(PHONE_VOLUME, MUTE | 8);
        set(MIC_VOLUME, MUTE | 8);
        int unity = MUTE | 0x0808;
        for (int input :
                new int[] {
                    LINE_IN_VOLUME, CD_VOLUME, VIDEO_VOLUME, AUX_IN_VOLUME, PCM_OUT_VOLUME
                }) {
            set(input, unity);
        }
        set(POWERDOWN, ALL_READY);
        set(EXTENDED_ID, VARIABLE_RATE);
        set(FRONT_DAC_RATE, MAX_RATE);
        set(ADC_RATE, MAX_RATE);
        set(VENDOR_1, VENDOR_ID_1);
        set(VENDOR_2, VENDOR_ID_2);
        updateGains();
    }

    private int get(int offset) {
        return registers[offset >> 1];
    }

    private void set(int offset, int value) {
        registers[offset >> 1] = value;
    }

    /** Reads a register; offset 0..0xFE, even. */
    int read(int offset) {
        return get(offset & 0xFE);
    }

    /** Writes a register; offset 0..0xFE, even. */
    void write(int offset, int value) {
        switch (offset & 0xFE) {
            case RESET -> reset();
            case MASTER_VOLUME, AUX_OUT_VOLUME -> set(offset, stereoOutput(value));
            case MONO_VOLUME ->
                    set(offset, value & MONO_5_BITS | ((value & SIXTH_BIT) != 0 ? 0x1F : 0));
            case PC_BEEP_VOLUME -> set(offset, value & 0x801E);
            case PHONE_VOLUME -> set(offset, value & MONO_5_BITS);
            case MIC_VOLUME -> set(offset, value & (MONO_5_BITS | 0x40));
            case LINE_IN_VOLUME, CD_VOLUME, VIDEO_VOLUME, AUX_IN_VOLUME, PCM_OUT_VOLUME ->
                    set(offset, value & STEREO_INPUT);
            case RECORD_SELECT -> set(offset, value & 0x0707);
            case RECORD_GAIN -> set(offset, value & 0x8F0F);
            case GENERAL_PURPOSE -> set(offset, value & 0x0380);
            case POWERDOWN -> set(offset, value & POWERDOWN_WRITABLE | ALL_READY);
            case EXTENDED_CONTROL -> {
                set(offset, value & VARIABLE_RATE);
                if ((value & VARIABLE_RATE) == 0) {
                    set(FRONT_DAC_RATE, MAX_RATE);
                    set(ADC_RATE, MAX_RATE);
                }
            }
            case FRONT_DAC_RATE, ADC_RATE -> {
                if ((get(EXTENDED_CONTROL) & VARIABLE_RATE) != 0) {
                    set(offset, Math.clamp(value & 0xFFFF, MIN_RATE, MAX_RATE));
                }
            }
            default -> {} // read-only, or not there
        }
        updateGains();
    }

    private static int stereoOutput(int value) {
        int left = (value & SIXTH_BIT << 8) != 0 ? 0x1F00 : 0;
        int right = (value & SIXTH_BIT) != 0 ? 0x1F : 0;
        return value & STEREO_5_BITS | left | right;
    }

    private void updateGains() {
        int master = get(MASTER_VOLUME);
        int pcm = get(PCM_OUT_VOLUME);
        for (int side = 0; side < 2; side++) {
            int shift = side == 0 ? 8 : 0;
            int steps = (master >> shift & 0x1F) + (pcm >> shift & 0x1F) - PCM_UNITY;
            boolean silent = ((master | pcm) & MUTE) != 0;
            // 1.5 dB a step.
            gains[side] = silent ? 0 : (int) Math.round(65536 * Math.pow(10, -1.5 * steps / 20));
        }
    }

    /** Frames a second of what is played, 4,000..48,000. */
    int playbackRate() {
        return get(FRONT_DAC_RATE);
    }

    /** Frames a second of what is recorded, 4,000..48,000. */
    int recordingRate() {
        return get(ADC_RATE);
    }

    /** Applies the volumes to frames of left and right. */
    void mix(short[] samples, int frames) {
        for (int i = 0; i < 2 * frames; i++) {
            long scaled = (long) samples[i] * gains[i & 1] >> 16;
            samples[i] = (short) Math.clamp(scaled, Short.MIN_VALUE, Short.MAX_VALUE);
        }
    }

    void save(SnapshotWriter out) {
        out.putInts("mixer", registers);
    }

    void restore(SnapshotReader in) throws SnapshotException {
        int[] saved = new int[registers.length];
        in.getInts("mixer", saved);
        reset();
        int rate = saved[FRONT_DAC_RATE >> 1];
        int adc = saved[ADC_RATE >> 1];
        // Each register takes what it would take from a guest; rates need their enable first.
        for (int offset = MASTER_VOLUME; offset < VENDOR_1; offset += 2) {
            if (offset != FRONT_DAC_RATE && offset != ADC_RATE) {
                write(offset, saved[offset >> 1]);
            }
        }
        write(FRONT_DAC_RATE, rate);
        write(ADC_RATE, adc);
    }
}
