/*
 * The program of the benchmark's guest. Each kernel prints "BENCH name begin" and "BENCH name end CHECKSUM MICROSECONDS",
 * so that whoever watches the console can time it from outside, by one clock for every emulator; the microseconds are the
 * guest's own.
 *
 *   kernels all ROUNDS            every kernel
 *   kernels one NAME ROUNDS       one of them
 *   kernels run NAME COMMAND      a shell command as a kernel; the checksum is of its output
 *   kernels data KIBIBYTES        text that compresses like text, on standard output
 *   kernels exit                  nothing: what fork_exec executes
 */
#include "guest.h"

u8 scratch_bytes[SCRATCH_BYTES];
u32 scratch_words[SCRATCH_WORDS];

long syscall6(long number, long a, long b, long c, long d, long e, long f) {
    long result;
#ifdef __x86_64__
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "0"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
#else
    long last[2] = {f, number}; /* all registers are taken: EBP is loaded last */
    __asm__ volatile(
        "pushl %%ebp\n\t"
        "movl (%%eax), %%ebp\n\t"
        "movl 4(%%eax), %%eax\n\t"
        "int $0x80\n\t"
        "popl %%ebp"
        : "=a"(result)
        : "0"(last), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e)
        : "memory");
#endif
    return result;
}

/* What compilers call even in freestanding programs. */
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

static unsigned length(const char *text) {
    unsigned n = 0;
    while (text[n]) n++;
    return n;
}

static void print_to(int file, const char *text) { syscall3(SYS_WRITE, file, (long)text, length(text)); }

void fail(const char *what) {
    print_to(1, "BENCH failed: ");
    print_to(1, what);
    print_to(1, "\n");
    syscall3(SYS_EXIT, 1, 0, 0);
    __builtin_unreachable();
}

void *map_memory(unsigned long bytes, int executable) {
    long at = syscall6(SYS_MMAP, 0, (long)bytes, executable ? 7 : 3, 0x22, -1, 0);
    if (at < 0 && at > -4096) fail("mmap");
    return (void *)at;
}

u32 digest(u32 hash, const void *data, unsigned long bytes) {
    const u8 *p = data;
    while (bytes--) hash = (hash ^ *p++) * 0x01000193u;
    return hash;
}

static int same(const char *a, const char *b) {
    while (*a && *a == *b) a++, b++;
    return *a == *b;
}

static u32 number(const char *text) {
    u32 value = 0;
    for (; *text >= '0' && *text <= '9'; text++) value = value * 10 + (u32)(*text - '0');
    return value;
}

static char *append(char *to, const char *text) {
    while (*text) *to++ = *text++;
    *to = 0;
    return to;
}

static u64 microseconds(void) {
    long now[2]; /* seconds, nanoseconds */
    syscall3(SYS_CLOCK_GETTIME, 1, (long)now, 0);
    return (u64)now[0] * 1000000 + (u32)now[1] / 1000;
}

/* Waits until the console has really sent what was written. */
static void drain(void) { syscall3(SYS_IOCTL, 1, 0x5409, 1); }

static void begin(const char *name) {
    char line[64];
    append(append(append(line, "BENCH "), name), " begin\n");
    print_to(1, line);
    drain();
}

static void end(const char *name, u32 sum, u64 took) {
    char line[96], *p = append(append(append(line, "BENCH "), name), " end ");
    for (int i = 0; i < 8; i++) *p++ = "0123456789abcdef"[sum >> (28 - 4 * i) & 15];
    *p++ = ' ';
    char digits[20];
    int n = 0;
    u32 rest = (u32)took; /* an hour fits */
    do digits[n++] = (char)('0' + rest % 10);
    while (rest /= 10);
    while (n) *p++ = digits[--n];
    append(p, "\n");
    print_to(1, line);
    drain();
}

static const struct {
    const char *name;
    u32 (*run)(u32 rounds);
} kernels[] = {
    {"sieve", sieve}, {"crc32", crc32}, {"sha256", sha256}, {"quicksort", sort}, {"matrix", matrix}, {"fib", fibonacci},
    {"records", records}, {"muldiv", muldiv}, {"switch", bytecode}, {"chase", chase}, {"rep_small", rep_small},
    {"rep_large", rep_large}, {"stride", stride}, {"nbody_x87", nbody_x87}, {"nbody_sse2", nbody_sse2},
    {"self_modify", self_modify}, {"faults", faults}, {"syscalls", syscalls}, {"fork_exec", fork_exec},
    {"ping_pong", ping_pong},
};

static void run_kernels(const char *name, u32 rounds) {
    for (unsigned i = 0; i < sizeof kernels / sizeof *kernels; i++) {
        if (name && !same(name, kernels[i].name)) continue;
        begin(kernels[i].name);
        u64 start = microseconds();
        u32 sum = kernels[i].run(rounds);
        end(kernels[i].name, sum, microseconds() - start);
    }
}

static void run_command(const char *name, char *command) {
    static char shell[] = "/bin/sh", option[] = "-c", path[] = "PATH=/bin";
    char *arguments[] = {shell, option, command, 0}, *environment[] = {path, 0};
    int pipe[2];
    begin(name);
    u64 start = microseconds();
    if (syscall3(SYS_PIPE, (long)pipe, 0, 0)) fail("pipe");
    long child = syscall3(SYS_FORK, 0, 0, 0);
    if (child < 0) fail("fork");
    if (child == 0) {
        syscall3(SYS_DUP2, pipe[1], 1, 0);
        syscall3(SYS_EXECVE, (long)shell, (long)arguments, (long)environment);
        fail("exec");
    }
    int status = -1;
    u32 sum = DIGEST_START;
    syscall3(SYS_CLOSE, pipe[1], 0, 0);
    for (;;) {
        long got = syscall3(SYS_READ, pipe[0], (long)scratch_bytes, SCRATCH_BYTES);
        if (got <= 0) break;
        sum = digest(sum, scratch_bytes, (unsigned long)got);
    }
    syscall6(SYS_WAIT4, child, (long)&status, 0, 0, 0, 0);
    if (status != 0) fail(name);
    end(name, sum, microseconds() - start);
}

/* Words of a small vocabulary, the frequent ones more often. */
static void data(u32 kibibytes) {
    u32 seed = 7;
    for (u32 block = 0; block < kibibytes; block++) {
        char *p = (char *)scratch_bytes, *limit = p + 1024;
        while (p < limit) {
            u32 word = next(&seed) >> 16;
            word = (word & 63) * (word >> 10) / 3 % 1500;
            u32 letters = word * 2654435761u;
            for (u32 n = 2 + word % 7; n; n--, letters = letters / 26 + letters * 31) *p++ = (char)('a' + letters % 26);
            *p++ = word % 11 ? ' ' : '\n';
        }
        syscall3(SYS_WRITE, 1, (long)scratch_bytes, 1024);
    }
}

/* Called with the first stack pointer, where the kernel has left the arguments' count and the arguments. */
__attribute__((used, noreturn)) static void start(long *stack) {
    long count = stack[0];
    char **arguments = (char **)(stack + 1);
    const char *verb = count > 1 ? arguments[1] : "all";
    if (same(verb, "all")) run_kernels(0, count > 2 ? number(arguments[2]) : 10);
    else if (same(verb, "one") && count > 3) run_kernels(arguments[2], number(arguments[3]));
    else if (same(verb, "run") && count > 3) run_command(arguments[2], arguments[3]);
    else if (same(verb, "data") && count > 2) data(number(arguments[2]));
    else if (!same(verb, "exit")) fail("arguments");
    syscall3(SYS_EXIT, same(verb, "exit") ? 7 : 0, 0, 0);
    __builtin_unreachable();
}

#ifdef __x86_64__
__asm__(".globl _start\n_start: mov %rsp, %rdi\n and $-16, %rsp\n call start\n");
#else
__asm__(".globl _start\n_start: mov %esp, %eax\n and $-16, %esp\n sub $12, %esp\n push %eax\n call start\n");
#endif
