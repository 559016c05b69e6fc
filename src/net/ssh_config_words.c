/*
 * The keywords of the ssh configuration: which are followed, refused, or named as not used.
 */
#include "net/ssh_config_parts.h"

#include "util/file.h"
#include "util/text.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum kind {
    WORD,
    REST, /* to the end of the line, as it is */
    PORT,
    SWITCH,
    IDENTITY,
    REFUSED, /* another way or another trust than the one asked for: not without it */
    REFUSED_YES,
    STRICT,
    FAMILY,
    KNOWN_HOSTS,
    IGNORE,
    UNUSED, /* said where it may be why a key or a login is refused */
};

#define PLACE(member)                                                                              \
    offsetof(struct x8_ssh_config, member), sizeof(((struct x8_ssh_config *)0)->member)
#define LIST(which)                                                                                \
    offsetof(struct x8_ssh_config, algorithms) +                                                   \
        (which) * sizeof(((struct x8_ssh_config *)0)->algorithms[0]),                              \
        sizeof(((struct x8_ssh_config *)0)->algorithms[0])

/* All others (ssh_config_known.c) concern what is not done here (forwarding, terminals, sharing of
 * connections) or only how a thing is said. */
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
    {"RefuseConnection", REFUSED, 0, 0},
    {"CanonicalizeHostname", REFUSED_YES, 0, 0},
    {"GlobalKnownHostsFile", REFUSED, 0, 0},
    {"HostKeyAlias", WORD, PLACE(key_alias)},
    {"UserKnownHostsFile", KNOWN_HOSTS, PLACE(known_hosts)},
    {"StrictHostKeyChecking", STRICT, 0, 0},
    {"AddressFamily", FAMILY, 0, 0},
    {"IgnoreUnknown", IGNORE, 0, 0},
    {"RequiredRSASize", UNUSED, 0, 0},
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

static void note_place(const struct x8_ssh_reading *reading, char *out, size_t cap)
{
    snprintf(out, cap, "%.50s line %u", x8_path_base(reading->file), reading->line);
}

/* Of the two ways through something else the first one that is said holds; but a ProxyJump that is
 * none ends only the jumps. Source: what ssh -G says. */
static int is_set(struct x8_ssh_config *config, const char *value)
{
    if (value == config->proxy_command && x8_casecmp(config->proxy_jump, "none") == 0)
        config->proxy_jump[0] = '\0';
    if (value == config->proxy_command || value == config->proxy_jump)
        return config->proxy_command[0] || config->proxy_jump[0];
    return value[0] != '\0';
}

static int set_text(struct x8_ssh_reading *reading, const struct keyword *keyword, const char *text,
                    struct x8_error *err)
{
    struct x8_ssh_config *out = reading->out;
    char *value = (char *)out + keyword->offset;

    if (is_set(out, value))
        return 0;
    if (value == out->proxy_command || value == out->proxy_jump)
        note_place(reading, out->proxy_at, sizeof out->proxy_at);
    return x8_copy(value, keyword->size, text) ? 0 : x8_ssh_line_wrong(reading, err, "too long");
}

static int is_one_of(const char *word, const char *const *words)
{
    for (; *words; words++)
        if (x8_casecmp(word, *words) == 0)
            return 1;
    return 0;
}

/* To ask less than we do is nothing that a configuration may want of us; to ask nobody is. */
static int set_strict(struct x8_ssh_reading *reading, const char *word, struct x8_error *err)
{
    static const char *const yes[] = {"yes", "true", NULL};
    static const char *const no[] = {"ask", "no", "false", "off", "accept-new", NULL};
    struct x8_ssh_config *out = reading->out;

    if (!is_one_of(word, yes) && !is_one_of(word, no))
        return x8_ssh_line_wrong(reading, err, "no value of StrictHostKeyChecking");
    if (!out->strict) {
        out->strict = is_one_of(word, yes) ? 1 : 2;
        note_place(reading, out->strict_at, sizeof out->strict_at);
    }
    return 0;
}

static int set_family(struct x8_ssh_reading *reading, const char *word, struct x8_error *err)
{
    static const struct {
        const char *word;
        int family;
    } rows[] = {{"any", X8_SSH_ANY_FAMILY}, {"inet", 4}, {"inet6", 6}};

    for (size_t i = 0; i < X8_COUNT(rows); i++)
        if (x8_casecmp(word, rows[i].word) == 0) {
            if (!reading->out->family)
                reading->out->family = rows[i].family;
            return 0;
        }
    return x8_ssh_line_wrong(reading, err, "AddressFamily is any, inet or inet6");
}

/* Keys are kept in one file; a key that only another one has is asked about. */
static int set_known_hosts(struct x8_ssh_reading *reading, const struct keyword *keyword,
                           const struct x8_ssh_line *line, struct x8_error *err)
{
    const char *file = line->words[0];

    if (strstr(file, "${") || (file[0] == '~' && file[1] != '/'))
        return x8_ssh_line_wrong(reading, err,
                                 "a variable or another user's folder in "
                                 "UserKnownHostsFile is not supported here");
    if (!reading->out->known_hosts[0] && line->count > 1)
        note_unused(reading, "all but the first UserKnownHostsFile");
    return set_text(reading, keyword, file, err);
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
    static const char *const no[] = {"no", "false", NULL}, *const none[] = {"none", "/dev/null",
                                                                            NULL};
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
        return is_one_of(word, no) ? 0 : refuse(reading, keyword->name, err);
    case REFUSED:
        return is_one_of(word, none) ? 0 : refuse(reading, keyword->name, err);
    case STRICT:
        return set_strict(reading, word, err);
    case FAMILY:
        return set_family(reading, word, err);
    case KNOWN_HOSTS:
        return set_known_hosts(reading, keyword, line, err);
    case IGNORE:
        return reading->ignored[0] || x8_copy(reading->ignored, sizeof reading->ignored, word)
                   ? 0
                   : x8_ssh_line_wrong(reading, err, "too long");
    case UNUSED:
        if (x8_casecmp(word, "no") != 0 && x8_casecmp(word, "none") != 0)
            note_unused(reading, keyword->name);
        return 0;
    }
    return 0;
}

int x8_ssh_take_keyword(struct x8_ssh_reading *reading, const struct x8_ssh_line *line,
                        struct x8_error *err)
{
    for (size_t i = 0; i < X8_COUNT(keywords); i++)
        if (x8_casecmp(line->keyword, keywords[i].name) == 0)
            return take(reading, &keywords[i], line, err);
    return 0;
}
