/*
 * Folders of the user and ways to boards, as the environment names them.
 */
#include "main.h"
#include "running.h"

#include "adb/adb.h"
#include "util/file.h"
#include "util/text.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_LEN = 1024 };

/* The variable's text, or NULL when it is not set or empty. */
static const char *env(const char *name)
{
    const char *text = getenv(name);

    return text && text[0] ? text : NULL;
}

/* Services and cron jobs may run without HOME. */
static void home_folder(char *out, size_t cap)
{
    struct passwd pw, *found = NULL;
    char buf[2048];

    if (env("HOME"))
        x8_copy(out, cap, env("HOME"));
    else if (getpwuid_r(geteuid(), &pw, buf, sizeof buf, &found) == 0 && found)
        x8_copy(out, cap, found->pw_dir);
    else
        x8_copy(out, cap, "/");
}

void x8_env_path(const char *kind, const char *name, char *out, size_t cap)
{
    static const struct {
        const char *kind, *variable, *below_home;
    } rows[] = {{"state", "XDG_STATE_HOME", ".local/state"},
                {"config", "XDG_CONFIG_HOME", ".config"},
                {"cache", "XDG_CACHE_HOME", ".cache"}};
    char home[PATH_LEN];
    size_t i = 0;

    while (i < X8_COUNT(rows) - 1 && strcmp(rows[i].kind, kind) != 0)
        i++;
    if (env("X8CTL_HOME")) {
        snprintf(out, cap, "%s/%s/%s", env("X8CTL_HOME"), kind, name);
        return;
    }
    /* The XDG rules: a relative path there is no path. */
    if (env(rows[i].variable) && env(rows[i].variable)[0] == '/') {
        snprintf(out, cap, "%s/x8ctl/%s", env(rows[i].variable), name);
        return;
    }
    home_folder(home, sizeof home);
    snprintf(out, cap, "%s/%s/x8ctl/%s", home, rows[i].below_home, name);
}

static int not_ours(const char *path, struct x8_error *err)
{
    /* Who names the folder means it. */
    if (env("X8CTL_HOME") || x8_path_is_ours(path))
        return 0;
    x8_fail(err, X8_E_NO_PERMISSION, "root makes nothing in %s, which is another user's", path);
    x8_error_why(err, "that user could not use it afterwards: HOME is not root's own here");
    x8_error_next(err, "sudo -H x8ctl ...    uses root's home; X8CTL_HOME=FOLDER any other");
    return -(int)X8_E_NO_PERMISSION;
}

int x8_env_make_folder(const char *path, struct x8_error *err)
{
    char part[PATH_LEN];
    int rc = not_ours(path, err);

    if (rc < 0)
        return rc;
    if (!x8_copy(part, sizeof part, path))
        return x8_fail(err, X8_E_NO_FILE, "the path of folder %s is too long", path);
    for (char *p = part + 1;; p++) {
        char kept = *p;

        if (kept != '/' && kept != '\0')
            continue;
        *p = '\0';
        if (mkdir(part, 0700) != 0 && errno != EEXIST && x8_path_kind(part) != X8_PATH_DIR) {
            int errnum = errno;

            rc = x8_fail_sys(err, x8_write_code(errnum, X8_E_NO_PERMISSION), errnum,
                             "folder %s cannot be made", part);
            x8_error_next(err, "X8CTL_HOME=FOLDER    keeps everything of x8ctl in another place");
            return rc;
        }
        if (kept == '\0')
            return 0;
        *p = kept;
    }
}

static int bad_port(const char *variable, const char *text, struct x8_error *err)
{
    char clean[96];
    int rc;

    x8_clean(clean, sizeof clean, text, strlen(text));
    rc = x8_fail(err, X8_E_USAGE, "variable %s names no adb server: '%s'", variable, clean);
    x8_error_why(err, strcmp(variable, "ADB_SERVER_SOCKET") == 0
                          ? "x8ctl knows the forms tcp:PORT and tcp:localhost:PORT: a server of "
                            "this computer"
                          : "a port is a number from 1 to 65535");
    x8_error_next(err, "unset %s, or give it the port of the adb server of this computer",
                  variable);
    return rc;
}

static int read_port(const char *variable, const char *text, const char *whole, uint16_t *out,
                     struct x8_error *err)
{
    uint32_t port;

    if (x8_parse_u32(text, &port) != 0 || port == 0 || port > 65535)
        return bad_port(variable, whole, err);
    *out = (uint16_t)port;
    return 0;
}

/* As adb's own client reads them: the socket wins over the port. */
static int server_port(uint16_t *out, struct x8_error *err)
{
    static const char *const here[] = {"tcp:localhost:", "tcp:127.0.0.1:", "tcp:[::1]:", "tcp:"};
    const char *socket = env("ADB_SERVER_SOCKET"), *port = env("ANDROID_ADB_SERVER_PORT");

    *out = X8_ADB_SERVER_PORT;
    for (size_t i = 0; socket && i < X8_COUNT(here); i++)
        if (x8_starts(socket, here[i]))
            return read_port("ADB_SERVER_SOCKET", socket + strlen(here[i]), socket, out, err);
    if (socket)
        return bad_port("ADB_SERVER_SOCKET", socket, err);
    return port ? read_port("ANDROID_ADB_SERVER_PORT", port, port, out, err) : 0;
}

/* "0", "off" or how long; the search of a local network takes a second. */
static int search_time(int *out_ms, struct x8_error *err)
{
    const char *text = env("X8CTL_NET");
    int64_t ms = X8_NET_SEARCH_MS;
    char clean[96];

    if (text && x8_casecmp(text, "off") == 0)
        ms = 0;
    else if (text && (x8_parse_duration(text, &ms) != 0 || ms < 0 || ms > X8_NET_SEARCH_MAX_MS)) {
        x8_clean(clean, sizeof clean, text, strlen(text));
        x8_fail(err, X8_E_USAGE, "variable X8CTL_NET is no time to search for: '%s'", clean);
        x8_error_why(err, "it is a duration of at most %d s, or 0 for no search",
                     X8_NET_SEARCH_MAX_MS / 1000);
        x8_error_next(err, "X8CTL_NET=2s, or unset it");
        return -(int)X8_E_USAGE;
    }
    *out_ms = (int)ms;
    return 0;
}

/* What ssh itself would look at. Written with the same text each time, as in x8_env_reach. */
static int net_reach(struct x8_net_reach *out, struct x8_error *err)
{
    static char folder[PATH_LEN], config[PATH_LEN + 16], known_hosts[PATH_LEN + 16];
    char home[PATH_LEN - 64];

    home_folder(home, sizeof home);
    snprintf(folder, sizeof folder, "%s/.ssh", home);
    snprintf(config, sizeof config, "%s/config", folder);
    snprintf(known_hosts, sizeof known_hosts, "%s/known_hosts", folder);
    *out = (struct x8_net_reach){.way = {.config = config,
                                         .system_config = "/etc/ssh/ssh_config",
                                         .known_hosts = known_hosts,
                                         .key_folder = folder,
                                         .agent = env("SSH_AUTH_SOCK")}};
    return search_time(&out->search_ms, err);
}

/* -t may cut the patience with a server that fell silent short, down to what a loaded board needs;
 * it adds none: "wait ten minutes for the restart" is not "wait ten minutes for an answer". */
static int patience_ms(int64_t limit_ms)
{
    enum { LEAST_MS = 2000, USUAL_MS = 25000 };

    if (limit_ms == X8_TIMEOUT_UNSET || limit_ms < 0 || limit_ms >= USUAL_MS)
        return USUAL_MS;
    return limit_ms < LEAST_MS ? LEAST_MS : (int)limit_ms;
}

int x8_env_reach(const struct x8_globals *globals, struct x8_reach *out, struct x8_error *err)
{
    /* Written with the same text each time; the threads of a run read them only. */
    static char key[PATH_LEN], names[PATH_LEN];
    char home[PATH_LEN - 64];
    struct x8_reach reach = {.via = (enum x8_via)globals->via,
                             .key_path = key,
                             .names_path = names,
                             .lock_path = x8_env_lock_path};
    int rc = 0;

    if (reach.via == X8_VIA_AUTO || reach.via == X8_VIA_ADB)
        rc = server_port(&reach.adb_port, err);
    if (rc == 0)
        rc = net_reach(&reach.net, err);
    if (reach.via != X8_VIA_AUTO && reach.via != X8_VIA_NET)
        reach.net.search_ms = 0;
    if (rc < 0)
        return rc;
    reach.net.way.silent_ms = patience_ms(globals->timeout_ms);
    home_folder(home, sizeof home);
    snprintf(key, sizeof key, "%s/.android/adbkey", home);
    x8_env_path("config", "boards.json", names, sizeof names);
    *out = reach;
    return 0;
}

static void compare_name(void *ctx, const char *serial, const char *name)
{
    struct x8_selector *selector = ctx;

    if (x8_casecmp(selector->text, name) == 0)
        x8_copy(selector->key, sizeof selector->key, serial);
}

void x8_env_resolve_name(struct x8_selector *selector)
{
    char path[PATH_LEN];

    x8_env_path("config", "boards.json", path, sizeof path);
    if (selector->kind == X8_SELECT_SERIAL)
        (void)x8_names_each(path, compare_name, selector, NULL);
}
