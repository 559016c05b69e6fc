/*
 * What the board has: the names in its own repository, and what is in the folder already. Both come
 * as one stream and are looked at as they come: 100,000 names are never kept. A wrong name in the
 * board's own list makes the pull on the board fail and nothing worse; what the folder is said to
 * hold is proven by its digests afterwards.
 */
#include "update/send_parts.h"

#include "util/text.h"

#include <string.h>
#include <sys/stat.h>

#define RECORD_MAX ((size_t)8 << 10)
#define LIST_MAX   ((uint64_t)256 << 20) /* three million names */

typedef int take_fn(struct send *send, const char *record, size_t len, struct x8_error *err);

struct list {
    const char *end; /* of a record */
    take_fn *take;
    struct x8_buf rest; /* the start of a record whose end has not come */
    uint64_t bytes;
};

static int unreadable(struct x8_error *err)
{
    return x8_fail(err, X8_E_LINK, "the board's list of files is not readable");
}

static int take_block(struct send *send, struct list *list, const uint8_t *data, size_t len,
                      struct x8_error *err)
{
    size_t end_len = strlen(list->end), from = 0;
    int rc = 0;
    list->bytes += len;
    if (list->bytes > LIST_MAX)
        return x8_fail(err, X8_E_LINK, "the board's list of files has no end");
    for (size_t i = 0; i < len && rc == 0; i++) {
        if (data[i] != (uint8_t)list->end[end_len - 1])
            continue;
        if (x8_buf_add(&list->rest, data + from, i + 1 - from) < 0)
            return x8_fail(err, X8_E_INTERNAL, "out of memory");
        from = i + 1;
        const char *text = x8_buf_text(&list->rest);
        size_t have = list->rest.len;
        if (have < end_len || memcmp(text + have - end_len, list->end, end_len) != 0)
            continue;
        rc = list->take(send, text, have - end_len, err);
        list->rest.len = 0;
    }
    if (rc == 0 && x8_buf_add(&list->rest, data + from, len - from) < 0)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    return rc == 0 && list->rest.len > RECORD_MAX ? unreadable(err) : rc;
}

/* Run a list to its end. The status of the command, or a negative code. */
static int run_list(struct send *send, const struct x8_root *root, const char *text,
                    struct list *list, struct x8_buf *errors, struct x8_error *err)
{
    AUTO_XFER xfer;
    struct x8_channel *channel = NULL;
    struct xfer_reader reader;
    uint8_t block[16384];
    xfer_init(&xfer, send->xfer.session, &send->xfer.op, root);
    int rc = xfer_start(&xfer, text, X8_INPUT_NONE, 0, &channel, err);
    if (rc < 0)
        return xfer_verdict(&xfer, rc, err);
    xfer_reader_init(&reader, &xfer, channel, xfer_patience((uint64_t)send->things * 4000));
    reader.silent = 1;
    while (rc == 0) {
        ssize_t n = x8_read(&reader.reader, block, sizeof(block), err);
        if (n == 0)
            break;
        rc = n < 0 ? (int)n : take_block(send, list, block, (size_t)n, err);
    }
    int status = rc == 0 ? x8_channel_status(channel) : 0;
    if (rc == 0 && status == X8_STATUS_UNKNOWN)
        rc = x8_fail(err, X8_E_GONE, "list the board's files: the link broke");
    if (rc == 0 && status == 0 && list->rest.len)
        rc = unreadable(err);
    if (rc == 0 && errors &&
        x8_buf_addf(errors, "%.*s", (int)reader.errors.len, x8_buf_text(&reader.errors)) < 0)
        rc = x8_fail(err, X8_E_INTERNAL, "out of memory");
    reader.reader.ops->close(&reader.reader);
    xfer_end(&xfer, &channel);
    x8_buf_done(&list->rest);
    rc = xfer_verdict(&xfer, rc, err);
    return rc < 0 ? rc : status;
}

void send_take_object(struct send *send, const char *line, size_t len)
{
    uint8_t sum[X8_SHA256_LEN];
    enum x8_object_type type;
    if (len < 2 || memcmp(line, "./", 2) != 0 ||
        x8_object_parse_path(line + 2, len - 2, sum, &type) < 0)
        return;
    const struct x8_object *object = x8_graph_find(send->graph, sum, type);
    if (object)
        send->flags[object - send->graph->objects] |= SEND_THERE;
}

static int take_object(struct send *send, const char *line, size_t len, struct x8_error *err)
{
    (void)err;
    send_take_object(send, line, len);
    return 0;
}

/*
 * Names alone, also of links: a repository of the board has links as they are. What cannot be
 * listed is sent, so that a failure here costs time and nothing else.
 */
int send_list_board(struct send *send, struct x8_error *err)
{
    X8_AUTO_BUF text = {0};
    int bad = x8_buf_addf(&text, "r=") < 0 || x8_quote(&text, send->repo) < 0 ||
              x8_buf_addf(&text, "; cd \"$r/objects\" 2>/dev/null || exit 3\n"
                                 "find . ! -type d 2>/dev/null") < 0;
    if (bad)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    struct list list = {.end = "\n", .take = take_object};
    int rc = run_list(send, NULL, x8_buf_text(&text), &list, NULL, err);
    if (rc > 0 && send->job->root) {
        list = (struct list){.end = "\n", .take = take_object};
        rc = run_list(send, send->job->root, x8_buf_text(&text), &list, NULL, err);
    }
    if (rc < 0)
        x8_error_prefix(err, "list the board's objects");
    if (rc > 0)
        x8_emit(&send->xfer.op, X8_EV_WARN, "%s of the board cannot be listed: more is sent",
                send->repo);
    return rc < 0 ? rc : 0;
}

static int add_extra(struct send *send, const char *name, size_t len, uint64_t size,
                     struct x8_error *err)
{
    if (x8_buf_add(&send->extras, "./", 2) < 0 || x8_buf_add(&send->extras, name, len) < 0 ||
        x8_buf_add(&send->extras, "", 1) < 0)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    send->extra_bytes += size > UINT64_MAX - send->extra_bytes ? 0 : size;
    return 0;
}

static int starts(const char *name, size_t len, const char *prefix)
{
    return len >= strlen(prefix) && memcmp(name, prefix, strlen(prefix)) == 0;
}

/* Names in it will be removed or trusted, so they must lie where this list looks. */
static int is_inside(const char *name, size_t len)
{
    for (size_t i = 0; i < len;) {
        size_t part = i;
        while (i < len && name[i] != '/')
            i++;
        size_t n = i - part;
        if (n == 0 || (n == 1 && name[part] == '.') ||
            (n == 2 && memcmp(name + part, "..", 2) == 0))
            return 0;
        i++;
    }
    return len && !memchr(name, '\0', len) &&
           (starts(name, len, "ostree_repo/") || starts(name, len, "apps/"));
}

/* The word in front of the next blank, as text of its own. Bytes used, 0: there is none. */
static size_t cut_word(const char *at, size_t len, char *out, size_t cap)
{
    const char *blank = memchr(at, ' ', len);
    size_t n = blank ? (size_t)(blank - at) : 0;
    if (n == 0 || n >= cap)
        return 0;
    memcpy(out, at, n);
    out[n] = '\0';
    return n + 1;
}

int send_take_staged(struct send *send, const char *record, size_t len, struct x8_error *err)
{
    char mode_word[16] = "0x", size_word[24];
    uint64_t size;
    uint32_t mode;
    size_t used = cut_word(record, len, mode_word + 2, sizeof(mode_word) - 2);
    size_t more = used ? cut_word(record + used, len - used, size_word, sizeof(size_word)) : 0;
    if (more == 0 || x8_parse_u32(mode_word, &mode) < 0 || x8_parse_u64(size_word, &size) < 0)
        return unreadable(err);
    const char *name = record + used + more;
    size_t name_len = len - used - more;
    if (name_len < 3 || memcmp(name, "./", 2) != 0 || !is_inside(name + 2, name_len - 2))
        return unreadable(err);
    name += 2;
    name_len -= 2;
    int64_t thing = send_find(send, name, name_len);
    if (thing < 0 || !S_ISREG(mode) || size != send_size(send, (uint32_t)thing))
        return add_extra(send, name, name_len, size, err);
    send->flags[thing] |= SEND_STAGED;
    return 0;
}

/* Two slashes end a record because no name can hold them. tuf/ is not looked at: it always goes
 * first and comes last. */
static const char stage_list[] =
    "; cd -P \"$s\" || exit 1\nset --\n"
    "for d in ostree_repo apps; do [ -L $d ] || [ ! -d $d ] || set -- \"$@\" ./$d; done\n"
    "[ $# -gt 0 ] || exit 0\nset -o pipefail\n"
    "find \"$@\" ! -type d -print0 | xargs -0 -r stat -c '%f %s %n//'";

int send_list_stage(struct send *send, struct x8_error *err)
{
    X8_AUTO_BUF text = {0};
    X8_AUTO_BUF errors = {0};
    struct list list = {.end = "//\n", .take = send_take_staged};
    send->extras.len = 0;
    send->extra_bytes = 0;
    for (size_t i = 0; i < send->things; i++)
        send->flags[i] &= (uint8_t)~SEND_STAGED;
    if (x8_buf_addf(&text, "s=") < 0 || x8_quote(&text, send->job->stage) < 0 ||
        x8_buf_addf(&text, "%s", stage_list) < 0)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    int rc = run_list(send, send->kind == STAGE_OTHERS ? send->job->root : NULL, x8_buf_text(&text),
                      &list, &errors, err);
    if (rc > 0)
        return x8_run_explain("list the folder of the update", rc, x8_buf_text(&errors), err);
    if (rc < 0)
        x8_error_prefix(err, "list the folder of the update");
    return rc;
}
