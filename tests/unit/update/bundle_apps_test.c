/*
 * Apps of a bundle: what the target needs, and that it is what it says.
 */
#include "kit_offer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct kit_offer kit;

static int begin(void **state)
{
    (void)state;
    kit_offer_new(&kit);
    return 0;
}

static int end(void **state)
{
    (void)state;
    kit_offer_done(&kit);
    return 0;
}

/* Both looks find it, or only the one at contents. */
static void refused(const char *command, int only_deep, enum x8_code code, const char *words)
{
    kit_offer_fresh(&kit);
    assert_true(kit_repo_sh(&kit.repo, "cd bundle/apps && %s", command));
    kit_offer_check(&kit, 0);
    if (only_deep)
        kit_offer_nothing_bad(&kit);
    else
        kit_offer_finds(&kit, "apps", X8_FOUND_BAD, words);
    kit_offer_check(&kit, 1);
    const struct x8_finding *f = kit_offer_finds(&kit, "apps", X8_FOUND_BAD, words);
    assert_int_equal(f->code, code);
    assert_true(f->next[0] != '\0');
    for (size_t i = 0; i < kit.found.count; i++)
        assert_false(strcmp(kit.found.items[i].id, "apps") == 0 &&
                     kit.found.items[i].kind == X8_FOUND_OK);
    kit_offer_close(&kit);
}

static void good_apps_are_listed_and_fine(void **state)
{
    (void)state;
    kit_offer_fresh(&kit);
    kit_offer_check(&kit, 1);
    kit_offer_nothing_bad(&kit);
    kit_offer_finds(&kit, "apps", X8_FOUND_OK, "2 apps, 3 blobs of 21 B");
    assert_int_equal(kit.bundle.app_count, 2);
    assert_string_equal(kit.bundle.apps[0].name, "db");
    assert_string_equal(kit.bundle.apps[0].uri, KIT_DB);
    assert_string_equal(kit.bundle.apps[1].uri, KIT_WEB);
    assert_true(kit.bundle.apps[0].is_of_target && kit.bundle.apps[1].is_of_target);
    assert_int_equal(kit.bundle.apps[0].bytes, strlen(KIT_DB) + strlen("services:\ndb\n"));
    assert_int_equal(kit.bundle.blob_bytes, 21);
    kit_offer_close(&kit);
}

static void an_app_that_the_target_needs_and_that_is_not_there(void **state)
{
    (void)state;
    refused("rm -r apps/web", 0, X8_E_BAD_IMAGE, "'web' is not there");
    refused("cd .. && rm -r apps", 0, X8_E_BAD_IMAGE, "'db' is not there");
}

static void an_app_of_another_version(void **state)
{
    (void)state;
    refused("cd apps/web && mv 1* t && sed s/111111$/999999/ t/uri >u && mv u t/uri && "
            "mv t $(sed s/.*:// t/uri)",
            0, X8_E_BAD_IMAGE, "'web' is there, but in another version");
}

static void a_uri_is_compared_byte_for_byte(void **state)
{
    (void)state;
    refused("for f in apps/web/1*/uri; do echo >>$f; done", 0, X8_E_BAD_IMAGE,
            "'web' is there, but in another version");
    refused("sed -i s/arduino/Arduino/ apps/web/1*/uri", 0, X8_E_BAD_IMAGE, "another version");
}

static void a_folder_has_the_digest_of_its_uri(void **state)
{
    (void)state;
    refused("cd apps/web && mv 1* $(printf %064d 3)", 0, X8_E_BAD_DIGEST,
            "the folder has not the digest of its uri");
}

static void an_app_without_its_uri(void **state)
{
    (void)state;
    refused("rm apps/web/1*/uri", 0, X8_E_BAD_IMAGE, "no usable file 'uri'");
    refused("for f in apps/web/1*/uri; do : >$f; done", 0, X8_E_BAD_IMAGE, "no usable file 'uri'");
    refused("for f in apps/web/1*/uri; do head -c 5000 /dev/zero >$f; done", 0, X8_E_BAD_IMAGE,
            "no usable file 'uri'");
    refused("mkdir -p apps/third/x", 0, X8_E_BAD_IMAGE, "no usable file 'uri'");
}

static void a_blob_that_is_not_what_its_name_says(void **state)
{
    (void)state;
    refused("for f in blobs/sha256/*; do :; done; echo more >>$f", 1, X8_E_BAD_DIGEST,
            "not what its name says");
    refused("cd blobs/sha256 && set -- * && mv $1 t && mv $2 $1 && mv t $2", 1, X8_E_BAD_DIGEST,
            "in all 2 blobs are damaged");
    refused("echo x >blobs/sha256/readme", 0, X8_E_BAD_DIGEST, "its name is no SHA-256");
    refused("mkdir blobs/sha1 && echo x >blobs/sha1/$(printf %040d 1)", 0, X8_E_BAD_DIGEST,
            "its name is no SHA-256");
}

/* An image of app web in `bundle/apps`, of the text $m as manifest ($b: digests of the blobs). */
#define IMAGE(m)                                                                                   \
    "set -- blobs/sha256/*; a=${1##*/} b=${2##*/}; w=$(dirname apps/web/*/uri); m=" m              \
    "; d=$(printf %s \"$m\" | sha256sum | cut -c 1-64); printf %s \"$m\" >blobs/sha256/$d; mkdir " \
    "-p "                                                                                          \
    "$w/images/h/r/x; printf '{\"manifests\":[{\"digest\":\"sha256:%s\"}]}' $d "                   \
    ">$w/images/h/r/x/index.json"

static void a_blob_that_an_image_needs_and_that_is_not_there(void **state)
{
    (void)state;
    kit_offer_fresh(&kit);
    assert_true(kit_repo_sh(&kit.repo, "cd bundle/apps && %s",
                            IMAGE("'{\"config\":{\"digest\":\"sha256:'$a'\"},\"layers\":[{"
                                  "\"digest\":\"sha256:'$b'\"}]}'")));
    kit_offer_check(&kit, 1);
    kit_offer_nothing_bad(&kit);
    kit_offer_close(&kit);
    refused(IMAGE("'{\"config\":{\"digest\":\"sha256:'$a'\"},\"layers\":[{\"digest\":\"sha256:'$b'"
                  "\"}]}'") "; rm blobs/sha256/$b",
            0, X8_E_BAD_IMAGE, "this blob is missing");
    refused(IMAGE("'{\"config\":{\"digest\":\"sha256:'$a'\"}}'") "; rm blobs/sha256/$a", 0,
            X8_E_BAD_IMAGE, "this blob is missing");
    refused(IMAGE("'{}'") "; rm blobs/sha256/$d", 0, X8_E_BAD_IMAGE, "this blob is missing");
    refused(IMAGE("'{\"layers\":[{\"digest\":\"md5:1\"}]}'"), 0, X8_E_BAD_IMAGE,
            "without a SHA-256");
    refused(IMAGE("nonsense"), 0, X8_E_BAD_IMAGE, "no description of a container image");
    refused(
        IMAGE("'{\"layers\":[{\"digest\":\"sha256:../../../../../../../../../../../../../../../../"
              "../../../../../x\"}]}'"),
        0, X8_E_BAD_IMAGE, "");
}

static void links_and_special_files_are_refused(void **state)
{
    (void)state;
    refused("cd blobs/sha256 && set -- * && rm $1 && ln "
            "-s /etc/hostname $1",
            0, X8_E_BAD_IMAGE, "a link or a special file");
    refused("mv apps/web/1*/uri u && "
            "ln -s ../../../u $(echo apps/web/1*)/uri",
            0, X8_E_BAD_IMAGE, "a link or a special file");
    refused("mkfifo apps/web/pipe", 0, X8_E_BAD_IMAGE, "a link or a special file");
    refused("ln -s . apps/loop", 0, X8_E_BAD_IMAGE, "a link or a special file");
}

static void a_folder_of_apps_that_is_a_link_is_refused(void **state)
{
    (void)state;
    kit_offer_fresh(&kit);
    assert_true(kit_repo_sh(&kit.repo, "mv bundle/apps work && ln -s ../work bundle/apps"));
    assert_int_equal(kit_offer_open(&kit, "bundle", NULL), -X8_E_BAD_IMAGE);
    assert_non_null(strstr(kit.err.msg, "apps"));
    kit_offer_close(&kit);
}

/* A line per file that travels. */
static int note(void *ctx, const char *rel, uint64_t size)
{
    assert_int_equal(x8_buf_addf(ctx, "%s %llu\n", rel, (unsigned long long)size), 0);
    return 0;
}

static int stop_at_second(void *ctx, const char *rel, uint64_t size)
{
    (void)rel;
    (void)size;
    return ++*(int *)ctx == 2 ? 7 : 0;
}

static void all_files_travel_in_order(void **state)
{
    (void)state;
    X8_AUTO_BUF list = {0};
    int count = 0;
    kit_offer_fresh(&kit);
    kit_offer_check(&kit, 0);
    assert_int_equal(x8_bundle_app_files(&kit.bundle, note, &list, &kit.err), 0);
    char *want = kit_repo_out(&kit.repo,
                              "cd bundle && find apps -type f -printf '%p %s\\n' | LC_ALL=C sort");
    test_same_text(x8_buf_text(&list), want);
    free(want);
    assert_int_equal(x8_bundle_app_files(&kit.bundle, stop_at_second, &count, &kit.err), 7);
    assert_int_equal(count, 2);
    kit_offer_close(&kit);
}

static void an_app_of_nobody_is_told_and_stays_here(void **state)
{
    (void)state;
    X8_AUTO_BUF list = {0};
    kit_offer_fresh(&kit);
    assert_true(kit_repo_sh(
        &kit.repo, "cd bundle/apps/apps && s=$(printf %%064d 3) && mkdir -p extra/$s && printf "
                   "hub/x/extra@sha256:$s >extra/$s/uri"));
    kit_offer_check(&kit, 1);
    kit_offer_nothing_bad(&kit);
    kit_offer_finds(&kit, "apps", X8_FOUND_WARN, "'extra'");
    assert_int_equal(x8_bundle_app_files(&kit.bundle, note, &list, &kit.err), 0);
    assert_null(strstr(x8_buf_text(&list), "extra"));
    kit_offer_close(&kit);
}

static void a_target_without_apps_needs_none(void **state)
{
    (void)state;
    kit_offer_fresh(&kit);
    assert_true(kit_repo_sh(&kit.repo, "rm -r bundle/apps"));
    kit_offer_usual(&kit, "");
    kit_offer_check(&kit, 1);
    kit_offer_nothing_bad(&kit);
    kit_offer_finds(&kit, "apps", X8_FOUND_OK, "no apps");
    kit_offer_close(&kit);
}

static void a_stop_is_heard_between_blobs(void **state)
{
    (void)state;
    kit_offer_fresh(&kit);
    assert_int_equal(kit_offer_open(&kit, "bundle", NULL), 0);
    x8_cancel_raise(&kit.cancel, X8_CANCEL_SOFT, X8_E_STOPPED);
    assert_int_equal(x8_bundle_check(&kit.op, &kit.bundle, 1, &kit.found, &kit.err), -X8_E_STOPPED);
    kit_offer_close(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_apps_are_listed_and_fine),
        cmocka_unit_test(an_app_that_the_target_needs_and_that_is_not_there),
        cmocka_unit_test(an_app_of_another_version),
        cmocka_unit_test(a_uri_is_compared_byte_for_byte),
        cmocka_unit_test(a_folder_has_the_digest_of_its_uri),
        cmocka_unit_test(an_app_without_its_uri),
        cmocka_unit_test(a_blob_that_is_not_what_its_name_says),
        cmocka_unit_test(a_blob_that_an_image_needs_and_that_is_not_there),
        cmocka_unit_test(links_and_special_files_are_refused),
        cmocka_unit_test(a_folder_of_apps_that_is_a_link_is_refused),
        cmocka_unit_test(all_files_travel_in_order),
        cmocka_unit_test(an_app_of_nobody_is_told_and_stays_here),
        cmocka_unit_test(a_target_without_apps_needs_none),
        cmocka_unit_test(a_stop_is_heard_between_blobs),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
