/*
 * What was named: a bundle, a flash image, or something else.
 */
#define _XOPEN_SOURCE 700 /* realpath() is in the X/Open part of POSIX 2008 */

#include "update/bundle_parts.h"
#include "util/text.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Top folder of the archives that Arduino publishes. */
#define USUAL_FOLDER "offline-updates"

int bundle_is_flash_name(const char *path)
{
    for (const char *part = path; part; part = strchr(part, '/')) {
        part += *part == '/';
        size_t len = strcspn(part, "/");
        const char *wic = strstr(part, ".wic");
        if (x8_starts(part, "imx-boot") || x8_starts(part, "mfgtool-files"))
            return 1;
        if (wic && wic < part + len && (wic[4] == '\0' || wic[4] == '.' || wic[4] == '/'))
            return 1;
    }
    return 0;
}

int bundle_fail_flash(const char *path, const char *found, struct x8_error *err)
{
    char name[128];
    x8_clean(name, sizeof(name), found, strlen(found));
    x8_fail(err, X8_E_BAD_IMAGE, "%s: an image to flash, not a bundle for an update", path);
    x8_error_why(err, "it holds '%s'; a bundle holds the folders tuf, ostree_repo and apps", name);
    x8_error_next(err, "flashing erases the board; if that is wanted:  x8ctl flash %s", path);
    return -X8_E_BAD_IMAGE;
}

int bundle_fail_none(const char *path, const char *why, struct x8_error *err)
{
    x8_fail(err, X8_E_BAD_IMAGE, "%s: not a bundle for an offline update", path);
    x8_error_why(err, "%s", why);
    x8_error_next(err, "name the archive as downloaded, or the folder that holds tuf and "
                       "ostree_repo");
    return -X8_E_BAD_IMAGE;
}

/* A file of a flash image in the folder, for free(); or NULL. */
static char *find_flash_file(const char *dir)
{
    char *found = NULL;
    struct dirent *entry;
    DIR *list = opendir(dir);
    while (list && !found && (entry = readdir(list)) != NULL)
        if (bundle_is_flash_name(entry->d_name))
            found = strdup(entry->d_name);
    if (list)
        closedir(list);
    return found;
}

static int has_tuf(const char *dir)
{
    char *tuf = x8_path_join(dir, "tuf");
    int has = tuf && x8_path_kind(tuf) == X8_PATH_DIR;
    free(tuf);
    return has;
}

static int absolute(const char *dir, char **out, struct x8_error *err)
{
    *out = realpath(dir, NULL);
    return *out ? 0 : x8_fail_sys(err, X8_E_NO_FILE, errno, "%s: cannot be read", dir);
}

int bundle_find_folder(const char *dir, const char *path, char **out, struct x8_error *err)
{
    char *below = x8_path_join(dir, USUAL_FOLDER);
    char *flash = NULL;
    int rc;
    if (!below)
        rc = x8_fail(err, X8_E_INTERNAL, "out of memory");
    else if (has_tuf(dir))
        rc = absolute(dir, out, err);
    else if (has_tuf(below))
        rc = absolute(below, out, err);
    else if ((flash = find_flash_file(dir)) != NULL)
        rc = bundle_fail_flash(path, flash, err);
    else
        rc = bundle_fail_none(path, "there is no folder tuf in it", err);
    free(below);
    free(flash);
    return rc;
}
