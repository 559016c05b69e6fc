/*
 * Which name each source gets on the board.
 */
#include "session/push_parts.h"

#include "util/file.h"
#include "util/text.h"

#include <stdlib.h>
#include <string.h>

/* What the user meant by one source. */
struct wish {
    const char *base;
    size_t base_len; /* 0: its contents, as for "." and "app/." */
    int is_dir;
};

static int read_wish(const char *source, struct wish *out, struct x8_error *err)
{
    enum x8_path_kind kind = x8_path_kind(source);
    if (!source[0] || kind == X8_PATH_NONE) {
        x8_fail(err, X8_E_NO_FILE, "%.300s: not on this computer",
                source[0] ? source : "an empty name");
        x8_error_why(err, "nothing has this name here, or its folder cannot be searched");
        x8_error_next(err, "check the name and the folder");
        return -X8_E_NO_FILE;
    }
    out->base = host_base(source, &out->base_len);
    out->is_dir = kind == X8_PATH_DIR;
    return 0;
}

/* The target without slashes at its end (but "/" itself), and whether it had any. */
static char *without_slash(const char *target, int *slash)
{
    char *out = strdup(target);
    size_t len = out ? strlen(out) : 0;
    *slash = len > 0 && out[len - 1] == '/';
    while (len > 1 && out[len - 1] == '/')
        out[--len] = '\0';
    return out;
}

static int refuse(struct x8_error *err, const char *what, const char *why, const char *target)
{
    char shown[200];
    x8_clean(shown, sizeof(shown), target, strlen(target));
    x8_fail(err, X8_E_REFUSED, "%s: %s", shown, what);
    if (why[0])
        x8_error_next(err, "%s", why);
    return -X8_E_REFUSED;
}

/* Sources that go into a folder, or one that gets the target's name? */
enum form { FORM_INTO, FORM_NAME, FORM_MERGE };

static int choose(const struct push *push, const struct wish *wishes, const char *target, int slash,
                  enum form *out, struct x8_error *err)
{
    const struct place *place = &push->place;
    size_t count = push->job->source_count, len;
    const char *last = host_base(target, &len);
    if (place->kind == PLACE_NO_DIR || (place->kind == PLACE_FILE && (slash || count > 1)))
        return refuse(err, "not a folder", "name a folder, or one file for one file", target);
    if (place->kind == PLACE_OTHER)
        return refuse(err, "neither a file nor a folder on the board", "", target);
    *out = slash || place->kind == PLACE_DIR ? FORM_INTO : FORM_NAME;
    if (*out == FORM_INTO && !slash && count == 1 && wishes->is_dir && wishes->base_len == len &&
        memcmp(wishes->base, last, len) == 0)
        *out = FORM_MERGE;
    if (*out != FORM_NAME)
        return 0;
    if (count > 1)
        return refuse(err, "several sources need a folder", "end the target in '/' to have it made",
                      target);
    if (strchr(place->rest, '/'))
        return refuse(err, "the folder around it is not on the board",
                      "make it first (x8ctl exec -- mkdir -p FOLDER), or name a new folder with "
                      "'/' at its end",
                      target);
    if (place->kind == PLACE_FILE && wishes->is_dir)
        return refuse(err, "a file on the board, a folder here", "choose another name", target);
    return 0;
}

/* "REST/BASE" with either part maybe empty. */
static char *root_name(const char *rest, const struct wish *wish, int with_base)
{
    size_t rest_len = strlen(rest), base_len = with_base ? wish->base_len : 0;
    char *out = malloc(rest_len + base_len + 2);
    if (!out)
        return NULL;
    memcpy(out, rest, rest_len);
    if (rest_len && base_len)
        out[rest_len++] = '/';
    memcpy(out + rest_len, base_len ? wish->base : "", base_len);
    out[rest_len + base_len] = '\0';
    return out;
}

/* Folders of the target that are missing become part of what is sent. */
static int add_missing(struct push *push, const char *rest, size_t len, struct x8_error *err)
{
    for (size_t i = 1; i <= len; i++)
        if (rest[i] == '/' || i == len) {
            struct node *node = tree_add(&push->source, rest, i);
            if (!node)
                return x8_fail(err, X8_E_INTERNAL, "out of memory");
            node->kind = NODE_DIR;
            node->mode = 0755;
            node->root = UINT32_MAX;
        }
    return 0;
}

static int no_dots(const char *rest)
{
    for (const char *at = rest; *at; at += strcspn(at, "/"), at += *at == '/') {
        size_t len = strcspn(at, "/");
        if (len == 0 || (len == 1 && *at == '.') || (len == 2 && at[0] == '.' && at[1] == '.'))
            return 0;
    }
    return 1;
}

/* A double slash or "." on the way is no name of its own. */
static void drop_empty(char *rest)
{
    char *to = rest;
    for (const char *at = rest; *at;) {
        size_t len = strcspn(at, "/");
        const char *next = at + len + (at[len] == '/');
        if (len && !(len == 1 && *at == '.')) {
            if (to != rest)
                *to++ = '/';
            memmove(to, at, len);
            to += len;
        }
        at = next;
    }
    *to = '\0';
}

static int walk_all(struct push *push, const struct wish *wishes, enum form form,
                    struct x8_error *err)
{
    const struct x8_transfer *job = push->job;
    const char *rest = push->place.rest;
    /* A new name is a node by the walk; missing folders around it are not. */
    int rc = form == FORM_INTO ? add_missing(push, rest, strlen(rest), err) : 0;
    push->may_exist = form == FORM_MERGE || push->place.kind == PLACE_FILE;
    for (size_t i = 0; i < job->source_count && rc == 0; i++) {
        push->roots[i] = root_name(rest, &wishes[i], form == FORM_INTO);
        if (!push->roots[i])
            return x8_fail(err, X8_E_INTERNAL, "out of memory");
        if (form == FORM_INTO && push->place.kind == PLACE_DIR)
            push->may_exist |= !wishes[i].base_len || push->place.has[i];
        rc = host_walk(&push->xfer.op, job->sources[i], push->roots[i], (unsigned)i, &push->source,
                       err);
    }
    return rc;
}

/* Two nodes of one name: a folder that was added because it is missing gives way to a source's own,
 * anything else is a mistake. */
static int check_names(struct push *push, struct x8_error *err)
{
    struct tree *tree = &push->source;
    size_t kept = 0;
    tree_sort(tree);
    for (size_t i = 0; i < tree->count; i++) {
        struct node *last = kept ? &tree->nodes[kept - 1] : NULL, *node = &tree->nodes[i];
        int same = last && strcmp(last->rel, node->rel) == 0;
        if (same && last->host && node->host)
            return x8_fail(err, X8_E_USAGE,
                           "two sources would get the same name: %.150s and %.150s", last->host,
                           node->host);
        if (same) {
            struct node lone = last->host ? *node : *last;
            if (!last->host)
                *last = *node;
            *node = lone;
            continue;
        }
        struct node swap = tree->nodes[kept];
        tree->nodes[kept++] = *node;
        if (kept - 1 != i)
            *node = swap;
    }
    while (tree->count > kept)
        free(tree->nodes[--tree->count].rel);
    return 0;
}

/* What the sources are called, and where the target leads. */
static int look(struct push *push, struct wish *wishes, const char *target, struct x8_error *err)
{
    size_t count = push->job->source_count;
    char **bases = calloc(count, sizeof(*bases));
    int rc = bases ? 0 : x8_fail(err, X8_E_INTERNAL, "out of memory");
    for (size_t i = 0; i < count && rc == 0; i++) {
        rc = read_wish(push->job->sources[i], &wishes[i], err);
        if (rc == 0 && !(bases[i] = root_name("", &wishes[i], 1)))
            rc = x8_fail(err, X8_E_INTERNAL, "out of memory");
    }
    if (rc == 0)
        rc = place_look(&push->xfer, target, (const char *const *)bases, count, &push->place, err);
    for (size_t i = 0; bases && i < count; i++)
        free(bases[i]);
    free(bases);
    return rc;
}

static int resolve(struct push *push, struct wish *wishes, const char *target, int slash,
                   struct x8_error *err)
{
    enum form form = FORM_INTO;
    int rc = look(push, wishes, target, err);
    if (rc < 0)
        return rc;
    drop_empty(push->place.rest);
    rc = choose(push, wishes, target, slash, &form, err);
    if (rc == 0 && !no_dots(push->place.rest))
        rc = refuse(err, "'..' behind a folder that is not there", "name it without '..'", target);
    if (rc == 0 && !(push->xfer.anchor = strdup(push->place.anchor)))
        rc = x8_fail(err, X8_E_INTERNAL, "out of memory");
    if (rc == 0)
        rc = walk_all(push, wishes, form, err);
    return rc < 0 ? rc : check_names(push, err);
}

int push_resolve(struct push *push, struct x8_error *err)
{
    size_t count = push->job->source_count;
    struct wish *wishes = calloc(count, sizeof(*wishes));
    int slash = 0;
    char *target = without_slash(push->job->target, &slash);
    push->roots = calloc(count, sizeof(*push->roots));
    int rc = wishes && target && push->roots ? resolve(push, wishes, target, slash, err)
                                             : x8_fail(err, X8_E_INTERNAL, "out of memory");
    free(wishes);
    free(target);
    return rc;
}
