/*
 * DNS messages of multicast DNS (RFC 6762), built and read with the system's resolver library. Pure
 * functions over bytes: what comes from the network is hostile until read.
 */
#ifndef X8_NET_DNS_H
#define X8_NET_DNS_H

#include "util/bytes.h"
#include "util/error.h"

#include <stdint.h>

#define X8_DNS_NAME_LEN 256  /* text of a name with its end */
#define X8_DNS_MAX      9000 /* bytes of a message; RFC 6762, 17 */
#define X8_DNS_RECORDS  256  /* of one message that are looked at; the rest is left out */

enum x8_dns_type {
    X8_DNS_A = 1,
    X8_DNS_PTR = 12,
    X8_DNS_AAAA = 28,
    X8_DNS_SRV = 33,
    X8_DNS_ANY = 255
};

/* A record of an answer. Names are text without the last dot; bytes of a label that are no letter,
 * digit, '-' or '_' are written \DDD (a dot too), so they are safe to print and can be asked for as
 * they are. A record with a name whose text is too long is left out. */
struct x8_dns_record {
    char name[X8_DNS_NAME_LEN];
    enum x8_dns_type type;        /* A, AAAA, PTR or SRV: others are left out, as other classes */
    uint32_t ttl;                 /* seconds; 0: the name is gone */
    char target[X8_DNS_NAME_LEN]; /* PTR, SRV */
    uint16_t port;                /* SRV */
    uint8_t address[16];          /* A (4 bytes), AAAA */
};

struct x8_dns_question {
    const char *name;
    enum x8_dns_type type;
};

/* One query; `unicast`: the answer may come straight to us (the QU bit). Bytes written, or
 * X8_E_INTERNAL when it does not fit or a name is none. */
int x8_dns_query(const struct x8_dns_question *questions, size_t count, int unicast, uint8_t *out,
                 size_t cap, struct x8_error *err);

/*
 * Call `each` for the records of an answer, in order, answers and additional ones. How many, or
 * X8_E_LINK for a message that is no answer (a query, an error, another operation; RFC 6762, 18),
 * or that is damaged: of one whose lengths do not add up nothing is given, of one with a bad name
 * or bad data what stands before.
 */
int x8_dns_read(struct x8_span message, void (*each)(void *ctx, const struct x8_dns_record *record),
                void *ctx, struct x8_error *err);

#endif
