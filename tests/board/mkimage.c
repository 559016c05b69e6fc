/*
 * x8-mkimage: make a release as Arduino ships them, small or large, the same every time.
 *
 * The folder holds imx-boot-portenta-x8, u-boot-portenta-x8.itb, sit-portenta-x8.bin, the disk
 * image
 * (.wic or .wic.gz by its name) and mfgtool-files-portenta-x8, as a folder or as .tar.gz. The
 * archive is that folder, below one top folder, as .tar.gz.
 */
#define _XOPEN_SOURCE 700 /* nftw */
#include "mkimage.h"

#include "vb_make.h"

#include <errno.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MACHINE "portenta-x8"
#define TOOLS   "mfgtool-files-" MACHINE
#define IMAGE   "lmp-factory-image-" MACHINE ".wic.gz"

struct options {
    struct mk_image image;
    const char *folder, *archive, *reference, *name, *top, *order, *fixtures;
    unsigned level, members, kernel_kb;
    int is_packed; /* mfgtool files as .tar.gz */
    int is_signed; /* the boot loaders a second time, signed */
};

_Noreturn void mk_die(const char *what)
{
    fprintf(stderr, "x8-mkimage: %s: %s\n", what, errno ? strerror(errno) : "does not work");
    exit(1);
}

static void usage(FILE *out)
{
    fputs("usage: x8-mkimage [option]... (--folder DIR | --archive FILE.tar.gz)\n"
          "  --size SIZE       of the disk image (64M; K, M, G)\n"
          "  --seed N          other contents\n"
          "  --nonzero N       percent of the blocks (55)\n"
          "  --name NAME       of the image file, .wic or .wic.gz (" IMAGE ")\n"
          "  --reference FILE  the raw image as well, for comparisons\n"
          "  --signed          the boot loaders also as .signed (in a folder)\n"
          "  --packed          the mfgtool files as .tar.gz (always in an archive)\n"
          "  --top NAME        top folder of the archive (934)\n"
          "  --order A,B,...   these members of the archive first, in this order\n"
          "  --level N         gzip effort of the image, 0 to 3 (2)\n"
          "  --members N       the image as N gzip members\n"
          "  --kernel-kb N     size of the fitImage (2048)\n"
          "  --fixtures DIR    where the vendor's scripts are\n",
          out);
}

/* ---- files ---- */

static char *path_of(const char *dir, const char *name)
{
    size_t len = strlen(dir) + strlen(name) + 2;
    char *path = malloc(len);

    if (!path)
        mk_die("memory");
    snprintf(path, len, "%s/%s", dir, name);
    return path;
}

static void save(const char *dir, const char *name, const void *data, size_t len)
{
    char *path = path_of(dir, name);
    FILE *out = fopen(path, "wb");

    if (!out || fwrite(data, 1, len, out) != len || fclose(out))
        mk_die(path);
    free(path);
}

static void make_folder(const char *path)
{
    if (mkdir(path, 0755) && errno != EEXIST)
        mk_die(path);
}

static char *load(const char *dir, const char *name)
{
    char *path = path_of(dir, name), *text = calloc(1, 65536);
    FILE *in = fopen(path, "rb");

    if (!text || !in || fread(text, 1, 65535, in) == 0)
        mk_die(path);
    fclose(in);
    free(path);
    return text;
}

/* ---- the disk image ---- */

struct writer {
    FILE *raw, *reference;
    struct mk_gz *gz;
};

static int is_zero(const uint8_t *data, size_t len)
{
    return data[0] == 0 && memcmp(data, data + 1, len - 1) == 0;
}

static void put_raw(FILE *out, const uint8_t *data, size_t len)
{
    if (!out)
        return;
    if (is_zero(data, len) ? fseek(out, (long)len, SEEK_CUR) != 0
                           : fwrite(data, 1, len, out) != len)
        mk_die("write");
}

static FILE *open_raw(const char *path)
{
    FILE *out = fopen(path, "wb");

    if (!out)
        mk_die(path);
    return out;
}

static void close_raw(FILE *out, uint64_t size)
{
    if (out && (fflush(out) || ftruncate(fileno(out), (off_t)size) || fclose(out)))
        mk_die("close");
}

static void write_image(const struct options *o, struct writer *w)
{
    enum { STEP = 256 };
    uint8_t *buf = malloc(STEP * MK_BLOCK);
    uint64_t blocks = o->image.size / MK_BLOCK, member = blocks / o->members + 1;

    if (!buf)
        mk_die("memory");
    for (uint64_t at = 0; at < blocks; at += STEP) {
        size_t n = blocks - at < STEP ? (size_t)(blocks - at) : STEP;

        mk_image_blocks(&o->image, at, buf, n);
        if (w->gz && o->members > 1 && at > 0 && at / member != (at - STEP) / member)
            mk_gz_member(w->gz);
        if (w->gz)
            mk_gz_write(w->gz, buf, n * MK_BLOCK);
        put_raw(w->raw, buf, n * MK_BLOCK);
        put_raw(w->reference, buf, n * MK_BLOCK);
    }
    free(buf);
}

static int ends(const char *text, const char *tail)
{
    size_t len = strlen(text), n = strlen(tail);

    return len >= n && strcmp(text + len - n, tail) == 0;
}

static void make_image(struct options *o, const char *dir)
{
    char *path = path_of(dir, o->name);
    struct writer w = {0};

    if (ends(o->name, ".gz"))
        w.gz = mk_gz_open(path, o->level);
    else
        w.raw = open_raw(path);
    if (o->reference)
        w.reference = open_raw(o->reference);
    mk_image_plan(&o->image);
    write_image(o, &w);
    mk_image_done(&o->image);
    if (w.gz)
        mk_gz_close(w.gz);
    close_raw(w.raw, o->image.size);
    close_raw(w.reference, o->image.size);
    free(path);
}

/* ---- boot files and scripts ---- */

static void make_part(const char *dir, const char *name, size_t len)
{
    enum { CAP = 2 << 20 };
    static uint8_t buf[CAP];
    unsigned seed = 0;
    size_t n;

    for (const char *p = name; *p; p++)
        seed = seed * 31 + (unsigned char)*p;
    if (strstr(name, "imx-boot"))
        n = ends(name, ".signed") ? vb_make_spl_signed(buf, CAP, len, seed)
                                  : vb_make_spl(buf, CAP, len, seed);
    else if (strstr(name, "sit-"))
        n = vb_make_sit(buf, CAP);
    else
        n = vb_make_fit(buf, CAP, len, seed);
    if (!n)
        mk_die(name);
    save(dir, name, buf, n);
}

static void make_kernel(const struct options *o, const char *dir)
{
    size_t len = (size_t)o->kernel_kb << 10, n;
    uint8_t *buf = malloc(len + 4096);

    if (!buf)
        mk_die("memory");
    n = vb_make_fit(buf, len + 4096, len, 5);
    if (!n)
        mk_die("fitImage");
    save(dir, "fitImage-" MACHINE "-mfgtool", buf, n);
    free(buf);
}

/* The script with the name of our image; byte for byte the vendor's for the vendor's name. */
static void make_script(const struct options *o, const char *dir, const char *name)
{
    static const char theirs[] = "../" IMAGE "/*";
    char *text = load(o->fixtures, name), *at = strstr(text, theirs), out[65536 + 512];
    int n;

    if (at)
        n = snprintf(out, sizeof out, "%.*s../%s%s%s", (int)(at - text), text, o->name,
                     ends(o->name, ".gz") ? "/*" : "", at + strlen(theirs));
    else
        n = snprintf(out, sizeof out, "%s", text);
    if (n < 0 || (size_t)n >= sizeof out)
        mk_die(name);
    save(dir, name, out, (size_t)n);
    free(text);
}

static const char *const scripts[] = {
    "full_image.uuu",   "bootloader.uuu", "erase_emmc.uuu",      "probe_emmc.uuu",
    "probe_sdcard.uuu", "test_ram.uuu",   "linux_initramfs.uuu", NULL};
static const char *const tool_files[] = {"imx-boot-mfgtool",
                                         "u-boot-mfgtool.itb",
                                         "fitImage-" MACHINE "-mfgtool",
                                         "uuu",
                                         "uuu.exe",
                                         "uuu_mac",
                                         NULL};

static void make_tools(const struct options *o, const char *dir)
{
    static const char *const programs[] = {"uuu", "uuu.exe", "uuu_mac"};

    make_folder(dir);
    for (size_t i = 0; scripts[i]; i++)
        make_script(o, dir, scripts[i]);
    make_part(dir, "imx-boot-mfgtool", 190000);
    make_part(dir, "u-boot-mfgtool.itb", 900000);
    make_kernel(o, dir);
    for (size_t i = 0; i < 3; i++) {
        char *path = path_of(dir, programs[i]);

        save(dir, programs[i], "stands for a program of the release\n", 36);
        chmod(path, 0755);
        free(path);
    }
}

static void pack_tools(const char *dir)
{
    char *tools = path_of(dir, TOOLS), *archive = path_of(dir, TOOLS ".tar.gz");
    struct mk_gz *gz = mk_gz_open(archive, 1);
    const char *const *lists[] = {scripts, tool_files};

    mk_tar_add(gz, TOOLS, tools);
    for (size_t l = 0; l < 2; l++) {
        for (size_t i = 0; lists[l][i]; i++) {
            char *path = path_of(tools, lists[l][i]);

            mk_tar_add(gz, path + strlen(dir) + 1, path);
            free(path);
        }
    }
    mk_tar_end(gz);
    free(archive);
    free(tools);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static void remove_tree(const char *path)
{
    if (nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS))
        mk_die(path);
}

static void make_release(struct options *o, const char *dir)
{
    char *tools = path_of(dir, TOOLS);

    make_folder(dir);
    make_part(dir, "imx-boot-" MACHINE, 200000);
    make_part(dir, "u-boot-" MACHINE ".itb", 1000000);
    make_part(dir, "sit-" MACHINE ".bin", 0);
    make_tools(o, tools);
    if (o->is_signed) {
        make_part(dir, "imx-boot-" MACHINE ".signed", 200000);
        make_part(tools, "imx-boot-mfgtool.signed", 190000);
    }
    if (o->is_packed) {
        pack_tools(dir);
        remove_tree(tools);
    }
    make_image(o, dir);
    free(tools);
}

/* ---- the archive ---- */

static void add_member(const struct options *o, struct mk_gz *gz, const char *dir, const char *name)
{
    char *path = path_of(dir, name), *inside = path_of(o->top, name);

    mk_tar_add(gz, inside, path);
    free(inside);
    free(path);
}

static int is_listed(const char *list, const char *name)
{
    size_t len = strlen(name);

    for (const char *at = list; at && (at = strstr(at, name)); at++)
        if ((at == list || at[-1] == ',') && (at[len] == ',' || at[len] == '\0'))
            return 1;
    return 0;
}

static void add_ordered(const struct options *o, struct mk_gz *gz, const char *dir)
{
    const char *at = o->order;

    while (at && *at) {
        size_t len = strcspn(at, ",");
        char name[128];

        snprintf(name, sizeof name, "%.*s", (int)len, at);
        add_member(o, gz, dir, name);
        at += len + (at[len] == ',');
    }
}

static void make_archive(struct options *o)
{
    const char *const members[] = {"imx-boot-" MACHINE, "u-boot-" MACHINE ".itb",
                                   "sit-" MACHINE ".bin", o->name, TOOLS ".tar.gz"};
    size_t len = strlen(o->archive) + 8;
    char *dir = malloc(len);
    struct mk_gz *gz;

    if (!dir)
        mk_die("memory");
    snprintf(dir, len, "%s.XXXXXX", o->archive);
    if (!mkdtemp(dir))
        mk_die(dir);
    o->is_packed = 1;
    make_release(o, dir);
    gz = mk_gz_open(o->archive, 0); /* what is inside is packed already */
    mk_tar_add(gz, o->top, dir);
    add_ordered(o, gz, dir);
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
        if (!is_listed(o->order, members[i]))
            add_member(o, gz, dir, members[i]);
    mk_tar_end(gz);
    remove_tree(dir);
    free(dir);
}

/* ---- options ---- */

static int size_of(const char *text, uint64_t *out)
{
    static const char letters[] = "KMG";
    char *end;

    errno = 0;
    *out = strtoull(text, &end, 0);
    if (*end && strchr(letters, *end))
        *out <<= 10 * (1 + (unsigned)(strchr(letters, *end++) - letters));
    return errno || *end || end == text ? -1 : 0;
}

static int take_text(struct options *o, const char *name, const char *value)
{
    const struct {
        const char *name, **out;
    } rows[] = {
        {"--folder", &o->folder},    {"--archive", &o->archive}, {"--reference", &o->reference},
        {"--name", &o->name},        {"--top", &o->top},         {"--order", &o->order},
        {"--fixtures", &o->fixtures}};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (strcmp(rows[i].name, name) == 0) {
            *rows[i].out = value;
            return 0;
        }
    }
    return -1;
}

static int take_number(struct options *o, const char *name, const char *value)
{
    const struct {
        const char *name;
        uint64_t *wide;
        unsigned *narrow;
        uint64_t min, max;
    } rows[] = {{"--size", &o->image.size, NULL, 8u << 20, UINT64_C(1) << 40},
                {"--seed", &o->image.seed, NULL, 0, UINT64_MAX},
                {"--nonzero", NULL, &o->image.nonzero, 1, 100},
                {"--level", NULL, &o->level, 0, 3},
                {"--members", NULL, &o->members, 1, 1000},
                {"--kernel-kb", NULL, &o->kernel_kb, 1, 65536}};
    uint64_t n;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (strcmp(rows[i].name, name) != 0)
            continue;
        if (size_of(value, &n) || n < rows[i].min || n > rows[i].max)
            return -1;
        if (rows[i].wide)
            *rows[i].wide = n;
        else
            *rows[i].narrow = (unsigned)n;
        return 0;
    }
    return -1;
}

int main(int argc, char **argv)
{
    struct options o = {.image = {.size = 64u << 20, .seed = 1, .nonzero = 55},
                        .name = IMAGE,
                        .top = "934",
                        .fixtures = X8_FIXTURES "/vendor",
                        .level = 2,
                        .members = 1,
                        .kernel_kb = 2048};

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--packed") == 0) {
            o.is_packed = 1;
            continue;
        }
        if (strcmp(argv[i], "--signed") == 0) {
            o.is_signed = 1;
            continue;
        }
        if (i + 1 == argc ||
            (take_text(&o, argv[i], argv[i + 1]) && take_number(&o, argv[i], argv[i + 1]))) {
            usage(stderr);
            return 2;
        }
        i++;
    }
    if (!o.folder == !o.archive) {
        usage(stderr);
        return 2;
    }
    o.image.size -= o.image.size % MK_BLOCK;
    if (o.folder)
        make_release(&o, o.folder);
    else
        make_archive(&o);
    return 0;
}
