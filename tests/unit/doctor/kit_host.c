/*
 * Recordings written out as trees.
 */
#include "kit_host.h"

#include "doctor/udev.h"
#include "util/clock.h"
#include "util/file.h"
#include "util/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SYSFS "/sys/bus/usb/devices/"

static void load(struct kit_host *host, const char *text, const char *name, int depth);

/* --- files --- */

static void make_folders(const char *path)
{
    char part[512];

    snprintf(part, sizeof part, "%s", path);
    for (char *p = part + 1; *p; p++)
        if (*p == '/') {
            *p = '\0';
            assert_true(mkdir(part, 0755) == 0 || errno == EEXIST);
            *p = '/';
        }
}

static int64_t date_of(const char *text)
{
    int year, month, day;

    assert_int_equal(sscanf(text, "%d-%d-%d", &year, &month, &day), 3);
    return x8_utc_seconds(year, month, day, 0, 0, 0);
}

static void put(struct kit_host *host, const char *path, int64_t when, const void *data, size_t len)
{
    char whole[512];
    struct timespec times[2] = {{.tv_sec = (time_t)when}, {.tv_sec = (time_t)when}};
    FILE *f;

    snprintf(whole, sizeof whole, "%s%s", host->dir, path);
    make_folders(whole);
    f = fopen(whole, "wb");
    if (!f)
        fail_msg("%s: %s", whole, strerror(errno));
    assert_int_equal(fwrite(data, 1, len, f), len);
    fclose(f);
    assert_int_equal(utimensat(AT_FDCWD, whole, times, 0), 0);
}

static void put_text(struct kit_host *host, const char *path, int64_t when, const char *text)
{
    X8_AUTO_BUF out = {0};

    for (; *text; text++) {
        if (text[0] == '\\' && text[1] == 'n') {
            assert_int_equal(x8_buf_add(&out, "\n", 1), 0);
            text++;
        } else {
            assert_int_equal(x8_buf_add(&out, text, 1), 0);
        }
    }
    assert_int_equal(x8_buf_add(&out, "\n", 1), 0);
    put(host, path, when, out.data, out.len);
}

static void append(struct kit_host *host, const char *path, const char *line)
{
    char whole[512];
    FILE *f;

    snprintf(whole, sizeof whole, "%s%s", host->dir, path);
    make_folders(whole);
    f = fopen(whole, "ab");
    assert_non_null(f);
    fputs(line, f);
    fclose(f);
}

/* --- the lines of a recording --- */

static void do_rules(struct kit_host *host, char *rest)
{
    X8_AUTO_BUF text = {0};
    char path[200], date[16];

    assert_int_equal(sscanf(rest, "%199s %15s", path, date), 2);
    assert_int_equal(x8_udev_text(X8_UDEV_GROUP, &text), 0);
    put(host, path, date_of(date), text.data, text.len);
}

static void do_file(struct kit_host *host, char *rest)
{
    char path[200], date[16];
    int at = 0;

    assert_int_equal(sscanf(rest, "%199s %15s %n", path, date, &at), 2);
    put_text(host, path, date_of(date), rest + at);
}

static void do_folder(struct kit_host *host, char *rest)
{
    char whole[512];

    snprintf(whole, sizeof whole, "%s%s/", host->dir, rest);
    make_folders(whole);
}

static void do_remove(struct kit_host *host, char *rest)
{
    char whole[512];

    snprintf(whole, sizeof whole, "%s%s", host->dir, rest);
    if (remove(whole) != 0)
        fail_msg("cannot remove %s: %s", whole, strerror(errno));
}

static void do_process(struct kit_host *host, char *rest)
{
    unsigned pid, uid;
    char path[64], text[200], name[16];
    size_t len;
    int at = 0;

    assert_int_equal(sscanf(rest, "%u %u %n", &pid, &uid, &at), 2);
    rest += at;
    snprintf(text, sizeof text, "%.*s", (int)strcspn(rest, " "), rest);
    x8_copy(name, sizeof name, x8_path_base(text)); /* the kernel cuts it, too */
    snprintf(path, sizeof path, "/proc/%u/comm", pid);
    put_text(host, path, 0, x8_starts(name, "python") ? "python3" : name);
    snprintf(path, sizeof path, "/proc/%u/status", pid);
    snprintf(text, sizeof text, "Name:\t%s\\nUid:\t%u\t%u\t%u\t%u", name, uid, uid, uid, uid);
    put_text(host, path, 0, text);
    snprintf(path, sizeof path, "/proc/%u/cmdline", pid);
    len = strlen(rest);
    for (size_t i = 0; i < len; i++)
        if (rest[i] == ' ')
            rest[i] = '\0';
    put(host, path, 0, rest, len + 1);
}

static void do_listen(struct kit_host *host, char *rest)
{
    unsigned port, uid;
    char line[200];

    assert_int_equal(sscanf(rest, "%u %u", &port, &uid), 2);
    snprintf(line, sizeof line,
             "   0: 0100007F:%04X 00000000:0000 0A 00000000:00000000 00:00000000 00000000 %5u"
             "        0 22337 1 0000000000000000 100 0 0 10 0\n",
             port, uid);
    append(host, "/proc/net/tcp", line);
}

static void attribute(struct kit_host *host, const char *port, const char *name, const char *text)
{
    char path[200];

    snprintf(path, sizeof path, SYSFS "%s/%s", port, name);
    put_text(host, path, 0, text);
}

static void device(struct kit_host *host, const char *port, const char *ids, const char *speed)
{
    char text[16];

    snprintf(text, sizeof text, "%.4s", ids);
    attribute(host, port, "idVendor", text);
    attribute(host, port, "idProduct", ids + 5);
    attribute(host, port, "bcdDevice", "0001");
    attribute(host, port, "speed", speed);
    snprintf(text, sizeof text, "%lu", strtoul(port, NULL, 10));
    attribute(host, port, "busnum", text);
    snprintf(text, sizeof text, "%u", ++host->devices + 1);
    attribute(host, port, "devnum", text);
}

static void do_hub(struct kit_host *host, char *rest)
{
    char port[48], speed[16], power[16], name[64] = "USB2.0 Hub";

    assert_true(sscanf(rest, "%47s %15s %15s %63[^\n]", port, speed, power, name) >= 3);
    device(host, port, "05e3:0608", speed);
    attribute(host, port, "bmAttributes", strcmp(power, "self") == 0 ? "e0" : "a0");
    attribute(host, port, "product", name);
}

static void do_board(struct kit_host *host, char *rest)
{
    char port[48], ids[16], speed[16], node[16], path[64];
    const char *udev = strstr(rest, "udev=");
    unsigned bus;

    assert_int_equal(sscanf(rest, "%47s %15s %15s %15s", port, ids, speed, node), 4);
    device(host, port, ids, speed);
    attribute(host, port, "bMaxPower", "900mA");
    attribute(host, port, "power/control", strstr(rest, " auto") ? "auto" : "on");
    bus = (unsigned)strtoul(port, NULL, 10);
    snprintf(path, sizeof path, "/dev/bus/usb/%03u/%03u", bus, host->devices + 1);
    if (strcmp(node, "none") != 0)
        put_text(host, path, 0, "");
    if (strcmp(node, "denied") == 0)
        x8_copy(host->denied[host->denied_count++], sizeof host->denied[0], path);
    if (udev) {
        snprintf(path, sizeof path, "/run/udev/data/c189:%u", (bus - 1) * 128 + host->devices);
        put_text(host, path, date_of(udev + 5), "E:ID_MODEL=x");
    }
}

static void do_net(struct kit_host *host, char *rest)
{
    char name[32], flags[16], path[64];

    assert_int_equal(sscanf(rest, "%31s %15s", name, flags), 2);
    snprintf(path, sizeof path, "/sys/class/net/%s/flags", name);
    put_text(host, path, 0, flags);
}

static void do_env(struct kit_host *host, char *rest)
{
    assert_true(host->env_count < X8_COUNT(host->env_text));
    x8_copy(host->env_text[host->env_count], sizeof host->env_text[0], rest);
    host->env[host->env_count] = host->env_text[host->env_count];
    host->env_count++;
}

static void do_space(struct kit_host *host, char *rest)
{
    struct kit_space *space = &host->spaces[host->space_count++];
    unsigned long long left;

    assert_true(host->space_count <= X8_COUNT(host->spaces));
    assert_int_equal(sscanf(rest, "%127s %llu", space->path, &left), 2);
    space->left = left << 20;
}

static void do_adb(struct kit_host *host, char *rest)
{
    host->adb = strcmp(rest, "none") == 0 ? 0 : strcmp(rest, "foreign") == 0 ? -X8_E_LINK : 1;
    host->adb_version = (unsigned)strtoul(rest, NULL, 10);
}

static void do_search(struct kit_host *host, char *rest)
{
    host->search = x8_starts(rest, "fails") ? -X8_E_NETWORK : (int)strtol(rest, NULL, 10);
    if (host->search < 0)
        x8_copy(host->search_why, sizeof host->search_why, rest + 6);
}

static void do_says(struct kit_host *host, char *rest)
{
    assert_int_equal(x8_buf_addf(&host->says, "%s\n", rest), 0);
}

static void do_unsays(struct kit_host *host, char *rest)
{
    X8_AUTO_BUF kept = {0};
    size_t len = strlen(rest), lost = 0;

    for (const char *at = x8_buf_text(&host->says); *at;) {
        size_t n = strcspn(at, "\n") + 1;

        if (strncmp(at, rest, len) == 0 && (at[len] == ' ' || strchr(rest, ' ')))
            lost++;
        else
            assert_int_equal(x8_buf_add(&kept, at, n), 0);
        at += n;
    }
    if (!lost)
        fail_msg("unsays %s: the recording does not say that", rest);
    x8_buf_done(&host->says);
    host->says = kept;
    kept = (struct x8_buf){0};
}

static void do_expect(struct kit_host *host, char *rest)
{
    struct kit_expected *expected = &host->expected[host->expected_count++];

    assert_true(host->expected_count <= X8_COUNT(host->expected));
    assert_int_equal(
        sscanf(rest, "%31s %11s %199[^\n]", expected->id, expected->result, expected->phrase), 3);
}

static void do_also(struct kit_host *host, char *rest)
{
    x8_copy(host->also[host->also_count++], sizeof host->also[0], rest);
}

static void do_uid(struct kit_host *host, char *rest)
{
    host->base.uid = (unsigned)strtoul(rest, NULL, 10);
}

static void do_clock(struct kit_host *host, char *rest)
{
    host->clock = date_of(rest) + 36000;
}

static void do_denied(struct kit_host *host, char *rest)
{
    x8_copy(host->denied[host->denied_count++], sizeof host->denied[0], rest);
}

static void do_line(struct kit_host *host, const char *text, char *line, int depth)
{
    static const struct {
        const char *word;
        void (*act)(struct kit_host *host, char *rest);
    } rows[] = {
        {"uid", do_uid},       {"clock", do_clock},   {"env", do_env},
        {"file", do_file},     {"folder", do_folder}, {"remove", do_remove},
        {"rules", do_rules},   {"hub", do_hub},       {"process", do_process},
        {"listen", do_listen}, {"board", do_board},   {"net", do_net},
        {"space", do_space},   {"denied", do_denied}, {"adb", do_adb},
        {"search", do_search}, {"says", do_says},     {"unsays", do_unsays},
        {"expect", do_expect}, {"also", do_also},
    };
    size_t word = strcspn(line, " ");
    char *rest = line + word + strspn(line + word, " ");

    if (word == 0 || line[0] == '#')
        return;
    if (word == 3 && strncmp(line, "use", 3) == 0) {
        load(host, text, rest, depth + 1);
        return;
    }
    for (size_t i = 0; i < X8_COUNT(rows); i++)
        if (strlen(rows[i].word) == word && strncmp(line, rows[i].word, word) == 0) {
            rows[i].act(host, rest);
            return;
        }
    fail_msg("a recording does not know '%s'", line);
}

/* The text behind "== NAME", or NULL. */
static const char *find_block(const char *text, const char *name)
{
    char head[80];
    const char *at = text;

    snprintf(head, sizeof head, "== %s\n", name);
    while (at && strncmp(at, head, strlen(head)) != 0) {
        at = strstr(at, "\n== ");
        at = at ? at + 1 : NULL;
    }
    return at ? at + strlen(head) : NULL;
}

static void load(struct kit_host *host, const char *text, const char *name, int depth)
{
    const char *at = find_block(text, name);
    char line[1024];

    if (!at || depth > 4)
        fail_msg("there is no recording '%s'", name);
    while (*at && strncmp(at, "== ", 3) != 0) {
        size_t len = strcspn(at, "\n");

        snprintf(line, sizeof line, "%.*s", (int)len, at);
        do_line(host, text, line, depth);
        at += len + (at[len] == '\n');
    }
}

/* --- what no file answers --- */

static const char *below(const struct kit_host *host, const char *path)
{
    size_t len = strlen(host->dir);

    return strncmp(path, host->dir, len) == 0 ? path + len : path;
}

static int space(const struct x8_host *base, const char *path, uint64_t *size, uint64_t *left)
{
    const struct kit_host *host = base->ctx;

    *size = *left = (uint64_t)40 << 30;
    for (size_t i = 0; i < host->space_count; i++)
        if (x8_starts(below(host, path), host->spaces[i].path))
            *left = host->spaces[i].left;
    return 0;
}

static int64_t clock_now(const struct x8_host *base)
{
    return ((const struct kit_host *)base->ctx)->clock;
}

static int may_use(const struct x8_host *base, const char *path)
{
    const struct kit_host *host = base->ctx;

    for (size_t i = 0; i < host->denied_count; i++)
        if (strcmp(path, host->denied[i]) == 0)
            return 0;
    return x8_host_exists(base, path) ? 1 : -1;
}

static int adb_version(const struct x8_host *base, const struct x8_op *op, uint16_t port,
                       unsigned *out, struct x8_error *err)
{
    const struct kit_host *host = base->ctx;

    (void)op;
    (void)port;
    if (host->adb < 0)
        return x8_fail(err, X8_E_LINK, "what answers in the adb server's place is none");
    *out = host->adb_version;
    return host->adb;
}

static int search(const struct x8_host *base, const struct x8_op *op, int ms, struct x8_error *err)
{
    const struct kit_host *host = base->ctx;

    (void)op;
    (void)ms;
    if (host->search < 0) {
        x8_fail(err, X8_E_NETWORK, "the network cannot be searched for boards");
        x8_error_why(err, "%s", host->search_why);
    }
    return host->search;
}

static const struct x8_host_ops recorded = {space, clock_now, may_use, adb_version, search};

/* The parts that all files may use, and the file. */
static void read_both(const char *file, struct x8_buf *out)
{
    char *folder = x8_path_dir(file), *parts = x8_path_join(folder, "parts.txt");
    char *first = test_read(parts, NULL), *second = test_read(file, NULL);

    assert_int_equal(x8_buf_addf(out, "%s\n%s", first, second), 0);
    free(first);
    free(second);
    free(parts);
    free(folder);
}

void kit_host_load(struct kit_host *host, const char *file, const char *name)
{
    X8_AUTO_BUF text = {0};

    memset(host, 0, sizeof *host);
    host->dir = test_dir_new();
    host->base = (struct x8_host){.ops = &recorded,
                                  .ctx = host,
                                  .root = host->dir,
                                  .env = host->env,
                                  .cache = "/home/ana/.cache/x8ctl",
                                  .state = "/home/ana/.local/state/x8ctl",
                                  .uid = 1000,
                                  .adb_port = 5037,
                                  .search_ms = 10,
                                  .released = date_of("2026-10-01")};
    read_both(file, &text);
    load(host, x8_buf_text(&text), name, 0);
}

void kit_host_done(struct kit_host *host)
{
    x8_buf_done(&host->says);
    test_dir_free(host->dir);
}

size_t kit_blocks(const char *file, char (**out)[64])
{
    char *text = test_read(file, NULL);
    size_t count = 0;

    *out = NULL;
    for (const char *at = text; at; at = strstr(at, "\n== "), at = at ? at + 1 : NULL) {
        if (strncmp(at, "== ", 3) != 0)
            continue;
        *out = realloc(*out, (count + 1) * sizeof **out);
        assert_non_null(*out);
        snprintf((*out)[count++], sizeof **out, "%.*s", (int)strcspn(at + 3, "\n"), at + 3);
    }
    free(text);
    return count;
}
