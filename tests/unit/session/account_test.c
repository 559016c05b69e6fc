/*
 * The first login on the virtual board: what its password is like, changing it, the name, a key.
 */
#include "kit_adb.h"

#include "session/account.h"

#include <stdlib.h>
#include <string.h>

static struct x8_secret secret(const char *text)
{
    struct x8_secret out = {.given = 1};

    memcpy(out.text, text, strlen(text));
    return out;
}

static enum x8_account_answer answer_to(struct kit_adb *kit, const char *text)
{
    struct x8_secret tried = secret(text);
    enum x8_account_answer out = X8_ACCOUNT_WRONG;

    if (x8_account_try(kit->session, &kit->op, &tried, &out, &kit->err) != 0)
        fail_msg("%s | %s", kit->err.msg, kit->err.why);
    return out;
}

static int change(struct kit_adb *kit, enum x8_account_state state, const char *old,
                  const char *new_one)
{
    struct x8_secret from = secret(old ? old : ""), to = secret(new_one);

    return x8_account_change(kit->session, &kit->op, state, old ? &from : NULL, &to, &kit->err);
}

static void every_world_is_told_apart_and_gets_a_password(void **state)
{
    static const struct {
        const char *words, *old;
        enum x8_account_state state;
        enum x8_account_answer answer;
    } rows[] = {
        {"image=822 sudo=fio", "fio", X8_ACCOUNT_ASKS, X8_ACCOUNT_RIGHT},
        {"image=861 sudo=expired", "fio", X8_ACCOUNT_ASKS, X8_ACCOUNT_EXPIRED},
        {"image=934 sudo=empty", NULL, X8_ACCOUNT_EMPTY, X8_ACCOUNT_RIGHT},
        {"image=881 sudo=custom persona=new", "correct horse", X8_ACCOUNT_ASKS, X8_ACCOUNT_RIGHT},
    };

    (void)state;
    for (size_t i = 0; i < X8_COUNT(rows); i++) {
        enum x8_account_state seen = X8_ACCOUNT_FREE;
        struct kit_adb kit;

        kit_adb_enter(&kit, rows[i].words);
        assert_int_equal(x8_account_look(kit.session, &kit.op, &seen, &kit.err), 0);
        assert_int_equal(seen, rows[i].state);
        if (rows[i].old) {
            assert_int_equal(answer_to(&kit, "no such word"), X8_ACCOUNT_WRONG);
            assert_int_equal(answer_to(&kit, rows[i].old), rows[i].answer);
        }
        assert_int_equal(change(&kit, seen, rows[i].old, "it's \"new\" $HOME \\x"), 0);
        assert_int_equal(answer_to(&kit, "it's \"new\" $HOME \\x"), X8_ACCOUNT_RIGHT);
        kit_adb_close(&kit);
    }
}

static void a_refusal_keeps_the_boards_words(void **state)
{
    struct kit_adb kit;

    (void)state;
    kit_adb_enter(&kit, "image=822 sudo=fio");
    assert_int_equal(change(&kit, X8_ACCOUNT_ASKS, "fio", "abc"), -X8_E_REFUSED);
    assert_string_equal(kit.err.why, "You must choose a longer password.");
    assert_int_equal(change(&kit, X8_ACCOUNT_ASKS, "wrong", "long enough"), -X8_E_AUTH);
    assert_non_null(strstr(kit.err.msg, "old password"));
    assert_int_equal(change(&kit, X8_ACCOUNT_ASKS, "fio", "two\nlines"), -X8_E_USAGE);
    assert_int_equal(answer_to(&kit, "fio"), X8_ACCOUNT_RIGHT);
    kit_adb_close(&kit);
}

static void a_name_has_letters_digits_and_hyphens(void **state)
{
    static const char *const good[] = {"a", "bench-1", "X8", "1a"};
    static const char *const bad[] = {"",    "-a",       "a-",  "a.b", "a b",
                                      "a_b", "\xc3\xa4", "123", "a\n", "LocalHost"};
    char longest[65];
    struct x8_error err;

    (void)state;
    for (size_t i = 0; i < X8_COUNT(good); i++)
        assert_int_equal(x8_host_name_check(good[i], &err), 0);
    for (size_t i = 0; i < X8_COUNT(bad); i++)
        assert_int_equal(x8_host_name_check(bad[i], &err), -X8_E_USAGE);
    memset(longest, 'x', sizeof longest);
    longest[63] = '\0';
    assert_int_equal(x8_host_name_check(longest, &err), 0);
    longest[63] = 'x';
    longest[64] = '\0';
    assert_int_equal(x8_host_name_check(longest, &err), -X8_E_USAGE);
}

#define BODY "AAAAC3NzaC1lZDI1NTE5AAAAILy0HjBggSEn7QLSZ1zZHGJCiXTPkQvNz"

static int parse(const char *text, char *out, size_t cap, struct x8_error *err)
{
    return x8_ssh_key_parse(text, strlen(text), out, cap, err);
}

static void one_public_key_is_taken_and_nothing_else(void **state)
{
    static const char *const bad[] = {
        "",
        "# nothing\n",
        "ssh-ed25519\n",
        "ssh-ed25519 short\n",
        "ssh-ed25519 " BODY "!\n",
        "command=\"x\" ssh-ed25519 " BODY "\n",
        "ssh-ed25519 " BODY "\nssh-ed25519 " BODY "\n",
        "-----BEGIN RSA PRIVATE KEY-----\n",
    };
    char line[300];
    struct x8_error err;

    (void)state;
    assert_int_equal(
        parse("# mine\r\n\r\nssh-ed25519 " BODY " me@here \r\n", line, sizeof line, &err), 0);
    assert_string_equal(line, "ssh-ed25519 " BODY " me@here");
    for (size_t i = 0; i < X8_COUNT(bad); i++)
        if (parse(bad[i], line, sizeof line, &err) != -X8_E_BAD_IMAGE)
            fail_msg("%s is taken", bad[i]);
    assert_non_null(strstr(err.why, "private"));
    assert_int_equal(parse("ssh-ed25519 " BODY, line, 20, &err), -X8_E_BAD_IMAGE);
}

static void a_key_is_added_once_whatever_its_comment(void **state)
{
    struct kit_adb kit;
    KIT_AUTO_SAID said = {0};

    (void)state;
    kit_adb_enter(&kit, "image=822");
    assert_int_equal(x8_ssh_key_is_there(kit.session, &kit.op, "ssh-ed25519 " BODY, &kit.err), 0);
    assert_int_equal(x8_ssh_key_add(kit.session, &kit.op, "ssh-ed25519 " BODY " a", &kit.err), 1);
    assert_int_equal(x8_ssh_key_add(kit.session, &kit.op, "ssh-ed25519 " BODY " * b", &kit.err), 0);
    assert_int_equal(x8_ssh_key_is_there(kit.session, &kit.op, "ssh-ed25519 " BODY, &kit.err), 1);
    assert_int_equal(kit_adb_sh(&kit, "cat .ssh/authorized_keys", &said), 0);
    assert_string_equal(x8_buf_text(&said.out), "ssh-ed25519 " BODY " a\n");
    kit_adb_close(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_world_is_told_apart_and_gets_a_password),
        cmocka_unit_test(a_refusal_keeps_the_boards_words),
        cmocka_unit_test(a_name_has_letters_digits_and_hyphens),
        cmocka_unit_test(one_public_key_is_taken_and_nothing_else),
        cmocka_unit_test(a_key_is_added_once_whatever_its_comment),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
