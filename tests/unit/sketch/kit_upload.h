/*
 * Uploads on the virtual board's Linux: its systemd units, its OpenOCD, its flash.
 */
#ifndef TEST_KIT_UPLOAD_H
#define TEST_KIT_UPLOAD_H

#include "../session/kit_adb.h"

#include "sketch/upload.h"

struct bench {
    struct kit_adb kit;
    struct x8_sketch sketch;
    struct x8_upload job;
    struct x8_uploaded out;
    struct x8_root root;
    struct x8_secret secret;
    unsigned asked;  /* for root */
    char said[8192]; /* what was reported */
    /* Stop when this was reported, at this level; NULL: not. */
    const char *stop_at;
    enum x8_cancel_level stop_level;
    const char *end_at; /* a programming that has no end of its own ends when this was reported */
};

/* For words of a board: its programming ends when a test says so. */
#define ENDLESS "m4time=600000"
/* For a line of shell: until the board programs, and for a file that was put there before. */
#define UNTIL_BUSY                                                                                 \
    "until grep -qs ^ActiveState=activating /run/x8board/units/monitor-m4-elf-file.service; do "   \
    "sleep 0.02; done"
#define UNTIL_IDLE                                                                                 \
    "until grep -qs ^SubState=waiting /run/x8board/units/monitor-m4-elf-file.path && "             \
    "! grep -qs ^ActiveState=activating /run/x8board/units/monitor-m4-elf-file.service; do "       \
    "sleep 0.02; done"

/* One boot of a board made of these words, and a sketch of 20000 bytes. */
void open_board(struct bench *b, const char *words);
/* Another sketch, of this size. */
void make_sketch(struct bench *b, size_t len);
void close_board(struct bench *b);
/* Upload it as b->job says. The outcome is in b->out and b->kit.err. */
int upload(struct bench *b);
/* Fails with all words when it is not this. */
void expect(struct bench *b, int rc, int wanted);
/* A command on the board, as its user; its status. */
int sh(struct bench *b, const char *text);
/* Change words of the board's M4 side: ROOT.md, run/m4/words. */
void change_words(struct bench *b, const char *words);
/* Lines of the log of what OpenOCD programmed that hold these words; all of them with "". */
int programmed(struct bench *b, const char *words);
/* This sketch was programmed in each of so many uploads: once, and once more where the board was so
 * slow that it could not tell its run from another's, which it reports. */
void was_programmed(struct bench *b, int uploads);
/* Soon there is nothing but the sketch itself in the folder. */
void no_trace(struct bench *b);
void nothing_was_programmed(struct bench *b);
void has_words(const char *text, const char *words);
/* One upload on a fresh board with (or, NULL, without) the password. */
void try_on(struct bench *b, const char *words, const char *password, int wanted);
/* Root by the password of the bench, counted. `user`: the bench. */
int get_root(void *user, const struct x8_root **out, struct x8_error *err);

#endif
