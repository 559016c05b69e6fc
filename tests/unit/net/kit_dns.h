/*
 * DNS messages written byte by byte, also wrong ones, for the tests of what reads them.
 */
#ifndef NET_KIT_DNS_H
#define NET_KIT_DNS_H

#include "net/dns.h"

struct dns_message {
    uint8_t data[32768];
    size_t len;
};

/* A head with these flags (0x8400: an answer) and no records. */
void dns_begin(struct dns_message *message, uint16_t flags);
void dns_bytes(struct dns_message *message, const void *data, size_t len);
void dns_be16(struct dns_message *message, unsigned value);
/* "a.b" as two labels and the end; "\\DDD" is a byte of a label. */
void dns_name(struct dns_message *message, const char *name);

/* Records, counted as answers. dns_head ends where the data begin. */
void dns_head(struct dns_message *message, const char *name, unsigned type, unsigned class,
              uint32_t ttl, unsigned rdlength);
void dns_address(struct dns_message *message, const char *name, uint32_t ttl, const char *figures);
void dns_ptr(struct dns_message *message, const char *name, uint32_t ttl, const char *target);
void dns_srv(struct dns_message *message, const char *name, uint32_t ttl, unsigned port,
             const char *target);

/* The first `len` bytes in an allocation of their own, for free(). */
struct x8_span dns_copy(const struct dns_message *message, size_t len);

#endif
