/*
 * Shared by inproc.c (the bus and its thread) and inproc_link.c (the transports).
 */
#ifndef VB_INPROC_BUS_H
#define VB_INPROC_BUS_H

#include "inproc.h"
#include "util/attr.h"
#include "util/clock.h"

struct vb_link;

/* One board and what the bus last saw of it. */
struct vb_seat {
    struct vb *vb;
    unsigned attach; /* of the model, 0: absent */
    int is_present, is_denied;
    struct vb_link *holder;
};

struct vb_bus {
    struct x8_bus base;
    pthread_mutex_t lock;
    pthread_cond_t changed; /* something may be different for whoever waits */
    pthread_cond_t poked;   /* the thread has to look at the time again */
    pthread_t thread;
    int is_stopping;
    uint64_t seq;
    size_t count;
    struct vb_seat seats[];
};

/* Bring a board to the present and notice what that did to the bus. With the lock. */
void vb_seat_step(struct vb_bus *bus, struct vb_seat *seat);
/* The thread and all who wait look again. With the lock. */
void vb_bus_poke(struct vb_bus *bus);
/* Wait for a change, at most until `until_us` (INT64_MAX: no limit). With the lock. */
void vb_bus_rest(struct vb_bus *bus, int64_t until_us);

struct vb_link {
    struct x8_transport base;
    struct vb_bus *bus;
    struct vb_seat *seat;
    unsigned attach;
    int is_dead;
    char port[32];
    uint8_t interface, ep_in, ep_out; /* ep_out 0: SET_REPORT */
    uint8_t *room;
    size_t room_len;
};

/* One blocking call: limits, and how to wake it. */
struct vb_call {
    struct vb_link *link;
    const struct x8_op *op;
    const char *verb;
    int timeout_ms;
    int64_t deadline;
    struct x8_waker waker;
};

/* inproc_link.c */
extern const struct x8_transport_ops vb_hid_ops, vb_bulk_ops;
struct x8_cancel *vb_cancel_of(const struct x8_op *op);
void vb_call_restart(struct vb_call *call);
/* Take the bus lock for a call. The token's lock comes before the bus lock, always. */
void vb_call_begin(struct vb_call *call);
void vb_call_end(struct vb_call *call);
/* The call's limit in microseconds. */
int64_t vb_call_until(const struct vb_call *call);
/* One control transfer with its wait, inside a call. Bytes moved, or an error. */
ssize_t vb_call_control(struct vb_call *call, const uint8_t setup[8], uint8_t *data, size_t len,
                        struct x8_error *err);

/* inproc_open.c */
int vb_link_open(struct vb_bus *bus, const struct x8_op *op, const struct x8_device *device,
                 enum x8_link_kind kind, struct x8_transport **out, struct x8_error *err);

#endif
