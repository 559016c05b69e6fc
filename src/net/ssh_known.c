/*
 * Reading known_hosts line by line. libssh says whether a line is for a host, plain or hashed, and
 * what key it holds; it has no call to take one away.
 */
#include "net/ssh_known.h"

#include "net/ssh_parts.h"
#include "util/file.h"
#include "util/text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_MAX = 16 << 20, SSH_PORT = 22 };

void x8_ssh_known_name(const char *host, uint16_t port, char *out, size_t cap)
{
    snprintf(out, cap, !port || port == SSH_PORT ? "%.250s" : "[%.250s]:%u", host, (unsigned)port);
    for (char *c = out; *c; c++)
        *c = (char)tolower((unsigned char)*c);
}

static int load(const char *path, struct x8_buf *out, struct x8_error *err)
{
    return x8_path_kind(path) == X8_PATH_NONE ? 0 : x8_file_load(path, FILE_MAX, out, err);
}

/* The next line, without its end; NULL at the end of the file. */
static const char *next_line(const struct x8_buf *file, size_t *at, size_t *len)
{
    const char *line = (const char *)file->data + *at;

    if (*at >= file->len)
        return NULL;
    *len = 0;
    while (*at + *len < file->len && line[*len] != '\n')
        ++*len;
    *at += *len + 1;
    return line;
}

/* What the line says of the host; free() it with ssh_knownhosts_entry_free. NULL: nothing. */
static struct ssh_knownhosts_entry *entry_of(const char *name, const char *line, size_t len)
{
    struct ssh_knownhosts_entry *entry = NULL;
    char *text = strndup(line, len);

    if (!text)
        return NULL;
    text[strcspn(text, "\r")] = '\0';
    if (text[strspn(text, " \t")] == '\0' || text[strspn(text, " \t")] == '#' ||
        ssh_known_hosts_parse_line(name, text, &entry) != SSH_OK)
        entry = NULL;
    free(text);
    return entry;
}

static void tell(const struct ssh_knownhosts_entry *entry,
                 void (*each)(void *ctx, const char *type, const char *print), void *ctx)
{
    unsigned char *hash = NULL;
    size_t len = 0;
    char *print = NULL;

    if (ssh_get_publickey_hash(entry->publickey, SSH_PUBLICKEY_HASH_SHA256, &hash, &len) == 0)
        print = ssh_get_fingerprint_hash(SSH_PUBLICKEY_HASH_SHA256, hash, len);
    each(ctx, ssh_key_type_to_char(ssh_key_type(entry->publickey)), print ? print : "");
    ssh_string_free_char(print);
    ssh_clean_pubkey_hash(&hash);
}

int x8_ssh_known_find(const char *path, const char *name,
                      void (*each)(void *ctx, const char *type, const char *print), void *ctx,
                      struct x8_error *err)
{
    X8_AUTO_BUF file = {0};
    size_t at = 0, len;
    const char *line;
    int rc = load(path, &file, err), count = 0;

    while (rc == 0 && (line = next_line(&file, &at, &len))) {
        struct ssh_knownhosts_entry *entry = entry_of(name, line, len);

        if (!entry)
            continue;
        tell(entry, each, ctx);
        ssh_knownhosts_entry_free(entry);
        count++;
    }
    return rc < 0 ? rc : count;
}

/* "board,192.168.1.50 ssh-ed25519 ...", "*.local ...": not ours alone. */
static int is_shared(const char *line, size_t len)
{
    size_t names = 0;

    while (names < len && line[names] != ' ' && line[names] != '\t')
        names++;
    for (size_t i = 0; i < names; i++)
        if (strchr(",*?!", line[i]))
            return 1;
    return len > 0 && line[0] == '@';
}

static int shared(const char *path, const char *name, size_t number, struct x8_error *err)
{
    x8_fail(err, X8_E_REFUSED, "the key of %s is in a line of %s that is for other hosts too", name,
            path);
    x8_error_why(err, "line %zu names several hosts, or marks a key as that of an authority",
                 number);
    x8_error_next(err, "take the host out of that line by hand");
    return -(int)X8_E_REFUSED;
}

int x8_ssh_known_forget(const char *path, const char *name, struct x8_error *err)
{
    X8_AUTO_BUF file = {0}, kept = {0};
    size_t at = 0, len, number = 0;
    const char *line;
    int rc = load(path, &file, err), count = 0;

    while (rc == 0 && (line = next_line(&file, &at, &len))) {
        struct ssh_knownhosts_entry *entry = entry_of(name, line, len);
        int is_ours = entry != NULL;

        number++;
        ssh_knownhosts_entry_free(entry);
        if (is_ours && is_shared(line, len))
            return shared(path, name, number, err);
        count += is_ours;
        if (!is_ours && (x8_buf_add(&kept, line, len) < 0 || x8_buf_add(&kept, "\n", 1) < 0))
            return x8_fail(err, X8_E_INTERNAL, "out of memory");
    }
    if (rc == 0 && count)
        rc = x8_file_replace(path, kept.data, kept.len, 0600, err);
    return rc < 0 ? rc : count;
}

/* The key of the line behind the mark, whoever it is for. */
static int is_revoked_line(const char *line, size_t len, const char *print)
{
    static const char mark[] = "@revoked";
    char type[40], key[8192], *text = strndup(line, len);
    unsigned char *hash = NULL;
    ssh_key found = NULL;
    size_t hash_len = 0;
    int same = 0;

    if (text && strncmp(text, mark, sizeof mark - 1) == 0 &&
        sscanf(text + sizeof mark - 1, " %*s %39s %8191s", type, key) == 2 &&
        ssh_pki_import_pubkey_base64(key, ssh_key_type_from_name(type), &found) == SSH_OK &&
        ssh_get_publickey_hash(found, SSH_PUBLICKEY_HASH_SHA256, &hash, &hash_len) == 0) {
        char *said = ssh_get_fingerprint_hash(SSH_PUBLICKEY_HASH_SHA256, hash, hash_len);

        same = said && strcmp(said, print) == 0;
        ssh_string_free_char(said);
        ssh_clean_pubkey_hash(&hash);
    }
    ssh_key_free(found);
    free(text);
    return same;
}

int x8_ssh_known_is_revoked(const char *path, const char *print)
{
    X8_AUTO_BUF file = {0};
    size_t at = 0, len;
    const char *line;

    if (load(path, &file, NULL) != 0)
        return 0;
    while ((line = next_line(&file, &at, &len)))
        if (is_revoked_line(line, len, print))
            return 1;
    return 0;
}
