/*
 * Asking running boards who they are, all at the same time. One that does not answer costs the
 * limit and holds up nobody: at its end everything that still waits is woken.
 */
#include "board/target_parts.h"

#include "util/await.h"
#include "util/text.h"

#include <pthread.h>
#include <stdlib.h>

/* At the limit each ends by itself, and knows best why: at its last step (a key that nobody
 * agreed to, a silence). What does not is woken so much later. */
enum { LAST_WORD_MS = 300 };

/* There is a way to try, and it is not known to fail. */
static int is_askable(const struct x8_target *target, const struct x8_reach *reach)
{
    int is_on_usb = target->has_usb && target->usb.device.has_adb && !target->usb.device.no_access;

    if (x8_target_is_net_only(target) || (reach->via == X8_VIA_NET && target->has_net))
        return target->mode == X8_MODE_LINUX;
    if (reach->via == X8_VIA_NET)
        return 0;

    return target->mode == X8_MODE_LINUX &&
           (x8_target_is_served(target) || is_on_usb || target->host[0]);
}

struct probing {
    struct x8_bus *bus;
    const struct x8_reach *reach;
    struct x8_op op; /* with a stop token of its own */
    struct x8_cancel cancel;
    pthread_mutex_t lock;
    pthread_cond_t done;
    size_t left; /* under the lock */
};

struct asked {
    struct probing *probing;
    struct x8_target *target;
    pthread_t thread;
    int is_started;
};

/* What ssh would have asked a person is no trouble: it is asked when a command needs the board. */
static void tell_question(struct x8_target *target, const char *asked)
{
    x8_target_judge(target);
    target->is_up = 1;
    x8_copy(target->note, sizeof target->note, asked);
}

static void tell_failure(struct x8_target *target, const struct x8_error *error)
{
    struct x8_error late;

    if (error->code != X8_E_STOPPED && error->code != X8_E_TERMINATED &&
        error->code != X8_E_TIMEOUT) {
        x8_target_note_error(target, error);
        return;
    }
    /* Stopped means: by the limit. When it was the user, nobody reads this. */
    x8_fail(&late, X8_E_TIMEOUT, "the board does not answer");
    x8_error_why(&late, x8_target_is_net_only(target) ? "its ssh does not answer"
                        : target->host[0] || !target->has_usb
                            ? "its ADB daemon does not answer: another client may hold its only "
                              "place"
                            : "its ADB daemon does not answer");
    x8_error_next(&late, "%s", target->has_usb ? "replug the board" : "");
    x8_target_note_error(target, &late);
}

static void ask(struct asked *asked)
{
    struct probing *p = asked->probing;
    struct x8_target *target = asked->target;
    struct x8_session *session = NULL;
    struct x8_facts *facts = calloc(1, sizeof *facts);
    struct x8_op op = p->op;
    struct x8_error err;
    const char *question = NULL;
    int rc;

    if (!facts)
        return;
    op.board = target->label;
    if (x8_target_is_net_only(target) || p->reach->via == X8_VIA_NET)
        rc = x8_target_probe_ssh(&op, p->reach, target, &session, &question, &err);
    else
        rc = x8_target_open(p->bus, &op, p->reach, target, &session, &err);
    if (rc == 0)
        rc = x8_facts_probe_short(session, &op, x8_deadline_left(op.deadline, 60000), facts, &err);
    x8_session_close(&session);
    if (rc == 0) {
        target->facts = *facts;
        target->probed = 1;
        x8_target_judge(target);
    } else if (question) {
        tell_question(target, question);
    } else {
        tell_failure(target, &err);
    }
    free(facts);
}

static void *ask_in_thread(void *arg)
{
    struct asked *asked = arg;

    ask(asked);
    pthread_mutex_lock(&asked->probing->lock);
    asked->probing->left--;
    pthread_cond_signal(&asked->probing->done);
    pthread_mutex_unlock(&asked->probing->lock);
    return NULL;
}

/* What stops the whole operation stops the asking at once: there is no state to save. */
static void pass_on(void *ctx, enum x8_cancel_level level)
{
    struct probing *p = ctx;

    (void)level;
    x8_cancel_raise(&p->cancel, X8_CANCEL_HARD, X8_E_STOPPED);
}

static void init(struct probing *p)
{
    x8_cancel_init(&p->cancel);
    pthread_mutex_init(&p->lock, NULL);
    x8_cond_init(&p->done);
}

static void done(struct probing *p)
{
    pthread_cond_destroy(&p->done);
    pthread_mutex_destroy(&p->lock);
    x8_cancel_done(&p->cancel);
}

static void wait_until(struct probing *p, int64_t deadline)
{
    struct timespec until = x8_deadline_timespec(deadline);
    int rc = 0;

    pthread_mutex_lock(&p->lock);
    while (p->left > 0 && rc == 0)
        rc = pthread_cond_timedwait(&p->done, &p->lock, &until);
    pthread_mutex_unlock(&p->lock);
}

static void ask_all(struct probing *p, struct asked *asked, struct x8_target *const *targets,
                    size_t count)
{
    size_t started = 0;

    for (size_t i = 0; i < count; i++)
        if (is_askable(targets[i], p->reach))
            asked[started++] = (struct asked){.probing = p, .target = targets[i]};
    p->left = count = started;
    for (size_t i = 0; i < count; i++) {
        asked[i].is_started = pthread_create(&asked[i].thread, NULL, ask_in_thread, &asked[i]) == 0;
        if (!asked[i].is_started)
            ask_in_thread(&asked[i]);
    }
    wait_until(p, p->op.deadline + LAST_WORD_MS);
    x8_cancel_raise(&p->cancel, X8_CANCEL_HARD, X8_E_STOPPED);
    for (size_t i = 0; i < count; i++)
        if (asked[i].is_started)
            pthread_join(asked[i].thread, NULL);
}

void x8_targets_ask(struct x8_bus *bus, const struct x8_op *op, const struct x8_reach *reach,
                    struct x8_target *const *targets, size_t count, int probe_ms)
{
    struct probing p = {.bus = bus, .reach = reach, .op = *op};
    struct x8_waker waker = {.wake = pass_on, .ctx = &p};
    struct asked *asked = calloc(count + 1, sizeof *asked);

    if (!asked)
        return; /* the rows stay without facts */
    init(&p);
    p.op.cancel = &p.cancel;
    p.op.deadline = x8_deadline_min(op->deadline, x8_deadline_in(probe_ms));
    x8_cancel_watch(op->cancel, &waker);
    ask_all(&p, asked, targets, count);
    x8_cancel_unwatch(op->cancel, &waker);
    done(&p);
    free(asked);
}
