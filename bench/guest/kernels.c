/*
 * Integer kernels that run inside a guest, one after another. Each prints a line when it begins and a line with its
 * checksum when it ends, so that whoever watches the console can time it from outside, by the same clock for every
 * emulator. Freestanding: no C library, only the Linux system calls write and exit.
 */
typedef unsigned int u32;
typedef unsigned char u8;

static long syscall3(long number, long a, long b, long c) {
    long result;
#ifdef __x86_64__
    __asm__ volatile("syscall" : "=a"(result) : "0"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
#else
    __asm__ volatile("int $0x80" : "=a"(result) : "0"(number), "b"(a), "c"(b), "d"(c) : "memory");
#endif
    return result;
}

#ifdef __x86_64__
enum { SYS_WRITE = 1, SYS_EXIT = 60 };
#else
enum { SYS_WRITE = 4, SYS_EXIT = 1 };
#endif

void *memset(void *target, int value, unsigned long n) {
    u8 *p = target;
    while (n--) *p++ = (u8)value;
    return target;
}

void *memcpy(void *target, const void *source, unsigned long n) {
    u8 *p = target;
    const u8 *q = source;
    while (n--) *p++ = *q++;
    return target;
}

static void print(const char *text) {
    unsigned n = 0;
    while (text[n]) n++;
    syscall3(SYS_WRITE, 1, (long)text, n);
}

static void print_hex(u32 value) {
    char text[9];
    for (int i = 0; i < 8; i++) text[i] = "0123456789abcdef"[value >> (28 - 4 * i) & 15];
    text[8] = 0;
    print(text);
}

static u8 bytes[1 << 20];
static u32 words[1 << 16];

static u32 sieve(void) {
    u32 count = 0;
    for (int round = 0; round < 12; round++) {
        memset(bytes, 1, sizeof bytes);
        count = 0;
        for (u32 i = 2; i < sizeof bytes; i++) {
            if (!bytes[i]) continue;
            count++;
            for (u32 j = 2 * i; j < sizeof bytes; j += i) bytes[j] = 0;
        }
    }
    return count;
}

static u32 crc32(void) {
    static u32 table[256];
    for (u32 i = 0; i < 256; i++) {
        u32 c = i;
        for (int k = 0; k < 8; k++) c = c & 1 ? 0xEDB88320u ^ c >> 1 : c >> 1;
        table[i] = c;
    }
    u32 crc = ~0u;
    for (int round = 0; round < 24; round++)
        for (u32 i = 0; i < sizeof bytes; i++) crc = table[(crc ^ bytes[i]) & 255] ^ crc >> 8;
    return ~crc;
}

static u32 rotr(u32 x, int n) { return x >> n | x << (32 - n); }

/* The compression function of SHA-256 (FIPS 180-4, section 6.2.2), with simpler constants: only the work matters here. */
static u32 sha256(void) {
    static u32 k[64];
    u32 h[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    for (int i = 0; i < 64; i++) k[i] = (u32)i * 0x9E3779B9u + 0x428A2F98u;
    for (u32 block = 0; block < 30000; block++) {
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

static u32 sort(void) {
    u32 seed = 1, sum = 0;
    for (int round = 0; round < 12; round++) {
        for (u32 i = 0; i < 1 << 16; i++) words[i] = seed = seed * 1664525u + 1013904223u;
        quicksort(words, 0, (1 << 16) - 1);
        sum += words[round * 1000];
    }
    return sum;
}

static u32 matrix(void) {
    static u32 a[128][128], b[128][128], c[128][128];
    for (int i = 0; i < 128; i++)
        for (int j = 0; j < 128; j++) a[i][j] = i * j, b[i][j] = i + j;
    for (int round = 0; round < 10; round++)
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

static u32 fibonacci(void) { return fib(32); }

static u32 chase(void) {
    u32 at = 0, sum = 0;
    for (u32 i = 0; i < 1 << 16; i++) words[i] = (i * 40503u + 12345u) & 0xFFFF;
    for (u32 i = 0; i < 20000000; i++) sum += at = words[at];
    return sum;
}

static const struct {
    const char *name;
    u32 (*run)(void);
} kernels[] = {
    {"sieve", sieve}, {"crc32", crc32}, {"sha256", sha256}, {"quicksort", sort},
    {"matrix", matrix}, {"fib", fibonacci}, {"chase", chase},
};

void _start(void) {
    for (unsigned i = 0; i < sizeof kernels / sizeof *kernels; i++) {
        print("BENCH ");
        print(kernels[i].name);
        print(" begin\n");
        u32 sum = kernels[i].run();
        print("BENCH ");
        print(kernels[i].name);
        print(" end ");
        print_hex(sum);
        print("\n");
    }
    print("BENCH all end\n");
    syscall3(SYS_EXIT, 0, 0, 0);
    __builtin_unreachable();
}
