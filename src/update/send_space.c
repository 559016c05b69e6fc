/*
 * The folder as it is, and whether there is room for everything until the update is installed.
 * libostree makes no estimate for a local pull: without this one, an installation fails half way.
 */
#include "update/send_parts.h"

#include "util/text.h"

#include <string.h>

#define BLOCK_OF_FS 4096 /* ext4's: what a file takes is a multiple */

static uint64_t plus(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

/* Without overflow: `value` * (1 + `hundredths` / 100). */
static uint64_t grown(uint64_t value, unsigned hundredths)
{
    uint64_t part = value / 100;
    uint64_t more = part > UINT64_MAX / hundredths ? UINT64_MAX : part * hundredths;
    return plus(plus(value, more), value % 100 * hundredths / 100);
}

uint64_t x8_update_need(uint64_t staged, uint64_t new_uncompressed, uint64_t blobs,
                        uint64_t fs_size)
{
    uint64_t need = plus(staged, grown(new_uncompressed, 5));
    need =
        plus(need, plus(grown(blobs, 20), blobs)); /* the store's copy, and what docker unpacks */
    return plus(need, fs_size / 100 * 3);
}

/*
 * df says room in KiB; a name of a file system may hold blanks, so the word that ends in '%' is
 * looked for. Without a folder the numbers are 0.
 */
static const char probe[] =
    "\nLC_ALL=C; set -f\n"
    "room() { local d; d=$(stat -c %d \"$1\" 2>/dev/null) || { echo 0 0 0; return; }\n"
    "set -- $(df -P -k \"$1\" 2>/dev/null | tail -n 1)\n"
    "while [ $# -gt 4 ] && [ \"${5%\\%}\" = \"$5\" ]; do shift; done; echo \"$d ${2:-0} ${4:-0}\"; "
    "}\n"
    "p=${s%/*}; cd \"${p:-/}\" || exit 1; n=./${s##*/}; k=0\n"
    "if [ -L \"$n\" ]; then k=3; elif [ -d \"$n\" ]; then k=2; [ -O \"$n\" ] && k=1\n"
    "elif [ -e \"$n\" ]; then k=4; fi\n"
    "echo \"x8 $k $(id -u) $(id -g) $(room .) $(room \"$r\") end\"\n";

/* KIND UID GID, then DEV KIB FREE of the folder and of the repository. */
int send_take_probe(struct send *send, const char *text, struct x8_error *err)
{
    uint64_t words[9];
    const char *at = strstr(text, "x8 ");
    at = at ? at + 3 : "";
    for (size_t i = 0; i < X8_COUNT(words); i++) {
        char word[24];
        size_t len = strcspn(at, " \n");
        if (len == 0 || len >= sizeof(word) || at[len] != ' ')
            return x8_fail(err, X8_E_LINK, "the board's answer about its space is not readable");
        memcpy(word, at, len);
        word[len] = '\0';
        if (x8_parse_u64(word, &words[i]) < 0 || (i > 0 && words[i] > UINT64_MAX / 1024))
            return x8_fail(err, X8_E_LINK, "the board's answer about its space is not readable");
        at += len + 1;
    }
    if (strncmp(at, "end", 3) != 0 || words[0] > STAGE_FILE)
        return x8_fail(err, X8_E_LINK, "the board's answer about its space is not readable");
    send->kind = (enum send_kind)words[0];
    X8_AUTO_BUF owner = {0};
    if (x8_buf_addf(&owner, "%llu:%llu", (unsigned long long)words[1],
                    (unsigned long long)words[2]) < 0)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    x8_copy(send->owner, sizeof(send->owner), x8_buf_text(&owner));
    send->stage_room = (struct send_room){words[3], words[4] * 1024, words[5] * 1024};
    send->repo_room = (struct send_room){words[6], words[7] * 1024, words[8] * 1024};
    return 0;
}

int send_probe(struct send *send, struct x8_error *err)
{
    X8_AUTO_BUF text = {0};
    X8_AUTO_BUF answer = {0};
    if (x8_buf_addf(&text, "s=") < 0 || x8_quote(&text, send->job->stage) < 0 ||
        x8_buf_addf(&text, "; r=") < 0 || x8_quote(&text, send->repo) < 0 ||
        x8_buf_addf(&text, "%s", probe) < 0)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    int rc = xfer_run(&send->xfer, "look at the folder of the update", x8_buf_text(&text), NULL, 0,
                      X8_RUN_TEXT_MS, &answer, err);
    if (rc == 0)
        rc = send_take_probe(send, x8_buf_text(&answer), err);
    if (rc < 0)
        return rc;
    if (send->kind == STAGE_LINK || send->kind == STAGE_FILE)
        rc = x8_fail(err, X8_E_REFUSED, "%.200s: is %s on the board, not a folder",
                     send->job->stage, send->kind == STAGE_LINK ? "a link" : "a file");
    else if (send->kind == STAGE_OTHERS && !send->job->root)
        rc = x8_fail(err, X8_E_REFUSED, "%.200s: belongs to somebody else on the board",
                     send->job->stage);
    if (rc < 0)
        x8_error_next(err, "remove it:  x8ctl exec --root -- rm -rf %.200s", send->job->stage);
    return rc;
}

static uint64_t blocks(uint64_t size)
{
    return plus(size, BLOCK_OF_FS - 1) / BLOCK_OF_FS * BLOCK_OF_FS;
}

static int no_room(const char *where, uint64_t staged, uint64_t need, uint64_t have,
                   struct x8_error *err)
{
    char need_text[24], have_text[24], staged_text[24];
    x8_size_text(need_text, need);
    x8_size_text(have_text, have);
    x8_size_text(staged_text, staged);
    x8_fail(err, X8_E_BOARD_SPACE, "not enough room on the board: %s needed, %s free in %.100s",
            need_text, have_text, where);
    x8_error_why(err,
                 "%llu bytes needed, %llu free; the update is there twice while it is installed: "
                 "%s as it is sent, the rest unpacked, and a reserve",
                 (unsigned long long)need, (unsigned long long)have, staged_text);
    x8_error_next(err, "make room on the board, then try again; what takes it:  "
                       "x8ctl exec --root -- du -xh -d 2 /var");
    return -X8_E_BOARD_SPACE;
}

int send_judge_space(struct send *send, struct x8_error *err)
{
    const struct send_room *stage = &send->stage_room, *repo = &send->repo_room;
    uint64_t staged = 0, fresh = 0;
    for (size_t i = 0; i < send->things; i++) {
        if (send_is_wanted(send, i))
            staged = plus(staged, blocks(send_size(send, (uint32_t)i)));
        if (i < send->graph->count && !(send->flags[i] & SEND_THERE))
            fresh = plus(fresh, blocks(send->graph->objects[i].size));
    }
    int is_one = repo->size == 0 || repo->dev == stage->dev;
    uint64_t fs_size = is_one ? stage->size : repo->size;
    uint64_t have = plus(stage->free, send->extra_bytes);
    struct x8_sent *out = send->out;
    out->need = x8_update_need(staged, fresh, send->job->bundle->blob_bytes, fs_size);
    out->free = is_one ? have : plus(have, repo->free);
    if (stage->size == 0) {
        x8_emit(&send->xfer.op, X8_EV_WARN, "the board does not say how much room it has");
        return 0;
    }
    if (is_one)
        return out->need > have ? no_room(send->job->stage, staged, out->need, have, err) : 0;
    if (staged > have)
        return no_room(send->job->stage, staged, staged, have, err);
    uint64_t rest = out->need - staged;
    return rest > repo->free ? no_room(send->repo, staged, rest, repo->free, err) : 0;
}
