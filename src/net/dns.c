/*
 * DNS messages: x8_dns_query writes one, x8_dns_read walks through one. The resolver library does
 * the lengths and the compressed names and bounds both; what is left is which records matter and
 * how their names are spelled.
 */
#include "net/dns.h"

#include <arpa/nameser.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum {
    CLASS_IN = 1,
    TOP_BIT = 0x8000, /* of a class: in a question "unicast, please", in a record "flush others" */
    COMPRESSED = 64,  /* names of a query that later ones may point to */
};

/* --- writing --- */

static int put_question(const struct x8_dns_question *question, int unicast, uint8_t *out,
                        size_t cap, const unsigned char **seen)
{
    int n;

    if (question->name[0] == '\0') /* the library takes it for the root */
        return -1;
    n = ns_name_compress(question->name, out, cap, seen, seen + COMPRESSED);
    if (n < 0 || cap - (size_t)n < 4)
        return -1;
    x8_put_be16(out + n, (uint16_t)question->type);
    x8_put_be16(out + n + 2, unicast ? CLASS_IN | TOP_BIT : CLASS_IN);
    return n + 4;
}

int x8_dns_query(const struct x8_dns_question *questions, size_t count, int unicast, uint8_t *out,
                 size_t cap, struct x8_error *err)
{
    const unsigned char *seen[COMPRESSED + 1] = {out, NULL};
    size_t at = NS_HFIXEDSZ;

    if (cap > X8_DNS_MAX)
        cap = X8_DNS_MAX;
    if (cap < at || count > UINT16_MAX)
        return x8_fail(err, X8_E_INTERNAL, "no room for a DNS query");
    memset(out, 0, NS_HFIXEDSZ); /* a query's identifier and flags are 0: RFC 6762, 18 */
    x8_put_be16(out + 4, (uint16_t)count);
    for (size_t i = 0; i < count; i++) {
        int n = put_question(&questions[i], unicast, out + at, cap - at, seen);

        if (n < 0)
            return x8_fail(err, X8_E_INTERNAL, "DNS question %zu of %zu is no name or does not fit",
                           i + 1, count);
        at += (size_t)n;
    }
    return (int)at;
}

/* --- reading --- */

/* The library's spelling ("\." and the like for what is special in zone files) in ours. 1 when it
 * fits. */
static int spell(const char *name, char out[X8_DNS_NAME_LEN])
{
    size_t at = 0;

    if (strcmp(name, ".") == 0)
        name = "";
    while (*name) {
        int is_escaped = *name == '\\';
        unsigned char c = (unsigned char)name[is_escaped];

        if (X8_DNS_NAME_LEN - at < sizeof "\\DDD")
            return 0;
        if (is_escaped && isdigit(c)) { /* three digits follow, always */
            memcpy(out + at, name, 4);
            name += 4;
            at += 4;
        } else if (!is_escaped && (isalnum(c) || c == '-' || c == '_' || c == '.')) {
            out[at++] = *name++;
        } else {
            at += (size_t)snprintf(out + at, X8_DNS_NAME_LEN - at, "\\%03u", c);
            name += 1 + is_escaped;
        }
    }
    out[at] = '\0';
    return 1;
}

/* 1 when the record is one of ours, 0 when it is left out, -1 when its data are damaged. */
static int read_name(ns_msg *message, const ns_rr *rr, size_t offset, char out[X8_DNS_NAME_LEN])
{
    char name[NS_MAXDNAME];
    const uint8_t *data = ns_rr_rdata(*rr);
    int n;

    if (ns_rr_rdlen(*rr) <= offset)
        return -1;
    n = ns_name_uncompress(ns_msg_base(*message), ns_msg_end(*message), data + offset, name,
                           sizeof name);
    if (n < 0 || (size_t)n != ns_rr_rdlen(*rr) - offset)
        return -1;
    return spell(name, out);
}

static int read_address(const ns_rr *rr, size_t len, uint8_t *out)
{
    if (ns_rr_rdlen(*rr) != len)
        return -1;
    memcpy(out, ns_rr_rdata(*rr), len);
    return 1;
}

static int read_data(ns_msg *message, const ns_rr *rr, struct x8_dns_record *out)
{
    switch (out->type) {
    case X8_DNS_A:
        return read_address(rr, 4, out->address);
    case X8_DNS_AAAA:
        return read_address(rr, 16, out->address);
    case X8_DNS_PTR:
        return read_name(message, rr, 0, out->target);
    case X8_DNS_SRV: /* priority, weight, port, target */
        if (ns_rr_rdlen(*rr) > 6)
            out->port = x8_get_be16(ns_rr_rdata(*rr) + 4);
        return read_name(message, rr, 6, out->target);
    default:
        return 0;
    }
}

static int read_record(ns_msg *message, ns_sect section, int index, struct x8_dns_record *out)
{
    ns_rr rr;

    if (ns_parserr(message, section, index, &rr) != 0)
        return -1;
    memset(out, 0, sizeof *out);
    out->type = (enum x8_dns_type)ns_rr_type(rr);
    out->ttl = ns_rr_ttl(rr);
    if ((rr.rr_class & ~(unsigned)TOP_BIT) != CLASS_IN || !spell(ns_rr_name(rr), out->name))
        return 0;
    return read_data(message, &rr, out);
}

static int open_answer(struct x8_span message, ns_msg *out, struct x8_error *err)
{
    if (message.len > X8_DNS_MAX || ns_initparse(message.data, (int)message.len, out) != 0)
        return x8_fail(err, X8_E_LINK, "a damaged DNS message of %zu bytes", message.len);
    /* Other operations and codes are to be ignored: RFC 6762, 18.3 and 18.11. */
    if (!ns_msg_getflag(*out, ns_f_qr) || ns_msg_getflag(*out, ns_f_opcode) != 0 ||
        ns_msg_getflag(*out, ns_f_rcode) != 0)
        return x8_fail(err, X8_E_LINK, "a DNS message that is no answer");
    return 0;
}

int x8_dns_read(struct x8_span message, void (*each)(void *ctx, const struct x8_dns_record *record),
                void *ctx, struct x8_error *err)
{
    static const ns_sect sections[] = {ns_s_an, ns_s_ar};
    struct x8_dns_record record;
    int given = 0, seen = 0;
    ns_msg msg;
    int rc = open_answer(message, &msg, err);

    if (rc < 0)
        return rc;
    for (size_t s = 0; s < X8_COUNT(sections); s++) {
        for (int i = 0; i < ns_msg_count(msg, sections[s]); i++) {
            if (++seen > X8_DNS_RECORDS)
                return given;
            rc = read_record(&msg, sections[s], i, &record);
            if (rc < 0)
                return x8_fail(err, X8_E_LINK, "record %d of a DNS message is damaged", seen);
            if (rc > 0)
                each(ctx, &record);
            given += rc;
        }
    }
    return given;
}
