/*
 * Options and operands of one command. Options may stand in any order and between the operands;
 * uuu is stricter for flash, which becomes a note.
 */
#include "flash/script_parser.h"

#include "util/text.h"

#include <string.h>

#define NEVER_BEFORE (-1)

struct args {
    struct x8_sp *p;
    const struct x8_verb_row *row;
    struct x8_command *c;
    uint64_t seen;
    const char *operand; /* letters still to come */
    int last_opt;        /* highest option so far: the enum stands in the order uuu wants */
    int is_reordered;
};

static const char *proto_word(const struct args *a)
{
    return a->c->proto == X8_PROTO_CFG ? "CFG:" : x8_proto_name(a->c->proto);
}

static const char *first_proto(const struct x8_verb_row *row)
{
    for (unsigned proto = X8_PROTO_NONE + 1; proto < X8_PROTO_CFG; proto++)
        if (row->protos & 1u << proto)
            return x8_proto_name((enum x8_proto)proto);
    return "CFG:";
}

static int usage(struct args *a, int rc)
{
    x8_error_next(a->p->err, "write it as: %s %s", proto_word(a), a->row->usage);
    return rc;
}

static int unknown_option(struct args *a, const char *name)
{
    char shown[80];
    const char *near = x8_script_opt_closest(a->row->options, name);
    const struct x8_verb_row *other;
    int rc = x8_sp_fail(a->p, "%s %s: unknown option %s", proto_word(a), a->row->name,
                        x8_sp_show(shown, name));

    if (near)
        x8_error_why(a->p->err, "the closest known option is %s", near);
    else if (!a->row->options)
        x8_error_why(a->p->err, "this command takes no options");
    else
        x8_error_why(a->p->err, "no option of this command has a name like that");
    for (size_t i = 0; (other = x8_verb_row(i)); i++)
        if (other->verb == a->row->verb && x8_script_opt_find(other->options, name))
            x8_error_why(a->p->err, "%s is known for %s %s only", shown, first_proto(other),
                         other->name);
    return usage(a, rc);
}

static int check_number(struct args *a, enum x8_script_opt opt, const char *name, uint64_t n)
{
    int bad_bits = opt == X8_SO_BITS && n != 8 && n != 16 && n != 32;
    int zero = n == 0 && (opt == X8_SO_BLKSZ || opt == X8_SO_EACH || opt == X8_SO_SPLIT);
    int rc;

    if (!bad_bits && !zero)
        return 0;
    rc = x8_sp_fail(a->p, "%s: %llu is not possible", name, (unsigned long long)n);
    x8_error_why(a->p->err, bad_bits ? "memory is read and written in units of 8, 16 or 32 bits"
                                     : "the size must not be zero");
    return usage(a, rc);
}

static int set_text(struct args *a, enum x8_script_opt opt, const char *name, const char *text)
{
    struct x8_command *c = a->c;
    int fits = 1;

    if (opt == X8_SO_FILE)
        c->file = text;
    else if (opt == X8_SO_BMAP)
        c->bmap = text;
    else if (opt == X8_SO_VARIABLE)
        c->variable = text;
    else if (opt == X8_SO_FORMAT)
        c->format = text;
    else if (opt == X8_SO_CHIP)
        fits = x8_copy(c->cfg.chip, sizeof c->cfg.chip, text);
    else
        fits = x8_copy(c->cfg.compatible, sizeof c->cfg.compatible, text);
    if (!fits) {
        int rc = x8_sp_fail(a->p, "%s: the name is too long", name);

        x8_error_why(a->p->err, "names of chips have at most 15 characters");
        return usage(a, rc);
    }
    return 0;
}

static int check_path(struct args *a, const char *text)
{
    struct x8_file_ref ref;
    int rc = x8_file_ref_parse(text, &ref, a->p->err);

    if (rc != 0 && !a->p->options->is_command_line)
        x8_error_prefix(a->p->err, "line %d", a->p->line);
    return rc;
}

/* The value of an option that has one, from the next word. */
static int option_value(struct args *a, const struct x8_script_opt_row *opt, const char **at)
{
    struct x8_word value;
    uint64_t n;
    int rc = x8_sp_word(a->p, at, &value);

    if (rc < 0)
        return rc;
    if (rc == 0) {
        rc = x8_sp_fail(a->p, "%s %s: %s has no value", proto_word(a), a->row->name, opt->name);
        x8_error_why(a->p->err, "the line ends after %s", opt->name);
        return usage(a, rc);
    }
    if (opt->kind == X8_SO_NUMBER) {
        rc = x8_sp_number(a->p, opt->name, value.text, opt->max, &n);
        if (rc == 0)
            rc = check_number(a, opt->opt, opt->name, n);
        if (rc == 0)
            x8_sp_set_number(a->c, opt->opt, n);
        return rc;
    }
    if (opt->kind == X8_SO_PATH && (rc = check_path(a, value.text)) != 0)
        return rc;
    return set_text(a, opt->opt, opt->name, value.text);
}

static int take_option(struct args *a, const char *name, const char **at)
{
    const struct x8_script_opt_row *opt = x8_script_opt_find(a->row->options, name);

    if (!opt)
        return unknown_option(a, name);
    if (a->seen & X8_SO_BIT(opt->opt))
        x8_sp_note(a->p, a->p->line, X8_NOTE_INFO, "%s is given twice; the last one counts",
                   opt->name);
    a->seen |= X8_SO_BIT(opt->opt);
    if ((int)opt->opt < a->last_opt || a->operand != a->row->operands)
        a->is_reordered = 1;
    a->last_opt = (int)opt->opt;
    if (opt->kind == X8_SO_FLAG) {
        x8_sp_set_flag(a->c, opt->opt);
        return 0;
    }
    return option_value(a, opt, at);
}

static int too_many(struct args *a, const char *text)
{
    char shown[80];
    int rc = x8_sp_fail(a->p, "%s %s: '%s' is one word too many", proto_word(a), a->row->name,
                        x8_sp_show(shown, text));

    x8_error_why(a->p->err, text[0] == '#'
                                ? "a comment needs a line of its own"
                                : "a file name with blanks needs double quotes around it");
    return usage(a, rc);
}

static int take_operand(struct args *a, const char *text)
{
    struct x8_command *c = a->c;
    char letter = *a->operand;

    if (!letter)
        return too_many(a, text);
    a->operand++;
    switch (letter) {
    case 'p':
        c->partition = text;
        return 0;
    case 'f':
        c->file = text;
        return c->verb == X8_VERB_UCP ? 0 : check_path(a, text);
    case 'v':
        c->variable = text;
        return 0;
    case 'd':
        return x8_sp_number(a->p, "delay", text, X8_SCRIPT_MAX_MS, &c->delay_ms);
    default: /* sizes of logical partitions are 32 bits on the wire */
        return x8_sp_number(a->p, "size", text, UINT32_MAX, &c->value);
    }
}

static int missing(struct args *a)
{
    static const char *const names[] = {
        ['p'] = "the partition name", ['f'] = "the file name", ['v'] = "a name",
        ['n'] = "the size",           ['d'] = "the number",    ['r'] = "the text"};
    uint64_t absent = a->row->required & ~a->seen;
    int rc;

    if (*a->operand && *a->operand != 'R') {
        rc = x8_sp_fail(a->p, "%s %s: %s is missing", proto_word(a), a->row->name,
                        names[(unsigned char)*a->operand]);
        x8_error_why(a->p->err, "the line ends too early");
        return usage(a, rc);
    }
    for (unsigned opt = 0; absent; opt++, absent >>= 1)
        if (absent & 1) {
            rc = x8_sp_fail(a->p, "%s %s: %s is missing", proto_word(a), a->row->name,
                            x8_script_opt_name((enum x8_script_opt)opt));
            x8_error_why(a->p->err, "this command cannot do without it");
            return usage(a, rc);
        }
    return 0;
}

/* ucp copies to the board or from it; the side that starts with t: is the board's. */
static int sort_ucp(struct args *a)
{
    struct x8_command *c = a->c;
    int from = x8_starts(c->file, "t:") || x8_starts(c->file, "T:");
    int to = x8_starts(c->variable, "t:") || x8_starts(c->variable, "T:");
    const char *file = from ? c->variable : c->file;
    int rc;

    if (from == to) {
        rc = x8_sp_fail(a->p, "FBK: ucp: one of the two names must start with t:");
        x8_error_why(a->p->err, "t: marks the name on the board");
        return usage(a, rc);
    }
    c->variable = (from ? c->file : c->variable) + 2;
    c->file = file;
    c->from_board = from != 0;
    return check_path(a, file);
}

static int finish(struct args *a)
{
    struct x8_command *c = a->c;

    if (a->is_reordered && c->verb == X8_VERB_FLASH)
        x8_sp_note(a->p, a->p->line, X8_NOTE_INFO,
                   "uuu wants the options of flash in the order of its manual and before the "
                   "partition; x8ctl takes any order");
    if (c->verb == X8_VERB_FLASH && (c->bmap || c->no_bmap) && !c->raw2sparse)
        x8_sp_note(a->p, a->p->line, X8_NOTE_INFO,
                   "-bmap and -no-bmap go with -raw2sparse; without it uuu takes them for a "
                   "partition name");
    if (c->verb == X8_VERB_UCP)
        return sort_ucp(a);
    if (c->verb == X8_VERB_CFG && c->cfg.bcd_min > c->cfg.bcd_max) {
        int rc = x8_sp_fail(a->p, "CFG: -bcdmin is larger than -bcdmax");

        x8_error_why(a->p->err, "no device could ever match");
        return usage(a, rc);
    }
    return 0;
}

int x8_sp_args(struct x8_sp *p, const struct x8_verb_row *row, const char *at, struct x8_command *c)
{
    struct args a = {
        .p = p, .row = row, .c = c, .operand = row->operands, .last_opt = NEVER_BEFORE};
    struct x8_word word;
    int rc;

    /* What the board or a shell reads goes there untouched, quotes and all. */
    if (*a.operand == 'r' || *a.operand == 'R') {
        if (*x8_sp_skip_blanks(at))
            a.operand++;
        return missing(&a);
    }
    while ((rc = x8_sp_word(p, &at, &word)) > 0) {
        int is_option = word.text[0] == '-' && word.text[1] && !word.is_quoted;

        rc = is_option ? take_option(&a, word.text, &at) : take_operand(&a, word.text);
        if (rc < 0)
            return rc;
    }
    if (rc == 0)
        rc = missing(&a);
    return rc == 0 ? finish(&a) : rc;
}
