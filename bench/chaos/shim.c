/* A machine that misbehaves, put under a process by LD_PRELOAD: fsync that is slow, a disk that is full for a while, a
   clock that steps. Instants are seconds from the one, by the true clock, that a file will hold: the same for every
   process, and none of it happens before there is the file.

   CHAOS_BEGUN=/file       seconds since 1970
   CHAOS_UNDER=/folder     whose files the disk holds
   CHAOS_FULL=FROM,TO      writes there fail with ENOSPC
   CHAOS_FSYNC_MS=N        every fsync and fdatasync takes so much longer
   CHAOS_CLOCK=AT,SECONDS  the wall clock is so much ahead from then on
*/
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static double begun, asked, full_from, full_to, step_at, step_s;
static long fsync_ms;
static const char *under, *begun_file;

__attribute__((constructor)) static void begin(void) {
    const char *full = getenv("CHAOS_FULL"), *step = getenv("CHAOS_CLOCK"), *slow = getenv("CHAOS_FSYNC_MS");
    under = getenv("CHAOS_UNDER");
    begun_file = getenv("CHAOS_BEGUN");
    if (full) sscanf(full, "%lf,%lf", &full_from, &full_to);
    if (step) sscanf(step, "%lf,%lf", &step_at, &step_s);
    if (slow) fsync_ms = atol(slow);
}

static double now(void) {
    struct timespec t;
    syscall(SYS_clock_gettime, CLOCK_REALTIME, &t);
    return t.tv_sec + 1e-9 * t.tv_nsec;
}

/* How long it has gone on; less than 0 before it has begun, which is looked up twenty times a second. */
static double since(void) {
    double t = now();
    if (!begun && begun_file && t - asked > 0.05) {
        FILE *file = fopen(begun_file, "re");
        asked = t;
        if (file) {
            if (fscanf(file, "%lf", &begun) != 1) begun = 0;
            fclose(file);
        }
    }
    return begun ? t - begun : -1;
}

static int is_full(int fd) {
    char link[64], path[4096];
    double t = since();
    if (!under || t < full_from || t >= full_to) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    return n > 0 && (size_t)n >= strlen(under) && !strncmp(path, under, strlen(under));
}

#define NEXT(name) \
    static __typeof__(name) *next; \
    if (!next) next = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

ssize_t write(int fd, const void *data, size_t n) {
    NEXT(write);
    if (is_full(fd)) { errno = ENOSPC; return -1; }
    return next(fd, data, n);
}

ssize_t pwrite(int fd, const void *data, size_t n, off_t at) {
    NEXT(pwrite);
    if (is_full(fd)) { errno = ENOSPC; return -1; }
    return next(fd, data, n, at);
}

ssize_t pwrite64(int fd, const void *data, size_t n, off64_t at) {
    NEXT(pwrite64);
    if (is_full(fd)) { errno = ENOSPC; return -1; }
    return next(fd, data, n, at);
}

int fsync(int fd) {
    NEXT(fsync);
    if (fsync_ms) usleep(1000 * fsync_ms);
    return next(fd);
}

int fdatasync(int fd) {
    NEXT(fdatasync);
    if (fsync_ms) usleep(1000 * fsync_ms);
    return next(fd);
}

int clock_gettime(clockid_t clock, struct timespec *t) {
    NEXT(clock_gettime);
    int done = next(clock, t);
    if (!done && clock == CLOCK_REALTIME && step_s && since() >= step_at) t->tv_sec += (time_t)step_s;
    return done;
}

int gettimeofday(struct timeval *restrict t, void *restrict zone) {
    NEXT(gettimeofday);
    int done = next(t, zone);
    if (!done && step_s && since() >= step_at) t->tv_sec += (time_t)step_s;
    return done;
}

time_t time(time_t *t) {
    time_t s = (time_t)now();
    if (step_s && since() >= step_at) s += (time_t)step_s;
    if (t) *t = s;
    return s;
}
