/*
 * Tests a block device from inside the guest, past the page cache.
 *
 *   disktest fill DEVICE SEED        writes every block of 4 KiB, in random order and pieces, then flushes
 *   disktest check DEVICE SEED       reads every block and compares
 *   disktest churn DEVICE SEED N     N random writes, reads and discards, each read compared with what was written
 *   disktest endure DEVICE SEED N NEXT  if N is not negative, verifies what a kill has left of an earlier call with SEED
 *                                    as NEXT, whose last "FLUSHED DEVICE N" was seen: every sector as operation N left it,
 *                                    or a later one. Then fills the disk, and writes, discards and flushes for ever
 *   disktest speed DEVICE [SECONDS [NAME]]
 *                                    prints "SPEED name value unit" for sequential and random reads and writes, of the
 *                                    first requests; then of each for so many seconds, "name-sustained", after it has
 *                                    run for as long; with NAME, of that kind only
 *
 * A block's content is a function of its number, the seed and how often it was written. Ends with "DISKTEST ok" or a
 * message and status 1.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { BLOCK = 4096, MAX_BLOCKS = 256, SPEED_BYTES = 48 << 20, RANDOM_REQUESTS = 1500, FLUSHES = 200 };

static int device;
static uint32_t blocks;
static uint8_t *buffer;
static uint64_t state;

static void die(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fputs("DISKTEST failed: ", stdout);
    vprintf(format, arguments);
    va_end(arguments);
    printf(" (%s)\n", strerror(errno));
    exit(1);
}

static uint32_t random_below(uint32_t bound) {
    state = state * 6364136223846793005ull + 1442695040888963407ull;
    return (uint32_t)((state >> 33) % bound);
}

static void content(uint8_t *out, uint32_t block, uint64_t seed, uint32_t version) {
    uint64_t *words = (uint64_t *)out, value = seed * 0x9E3779B97F4A7C15ull ^ (uint64_t)block << 32 ^ version;
    for (unsigned i = 0; i < BLOCK / 8; i++) words[i] = value += 0xD1B54A32D192ED03ull;
}

static void transfer(int writing, uint32_t block, uint32_t count) {
    size_t done = 0, length = (size_t)count * BLOCK;
    while (done < length) {
        off_t at = (off_t)block * BLOCK + (off_t)done;
        ssize_t n = writing ? pwrite(device, buffer + done, length - done, at) : pread(device, buffer + done, length - done, at);
        if (n <= 0) die("%s block %u", writing ? "write" : "read", block);
        done += (size_t)n;
    }
}

static void compare(uint32_t block, uint32_t count, uint64_t seed, const uint32_t *versions) {
    static uint8_t expected[BLOCK];
    transfer(0, block, count);
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *got = buffer + (size_t)i * BLOCK;
        uint32_t version = versions ? versions[block + i] : 0;
        content(expected, block + i, seed, version & ~1u);
        /* An odd version was discarded: zeros, or what was there. */
        if (memcmp(got, expected, BLOCK) == 0) continue;
        if (version & 1) {
            memset(expected, 0, BLOCK);
            if (memcmp(got, expected, BLOCK) == 0) continue;
        }
        die("block %u differs, version %u", block + i, version);
    }
}

static void fill(uint64_t seed) {
    /* Pieces of 64 blocks, visited in an order that jumps about. */
    uint32_t pieces = (blocks + 63) / 64, step = pieces / 2 | 1;
    while (pieces % step == 0 && step > 1) step -= 2;
    for (uint32_t i = 0, piece = 0; i < pieces; i++, piece = (uint32_t)(((uint64_t)piece + step) % pieces)) {
        uint32_t first = piece * 64, count = blocks - first < 64 ? blocks - first : 64;
        for (uint32_t b = 0; b < count; b++) content(buffer + (size_t)b * BLOCK, first + b, seed, 0);
        transfer(1, first, count);
    }
    if (fdatasync(device)) die("flush");
}

static void check(uint64_t seed) {
    for (uint32_t b = 0; b < blocks; b += MAX_BLOCKS) compare(b, blocks - b < MAX_BLOCKS ? blocks - b : MAX_BLOCKS, seed, NULL);
}

static void churn(uint64_t seed, uint32_t rounds) {
    uint32_t *versions = calloc(blocks, sizeof *versions);
    int discards = 1;
    if (!versions) die("memory");
    fill(seed);
    state = seed;
    for (uint32_t round = 1; round <= rounds; round++) {
        uint32_t count = 1 + random_below(1u << random_below(9)), block = random_below(blocks - count + 1);
        uint64_t range[2] = {(uint64_t)block * BLOCK, (uint64_t)count * BLOCK};
        switch (random_below(8)) {
            case 0:
                if (fdatasync(device)) die("flush");
                break;
            case 1:
                if (discards && ioctl(device, BLKDISCARD, range)) {
                    if (errno != EOPNOTSUPP) die("discard");
                    discards = 0;
                } else if (discards) {
                    for (uint32_t i = 0; i < count; i++) versions[block + i] |= 1;
                }
                break;
            case 2: case 3: case 4:
                compare(block, count, seed, versions);
                break;
            default:
                for (uint32_t i = 0; i < count; i++) {
                    versions[block + i] = round * 2;
                    content(buffer + (size_t)i * BLOCK, block + i, seed, round * 2);
                }
                transfer(1, block, count);
        }
    }
    for (uint32_t b = 0; b < blocks; b += MAX_BLOCKS) compare(b, blocks - b < MAX_BLOCKS ? blocks - b : MAX_BLOCKS, seed, versions);
    printf("CHURN %u operations, discard %s\n", rounds, discards ? "used" : "not supported");
}

/* What endure does as its operation of a number, the same whenever it is asked. */
struct operation {
    enum { WRITE, DISCARD, FLUSH } kind;
    uint32_t block, count;
};

static struct operation operation(uint64_t seed, uint32_t number) {
    struct operation o;
    state = (seed ^ (uint64_t)number << 32) * 0x9E3779B97F4A7C15ull;
    uint32_t kind = random_below(12);
    o.kind = kind < 2 ? FLUSH : kind == 2 ? DISCARD : WRITE;
    o.count = 1 + random_below(1u << random_below(7));
    o.block = random_below(blocks - o.count + 1);
    return o;
}

static int touches(struct operation o, uint32_t block) {
    return o.kind != FLUSH && block >= o.block && block < o.block + o.count;
}

enum { SECTOR = 512, MAX_LATER = 20000 };

/* Whether a sector of a block is as a version left it, or zeros. */
static int sector_is(const uint8_t *got, uint32_t block, uint32_t sector, uint64_t seed, uint32_t version, int zeros) {
    static uint8_t expected[BLOCK];
    if (zeros) {
        memset(expected, 0, SECTOR);
        return memcmp(got, expected, SECTOR) == 0;
    }
    content(expected, block, seed, version);
    return memcmp(got, expected + sector * SECTOR, SECTOR) == 0;
}

static void endured(const char *name, uint64_t seed, uint32_t flushed) {
    uint32_t *versions = calloc(blocks, sizeof *versions);
    uint8_t *discarded = calloc(blocks, 1);
    struct operation *later = calloc(MAX_LATER, sizeof *later);
    uint32_t newer = 0, last = flushed;
    if (!versions || !discarded || !later) die("memory");
    for (uint32_t number = 1; number <= flushed; number++) {
        struct operation o = operation(seed, number);
        for (uint32_t i = 0; o.kind != FLUSH && i < o.count; i++) {
            if (o.kind == WRITE) versions[o.block + i] = number;
            discarded[o.block + i] = o.kind == DISCARD;
        }
    }
    for (uint32_t i = 0; i < MAX_LATER; i++) later[i] = operation(seed, flushed + 1 + i);
    for (uint32_t block = 0; block < blocks; block++) {
        if (block % MAX_BLOCKS == 0) transfer(0, block, blocks - block < MAX_BLOCKS ? blocks - block : MAX_BLOCKS);
        for (uint32_t sector = 0; sector < BLOCK / SECTOR; sector++) {
            const uint8_t *got = buffer + (size_t)(block % MAX_BLOCKS) * BLOCK + sector * SECTOR;
            /* Discarded: zeros, or what was there. */
            int found = sector_is(got, block, sector, seed, versions[block], 0) ||
                        (discarded[block] && sector_is(got, block, sector, seed, 0, 1));
            for (uint32_t i = 0; i < MAX_LATER && !found; i++) {
                if (!touches(later[i], block)) continue;
                found = sector_is(got, block, sector, seed, flushed + 1 + i, later[i].kind == DISCARD);
                newer += (uint32_t)found;
                if (found && flushed + 1 + i > last) last = flushed + 1 + i;
            }
            if (!found) die("%s: sector %u of block %u is not as operation %u or a later one left it", name, sector, block, flushed);
        }
    }
    printf("ENDURED %s, %u operations acknowledged, %u sectors of later ones, up to %u\n", name, flushed, newer, last);
    fflush(stdout);
    free(versions);
    free(discarded);
    free(later);
}

static void endure(const char *name, uint64_t seed) {
    fill(seed);
    printf("FLUSHED %s 0\n", name);
    fflush(stdout);
    for (uint32_t number = 1;; number++) {
        struct operation o = operation(seed, number);
        uint64_t range[2] = {(uint64_t)o.block * BLOCK, (uint64_t)o.count * BLOCK};
        switch (o.kind) {
            case FLUSH:
                if (fdatasync(device)) die("flush");
                printf("FLUSHED %s %u\n", name, number);
                fflush(stdout);
                break;
            case DISCARD:
                if (ioctl(device, BLKDISCARD, range) && errno != EOPNOTSUPP) die("discard");
                break;
            case WRITE:
                for (uint32_t i = 0; i < o.count; i++) content(buffer + (size_t)i * BLOCK, o.block + i, seed, number);
                transfer(1, o.block, o.count);
        }
    }
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* What is asked for again and again. */
struct pattern {
    const char *name;
    int writing, scattered, flushed;
    uint32_t piece, requests;
};

static const struct pattern patterns[] = {
    {"write-1M", 1, 0, 0, 256, SPEED_BYTES / BLOCK / 256},
    {"read-1M", 0, 0, 0, 256, SPEED_BYTES / BLOCK / 256},
    {"write-64k", 1, 0, 0, 16, SPEED_BYTES / BLOCK / 16},
    {"read-64k", 0, 0, 0, 16, SPEED_BYTES / BLOCK / 16},
    {"random-read-4k", 0, 1, 0, 1, RANDOM_REQUESTS},
    {"random-write-4k", 1, 1, 0, 1, RANDOM_REQUESTS},
    {"write-and-flush-4k", 1, 1, 1, 1, FLUSHES},
};

/* A pattern's usual number of requests, once or until some seconds are over; how many a second. */
static double rate(const struct pattern *p, double seconds) {
    double start = now(), end;
    uint32_t block = 0, done = 0;
    do {
        for (uint32_t i = 0; i < p->requests; i++, done++) {
            transfer(p->writing, p->scattered ? random_below(blocks) : block, p->piece);
            block = (block + p->piece) % (blocks - p->piece);
            if (p->flushed && fdatasync(device)) die("flush");
        }
        if (p->writing && fdatasync(device)) die("flush");
        end = now();
    } while (end - start < seconds);
    return done / (end - start);
}

static void print_speed(const struct pattern *p, const char *when, double rate) {
    if (p->scattered) {
        printf("SPEED %s%s %.0f requests/s\n", p->name, when, rate);
    } else {
        printf("SPEED %s%s %.1f MiB/s\n", p->name, when, rate * p->piece * BLOCK / (1 << 20));
    }
}

static void speed(double seconds, const char *only) {
    enum { COUNT = sizeof patterns / sizeof *patterns };
    for (int i = 0; i < COUNT; i++) print_speed(&patterns[i], "", rate(&patterns[i], 0));
    for (int i = 0; i < COUNT && seconds > 0; i++) {
        if (only && strcmp(only, patterns[i].name)) continue;
        rate(&patterns[i], seconds);
        print_speed(&patterns[i], "-sustained", rate(&patterns[i], seconds));
    }
}

int main(int argc, char **argv) {
    uint64_t bytes, seed = argc > 3 ? strtoull(argv[3], NULL, 10) : 0;
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc < 3) die("usage: disktest fill|check|churn|speed DEVICE [SEED [N]]");
    device = open(argv[2], O_RDWR | O_DIRECT);
    if (device < 0) die("open %s", argv[2]);
    if (ioctl(device, BLKGETSIZE64, &bytes)) die("size of %s", argv[2]);
    blocks = (uint32_t)(bytes / BLOCK);
    if (blocks <= MAX_BLOCKS) die("%s is too small", argv[2]);
    if (posix_memalign((void **)&buffer, BLOCK, (size_t)MAX_BLOCKS * BLOCK)) die("memory");
    if (!strcmp(argv[1], "fill")) {
        fill(seed);
    } else if (!strcmp(argv[1], "check")) {
        check(seed);
    } else if (!strcmp(argv[1], "churn")) {
        churn(seed, argc > 4 ? (uint32_t)strtoul(argv[4], NULL, 10) : 1000);
    } else if (!strcmp(argv[1], "endure") && argc > 5) {
        if (argv[4][0] != '-') endured(argv[2], seed, (uint32_t)strtoul(argv[4], NULL, 10));
        endure(argv[2], strtoull(argv[5], NULL, 10));
    } else if (!strcmp(argv[1], "speed")) {
        speed(argc > 3 ? strtod(argv[3], NULL) : 0, argc > 4 ? argv[4] : NULL);
    } else {
        die("unknown command %s", argv[1]);
    }
    puts("DISKTEST ok");
    return 0;
}
