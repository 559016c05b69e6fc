/*
 * Runs a command and writes what it cost as one JSON line: wall, user and system seconds, largest
 * resident set, largest anonymous memory. ru_maxrss counts mapped files; the memory a program
 * really needs is its anonymous part, which is sampled from /proc.
 *
 *   meter OUT COMMAND ARG...      the exit status is the command's
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static double now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* kB of anonymous memory of a process now; 0 when it cannot be read. */
static long anon_kb(pid_t pid)
{
    char path[64], line[256];
    long kb = 0;
    FILE *file;

    snprintf(path, sizeof path, "/proc/%ld/status", (long)pid);
    file = fopen(path, "r");
    if (!file)
        return 0;
    while (fgets(line, sizeof line, file))
        if (sscanf(line, "RssAnon: %ld", &kb) == 1)
            break;
    fclose(file);
    return kb;
}

static double seconds(struct timeval tv)
{
    return (double)tv.tv_sec + (double)tv.tv_usec / 1e6;
}

int main(int argc, char **argv)
{
    struct timespec pause = {.tv_nsec = 20000000};
    long anon = 0;
    double start;
    int status, rc;
    struct rusage usage;
    pid_t pid, got;
    FILE *out;

    if (argc < 3) {
        fprintf(stderr, "usage: meter OUT COMMAND ARG...\n");
        return 2;
    }
    start = now();
    rc = posix_spawnp(&pid, argv[2], NULL, NULL, argv + 2, environ);
    if (rc != 0) {
        fprintf(stderr, "meter: %s: %s\n", argv[2], strerror(rc));
        return 127;
    }
    while ((got = waitpid(pid, &status, WNOHANG)) == 0) {
        long kb = anon_kb(pid);

        if (kb > anon)
            anon = kb;
        nanosleep(&pause, NULL);
    }
    if (got < 0 || getrusage(RUSAGE_CHILDREN, &usage) != 0)
        return 126;
    out = fopen(argv[1], "w");
    if (!out)
        return 125;
    fprintf(out, "{\"wall\":%.3f,\"user\":%.3f,\"sys\":%.3f,\"max_rss_kb\":%ld,\"anon_kb\":%ld}\n",
            now() - start, seconds(usage.ru_utime), seconds(usage.ru_stime), usage.ru_maxrss, anon);
    fclose(out);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
