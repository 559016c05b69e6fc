/*
 * The user's known_hosts: which keys a host has there, and taking them away.
 */
#ifndef X8_NET_SSH_KNOWN_H
#define X8_NET_SSH_KNOWN_H

#include "util/error.h"

#include <stddef.h>
#include <stdint.h>

/* How known_hosts calls a host: "name" at port 22, "[name]:2222" elsewhere, in lower case. */
void x8_ssh_known_name(const char *host, uint16_t port, char *out, size_t cap);

/* Call `each` for every key of `name`, hashed lines included; `print`: "SHA256:...". How many, or a
 * negative code. A file that is not there has none. */
int x8_ssh_known_find(const char *path, const char *name,
                      void (*each)(void *ctx, const char *type, const char *print), void *ctx,
                      struct x8_error *err);

/* 1 when a line marked @revoked holds the key, for whatever host: libssh does not know the mark. */
int x8_ssh_known_is_revoked(const char *path, const char *print);

/* Take the lines away that hold a key of `name` and of no other host; of the others nothing
 * changes. How many, or a negative code. X8_E_REFUSED for a line that is for other hosts too. */
int x8_ssh_known_forget(const char *path, const char *name, struct x8_error *err);

#endif
