/*
 * Inside of x8-adbd: the program around the daemon's double.
 */
#ifndef AD_MAIN_H
#define AD_MAIN_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define STATUS_USAGE   2
#define STATUS_SKIP    77 /* what ctest takes for skipped */
#define MAX_BOARDS     16
#define MAX_BOARD_ARGS 64

/* A board of the front end: its folder, its place on the network, its present boot. */
struct board {
    size_t number; /* from 1 */
    char dir[512], label[24];
    char *daemon_words[MAX_BOARD_ARGS], *root_words[MAX_BOARD_ARGS];
    size_t daemon_count, root_count;
    int64_t down_ms;
    int port, listen_fd, ready_fd, is_forbidden;
    pid_t boot;
    int64_t back_at_us; /* 0: on, or off for good */
};

int64_t now_us(void);

/* Sort a word to the daemon, to the root folder, or to the front end. 0 or -1, said on stderr. */
int board_word(struct board *b, const char *word);
/* Its folder and its port. */
int board_make(struct board *b);
/* One boot. With `wait` until the daemon listens. */
int board_boot(struct board *b, int wait);
/* Its boot has ended: off, or back later. */
void board_ended(struct board *b, int status);
void board_off(struct board *b);
void board_remove(struct board *b);

/* A child without our signal mask, that dies with us. argv[0] is searched for. -1, said on stderr.
 */
pid_t start_child(char *const argv[], int own_group);

/* The daemon itself, inside the sandbox: argv behind the program's name. */
int serve_main(char **argv);

#endif
