/*
 * Recorded computers and boards. A recording is a block of a text file: lines that say what differs
 * from another block. It is written out as a tree of files below a folder, and read by doctor
 * through the same door as a real computer; what no file answers is answered by the recording. The
 * answers of a board come out of a session.
 *
 * Lines of a block, behind its line "== NAME" (parts.txt has blocks for all files of its folder):
 *
 *   use NAME                       begin with the lines of that block
 *   uid N, clock DATE, env NAME=VALUE, folder PATH, remove PATH
 *   file PATH DATE TEXT            \n in TEXT is a line end; DATE is YYYY-MM-DD
 *   rules PATH DATE                x8ctl's own rules
 *   process PID UID NAME [ARG...]  listen PORT UID
 *   hub PORT SPEED self|bus [NAME]
 *   board PORT VID:PID SPEED open|denied|none [udev=DATE] [auto]
 *   net NAME FLAGS                 space PATH FREE_MB
 *   denied PATH                    adb VERSION|none|foreign
 *   search COUNT | search fails WHY
 *   says KEY TEXT, unsays KEY      lines of a board's answers
 *   expect ID RESULT PHRASE        also ID
 */
#ifndef TEST_KIT_HOST_H
#define TEST_KIT_HOST_H

#include "testlib.h"

#include "doctor/doctor.h"

struct kit_expected {
    char id[32], result[12], phrase[200];
    int is_seen;
};

struct kit_space {
    char path[128];
    uint64_t left;
};

struct kit_host {
    struct x8_host base; /* for doctor */
    char *dir;
    char env_text[24][160];
    const char *env[25];
    size_t env_count;
    struct kit_space spaces[8];
    size_t space_count;
    char denied[8][160];
    size_t denied_count;
    int64_t clock;
    int adb;
    unsigned adb_version;
    int search;
    char search_why[160];
    unsigned devices; /* on USB so far */
    struct x8_buf says;
    struct kit_expected expected[12];
    size_t expected_count;
    char also[8][32];
    size_t also_count;
};

/* The names of the blocks of a file, in its order. *out is for free(). */
size_t kit_blocks(const char *file, char (**out)[64]);

/* Play back the block of that name. */
void kit_host_load(struct kit_host *host, const char *file, const char *name);
void kit_host_done(struct kit_host *host);

/* A session with the recorded board. */
struct x8_session *kit_board_open(struct kit_host *host);

/* Every expected row is there, and no finding that is not expected; each finding has a next step.
 * How often that is not so; each is printed with `name`. */
unsigned kit_judge(struct kit_host *host, const char *name, const struct x8_checks *checks);

#endif
