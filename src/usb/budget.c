/*
 * A counting allowance.
 */
#include "usb/budget.h"

#include "util/await.h"
#include "util/clock.h"

void x8_usb_budget_init(struct x8_usb_budget *budget)
{
    pthread_mutex_init(&budget->lock, NULL);
    x8_cond_init(&budget->freed);
    budget->used = 0;
    budget->links = 0;
}

void x8_usb_budget_done(struct x8_usb_budget *budget)
{
    pthread_cond_destroy(&budget->freed);
    pthread_mutex_destroy(&budget->lock);
}

void x8_usb_budget_join(struct x8_usb_budget *budget)
{
    pthread_mutex_lock(&budget->lock);
    budget->links++;
    pthread_mutex_unlock(&budget->lock);
}

void x8_usb_budget_leave(struct x8_usb_budget *budget)
{
    pthread_mutex_lock(&budget->lock);
    budget->links--;
    pthread_mutex_unlock(&budget->lock);
}

size_t x8_usb_budget_share(struct x8_usb_budget *budget)
{
    size_t share;

    pthread_mutex_lock(&budget->lock);
    share = X8_USB_BUDGET_TOTAL / (budget->links ? budget->links : 1);
    pthread_mutex_unlock(&budget->lock);
    return share < X8_USB_BUDGET_LINK ? share : X8_USB_BUDGET_LINK;
}

size_t x8_usb_chunk(size_t share)
{
    size_t chunk = share / 4 / X8_USB_CHUNK_MIN * X8_USB_CHUNK_MIN;

    if (chunk > X8_USB_CHUNK_MAX)
        return X8_USB_CHUNK_MAX;
    return chunk < X8_USB_CHUNK_MIN ? X8_USB_CHUNK_MIN : chunk;
}

int x8_usb_budget_take(struct x8_usb_budget *budget, size_t bytes)
{
    int ok;

    pthread_mutex_lock(&budget->lock);
    ok = bytes <= X8_USB_BUDGET_TOTAL - budget->used;
    if (ok)
        budget->used += bytes;
    pthread_mutex_unlock(&budget->lock);
    return ok;
}

void x8_usb_budget_give(struct x8_usb_budget *budget, size_t bytes)
{
    pthread_mutex_lock(&budget->lock);
    budget->used -= bytes;
    pthread_cond_broadcast(&budget->freed);
    pthread_mutex_unlock(&budget->lock);
}

void x8_usb_budget_wait(struct x8_usb_budget *budget, int ms)
{
    struct timespec until = x8_deadline_timespec(x8_deadline_in(ms));

    pthread_mutex_lock(&budget->lock);
    if (budget->used > 0)
        pthread_cond_timedwait(&budget->freed, &budget->lock, &until);
    pthread_mutex_unlock(&budget->lock);
}
