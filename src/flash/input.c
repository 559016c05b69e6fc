/*
 * Files that commands name.
 */
#include "flash/input.h"

#include "flash/layout.h"
#include "image/inflate.h"
#include "util/file.h"
#include "util/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void x8_input_done(struct x8_file_input *input)
{
    free(input->path);
    memset(input, 0, sizeof *input);
}

int x8_input_is_set(const struct x8_file_input *input)
{
    return input->entry || input->path;
}

const char *x8_input_name(const struct x8_file_input *input)
{
    if (input->entry)
        return input->entry->path;
    return input->path ? input->path : "";
}

enum x8_role x8_input_role(const struct x8_command *command)
{
    const struct x8_place *place = x8_place_of(command->partition);

    if (command->verb == X8_VERB_BOOT && command->proto == X8_PROTO_SDP)
        return X8_ROLE_MFG_SPL;
    if (command->verb == X8_VERB_WRITE && command->proto == X8_PROTO_SDPV)
        return X8_ROLE_MFG_FIT;
    if (command->verb != X8_VERB_FLASH || !place)
        return X8_ROLE_OTHER;
    switch (place->holds) {
    case X8_HOLDS_DISK:
        return X8_ROLE_OS;
    case X8_HOLDS_IVT:
        return X8_ROLE_SPL;
    case X8_HOLDS_FIT:
        return X8_ROLE_FIT;
    case X8_HOLDS_SIT:
        return X8_ROLE_SIT;
    case X8_HOLDS_ANY:
        break;
    }
    return X8_ROLE_OTHER;
}

static int host_file(const char *path, struct x8_file_input *out, struct x8_error *err)
{
    if (x8_path_kind(path) != X8_PATH_FILE) {
        x8_fail(err, X8_E_NO_FILE, "there is no file %s", path);
        x8_error_why(err, "the script names a place on this computer instead of the release");
        x8_error_next(err, "put the file there, or correct the script");
        return -(int)X8_E_NO_FILE;
    }
    out->path = x8_path_normal(path);
    return out->path ? 0 : x8_fail(err, X8_E_INTERNAL, "out of memory");
}

/* What the set holds under this name, or under the same name packed or unpacked. */
static const struct x8_entry *find_entry(const struct x8_imageset *set, const char *dir,
                                         const char *name)
{
    static const char *const packings[] = {".gz", ".xz", ".zst", ".bz2"};
    const struct x8_entry *entry = x8_imageset_find(set, dir, name);
    char other[1200];

    for (size_t i = 0; !entry && i < X8_COUNT(packings); i++) {
        size_t len = strlen(name), end = strlen(packings[i]);

        snprintf(other, sizeof other, "%s%s", name, packings[i]);
        entry = x8_imageset_find(set, dir, other);
        if (!entry && len > end && x8_ends(name, packings[i])) {
            snprintf(other, sizeof other, "%.*s", (int)(len - end), name);
            entry = x8_imageset_find(set, dir, other);
        }
    }
    return entry;
}

static int is_signed(const char *name)
{
    return x8_ends(name, ".signed");
}

static int no_file(const struct x8_imageset *set, const char *name, enum x8_role role,
                   struct x8_error *err)
{
    x8_fail(err, X8_E_NO_FILE, "%s is missing in %s", name, x8_imageset_source(set));
    x8_error_why(err, role == X8_ROLE_OTHER
                          ? "the script needs it and no file has this name"
                          : "the script needs it, and no other file there can take its place");
    x8_error_next(err, "use the complete archive as it was downloaded");
    return -(int)X8_E_NO_FILE;
}

/*
 * `archive/inner`: a file of that whole name first, then the place where the archive of the set
 * would be unpacked to. Other archives are not looked into: writing the archive itself instead of
 * its member would be worse than stopping.
 */
static int find_member(const struct x8_imageset *set, const char *dir,
                       const struct x8_file_ref *ref, struct x8_file_input *out,
                       struct x8_error *err)
{
    char name[sizeof ref->path + sizeof ref->member + 2];
    char *folder = x8_path_dir(ref->path);

    snprintf(name, sizeof name, "%s/%s", ref->path, ref->member);
    out->entry = x8_imageset_find(set, dir, name);
    if (!out->entry && folder) {
        snprintf(name, sizeof name, "%s/%s", folder, ref->member);
        out->entry = x8_imageset_find(set, dir, name);
    }
    free(folder);
    if (out->entry)
        return 0;
    x8_fail(err, X8_E_NO_FILE, "cannot read %s out of %s", ref->member, ref->path);
    x8_error_why(err, "this kind of archive is not looked into, or the member is missing");
    x8_error_next(err, "unpack %s beside the script and name the file itself", ref->path);
    return -(int)X8_E_NO_FILE;
}

int x8_input_find(const struct x8_imageset *set, const char *dir, const char *text,
                  enum x8_role role, struct x8_file_input *out, int *substituted,
                  struct x8_error *err)
{
    struct x8_file_input found = {0};
    struct x8_file_ref ref;
    int rc = x8_file_ref_parse(text, &ref, err);

    *substituted = 0;
    if (rc < 0)
        return rc;
    if (ref.from_cwd || ref.is_absolute) {
        rc = host_file(ref.path, &found, err);
        if (rc == 0)
            *out = found;
        return rc;
    }
    if (ref.member[0])
        return find_member(set, dir, &ref, out, err);
    found.entry = find_entry(set, dir, ref.path);
    if (!found.entry && role != X8_ROLE_OTHER) {
        rc = x8_imageset_by_role(set, role, &found.entry, err);
        if (rc < 0 && x8_code_of(rc) != X8_E_NO_FILE)
            return rc;
        /* A closed board would not start from an unsigned loader any more. */
        if (rc == 0 && is_signed(ref.path) && !is_signed(found.entry->path))
            found.entry = NULL;
        *substituted = found.entry != NULL;
    }
    if (!found.entry)
        return no_file(set, ref.path, role, err);
    *out = found;
    return 0;
}

int x8_input_open(const struct x8_imageset *set, const struct x8_file_input *input,
                  struct x8_reader **out, struct x8_error *err)
{
    struct x8_reader *raw = NULL;
    int rc;

    if (input->entry)
        return x8_imageset_open_content(set, input->entry, out, err);
    rc = x8_file_reader(input->path, &raw, NULL, err);
    if (rc == 0)
        rc = x8_inflate_reader(raw, out, NULL, err);
    if (rc < 0)
        x8_error_prefix(err, "%s", input->path);
    return rc;
}

int x8_input_load(const struct x8_imageset *set, const struct x8_file_input *input, size_t max,
                  struct x8_buf *out, struct x8_error *err)
{
    X8_AUTO_READER reader = NULL;
    int rc;

    if (input->entry)
        return x8_imageset_load(set, input->entry, max, out, err);
    rc = x8_input_open(set, input, &reader, err);
    if (rc == 0)
        rc = x8_read_all(reader, max, out, err);
    return rc;
}

uint64_t x8_input_size(const struct x8_imageset *set, const struct x8_file_input *input, int *exact)
{
    *exact = 0;
    if (input->entry)
        return x8_imageset_content_size(set, input->entry, exact);
    return UINT64_MAX;
}

static int bmap_candidate(const struct x8_imageset *set, const struct x8_file_input *image,
                          const char *stem, struct x8_file_input *out)
{
    char name[1200];

    snprintf(name, sizeof name, "%s.bmap", stem);
    if (image->entry) {
        out->entry = x8_imageset_find(set, "", name);
        return out->entry != NULL;
    }
    if (x8_path_kind(name) != X8_PATH_FILE)
        return 0;
    out->path = x8_path_normal(name);
    return out->path != NULL;
}

int x8_input_find_bmap(const struct x8_imageset *set, const struct x8_file_input *image,
                       struct x8_file_input *out)
{
    char stem[1024];

    memset(out, 0, sizeof *out);
    if (!x8_copy(stem, sizeof stem, x8_input_name(image)))
        return 0;
    /* image.wic.gz.bmap, image.wic.bmap, image.bmap: tools differ in what they cut off. */
    for (int cut = 0; cut < 3; cut++) {
        char *dot;

        if (bmap_candidate(set, image, stem, out))
            return 1;
        dot = strrchr(stem, '.');
        if (!dot || strchr(dot, '/'))
            return 0;
        *dot = '\0';
    }
    return 0;
}
