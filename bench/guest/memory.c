/* String instructions, translation look-aside misses, and code that changes itself. */
#include "guest.h"

static void rep_movsb(void *to, const void *from, unsigned long n) {
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(n) : : "memory");
}

static void rep_movsd(void *to, const void *from, unsigned long n) {
    __asm__ volatile("rep movsl" : "+D"(to), "+S"(from), "+c"(n) : : "memory");
}

static void rep_stosd(void *to, u32 value, unsigned long n) {
    __asm__ volatile("rep stosl" : "+D"(to), "+c"(n) : "a"(value) : "memory");
}

static void rep_stosb(void *to, u8 value, unsigned long n) {
    __asm__ volatile("rep stosb" : "+D"(to), "+c"(n) : "a"(value) : "memory");
}

/* A few bytes to some dozen, as compilers and C libraries do for small copies. */
u32 rep_small(u32 rounds) {
    rep_stosb(scratch_bytes, 0, SCRATCH_BYTES);
    for (u32 i = 0; i < rounds * 600000; i++) {
        u32 at = i * 68 % 60000;
        rep_stosd(scratch_bytes + at, i, 1 + (i & 7));
        rep_movsd(scratch_bytes + at + 70000, scratch_bytes + at, 2 + (i & 15));
        rep_movsb(scratch_bytes + at + 140000, scratch_bytes + at + 70000, 3 + (i & 31));
    }
    return digest(DIGEST_START, scratch_bytes, 210000);
}

u32 rep_large(u32 rounds) {
    for (u32 i = 0; i < rounds * 30; i++) {
        rep_stosd(scratch_bytes, i * 0x01010101u, SCRATCH_BYTES / 8);
        rep_movsd(scratch_bytes + SCRATCH_BYTES / 2, scratch_bytes + (i & 3), SCRATCH_BYTES / 8);
        rep_movsb(scratch_bytes + 3, scratch_bytes + SCRATCH_BYTES / 2, SCRATCH_BYTES / 4);
    }
    return digest(DIGEST_START, scratch_bytes, SCRATCH_BYTES);
}

/* One word on each of 4,096 pages and more, which no look-aside buffer holds. */
enum { STRIDE_PAGES = 8192 };

u32 stride(u32 rounds) {
    u8 *area = map_memory(STRIDE_PAGES * 4096ul, 0);
    u32 sum = 0;
    for (u32 round = 0; round < rounds * 100; round++)
        for (u32 page = 0; page < STRIDE_PAGES; page++) {
            u32 *word = (u32 *)(area + page * 4096ul + (page * 68 & 4092));
            sum += *word;
            *word = sum + round;
        }
    syscall3(SYS_MUNMAP, (long)area, STRIDE_PAGES * 4096l, 0);
    return sum;
}

/* Writes a small function anew for each call: mov eax, N; add eax, M; ret. Now and then data beside it. */
u32 self_modify(u32 rounds) {
    u8 *code = map_memory(8192, 1);
    u32 sum = 0;
    static const u8 pattern[] = {0xB8, 0, 0, 0, 0, 0x05, 0, 0, 0, 0, 0xC3};
    for (u32 slot = 0; slot < 16; slot++)
        for (u32 i = 0; i < sizeof pattern; i++) code[slot * 64 + i] = pattern[i];
    for (u32 i = 0; i < rounds * 4000; i++) {
        u8 *slot = code + (i & 15) * 64;
        *(volatile u32 *)(slot + 1) = i;
        if ((i & 7) == 0) *(volatile u32 *)(slot + 6) = sum;
        *(volatile u32 *)(code + 4096 - 64 + (i & 15) * 4) += i; /* data in the same page */
        u32 result = ((u32(*)(void))slot)();
        sum = (sum << 1 | sum >> 31) + result;
        for (u32 again = 0; again < 20; again++) sum += ((u32(*)(void))slot)() >> 3;
    }
    sum = digest(sum, code, 4096);
    syscall3(SYS_MUNMAP, (long)code, 8192, 0);
    return sum;
}
