/*
 * From what the user named to a checked sketch.
 */
#include "kit_elf.h"
#include "testlib.h"

#include "sketch/find.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define EXPORT  "build/arduino.mbed_portenta.portenta_x8"
#define COMPILE "arduino-cli compile -b arduino:mbed_portenta:portenta_x8 "

/* A folder to work in, and what the last load gave. */
struct place {
    char *dir;
    struct x8_sketch sketch;
    struct x8_error err;
};

static int setup(void **state)
{
    struct place *place = calloc(1, sizeof *place);

    assert_non_null(place);
    place->dir = test_dir_new();
    *state = place;
    return 0;
}

static int teardown(void **state)
{
    struct place *place = *state;

    x8_sketch_done(&place->sketch);
    test_dir_free(place->dir);
    free(place);
    return 0;
}

static void folders(const struct place *place, const char *name)
{
    char *path = test_path(place->dir, name);

    for (char *p = path + strlen(place->dir) + 1; *p; p++)
        if (*p == '/') {
            *p = '\0';
            mkdir(path, 0755);
            *p = '/';
        }
    free(path);
}

static void put(const struct place *place, const char *name, const void *data, size_t len)
{
    folders(place, name);
    free(test_file(place->dir, name, data, len));
}

static void put_text(const struct place *place, const char *name)
{
    put(place, name, "void setup() {}\nvoid loop() {}\n", 31);
}

static void put_sketch(const struct place *place, const char *name)
{
    uint8_t file[FILE_LEN];

    kit_sketch(file);
    put(place, name, file, sizeof file);
}

static int load(struct place *place, const char *name)
{
    char *path = test_path(place->dir, name);
    int rc;

    x8_sketch_done(&place->sketch);
    place->err = (struct x8_error){0};
    rc = x8_sketch_load(path, NULL, &place->sketch, &place->err);
    free(path);
    return rc;
}

static void takes(struct place *place, const char *name, const char *file)
{
    char *want = test_path(place->dir, file);

    if (load(place, name) != 0)
        fail_msg("%s: %s; %s", name, place->err.msg, place->err.why);
    test_same_text(place->sketch.path, want);
    free(want);
}

static void has(const char *text, const char *words)
{
    if (!strstr(text, words))
        fail_msg("\"%s\" is not in \"%s\"", words, text);
}

static void refuses(struct place *place, const char *name, enum x8_code code, const char *what,
                    const char *why)
{
    int rc = load(place, name);

    if (rc != -(int)code)
        fail_msg("%s: %d: %s; %s", name, rc, place->err.msg, place->err.why);
    has(place->err.msg, what);
    has(place->err.why, why);
    assert_true(place->err.next[0]);
    assert_null(place->sketch.path);
}

static void the_file_that_was_named_is_loaded(void **state)
{
    struct place *place = *state;

    put_sketch(place, "a.elf");
    takes(place, "a.elf", "a.elf");
    test_same_text(place->sketch.name, "a.elf");
    assert_int_equal(place->sketch.file.len, FILE_LEN);
    assert_int_equal(place->sketch.elf.segments, 2);
    /* sha256sum of the file */
    test_same_text(place->sketch.sha256,
                   "0a0a945109e4e3b8354184596cae27f5ffb7532138e2eb601e75fab916d2ddc6");
    test_same_text(place->sketch.newer, "");
}

static void an_exported_program_is_found(void **state)
{
    struct place *place = *state;

    put_text(place, "blink/blink.ino");
    put_text(place, "blink/build/arduino.avr.uno/blink.ino.elf");
    put_sketch(place, "blink/" EXPORT "/blink.ino.elf");
    put_text(place, "blink/" EXPORT "/blink.ino.bin");
    put_text(place, "blink/" EXPORT "/._blink.ino.elf");
    takes(place, "blink", "blink/" EXPORT "/blink.ino.elf");
    takes(place, "blink/", "blink/" EXPORT "/blink.ino.elf");
    takes(place, "blink/blink.ino", "blink/" EXPORT "/blink.ino.elf");
}

static void any_tab_of_a_sketch_names_it(void **state)
{
    struct place *place = *state;

    put_text(place, "blink/blink.ino");
    put_text(place, "blink/more.ino");
    put_sketch(place, "blink/" EXPORT "/blink.ino.elf");
    takes(place, "blink/more.ino", "blink/" EXPORT "/blink.ino.elf");
    put_sketch(place, "blink/" EXPORT "/more.ino.elf");
    takes(place, "blink/more.ino", "blink/" EXPORT "/more.ino.elf");
    takes(place, "blink/blink.ino", "blink/" EXPORT "/blink.ino.elf");
    refuses(place, "blink", X8_E_USAGE, "holds 2 .elf files", "blink.ino.elf, more.ino.elf");
}

static void what_is_left_of_a_renamed_sketch_is_not_taken(void **state)
{
    struct place *place = *state;

    put_text(place, "blink/blink.ino");
    put_sketch(place, "blink/" EXPORT "/old.ino.elf");
    refuses(place, "blink", X8_E_NO_FILE, "was not built for the X8's M4", "neither " EXPORT);
    put_sketch(place, "blink/" EXPORT "/blink.ino.elf");
    takes(place, "blink", "blink/" EXPORT "/blink.ino.elf");
}

static void the_only_elf_of_an_output_folder_is_taken(void **state)
{
    struct place *place = *state;

    put_sketch(place, "out/blink.ino.elf");
    put_text(place, "out/blink.ino.bin");
    put_text(place, "out/blink.ino.map");
    takes(place, "out", "out/blink.ino.elf");
    put_sketch(place, "out/fade.ino.elf");
    refuses(place, "out", X8_E_USAGE, "holds 2 .elf files", "blink.ino.elf, fade.ino.elf");
    has(place->err.next, "x8ctl sketch upload ");
    has(place->err.next, "out/blink.ino.elf");
}

static void a_folder_for_other_boards_is_told_with_their_names(void **state)
{
    struct place *place = *state;

    put_text(place, "blink/blink.ino");
    put_text(place, "blink/build/esp32.esp32.esp32s3/blink.ino.bin");
    put_text(place, "blink/build/arduino.mbed_portenta.envie_m7/blink.ino.elf");
    put_text(place, "blink/build/tmp/x.o");
    refuses(place, "blink", X8_E_MISFIT, "was not built for the X8's M4",
            "only programs for arduino:mbed_portenta:envie_m7, esp32:esp32:esp32s3");
    has(place->err.next, COMPILE "--export-binaries ");
    has(place->err.next, "/blink");
}

static void a_sketch_that_was_not_built_is_told_how(void **state)
{
    struct place *place = *state;
    char *want = malloc(strlen(place->dir) + 200);

    put_text(place, "my blink/my blink.ino");
    refuses(place, "my blink", X8_E_NO_FILE, "was not built", "neither");
    assert_non_null(want);
    snprintf(want, strlen(place->dir) + 200, COMPILE "--export-binaries '%s/my blink'", place->dir);
    test_same_text(place->err.next, want);
    free(want);
    refuses(place, "my blink/my blink.ino", X8_E_NO_FILE, "was not built", "neither");
}

static void an_export_of_ide_18_is_told_apart(void **state)
{
    struct place *place = *state;

    put_text(place, "blink/blink.ino");
    put_text(place, "blink/blink.ino.PORTENTA_X8.bin");
    refuses(place, "blink", X8_E_NO_FILE, "has no .elf file",
            "only blink.ino.PORTENTA_X8.bin, as IDE 1.8 exports it: a .bin has no addresses");
    has(place->err.next, "--export-binaries");
    put_text(place, "out/blink.ino.bin");
    refuses(place, "out", X8_E_NO_FILE, "has no .elf file", "only blink.ino.bin");
    test_same_text(place->err.next, COMPILE "--output-dir out");
}

static void a_folder_of_sketches_lists_them(void **state)
{
    struct place *place = *state;

    put_text(place, "book/fade/fade.ino");
    put_text(place, "book/blink/blink.ino");
    put_text(place, "book/libraries/x.cpp");
    refuses(place, "book", X8_E_USAGE, "it holds sketches: which one?", "blink, fade");
    has(place->err.next, "/book/blink    or another of them");
}

static void a_folder_without_anything_says_so(void **state)
{
    struct place *place = *state;

    put_text(place, "empty/readme.txt");
    refuses(place, "empty", X8_E_NO_FILE, "holds no sketch", "no .ino and no .elf");
    refuses(place, "nothing", X8_E_NO_FILE, "cannot be read", "");
    refuses(place, "nothing.ino", X8_E_NO_FILE, "cannot be read", "");
    assert_int_equal(x8_sketch_load("", NULL, &place->sketch, &place->err), -X8_E_NO_FILE);
}

static void pipes_and_folders_with_the_name_of_a_program_are_none(void **state)
{
    struct place *place = *state;
    char *pipe = test_path(place->dir, "pipe.elf"), *inner;

    assert_int_equal(mkfifo(pipe, 0600), 0);
    refuses(place, "pipe.elf", X8_E_NO_FILE, "not a regular file", "a pipe");
    free(pipe);
    put_sketch(place, "out/a.elf");
    put_text(place, "out/folder.elf/readme");
    inner = test_path(place->dir, "out/pipe.elf");
    assert_int_equal(mkfifo(inner, 0600), 0);
    free(inner);
    takes(place, "out", "out/a.elf");
    refuses(place, "out/folder.elf", X8_E_NO_FILE, "holds no sketch", "");
    assert_int_equal(x8_sketch_load("/dev/null", NULL, &place->sketch, &place->err), -X8_E_NO_FILE);
    has(place->err.why, "a device");
}

static void link_to(const struct place *place, const char *target, const char *name)
{
    char *path = test_path(place->dir, name);

    assert_int_equal(symlink(target, path), 0);
    free(path);
}

static void links_are_followed(void **state)
{
    struct place *place = *state;

    put_text(place, "blink/blink.ino");
    put_sketch(place, "blink/" EXPORT "/blink.ino.elf");
    link_to(place, "blink", "link");
    link_to(place, "blink/" EXPORT "/blink.ino.elf", "link.elf");
    takes(place, "link", "link/" EXPORT "/blink.ino.elf");
    takes(place, "link.elf", "link.elf");
    link_to(place, "circle.elf", "circle.elf");
    refuses(place, "circle.elf", X8_E_NO_FILE, "cannot be read", "");
    put_text(place, "out/readme");
    link_to(place, "gone", "out/gone.elf");
    refuses(place, "out", X8_E_NO_FILE, "holds no sketch", "");
}

static void a_bin_points_to_the_elf_beside_it(void **state)
{
    static const uint8_t bin[] = {0x00, 0x80, 0x04, 0x10, 0x11, 0, 0x10, 8,
                                  0x11, 0,    0x10, 8,    0x11, 0, 0x10, 8};
    struct place *place = *state;

    put(place, "blink.ino.bin", bin, sizeof bin);
    refuses(place, "blink.ino.bin", X8_E_BAD_IMAGE, "is not a sketch", "without addresses");
    test_same_text(place->err.next, COMPILE "--output-dir out");
    put_sketch(place, "blink.ino.elf");
    refuses(place, "blink.ino.bin", X8_E_BAD_IMAGE, "is not a sketch", "without addresses");
    has(place->err.next, "x8ctl sketch upload ");
    has(place->err.next, "/blink.ino.elf ");
}

static void a_wrong_program_in_a_folder_is_told_how_to_build(void **state)
{
    struct place *place = *state;
    uint8_t file[FILE_LEN];

    kit_sketch(file);
    file[18] = 94;
    put_text(place, "blink/blink.ino");
    put(place, "blink/" EXPORT "/blink.ino.elf", file, sizeof file);
    refuses(place, "blink", X8_E_MISFIT, "is not a sketch", "Xtensa");
    has(place->err.next, COMPILE "--export-binaries ");
    put(place, "blink/" EXPORT "/blink.ino.elf", file, 100);
    refuses(place, "blink/blink.ino", X8_E_MISFIT, "is not a sketch", "Xtensa");
}

/* `name` gets `size` bytes; those behind the present end are zeros that take no room. */
static void stretch(const struct place *place, const char *name, off_t size)
{
    char *path = test_path(place->dir, name);

    assert_int_equal(truncate(path, size), 0);
    free(path);
}

static void a_huge_file_is_refused_by_its_beginning(void **state)
{
    struct place *place = *state;
    uint8_t file[FILE_LEN];

    put(place, "zeros.elf", "", 0);
    stretch(place, "zeros.elf", (off_t)64 << 30); /* nobody reads that in a test's time */
    refuses(place, "zeros.elf", X8_E_BAD_IMAGE, "zeros.elf is not a sketch",
            "it is nothing but zeros, and its 64.00 GiB are more than any sketch has");
    put_sketch(place, "good.elf");
    stretch(place, "good.elf", (32 << 20) + 1);
    refuses(place, "good.elf", X8_E_MISFIT, "is not a sketch", "x8ctl reads at most 32.0 MiB");
    kit_sketch(file);
    file[18] = 94;
    put(place, "esp.elf", file, sizeof file);
    stretch(place, "esp.elf", (off_t)64 << 30);
    refuses(place, "esp.elf", X8_E_MISFIT, "is not a sketch", "Xtensa");
    stretch(place, "good.elf", 32 << 20);
    takes(place, "good.elf", "good.elf");
}

static void a_file_that_cannot_be_read_says_why(void **state)
{
    struct place *place = *state;
    char *path = test_path(place->dir, "a.elf");

    put_sketch(place, "a.elf");
    assert_int_equal(chmod(path, 0), 0);
    free(path);
    if (geteuid() == 0) /* who may read everything */
        skip();
    refuses(place, "a.elf", X8_E_NO_FILE, "cannot be read", "Permission denied");
}

static void set_time(const struct place *place, const char *name, time_t when)
{
    const struct timespec times[2] = {{.tv_sec = when}, {.tv_sec = when}};
    char *path = test_path(place->dir, name);

    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
    free(path);
}

/* What happens to the file behind the reader's back, at its first read. */
static void (*meanwhile)(const char *path);
static char *meanwhile_path;

/* In the place of the C library's. */
ssize_t read(int fd, void *out, size_t len)
{
    const struct iovec all = {out, len};
    void (*now)(const char *path) = meanwhile;
    ssize_t n = readv(fd, &all, 1);

    meanwhile = NULL;
    if (now)
        now(meanwhile_path);
    return n;
}

static void grow(const char *path)
{
    assert_int_equal(truncate(path, FILE_LEN + 1), 0);
}

static void shrink(const char *path)
{
    assert_int_equal(truncate(path, FILE_LEN - 1), 0);
}

static void rewrite(const char *path)
{
    const struct timespec times[2] = {{.tv_sec = 1001}, {.tv_sec = 1001}};

    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void replace(const char *path)
{
    char other[256];

    snprintf(other, sizeof other, "%s.new", path);
    assert_int_equal(rename(other, path), 0);
    rewrite(path);
}

static void remove_it(const char *path)
{
    assert_int_equal(unlink(path), 0);
}

static void a_file_that_changes_while_it_is_read_is_refused(void **state)
{
    void (*const changes[])(const char *) = {grow, shrink, rewrite, replace, remove_it};
    struct place *place = *state;

    meanwhile_path = test_path(place->dir, "a.elf");
    for (size_t i = 0; i < X8_COUNT(changes); i++) {
        put_sketch(place, "a.elf");
        put_sketch(place, "a.elf.new");
        set_time(place, "a.elf", 1000);
        meanwhile = changes[i];
        refuses(place, "a.elf", X8_E_NO_FILE, "a.elf changed while it was read", "still writing");
        assert_null(meanwhile);
    }
    free(meanwhile_path);
    put_sketch(place, "a.elf");
    takes(place, "a.elf", "a.elf");
}

static void a_source_newer_than_its_program_is_named(void **state)
{
    struct place *place = *state;
    const char *elf = "blink/" EXPORT "/blink.ino.elf";

    put_text(place, "blink/blink.ino");
    put_text(place, "blink/more.h");
    put_text(place, "blink/notes.txt");
    put_text(place, "blink/other/old.cpp");
    put_text(place, "blink/src/deep/er/fast.cpp");
    put_sketch(place, elf);
    link_to(place, ".", "blink/src/circle");
    set_time(place, elf, 1000);
    set_time(place, "blink/blink.ino", 999);
    set_time(place, "blink/more.h", 1000);
    set_time(place, "blink/src/deep/er/fast.cpp", 900);
    takes(place, "blink", elf); /* notes and other folders are not compiled */
    test_same_text(place->sketch.newer, "");
    set_time(place, "blink/src/deep/er/fast.cpp", 1001);
    takes(place, "blink", elf);
    test_same_text(place->sketch.newer, "src/deep/er/fast.cpp");
    set_time(place, "blink/more.h", 1002);
    takes(place, elf, elf); /* the file itself was named */
    test_same_text(place->sketch.newer, "more.h");
}

static void sources_beside_another_program_say_nothing(void **state)
{
    struct place *place = *state;

    put_sketch(place, "blink.ino.elf");
    put_sketch(place, "other.elf");
    put_text(place, "fade.ino");
    set_time(place, "blink.ino.elf", 1000);
    set_time(place, "other.elf", 1000);
    takes(place, "blink.ino.elf", "blink.ino.elf");
    test_same_text(place->sketch.newer, "");
    takes(place, "other.elf", "other.elf");
    test_same_text(place->sketch.newer, "");
}

static void names_of_files_cannot_move_the_cursor(void **state)
{
    struct place *place = *state;

    put_sketch(place, "out/a\033[2J.elf");
    put_sketch(place, "out/b\n.elf");
    refuses(place, "out", X8_E_USAGE, "holds 2", "a?[2J.elf, b?.elf");
}

static void many_names_are_cut(void **state)
{
    struct place *place = *state;

    for (int i = 0; i < 9; i++) {
        char name[32];

        snprintf(name, sizeof name, "out/%d.elf", i);
        put_sketch(place, name);
    }
    refuses(place, "out", X8_E_USAGE, "holds 9 .elf files",
            "0.elf, 1.elf, 2.elf, 3.elf, 4.elf, 5.elf and 3 more");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_file_that_was_named_is_loaded),
        TEST(an_exported_program_is_found),
        TEST(any_tab_of_a_sketch_names_it),
        TEST(what_is_left_of_a_renamed_sketch_is_not_taken),
        TEST(the_only_elf_of_an_output_folder_is_taken),
        TEST(a_folder_for_other_boards_is_told_with_their_names),
        TEST(a_sketch_that_was_not_built_is_told_how),
        TEST(an_export_of_ide_18_is_told_apart),
        TEST(a_folder_of_sketches_lists_them),
        TEST(a_folder_without_anything_says_so),
        TEST(pipes_and_folders_with_the_name_of_a_program_are_none),
        TEST(links_are_followed),
        TEST(a_bin_points_to_the_elf_beside_it),
        TEST(a_wrong_program_in_a_folder_is_told_how_to_build),
        TEST(a_huge_file_is_refused_by_its_beginning),
        TEST(a_file_that_cannot_be_read_says_why),
        TEST(a_file_that_changes_while_it_is_read_is_refused),
        TEST(a_source_newer_than_its_program_is_named),
        TEST(sources_beside_another_program_say_nothing),
        TEST(names_of_files_cannot_move_the_cursor),
        TEST(many_names_are_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
