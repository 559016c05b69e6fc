/*
 * The table of a search. A message is read twice: first its services, which say which hosts matter,
 * then the addresses. Nothing is removed before the end, so what points into the table stays good.
 */
#include "net/mdns_hosts.h"

#include "net/mdns_address.h"
#include "util/text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum {
    FOREIGN_MAX = X8_MDNS_HOSTS / 2, /* places that hosts of other names may take */
    ASK_TIMES = 3,
    SSH_PORT = 22,
};

struct host {
    struct x8_mdns_host seen;
    char full[sizeof(((struct x8_mdns_host *)0)->name) + sizeof ".local"];
    uint32_t sum; /* of the full name */
    int is_board, has_news, is_told, asked;
};

struct service {
    char name[X8_DNS_NAME_LEN];
    struct host *host; /* NULL until its SRV record was heard */
    uint32_t sum;      /* of the name */
    int asked;
};

struct x8_mdns_table {
    int foreign, is_full;
    struct host hosts[X8_MDNS_HOSTS];
    size_t host_count, foreign_hosts;
    struct service services[X8_MDNS_HOSTS];
    size_t service_count, foreign_services;
};

struct reading {
    struct x8_mdns_table *table;
    const char *interface;
};

struct x8_mdns_table *x8_mdns_table_new(int foreign)
{
    struct x8_mdns_table *table = calloc(1, sizeof *table);

    if (table)
        table->foreign = foreign;
    return table;
}

void x8_mdns_table_free(struct x8_mdns_table *table)
{
    free(table);
}

/* A sum that differs for most names and not for case (FNV-1a): a flood of records is looked up as
 * fast as it comes, else what is not of the flood gets lost before it is read. */
static uint32_t sum_of(const char *name)
{
    uint32_t sum = 2166136261u;

    for (; *name; name++)
        sum = (sum ^ (uint32_t)tolower((unsigned char)*name)) * 16777619u;
    return sum;
}

/* Room for one more, of which `foreign_count` are foreign: 1 when there is. */
static int has_room(struct x8_mdns_table *table, size_t count, size_t *foreign_count, int is_board)
{
    if (count >= X8_MDNS_HOSTS || (!is_board && *foreign_count >= FOREIGN_MAX)) {
        table->is_full = 1;
        return 0;
    }
    *foreign_count += !is_board;
    return 1;
}

/* --- hosts --- */

/* "name" of "name.local" into `out`; 0 for names of other forms, or too long ones. */
static int local_label(const char *full, char *out, size_t cap)
{
    size_t len = strcspn(full, ".");

    if (len == 0 || len >= cap || x8_casecmp(full + len, ".local") != 0)
        return 0;
    memcpy(out, full, len);
    out[len] = '\0';
    return 1;
}

static struct host *host_of(struct x8_mdns_table *table, const char *full)
{
    uint32_t sum = sum_of(full);

    for (size_t i = 0; i < table->host_count; i++)
        if (table->hosts[i].sum == sum && x8_casecmp(table->hosts[i].full, full) == 0)
            return &table->hosts[i];
    return NULL;
}

/* The host, made when it is wanted: a board always, another one when it offers the service. */
static struct host *host_make(struct x8_mdns_table *table, const char *full, int offers)
{
    struct host *host = host_of(table, full);
    char name[sizeof host->seen.name];
    int is_board;

    if (host || !local_label(full, name, sizeof name))
        return host;
    is_board = x8_mdns_is_board(name);
    if ((!is_board && !(offers && table->foreign)) ||
        !has_room(table, table->host_count, &table->foreign_hosts, is_board))
        return NULL;
    host = &table->hosts[table->host_count++];
    memcpy(host->seen.name, name, sizeof name);
    x8_copy(host->full, sizeof host->full, full);
    host->sum = sum_of(full);
    host->seen.port = SSH_PORT;
    host->is_board = is_board;
    return host;
}

static void offer(struct host *host, int has_ssh, uint16_t port)
{
    if (host->seen.has_ssh == has_ssh && host->seen.port == port)
        return;
    host->seen.has_ssh = has_ssh;
    host->seen.port = port;
    host->has_news = 1;
}

/* --- services --- */

static int is_instance(const char *name)
{
    static const char tail[] = "." X8_MDNS_SERVICE;
    size_t len = strlen(name);

    return len >= sizeof tail && x8_casecmp(name + len - (sizeof tail - 1), tail) == 0;
}

/* Boards name the service after themselves. avahi adds " #2" when that name is taken. */
static int names_board(const char *instance)
{
    char name[sizeof(((struct x8_mdns_host *)0)->name)];
    size_t len = strcspn(instance, ".\\");

    if (len >= sizeof name)
        return 0;
    memcpy(name, instance, len);
    name[len] = '\0';
    return x8_mdns_is_board(name);
}

static struct service *service_of(struct x8_mdns_table *table, const char *name)
{
    uint32_t sum = sum_of(name);

    for (size_t i = 0; i < table->service_count; i++)
        if (table->services[i].sum == sum && x8_casecmp(table->services[i].name, name) == 0)
            return &table->services[i];
    return NULL;
}

static struct service *service_make(struct x8_mdns_table *table, const char *name, int is_board)
{
    struct service *service = service_of(table, name);

    if (service || (!is_board && !table->foreign) ||
        !has_room(table, table->service_count, &table->foreign_services, is_board))
        return service;
    service = &table->services[table->service_count++];
    x8_copy(service->name, sizeof service->name, name);
    service->sum = sum_of(name);
    return service;
}

static void end_service(struct x8_mdns_table *table, const char *name)
{
    struct service *service = service_of(table, name);

    if (!service)
        return;
    service->asked = ASK_TIMES;
    if (service->host)
        offer(service->host, 0, SSH_PORT);
}

static void take_srv(struct x8_mdns_table *table, const struct x8_dns_record *record)
{
    struct host *host;
    struct service *service;

    if (record->port == 0)
        return;
    host = host_make(table, record->target, 1);
    if (!host)
        return;
    offer(host, 1, record->port);
    service = service_make(table, record->name, host->is_board);
    if (service)
        service->host = host;
}

static void take_service(void *ctx, const struct x8_dns_record *record)
{
    struct x8_mdns_table *table = ((struct reading *)ctx)->table;
    int is_ptr = record->type == X8_DNS_PTR && x8_casecmp(record->name, X8_MDNS_SERVICE) == 0;
    const char *instance = is_ptr ? record->target : record->name;

    if ((!is_ptr && record->type != X8_DNS_SRV) || !is_instance(instance))
        return;
    if (record->ttl == 0)
        end_service(table, instance);
    else if (is_ptr)
        service_make(table, instance, names_board(instance));
    else
        take_srv(table, record);
}

/* --- addresses --- */

static void take_address(void *ctx, const struct x8_dns_record *record)
{
    const struct reading *reading = ctx;
    char text[sizeof((struct x8_mdns_host *)0)->addresses[0]];
    struct host *host;

    if ((record->type != X8_DNS_A && record->type != X8_DNS_AAAA) ||
        !x8_mdns_address_text(record, reading->interface, text))
        return;
    if (record->ttl > 0) {
        host = host_make(reading->table, record->name, 0);
        if (host)
            host->has_news |= x8_mdns_address_add(&host->seen, text);
        return;
    }
    host = host_of(reading->table, record->name);
    if (host && x8_mdns_address_remove(&host->seen, text)) {
        host->has_news = 1;
        host->asked = ASK_TIMES; /* it said goodbye, so there is nothing to ask */
    }
}

int x8_mdns_table_take(struct x8_mdns_table *table, struct x8_span message, const char *interface,
                       struct x8_error *err)
{
    struct reading reading = {.table = table, .interface = interface};
    int rc = x8_dns_read(message, take_service, &reading, err);

    x8_dns_read(message, take_address, &reading, NULL);
    return rc < 0 ? rc : 0;
}

/* --- what is lacking, what is new --- */

static size_t ask(struct x8_dns_question *out, const char *name, enum x8_dns_type type)
{
    out->name = name;
    out->type = type;
    return 1;
}

size_t x8_mdns_table_gaps(struct x8_mdns_table *table, int again, struct x8_dns_question *out,
                          size_t cap)
{
    int limit = again ? ASK_TIMES : 1;
    size_t n = 0;

    for (size_t i = 0; i < table->service_count && n < cap; i++) {
        struct service *service = &table->services[i];

        if (!service->host && service->asked < limit) {
            service->asked++;
            n += ask(out + n, service->name, X8_DNS_SRV);
        }
    }
    for (size_t i = 0; i < table->host_count && n + 1 < cap; i++) {
        struct host *host = &table->hosts[i];

        if (host->seen.address_count == 0 && host->asked < limit) {
            host->asked++;
            n += ask(out + n, host->full, X8_DNS_A);
            n += ask(out + n, host->full, X8_DNS_AAAA);
        }
    }
    return n;
}

void x8_mdns_table_tell(struct x8_mdns_table *table,
                        void (*each)(void *ctx, const struct x8_mdns_host *host), void *ctx)
{
    for (size_t i = 0; i < table->host_count; i++) {
        struct host *host = &table->hosts[i];

        /* What cannot be reached is not told, unless it could be before. */
        if (!host->has_news || (host->seen.address_count == 0 && !host->is_told))
            continue;
        host->has_news = 0;
        host->is_told = 1;
        each(ctx, &host->seen);
    }
}

int x8_mdns_table_count(const struct x8_mdns_table *table)
{
    int n = 0;

    for (size_t i = 0; i < table->host_count; i++)
        n += table->hosts[i].is_told && table->hosts[i].seen.address_count > 0;
    return n;
}

int x8_mdns_table_is_full(const struct x8_mdns_table *table)
{
    return table->is_full;
}
