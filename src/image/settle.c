/*
 * After all items were found: order them by path, let links stand for what they point to, and
 * settle which of several items with one path counts.
 */
#include "image/setparts.h"

#include <stdlib.h>
#include <string.h>

/* Links that point to links. */
#define LINK_ROUNDS 8

static int by_path(const void *a, const void *b)
{
    const struct item *x = *(struct item *const *)a, *y = *(struct item *const *)b;
    int order = strcmp(x->path, y->path);
    return order ? order : (x->seq > y->seq) - (x->seq < y->seq);
}

/* Of two items with one path: a file on disk before a member, else the later one, as tar has it. A
 * part with a role must be there once. */
static int settle_pair(struct x8_imageset *set, struct item **first, struct item *second,
                       struct x8_error *err)
{
    struct item *loser = *first;
    if (!(*first)->disk == !second->disk && (*first)->named_role != X8_ROLE_OTHER) {
        x8_fail(err, X8_E_BAD_IMAGE, "%s: '%s' is there twice", x8_imageset_source(set),
                second->path);
        x8_error_why(err, "it is not certain which of them is meant");
        x8_error_next(err, "do not use this archive, get it again from its maker");
        return -X8_E_BAD_IMAGE;
    }
    if ((*first)->disk && !second->disk)
        loser = second;
    else
        *first = second;
    item_free(loser);
    return 0;
}

static int drop_doubles(struct x8_imageset *set, struct x8_error *err)
{
    struct item_list *items = &set->items;
    size_t left = 0, i = 0;
    int rc = 0;
    for (; i < items->count && rc >= 0; i++) {
        if (left > 0 && !strcmp(items->at[left - 1]->path, items->at[i]->path))
            rc = settle_pair(set, &items->at[left - 1], items->at[i], err);
        else
            items->at[left++] = items->at[i];
    }
    if (rc < 0) /* nothing is lost: the rest moves up, the refused one included */
        for (i--; i < items->count; i++)
            items->at[left++] = items->at[i];
    items->count = left;
    return rc;
}

static int resolve(struct x8_imageset *set, struct item *link, const struct item *to,
                   struct x8_error *err)
{
    /* Without room for a second copy it is read from the archive like any other. */
    if (to->is_kept && to->pub.size <= KEEP_ALL - set->kept_bytes) {
        size_t size = (size_t)to->pub.size;
        set->kept_bytes += size;
        link->kept = malloc(size ? size : 1);
        if (!link->kept)
            return x8_fail(err, X8_E_INTERNAL, "out of memory");
        memcpy(link->kept, to->kept, size);
        link->is_kept = 1;
        struct x8_span head = {link->kept, size < CONFIRM_LEN ? size : CONFIRM_LEN};
        if (!role_confirmed(link->named_role, head))
            link->pub.role = X8_ROLE_OTHER;
    }
    link->pub.size = to->pub.size;
    link->box = to->box;
    link->ordinal = to->ordinal;
    link->offset = to->offset;
    link->number = to->number;
    memcpy(link->sha256, to->sha256, sizeof(link->sha256));
    memcpy(link->head, to->head, sizeof(link->head));
    memcpy(link->tail, to->tail, sizeof(link->tail));
    link->head_len = to->head_len;
    link->tail_len = to->tail_len;
    free(link->target);
    link->target = NULL;
    return 0;
}

static int resolve_links(struct x8_imageset *set, struct x8_error *err)
{
    struct item_list *items = &set->items;
    for (int round = 0; round < LINK_ROUNDS; round++) {
        for (size_t i = 0; i < items->count; i++) {
            struct item *link = items->at[i];
            const struct item *to = link->target ? item_list_find(items, link->target) : NULL;
            int rc = to && !to->target && !to->disk ? resolve(set, link, to, err) : 0;
            if (rc < 0)
                return rc;
        }
    }
    /* What is left points to a folder or to nothing. */
    size_t left = 0;
    for (size_t i = 0; i < items->count; i++) {
        if (items->at[i]->target)
            item_free(items->at[i]);
        else
            items->at[left++] = items->at[i];
    }
    items->count = left;
    return 0;
}

int settle_items(struct x8_imageset *set, struct x8_error *err)
{
    if (set->items.count == 0)
        return 0;
    qsort(set->items.at, set->items.count, sizeof(struct item *), by_path);
    int rc = drop_doubles(set, err);
    return rc < 0 ? rc : resolve_links(set, err);
}
