/*
 * The server's key: is it the one that known_hosts has. Strict: an unknown key is asked about, a
 * changed one is refused.
 */
#include "net/ssh_known.h"
#include "net/ssh_parts.h"

#include "util/file.h"
#include "util/text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What a person compares. */
struct shown {
    char type[40], print[100];
};

static int show(struct x8_ssh *ssh, struct shown *out, struct x8_error *err)
{
    unsigned char *hash = NULL;
    ssh_key key = NULL;
    char *print = NULL;
    size_t len = 0;

    if (ssh_get_server_publickey(ssh->session, &key) != SSH_OK)
        return x8_fail(err, X8_E_LINK, "the ssh server of %s has no key", ssh->host);
    x8_copy(out->type, sizeof out->type, ssh_key_type_to_char(ssh_key_type(key)));
    if (ssh_get_publickey_hash(key, SSH_PUBLICKEY_HASH_SHA256, &hash, &len) == 0)
        print = ssh_get_fingerprint_hash(SSH_PUBLICKEY_HASH_SHA256, hash, len);
    x8_copy(out->print, sizeof out->print, print ? print : "");
    ssh_string_free_char(print);
    ssh_clean_pubkey_hash(&hash);
    ssh_key_free(key);
    return out->print[0] ? 0 : x8_fail(err, X8_E_INTERNAL, "no memory");
}

static int changed(const struct x8_ssh *ssh, const struct shown *key, struct x8_error *err)
{
    x8_fail(err, X8_E_AUTH, "%s has another ssh key than the one known here", ssh->host);
    x8_error_why(err,
                 "a board makes new keys when it is flashed; if this one was not, another computer "
                 "may be answering in its place (its key now: %s %s)",
                 key->type, key->print);
    if (ssh->key_is_configured)
        x8_error_next(err, "if it was flashed:  ssh-keygen -R '%.100s' -f '%.150s'", ssh->key_name,
                      ssh->known_hosts);
    else
        x8_error_next(err, "if it was flashed:  x8ctl setup --renew-host-key -s 'net:%s'",
                      ssh->key_name);
    return -X8_E_AUTH;
}

static int unknown(const struct x8_ssh *ssh, const struct x8_ssh_config *config,
                   const struct shown *key, struct x8_error *err)
{
    x8_fail(err, X8_E_AUTH, "the ssh key of %s is not known here", ssh->host);
    x8_error_why(err, "it is %s %s, and was not accepted%s%s", key->type, key->print,
                 config->unused[0] ? "; not used of the ssh configuration: " : "", config->unused);
    x8_error_next(err, "compare and accept it at a terminal, or run the command again with "
                       "--accept-new-host-key");
    return -X8_E_AUTH;
}

/* Nor by --accept-new-host-key: it stands in for the question that ssh does not ask then. */
static int strictly_unknown(const struct x8_ssh *ssh, const struct x8_ssh_config *config,
                            const struct shown *key, struct x8_error *err)
{
    x8_fail(err, X8_E_AUTH, "the ssh key of %s is not known here", ssh->host);
    x8_error_why(err,
                 "it is %s %s, and StrictHostKeyChecking yes (%s) lets no new key be accepted, not "
                 "by --accept-new-host-key either",
                 key->type, key->print, config->strict_at);
    x8_error_next(err,
                  "compare it and put it into %.150s (ssh-keyscan shows it), or change that "
                  "line",
                  ssh->known_hosts[0] ? ssh->known_hosts : "known_hosts");
    return -X8_E_AUTH;
}

static int revoked(const struct x8_ssh *ssh, const struct shown *key, struct x8_error *err)
{
    x8_fail(err, X8_E_AUTH, "the ssh key of %s is revoked", ssh->host);
    x8_error_why(err, "%s has it in a line that begins with @revoked: %s %s", ssh->known_hosts,
                 key->type, key->print);
    x8_error_next(err, "do not use this server; ask who put the line there");
    return -X8_E_AUTH;
}

static int cannot_store(const struct x8_ssh *ssh, int errnum, struct x8_error *err)
{
    enum x8_code code = x8_write_code(errnum, X8_E_NO_FILE);

    if (code != X8_E_HOST_SPACE)
        code = X8_E_NO_FILE;
    x8_fail_sys(err, code, errnum, "cannot keep the board's key in %s", ssh->known_hosts);
    x8_error_next(err, code == X8_E_HOST_SPACE ? "free some space there"
                                               : "make the file and its folder writable for you");
    return -(int)code;
}

/* Its folder, for a user who never used ssh. */
static void make_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    char folder[4096];

    if (!slash || slash == path || (size_t)(slash - path) >= sizeof folder)
        return;
    memcpy(folder, path, (size_t)(slash - path));
    folder[slash - path] = '\0';
    mkdir(folder, 0700);
}

/* A file that ends without a line end would swallow the line that is put behind it. */
static int ends_in_line(int fd)
{
    off_t size = lseek(fd, 0, SEEK_END);
    char last = '\n';

    return size <= 0 || pread(fd, &last, 1, size - 1) != 1 || last == '\n';
}

static int append(const char *path, const char *line)
{
    size_t len = strlen(line);
    int fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600), errnum = 0;

    if (fd < 0)
        return errno;
    errno = 0;
    /* In one write each: other programs append as well. */
    if ((!ends_in_line(fd) && write(fd, "\n", 1) != 1) || write(fd, line, len) != (ssize_t)len)
        errnum = errno ? errno : ENOSPC;
    if (close(fd) != 0 && !errnum)
        errnum = errno;
    return errnum;
}

static int store(struct x8_ssh *ssh, struct x8_error *err)
{
    char *line = NULL;
    int errnum;

    if (!ssh->known_hosts[0])
        return 0;
    if (ssh_session_export_known_hosts_entry(ssh->session, &line) != SSH_OK)
        return x8_fail(err, X8_E_INTERNAL, "no memory");
    make_folder(ssh->known_hosts);
    errnum = append(ssh->known_hosts, line);
    ssh_string_free_char(line);
    return errnum ? cannot_store(ssh, errnum, err) : 0;
}

/* libssh takes a file that cannot be read for one that knows nobody. */
static int readable(const struct x8_ssh *ssh, struct x8_error *err)
{
    int fd;

    if (!ssh->known_hosts[0])
        return 0;
    fd = open(ssh->known_hosts, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno != ENOENT && errno != ENOTDIR) {
        x8_fail_sys(err, X8_E_NO_FILE, errno, "cannot read %s", ssh->known_hosts);
        x8_error_next(err, "make it readable for you: the keys of known boards are in it");
        return -X8_E_NO_FILE;
    }
    if (fd >= 0)
        close(fd);
    return 0;
}

int x8_ssh_check_key(struct x8_ssh *ssh, const struct x8_ssh_way *way,
                     const struct x8_ssh_config *config, struct x8_error *err)
{
    const struct x8_ssh_asker *asker = &way->asker;
    struct shown key;
    int rc = readable(ssh, err);

    if (rc == 0)
        rc = show(ssh, &key, err);
    if (rc != 0)
        return rc;
    x8_copy(ssh->memory.print, sizeof ssh->memory.print, key.print);
    if (ssh->known_hosts[0] && x8_ssh_known_is_revoked(ssh->known_hosts, key.print))
        return revoked(ssh, &key, err);
    switch (ssh_session_is_known_server(ssh->session)) {
    case SSH_KNOWN_HOSTS_OK:
        return 0;
    case SSH_KNOWN_HOSTS_CHANGED:
    case SSH_KNOWN_HOSTS_OTHER: /* the server no longer has the kind of key that is known */
        return changed(ssh, &key, err);
    case SSH_KNOWN_HOSTS_UNKNOWN:
    case SSH_KNOWN_HOSTS_NOT_FOUND:
        if (config->strict == 1 && ssh->looks_up)
            return strictly_unknown(ssh, config, &key, err);
        rc = asker->accept_key ? asker->accept_key(asker->ctx, ssh->host, key.type, key.print) : 0;
        if (rc == -X8_E_STOPPED || rc == -X8_E_TERMINATED)
            return x8_fail(err, x8_code_of(rc), "stopped before the key was accepted");
        return rc == 1 ? store(ssh, err) : unknown(ssh, config, &key, err);
    case SSH_KNOWN_HOSTS_ERROR:
        break;
    }
    return x8_fail(err, X8_E_INTERNAL, "the ssh key of %s cannot be looked up", ssh->host);
}
