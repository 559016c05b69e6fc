/*
 * Where an explained script comes from: a file of this computer, or a member of an archive or a
 * folder; and where its files are looked for.
 */
#include "explain_parts.h"

#include "image/imageset.h"
#include "util/file.h"
#include "util/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SCRIPT_MAX (1u << 20)

void x8_source_done(struct x8_source *source)
{
    x8_imageset_free(&source->set);
    free(source->dir);
    free(source->name);
    x8_buf_done(&source->text);
}

static int keep_names(struct x8_source *source, const char *path, struct x8_error *err)
{
    source->name = x8_path_normal(path);
    source->dir = x8_path_dir(path);
    return source->name && source->dir ? 0 : x8_fail(err, X8_E_INTERNAL, "out of memory");
}

/* A file that begins as a script does; anything else is looked into as a set. */
static int load_script(const char *path, struct x8_source *source, struct x8_error *err)
{
    X8_AUTO_READER reader = NULL;
    uint8_t head[4096];
    ssize_t n;
    int rc = x8_file_reader(path, &reader, NULL, err);

    if (rc < 0)
        return rc;
    n = x8_read_full(reader, head, sizeof head, err);
    if (n < 0)
        return (int)n;
    if (!x8_ends(path, ".uuu") && !x8_script_is((struct x8_span){head, (size_t)n}))
        return 0;
    rc = x8_file_load(path, SCRIPT_MAX, &source->text, err);
    if (rc == 0)
        rc = keep_names(source, path, err);
    return rc < 0 ? rc : 1;
}

static const struct x8_entry *find_script(const struct x8_imageset *set, const char *name)
{
    const struct x8_entry *entry, *best = x8_imageset_find(set, "", name);

    for (size_t i = 0; !best && (entry = x8_imageset_entry(set, i)); i++)
        if (strcmp(x8_path_base(entry->path), x8_path_base(name)) == 0)
            best = entry;
    return best;
}

static int no_such_script(const struct x8_source *source, const char *wanted, struct x8_error *err)
{
    const struct x8_entry *entry;
    char names[300] = "";
    size_t used = 0;
    int rc = x8_fail(err, X8_E_NO_FILE, "there is no script %s in %s", wanted,
                     x8_imageset_source(source->set));

    for (size_t i = 0; (entry = x8_imageset_entry(source->set, i)); i++)
        if (entry->role == X8_ROLE_SCRIPT && used + strlen(entry->path) + 3 < sizeof names)
            used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", used ? ", " : "",
                                     entry->path);
    x8_error_why(err, used ? "the scripts in it are: %s" : "no file in it is a script%s", names);
    if (used)
        x8_error_next(err, "x8ctl explain --script NAME %s", x8_imageset_source(source->set));
    else
        x8_error_next(err, "name a script, or the archive or folder it came in");
    return rc;
}

/* A script that lies unpacked in a folder is read from there: its files may lie above the folder.
 */
static int load_unpacked(const char *folder, const struct x8_entry *entry, struct x8_source *source,
                         struct x8_error *err)
{
    char *path = x8_path_join(folder, entry->path);
    int rc = 0;

    if (path && x8_path_kind(folder) == X8_PATH_DIR && x8_path_kind(path) == X8_PATH_FILE) {
        rc = x8_file_load(path, SCRIPT_MAX, &source->text, err);
        if (rc == 0)
            rc = keep_names(source, path, err);
        if (rc == 0)
            x8_imageset_free(&source->set);
        rc = rc < 0 ? rc : 1;
    }
    free(path);
    return rc;
}

static int open_set(const struct x8_op *op, const char *path, const char *script,
                    struct x8_source *source, struct x8_error *err)
{
    const char *wanted = script ? script : "full_image.uuu";
    const struct x8_entry *entry;
    int rc = x8_imageset_open(op, path, &source->set, err);

    if (rc < 0)
        return rc;
    entry = find_script(source->set, wanted);
    if (!entry)
        return no_such_script(source, wanted, err);
    rc = load_unpacked(path, entry, source, err);
    if (rc != 0)
        return rc;
    rc = x8_imageset_load(source->set, entry, SCRIPT_MAX, &source->text, err);
    return rc < 0 ? rc : keep_names(source, entry->path, err);
}

int x8_source_open(const struct x8_op *op, const char *path, const char *script,
                   struct x8_source *source, struct x8_error *err)
{
    int rc = 0;

    if (!script && x8_path_kind(path) != X8_PATH_DIR)
        rc = load_script(path, source, err);
    if (rc == 0)
        rc = open_set(op, path, script, source, err);
    return rc < 0 ? rc : 0;
}

static void unusable(const char *why, struct x8_explain_found *out)
{
    out->state = X8_EXPLAIN_UNUSABLE;
    snprintf(out->detail, sizeof out->detail, "%s", why);
}

/* A file of this computer. 1 when something has this name. */
static int look_on_disk(const char *path, struct x8_explain_found *out)
{
    struct stat st;

    if (stat(path, &st) != 0) {
        out->state = X8_EXPLAIN_MISSING;
        return 0;
    }
    out->state = X8_EXPLAIN_THERE;
    out->detail[0] = '\0';
    if (S_ISREG(st.st_mode))
        out->size = (uint64_t)st.st_size;
    if (!S_ISREG(st.st_mode))
        unusable(S_ISDIR(st.st_mode) ? "a folder" : "no plain file", out);
    else if (st.st_size == 0)
        unusable("empty", out);
    return 1;
}

/* The same name packed or unpacked will do, as it does when the script runs. */
static void look_for_packing(const char *path, struct x8_explain_found *out)
{
    static const char *const packings[] = {".gz", ".xz", ".zst", ".bz2"};
    char other[5000];
    size_t len = strlen(path);

    for (size_t i = 0; i < X8_COUNT(packings) && out->state == X8_EXPLAIN_MISSING; i++) {
        size_t end = strlen(packings[i]);

        snprintf(other, sizeof other, "%s%s", path, packings[i]);
        if (!look_on_disk(other, out) && len > end && x8_ends(path, packings[i])) {
            snprintf(other, sizeof other, "%.*s", (int)(len - end), path);
            look_on_disk(other, out);
        }
        if (out->state == X8_EXPLAIN_THERE) {
            char base[80];

            x8_clean(base, sizeof base, x8_path_base(other), strlen(x8_path_base(other)));
            snprintf(out->detail, sizeof out->detail, "as %s", base);
        }
    }
}

static void look_in_folder(const struct x8_source *source, const struct x8_file_ref *ref,
                           struct x8_explain_found *out)
{
    char *path = x8_path_join(ref->from_cwd ? "." : source->dir, ref->path);

    if (!path)
        return;
    look_on_disk(path, out);
    look_for_packing(path, out);
    free(path);
}

void x8_source_look(void *ctx, const char *name, const struct x8_file_ref *ref,
                    struct x8_explain_found *out)
{
    const struct x8_source *source = ctx;
    const char *dir = source->dir && strcmp(source->dir, ".") != 0 ? source->dir : "";
    const struct x8_entry *entry;

    (void)name;
    if (!source->set || ref->from_cwd || ref->is_absolute) {
        look_in_folder(source, ref, out);
    } else {
        entry = x8_imageset_find(source->set, dir, ref->path);
        out->state = entry ? X8_EXPLAIN_THERE : X8_EXPLAIN_MISSING;
        if (entry)
            out->size = entry->size;
        if (out->size == 0)
            unusable("empty", out);
    }
    if (ref->member[0] && out->state == X8_EXPLAIN_THERE)
        snprintf(out->detail, sizeof out->detail, "its inside was not looked at");
}
