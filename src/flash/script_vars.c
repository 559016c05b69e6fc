/*
 * Variables of the loader that a script sets itself, put into its other texts: "setenv f fuse"
 * makes
 * "${f} prog" burn fuses. Order and conditions do not matter here: every value that a variable may
 * get is tried, as a needless question is better than none.
 */
#include "flash/risks.h"

#include "flash/words_uboot.h"
#include "util/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VARS_MAX  128
#define PICKS_MAX 8 /* values of one variable */
#define NESTED    4 /* variables inside of values, commands inside of values */
#define TEXT_MAX  8192

struct vars {
    size_t count;
    struct {
        char name[48], value[256];
    } items[VARS_MAX];
};

static void collect(struct vars *vars, const char *text, int depth);

static void add(struct vars *vars, const char *name, const char *value, int depth)
{
    if (vars->count == VARS_MAX)
        return;
    x8_copy(vars->items[vars->count].name, sizeof vars->items[0].name, name);
    x8_copy(vars->items[vars->count].value, sizeof vars->items[0].value, value);
    vars->count++;
    collect(vars, value, depth + 1);
}

static void join(const struct x8_uboot_cmd *cmd, int from, char out[256])
{
    size_t used = 0;

    out[0] = '\0';
    for (int i = from; i < cmd->argc && used < 255; i++) {
        int n = snprintf(out + used, 256 - used, "%s%s", i > from ? " " : "", cmd->argv[i]);

        used += n > 0 ? (size_t)n : 0;
    }
}

/* "setenv NAME VALUE...", also abbreviated, or "env set [-f] NAME VALUE..." at word i: the place of
 * NAME, 0 when it is none. */
static int name_at(const struct x8_uboot_cmd *cmd, int i)
{
    size_t len = strlen(cmd->argv[i]);

    if (len >= 5 && strncmp("setenv", cmd->argv[i], len) == 0)
        return i + 1;
    if (!x8_uboot_is(cmd, i, "env") || !x8_uboot_is(cmd, i + 1, "set"))
        return 0;
    for (i += 2; i < cmd->argc && cmd->argv[i][0] == '-';)
        i++;
    return i;
}

/* The assignments of one simple command; "then", "do" and the like may stand in front. */
static void collect_one(struct vars *vars, const struct x8_uboot_cmd *cmd, int depth)
{
    char value[256];

    if (x8_uboot_is(cmd, 0, "for") && x8_uboot_is(cmd, 2, "in"))
        for (int i = 3; i < cmd->argc; i++)
            add(vars, cmd->argv[1], cmd->argv[i], depth);
    for (int i = 0; i < cmd->argc; i++) {
        int at = name_at(cmd, i);
        const char *equals = strchr(cmd->argv[i], '=');
        char name[48];

        if (at && at + 1 < cmd->argc) {
            join(cmd, at + 1, value);
            add(vars, cmd->argv[at], value, depth);
            return;
        }
        if (equals && equals > cmd->argv[i]) {
            snprintf(name, sizeof name, "%.*s", (int)(equals - cmd->argv[i]), cmd->argv[i]);
            add(vars, name, equals + 1, depth);
        }
    }
}

static void collect(struct vars *vars, const char *text, int depth)
{
    struct x8_uboot_cmd cmd;

    while (depth < NESTED && x8_uboot_next(&text, &cmd))
        collect_one(vars, &cmd, depth);
}

/* The pick-th value of a variable, the last one when it has fewer; NULL when the script sets none.
 */
static const char *value_of(const struct vars *vars, const char *name, size_t len, int pick)
{
    const char *value = NULL;

    for (size_t i = 0; i < vars->count && pick >= 0; i++) {
        const char *known = vars->items[i].name;

        if (strlen(known) == len && memcmp(known, name, len) == 0) {
            value = vars->items[i].value;
            pick--;
        }
    }
    return value;
}

/* "$name" or "${name}" at `at`: its bytes, and the name's. 0 when it is none. */
static size_t reference(const char *at, const char **name, size_t *name_len)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    int braces = at[0] == '$' && at[1] == '{';

    if (at[0] != '$')
        return 0;
    *name = at + 1 + braces;
    *name_len = braces ? strcspn(*name, "}") : strspn(*name, letters);
    if (!*name_len || (braces && !(*name)[*name_len]))
        return 0;
    return *name_len + 1 + 2 * (size_t)braces;
}

/* One round of replacing. 1 when anything was replaced. */
static int fill_in(const struct vars *vars, const char *text, int pick, char out[TEXT_MAX])
{
    size_t used = 0;
    int replaced = 0;

    while (*text && used + 1 < TEXT_MAX) {
        const char *name = NULL, *value = NULL;
        size_t len = 0, bytes = reference(text, &name, &len);

        if (bytes)
            value = value_of(vars, name, len, pick);
        if (!value) {
            out[used++] = *text++;
            continue;
        }
        len = strlen(value);
        len = len < TEXT_MAX - 1 - used ? len : TEXT_MAX - 1 - used;
        memcpy(out + used, value, len);
        used += len;
        text += bytes;
        replaced = 1;
    }
    out[used] = '\0';
    return replaced;
}

static unsigned hidden_in(const struct vars *vars, enum x8_proto proto, const char *text,
                          char *room)
{
    unsigned risks = 0;

    for (int pick = 0; pick < PICKS_MAX; pick++) {
        char *one = room, *other = room + TEXT_MAX;

        x8_copy(one, TEXT_MAX, text);
        for (int round = 0; round < NESTED && fill_in(vars, one, pick, other); round++) {
            char *swap = one;

            one = other;
            other = swap;
        }
        risks |= x8_shell_risks(proto, one);
    }
    return risks;
}

void x8_script_find_hidden(struct x8_script *script)
{
    struct vars *vars = calloc(1, sizeof *vars);
    char *room = malloc((size_t)2 * TEXT_MAX);

    for (size_t i = 0; vars && room && i < script->count; i++) {
        const struct x8_command *c = &script->commands[i];

        while (c->then)
            c = c->then;
        if (c->proto == X8_PROTO_FB && x8_command_shell_text(c))
            collect(vars, x8_command_shell_text(c), 0);
    }
    for (size_t i = 0; vars && room && i < script->count; i++) {
        struct x8_command *c = &script->commands[i];
        const char *text;

        while (c->then)
            c = c->then;
        text = x8_command_shell_text(c);
        if (c->proto == X8_PROTO_FB && text && strchr(text, '$'))
            c->hidden_risks = hidden_in(vars, c->proto, text, room);
    }
    free(vars);
    free(room);
}
