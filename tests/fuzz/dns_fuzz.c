/*
 * Any bytes as messages of the network: a row of them goes through the table of a search, each with
 * two bytes of length in front. What is told is bounded and safe to print, what is asked can be
 * written.
 */
#include "net/dns.h"
#include "net/mdns.h"
#include "net/mdns_hosts.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int holds)
{
    if (!holds)
        abort();
}

static void check_name(const char *name, size_t cap)
{
    check(memchr(name, '\0', cap) != NULL);
    for (size_t i = 0; name[i]; i++)
        check(isalnum((unsigned char)name[i]) || strchr("-_.\\", name[i]));
}

static void check_record(void *ctx, const struct x8_dns_record *record)
{
    int *count = ctx;

    ++*count;
    check_name(record->name, sizeof record->name);
    check_name(record->target, sizeof record->target);
    check(record->type == X8_DNS_A || record->type == X8_DNS_AAAA || record->type == X8_DNS_PTR ||
          record->type == X8_DNS_SRV);
}

static void check_host(void *ctx, const struct x8_mdns_host *host)
{
    char serial[20];

    (void)ctx;
    check_name(host->name, sizeof host->name);
    check(host->name[0] && host->port != 0 && host->address_count <= X8_MDNS_ADDRESSES);
    check(!x8_mdns_serial(host->name, serial) || strlen(serial) == 16);
    for (size_t i = 0; i < host->address_count; i++)
        check(host->addresses[i][0] && memchr(host->addresses[i], '\0', 64) != NULL);
}

static void check_questions(struct x8_mdns_table *table)
{
    struct x8_dns_question questions[16];
    uint8_t query[4096 + 512];
    size_t n = x8_mdns_table_gaps(table, 1, questions, X8_COUNT(questions));

    check(n <= X8_COUNT(questions));
    if (n > 0)
        check(x8_dns_query(questions, n, 1, query, sizeof query, NULL) > 0);
}

static void take(struct x8_mdns_table *table, struct x8_span message)
{
    struct x8_error err = {0};
    int count = 0, rc = x8_dns_read(message, check_record, &count, &err);

    check(rc < 0 ? err.msg[0] != '\0' : rc == count);
    check(count <= X8_DNS_RECORDS);
    x8_mdns_table_take(table, message, "eth0", &err);
    x8_mdns_table_tell(table, check_host, NULL);
    check_questions(table);
    check(x8_mdns_table_count(table) <= X8_MDNS_HOSTS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct x8_mdns_table *table = x8_mdns_table_new(size % 2);

    if (!table)
        return 0;
    while (size > 2) {
        size_t len = x8_get_be16(data);
        uint8_t *copy;

        data += 2;
        size -= 2;
        len = len > size ? size : len;
        copy = malloc(len ? len : 1);
        check(copy != NULL);
        memcpy(copy, data, len);
        take(table, (struct x8_span){copy, len});
        free(copy);
        data += len;
        size -= len;
    }
    x8_mdns_table_free(table);
    return 0;
}
