/*
 * Inside the room: what a board said, and its reader.
 */
#ifndef X8_DOCTOR_BOARD_H
#define X8_DOCTOR_BOARD_H

#include "doctor/doctor.h"
#include "session/facts.h"

struct x8_board_says {
    struct x8_facts facts;
    char image[32];     /* "934", a word for a self-made one, or "-" */
    uint32_t number;    /* of the image, or 0 */
    int has_bridge;     /* the driver of the STM32H7 is there */
    char m7_wanted[64]; /* the version inside the image's own firmware file */
    char path_load[16], path_state[16], path_result[40]; /* the unit that watches for sketches */
    int has_folder, folder_denied;                       /* /tmp/arduino */
    char folder_owner[40];
    int upgrade_available, bootupgrade_available, rollback; /* of the boot loader; -1: not told */
    int is_staged;                                          /* a deployment waits for a restart */
    int is_synchronised;                                    /* 1, 0, -1 not told */
    int64_t password_day, first_day; /* since 1970: last change; the first start. 0: not told */
    int adb_on_network;              /* something listens on TCP port 5555 for everybody */
    char radio[24];                  /* "wlan0" with a link, or "" */
    int radio_dbm;
};

/* Lines of the second question, added to what is there. Pure. -1 when the last line is missing. */
int board_says_parse(struct x8_span text, struct x8_board_says *out);

/* The checks, by what they are about. */
void board_check_system(const struct x8_board_says *says, const struct x8_doctor_board *about,
                        struct x8_checks *out);
void board_check_m4(const struct x8_board_says *says, struct x8_checks *out);
void board_check_access(const struct x8_board_says *says, struct x8_checks *out);

#endif
