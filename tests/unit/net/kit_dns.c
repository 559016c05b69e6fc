#include "kit_dns.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

void dns_bytes(struct dns_message *message, const void *data, size_t len)
{
    if (len > sizeof message->data - message->len)
        abort();
    memcpy(message->data + message->len, data, len);
    message->len += len;
}

void dns_be16(struct dns_message *message, unsigned value)
{
    uint8_t bytes[2];

    x8_put_be16(bytes, (uint16_t)value);
    dns_bytes(message, bytes, 2);
}

void dns_begin(struct dns_message *message, uint16_t flags)
{
    message->len = 0;
    dns_be16(message, 0);
    dns_be16(message, flags);
    for (int i = 0; i < 4; i++)
        dns_be16(message, 0);
}

static uint8_t next_byte(const char **at)
{
    char digits[4] = {0};

    if (**at != '\\')
        return (uint8_t) * (*at)++;
    memcpy(digits, *at + 1, 3);
    *at += 4;
    return (uint8_t)strtoul(digits, NULL, 10);
}

void dns_name(struct dns_message *message, const char *name)
{
    while (*name) {
        size_t head = message->len;

        dns_bytes(message, "", 1);
        while (*name && *name != '.') {
            uint8_t byte = next_byte(&name);

            dns_bytes(message, &byte, 1);
        }
        message->data[head] = (uint8_t)(message->len - head - 1);
        name += *name == '.';
    }
    dns_bytes(message, "", 1);
}

void dns_head(struct dns_message *message, const char *name, unsigned type, unsigned class,
              uint32_t ttl, unsigned rdlength)
{
    x8_put_be16(message->data + 6, (uint16_t)(x8_get_be16(message->data + 6) + 1));
    dns_name(message, name);
    dns_be16(message, type);
    dns_be16(message, class);
    dns_be16(message, ttl >> 16);
    dns_be16(message, ttl & 0xffff);
    dns_be16(message, rdlength);
}

void dns_address(struct dns_message *message, const char *name, uint32_t ttl, const char *figures)
{
    int is6 = strchr(figures, ':') != NULL;
    uint8_t address[16];

    if (inet_pton(is6 ? AF_INET6 : AF_INET, figures, address) != 1)
        abort();
    dns_head(message, name, is6 ? 28 : 1, 0x8001, ttl, is6 ? 16 : 4);
    dns_bytes(message, address, is6 ? 16 : 4);
}

/* Set the length of the data that begin at `from`. */
static void close_data(struct dns_message *message, size_t from)
{
    x8_put_be16(message->data + from - 2, (uint16_t)(message->len - from));
}

void dns_ptr(struct dns_message *message, const char *name, uint32_t ttl, const char *target)
{
    size_t from;

    dns_head(message, name, 12, 1, ttl, 0);
    from = message->len;
    dns_name(message, target);
    close_data(message, from);
}

void dns_srv(struct dns_message *message, const char *name, uint32_t ttl, unsigned port,
             const char *target)
{
    size_t from;

    dns_head(message, name, 33, 0x8001, ttl, 0);
    from = message->len;
    dns_be16(message, 0);
    dns_be16(message, 0);
    dns_be16(message, port);
    dns_name(message, target);
    close_data(message, from);
}

struct x8_span dns_copy(const struct dns_message *message, size_t len)
{
    uint8_t *copy = malloc(len ? len : 1);

    if (!copy)
        abort();
    memcpy(copy, message->data, len);
    return (struct x8_span){copy, len};
}
