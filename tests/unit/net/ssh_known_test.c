/*
 * known_hosts: finding the keys of a host, and taking them away without touching another's.
 */
#include "net/ssh_known.h"

#include "testlib.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY   "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIP8m6XvQmQWq2n0SkQfOWw0gXfQ6XTRt8P0Hc6iQ0f1z"
#define OTHER "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFcPqLwYbP0m6yL3mkH0dM3X4vWv4s7eO6Y7m0m1n3xK"

struct seen {
    unsigned count;
    char print[100];
};

static void see(void *ctx, const char *type, const char *print)
{
    struct seen *seen = ctx;

    assert_string_equal(type, "ssh-ed25519");
    snprintf(seen->print, sizeof seen->print, "%s", print);
    seen->count++;
}

static int find(const char *path, const char *name, struct seen *seen)
{
    struct x8_error err;

    memset(seen, 0, sizeof *seen);
    return x8_ssh_known_find(path, name, see, seen, &err);
}

static void a_host_is_called_as_ssh_calls_it(void **state)
{
    char name[64];

    (void)state;
    x8_ssh_known_name("Bench.local", 0, name, sizeof name);
    assert_string_equal(name, "bench.local");
    x8_ssh_known_name("10.0.0.2", 22, name, sizeof name);
    assert_string_equal(name, "10.0.0.2");
    x8_ssh_known_name("10.0.0.2", 2222, name, sizeof name);
    assert_string_equal(name, "[10.0.0.2]:2222");
}

static void its_lines_go_and_all_others_stay(void **state)
{
    static const char text[] = "# mine\n10.0.0.2 " KEY "\n\n[10.0.0.2]:2222 " OTHER
                               " x\r\nhost " KEY "\nnonsense\n10.0.0.2 " OTHER;
    static const char rest[] = "# mine\n\n[10.0.0.2]:2222 " OTHER " x\r\nhost " KEY "\nnonsense\n";
    char *dir = test_dir_new(), *path = test_file(dir, "known", text, strlen(text)), *now;
    struct seen seen;
    struct x8_error err;

    (void)state;
    assert_int_equal(find(path, "10.0.0.2", &seen), 2);
    assert_int_equal(seen.count, 2);
    assert_memory_equal(seen.print, "SHA256:", 7);
    assert_int_equal(x8_ssh_known_forget(path, "10.0.0.2", &err), 2);
    now = test_read(path, NULL);
    assert_string_equal(now, rest);
    free(now);
    assert_int_equal(find(path, "10.0.0.2", &seen), 0);
    assert_int_equal(x8_ssh_known_forget(path, "10.0.0.2", &err), 0);
    assert_int_equal(find(path, "[10.0.0.2]:2222", &seen), 1);
    free(path);
    test_dir_free(dir);
}

static void a_line_of_several_hosts_is_for_people(void **state)
{
    static const char text[] = "bench,10.0.0.2 " KEY "\n";
    char *dir = test_dir_new(), *path = test_file(dir, "known", text, strlen(text)), *now;
    struct x8_error err;

    (void)state;
    assert_int_equal(x8_ssh_known_forget(path, "10.0.0.2", &err), -X8_E_REFUSED);
    assert_non_null(strstr(err.why, "line 1"));
    now = test_read(path, NULL);
    assert_string_equal(now, text);
    free(now);
    free(path);
    test_dir_free(dir);
}

static void a_file_that_is_not_there_knows_nobody(void **state)
{
    char *dir = test_dir_new(), *path = test_path(dir, "known");
    struct seen seen;
    struct x8_error err;

    (void)state;
    assert_int_equal(find(path, "10.0.0.2", &seen), 0);
    assert_int_equal(x8_ssh_known_forget(path, "10.0.0.2", &err), 0);
    free(path);
    test_dir_free(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_host_is_called_as_ssh_calls_it),
        cmocka_unit_test(its_lines_go_and_all_others_stay),
        cmocka_unit_test(a_line_of_several_hosts_is_for_people),
        cmocka_unit_test(a_file_that_is_not_there_knows_nobody),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
