/*
 * The kernel's allowance for USB transfers in flight, shared by all boards of this process.
 *
 * Linux allows 16 MiB for all programs together (usbcore.usbfs_memory_mb); beyond it a submit
 * fails. Three quarters are used here, the rest is for replies and for other programs.
 */
#ifndef X8_USB_BUDGET_H
#define X8_USB_BUDGET_H

#include <pthread.h>
#include <stddef.h>

#define X8_USB_BUDGET_TOTAL ((size_t)12 << 20)
#define X8_USB_BUDGET_LINK  ((size_t)6 << 20) /* more in flight makes nothing faster */
#define X8_USB_CHUNK_MAX    ((size_t)1 << 20)
#define X8_USB_CHUNK_MIN    ((size_t)16 << 10)

struct x8_usb_budget {
    pthread_mutex_t lock;
    pthread_cond_t freed;
    size_t used;
    unsigned links;
};

void x8_usb_budget_init(struct x8_usb_budget *budget);
void x8_usb_budget_done(struct x8_usb_budget *budget);

/* A link that may send large data comes and goes. */
void x8_usb_budget_join(struct x8_usb_budget *budget);
void x8_usb_budget_leave(struct x8_usb_budget *budget);

/* What one link may have in flight now; falls as links join. */
size_t x8_usb_budget_share(struct x8_usb_budget *budget);

/* Size of one transfer for such a share: four or more of them fit. */
size_t x8_usb_chunk(size_t share);

/* Take `bytes` when they are free. 1 or 0; never waits. */
int x8_usb_budget_take(struct x8_usb_budget *budget, size_t bytes);
void x8_usb_budget_give(struct x8_usb_budget *budget, size_t bytes);

/* Wait until something was given back, at most `ms`. */
void x8_usb_budget_wait(struct x8_usb_budget *budget, int ms);

#endif
