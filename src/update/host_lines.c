/*
 * What each line of the probe's answer means. Every text is cut to its field and cleaned; what
 * nobody knows is passed over.
 */
#include "update/host_parts.h"

#include "session/osrelease.h"
#include "util/text.h"

#include <string.h>

#define OS_MAX ((size_t)64 << 10)

static int is(struct host_part part, const char *text)
{
    return part.len == strlen(text) && memcmp(part.at, text, part.len) == 0;
}

struct host_part host_cut(struct host_part *line, char stop)
{
    const char *end = line->len ? memchr(line->at, stop, line->len) : NULL;
    struct host_part out = {line->at, end ? (size_t)(end - line->at) : line->len};

    line->at += out.len + (end ? 1 : 0);
    line->len -= out.len + (end ? 1 : 0);
    return out;
}

static struct host_part word(struct host_part *line)
{
    while (line->len && (*line->at == ' ' || *line->at == '\t')) {
        line->at++;
        line->len--;
    }
    return host_cut(line, ' ');
}

static void keep(char *out, size_t cap, struct host_part part)
{
    while (part.len && part.at[part.len - 1] == '\r')
        part.len--;
    x8_clean(out, cap, part.len ? part.at : "", part.len);
}

int host_number(struct host_part part, uint64_t *out)
{
    char digits[24];

    if (part.len == 0 || part.len >= sizeof(digits) || part.at[0] < '0' || part.at[0] > '9')
        return -1;
    keep(digits, sizeof(digits), part);
    return x8_parse_u64(digits, out);
}

/* A commit: 64 hexadecimal digits, behind which a dot and the deployment's serial number may come.
 */
static int commit(struct host_part part, char out[65])
{
    if (part.len < 64 || (part.len > 64 && part.at[64] != '.'))
        return 0;
    for (size_t i = 0; i < 64; i++)
        if (!strchr("0123456789abcdef", part.at[i]) || !part.at[i])
            return 0;
    x8_clean(out, 65, part.at, 64);
    return 1;
}

/* "* lmp COMMIT.0", "  lmp COMMIT.0 (pending)", "  lmp COMMIT.0 (rollback)"; other lines tell more
 * of one of them. Source: ostree's ot-admin-builtin-status.c as it prints today. */
static void take_status(struct x8_update_board *board, struct host_part line)
{
    char sum[65];
    struct host_part os = word(&line);
    int is_booted = is(os, "*");

    if (is_booted)
        os = word(&line);
    if (os.len == 0 || !commit(word(&line), sum))
        return;
    struct host_part mark = word(&line);
    if (is_booted)
        memcpy(board->booted, sum, sizeof(sum));
    else if (is(mark, "(pending)") || is(mark, "(staged)"))
        memcpy(board->pending, sum, sizeof(sum));
    else if (is(mark, "(rollback)"))
        memcpy(board->rollback, sum, sizeof(sum));
}

/* "/dev/mmcblk2p2 13000000 5000000 8000000 39% /sysroot": the numbers stand in front of the per
 * cent. A long name may have a line of its own. */
static void take_df(struct host_part line, uint64_t *size, uint64_t *available)
{
    struct host_part last[4] = {{NULL, 0}};
    uint64_t blocks, left;

    for (struct host_part part = word(&line); part.len; part = word(&line)) {
        memmove(last, last + 1, sizeof(last) - sizeof(last[0]));
        last[3] = part;
        if (part.at[part.len - 1] != '%' || !last[0].len)
            continue;
        if (host_number(last[0], &blocks) < 0 || host_number(last[2], &left) < 0 ||
            blocks > UINT64_MAX / 1024 || left > UINT64_MAX / 1024)
            return;
        if (size)
            *size = blocks * 1024;
        *available = left * 1024;
        return;
    }
}

/* A lone "[" begins another file. */
static void take_toml(struct host_answer *answer, struct host_part line)
{
    struct x8_update_board *board = answer->board;
    char key[96], value[256];

    if (!host_toml_line(&answer->toml, line.at, line.len, key, value))
        return;
    if (strcmp(key, "provision.primary_ecu_hardware_id") == 0)
        x8_copy(board->hardware, sizeof(board->hardware), value);
    else if (strcmp(key, "pacman.tags") == 0)
        x8_copy(board->tags, sizeof(board->tags), value);
    else if (strcmp(key, "pacman.reset_apps") == 0)
        board->has_reset_apps = 1;
}

static void take_flag(struct x8_update_board *board, struct host_part name)
{
    const struct {
        const char *name;
        int *flag;
    } flags[] = {
        {"seen", &board->sees_sota},
        {"registered", &board->is_registered},
        {"sql", &board->has_sql},
        {"ootb", &board->ootb_pending},
        {"boot", &board->boot_mounted},
        {"reset", &board->has_reset_store},
        {"docker", &board->has_docker},
        {"ostree", &board->has_ostree},
        {"aklite-offline", &board->has_aklite},
    };

    for (size_t i = 0; i < X8_COUNT(flags); i++)
        if (is(name, flags[i].name))
            *flags[i].flag = 1;
}

/* "." says that the variables could be read: one that is not set is 0 to the loader. */
static void take_env(struct x8_update_board *board, struct host_part line)
{
    const struct {
        const char *name;
        int *value;
    } names[] = {
        {"bootcount", &board->bootcount},
        {"upgrade_available", &board->upgrade_available},
        {"rollback", &board->rollback_flag},
        {"bootupgrade_available", &board->bootupgrade_available},
    };
    struct host_part name = host_cut(&line, '=');
    uint64_t value = 0;

    for (size_t i = 0; i < X8_COUNT(names); i++) {
        if (is(name, ".") && *names[i].value < 0)
            *names[i].value = 0;
        if (is(name, names[i].name) && line.len)
            *names[i].value = host_number(line, &value) == 0 && value < 1000000 ? (int)value : -1;
    }
}

static void take_unit(struct x8_update_board *board, struct host_part line)
{
    struct host_part name = word(&line), active = word(&line), enabled = word(&line);
    int runs = is(active, "active") || is(active, "activating") || is(active, "reloading");
    int starts = is(enabled, "enabled") || is(enabled, "enabled-runtime");

    if (is(name, "aktualizr-lite")) {
        board->daemon_active = runs;
        board->daemon_enabled = starts;
    } else if (is(name, "compose-apps-early-start")) {
        board->early_start = starts | runs << 1;
    } else if (is(name, "compose-apps-early-start-recovery")) {
        board->early_recovery = starts | runs << 1;
    }
}

/* With no room left a running one takes the place of one that does not run. */
static struct x8_container *place(struct x8_update_board *board, int is_running)
{
    if (board->container_count < X8_COUNT(board->containers))
        return &board->containers[board->container_count++];
    for (size_t i = 0; is_running && i < board->container_count; i++)
        if (!board->containers[i].is_running)
            return &board->containers[i];
    return NULL;
}

/* "Up 3 hours|NAME|IMAGE|PROJECT". */
static void take_container(struct x8_update_board *board, struct host_part line)
{
    struct host_part status = host_cut(&line, '|'), name = host_cut(&line, '|'),
                     image = host_cut(&line, '|');
    int is_running = status.len >= 2 && memcmp(status.at, "Up", 2) == 0;
    struct x8_container *container = name.len ? place(board, is_running) : NULL;

    if (!container)
        return;
    container->is_running = is_running;
    keep(container->name, sizeof(container->name), name);
    keep(container->image, sizeof(container->image), image);
    keep(container->project, sizeof(container->project), line);
}

/* TARGET_NAME="..." among others. */
static void take_target(struct x8_update_board *board, struct host_part line)
{
    struct x8_os_release one;
    const char *name;

    if (x8_os_release_parse((struct x8_span){(const uint8_t *)line.at, line.len}, &one, NULL) < 0)
        return;
    name = x8_os_release_get(&one, "TARGET_NAME");
    if (name)
        x8_copy(board->target, sizeof(board->target), name);
}

static void take_type(struct x8_update_board *board, struct host_part line)
{
    if (is(line, "ci") || is(line, "prod"))
        keep(board->device_type, sizeof(board->device_type), line);
}

/* Without memory a text is missing, which is told as "unknown". */
static void gather(struct x8_buf *out, struct host_part line)
{
    if (out->len + line.len > OS_MAX || x8_buf_add(out, line.at, line.len) < 0 ||
        x8_buf_add(out, "\n", 1) < 0)
        return;
}

void host_take(struct host_answer *answer, struct host_part key, struct host_part line)
{
    struct x8_update_board *board = answer->board;
    uint64_t value = 0;

    if (is(key, "os"))
        gather(&answer->os, line);
    else if (is(key, "usage"))
        gather(&answer->usage, line);
    else if (is(key, "boot_id"))
        keep(board->boot_id, sizeof(board->boot_id), line);
    else if (is(key, "clock") && host_number(line, &value) == 0 && value <= INT64_MAX / 1000)
        board->clock_s = (int64_t)value;
    else if (is(key, "df/sysroot"))
        take_df(line, &board->sysroot_size, &board->sysroot_free);
    else if (is(key, "df/var"))
        take_df(line, NULL, &board->var_free);
    else if (is(key, "has") || is(key, "is"))
        take_flag(board, line);
    else if (is(key, "status"))
        take_status(board, line);
    else if (is(key, "cmdline"))
        (void)commit(line, board->cmdline);
    else if (is(key, "toml"))
        take_toml(answer, line);
    else if (is(key, "target"))
        take_target(board, line);
    else if (is(key, "type"))
        take_type(board, line);
    else if (is(key, "env"))
        take_env(board, line);
    else if (is(key, "unit"))
        take_unit(board, line);
    else if (is(key, "docker"))
        take_container(board, line);
    else if (is(key, "end"))
        answer->ended = 1;
}
