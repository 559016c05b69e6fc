/*
 * Daemons of today that mean no good: what they say without end is not kept without end. The daemon
 * here is a script of packets, since an honest one does nothing of this.
 */
#include "kit_adb.h"

#include "adb/wire.h"
#include "net/tcp.h"
#include "session/sentinel.h"
#include "session/shell_v2.h"
#include "util/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BLOCK 60000 /* bytes of output in a packet */

struct liar {
    struct kit_adb kit;
    int fd;
    const char *marks; /* '1' and '2': the start mark of stdout, of stderr */
    size_t blocks;     /* that go to the stream named first, before the second mark */
    uint32_t id;
};

static void put(struct liar *liar, uint32_t command, uint32_t arg0, const void *data, size_t len)
{
    struct x8_adb_packet packet = {
        .command = command, .arg0 = arg0, .arg1 = liar->id, .length = (uint32_t)len};
    uint8_t header[X8_ADB_HEADER];

    if (command == X8_ADB_CNXN)
        packet.arg1 = 1 << 20;
    x8_adb_header_put(header, &packet);
    (void)!send(liar->fd, header, sizeof header, MSG_NOSIGNAL);
    (void)!send(liar->fd, data, len, MSG_NOSIGNAL);
}

/* The next packet of this kind; its payload as text, at most `cap` - 1. -1 when the link ended. */
static int await(struct liar *liar, uint32_t command, char *out, size_t cap)
{
    uint8_t header[X8_ADB_HEADER];
    uint32_t got = 0;

    while (got != command) {
        size_t len;

        if (recv(liar->fd, header, sizeof header, MSG_WAITALL) != sizeof header)
            return -1;
        got = x8_get_le32(header);
        len = x8_get_le32(header + 12);
        if (got == X8_ADB_OPEN)
            liar->id = x8_get_le32(header + 4);
        assert_true(len < cap);
        if (len > 0 && recv(liar->fd, out, len, MSG_WAITALL) != (ssize_t)len)
            return -1;
        out[len] = '\0';
    }
    return 0;
}

/* A packet of output, and the daemon's wait for its turn. */
static int say(struct liar *liar, enum x8_shell_id id, const void *data, size_t len)
{
    static uint8_t packet[X8_SHELL_HEAD + BLOCK];
    char rest[64];

    x8_shell_head(packet, id, (uint32_t)len);
    memcpy(packet + X8_SHELL_HEAD, data, len);
    put(liar, X8_ADB_WRTE, 9, packet, X8_SHELL_HEAD + len);
    return await(liar, X8_ADB_OKAY, rest, sizeof rest);
}

static void *play(void *ctx)
{
    static const char banner[] = "device::features=shell_v2";
    static char service[65536], block[BLOCK];
    struct liar *liar = ctx;
    char mark[64];
    const char *nonce;
    int rc;

    await(liar, X8_ADB_CNXN, service, sizeof service);
    put(liar, X8_ADB_CNXN, X8_ADB_VERSION_NO_SUMS, banner, sizeof banner);
    await(liar, X8_ADB_OPEN, service, sizeof service);
    put(liar, X8_ADB_OKAY, 9, "", 0);
    for (nonce = service; strspn(nonce, "0123456789abcdef") != X8_NONCE_LEN; nonce++)
        assert_true(*nonce);
    snprintf(mark, sizeof mark, "\036X8%.32s+1;", nonce);
    rc = say(liar, (enum x8_shell_id)(liar->marks[0] - '0'), mark, strlen(mark));
    for (size_t i = 0; i < liar->blocks && rc == 0; i++)
        rc = say(liar, (enum x8_shell_id)(liar->marks[0] - '0'), block, sizeof block);
    if (rc == 0)
        say(liar, (enum x8_shell_id)(liar->marks[1] - '0'), mark, strlen(mark));
    while (recv(liar->fd, block, sizeof block, 0) > 0)
        ;
    close(liar->fd);
    return NULL;
}

/* What becomes of a command that is started there; the bytes of `which` that came early. */
static int start(struct liar *liar, size_t *out_early)
{
    struct x8_command command = {.text = "true", .input = X8_INPUT_OPEN};
    struct x8_channel *channel = NULL;
    struct x8_op *op = &liar->kit.op;
    struct x8_transport *link = NULL;
    struct x8_adb *adb = NULL;
    enum x8_output which;
    static char rest[BLOCK];
    pthread_t thread;
    int ends[2], rc;
    ssize_t n;

    liar->kit = (struct kit_adb){.op.deadline = X8_NO_DEADLINE};
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    liar->fd = ends[1];
    pthread_create(&thread, NULL, play, liar);
    assert_int_equal(x8_tcp_transport(ends[0], &link, &liar->kit.err), 0);
    assert_int_equal(x8_adb_over_link(op, link, NULL, &adb, &liar->kit.err), 0);
    assert_int_equal(x8_session_over_adb(adb, "board", "test", &liar->kit.session, &liar->kit.err),
                     0);
    rc = x8_start(liar->kit.session, op, &command, &channel, &liar->kit.err);
    *out_early = 0;
    while (rc == 0 && *out_early < liar->blocks * BLOCK) {
        n = x8_channel_read(channel, op, &which, rest, sizeof rest, 60000, &liar->kit.err);
        assert_true(n > 0);
        assert_int_equal(which, liar->marks[0] == '1' ? X8_STDOUT : X8_STDERR);
        *out_early += (size_t)n;
    }
    x8_channel_close(&channel);
    x8_session_close(&liar->kit.session);
    pthread_join(thread, NULL);
    return rc;
}

static void a_flood_on_one_stream_before_the_other_begins_ends_the_start(void **state)
{
    static const char *const orders[] = {"12", "21"};

    (void)state;
    for (size_t i = 0; i < X8_COUNT(orders); i++) {
        struct liar liar = {.marks = orders[i], .blocks = SIZE_MAX / BLOCK};
        int64_t begin = x8_now_ms();
        size_t early;

        assert_int_equal(start(&liar, &early), -X8_E_LINK);
        assert_non_null(strstr(liar.kit.err.msg, "start"));
        assert_string_not_equal(liar.kit.err.why, "");
        assert_string_not_equal(liar.kit.err.next, "");
        assert_true(x8_now_ms() - begin < 10000); /* not by the limit for a start */
    }
}

static void what_comes_early_in_good_faith_is_all_there(void **state)
{
    struct liar liar = {.marks = "21", .blocks = 10};
    size_t early;

    (void)state;
    assert_int_equal(start(&liar, &early), 0);
    assert_int_equal(early, 10 * BLOCK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_flood_on_one_stream_before_the_other_begins_ends_the_start),
        cmocka_unit_test(what_comes_early_in_good_faith_is_all_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
