/*
 * File objects hashed one after the other with the same memory. Only for objects_filez.c and the
 * graph's files.
 */
#ifndef X8_UPDATE_OBJECTS_FILEZ_H
#define X8_UPDATE_OBJECTS_FILEZ_H

#include "update/objects.h"

struct filez_work; /* some 300 KiB; one thread at a time */
struct filez_work *filez_work_new(void);
void filez_work_free(struct filez_work **work);

/* As x8_filez_digest. */
int filez_digest(struct filez_work *work, struct x8_reader *reader, uint8_t out_sum[X8_SHA256_LEN],
                 uint64_t *out_size, struct x8_error *err);

#endif
