/* What goes through the guest's kernel: page faults, system calls, processes, pipes. */
#include "guest.h"

u32 faults(u32 rounds) {
    enum { PAGES = 256 };
    u32 sum = 0;
    for (u32 i = 0; i < rounds * 25; i++) {
        u8 *area = map_memory(PAGES * 4096ul, 0);
        for (u32 page = 0; page < PAGES; page++) {
            area[page * 4096ul + (i & 4095)] += (u8)page;
            sum += area[page * 4096ul + (i & 4095)];
        }
        syscall3(SYS_MUNMAP, (long)area, PAGES * 4096l, 0);
    }
    return sum;
}

u32 syscalls(u32 rounds) {
    u32 sum = 0;
    long parent = syscall3(SYS_GETPPID, 0, 0, 0);
    for (u32 i = 0; i < rounds * 80000; i++) sum += syscall3(SYS_GETPPID, 0, 0, 0) == parent ? i : 1;
    return sum;
}

u32 fork_exec(u32 rounds) {
    static char name[] = "/bin/kernels", nothing[] = "exit";
    char *arguments[] = {name, nothing, 0}, *environment[] = {0};
    u32 sum = 0;
    for (u32 i = 0; i < rounds * 60; i++) {
        long child = syscall3(SYS_FORK, 0, 0, 0);
        if (child == 0) {
            syscall3(SYS_EXECVE, (long)name, (long)arguments, (long)environment);
            syscall3(SYS_EXIT, 99, 0, 0);
        }
        if (child < 0) fail("fork");
        int status = -1;
        syscall6(SYS_WAIT4, child, (long)&status, 0, 0, 0, 0);
        sum = sum * 31 + (u32)(status >> 8);
    }
    return sum;
}

u32 ping_pong(u32 rounds) {
    int there[2], back[2];
    if (syscall3(SYS_PIPE, (long)there, 0, 0) || syscall3(SYS_PIPE, (long)back, 0, 0)) fail("pipe");
    u32 trips = rounds * 1500, value = 1, sum = 0;
    long child = syscall3(SYS_FORK, 0, 0, 0);
    if (child < 0) fail("fork");
    if (child == 0) {
        for (u32 i = 0; i < trips; i++) {
            if (syscall3(SYS_READ, there[0], (long)&value, 4) != 4) break;
            value = value * 69069 + 1;
            syscall3(SYS_WRITE, back[1], (long)&value, 4);
        }
        syscall3(SYS_EXIT, 0, 0, 0);
    }
    for (u32 i = 0; i < trips; i++) {
        syscall3(SYS_WRITE, there[1], (long)&value, 4);
        if (syscall3(SYS_READ, back[0], (long)&value, 4) != 4) fail("read from the pipe");
        sum += value;
    }
    syscall6(SYS_WAIT4, child, 0, 0, 0, 0, 0);
    return sum;
}
