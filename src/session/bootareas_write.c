/*
 * Clearing the boot areas and writing them back. The scripts do not end when the link does
 * (`trap ''`): a half-written loader is worse than a cleared one. For the same reason the writing
 * itself is not stopped by Ctrl-C, but what comes before it is.
 */
#include "session/bootareas.h"
#include "session/bootareas_kept.h"

#include <stdio.h>
#include <string.h>

#define WRITE_MS 180000

#define UNSTOPPABLE "export LC_ALL=C;trap '' HUP INT TERM PIPE;r=0\n"
/* One area from where dd gets it; force_ro is 1 again whatever happened. */
#define EACH_AREA(from)                                                                            \
    "for n in 0 1;do f=/sys/block/mmcblk2boot$n/force_ro\n"                                        \
    "echo 0 >$f&&x=$(dd " from " of=/dev/mmcblk2boot$n bs=65536 count=64 conv=fsync 2>&1)||\n"     \
    "{ r=1;printf '%s\\n' \"$x\" >&2;}\n"                                                          \
    "echo 1 >$f||r=1;[ $r = 0 ]||break;done;sync\n"

static const char clear_text[] = UNSTOPPABLE EACH_AREA("if=/dev/zero") "exit $r\n";

/* Everything is on the board and proven before the first byte is written. %s: digest of both areas,
 * one after the other. */
#define RESTORE_TEXT                                                                               \
    UNSTOPPABLE "umask 077;t=$(mktemp /tmp/x8ctl-boot.XXXXXXXX)||exit\n"                           \
                "cat >\"$t\"||r=1;x=$(sha256sum <\"$t\")\n"                                        \
                "[ $r = 0 ]&&[ \"${x%%%% *}\" = %s ]||{ rm -f \"$t\"\n"                            \
                "echo 'what arrived is not what was sent' >&2;exit 1;}\n"

static const char restore_text[] = EACH_AREA("if=\"$t\" skip=$((n*64))") "rm -f \"$t\";exit $r\n";

/* As the board's own word: which board is about to be written. */
static int check_serial(struct x8_session *session, const struct x8_op *op, const char *serial,
                        struct x8_error *err)
{
    X8_AUTO_BUF text = {0};
    int rc = x8_run_ok(session, op, "serial number",
                       "read -r x </sys/devices/soc0/serial_number&&printf %s \"$x\"",
                       X8_RUN_TEXT_MS, &text, err);

    if (rc != 0 || strcmp(x8_buf_text(&text), serial) == 0)
        return rc;
    x8_fail(err, X8_E_MISFIT, "the board at the other end is not %s", serial);
    return -X8_E_MISFIT;
}

/* The digest of both areas as one. */
static int digest_of_both(const struct x8_buf *both, char out[65], struct x8_error *err)
{
    X8_AUTO_KEPT one = {0};
    int rc;

    one.area[0] = *both;
    rc = x8_kept_digest(&one, err);
    one.area[0] = (struct x8_buf){0};
    if (rc == 0)
        memcpy(out, one.sha256[0], 65);
    return rc;
}

static int run_restore(struct x8_session *session, const struct x8_op *op,
                       const struct x8_root *root, const struct x8_buf *both, struct x8_error *err)
{
    struct x8_command command = {.input = X8_INPUT_COUNT, .input_len = both->len};
    struct x8_channel *channel = NULL;
    X8_AUTO_BUF text = {0};
    X8_AUTO_RAN ran = {0};
    char sha256[65];
    int rc = digest_of_both(both, sha256, err);

    if (rc != 0)
        return rc;
    if (x8_buf_addf(&text, RESTORE_TEXT, sha256) != 0 ||
        x8_buf_add(&text, restore_text, sizeof restore_text - 1) != 0)
        return x8_fail(err, X8_E_INTERNAL, "no memory");
    command.text = x8_buf_text(&text);
    rc = x8_start_as(session, op, root, &command, &channel, err);
    if (rc == 0)
        rc = x8_run_channel(channel, op, both->data, both->len, WRITE_MS, &ran, err);
    return rc == 0 ? x8_run_result("boot areas", &ran, NULL, err) : rc;
}

static int write_back(struct x8_session *session, const struct x8_op *op,
                      const struct x8_root *root, const struct x8_kept *kept, struct x8_error *err)
{
    X8_AUTO_BUF both = {0};

    for (int i = 0; i < 2; i++)
        if (x8_buf_add(&both, kept->area[i].data, kept->area[i].len) != 0)
            return x8_fail(err, X8_E_INTERNAL, "no memory");
    return run_restore(session, op, root, &both, err);
}

/* 0 when the areas hold what was kept. */
static int compare(struct x8_session *session, const struct x8_op *op, const struct x8_root *root,
                   const struct x8_kept *kept, struct x8_error *err)
{
    struct x8_boot_state state;
    int rc = x8_boot_areas_look(session, op, root, &state, err);

    for (int i = 0; rc == 0 && i < 2; i++)
        if (strcmp(state.sha256[i], kept->sha256[i]) != 0)
            rc = x8_fail(err, X8_E_VERIFY, "boot%d is not what was kept", i);
    return rc;
}

/* Nobody knows what is in the areas. The cause is in `err`. */
static int unknown_state(struct x8_error *err)
{
    char cause[sizeof err->msg];

    if (!err)
        return -X8_E_UNKNOWN_STATE;
    memcpy(cause, err->msg, sizeof cause);
    cause[sizeof cause - 1] = '\0';
    x8_fail(err, X8_E_UNKNOWN_STATE, "the state of the boot areas is not certain");
    x8_error_why(err, "%s", cause);
    x8_error_next(err, "keep the board powered, plug the cable again, then:  "
                       "x8ctl recover --restore-boot");
    return -X8_E_UNKNOWN_STATE;
}

/* An operation that goes on whatever is asked for; its waits have limits of their own. */
static struct x8_op unstoppable(const struct x8_op *op)
{
    struct x8_op on = *op;

    on.cancel = NULL;
    on.deadline = X8_NO_DEADLINE;
    return on;
}

/* While it goes on, who asks for a stop is told once why nothing stops. */
struct goes_on {
    struct x8_waker waker;
    const struct x8_op *op;
    int said; /* under the token's lock */
};

static void say_why(void *ctx, enum x8_cancel_level level)
{
    struct goes_on *goes = ctx;

    (void)level;
    if (!goes->said)
        x8_emit(goes->op, X8_EV_WARN,
                "the boot areas are being written: that goes on to its end, as a board with half a "
                "loader does not start");
    goes->said = 1;
}

static void goes_on_begin(struct goes_on *goes, const struct x8_op *op)
{
    *goes = (struct goes_on){.waker = {.wake = say_why, .ctx = goes}, .op = op};
    x8_cancel_watch(op->cancel, &goes->waker);
}

static void goes_on_end(struct goes_on *goes)
{
    x8_cancel_unwatch(goes->op->cancel, &goes->waker);
}

/* Clearing failed with `err`: put the copy back and say how that went. */
static int undo(struct x8_session *session, const struct x8_op *op, const struct x8_root *root,
                const struct x8_kept *kept, struct x8_error *err)
{
    struct x8_error second = {0};
    int rc = write_back(session, op, root, kept, &second);

    if (rc == 0)
        rc = compare(session, op, root, kept, &second);
    if (rc == 0) {
        x8_error_prefix(err, "the boot areas are as before");
        return err ? -(int)err->code : -X8_E_REFUSED;
    }
    if (err)
        *err = second;
    return unknown_state(err);
}

static int is_link_lost(int rc)
{
    return rc == -X8_E_GONE || rc == -X8_E_LINK || rc == -X8_E_TIMEOUT;
}

static int clear_on(struct x8_session *session, const struct x8_op *op, const struct x8_root *root,
                    const struct x8_kept *kept, struct x8_error *err)
{
    struct x8_boot_state state;
    int rc = x8_run_as_ok(session, op, root, "clear", clear_text, WRITE_MS, NULL, err);

    if (rc == 0)
        rc = x8_boot_areas_look(session, op, root, &state, err);
    if (rc == 0 && state.is_cleared[0] && state.is_cleared[1])
        return 0;
    if (rc == 0)
        rc = x8_fail(err, X8_E_VERIFY, "clear: boot%d is not all zeros", !!state.is_cleared[0]);
    if (is_link_lost(rc))
        return unknown_state(err);
    return undo(session, op, root, kept, err);
}

static int clear_both(struct x8_session *session, const struct x8_op *op,
                      const struct x8_root *root, const struct x8_kept *kept, struct x8_error *err)
{
    struct x8_op on = unstoppable(op);
    struct goes_on goes;
    int rc;

    goes_on_begin(&goes, op);
    rc = clear_on(session, &on, root, kept, err);
    goes_on_end(&goes);
    return rc;
}

static int restore_both(struct x8_session *session, const struct x8_op *op,
                        const struct x8_root *root, const struct x8_kept *kept,
                        struct x8_error *err)
{
    struct x8_op on = unstoppable(op);
    struct goes_on goes;
    int rc;

    goes_on_begin(&goes, op);
    rc = write_back(session, &on, root, kept, err);
    if (rc == 0)
        rc = compare(session, &on, root, kept, err);
    goes_on_end(&goes);
    return is_link_lost(rc) ? unknown_state(err) : rc;
}

int x8_boot_areas_clear(struct x8_session *session, const struct x8_op *op,
                        const struct x8_root *root, const char *serial, const char *folder,
                        struct x8_error *err)
{
    X8_AUTO_KEPT kept = {0};
    struct x8_error own = {0};
    int rc = x8_kept_load(folder, serial, &kept, &own);

    if (rc == -X8_E_NO_FILE) {
        x8_fail(&own, X8_E_WRONG_STATE, "the boot areas were not kept in %s", folder);
        rc = -X8_E_WRONG_STATE;
    }
    if (rc == 0)
        rc = check_serial(session, op, serial, &own);
    if (rc == 0)
        rc = compare(session, op, root, &kept, &own);
    if (rc == -X8_E_VERIFY) {
        x8_fail(&own, X8_E_BAD_DIGEST, "the copy in %s is not what the board has now", folder);
        x8_error_next(&own, "keep the boot areas again; nothing was changed on the board");
        rc = -X8_E_BAD_DIGEST;
    }
    if (rc == 0)
        rc = x8_cancel_check(op->cancel, X8_CANCEL_SOFT, &own);
    if (rc == 0)
        rc = clear_both(session, op, root, &kept, &own);
    if (rc != 0 && err)
        *err = own;
    return rc;
}

int x8_boot_areas_restore(struct x8_session *session, const struct x8_op *op,
                          const struct x8_root *root, const char *serial, const char *folder,
                          struct x8_error *err)
{
    X8_AUTO_KEPT kept = {0};
    struct x8_boot_state state;
    struct x8_error own = {0};
    int rc = x8_kept_load(folder, serial, &kept, &own);

    if (rc == 0)
        rc = check_serial(session, op, serial, &own);
    if (rc == 0)
        rc = x8_boot_areas_look(session, op, root, &state, &own);
    if (rc == 0)
        rc = x8_cancel_check(op->cancel, X8_CANCEL_SOFT, &own);
    if (rc == 0)
        rc = restore_both(session, op, root, &kept, &own);
    if (rc != 0 && err)
        *err = own;
    return rc;
}
