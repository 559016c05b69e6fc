/*
 * Time: one monotonic clock and the deadline made from it. All waits take a deadline, so that steps
 * of one operation share one limit.
 */
#ifndef X8_UTIL_CLOCK_H
#define X8_UTIL_CLOCK_H

#include <stdint.h>
#include <time.h>

#define X8_NO_DEADLINE INT64_MAX

/* Milliseconds and microseconds of a clock that never goes back (CLOCK_MONOTONIC). */
int64_t x8_now_ms(void);
int64_t x8_now_us(void);

/* The deadline `ms` from now; a negative `ms` gives X8_NO_DEADLINE. */
int64_t x8_deadline_in(int64_t ms);

/* The earlier of two deadlines. */
int64_t x8_deadline_min(int64_t a, int64_t b);

/* Milliseconds left, at least 0 and at most `cap` (cap > 0). */
int x8_deadline_left(int64_t deadline, int cap);

/* The deadline as CLOCK_MONOTONIC time for pthread_cond_timedwait. Not for X8_NO_DEADLINE. */
struct timespec x8_deadline_timespec(int64_t deadline);

/* "2026-03-01T10:00:12Z", or with milliseconds "2026-03-01T10:00:12.410Z". `out` holds at least 32
 * bytes. */
void x8_utc_text(char out[32], int with_ms);

/* Seconds since 1970 of a time of the Gregorian calendar in UTC, from 1970 to 9999 (second 60, a
 * leap second, counts as the next). -1 when there is no such time. */
int64_t x8_utc_seconds(int year, int month, int day, int hour, int minute, int second);

#endif
