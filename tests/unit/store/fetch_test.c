/*
 * Downloads into the cache, from a server that is wrong in every way.
 */
#include "kit_fetch.h"

#include "util/json.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define SIZE ((size_t)300000)

static uint8_t *noise, *other;

static int make_noise(void **state)
{
    (void)state;
    noise = kit_noise(SIZE, 1);
    other = kit_noise(SIZE, 2);
    return noise && other ? 0 : -1;
}

static int free_noise(void **state)
{
    (void)state;
    free(noise);
    free(other);
    return 0;
}

static void told(const struct kit *kit, const char *words)
{
    if (!strstr(kit->told, words))
        fail_msg("'%s' was not told, but:\n%s", words, kit->told);
}

/* A server whose link breaks at `cut`, and the part that stays. */
static void begin_cut(struct kit *kit, size_t cut)
{
    kit_begin(kit, noise, SIZE);
    kit->file.cut = cut;
    kit->job.tries = 1;
    kit_fails(kit, X8_E_NETWORK, "too early");
    assert_int_equal(kit_part(kit), (long)cut);
    kit->file.cut = 0;
}

static void unknown(struct kit *kit)
{
    kit_begin(kit, noise, SIZE);
    kit->job.sha256 = NULL;
}

static void now_has(struct kit *kit, const uint8_t *data, const char *etag)
{
    kit->file.data = data;
    kit->file.etag = etag;
}

static void a_known_file_comes_once(void **state)
{
    struct kit k;

    (void)state;
    kit_begin(&k, noise, SIZE);
    kit_comes(&k, noise, SIZE);
    assert_true(k.got.is_known);
    assert_string_equal(k.got.name, "934");
    assert_string_equal(k.got.url, k.url);
    told(&k, "stage download: 934, 293.0 KiB");
    assert_int_equal(k.done, SIZE);
    assert_int_equal(k.total, SIZE);
    kit_comes(&k, noise, SIZE);
    assert_int_equal(k.bodies, 1);
    k.job.offline = 1;
    kit_comes(&k, noise, SIZE);
    assert_int_equal(kit_count(&k, "pin-"), 0);
    kit_end(&k);
}

/* --- without a digest --- */

static void refused(const char *data, size_t len, const char *words)
{
    struct kit k;

    kit_begin(&k, data, len);
    k.job.sha256 = NULL;
    kit_fails(&k, X8_E_BAD_IMAGE, words);
    assert_true(k.err.why[0] && k.err.next[0]);
    assert_int_equal(kit_count(&k, "pin-"), 0);
    assert_int_equal(kit_count(&k, "part-"), 0);
    assert_int_equal(kit_count(&k, "bad-"), 1);
    kit_end(&k);
}

static void what_cannot_be_an_image_is_not_pinned(void **state)
{
    static const char page[] = "\xef\xbb\xbf\r\n<html>log in</html>", line[] = "not found\n";

    (void)state;
    refused(page, sizeof page - 1, "a web page");
    refused(line, sizeof line - 1, "text");
    refused("", 0, "is empty");
}

/* --- going on --- */

static void a_broken_link_is_gone_on_with(void **state)
{
    struct kit k;

    (void)state;
    begin_cut(&k, 100000);
    kit_comes(&k, noise, SIZE);
    told(&k, "stage check");
    assert_int_equal(k.bodies, 2);
    kit_end(&k);
}

static void cut_the_first(struct file *file, unsigned n)
{
    file->cut = n == 0 ? 100000 : 0;
}

static void tries_go_on_within_one_call(void **state)
{
    struct kit k;

    (void)state;
    kit_begin(&k, noise, SIZE);
    k.file.before = cut_the_first;
    kit_comes(&k, noise, SIZE);
    told(&k, "notice download: try 1 of 5: cannot get ");
    assert_int_equal(k.bodies, 2);
    kit_end(&k);
}

static void a_file_that_changed_starts_again(void **state)
{
    struct kit k;
    char sha[65];

    (void)state;
    begin_cut(&k, 100000);
    kit_sha(other, SIZE, sha);
    k.job.sha256 = sha;
    now_has(&k, other, "\"v2\"");
    kit_comes(&k, other, SIZE);
    kit_end(&k);
}

static void change_behind_the_first(struct file *file, unsigned n)
{
    file->cut = n == 0 ? 100000 : 0;
    file->data = n == 0 ? noise : other;
    file->etag = n == 0 ? "\"v1\"" : "\"v2\"";
}

static void a_file_that_changes_in_the_middle_starts_again(void **state)
{
    struct kit k;

    (void)state;
    unknown(&k);
    k.file.before = change_behind_the_first;
    kit_comes(&k, other, SIZE);
    assert_int_equal(k.bodies, 2);
    kit_end(&k);
}

static void a_file_that_grew_under_the_same_validator_starts_again(void **state)
{
    struct kit k;

    (void)state;
    begin_cut(&k, 100000);
    k.job.sha256 = NULL;
    now_has(&k, other, "\"v1\"");
    k.file.len = SIZE - 1000;
    kit_comes(&k, other, SIZE - 1000);
    kit_end(&k);
}

static void without_a_validator_all_comes_again(void **state)
{
    struct kit k;

    (void)state;
    kit_begin(&k, noise, SIZE);
    k.file.etag = NULL;
    k.file.cut = 100000;
    k.job.tries = 1;
    kit_fails(&k, X8_E_NETWORK, "too early");
    k.file.cut = 0;
    kit_comes(&k, noise, SIZE);
    kit_end(&k);
}

static void spoil(struct kit *kit, long at)
{
    char *path = kit_part_path(kit, "");
    int fd = open(path, O_WRONLY);

    assert_int_equal(pwrite(fd, "\0\0\0\0", 4, at), 4);
    close(fd);
    free(path);
}

static void a_damaged_part_is_found_out_and_comes_again(void **state)
{
    struct kit k;

    (void)state;
    begin_cut(&k, 100000);
    spoil(&k, 5000);
    kit_comes(&k, noise, SIZE);
    told(&k, "warn download: 934: what was there from before does not fit");
    assert_int_equal(kit_count(&k, "bad-"), 0);
    kit_end(&k);
}

/* The record as it would be had the computer been started since. */
static void forge_record(struct kit *kit, const char *boot, unsigned synced, uint64_t total)
{
    char *path = kit_part_path(kit, ".json"), text[300];
    int fd = open(path, O_WRONLY | O_TRUNC);

    snprintf(text, sizeof text,
             "{\"validator\":\"\\\"v1\\\"\",\"boot\":\"%s\",\"synced\":%u,\"total\":%llu}", boot,
             synced, (unsigned long long)total);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    free(path);
}

static void after_a_power_cut_only_what_was_synced_counts(void **state)
{
    struct kit k;

    (void)state;
    begin_cut(&k, 100000);
    k.job.sha256 = NULL; /* nobody would notice at the end */
    spoil(&k, 50000);
    forge_record(&k, "another", 40000, SIZE);
    kit_comes(&k, noise, SIZE);
    assert_null(strstr(k.told, "warn"));
    kit_end(&k);
}

static void a_damaged_record_means_all_again(void **state)
{
    struct kit k;
    char *path;

    (void)state;
    begin_cut(&k, 100000);
    path = kit_part_path(&k, ".json");
    assert_int_equal(truncate(path, 10), 0);
    kit_comes(&k, noise, SIZE);
    assert_int_equal(k.bodies, 2);
    free(path);
    kit_end(&k);
}

static void a_part_that_is_all_needs_no_server(void **state)
{
    struct kit k;
    char *part;

    (void)state;
    begin_cut(&k, 100000);
    part = kit_part_path(&k, "");
    free(test_file(k.cache, strrchr(part, '/') + 1, noise, SIZE));
    free(part);
    k.file.status = 404;
    kit_comes(&k, noise, SIZE);
    assert_int_equal(k.bodies, 1);
    kit_end(&k);
}

/* --- what the server says --- */

static void a_refusal_is_not_repeated(void **state)
{
    struct kit k;

    (void)state;
    kit_begin(&k, noise, SIZE);
    k.file.status = 404;
    kit_fails(&k, X8_E_NETWORK, "404");
    assert_int_equal(k.web.count, 1);
    assert_int_equal(kit_count(&k, "part-"), 0); /* nothing of nothing */
    kit_end(&k);
}

static void a_busy_server_is_asked_again_when_it_says(void **state)
{
    struct kit k;
    int64_t before = x8_now_ms();

    (void)state;
    kit_begin(&k, noise, SIZE);
    k.file.fails = 2;
    k.file.retry_after = 1;
    k.job.tries = 3;
    kit_comes(&k, noise, SIZE);
    assert_int_equal(k.web.count, 3);
    told(&k, "try 1 of 3: ");
    told(&k, "try 2 of 3: ");
    assert_null(strstr(k.told, "try 3 of 3"));
    k.file.fails = 1;
    k.file.retry_after = 1;
    k.job.sha256 = NULL;
    before = x8_now_ms();
    kit_comes(&k, noise, SIZE);
    assert_true(x8_now_ms() - before >= 1000);
    told(&k, "again in 1 s");
    told(&k, "503");
    kit_end(&k);
}

static void tries_have_an_end(void **state)
{
    struct kit k;

    (void)state;
    kit_begin(&k, noise, SIZE);
    k.file.fails = 100;
    k.file.retry_after = 0;
    kit_fails(&k, X8_E_NETWORK, "503");
    assert_int_equal(k.web.count, 5);
    kit_end(&k);
}

static void go_away_once(struct file *file, unsigned n)
{
    file->status = n == 0 ? 302 : 0;
    file->location = n == 0 ? "/elsewhere" : NULL;
}

static void a_redirect_is_followed(void **state)
{
    struct kit k;

    (void)state;
    kit_begin(&k, noise, SIZE);
    k.file.before = go_away_once;
    kit_comes(&k, noise, SIZE);
    assert_string_equal(k.got.url, k.url); /* what was asked for */
    kit_end(&k);
}

static void another_size_than_the_known_one_is_refused_at_once(void **state)
{
    struct kit k;

    (void)state;
    kit_begin(&k, noise, SIZE);
    k.job.size = SIZE + 1;
    kit_fails(&k, X8_E_BAD_IMAGE, "has 300000 bytes there, and should have 300001");
    assert_int_equal(kit_part(&k), -1);
    k.file.is_unsized = 1; /* and of one that is not said, at the end */
    kit_fails(&k, X8_E_BAD_IMAGE, "has 300000 bytes there, and should have 300001");
    k.job.size = SIZE;
    kit_comes(&k, noise, SIZE);
    kit_end(&k);
}

static void a_wrong_digest_is_kept_aside(void **state)
{
    struct kit k;
    char sha[65], bad[80];

    (void)state;
    kit_begin(&k, other, SIZE);
    kit_sha(noise, SIZE, sha);
    k.job.sha256 = sha;
    kit_fails(&k, X8_E_BAD_DIGEST, sha);
    snprintf(bad, sizeof bad, "bad-%s", k.sha);
    assert_int_equal(kit_count(&k, bad), 1);
    assert_int_equal(kit_count(&k, "part-"), 0);
    k.file.data = noise;
    kit_comes(&k, noise, SIZE);
    kit_end(&k);
}

static void what_ends_early_without_a_size_is_refused(void **state)
{
    struct kit k;

    (void)state;
    kit_begin(&k, noise, SIZE);
    k.file.is_unsized = 1;
    k.file.cut = 100000;
    kit_fails(&k, X8_E_BAD_DIGEST, "is not what it should be");
    kit_end(&k);
}

static void a_digest_in_capitals_is_one_and_other_text_is_not(void **state)
{
    struct kit k;
    char upper[65];

    (void)state;
    kit_begin(&k, noise, SIZE);
    for (size_t i = 0; i < sizeof upper; i++)
        upper[i] = k.sha[i] >= 'a' ? (char)(k.sha[i] - 32) : k.sha[i];
    k.job.sha256 = upper;
    kit_comes(&k, noise, SIZE);
    k.job.sha256 = "2f20";
    assert_int_equal(kit_fetch(&k), -X8_E_USAGE);
    kit_end(&k);
}

/* --- pins --- */

static void an_unknown_file_is_pinned_and_told(void **state)
{
    struct kit k;

    (void)state;
    unknown(&k);
    kit_comes(&k, noise, SIZE);
    told(&k, "notice download: no checksum of 934 is known");
    told(&k, k.sha);
    assert_false(k.got.is_known);
    k.job.offline = 1;
    kit_comes(&k, noise, SIZE); /* by its pin */
    assert_int_equal(k.bodies, 1);
    kit_end(&k);
}

static void what_is_as_large_as_a_release_has_to_be_it(void **state)
{
    struct x8_release release = {.image = "934", .size = SIZE};
    struct x8_catalogue catalogue = {.items = &release, .count = 1};
    struct kit k;

    (void)state;
    unknown(&k);
    k.job.known = &catalogue;
    kit_sha("other", 5, release.sha256);
    kit_fails(&k, X8_E_BAD_DIGEST, "as large as image 934 to the byte");
    assert_int_equal(kit_count(&k, "bad-"), 1);
    assert_int_equal(kit_count(&k, "pin-"), 0);
    memcpy(release.sha256, k.sha, sizeof release.sha256);
    kit_comes(&k, noise, SIZE);
    told(&k, "is image 934, by its SHA-256");
    assert_true(k.got.is_known);
    kit_end(&k);
}

static void a_pinned_file_that_differs_is_refused_until_repinned(void **state)
{
    struct kit k;

    (void)state;
    unknown(&k);
    kit_comes(&k, noise, SIZE);
    assert_int_equal(unlink(k.got.path), 0);
    now_has(&k, other, "\"v2\"");
    kit_fails(&k, X8_E_BAD_DIGEST, "when it was first used");
    assert_non_null(strstr(k.err.next, "x8ctl image get --repin 934 "));
    kit_fails(&k, X8_E_BAD_DIGEST, "when it was first used");
    k.job.repin = 1;
    kit_comes(&k, other, SIZE);
    told(&k, "is another file now");
    k.job.repin = 0;
    kit_comes(&k, other, SIZE);
    kit_end(&k);
}

static void a_name_that_moves_is_asked_for_each_time(void **state)
{
    struct kit k;

    (void)state;
    unknown(&k);
    k.job.moves = 1;
    k.job.name = "latest";
    kit_comes(&k, noise, SIZE);
    assert_string_equal(k.got.name, "934.tar.gz");
    kit_comes(&k, noise, SIZE);
    assert_int_equal(k.web.count, 2); /* asked, */
    assert_int_equal(k.bodies, 1);    /* not sent */
    now_has(&k, other, "\"v2\"");
    kit_comes(&k, other, SIZE);
    told(&k, "notice download: latest is another file now");
    k.job.offline = 1;
    kit_comes(&k, other, SIZE);
    k.job.offline = 0;
    k.file.status = 404;
    assert_int_equal(kit_fetch(&k), -X8_E_NETWORK);
    assert_non_null(strstr(k.err.next, "--offline"));
    kit_end(&k);
}

static void the_same_file_under_two_names_is_there_once(void **state)
{
    struct kit k;
    char url[220];

    (void)state;
    kit_begin(&k, noise, SIZE);
    kit_comes(&k, noise, SIZE);
    snprintf(url, sizeof url, "%s.other", k.url);
    k.job.url = url;
    k.job.sha256 = NULL;
    k.job.name = NULL;
    kit_comes(&k, noise, SIZE);
    assert_int_equal(kit_count(&k, ""), 1);
    assert_string_equal(k.got.name, "934");
    assert_true(k.got.is_known);
    kit_end(&k);
}

static void secrets_of_an_address_are_written_nowhere(void **state)
{
    struct kit k;
    char url[220], command[1400];

    (void)state;
    unknown(&k);
    k.job.name = NULL;
    k.job.tries = 1;
    k.file.cut = 100000;
    snprintf(url, sizeof url, "http://me:hush@127.0.0.1:%u/934.tar.gz?key=hush", k.web.port);
    k.job.url = url;
    kit_fails(&k, X8_E_NETWORK, "too early");
    snprintf(command, sizeof command, "%s/", k.cache);
    for (int i = 0; i < 2; i++) {
        struct x8_cached *items = NULL;
        int count = x8_cache_list(k.cache, &items, NULL);
        for (int j = 0; j < count; j++)
            assert_null(strstr(items[j].url, "hush"));
        free(items);
        assert_null(strstr(k.told, "hush"));
        k.file.cut = 0;
        if (i == 0)
            kit_comes(&k, noise, SIZE);
    }
    assert_string_equal(k.got.name, "934.tar.gz");
    kit_end(&k);
}

/* --- this computer --- */

static void without_the_network_nothing_is_asked(void **state)
{
    struct kit k;

    (void)state;
    kit_begin(&k, noise, SIZE);
    k.job.offline = 1;
    kit_fails(&k, X8_E_NETWORK, "--offline");
    assert_int_equal(k.web.count, 0);
    assert_int_not_equal(access(k.cache, F_OK), 0); /* nothing is made */
    kit_end(&k);
}

static void a_file_that_was_damaged_in_the_cache_comes_again(void **state)
{
    struct kit k;

    (void)state;
    kit_begin(&k, noise, SIZE);
    kit_comes(&k, noise, SIZE);
    assert_int_equal(truncate(k.got.path, 5), 0);
    kit_comes(&k, noise, SIZE);
    told(&k, "it is downloaded again");
    assert_int_equal(kit_count(&k, "bad-"), 1);
    kit_end(&k);
}

static void what_does_not_fit_is_not_begun(void **state)
{
    struct kit k;

    (void)state;
    kit_begin(&k, noise, SIZE);
    k.file.claims = (uint64_t)1 << 50;
    kit_fails(&k, X8_E_HOST_SPACE, "are free");
    assert_int_equal(kit_part(&k), -1);
    assert_int_equal(k.web.count, 1);
    kit_end(&k);
}

static void a_disk_that_fills_up_keeps_the_part(void **state)
{
    struct kit k;
    struct rlimit was, limit;

    (void)state;
    kit_begin(&k, noise, SIZE);
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &was);
    limit = was;
    limit.rlim_cur = 150000;
    setrlimit(RLIMIT_FSIZE, &limit);
    int rc = kit_fetch(&k);
    setrlimit(RLIMIT_FSIZE, &was);
    signal(SIGXFSZ, SIG_DFL);
    assert_int_equal(rc, -X8_E_HOST_SPACE);
    assert_non_null(strstr(k.err.next, "are kept"));
    assert_int_equal(kit_part(&k), 150000);
    kit_comes(&k, noise, SIZE);
    assert_int_equal(k.bodies, 2);
    told(&k, "stage check");
    kit_end(&k);
}

static void a_folder_that_cannot_be_made_is_told(void **state)
{
    struct kit k;
    char *path;

    (void)state;
    kit_begin(&k, noise, SIZE);
    free(test_file(k.dir, "file", "x", 1));
    path = test_path(k.dir, "file/cache");
    k.job.folder = path;
    assert_int_equal(kit_fetch(&k), -X8_E_NO_PERMISSION);
    assert_non_null(strstr(k.err.msg, "cannot be made"));
    free(path);
    kit_end(&k);
}

static void stop_it(struct kit *kit)
{
    if (kit->done > 50000)
        x8_cancel_raise(&kit->cancel, X8_CANCEL_SOFT, X8_E_STOPPED);
}

static void a_stop_keeps_what_came(void **state)
{
    struct kit k;

    (void)state;
    kit_begin(&k, noise, SIZE);
    k.file.pace_ms = 20;
    k.on_progress = stop_it;
    kit_fails(&k, X8_E_STOPPED, "are kept");
    long part = kit_part(&k);
    assert_true(part > 50000 && part < (long)SIZE);
    k.on_progress = NULL;
    k.file.pace_ms = 0;
    atomic_store(&k.cancel.level, X8_CANCEL_NONE);
    kit_comes(&k, noise, SIZE);
    told(&k, "stage check");
    kit_end(&k);
}

int main(void)
{
#define t(name) cmocka_unit_test(name)
    const struct CMUnitTest tests[] = {
        t(a_known_file_comes_once),
        t(what_cannot_be_an_image_is_not_pinned),
        t(a_broken_link_is_gone_on_with),
        t(tries_go_on_within_one_call),
        t(a_file_that_changed_starts_again),
        t(a_file_that_changes_in_the_middle_starts_again),
        t(a_file_that_grew_under_the_same_validator_starts_again),
        t(without_a_validator_all_comes_again),
        t(a_damaged_part_is_found_out_and_comes_again),
        t(after_a_power_cut_only_what_was_synced_counts),
        t(a_damaged_record_means_all_again),
        t(a_part_that_is_all_needs_no_server),
        t(a_refusal_is_not_repeated),
        t(a_busy_server_is_asked_again_when_it_says),
        t(tries_have_an_end),
        t(a_redirect_is_followed),
        t(another_size_than_the_known_one_is_refused_at_once),
        t(a_wrong_digest_is_kept_aside),
        t(what_ends_early_without_a_size_is_refused),
        t(a_digest_in_capitals_is_one_and_other_text_is_not),
        t(an_unknown_file_is_pinned_and_told),
        t(what_is_as_large_as_a_release_has_to_be_it),
        t(a_pinned_file_that_differs_is_refused_until_repinned),
        t(a_name_that_moves_is_asked_for_each_time),
        t(the_same_file_under_two_names_is_there_once),
        t(secrets_of_an_address_are_written_nowhere),
        t(without_the_network_nothing_is_asked),
        t(a_file_that_was_damaged_in_the_cache_comes_again),
        t(what_does_not_fit_is_not_begun),
        t(a_disk_that_fills_up_keeps_the_part),
        t(a_folder_that_cannot_be_made_is_told),
        t(a_stop_keeps_what_came),
    };
    return cmocka_run_group_tests(tests, make_noise, free_noise);
}
