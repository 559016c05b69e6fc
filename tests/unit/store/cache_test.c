#include "testlib.h"

#include "store/cache.h"
#include "util/digest.h"
#include "util/file.h"
#include "util/lock.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *dir;
static struct x8_op op = {.deadline = X8_NO_DEADLINE};

static int fresh(void **state)
{
    (void)state;
    dir = test_dir_new();
    return 0;
}

static int gone(void **state)
{
    (void)state;
    test_dir_free(dir);
    return 0;
}

static void sha_of(const char *text, char out[65])
{
    uint8_t digest[X8_SHA256_LEN];
    struct x8_sha256 *sha = x8_sha256_new();
    x8_sha256_add(sha, text, strlen(text));
    x8_sha256_take(sha, digest);
    x8_sha256_free(&sha);
    x8_hex(out, digest, X8_SHA256_LEN);
}

/* A complete file with this text in the cache. */
static struct x8_cached put(const char *text, const char *name)
{
    struct x8_cached c = {.is_known = 1};
    struct x8_error err = {0};
    char *part = test_file(dir, "part-x", text, strlen(text));
    sha_of(text, c.sha256);
    snprintf(c.name, sizeof(c.name), "%s", name);
    snprintf(c.url, sizeof(c.url), "https://h/%s", name);
    if (x8_cache_take(dir, part, &c, &err) < 0)
        fail_msg("%s %s", err.msg, err.why);
    free(part);
    return c;
}

static void a_file_is_found_by_what_it_is(void **state)
{
    struct x8_cached c, put_in = put("some image", "934.tar.gz");
    struct x8_error err = {0};
    char other[65];
    (void)state;
    assert_int_equal(x8_cache_find(&op, dir, put_in.sha256, 0, &c, &err), 1);
    assert_string_equal(c.name, "934.tar.gz");
    assert_string_equal(c.path, put_in.path);
    assert_int_equal(c.size, 10);
    assert_true(c.is_known && !c.is_part && c.added_s > 0);
    assert_int_equal(x8_cache_find(&op, dir, put_in.sha256, 1, &c, &err), 1);
    sha_of("another", other);
    assert_int_equal(x8_cache_find(&op, dir, other, 0, &c, &err), 0);
}

static void a_file_that_was_changed_is_put_aside(void **state)
{
    struct x8_cached c, put_in = put("some image", "934.tar.gz");
    struct x8_error err = {0};
    (void)state;
    int fd = open(put_in.path, O_WRONLY);
    assert_int_equal(pwrite(fd, "X", 1, 3), 1);
    struct timespec then[2] = {{.tv_sec = 5}, {.tv_sec = 5}};
    futimens(fd, then);
    close(fd);
    assert_int_equal(x8_cache_find(&op, dir, put_in.sha256, 0, &c, &err), -X8_E_BAD_DIGEST);
    assert_non_null(strstr(err.why, "bad-"));
    assert_int_not_equal(access(put_in.path, F_OK), 0);
    assert_int_equal(x8_cache_find(&op, dir, put_in.sha256, 0, &c, &err), 0);
}

static void a_file_that_was_only_touched_is_hashed_and_kept(void **state)
{
    struct x8_cached c, put_in = put("some image", "934.tar.gz");
    struct x8_error err = {0};
    struct timespec then[2] = {{.tv_sec = 5}, {.tv_sec = 5}};
    (void)state;
    utimensat(AT_FDCWD, put_in.path, then, 0);
    assert_int_equal(x8_cache_find(&op, dir, put_in.sha256, 0, &c, &err), 1);
    /* and the record knows its new time: the next find need not hash it */
    assert_true(c.mtime_ns == 5000000000);
}

static void a_file_without_its_record_is_still_one(void **state)
{
    struct x8_cached c, put_in = put("some image", "934.tar.gz");
    struct x8_error err = {0};
    char record[1200];
    (void)state;
    snprintf(record, sizeof(record), "%s.json", put_in.path);
    assert_int_equal(unlink(record), 0);
    assert_int_equal(x8_cache_find(&op, dir, put_in.sha256, 0, &c, &err), 1);
    assert_int_equal(access(record, F_OK), 0);
}

static void a_link_in_its_place_is_not_followed(void **state)
{
    struct x8_cached c = {0};
    struct x8_error err = {0};
    char sha[65], path[1200], *elsewhere = test_file(dir, "elsewhere", "text", 4);
    (void)state;
    sha_of("text", sha);
    snprintf(path, sizeof(path), "%s/%s", dir, sha);
    assert_int_equal(symlink(elsewhere, path), 0);
    assert_int_equal(x8_cache_find(&op, dir, sha, 0, &c, &err), -X8_E_NO_PERMISSION);
    assert_non_null(strstr(err.msg, "in the way"));
    free(elsewhere);
}

static void pins_are_kept_and_damaged_ones_told(void **state)
{
    struct x8_error err = {0};
    char sha[65], got[65] = "", path[1200];
    (void)state;
    sha_of("a", sha);
    assert_int_equal(x8_cache_pin_get(dir, "https://h/latest", got, &err), 0);
    assert_int_equal(x8_cache_pin_set(dir, "https://h/latest", sha, &err), 0);
    assert_int_equal(x8_cache_pin_get(dir, "https://h/latest", got, &err), 1);
    assert_string_equal(got, sha);
    assert_int_equal(x8_cache_pin_get(dir, "https://h/other", got, &err), 0);
    x8_cache_path(dir, "pin", "https://h/latest", ".json", path, sizeof(path));
    assert_int_equal(truncate(path, 20), 0);
    assert_int_equal(x8_cache_pin_get(dir, "https://h/latest", got, &err), -X8_E_BAD_IMAGE);
}

static void count_one(void *ctx, const struct x8_cached *pin)
{
    (void)pin;
    ++*(int *)ctx;
}

static int prune_pins(int64_t older_s, int64_t now_s, int dry_run, int *told)
{
    struct x8_prune how = {.keep = -1, .older_s = older_s, .dry_run = dry_run};
    struct x8_error err = {0};

    *told = 0;
    return x8_cache_prune_pins(dir, &how, now_s, count_one, told, &err);
}

static void a_note_of_a_file_that_is_there_stays(void **state)
{
    struct x8_cached here = put("here", "934");
    int64_t now = here.added_s, later = now + 100;
    struct x8_error err = {0};
    char path[1200], sha[65];
    int told;

    (void)state;
    sha_of("gone", sha);
    assert_int_equal(x8_cache_pin_set(dir, "https://h/here", here.sha256, &err), 0);
    assert_int_equal(x8_cache_pin_set(dir, "https://h/gone", sha, &err), 0);
    x8_cache_path(dir, "seen", "https://h/gone", ".json", path, sizeof(path));
    assert_int_equal(x8_file_replace(path, "{}", 2, 0600, &err), 0);
    free(test_file(dir, "pin-notes.json", "{}", 2));        /* somebody's own */
    assert_int_equal(prune_pins(3600, later, 0, &told), 0); /* noted not so long ago */
    assert_int_equal(prune_pins(-1, later, 1, &told), 1);
    assert_int_equal(told, 1);
    assert_int_equal(x8_cache_pin_get(dir, "https://h/gone", sha, &err), 1); /* looked only */
    assert_int_equal(prune_pins(50, later, 0, &told), 1);
    assert_int_equal(x8_cache_pin_get(dir, "https://h/gone", sha, &err), 0);
    assert_int_equal(x8_path_kind(path), X8_PATH_NONE);
    assert_int_equal(x8_cache_pin_get(dir, "https://h/here", sha, &err), 1);
    assert_int_equal(unlink(here.path), 0);
    x8_cache_path(dir, "pin", "https://h/damaged", ".json", path, sizeof(path));
    assert_int_equal(x8_file_replace(path, "{\"sha", 5, 0600, &err), 0);
    assert_int_equal(prune_pins(-1, later, 0, &told), 2);
    assert_int_equal(prune_pins(-1, later, 0, &told), 0);
}

/* Files of a folder. */
static int left_in(const char *folder)
{
    DIR *all = opendir(folder);
    struct dirent *entry;
    int count = 0;

    assert_non_null(all);
    while ((entry = readdir(all)))
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(all);
    return count;
}

static void pruning_keeps_what_it_is_told_to(void **state)
{
    struct x8_error err = {0};
    struct x8_cached *items = NULL;
    uint64_t freed = 0;
    (void)state;
    put("one", "1");
    put("two two", "2");
    int64_t now = put("three", "3").used_s;
    char *part = test_file(dir, "part-00000000000000000000000000000001", "half", 4);
    free(part);
    struct x8_prune none = {.keep = -1, .older_s = -1};
    assert_int_equal(x8_cache_prune(dir, &none, now, NULL, NULL, &freed, &err), 0);
    struct x8_prune dry = {.keep = 0, .older_s = -1, .dry_run = 1};
    assert_int_equal(x8_cache_prune(dir, &dry, now, NULL, NULL, &freed, &err), 3);
    assert_int_equal(freed, 15);
    struct x8_prune old = {.keep = -1, .older_s = 100};
    assert_int_equal(x8_cache_prune(dir, &old, now + 50, NULL, NULL, &freed, &err), 0);
    struct x8_prune two = {.keep = 2, .older_s = -1};
    assert_int_equal(x8_cache_prune(dir, &two, now, NULL, NULL, &freed, &err), 1);
    assert_int_equal(x8_cache_list(dir, &items, &err), 3); /* two, and the part of today */
    free(items);
    /* a day and more later the part goes, but not while it is being written */
    char lock[1200];
    int fd = -1;
    snprintf(lock, sizeof(lock), "%s/part-00000000000000000000000000000001.lock", dir);
    assert_int_equal(x8_lock_take(lock, &fd, &err), 0);
    assert_int_equal(x8_cache_prune(dir, &two, now + 200000, NULL, NULL, &freed, &err), 0);
    close(fd);
    assert_int_equal(x8_cache_prune(dir, &two, now + 200000, NULL, NULL, &freed, &err), 1);
    assert_int_equal(freed, 4);
}

static void bad_files_go_at_any_age_once_there_is_a_limit(void **state)
{
    struct x8_error err = {0};
    uint64_t freed = 0;
    int64_t now = put("one", "1").used_s;
    char *bad = test_file(
        dir, "bad-0000000000000000000000000000000000000000000000000000000000000001", "worse", 5);
    struct x8_prune none = {.keep = -1, .older_s = -1}, two = {.keep = 2, .older_s = -1};
    (void)state;
    assert_int_equal(x8_cache_prune(dir, &none, now, NULL, NULL, &freed, &err), 0);
    assert_int_equal(x8_cache_prune(dir, &two, now, NULL, NULL, &freed, &err), 1);
    assert_int_equal(freed, 5);
    assert_int_equal(access(bad, F_OK), -1);
    free(bad);
}

static void what_a_kill_left_goes_a_day_later(void **state)
{
    static const char *const strays[] = {".x8ctl-aBcDeF",
                                         "part-00000000000000000000000000000001.lock",
                                         "part-00000000000000000000000000000002.json"};
    struct x8_prune none = {.keep = -1, .older_s = -1}, dry = none;
    struct x8_error err = {0};
    uint64_t freed = 0;
    int64_t now = put("one", "1").used_s;
    char path[1200];
    int fd = -1;

    (void)state;
    for (size_t i = 0; i < X8_COUNT(strays); i++)
        free(test_file(dir, strays[i], "x", 1));
    free(test_file(dir, "pin-00000000000000000000000000000001.json", "x", 1));
    dry.dry_run = 1;
    snprintf(path, sizeof path, "%s/%s", dir, strays[1]);
    assert_int_equal(x8_lock_take(path, &fd, &err), 0); /* somebody begins */
    assert_int_equal(x8_cache_prune(dir, &dry, now + 200000, NULL, NULL, &freed, &err), 0);
    assert_int_equal(x8_cache_prune(dir, &none, now + 50, NULL, NULL, &freed, &err), 0);
    assert_int_equal(left_in(dir), 6);
    assert_int_equal(x8_cache_prune(dir, &none, now + 200000, NULL, NULL, &freed, &err), 0);
    assert_int_equal(left_in(dir), 4);
    close(fd);
    assert_int_equal(x8_cache_prune(dir, &none, now + 200000, NULL, NULL, &freed, &err), 0);
    assert_int_equal(left_in(dir), 3);
}

static void what_was_noted_with_a_wrong_clock_is_old(void **state)
{
    struct x8_prune old = {.keep = -1, .older_s = 1000000};
    struct x8_error err = {0};
    uint64_t freed = 0;
    int64_t now = put("one", "1").used_s;
    char *part = test_file(dir, "part-00000000000000000000000000000001", "half", 4);

    (void)state;
    free(part);
    assert_int_equal(x8_cache_prune(dir, &old, now - 3600, NULL, NULL, &freed, &err), 0);
    assert_int_equal(x8_cache_prune(dir, &old, now - 100000, NULL, NULL, &freed, &err), 2);
}

static void a_cache_that_is_not_there_is_empty(void **state)
{
    struct x8_cached *items = NULL;
    struct x8_error err = {0};
    (void)state;
    assert_int_equal(x8_cache_list("/nowhere/at/all", &items, &err), 0);
    free(items);
}

int main(void)
{
#define t(name) cmocka_unit_test_setup_teardown(name, fresh, gone)
    const struct CMUnitTest tests[] = {
        t(a_file_is_found_by_what_it_is),
        t(a_file_that_was_changed_is_put_aside),
        t(a_file_that_was_only_touched_is_hashed_and_kept),
        t(a_file_without_its_record_is_still_one),
        t(a_link_in_its_place_is_not_followed),
        t(pins_are_kept_and_damaged_ones_told),
        t(a_note_of_a_file_that_is_there_stays),
        t(pruning_keeps_what_it_is_told_to),
        t(bad_files_go_at_any_age_once_there_is_a_limit),
        t(what_a_kill_left_goes_a_day_later),
        t(what_was_noted_with_a_wrong_clock_is_old),
        t(a_cache_that_is_not_there_is_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
