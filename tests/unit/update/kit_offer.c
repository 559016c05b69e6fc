/*
 * Bundles made and opened.
 */
#include "kit_offer.h"

#include "util/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char apps[] =
    "n() { printf %064d 0 | tr 0 $1; } &&"
    "app() { d=bundle/apps/apps/$1/$(n $2) && mkdir -p $d && "
    "printf 'hub.foundries.io/arduino/%s@sha256:%s' $1 $(n $2) >$d/uri && "
    "echo services: >$d/docker-compose.yml && echo $1 >$d/manifest.json; } &&"
    "app web 1 && app db 2 && mkdir -p bundle/apps/blobs/sha256 &&"
    "for i in 1 2 3; do echo blob $i >b && mv b bundle/apps/blobs/sha256/$(sha256sum <b | cut -c "
    "1-64); done";

static void hear(void *ctx, const struct x8_event *event)
{
    struct kit_offer *k = ctx;
    if (event->kind == X8_EV_PROGRESS)
        assert_true(event->done <= event->total);
    if (event->kind == X8_EV_PROGRESS && k->stop_at_progress)
        x8_cancel_raise(&k->cancel, X8_CANCEL_SOFT, X8_E_STOPPED);
}

static void write_file(const struct kit_offer *k, const char *name, const char *text)
{
    char path[64];
    snprintf(path, sizeof path, "bundle/tuf/%s", name);
    free(test_file(k->repo.dir, path, text, strlen(text)));
}

void kit_offer_target(struct x8_buf *out, const struct kit_offer *k, const char *name,
                      const char *version, const char *commit, const char *members)
{
    assert_int_equal(
        x8_buf_addf(out,
                    "%s\"%s\":{\"custom\":{\"docker_compose_apps\":{%s},\"hardwareIds\":["
                    "\"portenta-x8\"],\"tags\":[\"main\"],\"targetFormat\":\"OSTREE\","
                    "\"version\":\"%s\"},\"hashes\":{\"sha256\":\"%s\"},\"length\":0}",
                    out->len ? "," : "", name, members, version, commit ? commit : k->repo.commit),
        0);
}

void kit_offer_meta(struct kit_offer *k, const char *targets, const char *names)
{
    char about[400];
    struct kit_change change = {.targets = targets, .about = about};
    snprintf(about, sizeof about, "{\"tag\":\"main\",\"targets\":%s,\"type\":\"ci\"}", names);
    kit_bundle_make(&k->meta, &change);
    write_file(k, "1.root.json", k->meta.roots[1]);
    write_file(k, "2.root.json", k->meta.roots[2]);
    write_file(k, "3.root.json", k->meta.roots[3]);
    write_file(k, "timestamp.json", k->meta.timestamp);
    write_file(k, "snapshot.json", k->meta.snapshot);
    write_file(k, "targets.json", k->meta.targets);
    write_file(k, "bundle-targets.json", k->meta.bundle);
}

void kit_offer_usual(struct kit_offer *k, const char *members)
{
    X8_AUTO_BUF one = {0};
    X8_AUTO_BUF all = {0};
    kit_offer_target(&one, k, "portenta-x8-lmp-934", "934", NULL, members);
    assert_int_equal(x8_buf_addf(&all, "{%s}", x8_buf_text(&one)), 0);
    kit_offer_meta(k, x8_buf_text(&all), "[\"portenta-x8-lmp-934\"]");
}

void kit_offer_new(struct kit_offer *k)
{
    memset(k, 0, sizeof *k);
    kit_repo_new(&k->repo);
    kit_bundle_new(&k->meta);
    if (!k->repo.commit[0])
        return;
    assert_true(kit_repo_sh(&k->repo, "mkdir -p bundle/tuf && cp -a repo bundle/ostree_repo"));
    assert_true(kit_repo_sh(&k->repo, "%s", apps));
    kit_offer_usual(k, "\"db\":{\"uri\":\"" KIT_DB "\"},\"web\":{\"uri\":\"" KIT_WEB "\"}");
    assert_true(kit_repo_sh(&k->repo, "cp -a bundle pristine"));
}

void kit_offer_done(struct kit_offer *k)
{
    kit_bundle_done(&k->meta);
    kit_repo_done(&k->repo);
}

void kit_offer_fresh(struct kit_offer *k)
{
    if (!k->repo.commit[0])
        skip();
    assert_true(kit_repo_sh(&k->repo, "rm -rf bundle work in && cp -a pristine bundle"));
    x8_cancel_init(&k->cancel);
    k->stop_at_progress = 0;
    k->op = (struct x8_op){
        .deadline = X8_NO_DEADLINE, .cancel = &k->cancel, .emit = hear, .emit_ctx = k};
}

void kit_offer_close(struct kit_offer *k)
{
    x8_bundle_done(&k->bundle);
    x8_findings_done(&k->found);
    x8_cancel_done(&k->cancel);
}

int kit_offer_open(struct kit_offer *k, const char *path, const char *target)
{
    char *full = test_path(k->repo.dir, path), *work = test_path(k->repo.dir, "work/new/x");
    struct x8_bundle_open how = {.path = full,
                                 .work = work,
                                 .target = target,
                                 .trusted = k->meta.files.trusted,
                                 .trusted_from = "the test's root"};
    x8_bundle_done(&k->bundle);
    x8_findings_done(&k->found);
    memset(&k->err, 0, sizeof k->err);
    int rc = x8_bundle_open(&k->op, &how, &k->bundle, &k->found, &k->err);
    if (rc < 0) {
        assert_int_equal(k->err.code, -rc);
        assert_true(k->err.msg[0] != '\0');
        assert_null(k->bundle.dir);
    }
    free(full);
    free(work);
    return rc;
}

void kit_offer_check(struct kit_offer *k, int deep)
{
    if (kit_offer_open(k, "bundle", NULL) != 0 ||
        x8_bundle_check(&k->op, &k->bundle, deep, &k->found, &k->err) != 0)
        fail_msg("%s: %s", k->err.msg, k->err.why);
}

const struct x8_finding *kit_offer_finds(const struct kit_offer *k, const char *id,
                                         enum x8_finding_kind kind, const char *words)
{
    for (size_t i = 0; i < k->found.count; i++) {
        const struct x8_finding *f = &k->found.items[i];
        if (strcmp(f->id, id) == 0 && f->kind == kind && strstr(f->text, words))
            return f;
    }
    for (size_t i = 0; i < k->found.count; i++)
        print_message("%s %s: %s\n", x8_finding_name(k->found.items[i].kind), k->found.items[i].id,
                      k->found.items[i].text);
    fail_msg("no finding '%s' with '%s'", id, words);
    return NULL;
}

void kit_offer_nothing_bad(const struct kit_offer *k)
{
    const struct x8_finding *bad = x8_findings_bad(&k->found);
    if (bad)
        fail_msg("%s: %s", bad->id, bad->text);
}
