/*
 * Boot files for tests and the demo: what the virtual board's ROM and SPL accept, made from a seed.
 * Each carries a CRC in a word that real files leave zero, so that the board notices any byte that
 * changed on the way.
 */
#ifndef VB_MAKE_H
#define VB_MAKE_H

#include <stddef.h>
#include <stdint.h>

/*
 * An SPL image as NXP's packer lays it out for the 8M Mini: IVT at 0 (self 0x7E0FC0), boot data at
 * 0x20, code at 0x40 (entry 0x7E1000), room for the CSF behind. `spl_len` bytes of code, at most
 * 256 KiB less the rest. Returns the length, or 0 when `cap` is too small.
 */
size_t vb_make_spl(uint8_t *out, size_t cap, size_t spl_len, unsigned seed);
/* The same with a CSF, for boards with closed=1. */
size_t vb_make_spl_signed(uint8_t *out, size_t cap, size_t spl_len, unsigned seed);
/* A flattened image tree with one image of `payload_len` bytes. */
size_t vb_make_fit(uint8_t *out, size_t cap, size_t payload_len, unsigned seed);
/* The secondary image table of the Portenta X8, 512 bytes. */
size_t vb_make_sit(uint8_t *out, size_t cap);

#endif
