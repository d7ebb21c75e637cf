// The guest of bench/display: a Multiboot kernel that shows a new full-screen picture of 1024x768 pixels 60 times a second
// (after the keys 1 text, 2 desktop, 3 photograph; 0 ends it), and turns a block over when any other key goes down. A
// small block in the corner tells the pictures apart. Between interrupts it sleeps.

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;

#define WIDTH 1024
#define HEIGHT 768
#define PIXELS (WIDTH * HEIGHT)
#define PICTURES 3
#define HERTZ 60

__attribute__((section(".multiboot"), used)) static const u32 multiboot[3] = {0x1BADB002, 0, -0x1BADB002};

static u32 *const store = (u32 *)0x1000000; // PICTURES pictures from 16 MiB
static volatile u32 ticks, key;
static u32 *screen;
static u32 seed = 1;

static void out8(u16 port, u8 value) { __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port)); }
static void out16(u16 port, u16 value) { __asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port)); }
static void out32(u16 port, u32 value) { __asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port)); }
static u8 in8(u16 port) { u8 v; __asm__ volatile("inb %1, %0" : "=a"(v) : "Nd"(port)); return v; }
static u32 in32(u16 port) { u32 v; __asm__ volatile("inl %1, %0" : "=a"(v) : "Nd"(port)); return v; }

static u32 random(void) { return (seed = seed * 1664525 + 1013904223) >> 8; }

static void copy(u32 *to, const u32 *from, u32 count)
{
    __asm__ volatile("rep movsl" : "+D"(to), "+S"(from), "+c"(count) : : "memory");
}

static void fill(u32 *to, u32 value, u32 count)
{
    __asm__ volatile("rep stosl" : "+D"(to), "+c"(count) : "a"(value) : "memory");
}

static void box(u32 *picture, u32 x, u32 y, u32 w, u32 h, u32 colour)
{
    for (u32 i = y; i < y + h && i < HEIGHT; i++)
        fill(picture + i * WIDTH + x, colour, x + w > WIDTH ? WIDTH - x : w);
}

// Characters that no font has, but as dense as those of one.
static void text(u32 *picture, u32 x, u32 y, u32 columns, u32 rows, u32 colour)
{
    for (u32 row = 0; row < rows; row++)
        for (u32 column = 0; column < columns; column++) {
            if (random() % 6 == 0)
                continue;
            for (u32 line = 2; line < 14; line += 1 + random() % 2)
                for (u32 bit = 0; bit < 7; bit++)
                    if (random() % 3 == 0)
                        picture[(y + 16 * row + line) * WIDTH + x + 8 * column + bit] = colour;
        }
}

static void draw(u32 kind, u32 *picture, u32 number)
{
    if (kind == 1) {
        static const u32 colours[] = {0xAAAAAA, 0xAAAAAA, 0xFFFFFF, 0x00AA00, 0x55FFFF, 0xFF5555};
        fill(picture, 0, PIXELS);
        for (u32 row = 0; row < 48; row++)
            text(picture, 0, 16 * row, 128, 1, colours[random() % 6]);
    } else if (kind == 2) {
        for (u32 y = 0; y < HEIGHT; y++)
            fill(picture + y * WIDTH, 0x204060 + (y / 16), WIDTH);
        for (u32 i = 0; i < 4; i++) {
            u32 x = 40 + 180 * i + 30 * number, y = 30 + 120 * i + 25 * number;
            box(picture, x, y, 420, 20, 0x3050A0 + 0x101010 * i);
            box(picture, x, y + 20, 420, 280, 0xF4F4F0);
            text(picture, x + 8, y + 28, 50, 16, 0x202020);
        }
    } else {
        for (u32 y = 0; y < HEIGHT; y++)
            for (u32 x = 0; x < WIDTH; x++)
                picture[y * WIDTH + x] = (((x / 5 + 60 * number) & 255) << 16 | (((x + 2 * y) / 9) & 255) << 8
                    | ((y / 4) & 255)) ^ (random() & 0x030303);
    }
}

struct frame { u32 ip, cs, flags; };
__attribute__((interrupt, target("general-regs-only"))) static void on_timer(struct frame *f)
{
    (void)f;
    ticks++;
    out8(0x20, 0x20);
}
__attribute__((interrupt, target("general-regs-only"))) static void on_key(struct frame *f)
{
    (void)f;
    u8 code = in8(0x60);
    if (!(code & 0x80))
        key = code;
    out8(0x20, 0x20);
}

static struct { u16 low, selector, type, high; } __attribute__((packed)) idt[64];
static void gate(u32 vector, void *handler)
{
    u16 cs;
    __asm__("mov %%cs, %0" : "=r"(cs));
    idt[vector].low = (u32)handler;
    idt[vector].selector = cs;
    idt[vector].type = 0x8E00;
    idt[vector].high = (u32)handler >> 16;
}

static void vbe(u16 index, u16 value)
{
    out16(0x1CE, index);
    out16(0x1CF, value);
}

__attribute__((used)) static void start(void)
{
    struct { u16 limit; void *base; } __attribute__((packed)) table = {sizeof idt - 1, idt};
    u32 kind = 0, shown = 0, lit = 0, last = 0;

    gate(0x20, on_timer);
    gate(0x21, on_key);
    __asm__ volatile("lidt %0" : : "m"(table));
    out8(0x20, 0x11), out8(0x21, 0x20), out8(0x21, 4), out8(0x21, 1), out8(0x21, 0xFC);
    out8(0xA0, 0x11), out8(0xA1, 0x28), out8(0xA1, 2), out8(0xA1, 1), out8(0xA1, 0xFF);
    out8(0x43, 0x34), out8(0x40, (1193182 / HERTZ) & 255), out8(0x40, (1193182 / HERTZ) >> 8);
    out8(0x64, 0x60), out8(0x60, 0x41), out8(0x64, 0xAE); // keyboard interrupts, translated codes

    out32(0xCF8, 0x80001010); // slot 2, base address register 0
    screen = (u32 *)(in32(0xCFC) & ~15u);
    vbe(4, 0), vbe(1, WIDTH), vbe(2, HEIGHT), vbe(3, 32), vbe(4, 0x41);
    fill(screen, 0x101010, PIXELS);

    for (;;) {
        __asm__ volatile("sti; hlt; cli");
        u32 pressed = key;
        key = 0;
        if (pressed >= 2 && pressed <= 4) { // 1 to 3
            kind = pressed - 1;
            for (u32 i = 0; i < PICTURES; i++)
                draw(kind, store + i * PIXELS, i);
        } else if (pressed == 11) { // 0
            kind = 0;
        } else if (pressed) {
            lit = !lit;
            box(screen, 512, 384, 16, 16, lit ? 0xFFFFFF : 0x000000);
        }
        if (kind && ticks != last) {
            copy(screen, store + shown++ % PICTURES * PIXELS, PIXELS);
            box(screen, 0, 0, 8, 8, (shown & 0xFF) << 16 | 0x00FF00 | (shown >> 8 & 0xFF));
        }
        last = ticks;
    }
}

__asm__(".globl _start\n_start: mov $0x900000, %esp\n jmp start\n");
