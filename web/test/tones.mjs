// A firmware that does nothing but play: a square wave on the PC's speaker and a sine on the AC '97 card, for ever.

const TOP = 0x10000; // the ROM is the 64 KiB below 1 MiB
const DESCRIPTORS = 0x1000;
const SAMPLES = 0x2000;
const FRAMES = 480;
const SOUND_CARD = (0x13 << 11) | 0x80000000; // its slot, in configuration mechanism 1
const MIXER = 0xc000;
const MASTER = 0xc100;

/** Frequencies in hertz; the sine's must divide 48,000 into a whole number of periods in 480 frames. */
export function tonesRom(square, sine) {
    const rom = Buffer.alloc(TOP, 0xff);
    const code = [];
    const u16 = (value) => [value & 0xff, (value >> 8) & 0xff];
    const u32 = (value) => [...u16(value), ...u16(value >>> 16)];
    const port = (number) => code.push(0xba, ...u16(number)); // mov dx, number
    const out8 = (number, value) => (port(number), code.push(0xb0, value, 0xee)); // mov al; out dx, al
    const out16 = (number, value) => (port(number), code.push(0xb8, ...u16(value), 0xef));
    const out32 = (number, value) => (port(number), code.push(0x66, 0xb8, ...u32(value), 0x66, 0xef));
    const configure = (register, value) => {
        out32(0xcf8, SOUND_CARD | register);
        out32(0xcfc, value);
    };

    code.push(0xfa); // cli
    const count = Math.round(1193182 / square);
    out8(0x43, 0xb6); // counter 2: both bytes, mode 3
    out8(0x42, count & 0xff);
    out8(0x42, count >> 8);
    out8(0x61, 0x03); // gate and speaker

    configure(0x10, MIXER);
    configure(0x14, MASTER);
    configure(0x04, 0x0005); // ports, bus master
    out32(MASTER + 0x2c, 0x02); // out of cold reset
    out16(MIXER + 0x02, 0x0000); // master volume
    out16(MIXER + 0x18, 0x0808); // PCM at 0 dB
    out32(MASTER + 0x10, 0xf0000 + DESCRIPTORS);
    out8(MASTER + 0x15, 31);
    out8(MASTER + 0x1b, 0x01); // run
    const loop = code.length;
    port(MASTER + 0x14);
    code.push(0xec, 0xfe, 0xc8, 0x24, 0x1f); // in al, dx; dec al; and al, 31: the last buffer is the one just played
    port(MASTER + 0x15);
    code.push(0xee); // out dx, al
    code.push(0xe9, ...u16(loop - (code.length + 3))); // jmp loop

    rom.set(code, 0);
    for (let i = 0; i < 32; i++) {
        rom.writeUInt32LE(0xf0000 + SAMPLES, DESCRIPTORS + 8 * i);
        rom.writeUInt32LE(2 * FRAMES, DESCRIPTORS + 8 * i + 4);
    }
    for (let i = 0; i < FRAMES; i++) {
        const sample = Math.round(16000 * Math.sin((2 * Math.PI * sine * i) / 48000));
        rom.writeInt16LE(sample, SAMPLES + 4 * i);
        rom.writeInt16LE(sample, SAMPLES + 4 * i + 2);
    }
    rom.set([0xea, 0x00, 0x00, 0x00, 0xf0], 0xfff0); // jmp f000:0000
    return rom;
}
