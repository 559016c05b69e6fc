/*
 * x8-board: put one to eight virtual boards on the USB of a program. See usage().
 */
#include "umock_linux.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STATUS_USAGE   2
#define STATUS_DIFFERS 99

struct options {
    char words[3072];               /* for every board */
    const char *own[UM_MAX_BOARDS]; /* --board */
    size_t own_count, count;
    const char *report, *compare, *keep, *control;
    size_t usbfs_mb;
    struct um_run run;
};

static void usage(FILE *out)
{
    fputs("usage: x8-board [word]... [option]... -- COMMAND [ARG]...\n"
          "Run COMMAND with virtual boards on its USB. Words describe the boards (vboard.h): "
          "start=rom emmc=16G ...\n"
          "  --board \"words\"     one board more, with these words beside the common ones (at "
          "most 8)\n"
          "  --count N           N boards that differ only in port and serial number\n"
          "  --report FILE       a line of JSON for each board at the end\n"
          "  --compare user=FILE[,boot0@0x8400=FILE]...\n"
          "                      compare the media at the end; status 99 if they differ and "
          "COMMAND succeeded\n"
          "  --keep DIR          keep user.img, boot0.img, boot1.img there (in DIR/0... with "
          "several boards)\n"
          "  --control FIFO      take orders while COMMAND runs: \"0 unplug 500\", or with "
          "the boot switches set back \"0 switch 500\"\n"
          "  --pid-file FILE     process id of COMMAND, for signals to it alone\n"
          "  --idle-limit SEC    end COMMAND after that time, status 124\n"
          "  --usbfs-mb N        memory for transfers in flight, as usbfs_memory_mb (16)\n"
          "The status is COMMAND's (128 + signal). SIGTERM and SIGHUP are passed on, SIGINT comes "
          "by itself.\n",
          out);
}

static int number(const char *text, uint64_t *out)
{
    char *end;

    errno = 0;
    *out = strtoull(text, &end, 10);
    return errno || *end || end == text ? -1 : 0;
}

static int add_word(char *words, size_t cap, const char *word)
{
    size_t len = strlen(words);
    int n = snprintf(words + len, cap - len, "%s%s", len ? " " : "", word);

    return n < 0 || (size_t)n >= cap - len ? -1 : 0;
}

/* An argument of its own needs no quotes around the words of a daemon. */
static int add_argument(char *words, size_t cap, const char *text)
{
    char word[1200];
    int n;

    if (strncmp(text, "adbd=", 5) != 0 || text[5] == '"' || text[5] == '\'')
        return add_word(words, cap, text);
    n = snprintf(word, sizeof(word), "adbd=%s%s%s", strchr(text, '"') ? "'" : "\"", text + 5,
                 strchr(text, '"') ? "'" : "\"");
    return n < 0 || (size_t)n >= sizeof(word) ? -1 : add_word(words, cap, word);
}

static int take_option(struct options *o, const char *name, const char *value)
{
    const struct {
        const char *name;
        const char **text;
    } texts[] = {{"--report", &o->report},
                 {"--compare", &o->compare},
                 {"--keep", &o->keep},
                 {"--control", &o->control},
                 {"--pid-file", &o->run.pid_file}};
    uint64_t n = 0;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (strcmp(name, texts[i].name) == 0) {
            *texts[i].text = value;
            return 0;
        }
    }
    if (strcmp(name, "--board") == 0) {
        if (o->own_count == UM_MAX_BOARDS)
            return -1;
        o->own[o->own_count++] = value;
        return 0;
    }
    if (number(value, &n))
        return -1;
    if (strcmp(name, "--count") == 0 && n >= 1 && n <= UM_MAX_BOARDS)
        o->count = (size_t)n;
    else if (strcmp(name, "--idle-limit") == 0)
        o->run.limit_s = (int64_t)n;
    else if (strcmp(name, "--usbfs-mb") == 0)
        o->usbfs_mb = (size_t)n;
    else
        return -1;
    return 0;
}

static int parse(struct options *o, char **argv)
{
    for (argv++; *argv; argv++) {
        if (strcmp(*argv, "--") == 0) {
            o->run.argv = argv + 1;
            return argv[1] ? 0 : -1;
        }
        if (strcmp(*argv, "--help") == 0) {
            usage(stdout);
            exit(0);
        }
        if (strncmp(*argv, "--", 2) == 0) {
            if (!argv[1] || take_option(o, argv[0], argv[1])) {
                fprintf(stderr, "x8-board: not understood: %s\n", *argv);
                return -1;
            }
            argv++;
        } else if (add_argument(o->words, sizeof(o->words), *argv)) {
            return -1;
        }
    }
    return -1;
}

static int has_word(const char *words, const char *key)
{
    const char *at = strstr(words, key);

    return at && (at == words || at[-1] == ' ');
}

/* Its words: the common ones, its own, and what tells it from its neighbours. */
static int compose(const struct options *o, size_t i, size_t count, char *out, size_t cap)
{
    char word[512];
    int bad = 0;

    out[0] = '\0';
    if (o->words[0])
        bad |= add_word(out, cap, o->words);
    if (i < o->own_count)
        bad |= add_word(out, cap, o->own[i]);
    if (!has_word(out, "port=")) {
        snprintf(word, sizeof(word), "port=1-%zu", i + 2);
        bad |= add_word(out, cap, word);
    }
    if (i > 0 && !has_word(out, "serial=")) {
        snprintf(word, sizeof(word), "serial=1b2c3d4e5f60%04zx", i);
        bad |= add_word(out, cap, word);
    }
    if (o->keep && !has_word(out, "dir=")) {
        if (count > 1)
            snprintf(word, sizeof(word), "dir=%s/%zu", o->keep, i);
        else
            snprintf(word, sizeof(word), "dir=%s", o->keep);
        if (mkdir(word + 4, 0777) && errno != EEXIST)
            perror(word + 4);
        bad |= add_word(out, cap, word);
    }
    /* Linux and the loaders share the boot areas, by their files. */
    if (has_word(out, "adbd=") && !has_word(out, "dir=")) {
        if (!um_work_folder())
            return -1;
        snprintf(word, sizeof(word), "dir=%s/emmc%zu", um_work_folder(), i + 1);
        bad |= add_word(out, cap, word);
    }
    return bad;
}

/* All on the one bus there is, each at a port of its own. */
static int check_port(struct um_world *world, size_t i)
{
    struct vb_descriptors *seen = &world->boards[i].seen;

    vb_descriptors(world->boards[i].vb, seen);
    for (size_t j = 0; j < i; j++) {
        if (strcmp(world->boards[j].seen.port, seen->port) == 0) {
            fprintf(stderr, "x8-board: two boards at port %s\n", seen->port);
            return -1;
        }
    }
    if (strncmp(seen->port, "1-", 2) == 0)
        return 0;
    fprintf(stderr, "x8-board: port %s is not on bus 1\n", seen->port);
    return -1;
}

static int make_boards(struct um_world *world, struct options *o)
{
    size_t count = o->own_count > o->count ? o->own_count : o->count;

    if (o->keep && mkdir(o->keep, 0777) && errno != EEXIST)
        perror(o->keep);
    for (size_t i = 0; i < count; i++) {
        struct um_board *board = &world->boards[i];
        char why[256] = "too many words";

        board->world = world;
        if (!compose(o, i, count, board->words, sizeof(board->words)))
            board->vb = vb_new(board->words, why);
        if (!board->vb) {
            fprintf(stderr, "x8-board: %s: %s\n", board->words, why);
            return -1;
        }
        world->count++;
        if (check_port(world, i))
            return -1;
        board->plays_driver = strstr(board->words, "usbhid=1") != NULL;
        board->has_daemon = has_word(board->words, "adbd=");
        o->run.drop_override |=
            strstr(board->words, "access=") != NULL || strstr(board->words, "denied") != NULL;
    }
    return 0;
}

static int open_world(struct um_world *world, const struct options *o)
{
    pthread_condattr_t attr;
    int status;

    pthread_mutex_init(&world->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&world->changed, &attr);
    pthread_condattr_destroy(&attr);
    world->in_flight_max = o->usbfs_mb << 20;
    world->last_devnum = 1;
    if (um_nodes_open(world))
        return STATUS_USAGE;
    for (size_t i = 0; i < world->count; i++) {
        vb_tick(world->boards[i].vb, um_now_us());
        um_nodes_sync(&world->boards[i]);
    }
    if (o->control && um_control_start(world, o->control))
        return STATUS_USAGE;
    /* Before the clock runs: the daemons' threads make time pass for their boards. */
    status = um_linux_open(world);
    return status ? status : um_clock_start(world) ? STATUS_USAGE : 0;
}

static int close_world(struct um_world *world, const struct options *o, int status)
{
    int different = 0;

    um_linux_close(world);
    um_clock_stop(world);
    um_nodes_close(world);
    if (o->report && um_report(world, o->report))
        status = status ? status : STATUS_USAGE;
    if (o->compare)
        different = um_compare(world, o->compare);
    pthread_mutex_lock(&world->lock); /* for good: nobody touches the boards any more */
    for (size_t i = 0; i < world->count; i++)
        vb_free(world->boards[i].vb);
    um_work_remove();
    if (status == 0 && different)
        status = different > 0 ? STATUS_DIFFERS : STATUS_USAGE;
    return status;
}

/* Nothing was started. */
static int give_up(struct um_world *world, int status)
{
    um_linux_close(world);
    if (world->testbed)
        um_nodes_close(world);
    um_work_remove();
    return status;
}

/* umockdev complains about a program that was killed while one of its ioctls waited. That is no
 * news here. */
static void on_glib_message(const gchar *domain, GLogLevelFlags level, const gchar *message,
                            gpointer data)
{
    if (!strstr(message, "with open stream"))
        g_log_default_handler(domain, level, message, data);
}

int main(int argc, char **argv)
{
    static struct um_world world;
    struct options options = {.count = 1, .usbfs_mb = 16};
    int status;

    (void)argc;
    g_log_set_default_handler(on_glib_message, NULL);
    if (um_reexec(argv))
        return STATUS_USAGE;
    if (parse(&options, argv)) {
        usage(stderr);
        return STATUS_USAGE;
    }
    um_run_block_signals();
    status = make_boards(&world, &options) ? STATUS_USAGE : open_world(&world, &options);
    if (status)
        return give_up(&world, status);
    status = close_world(&world, &options, um_run(&options.run));
    fflush(stdout); /* not all streams: the one of --control is being waited on */
    _exit(status);  /* umockdev's threads still run */
}
