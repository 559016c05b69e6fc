/*
 * One line of a script: the protocol word with its option group, and CFG lines. What stands behind
 * the protocol word is read in script_command.c.
 */
#include "flash/script_parser.h"

#include "util/text.h"

#include <stdlib.h>
#include <string.h>

static int no_protocol(struct x8_sp *p, const char *line)
{
    const char *at = line;
    struct x8_word word;
    char shown[80];
    const struct x8_verb_row *row = NULL;
    int rc = x8_sp_word(p, &at, &word);

    if (rc > 0)
        row = x8_verb_anywhere(word.text);
    rc = x8_sp_fail(p, "'%s' names no protocol", x8_sp_show(shown, line));
    x8_error_why(p->err, "every line starts with one of SDP: SDPS: SDPU: SDPV: FB: FBK: CFG: and "
                         "then the command");
    if (row && row->protos & 1u << X8_PROTO_FB)
        x8_error_next(p->err, "put FB: in front of the line");
    else
        x8_error_next(p->err, "put the protocol in front, or # to make the line a comment");
    return rc;
}

static int unknown_protocol(struct x8_sp *p, const char *name)
{
    static const char *const names[] = {"SDP", "SDPS", "SDPU",     "SDPV",
                                        "FB",  "FBK",  "FASTBOOT", "CFG"};
    const char *near = x8_closest(name, names, X8_COUNT(names));
    char shown[80];
    int rc = x8_sp_fail(p, "unknown protocol '%s:'", x8_sp_show(shown, name));

    x8_error_why(p->err, "the known ones are SDP: SDPS: SDPU: SDPV: FB: FBK: CFG:");
    if (near)
        x8_error_next(p->err, "did you mean %s: ?", near);
    else
        x8_error_next(p->err, "correct the first word of the line");
    return rc;
}

/* [-t N] behind the protocol word. */
static int option_group(struct x8_sp *p, const char *text, size_t len, struct x8_command *c)
{
    const char *at = x8_sp_keep(p, text, len);
    struct x8_word word;
    uint64_t ms;
    char shown[80];
    int rc;

    if (!at)
        return -(int)X8_E_INTERNAL;
    rc = x8_sp_word(p, &at, &word);
    if (rc <= 0)
        return rc;
    if (strcmp(word.text, "-t") != 0) {
        rc = x8_sp_fail(p, "unknown option %s in the brackets", x8_sp_show(shown, word.text));
        x8_error_why(p->err, "only -t MILLISECONDS, a time limit, can stand there");
        x8_error_next(p->err, "write it like FB[-t 10000]:");
        return rc;
    }
    rc = x8_sp_word(p, &at, &word);
    if (rc < 0)
        return rc;
    rc = x8_sp_number(p, "-t", rc > 0 ? word.text : "", X8_SCRIPT_MAX_MS, &ms);
    if (rc == 0 && *x8_sp_skip_blanks(at)) {
        rc = x8_sp_fail(p, "'%s' in the brackets is too much",
                        x8_sp_show(shown, x8_sp_skip_blanks(at)));
        x8_error_why(p->err, "only -t MILLISECONDS, a time limit, can stand there");
        x8_error_next(p->err, "write it like FB[-t 10000]:");
    }
    if (rc == 0)
        c->timeout_ms = (int)ms;
    return rc;
}

static int missing_bracket(struct x8_sp *p)
{
    int rc = x8_sp_fail(p, "the bracket [ is not closed");

    x8_error_why(p->err, "options of a protocol stand between [ and ] before the colon");
    x8_error_next(p->err, "write it like FB[-t 10000]:");
    return rc;
}

/* "FB[-t 10000]:" at *at, which moves behind the colon. */
static int protocol(struct x8_sp *p, const char **at, struct x8_command *c)
{
    const char *line = *at, *end = line + strcspn(line, ":[ \t"), *group = NULL, *close = NULL;
    const char *name = x8_sp_keep(p, line, (size_t)(end - line));
    const char *colon = x8_sp_skip_blanks(end);
    int rc;

    if (!name)
        return -(int)X8_E_INTERNAL;
    if (*colon == '[') {
        group = colon + 1;
        close = strchr(group, ']');
        if (!close)
            return missing_bracket(p);
        colon = x8_sp_skip_blanks(close + 1);
    }
    if (*colon != ':' || colon == line)
        return no_protocol(p, line);
    c->proto = x8_proto_of(name);
    if (c->proto == X8_PROTO_NONE)
        return unknown_protocol(p, name);
    if (group && (rc = option_group(p, group, (size_t)(close - group), c)) != 0)
        return rc;
    if (x8_casecmp(name, "FASTBOOT") == 0)
        x8_sp_note(p, p->line, X8_NOTE_WARN,
                   "uuu reads FASTBOOT: lines but never runs them; x8ctl runs them as FB:");
    *at = colon + 1;
    return 0;
}

/* CFG: FB: -vid 0x1fc9 -pid 0x0152 */
static int cfg(struct x8_sp *p, const char *at, struct x8_command *c)
{
    const struct x8_verb_row *row = x8_verb_find(X8_PROTO_CFG, "");
    const char *word = x8_sp_skip_blanks(at), *end = word + strcspn(word, ": \t");
    const char *name = x8_sp_keep(p, word, (size_t)(end - word));

    if (!name)
        return -(int)X8_E_INTERNAL;
    if (!*word)
        return x8_sp_no_command(p, X8_PROTO_CFG);
    c->verb = X8_VERB_CFG;
    c->rest = x8_sp_keep(p, word, strlen(word));
    c->cfg.proto = x8_proto_of(name);
    c->cfg.bcd_max = UINT16_MAX;
    if (!c->rest)
        return -(int)X8_E_INTERNAL;
    if (*end != ':' || c->cfg.proto == X8_PROTO_NONE || c->cfg.proto == X8_PROTO_CFG) {
        char shown[80];
        int rc = x8_sp_fail(p, "CFG: '%s' is no protocol", x8_sp_show(shown, name));

        x8_error_why(p->err, "CFG: says which USB device speaks which protocol");
        x8_error_next(p->err, "write it as: CFG: %s", row->usage);
        return rc;
    }
    return x8_sp_args(p, row, end + 1, c);
}

static int push(struct x8_sp *p, const struct x8_command *c)
{
    struct x8_script *s = p->out;

    if (s->count >= X8_SCRIPT_MAX_COMMANDS) {
        int rc = x8_sp_fail(p, "the script has more than %d commands", X8_SCRIPT_MAX_COMMANDS);

        x8_error_why(p->err, "no vendor script comes near; this is a damaged file or a mistake");
        x8_error_next(p->err, "split the script");
        return rc;
    }
    if (s->count == p->command_cap) {
        size_t cap = p->command_cap ? 2 * p->command_cap : 32;
        struct x8_command *commands = realloc(s->commands, cap * sizeof *commands);

        if (!commands)
            return x8_sp_no_memory(p);
        s->commands = commands;
        p->command_cap = cap;
    }
    s->commands[s->count++] = *c;
    return 0;
}

int x8_sp_line(struct x8_sp *p, const char *line)
{
    struct x8_command c = {.line = p->line, .bits = 32, .blksz = 512, .each = 64u << 20};
    size_t len = strlen(line);
    char *text = x8_sp_keep(p, line, len);
    int rc;

    if (!text)
        return -(int)X8_E_INTERNAL;
    for (char *tab = text; (tab = strchr(tab, '\t'));)
        *tab = ' ';
    (void)x8_clean(text, len + 1, text, len);
    c.text = text;
    rc = protocol(p, &line, &c);
    if (rc != 0)
        return rc;
    rc = c.proto == X8_PROTO_CFG ? cfg(p, line, &c) : x8_sp_command(p, line, &c, 0);
    return rc == 0 ? push(p, &c) : rc;
}
