/*
 * Clearing and restoring the boot areas. The board runs on while they are cleared, from its eMMC's
 * user area; it only misses them at the next start. So everything that fails here is mended at
 * once, and said exactly.
 */
#include "session/bootareas_parts.h"

#include <stdio.h>
#include <string.h>

/* A read-only switch in the kernel stands before the writes. It is put back whatever happens.
 * Source: Linux Documentation/driver-api/mmc/mmc-dev-parts.rst. */
#define UNLOCKED                                                                                   \
    "b=/sys/block/mmcblk2boot%d; "                                                                 \
    "trap 'sync; echo 1 >$b/force_ro' EXIT; trap 'exit 129' HUP INT TERM; "                        \
    "echo 0 >$b/force_ro || exit 45; "

static int write_area(struct x8_session *session, const struct x8_op *op,
                      const struct x8_root *root, int area, const struct x8_kept *kept,
                      struct x8_error *err)
{
    X8_AUTO_RAN ran = {0};
    struct x8_command command = {.input = X8_INPUT_COUNT, .input_len = X8_BOOT_AREA_LEN};
    struct x8_channel *channel = NULL;
    char text[320], what[32];
    int rc;

    snprintf(what, sizeof what, "writing boot area %d", area);
    snprintf(text, sizeof text,
             UNLOCKED "dd of=/dev/mmcblk2boot%d bs=4096 conv=notrunc 2>/dev/null || exit 47; sync",
             area, area);
    command.text = text;
    rc = x8_start_as(session, op, root, &command, &channel, err);
    if (rc == 0)
        rc = x8_run_channel(channel, op, kept->bytes[area].data, X8_BOOT_AREA_LEN, X8_BOOT_AREA_MS,
                            &ran, err);
    return rc < 0 ? rc : x8_run_result(what, &ran, NULL, err);
}

static int clear_area(struct x8_session *session, const struct x8_op *op,
                      const struct x8_root *root, int area, struct x8_error *err)
{
    char text[320], what[32];

    snprintf(what, sizeof what, "clearing boot area %d", area);
    snprintf(text, sizeof text,
             UNLOCKED "dd if=/dev/zero of=/dev/mmcblk2boot%d bs=4096 count=1024 conv=notrunc "
                      "2>/dev/null || exit 47; sync",
             area, area);
    return x8_run_as_ok(session, op, root, what, text, X8_BOOT_AREA_MS, NULL, err);
}

int x8_boot_areas_write(struct x8_session *session, const struct x8_op *op,
                        const struct x8_root *root, const struct x8_kept *kept,
                        struct x8_error *err)
{
    struct x8_boot_state state;
    int rc = 0;

    for (int i = 0; i < X8_BOOT_AREAS && rc == 0; i++)
        rc = write_area(session, op, root, i, kept, err);
    if (rc == 0)
        rc = x8_boot_areas_look(session, op, root, &state, err);
    for (int i = 0; i < X8_BOOT_AREAS && rc == 0; i++)
        if (strcmp(state.sha256[i], kept->sha256[i]) != 0)
            rc = x8_fail(err, X8_E_VERIFY,
                         "%s: boot area %d reads back other bytes than were "
                         "written",
                         session->label, i);
    return rc;
}

/* The state is not certain: the one thing that must not happen now is a loss of power. */
static int uncertain(const struct x8_session *session, const struct x8_error *cause,
                     struct x8_error *err)
{
    x8_fail(err, X8_E_UNKNOWN_STATE, "%s: what is in the boot areas is not certain",
            session->label);
    x8_error_why(err, "%s%s%s", cause->msg, cause->why[0] ? ": " : "", cause->why);
    x8_error_next(err, "leave the board under power and run  x8ctl recover --restore-boot; after a "
                       "loss of power only a flash helps");
    return -X8_E_UNKNOWN_STATE;
}

/* A stop by the user must not keep the copy from being written back. */
static int write_back(struct x8_session *session, const struct x8_op *op,
                      const struct x8_root *root, const struct x8_kept *kept,
                      const struct x8_error *cause, struct x8_error *err)
{
    struct x8_op mending = *op;
    struct x8_error failed = {0};

    mending.cancel = NULL;
    mending.deadline = x8_deadline_in(3 * X8_BOOT_AREA_MS);
    if (x8_boot_areas_write(session, &mending, root, kept, &failed) < 0)
        return uncertain(session, cause, err);
    *err = *cause;
    x8_error_prefix(err, "the boot areas are as they were");
    return -(int)cause->code;
}

/* The copy must be of what is there now, or writing it back would make things worse. */
static int check_copy(const struct x8_session *session, const struct x8_kept *kept,
                      const struct x8_boot_state *state, const char *folder, struct x8_error *err)
{
    for (int i = 0; i < X8_BOOT_AREAS; i++)
        if (strcmp(state->sha256[i], kept->sha256[i]) != 0) {
            x8_fail(err, X8_E_WRONG_STATE, "%s: boot area %d is not what the copy in %s holds",
                    session->label, i, folder);
            x8_error_why(err, "it changed since the copy was taken (an update?)");
            x8_error_next(err, "run the command again: a new copy is taken first");
            return -X8_E_WRONG_STATE;
        }
    return 0;
}

int x8_boot_areas_clear(struct x8_session *session, const struct x8_op *op,
                        const struct x8_root *root, const char *serial, const char *folder,
                        struct x8_error *err)
{
    X8_AUTO_KEPT kept = {0};
    struct x8_boot_state state;
    struct x8_error cause = {0};
    int rc = x8_kept_load(folder, serial, &kept, err);

    if (rc == 0)
        rc = x8_boot_areas_look(session, op, root, &state, err);
    if (rc == 0)
        rc = check_copy(session, &kept, &state, folder, err);
    if (rc < 0)
        return rc;
    for (int i = 0; i < X8_BOOT_AREAS && rc == 0; i++)
        rc = clear_area(session, op, root, i, &cause);
    if (rc == 0)
        rc = x8_boot_areas_look(session, op, root, &state, &cause);
    if (rc == 0 && (!state.is_cleared[0] || !state.is_cleared[1]))
        rc = x8_fail(&cause, X8_E_VERIFY, "%s: a cleared boot area does not read as zeros",
                     session->label);
    return rc < 0 ? write_back(session, op, root, &kept, &cause, err) : 0;
}

int x8_boot_areas_restore(struct x8_session *session, const struct x8_op *op,
                          const struct x8_root *root, const char *serial, const char *folder,
                          struct x8_error *err)
{
    X8_AUTO_KEPT kept = {0};
    struct x8_boot_state state;
    struct x8_error cause = {0};
    int rc = x8_kept_load(folder, serial, &kept, err);

    if (rc == 0) /* is it an X8, are the areas there: before anything is written */
        rc = x8_boot_areas_look(session, op, root, &state, err);
    if (rc < 0)
        return rc;
    rc = x8_boot_areas_write(session, op, root, &kept, &cause);
    return rc < 0 ? uncertain(session, &cause, err) : 0;
}
