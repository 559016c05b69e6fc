/*
 * OpenOCD's text, judged by the starred lines of its `program` command: the phases, each on a line
 * of its own. What stands elsewhere in a line is somebody's quotation. Source: OpenOCD,
 * src/flash/startup.tcl (program) and src/helper/log.c (the words in front of its lines).
 */
#include "sketch/watcher.h"
#include "util/text.h"

#include <string.h>

#define LINE_MAX_LEN 400

struct judging {
    struct x8_openocd *out;
    int has_ended; /* OpenOCD or the script around it said its last word */
    int has_star;  /* the reason is a failed phase's line, which an error's line may replace */
};

/* What an error means. The first row that fits. */
static const struct {
    const char *words, *cause;
} causes[] = {
    {"Error connecting DP", "the debug port of the STM32H7 does not answer: the SWD lines between "
                            "the two processors are silent"},
    {"unable to connect to the", "the debug port of the STM32H7 does not answer"},
    {"init mode failed", "the debug port of the STM32H7 does not answer"},
    {"OpenOCD init failed", "OpenOCD did not reach the STM32H7"},
    {"/dev/mem", "OpenOCD may not use the pins of the debug port"},
    {"couldn't open", "OpenOCD found no file: it was removed before the programming"},
    {"ELF", "OpenOCD could not read the file as an ELF program"},
    {"no flash bank found", "the sketch is loaded where the STM32H7 has no flash"},
    {"rite protect", "the flash of the STM32H7 is write-protected"},
    {"Verify Failed", "what was read back from the flash differs from the sketch"},
    {"checksum mismatch", "what was read back from the flash differs from the sketch"},
    {"timed out", "the STM32H7 did not answer in time"},
    {"Unable to reset target", "the STM32H7 could not be reset"},
    {"not found", "the board has no OpenOCD where it should be"},
    {"Programming Failed", "the flash of the STM32H7 could not be written"},
};

static const char *const failures[] = {
    "** OpenOCD init failed **",
    "** Unable to reset target **",
    "** Programming Failed **",
    "** Verify Failed **",
};

static int is_failure(const char *line)
{
    for (size_t i = 0; i < X8_COUNT(failures); i++)
        if (strcmp(line, failures[i]) == 0)
            return 1;
    return 0;
}

static int is_error(const char *line)
{
    return strstr(line, "Error: ") || x8_ends(line, ": command not found") ||
           x8_ends(line, ": No such file or directory");
}

/* The first error is the cause of those that follow, and says more than the phase that failed. */
static void keep_reason(struct judging *judging, const char *line, int is_star)
{
    struct x8_openocd *out = judging->out;

    if (out->reason[0] && (is_star || !judging->has_star))
        return;
    x8_copy(out->reason, sizeof(out->reason), line);
    judging->has_star = is_star;
}

/* A start over, when the text holds more than one run. */
static void begin(struct judging *judging)
{
    judging->out->verdict = X8_OPENOCD_UNKNOWN;
    judging->out->has_reset = 0;
    judging->has_ended = 0;
}

static void judge_line(struct judging *judging, const char *line)
{
    struct x8_openocd *out = judging->out;

    if (strcmp(line, "** Programming Started **") == 0)
        begin(judging);
    else if (strcmp(line, "** Verified OK **") == 0)
        out->verdict = X8_OPENOCD_VERIFIED;
    else if (strcmp(line, "** Resetting Target **") == 0)
        out->has_reset = out->verdict == X8_OPENOCD_VERIFIED;
    else if (strcmp(line, "shutdown command invoked") == 0 ||
             strcmp(line, "M4 programming done") == 0)
        judging->has_ended = 1;
    else if (is_failure(line)) {
        out->verdict = X8_OPENOCD_FAILED;
        keep_reason(judging, line, 1);
    } else if (is_error(line)) {
        /* Behind the verification it is the start of the M4 that failed. */
        out->has_reset = 0;
        keep_reason(judging, line, 0);
    }
}

static void set_cause(struct x8_openocd *out)
{
    for (size_t i = 0; i < X8_COUNT(causes) && !out->cause[0]; i++)
        if (strstr(out->reason, causes[i].words))
            x8_copy(out->cause, sizeof(out->cause), causes[i].cause);
}

/* Without spaces at its ends; what is too long is cut, and no phase's line then. */
static void take_line(struct judging *judging, const uint8_t *at, size_t len)
{
    char line[LINE_MAX_LEN];

    while (len > 0 && (at[len - 1] == ' ' || at[len - 1] == '\r' || at[len - 1] == '\t'))
        len--;
    while (len > 0 && (*at == ' ' || *at == '\t')) {
        at++;
        len--;
    }
    x8_clean(line, sizeof(line), at, len);
    judge_line(judging, line);
}

void x8_openocd_judge(struct x8_span text, struct x8_openocd *out)
{
    struct judging judging = {.out = out};

    memset(out, 0, sizeof(*out));
    for (size_t at = 0; at < text.len;) {
        const uint8_t *end = memchr(text.data + at, '\n', text.len - at);
        size_t len = end ? (size_t)(end - text.data) - at : text.len - at;

        take_line(&judging, text.data + at, len);
        at += len + 1;
    }
    /* It complained, ended, and never said that it verified. */
    if (out->verdict == X8_OPENOCD_UNKNOWN && judging.has_ended && out->reason[0])
        out->verdict = X8_OPENOCD_FAILED;
    /* Errors in front of a success are of no matter (a first try that was repeated). */
    if (out->verdict == X8_OPENOCD_VERIFIED && out->has_reset)
        out->reason[0] = '\0';
    set_cause(out);
}
