/*
 * A bundle's metadata: what is accepted, and every reason to refuse it.
 */
#include "kit_tuf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOW 1795219200 /* 2026-11-21T00:00:00Z */

struct result {
    struct kit_bundle b;
    struct x8_tuf tuf;
    struct x8_findings found;
    struct x8_error err;
};

static void begin(struct result *r, const struct kit_change *change)
{
    memset(r, 0, sizeof *r);
    kit_bundle_new(&r->b);
    kit_bundle_make(&r->b, change);
}

/* Read what is in r->b.files now. */
static int again(struct result *r)
{
    x8_tuf_done(&r->tuf);
    x8_findings_done(&r->found);
    return x8_tuf_read(&r->b.files, &r->tuf, &r->found, &r->err);
}

static void end(struct result *r)
{
    x8_tuf_done(&r->tuf);
    x8_findings_done(&r->found);
    kit_bundle_done(&r->b);
}

static const struct x8_finding *find(const struct result *r, const char *id,
                                     enum x8_finding_kind kind)
{
    for (size_t i = 0; i < r->found.count; i++)
        if (strcmp(r->found.items[i].id, id) == 0 && r->found.items[i].kind == kind)
            return &r->found.items[i];
    return NULL;
}

/* fail_msg leaves by a jump that the compiler does not know. */
static const struct x8_finding *there(const struct x8_finding *finding)
{
    if (!finding) {
        fail_msg("there is no such finding");
        abort();
    }
    return finding;
}

static void contains(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("'%s' is not in: %s", part, text);
}

static void nothing_bad(const struct result *r)
{
    const struct x8_finding *bad = x8_findings_bad(&r->found);

    if (bad)
        fail_msg("%s: %s", bad->id, bad->text);
}

/* The first bad finding has this id and words, a code, and says what to do. */
static void refused(struct result *r, const char *id, enum x8_code code, const char *words)
{
    const struct x8_finding *bad;

    assert_int_equal(again(r), 0);
    bad = x8_findings_bad(&r->found);
    if (!bad) {
        fail_msg("nothing is bad, but '%s' was expected", words);
        abort();
    }
    test_same_text(bad->id, id);
    contains(bad->text, words);
    assert_int_equal(bad->code, code);
    assert_true(bad->next[0] != '\0');
}

static void refused_with(const struct kit_change *change, const char *id, enum x8_code code,
                         const char *words)
{
    struct result r;

    begin(&r, change);
    refused(&r, id, code, words);
    end(&r);
}

static void a_good_bundle_is_read_whole(void **state)
{
    struct result r;

    (void)state;
    begin(&r, NULL);
    assert_int_equal(again(&r), 0);
    nothing_bad(&r);
    assert_true(r.tuf.is_anchored);
    assert_int_equal(r.tuf.root_first, 1);
    assert_int_equal(r.tuf.root_last, 3);
    assert_memory_equal(r.tuf.root_keys, r.b.fresh.id, 12);
    assert_string_equal(r.tuf.type, "ci");
    assert_string_equal(r.tuf.tag, "main");
    assert_int_equal(r.tuf.count, 1);
    assert_string_equal(r.tuf.targets[0].name, "portenta-x8-lmp-934");
    assert_string_equal(r.tuf.targets[0].commit, KIT_COMMIT);
    assert_string_equal(r.tuf.targets[0].version, "934");
    assert_string_equal(r.tuf.targets[0].hardware, "portenta-x8");
    assert_string_equal(r.tuf.targets[0].tags, "main");
    assert_string_equal(r.tuf.expires_role, "timestamp");
    assert_int_equal(r.tuf.expires_s, x8_tuf_time("2026-12-20T00:00:00Z"));
    assert_int_equal(r.tuf.roles[X8_TUF_TARGETS].version, 934);
    assert_int_equal(r.tuf.roles[X8_TUF_TARGETS].good, 1);
    assert_int_equal(r.tuf.roles[X8_TUF_TARGETS].threshold, 1);
    assert_int_equal(r.tuf.roles[X8_TUF_ROOT].version, 3);
    contains(there(find(&r, "roots", X8_FOUND_OK))->text, "the board's root (version 1)");
    assert_non_null(find(&r, "signatures", X8_FOUND_OK));
    assert_non_null(find(&r, "hashes", X8_FOUND_OK));
    end(&r);
}

static void without_a_trusted_root_the_chain_only_fits_itself(void **state)
{
    struct result r;
    const struct x8_finding *warn;

    (void)state;
    begin(&r, NULL);
    r.b.files.trusted = (struct x8_span){0};
    assert_int_equal(again(&r), 0);
    nothing_bad(&r);
    assert_false(r.tuf.is_anchored);
    warn = find(&r, "roots", X8_FOUND_WARN);
    assert_non_null(warn);
    contains(warn->text, r.tuf.root_keys);
    contains(warn->next, "--trust-root");
    end(&r);
}

static void without_any_root_nobody_is_believed(void **state)
{
    struct result r;

    (void)state;
    begin(&r, NULL);
    r.b.files.trusted = (struct x8_span){0};
    r.b.files.root_count = 0;
    assert_int_equal(again(&r), 0);
    contains(there(find(&r, "roots", X8_FOUND_WARN))->text, "cannot be verified");
    assert_null(find(&r, "signatures", X8_FOUND_OK));
    assert_int_equal(r.tuf.root_last, 0);
    end(&r);
}

static void a_trusted_root_inside_the_chain_is_its_beginning(void **state)
{
    struct result r;

    (void)state;
    begin(&r, NULL);
    kit_span(&r.b.files.trusted, r.b.roots[2]);
    assert_int_equal(again(&r), 0);
    nothing_bad(&r);
    assert_int_equal(r.tuf.root_first, 2);
    assert_int_equal(r.tuf.root_last, 3);
    end(&r);
}

static void a_trusted_root_newer_than_the_bundle_is_used_itself(void **state)
{
    struct result r;

    (void)state;
    begin(&r, NULL);
    kit_span(&r.b.files.trusted, r.b.roots[3]);
    r.b.files.root_count = 2;
    assert_int_equal(again(&r), 0);
    nothing_bad(&r);
    assert_int_equal(r.tuf.root_first, 3);
    contains(there(find(&r, "roots", X8_FOUND_OK))->text, "newer than those of the bundle");
    end(&r);
}

static void a_trusted_root_newer_than_the_bundle_overrules_its_keys(void **state)
{
    struct result r;
    char *root4;

    (void)state;
    begin(&r, NULL);
    root4 = kit_root_text(&(struct kit_root){.version = 4,
                                             .root = KIT_KEYS(&r.b.fresh),
                                             .targets = KIT_KEYS(&r.b.stranger),
                                             .online = &r.b.online,
                                             .signers = KIT_KEYS(&r.b.fresh)});
    kit_span(&r.b.files.trusted, root4);
    refused(&r, "signatures", X8_E_BAD_DIGEST, "the targets metadata is signed by 0 of 1");
    free(root4);
    end(&r);
}

static void a_bundle_that_begins_behind_the_trusted_root_names_the_gap(void **state)
{
    struct result r;

    (void)state;
    begin(&r, NULL);
    r.b.files.roots[0] = r.b.files.roots[2];
    r.b.files.root_count = 1;
    refused(&r, "roots", X8_E_BAD_DIGEST, "tuf/2.root.json is missing");
    contains(there(x8_findings_bad(&r.found))->next, "--trust-root");
    end(&r);
}

static void a_root_missing_in_the_middle_ends_the_chain(void **state)
{
    struct result r;

    (void)state;
    begin(&r, NULL);
    r.b.files.trusted = (struct x8_span){0};
    r.b.files.roots[1] = r.b.files.roots[2];
    r.b.files.root_count = 2;
    refused(&r, "roots", X8_E_BAD_DIGEST, "tuf/2.root.json is missing");
    assert_int_equal(r.tuf.root_last, 1);
    end(&r);
}

static void the_trusted_root_of_another_factory_does_not_open_the_chain(void **state)
{
    struct result r, other;

    (void)state;
    begin(&r, NULL);
    begin(&other, NULL);
    kit_span(&r.b.files.trusted, other.b.roots[1]);
    refused(&r, "roots", X8_E_BAD_DIGEST, "is another one than the board's root");
    r.b.files.roots[0] = r.b.files.roots[1];
    r.b.files.roots[1] = r.b.files.roots[2];
    r.b.files.root_count = 2;
    refused(&r, "roots", X8_E_BAD_DIGEST,
            "tuf/2.root.json is signed by 0 of the 1 keys that the keys of the root before");
    end(&r);
    end(&other);
}

/* Root 3 with these signers. */
static void root3_signed_by(const struct kit_key *const *signers, struct result *r)
{
    free(r->b.roots[3]);
    r->b.roots[3] = kit_root_text(&(struct kit_root){.version = 3,
                                                     .root = KIT_KEYS(&r->b.fresh),
                                                     .targets = KIT_KEYS(&r->b.first),
                                                     .online = &r->b.online,
                                                     .signers = signers});
    kit_span(&r->b.files.roots[2].text, r->b.roots[3]);
}

static void a_root_signed_only_by_its_new_keys_is_refused(void **state)
{
    struct result r;

    (void)state;
    begin(&r, NULL);
    root3_signed_by(KIT_KEYS(&r.b.fresh), &r);
    refused(&r, "roots", X8_E_BAD_DIGEST, "0 of the 1 keys that the keys of the root before");
    assert_int_equal(r.tuf.root_last, 2);
    end(&r);
}

static void a_root_signed_only_by_the_old_keys_is_refused(void **state)
{
    struct result r;

    (void)state;
    begin(&r, NULL);
    root3_signed_by(KIT_KEYS(&r.b.old), &r);
    refused(&r, "roots", X8_E_BAD_DIGEST, "0 of the 1 keys that its own keys");
    end(&r);
}

static void an_old_root_under_a_new_number_is_refused(void **state)
{
    struct result r;

    (void)state;
    begin(&r, NULL);
    kit_span(&r.b.files.roots[2].text, r.b.roots[2]);
    refused(&r, "roots", X8_E_BAD_DIGEST, "tuf/3.root.json calls itself version 2");
    end(&r);
}

static void a_stranger_signs_nothing(void **state)
{
    struct result r;

    (void)state;
    begin(&r, NULL);
    kit_bundle_make(&r.b, &(struct kit_change){.target_signers = KIT_KEYS(&r.b.stranger)});
    refused(&r, "signatures", X8_E_BAD_DIGEST, "the targets metadata is signed by 0 of 1 needed");
    kit_bundle_make(&r.b, &(struct kit_change){.online_signers = KIT_KEYS(&r.b.first)});
    refused(&r, "signatures", X8_E_BAD_DIGEST, "the timestamp metadata is signed by 0 of 1 needed");
    kit_bundle_make(&r.b, &(struct kit_change){.bundle_signers = KIT_KEYS(&r.b.online)});
    refused(&r, "signatures", X8_E_BAD_DIGEST, "the bundle-targets metadata is signed by 0 of 1");
    contains(there(x8_findings_bad(&r.found))->next, "offline-update sign");
    end(&r);
}

static void a_key_under_its_own_id_but_of_other_bytes_is_wrong(void **state)
{
    struct result r;
    struct kit_key liar;

    (void)state;
    begin(&r, NULL);
    liar = r.b.stranger;
    memcpy(liar.id, r.b.first.id, sizeof liar.id);
    kit_bundle_make(&r.b, &(struct kit_change){.target_signers = KIT_KEYS(&liar)});
    refused(&r, "signatures", X8_E_BAD_DIGEST, "what was signed is not what is there");
    assert_int_equal(r.tuf.roles[X8_TUF_TARGETS].bad, 1);
    end(&r);
}

static void a_threshold_of_two_wants_two_keys(void **state)
{
    struct result r;
    struct kit_change change = {.targets_threshold = 2};

    (void)state;
    begin(&r, NULL);
    kit_bundle_make(&r.b, &change);
    refused(&r, "signatures", X8_E_BAD_DIGEST, "signed by 1 of 2 needed");
    change.target_signers = change.bundle_signers = KIT_KEYS(&r.b.first, &r.b.second);
    kit_bundle_make(&r.b, &change);
    assert_int_equal(again(&r), 0);
    nothing_bad(&r);
    assert_int_equal(r.tuf.roles[X8_TUF_TARGETS].good, 2);
    end(&r);
}

static void what_boards_give_up_on_is_refused(void **state)
{
    struct result r;
    struct kit_key odd;

    (void)state;
    begin(&r, NULL);
    kit_bundle_make(&r.b, &(struct kit_change){.target_signers = KIT_KEYS(&r.b.first, &r.b.first)});
    refused(&r, "layout", X8_E_BAD_IMAGE, "tuf/targets.json is no signed metadata: it has two");
    assert_int_equal(r.tuf.count, 0);
    odd = r.b.stranger;
    odd.method = "ecdsa";
    kit_bundle_make(&r.b, &(struct kit_change){.bundle_signers = KIT_KEYS(&r.b.first, &odd)});
    refused(&r, "layout", X8_E_BAD_IMAGE, "of a kind that no board knows");
    assert_int_equal(r.tuf.count, 0); /* and not all targets instead of those that it lists */
    end(&r);
}

static void one_key_under_two_ids_is_one_key(void **state)
{
    struct result r;
    struct kit_key twin;

    (void)state;
    begin(&r, NULL);
    twin = r.b.first;
    memset(twin.id, 'e', 64);
    for (char *c = twin.public; *c; c++) /* hexadecimal in the other case is the same key */
        *c = *c >= 'a' && *c <= 'f' ? (char)(*c - 32) : *c;
    memcpy(twin.escaped, twin.public, sizeof twin.public);
    kit_bundle_make(&r.b, &(struct kit_change){.target_signers = KIT_KEYS(&r.b.first, &twin)});
    free(r.b.roots[3]);
    r.b.roots[3] = kit_root_text(&(struct kit_root){.version = 3,
                                                    .root = KIT_KEYS(&r.b.fresh),
                                                    .targets = KIT_KEYS(&r.b.first, &twin),
                                                    .targets_threshold = 2,
                                                    .online = &r.b.online,
                                                    .signers = KIT_KEYS(&r.b.old, &r.b.fresh)});
    kit_span(&r.b.files.roots[2].text, r.b.roots[3]);
    refused(&r, "signatures", X8_E_BAD_DIGEST, "the targets metadata is signed by 1 of 2");
    end(&r);
}

static void a_strange_signature_beside_good_ones(void **state)
{
    struct result r;

    (void)state;
    begin(&r, NULL);
    kit_bundle_make(&r.b,
                    &(struct kit_change){.target_signers = KIT_KEYS(&r.b.first, &r.b.stranger)});
    assert_int_equal(again(&r), 0);
    nothing_bad(&r);
    contains(there(find(&r, "signatures", X8_FOUND_WARN))->text, "1 signature of no use");
    /* boards want every signature of the bundle's list to be good */
    kit_bundle_make(&r.b,
                    &(struct kit_change){.bundle_signers = KIT_KEYS(&r.b.first, &r.b.stranger)});
    refused(&r, "signatures", X8_E_BAD_DIGEST, "that no board accepts");
    end(&r);
}

static void rsa_keys_sign_either_form_of_a_line_end(void **state)
{
    struct kit_key rsa;
    struct result r;

    (void)state;
    kit_key_new(&rsa, 2048);
    begin(&r, NULL);
    for (int escaped = 0; escaped < 2; escaped++) {
        struct kit_root root = {.version = 1,
                                .root = KIT_KEYS(&rsa),
                                .targets = KIT_KEYS(&r.b.first),
                                .online = &r.b.online,
                                .signers = KIT_KEYS(&rsa),
                                .escaped = escaped};
        char *text = kit_root_text(&root);

        r.b.files.trusted = (struct x8_span){0};
        kit_span(&r.b.files.roots[0].text, text);
        r.b.files.root_count = 1;
        assert_int_equal(again(&r), 0);
        nothing_bad(&r);
        assert_int_equal(r.tuf.roles[X8_TUF_ROOT].good, 1);
        free(text);
    }
    kit_key_done(&rsa);
    end(&r);
}

static void files_of_different_bundles_do_not_belong_together(void **state)
{
    (void)state;
    refused_with(&(struct kit_change){.named_version = 6}, "hashes", X8_E_BAD_DIGEST,
                 "snapshot.json is version 7, the timestamp metadata names version 6");
    refused_with(&(struct kit_change){.named_length = 1}, "hashes", X8_E_BAD_DIGEST,
                 "targets.json has another length than the snapshot metadata names");
    refused_with(&(struct kit_change){.named_sum = KIT_COMMIT}, "hashes", X8_E_BAD_DIGEST,
                 "targets.json has another SHA-256");
    refused_with(&(struct kit_change){.named_sum = "12"}, "hashes", X8_E_BAD_IMAGE,
                 "the snapshot metadata says nothing usable about targets.json");
}

static void a_file_that_was_indented_is_still_itself(void **state)
{
    struct result r;
    char text[8192];

    (void)state;
    begin(&r, NULL);
    snprintf(text, sizeof text, "\n {  %s\n", r.b.targets + 1);
    kit_span(&r.b.files.targets, text);
    assert_int_equal(again(&r), 0);
    nothing_bad(&r);
    end(&r);
}

static void a_changed_target_is_found_by_signature_and_hash(void **state)
{
    struct result r;

    (void)state;
    begin(&r, NULL);
    memcpy(strstr(r.b.targets, KIT_COMMIT), "bb", 2);
    refused(&r, "signatures", X8_E_BAD_DIGEST, "targets");
    assert_non_null(find(&r, "hashes", X8_FOUND_BAD));
    assert_int_equal(x8_findings_judge(&r.found, "the bundle cannot be used", &r.err),
                     -X8_E_BAD_DIGEST);
    contains(r.err.why, "1 more fault");
    end(&r);
}

static void missing_and_broken_files_are_named(void **state)
{
    struct result r;

    (void)state;
    begin(&r, NULL);
    r.b.files.snapshot = (struct x8_span){0};
    refused(&r, "layout", X8_E_BAD_IMAGE, "tuf/snapshot.json is missing");
    kit_span(&r.b.files.snapshot, "{\"signatures\":[],\"signed\":{\"version\":1.5}}");
    refused(&r, "layout", X8_E_BAD_IMAGE, "a number that is not whole");
    kit_span(&r.b.files.snapshot, "{\"signed\":{\"_type\":\"Snapshot\",\"version\":1}}");
    refused(&r, "layout", X8_E_BAD_IMAGE, "no list of signatures");
    kit_span(&r.b.files.snapshot, r.b.targets);
    refused(&r, "layout", X8_E_BAD_IMAGE, "tuf/snapshot.json is no signed metadata: it is of an");
    kit_span(&r.b.files.snapshot, "{\"signatures\":[],\"signed\":{\"_type\":\"Snapshot\"}}");
    refused(&r, "layout", X8_E_BAD_IMAGE, "no version");
    end(&r);
}

static void what_has_no_metadata_at_all_is_no_bundle(void **state)
{
    struct result r;

    (void)state;
    begin(&r, NULL);
    memset(&r.b.files, 0, sizeof r.b.files);
    assert_int_equal(again(&r), -X8_E_BAD_IMAGE);
    contains(r.err.msg, "no bundle for offline updates");
    contains(r.err.why, "tuf/timestamp.json is missing");
    end(&r);
}

static void a_bundle_of_an_old_fioctl_has_no_list(void **state)
{
    struct result r;

    (void)state;
    begin(&r, NULL);
    r.b.files.bundle_targets = (struct x8_span){0};
    for (int i = 0; i < 2; i++) {
        assert_int_equal(again(&r), 0);
        nothing_bad(&r);
        assert_non_null(find(&r, "bundle-targets", X8_FOUND_WARN));
        assert_int_equal(r.tuf.count, 1);
        assert_true(r.tuf.targets[0].in_bundle);
        assert_string_equal(r.tuf.type, "");
        kit_span(&r.b.files.bundle_targets, "null\n");
    }
    end(&r);
}

static void the_bundles_own_list_must_be_usable(void **state)
{
    (void)state;
    refused_with(&(struct kit_change){.about = "{\"tag\":\"main\",\"targets\":[\"other\"],\"type\":"
                                               "\"ci\"}"},
                 "targets", X8_E_BAD_IMAGE, "has no target other");
    refused_with(&(struct kit_change){.about = "{\"tag\":\"main\",\"targets\":[],\"type\":\"ci\"}"},
                 "bundle-targets", X8_E_BAD_IMAGE, "lists no target");
    refused_with(&(struct kit_change){.about = "{\"tag\":\"main\",\"targets\":[\"portenta-x8-lmp-"
                                               "934\"],\"type\":\"wave\"}"},
                 "bundle-targets", X8_E_BAD_IMAGE, "ci or prod");
    refused_with(&(struct kit_change){.about = "{\"targets\":[\"portenta-x8-lmp-934\"],\"type\":"
                                               "\"ci\"}"},
                 "bundle-targets", X8_E_BAD_IMAGE, "no usable tag");
}

#define TARGET(custom, hash)                                                                       \
    "{\"portenta-x8-lmp-934\":{\"custom\":" custom ",\"hashes\":{\"sha256\":\"" hash               \
    "\"},\"length\":0}}"

static void a_listed_target_must_be_installable(void **state)
{
    (void)state;
    refused_with(&(struct kit_change){.targets = TARGET("{\"targetFormat\":\"BINARY\","
                                                        "\"version\":\"1\"}",
                                                        KIT_COMMIT)},
                 "targets", X8_E_MISFIT, "is no OSTREE target");
    refused_with(
        &(struct kit_change){.targets = TARGET("{\"targetFormat\":\"OSTREE\"}", KIT_COMMIT)},
        "targets", X8_E_MISFIT, "no usable version");
    refused_with(&(struct kit_change){.targets = TARGET("{\"targetFormat\":\"OSTREE\","
                                                        "\"version\":\"1\"}",
                                                        "zz")},
                 "targets", X8_E_MISFIT, "no SHA-256");
    refused_with(&(struct kit_change){.targets = TARGET("{\"docker_compose_apps\":{\"../x\":"
                                                        "{\"uri\":\"u\"}},\"targetFormat\":"
                                                        "\"OSTREE\",\"version\":\"1\"}",
                                                        KIT_COMMIT)},
                 "targets", X8_E_MISFIT, "app whose name cannot be used");
    refused_with(&(struct kit_change){.targets = "[]"}, "targets", X8_E_BAD_IMAGE, "has no target");
}

static void the_highest_number_is_first(void **state)
{
    static const char one[] = "%c\"%c\":{\"custom\":{\"hardwareIds\":[\"portenta-x8\",\"b\"],"
                              "\"targetFormat\":\"OSTREE\",\"version\":\"%s\"},\"hashes\":{"
                              "\"sha256\":\"" KIT_COMMIT "\"},\"length\":0}";
    char text[4096];
    static const char *const versions[] = {"99", "1000", "x", "0934"};
    struct result r;
    size_t len = 0;

    (void)state;
    for (size_t i = 0; i < 4; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, one, i ? ',' : '{', (int)('a' + i),
                                versions[i]);
    snprintf(text + len, sizeof text - len, "}");
    begin(&r, NULL);
    kit_bundle_make(&r.b, &(struct kit_change){.targets = text});
    r.b.files.bundle_targets = (struct x8_span){0};
    assert_int_equal(again(&r), 0);
    nothing_bad(&r);
    assert_int_equal(r.tuf.count, 4);
    assert_string_equal(r.tuf.targets[0].version, "1000");
    assert_string_equal(r.tuf.targets[1].version, "0934");
    assert_string_equal(r.tuf.targets[2].version, "99");
    assert_string_equal(r.tuf.targets[3].version, "x");
    assert_string_equal(r.tuf.targets[0].hardware, ""); /* two are as good as none */
    end(&r);
}

/* Which of the apps a, b and c are required with this custom.fetched-apps? */
static void check_fetched(const char *fetched, const char *want)
{
    char custom[1024], got[4] = "", *targets;
    struct result r;
    size_t n = 0;

    snprintf(
        custom, sizeof custom,
        "\"docker_compose_apps\":{\"a\":{\"uri\":\"r/f/a@sha256:1\"},\"b\":{\"uri\":\"r/f/b\"},"
        "\"c\":{\"uri\":\"r/f/c\"}},%s",
        fetched);
    targets = kit_target("portenta-x8-lmp-934", "934", custom);
    begin(&r, NULL);
    kit_bundle_make(&r.b, &(struct kit_change){.targets = targets});
    assert_int_equal(again(&r), 0);
    nothing_bad(&r);
    assert_int_equal(r.tuf.count, 1);
    assert_int_equal(r.tuf.targets[0].app_count, 3);
    assert_string_equal(r.tuf.targets[0].apps[0].uri, "r/f/a@sha256:1");
    assert_int_equal(r.tuf.targets[0].fetched_apps, strstr(fetched, "{") != NULL);
    for (size_t i = 0; i < 3; i++)
        if (r.tuf.targets[0].apps[i].is_required)
            got[n++] = r.tuf.targets[0].apps[i].name[0];
    test_same_text(got, want);
    free(targets);
    end(&r);
}

static void fetched_apps_say_what_the_bundle_must_hold(void **state)
{
    (void)state;
    check_fetched("", "abc");
    check_fetched("\"fetched-apps\":null,", "abc");
    check_fetched("\"fetched-apps\":{\"uri\":\"\"},", "");
    check_fetched("\"fetched-apps\":{\"uri\":null},", "");
    check_fetched("\"fetched-apps\":{\"uri\":\"https://x\"},", "abc");
    check_fetched("\"fetched-apps\":{\"shortlist\":null,\"uri\":\"https://x\"},", "abc");
    check_fetched("\"fetched-apps\":{\"shortlist\":\" \",\"uri\":\"https://x\"},", "abc");
    check_fetched("\"fetched-apps\":{\"shortlist\":\"a,c\",\"uri\":\"https://x\"},", "ac");
    check_fetched("\"fetched-apps\":{\"shortlist\":\"b, cc\",\"uri\":\"https://x\"},", "b");
}

static const struct x8_finding *judge(struct result *r, int64_t now)
{
    x8_findings_done(&r->found);
    x8_tuf_judge_expiry(&r->tuf, now, "the board", &r->found);
    assert_int_equal(r->found.count, 1);
    assert_string_equal(r->found.items[0].id, "expiry");
    return &r->found.items[0];
}

static void expiry_is_judged_by_somebodys_clock(void **state)
{
    struct result r;
    const struct x8_finding *f;
    int64_t at = x8_tuf_time("2026-12-20T00:00:00Z");

    (void)state;
    begin(&r, NULL);
    assert_int_equal(again(&r), 0);
    f = judge(&r, NOW);
    assert_int_equal(f->kind, X8_FOUND_OK);
    contains(f->text, "valid until 2026-12-20T00:00:00Z (timestamp), in 29 days");
    f = judge(&r, at - 2 * 86400);
    assert_int_equal(f->kind, X8_FOUND_OK);
    f = judge(&r, at - 2 * 86400 + 1);
    assert_int_equal(f->kind, X8_FOUND_WARN);
    contains(f->text, "in 47 hours by the clock of the board");
    f = judge(&r, at);
    assert_int_equal(f->kind, X8_FOUND_BAD);
    assert_int_equal(f->code, X8_E_BAD_DIGEST);
    f = judge(&r, at + 40 * 86400);
    contains(f->text, "the timestamp metadata expired 40 days ago");
    contains(f->text, "3 more roles have too"); /* snapshot, targets, bundle-targets */
    contains(f->next, "--tuf-only");
    contains(f->next, "x8ctl flash");
    end(&r);
}

static void a_date_that_cannot_be_read_leaves_nothing_certain(void **state)
{
    struct result r;

    (void)state;
    begin(&r, NULL);
    kit_bundle_make(&r.b, &(struct kit_change){.expires = "next year"});
    refused(&r, "layout", X8_E_BAD_IMAGE, "until when the timestamp metadata is valid");
    assert_int_equal(r.tuf.expires_s, 0);
    assert_string_equal(r.tuf.expires_role, "timestamp");
    end(&r);
}

static void times_are_read_strictly(void **state)
{
    static const char *const bad[] = {"",
                                      "2026-12-01",
                                      "2026-12-01T00:00:00",
                                      "2026-13-01T00:00:00Z",
                                      "2026-02-29T00:00:00Z",
                                      "2026-00-10T00:00:00Z",
                                      "2026-12-00T00:00:00Z",
                                      "2026-12-01T24:00:00Z",
                                      "2026-12-01T00:60:00Z",
                                      "2026-12-01T00:00:61Z",
                                      "1969-12-31T23:59:59Z",
                                      "2026-12-01 00:00:00Z",
                                      "2026-12-01T00:00:00Zx",
                                      "2026-12-01T00:00:00+1:00",
                                      "26-12-01T00:00:00Z"};

    (void)state;
    assert_int_equal(x8_tuf_time("2026-11-21T00:00:00Z"), NOW);
    assert_int_equal(x8_tuf_time("2000-02-29T12:34:56Z"), 951827696);
    assert_int_equal(x8_tuf_time("2000-03-01T00:00:00Z"), 951868800);
    assert_int_equal(x8_tuf_time("2026-11-21T00:00:00.123456Z"), NOW);
    assert_int_equal(x8_tuf_time("2026-11-21T01:30:00+01:30"), NOW);
    assert_int_equal(x8_tuf_time("2026-11-20T23:00:00-01:00"), NOW);
    assert_int_equal(x8_tuf_time("9999-12-31T23:59:59Z"), 253402300799);
    for (size_t i = 0; i < X8_COUNT(bad); i++)
        if (x8_tuf_time(bad[i]) != 0)
            fail_msg("%s was taken", bad[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_bundle_is_read_whole),
        cmocka_unit_test(without_a_trusted_root_the_chain_only_fits_itself),
        cmocka_unit_test(without_any_root_nobody_is_believed),
        cmocka_unit_test(a_trusted_root_inside_the_chain_is_its_beginning),
        cmocka_unit_test(a_trusted_root_newer_than_the_bundle_is_used_itself),
        cmocka_unit_test(a_trusted_root_newer_than_the_bundle_overrules_its_keys),
        cmocka_unit_test(a_bundle_that_begins_behind_the_trusted_root_names_the_gap),
        cmocka_unit_test(a_root_missing_in_the_middle_ends_the_chain),
        cmocka_unit_test(the_trusted_root_of_another_factory_does_not_open_the_chain),
        cmocka_unit_test(a_root_signed_only_by_its_new_keys_is_refused),
        cmocka_unit_test(a_root_signed_only_by_the_old_keys_is_refused),
        cmocka_unit_test(an_old_root_under_a_new_number_is_refused),
        cmocka_unit_test(a_stranger_signs_nothing),
        cmocka_unit_test(a_key_under_its_own_id_but_of_other_bytes_is_wrong),
        cmocka_unit_test(a_threshold_of_two_wants_two_keys),
        cmocka_unit_test(what_boards_give_up_on_is_refused),
        cmocka_unit_test(one_key_under_two_ids_is_one_key),
        cmocka_unit_test(a_strange_signature_beside_good_ones),
        cmocka_unit_test(rsa_keys_sign_either_form_of_a_line_end),
        cmocka_unit_test(files_of_different_bundles_do_not_belong_together),
        cmocka_unit_test(a_file_that_was_indented_is_still_itself),
        cmocka_unit_test(a_changed_target_is_found_by_signature_and_hash),
        cmocka_unit_test(missing_and_broken_files_are_named),
        cmocka_unit_test(what_has_no_metadata_at_all_is_no_bundle),
        cmocka_unit_test(a_bundle_of_an_old_fioctl_has_no_list),
        cmocka_unit_test(the_bundles_own_list_must_be_usable),
        cmocka_unit_test(a_listed_target_must_be_installable),
        cmocka_unit_test(the_highest_number_is_first),
        cmocka_unit_test(fetched_apps_say_what_the_bundle_must_hold),
        cmocka_unit_test(expiry_is_judged_by_somebodys_clock),
        cmocka_unit_test(a_date_that_cannot_be_read_leaves_nothing_certain),
        cmocka_unit_test(times_are_read_strictly),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
