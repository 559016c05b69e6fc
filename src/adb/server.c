/*
 * Questions to an adb server.
 */
#include "adb/server.h"

#include "adb/backend.h"
#include "adb/server_talk.h"
#include "adb/server_wire.h"
#include "net/tcp.h"
#include "util/file.h"
#include "util/text.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

enum {
    VERSION_MS = 1000, /* it answers at once, or it is something else */
    DEVICES_MS = 5000,
};

static int ms_until(int64_t deadline)
{
    return deadline == X8_NO_DEADLINE ? -1 : x8_deadline_left(deadline, INT_MAX);
}

int x8_server_absent(uint16_t port, struct x8_error *err)
{
    x8_fail(err, X8_E_NO_BOARD, "no adb server runs on port %u", (unsigned)port);
    x8_error_why(err, "nothing answers there");
    x8_error_next(err, "leave the way to the board to x8ctl: it needs no adb server");
    return -(int)X8_E_NO_BOARD;
}

int x8_server_dial(const struct x8_op *op, uint16_t port, int64_t deadline, int *out_fd,
                   struct x8_error *err)
{
    int rc = x8_tcp_connect(op, "127.0.0.1", port, deadline, out_fd, err);

    return rc == -(int)X8_E_NO_BOARD ? x8_server_absent(port, err) : rc;
}

static int no_server(struct x8_error *err)
{
    x8_fail(err, X8_E_LINK, "what answers in the adb server's place is none");
    x8_error_next(err, "name the adb server's port, or end what uses it");
    return -(int)X8_E_LINK;
}

int x8_server_text(const struct x8_op *op, int fd, int64_t deadline, struct x8_buf *out,
                   struct x8_error *err)
{
    char digits[4];
    unsigned len = 0;
    int rc = x8_sock_recv_full(op, fd, digits, sizeof digits, ms_until(deadline), err);

    if (rc == 0 && x8_adb_hex4(digits, &len) != 0)
        rc = no_server(err);
    if (rc == 0 && x8_buf_reserve(out, len) < 0)
        rc = x8_fail(err, X8_E_INTERNAL, "out of memory");
    if (rc == 0)
        rc = x8_sock_recv_full(op, fd, out->data + out->len, len, ms_until(deadline), err);
    if (rc < 0)
        return rc;
    out->len += len;
    out->data[out->len] = '\0';
    return 0;
}

static int refused(const struct x8_op *op, int fd, const char *serial, int64_t deadline,
                   struct x8_error *err)
{
    X8_AUTO_BUF words = {0};
    int rc = x8_server_text(op, fd, deadline, &words, err);

    if (rc < 0)
        return rc;
    return x8_adb_server_fail(x8_buf_text(&words), words.len, serial, err);
}

int x8_server_ask(const struct x8_op *op, int fd, const char *request, const char *serial,
                  int64_t deadline, struct x8_error *err)
{
    X8_AUTO_BUF text = {0};
    char status[4];
    int rc;

    if (x8_adb_request_put(&text, request) < 0)
        return x8_fail(err, X8_E_INTERNAL, "a request of %zu bytes", strlen(request));
    rc = x8_sock_send(op, fd, text.data, text.len, ms_until(deadline), err);
    if (rc == 0)
        rc = x8_sock_recv_full(op, fd, status, sizeof status, ms_until(deadline), err);
    if (rc < 0)
        return rc;
    if (memcmp(status, "OKAY", 4) == 0)
        return 0;
    return memcmp(status, "FAIL", 4) == 0 ? refused(op, fd, serial, deadline, err) : no_server(err);
}

int x8_server_query(const struct x8_op *op, uint16_t port, const char *request, const char *serial,
                    int64_t deadline, struct x8_buf *out, struct x8_error *err)
{
    X8_AUTO_FD fd = -1;
    int rc = x8_server_dial(op, port, deadline, &fd, err);

    if (rc == 0)
        rc = x8_server_ask(op, fd, request, serial, deadline, err);
    if (rc == 0)
        rc = x8_server_text(op, fd, deadline, out, err);
    return rc;
}

/* --- the public questions --- */

static int ask_version(const struct x8_op *op, int fd, int64_t deadline, unsigned *out,
                       struct x8_error *err)
{
    X8_AUTO_BUF text = {0};
    int rc = x8_server_ask(op, fd, "host:version", "", deadline, err);

    if (rc == 0)
        rc = x8_server_text(op, fd, deadline, &text, err);
    if (rc == 0 && (text.len != 4 || x8_adb_hex4(x8_buf_text(&text), out) != 0))
        rc = no_server(err);
    /* Silence and a closed connection are not what a server does either. */
    if (rc == -(int)X8_E_TIMEOUT || rc == -(int)X8_E_GONE || rc == -(int)X8_E_REFUSED)
        rc = no_server(err);
    return rc < 0 ? rc : 1;
}

int x8_adb_server_version(const struct x8_op *op, uint16_t port, unsigned *out_version,
                          struct x8_error *err)
{
    int64_t deadline = x8_op_limit(op, VERSION_MS);
    X8_AUTO_FD fd = -1;
    struct x8_error own;
    int rc = x8_server_dial(op, port, deadline, &fd, &own);

    if (rc == -(int)X8_E_NO_BOARD || rc == -(int)X8_E_TIMEOUT)
        return 0;
    if (rc < 0) {
        if (err)
            *err = own;
        return rc;
    }
    return ask_version(op, fd, deadline, out_version, err);
}

int x8_adb_server_devices(const struct x8_op *op, uint16_t port, struct x8_adb_device **out,
                          struct x8_error *err)
{
    X8_AUTO_BUF text = {0};
    int rc =
        x8_server_query(op, port, "host:devices-l", "", x8_op_limit(op, DEVICES_MS), &text, err);

    return rc < 0 ? rc : x8_adb_devices_parse(x8_buf_text(&text), text.len, out, err);
}
