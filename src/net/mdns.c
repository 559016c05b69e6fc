/*
 * The search: ask, hear, tell, until the time is over. Questions go out in three rounds, since
 * datagrams get lost, and shortly after an answer that leaves something open.
 */
#include "net/mdns.h"

#include "net/mdns_hosts.h"
#include "net/mdns_sock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

enum {
    ROUNDS = 3,
    GATHER_MS = 20,  /* answers of several hosts come together: ask about them together */
    PACKET = 1400,   /* bytes of a query, which is not to be torn into fragments */
    QUESTIONS = 128, /* at once; what is over waits for the next time */
    IN_A_ROW = 32,   /* messages of one socket before the others have their turn */
};

struct search {
    const struct x8_op *op;
    int64_t began, deadline, ask_at; /* ask_at: open questions, X8_NO_DEADLINE for none */
    int ms, round;
    void (*each)(void *ctx, const struct x8_mdns_host *host);
    void *ctx;
    struct x8_mdns_table *table;
    struct x8_mdns_sockets sockets;
    int pipes[2]; /* a stop wakes the search */
    uint8_t message[X8_DNS_MAX];
};

/* --- asking --- */

static int send_query(struct search *search, const struct x8_dns_question *questions, size_t count)
{
    uint8_t query[PACKET];
    int sent = 0;

    for (int is_own = 0; is_own < 2; is_own++) {
        int n = x8_dns_query(questions, count, is_own, query, sizeof query, NULL);

        if (n > 0)
            sent += x8_mdns_sockets_send(&search->sockets, is_own, query, (size_t)n);
    }
    return sent;
}

/* Questions as many as fit into one packet each time. */
static int send_all(struct search *search, const struct x8_dns_question *questions, size_t count)
{
    int sent = 0;

    for (size_t first = 0, i = 0, len = 12; i <= count; i++) {
        size_t more = i < count ? strlen(questions[i].name) + 6 : PACKET;

        if (len + more > PACKET && i > first) {
            sent += send_query(search, questions + first, i - first);
            first = i;
            len = 12;
        }
        len += more;
    }
    return sent;
}

static int64_t round_at(const struct search *search)
{
    return search->round < ROUNDS ? search->began + (int64_t)search->ms * search->round / 4
                                  : X8_NO_DEADLINE;
}

/* Ask what is due: in a round all, between them what is new. How many questions went out, over all
 * sockets. */
static int ask(struct search *search)
{
    struct x8_dns_question questions[QUESTIONS] = {{X8_MDNS_SERVICE, X8_DNS_PTR}};
    int is_round = x8_now_ms() >= round_at(search);
    size_t count = is_round ? 1 : 0;

    if (!is_round && x8_now_ms() < search->ask_at)
        return 0;
    search->round += is_round;
    count += x8_mdns_table_gaps(search->table, is_round, questions + count, QUESTIONS - count);
    search->ask_at = count + 2 > QUESTIONS ? x8_deadline_in(GATHER_MS) : X8_NO_DEADLINE;
    return send_all(search, questions, count);
}

/* --- hearing --- */

static void hear(struct search *search, size_t i)
{
    const char *interface = search->sockets.at[i].interface;

    for (int k = 0; k < IN_A_ROW && x8_deadline_left(search->deadline, 1) > 0; k++) {
        ssize_t n =
            x8_mdns_socket_receive(&search->sockets, i, search->message, sizeof search->message);
        struct x8_span message = {search->message, n > 0 ? (size_t)n : 0};

        if (n < 0)
            return;
        /* What others ask comes here as well, and damaged things may: neither is our concern. */
        if (n == 0 || x8_mdns_table_take(search->table, message, interface, NULL) < 0)
            continue;
        if (search->ask_at == X8_NO_DEADLINE)
            search->ask_at = x8_deadline_in(GATHER_MS);
    }
}

static int wait_and_hear(struct search *search, struct x8_error *err)
{
    struct pollfd fds[X8_MDNS_SOCKETS + 1] = {{.fd = search->pipes[0], .events = POLLIN}};
    int64_t until = x8_deadline_min(search->deadline, round_at(search));
    size_t count = search->sockets.count;

    for (size_t i = 0; i < count; i++)
        fds[i + 1] = (struct pollfd){.fd = search->sockets.at[i].fd, .events = POLLIN};
    until = x8_deadline_min(until, search->ask_at);
    if (poll(fds, (nfds_t)count + 1, x8_deadline_left(until, INT_MAX)) < 0 && errno != EINTR)
        return x8_fail_sys(err, X8_E_INTERNAL, errno, "cannot wait for answers of the network");
    for (size_t i = 0; i < count; i++)
        if (fds[i + 1].revents)
            hear(search, i);
    x8_mdns_table_tell(search->table, search->each, search->ctx);
    return 0;
}

/* --- the whole --- */

static int nobody_to_ask(const struct search *search, struct x8_error *err)
{
    x8_fail(err, X8_E_NETWORK, "the network cannot be searched for boards");
    if (search->sockets.last_errno)
        x8_error_why(err, "multicast could not be sent: %s", strerror(search->sockets.last_errno));
    else
        x8_error_why(err, "no network interface is up that can do multicast");
    x8_error_next(err, "check the network, or name the board: -s net:HOST");
    return -(int)X8_E_NETWORK;
}

static int run(struct search *search, struct x8_error *err)
{
    struct x8_cancel *cancel = search->op->cancel;
    int rc = 0;

    if (ask(search) == 0)
        return nobody_to_ask(search, err);
    while (rc == 0 && x8_deadline_left(search->deadline, 1) > 0) {
        rc = wait_and_hear(search, err);
        if (rc == 0)
            rc = x8_cancel_check(cancel, X8_CANCEL_SOFT, err);
        if (rc == 0)
            ask(search);
    }
    return rc;
}

static void wake(void *ctx, enum x8_cancel_level level)
{
    (void)level;
    (void)!write(*(const int *)ctx, "", 1);
}

static int run_stoppable(struct search *search, struct x8_error *err)
{
    struct x8_waker waker = {.wake = wake, .ctx = &search->pipes[1]};
    int rc;

    if (pipe(search->pipes) != 0)
        return x8_fail_open_files(err, errno, "no pipe can be made");
    for (int i = 0; i < 2; i++) {
        fcntl(search->pipes[i], F_SETFD, FD_CLOEXEC);
        fcntl(search->pipes[i], F_SETFL, O_NONBLOCK);
    }
    x8_cancel_watch(search->op->cancel, &waker);
    rc = run(search, err);
    x8_cancel_unwatch(search->op->cancel, &waker);
    close(search->pipes[0]);
    close(search->pipes[1]);
    return rc;
}

int x8_mdns_find(const struct x8_op *op, int ms, int foreign,
                 void (*each)(void *ctx, const struct x8_mdns_host *host), void *ctx,
                 struct x8_error *err)
{
    int64_t began = x8_now_ms();
    struct search search = {.op = op,
                            .began = began,
                            .deadline = x8_deadline_min(began + (ms > 0 ? ms : 0), op->deadline),
                            .ask_at = X8_NO_DEADLINE,
                            .ms = ms,
                            .each = each,
                            .ctx = ctx,
                            .table = x8_mdns_table_new(foreign)};
    int rc;

    if (!search.table)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    rc = x8_cancel_check(op->cancel, X8_CANCEL_SOFT, err);
    if (rc == 0)
        rc = x8_mdns_sockets_open(&search.sockets, err);
    if (rc == 0)
        rc = run_stoppable(&search, err);
    if (rc == 0 && x8_mdns_table_is_full(search.table))
        x8_emit(op, X8_EV_NOTICE,
                "the network names more hosts than are looked at; some are left out");
    if (rc == 0)
        rc = x8_mdns_table_count(search.table);
    x8_mdns_sockets_close(&search.sockets);
    x8_mdns_table_free(search.table);
    return rc;
}
