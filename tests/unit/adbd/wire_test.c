/*
 * Packets, byte for byte, and what breaks a link.
 */
#include "kit.h"

#include <stdlib.h>
#include <string.h>

static const uint8_t host_cnxn[] = {
    0x43, 0x4e, 0x58, 0x4e, 0x00, 0x00, 0x00, 0x01, 0x00, 0x10, 0x00, 0x00, 0x07, 0x00, 0x00, 0x00,
    0x32, 0x02, 0x00, 0x00, 0xbc, 0xb1, 0xa7, 0xb1, 'h',  'o',  's',  't',  ':',  ':',  0x00};

static void the_boards_banner_is_answered_byte_for_byte(void **state)
{
    (void)state;
    static const uint8_t header[] = {0x43, 0x4e, 0x58, 0x4e, 0x00, 0x00, 0x00, 0x01,
                                     0x00, 0x10, 0x00, 0x00, 0x3f, 0x00, 0x00, 0x00,
                                     0x28, 0x17, 0x00, 0x00, 0xbc, 0xb1, 0xa7, 0xb1};
    static const char banner[] = "device::ro.product.name=;ro.product.model=;ro.product.device=;";
    struct rig r;
    struct answer a;
    rig_start(&r, "");
    rig_bytes(&r, host_cnxn, sizeof host_cnxn);
    assert_int_equal(rig_next(&r, &a), 1);
    assert_int_equal(a.len, 63);
    assert_memory_equal(a.data - AD_HEADER, header, sizeof header);
    assert_memory_equal(a.data, banner, sizeof banner);
    assert_int_equal(rig_end(&r), AD_GONE);
}

static void headers_are_written_as_on_the_wire(void **state)
{
    (void)state;
    static const struct {
        struct ad_packet p;
        uint8_t bytes[AD_HEADER];
    } rows[] = {
        {{AD_OPEN, 1, 0, 9, 0x31f, ~AD_OPEN, NULL},
         {0x4f, 0x50, 0x45, 0x4e, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
          0x09, 0x00, 0x00, 0x00, 0x1f, 0x03, 0x00, 0x00, 0xb0, 0xaf, 0xba, 0xb1}},
        {{AD_OKAY, 1, 0x29, 0, 0, ~AD_OKAY, NULL},
         {0x4f, 0x4b, 0x41, 0x59, 0x01, 0x00, 0x00, 0x00, 0x29, 0x00, 0x00, 0x00,
          0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xb0, 0xb4, 0xbe, 0xa6}},
        {{AD_CLSE, 1, 0x29, 0, 0, ~AD_CLSE, NULL},
         {0x43, 0x4c, 0x53, 0x45, 0x01, 0x00, 0x00, 0x00, 0x29, 0x00, 0x00, 0x00,
          0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xbc, 0xb3, 0xac, 0xba}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint8_t bytes[AD_HEADER];
        struct ad_packet back = {0};
        ad_header_put(&rows[i].p, bytes);
        assert_memory_equal(bytes, rows[i].bytes, AD_HEADER);
        ad_header_get(&back, bytes);
        assert_memory_equal(&back, &rows[i].p, sizeof back);
    }
    assert_int_equal(ad_sum((const uint8_t *)"shell:id", 9), 0x31f);
}

static void the_sum_is_that_of_all_bytes_at_every_length(void **state)
{
    (void)state;
    static uint8_t data[70000];
    uint32_t plain = 0;
    memset(data, 0xff, sizeof data);
    for (size_t i = 0; i < 3000; i++) {
        data[i] = (uint8_t)(i * 37 ^ i >> 3);
        plain += data[i];
        assert_int_equal(ad_sum(data, i + 1), plain);
    }
    memset(data, 0xff, sizeof data);
    assert_int_equal(ad_sum(data, sizeof data), sizeof data * 255);
}

/* ---- what drops the link ---- */

static void send_spoiled(struct rig *r, size_t at, const void *data, size_t len)
{
    uint8_t all[AD_HEADER + 64];
    struct ad_packet p = {AD_OPEN, 1, 0, (uint32_t)len, ad_sum(data, len), ~AD_OPEN, NULL};
    ad_header_put(&p, all);
    memcpy(all + AD_HEADER, data, len);
    all[at] ^= 1;
    rig_bytes(r, all, AD_HEADER + len);
}

static void a_wrong_checksum_or_magic_drops_the_link(void **state)
{
    (void)state;
    const size_t places[] = {16, 20, AD_HEADER};
    for (size_t i = 0; i < 3; i++) {
        struct rig r;
        rig_connect(&r, "");
        send_spoiled(&r, places[i], "shell:id", 9);
        rig_expect_end(&r);
        assert_int_equal(rig_end(&r), AD_DROPPED);
    }
}

static void a_wrong_checksum_drops_the_link_in_the_first_packet_too(void **state)
{
    (void)state;
    struct rig r;
    uint8_t bytes[sizeof host_cnxn];
    memcpy(bytes, host_cnxn, sizeof bytes);
    bytes[16] = bytes[17] = 0; /* "may be skipped" in newer versions */
    rig_start(&r, "");
    rig_bytes(&r, bytes, sizeof bytes);
    rig_expect_end(&r);
    assert_int_equal(rig_end(&r), AD_DROPPED);
}

static void a_payload_of_4096_is_fine_and_one_of_4097_drops_the_link(void **state)
{
    (void)state;
    static char service[4097] = "nonsense:";
    struct rig r;
    memset(service + 9, 'x', sizeof service - 10);
    rig_connect(&r, "");
    rig_send(&r, AD_OPEN, 7, 0, service, 4096);
    rig_expect(&r, AD_CLSE, 0, 7);
    rig_send(&r, AD_OPEN, 7, 0, service, 4097);
    rig_expect_end(&r);
    assert_int_equal(rig_end(&r), AD_DROPPED);
}

static void an_oversized_header_drops_the_link_before_its_payload_came(void **state)
{
    (void)state;
    struct rig r;
    struct ad_packet p = {AD_WRTE, 1, 1, 4097, 0, ~AD_WRTE, NULL};
    uint8_t header[AD_HEADER];
    rig_connect(&r, "");
    ad_header_put(&p, header);
    rig_bytes(&r, header, sizeof header);
    rig_expect_end(&r);
    assert_int_equal(rig_end(&r), AD_DROPPED);
}

static void a_second_write_before_the_okay_drops_the_link(void **state)
{
    (void)state;
    struct rig r;
    uint8_t two[2 * (AD_HEADER + 1)];
    rig_connect(&r, "");
    rig_open(&r, "reboot:x"); /* takes everything, says nothing */
    struct ad_packet p = {AD_WRTE, 1, r.id, 1, 'a', ~AD_WRTE, NULL};
    for (size_t i = 0; i < 2; i++) {
        ad_header_put(&p, two + i * (AD_HEADER + 1));
        two[i * (AD_HEADER + 1) + AD_HEADER] = 'a';
    }
    rig_bytes(&r, two, sizeof two);
    rig_expect(&r, AD_OKAY, r.id, 1);
    rig_expect_end(&r);
    assert_int_equal(rig_end(&r), AD_DROPPED);
}

static void bytes_one_by_one_are_as_good_as_whole_packets(void **state)
{
    (void)state;
    struct rig r;
    struct answer a;
    rig_start(&r, "");
    for (size_t i = 0; i < sizeof host_cnxn; i++)
        rig_bytes(&r, host_cnxn + i, 1);
    assert_int_equal(rig_next(&r, &a), 1);
    assert_int_equal(a.command, AD_CNXN);
    assert_int_equal(rig_end(&r), AD_GONE);
}

/* ---- connecting ---- */

static void larger_offers_are_taken_but_not_used(void **state)
{
    (void)state;
    struct rig r;
    struct answer a;
    rig_start(&r, "");
    rig_send(&r, AD_CNXN, AD_NEW_VERSION, AD_NEW_MAXDATA, "host::features=shell_v2", 24);
    rig_expect(&r, AD_CNXN, AD_OLD_VERSION, 4096);
    rig_open(&r, "shell:stty raw; head -c 100000 /dev/zero");
    for (size_t got = 0; got < 100000; got += a.len) {
        a = rig_expect(&r, AD_WRTE, r.id, 1);
        assert_in_range(a.len, 1, 4096);
        assert_int_equal(a.sum, 0);
        rig_send(&r, AD_OKAY, 1, r.id, NULL, 0);
    }
    rig_expect(&r, AD_CLSE, r.id, 1);
    rig_end(&r);
}

static void an_open_before_the_connection_is_ignored(void **state)
{
    (void)state;
    struct rig r;
    rig_start(&r, "");
    rig_send(&r, AD_OPEN, 1, 0, "root:", 6);
    rig_expect_silence(&r);
    rig_send(&r, AD_CNXN, AD_OLD_VERSION, 4096, "host::", 7);
    rig_expect(&r, AD_CNXN, AD_OLD_VERSION, 4096);
    rig_expect_silence(&r);
    rig_end(&r);
}

static void a_second_connection_is_answered_and_streams_stay(void **state)
{
    (void)state;
    struct rig r;
    char line[16] = "";
    rig_connect(&r, "");
    rig_open(&r, "shell:stty raw -echo; echo ready; head -c 3");
    rig_read(&r, line, 6);
    rig_send(&r, AD_CNXN, AD_OLD_VERSION, 4096, "host::", 7);
    rig_expect(&r, AD_CNXN, AD_OLD_VERSION, 4096);
    rig_write(&r, "abc", 3);
    rig_read(&r, line, 3);
    assert_memory_equal(line, "abc", 3);
    rig_end(&r);
}

static void silence_can_be_ordered(void **state)
{
    (void)state;
    struct rig r;
    rig_start(&r, "silent=1");
    rig_bytes(&r, host_cnxn, sizeof host_cnxn);
    rig_expect_silence(&r);
    assert_int_equal(rig_end(&r), AD_GONE);
}

/* ---- opening ---- */

static void services_that_do_not_exist_are_refused_with_id_0(void **state)
{
    (void)state;
    const char *names[] = {"nonsense:", "shell,v2,raw:id", "tcp:1",    "tcp:80:127.0.0.1",
                           "",          "sync:x",          "tcp:none", "local:/nonexistent"};
    struct rig r;
    rig_connect(&r, "");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        rig_send(&r, AD_OPEN, 5, 0, names[i], strlen(names[i]) + 1);
        rig_expect(&r, AD_CLSE, 0, 5);
    }
    rig_end(&r);
}

static void without_its_nul_a_service_loses_the_last_character(void **state)
{
    (void)state;
    struct rig r;
    rig_connect(&r, "");
    rig_send(&r, AD_OPEN, 1, 0, "shell:echo ab", 13);
    struct answer a = rig_expect(&r, AD_OKAY, 1, 1);
    r.id = a.arg0;
    char *text = rig_read_all(&r, NULL);
    assert_string_equal(text, "a\r\n");
    free(text);
    rig_end(&r);
}

static void ids_that_are_none_are_ignored(void **state)
{
    (void)state;
    struct rig r;
    rig_connect(&r, "");
    rig_send(&r, AD_OPEN, 0, 0, "root:", 6);
    rig_send(&r, AD_OPEN, 1, 2, "root:", 6);
    rig_send(&r, AD_WRTE, 1, 99, "x", 1);
    rig_send(&r, AD_OKAY, 1, 99, NULL, 0);
    rig_send(&r, AD_CLSE, 1, 99, NULL, 0);
    rig_send(&r, 0x434e5953, 1, 1, NULL, 0); /* SYNC, of the daemon's own making */
    rig_expect_silence(&r);
    rig_open(&r, "reboot:");
    rig_send(&r, AD_WRTE, 2, r.id, "x", 1); /* another stream of the host */
    rig_expect_silence(&r);
    rig_end(&r);
}

static void streams_have_an_end(void **state)
{
    (void)state;
    struct rig r;
    rig_connect(&r, "");
    for (uint32_t i = 0; i < AD_STREAMS; i++) {
        rig_send(&r, AD_OPEN, i + 1, 0, "reboot:", 8);
        rig_expect(&r, AD_OKAY, i + 1, i + 1);
    }
    rig_send(&r, AD_OPEN, 999, 0, "reboot:", 8);
    rig_expect(&r, AD_CLSE, 0, 999);
    rig_send(&r, AD_CLSE, 3, 3, NULL, 0);
    rig_expect(&r, AD_CLSE, 3, 3);
    rig_send(&r, AD_OPEN, 999, 0, "reboot:", 8);
    rig_expect(&r, AD_OKAY, AD_STREAMS + 1, 999);
    rig_end(&r);
}

static void the_close_may_come_with_id_0_as_from_older_daemons(void **state)
{
    (void)state;
    struct rig r;
    rig_connect(&r, "clse=zero");
    rig_open(&r, "reboot:");
    rig_send(&r, AD_CLSE, 1, r.id, NULL, 0);
    rig_expect(&r, AD_CLSE, 0, 1);
    rig_end(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_boards_banner_is_answered_byte_for_byte),
        cmocka_unit_test(headers_are_written_as_on_the_wire),
        cmocka_unit_test(the_sum_is_that_of_all_bytes_at_every_length),
        cmocka_unit_test(a_wrong_checksum_or_magic_drops_the_link),
        cmocka_unit_test(a_wrong_checksum_drops_the_link_in_the_first_packet_too),
        cmocka_unit_test(a_payload_of_4096_is_fine_and_one_of_4097_drops_the_link),
        cmocka_unit_test(an_oversized_header_drops_the_link_before_its_payload_came),
        cmocka_unit_test(a_second_write_before_the_okay_drops_the_link),
        cmocka_unit_test(bytes_one_by_one_are_as_good_as_whole_packets),
        cmocka_unit_test(larger_offers_are_taken_but_not_used),
        cmocka_unit_test(an_open_before_the_connection_is_ignored),
        cmocka_unit_test(a_second_connection_is_answered_and_streams_stay),
        cmocka_unit_test(silence_can_be_ordered),
        cmocka_unit_test(services_that_do_not_exist_are_refused_with_id_0),
        cmocka_unit_test(without_its_nul_a_service_loses_the_last_character),
        cmocka_unit_test(ids_that_are_none_are_ignored),
        cmocka_unit_test(streams_have_an_end),
        cmocka_unit_test(the_close_may_come_with_id_0_as_from_older_daemons),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
