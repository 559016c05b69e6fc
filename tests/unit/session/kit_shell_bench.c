/*
 * A job's surroundings, made and removed.
 */
#include "kit_shell_bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static void listen(void *ctx, const struct x8_event *event)
{
    struct bench *b = ctx;
    if (event->kind == X8_EV_WARN)
        snprintf(b->warning, sizeof(b->warning), "%s", event->text);
}

static int make(void **state, int with_busybox)
{
    struct bench *b = calloc(1, sizeof(*b));
    b->dir = test_dir_new();
    b->home = test_path(b->dir, "home");
    b->host = test_path(b->dir, "host");
    mkdir(b->home, 0755);
    mkdir(b->host, 0755);
    kit_shell_init(&b->shell, b->home);
    if (with_busybox)
        kit_shell_busybox(&b->shell);
    b->op = kit_shell_op();
    b->op.emit = listen;
    b->op.emit_ctx = b;
    b->job.sources = b->sources;
    b->job.source_count = 1;
    *state = b;
    return 0;
}

int kit_bench_teardown(void **state)
{
    struct bench *b = *state;
    kit_shell_done(&b->shell);
    kit_host("chmod -R u+rwx '%s'", b->dir);
    test_dir_free(b->dir);
    free(b->home);
    free(b->host);
    free(b);
    return 0;
}

int kit_bench_setup(void **state)
{
    return make(state, 0);
}

int kit_bench_setup_busybox(void **state)
{
    return make(state, 1);
}

int kit_bench_sh(struct bench *b, const char *command)
{
    return kit_host("cd '%s' && %s", b->dir, command);
}

void kit_bench_no_trace(struct bench *b)
{
    assert_int_equal(kit_bench_sh(b, "[ -z \"$(find home host -name '.x8ctl-*')\" ]"), 0);
}
