/*
 * Any bytes as a board's list of files, list of digests and place of a name. No name that is kept
 * leads out of its folder.
 */
#include "session/transfer_board.h"
#include "session/transfer_tree.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_name(const char *name)
{
    if (!*name)
        return; /* the folder itself */
    for (const char *at = name;;) {
        size_t len = strcspn(at, "/");
        if (len == 0 || (len == 1 && at[0] == '.') || (len == 2 && at[0] == '.' && at[1] == '.'))
            abort();
        if (!at[len])
            return;
        at += len + 1;
    }
}

static void digests(struct x8_span span)
{
    char *names[] = {(char[]){"a"}, (char[]){"b\nc"}, (char[]){"d\\e/f"}};
    struct node nodes[3] = {{.rel = names[0]}, {.rel = names[1]}, {.rel = names[2]}};
    struct node *list[] = {&nodes[0], &nodes[1], &nodes[2]};
    uint8_t out[3][X8_SHA256_LEN], has[3];
    struct x8_error err;
    digests_parse(span, list, 3, out, has, &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct x8_span span = {data, size};
    struct tree tree = {0};
    struct place place = {0};
    struct x8_error err;
    if (tree_parse(span, &tree, &err) == 0)
        for (size_t i = 0; i < tree.count; i++) {
            check_name(tree.nodes[i].rel);
            if (tree_find(&tree, tree.nodes[i].rel) != &tree.nodes[i])
                abort();
        }
    tree_done(&tree);
    if (place_parse(span, 2, &place, &err) == 0 && (!place.rest || place.anchor[0] != '/'))
        abort();
    place_done(&place);
    digests(span);
    return 0;
}
