/*
 * x8-redir: one virtual board as a device of a virtual machine. Not part of the product.
 *
 * How it works: QEMU's usb-redir device speaks the usbredir protocol over a socket. This program
 * connects to that socket as the side that has the device: redir_bus.c lets the board come and go
 * and answers what concerns the whole device, redir_urb.c moves transfers in and out of the model
 * (vboard.h), redir_main.c gives the model its time. The guest's kernel does the rest: it
 * enumerates, binds drivers and makes the device node.
 *
 * One thread. Nothing is answered inside a callback of the parser: callbacks queue, rd_step()
 * brings everything to the present.
 */
#ifndef REDIR_H
#define REDIR_H

#include "vboard.h"

#include <stddef.h>
#include <usbredirparser.h>

#define RD_ENDPOINTS 32 /* as in the protocol: 0-15 out, 16-31 in */
#define RD_REPORT    1024

enum rd_type { RD_CONTROL, RD_BULK, RD_INTERRUPT };

/* One transfer of the guest. */
struct rd_urb {
    struct rd_urb *next;
    enum rd_type type;
    uint64_t id;
    uint8_t ep; /* with the direction in bit 7 */
    uint8_t setup[8];
    uint8_t *data; /* owned */
    size_t len, actual;
    enum vb_status status;
    int64_t ready_us;
};

struct rd_queue {
    struct rd_urb *head, **tail;
};

/* An interrupt IN endpoint is not polled: once the guest wants reports, they are sent unasked. */
struct rd_push {
    int wanted;
    int is_full; /* a report waits for its end on the wire */
    uint8_t data[RD_REPORT];
    size_t len;
    int64_t ready_us;
};

struct rd_redir {
    struct vb *vb;
    struct usbredirparser *parser;
    int fd;
    int is_broken;  /* the other side is gone or talks nonsense */
    int is_greeted; /* its hello has come: it may be told of devices */
    int is_shown;   /* a device is connected on its side */
    unsigned shown_attach;
    struct vb_descriptors seen;
    uint16_t max_packet[RD_ENDPOINTS];
    struct rd_push push[RD_ENDPOINTS];
    struct rd_queue pending, flying;
};

static inline size_t rd_index(uint8_t ep)
{
    return (size_t)((ep & 0x0f) | (ep & 0x80 ? 0x10 : 0));
}

/* redir_bus.c */
int rd_open(struct rd_redir *redir, struct vb *vb, int fd);
/* Bring the board to the present. Returns when the next thing is due, INT64_MAX for never. */
int64_t rd_step(struct rd_redir *redir, int64_t now_us);
void rd_close(struct rd_redir *redir);

/* redir_urb.c */
void rd_urbs_init(struct rd_redir *redir);
/* Take over a transfer; `data` is owned from here on. */
void rd_submit(struct rd_redir *redir, const struct rd_urb *urb);
/* The guest does not want it any more: answered as cancelled, if it is still here. */
void rd_cancel(struct rd_redir *redir, uint64_t id);
/* Offer what waits to the model, answer what is due. Returns when the next answer is due. */
int64_t rd_pump(struct rd_redir *redir, int64_t now_us);
/* The board left the bus: nobody waits for these answers. */
void rd_forget(struct rd_redir *redir);

#endif
