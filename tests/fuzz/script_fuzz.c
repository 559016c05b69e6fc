/*
 * Any bytes as script: parsed as file and as command line, then everything that reads a script is
 * run over it. Beyond not crashing: a refusal always has a cause and a next step, a script that was
 * accepted always has words.
 */
#include "flash/explain.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(int holds)
{
    if (!holds)
        abort();
}

/* Short, empty, long, with a line end, with markup of the script's own, and unset. */
static const char *lookup(void *ctx, const char *name)
{
    static const char *const values[] = {"", "x y", "ucmd a\nb", "@A@", "\"", "[-t 1]: done"};

    (void)ctx;
    if (strlen(name) > 4)
        return NULL;
    return values[(unsigned char)name[0] % (sizeof values / sizeof values[0])];
}

static void look(void *ctx, const char *name, enum x8_role role, const struct x8_file_ref *ref,
                 struct x8_explain_found *out)
{
    (void)ctx;
    (void)role;
    demand(name[0] && ref->path[0]);
    demand(memchr(ref->path, '\0', sizeof ref->path) != NULL);
    out->state = (enum x8_explain_state)(strlen(name) % 5);
}

static void check_command(const struct x8_command *c)
{
    char words[512];

    demand(c->verb != X8_VERB_NONE && c->proto != X8_PROTO_NONE && c->text && c->rest);
    demand(c->line > 0 && c->timeout_ms >= 0);
    demand(x8_verb_name(c->verb)[0]);
    memset(words, 'x', sizeof words);
    x8_command_words(c, words);
    demand(memchr(words, '\0', sizeof words) && words[0] && !strpbrk(words, "\033\n\r"));
    (void)x8_command_risks(c);
    if (c->verb == X8_VERB_FLASH)
        demand(c->partition && c->file);
    if (c->verb == X8_VERB_IF) {
        demand(c->then && c->if_left && c->if_right);
        check_command(c->then);
    }
}

static void read_all(const struct x8_script *script)
{
    struct x8_explain e;
    struct x8_error err;
    size_t steps = 0;

    demand(script->count > 0);
    for (size_t i = 0; i < script->count; i++)
        check_command(&script->commands[i]);
    for (size_t i = 0; i < script->note_count; i++)
        demand(script->notes[i].line > 0 && script->notes[i].text[0] &&
               !strpbrk(script->notes[i].text, "\033\n\r"));
    demand(x8_explain(script, look, NULL, &e, &err) == 0);
    if (script->count < 200)
        for (int proto = X8_PROTO_SDPS; proto <= X8_PROTO_CFG; proto++)
            for (size_t i = 0; x8_script_group(script, (enum x8_proto)proto, i); i++)
                steps++;
    demand(script->count >= 200 || steps == e.step_count);
    x8_explain_done(&e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct x8_span text = {data, size};

    (void)x8_script_is(text);
    for (int is_line = 0; is_line < 2; is_line++) {
        struct x8_script_options options = {.getenv = lookup, .is_command_line = is_line};
        struct x8_error err = {0};
        struct x8_script script;

        if (x8_script_parse(text, &options, &script, &err) == 0) {
            read_all(&script);
            x8_script_done(&script);
        } else {
            demand(err.code == X8_E_BAD_IMAGE || (is_line && err.code == X8_E_USAGE));
            demand(err.msg[0] && err.why[0] && err.next[0]);
            demand(!strpbrk(err.msg, "\033\n\r") && !strpbrk(err.why, "\033\n\r"));
            demand(!strpbrk(err.next, "\033\n\r"));
        }
    }
    return 0;
}
