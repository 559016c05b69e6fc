/*
 * Lists of names, and what a board answers about them.
 */
#include "testlib.h"

#include "session/transfer_board.h"

#include <stdlib.h>
#include <string.h>

static struct tree tree;
static struct x8_error err;

static int parse(const char *text)
{
    tree_done(&tree);
    return tree_parse((struct x8_span){(const uint8_t *)text, strlen(text)}, &tree, &err);
}

static void a_list_is_read_and_sorted(void **state)
{
    (void)state;
    assert_int_equal(parse("81a4 12 1700000000 2049 ./a.b//\n41ed 4096 1 2049 ./a//\n"
                           "8fed 1 -5 2049 ./a/new\nline//\na1ff 3 1 2049 ./a/- x//\n"
                           "41ff 4096 1 7 .//\n1180 0 0 1 ./pipe//\n"),
                     0);
    assert_int_equal(tree.count, 6);
    assert_string_equal(tree.nodes[0].rel, "");
    assert_string_equal(tree.nodes[1].rel, "a");
    assert_string_equal(tree.nodes[2].rel, "a/- x");
    assert_string_equal(tree.nodes[3].rel, "a/new\nline");
    assert_string_equal(tree.nodes[4].rel, "a.b");
    assert_int_equal(tree.nodes[0].dev, 7);
    assert_int_equal(tree.nodes[1].kind, NODE_DIR);
    assert_int_equal(tree.nodes[2].kind, NODE_LINK);
    assert_int_equal(tree.nodes[3].mode, 07755);
    assert_int_equal(tree.nodes[3].mtime, 0);
    assert_int_equal(tree.nodes[4].size, 12);
    assert_int_equal(tree.nodes[4].mtime, 1700000000);
    assert_int_equal(tree.nodes[5].kind, NODE_OTHER);
    assert_ptr_equal(tree_find(&tree, "a.b"), &tree.nodes[4]);
    assert_null(tree_find(&tree, "a/n"));
}

static void names_that_lead_elsewhere_are_refused(void **state)
{
    static const char *const names[] = {"..",     "./..", "./../x", "./a/../b", "/etc/passwd",
                                        "./a/..", "././", "./a/",   "./a/./b",  "x",
                                        "",       "./",   "./.",    ".."};
    (void)state;
    for (size_t i = 0; i < X8_COUNT(names); i++) {
        X8_AUTO_BUF text = {0};
        assert_int_equal(x8_buf_addf(&text, "81a4 1 1 1 %s//\n", names[i]), 0);
        if (parse(x8_buf_text(&text)) != -X8_E_LINK)
            fail_msg("%s was taken", names[i]);
    }
}

static void a_list_of_another_form_is_refused(void **state)
{
    static const char *const texts[] = {
        "81a4 1 1 1 ./a",     "81a4 1 1 ./a//\n",
        "81g4 1 1 1 ./a//\n", "81a4 1 1 1 ./a//\n81a4 1 1 1 ./a//\n",
        "find: no\n",         "81a4 99999999999999999999 1 1 ./a//\n"};
    (void)state;
    for (size_t i = 0; i < X8_COUNT(texts); i++)
        if (parse(texts[i]) != -X8_E_LINK)
            fail_msg("%s was taken", texts[i]);
    assert_int_equal(parse(""), 0);
}

#define ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static void digests_are_matched_with_the_names_asked_for(void **state)
{
    static const char *const texts[] = {
        /* GNU's, with a backslash in front of lines with escapes, and busybox's */
        ABC "  ./a\n\\" ABC "  ./b\\nc\n\\" ABC "  ./d\\\\e\n",
        ABC "  ./a\n" ABC "  ./b\nc\n" ABC "  ./d\\e\n",
    };
    char a[] = "a", b[] = "b\nc", gone[] = "gone", d[] = "d\\e";
    struct node nodes[4] = {{.rel = a}, {.rel = b}, {.rel = gone}, {.rel = d}};
    struct node *list[] = {&nodes[0], &nodes[1], &nodes[2], &nodes[3]};
    uint8_t out[4][X8_SHA256_LEN], has[4];
    (void)state;
    for (size_t i = 0; i < X8_COUNT(texts); i++) {
        struct x8_span span = {(const uint8_t *)texts[i], strlen(texts[i])};
        assert_int_equal(digests_parse(span, list, 4, out, has, &err), 0);
        assert_true(has[0] && has[1] && !has[2] && has[3]);
        assert_int_equal(out[3][0], 0xba);
    }
}

static void digests_of_other_names_are_refused(void **state)
{
    static const char *const texts[] = {ABC "  ./b\n", ABC "  ./a", "xa7816bf  ./a\n",
                                        ABC "  ./a\nmore"};
    char a[] = "a";
    struct node node = {.rel = a}, *list[] = {&node};
    uint8_t out[1][X8_SHA256_LEN], has[1];
    (void)state;
    for (size_t i = 0; i < X8_COUNT(texts); i++) {
        struct x8_span span = {(const uint8_t *)texts[i], strlen(texts[i])};
        assert_int_equal(digests_parse(span, list, 1, out, has, &err), -X8_E_LINK);
    }
}

static void a_place_is_read_with_its_room(void **state)
{
    static const char text[] = "kind none//\nanchor /odd\nname//\nrest /a/b//\ndev 2049//\n"
                               "df /dev/mapper/x y 100 40 60 40% /odd//\nwritable yes//\nhas 1//\n";
    struct place place = {0};
    struct x8_span span = {(const uint8_t *)text, sizeof(text) - 1};
    (void)state;
    assert_int_equal(place_parse(span, 2, &place, &err), 0);
    assert_int_equal(place.kind, PLACE_NONE);
    assert_string_equal(place.anchor, "/odd\nname");
    assert_string_equal(place.rest, "a/b");
    assert_int_equal(place.space, 60 * 1024);
    assert_true(place.writable && place.has[1] && !place.has[0]);
    place_done(&place);
    span.len = 20;
    assert_int_equal(place_parse(span, 2, &place, &err), -X8_E_LINK);
}

static int free_tree(void **state)
{
    (void)state;
    tree_done(&tree);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_is_read_and_sorted),
        cmocka_unit_test(names_that_lead_elsewhere_are_refused),
        cmocka_unit_test(a_list_of_another_form_is_refused),
        cmocka_unit_test(digests_are_matched_with_the_names_asked_for),
        cmocka_unit_test(digests_of_other_names_are_refused),
        cmocka_unit_test(a_place_is_read_with_its_room),
    };
    return cmocka_run_group_tests(tests, NULL, free_tree);
}
