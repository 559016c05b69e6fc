/*
 * What stands behind the protocol word: a verb with its options, or one of the forms that hold
 * another command: "@ COMMAND" with variables of the environment, "if A == B then COMMAND".
 */
#include "flash/script_parser.h"

#include "util/text.h"

#include <string.h>

static int unknown_verb(struct x8_sp *p, enum x8_proto proto, const char *name)
{
    const char *near = x8_verb_closest(proto, name);
    const struct x8_verb_row *row = x8_verb_anywhere(name);
    const char *word = x8_proto_name(proto);
    char shown[80];
    int rc = x8_sp_fail(p, "%s has no command '%s'", word, x8_sp_show(shown, name));

    if (row && name[0]) {
        unsigned other = 1;

        while (other < X8_PROTO_CFG && !(row->protos & 1u << other))
            other++;
        x8_error_why(p->err, "'%s' is a command of %s", row->name,
                     x8_proto_name((enum x8_proto)other));
        x8_error_next(p->err, "change the protocol word, or the command");
    } else if (near) {
        x8_error_why(p->err, "the closest known command is '%s'", near);
        x8_error_next(p->err, "did you mean: %s %s ?", word, near);
    } else {
        x8_error_why(p->err, "no command of %s has a name like that", word);
        x8_error_next(p->err,
                      p->options->is_command_line
                          ? "x8ctl help uuu    shows the form"
                          : "correct the command, or put # in front of the line to skip it");
    }
    return rc;
}

/* Value of NAME in "@NAME@" out of the environment, up to its first line end. */
static int expand_name(struct x8_sp *p, const char *name, const char **value, size_t *len)
{
    const struct x8_script_options *o = p->options;
    char shown[80];

    *value = o->getenv ? o->getenv(o->ctx, name) : NULL;
    if (!*value) {
        int rc = x8_sp_fail(p, "the environment variable %s is not set", x8_sp_show(shown, name));

        x8_error_why(p->err, "a line that begins with @ takes @%s@ from the environment", shown);
        x8_error_next(p->err, "export %s=... before running it", shown);
        return rc;
    }
    *len = strcspn(*value, "\r\n");
    return 0;
}

static size_t name_length(const char *at)
{
    return strspn(at, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_");
}

static int too_long(struct x8_sp *p)
{
    int rc = x8_sp_fail(p, "the line is longer than %d bytes once its variables are filled in",
                        X8_SCRIPT_MAX_LINE);

    x8_error_why(p->err, "the loader takes commands of at most %d bytes", X8_SCRIPT_MAX_LINE);
    x8_error_next(p->err, "shorten the variable's value");
    return rc;
}

/* The text behind "@" with every @NAME@ replaced. */
static int expand(struct x8_sp *p, const char *at, const char **out)
{
    char line[X8_SCRIPT_MAX_LINE + 1];
    size_t used = 0;

    while (*at) {
        size_t n = *at == '@' ? name_length(at + 1) : 0, len = 1;
        const char *piece = at;

        if (n > 0 && at[n + 1] == '@') {
            const char *name = x8_sp_keep(p, at + 1, n);
            int rc = name ? expand_name(p, name, &piece, &len) : -(int)X8_E_INTERNAL;

            if (rc != 0)
                return rc;
            at += n + 1;
        }
        if (len > X8_SCRIPT_MAX_LINE - used)
            return too_long(p);
        memcpy(line + used, piece, len);
        used += len;
        at++;
    }
    *out = x8_sp_keep(p, line, used);
    return *out ? 0 : -(int)X8_E_INTERNAL;
}

static int broken_if(struct x8_sp *p, const char *why)
{
    int rc = x8_sp_fail(p, "the if cannot be understood");

    x8_error_why(p->err, "%s", why);
    x8_error_next(p->err, "write it as: if A == B then COMMAND");
    return rc;
}

static const char *keep_trimmed(struct x8_sp *p, const char *from, const char *to)
{
    while (from < to && x8_sp_is_blank(*from))
        from++;
    while (to > from && x8_sp_is_blank(to[-1]))
        to--;
    return x8_sp_keep(p, from, (size_t)(to - from));
}

/* The word "then" standing alone. */
static const char *find_then(const char *at)
{
    for (const char *hit = at; (hit = strchr(hit, 't')); hit++)
        if (strncmp(hit, "then", 4) == 0 && x8_sp_is_blank(hit[-1]) &&
            (x8_sp_is_blank(hit[4]) || !hit[4]))
            return hit;
    return NULL;
}

/* uuu wants no protocol word behind then; people write one. */
static int skip_protocol(struct x8_sp *p, const char **at, enum x8_proto proto)
{
    const char *word = x8_sp_skip_blanks(*at), *end = word + strcspn(word, ": \t");
    const char *name;

    if (*end != ':')
        return 0;
    name = x8_sp_keep(p, word, (size_t)(end - word));
    if (!name)
        return -(int)X8_E_INTERNAL;
    if (x8_proto_of(name) == X8_PROTO_NONE)
        return 0;
    if (x8_proto_of(name) != proto)
        return broken_if(p, "the command behind then belongs to the same protocol as the if");
    *at = end + 1;
    return 0;
}

static int parse_if(struct x8_sp *p, struct x8_command *c, int depth)
{
    const char *equal = strstr(c->rest, "=="), *differ = strstr(c->rest, "!="), *op, *then, *at;
    struct x8_command inner = {.line = c->line, .proto = c->proto, .text = c->text};
    void *copy;
    int rc;

    op = equal && (!differ || equal < differ) ? equal : differ;
    if (!op)
        return broken_if(p, "there is no == and no != in it");
    then = find_then(op + 2);
    if (!then)
        return broken_if(p, "the word then is missing");
    c->if_equal = op == equal;
    c->if_left = keep_trimmed(p, c->rest, op);
    c->if_right = keep_trimmed(p, op + 2, then);
    if (!c->if_left || !c->if_right)
        return -(int)X8_E_INTERNAL;
    if (!c->if_left[0])
        return broken_if(p, "there is nothing to compare on the left side");
    at = then + 4;
    rc = skip_protocol(p, &at, c->proto);
    if (rc != 0)
        return rc;
    if (!*x8_sp_skip_blanks(at))
        return broken_if(p, "there is no command behind then");
    inner.timeout_ms = c->timeout_ms;
    rc = x8_sp_command(p, at, &inner, depth + 1);
    if (rc != 0)
        return rc;
    copy = x8_sp_keep(p, (const char *)&inner, sizeof inner);
    c->then = copy;
    return copy ? 0 : -(int)X8_E_INTERNAL;
}

static int too_deep(struct x8_sp *p)
{
    int rc = x8_sp_fail(p, "commands inside commands are nested too deeply");

    x8_error_why(p->err, "at most %d levels of @ and if are understood", X8_SCRIPT_MAX_DEPTH);
    x8_error_next(p->err, "split the line");
    return rc;
}

static const char *example_of(enum x8_proto proto)
{
    switch (proto) {
    case X8_PROTO_CFG:
        return "CFG: FB: -vid 0x1fc9 -pid 0x0152";
    case X8_PROTO_FB:
        return "FB: ucmd mmc list";
    case X8_PROTO_FBK:
        return "FBK: ucmd ls";
    case X8_PROTO_SDPU:
        return "SDPU: jump";
    case X8_PROTO_SDPV:
        return "SDPV: jump";
    case X8_PROTO_SDPS:
        return "SDPS: boot -f FILE";
    default:
        return "SDP: boot -f FILE";
    }
}

/* A line that ends after the protocol word. */
int x8_sp_no_command(struct x8_sp *p, enum x8_proto proto)
{
    int rc = x8_sp_fail(p, "there is no command behind %s",
                        proto == X8_PROTO_CFG ? "CFG:" : x8_proto_name(proto));

    x8_error_why(p->err, "%s ends after the protocol word",
                 p->options->is_command_line ? "it" : "the line");
    if (p->options->is_command_line)
        x8_error_next(p->err, "x8ctl uuu %s    for example", example_of(proto));
    else
        x8_error_next(p->err, "add a command, or remove the line");
    return rc;
}

static int at_line(struct x8_sp *p, const char *at, struct x8_command *c, int depth)
{
    const char *expanded;
    int rc = expand(p, at, &expanded);

    if (rc != 0)
        return rc;
    if (!*x8_sp_skip_blanks(expanded)) {
        rc = x8_sp_fail(p, "there is no command behind @");
        x8_error_why(p->err, "the line ends too early");
        x8_error_next(p->err, "write it as: @ COMMAND");
        return rc;
    }
    return x8_sp_command(p, expanded, c, depth + 1);
}

/* What stands behind the protocol word. */
int x8_sp_command(struct x8_sp *p, const char *at, struct x8_command *c, int depth)
{
    const struct x8_verb_row *row;
    struct x8_word verb;
    int rc;

    if (depth > X8_SCRIPT_MAX_DEPTH)
        return too_deep(p);
    at = x8_sp_skip_blanks(at);
    if (*at == '\0')
        return x8_sp_no_command(p, c->proto);
    verb.text = x8_sp_keep(p, at, strcspn(at, " \t"));
    if (!verb.text)
        return -(int)X8_E_INTERNAL;
    at += strlen(verb.text);
    if (x8_sp_is_blank(*at))
        at++;
    if (strcmp(verb.text, "@") == 0)
        return at_line(p, at, c, depth);
    row = x8_verb_find(c->proto, verb.text);
    if (!row)
        return unknown_verb(p, c->proto, verb.text);
    c->verb = row->verb;
    c->rest = x8_sp_keep(p, at, strlen(at));
    if (!c->rest)
        return -(int)X8_E_INTERNAL;
    rc = x8_sp_args(p, row, at, c);
    return rc == 0 && c->verb == X8_VERB_IF ? parse_if(p, c, depth) : rc;
}
