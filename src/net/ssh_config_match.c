/*
 * Host and Match: are the lines below for our host.
 */
#include "net/ssh_config_parts.h"

#include "util/text.h"

#include <string.h>

static const char *host_now(const struct x8_ssh_reading *reading)
{
    return reading->out->hostname[0] ? reading->out->hostname : reading->whom->host;
}

/* Without a single pattern that fits, or with one with '!' that does: no. The second time ssh looks
 * at the name that the first gave. Capital letters matter, and a comma is a letter: it is only
 * Match that takes lists, and small letters for names of hosts. Source: OpenSSH's match_pattern()
 * and match_hostname(). */
void x8_ssh_read_host(struct x8_ssh_reading *reading, const struct x8_ssh_line *line)
{
    const char *host = reading->is_final ? host_now(reading) : reading->whom->host;
    int fits = 0;

    for (size_t i = 0; i < line->count && fits >= 0; i++) {
        int is_not = line->words[i][0] == '!';

        if (x8_ssh_pattern_fits(line->words[i] + is_not, host, 0))
            fits = is_not ? -1 : 1;
    }
    reading->is_active = fits > 0;
}

static const char *user_now(const struct x8_ssh_reading *reading)
{
    if (reading->whom->user)
        return reading->whom->user;
    return reading->out->user[0] ? reading->out->user : reading->local_user;
}

/* The two that stand alone, and "all". -1: another one. */
static int judge_alone(struct x8_ssh_reading *reading, const char *word, int is_not)
{
    if (x8_casecmp(word, "all") == 0)
        return 1;
    if (x8_casecmp(word, "canonical") == 0)
        return reading->is_final;
    if (x8_casecmp(word, "final") != 0)
        return -1;
    reading->wants_final |= !is_not;
    return reading->is_final;
}

static int run(const struct x8_ssh_reading *reading, const char *text, struct x8_error *err)
{
    const struct x8_ssh_config_for *whom = reading->whom;
    struct x8_ssh_tokens tokens = {host_now(reading), whom->host, user_now(reading), whom->folder,
                                   reading->out->port ? reading->out->port : 22};
    char command[2048];
    int rc;

    if (!whom->run)
        return x8_ssh_line_wrong(reading, err, "no command of Match exec is run here");
    rc = x8_ssh_config_expand(text, &tokens, 0, command, sizeof command, err);
    rc = rc < 0 ? rc : whom->run(whom->ctx, command, err);
    if (rc < 0 && err)
        x8_error_prefix(err, "%.100s line %u", reading->file, reading->line);
    return rc;
}

/* 1, 0, or a negative code. */
static int judge(struct x8_ssh_reading *reading, const char *word, const char *value,
                 struct x8_error *err)
{
    const struct {
        const char *word, *text;
        int ignores_case;
    } rows[] = {{"host", host_now(reading), 1},
                {"originalhost", reading->whom->host, 1},
                {"user", user_now(reading), 0},
                {"localuser", reading->local_user, 0}};

    for (size_t i = 0; i < X8_COUNT(rows); i++)
        if (x8_casecmp(word, rows[i].word) == 0)
            return x8_ssh_list_fits(value, rows[i].text, rows[i].ignores_case) > 0;
    if (x8_casecmp(word, "exec") == 0)
        return run(reading, value, err);
    return x8_ssh_line_wrong(reading, err, "Match %.40s is not understood", word);
}

/* A condition behind one that does not hold is not looked at: no command is run for nothing. */
int x8_ssh_read_match(struct x8_ssh_reading *reading, const struct x8_ssh_line *line,
                      struct x8_error *err)
{
    int fits = 1;

    reading->is_active = 0;
    if (line->count == 0)
        return x8_ssh_line_wrong(reading, err, "Match without a condition");
    for (size_t i = 0; i < line->count && fits; i++) {
        int is_not = line->words[i][0] == '!';
        const char *word = line->words[i] + is_not;
        int one = judge_alone(reading, word, is_not);

        if (one < 0 && ++i == line->count)
            return x8_ssh_line_wrong(reading, err, "Match %.40s without a value", word);
        if (one < 0)
            one = judge(reading, word, line->words[i], err);
        if (one < 0)
            return one;
        fits = one != is_not;
    }
    reading->is_active = fits;
    return 0;
}
