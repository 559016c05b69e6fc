/*
 * Downloads into the cache, from a server that is wrong in every way.
 */
#include "kit_fetch.h"

#include "util/lock.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
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

static int told(struct kit *kit, const char *words)
{
    if (!strstr(kit->told, words))
        fail_msg("'%s' was not told, but:\n%s", words, kit->told);
    return 1;
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
    assert_int_equal(k.file.bodies, 1);
    k.job.offline = 1;
    kit_comes(&k, noise, SIZE);
    assert_int_equal(kit_count(&k, "pin-"), 0);
    kit_end(&k);
}

static void a_broken_link_is_gone_on_with(void **state)
{
    struct kit k;

    (void)state;
    kit_begin(&k, noise, SIZE);
    k.file.cut = 100000;
    k.job.tries = 1;
    kit_fails(&k, X8_E_NETWORK, "too early");
    assert_int_equal(kit_part(&k), 100000);
    k.file.cut = 0;
    kit_comes(&k, noise, SIZE);
    told(&k, "stage check");
    assert_int_equal(k.file.bodies, 2);
    kit_end(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_known_file_comes_once),
        cmocka_unit_test(a_broken_link_is_gone_on_with),
    };
    return cmocka_run_group_tests(tests, make_noise, free_noise);
}
