/*
 * The planets of the Sun, by velocity Verlet steps in double precision. Compiled twice, for the x87 and for SSE2: NBODY is
 * the function's name, STEPS what is in a round.
 */
#include "guest.h"

struct body {
    double x, y, z, vx, vy, vz, mass;
};

enum { BODIES = 5 };

static void advance(struct body *b, double dt) {
    for (int i = 0; i < BODIES; i++)
        for (int j = i + 1; j < BODIES; j++) {
            double dx = b[i].x - b[j].x, dy = b[i].y - b[j].y, dz = b[i].z - b[j].z;
            double squared = dx * dx + dy * dy + dz * dz;
            double force = dt / (squared * __builtin_sqrt(squared));
            b[i].vx -= dx * b[j].mass * force;
            b[i].vy -= dy * b[j].mass * force;
            b[i].vz -= dz * b[j].mass * force;
            b[j].vx += dx * b[i].mass * force;
            b[j].vy += dy * b[i].mass * force;
            b[j].vz += dz * b[i].mass * force;
        }
    for (int i = 0; i < BODIES; i++) {
        b[i].x += dt * b[i].vx;
        b[i].y += dt * b[i].vy;
        b[i].z += dt * b[i].vz;
    }
}

u32 NBODY(u32 rounds) {
    /* A sun and four planets on nearly circular orbits; units in which the constant of gravitation is 1. */
    struct body b[BODIES] = {
        {0, 0, 0, 0, 0, 0, 40.0},        {1.0, 0, 0.01, 0, 6.3, 0.1, 0.0001},   {0, 1.5, -0.02, -5.1, 0, 0.05, 0.0002},
        {-5.2, 0, 0.1, 0, -2.75, 0, 0.04}, {0, -9.5, 0.2, 2.05, 0, 0.02, 0.012},
    };
    for (u32 i = 0; i < rounds * STEPS; i++) advance(b, 0.001);
    u32 hash = DIGEST_START;
    for (int i = 0; i < BODIES; i++) hash = digest(hash, &b[i], 6 * sizeof(double));
    return hash;
}
