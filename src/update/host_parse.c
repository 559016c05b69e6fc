/*
 * Reading the answer of the probe: its lines (host_lines.c), and the one text that comes as bytes.
 */
#include "update/host_parts.h"

#include "session/osrelease.h"
#include "util/text.h"

#include <string.h>

#define ROOT_MAX ((size_t)1 << 20)

/* "LEN PATH", and LEN bytes behind the line. What is shorter than it says is not kept. */
static void take_root(struct x8_update_board *board, struct host_part line, struct host_part *rest)
{
    struct host_part count = host_cut(&line, ' ');
    uint64_t len = 0;

    if (host_number(count, &len) < 0 || len > ROOT_MAX || len > rest->len)
        return;
    board->root_json.len = 0;
    if (len > 0 && x8_buf_add(&board->root_json, rest->at, (size_t)len) == 0)
        x8_clean(board->root_from, sizeof(board->root_from), line.len ? line.at : "", line.len);
    rest->at += len;
    rest->len -= (size_t)len;
}

static void finish(struct host_answer *answer)
{
    struct x8_update_board *board = answer->board;
    struct x8_os_release os;
    char version[32];

    if (answer->os.len && x8_os_release_parse(x8_buf_span(&answer->os), &os, NULL) == 0) {
        x8_os_image(&os, version);
        if (strcmp(version, "-") != 0)
            x8_copy(board->version, sizeof(board->version), version);
    }
    board->aklite = x8_aklite_of_usage(x8_buf_text(&answer->usage), answer->usage.len);
    /* Without the program, or without root, the kernel's command line is what there is. */
    if (!board->booted[0])
        memcpy(board->booted, board->cmdline, sizeof(board->booted));
}

int x8_update_board_parse(struct x8_span text, struct x8_update_board *out, struct x8_error *err)
{
    struct host_answer answer = {.board = out};
    struct host_part rest = {(const char *)text.data, text.len};

    memset(out, 0, sizeof(*out));
    out->upgrade_available = out->bootcount = out->rollback_flag = -1;
    out->bootupgrade_available = -1;
    while (rest.len) {
        struct host_part line = host_cut(&rest, '\n'), key = host_cut(&line, ' ');

        if (key.len == 4 && memcmp(key.at, "root", 4) == 0)
            take_root(out, line, &rest);
        else
            host_take(&answer, key, line);
    }
    finish(&answer);
    x8_buf_done(&answer.os);
    x8_buf_done(&answer.usage);
    if (answer.ended)
        return 0;
    x8_update_board_done(out);
    x8_fail(err, X8_E_LINK, "the board's answer about its system is not complete");
    x8_error_why(err, "%zu bytes came, without the last line", text.len);
    x8_error_next(err, "try again; x8ctl exec -- cat /etc/os-release shows whether commands work");
    return -X8_E_LINK;
}
