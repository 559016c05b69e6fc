/*
 * The journal's members, once, for writing and for reading. A later version of x8ctl raises
 * "version" when an older one must not act on its journals.
 */
#include "update/journal_parts.h"

#include "util/json.h"
#include "util/text.h"

#include <stddef.h>
#include <string.h>

#define VERSION 1

#define FIELD(member)                                                                              \
    offsetof(struct x8_update_journal, member), sizeof(((struct x8_update_journal *)0)->member)

static const struct {
    const char *name;
    size_t at, cap;
} texts[] = {
    {"serial", FIELD(serial)},
    {"board", FIELD(board)},
    {"bundle", FIELD(bundle)},
    {"target_version", FIELD(expected.version)},
    {"target_commit", FIELD(expected.commit)},
    {"target_name", FIELD(expected.target)},
    {"old_version", FIELD(expected.old_version)},
    {"old_commit", FIELD(expected.old_commit)},
    {"apps", FIELD(expected.apps)},
    {"stage", FIELD(stage)},
    {"boot_id", FIELD(boot_id)},
    {"health", FIELD(health)},
    {"note", FIELD(note)},
};

static const struct {
    const char *name;
    size_t at;
} flags[] = {
    {"allow_downgrade", offsetof(struct x8_update_journal, allow_downgrade)},
    {"rollback", offsetof(struct x8_update_journal, is_rollback)},
    {"keep_stage", offsetof(struct x8_update_journal, keep_stage)},
    {"daemon_was_active", offsetof(struct x8_update_journal, daemon_was_active)},
    {"ootb_was_pending", offsetof(struct x8_update_journal, ootb_was_pending)},
};

static const char *text_at(const struct x8_update_journal *journal, size_t at)
{
    return (const char *)journal + at;
}

static int *flag_at(struct x8_update_journal *journal, size_t at)
{
    return (int *)(void *)((char *)journal + at);
}

char *journal_text(const struct x8_update_journal *journal)
{
    struct x8_json *json = x8_json_object();
    char *text;

    x8_json_u64(json, "version", VERSION);
    x8_json_str(json, "step", x8_update_step_name(journal->step));
    x8_json_str(json, "aklite", x8_aklite_name(journal->aklite));
    for (size_t i = 0; i < X8_COUNT(texts); i++)
        x8_json_str(json, texts[i].name, text_at(journal, texts[i].at));
    for (size_t i = 0; i < X8_COUNT(flags); i++) {
        int flag;
        memcpy(&flag, text_at(journal, flags[i].at), sizeof(flag));
        x8_json_bool(json, flags[i].name, flag);
    }
    x8_json_u64(json, "restarts", (uint64_t)(journal->restarts < 0 ? 0 : journal->restarts));
    x8_json_u64(json, "begun", (uint64_t)journal->begun_s);
    x8_json_u64(json, "changed", (uint64_t)journal->changed_s);
    text = x8_json_text(json, 1);
    x8_json_free(&json);
    return text;
}

static int missing(const char *name, struct x8_error *err)
{
    return x8_fail(err, X8_E_BAD_IMAGE, "it is damaged: \"%s\" is missing or of another kind",
                   name);
}

/* A whole number from 0 to a limit that a double holds exactly. */
static int take_number(const struct x8_json *json, const char *name, double max, int64_t *out,
                       struct x8_error *err)
{
    double value = 0;

    if (x8_json_as_num(x8_json_get(json, name), &value) < 0 || !(value >= 0 && value <= max))
        return missing(name, err);
    *out = (int64_t)value;
    return (double)*out < value || (double)*out > value ? missing(name, err) : 0;
}

static int take_texts(const struct x8_json *json, struct x8_update_journal *out,
                      struct x8_error *err)
{
    for (size_t i = 0; i < X8_COUNT(texts); i++) {
        const char *text = x8_json_get_str(json, texts[i].name);
        if (!text || !x8_copy((char *)out + texts[i].at, texts[i].cap, text))
            return missing(texts[i].name, err);
    }
    return 0;
}

static int take_flags(const struct x8_json *json, struct x8_update_journal *out,
                      struct x8_error *err)
{
    for (size_t i = 0; i < X8_COUNT(flags); i++)
        if (x8_json_as_bool(x8_json_get(json, flags[i].name), flag_at(out, flags[i].at)) < 0)
            return missing(flags[i].name, err);
    return 0;
}

static int take_words(const struct x8_json *json, struct x8_update_journal *out,
                      struct x8_error *err)
{
    const char *step = x8_json_get_str(json, "step"), *aklite = x8_json_get_str(json, "aklite");

    if (!step)
        return missing("step", err);
    out->step = x8_update_step_of(step);
    if (strcmp(step, x8_update_step_name(out->step)) != 0)
        return missing("step", err);
    for (int i = X8_AKLITE_NONE; aklite && i <= X8_AKLITE_C; i++)
        if (strcmp(aklite, x8_aklite_name((enum x8_aklite)i)) == 0) {
            out->aklite = (enum x8_aklite)i;
            return 0;
        }
    return missing("aklite", err);
}

static int take_version(const struct x8_json *json, struct x8_error *err)
{
    int64_t version = 0;
    int rc = take_number(json, "version", 1e6, &version, err);

    if (rc < 0 || version == VERSION)
        return rc;
    x8_fail(err, X8_E_BAD_IMAGE, "it was written by another version of x8ctl (form %d, not %d)",
            (int)version, VERSION);
    return -X8_E_BAD_IMAGE;
}

static int take_all(const struct x8_json *json, struct x8_update_journal *out, struct x8_error *err)
{
    int64_t restarts = 0;
    int rc = take_version(json, err);

    if (rc == 0)
        rc = take_words(json, out, err);
    if (rc == 0)
        rc = take_texts(json, out, err);
    if (rc == 0)
        rc = take_flags(json, out, err);
    if (rc == 0)
        rc = take_number(json, "restarts", 1e6, &restarts, err);
    if (rc == 0)
        rc = take_number(json, "begun", 1e15, &out->begun_s, err);
    if (rc == 0)
        rc = take_number(json, "changed", 1e15, &out->changed_s, err);
    out->restarts = (int)restarts;
    return rc;
}

int journal_parse(struct x8_span text, struct x8_update_journal *out, struct x8_error *err)
{
    struct x8_json *json = NULL;
    int rc = x8_json_parse(text.len ? (const char *)text.data : "", text.len, &json, err);

    memset(out, 0, sizeof(*out));
    if (rc == 0)
        rc = x8_json_is_object(json) ? take_all(json, out, err)
                                     : x8_fail(err, X8_E_BAD_IMAGE, "it is no object");
    x8_json_free(&json);
    return rc;
}
