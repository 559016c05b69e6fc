/*
 * Linux on the virtual board: a root folder, and the daemon's double in its sandbox, whose byte
 * stream is carried between a socket and the model's ADB endpoints (vb_linux_*). One thread for
 * each board that has the word adbd=.
 */
#ifndef UMOCK_LINUX_H
#define UMOCK_LINUX_H

#include "umock.h"

#define UM_LINUX_WORDS 64

struct um_linux {
    struct um_board *board;
    size_t number; /* from 1 */
    char dir[512]; /* the root */
    char program[512];
    char *daemon_words[UM_LINUX_WORDS], *root_words[UM_LINUX_WORDS];
    size_t daemon_count, root_count;
    int listen_fd;             /* what the daemon accepts on, boot after boot */
    int files[UM_LINUX_WORDS]; /* that its words name, by their descriptors */
    size_t file_count;

    pthread_t thread;
    int has_thread;
    int wake[2]; /* a byte for the thread; its reading end is also what it drains */
    /* With the lock of the world. */
    int stop, is_ready, is_hopeless; /* hopeless: no sandbox here, or words it does not take */
    int status;                      /* of the daemon, when hopeless */
    int fd;                          /* the link to the daemon, -1 for none */
    unsigned boot, link;             /* of the model, as they were when pid and fd were made */
    int is_up;
    int wants_room; /* bytes of the daemon wait for room in the model */
    /* The thread's own. */
    pid_t pid;
    int pid_fd, ready_fd;
    int64_t again_us;
};

/* umock_linux.c: make the roots, begin to boot, wait until those that were found running do. 0, or
 * the status to end with (2, or 77 where sandboxes are not allowed), said on stderr. */
int um_linux_open(struct um_world *world);
/* All daemons are gone afterwards. */
void um_linux_close(struct um_world *world);
/* After a step of the model, with the lock: bytes for the daemon, news for the thread. */
void um_linux_step(struct um_board *board);

/* umock_linux_relay.c: the thread. */
void *um_linux_main(void *ctx);

/* umock_linux_make.c: sort the words, make the root. 0 or -1, said on stderr. */
int um_linux_make(struct um_linux *linux_os);
void um_linux_free(struct um_linux *linux_os);
/* Start a program of ours with a clean environment; `keep` are descriptors it inherits, ended by
 * -1. Its pid or -1. */
pid_t um_linux_spawn(char *const argv[], const int *keep);
const char *um_linux_script(const char *name, char *out, size_t cap);
/* A folder for what lives as long as this program, made at the first call; NULL when it cannot be.
 */
const char *um_work_folder(void);
void um_work_remove(void);

#endif
