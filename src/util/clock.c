/*
 * Monotonic time and deadlines.
 */
#include "util/clock.h"

#include <stdio.h>

int64_t x8_now_us(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t x8_now_ms(void)
{
    return x8_now_us() / 1000;
}

int64_t x8_deadline_in(int64_t ms)
{
    int64_t now = x8_now_ms();

    if (ms < 0 || ms > X8_NO_DEADLINE - now)
        return X8_NO_DEADLINE;
    return now + ms;
}

int64_t x8_deadline_min(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int x8_deadline_left(int64_t deadline, int cap)
{
    int64_t left;

    if (deadline == X8_NO_DEADLINE)
        return cap;
    left = deadline - x8_now_ms();
    if (left < 0)
        return 0;
    return left > cap ? cap : (int)left;
}

struct timespec x8_deadline_timespec(int64_t deadline)
{
    struct timespec ts = {.tv_sec = (time_t)(deadline / 1000),
                          .tv_nsec = (long)(deadline % 1000) * 1000000};
    return ts;
}

void x8_utc_text(char out[32], int with_ms)
{
    struct timespec ts;
    struct tm tm;
    size_t len;

    clock_gettime(CLOCK_REALTIME, &ts);
    gmtime_r(&ts.tv_sec, &tm);
    len = strftime(out, 32, "%Y-%m-%dT%H:%M:%S", &tm);
    if (with_ms)
        snprintf(out + len, 32 - len, ".%03ldZ", ts.tv_nsec / 1000000);
    else
        snprintf(out + len, 32 - len, "Z");
}

static int days_in(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return days[month - 1] + (month == 2 && leap);
}

/* Days since 1970-01-01: years are counted from March, so that the leap day is the last one. */
static int64_t days_of(int year, int month, int day)
{
    int64_t y = month > 2 ? year : year - 1;
    int64_t m = month > 2 ? month - 3 : month + 9;

    return y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + day - 1 - 719468;
}

int64_t x8_utc_seconds(int year, int month, int day, int hour, int minute, int second)
{
    if (year < 1970 || year > 9999 || month < 1 || month > 12 || day < 1 ||
        day > days_in(year, month))
        return -1;
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60)
        return -1;
    return days_of(year, month, day) * 86400 + hour * 3600 + minute * 60 + second;
}
