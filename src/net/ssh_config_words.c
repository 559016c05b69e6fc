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

int x8_ssh_take_keyword(struct x8_ssh_reading *reading, const struct x8_ssh_line *line,
                        struct x8_error *err)
{
    for (size_t i = 0; i < X8_COUNT(keywords); i++)
        if (x8_casecmp(line->keyword, keywords[i].name) == 0)
            return take(reading, &keywords[i], line, err);
    return 0;
}
