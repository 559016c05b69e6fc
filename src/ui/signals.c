/*
 * Signals become levels of the stop token. They are blocked everywhere and taken by one thread, so
 * that no code of this program ever runs inside a signal handler.
 */
#define _DEFAULT_SOURCE /* SIGWINCH */
#include "ui/parts.h"
#include "ui/rawtty.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

/* A process has one set of signals, hence one object. */
static struct {
    sigset_t set;
    pthread_t thread;
    atomic_int stopping, expected;
    int running;
    struct x8_cancel *cancel;
    struct x8_ui *ui;
    _Atomic(const char *) words; /* of the first stop */
} signals;

static const char safe_point[] = "stopping at the next safe point; once more stops at once";

/* A signal that was ignored when the program began stays so: nohup(1) and shells that start a
 * background job say in this way that it is meant for somebody else. */
static void add_unless_ignored(int number)
{
    struct sigaction action;

    if (sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN)
        return;
    sigaddset(&signals.set, number);
}

void x8_signals_block(void)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigset_t resize;

    sigemptyset(&signals.set);
    add_unless_ignored(SIGINT);
    add_unless_ignored(SIGTERM);
    add_unless_ignored(SIGHUP);
    pthread_sigmask(SIG_BLOCK, &signals.set, NULL);
    sigemptyset(&resize); /* let in by x8_rawtty_wait alone */
    sigaddset(&resize, SIGWINCH);
    pthread_sigmask(SIG_BLOCK, &resize, NULL);
    sigaction(SIGPIPE, &ignore, NULL);
    sigaction(SIGXFSZ, &ignore, NULL); /* a limit of file sizes (ulimit -f) is an error of write */
}

/* Where nothing is said, the line that the terminal began with "^C" still has to end. */
static void end_echo(int number)
{
    struct x8_buf line_end = {0};

    if (number != SIGINT || !isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
        return;
    x8_put(&line_end, "\n");
    (void)!x8_write_all(STDERR_FILENO, &line_end);
    x8_buf_done(&line_end);
}

static void announce(int count, int number)
{
    struct x8_event event = {.kind = X8_EV_WARN};

    if (!signals.ui)
        return;
    if (count == 1 && x8_ui_is_asking(signals.ui))
        return; /* nothing is being done that would have to stop, and the question ends its line */
    if (count == 1 && atomic_load(&signals.expected)) {
        end_echo(number);
        return;
    }
    event.text =
        count == 1 ? atomic_load(&signals.words) : "stopping at once; once more ends the program";
    x8_ui_emit(signals.ui, &event);
}

static void *wait_for_signals(void *arg)
{
    int count = 0, number;

    (void)arg;
    while (sigwait(&signals.set, &number) == 0 && !atomic_load(&signals.stopping)) {
        enum x8_code code = number == SIGINT ? X8_E_STOPPED : X8_E_TERMINATED;

        if (number == SIGUSR1)
            continue; /* from outside; it means nothing here */
        if (++count > 2) {
            x8_rawtty_leave();
            _exit((int)code);
        }
        announce(count, number);
        x8_cancel_raise(signals.cancel, count == 1 ? X8_CANCEL_SOFT : X8_CANCEL_HARD, code);
    }
    return NULL;
}

int x8_signals_start(struct x8_cancel *cancel, struct x8_ui *ui, struct x8_error *err)
{
    signals.cancel = cancel;
    signals.ui = ui;
    atomic_store(&signals.stopping, 0);
    atomic_store(&signals.expected, 0);
    atomic_store(&signals.words, safe_point);
    /* SIGUSR1 is how x8_signals_stop() reaches the thread. */
    sigaddset(&signals.set, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &signals.set, NULL);
    if (pthread_create(&signals.thread, NULL, wait_for_signals, NULL) != 0)
        return x8_fail(err, X8_E_INTERNAL, "no thread for signals can be started");
    signals.running = 1;
    if (ui)
        x8_ui_set_cancel(ui, cancel);
    return 0;
}

void x8_signals_expect(void)
{
    atomic_store(&signals.expected, 1);
}

void x8_signals_say(const char *words)
{
    atomic_store(&signals.words, words);
}

void x8_signals_stop(void)
{
    if (!signals.running)
        return;
    atomic_store(&signals.stopping, 1);
    pthread_kill(signals.thread, SIGUSR1);
    pthread_join(signals.thread, NULL);
    signals.running = 0;
    if (signals.ui)
        x8_ui_set_cancel(signals.ui, NULL);
}
