/*
 * For the tests of the journal: a folder with one in it, of a run that died in the middle.
 */
#ifndef TEST_JOURNALS_H
#define TEST_JOURNALS_H

#include "flash/journal.h"
#include "flash/plan.h"
#include "testlib.h"
#include "util/file.h"
#include "util/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MIB 1048576u

static char *dir, *path;
static char warnings[1024];

static void remember(void *ctx, const struct x8_event *event)
{
    (void)ctx;
    if (event->kind == X8_EV_WARN)
        snprintf(warnings + strlen(warnings), sizeof warnings - strlen(warnings), "%s\n",
                 event->text);
}

static const struct x8_op op = {.emit = remember};

static const struct x8_journal_head head = {.port = "1-4.2",
                                            .source = "/srv/images/934 \"new\".tar.gz",
                                            .image = "lmp-factory-image.wic",
                                            .sha256 = "ab12",
                                            .script = "full_image.uuu",
                                            .only = X8_ONLY_OS,
                                            .skip_unused = 1,
                                            .started = 1790000000};

static int setup(void **state)
{
    (void)state;
    dir = test_dir_new();
    path = test_path(dir, "usb-1-4.2.jsonl");
    warnings[0] = '\0';
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    free(path);
    test_dir_free(dir);
    return 0;
}

static struct x8_piece_done piece_at(unsigned mib)
{
    return (struct x8_piece_done){.start = (uint64_t)mib * MIB,
                                  .end = (uint64_t)(mib + 1) * MIB,
                                  .at = (uint64_t)mib * MIB + 4096,
                                  .len = 65536,
                                  .crc = 0xfedcba98u + mib};
}

static void write_piece(struct x8_journal *journal, unsigned mib)
{
    struct x8_piece_done piece = piece_at(mib);

    x8_journal_sending(journal, &op, "all", piece.start, piece.end);
    x8_journal_confirm(journal, &op, "all", &piece);
}

static struct x8_journal *begin(void)
{
    struct x8_journal *journal = NULL;

    assert_int_equal(x8_journal_begin(path, &head, &journal, NULL), 0);
    return journal;
}

/* As a run that died after three pieces, in the middle of the fourth. */
static void write_example(void)
{
    struct x8_journal *journal = begin();
    struct x8_range erased = {0, 64ull * MIB};

    x8_journal_serial(journal, &op, "1822aa09dab6fad9");
    x8_journal_erased(journal, &op, "all", &erased);
    for (unsigned i = 0; i < 3; i++)
        write_piece(journal, i);
    x8_journal_sending(journal, &op, "all", 3 * MIB, 4 * MIB);
    x8_journal_end(&journal, &op, -(int)X8_E_GONE);
    assert_null(journal);
}

static struct x8_past read_past(void)
{
    struct x8_past past;
    struct x8_error err = {0};

    memset(&past, 0x5a, sizeof past); /* nothing may be left as it was */
    if (x8_journal_read(path, &past, &err) != 1)
        fail_msg("not read: %s", err.msg);
    return past;
}

#endif
