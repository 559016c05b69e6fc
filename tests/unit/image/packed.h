/*
 * For the tests of this room: inputs made by the real packers of the host, in a scratch folder.
 */
#ifndef X8_TEST_IMAGE_PACKED_H
#define X8_TEST_IMAGE_PACKED_H

#include "pieces.h"

#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "util/clock.h"
#include "util/file.h"
#include "util/proc.h"

struct scratch {
    char dir[64];
};

/* A command of the host in the scratch folder. 0, or a negative code. */
X8_UNUSED static int scratch_run(const struct scratch *scratch, const char *command)
{
    struct x8_op op = {.deadline = X8_NO_DEADLINE};
    char line[2048];
    snprintf(line, sizeof(line), "cd '%s' && { %s; }", scratch->dir, command);
    return x8_proc_run(&op, line, x8_deadline_in(60000), NULL, NULL, NULL);
}

/* Is the tool installed? */
X8_UNUSED static bool scratch_has(const struct scratch *scratch, const char *tool)
{
    char probe[128];
    snprintf(probe, sizeof(probe), "command -v %s >/dev/null", tool);
    return scratch_run(scratch, probe) == 0;
}

/* Run it; a tool that is not installed skips the test, any other failure fails it. A skip leaves
 * the test at once: call it before anything is allocated. */
X8_UNUSED static void scratch_must(const struct scratch *scratch, const char *tool,
                                   const char *command)
{
    if (!scratch_has(scratch, tool))
        skip();
    assert_int_equal(scratch_run(scratch, command), 0);
}

X8_UNUSED static void scratch_path(const struct scratch *scratch, const char *name, char out[256])
{
    snprintf(out, 256, "%s/%s", scratch->dir, name);
}

X8_UNUSED static void scratch_write(const struct scratch *scratch, const char *name,
                                    const void *data, size_t len)
{
    char path[256];
    scratch_path(scratch, name, path);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

X8_UNUSED static void scratch_load(const struct scratch *scratch, const char *name,
                                   struct x8_buf *out)
{
    char path[256];
    scratch_path(scratch, name, path);
    out->len = 0;
    assert_int_equal(x8_file_load(path, 1u << 30, out, NULL), 0);
}

X8_UNUSED static int scratch_setup(void **state)
{
    static struct scratch scratch;
    snprintf(scratch.dir, sizeof(scratch.dir), "/tmp/x8-image-XXXXXX");
    if (!mkdtemp(scratch.dir))
        return -1;
    *state = &scratch;
    return 0;
}

X8_UNUSED static int scratch_teardown(void **state)
{
    struct scratch *scratch = *state;
    return scratch_run(scratch, "rm -rf \"$PWD\"");
}

#endif
