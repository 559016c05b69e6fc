/*
 * Any bytes as a board's answer about its system: every text that is kept is bounded and clean, and
 * no bundle compared with it is judged without words.
 */
#include "update/host_parts.h"
#include "update/proof.h"
#include "util/text.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_clean(const char *text, size_t cap)
{
    size_t len = strnlen(text, cap);
    if (len == cap)
        abort();
    for (size_t i = 0; i < len;) {
        uint32_t cp = 0;
        size_t n = x8_utf8_next(text + i, len - i, &cp);
        if (n == 0 || cp < 0x20 || (cp >= 0x7f && cp < 0xa0))
            abort();
        i += n;
    }
}

#define CHECK(field) check_clean(board->field, sizeof(board->field))

static void check_board(const struct x8_update_board *board)
{
    CHECK(version);
    CHECK(hardware);
    CHECK(tags);
    CHECK(booted);
    CHECK(pending);
    CHECK(rollback);
    CHECK(cmdline);
    CHECK(target);
    CHECK(boot_id);
    CHECK(device_type);
    CHECK(root_from);
    if (board->container_count > X8_COUNT(board->containers) || board->clock_s < 0)
        abort();
    for (size_t i = 0; i < board->container_count; i++) {
        CHECK(containers[i].name);
        CHECK(containers[i].image);
        CHECK(containers[i].project);
    }
}

static void judge(const struct x8_update_board *board)
{
    static struct x8_bundle bundle;
    static struct x8_tuf_target target = {.version = "861", .hardware = "portenta-x8"};
    static const struct x8_expected expected = {.version = "861", .apps = "a b"};
    const struct x8_fit how = {0};
    struct x8_findings findings = {0};
    struct x8_proven proven;

    bundle.target = &target;
    bundle.tuf.expires_s = 1800000000;
    x8_update_fit(&bundle, board, &how, &findings);
    x8_update_apps(&bundle, board, &findings);
    for (size_t i = 0; i < findings.count; i++)
        if (!findings.items[i].text[0] ||
            (findings.items[i].kind == X8_FOUND_BAD && !findings.items[i].next[0]))
            abort();
    x8_findings_done(&findings);
    x8_proof_judge(board, &expected, &proven);
    if (!proven.reason[0])
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct x8_update_board board;
    struct host_toml toml = {""};
    struct x8_error err;
    char key[96], value[256];

    if (x8_update_board_parse((struct x8_span){data, size}, &board, &err) == 0)
        judge(&board);
    check_board(&board);
    x8_update_board_done(&board);
    if (size && host_toml_line(&toml, (const char *)data, size, key, value))
        check_clean(value, sizeof(value));
    return 0;
}
