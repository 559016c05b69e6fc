/*
 * The hotplug thread. libusb gets its events from udev where that runs, and announces a device
 * after udev's rules were applied to it.
 */
#include "usb/watch.h"

#include <libusb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

struct x8_usb_watch {
    libusb_context *usb;
    libusb_hotplug_callback_handle handle;
    pthread_t thread;
    atomic_int is_stopping;
    void (*changed)(void *ctx);
    void *ctx;
};

static int LIBUSB_CALL on_event(libusb_context *usb, libusb_device *device,
                                libusb_hotplug_event event, void *user)
{
    struct x8_usb_watch *watch = user;

    (void)usb, (void)device, (void)event;
    watch->changed(watch->ctx);
    return 0;
}

static void *run(void *arg)
{
    struct x8_usb_watch *watch = arg;

    while (!atomic_load(&watch->is_stopping)) {
        /* Woken by libusb_interrupt_event_handler; the limit is only a safety net. */
        struct timeval limit = {.tv_sec = 60};

        if (libusb_handle_events_timeout_completed(watch->usb, &limit, NULL) < 0)
            break;
    }
    return NULL;
}

static int subscribe(struct x8_usb_watch *watch)
{
    if (!libusb_has_capability(LIBUSB_CAP_HAS_HOTPLUG))
        return LIBUSB_ERROR_NOT_SUPPORTED;
    return libusb_hotplug_register_callback(
        watch->usb, LIBUSB_HOTPLUG_EVENT_DEVICE_ARRIVED | LIBUSB_HOTPLUG_EVENT_DEVICE_LEFT, 0,
        LIBUSB_HOTPLUG_MATCH_ANY, LIBUSB_HOTPLUG_MATCH_ANY, LIBUSB_HOTPLUG_MATCH_ANY, on_event,
        watch, &watch->handle);
}

struct x8_usb_watch *x8_usb_watch_start(void (*changed)(void *ctx), void *ctx, char why[96])
{
    struct x8_usb_watch *watch = calloc(1, sizeof *watch);
    int rc = LIBUSB_ERROR_NO_MEM;

    if (!watch || (rc = libusb_init(&watch->usb)) < 0) {
        snprintf(why, 96, "libusb cannot start: %s", libusb_error_name(rc));
        free(watch);
        return NULL;
    }
    atomic_init(&watch->is_stopping, 0);
    watch->changed = changed;
    watch->ctx = ctx;
    rc = subscribe(watch);
    if (rc == 0 && pthread_create(&watch->thread, NULL, run, watch) != 0)
        rc = LIBUSB_ERROR_NO_MEM;
    if (rc < 0) {
        snprintf(why, 96, "no hotplug events: %s", libusb_error_name(rc));
        libusb_exit(watch->usb);
        free(watch);
        return NULL;
    }
    return watch;
}

void x8_usb_watch_stop(struct x8_usb_watch **watch)
{
    struct x8_usb_watch *w = *watch;

    if (!w)
        return;
    *watch = NULL;
    atomic_store(&w->is_stopping, 1);
    libusb_interrupt_event_handler(w->usb);
    pthread_join(w->thread, NULL);
    libusb_hotplug_deregister_callback(w->usb, w->handle);
    libusb_exit(w->usb);
    free(w);
}
