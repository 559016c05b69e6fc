/*
 * A file that a command names: an entry of the image set, or a path of the host (`>name`, absolute
 * names, --script's own folder).
 */
#ifndef X8_FLASH_INPUT_H
#define X8_FLASH_INPUT_H

#include "flash/script.h"
#include "image/imageset.h"

struct x8_file_input {
    const struct x8_entry *entry; /* borrowed from the set, or NULL */
    char *path;                   /* owned host path, or NULL */
};

void x8_input_done(struct x8_file_input *input);
/* 1 when it names anything. */
int x8_input_is_set(const struct x8_file_input *input);
/* As shown to people. */
const char *x8_input_name(const struct x8_file_input *input);

/* The kind of file that a command takes, X8_ROLE_OTHER when any will do. */
enum x8_role x8_input_role(const struct x8_command *command);

/*
 * Find the file that `text` (uuu's form) names, relative to `dir` of the set. When the set has no
 * such name, an entry of the wanted `role` takes its place (`*substituted` = 1): releases name
 * their images differently. X8_E_NO_FILE when there is neither.
 */
int x8_input_find(const struct x8_imageset *set, const char *dir, const char *text,
                  enum x8_role role, struct x8_file_input *out, int *substituted,
                  struct x8_error *err);

/* Content with its compression undone; see imageset.h. */
int x8_input_open(const struct x8_imageset *set, const struct x8_file_input *input,
                  struct x8_reader **out, struct x8_error *err);
int x8_input_load(const struct x8_imageset *set, const struct x8_file_input *input, size_t max,
                  struct x8_buf *out, struct x8_error *err);
/* UINT64_MAX when unknown; `*exact` as in imageset.h. */
uint64_t x8_input_size(const struct x8_imageset *set, const struct x8_file_input *input,
                       int *exact);

/* The block map beside an image: image.bmap, image.wic.bmap for image.wic.gz, and so on. 1 when
 * found. */
int x8_input_find_bmap(const struct x8_imageset *set, const struct x8_file_input *image,
                       struct x8_file_input *out);

#endif
