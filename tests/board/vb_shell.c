/*
 * U-Boot's hush shell, as much of it as scripts for flashing use: `;`, `&&`, `||`, `if`/`elif`/
 * `else`, quotes, ${var} at run time. Loops are a syntax error here.
 *
 * The text is walked twice: once to see that it is well formed (hush runs nothing of a list it
 * cannot parse), then to run it.
 *
 * Two properties of U-Boot's old hush that matter: after `&&` or `||` decided to skip, everything
 * up to the next `;` is skipped, so that in `false && a || b` neither runs; and an `if` without
 * `else` whose condition fails has the status of the condition.
 */
#include "vb_model.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define MAX_ARGS  64
#define MAX_DEPTH 12

struct shell {
    struct vb *vb;
    const char *p;
    int bad; /* syntax error */
    int depth;
};

enum after { SEQ, AND, OR };

/* ---- words ---- */

struct args {
    char *argv[MAX_ARGS + 1];
    int argc;
    char buf[16384];
    size_t used, start;
    int open; /* the present word exists, even if it is empty */
    int failed;
};

static void put(struct args *a, char c)
{
    if (a->used + 2 > sizeof a->buf)
        a->failed = 1;
    else
        a->buf[a->used++] = c;
    a->open = 1;
}

static void end_word(struct args *a)
{
    if (!a->open)
        return;
    if (a->argc == MAX_ARGS || a->used + 1 > sizeof a->buf) {
        a->failed = 1;
        return;
    }
    a->buf[a->used++] = 0;
    a->argv[a->argc++] = a->buf + a->start;
    a->start = a->used;
    a->open = 0;
}

/* Values of `name=value` lines are the shell's own: the environment does not show them. */
static const char *lookup(const struct vb *vb, const char *name)
{
    const char *value = vb_env_get(vb, name);
    char own[80];
    if (value)
        return value;
    snprintf(own, sizeof own, "\1%.70s", name);
    return vb_env_get(vb, own);
}

/* The value of the variable at `p` (behind the $); *len gets how much of the text it took. NULL:
 * the $ stands for itself. */
static const char *variable(struct shell *sh, const char *p, const char *end, size_t *len)
{
    static const char digit[] = "01";
    char name[80];
    size_t n = 0, brace = p < end && *p == '{';
    if (p < end && *p == '?') {
        *len = 1;
        const char *status = vb_env_get(sh->vb, "\1?");
        return status ? status : digit;
    }
    const char *q = p + brace;
    while (q < end && n + 1 < sizeof name &&
           (brace ? *q != '}' : isalnum((unsigned char)*q) || *q == '_'))
        name[n++] = *q++;
    name[n] = 0;
    if (brace && q < end && *q == '}')
        q++;
    *len = (size_t)(q - p);
    if (n == 0 && !brace)
        return NULL;
    const char *value = lookup(sh->vb, name);
    return value ? value : "";
}

/* A value outside quotes is cut at blanks, inside it stays whole. */
static void put_value(struct args *a, const char *value, int quoted)
{
    for (; *value; value++) {
        if (!quoted && isspace((unsigned char)*value))
            end_word(a);
        else
            put(a, *value);
    }
}

static void expand(struct shell *sh, const char *p, const char *end, struct args *a)
{
    char quote = 0;
    for (; p < end; p++) {
        size_t len = 0;
        const char *value;
        if (quote != '\'' && *p == '\\' && p + 1 < end) {
            if (quote && !strchr("\"$\\", p[1]))
                put(a, '\\');
            put(a, *++p);
        } else if (quote ? *p == quote : (*p == '\'' || *p == '"')) {
            quote = quote ? 0 : *p;
            a->open = 1;
        } else if (quote != '\'' && *p == '$' && (value = variable(sh, p + 1, end, &len))) {
            put_value(a, value, quote != 0);
            p += len;
        } else
            put(a, *p);
    }
    end_word(a);
}

/* ---- commands ---- */

static void blanks(struct shell *sh)
{
    while (*sh->p == ' ' || *sh->p == '\t')
        sh->p++;
    if (*sh->p == '#')
        sh->p += strlen(sh->p);
}

static int ends_word(char c)
{
    return c == 0 || strchr(" \t\n;&|", c) != NULL;
}

/* Step over one raw word. */
static void skip_word(struct shell *sh)
{
    char quote = 0;
    while (*sh->p && (quote || !ends_word(*sh->p))) {
        if (quote != '\'' && *sh->p == '\\' && sh->p[1])
            sh->p++;
        else if (quote ? *sh->p == quote : (*sh->p == '\'' || *sh->p == '"'))
            quote = quote ? 0 : *sh->p;
        sh->p++;
    }
    if (quote)
        sh->bad = 1;
}

static int assignment(struct shell *sh, const struct args *a)
{
    const char *equals = a->argc == 1 ? strchr(a->argv[0], '=') : NULL;
    if (!equals || equals == a->argv[0] || !isalpha((unsigned char)a->argv[0][0]))
        return 0;
    char name[80];
    snprintf(name, sizeof name, "\1%.*s",
             (int)(equals - a->argv[0] < 70 ? equals - a->argv[0] : 70), a->argv[0]);
    (void)vb_env_set(sh->vb, name, equals + 1);
    return 1;
}

static int over(const struct vb *vb)
{
    return vb->crashed || vb->leave_us != VB_NEVER;
}

static int simple(struct shell *sh, int run, int rc)
{
    struct args a = {.argc = 0};
    run = run && !over(sh->vb);
    while (!sh->bad) {
        blanks(sh);
        if (ends_word(*sh->p))
            break;
        const char *start = sh->p;
        skip_word(sh);
        if (run && !sh->bad)
            expand(sh, start, sh->p, &a);
    }
    if (!run || sh->bad)
        return rc;
    if (a.failed)
        return 1;
    a.argv[a.argc] = NULL;
    if (a.argc == 0 || assignment(sh, &a))
        return 0;
    rc = vb_cmd_run(sh->vb, a.argc, a.argv);
    (void)vb_env_set(sh->vb, "\1?", rc ? "1" : "0");
    return rc;
}

/* ---- lists and if ---- */

static int list(struct shell *sh, int run, int rc, const char *stops);

static int at_word(const struct shell *sh, const char *word)
{
    size_t len = strlen(word);
    return strncmp(sh->p, word, len) == 0 && ends_word(sh->p[len]);
}

/* One of the blank-separated words in `words`. */
static int at_any(const struct shell *sh, const char *words)
{
    while (*words) {
        size_t len = strcspn(words, " ");
        if (strncmp(sh->p, words, len) == 0 && ends_word(sh->p[len]))
            return 1;
        words += len + (words[len] == ' ');
    }
    return 0;
}

static void need(struct shell *sh, const char *word)
{
    if (at_word(sh, word))
        sh->p += strlen(word);
    else
        sh->bad = 1;
}

static int compound(struct shell *sh, int run, int rc)
{
    int done = 0; /* a branch was taken */
    sh->p += strlen("if");
    for (;;) {
        rc = list(sh, run && !done, rc, "then");
        need(sh, "then");
        int take = run && !done && rc == 0;
        rc = list(sh, take, rc, "elif else fi");
        done |= take;
        if (sh->bad || !at_word(sh, "elif"))
            break;
        sh->p += strlen("elif");
    }
    if (!sh->bad && at_word(sh, "else")) {
        sh->p += strlen("else");
        rc = list(sh, run && !done, rc, "fi");
    }
    need(sh, "fi");
    return rc;
}

static enum after separator(struct shell *sh)
{
    blanks(sh);
    if (strncmp(sh->p, "&&", 2) == 0 || strncmp(sh->p, "||", 2) == 0) {
        enum after after = *sh->p == '&' ? AND : OR;
        sh->p += 2;
        blanks(sh);
        if (*sh->p == 0 || *sh->p == ';')
            sh->bad = 1;
        return after;
    }
    if (*sh->p == ';' || *sh->p == '\n')
        sh->p++;
    else if (*sh->p)
        sh->bad = 1;
    return SEQ;
}

/* Walk a list up to the end of the text or one of the words `stops` in command position. Returns
 * the status of the last command that ran, or `rc` when none did. */
static int list(struct shell *sh, int run, int rc, const char *stops)
{
    int skip = 0;
    if (++sh->depth > MAX_DEPTH)
        sh->bad = 1;
    while (!sh->bad) {
        blanks(sh);
        if (*sh->p == ';' || *sh->p == '\n') {
            sh->p++;
            continue;
        }
        if (*sh->p == 0 || at_any(sh, stops))
            break;
        if (at_any(sh, "then elif else fi for while until do done in")) {
            sh->bad = 1;
            break;
        }
        int live = run && !skip;
        rc = at_word(sh, "if") ? compound(sh, live, rc) : simple(sh, live, rc);
        if (sh->bad)
            break;
        enum after after = separator(sh);
        if (!live)
            skip = skip && after != SEQ;
        else
            skip = (rc == 0 && after == OR) || (rc != 0 && after == AND);
    }
    sh->depth--;
    return rc;
}

int vb_shell_run(struct vb *vb, const char *text)
{
    if (vb->shell_depth >= 6) /* `run` of a variable that runs itself */
        return 1;
    struct shell sh = {.vb = vb, .p = text};
    (void)list(&sh, 0, 0, "");
    if (sh.bad)
        return 1;
    vb->shell_depth++;
    sh.p = text;
    int rc = list(&sh, 1, 0, "");
    vb->shell_depth--;
    return rc;
}
