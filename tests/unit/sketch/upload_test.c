/*
 * Uploads against the virtual board's Linux: its systemd units, its OpenOCD, its flash.
 */
#include "../session/kit_adb.h"

#include "sketch/upload.h"
#include "util/digest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct bench {
    struct kit_adb kit;
    struct x8_sketch sketch;
    struct x8_upload job;
    struct x8_uploaded out;
    struct x8_root root;
    struct x8_secret secret;
    unsigned asked; /* for root */
    char said[8192];
};

static void listen(void *ctx, const struct x8_event *event)
{
    struct bench *b = ctx;
    size_t len = strlen(b->said);

    if (event->kind != X8_EV_TRACE && event->text && event->text[0])
        snprintf(b->said + len, sizeof b->said - len, "%s\n", event->text);
}

static int get_root(void *user, const struct x8_root **out, struct x8_error *err)
{
    struct bench *b = user;
    int rc;

    b->asked++;
    rc = x8_root_probe(b->kit.session, &b->kit.op, &b->secret, &b->root, err);
    if (rc == 0)
        *out = &b->root;
    return rc;
}

/* A sound little program: loaded at the M4's flash, with some debug bytes behind. */
static void make_sketch(struct bench *b, size_t len)
{
    static const uint8_t head[] = {
        0x7f, 'E', 'L', 'F', 1,  1, 1,  0, 0,    0, 0,    0,    0,  0, 0,    0, /* ident */
        2,    0,   40,  0,   1,  0, 0,  0, 0x41, 0, 0x10, 0x08, 52, 0, 0,    0,
        0,    0,   0,   0,                                                         /* to e_shoff */
        0,    2,   0,   5,   52, 0, 32, 0, 1,    0, 40,   0,    0,  0, 0,    0,    /* the rest */
        1,    0,   0,   0,   0,  1, 0,  0, 0,    0, 0x10, 0x08, 0,  0, 0x10, 0x08, /* PT_LOAD */
        0,    4,   0,   0,   0,  4, 0,  0, 5,    0, 0,    0,    0,  1, 0,    0,
    };
    static const uint8_t vectors[] = {0, 0x80, 4, 0x10, 0x41, 0, 0x10, 0x08};
    uint8_t digest[X8_SHA256_LEN], *bytes = calloc(1, len);
    struct x8_sha256 *sha = x8_sha256_new();

    for (size_t i = 0x100; i < len; i++)
        bytes[i] = (uint8_t)(i * 31 >> 3);
    memcpy(bytes, head, sizeof head);
    memcpy(bytes + 0x100, vectors, sizeof vectors);
    assert_int_equal(x8_buf_add(&b->sketch.file, bytes, len), 0);
    x8_sha256_add(sha, bytes, len);
    x8_sha256_take(sha, digest);
    x8_sha256_free(&sha);
    x8_hex(b->sketch.sha256, digest, sizeof digest);
    b->sketch.name = "blink.ino.elf";
    free(bytes);
}

static void open_board(struct bench *b, const char *words)
{
    memset(b, 0, sizeof *b);
    kit_adb_enter(&b->kit, words);
    b->kit.op.emit = listen;
    b->kit.op.emit_ctx = b;
    make_sketch(b, 20000);
    b->job =
        (struct x8_upload){.sketch = &b->sketch, .root = get_root, .user = b, .limit_ms = 20000};
}

static void close_board(struct bench *b)
{
    x8_buf_done(&b->sketch.file);
    kit_adb_close(&b->kit);
}

static int upload(struct bench *b)
{
    memset(&b->kit.err, 0, sizeof b->kit.err);
    return x8_sketch_upload(b->kit.session, &b->kit.op, &b->job, &b->out, &b->kit.err);
}

static void expect(struct bench *b, int rc, int wanted)
{
    if (rc != wanted)
        fail_msg("%d, not %d: %s | %s | %s | %s", rc, wanted, b->kit.err.msg, b->kit.err.why,
                 b->kit.err.next, b->said);
}

static void a_sketch_is_programmed_and_verified(void **state)
{
    struct bench b;
    (void)state;

    open_board(&b, "image=934");
    expect(&b, upload(&b), 0);
    print_message("took %lld copy %lld programming %lld\n%s", (long long)b.out.took_ms,
                  (long long)b.out.copy_ms, (long long)b.out.programming_ms, b.said);
    assert_int_equal(b.out.outcome, X8_SKETCH_VERIFIED);
    assert_string_equal(b.out.sha256, b.sketch.sha256);
    assert_int_equal(b.asked, 0);
    close_board(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sketch_is_programmed_and_verified),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
