/*
 * File names as scripts write them. Purely lexical: whoever resolves a name first tries the whole
 * of it on the disk (a folder may be called x.zip), then path and member.
 */
#include "flash/script.h"

#include "util/text.h"

#include <stdio.h>
#include <string.h>

/* Names whose inside uuu addresses with a slash: archives, disk images, compressed files. */
static const char *const containers[] = {".zip", ".tar", ".tgz", ".sdcard",
                                         ".gz",  ".bz2", ".zst", ".xz"};

static int refuse(struct x8_error *err, const char *text, const char *what, const char *why,
                  const char *next)
{
    char shown[200];
    int rc;

    (void)x8_clean(shown, sizeof shown, text, strlen(text));
    rc = x8_fail(err, X8_E_BAD_IMAGE, "file name '%s' %s", shown, what);
    x8_error_why(err, "%s", why);
    x8_error_next(err, "%s", next);
    return rc;
}

static int is_url(const char *text)
{
    char head[9];

    x8_copy(head, sizeof head, text);
    for (char *c = head; *c; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c - 'A' + 'a');
    return x8_starts(head, "http://") || x8_starts(head, "https://");
}

static int has_drive(const char *path)
{
    char c = path[0];

    return ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) && path[1] == ':' && path[2] == '/';
}

/* Quotes out, backslashes turned. -1 when it does not fit. */
static int copy_name(const char *text, char *out, size_t cap)
{
    size_t n = 0;

    for (; *text; text++) {
        if (*text == '"')
            continue;
        if (n + 1 >= cap)
            return -1;
        out[n++] = *text == '\\' ? '/' : *text;
    }
    out[n] = '\0';
    return 0;
}

/* 1 when the component [from, to) names something that has an inside. */
static int is_container(const char *from, const char *to)
{
    size_t len = (size_t)(to - from);

    for (size_t i = 0; i < sizeof containers / sizeof containers[0]; i++) {
        size_t n = strlen(containers[i]);
        char tail[8];

        if (len <= n)
            continue;
        memcpy(tail, to - n, n);
        tail[n] = '\0';
        if (x8_casecmp(tail, containers[i]) == 0)
            return 1;
    }
    return 0;
}

/* The slash behind the first component that has an inside, or NULL. */
static char *find_inside(char *path)
{
    for (char *from = path, *slash; (slash = strchr(from, '/')); from = slash + 1)
        if (is_container(from, slash))
            return slash;
    return NULL;
}

static int climbs(const char *member)
{
    for (const char *part = member;; part++) {
        size_t len = strcspn(part, "/");

        if (len == 2 && part[0] == '.' && part[1] == '.')
            return 1;
        part += len;
        if (!*part)
            return 0;
    }
}

static int split_member(const char *text, struct x8_file_ref *ref, struct x8_error *err)
{
    char *slash = find_inside(ref->path);
    const char *member;

    if (!slash)
        return 0;
    member = slash + 1 + strspn(slash + 1, "/");
    if (!x8_copy(ref->member, sizeof ref->member, member))
        return refuse(err, text, "is too long", "names inside an archive have at most 511 bytes",
                      "use a shorter name");
    *slash = '\0';
    if (climbs(ref->member))
        return refuse(err, text, "leads out of its archive",
                      "the part behind the archive's name must not contain '..'",
                      "write the name as the archive's listing shows it");
    return 0;
}

int x8_file_ref_parse(const char *text, struct x8_file_ref *out, struct x8_error *err)
{
    struct x8_file_ref ref = {0};
    size_t len;
    int rc;

    while (*text == '"')
        text++;
    if (*text == '>') {
        ref.from_cwd = 1;
        text++;
    }
    if (is_url(text))
        return refuse(err, text, "is a download",
                      "x8ctl reads scripts' files from this computer only",
                      "download it first, then put the file's name in the script");
    if (copy_name(text, ref.path, sizeof ref.path) != 0)
        return refuse(err, text, "is too long", "file names have at most 1023 bytes",
                      "use a shorter name");
    len = strlen(ref.path);
    if (len >= 2 && strcmp(ref.path + len - 2, "/*") == 0) {
        ref.unpack = 1;
        ref.path[len - 2] = '\0';
    }
    if (!ref.path[0])
        return refuse(err, text, "is empty", "there is no name in it", "write the file's name");
    ref.is_absolute = ref.path[0] == '/' || has_drive(ref.path);
    rc = split_member(text, &ref, err);
    if (rc == 0)
        *out = ref;
    return rc;
}
