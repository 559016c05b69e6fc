/*
 * A bundle and a board for the tests of sending.
 */
#include "kit_send.h"

#include "update/bundle_parts.h"
#include "util/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char *template;

/* 120 files, some of them large; version 2 changes a tenth; a link, and a name that is long. */
static const char make[] =
    "set -e; cd '%s'; mkdir -p src/usr/bin src/usr/lib home ostree\n"
    "for i in {1..120}; do d=src/usr/lib/d$((i %% 12)); mkdir -p $d; printf 'file %%s\\n' $i "
    ">$d/f$i; "
    "head -c $((i * 148)) /dev/urandom >>$d/f$i; done\n"
    "head -c 3000000 /dev/urandom >src/usr/bin/big; ln -s ../lib/d1/f1 src/usr/bin/link; "
    ": >src/usr/empty\n"
    "c() { ostree --repo=$1 commit -b lmp -s $2 --owner-uid=0 --owner-gid=0 "
    "--canonical-permissions "
    "--tree=dir=src >/dev/null; }\n"
    "ostree --repo=all init --mode=archive; ostree --repo=ostree/repo init --mode=bare-user-only\n"
    "c all v1; ostree --repo=ostree/repo pull-local all lmp >/dev/null\n"
    "b() { mkdir -p $1/tuf $1/apps/blobs/sha256; ostree --repo=$1/ostree_repo init --mode=archive; "
    "ostree --repo=$1/ostree_repo pull-local all lmp >/dev/null\n"
    "for f in timestamp snapshot targets bundle-targets 1.root 2.root; do echo \"$1 $f\" "
    ">$1/tuf/$f.json; done\n"
    "for i in 1 2 3; do head -c $((i * 50000)) /dev/urandom >blob; mv blob "
    "$1/apps/blobs/sha256/$(sha256sum <blob | cut -c -64); done\n"
    "a=$1/apps/apps/$2/$(printf '%%064d' 7); mkdir -p $a/images/hub.example.io/factory/$2/$(printf "
    "'%%064d' 9); echo uri >$a/uri; echo '{}' >$a/manifest.json\n"
    "echo index >$a/images/hub.example.io/factory/$2/$(printf '%%064d' 9)/index.json; }\n"
    "for i in {1..24}; do echo two >>src/usr/lib/d$((i %% 12))/f$i; done; head -c 900000 "
    "/dev/urandom "
    ">src/usr/bin/new\n"
    "c all v2; b bundle shell\n"
    "for i in {25..60}; do echo three >>src/usr/lib/d$((i %% 12))/f$i; done\n"
    "c all v3; b other web; rm -rf src all\n";

int kit_send_group(void **state)
{
    (void)state;
    if (kit_host("command -v ostree >/dev/null") != 0)
        return 0;
    template = test_dir_new();
    if (kit_host(make, template) != 0)
        abort();
    return 0;
}

int kit_send_group_end(void **state)
{
    (void)state;
    if (template)
        test_dir_free(template);
    template = NULL;
    return 0;
}

static void listen(void *ctx, const struct x8_event *event)
{
    struct kit_send *k = ctx;
    size_t len = strlen(k->stages);
    if (event->kind == X8_EV_WARN)
        snprintf(k->warning, sizeof(k->warning), "%s", event->text);
    if (event->kind == X8_EV_STAGE)
        snprintf(k->stages + len, sizeof(k->stages) - len, "%s ", event->stage);
    if (event->kind == X8_EV_PROGRESS)
        assert_true(event->done <= event->total);
}

static int setup(void **state, int with_busybox)
{
    struct kit_send *k = calloc(1, sizeof(*k));
    *state = k;
    if (!template)
        return 0;
    k->dir = test_dir_new();
    if (kit_host("cp -a '%s'/. '%s'", template, k->dir) != 0)
        abort();
    k->home = test_path(k->dir, "home");
    k->repo = test_path(k->dir, "ostree/repo");
    k->stage = test_path(k->dir, "home/" X8_STAGE_FOLDER);
    kit_shell_init(&k->shell, k->home);
    if (with_busybox)
        kit_shell_busybox(&k->shell);
    x8_cancel_init(&k->cancel);
    k->op = kit_shell_op();
    k->op.cancel = &k->cancel;
    k->op.emit = listen;
    k->op.emit_ctx = k;
    k->root.way = X8_ROOT_IS_ROOT;
    k->job.bundle = &k->bundle;
    k->job.stage = k->stage;
    kit_send_open(k, "bundle");
    return 0;
}

int kit_send_setup(void **state)
{
    return setup(state, 0);
}

int kit_send_setup_busybox(void **state)
{
    return setup(state, 1);
}

static void close_bundle(struct kit_send *k)
{
    x8_graph_done(&k->bundle.graph);
    free(k->bundle.dir);
    free(k->bundle.apps);
    memset(&k->bundle, 0, sizeof(k->bundle));
}

int kit_send_teardown(void **state)
{
    struct kit_send *k = *state;
    if (template) {
        close_bundle(k);
        kit_shell_done(&k->shell);
        x8_cancel_done(&k->cancel);
        kit_host("chmod -R u+rwx '%s'", k->dir);
        test_dir_free(k->dir);
        free(k->home);
        free(k->repo);
        free(k->stage);
    }
    free(k);
    return 0;
}

void kit_send_open(struct kit_send *k, const char *name)
{
    struct x8_findings findings = {0};
    struct x8_op op = kit_shell_op();
    close_bundle(k);
    k->bundle.dir = test_path(k->dir, name);
    char *ref = test_path(k->bundle.dir, "ostree_repo/refs/heads/lmp");
    char *repo = test_path(k->bundle.dir, "ostree_repo");
    char *commit = test_read(ref, NULL);
    commit[64] = '\0';
    assert_int_equal(x8_graph_walk(&op, repo, commit, 0, &k->bundle.graph, &findings, &k->err), 0);
    assert_null(x8_findings_bad(&findings));
    X8_AUTO_FD fd = bundle_open_root(k->bundle.dir, &k->err);
    assert_int_equal(bundle_list_apps(fd, &k->bundle, &k->err), 0);
    assert_int_equal(k->bundle.blob_bytes, 300000);
    k->bundle.apps[0].is_of_target = 1;
    x8_findings_done(&findings);
    free(commit);
    free(repo);
    free(ref);
}

int kit_send_go(struct kit_send *k)
{
    memset(&k->err, 0, sizeof(k->err));
    k->stages[0] = k->warning[0] = '\0';
    return send_from(&k->shell.base, &k->op, &k->job, k->repo, &k->out, &k->err);
}

void kit_send_mend(struct kit_send *k)
{
    k->shell.is_gone = 0;
    k->shell.cut_after = -1;
}

int kit_send_sh(struct kit_send *k, const char *fmt, ...)
{
    char command[6000];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(command, sizeof(command), fmt, ap);
    va_end(ap);
    return kit_host("cd '%s' && { %s\n}", k->dir, command);
}

struct kit_send *kit_send_of(void **state)
{
    struct kit_send *k = *state;
    if (!k->dir)
        skip();
    return k;
}

/* Every file of the bundle is on the board, and nothing else; with a delta only those that the
 * board's repository lacks. */
void kit_send_whole(struct kit_send *k, const char *bundle, int full)
{
    int rc = kit_send_sh(
        k,
        "b=%s s=home/" X8_STAGE_FOLDER " full=%d\n"
        "list() { (cd $1 && find tuf ostree_repo/config ostree_repo/refs "
        "ostree_repo/objects apps -type f | sort); }\n"
        "for f in $(list $b); do o=${f#ostree_repo/}; o=ostree/repo/${o%%z}\n"
        "case $f in *.filez) [ $full = 0 ] && { [ -e $o ] || [ -L $o ]; } && continue;; esac\n"
        "echo $f; done >want; list $s >have; diff want have || exit 1\n"
        "while read -r f; do cmp $b/$f $s/$f || exit 1; done <have\n"
        "[ $(stat -c %%a $s) = 700 ] && [ -z \"$(find home -name '.x8ctl-*')\" ]",
        bundle, full);
    assert_int_equal(rc, 0);
}

/* What is in place after a cut is right, and does not look like a bundle. */
void kit_send_half(struct kit_send *k)
{
    assert_int_equal(sh(k,
                        "s=home/" X8_STAGE_FOLDER "; [ ! -e $s/tuf ] || exit 1\n"
                        "[ -d $s ] || exit 0; cd $s; for d in ostree_repo apps; do [ ! -d $d ] || "
                        "find $d -type f; done | while read -r f; do cmp \"$f\" "
                        "\"../../bundle/$f\" || exit 1; done"),
                     0);
}
