/*
 * The repository beside its objects: the configuration and the refs.
 */
#include "update/bundle_parts.h"
#include "util/text.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define CONFIG_MAX ((size_t)64 * 1024)
#define REFS       "ostree_repo/refs/heads"

static const char again[] = "download or copy the bundle again and compare its SHA-256";

static struct x8_span next_line(struct x8_span *text)
{
    const uint8_t *end = text->len ? memchr(text->data, '\n', text->len) : NULL;
    size_t len = end ? (size_t)(end - text->data) : text->len;
    struct x8_span line = {text->data, len};
    size_t used = end ? len + 1 : len;
    text->data += used;
    text->len -= used;
    return line;
}

/* The line without white space, which GLib's key files allow around everything. */
static void squeeze(struct x8_span line, char *out, size_t cap)
{
    size_t len = 0;
    for (size_t i = 0; i < line.len && len + 1 < cap; i++)
        if (line.data[i] != ' ' && line.data[i] != '\t' && line.data[i] != '\r')
            out[len++] = (char)line.data[i];
    out[len] = '\0';
}

void bundle_core_value(struct x8_span text, const char *key, char *out, size_t cap)
{
    char line[128];
    int in_core = 0;
    out[0] = '\0';
    while (text.len > 0) {
        squeeze(next_line(&text), line, sizeof(line));
        if (line[0] == '[')
            in_core = strcmp(line, "[core]") == 0;
        else if (in_core && x8_starts(line, key) && line[strlen(key)] == '=')
            x8_copy(out, cap, line + strlen(key) + 1);
    }
}

static int look_config(int root, struct x8_findings *findings, struct x8_error *err)
{
    X8_AUTO_BUF text = {0};
    char mode[64], clean[64];
    int rc = below_load(root, "ostree_repo/config", CONFIG_MAX, &text, err);
    if (below_broke(rc))
        return rc;
    bundle_core_value(x8_buf_span(&text), "mode", mode, sizeof(mode));
    x8_clean(clean, sizeof(clean), mode, strlen(mode));
    if (rc < 0)
        x8_found(findings, X8_FOUND_BAD, X8_E_BAD_IMAGE, "layout", again,
                 "ostree_repo/config is missing or cannot be read");
    else if (strcmp(mode, "archive-z2") != 0 && strcmp(mode, "archive") != 0)
        x8_found(findings, X8_FOUND_BAD, X8_E_BAD_IMAGE, "layout",
                 "make the bundle with a repository of mode archive",
                 "ostree_repo is of mode '%s', a bundle's is of mode archive-z2", clean);
    else
        x8_found(findings, X8_FOUND_OK, X8_OK, "layout", NULL, "a repository of mode %s", clean);
    return 0;
}

/* A link in its place is a bundle that somebody put together: what it leads to is not looked at, as
 * what is checked here and what is sent later could be two things. */
static void look_why(int root, struct x8_findings *findings)
{
    static const char *const names[] = {"ostree_repo", "ostree_repo/objects"};
    struct stat st;

    for (size_t i = 0; i < X8_COUNT(names); i++) {
        if (fstatat(root, names[i], &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISLNK(st.st_mode))
            continue;
        x8_found(findings, X8_FOUND_BAD, X8_E_BAD_IMAGE, "layout",
                 "put the folder itself there: cp -rL BUNDLE COPY    follows links",
                 "%s is a symbolic link, and links in a bundle are not followed", names[i]);
        return;
    }
    x8_found(findings, X8_FOUND_BAD, X8_E_BAD_IMAGE, "layout", again,
             "ostree_repo/objects is missing or no folder: the system itself is not there");
}

int bundle_look_repo(int root, struct x8_findings *findings, struct x8_error *err)
{
    X8_AUTO_FD objects = below_open(root, "ostree_repo/objects", 1, err);
    if (below_broke(objects))
        return objects;
    if (objects < 0) {
        look_why(root, findings);
        return 0;
    }
    return look_config(root, findings, err);
}

/* Is this the ref's content: the commit and an end of line? */
static int names_commit(int root, const char *path, const char *commit, struct x8_error *err)
{
    X8_AUTO_BUF text = {0};
    size_t len = strlen(commit);
    int rc = below_load(root, path, 1024, &text, err);
    if (rc < 0)
        return below_broke(rc) ? rc : 0;
    while (text.len > 0 && (text.data[text.len - 1] == '\n' || text.data[text.len - 1] == ' '))
        text.len--;
    return text.len == len && memcmp(text.data, commit, len) == 0;
}

int bundle_find_ref(int root, struct x8_bundle *bundle, struct x8_findings *findings,
                    struct x8_error *err)
{
    BUNDLE_AUTO_TREE tree = {0};
    size_t prefix = strlen(REFS "/");
    int rc = bundle_tree_list(root, REFS, &tree, err);
    if (below_broke(rc))
        return rc;
    bundle->repo_ref[0] = '\0';
    for (size_t i = 0; i < tree.count && !bundle->repo_ref[0]; i++) {
        const char *path = tree.nodes[i].path;
        if (tree.nodes[i].kind != BUNDLE_FILE || strlen(path + prefix) >= sizeof(bundle->repo_ref))
            continue;
        rc = names_commit(root, path, bundle->target->commit, err);
        if (rc < 0)
            return rc;
        if (rc > 0)
            x8_copy(bundle->repo_ref, sizeof(bundle->repo_ref), path + prefix);
    }
    char clean[128];
    x8_clean(clean, sizeof(clean), bundle->repo_ref, strlen(bundle->repo_ref));
    if (clean[0])
        x8_found(findings, X8_FOUND_OK, X8_OK, "ref", NULL, "ref '%s' names the commit", clean);
    else
        x8_found(findings, X8_FOUND_WARN, X8_OK, "ref",
                 "make the bundle again with a current fioctl",
                 "no ref names the commit: boards with images older than 95 refuse such a bundle");
    return 0;
}
