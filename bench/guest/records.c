/* Records, strings and calls, as programs of the old school do: linked records, comparisons, copies, a small parser. */
#include "guest.h"

struct record {
    struct record *link;
    i32 kind, number;
    char name[32];
    union {
        struct {
            i32 value;
            char text[32];
        } plain;
        struct {
            char first, second;
            i32 sums[4];
        } pair;
    } as;
};

static struct record pool[64];

static u32 length(const char *s) {
    const char *p = s;
    while (*p) p++;
    return (u32)(p - s);
}

__attribute__((noinline)) static int compare(const char *a, const char *b) {
    while (*a && *a == *b) a++, b++;
    return (u8)*a - (u8)*b;
}

__attribute__((noinline)) static void copy(char *to, const char *from) {
    while ((*to++ = *from++)) {}
}

__attribute__((noinline)) static char *decimal(char *to, u32 value) {
    char digits[12];
    int n = 0;
    do digits[n++] = (char)('0' + value % 10);
    while (value /= 10);
    while (n) *to++ = digits[--n];
    *to = 0;
    return to;
}

__attribute__((noinline)) static u32 parse(const char *s) {
    u32 value = 0;
    for (; *s; s++)
        if (*s >= '0' && *s <= '9') value = value * 10 + (u32)(*s - '0');
    return value;
}

__attribute__((noinline)) static i32 classify(const struct record *r, char c) {
    switch (r->kind) {
        case 0: return r->as.plain.value + c;
        case 1: return r->as.pair.sums[c & 3];
        case 2: return (i32)length(r->name);
        default: return -1;
    }
}

static struct record *find(struct record *list, const char *name) {
    for (; list; list = list->link)
        if (compare(list->name, name) == 0) return list;
    return 0;
}

u32 records(u32 rounds) {
    u32 sum = 0;
    for (u32 i = 0; i < 64; i++) {
        struct record *r = &pool[i];
        r->link = i ? &pool[i - 1] : 0;
        r->kind = (i32)(i % 3);
        copy(r->name, "record number ");
        decimal(r->name + length(r->name), i * 37);
        r->as.plain.value = (i32)i;
    }
    for (u32 run = 0; run < rounds * 40000; run++) {
        char name[32];
        copy(name, "record number ");
        decimal(name + 14, run % 16 * 4 * 37 + 60 * 37 % 5);
        struct record *r = find(&pool[63 - (run & 1)], name);
        if (r) {
            struct record local = *r;
            local.number = (i32)run;
            local.as.pair.first = (char)run;
            *r = local;
            sum += (u32)classify(&local, name[15]);
        } else {
            r = &pool[run & 63];
            r->number ^= (i32)sum;
            sum += parse(name) + (u32)classify(r, name[14]);
        }
        sum = sum << 1 | sum >> 31;
    }
    return digest(sum, pool[5].name, sizeof pool[5].name);
}
