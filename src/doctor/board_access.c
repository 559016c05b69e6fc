/*
 * Ways into the board, and who may use them: password, adb, ssh, the role of the USB port, radio.
 */
#include "doctor/board.h"

#include <string.h>

enum { LAST_WITH_FIO = 861, /* later images come without a password */ WEAK_DBM = -80 };

/* Images up to 861 come with one password for all boards. It was never changed when it is older
 * than the first start of this one; nothing is tried, as the board logs each wrong one. */
static int is_as_sold(const struct x8_board_says *says)
{
    return says->number && says->number <= LAST_WITH_FIO && says->password_day && says->first_day &&
           says->password_day < says->first_day;
}

static void check_password(const struct x8_board_says *says, struct x8_checks *out)
{
    const char *state = says->facts.password;
    const char *user = says->facts.user[0] ? says->facts.user : "fio";
    struct x8_check *check;

    if (strcmp(state, "expired") == 0) {
        check = x8_check_add(out, X8_CHECK_FAIL, "password", "password",
                             "the password of %s has expired: nothing works that needs root until "
                             "it is changed",
                             user);
    } else if (strcmp(state, "none") == 0) {
        check = x8_check_add(out, X8_CHECK_WARN, "password", "password",
                             "%s has no password: whoever plugs in a cable is root, and ssh lets "
                             "in nobody",
                             user);
    } else if (strcmp(state, "set") == 0 && is_as_sold(says)) {
        check = x8_check_add(out, X8_CHECK_WARN, "password", "password",
                             "default password still valid: that of %s was never changed", user);
    } else {
        x8_check_add(out, state[0] ? X8_CHECK_OK : X8_CHECK_SKIPPED, "password", "password", "%s",
                     state[0] ? "is set" : "this image does not say how it stands");
        return;
    }
    x8_check_next(check, "x8ctl setup");
}

static void check_adb(const struct x8_board_says *says, struct x8_checks *out)
{
    const char *state = says->facts.adbd;
    struct x8_check *check;

    if (says->adb_on_network) {
        check = x8_check_add(out, X8_CHECK_WARN, "adb", "adb",
                             "ADB listens on the network (port 5555), and asks nobody for a "
                             "password");
        x8_check_next(check, "x8ctl exec --root -- systemctl edit android-tools-adbd    takes the "
                             "port away");
    } else if (strcmp(state, "failed") == 0 && strcmp(says->facts.usb_role, "host") != 0) {
        check = x8_check_add(out, X8_CHECK_WARN, "adb", "adb",
                             "the board's ADB daemon has failed: it cannot be seen on USB");
        x8_check_next(check, "x8ctl logs -u android-tools-adbd; replug the board");
    } else {
        x8_check_add(out, X8_CHECK_OK, "adb", "adb", "%s",
                     strcmp(state, "active") == 0 ? "on, over USB alone" : "off");
    }
}

static void check_role(const struct x8_board_says *says, struct x8_checks *out)
{
    struct x8_check *check;

    if (strcmp(says->facts.usb_role, "host") == 0) {
        check = x8_check_add(out, X8_CHECK_WARN, "usb-role", "USB role",
                             "the USB-C port is in host role: this computer cannot see the board "
                             "on USB");
        x8_check_next(check, "unplug docks and monitors from it, use a cable from A to C, restart "
                             "the board");
    } else if (says->facts.usb_role[0]) {
        x8_check_add(out, X8_CHECK_OK, "usb-role", "USB role", "%s", says->facts.usb_role);
    }
}

static void check_radio(const struct x8_board_says *says, struct x8_checks *out)
{
    struct x8_check *check;

    if (!says->radio[0]) {
        x8_check_add(out, X8_CHECK_SKIPPED, "wifi", "wifi", "not connected");
    } else if (says->radio_dbm > WEAK_DBM) {
        x8_check_add(out, X8_CHECK_OK, "wifi", "wifi", "%s, %d dBm", says->radio, says->radio_dbm);
    } else {
        check = x8_check_add(out, X8_CHECK_WARN, "wifi", "wifi",
                             "the signal is weak (%d dBm on %s): links will break", says->radio_dbm,
                             says->radio);
        x8_check_next(check, "fasten the antenna, or move the board nearer to the access point");
    }
}

void board_check_access(const struct x8_board_says *says, struct x8_checks *out)
{
    check_password(says, out);
    check_adb(says, out);
    x8_check_add(out, X8_CHECK_OK, "ssh", "ssh", "%s",
                 strcmp(says->facts.ssh, "active") == 0 ? "on" : "off");
    check_role(says, out);
    check_radio(says, out);
}

void x8_doctor_board(const struct x8_board_says *says, const struct x8_doctor_board *about,
                     struct x8_checks *out)
{
    board_check_system(says, about, out);
    board_check_m4(says, out);
    board_check_access(says, out);
}
