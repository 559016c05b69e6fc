/*
 * stdin and stdout that can be stopped.
 */
#include "streams.h"

#include "util/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

static void write_pipe(void *ctx, enum x8_cancel_level level)
{
    ssize_t n = write(*(const int *)ctx, "", 1);

    (void)level;
    (void)n; /* an empty pipe takes a byte */
}

/* Not ready at once: a pipe wakes the waiter. */
static int await_slowly(struct x8_cancel *cancel, int fd, short events, struct x8_error *err)
{
    int ends[2];
    struct x8_waker waker = {.wake = write_pipe, .ctx = &ends[1]};
    struct pollfd fds[2] = {{.fd = fd, .events = events}, {.events = POLLIN}};
    int rc;

    if (pipe(ends) != 0)
        return x8_fail_open_files(err, errno, "no pipe can be made");
    for (int i = 0; i < 2; i++) {
        fcntl(ends[i], F_SETFD, FD_CLOEXEC);
        fcntl(ends[i], F_SETFL, O_NONBLOCK);
    }
    fds[1].fd = ends[0];
    x8_cancel_watch(cancel, &waker);
    do
        rc = poll(fds, 2, -1);
    while (rc < 0 && errno == EINTR);
    x8_cancel_unwatch(cancel, &waker);
    close(ends[0]);
    close(ends[1]);
    return x8_cancel_check(cancel, X8_CANCEL_SOFT, err);
}

int x8_fd_await(struct x8_cancel *cancel, int fd, short events, struct x8_error *err)
{
    struct pollfd now = {.fd = fd, .events = events};

    return poll(&now, 1, 0) > 0 ? 0 : await_slowly(cancel, fd, events, err);
}

static ssize_t read_stdin(struct x8_reader *base, void *out, size_t cap, struct x8_error *err)
{
    struct x8_stdin_reader *reader = X8_CONTAINER(base, struct x8_stdin_reader, reader);

    for (;;) {
        int rc = x8_fd_await(reader->cancel, STDIN_FILENO, POLLIN, err);
        ssize_t n = rc < 0 ? rc : read(STDIN_FILENO, out, cap);

        if (rc < 0 || n >= 0)
            return n;
        if (errno != EINTR && errno != EAGAIN)
            return x8_fail_sys(err, X8_E_NO_FILE, errno, "stdin cannot be read");
    }
}

static void leave_open(struct x8_reader *base)
{
    (void)base;
}

void x8_stdin_reader_init(struct x8_stdin_reader *reader, struct x8_cancel *cancel)
{
    static const struct x8_reader_ops ops = {read_stdin, leave_open};

    *reader = (struct x8_stdin_reader){.reader.ops = &ops, .cancel = cancel};
}

/* A pipe that is ready takes this much at once; more could wait in the middle. */
static size_t piece_of(size_t len)
{
    struct stat st;
    int is_file = fstat(STDOUT_FILENO, &st) == 0 && S_ISREG(st.st_mode);

    return is_file || len < PIPE_BUF ? len : PIPE_BUF;
}

static int takes_no_more(struct x8_stdout_sink *sink, struct x8_error *err)
{
    enum x8_code code = x8_write_code(errno, X8_E_NO_FILE);

    sink->failed_errno = errno;
    x8_fail_sys(err, code, errno, "stdout takes no more");
    x8_error_next(err, "look at where the output goes (a full disk, a closed stream), then repeat");
    return -(int)code;
}

static int push_stdout(struct x8_sink *base, const void *data, size_t len, struct x8_error *err)
{
    struct x8_stdout_sink *sink = X8_CONTAINER(base, struct x8_stdout_sink, sink);
    const char *bytes = data;
    size_t piece = piece_of(len);

    if (sink->is_terminal)
        x8_ui_flush(sink->ui);
    while (len > 0) {
        int rc = x8_fd_await(sink->cancel, STDOUT_FILENO, POLLOUT, err);
        ssize_t n = rc < 0 ? rc : write(STDOUT_FILENO, bytes, len < piece ? len : piece);

        if (rc < 0)
            return rc;
        if (n < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (n < 0)
            return takes_no_more(sink, err);
        bytes += n;
        len -= (size_t)n;
    }
    return 0;
}

static int finish_stdout(struct x8_sink *base, struct x8_error *err)
{
    (void)base;
    (void)err;
    return 0;
}

void x8_stdout_sink_init(struct x8_stdout_sink *sink, struct x8_ui *ui, struct x8_cancel *cancel)
{
    static const struct x8_sink_ops ops = {push_stdout, finish_stdout};

    *sink = (struct x8_stdout_sink){
        .sink.ops = &ops, .cancel = cancel, .ui = ui, .is_terminal = isatty(STDOUT_FILENO)};
}
