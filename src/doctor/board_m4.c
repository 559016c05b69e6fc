/*
 * The STM32H7 beside the board's processor: the firmware of its M7, which is the bridge to the
 * peripherals, and the unit that programs sketches into its M4.
 */
#include "doctor/board.h"

#include <string.h>

static void check_firmware(const struct x8_board_says *says, struct x8_checks *out)
{
    const char *is = says->facts.m7_version, *wanted = says->m7_wanted;
    struct x8_check *check;

    if (!says->has_bridge) {
        x8_check_add(out, X8_CHECK_SKIPPED, "m7-firmware", "M7 firmware",
                     "the driver of the STM32H7 is not loaded");
    } else if (!is[0]) {
        check = x8_check_add(out, X8_CHECK_FAIL, "m7-firmware", "M7 firmware",
                             "the STM32H7 does not answer: sketches, CAN, ADC and PWM are out of "
                             "reach");
        x8_check_next(check, "take the board's power away for ten seconds: only that brings it "
                             "back");
    } else if (!wanted[0]) {
        x8_check_add(out, X8_CHECK_SKIPPED, "m7-firmware", "M7 firmware",
                     "%s; this image has no file to compare it with", is);
    } else if (strcmp(is, wanted) != 0) {
        check = x8_check_add(out, X8_CHECK_FAIL, "m7-firmware", "M7 firmware",
                             "it is %.12s and image %s has %.12s: RPC calls will not answer", is,
                             says->image, wanted);
        x8_check_next(check, "x8ctl reboot    programs it; else: x8ctl logs -u stm32h7-program");
    } else {
        x8_check_add(out, X8_CHECK_OK, "m7-firmware", "M7 firmware", "%.12s, that of the image",
                     is);
    }
}

static void check_watcher(const struct x8_board_says *says, struct x8_checks *out)
{
    struct x8_check *check;

    if (!says->path_load[0] || strcmp(says->path_load, "not-found") == 0) {
        x8_check_add(out, X8_CHECK_SKIPPED, "m4-watcher", "M4 watcher",
                     "this image has no unit that programs sketches");
    } else if (strcmp(says->path_state, "active") == 0) {
        x8_check_add(out, X8_CHECK_OK, "m4-watcher", "M4 watcher", "waits for sketches");
    } else if (strcmp(says->path_state, "failed") == 0) {
        check = x8_check_add(out, X8_CHECK_FAIL, "m4-watcher", "M4 watcher",
                             "nobody watches for sketches: monitor-m4-elf-file.path has failed "
                             "(%s)",
                             says->path_result);
        x8_check_next(check, "x8ctl doctor --board --fix; x8ctl sketch upload mends it, too");
        x8_check_fix(check, X8_FIX_M4_WATCHER, NULL);
    } else {
        check = x8_check_add(out, X8_CHECK_WARN, "m4-watcher", "M4 watcher",
                             "nobody watches for sketches: monitor-m4-elf-file.path was stopped");
        x8_check_next(check, "x8ctl exec --root -- systemctl start monitor-m4-elf-file.path");
        x8_check_fix(check, X8_FIX_M4_WATCHER, NULL);
    }
}

static void check_folder(const struct x8_board_says *says, struct x8_checks *out)
{
    const char *owner = says->folder_owner;
    struct x8_check *check;

    if (!says->has_folder || !says->folder_denied)
        return; /* not there: the first upload makes it */
    if (!owner[0] || strcmp(owner, says->facts.user) == 0)
        check = x8_check_add(out, X8_CHECK_FAIL, "m4-folder", "M4 folder",
                             "/tmp/arduino is closed to %s: no sketch can be put there",
                             says->facts.user);
    else
        check = x8_check_add(out, X8_CHECK_FAIL, "m4-folder", "M4 folder",
                             "/tmp/arduino belongs to %s: no sketch can be put there", owner);
    x8_check_next(check, "x8ctl doctor --board --fix");
    x8_check_fix(check, X8_FIX_M4_FOLDER, NULL);
}

void board_check_m4(const struct x8_board_says *says, struct x8_checks *out)
{
    check_firmware(says, out);
    check_watcher(says, out);
    check_folder(says, out);
}
