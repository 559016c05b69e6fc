/*
 * Standard streams. They may be closed when the program starts (daemons, cron jobs, `>&-`), full
 * (a disk) or broken (a pipe whose reader left); none of these may look like success.
 */
#include "main.h"

#include "util/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void x8_streams_repair(void)
{
    /* stdout is opened for reading on purpose: a result written to it fails and is noticed, while
     * a command without a result is not disturbed. */
    static const int modes[3] = {O_RDONLY, O_RDONLY, O_WRONLY};
    static char buffer[64 * 1024];

    for (int fd = 0; fd < 3; fd++) {
        if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF)
            continue;
        /* The lowest free descriptor is `fd`, as all below it exist by now. */
        if (open("/dev/null", modes[fd]) != fd)
            _exit(X8_E_INTERNAL);
    }
    /* A result is written as a whole, so that the reason why it did not arrive is still known at
     * the end: a write in the middle of it would take that along. */
    if (!isatty(STDOUT_FILENO))
        (void)setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
}

int x8_stdout_flush(struct x8_ctx *ctx)
{
    if (fflush(stdout) == 0)
        return 0;
    ctx->stdout_errno = errno;
    return -1;
}

int x8_stdout_finish(const struct x8_ctx *ctx, int *out_silent, struct x8_error *err)
{
    int failed_before = ferror(stdout), rc;

    *out_silent = 0;
    errno = 0;
    if (fflush(stdout) == 0 && !failed_before)
        return 0;
    if (ctx->stdout_errno)
        errno = ctx->stdout_errno;
    *out_silent = errno == EPIPE;
    rc = x8_fail(err, x8_write_code(errno, X8_E_NO_FILE), "cannot write the result to stdout");
    x8_error_why(err, "%s", errno ? strerror(errno) : "an earlier write failed");
    x8_error_next(err, "look at where the output goes (a full disk, a closed stream), then repeat");
    return rc;
}
