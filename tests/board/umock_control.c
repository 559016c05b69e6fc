/*
 * Orders while the program runs, one a line, from a FIFO: "0 unplug 500" pulls the cable of the
 * first board and plugs it in again after 500 ms; without a number it stays away. "0 switch 500" is
 * the same with the boot switches set back: the board comes back where reset= leads.
 */
#include "umock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct control {
    struct um_world *world;
    FILE *in;
};

typedef void pull_fn(struct vb *vb, int64_t back_after_us);

static void unplug(struct um_world *world, unsigned long board, long back_ms, pull_fn *pull)
{
    struct um_answers answers = {.count = 0};

    pthread_mutex_lock(&world->lock);
    vb_tick(world->boards[board].vb, um_now_us());
    pull(world->boards[board].vb, back_ms < 0 ? -1 : (int64_t)back_ms * 1000);
    um_board_step(&world->boards[board], &answers);
    pthread_cond_signal(&world->changed);
    pthread_mutex_unlock(&world->lock);
    um_answer_all(&answers);
}

static void obey(struct um_world *world, const char *line)
{
    char *end;
    unsigned long board = strtoul(line, &end, 10);
    int is_switch = strncmp(end, " switch", 7) == 0;
    long back_ms = -1;

    if (end == line || board >= world->count || (strncmp(end, " unplug", 7) != 0 && !is_switch)) {
        fprintf(stderr, "x8-board: not understood: %s", line);
        return;
    }
    if (end[7] == ' ')
        back_ms = strtol(end + 8, NULL, 10);
    unplug(world, board, back_ms, is_switch ? vb_switch_back : vb_unplug);
}

static void *control_main(void *ctx)
{
    struct control *control = ctx;
    char line[128];

    while (fgets(line, sizeof(line), control->in))
        obey(control->world, line);
    fclose(control->in);
    free(control);
    return NULL;
}

int um_control_start(struct um_world *world, const char *path)
{
    struct control *control = calloc(1, sizeof(*control));
    pthread_t thread;

    if (!control)
        abort();
    control->world = world;
    if (mkfifo(path, 0600) && errno != EEXIST) {
        perror(path);
        free(control);
        return -1;
    }
    control->in = fopen(path, "r+e"); /* also the writing end: no end of file between two writers */
    if (!control->in || pthread_create(&thread, NULL, control_main, control)) {
        perror(path);
        if (control->in)
            fclose(control->in);
        free(control);
        return -1;
    }
    pthread_detach(thread);
    return 0;
}
