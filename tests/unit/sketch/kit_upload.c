#include "kit_upload.h"

#include "util/digest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int is_at(const struct x8_event *event, const char *point)
{
    return point && ((event->text && strstr(event->text, point)) ||
                     (event->stage && strcmp(event->stage, point) == 0));
}

static void listen(void *ctx, const struct x8_event *event)
{
    struct bench *b = ctx;
    size_t len = strlen(b->said);

    if (is_at(event, b->stop_at))
        x8_cancel_raise(&b->kit.cancel, b->stop_level, X8_E_STOPPED);
    if (is_at(event, b->end_at))
        change_words(b, "m4time=50");
    if (event->kind != X8_EV_TRACE && event->text && event->text[0])
        snprintf(b->said + len, sizeof b->said - len, "%s\n", event->text);
}

int get_root(void *user, const struct x8_root **out, struct x8_error *err)
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
void make_sketch(struct bench *b, size_t len)
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
    b->sketch.file.len = 0;
    assert_int_equal(x8_buf_add(&b->sketch.file, bytes, len), 0);
    x8_sha256_add(sha, bytes, len);
    x8_sha256_take(sha, digest);
    x8_sha256_free(&sha);
    x8_hex(b->sketch.sha256, digest, sizeof digest);
    b->sketch.name = "blink.ino.elf";
    free(bytes);
}

void open_board(struct bench *b, const char *words)
{
    memset(b, 0, sizeof *b);
    kit_adb_enter(&b->kit, words);
    b->kit.op.emit = listen;
    b->kit.op.emit_ctx = b;
    make_sketch(b, 20000);
    b->job =
        (struct x8_upload){.sketch = &b->sketch, .root = get_root, .user = b, .limit_ms = 20000};
}

void close_board(struct bench *b)
{
    x8_buf_done(&b->sketch.file);
    kit_adb_close(&b->kit);
}

int upload(struct bench *b)
{
    memset(&b->kit.err, 0, sizeof b->kit.err);
    return x8_sketch_upload(b->kit.session, &b->kit.op, &b->job, &b->out, &b->kit.err);
}

void expect(struct bench *b, int rc, int wanted)
{
    if (rc != wanted)
        fail_msg("%d, not %d: %s | %s | %s | %s", rc, wanted, b->kit.err.msg, b->kit.err.why,
                 b->kit.err.next, b->said);
}

int sh(struct bench *b, const char *text)
{
    KIT_AUTO_SAID said = {0};

    return kit_adb_sh(&b->kit, text, &said);
}

void change_words(struct bench *b, const char *words)
{
    char *path = test_path(b->kit.root, "run/m4/words");
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fprintf(file, "%s\n", words);
    assert_int_equal(fclose(file), 0);
    free(path);
}

int programmed(struct bench *b, const char *words)
{
    char *log = kit_adb_file(&b->kit, "run/m4/log");
    int count = 0;

    for (char *at = log; at && *at;) {
        char *end = strchr(at, '\n');

        if (end)
            *end = '\0';
        count += strstr(at, words) != NULL;
        at = end ? end + 1 : at + strlen(at);
    }
    free(log);
    return count;
}

void was_programmed(struct bench *b, int uploads)
{
    for (const char *at = b->said; (at = strstr(at, "so once more")); at++)
        uploads++;
    assert_int_equal(programmed(b, b->sketch.sha256), uploads);
}

void no_trace(struct bench *b)
{
    assert_int_equal(sh(b,
                        "for i in {1..300}; do x=$(ls -A /tmp/arduino 2>/dev/null); "
                        "case $x in ''|m4-user-sketch.elf) exit 0; esac; sleep 0.1; done; exit 1"),
                     0);
}

void nothing_was_programmed(struct bench *b)
{
    no_trace(b);
    assert_int_equal(programmed(b, ""), 0);
    assert_int_not_equal(sh(b, "test -e /tmp/arduino/m4-user-sketch.elf"), 0);
}

void has_words(const char *text, const char *words)
{
    if (!strstr(text, words))
        fail_msg("\"%s\" is not in: %s", words, text);
}

void try_on(struct bench *b, const char *words, const char *password, int wanted)
{
    open_board(b, words);
    if (password) {
        snprintf(b->secret.text, sizeof b->secret.text, "%s", password);
        b->secret.given = 1;
    }
    expect(b, upload(b), wanted);
}
