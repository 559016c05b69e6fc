#include "kit_adb.h"

#include "adbd.h"
#include "net/tcp.h"

#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define LIMIT_MS 60000 /* no test waits longer for one answer */

extern char **environ;

static void begin(struct kit_adb *kit)
{
    memset(kit, 0, sizeof *kit);
    x8_cancel_init(&kit->cancel);
    kit->op = (struct x8_op){.deadline = X8_NO_DEADLINE, .cancel = &kit->cancel};
}

static void connect_over(struct kit_adb *kit, int fd)
{
    struct x8_transport *link = NULL;
    struct x8_adb *adb = NULL;

    if (x8_tcp_transport(fd, &link, &kit->err) != 0 ||
        x8_adb_over_link(&kit->op, link, NULL, &adb, &kit->err) != 0 ||
        x8_session_over_adb(adb, "board", "test", &kit->session, &kit->err) != 0)
        fail_msg("%s | %s", kit->err.msg, kit->err.why);
}

static void *serve(void *ctx)
{
    struct kit_adb *kit = ctx;

    ad_serve(kit->ad, kit->theirs);
    return NULL;
}

void kit_adb_open(struct kit_adb *kit, const char *words)
{
    char why[256] = "";
    int ends[2];

    begin(kit);
    kit->ad = ad_new();
    if (ad_words(kit->ad, "noise=0", why) != 0 || (words && ad_words(kit->ad, words, why) != 0))
        fail_msg("%s", why);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    kit->theirs = ends[1];
    assert_int_equal(pthread_create(&kit->thread, NULL, serve, kit), 0);
    connect_over(kit, ends[0]);
}

/* Start x8-adbd with a shell that says where the board is. What it says, for free(). */
static char *spawn_board(struct kit_adb *kit, const char *words)
{
    char command[1024], shell[] = "sh", option[] = "-c";
    char *const argv[] = {shell, option, command, NULL};
    posix_spawn_file_actions_t actions;
    int in[2], out[2];
    char *said;

    snprintf(command, sizeof command,
             "exec ./x8-adbd reaccept=0 %s -- sh -c 'echo at $X8_ADB $X8_ROOT.; exec cat' 2>&1",
             words);
    assert_int_equal(pipe(in) | pipe(out), 0);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in[0], 0);
    posix_spawn_file_actions_adddup2(&actions, out[1], 1);
    posix_spawn_file_actions_addclose(&actions, in[1]);
    posix_spawn_file_actions_addclose(&actions, out[0]);
    assert_int_equal(posix_spawn(&kit->pid, "/bin/sh", &actions, NULL, argv, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    close(in[0]);
    close(out[1]);
    kit->to = in[1];
    said = test_read_until(out[0], ".\n", 60000);
    close(out[0]);
    return said;
}

void kit_adb_enter(struct kit_adb *kit, const char *words)
{
    char host[64], *said;
    uint16_t port;
    int fd = -1, got;

    begin(kit);
    said = spawn_board(kit, words);
    got = sscanf(said, "at %31s %255s", kit->address, kit->root);
    if (got != 2 && strstr(said, "sandbox")) {
        print_message("%s", said);
        free(said);
        kit_adb_close(kit);
        skip();
    }
    if (got != 2)
        fail_msg("x8-adbd: %s", said);
    free(said);
    kit->root[strlen(kit->root) - 1] = '\0'; /* the full stop */
    if (x8_host_port(kit->address, 0, host, sizeof host, &port, &kit->err) != 0 ||
        x8_tcp_connect(&kit->op, host, port, x8_deadline_in(60000), &fd, &kit->err) != 0)
        fail_msg("%s", kit->err.msg);
    connect_over(kit, fd);
}

void kit_adb_close(struct kit_adb *kit)
{
    x8_session_close(&kit->session);
    if (kit->ad) {
        pthread_join(kit->thread, NULL);
        ad_free(kit->ad);
        kit->ad = NULL;
    }
    if (kit->pid > 0) {
        close(kit->to);
        waitpid(kit->pid, NULL, 0);
        kit->pid = 0;
    }
    x8_cancel_done(&kit->cancel);
}

void kit_said_done(struct kit_said *said)
{
    x8_buf_done(&said->out);
    x8_buf_done(&said->errors);
}

struct writer {
    struct kit_adb *kit;
    struct x8_channel *channel;
    const uint8_t *at;
    size_t left;
    int is_open, rc;
    struct x8_error err;
};

static void *write_all(void *ctx)
{
    struct writer *w = ctx;

    while (w->rc == 0 && w->left > 0) {
        size_t n = w->left < 65536 ? w->left : 65536;

        w->rc = x8_channel_write(w->channel, &w->kit->op, w->at, n, LIMIT_MS, &w->err);
        w->at += n;
        w->left -= n;
    }
    if (w->rc == 0 && w->is_open)
        w->rc = x8_channel_end_input(w->channel, &w->kit->op, &w->err);
    return NULL;
}

static int read_all(struct kit_adb *kit, struct x8_channel *channel, struct kit_said *out)
{
    static uint8_t piece[32768];

    for (;;) {
        enum x8_output which = X8_STDOUT;
        ssize_t n =
            x8_channel_read(channel, &kit->op, &which, piece, sizeof piece, LIMIT_MS, &kit->err);

        if (n <= 0)
            return (int)n;
        if (x8_buf_add(which == X8_STDERR ? &out->errors : &out->out, piece, (size_t)n) != 0)
            fail_msg("no memory");
    }
}

void kit_adb_run(struct kit_adb *kit, const struct x8_root *root, const struct x8_command *command,
                 const void *input, size_t len, struct kit_said *out)
{
    struct writer writer = {
        .kit = kit, .at = input, .left = len, .is_open = command->input == X8_INPUT_OPEN};
    struct x8_channel *channel = NULL;
    pthread_t thread;

    memset(out, 0, sizeof *out);
    out->rc = x8_start_as(kit->session, &kit->op, root, command, &channel, &kit->err);
    out->status = X8_STATUS_UNKNOWN;
    if (out->rc != 0)
        return;
    writer.channel = channel;
    assert_int_equal(pthread_create(&thread, NULL, write_all, &writer), 0);
    out->rc = read_all(kit, channel, out);
    if (out->rc < 0)
        x8_channel_shut(channel);
    pthread_join(thread, NULL);
    out->write_rc = writer.rc;
    out->status = x8_channel_status(channel);
    x8_channel_close(&channel);
}

int kit_adb_sh(struct kit_adb *kit, const char *text, struct kit_said *out)
{
    struct x8_command command = {.text = text};

    kit_adb_run(kit, NULL, &command, NULL, 0, out);
    if (out->rc < 0)
        fail_msg("%s: %s | %s", text, kit->err.msg, kit->err.why);
    return out->status;
}

uint8_t *kit_all_bytes(size_t len)
{
    uint8_t *bytes = malloc(len);

    assert_non_null(bytes);
    /* No period that a buffer could have. */
    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)(i * 167 + i / 257);
    return bytes;
}

char *kit_adb_file(const struct kit_adb *kit, const char *name)
{
    char path[512];

    snprintf(path, sizeof path, "%s/%s", kit->root, name);
    return access(path, F_OK) == 0 ? test_read(path, NULL) : NULL;
}
