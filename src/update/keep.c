/*
 * Containers kept over an update: what is asked and told to docker and systemd.
 */
#include "update/keep.h"

#include "util/file.h"
#include "util/text.h"

#include <stdio.h>
#include <string.h>

enum { ASK_MS = 60000, DOCKER_MS = 180000, FILE_MAX = 16384 };

/* docker's own rule for names; nothing else gets into a command or a record. */
static int is_name(const char *text, size_t len)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                  "_.-";

    if (len == 0 || len >= sizeof((struct x8_keep *)0)->items[0].name || text[0] == '-' ||
        text[0] == '.')
        return 0;
    for (size_t i = 0; i < len; i++)
        if (!memchr(allowed, text[i], sizeof allowed - 1))
            return 0;
    return 1;
}

static int is_policy(const char *text, size_t len)
{
    static const char *const words[] = {"no", "always", "unless-stopped", "on-failure"};
    char word[32];
    size_t letters;

    if (len == 0 || len >= sizeof word)
        return 0;
    memcpy(word, text, len);
    word[len] = '\0';
    letters = strcspn(word, ":");
    for (size_t i = 0; i < X8_COUNT(words); i++)
        if (strlen(words[i]) == letters && memcmp(word, words[i], letters) == 0)
            return strspn(word + letters, ":0123456789") == len - letters;
    return 0;
}

static int bad_line(size_t number, struct x8_error *err)
{
    x8_fail(err, X8_E_BAD_IMAGE, "line %zu is no container with its restart policy", number);
    return -(int)X8_E_BAD_IMAGE;
}

static int take_line(const char *line, size_t len, struct x8_keep *out, struct x8_error *err)
{
    const char *tab = memchr(line, '\t', len);
    size_t name_len = tab ? (size_t)(tab - line) : 0, policy_len = tab ? len - name_len - 1 : 0;

    if (!tab || !is_name(line, name_len) || !is_policy(tab + 1, policy_len) ||
        out->count == X8_KEEP_MAX)
        return bad_line(out->count + 1, err);
    memcpy(out->items[out->count].name, line, name_len);
    memcpy(out->items[out->count].restart, tab + 1, policy_len);
    out->count++;
    return 0;
}

int x8_keep_parse(struct x8_span text, struct x8_keep *out, struct x8_error *err)
{
    const char *at = (const char *)text.data;
    size_t left = text.len;
    int rc = 0;

    memset(out, 0, sizeof *out);
    while (rc == 0 && left) {
        const char *end = memchr(at, '\n', left);
        size_t len = end ? (size_t)(end - at) : left;

        rc = take_line(at, len, out, err);
        left -= len + (end != NULL);
        at += len + (end != NULL);
    }
    return rc;
}

int x8_keep_is_other(const struct x8_bundle *bundle, const struct x8_container *container)
{
    const struct x8_tuf_target *target = bundle->target;

    if (!container->is_running)
        return 0;
    for (size_t i = 0; target && i < target->app_count; i++)
        if (strcmp(target->apps[i].name, container->project) == 0)
            return 0;
    return 1;
}

static int no_memory(struct x8_error *err)
{
    return x8_fail(err, X8_E_INTERNAL, "out of memory");
}

/* docker says "on-failure:3", and "no:0" for what it takes as "no". */
#define POLICY_OF                                                                                  \
    "docker inspect -f '{{.HostConfig.RestartPolicy.Name}}:{{.HostConfig.RestartPolicy."           \
    "MaximumRetryCount}}' "

static int add_question(struct x8_buf *text, const char *name)
{
    return x8_buf_addf(text,
                       "p=$(" POLICY_OF "%s) || exit; case $p in on-failure:0) p=on-failure ;; "
                       "on-failure:*) ;; :*) p=no ;; *) p=${p%%:*} ;; esac; "
                       "printf '%%s\\t%%s\\n' %s \"$p\"\n",
                       name, name);
}

int x8_keep_ask(struct x8_session *session, const struct x8_op *op, const struct x8_root *root,
                const struct x8_bundle *bundle, const struct x8_update_board *board,
                struct x8_keep *out, struct x8_error *err)
{
    X8_AUTO_BUF text = {0}, said = {0};
    int rc;

    memset(out, 0, sizeof *out);
    for (size_t i = 0; i < board->container_count; i++) {
        const struct x8_container *container = &board->containers[i];

        if (!x8_keep_is_other(bundle, container))
            continue;
        if (!is_name(container->name, strlen(container->name)))
            return x8_fail(err, X8_E_REFUSED, "a container is called '%s'", container->name);
        if (add_question(&text, container->name) < 0)
            return no_memory(err);
    }
    if (!text.len)
        return 0;
    rc = x8_run_as_ok(session, op, root, "ask docker", x8_buf_text(&text), ASK_MS, &said, err);
    if (rc == 0)
        rc = x8_keep_parse(x8_buf_span(&said), out, err);
    if (rc == -(int)X8_E_BAD_IMAGE)
        x8_error_prefix(err, "docker's answer");
    return rc;
}

int x8_keep_save(const char *path, const struct x8_keep *kept, struct x8_error *err)
{
    X8_AUTO_BUF text = {0};

    for (size_t i = 0; i < kept->count; i++)
        if (x8_buf_addf(&text, "%s\t%s\n", kept->items[i].name, kept->items[i].restart) < 0)
            return no_memory(err);
    return x8_file_replace(path, x8_buf_text(&text), text.len, 0600, err);
}

int x8_keep_load(const char *path, struct x8_keep *out, struct x8_error *err)
{
    X8_AUTO_BUF text = {0};
    int rc;

    memset(out, 0, sizeof *out);
    if (x8_path_kind(path) == X8_PATH_NONE)
        return 0;
    rc = x8_file_load(path, FILE_MAX, &text, err);
    if (rc == 0)
        rc = x8_keep_parse(x8_buf_span(&text), out, err);
    if (rc == -(int)X8_E_BAD_IMAGE)
        x8_error_prefix(err, "%s", path);
    return rc < 0 ? rc : 1;
}

/* A container with "on-failure" is not started again either when docker itself restarts. */
static int needs_policy(const char *restart)
{
    return strcmp(restart, "no") == 0 || x8_starts(restart, "on-failure");
}

int x8_keep_hold(struct x8_session *session, const struct x8_op *op, const struct x8_root *root,
                 const struct x8_keep *kept, struct x8_error *err)
{
    /* A unit that this image does not have is none that could do harm. */
    static const char units[] =
        "for u in compose-apps-early-start compose-apps-early-start-recovery; do "
        "systemctl cat $u.service >/dev/null 2>&1 || continue; "
        "systemctl disable --now $u.service || exit; done\n";
    X8_AUTO_BUF text = {0};

    for (size_t i = 0; i < kept->count; i++)
        if (needs_policy(kept->items[i].restart) &&
            x8_buf_addf(&text, "docker update --restart unless-stopped %s >/dev/null || exit\n",
                        kept->items[i].name) < 0)
            return no_memory(err);
    if (x8_buf_addf(&text, "%s", units) < 0)
        return no_memory(err);
    return x8_run_as_ok(session, op, root, "keep the containers", x8_buf_text(&text), DOCKER_MS,
                        NULL, err);
}

int x8_keep_release(struct x8_session *session, const struct x8_op *op, const struct x8_root *root,
                    const struct x8_keep *kept, char *out_lost, size_t cap, struct x8_error *err)
{
    X8_AUTO_BUF text = {0}, said = {0};
    int rc;

    out_lost[0] = '\0';
    for (size_t i = 0; i < kept->count; i++) {
        const char *name = kept->items[i].name, *restart = kept->items[i].restart;

        /* The list decides: `docker start` is content with one that ends at once. */
        if (x8_buf_addf(&text,
                        "docker start %s >/dev/null 2>&1\n"
                        "%s%s%s%s%s"
                        "docker ps --format '{{.Names}}' | grep -qx -- %s || printf '%%s\\n' %s\n",
                        name, needs_policy(restart) ? "docker update --restart " : "",
                        needs_policy(restart) ? restart : "", needs_policy(restart) ? " " : "",
                        needs_policy(restart) ? name : "",
                        needs_policy(restart) ? " >/dev/null 2>&1\n" : "", name, name) < 0)
            return no_memory(err);
    }
    if (x8_buf_addf(&text, ":\n") < 0)
        return no_memory(err);
    rc = x8_run_as_ok(session, op, root, "start the containers", x8_buf_text(&text), DOCKER_MS,
                      &said, err);
    if (rc < 0)
        return rc;
    x8_clean(out_lost, cap, x8_buf_text(&said), said.len);
    for (size_t len = strlen(out_lost); len && out_lost[len - 1] == '?'; len--)
        out_lost[len - 1] = '\0';
    for (char *c = out_lost; *c; c++)
        *c = *c == '?' ? ' ' : *c;
    return 0;
}
