/*
 * Raw mode and the size of the terminal.
 */
#define _DEFAULT_SOURCE /* cfmakeraw, SIGWINCH, TIOCGWINSZ */
#include "ui/rawtty.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <termios.h>
#include <unistd.h>

/* A process has one terminal, hence one object. */
static struct {
    pthread_mutex_t lock;
    struct termios saved;
    int is_raw;
} tty = {.lock = PTHREAD_MUTEX_INITIALIZER};

int x8_rawtty_enter(struct x8_error *err)
{
    struct termios raw;
    int rc = 0;

    pthread_mutex_lock(&tty.lock);
    if (!tty.is_raw && tcgetattr(STDIN_FILENO, &tty.saved) != 0) {
        rc = x8_fail_sys(err, X8_E_USAGE, errno, "stdin is no terminal");
    } else if (!tty.is_raw) {
        raw = tty.saved;
        cfmakeraw(&raw);
        tty.is_raw = tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) == 0;
    }
    pthread_mutex_unlock(&tty.lock);
    return rc;
}

void x8_rawtty_leave(void)
{
    pthread_mutex_lock(&tty.lock);
    if (tty.is_raw)
        (void)tcsetattr(STDIN_FILENO, TCSADRAIN, &tty.saved);
    tty.is_raw = 0;
    pthread_mutex_unlock(&tty.lock);
}

int x8_rawtty_size(unsigned *out_rows, unsigned *out_cols)
{
    struct winsize size;

    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 && ioctl(STDIN_FILENO, TIOCGWINSZ, &size) != 0)
        return 0;
    *out_rows = size.ws_row;
    *out_cols = size.ws_col;
    return size.ws_row > 0 && size.ws_col > 0;
}

static void size_changed(int number)
{
    (void)number; /* only there to interrupt the wait */
}

/* SIGWINCH is blocked in every thread (x8_signals_block), so it stays pending until this wait lets
 * it in: no change can slip through between two waits. */
int x8_rawtty_wait(struct pollfd *fds, nfds_t count)
{
    struct sigaction action = {.sa_handler = size_changed};
    sigset_t mask;
    fd_set ready;
    int highest = -1, n;

    sigaction(SIGWINCH, &action, NULL);
    pthread_sigmask(SIG_BLOCK, NULL, &mask);
    sigdelset(&mask, SIGWINCH);
    FD_ZERO(&ready);
    for (nfds_t i = 0; i < count; i++) {
        FD_SET(fds[i].fd, &ready);
        highest = fds[i].fd > highest ? fds[i].fd : highest;
        fds[i].revents = 0;
    }
    n = pselect(highest + 1, &ready, NULL, NULL, NULL, &mask);
    if (n < 0)
        return -1;
    for (nfds_t i = 0; i < count; i++)
        fds[i].revents = FD_ISSET(fds[i].fd, &ready) ? POLLIN : 0;
    return n;
}
