/*
 * Inside the room: the lines of a board's answer about itself, one by one.
 */
#ifndef X8_SESSION_FACTS_READ_H
#define X8_SESSION_FACTS_READ_H

#include "session/facts.h"

struct facts_text {
    struct x8_facts *facts;
    struct x8_buf os; /* os-release so far */
    unsigned active;  /* lines of "active" so far */
    int ended;
};

/* Take one line. Keys that nobody knows are left out. */
void facts_take(struct facts_text *text, const char *key, size_t key_len, const char *value,
                size_t value_len);

#endif
