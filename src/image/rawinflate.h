/*
 * Raw deflate, without a header or a checksum around it: what an ostree repository keeps file
 * contents in. For many small streams one after the other: the decoder is made once and used again.
 */
#ifndef X8_IMAGE_RAWINFLATE_H
#define X8_IMAGE_RAWINFLATE_H

#include "util/stream.h"

struct x8_rawinflate; /* heap object of some 300 KiB; one thread at a time */

/* NULL only without memory. */
struct x8_rawinflate *x8_rawinflate_new(void);
void x8_rawinflate_free(struct x8_rawinflate **raw);

/*
 * Inflate what `in` (borrowed) still has and hand it to `each` in portions. The stream has to end
 * where `in` ends and to give exactly `size` bytes: X8_E_BAD_IMAGE for damage, truncation, bytes
 * behind the end, and for the first byte too many, so that a small file cannot keep anybody busy
 * for long. Errors of `in` are passed on.
 */
int x8_rawinflate_run(struct x8_rawinflate *raw, struct x8_reader *in, uint64_t size,
                      void (*each)(void *ctx, const void *data, size_t len), void *ctx,
                      struct x8_error *err);

#endif
