/* Measures a network from inside a guest, against bench/net/Peer.java: bytes a second in either direction, time of a
 * round trip, time to connect. Every byte that is received is compared with what the peer must have sent. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PIECE = 64 << 10, PATTERN = 251, CONNECTIONS = 50 };

static struct sockaddr_in peer;
static uint8_t buffer[PIECE + PATTERN];
static uint8_t pattern[PIECE + PATTERN];

static void die(const char *what, ...) {
    va_list list;
    va_start(list, what);
    fputs("nettest: ", stdout);
    vprintf(what, list);
    printf(" failed: %s\n", strerror(errno));
    exit(1);
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int open_stream(const char *wish) {
    int one = 1, s = socket(AF_INET, SOCK_STREAM, 0);
    if (s < 0 || connect(s, (struct sockaddr *)&peer, sizeof peer)) die("connect");
    setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (write(s, wish, strlen(wish)) != (ssize_t)strlen(wish)) die("write");
    return s;
}

static void receive(uint64_t bytes) {
    char wish[40];
    uint64_t done = 0;
    double start = now();
    snprintf(wish, sizeof wish, "SEND %llu\n", (unsigned long long)bytes);
    int s = open_stream(wish);
    for (;;) {
        ssize_t n = read(s, buffer, PIECE);
        if (n < 0) die("read");
        if (n == 0) break;
        if (memcmp(buffer, pattern + done % PATTERN, (size_t)n)) {
            errno = EIO;
            die("comparing what came after %llu bytes", (unsigned long long)done);
        }
        done += (uint64_t)n;
    }
    if (done != bytes) {
        errno = EIO;
        die("%llu bytes instead of %llu", (unsigned long long)done, (unsigned long long)bytes);
    }
    printf("SPEED receive %.1f MiB/s\n", (double)bytes / (1 << 20) / (now() - start));
    close(s);
}

static void transmit(uint64_t bytes) {
    char wish[40], answer[4];
    double start = now();
    snprintf(wish, sizeof wish, "SINK %llu\n", (unsigned long long)bytes);
    int s = open_stream(wish);
    for (uint64_t done = 0; done < bytes;) {
        size_t length = bytes - done < PIECE ? (size_t)(bytes - done) : PIECE;
        ssize_t n = write(s, pattern + done % PATTERN, length);
        if (n <= 0) die("write");
        done += (uint64_t)n;
    }
    if (read(s, answer, sizeof answer) < 3 || memcmp(answer, "OK\n", 3)) die("what the peer has counted and compared");
    printf("SPEED send %.1f MiB/s\n", (double)bytes / (1 << 20) / (now() - start));
    close(s);
}

static int compare_double(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void round_trips(const char *name, int s, unsigned count) {
    double *took = calloc(count, sizeof *took);
    if (!took) die("memory");
    for (unsigned i = 0; i < count; i++) {
        uint8_t out = (uint8_t)i, in = (uint8_t)~i;
        double start = now();
        if (write(s, &out, 1) != 1 || read(s, &in, 1) != 1 || in != out) die("round trip %u", i);
        took[i] = now() - start;
    }
    qsort(took, count, sizeof *took, compare_double);
    printf("SPEED %s-median %.0f us\n", name, took[count / 2] * 1e6);
    printf("SPEED %s-p95 %.0f us\n", name, took[count * 95 / 100] * 1e6);
    free(took);
}

static void connections(void) {
    double start = now();
    for (int i = 0; i < CONNECTIONS; i++) close(open_stream("SINK 0\n"));
    printf("SPEED connect %.0f us\n", (now() - start) * 1e6 / CONNECTIONS);
}

int main(int argc, char **argv) {
    struct timeval patience = {30, 0};
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc != 5) {
        fputs("usage: nettest ADDRESS PORT MEBIBYTES ROUNDTRIPS\n", stderr);
        return 2;
    }
    peer.sin_family = AF_INET;
    peer.sin_port = htons((uint16_t)atoi(argv[2]));
    if (inet_pton(AF_INET, argv[1], &peer.sin_addr) != 1) die("address %s", argv[1]);
    for (size_t i = 0; i < sizeof pattern; i++) pattern[i] = (uint8_t)(i % PATTERN);
    uint64_t bytes = strtoull(argv[3], NULL, 10) << 20;
    unsigned trips = (unsigned)strtoul(argv[4], NULL, 10);
    receive(bytes);
    transmit(bytes);
    int s = open_stream("ECHO\n");
    round_trips("tcp", s, trips);
    close(s);
    int d = socket(AF_INET, SOCK_DGRAM, 0);
    if (d < 0 || connect(d, (struct sockaddr *)&peer, sizeof peer)) die("socket");
    setsockopt(d, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    round_trips("udp", d, trips);
    connections();
    puts("NETTEST ok");
    return 0;
}
