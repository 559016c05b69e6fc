/*
 * Files and keywords of ~/.ssh/config.
 */
#include "net/ssh_config.h"

#include "net/ssh_config_parts.h"
#include "util/file.h"
#include "util/text.h"

#include <glob.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MAX = 1 << 20, FILES_MAX = 64, DEPTH_MAX = 16 };

int x8_ssh_line_wrong(const struct x8_ssh_reading *reading, struct x8_error *err, const char *fmt,
                      ...)
{
    char text[240];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    x8_fail(err, X8_E_USAGE, "%.100s line %u: %s", reading->file, reading->line, text);
    x8_error_next(err, "change that line, or let it stand below a Host line that is not for %.60s",
                  reading->whom->host);
    return -(int)X8_E_USAGE;
}

/* --- keywords --- */

enum kind {
    WORD,
    REST, /* to the end of the line, as it is */
    PORT,
    SWITCH,
    IDENTITY,
    REFUSED, /* another way or another trust than the one asked for: not without it */
    REFUSED_YES,
    UNUSED, /* said where it may be why a key or a login is refused */
};

#define PLACE(member)                                                                              \
    offsetof(struct x8_ssh_config, member), sizeof(((struct x8_ssh_config *)0)->member)
#define LIST(which)                                                                                \
    offsetof(struct x8_ssh_config, algorithms) +                                                   \
        (which) * sizeof(((struct x8_ssh_config *)0)->algorithms[0]),                              \
        sizeof(((struct x8_ssh_config *)0)->algorithms[0])

/* All others concern what is not done here (forwarding, terminals, sharing of connections) or only
 * how a thing is said. */
static const struct keyword {
    const char *name;
    enum kind kind;
    size_t offset, size;
} keywords[] = {
    {"HostName", WORD, PLACE(hostname)},
    {"User", WORD, PLACE(user)},
    {"Port", PORT, PLACE(port)},
    {"ProxyCommand", REST, PLACE(proxy_command)},
    {"ProxyJump", WORD, PLACE(proxy_jump)},
    {"IdentityFile", IDENTITY, 0, 0},
    {"IdentitiesOnly", SWITCH, PLACE(identities_only)},
    {"IdentityAgent", WORD, PLACE(agent)},
    {"PubkeyAuthentication", SWITCH, PLACE(key_login)},
    {"PasswordAuthentication", SWITCH, PLACE(password_login)},
    {"KbdInteractiveAuthentication", SWITCH, PLACE(question_login)},
    {"ChallengeResponseAuthentication", SWITCH, PLACE(question_login)},
    {"Ciphers", WORD, LIST(X8_SSH_CIPHERS)},
    {"MACs", WORD, LIST(X8_SSH_MACS)},
    {"KexAlgorithms", WORD, LIST(X8_SSH_KEX)},
    {"HostKeyAlgorithms", WORD, LIST(X8_SSH_HOST_KEYS)},
    {"PubkeyAcceptedAlgorithms", WORD, LIST(X8_SSH_USER_KEYS)},
    {"PubkeyAcceptedKeyTypes", WORD, LIST(X8_SSH_USER_KEYS)},
    {"Compression", WORD, LIST(X8_SSH_COMPRESSION)},
    {"BindAddress", REFUSED, 0, 0},
    {"BindInterface", REFUSED, 0, 0},
    {"RevokedHostKeys", REFUSED, 0, 0},
    {"ProxyUseFdpass", REFUSED_YES, 0, 0},
    {"CanonicalizeHostname", UNUSED, 0, 0},
    {"HostKeyAlias", UNUSED, 0, 0},
    {"UserKnownHostsFile", UNUSED, 0, 0},
    {"GlobalKnownHostsFile", UNUSED, 0, 0},
    {"KnownHostsCommand", UNUSED, 0, 0},
    {"CertificateFile", UNUSED, 0, 0},
    {"PKCS11Provider", UNUSED, 0, 0},
    {"SecurityKeyProvider", UNUSED, 0, 0},
    {"PreferredAuthentications", UNUSED, 0, 0},
};

static void note_unused(struct x8_ssh_reading *reading, const char *name)
{
    char *out = reading->out->unused;
    size_t len = strlen(out);

    if (!strstr(out, name))
        snprintf(out + len, sizeof reading->out->unused - len, "%s%s (%.60s line %u)",
                 len ? ", " : "", name, x8_path_base(reading->file), reading->line);
}

static int add_identity(struct x8_ssh_reading *reading, const char *file, struct x8_error *err)
{
    struct x8_ssh_config *out = reading->out;

    for (size_t i = 0; i < out->identity_count; i++)
        if (strcmp(out->identities[i], file) == 0)
            return 0;
    if (strstr(file, "${")) {
        note_unused(reading, "a variable in IdentityFile");
        return 0;
    }
    if (out->identity_count == X8_SSH_IDENTITIES)
        return x8_ssh_line_wrong(reading, err, "more than %d IdentityFile lines",
                                 X8_SSH_IDENTITIES);
    if (!x8_copy(out->identities[out->identity_count], X8_SSH_FILE_LEN, file))
        return x8_ssh_line_wrong(reading, err, "the name is too long");
    out->identity_count++;
    return 0;
}

static int set_switch(struct x8_ssh_reading *reading, const char *word, int *out,
                      struct x8_error *err)
{
    int is_yes = x8_casecmp(word, "yes") == 0 || x8_casecmp(word, "true") == 0;

    if (!is_yes && x8_casecmp(word, "no") != 0 && x8_casecmp(word, "false") != 0)
        return x8_ssh_line_wrong(reading, err, "neither yes nor no");
    if (!*out)
        *out = is_yes ? 1 : 2;
    return 0;
}

static int set_port(struct x8_ssh_reading *reading, const char *word, struct x8_error *err)
{
    uint32_t port;

    if (x8_parse_u32(word, &port) != 0 || port == 0 || port > UINT16_MAX)
        return x8_ssh_line_wrong(reading, err, "no number of a port");
    if (!reading->out->port)
        reading->out->port = (uint16_t)port;
    return 0;
}

/* Of the two ways through something else the first one that is said holds. */
static int is_set(const struct x8_ssh_config *config, const char *value)
{
    if (value == config->proxy_command || value == config->proxy_jump)
        return config->proxy_command[0] || config->proxy_jump[0];
    return value[0] != '\0';
}

static int set_text(struct x8_ssh_reading *reading, const struct keyword *keyword, const char *text,
                    struct x8_error *err)
{
    char *value = (char *)reading->out + keyword->offset;

    if (is_set(reading->out, value) || x8_copy(value, keyword->size, text))
        return 0;
    return x8_ssh_line_wrong(reading, err, "too long");
}

/* "%h" and "%%" alone: the name is needed for all else. */
static int set_hostname(struct x8_ssh_reading *reading, const struct keyword *keyword,
                        const char *text, struct x8_error *err)
{
    struct x8_ssh_tokens tokens = {.host = reading->whom->host};
    char name[256];

    if (x8_ssh_config_expand(text, &tokens, 0, name, sizeof name, NULL) != 0 ||
        !x8_ssh_is_host(name))
        return x8_ssh_line_wrong(reading, err, "no name of a host");
    return set_text(reading, keyword, name, err);
}

static int refuse(struct x8_ssh_reading *reading, const char *name, struct x8_error *err)
{
    x8_ssh_line_wrong(reading, err, "%s is not supported here", name);
    x8_error_why(err, "without it the connection would go another way, or trust another key, than "
                      "that line wants");
    return -(int)X8_E_USAGE;
}

static int take(struct x8_ssh_reading *reading, const struct keyword *keyword,
                const struct x8_ssh_line *line, struct x8_error *err)
{
    const char *word = line->count ? line->words[0] : "";

    if (!word[0])
        return x8_ssh_line_wrong(reading, err, "%s without a value", keyword->name);
    switch (keyword->kind) {
    case WORD:
        return strcmp(keyword->name, "HostName") == 0 ? set_hostname(reading, keyword, word, err)
                                                      : set_text(reading, keyword, word, err);
    case REST:
        return set_text(reading, keyword, line->rest, err);
    case PORT:
        return set_port(reading, word, err);
    case SWITCH:
        return set_switch(reading, word, (int *)(void *)((char *)reading->out + keyword->offset),
                          err);
    case IDENTITY:
        return add_identity(reading, word, err);
    case REFUSED_YES:
        if (x8_casecmp(word, "no") == 0)
            return 0;
        return refuse(reading, keyword->name, err);
    case REFUSED:
        return x8_casecmp(word, "none") == 0 ? 0 : refuse(reading, keyword->name, err);
    case UNUSED:
        if (x8_casecmp(word, "no") != 0 && x8_casecmp(word, "none") != 0)
            note_unused(reading, keyword->name);
        return 0;
    }
    return 0;
}

/* --- files --- */

static int read_file(struct x8_ssh_reading *reading, const char *path, int depth,
                     struct x8_error *err);

static int include_all(struct x8_ssh_reading *reading, const char *pattern, int depth,
                       struct x8_error *err)
{
    struct x8_ssh_tokens tokens = {.folder = reading->whom->folder};
    char path[4096], inside[4096];
    glob_t found = {0};
    int rc = 0;

    if (depth == DEPTH_MAX)
        return x8_ssh_line_wrong(reading, err, "Include leads too deep: a file may include itself");
    if (!reading->folder)
        return x8_ssh_line_wrong(reading, err, "no Include here");
    rc = x8_ssh_config_expand(pattern, &tokens, 1, path, sizeof path, err);
    if (rc < 0)
        return rc;
    snprintf(inside, sizeof inside, "%.2000s/%.2000s", reading->folder, path);
    if (glob(path[0] == '/' ? path : inside, 0, NULL, &found) == 0)
        for (size_t i = 0; i < found.gl_pathc && rc == 0; i++)
            rc = read_file(reading, found.gl_pathv[i], depth + 1, err);
    globfree(&found);
    return rc;
}

/* What a Host or Match line in the file says ends with it. */
static int include(struct x8_ssh_reading *reading, const struct x8_ssh_line *line, int depth,
                   struct x8_error *err)
{
    const char *file = reading->file;
    unsigned number = reading->line;
    int rc = 0;

    for (size_t i = 0; i < line->count && rc == 0; i++) {
        rc = include_all(reading, line->words[i], depth, err);
        reading->file = file;
        reading->line = number;
        reading->is_active = 1;
    }
    return rc;
}

static int take_line(struct x8_ssh_reading *reading, const struct x8_ssh_line *line, int depth,
                     struct x8_error *err)
{
    if (x8_casecmp(line->keyword, "Host") == 0) {
        x8_ssh_read_host(reading, line);
        return 0;
    }
    if (x8_casecmp(line->keyword, "Match") == 0)
        return x8_ssh_read_match(reading, line, err);
    if (!reading->is_active)
        return 0;
    if (x8_casecmp(line->keyword, "Include") == 0)
        return include(reading, line, depth, err);
    for (size_t i = 0; i < X8_COUNT(keywords); i++)
        if (x8_casecmp(line->keyword, keywords[i].name) == 0)
            return take(reading, &keywords[i], line, err);
    return 0;
}

static int read_text(struct x8_ssh_reading *reading, const char *text, size_t len, int depth,
                     struct x8_error *err)
{
    struct x8_ssh_line *line = malloc(sizeof *line);
    int rc = 0;

    if (!line)
        return x8_fail(err, X8_E_INTERNAL, "no memory");
    reading->is_active = 1;
    reading->line = 0;
    while (len > 0 && rc == 0) {
        const char *end = memchr(text, '\n', len);
        size_t n = end ? (size_t)(end - text) : len;
        int got = x8_ssh_line_split(text, n, line);

        reading->line++;
        if (got < 0)
            rc = x8_ssh_line_wrong(reading, err, "a quote without its end, or too long a line");
        else if (got > 0)
            rc = take_line(reading, line, depth, err);
        n += end != NULL;
        text += n;
        len -= n;
    }
    free(line);
    return rc;
}

/* Commands stand in it: nobody else may write them. Source: ssh refuses such a file, too. */
static int is_ours(const char *path, struct x8_error *err)
{
    struct stat info;

    if (stat(path, &info) == 0 && info.st_mode & S_IWOTH) {
        x8_fail(err, X8_E_USAGE, "everybody may write to %s", path);
        x8_error_next(err, "chmod go-w '%s'", path);
        return -(int)X8_E_USAGE;
    }
    return 0;
}

static int read_file(struct x8_ssh_reading *reading, const char *path, int depth,
                     struct x8_error *err)
{
    X8_AUTO_BUF text = {0};
    int rc;

    if (++reading->files > FILES_MAX)
        return x8_ssh_line_wrong(reading, err, "more than %d files", FILES_MAX);
    rc = is_ours(path, err);
    if (rc == 0)
        rc = x8_file_load(path, FILE_MAX, &text, err);
    if (rc < 0)
        return rc;
    reading->file = path;
    return read_text(reading, (const char *)text.data, text.len, depth, err);
}

static void note_local_user(struct x8_ssh_reading *reading)
{
    struct passwd entry, *found = NULL;
    char room[2048];

    if (getpwuid_r(getuid(), &entry, room, sizeof room, &found) == 0 && found)
        x8_copy(reading->local_user, sizeof reading->local_user, found->pw_name);
}

static int read_system(struct x8_ssh_reading *reading, struct x8_error *err)
{
    const char *path = reading->whom->system;
    char *folder = x8_path_dir(path);
    int rc;

    if (!folder)
        return x8_fail(err, X8_E_INTERNAL, "no memory");
    reading->folder = folder;
    rc = read_file(reading, path, 0, err);
    reading->folder = NULL;
    free(folder);
    return rc;
}

static int is_there(const char *path)
{
    return path && x8_path_kind(path) != X8_PATH_NONE;
}

/* Match final wants all of it read a second time, with the names that are known then. */
static int read_all(const struct x8_ssh_config_for *whom, const char *path, const char *text,
                    size_t len, struct x8_ssh_config *out, struct x8_error *err)
{
    struct x8_ssh_reading reading = {.whom = whom, .out = out, .file = path ? path : "config"};
    int rc;

    memset(out, 0, sizeof *out);
    note_local_user(&reading);
    do {
        reading.is_final = reading.wants_final;
        reading.files = 0;
        reading.folder = whom->folder;
        rc = 0;
        if (!path)
            rc = read_text(&reading, text, len, 0, err);
        else if (is_there(path))
            rc = read_file(&reading, path, 0, err);
        if (rc == 0 && is_there(whom->system))
            rc = read_system(&reading, err);
    } while (rc == 0 && reading.wants_final && !reading.is_final);
    return rc;
}

int x8_ssh_config_read(const struct x8_ssh_config_for *whom, const char *path,
                       struct x8_ssh_config *out, struct x8_error *err)
{
    return read_all(whom, path, NULL, 0, out, err);
}

int x8_ssh_config_parse(const struct x8_ssh_config_for *whom, const char *text, size_t len,
                        struct x8_ssh_config *out, struct x8_error *err)
{
    return read_all(whom, NULL, text, len, out, err);
}
