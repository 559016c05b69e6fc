/*
 * Packing with libarchive, into memory.
 */
#include "doctor/bundle.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdio.h>
#include <sys/stat.h>

struct packer {
    struct archive *archive;
    struct archive_entry *entry;
    struct x8_buf *out;
};

static la_ssize_t take(struct archive *archive, void *ctx, const void *data, size_t len)
{
    struct packer *packer = ctx;

    if (x8_buf_add(packer->out, data, len) == 0)
        return (la_ssize_t)len;
    archive_set_error(archive, -1, "out of memory");
    return -1;
}

static int begin(struct packer *packer)
{
    packer->archive = archive_write_new();
    packer->entry = archive_entry_new();
    return packer->archive && packer->entry &&
                   archive_write_set_format_ustar(packer->archive) == ARCHIVE_OK &&
                   archive_write_add_filter_gzip(packer->archive) == ARCHIVE_OK &&
                   archive_write_set_filter_option(packer->archive, "gzip", "timestamp", NULL) ==
                       ARCHIVE_OK &&
                   archive_write_open(packer->archive, packer, NULL, take, NULL) == ARCHIVE_OK
               ? 0
               : -1;
}

static int add(struct packer *packer, const char *folder, int64_t when_s,
               const struct x8_bundle_member *member)
{
    char path[320];

    snprintf(path, sizeof path, "%s/%s", folder, member->name);
    archive_entry_clear(packer->entry);
    archive_entry_set_pathname(packer->entry, path);
    archive_entry_set_filetype(packer->entry, AE_IFREG);
    archive_entry_set_perm(packer->entry, 0644);
    archive_entry_set_size(packer->entry, (la_int64_t)member->text.len);
    archive_entry_set_mtime(packer->entry, (time_t)when_s, 0);
    if (archive_write_header(packer->archive, packer->entry) != ARCHIVE_OK)
        return -1;
    if (member->text.len == 0)
        return 0;
    return archive_write_data(packer->archive, member->text.data, member->text.len) ==
                   (la_ssize_t)member->text.len
               ? 0
               : -1;
}

int x8_bundle_pack(const char *folder, int64_t when_s, const struct x8_bundle_member *members,
                   size_t count, struct x8_buf *out, struct x8_error *err)
{
    struct packer packer = {.out = out};
    int rc = begin(&packer);

    for (size_t i = 0; i < count && rc == 0; i++)
        rc = add(&packer, folder, when_s, &members[i]);
    if (rc == 0)
        rc = archive_write_close(packer.archive) == ARCHIVE_OK ? 0 : -1;
    if (rc < 0) {
        const char *said = packer.archive ? archive_error_string(packer.archive) : NULL;

        x8_fail(err, X8_E_INTERNAL, "the report cannot be packed");
        x8_error_why(err, "%s", said ? said : "out of memory");
        rc = -X8_E_INTERNAL;
    }
    archive_entry_free(packer.entry);
    if (packer.archive)
        archive_write_free(packer.archive);
    return rc;
}
