/*
 * The archive that image 399 needs, looked at where it is: a wrong one is told before anything is
 * sent.
 */
#include "update/legacy.h"

#include "image/archive.h"
#include "image/inflate.h"
#include "util/file.h"
#include "util/text.h"

#include <string.h>

enum { MEMBERS_MAX = 100000 };

int x8_legacy_not_the_tool(const char *tool, struct x8_error *err)
{
    x8_fail(err, X8_E_MISFIT, "%.200s holds no aklite-offline",
            tool ? tool : "the folder on the board");
    x8_error_why(err, "image 399 needs the program and its libraries in usr/lib");
    x8_error_next(err, "https://downloads.arduino.cc/portentax8image/aklite-offline-399.tar.gz    "
                       "is where Arduino offers it");
    return -X8_E_MISFIT;
}

/* The program is a file of that name, its libraries lie below usr/lib, as the board looks for them.
 */
static int look(struct archive_walk *walk, const char *path, struct x8_error *err)
{
    struct archive_member member;
    int has_program = 0, has_libraries = 0, rc = 1;

    for (int i = 0; i < MEMBERS_MAX && !(has_program && has_libraries); i++) {
        const char *name, *libraries;

        rc = archive_walk_next(walk, &member, err);
        if (rc <= 0)
            break;
        name = member.path ? x8_path_base(member.path) : "";
        libraries = member.path ? strstr(member.path, "usr/lib") : NULL;
        has_program |= member.kind == MEMBER_FILE && strcmp(name, "aklite-offline") == 0;
        has_libraries |= libraries && (libraries[7] == '/' || libraries[7] == '\0');
    }
    if (rc < 0)
        return rc;
    return has_program && has_libraries ? 0 : x8_legacy_not_the_tool(path, err);
}

int x8_legacy_check_tool(const char *path, struct x8_error *err)
{
    struct x8_reader *file = NULL, *unpacked = NULL;
    struct archive_walk *walk = NULL;
    int rc = x8_file_reader(path, &file, NULL, err);

    if (rc < 0)
        return rc;
    rc = x8_inflate_reader(file, &unpacked, NULL, err);
    if (rc >= 0)
        rc = archive_walk_open(unpacked, &walk, err);
    if (rc >= 0)
        rc = look(walk, path, err);
    archive_walk_close(&walk);
    if (rc == -X8_E_BAD_IMAGE)
        x8_error_prefix(err, "%.200s", path);
    if (rc == -X8_E_BAD_IMAGE && !err->next[0])
        x8_error_next(err, "download it again: https://downloads.arduino.cc/portentax8image/"
                           "aklite-offline-399.tar.gz");
    return rc;
}
