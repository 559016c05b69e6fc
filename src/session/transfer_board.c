/*
 * Questions to the board. The commands use only what GNU's tools and busybox have in common; names
 * go in quoted or NUL-separated and come back in front of "//", which no resolved name holds.
 */
#include "session/transfer_board.h"

#include "util/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define CLEANUP_MS 10000

void place_done(struct place *place)
{
    free(place->anchor);
    free(place->rest);
    free(place->has);
    memset(place, 0, sizeof(*place));
}

/*
 * `t` is the name, `d` the deepest folder on its way, `r` the rest. $(...) drops line ends, so a
 * resolved link is read with a mark behind it.
 */
static const char look[] =
    "LC_ALL=C\n"
    "eval \"cd ~${SUDO_USER:-}\" 2>/dev/null\n"
    "case $t in /*) ;; *) t=./$t ;; esac\n"
    "if [ -L \"$t\" ] && [ -f \"$t\" ]; then r=$(readlink -f \"$t\" && echo /) && t=${r%??}; fi\n"
    "d=$t r= p=\n"
    "while [ ! -d \"$d\" ]; do p=$d; r=/${d##*/}$r; d=${d%/*}; [ \"$d\" ] || d=/; done\n"
    "if [ -z \"$p\" ]; then k=dir\n"
    "elif [ \"$p\" != \"$t\" ]; then if [ -e \"$p\" ] || [ -L \"$p\" ]; then k=nodir; else k=none; "
    "fi\n"
    "elif [ -f \"$t\" ] || { [ -L \"$t\" ] && [ ! -e \"$t\" ]; }; then k=file\n"
    "elif [ -e \"$t\" ]; then k=other; else k=none; fi\n"
    "cd -P -- \"$d\" || exit 1\n"
    "printf '%s//\\n' \"kind $k\" \"anchor $PWD\" \"rest $r\" \"dev $(stat -c %d .)\"\n"
    "printf '%s//\\n' \"df $(df -P -k . 2>/dev/null | tail -n 1)\"\n"
    "[ -w . ] && printf '%s//\\n' 'writable yes'\n"
    "i=0; for b; do if [ -e \"./$b\" ] || [ -L \"./$b\" ]; then printf '%s//\\n' \"has $i\"; fi\n"
    "i=$((i + 1)); done; exit 0\n";

static char *copy_of(const char *text, size_t len)
{
    char *copy = malloc(len + 1);
    if (copy) {
        memcpy(copy, text, len);
        copy[len] = '\0';
    }
    return copy;
}

/* The fourth last word of df's line is the room left, in KiB: "... 8000000 39% /var". */
static uint64_t read_df(const char *line)
{
    const char *percent = strstr(line, "% ");
    const char *end = percent;
    char digits[24];
    uint64_t blocks;
    while (end && end > line && end[-1] != ' ')
        end--;
    while (end && end > line && end[-1] == ' ')
        end--;
    const char *start = end;
    while (start && start > line && start[-1] != ' ')
        start--;
    if (!end || end == start || (size_t)(end - start) >= sizeof(digits))
        return UINT64_MAX;
    memcpy(digits, start, (size_t)(end - start));
    digits[end - start] = '\0';
    return x8_parse_u64(digits, &blocks) < 0 || blocks > UINT64_MAX / 1024 ? UINT64_MAX
                                                                           : blocks * 1024;
}

static enum place_kind kind_of(const char *word)
{
    static const char *const words[] = {"none", "file", "dir", "other", "nodir"};
    for (unsigned i = 0; i < X8_COUNT(words); i++)
        if (strcmp(word, words[i]) == 0)
            return (enum place_kind)i;
    return PLACE_OTHER;
}

static void take_fact(struct place *out, const char *key, const char *value, size_t bases)
{
    uint64_t number;
    if (strcmp(key, "kind") == 0)
        out->kind = kind_of(value);
    else if (strcmp(key, "anchor") == 0 && !out->anchor)
        out->anchor = copy_of(value, strlen(value));
    else if (strcmp(key, "rest") == 0 && !out->rest)
        out->rest = copy_of(value + (*value == '/'), strlen(value + (*value == '/')));
    else if (strcmp(key, "dev") == 0 && x8_parse_u64(value, &number) == 0)
        out->dev = number;
    else if (strcmp(key, "df") == 0)
        out->space = read_df(value);
    else if (strcmp(key, "writable") == 0)
        out->writable = 1;
    else if (strcmp(key, "has") == 0 && x8_parse_u64(value, &number) == 0 && number < bases)
        out->has[number] = 1;
}

int place_parse(struct x8_span text, size_t bases, struct place *out, struct x8_error *err)
{
    const char *at = (const char *)text.data, *end = at + text.len;
    *out = (struct place){.space = UINT64_MAX, .has = calloc(bases + 1, 1)};
    while (out->has && text.len && at < end) {
        const char *stop = at;
        while (stop && (end - stop < 3 || memcmp(stop, "//\n", 3) != 0))
            stop = stop < end ? memchr(stop + 1, '/', (size_t)(end - stop - 1)) : NULL;
        char *record = copy_of(at, (size_t)((stop ? stop : end) - at));
        char *blank = record ? strchr(record, ' ') : NULL;
        if (blank) {
            *blank = '\0';
            take_fact(out, record, blank + 1, bases);
        }
        free(record);
        at = stop ? stop + 3 : end;
    }
    if (out->anchor && out->rest && out->anchor[0] == '/')
        return 0;
    place_done(out);
    return x8_fail(err, X8_E_LINK, "the board's answer about the target is not readable");
}

/* A run of slashes is one: two of them end a record of the answer. */
static char *single_slashes(const char *name)
{
    char *out = copy_of(name, strlen(name)), *to = out;
    for (const char *at = name; out && *at; at++)
        if (at[0] != '/' || at[1] != '/')
            *to++ = *at;
    if (out)
        *to = '\0';
    return out;
}

int place_look(struct xfer *xfer, const char *name, const char *const *bases, size_t count,
               struct place *out, struct x8_error *err)
{
    X8_AUTO_BUF text = {0};
    X8_AUTO_BUF answer = {0};
    char *plain = single_slashes(name);
    int bad = !plain || x8_buf_addf(&text, "t=") < 0 || x8_quote(&text, plain) < 0;
    free(plain);
    bad = bad || x8_buf_addf(&text, "; set --") < 0;
    for (size_t i = 0; i < count && !bad; i++)
        bad = x8_buf_addf(&text, " ") < 0 || x8_quote(&text, bases[i]) < 0;
    if (bad || x8_buf_addf(&text, "\n%s", look) < 0)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    int rc = xfer_run(xfer, name, x8_buf_text(&text), NULL, 0, X8_RUN_TEXT_MS, &answer, err);
    return rc < 0 ? rc : place_parse(x8_buf_span(&answer), count, out, err);
}

int board_begin(struct x8_buf *text, const struct xfer *xfer, struct x8_error *err)
{
    int bad = x8_buf_addf(text, "a=") < 0 || x8_quote(text, xfer->anchor) < 0;
    if (!xfer->stage_id[0])
        bad = bad || x8_buf_addf(text, "; cd \"$a\" || exit 1\n") < 0;
    else
        bad =
            bad || x8_buf_addf(text,
                               "; s=\"$a/%s\"; trap 'rm -rf \"$s\"; exit 129' HUP\n"
                               "cd \"$s\" || exit 1; [ \"$(stat -c %%d:%%i .)\" = %s ] || "
                               "{ echo 'somebody exchanged the temporary folder' >&2; exit 1; }\n",
                               xfer->stage, xfer->stage_id) < 0;
    return bad ? x8_fail(err, X8_E_INTERNAL, "out of memory") : 0;
}

int board_names(struct x8_buf *out, struct node *const *nodes, size_t count, struct x8_error *err)
{
    for (size_t i = 0; i < count; i++)
        if (x8_buf_add(out, "./", 2) < 0 ||
            x8_buf_add(out, nodes[i]->rel, strlen(nodes[i]->rel) + 1) < 0)
            return x8_fail(err, X8_E_INTERNAL, "out of memory");
    return 0;
}

/* Names that are missing make xargs fail; what is missing shows in the answer, so only a status
 * that xargs does not give for a command's own failure (123) counts. */
int board_digests(struct xfer *xfer, int in_stage, struct node *const *nodes, size_t count,
                  uint8_t (*out)[X8_SHA256_LEN], uint8_t *has, struct x8_error *err)
{
    X8_AUTO_BUF text = {0};
    X8_AUTO_BUF names = {0};
    X8_AUTO_BUF answer = {0};
    uint64_t bytes = 0;
    for (size_t i = 0; i < count; i++)
        bytes += nodes[i]->size;
    int rc = board_begin(&text, xfer, err);
    if (rc == 0 && ((in_stage && x8_buf_addf(&text, "cd t || exit 1\n") < 0) ||
                    x8_buf_addf(&text, "xargs -0 -r sha256sum\n"
                                       "e=$?; [ $e = 123 ] && e=0; exit $e") < 0))
        rc = x8_fail(err, X8_E_INTERNAL, "out of memory");
    if (rc == 0)
        rc = board_names(&names, nodes, count, err);
    if (rc == 0)
        rc = xfer_run(xfer, "digests", x8_buf_text(&text), names.data, names.len,
                      xfer_patience(bytes), &answer, err);
    return rc < 0 ? rc : digests_parse(x8_buf_span(&answer), nodes, count, out, has, err);
}

static int stage_name(struct xfer *xfer, struct x8_error *err)
{
    uint8_t nonce[8];
    char hex[sizeof(nonce) * 2 + 1];
    if (getrandom(nonce, sizeof(nonce), 0) != (ssize_t)sizeof(nonce))
        return x8_fail_sys(err, X8_E_INTERNAL, errno, "no random number");
    x8_hex(hex, nonce, sizeof(nonce));
    x8_copy(xfer->stage, sizeof(xfer->stage), ".x8ctl-");
    x8_copy(xfer->stage + 7, sizeof(xfer->stage) - 7, hex);
    return 0;
}

/*
 * The guard makes the folder and then only waits: when the link is cut, its shell gets SIGHUP like
 * all others and removes the folder, again and again until nobody writes into it any more. The
 * trap is set before there is anything to remove. "ready" may find the pipe's reader dead already:
 * that must not kill the guard in front of its trap.
 *
 * What was entered may be something else under the same name by then (board_stage_open): a link
 * shows in $PWD, and a folder becomes ours, closed and empty. chmod, as a default ACL goes before
 * the umask. The guard stays inside, so that nothing else can get the folder's inode number.
 */
static const char guard[] =
    "umask 077; n=0; trap '' PIPE\n"
    "trap 'kill $!; until rm -rf \"$s\" || [ $((n += 1)) -gt 50 ]; do sleep 0.1; done; exit 129' "
    "HUP TERM\n"
    "mkdir \"$s\" && cd -P \"$s\" || exit 1\n"
    "[ \"${PWD##*/}\" = \"${s##*/}\" ] && { [ -O . ] || chown $EUID . 2>/dev/null; "
    "chmod 700 . 2>/dev/null; mkdir t && [ \"$(ls -A)\" = t ] && i=$(stat -c %d:%i .); } || "
    "{ echo 'mkdir: somebody exchanged the temporary folder' >&2; exit 1; }\n"
    "echo ready $i; exec 2>/dev/null; sleep 604800 & wait\n";

/* The temporary folder is ours: who pushes is told of the folder it should stand in, and of the
 * system's word behind the last colon. */
static int no_stage(const struct xfer *xfer, int status, const char *text, struct x8_error *err)
{
    struct x8_error said;
    int rc = x8_run_explain("mkdir", status, text, &said);
    const char *word = strrchr(said.why, ':');
    char folder[300];
    x8_clean(folder, sizeof(folder), xfer->anchor, strlen(xfer->anchor));
    x8_fail(err, said.code, "nothing can be made in %s on the board", folder);
    x8_error_why(err, "%s", word ? word + 1 + strspn(word + 1, " ") : said.why);
    x8_error_next(err, "%s", said.next);
    return rc;
}

/* "ready DEVICE:INODE", the line that the guard says when it stands. */
static int take_ready(struct xfer *xfer, const char *said)
{
    size_t len = strncmp(said, "ready ", 6) == 0 ? strspn(said + 6, "0123456789:") : 0;
    if (len == 0 || len >= sizeof(xfer->stage_id) || said[6 + len] != '\n')
        return 0;
    memcpy(xfer->stage_id, said + 6, len);
    xfer->stage_id[len] = '\0';
    return 1;
}

/* Its line, or what the board complains about. */
static int await_guard(struct xfer *xfer, struct x8_error *err)
{
    char said[512];
    size_t len = 0;
    for (;;) {
        enum x8_output which;
        ssize_t n = x8_channel_read(xfer->guard, &xfer->op, &which, said + len,
                                    sizeof(said) - 1 - len, X8_RUN_TEXT_MS, err);
        if (n < 0)
            return (int)n;
        len += (size_t)n;
        said[len] = '\0';
        if (take_ready(xfer, said))
            return 0;
        if (n == 0 || len == sizeof(said) - 1)
            break;
    }
    int status = x8_channel_status(xfer->guard);
    return no_stage(xfer, status > 0 ? status : 1, said, err);
}

int board_stage_open(struct xfer *xfer, const char *target, struct x8_error *err)
{
    char shown[200];
    X8_AUTO_BUF text = {0};
    struct x8_command command = {.input = X8_INPUT_NONE, .merge_errors = 1};
    int rc = board_begin(&text, xfer, err);
    if (rc == 0)
        rc = stage_name(xfer, err);
    if (rc == 0 && x8_buf_addf(&text, "s=$a/%s; %s", xfer->stage, guard) < 0)
        rc = x8_fail(err, X8_E_INTERNAL, "out of memory");
    if (rc < 0)
        return rc;
    command.text = x8_buf_text(&text);
    rc = xfer_start_command(xfer, &command, &xfer->guard, err);
    if (rc == 0)
        rc = await_guard(xfer, err);
    if (rc < 0) {
        x8_clean(shown, sizeof(shown), target, strlen(target));
        x8_error_prefix(err, "%s", shown);
    }
    return rc;
}

/* The stopped operation takes no more commands, so this one is an operation of its own. */
static void remove_stage(struct xfer *failed)
{
    struct x8_op op = failed->op;
    struct x8_error error;
    X8_AUTO_BUF text = {0};
    AUTO_XFER xfer;
    op.cancel = NULL;
    op.deadline = x8_deadline_in(CLEANUP_MS);
    xfer_init(&xfer, failed->session, &op, failed->root);
    int bad = x8_buf_addf(&text, "rm -rf ") < 0 || x8_quote(&text, failed->anchor) < 0;
    bad = bad || x8_buf_addf(&text, "/%s", failed->stage) < 0;
    if (!bad &&
        xfer_run(&xfer, "clean up", x8_buf_text(&text), NULL, 0, CLEANUP_MS, NULL, &error) == 0)
        return;
    char shown[256];
    x8_clean(shown, sizeof(shown), failed->anchor, strlen(failed->anchor));
    x8_emit(&failed->op, X8_EV_WARN, "a temporary folder may be left on the board: %s/%s", shown,
            failed->stage);
}

void board_stage_close(struct xfer *xfer, int failed)
{
    if (failed && xfer->stage[0])
        remove_stage(xfer);
    xfer_end(xfer, &xfer->guard);
}
