/*
 * DNS messages: what is asked, and what is made of answers of all kinds.
 */
#include "testlib.h"

#include "kit_dns.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SERVICE "_sftp-ssh._tcp.local"

struct heard {
    struct x8_dns_record records[8]; /* the first ones */
    size_t count;
};

static void keep(void *ctx, const struct x8_dns_record *record)
{
    struct heard *heard = ctx;

    if (heard->count < X8_COUNT(heard->records))
        heard->records[heard->count] = *record;
    heard->count++;
}

/* Read the first `len` bytes. */
static int read_part(const struct dns_message *message, size_t len, struct heard *heard)
{
    struct x8_span copy = dns_copy(message, len);
    struct x8_error err = {0};
    int rc;

    memset(heard, 0, sizeof *heard);
    rc = x8_dns_read(copy, keep, heard, &err);
    free((void *)(uintptr_t)copy.data);
    assert_true(rc >= 0 || (rc == -(int)X8_E_LINK && err.msg[0]));
    if (rc >= 0)
        assert_int_equal(heard->count, rc);
    return rc;
}

static int read_all(const struct dns_message *message, struct heard *heard)
{
    return read_part(message, message->len, heard);
}

/* --- queries --- */

static void a_question_is_written_as_the_standard_says(void **state)
{
    static const uint8_t want[] = "\0\0\0\0\0\1\0\0\0\0\0\0"
                                  "\x9_sftp-ssh\4_tcp\5local\0\0\xc\0\1";
    const struct x8_dns_question question = {SERVICE, X8_DNS_PTR};
    uint8_t out[512];

    (void)state;
    for (int unicast = 0; unicast < 2; unicast++) {
        assert_int_equal(x8_dns_query(&question, 1, unicast, out, sizeof out, NULL),
                         sizeof want - 1);
        assert_int_equal(out[sizeof want - 3], unicast ? 0x80 : 0);
        out[sizeof want - 3] = 0;
        assert_memory_equal(out, want, sizeof want - 1);
    }
}

static void later_names_share_the_ends_of_earlier_ones(void **state)
{
    const struct x8_dns_question questions[] = {
        {"a." SERVICE, X8_DNS_SRV}, {"b." SERVICE, X8_DNS_SRV}, {"portenta.local", X8_DNS_AAAA}};
    uint8_t out[512];
    int n = x8_dns_query(questions, 3, 0, out, sizeof out, NULL);

    (void)state;
    /* 12; a, service, end, 4; b, pointer, 4; portenta, pointer, 4. */
    assert_int_equal(n, 12 + (2 + 21 + 1 + 4) + (2 + 2 + 4) + (9 + 2 + 4));
    assert_int_equal(out[5], 3);
}

static void a_query_that_cannot_be_written_is_an_error(void **state)
{
    char label[65] = {0}, name[300] = {0};
    const struct x8_dns_question good = {SERVICE, X8_DNS_PTR},
                                 bad[] = {{"", X8_DNS_A}, {label, X8_DNS_A}, {name, X8_DNS_A}};
    struct x8_error err = {0};
    uint8_t out[512];

    (void)state;
    memset(label, 'a', 64);
    for (size_t i = 0; i < 298; i++)
        name[i] = i % 2 ? '.' : 'a';
    for (size_t i = 0; i < X8_COUNT(bad); i++)
        assert_int_equal(x8_dns_query(&bad[i], 1, 0, out, sizeof out, &err), -X8_E_INTERNAL);
    for (size_t cap = 0; cap < 38; cap++)
        assert_int_equal(x8_dns_query(&good, 1, 0, out, cap, &err), -X8_E_INTERNAL);
    assert_int_equal(x8_dns_query(&good, 1, 0, out, 38, &err), 38);
}

/* --- answers --- */

static void a_whole_answer(struct dns_message *message)
{
    dns_begin(message, 0x8400);
    dns_ptr(message, SERVICE, 4500, "b." SERVICE);
    dns_srv(message, "b." SERVICE, 120, 2222, "b.local");
    dns_address(message, "b.local", 120, "10.1.2.3");
    dns_address(message, "b.local", 0, "fe80::1");
}

static void records_come_in_order_with_what_they_say(void **state)
{
    static const uint8_t v4[] = {10, 1, 2, 3}, v6[] = {0xfe, 0x80, [15] = 1};
    struct dns_message m;
    struct heard heard;

    (void)state;
    a_whole_answer(&m);
    assert_int_equal(read_all(&m, &heard), 4);
    assert_int_equal(heard.records[0].type, X8_DNS_PTR);
    assert_string_equal(heard.records[0].name, SERVICE);
    assert_string_equal(heard.records[0].target, "b." SERVICE);
    assert_int_equal(heard.records[0].ttl, 4500);
    assert_int_equal(heard.records[1].type, X8_DNS_SRV);
    assert_string_equal(heard.records[1].target, "b.local");
    assert_int_equal(heard.records[1].port, 2222);
    assert_int_equal(heard.records[2].type, X8_DNS_A);
    assert_memory_equal(heard.records[2].address, v4, 4);
    assert_int_equal(heard.records[3].type, X8_DNS_AAAA);
    assert_int_equal(heard.records[3].ttl, 0);
    assert_memory_equal(heard.records[3].address, v6, 16);
}

static void additional_records_count_and_those_of_an_authority_do_not(void **state)
{
    struct dns_message m;
    struct heard heard;

    (void)state;
    a_whole_answer(&m);
    x8_put_be16(m.data + 6, 1);
    x8_put_be16(m.data + 8, 1);
    x8_put_be16(m.data + 10, 2);
    assert_int_equal(read_all(&m, &heard), 3);
    assert_int_equal(heard.records[0].type, X8_DNS_PTR);
    assert_int_equal(heard.records[1].type, X8_DNS_A);
}

static void a_question_before_the_answers_does_not_disturb(void **state)
{
    struct dns_message m;
    struct heard heard;

    (void)state;
    dns_begin(&m, 0x8400);
    x8_put_be16(m.data + 4, 1);
    dns_name(&m, SERVICE);
    dns_be16(&m, 12);
    dns_be16(&m, 1);
    dns_address(&m, "b.local", 10, "10.1.2.3");
    assert_int_equal(read_all(&m, &heard), 1);
    assert_string_equal(heard.records[0].name, "b.local");
}

static void other_types_and_classes_are_left_out(void **state)
{
    struct dns_message m;
    struct heard heard;

    (void)state;
    dns_begin(&m, 0x8400);
    dns_head(&m, "b.local", 16, 1, 120, 1); /* TXT */
    dns_bytes(&m, "", 1);
    dns_head(&m, "b.local", 47, 0x8001, 120, 0); /* NSEC */
    dns_head(&m, "b.local", 1, 3, 120, 4);       /* an address of the class CHAOS */
    dns_bytes(&m, "\1\2\3\4", 4);
    dns_address(&m, "b.local", 120, "10.1.2.3");
    assert_int_equal(read_all(&m, &heard), 1);
    assert_int_equal(heard.records[0].address[0], 10);
}

static void what_is_no_answer_is_not_read(void **state)
{
    static const uint16_t flags[] = {0x0000, 0x8403, 0xa400, 0x8c00};
    struct dns_message m;
    struct heard heard;

    (void)state;
    for (size_t i = 0; i < X8_COUNT(flags); i++) {
        a_whole_answer(&m);
        x8_put_be16(m.data + 2, flags[i]);
        assert_int_equal(read_all(&m, &heard), -X8_E_LINK);
        assert_int_equal(heard.count, 0);
    }
}

/* --- names --- */

static void names_are_safe_to_print_and_can_be_asked_for(void **state)
{
    static const char name[] = "a\\032\\007\\027\\091b\\046c\\092\\034\\195\\164-_9\\000.local";
    const struct x8_dns_question question = {name, X8_DNS_A};
    struct dns_message m, wire = {.len = 0};
    struct heard heard;
    uint8_t out[512];

    (void)state;
    dns_begin(&m, 0x8400);
    dns_address(&m, name, 120, "10.1.2.3");
    assert_int_equal(read_all(&m, &heard), 1);
    assert_string_equal(heard.records[0].name, name);
    dns_name(&wire, name);
    assert_int_equal(x8_dns_query(&question, 1, 0, out, sizeof out, NULL), 12 + wire.len + 4);
    assert_memory_equal(out + 12, wire.data, wire.len);
}

static void a_name_whose_text_is_too_long_is_left_out(void **state)
{
    char fits[X8_DNS_NAME_LEN + 8], longer[X8_DNS_NAME_LEN + 8];
    struct dns_message m;
    struct heard heard;
    size_t n = 0;

    (void)state;
    while (n < 62 * strlen("\\001"))
        n += (size_t)snprintf(fits + n, sizeof fits - n, "\\001");
    memcpy(longer, fits, n);
    snprintf(longer + n, sizeof longer - n, "\\001.local");
    snprintf(fits + n, sizeof fits - n, ".lo");
    dns_begin(&m, 0x8400);
    dns_address(&m, longer, 120, "10.1.2.3");
    dns_ptr(&m, SERVICE, 120, longer);
    dns_address(&m, fits, 120, "10.1.2.4");
    assert_int_equal(read_all(&m, &heard), 1);
    assert_string_equal(heard.records[0].name, fits);
}

/* A message with one address record whose owner is these bytes. */
static void with_owner(struct dns_message *m, const void *owner, size_t len)
{
    static const uint8_t rest[] = "\0\1\0\1\0\0\0\x78\0\4\xa\1\2\3";

    dns_begin(m, 0x8400);
    x8_put_be16(m->data + 6, 1);
    dns_bytes(m, owner, len);
    dns_bytes(m, rest, sizeof rest - 1);
}

static void pointers_that_lead_nowhere_or_round_are_damage(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
    } owners[] = {{"\xc0\x0c", 2}, {"\1a\xc0\x0c", 4}, {"\xc0\xff", 2},      {"\xff\xff", 2},
                  {"\x40\0", 2},   {"\1a\x80\0", 4},   {"\1a\1b\xc0\x0e", 6}};
    struct dns_message m;
    struct heard heard;

    (void)state;
    for (size_t i = 0; i < X8_COUNT(owners); i++) {
        with_owner(&m, owners[i].bytes, owners[i].len);
        if (read_all(&m, &heard) != -(int)X8_E_LINK)
            fail_msg("owner %zu: '%s'", i, heard.records[0].name);
    }
}

static void a_long_chain_of_pointers_ends(void **state)
{
    struct dns_message m;
    struct heard heard;

    (void)state;
    /* Each points to the one before, the first to itself; all in data that nobody asks for. */
    dns_begin(&m, 0x8400);
    dns_head(&m, "x.local", 16, 1, 120, 8000);
    for (unsigned i = 0; i < 4000; i++)
        dns_be16(&m, 0xc000u | (unsigned)(i ? m.len - 2 : m.len));
    dns_head(&m, "", 12, 1, 120, 2);
    dns_be16(&m, 0xc000u | (unsigned)(m.len - 13));
    assert_int_equal(read_all(&m, &heard), -X8_E_LINK);
    assert_int_equal(heard.count, 0);
}

/* --- lengths --- */

static void data_of_a_wrong_length_are_damage_and_what_stood_before_was_given(void **state)
{
    static const struct {
        unsigned type, rdlength;
    } cases[] = {{1, 3},  {1, 5},  {1, 0},  {28, 4}, {28, 15}, {28, 17}, {12, 0},
                 {12, 6}, {12, 8}, {33, 0}, {33, 6}, {33, 12}, {33, 14}};
    /* As a PTR it is 7 long: "local" and the end; as an SRV 6 more. */
    static const uint8_t ptr[32] = "\5local\0", srv[32] = "\0\0\0\0\0\x16\5local\0";
    struct dns_message m;
    struct heard heard;

    (void)state;
    for (size_t i = 0; i < X8_COUNT(cases); i++) {
        dns_begin(&m, 0x8400);
        dns_address(&m, "b.local", 120, "10.1.2.3");
        dns_head(&m, "b.local", cases[i].type, 1, 120, cases[i].rdlength);
        dns_bytes(&m, cases[i].type == 33 ? srv : ptr, cases[i].rdlength);
        dns_address(&m, "b.local", 120, "10.1.2.4");
        if (read_all(&m, &heard) != -(int)X8_E_LINK || heard.count != 1)
            fail_msg("type %u with %u bytes", cases[i].type, cases[i].rdlength);
    }
}

static void an_answer_cut_anywhere_gives_nothing(void **state)
{
    struct dns_message m;
    struct heard heard;

    (void)state;
    a_whole_answer(&m);
    for (size_t len = 0; len < m.len; len++) {
        assert_int_equal(read_part(&m, len, &heard), -X8_E_LINK);
        assert_int_equal(heard.count, 0);
    }
    assert_int_equal(read_all(&m, &heard), 4);
}

static void counts_that_promise_more_than_there_is_are_damage(void **state)
{
    struct dns_message m;
    struct heard heard;

    (void)state;
    for (size_t at = 4; at <= 10; at += 2) {
        a_whole_answer(&m);
        x8_put_be16(m.data + at, 0xffff);
        assert_int_equal(read_all(&m, &heard), -X8_E_LINK);
    }
}

static void every_byte_may_be_wrong(void **state)
{
    struct dns_message m;
    struct heard heard;

    (void)state;
    a_whole_answer(&m);
    for (size_t at = 0; at < m.len; at++)
        for (unsigned bit = 0; bit < 8; bit++) {
            m.data[at] ^= (uint8_t)(1u << bit);
            read_all(&m, &heard); /* which looks at the rules that always hold */
            m.data[at] ^= (uint8_t)(1u << bit);
        }
}

static void thousands_of_records_are_cut_off(void **state)
{
    struct dns_message m;
    struct heard heard;

    (void)state;
    dns_begin(&m, 0x8400);
    for (int i = 0; i < 500; i++)
        dns_address(&m, "", 120, "10.1.2.3");
    assert_true(m.len <= X8_DNS_MAX);
    assert_int_equal(read_all(&m, &heard), X8_DNS_RECORDS);
}

static void a_message_larger_than_the_standard_allows_is_refused(void **state)
{
    struct dns_message m;
    struct heard heard;

    (void)state;
    dns_begin(&m, 0x8400);
    dns_head(&m, "", 16, 1, 120, X8_DNS_MAX - 12 - 11);
    while (m.len < X8_DNS_MAX)
        dns_bytes(&m, "", 1);
    assert_int_equal(read_all(&m, &heard), 0);
    dns_address(&m, "", 120, "10.1.2.3");
    assert_int_equal(read_all(&m, &heard), -X8_E_LINK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_question_is_written_as_the_standard_says),
        cmocka_unit_test(later_names_share_the_ends_of_earlier_ones),
        cmocka_unit_test(a_query_that_cannot_be_written_is_an_error),
        cmocka_unit_test(records_come_in_order_with_what_they_say),
        cmocka_unit_test(additional_records_count_and_those_of_an_authority_do_not),
        cmocka_unit_test(a_question_before_the_answers_does_not_disturb),
        cmocka_unit_test(other_types_and_classes_are_left_out),
        cmocka_unit_test(what_is_no_answer_is_not_read),
        cmocka_unit_test(names_are_safe_to_print_and_can_be_asked_for),
        cmocka_unit_test(a_name_whose_text_is_too_long_is_left_out),
        cmocka_unit_test(pointers_that_lead_nowhere_or_round_are_damage),
        cmocka_unit_test(a_long_chain_of_pointers_ends),
        cmocka_unit_test(data_of_a_wrong_length_are_damage_and_what_stood_before_was_given),
        cmocka_unit_test(an_answer_cut_anywhere_gives_nothing),
        cmocka_unit_test(counts_that_promise_more_than_there_is_are_damage),
        cmocka_unit_test(every_byte_may_be_wrong),
        cmocka_unit_test(thousands_of_records_are_cut_off),
        cmocka_unit_test(a_message_larger_than_the_standard_allows_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
