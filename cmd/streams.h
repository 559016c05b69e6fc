/*
 * stdin and stdout as the ends of a transfer. What waits for the program on the other side of a
 * pipe ends at the first request to stop.
 */
#ifndef X8_CMD_STREAMS_H
#define X8_CMD_STREAMS_H

#include "ui/ui.h"
#include "util/cancel.h"
#include "util/stream.h"

/* Wait until `fd` can be read (POLLIN) or written (POLLOUT), its end and its errors included. 0, or
 * X8_E_STOPPED, X8_E_TERMINATED. */
int x8_fd_await(struct x8_cancel *cancel, int fd, short events, struct x8_error *err);

struct x8_stdin_reader {
    struct x8_reader reader;
    struct x8_cancel *cancel;
};
void x8_stdin_reader_init(struct x8_stdin_reader *reader, struct x8_cancel *cancel);

struct x8_stdout_sink {
    struct x8_sink sink;
    struct x8_cancel *cancel;
    struct x8_ui *ui; /* whose bars leave the terminal before something is written there */
    int is_terminal;
    int failed_errno; /* of the write that stdout refused */
};
void x8_stdout_sink_init(struct x8_stdout_sink *sink, struct x8_ui *ui, struct x8_cancel *cancel);

#endif
