/*
 * The files of tuf/, loaded and handed over.
 */
#include "update/bundle_parts.h"
#include "util/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TIMESTAMP, SNAPSHOT, TARGETS, BUNDLE_TARGETS, NAMED };
static const char *const names[NAMED] = {[TIMESTAMP] = "tuf/timestamp.json",
                                         [SNAPSHOT] = "tuf/snapshot.json",
                                         [TARGETS] = "tuf/targets.json",
                                         [BUNDLE_TARGETS] = "tuf/bundle-targets.json"};

struct loaded {
    struct x8_buf named[NAMED], roots[X8_TUF_ROOTS];
    struct x8_tuf_files files;
};

static void loaded_free(struct loaded **loaded)
{
    for (size_t i = 0; *loaded && i < NAMED; i++)
        x8_buf_done(&(*loaded)->named[i]);
    for (size_t i = 0; *loaded && i < X8_TUF_ROOTS; i++)
        x8_buf_done(&(*loaded)->roots[i]);
    free(*loaded);
    *loaded = NULL;
}

/* A span without data where there is no such file, with data where it is empty. */
static int load(int root, const char *path, struct x8_buf *buf, struct x8_span *out,
                struct x8_error *err)
{
    int rc = below_load(root, path, X8_TUF_FILE_MAX, buf, err);
    if (rc == -X8_E_NO_FILE)
        return 0;
    if (rc == 0)
        *out = x8_buf_span(buf);
    return rc;
}

/* N of "tuf/N.root.json"; 0 for another name. */
static uint32_t root_number(const char *path)
{
    const char *name = path + strlen("tuf/");
    size_t digits = strspn(name, "0123456789");
    char text[12];
    uint32_t number = 0;
    if (digits == 0 || digits >= sizeof(text) || name[0] == '0' ||
        strcmp(name + digits, ".root.json") != 0)
        return 0;
    memcpy(text, name, digits);
    text[digits] = '\0';
    return x8_parse_u32(text, &number) == 0 ? number : 0;
}

static int load_root(int root, const char *path, struct loaded *loaded, struct x8_error *err)
{
    struct x8_tuf_files *files = &loaded->files;
    size_t at = files->root_count;
    if (at == X8_TUF_ROOTS)
        return x8_fail(err, X8_E_BAD_IMAGE, "tuf/: more than %d roots", X8_TUF_ROOTS);
    int rc = load(root, path, &loaded->roots[at], &files->roots[at].text, err);
    if (rc < 0)
        return rc;
    files->roots[at].number = root_number(path);
    files->root_count++;
    return 0;
}

/* Names are sorted as text, roots are wanted by number. */
static void sort_roots(struct x8_tuf_files *files)
{
    for (size_t i = 1; i < files->root_count; i++)
        for (size_t k = i; k > 0 && files->roots[k].number < files->roots[k - 1].number; k--) {
            uint32_t number = files->roots[k].number;
            struct x8_span text = files->roots[k].text;
            files->roots[k] = files->roots[k - 1];
            files->roots[k - 1].number = number;
            files->roots[k - 1].text = text;
        }
}

static int load_all(int root, struct loaded *loaded, struct x8_error *err)
{
    struct x8_span *spans[NAMED] = {&loaded->files.timestamp, &loaded->files.snapshot,
                                    &loaded->files.targets, &loaded->files.bundle_targets};
    BUNDLE_AUTO_TREE tree = {0};
    int rc = bundle_tree_list(root, "tuf", &tree, err);
    for (size_t i = 0; i < NAMED && rc == 0; i++)
        rc = load(root, names[i], &loaded->named[i], spans[i], err);
    for (size_t i = 0; i < tree.count && rc == 0; i++)
        if (root_number(tree.nodes[i].path) > 0)
            rc = load_root(root, tree.nodes[i].path, loaded, err);
    sort_roots(&loaded->files);
    return rc;
}

int bundle_read_tuf(int root, const struct x8_bundle_open *how, struct x8_tuf *out,
                    struct x8_findings *findings, struct x8_error *err)
{
    struct loaded *loaded = calloc(1, sizeof(*loaded));
    int rc = loaded ? load_all(root, loaded, err) : x8_fail(err, X8_E_INTERNAL, "out of memory");
    if (rc == 0) {
        loaded->files.trusted = how->trusted;
        loaded->files.trusted_from = how->trusted_from;
        rc = x8_tuf_read(&loaded->files, out, findings, err);
    }
    loaded_free(&loaded);
    return rc;
}
