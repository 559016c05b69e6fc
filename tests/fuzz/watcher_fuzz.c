/*
 * What a board says about its units and its M4, and the lines of an upload.
 */
#include "sketch/status_parts.h"
#include "sketch/upload_parts.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every text has an end inside its field. */
static void terminated(const char *text, size_t cap)
{
    if (memchr(text, '\0', cap) == NULL)
        abort();
}

static void lines(struct x8_span bytes)
{
    char *copy = calloc(1, bytes.len + 1), *at, *end;
    struct upload_said said = {0};

    if (!copy)
        abort();
    if (bytes.len)
        memcpy(copy, bytes.data, bytes.len);
    for (at = copy; (end = strchr(at, '\n')) != NULL; at = end + 1) {
        *end = '\0';
        upload_take_line(&said, at);
    }
    terminated(said.word, sizeof said.word);
    terminated(said.sum, sizeof said.sum);
    terminated(said.error, sizeof said.error);
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct x8_span bytes = {data, size};
    struct x8_sketch_status status;
    struct x8_watcher watcher;
    struct x8_error err;

    if (x8_watcher_parse(bytes, &watcher, &err) == 0) {
        terminated(watcher.invocation, sizeof watcher.invocation);
        terminated(watcher.path_result, sizeof watcher.path_result);
        if (x8_watcher_is_dead(&watcher) && strcmp(watcher.path_state, "failed") != 0)
            abort();
        (void)x8_watcher_is_busy(&watcher);
    }
    if (sketch_status_parse(bytes, &status, &err) == 0 && status.has_record &&
        strlen(status.record_sha256) != 64)
        abort();
    lines(bytes);
    return 0;
}
