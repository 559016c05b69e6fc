/*
 * Downloaded images on this computer, by the SHA-256 of what they are. In one folder:
 *
 *   <sha256>           the file, complete and verified; never written in place
 *   <sha256>.json      what it is: names, address, size, when, and how the file was then
 *   part-<key>         a download under way; <key> is made of its address
 *   part-<key>.json    its address, validator and size
 *   part-<key>.lock    held by the process that downloads
 *   pin-<key>.json     the digest that an address or a name had when it was first used
 *   seen-<key>.json    which answer of the server a file came from whose name moves
 *   index-<key>.json   a catalogue of images, and index-<key>.seen: which answer it was
 *   bad-<sha256>       what came with another digest than the known one, or was no image, kept
 *                      aside
 *
 * A file gets its name by one rename after its digest was compared and it was synced: a kill at any
 * moment leaves a part that can go on, or a complete file.
 *
 * Threads and processes: any number may read; the lock of a part makes one of them write.
 */
#ifndef X8_STORE_CACHE_H
#define X8_STORE_CACHE_H

#include "util/op.h"

#include <stddef.h>

struct x8_cached {
    char sha256[65]; /* "" for a part */
    char path[1024];
    char name[128]; /* "934", or the address's last part */
    char url[512];
    uint64_t size;           /* bytes; of a part: what is there */
    int64_t mtime_ns;        /* of the file when it was verified */
    int64_t added_s, used_s; /* seconds since 1970 */
    int is_part;
    int is_damaged; /* x8_cache_list(): bad-, or of another size than when it was verified */
    int is_known;   /* the digest was known before; else it was pinned on first use */
};

/* "part-..." or "pin-..." and so on: a file of the folder for an address. */
void x8_cache_path(const char *folder, const char *kind, const char *address, const char *ending,
                   char *out, size_t cap);

/* All complete files and parts, the last used first. *out is one heap array. Count or a negative
 * code; a folder that is not there is empty. */
int x8_cache_list(const char *folder, struct x8_cached **out, struct x8_error *err);

/*
 * The complete file with this digest: 1 and *out, 0 when there is none. Size and time are compared
 * with the record; when they differ, or with `deep`, the file is hashed again (stage "check").
 * X8_E_BAD_DIGEST when it is another one by now: it was moved aside as bad-.
 */
int x8_cache_find(const struct x8_op *op, const char *folder, const char *sha256, int deep,
                  struct x8_cached *out, struct x8_error *err);

/* Note that it was used now; what cannot be written is no error. */
void x8_cache_touch(const char *folder, const struct x8_cached *cached);

/* Give the complete part at `part_path`, whose digest was compared, its name; *what (name, url,
 * sha256, is_known) is completed. X8_E_HOST_SPACE, X8_E_NO_PERMISSION. */
int x8_cache_take(const char *folder, const char *part_path, struct x8_cached *what,
                  struct x8_error *err);

/* The digest that this address or name had when it was first used: 1, 0, or a negative code. */
int x8_cache_pin_get(const char *folder, const char *address, char out[65], struct x8_error *err);
int x8_cache_pin_set(const char *folder, const char *address, const char *sha256,
                     struct x8_error *err);

struct x8_prune {
    int64_t keep;    /* the complete files last used that stay; -1: no limit */
    int64_t older_s; /* what was not used for so long goes; -1: no limit */
    int dry_run;
};
/*
 * Remove complete files beyond both limits, and with any limit bad ones; parts go when they are
 * older than a day, but none whose lock is held. *out_freed in bytes; `each` (may be NULL) hears of
 * every one. Count or a negative code.
 */
int x8_cache_prune(const char *folder, const struct x8_prune *how, int64_t now_s,
                   void (*each)(void *ctx, const struct x8_cached *cached), void *ctx,
                   uint64_t *out_freed, struct x8_error *err);

/*
 * Remove what is noted of addresses (pin-, seen-) whose files are not in the cache any more; of
 * these those that were noted longer ago than how->older_s. The next download of such an address is
 * a first use again: whatever comes then is accepted. `each` gets address (url), digest and the
 * time. Count or a negative code.
 */
int x8_cache_prune_pins(const char *folder, const struct x8_prune *how, int64_t now_s,
                        void (*each)(void *ctx, const struct x8_cached *cached), void *ctx,
                        struct x8_error *err);

#endif
