/*
 * Faults that words can order, and words that are wrong.
 */
#include "kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A short conversation; how many packets came before the link ended, or -1 when it did not. */
static int converse(const char *words, enum ad_end *end)
{
    struct rig r;
    struct answer a;
    int got = 0, ended = 0;
    rig_start(&r, words);
    rig_send(&r, AD_CNXN, AD_OLD_VERSION, 4096, "host::", 7);
    while (!ended && rig_next(&r, &a)) {
        got++;
        if (a.command == AD_CNXN)
            rig_send(&r, AD_OPEN, 1, 0, "root:", 6);
        else if (a.command == AD_WRTE)
            rig_send(&r, AD_OKAY, 1, a.arg0, NULL, 0);
        ended = a.command == AD_CLSE;
    }
    *end = rig_end(&r);
    return ended ? -1 : got;
}

static void a_link_can_be_cut_before_every_message(void **state)
{
    (void)state;
    /* in CNXN, out CNXN, in OPEN, out OKAY, out WRTE, out CLSE */
    const int answers[] = {0, 0, 1, 1, 2, 3};
    enum ad_end end;
    char words[64];
    for (int k = 0; k < 6; k++) {
        snprintf(words, sizeof words, "fault=at:msg,nth:%d,do:drop", k + 1);
        assert_int_equal(converse(words, &end), answers[k]);
        assert_int_equal(end, AD_DROPPED);
    }
    assert_int_equal(converse("fault=at:msg,nth:9,do:drop", &end), -1);
}

static void points_directions_and_texts_select(void **state)
{
    (void)state;
    enum ad_end end;
    assert_int_equal(converse("fault=at:wrte,do:drop", &end), 2);
    assert_int_equal(converse("fault=at:wrte,dir:in,do:drop", &end), -1);
    assert_int_equal(converse("fault=at:open,match:root,do:drop", &end), 1);
    assert_int_equal(converse("fault=at:open,match:shell,do:drop", &end), -1);
    assert_int_equal(converse("fault=at:clse,dir:out,do:die", &end), 3);
    assert_int_equal(end, AD_DIED);
}

static void a_message_can_be_cut_in_its_middle(void **state)
{
    (void)state;
    struct rig r;
    rig_start(&r, "fault=at:cnxn,dir:out,cut:30,do:drop");
    rig_send(&r, AD_CNXN, AD_OLD_VERSION, 4096, "host::", 7);
    size_t got = 0;
    uint8_t bytes[256];
    ssize_t n;
    while ((n = read(r.fd, bytes + got, sizeof bytes - got)) > 0)
        got += (size_t)n;
    assert_int_equal(got, 30);
    assert_memory_equal(bytes + 24, "device", 6);
    rig_end(&r);
}

static void bytes_are_counted_to_the_last(void **state)
{
    (void)state;
    struct rig r;
    uint8_t bytes[20000];
    size_t got = 0;
    ssize_t n;
    rig_connect(&r, "fault=dir:out,after:5,match:root,do:drop");
    rig_send(&r, AD_OPEN, 1, 0, "root:", 6);
    while ((n = read(r.fd, bytes + got, sizeof bytes - got)) > 0)
        got += (size_t)n;
    assert_int_equal(got, 24 + 24 + 5); /* OKAY, and the WRTE up to there */
    rig_end(&r);
}

static void after_bytes_from_the_host_the_link_ends(void **state)
{
    (void)state;
    struct rig r;
    rig_connect(&r, "fault=dir:in,after:10,do:drop");
    rig_open(&r, "reboot:");
    rig_write(&r, "12345", 5);
    rig_write(&r, "67890", 5);
    rig_send(&r, AD_WRTE, 1, r.id, "1", 1);
    rig_expect_end(&r);
    assert_int_equal(rig_end(&r), AD_DROPPED);
}

static void headers_can_be_spoiled(void **state)
{
    (void)state;
    const struct {
        const char *word;
        uint32_t command, len, sum, magic;
    } rows[] = {{"badsum", AD_CNXN, 63, 0x1729, ~AD_CNXN},
                {"badmagic", AD_CNXN, 63, 0x1728, ~AD_CNXN ^ 1},
                {"oversize", AD_CNXN, (64u << 20) + 1, 0x1728, ~AD_CNXN},
                {"garbage", 0x6761672a, 0xfffffff0, 0x1728, ~AD_CNXN}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct rig r;
        struct ad_packet p = {0};
        char words[64];
        uint8_t header[AD_HEADER];
        snprintf(words, sizeof words, "fault=at:cnxn,do:%s", rows[i].word);
        rig_start(&r, words);
        rig_send(&r, AD_CNXN, AD_OLD_VERSION, 4096, "host::", 7);
        assert_int_equal(recv(r.fd, header, sizeof header, MSG_WAITALL), AD_HEADER);
        ad_header_get(&p, header);
        assert_int_equal(p.command, rows[i].command);
        assert_int_equal(p.len, rows[i].len);
        assert_int_equal(p.sum, rows[i].sum);
        assert_int_equal(p.magic, rows[i].magic);
        rig_end(&r);
    }
}

static void a_stall_says_nothing_and_may_end(void **state)
{
    (void)state;
    struct rig r;
    rig_connect(&r, "fault=at:open,do:stall,for:2000");
    rig_send(&r, AD_OPEN, 1, 0, "root:", 6);
    rig_expect_silence(&r);
    rig_expect(&r, AD_OKAY, 1, 1);
    rig_end(&r);
    rig_connect(&r, "fault=at:okay,dir:out,do:stall");
    rig_send(&r, AD_OPEN, 1, 0, "root:", 6);
    rig_expect_silence(&r);
    assert_int_equal(rig_end(&r), AD_GONE); /* it notices that the host leaves */
}

static void a_delay_is_for_one_message(void **state)
{
    (void)state;
    struct rig r;
    rig_connect(&r, "fault=at:wrte,do:delay,for:300");
    int64_t began = ad_now_us();
    rig_open(&r, "root:");
    rig_expect(&r, AD_WRTE, r.id, 1);
    assert_true(ad_now_us() - began >= 300000);
    rig_end(&r);
}

static void an_open_can_be_refused_a_number_of_times(void **state)
{
    (void)state;
    struct rig r;
    rig_connect(&r, "fault=nth:2,times:2,do:refuse");
    rig_open(&r, "root:");
    char *text = rig_read_all(&r, NULL);
    free(text);
    for (int i = 0; i < 2; i++) {
        rig_send(&r, AD_OPEN, 1, 0, "root:", 6);
        rig_expect(&r, AD_CLSE, 0, 1);
    }
    rig_open(&r, "root:");
    rig_end(&r);
}

/* It takes at least `least` us every time, and not much more: on a busy computer the smallest of
 * several says that. */
static void takes(int64_t (*once)(const char *words), const char *words, int64_t least,
                  int64_t most)
{
    int64_t smallest = INT64_MAX;
    for (int i = 0; i < 10 && smallest > most; i++) {
        int64_t took = once(words);
        assert_true(took >= least);
        smallest = took < smallest ? took : smallest;
    }
    assert_in_range(smallest, least, most);
}

static int64_t transfer(const char *words)
{
    struct rig r;
    size_t len = 0;
    rig_connect(&r, words);
    int64_t began = ad_now_us();
    rig_open(&r, "shell:stty raw; head -c 300000 /dev/zero");
    char *text = rig_read_all(&r, &len);
    int64_t took = ad_now_us() - began;
    assert_int_equal(len, 300000);
    free(text);
    rig_end(&r);
    return took;
}

static void a_paced_link_takes_its_time(void **state)
{
    (void)state;
    takes(transfer, "rate=1M", 250000, 2000000);
    takes(transfer, "fault=at:open,do:slow,rate:1M", 250000, 2000000);
}

static int64_t round_trips(const char *words)
{
    struct rig r;
    rig_connect(&r, words);
    rig_open(&r, "reboot:");
    int64_t began = ad_now_us();
    for (int i = 0; i < 20; i++)
        rig_write(&r, "x", 1);
    int64_t took = ad_now_us() - began;
    rig_end(&r);
    return took;
}

static void a_round_trip_costs_the_latency(void **state)
{
    (void)state;
    takes(round_trips, "latency=5000", 100000, 400000);
}

static void wrong_words_are_told(void **state)
{
    (void)state;
    const char *wrong[] = {"persona=older",
                           "rate=fast",
                           "fault=do:explode",
                           "fault=at:msg",
                           "fault=at:never,do:drop",
                           "fault=do",
                           "reaccept=-1",
                           "banner=",
                           "maxdata=8",
                           "color=blue",
                           "word",
                           "fault=nth:0,do:drop",
                           "keys=/nonexistent/x",
                           "fault=dir:up,do:drop"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct ad *ad = ad_new();
        char why[256] = "";
        assert_int_equal(ad_words(ad, wrong[i], why), -1);
        assert_true(strlen(why) > 5);
        ad_free(ad);
    }
    struct ad *ad = ad_new();
    char why[256];
    assert_int_equal(ad_word(ad, "image=861", why), 0);
    assert_int_equal(
        ad_words(ad, "persona=new  'fault=at:open,match:echo a b,do:drop' chop=1K", why), 0);
    assert_string_equal(ad->faults[0].match, "echo a b");
    assert_int_equal(ad->cfg.chop, 1024);
    ad_free(ad);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_link_can_be_cut_before_every_message),
        cmocka_unit_test(points_directions_and_texts_select),
        cmocka_unit_test(a_message_can_be_cut_in_its_middle),
        cmocka_unit_test(bytes_are_counted_to_the_last),
        cmocka_unit_test(after_bytes_from_the_host_the_link_ends),
        cmocka_unit_test(headers_can_be_spoiled),
        cmocka_unit_test(a_stall_says_nothing_and_may_end),
        cmocka_unit_test(a_delay_is_for_one_message),
        cmocka_unit_test(an_open_can_be_refused_a_number_of_times),
        cmocka_unit_test(a_paced_link_takes_its_time),
        cmocka_unit_test(a_round_trip_costs_the_latency),
        cmocka_unit_test(wrong_words_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
