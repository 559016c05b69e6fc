/*
 * Which release an image is: its digest knows best, then those of its parts; a name is only what it
 * says of itself, but what says that it is a release must have that release's digests.
 */
#include "image_parts.h"

#include "util/file.h"
#include "util/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum x8_image_verdict compare(const char *have, const char *known)
{
    if (!have[0] || !known || !known[0])
        return X8_IMAGE_UNKNOWN;
    return x8_casecmp(have, known) == 0 ? X8_IMAGE_GOOD : X8_IMAGE_WRONG;
}

static const char *part_digest(const struct x8_release *release, const char *name, size_t len)
{
    for (size_t i = 0; i < release->part_count; i++)
        if (strlen(release->parts[i].name) == len && memcmp(release->parts[i].name, name, len) == 0)
            return release->parts[i].sha256;
    return NULL;
}

/* The catalogue knows a packed image and what is in it by their two names. */
static size_t unpacked_len(const char *name)
{
    const char *dot = strrchr(name, '.');

    return dot && dot > name ? (size_t)(dot - name) : strlen(name);
}

/* A known archive vouches for everything in it. */
static void vouch(enum x8_image_verdict archive, enum x8_image_verdict *part)
{
    if (archive == X8_IMAGE_GOOD && *part == X8_IMAGE_UNKNOWN)
        *part = X8_IMAGE_GOOD;
}

static void judge_part(const struct x8_release *release, enum x8_image_verdict archive,
                       struct x8_image_part *part)
{
    const char *name = x8_path_base(part->entry->path);

    part->verdict = compare(part->sha256, part_digest(release, name, strlen(name)));
    part->unpacked_verdict =
        compare(part->unpacked, part_digest(release, name, unpacked_len(name)));
    vouch(archive, &part->verdict);
    vouch(archive, &part->unpacked_verdict);
}

static const struct x8_release *by_digest(const struct x8_catalogue *catalogue, const char *sha256)
{
    for (size_t i = 0; i < catalogue->count && sha256[0]; i++)
        if (compare(sha256, catalogue->items[i].sha256) == X8_IMAGE_GOOD)
            return &catalogue->items[i];
    return NULL;
}

static int holds(const struct x8_release *release, const char *sha256)
{
    for (size_t i = 0; i < release->part_count && sha256[0]; i++)
        if (compare(sha256, release->parts[i].sha256) == X8_IMAGE_GOOD)
            return 1;
    return 0;
}

static const struct x8_release *by_image(const struct x8_catalogue *catalogue,
                                         const struct x8_image_part *os)
{
    for (size_t i = 0; i < catalogue->count && os; i++)
        if (holds(&catalogue->items[i], os->sha256) || holds(&catalogue->items[i], os->unpacked))
            return &catalogue->items[i];
    return NULL;
}

/* "934" of a folder in the archive. */
static const struct x8_release *by_folder(const struct x8_catalogue *catalogue, const char *path)
{
    size_t len = strcspn(path, "/");
    char word[24];

    if (len == 0 || len >= sizeof word)
        return NULL;
    memcpy(word, path, len);
    word[len] = '\0';
    return x8_catalogue_find(catalogue, word);
}

static const struct x8_release *by_top_folder(const struct x8_catalogue *catalogue,
                                              const struct x8_image_look *look)
{
    const char *path = look->os ? look->os->entry->path : "";

    return look->is_archive && strchr(path, '/') ? by_folder(catalogue, path) : NULL;
}

static void find_release(const struct x8_image_source *source, struct x8_image_look *look)
{
    const struct x8_catalogue *catalogue = source->catalogue;
    char *path = x8_path_normal(source->path); /* "934/" is 934 as well */
    const struct {
        const struct x8_release *release;
        const char *by;
    } ways[] = {{by_digest(catalogue, look->sha256), "by its digest"},
                {source->wanted.release, "as the catalogue says"},
                {by_image(catalogue, look->os), "by the digest of its system image"},
                {by_top_folder(catalogue, look), "as its folder is called"},
                {source->is_remote ? NULL : x8_catalogue_called(catalogue, path ? path : ""),
                 "as it is called"}};

    for (size_t i = 0; i < X8_COUNT(ways) && !look->release; i++) {
        look->release = ways[i].release;
        look->release_by = ways[i].by;
    }
    free(path);
}

/* The name of the machine stands in the names of its loaders. */
static void find_machine(struct x8_image_look *look)
{
    static const struct {
        enum x8_role role;
        const char *prefix, *suffix;
    } rows[] = {{X8_ROLE_SIT, "sit-", ".bin"}, {X8_ROLE_FIT, "u-boot-", ".itb"}};

    for (size_t i = 0; i < X8_COUNT(rows) && !look->machine[0]; i++)
        for (size_t p = 0; p < look->part_count && !look->machine[0]; p++) {
            const char *name = x8_path_base(look->parts[p].entry->path);
            size_t before = strlen(rows[i].prefix), len = strlen(name);

            if (look->parts[p].entry->role == rows[i].role && x8_starts(name, rows[i].prefix) &&
                x8_ends(name, rows[i].suffix) && len > before + strlen(rows[i].suffix))
                snprintf(look->machine, sizeof look->machine, "%.*s",
                         (int)(len - before - strlen(rows[i].suffix)), name + before);
        }
}

void x8_image_judge(const struct x8_image_source *source, struct x8_image_look *look)
{
    find_machine(look);
    find_release(source, look);
    if (!look->release)
        return;
    look->verdict = compare(look->sha256, look->release->sha256);
    for (size_t i = 0; i < look->part_count; i++)
        judge_part(look->release, look->verdict, &look->parts[i]);
}
