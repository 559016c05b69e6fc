#include "kit_adb.h"

#include "session/bootareas.h"
#include "util/digest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SERIAL "0A13B209DAB6FAD9"

struct boot {
    struct kit_adb kit;
    struct x8_root root;
    struct x8_boot_state state;
    char *dir, *folder;
};

static void begin(struct boot *b, const char *words)
{
    memset(b, 0, sizeof *b);
    kit_adb_enter(&b->kit, words);
    b->dir = test_dir_new();
    b->folder = test_path(b->dir, "kept");
    assert_int_equal(x8_root_probe(b->kit.session, &b->kit.op, NULL, &b->root, &b->kit.err), 0);
}

static void end(struct boot *b)
{
    kit_adb_close(&b->kit);
    free(b->folder);
    test_dir_free(b->dir);
}

static int look(struct boot *b)
{
    return x8_boot_areas_look(b->kit.session, &b->kit.op, &b->root, &b->state, &b->kit.err);
}

static int keep(struct boot *b, const char *serial)
{
    return x8_boot_areas_keep(b->kit.session, &b->kit.op, &b->root, serial, b->folder, &b->kit.err);
}

static int clear(struct boot *b, const char *serial)
{
    return x8_boot_areas_clear(b->kit.session, &b->kit.op, &b->root, serial, b->folder,
                               &b->kit.err);
}

static int restore(struct boot *b, const char *serial)
{
    return x8_boot_areas_restore(b->kit.session, &b->kit.op, &b->root, serial, b->folder,
                                 &b->kit.err);
}

static void is(struct boot *b, int cleared)
{
    char *ro = kit_adb_file(&b->kit, "sys/block/mmcblk2boot1/force_ro");

    assert_int_equal(look(b), 0);
    assert_int_equal(b->state.is_cleared[0], cleared);
    assert_int_equal(b->state.is_cleared[1], cleared);
    assert_string_equal(ro, "1\n");
    free(ro);
}

static void what_was_cleared_comes_back(void **state)
{
    char before[65], *image, *path;
    struct stat st;
    struct boot b;

    (void)state;
    begin(&b, "image=934");
    is(&b, 0);
    memcpy(before, b.state.sha256[0], sizeof before);
    assert_int_equal(b.state.size[0], X8_BOOT_AREA_LEN);

    assert_int_equal(clear(&b, SERIAL), -X8_E_WRONG_STATE); /* nothing was kept */
    is(&b, 0);
    assert_int_equal(keep(&b, SERIAL), 0);
    path = test_path(b.folder, "boot0.img");
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(stat(b.folder, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    image = test_read(path, NULL);
    assert_memory_equal(image, "1000000", 7);

    assert_int_equal(clear(&b, SERIAL), 0);
    is(&b, 1);
    assert_int_equal(keep(&b, SERIAL), -X8_E_WRONG_STATE); /* the copy is not written over */
    assert_int_equal(restore(&b, SERIAL), 0);
    is(&b, 0);
    assert_string_equal(b.state.sha256[0], before);
    free(image);
    free(path);
    end(&b);
}

/* Counts the commands, and asks for a stop, twice, at one of them. */
struct hurry {
    struct boot *b;
    int opens, stop_at, told;
};

static void hear(void *ctx, const struct x8_event *event)
{
    struct hurry *hurry = ctx;

    if (event->kind == X8_EV_WARN && strstr(event->text, "goes on to its end"))
        hurry->told++;
    if (event->kind == X8_EV_TRACE && strstr(event->text, "adb open") &&
        ++hurry->opens == hurry->stop_at) {
        x8_cancel_raise(&hurry->b->kit.cancel, X8_CANCEL_SOFT, X8_E_STOPPED);
        x8_cancel_raise(&hurry->b->kit.cancel, X8_CANCEL_HARD, X8_E_STOPPED);
    }
}

static void who_wants_to_stop_the_writing_is_told_why_it_goes_on(void **state)
{
    struct boot b;
    struct hurry hurry = {.b = &b};

    (void)state;
    begin(&b, "image=934");
    assert_int_equal(keep(&b, SERIAL), 0);
    b.kit.op.emit = hear;
    b.kit.op.emit_ctx = &hurry;
    assert_int_equal(restore(&b, SERIAL), 0);
    assert_int_equal(hurry.told, 0);
    hurry = (struct hurry){.b = &b, .stop_at = hurry.opens}; /* when it is read back */
    assert_int_equal(restore(&b, SERIAL), 0);
    assert_int_equal(hurry.told, 1);
    assert_int_equal(restore(&b, SERIAL), -X8_E_STOPPED);
    assert_int_equal(hurry.told, 1);
    b.kit.op.cancel = NULL;
    is(&b, 0);
    end(&b);
}

static void a_copy_belongs_to_one_board(void **state)
{
    struct boot b;

    (void)state;
    begin(&b, "image=934");
    assert_int_equal(keep(&b, "0000B209DAB6FAD9"), 0);
    /* The index says another board than the one that is asked for ... */
    assert_int_equal(clear(&b, SERIAL), -X8_E_MISFIT);
    assert_int_equal(restore(&b, SERIAL), -X8_E_MISFIT);
    assert_int_equal(keep(&b, SERIAL), -X8_E_MISFIT);
    /* ... or the board at the other end is not the one. */
    assert_int_equal(clear(&b, "0000B209DAB6FAD9"), -X8_E_MISFIT);
    assert_int_equal(restore(&b, "0000B209DAB6FAD9"), -X8_E_MISFIT);
    is(&b, 0);
    end(&b);
}

/* Change one byte of a kept file. */
static void damage(struct boot *b)
{
    size_t len;
    char *path = test_path(b->folder, "boot1.img"), *bytes = test_read(path, &len);

    bytes[len - 1] ^= 1;
    free(test_file(b->folder, "boot1.img", bytes, len));
    free(bytes);
    free(path);
}

static void a_damaged_copy_is_of_no_use(void **state)
{
    struct boot b;

    (void)state;
    begin(&b, "image=934");
    assert_int_equal(keep(&b, SERIAL), 0);
    damage(&b);
    assert_int_equal(clear(&b, SERIAL), -X8_E_BAD_DIGEST);
    assert_int_equal(restore(&b, SERIAL), -X8_E_BAD_DIGEST);
    is(&b, 0);
    end(&b);
}

/* A session whose clearing goes wrong at the second area, and all else as it is. */
static struct x8_session *behind;

static int start_wrong(struct x8_session *session, const struct x8_op *op,
                       const struct x8_command *command, struct x8_channel **out,
                       struct x8_error *err)
{
    struct x8_command wrong = *command;
    char *text = strdup(command->text), *loop = strstr(text, "for n in 0 1");
    int rc;

    (void)session;
    if (loop && strstr(text, "if=/dev/zero"))
        loop[strlen("for n in 0 ")] = '7';
    wrong.text = text;
    rc = behind->ops->start(behind, op, &wrong, out, err);
    free(text);
    return rc;
}

static void half_a_clearing_is_undone(void **state)
{
    static const struct x8_session_ops ops = {.start = start_wrong};
    struct x8_session wrong = {.ops = &ops};
    char before[2][65];
    struct boot b;

    (void)state;
    begin(&b, "image=934");
    is(&b, 0);
    memcpy(before, b.state.sha256, sizeof before);
    assert_int_equal(keep(&b, SERIAL), 0);
    behind = b.kit.session;
    assert_int_equal(x8_boot_areas_clear(&wrong, &b.kit.op, &b.root, SERIAL, b.folder, &b.kit.err),
                     -X8_E_REFUSED);
    assert_non_null(strstr(b.kit.err.msg, "the boot areas are as before"));
    is(&b, 0);
    assert_memory_equal(b.state.sha256, before, sizeof before);
    end(&b);
}

/* A folder in the place of a switch: neither clearing nor writing back goes through. */
static void what_cannot_be_undone_is_said(void **state)
{
    char path[300];
    struct boot b;

    (void)state;
    begin(&b, "image=934");
    assert_int_equal(keep(&b, SERIAL), 0);
    snprintf(path, sizeof path, "%s/sys/block/mmcblk2boot1", b.kit.root);
    assert_int_equal(chmod(path, 0755), 0);
    snprintf(path, sizeof path, "%s/sys/block/mmcblk2boot1/force_ro", b.kit.root);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0755), 0);
    assert_int_equal(clear(&b, SERIAL), -X8_E_UNKNOWN_STATE);
    assert_non_null(strstr(b.kit.err.next, "keep the board powered"));
    end(&b);
}

static void the_link_breaks_in_the_middle(void **state)
{
    struct boot b;

    (void)state;
    begin(&b, "image=934 fault=at:open,match:of=/dev/mmcblk2boot,nth:1,do:drop");
    assert_int_equal(keep(&b, SERIAL), 0);
    assert_int_equal(clear(&b, SERIAL), -X8_E_UNKNOWN_STATE);
    assert_non_null(strstr(b.kit.err.next, "keep the board powered"));
    assert_non_null(strstr(b.kit.err.next, "x8ctl recover --restore-boot"));
    end(&b);
}

static void a_board_that_is_none_is_refused(void **state)
{
    struct x8_boot_state out;
    struct x8_error err = {0};
    char text[400], digest[65];

    (void)state;
    memset(digest, 'a', 64);
    digest[64] = '\0';
    assert_int_equal(x8_boot_areas_parse("", &out, &err), -X8_E_WRONG_STATE);
    assert_int_equal(x8_boot_areas_parse("x8 0 1\n", &out, &err), -X8_E_WRONG_STATE);
    snprintf(text, sizeof text, "x8 0 1\nsize 0 8192\nsha256 0 %s\nsize 1 8191\nsha256 1 %s\n",
             digest, digest);
    assert_int_equal(x8_boot_areas_parse(text, &out, &err), -X8_E_WRONG_STATE);
    assert_non_null(strstr(err.msg, "boot1"));
    snprintf(text, sizeof text, "x8 0 1\nnoise\nsize 0 8192\nsha256 0 %s\nsize 1 8192\nsha256 1 %s",
             digest, digest);
    assert_int_equal(x8_boot_areas_parse(text, &out, &err), 0);
    assert_int_equal(out.size[1], 4194304);
    assert_int_equal(out.is_cleared[0], 0);
}

static void another_machine_is_left_alone(void **state)
{
    struct boot b;

    (void)state;
    begin(&b, "image=foreign sudo=empty");
    assert_int_equal(look(&b), -X8_E_WRONG_STATE);
    assert_int_equal(keep(&b, SERIAL), -X8_E_WRONG_STATE);
    end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_cleared_comes_back),
        cmocka_unit_test(who_wants_to_stop_the_writing_is_told_why_it_goes_on),
        cmocka_unit_test(a_copy_belongs_to_one_board),
        cmocka_unit_test(a_damaged_copy_is_of_no_use),
        cmocka_unit_test(half_a_clearing_is_undone),
        cmocka_unit_test(what_cannot_be_undone_is_said),
        cmocka_unit_test(the_link_breaks_in_the_middle),
        cmocka_unit_test(a_board_that_is_none_is_refused),
        cmocka_unit_test(another_machine_is_left_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
