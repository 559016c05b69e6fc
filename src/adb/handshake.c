/*
 * How a connection begins: we say CNXN, the daemon says CNXN, or first asks who we are (AUTH).
 *
 * What an earlier session left on the way (USB keeps it) is read away: bytes are skipped until a
 * header of the handshake begins. After a silence CNXN is said again, as the first one may have
 * been taken for the rest of an older packet.
 */
#include "adb/conn.h"
#include "adb/key.h"

#include "util/text.h"

#include <string.h>

enum {
    LIMIT_MS = 5000,
    AGAIN_MS = 1500, /* of silence until CNXN is said again */
    TIMES = 3,
    CONFIRM_MS = 10000,    /* for a person to agree to a new key */
    STALE_MAX = 16 << 20,  /* more than any daemon could have left on the way */
    BANNER_MAX = 64 << 10, /* far more than any daemon says of itself */
    PAYLOAD_LEAST = 256,   /* a daemon with less than this is none */
    AUTH_ROUNDS = 4,       /* tokens of a daemon that never agrees */
};

/* What this client and the rooms above it can do. */
static const char hello[] = "host::features=shell_v2,stat_v2,sendrecv_v2";

struct greeting {
    struct x8_adb_conn *conn;
    const struct x8_op *op;
    int64_t deadline, again_at;
    int times;       /* CNXN was said */
    size_t bytes;    /* that came and were no greeting, or not yet */
    int has_asked;   /* a token was signed */
    int has_offered; /* our public key was sent */
    struct x8_adb_packet packet;
    struct x8_buf payload;
};

static int ms_left(const struct greeting *g)
{
    int ms = x8_deadline_left(g->deadline, LIMIT_MS);

    return ms > 0 ? ms : 1;
}

static int say_hello(struct greeting *g, struct x8_error *err)
{
    struct x8_adb_packet packet = {.command = X8_ADB_CNXN,
                                   .arg0 = X8_ADB_VERSION_NO_SUMS,
                                   .arg1 = X8_ADB_PAYLOAD_MAX,
                                   .length = sizeof hello};

    g->times++;
    g->again_at = g->times < TIMES ? x8_deadline_in(AGAIN_MS) : X8_NO_DEADLINE;
    return x8_conn_send_now(g->conn, g->op, &packet, hello, ms_left(g), err);
}

static int nobody_there(const struct greeting *g, struct x8_error *err)
{
    int is_net = g->conn->link->is_stream;

    x8_fail(err, X8_E_TIMEOUT, "the board's adb daemon does not answer");
    if (g->has_offered) {
        err->code = X8_E_AUTH;
        x8_copy(err->msg, sizeof err->msg, "the board does not accept this computer's adb key");
        x8_error_why(err, "it was offered, and nobody agreed within %d s", CONFIRM_MS / 1000);
        x8_error_next(err, "agree on the device, or use a computer it knows");
    } else if (g->bytes > 0) {
        x8_error_why(err, "%zu bytes came, but none of them greets an adb client", g->bytes);
        x8_error_next(err, is_net ? "check the port: something else answers there"
                                  : "unplug the board and plug it in again");
    } else if (is_net) {
        x8_error_why(err, "it serves one client at a time, and may have one");
        x8_error_next(err, "end the other program that uses it (an adb server?), and try again");
    } else {
        x8_error_why(err, "it hangs, or still waits in a session that was cut off");
        x8_error_next(err, "unplug the board and plug it in again");
    }
    return -(int)err->code;
}

/* Bytes at the end of `window` that may begin a header we wait for. */
static size_t hopeful(const uint8_t *window, size_t have)
{
    static const char *const words[] = {"CNXN", "AUTH", "STLS"};

    for (size_t at = 1; at < have; at++) {
        size_t n = have - at < 4 ? have - at : 4;

        for (size_t i = 0; i < X8_COUNT(words); i++)
            if (memcmp(window + at, words[i], n) == 0)
                return have - at;
    }
    return 0;
}

static int is_greeting(const uint8_t window[X8_ADB_HEADER], struct x8_adb_packet *out)
{
    struct x8_error ignored;

    return x8_adb_header_get(window, BANNER_MAX, out, &ignored) == 0 &&
           (out->command == X8_ADB_CNXN || out->command == X8_ADB_AUTH ||
            out->command == X8_ADB_STLS);
}

/* More bytes, saying CNXN again whenever nothing came for a while. */
static ssize_t more(struct greeting *g, void *out, size_t cap, struct x8_error *err)
{
    for (;;) {
        int64_t until = x8_deadline_min(g->deadline, g->again_at);
        ssize_t n = x8_conn_some(g->conn, g->op, out, cap, until, err);
        int rc;

        if (n > 0)
            g->bytes += (size_t)n;
        if (n != -(ssize_t)X8_E_TIMEOUT)
            return n;
        if (x8_deadline_left(g->deadline, 1) == 0)
            return nobody_there(g, err);
        if (x8_deadline_left(g->again_at, 1) > 0)
            continue;
        rc = say_hello(g, err);
        if (rc < 0)
            return rc;
    }
}

static int next_header(struct greeting *g, struct x8_error *err)
{
    uint8_t window[X8_ADB_HEADER];
    size_t have = 0;

    for (;;) {
        ssize_t n = more(g, window + have, sizeof window - have, err);
        size_t keep;

        if (n < 0)
            return (int)n;
        have += (size_t)n;
        if (have < sizeof window)
            continue;
        if (is_greeting(window, &g->packet)) {
            g->bytes = 0;
            return 0;
        }
        keep = hopeful(window, have);
        if (g->bytes > STALE_MAX)
            return x8_fail(err, X8_E_LINK, "the board sends without end, but no adb greeting");
        memmove(window, window + have - keep, keep);
        have = keep;
    }
}

/* A daemon of the newer version may leave the sum out. */
static int has_sum(const struct x8_adb_packet *packet)
{
    return packet->command != X8_ADB_CNXN || packet->arg0 < X8_ADB_VERSION_NO_SUMS ||
           packet->sum != 0;
}

static int next_greeting(struct greeting *g, struct x8_error *err)
{
    int rc = next_header(g, err);

    if (rc < 0)
        return rc;
    g->payload.len = 0;
    if (x8_buf_reserve(&g->payload, g->packet.length) < 0)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    rc = x8_conn_exactly(g->conn, g->op, g->payload.data, g->packet.length, g->deadline, err);
    if (rc == -(int)X8_E_TIMEOUT)
        return nobody_there(g, err);
    if (rc == 0 && has_sum(&g->packet))
        rc = x8_adb_payload_check(&g->packet, g->payload.data, err);
    g->payload.len = g->packet.length;
    return rc;
}

/* --- who we are --- */

static int send_signature(struct greeting *g, const struct x8_adb_key *key, struct x8_error *err)
{
    struct x8_adb_packet packet = {
        .command = X8_ADB_AUTH, .arg0 = X8_ADB_AUTH_SIGNATURE, .length = X8_ADB_SIGNATURE};
    uint8_t signature[X8_ADB_SIGNATURE];
    int rc = x8_adb_key_sign(key, g->payload.data, signature, err);

    g->has_asked = 1;
    return rc < 0 ? rc : x8_conn_send_now(g->conn, g->op, &packet, signature, ms_left(g), err);
}

static int send_public_key(struct greeting *g, const struct x8_adb_key *key, struct x8_error *err)
{
    struct x8_adb_packet packet = {.command = X8_ADB_AUTH, .arg0 = X8_ADB_AUTH_PUBLIC_KEY};
    char text[X8_ADB_PUBLIC_TEXT];
    int rc = x8_adb_key_public_text(key, text, err);

    if (rc < 0)
        return rc;
    packet.length = (uint32_t)strlen(text) + 1;
    g->has_offered = 1;
    g->deadline = x8_op_limit(g->op, CONFIRM_MS);
    x8_emit(g->op, X8_EV_NOTICE, "the board asks who we are: agree to this computer's adb key");
    return x8_conn_send_now(g->conn, g->op, &packet, text, ms_left(g), err);
}

static int answer_token(struct greeting *g, const char *key_path, int round, struct x8_error *err)
{
    struct x8_adb_key *key = NULL;
    int rc;

    g->again_at = X8_NO_DEADLINE; /* it has heard us */
    if (g->packet.arg0 != X8_ADB_AUTH_TOKEN || g->packet.length != X8_ADB_TOKEN)
        return x8_fail(err, X8_E_LINK, "the board asks for a key in an unknown way");
    if (!key_path || round >= AUTH_ROUNDS) {
        x8_fail(err, X8_E_AUTH, "the board wants an adb key that it knows");
        x8_error_why(err, "its adb daemon asks for one, as that of an unchanged X8 does not");
        x8_error_next(err, "use the computer and user that set it up");
        return -(int)X8_E_AUTH;
    }
    if (g->has_offered) /* it asks again while a person decides */
        return 0;
    rc = x8_adb_key_open(key_path, &key, err);
    if (rc < 0)
        return rc;
    rc = g->has_asked ? send_public_key(g, key, err) : send_signature(g, key, err);
    x8_adb_key_close(&key);
    return rc;
}

static int wants_tls(struct x8_error *err)
{
    x8_fail(err, X8_E_AUTH, "the board wants an encrypted adb connection");
    x8_error_why(err, "its adb daemon takes paired computers only (STLS)");
    x8_error_next(err, "pair with 'adb pair', and use the adb server");
    return -(int)X8_E_AUTH;
}

/* --- agreeing --- */

static int agree(struct greeting *g, struct x8_error *err)
{
    struct x8_adb_banner *banner = &g->conn->base.banner;
    uint32_t version = g->packet.arg0, max_data = g->packet.arg1;

    if (version < X8_ADB_VERSION_SUMS || max_data < PAYLOAD_LEAST) {
        x8_fail(err, X8_E_LINK, "the board's adb daemon speaks another protocol");
        x8_error_why(err, "it offers version 0x%08x with %u bytes", (unsigned)version,
                     (unsigned)max_data);
        return -(int)X8_E_LINK;
    }
    x8_adb_banner_parse(g->payload.data, g->payload.len, banner);
    banner->version = version < X8_ADB_VERSION_NO_SUMS ? version : X8_ADB_VERSION_NO_SUMS;
    banner->max_data = max_data < X8_ADB_PAYLOAD_MAX ? max_data : X8_ADB_PAYLOAD_MAX;
    x8_emit(g->op, X8_EV_TRACE, "adb version 0x%08x, packets of %u bytes, features: %s",
            (unsigned)banner->version, (unsigned)banner->max_data,
            banner->features[0] ? banner->features : "none");
    return 0;
}

static int greet(struct greeting *g, const char *key_path, struct x8_error *err)
{
    int rc = say_hello(g, err);

    for (int round = 0; rc == 0; round++) {
        rc = next_greeting(g, err);
        if (rc < 0)
            return rc;
        if (g->packet.command == X8_ADB_CNXN)
            return agree(g, err);
        rc = g->packet.command == X8_ADB_STLS ? wants_tls(err)
                                              : answer_token(g, key_path, round, err);
    }
    return rc;
}

int x8_conn_handshake(struct x8_adb_conn *conn, const struct x8_op *op, const char *key_path,
                      struct x8_error *err)
{
    struct greeting g = {.conn = conn, .op = op, .deadline = x8_op_limit(op, LIMIT_MS)};
    int rc = greet(&g, key_path, err);

    x8_buf_done(&g.payload);
    return rc;
}
