/*
 * Sends a bundle to a board's adb daemon and does nothing else of an update, so that what the
 * sending costs can be measured beside the adb program. Prints what x8_update_send says of itself.
 *
 *   send_bench HOST:PORT BUNDLE STAGE [full]
 */
#include "net/tcp.h"
#include "session/over_adb.h"
#include "update/send.h"
#include "util/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct bench {
    struct x8_op op;
    struct x8_error err;
    struct x8_session *session;
    struct x8_bundle bundle;
    struct x8_sent sent;
};

static int connect_to(struct bench *b, const char *address)
{
    char host[64];
    uint16_t port;
    int fd = -1;
    struct x8_transport *link;
    struct x8_adb *adb;
    int rc = x8_host_port(address, X8_ADB_DAEMON_PORT, host, sizeof host, &port, &b->err);
    if (rc == 0)
        rc = x8_tcp_connect(&b->op, host, port, x8_deadline_in(10000), &fd, &b->err);
    if (rc == 0)
        rc = x8_tcp_transport(fd, &link, &b->err);
    if (rc == 0)
        rc = x8_adb_over_link(&b->op, link, NULL, &adb, &b->err);
    return rc < 0 ? rc : x8_session_over_adb(adb, "board", "tcp", &b->session, &b->err);
}

static int open_bundle(struct bench *b, char *dir)
{
    X8_AUTO_FINDINGS findings = {0};
    X8_AUTO_BUF repo = {0};
    X8_AUTO_BUF ref = {0};
    X8_AUTO_BUF commit = {0};
    int rc = 0;
    if (x8_buf_addf(&repo, "%s/ostree_repo", dir) < 0 ||
        x8_buf_addf(&ref, "%s/ostree_repo/refs/heads/lmp", dir) < 0)
        rc = x8_fail(&b->err, X8_E_INTERNAL, "out of memory");
    if (rc == 0)
        rc = x8_file_load(x8_buf_text(&ref), 100, &commit, &b->err);
    if (rc == 0 && commit.len > 64)
        commit.data[64] = '\0';
    if (rc == 0)
        rc = x8_graph_walk(&b->op, x8_buf_text(&repo), x8_buf_text(&commit), 0, &b->bundle.graph,
                           &findings, &b->err);
    b->bundle.dir = dir;
    return rc < 0 ? rc : x8_findings_judge(&findings, "the bundle", &b->err);
}

int main(int argc, char **argv)
{
    struct bench b = {.op = {.board = "board", .deadline = X8_NO_DEADLINE}};
    if (argc < 4) {
        fprintf(stderr, "usage: send_bench HOST:PORT BUNDLE STAGE [full]\n");
        return 2;
    }
    struct x8_send job = {
        .bundle = &b.bundle, .stage = argv[3], .full = argc > 4 && strcmp(argv[4], "full") == 0};
    int rc = open_bundle(&b, argv[2]);
    if (rc == 0)
        rc = connect_to(&b, argv[1]);
    if (rc == 0)
        rc = x8_update_send(b.session, &b.op, &job, &b.sent, &b.err);
    x8_session_close(&b.session);
    x8_graph_done(&b.bundle.graph);
    if (rc < 0) {
        fprintf(stderr, "send_bench: %s: %s\n", b.err.msg, b.err.why);
        return 1;
    }
    printf("{\"objects\":%llu,\"there\":%llu,\"staged\":%llu,\"bytes\":%llu,\"sent\":%llu,"
           "\"batches\":%llu,\"ms\":%lld}\n",
           (unsigned long long)b.sent.objects, (unsigned long long)b.sent.objects_there,
           (unsigned long long)b.sent.objects_staged, (unsigned long long)b.sent.bytes,
           (unsigned long long)b.sent.bytes_sent, (unsigned long long)b.sent.batches,
           (long long)b.sent.took_ms);
    return 0;
}
