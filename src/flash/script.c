/*
 * Vendor scripts, the outer parts: is this text a script, cut it to lines, hand out groups.
 * Lines are read in script_line.c.
 */
#include "flash/script.h"

#include "flash/script_parser.h"
#include "util/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VERSION_WORD "uuu_version"
/* x8_script_is looks no further: comments in front of the first command are short. */
#define SNIFF_BYTES 65536

struct lines {
    struct x8_span text;
    size_t at;
    int had_nul;
};

/*
 * The next line without its end; as in uuu a line ends at \n or NUL and every \r is dropped.
 * 1, 0 at the end, -1 when it is too long.
 */
static int next_line(struct lines *it, char line[X8_SCRIPT_MAX_LINE + 1])
{
    size_t n = 0;

    if (it->at >= it->text.len)
        return 0;
    it->had_nul = 0;
    while (it->at < it->text.len) {
        char c = (char)it->text.data[it->at++];

        if (c == '\n')
            break;
        if (c == '\0') {
            it->had_nul = 1;
            break;
        }
        if (c == '\r')
            continue;
        if (n == X8_SCRIPT_MAX_LINE)
            return -1;
        line[n++] = c;
    }
    line[n] = '\0';
    return 1;
}

static size_t bom_length(struct x8_span text)
{
    static const uint8_t bom[] = {0xef, 0xbb, 0xbf};

    return text.len >= sizeof bom && memcmp(text.data, bom, sizeof bom) == 0 ? sizeof bom : 0;
}

static int is_utf16(struct x8_span text)
{
    return text.len >= 2 && ((text.data[0] == 0xff && text.data[1] == 0xfe) ||
                             (text.data[0] == 0xfe && text.data[1] == 0xff));
}

/* "FB:", "FB[-t 1000]:" and so on at the start of a line. */
static int starts_with_protocol(const char *line)
{
    size_t len = strcspn(line, ":[ \t");
    const char *colon = x8_sp_skip_blanks(line + len);
    char name[16];

    if (len == 0 || len >= sizeof name)
        return 0;
    memcpy(name, line, len);
    name[len] = '\0';
    if (*colon == '[') {
        colon = strchr(colon, ']');
        colon = colon ? x8_sp_skip_blanks(colon + 1) : "";
    }
    return *colon == ':' && x8_proto_of(name) != X8_PROTO_NONE;
}

int x8_script_is(struct x8_span text)
{
    struct lines it = {.text = text, .at = bom_length(text)};
    char line[X8_SCRIPT_MAX_LINE + 1];

    if (it.text.len > SNIFF_BYTES)
        it.text.len = SNIFF_BYTES;
    while (next_line(&it, line) > 0) {
        const char *start = x8_sp_skip_blanks(line);

        if (*start && *start != '#')
            return x8_starts(start, VERSION_WORD) || starts_with_protocol(start);
    }
    return 0;
}

/* Up to three numbers; -1 when there is something else. Each is 12 bits wide in uuu. */
static int read_version(const char *text, uint32_t version[3])
{
    size_t i = 0;

    memset(version, 0, 3 * sizeof version[0]);
    text = x8_sp_skip_blanks(text);
    while (*text >= '0' && *text <= '9') {
        uint32_t n = 0;

        for (; *text >= '0' && *text <= '9'; text++)
            n = n < 4096 ? n * 10 + (uint32_t)(*text - '0') : n;
        if (i == 3)
            return -1;
        version[i++] = n;
        if (*text != '.')
            break;
        text++;
    }
    return i > 0 && !*x8_sp_skip_blanks(text) ? 0 : -1;
}

static void version_line(struct x8_sp *p, const char *rest)
{
    uint32_t v[3];
    char shown[80];

    if (read_version(rest, v) != 0) {
        x8_sp_note(p, p->line, X8_NOTE_WARN, "'%s' is no version; it is not used",
                   x8_sp_show(shown, x8_sp_skip_blanks(rest)));
        memset(v, 0, sizeof v);
    } else if (v[0] > 1 || (v[0] == 1 && v[1] > 5)) {
        x8_sp_note(p, p->line, X8_NOTE_INFO,
                   "asks for uuu %u.%u.%u; x8ctl knows the commands up to 1.5", v[0], v[1], v[2]);
    }
    if (!p->has_version)
        memcpy(p->out->version, v, sizeof v);
    p->has_version = 1;
}

static void layout_notes(struct x8_sp *p, const char *line, const char *start, int had_nul)
{
    if (had_nul)
        x8_sp_note(p, p->line, X8_NOTE_WARN, "a NUL byte ends this line; the file may be damaged");
    if (start == line)
        return;
    if (!*start && line[1])
        x8_sp_note(p, p->line, X8_NOTE_INFO, "uuu stops at a line that holds only blanks");
    else if (*start == '#')
        x8_sp_note(p, p->line, X8_NOTE_INFO, "uuu stops at a comment that is indented");
    else if (*start)
        x8_sp_note(p, p->line, X8_NOTE_INFO, "uuu stops at a line that is indented");
}

/* One line, blanks in front allowed: command, version, comment or nothing. */
static int one_line(struct x8_sp *p, const char *line, int had_nul)
{
    const char *start = x8_sp_skip_blanks(line);

    layout_notes(p, line, start, had_nul);
    if (!*start || *start == '#')
        return 0;
    if (x8_starts(start, VERSION_WORD)) {
        version_line(p, start + strlen(VERSION_WORD));
        return 0;
    }
    if (!p->has_version && p->out->count == 0 && !p->options->is_command_line)
        x8_sp_note(p, p->line, X8_NOTE_INFO,
                   "there is no uuu_version line in front; uuu would not see a script in this "
                   "file, but a boot loader");
    if (!start[1]) {
        x8_sp_note(p, p->line, X8_NOTE_INFO, "a line of one character is skipped, as in uuu");
        return 0;
    }
    if (strchr(start, '\t'))
        x8_sp_note(p, p->line, X8_NOTE_INFO,
                   "a tab counts as a blank here; uuu separates words by blanks only");
    return x8_sp_line(p, start);
}

static int all_lines(struct x8_sp *p, struct lines *it)
{
    char line[X8_SCRIPT_MAX_LINE + 1];
    int rc;

    while ((rc = next_line(it, line)) > 0) {
        p->line++;
        if (p->line == 1 && it->text.len && !*x8_sp_skip_blanks(line) &&
            !p->options->is_command_line)
            x8_sp_note(p, 1, X8_NOTE_INFO,
                       "the first line is empty; uuu would not see a script in this file, but a "
                       "boot loader");
        rc = one_line(p, line, it->had_nul);
        if (rc < 0)
            return rc;
    }
    if (rc < 0) {
        p->line++;
        rc = x8_sp_fail(p, "the line is longer than %d bytes", X8_SCRIPT_MAX_LINE);
        x8_error_why(p->err, "the loader takes commands of at most %d bytes", X8_SCRIPT_MAX_LINE);
        x8_error_next(p->err, "check that this is the script and not an image");
    }
    return rc;
}

static int refuse_text(struct x8_span text, struct x8_error *err)
{
    int rc = 0;

    if (text.len > X8_SCRIPT_MAX_BYTES) {
        rc = x8_fail(err, X8_E_BAD_IMAGE, "the file is too large for a script");
        x8_error_why(err, "scripts have at most 1 MiB; this looks like an image");
        x8_error_next(err, "name the .uuu file, or use 'x8ctl flash' for an image");
    } else if (is_utf16(text)) {
        rc = x8_fail(err, X8_E_BAD_IMAGE, "the script is UTF-16 text");
        x8_error_why(err, "it begins with the mark that Windows editors write for UTF-16");
        x8_error_next(err, "save it again as UTF-8 or plain ASCII");
    }
    return rc;
}

static int no_script(struct x8_error *err)
{
    int rc = x8_fail(err, X8_E_BAD_IMAGE, "this is no script");

    x8_error_why(err, "its first line is neither 'uuu_version N.N.N' nor a command such as "
                      "'SDP: boot -f FILE'");
    x8_error_next(err, "name the .uuu file, or use 'x8ctl flash' for an image");
    return rc;
}

static int no_commands(struct x8_error *err)
{
    int rc = x8_fail(err, X8_E_BAD_IMAGE, "the script has no commands");

    x8_error_why(err, "nothing would be sent to the board, which must not look like success");
    x8_error_next(err, "check that this is the right file");
    return rc;
}

static int parse(struct x8_sp *p, struct x8_span text)
{
    struct lines it = {.text = text, .at = bom_length(text)};
    int rc = refuse_text(text, p->err);

    if (rc == 0 && !p->options->is_command_line && text.len && !x8_script_is(text))
        rc = no_script(p->err);
    if (rc != 0)
        return rc;
    if (it.at)
        x8_sp_note(p, 1, X8_NOTE_INFO,
                   "the file begins with a byte order mark; uuu would not see a script in it, but "
                   "a boot loader");
    rc = all_lines(p, &it);
    if (rc == 0 && p->out->count == 0)
        rc = no_commands(p->err);
    if (rc == 0)
        x8_sp_check(p);
    return rc;
}

int x8_script_parse(struct x8_span text, const struct x8_script_options *options,
                    struct x8_script *out, struct x8_error *err)
{
    static const struct x8_script_options none;
    struct x8_script script = {0};
    struct x8_sp p = {.options = options ? options : &none, .out = &script, .err = err};
    int rc = parse(&p, text);

    if (rc != 0)
        x8_script_done(&script);
    else
        *out = script;
    return rc;
}

void x8_script_done(struct x8_script *script)
{
    free(script->commands);
    free(script->notes);
    x8_sp_free_arena(script->arena);
    memset(script, 0, sizeof *script);
}

const struct x8_command *x8_script_group(const struct x8_script *script, enum x8_proto proto,
                                         size_t i)
{
    size_t seen = 0;

    for (size_t at = 0; at < script->count; at++) {
        const struct x8_command *c = &script->commands[at];

        if (c->proto != proto)
            continue;
        if (seen++ == i)
            return c;
        if (c->verb == X8_VERB_DONE)
            return NULL;
    }
    return NULL;
}
