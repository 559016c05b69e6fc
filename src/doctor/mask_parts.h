/*
 * Inside the room: things in a text that have to be hidden, by their form. Pure.
 */
#ifndef X8_DOCTOR_MASK_PARTS_H
#define X8_DOCTOR_MASK_PARTS_H

#include "doctor/mask.h"

/* The length of what stands at the beginning of `at`, or 0. `is_start`: no letter or digit stands
 * in front of it. */
size_t mask_mac(const char *at, size_t left);       /* 02:42:ac:11:00:02, also with dashes */
size_t mask_eui(const char *at, size_t left);       /* an IPv6 address made of a MAC address */
size_t mask_serial(const char *at, size_t left);    /* 16 hexadecimal digits */
size_t mask_x8_name(const char *at, size_t left);   /* the digits behind portenta-x8- */
size_t mask_interface(const char *at, size_t left); /* the digits of enx0242ac110002 */
size_t mask_tail(const char *at, size_t left); /* 4 to 15 hexadecimal digits, maybe of a serial */

/* The name behind "ssid=", "SSID: ", "\"ssid\":\"" at the beginning of `at`: where it begins and
 * its length; 0 when there is none. */
size_t mask_ssid(const char *at, size_t left, size_t *out_from);

int mask_is_word(char c); /* a letter, a digit, '_', or a byte of a longer character */

#endif
