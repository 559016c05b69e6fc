/*
 * Conversations with an adb server: one connection, a request, an answer.
 */
#ifndef X8_ADB_SERVER_TALK_H
#define X8_ADB_SERVER_TALK_H

#include "adb/server.h"
#include "util/buf.h"

/* X8_E_NO_BOARD when no server runs. */
int x8_server_dial(const struct x8_op *op, uint16_t port, int64_t deadline, int *out_fd,
                   struct x8_error *err);

/* The error "no server runs". */
int x8_server_absent(uint16_t port, struct x8_error *err);

/* Send a request and read OKAY. What the server says instead is about `serial`. X8_E_LINK when it
 * is no adb server. */
int x8_server_ask(const struct x8_op *op, int fd, const char *request, const char *serial,
                  int64_t deadline, struct x8_error *err);

/* The text that follows an OKAY, with its length in front. */
int x8_server_text(const struct x8_op *op, int fd, int64_t deadline, struct x8_buf *out,
                   struct x8_error *err);

/* All of the above on a connection of its own. */
int x8_server_query(const struct x8_op *op, uint16_t port, const char *request, const char *serial,
                    int64_t deadline, struct x8_buf *out, struct x8_error *err);

#endif
