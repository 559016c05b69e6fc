/*
 * x8ctl setup: the first login, a name and a key for ssh.
 */
#include "setup.h"

#include "util/file.h"
#include "util/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_FILE_MAX = 64 << 10, KEY_LEN = 16384 };

static struct x8_setup_options opt = {.new_fd = X8_NO_FD};

void x8_setup_tell(struct x8_job_on *job, const char *what, const char *word, const char *text)
{
    char line[512], key[32];

    snprintf(line, sizeof line, "%s\t%s%s%s\n", what, word, text[0] ? "\t" : "", text);
    if (!job->ctx->globals->json)
        x8_job_print(job, 0, line, strlen(line));
    x8_copy(key, sizeof key, what);
    for (char *c = key; *c; c++)
        *c = *c == '-' ? '_' : *c;
    x8_json_str(job->result, key, word);
}

/* --- steps --- */

/* What is still to be done. */
static void leave(struct x8_job_on *job, const char *text)
{
    struct x8_json *list = x8_json_array();

    x8_json_str(list, NULL, text);
    x8_json_add(job->result, "left", list);
    x8_ui_say(job->ctx->ui, "left: %s", text);
}

static int is_alone(void)
{
    return !opt.name && !opt.ssh_key;
}

static int set_password(struct x8_job_on *job, struct x8_error *err)
{
    static const char *const words[] = {[X8_PASSWORD_KEPT] = "unchanged",
                                        [X8_PASSWORD_ALONE] = "left alone",
                                        [X8_PASSWORD_SET] = "set",
                                        [X8_PASSWORD_EMPTY] = "empty",
                                        [X8_PASSWORD_DEFAULT] = "as sold"};
    enum x8_password_end end = X8_PASSWORD_ALONE;
    int rc = x8_setup_password(job, &opt, is_alone(), &end, err);

    if (rc < 0)
        return rc;
    x8_setup_tell(
        job, "password",
        end == X8_PASSWORD_SET && job->ctx->globals->dry_run ? "would be set" : words[end], "");
    if (end == X8_PASSWORD_ALONE && is_alone())
        x8_ui_say(job->ctx->ui, "the board has a password of its own: --change-password sets "
                                "another");
    if (end == X8_PASSWORD_EMPTY)
        leave(job, "a password; ssh lets nobody in without one: x8ctl setup --password-file FILE");
    if (end == X8_PASSWORD_DEFAULT)
        leave(job, "a password of its own; everybody knows this one: x8ctl setup");
    return 0;
}

/* The name by which list and -s find it again on the network, where it no longer announces its
 * serial number. */
static void remember_name(struct x8_job_on *job)
{
    const char *path = job->reach->names_path, *serial = job->target->serial;
    struct x8_facts *facts = calloc(1, sizeof *facts);
    char *folder = x8_path_dir(path);
    char own[64];
    int rc = -1;

    if (facts && !serial[0] &&
        x8_facts_probe_short(job->session, &job->op, X8_RUN_TEXT_MS, facts, NULL) == 0)
        serial = facts->serial;
    if (serial[0] && !x8_names_get(path, serial, own, sizeof own) && folder &&
        x8_env_make_folder(folder, NULL) == 0)
        rc = x8_names_set(path, serial, opt.name, NULL);
    if (rc == 0)
        x8_ui_say(job->ctx->ui, "%s is called %s by x8ctl, too, from now on", serial, opt.name);
    free(folder);
    free(facts);
}

static int set_name(struct x8_job_on *job, struct x8_error *err)
{
    char now[80];
    int rc = x8_host_name_get(job->session, &job->op, now, sizeof now, err);

    if (rc < 0)
        return rc;
    if (strcmp(now, opt.name) == 0 || job->ctx->globals->dry_run) {
        x8_setup_tell(job, "host-name", strcmp(now, opt.name) == 0 ? "unchanged" : "would be set",
                      opt.name);
        return 0;
    }
    if (job->root.way == X8_ROOT_NONE)
        rc = x8_job_root(job, err);
    if (rc == 0)
        rc = x8_host_name_set(job->session, &job->op, &job->root, opt.name, err);
    if (rc < 0)
        return rc;
    x8_setup_tell(job, "host-name", "set", opt.name);
    remember_name(job);
    return 0;
}

static int set_key(struct x8_job_on *job, const char *key, struct x8_error *err)
{
    int is_dry = job->ctx->globals->dry_run;
    int rc = is_dry ? x8_ssh_key_is_there(job->session, &job->op, key, err)
                    : x8_ssh_key_add(job->session, &job->op, key, err);
    const char *done = is_dry ? (rc ? "is there" : "would be added") : rc ? "added" : "is there";

    if (rc < 0)
        return rc;
    x8_setup_tell(job, "ssh-key", done, opt.ssh_key);
    return 0;
}

/* An address may be anybody's: nothing of another machine is changed. */
static int check_machine(struct x8_job_on *job, struct x8_error *err)
{
    struct x8_facts *facts = calloc(1, sizeof *facts);
    int rc = facts ? x8_facts_probe_short(job->session, &job->op, X8_RUN_TEXT_MS, facts, err)
                   : x8_fail(err, X8_E_INTERNAL, "out of memory");

    if (rc == 0 && !x8_os_is_x8(&facts->os)) {
        rc = x8_fail(err, X8_E_MISFIT, "%s is no Portenta X8", job->target->label);
        x8_error_why(err, "its os-release names another machine; nothing was changed");
        x8_error_next(err, "choose the board with -s; x8ctl list shows them");
    }
    free(facts);
    return rc;
}

static int work(struct x8_job_on *job, struct x8_error *err)
{
    const char *key = job->user;
    int rc = check_machine(job, err);

    if (rc == 0)
        rc = set_password(job, err);
    if (rc == 0 && opt.name)
        rc = set_name(job, err);
    if (rc == 0 && key)
        rc = set_key(job, key, err);
    return rc;
}

/* --- before any board is touched --- */

static int load_key(const char *path, char *out, size_t cap, struct x8_error *err)
{
    X8_AUTO_BUF text = {0};
    int rc = x8_file_load(path, KEY_FILE_MAX, &text, err);

    if (rc == 0)
        rc = x8_ssh_key_parse(x8_buf_text(&text), text.len, out, cap, err);
    if (rc == -(int)X8_E_BAD_IMAGE)
        x8_error_prefix(err, "%s", path);
    return rc;
}

static int check(const struct x8_ctx *ctx, struct x8_error *err)
{
    int rc = 0;

    if (ctx->argc) {
        rc = x8_fail(err, X8_E_USAGE, "setup takes no operand, not '%s'", ctx->argv[0]);
        x8_error_why(err, "the name of a board is the value of --name");
        x8_error_next(err, "x8ctl setup --name %s", ctx->argv[0]);
    } else if (opt.renew_host_key &&
               (!is_alone() || opt.change_password || opt.new_file || opt.new_fd != X8_NO_FD)) {
        rc = x8_fail(err, X8_E_USAGE, "--renew-host-key stands alone");
        x8_error_why(err, "before the key is accepted nothing is said to the board");
        x8_error_next(err, "x8ctl setup --renew-host-key, then the rest");
    } else if (opt.name) {
        rc = x8_host_name_check(opt.name, err);
    }
    return rc;
}

static int run(struct x8_ctx *ctx, struct x8_error *err)
{
    static char key[KEY_LEN];
    struct x8_job_plan plan = {.work = work, .needs_linux = 1, .one_only = 1};
    int rc = check(ctx, err);

    if (rc == 0 && opt.ssh_key)
        rc = load_key(opt.ssh_key, key, sizeof key, err);
    if (rc < 0)
        return rc;
    plan.user = opt.ssh_key ? key : NULL;
    if (opt.renew_host_key)
        plan = (struct x8_job_plan){.work = x8_setup_renew_key, .one_only = 1};
    return x8_run_on_boards(ctx, &plan, err);
}

static const struct x8_opt opts[] = {
    {"name", 0, X8_OPT_STRING, &opt.name, "HOST", NULL,
     "host name: letters, digits and hyphens; HOST.local on the network", NULL},
    {"ssh-key", 0, X8_OPT_STRING, &opt.ssh_key, "FILE", NULL,
     "public key to let in over ssh, as ~/.ssh/id_ed25519.pub", "file"},
    {"change-password", 0, X8_OPT_FLAG, &opt.change_password, NULL, NULL,
     "ask for a new password although the board has one of its own", NULL},
    {"new-password-file", 0, X8_OPT_STRING, &opt.new_file, "FILE", NULL,
     "new password: first line of this file; --password-file then holds the one it has", "file"},
    {"new-password-fd", 0, X8_OPT_U64, &opt.new_fd, "N", NULL,
     "the same from this open file descriptor", NULL},
    {"renew-host-key", 0, X8_OPT_FLAG, &opt.renew_host_key, NULL, NULL,
     "put the ssh key that the board has now in the place of the one known here", NULL},
    {NULL, 0, X8_OPT_FLAG, NULL, NULL, NULL, NULL, NULL},
};
static const struct x8_example examples[] = {
    {"x8ctl setup", "the first login: asks for a new password"},
    {"x8ctl setup --password-file pw --name bench-1", "for a script"},
    {"x8ctl setup --ssh-key ~/.ssh/id_ed25519.pub", "no more passwords over ssh"},
    {"x8ctl setup --renew-host-key -s net:192.168.1.50", "after the board was flashed"},
    {NULL, NULL},
};
static const unsigned char exits[] = {2,  10, 11, 12, 13, 14, 15,  16,  17, 20,
                                      21, 23, 30, 31, 40, 41, 130, 143, 0};

const struct x8_cmd x8_cmd_setup = {
    .name = "setup",
    .group = "run",
    .summary = "first login: password, host name, ssh key",
    .usage = "",
    .description =
        "Does what a person does first on a new board, over USB or ssh. What is as it\n"
        "should be already is left alone, so it may be run again.\n"
        "\n"
        "Password: one that has expired (images 844 to 861) or is empty (from about 881\n"
        "on) is replaced, as is the one that images up to 861 are sold with. The new one\n"
        "is asked for twice on a terminal; else --password-file or --password-fd names\n"
        "it. A board that has one of its own keeps it, unless --new-password-file or\n"
        "--change-password says otherwise; then the old one is needed as well. What the\n"
        "board finds wrong with a password is told in its own words. Passwords are never\n"
        "arguments, neither here nor on the board.\n"
        "\n"
        "Name: the host name, at once and after each start. If you have no name for the\n"
        "board yet (x8ctl name), it is yours for it, too.\n"
        "\n"
        "An ssh key is added once, with the modes that the board's ssh demands; private\n"
        "keys are refused.\n"
        "\n"
        "--renew-host-key shows the board's ssh keys, the one known on this computer and\n"
        "the one that it has now, and asks before it puts the new one in its place. A\n"
        "board makes new keys when it is flashed.",
    .opts = opts,
    .examples = examples,
    .exits = exits,
    .see_also = "x8ctl shell, x8ctl name, x8ctl help selectors",
    .logged = "",
    .needs = X8_NEEDS_BUS | X8_NEEDS_SIGNALS,
    .run = run,
};
