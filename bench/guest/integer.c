/* Plain integer work: loops, tables, calls, multiplication, dispatch, loads that depend on one another. */
#include "guest.h"

u32 sieve(u32 rounds) {
    u32 count = 0;
    for (u32 round = 0; round < rounds * 8; round++) {
        for (u32 i = 0; i < SCRATCH_BYTES; i++) scratch_bytes[i] = 1;
        count = 0;
        for (u32 i = 2; i < SCRATCH_BYTES; i++) {
            if (!scratch_bytes[i]) continue;
            count++;
            for (u32 j = 2 * i; j < SCRATCH_BYTES; j += i) scratch_bytes[j] = 0;
        }
    }
    return count;
}

u32 crc32(u32 rounds) {
    static u32 table[256];
    for (u32 i = 0; i < 256; i++) {
        u32 c = i;
        for (int k = 0; k < 8; k++) c = c & 1 ? 0xEDB88320u ^ c >> 1 : c >> 1;
        table[i] = c;
    }
    u32 crc = ~0u;
    for (u32 i = 0; i < SCRATCH_BYTES; i++) scratch_bytes[i] = (u8)(i * 7);
    for (u32 round = 0; round < rounds * 20; round++)
        for (u32 i = 0; i < SCRATCH_BYTES; i++) crc = table[(crc ^ scratch_bytes[i]) & 255] ^ crc >> 8;
    return ~crc;
}

static u32 rotr(u32 x, int n) { return x >> n | x << (32 - n); }

/* The compression function of SHA-256 (FIPS 180-4, section 6.2.2), with simpler constants: only the work matters. */
u32 sha256(u32 rounds) {
    static u32 k[64];
    u32 h[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    for (int i = 0; i < 64; i++) k[i] = (u32)i * 0x9E3779B9u + 0x428A2F98u;
    for (u32 block = 0; block < rounds * 50000; block++) {
        u32 w[64];
        for (int i = 0; i < 16; i++) w[i] = block * 16 + i;
        for (int i = 16; i < 64; i++) {
            u32 s0 = rotr(w[i - 15], 7) ^ rotr(w[i - 15], 18) ^ w[i - 15] >> 3;
            u32 s1 = rotr(w[i - 2], 17) ^ rotr(w[i - 2], 19) ^ w[i - 2] >> 10;
            w[i] = w[i - 16] + s0 + w[i - 7] + s1;
        }
        u32 a = h[0], b = h[1], c = h[2], d = h[3], e = h[4], f = h[5], g = h[6], x = h[7];
        for (int i = 0; i < 64; i++) {
            u32 t1 = x + (rotr(e, 6) ^ rotr(e, 11) ^ rotr(e, 25)) + ((e & f) ^ (~e & g)) + k[i] + w[i];
            u32 t2 = (rotr(a, 2) ^ rotr(a, 13) ^ rotr(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
            x = g, g = f, f = e, e = d + t1, d = c, c = b, b = a, a = t1 + t2;
        }
        h[0] += a, h[1] += b, h[2] += c, h[3] += d, h[4] += e, h[5] += f, h[6] += g, h[7] += x;
    }
    return h[0] ^ h[7];
}

static void quicksort(u32 *a, int low, int high) {
    while (low < high) {
        u32 pivot = a[(low + high) / 2];
        int i = low, j = high;
        while (i <= j) {
            while (a[i] < pivot) i++;
            while (a[j] > pivot) j--;
            if (i <= j) {
                u32 t = a[i];
                a[i++] = a[j];
                a[j--] = t;
            }
        }
        if (j - low < high - i) {
            quicksort(a, low, j);
            low = i;
        } else {
            quicksort(a, i, high);
            high = j;
        }
    }
}

u32 sort(u32 rounds) {
    u32 seed = 1, sum = 0;
    for (u32 round = 0; round < rounds * 8; round++) {
        for (u32 i = 0; i < SCRATCH_WORDS; i++) scratch_words[i] = next(&seed);
        quicksort(scratch_words, 0, SCRATCH_WORDS - 1);
        sum += scratch_words[round * 1000 % SCRATCH_WORDS];
    }
    return sum;
}

u32 matrix(u32 rounds) {
    static u32 a[128][128], b[128][128], c[128][128];
    for (int i = 0; i < 128; i++)
        for (int j = 0; j < 128; j++) a[i][j] = i * j, b[i][j] = i + j;
    for (u32 round = 0; round < rounds * 16; round++)
        for (int i = 0; i < 128; i++)
            for (int j = 0; j < 128; j++) {
                u32 sum = 0;
                for (int k = 0; k < 128; k++) sum += a[i][k] * b[k][j];
                c[i][j] = sum;
                a[j][i] ^= sum & 7;
            }
    return c[17][42];
}

__attribute__((noinline)) static u32 fib(u32 n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }

u32 fibonacci(u32 rounds) {
    u32 sum = 0;
    for (u32 round = 0; round < rounds * 2; round++) sum += fib(31 + (round & 1));
    return sum;
}

/* Divisions of all widths, which no compiler can turn into multiplications. */
u32 muldiv(u32 rounds) {
    u32 seed = 42, sum = 0;
    u64 wide = 0x123456789ABCDEFull;
    for (u32 i = 0; i < rounds * 3000000; i++) {
        u32 a = next(&seed), b = (next(&seed) >> 16) | 1;
        sum += a / b + a % b;
        i32 s = (i32)a / (i32)b;
        sum ^= (u32)s;
        wide = wide * (a | 1) + (u64)a * b;
        sum += (u32)(wide >> 32);
        sum += (u16)a / (u16)((b & 255) | 1);
    }
    return sum;
}

/*
 * An interpreter of a small register machine: its program searches for long Collatz sequences. The dispatch is a switch,
 * that is, an indirect jump through a table.
 */
enum { LOAD, ADD, SUB, MUL3, HALF, ODD, JUMP, JUMP_IF, LESS, MOVE, STOP };
struct instruction {
    u8 op, a, b;
    i32 c;
};

__attribute__((noinline)) static u32 interpret(const struct instruction *code, u32 *r) {
    u32 pc = 0;
    for (;;) {
        const struct instruction *i = &code[pc++];
        switch (i->op) {
            case LOAD: r[i->a] = (u32)i->c; break;
            case ADD: r[i->a] += r[i->b] + (u32)i->c; break;
            case SUB: r[i->a] -= r[i->b] + (u32)i->c; break;
            case MUL3: r[i->a] = 3 * r[i->a] + (u32)i->c; break;
            case HALF: r[i->a] >>= 1; break;
            case ODD: r[i->a] = r[i->b] & 1; break;
            case JUMP: pc = (u32)i->c; break;
            case JUMP_IF:
                if (r[i->a]) pc = (u32)i->c;
                break;
            case LESS: r[i->a] = r[i->b] < r[i->c]; break;
            case MOVE: r[i->a] = r[i->b]; break;
            default: return r[i->a];
        }
    }
}

u32 bytecode(u32 rounds) {
    /* r1 start, r2 limit, r3 best, r4 value, r5 steps, r6 test, r7 one, r0 zero */
    static const struct instruction code[] = {
        /*  0 */ {LOAD, 3, 0, 0}, {LOAD, 7, 0, 1},
        /*  2 */ {MOVE, 4, 1, 0}, {LOAD, 5, 0, 0},
        /*  4 */ {LESS, 6, 7, 4}, {JUMP_IF, 6, 0, 7}, {JUMP, 0, 0, 14},
        /*  7 */ {ODD, 6, 4, 0}, {JUMP_IF, 6, 0, 11}, {HALF, 4, 0, 0}, {JUMP, 0, 0, 12},
        /* 11 */ {MUL3, 4, 0, 1}, {ADD, 5, 7, 0}, {JUMP, 0, 0, 4},
        /* 14 */ {LESS, 6, 3, 5}, {JUMP_IF, 6, 0, 17}, {JUMP, 0, 0, 18},
        /* 17 */ {MOVE, 3, 5, 0}, {ADD, 1, 7, 0}, {LESS, 6, 1, 2}, {JUMP_IF, 6, 0, 2}, {STOP, 3, 0, 0},
    };
    u32 sum = 0;
    for (u32 round = 0; round < rounds; round++) {
        u32 r[8] = {0, 1 + round * 8000, round * 8000 + 8000, 0, 0, 0, 0, 0};
        sum = sum * 31 + interpret(code, r);
    }
    return sum;
}

u32 chase(u32 rounds) {
    u32 at = 0, sum = 0;
    for (u32 i = 0; i < SCRATCH_WORDS; i++) scratch_words[i] = (i * 40503u + 12345u) & (SCRATCH_WORDS - 1);
    for (u32 i = 0; i < rounds * 12000000; i++) sum += at = scratch_words[at];
    return sum;
}
