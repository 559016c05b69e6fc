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
    {"house", "HOUSE"},
};

static int overview_group(const struct group *group, struct x8_buf *out)
{
    int headed = 0, rc = 0;

    for (const struct x8_cmd *const *c = x8_commands; *c && rc == 0; c++) {
        char left[96];

        if (strcmp((*c)->group, group->name) != 0)
            continue;
        if (!headed++)
            rc = x8_buf_addf(out, "%s\n", group->title);
        snprintf(left, sizeof left, "x8ctl %s%s%s", (*c)->name, (*c)->usage[0] ? " " : "",
                 (*c)->usage);
        if (rc == 0)
            rc = x8_layout_row(out, left, 40, (*c)->summary);
    }
    return rc;
}

int x8_page_overview(struct x8_buf *out)
{
    int rc =
        x8_buf_addf(out, "x8ctl looks after Arduino Portenta X8 boards from your computer.\n\n");

    for (size_t i = 0; i < X8_COUNT(groups) && rc == 0; i++)
        rc = overview_group(&groups[i], out);
    if (rc == 0)
        rc = x8_buf_addf(out, "\nA command in full: x8ctl help COMMAND, or --help anywhere on its "
                              "line.\nTopics (x8ctl help TOPIC):\n");
    for (const struct x8_topic *t = x8_topics; t->name && rc == 0; t++)
        rc = x8_layout_row(out, t->name, 18, t->summary);
    return rc == 0 ? x8_layout_row(out, "E13", 18, "an exit code: causes and what to do") : rc;
}

static int examples(const struct x8_example *example, struct x8_buf *out)
{
    int rc = 0;

    if (example && example->command)
        rc = x8_buf_addf(out, "\nexamples\n");
    for (; example && example->command && rc == 0; example++)
        rc = x8_buf_addf(out, "  %s\n      %s\n", example->command, example->text);
    return rc;
}

static int exits(const struct x8_cmd *cmd, struct x8_buf *out)
{
    int rc = x8_buf_addf(out, "\nexit codes\n   0  %-16s %s\n", x8_code_name(X8_OK),
                         x8_code_meaning(X8_OK));

    for (const unsigned char *e = cmd->exits; e && *e && rc == 0; e++)
        rc = x8_buf_addf(out, " %3u  %-16s %s\n", *e, x8_code_name((enum x8_code) * e),
                         x8_code_meaning((enum x8_code) * e));
    return rc == 0 ? x8_buf_addf(out, "  causes and what to do: x8ctl help E10, E13, ...\n") : rc;
}

int x8_page_command(const struct x8_cmd *cmd, struct x8_buf *out)
{
    int rc = x8_buf_addf(out, "x8ctl %s: %s\n\nusage\n  x8ctl %s [OPTIONS]%s%s\n", cmd->name,
                         cmd->summary, cmd->name, cmd->usage[0] ? " " : "", cmd->usage);

    if (rc == 0)
        rc = examples(cmd->examples, out);
    if (rc == 0 && cmd->description) {
        size_t len = strlen(cmd->description);
        rc = x8_buf_addf(out, "\n%s%s", cmd->description,
                         len && cmd->description[len - 1] == '\n' ? "" : "\n");
    }
    if (rc == 0)
        rc = x8_buf_addf(out, "\noptions\n");
    if (rc == 0)
        rc = x8_layout_options(out, cmd->opts);
    if (rc == 0)
        rc = x8_buf_addf(out, "  %sx8ctl help options\n",
                         cmd->opts && cmd->opts->name ? "and those of every command: "
                                                      : "those of every command: ");
    if (rc == 0)
        rc = exits(cmd, out);
    if (rc == 0 && cmd->see_also)
        rc = x8_buf_addf(out, "\nsee also\n  %s\n", cmd->see_also);
    return rc;
}
