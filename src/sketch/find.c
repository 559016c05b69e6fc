/*
 * From what the user named to a checked sketch in memory.
 */
#include "sketch/elf_parts.h"
#include "sketch/find_parts.h"

#include "util/digest.h"
#include "util/text.h"

#include <stdlib.h>
#include <string.h>

void x8_sketch_done(struct x8_sketch *sketch)
{
    free(sketch->path);
    x8_buf_done(&sketch->file);
    *sketch = (struct x8_sketch){0};
}

static int digest(const struct x8_buf *file, char out[65], struct x8_error *err)
{
    struct x8_sha256 *sha = x8_sha256_new();
    uint8_t bytes[X8_SHA256_LEN];

    if (!sha)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    x8_sha256_add(sha, file->data, file->len);
    x8_sha256_take(sha, bytes);
    x8_sha256_free(&sha);
    x8_hex(out, bytes, sizeof bytes);
    return 0;
}

/* blink.ino.bin was named and blink.ino.elf lies beside it. */
static void next_beside(const char *path, struct x8_error *err)
{
    const char *dot = strrchr(x8_path_base(path), '.');
    X8_AUTO_BUF other = {0};
    X8_AUTO_BUF quoted = {0};

    if (!err || !dot || x8_ends(path, ".elf") ||
        x8_buf_addf(&other, "%.*s.elf", (int)(dot - path), path) < 0 ||
        x8_path_kind(x8_buf_text(&other)) != X8_PATH_FILE ||
        find_quote(&quoted, x8_buf_text(&other)) < 0)
        return;
    x8_error_next(err, "x8ctl sketch upload %s    the program with its addresses, beside it",
                  x8_buf_text(&quoted));
}

/* A long path would leave no room for what is wrong with the file. */
static const char *shown_name(const char *path)
{
    return strlen(path) < sizeof((struct elf_file *)NULL)->name ? path : x8_path_base(path);
}

/* `folder` is the sketch's, or NULL when the file itself was named. */
static int load_file(struct x8_sketch *sketch, const char *folder,
                     const struct x8_sketch_rules *rules, struct x8_error *err)
{
    const char *shown = shown_name(sketch->path);
    int64_t mtime_ns = 0;
    int rc = find_read(sketch->path, shown, &sketch->file, &mtime_ns, err);

    if (rc == 0)
        rc = x8_sketch_elf_check(x8_buf_span(&sketch->file), shown, rules, &sketch->elf, err);
    if (rc < 0 && rc != -X8_E_NO_FILE && folder && err && strstr(err->next, ELF_BUILD))
        find_next_build(folder, err);
    if (rc == -X8_E_BAD_IMAGE && !elf_is(x8_buf_span(&sketch->file)))
        next_beside(sketch->path, err);
    if (rc < 0 && err && !err->next[0])
        x8_error_next(err, "name the folder of a sketch, or its .elf file");
    if (rc == 0)
        rc = digest(&sketch->file, sketch->sha256, err);
    if (rc < 0)
        return rc;
    sketch->name = x8_path_base(sketch->path);
    find_newer(sketch->path, mtime_ns, sketch->newer, sizeof sketch->newer);
    return 0;
}

static int load_folder(const char *dir, const char *main, const struct x8_sketch_rules *rules,
                       struct x8_sketch *sketch, struct x8_error *err)
{
    int rc = find_in_folder(dir, main, &sketch->path, err);

    return rc < 0 ? rc : load_file(sketch, dir, rules, err);
}

static int load(const char *path, const struct x8_sketch_rules *rules, struct x8_sketch *sketch,
                struct x8_error *err)
{
    enum x8_path_kind kind = x8_path_kind(path);
    char *dir;
    int rc;

    if (kind == X8_PATH_DIR)
        return load_folder(path, NULL, rules, sketch, err);
    if (kind == X8_PATH_FILE && x8_ends(path, ".ino")) {
        dir = x8_path_dir(path);
        rc = dir ? load_folder(dir, x8_path_base(path), rules, sketch, err)
                 : x8_fail(err, X8_E_INTERNAL, "%s: out of memory", path);
        free(dir);
        return rc;
    }
    sketch->path = strdup(path);
    return sketch->path ? load_file(sketch, NULL, rules, err)
                        : x8_fail(err, X8_E_INTERNAL, "%s: out of memory", path);
}

int x8_sketch_load(const char *path, const struct x8_sketch_rules *rules, struct x8_sketch *out,
                   struct x8_error *err)
{
    X8_AUTO_SKETCH sketch = {0};
    int rc = load(path, rules, &sketch, err);

    if (rc < 0)
        return rc;
    *out = sketch;
    sketch = (struct x8_sketch){0};
    return 0;
}
