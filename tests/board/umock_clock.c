/*
 * The time of the boards: one thread that sleeps until the next thing is due, be it the model's own
 * doing, the end of a transfer on a paced link or the limit of a held ioctl.
 */
#include "umock_linux.h"

#include <errno.h>
#include <string.h>
#include <time.h>

int64_t um_now_us(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

void um_answer_all(struct um_answers *answers)
{
    for (size_t i = 0; i < answers->count; i++) {
        umockdev_ioctl_client_complete(answers->list[i].gobj, answers->list[i].result,
                                       answers->list[i].error);
        g_object_unref(answers->list[i].gobj);
    }
    answers->count = 0;
}

/* Write a finished transfer into the program's memory and its address where REAPURB wants it. */
static void deliver(struct um_client *client, UMockdevIoctlData *arg)
{
    struct um_urb *urb = client->done.head;
    struct usbdevfs_urb *out = (void *)urb->data->data;

    client->done.head = urb->next;
    if (!urb->next)
        client->done.tail = &client->done.head;
    um_urb_deliver(urb);
    out->status = urb->status;
    out->actual_length = (int)urb->actual;
    umockdev_ioctl_data_set_ptr(arg, 0, urb->data);
    um_urb_free(urb);
    client->idle = 0;
}

/* What a held ioctl gets now. 0: nothing yet, else *error is set. */
static int held_result(struct um_client *client, int64_t now, int *error)
{
    struct um_node *node = client->node;

    if (client->held == UM_HELD_CLAIM) {
        struct um_client **holder = &node->claimed[client->held_iface];

        if (!*holder)
            *holder = client;
        *error = node->gone ? ENODEV : *holder == client ? 0 : EBUSY;
        return node->gone || *holder == client || now >= client->held_until;
    }
    if (client->done.head) {
        deliver(client, client->held_arg);
        *error = 0;
        return 1;
    }
    *error = node->gone ? ENODEV : client->may_block ? EINTR : EAGAIN;
    return node->gone || now >= client->held_until;
}

/* Answer what can be answered. Returns when the next limit ends. */
static int64_t answer_held(struct um_node *node, int64_t now, struct um_answers *answers)
{
    int64_t next = INT64_MAX;

    for (struct um_client *client = node->clients; client; client = client->next) {
        int error = 0;

        if (client->held == UM_HELD_NONE)
            continue;
        if (answers->count == sizeof(answers->list) / sizeof(answers->list[0]))
            return now; /* go on with these at once, after the answers so far were sent */
        if (!held_result(client, now, &error)) {
            next = client->held_until < next ? client->held_until : next;
            continue;
        }
        answers->list[answers->count++] = (struct um_answer){client->gobj, error ? -1 : 0, error};
        client->held = UM_HELD_NONE;
        if (client->held_arg)
            g_object_unref(client->held_arg);
        client->held_arg = NULL;
    }
    return next;
}

/* The model took the board off the bus, or put it there anew. */
static void check_presence(struct um_board *board)
{
    struct um_node *node = board->node;

    vb_descriptors(board->vb, &board->seen);
    if (node && !node->gone && (!board->seen.present || board->seen.attach != node->attach))
        node->gone = 1;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

void um_board_step(struct um_board *board, struct um_answers *answers)
{
    int64_t now = um_now_us();

    vb_tick(board->vb, now);
    check_presence(board);
    board->next_us = INT64_MAX;
    if (board->node && !board->node->gone) {
        board->next_us = um_urbs_pump(board->node, now);
        check_presence(board);
    }
    board->next_us = earlier(board->next_us, vb_next_us(board->vb));
    for (struct um_node *node = board->nodes; node; node = node->older) {
        if (node->gone)
            um_urbs_end(node, NULL, -ESHUTDOWN);
        board->next_us = earlier(board->next_us, answer_held(node, now, answers));
        um_tty_tell(node);
    }
    um_linux_step(board);
}

static int presence_differs(const struct um_board *board)
{
    const struct um_node *node = board->node;

    if (node && node->gone)
        return 1;
    if (board->seen.present && !node)
        return 1;
    return node && board->seen.access_denied != node->denied;
}

void um_clock_nudge(struct um_world *world, const struct um_board *board)
{
    if (board->next_us < world->sleeps_until || presence_differs(board))
        pthread_cond_signal(&world->changed);
}

static void sleep_until(struct um_world *world, int64_t when)
{
    struct timespec ts = {.tv_sec = (time_t)(when / 1000000),
                          .tv_nsec = (long)(when % 1000000) * 1000};

    world->sleeps_until = when;
    if (when == INT64_MAX)
        pthread_cond_wait(&world->changed, &world->lock);
    else
        pthread_cond_timedwait(&world->changed, &world->lock, &ts);
    world->sleeps_until = 0;
}

/* One round over all boards. Returns when the next one is due; `again` when the bus was changed
 * meanwhile. */
static int64_t round_of_boards(struct um_world *world, int *again)
{
    struct um_answers answers = {.count = 0};
    int64_t next = INT64_MAX;
    int differs = 0;

    for (size_t i = 0; i < world->count; i++) {
        um_board_step(&world->boards[i], &answers);
        next = earlier(next, world->boards[i].next_us);
        differs |= presence_differs(&world->boards[i]);
    }
    *again = differs || answers.count > 0;
    if (!*again)
        return next;
    pthread_mutex_unlock(&world->lock);
    um_answer_all(&answers);
    for (size_t i = 0; differs && i < world->count; i++)
        um_nodes_sync(&world->boards[i]);
    pthread_mutex_lock(&world->lock);
    return next;
}

static void *clock_main(void *ctx)
{
    struct um_world *world = ctx;

    pthread_mutex_lock(&world->lock);
    while (!world->stop) {
        int again = 0;
        int64_t next = round_of_boards(world, &again);

        if (!again && !world->stop)
            sleep_until(world, next);
    }
    pthread_mutex_unlock(&world->lock);
    return NULL;
}

int um_clock_start(struct um_world *world)
{
    return pthread_create(&world->clock, NULL, clock_main, world) ? -1 : 0;
}

void um_clock_stop(struct um_world *world)
{
    pthread_mutex_lock(&world->lock);
    world->stop = 1;
    pthread_cond_signal(&world->changed);
    pthread_mutex_unlock(&world->lock);
    pthread_join(world->clock, NULL);
}
