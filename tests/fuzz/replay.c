/*
 * Replays a fuzz target's corpus without libFuzzer: every file of the folders and files named on
 * the command line, each also truncated at a few places. A corpus that is missing or empty fails,
 * so that a target cannot silently stop being tested.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned inputs;

static void feed(const uint8_t *data, size_t size)
{
    /* An exact heap copy each, so that the address sanitizer sees a read one byte too far. */
    uint8_t *copy = malloc(size ? size : 1);

    if (!copy)
        abort();
    if (size)
        memcpy(copy, data, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
    inputs++;
}

static int replay_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data = malloc(1 << 20);
    size_t len;

    if (!file || !data) {
        fprintf(stderr, "replay: cannot read %s\n", path);
        return -1;
    }
    len = fread(data, 1, 1 << 20, file);
    fclose(file);
    feed(data, len);
    for (size_t part = 1; part < 8; part++)
        feed(data, len * part / 8);
    free(data);
    return 0;
}

static int replay(const char *path)
{
    struct stat st;
    struct dirent *entry;
    DIR *dir;
    int rc = 0;

    if (stat(path, &st) != 0) {
        fprintf(stderr, "replay: no corpus at %s\n", path);
        return -1;
    }
    if (!S_ISDIR(st.st_mode))
        return replay_file(path);
    dir = opendir(path);
    if (!dir)
        return -1;
    while (rc == 0 && (entry = readdir(dir))) {
        char name[4096];

        if (entry->d_name[0] == '.')
            continue;
        snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        rc = replay_file(name);
    }
    closedir(dir);
    return rc;
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (replay(argv[i]) != 0)
            return 1;
    if (inputs == 0) {
        fprintf(stderr, "replay: the corpus is empty\n");
        return 1;
    }
    printf("%u inputs\n", inputs);
    return 0;
}
