/*
 * A program for the M4 as small as one can be: vector table, reset handler, a loop. The build
 * script makes all its sketches of it, right ones and wrong ones, by these:
 *
 *   STACK    first word of the vector table
 *   RESET    second word; the reset handler by default
 *   TABLE    a file that is taken in as constant data, for realistic sizes
 */
#include <stdint.h>

#ifndef STACK
#define STACK ((uintptr_t)&stack_top)
#endif
#ifndef RESET
#define RESET ((uintptr_t)reset)
#endif

extern char stack_top, data_start, data_end, data_image, bss_start, bss_end;

void reset(void);
void fault(void);

/* What a sketch counts; initialised, so that there is data to copy from flash to RAM. */
volatile uint32_t beats = 42;
volatile uint32_t zeroed[16];

__attribute__((section(".isr_vector"), used)) static void *const vectors[166] = {
    (void *)STACK,
    (void *)RESET,
    (void *)fault,
    (void *)fault,
};

#ifdef TABLE
__asm__(".section .rodata.table,\"a\"\n.global table\ntable: .incbin \"" TABLE "\"\n.previous");
extern const uint8_t table[];
#endif

void fault(void)
{
    for (;;)
        ;
}

void reset(void)
{
    char *from = &data_image;

    for (char *to = &data_start; to < &data_end; to++)
        *to = *from++;
    for (char *to = &bss_start; to < &bss_end; to++)
        *to = 0;
    for (;;) {
#ifdef TABLE
        zeroed[beats % 16] += table[beats % 4096];
#endif
        beats++;
    }
}
