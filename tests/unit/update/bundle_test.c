/*
 * Bundles: opened from a folder and from archives, and everything that is none.
 */
#include "kit_offer.h"

#include "util/text.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

static int sh(const char *command)
{
    return kit_repo_sh(&kit.repo, "%s", command);
}

/* The folder for unpacking exists and is empty, or was never made. */
static void nothing_is_left(void)
{
    assert_true(sh("[ -z \"$(ls -A work/new/x 2>/dev/null)\" ]"));
}

static void contains(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("'%s' is not in: %s", part, text);
}

/* --- folders */

static void a_folder_is_opened_where_it_lies(void **state)
{
    (void)state;
    kit_offer_fresh(&kit);
    kit_offer_check(&kit, 1);
    kit_offer_nothing_bad(&kit);
    assert_string_equal(kit.bundle.target->name, "portenta-x8-lmp-934");
    assert_string_equal(kit.bundle.target->commit, kit.repo.commit);
    assert_string_equal(kit.bundle.repo_ref, "main");
    assert_int_equal(kit.bundle.dir[0], '/');
    assert_null(kit.bundle.temp);
    assert_true(kit.bundle.graph.count > 50);
    assert_int_equal(kit.bundle.tuf.root_last, 3);
    kit_offer_finds(&kit, "layout", X8_FOUND_OK, "archive-z2");
    kit_offer_finds(&kit, "commit", X8_FOUND_OK, "is there");
    kit_offer_finds(&kit, "graph", X8_FOUND_OK, "all are what their names say");
    kit_offer_finds(&kit, "ref", X8_FOUND_OK, "'main'");
    kit_offer_close(&kit);
}

static void the_folder_above_will_do(void **state)
{
    (void)state;
    kit_offer_fresh(&kit);
    assert_true(sh("mkdir in && mv bundle in/offline-updates"));
    assert_int_equal(kit_offer_open(&kit, "in", NULL), 0);
    assert_true(x8_ends(kit.bundle.dir, "/in/offline-updates"));
    assert_true(x8_ends(kit.bundle.path, "/in"));
    kit_offer_close(&kit);
}

static void what_is_no_bundle_is_told(void **state)
{
    (void)state;
    kit_offer_fresh(&kit);
    assert_int_equal(kit_offer_open(&kit, "nothing", NULL), -X8_E_NO_FILE);
    assert_true(sh("mkdir in && echo text >in/text && : >in/none && mkfifo in/pipe"));
    assert_int_equal(kit_offer_open(&kit, "in", NULL), -X8_E_BAD_IMAGE);
    contains(kit.err.why, "no folder tuf");
    assert_int_equal(kit_offer_open(&kit, "in/text", NULL), -X8_E_BAD_IMAGE);
    contains(kit.err.msg, "in/text");
    assert_true(kit.err.next[0] != '\0');
    assert_int_equal(kit_offer_open(&kit, "in/none", NULL), -X8_E_BAD_IMAGE);
    assert_int_equal(kit_offer_open(&kit, "in/pipe", NULL), -X8_E_NO_FILE);
    assert_true(sh("cd in && tar cf x.tar text"));
    assert_int_equal(kit_offer_open(&kit, "in/x.tar", NULL), -X8_E_BAD_IMAGE);
    contains(kit.err.msg, "x.tar: not a bundle");
    nothing_is_left();
    kit_offer_close(&kit);
}

static void an_image_to_flash_is_told_as_such(void **state)
{
    (void)state;
    static const char *const names[] = {"934", "934.tar.gz", "lmp.wic.gz",
                                        "mfgtool-files-portenta-x8.tar.gz"};
    kit_offer_fresh(&kit);
    assert_true(sh("mkdir in && cd in && mkdir 934 && echo x >934/u-boot.itb && ln -s "
                   "/nothing 934/link && echo x >934/lmp-factory-image.wic.gz && tar czf "
                   "934.tar.gz 934 && cp 934.tar.gz mfgtool-files-portenta-x8.tar.gz && "
                   "echo x | gzip >lmp.wic.gz"));
    for (size_t i = 0; i < X8_COUNT(names); i++) {
        char path[64], full[400];
        snprintf(path, sizeof path, "in/%s", names[i]);
        snprintf(full, sizeof full, "x8ctl flash %s/%s", kit.repo.dir, path);
        assert_int_equal(kit_offer_open(&kit, path, NULL), -X8_E_BAD_IMAGE);
        contains(kit.err.msg, "an image to flash");
        contains(kit.err.next, full);
    }
    nothing_is_left();
    kit_offer_close(&kit);
}

/* --- archives */

static void every_packing_is_unpacked_and_removed(void **state)
{
    (void)state;
    static const struct {
        const char *make, *name, *tool;
    } rows[] = {{"tar cf a.tar offline-updates", "in/a.tar", "tar"},
                {"tar czf a.tar.gz offline-updates", "in/a.tar.gz", "gzip"},
                {"tar cf - offline-updates | zstd -q >a.tar.zst", "in/a.tar.zst", "zstd"},
                {"tar cf - offline-updates | xz >a.tar.xz", "in/a.tar.xz", "xz"},
                {"tar cf - offline-updates | bzip2 >a.tar.bz2", "in/a.tar.bz2", "bzip2"},
                {"tar cf flat -C offline-updates tuf ostree_repo apps", "in/flat", "tar"},
                {"tar cf dots -C offline-updates .", "in/dots", "tar"},
                {"cp offline-updates/tuf/3.root.json README && tar cf more ./README "
                 "./offline-updates",
                 "in/more", "tar"}};
    kit_offer_fresh(&kit);
    assert_true(sh("mkdir in && mv bundle in/offline-updates"));
    for (size_t i = 0; i < X8_COUNT(rows); i++) {
        if (!kit_repo_sh(&kit.repo, "command -v %s", rows[i].tool))
            continue;
        if (!kit_repo_sh(&kit.repo, "cd in && %s", rows[i].make))
            fail_msg("%s", rows[i].make);
        if (kit_offer_open(&kit, rows[i].name, NULL) < 0)
            fail_msg("%s: %s: %s", rows[i].name, kit.err.msg, kit.err.why);
        assert_int_equal(x8_bundle_check(&kit.op, &kit.bundle, 1, &kit.found, &kit.err), 0);
        kit_offer_nothing_bad(&kit);
        assert_non_null(kit.bundle.temp);
        assert_true(x8_starts(kit.bundle.dir, kit.bundle.temp));
        if (!kit_repo_sh(&kit.repo,
                         "diff -r --exclude=.lock %s in/offline-updates | grep -v "
                         "'^Only in' >diffs; [ ! -s diffs ]",
                         kit.bundle.dir))
            fail_msg("%s differs", rows[i].name);
        assert_true(kit_repo_sh(&kit.repo, "[ $(stat -c %%a %s) = 700 ]", kit.bundle.temp));
        x8_bundle_done(&kit.bundle);
        nothing_is_left();
    }
    kit_offer_close(&kit);
}

static void a_damaged_archive_leaves_nothing(void **state)
{
    (void)state;
    kit_offer_fresh(&kit);
    assert_true(sh("mkdir in && mv bundle in/offline-updates && cd in && tar czf a.tar.gz "
                   "offline-updates && tar cf a.tar offline-updates && "
                   "head -c 100000 a.tar.gz >cut.tar.gz && head -c -8 a.tar.gz >tail.tar.gz && "
                   "head -c 200000 a.tar >cut.tar && cp a.tar.gz flip.tar.gz && " TEST_FLIP
                   " flip.tar.gz 200000 255"));
    static const char *const names[] = {"cut.tar.gz", "tail.tar.gz", "cut.tar", "flip.tar.gz"};
    for (size_t i = 0; i < X8_COUNT(names); i++) {
        char path[64];
        snprintf(path, sizeof path, "in/%s", names[i]);
        if (kit_offer_open(&kit, path, NULL) != -X8_E_BAD_IMAGE)
            fail_msg("%s is taken", names[i]);
        contains(kit.err.msg, names[i]);
        assert_true(kit.err.next[0] != '\0');
        nothing_is_left();
    }
    kit_offer_close(&kit);
}

static void a_stop_while_unpacking_leaves_nothing(void **state)
{
    (void)state;
    kit_offer_fresh(&kit);
    assert_true(sh("mkdir in && head -c 9000000 /dev/zero >bundle/apps/big && tar cf in/a.tar "
                   "bundle"));
    kit.stop_at_progress = 1;
    assert_int_equal(kit_offer_open(&kit, "in/a.tar", NULL), -X8_E_STOPPED);
    nothing_is_left();
    kit_offer_close(&kit);
}

/* --- hostile archives */

/* A tar file, member by member. */
struct tar {
    struct x8_buf bytes;
};

static void put_octal(uint8_t *field, size_t len, uint64_t value)
{
    for (size_t i = len - 1; i-- > 0; value /= 8)
        field[i] = (uint8_t)('0' + value % 8);
}

/* `size` is what the header says; the data are `text`. */
static void put(struct tar *tar, const char *name, char type, const char *target, const char *text,
                uint64_t size)
{
    uint8_t head[512] = {0};
    unsigned sum = 0;
    size_t len = strlen(text), pad = (512 - len % 512) % 512;
    static const uint8_t zeros[512];
    memcpy(head, name, strlen(name));
    put_octal(head + 100, 8, 0644);
    put_octal(head + 108, 8, 0);
    put_octal(head + 116, 8, 0);
    put_octal(head + 136, 12, 0);
    put_octal(head + 124, 12, size);
    if (size >> 33) { /* in binary */
        memset(head + 124, 0, 12);
        head[124] = 0x80;
        for (int i = 0; i < 8; i++)
            head[135 - i] = (uint8_t)(size >> 8 * i);
    }
    head[156] = (uint8_t)type;
    memcpy(head + 157, target, strlen(target));
    memcpy(head + 257,
           "ustar\0"
           "00",
           8);
    memset(head + 148, ' ', 8);
    for (size_t i = 0; i < sizeof head; i++)
        sum += head[i];
    put_octal(head + 148, 7, sum);
    assert_int_equal(x8_buf_add(&tar->bytes, head, sizeof head), 0);
    assert_int_equal(x8_buf_add(&tar->bytes, text, len), 0);
    assert_int_equal(x8_buf_add(&tar->bytes, zeros, pad), 0);
}

static void put_file(struct tar *tar, const char *name)
{
    put(tar, name, '0', "", "x", 1);
}

/* Ends the archive and opens it: refused with `words`, nothing left, nothing outside touched. */
static void open_refused(struct tar *tar, enum x8_code code, const char *words)
{
    static const uint8_t zeros[1024];
    assert_int_equal(x8_buf_add(&tar->bytes, zeros, sizeof zeros), 0);
    assert_true(sh("rm -rf in && mkdir in && rm -rf victim && mkdir victim"));
    free(test_file(kit.repo.dir, "in/a.tar", tar->bytes.data, tar->bytes.len));
    x8_buf_done(&tar->bytes);
    int rc = kit_offer_open(&kit, "in/a.tar", NULL);
    if (rc != -(int)code)
        fail_msg("%d instead of %d for '%s': %s", rc, -(int)code, words, kit.err.msg);
    if (!strstr(kit.err.msg, words) && !strstr(kit.err.why, words))
        fail_msg("'%s' is not in: %s: %s", words, kit.err.msg, kit.err.why);
    nothing_is_left();
    assert_true(sh("[ -z \"$(ls -A victim)\" ] && [ ! -e work/new/evil ] && [ ! -e work/evil ]"));
}

static void names_that_lead_out_are_refused(void **state)
{
    (void)state;
    static const char *const names[] = {"../evil",   "tuf/../../evil", "a/../tuf/x",           "..",
                                        "./../evil", "tuf/..",         "top/tuf/../../../evil"};
    kit_offer_fresh(&kit);
    for (size_t i = 0; i < X8_COUNT(names); i++) {
        struct tar tar = {0};
        put_file(&tar, "tuf/a");
        put_file(&tar, names[i]);
        open_refused(&tar, X8_E_BAD_IMAGE, "leads out");
    }
    struct tar tar = {0};
    put_file(&tar, "/tmp/x8-evil");
    open_refused(&tar, X8_E_BAD_IMAGE, "absolute");
    kit_offer_close(&kit);
}

static void links_and_devices_are_refused(void **state)
{
    (void)state;
    static const char types[] = "12346"; /* links, devices, a pipe */
    char victim[256];
    kit_offer_fresh(&kit);
    snprintf(victim, sizeof victim, "%s/victim", kit.repo.dir);
    for (const char *type = types; *type; type++) {
        static const char *const places[] = {"tuf/link", "top/apps/link", "elsewhere"};
        for (size_t i = 0; i < X8_COUNT(places); i++) {
            struct tar tar = {0};
            put(&tar, places[i], *type, *type == '1' ? "tuf/a" : victim, "", 0);
            put_file(&tar, "tuf/link/evil");
            open_refused(&tar, X8_E_BAD_IMAGE, "refused");
        }
    }
    kit_offer_close(&kit);
}

static void one_name_twice_is_refused(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"tuf/a", "tuf/a"}, {"tuf/a", "./tuf//a"}, {"tuf/a", "tuf/a/b"}, {"tuf/a/b", "tuf/a"}};
    kit_offer_fresh(&kit);
    for (size_t i = 0; i < X8_COUNT(pairs); i++) {
        struct tar tar = {0};
        put_file(&tar, pairs[i][0]);
        put_file(&tar, pairs[i][1]);
        open_refused(&tar, X8_E_BAD_IMAGE, "another member of this name");
    }
    kit_offer_close(&kit);
}

static void two_bundles_in_one_archive_are_refused(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"a/tuf/x", "b/ostree_repo/x"}, {"tuf/x", "b/apps/x"}, {"a/tuf/x", "apps/x"}};
    kit_offer_fresh(&kit);
    for (size_t i = 0; i < X8_COUNT(pairs); i++) {
        struct tar tar = {0};
        put_file(&tar, pairs[i][0]);
        put_file(&tar, pairs[i][1]);
        open_refused(&tar, X8_E_BAD_IMAGE, "second bundle");
    }
    kit_offer_close(&kit);
}

static void a_file_larger_than_the_disk_is_refused_before(void **state)
{
    (void)state;
    struct tar tar = {0};
    kit_offer_fresh(&kit);
    put(&tar, "ostree_repo/huge", '0', "", "x", (uint64_t)1 << 50);
    open_refused(&tar, X8_E_HOST_SPACE, "no room");
    kit_offer_close(&kit);
}

static void folders_without_end_are_refused(void **state)
{
    (void)state;
    struct tar tar = {0};
    char name[91];
    kit_offer_fresh(&kit);
    for (size_t i = 0; i < 90; i++)
        name[i] = i % 2 ? '/' : 'a';
    name[90] = '\0';
    /* 90 characters in the name, a hundred more in the prefix: over 64 folders. */
    put_file(&tar, name);
    uint8_t *head = tar.bytes.data;
    for (int i = 0; i < 150; i += 2)
        memcpy(head + 345 + i, "a/", 2);
    head[345 + 150] = '\0';
    memcpy(head + 345, "tuf/", 4);
    unsigned sum = 0;
    memset(head + 148, ' ', 8);
    for (size_t i = 0; i < 512; i++)
        sum += head[i];
    put_octal(head + 148, 7, sum);
    open_refused(&tar, X8_E_BAD_IMAGE, "too long");
    kit_offer_close(&kit);
}

/* --- leftovers */

static void what_a_killed_run_left_is_removed(void **state)
{
    (void)state;
    kit_offer_fresh(&kit);
    assert_true(sh("mkdir in && tar cf in/a.tar bundle && mkdir -p work/new/x && cd work/new/x && "
                   "mkdir -p bundle-old/a/b bundle-young && : >bundle-old/lock && echo x "
                   ">bundle-old/a/b/c && touch -d '1 hour ago' bundle-old && mkdir mine && touch "
                   "-d '1 hour ago' mine"));
    assert_int_equal(kit_offer_open(&kit, "in/a.tar", NULL), 0);
    assert_true(sh("cd work/new/x && [ ! -e bundle-old ] && [ -d bundle-young ] && [ -d mine ]"));
    kit_offer_close(&kit);
}

static void what_another_run_uses_stays(void **state)
{
    (void)state;
    struct x8_bundle first;
    kit_offer_fresh(&kit);
    assert_true(sh("mkdir in && tar cf in/a.tar bundle"));
    assert_int_equal(kit_offer_open(&kit, "in/a.tar", NULL), 0);
    first = kit.bundle;
    memset(&kit.bundle, 0, sizeof kit.bundle);
    assert_true(sh("touch -d '1 hour ago' work/new/x/bundle-*"));
    assert_int_equal(kit_offer_open(&kit, "in/a.tar", NULL), 0);
    assert_true(kit_repo_sh(&kit.repo, "[ -d %s/tuf ]", first.dir));
    x8_bundle_done(&first);
    x8_bundle_done(&kit.bundle);
    nothing_is_left();
    kit_offer_close(&kit);
}

/* --- targets and the repository */

static void two_targets(void)
{
    X8_AUTO_BUF list = {0};
    X8_AUTO_BUF all = {0};
    char *other = kit_repo_out(&kit.repo, "ostree rev-parse --repo=repo other | tr -d '\\n'");
    kit_offer_target(&list, &kit, "portenta-x8-lmp-881", "881", other, "");
    kit_offer_target(&list, &kit, "portenta-x8-lmp-934", "934", NULL,
                     "\"web\":{\"uri\":\"" KIT_WEB "\"},\"db\":{\"uri\":\"" KIT_DB "\"}");
    assert_int_equal(x8_buf_addf(&all, "{%s}", x8_buf_text(&list)), 0);
    kit_offer_meta(&kit, x8_buf_text(&all), "[\"portenta-x8-lmp-881\",\"portenta-x8-lmp-934\"]");
    free(other);
}

static void the_highest_version_is_chosen_or_what_was_named(void **state)
{
    (void)state;
    kit_offer_fresh(&kit);
    two_targets();
    assert_int_equal(kit_offer_open(&kit, "bundle", NULL), 0);
    assert_string_equal(kit.bundle.target->version, "934");
    kit_offer_finds(&kit, "target", X8_FOUND_OK, "the highest of");
    assert_int_equal(kit_offer_open(&kit, "bundle", "881"), 0);
    assert_string_equal(kit.bundle.target->name, "portenta-x8-lmp-881");
    assert_int_equal(kit.bundle.app_count, 2);
    assert_false(kit.bundle.apps[0].is_of_target);
    assert_int_equal(x8_bundle_check(&kit.op, &kit.bundle, 1, &kit.found, &kit.err), 0);
    assert_string_equal(kit.bundle.repo_ref, "other");
    assert_true(kit.bundle.graph.count < 10);
    assert_int_equal(kit_offer_open(&kit, "bundle", "portenta-x8-lmp-934"), 0);
    assert_string_equal(kit.bundle.target->version, "934");
    kit_offer_close(&kit);
}

static void a_target_that_is_not_there_is_told_with_those_that_are(void **state)
{
    (void)state;
    kit_offer_fresh(&kit);
    two_targets();
    assert_int_equal(kit_offer_open(&kit, "bundle", "700"), 0);
    assert_null(kit.bundle.target);
    kit_offer_finds(&kit, "target", X8_FOUND_BAD, "portenta-x8-lmp-934, portenta-x8-lmp-881");
    assert_int_equal(x8_bundle_check(&kit.op, &kit.bundle, 1, &kit.found, &kit.err), 0);
    kit_offer_close(&kit);
}

static void a_repository_of_another_kind_is_refused(void **state)
{
    (void)state;
    kit_offer_fresh(&kit);
    assert_true(sh("printf '[core]\\nrepo_version=1\\nmode = archive\\n' "
                   ">bundle/ostree_repo/config"));
    kit_offer_check(&kit, 0);
    kit_offer_nothing_bad(&kit);
    assert_true(sh("printf '[other]\\nmode=archive\\n[core]\\nmode=bare\\n' "
                   ">bundle/ostree_repo/config"));
    kit_offer_check(&kit, 0);
    kit_offer_finds(&kit, "layout", X8_FOUND_BAD, "mode 'bare'");
    assert_true(sh("rm bundle/ostree_repo/config"));
    kit_offer_check(&kit, 0);
    kit_offer_finds(&kit, "layout", X8_FOUND_BAD, "config is missing");
    kit_offer_close(&kit);
}

static void a_bundle_without_its_repository_is_told(void **state)
{
    (void)state;
    kit_offer_fresh(&kit);
    assert_true(sh("rm -r bundle/ostree_repo"));
    assert_int_equal(kit_offer_open(&kit, "bundle", NULL), 0);
    kit_offer_finds(&kit, "layout", X8_FOUND_BAD, "ostree_repo/objects is missing");
    assert_int_equal(x8_bundle_check(&kit.op, &kit.bundle, 0, &kit.found, &kit.err), 0);
    kit_offer_finds(&kit, "graph", X8_FOUND_BAD, "no repository");
    kit_offer_close(&kit);
}

static void a_commit_that_is_not_in_the_bundle(void **state)
{
    (void)state;
    kit_offer_fresh(&kit);
    assert_true(kit_repo_sh(&kit.repo, "rm bundle/ostree_repo/objects/%.2s/%s.commit",
                            kit.repo.commit, kit.repo.commit + 2));
    kit_offer_check(&kit, 0);
    kit_offer_finds(&kit, "commit", X8_FOUND_BAD, kit.repo.commit);
    for (size_t i = 0; i < kit.found.count; i++)
        assert_string_not_equal(kit.found.items[i].id, "graph");
    kit_offer_close(&kit);
}

static void contents_are_looked_at_only_when_asked(void **state)
{
    (void)state;
    kit_offer_fresh(&kit);
    char *path = kit_repo_file(&kit.repo, "/usr/bin/noise");
    assert_true(kit_repo_sh(&kit.repo, TEST_FLIP " bundle/ostree_%s 100000 255", path));
    kit_offer_check(&kit, 0);
    kit_offer_nothing_bad(&kit);
    kit_offer_check(&kit, 1);
    kit_offer_finds(&kit, "graph", X8_FOUND_BAD, strstr(path, "objects/") + 8);
    free(path);
    kit_offer_close(&kit);
}

static void a_ref_is_found_below_others_or_missed(void **state)
{
    (void)state;
    kit_offer_fresh(&kit);
    assert_true(sh("cd bundle/ostree_repo/refs/heads && mkdir -p z/y && mv main z/y/x && ln -s "
                   "z/y/x a"));
    kit_offer_check(&kit, 0);
    assert_string_equal(kit.bundle.repo_ref, "z/y/x");
    assert_true(sh("rm bundle/ostree_repo/refs/heads/z/y/x"));
    kit_offer_check(&kit, 0);
    kit_offer_nothing_bad(&kit);
    assert_string_equal(kit.bundle.repo_ref, "");
    kit_offer_finds(&kit, "ref", X8_FOUND_WARN, "no ref names the commit");
    kit_offer_close(&kit);
}

static void metadata_behind_a_link_is_not_read(void **state)
{
    (void)state;
    kit_offer_fresh(&kit);
    assert_true(sh("mv bundle/tuf/targets.json t.json && ln -s $PWD/t.json "
                   "bundle/tuf/targets.json"));
    assert_int_equal(kit_offer_open(&kit, "bundle", NULL), -X8_E_BAD_IMAGE);
    contains(kit.err.msg, "tuf/targets.json");
    assert_true(sh("mv bundle/tuf in && ln -s $PWD/in bundle/tuf"));
    assert_int_equal(kit_offer_open(&kit, "bundle", NULL), -X8_E_BAD_IMAGE);
    kit_offer_close(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_folder_is_opened_where_it_lies),
        cmocka_unit_test(the_folder_above_will_do),
        cmocka_unit_test(what_is_no_bundle_is_told),
        cmocka_unit_test(an_image_to_flash_is_told_as_such),
        cmocka_unit_test(every_packing_is_unpacked_and_removed),
        cmocka_unit_test(a_damaged_archive_leaves_nothing),
        cmocka_unit_test(a_stop_while_unpacking_leaves_nothing),
        cmocka_unit_test(names_that_lead_out_are_refused),
        cmocka_unit_test(links_and_devices_are_refused),
        cmocka_unit_test(one_name_twice_is_refused),
        cmocka_unit_test(two_bundles_in_one_archive_are_refused),
        cmocka_unit_test(a_file_larger_than_the_disk_is_refused_before),
        cmocka_unit_test(folders_without_end_are_refused),
        cmocka_unit_test(what_a_killed_run_left_is_removed),
        cmocka_unit_test(what_another_run_uses_stays),
        cmocka_unit_test(the_highest_version_is_chosen_or_what_was_named),
        cmocka_unit_test(a_target_that_is_not_there_is_told_with_those_that_are),
        cmocka_unit_test(a_repository_of_another_kind_is_refused),
        cmocka_unit_test(a_bundle_without_its_repository_is_told),
        cmocka_unit_test(a_commit_that_is_not_in_the_bundle),
        cmocka_unit_test(contents_are_looked_at_only_when_asked),
        cmocka_unit_test(a_ref_is_found_below_others_or_missed),
        cmocka_unit_test(metadata_behind_a_link_is_not_read),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
