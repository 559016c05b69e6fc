/*
 * The udev rules that let a user open a board without root: their text, and putting them in place.
 */
#ifndef X8_DOCTOR_UDEV_H
#define X8_DOCTOR_UDEV_H

#include "util/buf.h"
#include "util/op.h"

#define X8_UDEV_DIR   "/etc/udev/rules.d"
#define X8_UDEV_GROUP "plugdev"

/* The rules. `group` NULL or "": only uaccess, which needs a user at the machine. -1 without
 * memory. */
int x8_udev_text(const char *group, struct x8_buf *out) X8_NODISCARD;

/* The group for this system: X8_UDEV_GROUP when it exists, else NULL. */
const char *x8_udev_group(void);

/* 1 when udevadm is installed: somebody could be told of new rules. */
int x8_udev_has_udevadm(void);

struct x8_udev_report {
    char path[256];      /* where the rules are, or would be */
    int is_present;      /* a file of that name is there */
    int is_current;      /* with the text of this version */
    int is_effective;    /* its number sorts before 73, so that uaccess is still applied */
    int has_udev;        /* udevadm is installed */
    char others[4][256]; /* other rule files that name the same ids */
    size_t other_count;
};

/*
 * Look at a folder of rules, or with `dir` NULL at all that udev reads. X8_E_DIFFERS when rules
 * are missing, old, or ineffective: err says which. The report is filled either way.
 */
int x8_udev_check(const char *dir, struct x8_udev_report *out, struct x8_error *err);

/* The same look at all that udev reads below `root` ("" for this computer), without a judgement;
 * has_udev says there whether a daemon runs. */
void x8_udev_look(const char *root, struct x8_udev_report *out);

/*
 * Write the rules to `dir` (NULL: X8_UDEV_DIR), whole or not at all, then make udev read them and
 * apply them to what is plugged in, only when `dir` is NULL. 1 when written, 0 when it was there
 * already. X8_E_NO_PERMISSION with the sudo line.
 */
int x8_udev_install(const struct x8_op *op, const char *dir, struct x8_error *err);

/* Remove them. 1 when removed, 0 when there was nothing. */
int x8_udev_remove(const struct x8_op *op, const char *dir, struct x8_error *err);

#endif
