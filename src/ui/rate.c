/*
 * Speed and time left. A short window follows what happens now; an average since the start would
 * show yesterday's speed behind a slow piece.
 */
#include "ui/parts.h"

/* Spacing that lets the samples cover the window. */
#define SPACING_MS (X8_RATE_WINDOW_MS / (X8_RATE_SAMPLES - 8))

void x8_rate_reset(struct x8_rate *rate)
{
    rate->first = rate->count = 0;
}

void x8_rate_add(struct x8_rate *rate, int64_t ms, uint64_t done)
{
    size_t last = (rate->first + rate->count - 1) % X8_RATE_SAMPLES;

    if (rate->count && done < rate->samples[last].done)
        x8_rate_reset(rate);
    /* The newest sample moves until it is far enough from the one before. */
    if (rate->count > 1 &&
        ms - rate->samples[(last + X8_RATE_SAMPLES - 1) % X8_RATE_SAMPLES].ms < SPACING_MS) {
        rate->samples[last].ms = ms;
        rate->samples[last].done = done;
        return;
    }
    if (rate->count == X8_RATE_SAMPLES) {
        rate->first = (rate->first + 1) % X8_RATE_SAMPLES;
        rate->count--;
    }
    last = (rate->first + rate->count++) % X8_RATE_SAMPLES;
    rate->samples[last].ms = ms;
    rate->samples[last].done = done;
}

uint64_t x8_rate_now(struct x8_rate *rate, int64_t now)
{
    size_t last = (rate->first + rate->count - 1) % X8_RATE_SAMPLES;
    int64_t span;

    while (rate->count > 1 &&
           now - rate->samples[(rate->first + 1) % X8_RATE_SAMPLES].ms >= X8_RATE_WINDOW_MS) {
        rate->first = (rate->first + 1) % X8_RATE_SAMPLES;
        rate->count--;
    }
    if (rate->count < 2)
        return 0;
    span = now - rate->samples[rate->first].ms;
    if (span <= 0)
        return 0;
    return (uint64_t)((double)(rate->samples[last].done - rate->samples[rate->first].done) *
                      1000.0 / (double)span);
}

int64_t x8_rate_eta(uint64_t rate, uint64_t left)
{
    uint64_t seconds;

    if (rate == 0)
        return -1;
    seconds = left / rate + (left % rate != 0);
    /* Beyond four days it is no forecast. */
    return seconds > 345600 ? -1 : (int64_t)seconds;
}
