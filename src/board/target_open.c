/*
 * From a target to a session: which way, and what to say when there is none.
 */
#include "board/target_parts.h"

#include "net/tcp.h"
#include "session/over_adb.h"
#include "util/text.h"

#include <stdio.h>
#include <string.h>

/* A host of the local network answers at once; one that does not is switched off or elsewhere. */
enum { CONNECT_MS = 5000, TCP_TRIES = 3, FIRST_TRY_MS = 700 };

static int make_session(struct x8_adb *adb, const struct x8_target *target, const char *via,
                        struct x8_session **out, struct x8_error *err)
{
    return x8_session_over_adb(adb, target->label, via, out, err);
}

static int open_server(const struct x8_op *op, const struct x8_reach *reach,
                       const struct x8_target *target, struct x8_session **out,
                       struct x8_error *err)
{
    struct x8_adb *adb = NULL;
    char via[48];
    int rc = x8_adb_over_server(op, reach->adb_port, target->adb.serial, &adb, err);

    snprintf(via, sizeof via, "adb server on %u", (unsigned)reach->adb_port);
    return rc < 0 ? rc : make_session(adb, target, via, out, err);
}

static int open_usb(struct x8_bus *bus, const struct x8_op *op, const struct x8_reach *reach,
                    const struct x8_target *target, struct x8_session **out, struct x8_error *err)
{
    struct x8_transport *link = NULL;
    struct x8_adb *adb = NULL;
    char via[X8_PORT_LEN + 8];
    int rc;

    if (!target->usb.device.has_adb) {
        x8_fail(err, X8_E_WRONG_STATE, "the board at usb %s offers no ADB",
                target->usb.device.port);
        x8_error_why(err, "it runs Linux, but has no such interface: it is still starting, or adb "
                          "is switched off in its image");
        x8_error_next(err, "wait 5 s and try again; x8ctl wait --state linux does that");
        return -(int)X8_E_WRONG_STATE;
    }
    rc = x8_target_open_usb(bus, op, reach, &target->usb.device, &link, err);
    if (rc == 0)
        rc = x8_adb_over_link(op, link, reach->key_path, &adb, err);
    if (rc == -(int)X8_E_TIMEOUT) {
        x8_error_prefix(err, "board %s does not answer", target->label);
        x8_error_next(err, "replug the board; image 934 needs that when an adb server was ended "
                           "while it was connected");
    }
    snprintf(via, sizeof via, "usb %s", target->usb.device.port);
    return rc < 0 ? rc : make_session(adb, target, via, out, err);
}

static int shake_hands_tcp(const struct x8_op *op, const struct x8_reach *reach, const char *host,
                           uint16_t port, struct x8_adb **out, struct x8_error *err)
{
    int64_t deadline = x8_deadline_min(op->deadline, x8_deadline_in(CONNECT_MS));
    struct x8_transport *link = NULL;
    int fd = -1, rc = x8_tcp_connect(op, host, port, deadline, &fd, err);

    if (rc == 0)
        rc = x8_tcp_transport(fd, &link, err);
    return rc < 0 ? rc : x8_adb_over_link(op, link, reach->key_path, out, err);
}

/* The X8's daemon has one place on TCP. For half a second after its last client left, the next one
 * is let in and never heard: then only another connection helps, after a pause that grows. */
static int open_tcp(const struct x8_op *op, const struct x8_reach *reach,
                    const struct x8_target *target, const char *host, uint16_t port,
                    struct x8_session **out, struct x8_error *err)
{
    struct x8_adb *adb = NULL;
    char via[sizeof target->host + 16];
    int rc = -(int)X8_E_TIMEOUT, try_ms = FIRST_TRY_MS;

    for (int i = 1; i <= TCP_TRIES && rc == -(int)X8_E_TIMEOUT; i++, try_ms *= 2) {
        struct x8_op attempt = *op;

        if (i < TCP_TRIES)
            attempt.deadline = x8_deadline_min(op->deadline, x8_deadline_in(try_ms));
        rc = shake_hands_tcp(&attempt, reach, host, port, &adb, err);
        if (op->deadline != X8_NO_DEADLINE && x8_deadline_left(op->deadline, 1) == 0)
            break;
    }
    snprintf(via, sizeof via, strchr(host, ':') ? "tcp [%s]:%u" : "tcp %s:%u", host,
             (unsigned)port);
    return rc < 0 ? rc : make_session(adb, target, via, out, err);
}

/* The address of a target, its own or the one that a server reached it at. 0 when it has none. */
static int address_of(const struct x8_target *target, char host[256], uint16_t *port)
{
    *port = target->port;
    if (target->host[0])
        return x8_copy(host, sizeof target->host, target->host);
    return target->has_adb && !target->adb.port[0] && strchr(target->adb.serial, ':') &&
           x8_host_port(target->adb.serial, X8_SELECT_ADB_PORT, host, sizeof target->host, port,
                        NULL) == 0;
}

static int not_running(const struct x8_target *target, struct x8_error *err)
{
    const char *mode = x8_mode_name(target->mode);

    x8_fail(err, X8_E_WRONG_STATE, "board %s does not run Linux, it is in %s mode", target->label,
            mode);
    if (target->usb.trust == X8_TRUST_FOREIGN) {
        x8_error_why(err, "%s", target->usb.note);
        x8_error_next(err, "x8ctl list    shows the boards that are there");
    } else if (target->mode == X8_MODE_INITRAMFS) {
        x8_error_why(err, "a flashing system runs in its memory");
        x8_error_next(err, "power-cycle the board");
    } else {
        x8_error_why(err, "%s",
                     target->mode == X8_MODE_ROM
                         ? "its boot switches stand on flashing, or its boot areas are "
                           "empty"
                         : "somebody is flashing it, or a flash was broken off");
        x8_error_next(err, "set the boot switches to OFF and plug it in again (x8ctl guide); an "
                           "empty board needs x8ctl flash");
    }
    return -(int)X8_E_WRONG_STATE;
}

static int no_such_way(const struct x8_target *target, const char *why, const char *next,
                       struct x8_error *err)
{
    x8_fail(err, X8_E_NO_BOARD, "board %s cannot be reached that way", target->label);
    x8_error_why(err, "%s", why);
    x8_error_next(err, "%s", next);
    return -(int)X8_E_NO_BOARD;
}

/* The one way that --via asks for. */
static int open_via(struct x8_bus *bus, const struct x8_op *op, const struct x8_reach *reach,
                    const struct x8_target *target, struct x8_session **out, struct x8_error *err)
{
    char host[sizeof target->host];
    uint16_t port;

    switch (reach->via) {
    case X8_VIA_ADB:
        if (target->has_adb)
            return open_server(op, reach, target, out, err);
        return no_such_way(target, "no running adb server knows it",
                           "leave out --via adb, or start a server: adb devices", err);
    case X8_VIA_TCP:
        if (address_of(target, host, &port))
            return open_tcp(op, reach, target, host, port, out, err);
        return no_such_way(target, "its address is not known", "give it: -s adb:HOST --via tcp",
                           err);
    case X8_VIA_NET:
        if (target->has_net)
            return x8_target_open_ssh(op, reach, target, out, err);
        return no_such_way(target, "it was not found on the network",
                           "give its address: -s net:HOST; or leave out --via net", err);
    default:
        if (target->has_usb)
            return open_usb(bus, op, reach, target, out, err);
        return no_such_way(target, "it is not on the USB of this computer",
                           "plug it in, or leave out --via usb", err);
    }
}

/* The server's word for why it cannot is the better cause where it holds the interface. */
static int open_despite_server(struct x8_bus *bus, const struct x8_op *op,
                               const struct x8_reach *reach, const struct x8_target *target,
                               struct x8_session **out, struct x8_error *err)
{
    int rc = target->has_usb ? open_usb(bus, op, reach, target, out, err) : -(int)X8_E_BUSY;

    return rc == -(int)X8_E_BUSY ? open_server(op, reach, target, out, err) : rc;
}

static int open_best(struct x8_bus *bus, const struct x8_op *op, const struct x8_reach *reach,
                     const struct x8_target *target, struct x8_session **out, struct x8_error *err)
{
    int rc = -(int)X8_E_NO_BOARD;

    if (x8_target_is_served(target))
        rc = open_server(op, reach, target, out, err);
    else if (target->has_adb && !target->host[0])
        return open_despite_server(bus, op, reach, target, out, err);
    /* A server that ended, or lost the board, since it was asked. */
    if (rc == -(int)X8_E_NO_BOARD && target->has_usb)
        rc = open_usb(bus, op, reach, target, out, err);
    if (target->host[0] && rc < 0 && rc != -(int)X8_E_STOPPED && rc != -(int)X8_E_TERMINATED)
        rc = open_tcp(op, reach, target, target->host, target->port, out, err);
    /* A board whose adb is switched off may still have its ssh. */
    if (target->has_net && (rc == -(int)X8_E_NO_BOARD || rc == -(int)X8_E_WRONG_STATE))
        rc = x8_target_open_ssh(op, reach, target, out, err);
    return rc;
}

int x8_target_open(struct x8_bus *bus, const struct x8_op *op, const struct x8_reach *reach,
                   const struct x8_target *target, struct x8_session **out, struct x8_error *err)
{
    int rc;

    if (target->mode != X8_MODE_LINUX)
        return not_running(target, err);
    if (reach->via != X8_VIA_AUTO)
        return open_via(bus, op, reach, target, out, err);
    rc = open_best(bus, op, reach, target, out, err);
    if (rc == -(int)X8_E_NO_BOARD && err && !err->next[0])
        x8_error_next(err, "x8ctl list    shows what is there now");
    return rc;
}
