/*
 * Restarting a running board, and finding it on the desk.
 */
#include "session/power.h"

#include "util/text.h"

#include <string.h>

#define REBOOT_ASK_MS 30000
#define REBOOT_GO_MS  60000
#define BLINK_MS      240 /* on and off again: faster than the heartbeat that it has otherwise */
#define LED           "/sys/class/leds/ledB"

int x8_boot_id(struct x8_session *session, const struct x8_op *op, char out[40],
               struct x8_error *err)
{
    X8_AUTO_BUF text = {0};
    int rc =
        x8_run_ok(session, op, "boot id", "read -r x </proc/sys/kernel/random/boot_id&&echo \"$x\"",
                  X8_RUN_TEXT_MS, &text, err);

    if (rc != 0)
        return rc;
    while (text.len > 0 && text.data[text.len - 1] == '\n')
        text.len--;
    x8_clean(out, 40, x8_buf_text(&text), text.len);
    return 0;
}

/* The board was asked, or nobody knows: a stop of this program does not take that back. */
static int stopped(int rc, const char *state, struct x8_error *err)
{
    struct x8_error lower;

    if (!err || (rc != -X8_E_STOPPED && rc != -X8_E_TERMINATED))
        return rc;
    lower = *err;
    x8_error_why(err, "%.300s; %s", lower.why, state);
    x8_error_next(err, "x8ctl wait --state linux    waits until the board is up");
    return rc;
}

/* The link broke before the board's word that the command begins: as a rule a cut, which is no
 * success, but a board in a hurry looks the same. */
static int not_heard(int rc, struct x8_error *err)
{
    if (!err)
        return rc;
    x8_error_prefix(err, "whether the board was asked to restart is unknown");
    x8_error_next(err, "x8ctl wait --state linux    then look whether it has restarted (uptime)");
    return rc;
}

/* 1 when the link went, 0 when the board said yes. */
static int ask_for_reboot(struct x8_session *session, const struct x8_op *op,
                          const struct x8_root *root, struct x8_error *err)
{
    struct x8_command command = {
        .text = "systemctl reboot", .input = X8_INPUT_NONE, .ends_at_soft = 1};
    struct x8_channel *channel = NULL;
    X8_AUTO_RAN ran = {0};
    struct x8_error inner = {0};
    int rc = x8_cancel_check(op->cancel, X8_CANCEL_SOFT, err);

    if (rc != 0)
        return rc;
    rc = x8_start_as(session, op, root, &command, &channel, err);
    if (rc == -X8_E_GONE || rc == -X8_E_LINK)
        return not_heard(rc, err);
    if (rc != 0)
        return stopped(rc, "whether the board was asked to restart is unknown", err);
    rc = x8_run_channel(channel, op, NULL, 0, REBOOT_ASK_MS, &ran, &inner);
    if (rc == -X8_E_GONE || rc == -X8_E_LINK)
        return 1;
    if (rc == 0 && ran.status != 0)
        return x8_run_explain("reboot", ran.status, x8_buf_text(&ran.errors), err);
    if (rc != 0 && err)
        *err = inner;
    return stopped(rc, "the board was asked to restart and may do so", err);
}

int x8_reboot(struct x8_session *session, const struct x8_op *op, const struct x8_root *root,
              struct x8_error *err)
{
    struct x8_haste haste;
    struct x8_op own = *op;
    int rc = ask_for_reboot(session, op, root, err);

    if (rc < 0)
        return rc;
    x8_emit(op, X8_EV_WAIT, "waiting for %s to go down (%d s at most)", session->label,
            REBOOT_GO_MS / 1000);
    /* A stream may end while the link stays up (the daemon alone was ended): only the link counts.
     */
    own.cancel = x8_haste_begin(&haste, op->cancel);
    rc = session->ops->wait_gone(session, &own,
                                 x8_deadline_min(op->deadline, x8_deadline_in(REBOOT_GO_MS)), err);
    x8_haste_end(&haste);
    if (rc != 0)
        return rc < 0 ? stopped(rc, "the board restarts all the same", err) : 0;
    x8_fail(err, X8_E_TIMEOUT, "the board took the restart, but is still there after %d s",
            REBOOT_GO_MS / 1000);
    x8_error_why(err, "a unit that does not stop holds it up for up to 90 s");
    x8_error_next(err, "see what it waits for:  x8ctl exec -- systemctl list-jobs");
    return -X8_E_TIMEOUT;
}

/*
 * The LED's trigger ("heartbeat" as sold) and brightness are put back on every way out that a shell
 * can see, the end of the link included. Brightness first: writing 0 to it takes the trigger away.
 * The pause is a read of a pipe that nobody writes, so that nothing is started for it.
 */
static const char blink[] =
    "d=" LED ";[ -d $d ]||{ echo 'this image has no LED ledB' >&2;exit 1;}\n"
    "read -r t <$d/trigger;t=${t#*[};t=${t%%]*};read -r b <$d/brightness\n"
    "read -r m <$d/max_brightness;exec 7< <(:);exec 7<>/proc/self/fd/7\n"
    "back(){ echo \"$b\" >$d/brightness;echo \"$t\" >$d/trigger;}\n"
    "trap back EXIT;trap 'exit 0' HUP INT TERM PIPE\n"
    "echo none >$d/trigger||exit\n"
    "while [ $((n-=1)) -ge 0 ];do echo \"$m\" >$d/brightness;read -t 0.12 -u 7 x\n"
    "echo 0 >$d/brightness;read -t 0.12 -u 7 x;done;exit 0\n";

int x8_identify(struct x8_session *session, const struct x8_op *op, const struct x8_root *root,
                int64_t ms, struct x8_error *err)
{
    X8_AUTO_RAN may = {0};
    X8_AUTO_BUF text = {0};
    int rc;

    if (ms < 0 || ms > INT32_MAX / 2)
        return x8_fail(err, X8_E_USAGE, "a time of %lld ms", (long long)ms);
    if (x8_buf_addf(&text, "n=%lld\n%s", (long long)(ms + BLINK_MS - 1) / BLINK_MS, blink) != 0)
        return x8_fail(err, X8_E_INTERNAL, "no memory");
    rc = x8_run(session, op, "[ -w " LED "/trigger ]&&[ -w " LED "/brightness ]", X8_RUN_TEXT_MS,
                &may, err);
    if (rc != 0)
        return rc;
    return x8_run_as_ok(session, op, may.status == 0 ? NULL : root, "identify", x8_buf_text(&text),
                        (int)ms + X8_RUN_TEXT_MS, NULL, err);
}
