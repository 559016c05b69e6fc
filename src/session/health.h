/*
 * Is the board well: a list of checks from a file, run on the board. The file:
 *
 *   { "image": ">=861", "units": ["docker.service"], "commands": [{"run": "test -e /x", "status":
 *     0, "root": false, "timeout": "10s"}], "ports": [80], "free": {"/var": "500M"},
 *     "temperature_below": 80 }
 *
 * Unknown keys are refused: a misspelt check must not pass.
 */
#ifndef X8_SESSION_HEALTH_H
#define X8_SESSION_HEALTH_H

#include "session/facts.h"
#include "util/json.h"

struct x8_health; /* the checks of one file */

/* X8_E_NO_FILE, X8_E_USAGE with the place of what is not understood. */
int x8_health_load(const char *path, struct x8_health **out, struct x8_error *err);
int x8_health_parse(const char *text, size_t len, struct x8_health **out, struct x8_error *err);
void x8_health_free(struct x8_health **health);
size_t x8_health_count(const struct x8_health *health);
int x8_health_needs_root(const struct x8_health *health);

typedef void x8_health_fn(void *ctx, const char *check, int passed, const char *text);

/* Run all; `on_check` (may be NULL) hears of each. 0 when all passed; X8_E_UNHEALTHY naming the
 * first that did not and how many; X8_E_GONE and such when the board could not be asked. */
int x8_health_run(struct x8_session *session, const struct x8_op *op, const struct x8_root *root,
                  const struct x8_health *health, x8_health_fn *on_check, void *ctx,
                  struct x8_error *err);

#endif
