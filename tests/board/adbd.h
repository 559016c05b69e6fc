/*
 * A double of the daemon that answers adb on a Portenta X8: the C daemon of Android 5.1.1 with its
 * habits, or, with the word persona=new, a daemon of today. Strict where the board is strict. It
 * shares no code with src/ but util/bytes.h: it is the second opinion. ADBD.md has the words, the
 * faults and what is answered.
 *
 * One thread, one link at a time. It runs real processes of the computer it is on, so x8-adbd keeps
 * it in a sandbox.
 */
#ifndef ADBD_H
#define ADBD_H

#include <stdint.h>

struct ad; /* one daemon: its words, its faults, the link it has */

/* A daemon with the words' defaults. Never NULL. */
struct ad *ad_new(void);
void ad_free(struct ad *ad);

/* Take one word, "persona=new". 1 taken, 0 no word of the daemon, -1 wrong with a sentence in
 * `why`. */
int ad_word(struct ad *ad, const char *word, char why[256]);

/* The same for words separated by spaces; quotes keep spaces inside one. Here an unknown word is
 * wrong. 0 or -1. */
int ad_words(struct ad *ad, const char *words, char why[256]);

/* Cut the next word out of *text into `out`; *text moves on. 1, 0 at the end, -1 when it does not
 * fit. */
int ad_next_word(const char **text, char *out, unsigned cap);

/* Serving ends when this descriptor becomes readable or is hung up. Borrowed. */
void ad_stop_at(struct ad *ad, int fd);

enum ad_end {
    AD_GONE = 1, /* the other side closed the link */
    AD_DROPPED,  /* the daemon closed it: a rule was broken, or a fault struck */
    AD_STOPPED,  /* told to stop, or the board reboots */
    AD_DIED,     /* the daemon would have exited with a failure */
};

/* Serve one link on a connected stream socket until it ends; closes `fd`. Children of its streams
 * get what the board's would get. Errors: none; what went wrong is in the log. */
enum ad_end ad_serve(struct ad *ad, int fd);

/* Accept links on a listening stream socket, one at a time, until stopped. Returns the status to
 * exit with. After a dropped link with `for:` the socket refuses for so long; a TCP
 * socket must have been bound with SO_REUSEADDR and by number for that, or the kernel lets go of
 * its port. */
int ad_listen(struct ad *ad, int fd);

/* Write pid files and the like: where the board's folder is inside the sandbox. */
#define AD_FOLDER "/run/x8board"

#endif
