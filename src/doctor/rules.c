/*
 * udev: are the rules there, early enough, and did they give this user the boards?
 */
#include "doctor/parts.h"

#include "util/file.h"

#include <stdio.h>
#include <string.h>

static void add_rules(struct x8_look *look, enum x8_check_result result, const char *what,
                      const char *path, const char *rest)
{
    struct x8_check *check =
        x8_check_add(look->out, result, "udev-rules", "udev rules", "%s%s%s", what, path, rest);

    x8_check_next(check, "sudo x8ctl udev install");
    x8_check_fix(check, X8_FIX_UDEV, NULL);
}

/* Nobody applies rules there: whoever gives the nodes to the container decides. */
static int is_elsewhere(const struct x8_look *look)
{
    return look->container[0] && !look->udev.has_udev && !look->udev.is_present;
}

static int can_use_all(const struct x8_look *look)
{
    for (size_t i = 0; i < look->tree.count; i++)
        if (look->host->ops->may_use(look->host, look->tree.boards[i].node) != 1)
            return 0;
    return look->tree.count > 0;
}

static void check_missing(struct x8_look *look)
{
    /* Somebody else's rules, or root: which do for this user. */
    enum x8_check_result result =
        can_use_all(look) || look->udev.other_count ? X8_CHECK_WARN : X8_CHECK_FAIL;

    if (look->udev.other_count)
        add_rules(look, result, "the udev rules of x8ctl are not installed; ", look->udev.others[0],
                  " names some of the ids");
    else
        add_rules(look, result, "no udev rules for the board: only root can open it", "", "");
}

static void check_rules_file(struct x8_look *look)
{
    const struct x8_udev_report *udev = &look->udev;
    const char *name = x8_path_base(udev->path);

    if (is_elsewhere(look))
        x8_check_add(look->out, X8_CHECK_SKIPPED, "udev-rules", "udev rules",
                     "no udev runs in this container: the rules belong on the computer around it");
    else if (!udev->is_present)
        check_missing(look);
    else if (!udev->is_effective)
        add_rules(look, X8_CHECK_FAIL, "", udev->path,
                  " comes too late: uaccess has no effect in files numbered 73 and above");
    else if (!udev->is_current)
        add_rules(look, X8_CHECK_WARN, "", udev->path, " is not the file this x8ctl would install");
    else
        x8_check_add(look->out, X8_CHECK_OK, "udev-rules", "udev rules", "%s, current", name);
}

/* --- one board --- */

static int rules_are_newer(const struct x8_look *look, const struct x8_tree_board *board)
{
    int64_t written, seen;

    return look->udev.is_present && x8_host_mtime(look->host, look->udev.path, &written) == 0 &&
           x8_host_mtime(look->host, board->record, &seen) == 0 && written > seen;
}

static void explain_seat(struct x8_look *look, const char *about)
{
    int is_ssh = x8_host_env(look->host, "SSH_CONNECTION") != NULL;
    int is_member = x8_host_in_group(look->host, look->user, X8_UDEV_GROUP);
    struct x8_check *check;

    if (is_ssh && !is_member) {
        check = x8_check_add(look->out, X8_CHECK_FAIL, "usb-access", about,
                             "\"%s\" came in over ssh, has no seat here and is not in the group "
                             "%s: the rules give no access",
                             look->user, X8_UDEV_GROUP);
        x8_check_next(check, "sudo usermod -aG %s %s    then log in again", X8_UDEV_GROUP,
                      look->user);
        return;
    }
    check =
        x8_check_add(look->out, X8_CHECK_FAIL, "usb-access", about,
                     "the rules were applied, but \"%s\" may not write to the node: %s", look->user,
                     is_member ? "the session is older than the membership in plugdev"
                               : "no active session at this computer is this user's");
    x8_check_next(check,
                  is_member ? "log out and in again"
                            : "sudo usermod -aG plugdev %s    then log in again",
                  look->user);
}

static void explain_denied(struct x8_look *look, const struct x8_tree_board *board,
                           const char *about)
{
    struct x8_check *check;

    if (!look->udev.is_present || !look->udev.is_effective) {
        check =
            x8_check_add(look->out, X8_CHECK_FAIL, "usb-access", about,
                         "\"%s\" may not write to %s: no rule gives it", look->user, board->node);
        x8_check_next(check, "sudo x8ctl udev install");
        x8_check_fix(check, X8_FIX_UDEV, NULL);
    } else if (!look->udev.has_udev) {
        check = x8_check_add(look->out, X8_CHECK_FAIL, "usb-access", about,
                             "no udev daemon runs, so nobody applies %s", look->udev.path);
        x8_check_next(check, "sudo systemctl start systemd-udevd, then replug the board");
    } else if (rules_are_newer(look, board)) {
        check = x8_check_add(look->out, X8_CHECK_FAIL, "udev-loaded", about,
                             "the rules are newer than the board's plugging in: not applied yet");
        x8_check_next(check, "replug the board, or: sudo udevadm control --reload; sudo udevadm "
                             "trigger");
    } else {
        explain_seat(look, about);
    }
}

static void check_board(struct x8_look *look, const struct x8_tree_board *board)
{
    struct x8_check *check;
    char about[64];
    int may = look->host->ops->may_use(look->host, board->node);

    x8_tree_about(board, about);
    if (may > 0) {
        x8_check_add(look->out, X8_CHECK_OK, "usb-access", about, "%s, open to \"%s\"",
                     x8_mode_name(board->mode), look->user);
    } else if (may == 0) {
        explain_denied(look, board, about);
    } else {
        check = x8_check_add(look->out, X8_CHECK_FAIL, "usb-access", about,
                             "the board's node %s does not exist here", board->node);
        x8_check_next(check, look->container[0]
                                 ? "give the container the nodes: -v /dev/bus/usb:/dev/bus/usb"
                                 : "replug the board; if that does not help, start the computer "
                                   "again");
    }
}

void x8_check_rules(struct x8_look *look)
{
    check_rules_file(look);
    for (size_t i = 0; i < look->tree.count; i++)
        check_board(look, &look->tree.boards[i]);
}
