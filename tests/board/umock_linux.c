/*
 * The boards that have a Linux with a daemon, from the first to the last: made before the program
 * starts, gone after it ended.
 */
#define _GNU_SOURCE /* SOCK_CLOEXEC, pipe2 */
#include "umock_linux.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define STATUS_USAGE 2
#define READY_S      30

/* A name nobody has, made by the kernel, without a place in the file system. */
static int open_door(void)
{
    struct sockaddr name = {.sa_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd >= 0 && (bind(fd, &name, sizeof(sa_family_t)) || listen(fd, 16))) {
        close(fd);
        return -1;
    }
    return fd;
}

static struct um_linux *new_linux(struct um_board *board, size_t number)
{
    struct um_linux *l = calloc(1, sizeof(*l));
    char name[32] = "X8_ROOT";

    if (!l)
        abort();
    l->board = board;
    l->number = number;
    l->fd = l->pid_fd = l->ready_fd = -1;
    l->listen_fd = open_door();
    if (l->listen_fd < 0 || pipe2(l->wake, O_CLOEXEC | O_NONBLOCK)) {
        perror("x8-board: socket");
        abort();
    }
    if (um_linux_make(l)) {
        um_linux_free(l);
        return NULL;
    }
    if (number > 1)
        snprintf(name, sizeof(name), "X8_ROOT%zu", number);
    setenv(name, l->dir, 1);
    return l;
}

/* A board that was found running answers from the start. */
static int await_ready(struct um_world *world, struct um_linux *l)
{
    struct timespec until;
    struct vb_linux is;
    int late = 0, status = 0;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += READY_S;
    pthread_mutex_lock(&world->lock);
    vb_linux(l->board->vb, &is);
    while (is.is_up && !l->is_ready && !l->is_hopeless && !late)
        late = pthread_cond_timedwait(&world->changed, &world->lock, &until) == ETIMEDOUT;
    if (late)
        fprintf(stderr, "x8-board: Linux of board %zu does not come up\n", l->number);
    if (late || l->is_hopeless)
        status = late ? STATUS_USAGE : l->status;
    pthread_mutex_unlock(&world->lock);
    return status;
}

int um_linux_open(struct um_world *world)
{
    struct vb_linux is;
    int status = 0;

    for (size_t i = 0; i < world->count; i++) {
        struct um_board *board = &world->boards[i];
        struct um_linux *l;

        vb_linux(board->vb, &is);
        if (!is.daemon[0])
            continue;
        l = new_linux(board, i + 1);
        if (!l)
            return STATUS_USAGE;
        pthread_mutex_lock(&world->lock);
        board->linux_os = l;
        pthread_mutex_unlock(&world->lock);
        if (pthread_create(&l->thread, NULL, um_linux_main, l))
            abort();
        l->has_thread = 1;
    }
    for (size_t i = 0; i < world->count && !status; i++)
        if (world->boards[i].linux_os)
            status = await_ready(world, world->boards[i].linux_os);
    return status;
}

void um_linux_close(struct um_world *world)
{
    for (size_t i = 0; i < world->count; i++) {
        struct um_linux *l = world->boards[i].linux_os;

        if (!l)
            continue;
        pthread_mutex_lock(&world->lock);
        l->stop = 1;
        world->boards[i].linux_os = NULL;
        pthread_mutex_unlock(&world->lock);
        if (write(l->wake[1], "", 1) < 0)
            perror("x8-board: pipe");
        pthread_join(l->thread, NULL);
        um_linux_free(l);
    }
}
