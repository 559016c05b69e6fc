/*
 * Lines of a result on stdout.
 */
#ifndef X8_CMD_FLASH_LINE_H
#define X8_CMD_FLASH_LINE_H

#include "util/error.h"

/* One line, without its end. On a terminal it is broken between words; elsewhere it stays whole, as
 * programs read it. */
void x8_result_line(const char *fmt, ...) X8_PRINTF(1, 2);

#endif
