/*
 * What the guest's kernels share. Freestanding: no C library, only Linux system calls. A kernel does the work of
 * {rounds} rounds and returns a checksum, which depends on nothing but the rounds; one round of any kernel takes a
 * comparable time (some tens of milliseconds under QEMU's TCG on a machine of 2026).
 */
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef int i32;

#ifdef __x86_64__
enum {
    SYS_READ = 0, SYS_WRITE = 1, SYS_CLOSE = 3, SYS_MMAP = 9, SYS_MUNMAP = 11, SYS_IOCTL = 16, SYS_PIPE = 22, SYS_DUP2 = 33,
    SYS_FORK = 57, SYS_EXECVE = 59, SYS_EXIT = 60, SYS_WAIT4 = 61, SYS_GETPPID = 110, SYS_CLOCK_GETTIME = 228
};
#else
enum {
    SYS_EXIT = 1, SYS_FORK = 2, SYS_READ = 3, SYS_WRITE = 4, SYS_CLOSE = 6, SYS_EXECVE = 11, SYS_PIPE = 42, SYS_IOCTL = 54,
    SYS_DUP2 = 63, SYS_GETPPID = 64, SYS_MUNMAP = 91, SYS_WAIT4 = 114, SYS_MMAP = 192 /* mmap2 */,
    SYS_CLOCK_GETTIME = 265
};
#endif

long syscall6(long number, long a, long b, long c, long d, long e, long f);

static inline long syscall3(long number, long a, long b, long c) { return syscall6(number, a, b, c, 0, 0, 0); }

/* Private anonymous memory; {executable} or only readable and writable. Ends the program if there is none. */
void *map_memory(unsigned long bytes, int executable);

/* A message on standard error, and the end. */
void fail(const char *what) __attribute__((noreturn));

/* A generator for all that wants to look random: the same numbers everywhere. */
static inline u32 next(u32 *seed) { return *seed = *seed * 1664525u + 1013904223u; }

/* FNV-1a over some bytes. */
u32 digest(u32 hash, const void *data, unsigned long bytes);

enum { DIGEST_START = 0x811C9DC5u };

/* Scratch memory that kernels may leave in any state. */
enum { SCRATCH_BYTES = 1 << 20, SCRATCH_WORDS = 1 << 16 };
extern u8 scratch_bytes[SCRATCH_BYTES];
extern u32 scratch_words[SCRATCH_WORDS];

/* integer.c */
u32 sieve(u32 rounds), crc32(u32 rounds), sha256(u32 rounds), sort(u32 rounds), matrix(u32 rounds);
u32 fibonacci(u32 rounds), muldiv(u32 rounds), bytecode(u32 rounds), chase(u32 rounds);
/* records.c */
u32 records(u32 rounds);
/* memory.c */
u32 rep_small(u32 rounds), rep_large(u32 rounds), stride(u32 rounds), self_modify(u32 rounds);
/* float.c, compiled twice */
u32 nbody_x87(u32 rounds), nbody_sse2(u32 rounds);
/* system.c */
u32 faults(u32 rounds), syscalls(u32 rounds), fork_exec(u32 rounds), ping_pong(u32 rounds);
