/*
 * The overview and the page of one command: examples first, then options, exit codes and where to
 * read on.
 */
#include "help.h"

#include <stdio.h>
#include <string.h>

static const struct group {
    const char *name, *title;
} groups[] = {
    {"look", "LOOK"},
    {"program", "PROGRAM (M4)"},
    {"flash", "FLASH (erases)"},
    {"update", "UPDATE (keeps running)"},
    {"run", "RUN"},
    {"factory", "FACTORY"},
    {"house", "SETUP AND HELP"},
};

static void overview_group(const struct group *group, struct x8_page *out)
{
    int headed = 0;

    for (const struct x8_cmd *const *c = x8_commands; *c; c++) {
        char left[96];

        if (strcmp((*c)->group, group->name) != 0)
            continue;
        if (!headed++)
            x8_put(out, "%s\n", group->title);
        snprintf(left, sizeof left, "x8ctl %s%s%s", (*c)->name, (*c)->usage[0] ? " " : "",
                 (*c)->usage);
        x8_put_row(out, left, 40, (*c)->summary);
    }
}

void x8_page_overview(struct x8_page *out)
{
    x8_put(out, "x8ctl looks after Arduino Portenta X8 boards from your computer.\n\n");

    for (size_t i = 0; i < X8_COUNT(groups); i++)
        overview_group(&groups[i], out);
    x8_put(out, "\nA command in full: x8ctl help COMMAND, or --help anywhere on its "
                "line.\nTopics (x8ctl help TOPIC):\n");
    for (const struct x8_topic *t = x8_topics; t->name; t++)
        x8_put_row(out, t->name, 18, t->summary);
    x8_put_row(out, "E13", 18, "an exit code: causes and what to do");
}

static void examples(const struct x8_example *example, struct x8_page *out)
{
    if (example && example->command)
        x8_put(out, "\nexamples\n");
    for (; example && example->command; example++)
        x8_put(out, "  %s\n      %s\n", example->command, example->text);
}

static void exit_row(struct x8_page *out, enum x8_code code)
{
    x8_put(out, " %3d  %-16s %s\n", (int)code, x8_code_name(code), x8_code_meaning(code));
}

/* Every command can be misused: 2 is listed whether its row says so or not. */
static void exits(const struct x8_cmd *cmd, struct x8_page *out)
{
    x8_put(out, "\nexit codes\n");
    if (cmd->needs & X8_STATUS_IS_REMOTE) {
        x8_put(out, "   *  remote           that of the command on the board\n"
                    " 255  own              x8ctl itself failed: its own code is in the message\n");
    } else {
        exit_row(out, X8_OK);
        exit_row(out, X8_E_USAGE);
    }
    for (const unsigned char *e = cmd->exits; e && *e; e++)
        if (*e != X8_E_USAGE)
            exit_row(out, (enum x8_code) * e);
    x8_put(out, "  causes and what to do: x8ctl help E10, E13, ...\n");
}

void x8_page_command(const struct x8_cmd *cmd, struct x8_page *out)
{
    x8_put(out, "x8ctl %s: %s\n\nusage\n  x8ctl %s [OPTIONS]%s%s\n", cmd->name, cmd->summary,
           cmd->name, cmd->usage[0] ? " " : "", cmd->usage);

    examples(cmd->examples, out);
    if (cmd->description) {
        size_t len = strlen(cmd->description);
        x8_put(out, "\n%s%s", cmd->description,
               len && cmd->description[len - 1] == '\n' ? "" : "\n");
    }
    x8_put(out, "\noptions\n");
    x8_put_options(out, cmd->opts);
    x8_put(out, "  %sx8ctl help options\n",
           cmd->opts && cmd->opts->name ? "and those of every command: "
                                        : "those of every command: ");
    exits(cmd, out);
    if (cmd->see_also)
        x8_put(out, "\nsee also\n  %s\n", cmd->see_also);
}
