/*
 * Batches: unpacked in a temporary folder, compared with the list that came along, moved into place
 * and acknowledged. A cut link costs the batches that were on their way and nothing else; what is
 * in place was compared before it came there.
 */
#include "update/send_parts.h"

#include "util/text.h"

#include <stdlib.h>
#include <string.h>

#define BATCH_BYTES  ((uint64_t)64 << 20)
#define BATCH_THINGS 4000
#define LEAST_BYTES  ((uint64_t)2 << 20) /* less is not worth a command */
#define LEAST_THINGS 250
#define PER_STREAM   3 /* so many batches each stream, so that all end at about the same time */

int send_is_wanted(const struct send *send, size_t thing)
{
    uint8_t flags = send->flags[thing];
    if (thing >= send->graph->count)
        return send->files[thing - send->graph->count].phase != SEND_APPS || !(flags & SEND_STAGED);
    if (flags & SEND_STAGED)
        return 0;
    /* Metadata is small, and the installation begins with it. */
    return send->graph->objects[thing].type != X8_OBJECT_FILE || send->job->full ||
           !(flags & SEND_THERE);
}

static int is_early(const struct send *send, size_t thing)
{
    return thing < send->graph->count || send->files[thing - send->graph->count].phase == SEND_APPS;
}

static int by_key(const void *a, const void *b)
{
    const struct send_queued *one = a, *two = b;
    int order = (one->key > two->key) - (one->key < two->key);
    return order ? order : (one->thing > two->thing) - (one->thing < two->thing);
}

static uint64_t sum_key(const uint8_t *sum)
{
    return (uint64_t)x8_get_be32(sum) << 32 | x8_get_be32(sum + 4);
}

static struct send_queued queued(const struct send *send, size_t thing)
{
    return (struct send_queued){
        thing < send->graph->count ? sum_key(send->graph->objects[thing].sum) : UINT64_MAX,
        (uint32_t)thing};
}

int send_queue(struct send *send, int staged, struct x8_error *err)
{
    unsigned streams = send->xfer.session->parallel ? send->xfer.session->parallel : 1;
    uint64_t bytes = 0;
    if (!send->queue)
        send->queue = malloc((send->things + 1) * sizeof(*send->queue));
    if (!send->queue)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    send->queued = send->next = 0;
    for (size_t i = 0; i < send->things; i++) {
        int is_due = staged ? (send->flags[i] & SEND_STAGED) != 0 : send_is_wanted(send, i);
        if (!is_due || !is_early(send, i))
            continue;
        send->queue[send->queued++] = queued(send, i);
        bytes += send_cost(send, (uint32_t)i);
    }
    qsort(send->queue, send->queued, sizeof(*send->queue), by_key);
    send->batch_bytes = bytes / (streams * PER_STREAM);
    if (send->batch_bytes < LEAST_BYTES)
        send->batch_bytes = LEAST_BYTES;
    if (send->batch_bytes > BATCH_BYTES)
        send->batch_bytes = BATCH_BYTES;
    send->batch_things = send->queued / (streams * PER_STREAM);
    if (send->batch_things < LEAST_THINGS)
        send->batch_things = LEAST_THINGS;
    if (send->batch_things > BATCH_THINGS)
        send->batch_things = BATCH_THINGS;
    return 0;
}

/* The next part of the queue within the limits; its length, 0 at the end. */
static size_t take_batch(struct send *send, size_t *out_from, unsigned *out_number)
{
    uint64_t bytes = 0;
    pthread_mutex_lock(&send->xfer.lock);
    size_t from = send->next, to = from;
    while (to < send->queued && to - from < send->batch_things) {
        bytes += send_cost(send, send->queue[to].thing);
        if (to > from && bytes > send->batch_bytes)
            break;
        to++;
    }
    send->next = to;
    *out_number = to > from ? ++send->batches : 0;
    pthread_mutex_unlock(&send->xfer.lock);
    *out_from = from;
    return to - from;
}

/*
 * The list's own lines are counted by their good ends: a line that did not survive the way is one
 * that is missing. Each folder's files are renamed by one mv.
 */
static const char unpack[] =
    "export LC_ALL=C; umask 077; cd t && mkdir $n && cd $n || exit 1\n"
    "tar xof - || { e=$?; cd .. && rm -rf ./$n; exit $e; }\n"
    "sha256sum -c " SEND_SUMS " 2>/dev/null >.said\n"
    "if [ \"$(grep -c ': OK$' .said)\" != $c ]; then\n"
    "echo bad; grep -v ': OK$' .said | head -n 1; cd .. && rm -rf ./$n; exit 0; fi\n"
    "rm -f " SEND_SUMS " .said; p=../../..\n";
static const char place[] =
    "shopt -s nullglob dotglob\n"
    "place() { local f; local -a d=() n=()\n"
    "for f in \"$1\"/*; do if [ -d \"$f\" ]; then d+=(\"$f\"); else n+=(\"$f\"); fi; done\n"
    "if [ ${#n[@]} -gt 0 ]; then [ -d \"$p/$1\" ] || mkdir -p \"$p/$1\" || return 1\n"
    "mv -f \"${n[@]}\" \"$p/$1/\" || return 1; fi\n"
    "for f in \"${d[@]}\"; do place \"$f\" || return 1; done; return 0; }\n"
    "for f in *; do place \"$f\" || exit 1; done\n";
/* In one rename: half of it would look like all of it. */
static const char place_tuf[] = "[ ! -e $p/tuf ] && mv tuf $p/ || exit 1\n";

static int differs(const char *answer, struct x8_error *err)
{
    char name[300] = "a file";
    const char *line = strchr(answer, '\n');
    line = line ? line + 1 : "";
    size_t len = strcspn(line, "\n");
    if (strncmp(answer, "bad\n", 4) == 0 && len)
        x8_clean(name, sizeof(name), line, len);
    x8_fail(err, X8_E_VERIFY, "what arrived on the board is not what was sent");
    x8_error_why(err, "sha256sum on the board: %s", name);
    x8_error_next(err, "try again; if it stays, check the cable and the board's storage");
    return -X8_E_VERIFY;
}

static int send_one(struct send *send, const struct send_queued *items, size_t count,
                    unsigned number, const char *mover, struct x8_error *err)
{
    struct xfer *xfer = &send->xfer;
    struct x8_channel *channel = NULL;
    struct xfer_sink sink;
    X8_AUTO_BUF text = {0};
    X8_AUTO_BUF answer = {0};
    uint64_t len = send_pack_length(send, items, count);
    int rc = board_begin(&text, xfer, err);
    if (rc == 0 && x8_buf_addf(&text, "n=%u c=%zu\n%s%scd .. && rm -rf ./$n && echo placed", number,
                               count, unpack, mover) < 0)
        rc = x8_fail(err, X8_E_INTERNAL, "out of memory");
    if (rc == 0)
        rc = xfer_start(xfer, x8_buf_text(&text), X8_INPUT_COUNT, len, &channel, err);
    if (rc < 0)
        return rc;
    xfer_sink_init(&sink, xfer, channel);
    rc = send_pack(send, items, count, &sink.sink, err);
    /* A command that reads no more has said why. */
    if (rc == 0 || rc == -X8_E_GONE)
        rc = xfer_finish(xfer, channel, "unpack on the board", xfer_patience(len), &answer, err);
    xfer_end(xfer, &channel);
    if (rc == 0 && strcmp(x8_buf_text(&answer), "placed\n") != 0)
        rc = differs(x8_buf_text(&answer), err);
    pthread_mutex_lock(&xfer->lock);
    send->wire += rc == 0 ? len : 0;
    send->out->batches += rc == 0;
    pthread_mutex_unlock(&xfer->lock);
    return rc;
}

int send_each_batch(struct xfer *xfer, struct send *send, send_batch_fn *one, struct x8_error *err)
{
    int rc = 0;
    while (rc == 0 && !atomic_load(&xfer->stopping)) {
        size_t from;
        unsigned number;
        size_t count = take_batch(send, &from, &number);
        if (count == 0)
            break;
        rc = one(send, send->queue + from, count, number, err);
    }
    return rc;
}

static int place_one(struct send *send, const struct send_queued *items, size_t count,
                     unsigned number, struct x8_error *err)
{
    return send_one(send, items, count, number, place, err);
}

static int work(struct xfer *xfer, void *ctx, unsigned i, struct x8_error *err)
{
    (void)i;
    return send_each_batch(xfer, ctx, place_one, err);
}

/* One hand more than streams: while a batch is compared on the board, another one travels. */
int send_batches(struct send *send, struct x8_error *err)
{
    struct xfer *xfer = &send->xfer;
    uint64_t bytes = 0;
    for (size_t i = 0; i < send->things; i++)
        if (send_is_wanted(send, i)) /* refs, config and tuf/ too, which come behind */
            bytes += send_cost(send, (uint32_t)i);
    xfer_enter(xfer, "send", bytes);
    return send->queued ? xfer_crew(xfer, work, send, xfer->session->parallel + 1, err) : 0;
}

int send_last(struct send *send, enum send_phase phase, struct x8_error *err)
{
    X8_AUTO_BUF items = {0};
    size_t count = 0;
    for (size_t i = send->graph->count; i < send->things; i++) {
        struct send_queued item = queued(send, i);
        if (send->files[i - send->graph->count].phase != phase)
            continue;
        if (x8_buf_add(&items, &item, sizeof(item)) < 0)
            return x8_fail(err, X8_E_INTERNAL, "out of memory");
        count++;
    }
    if (count == 0)
        return 0;
    return send_one(send, (const struct send_queued *)(const void *)items.data, count,
                    ++send->batches, phase == SEND_TUF ? place_tuf : place, err);
}
