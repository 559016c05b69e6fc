/*
 * Inside of words*.c: sentences for texts of the loader's shell, names of files in sentences. The
 * door is x8_command_words() in script.h.
 */
#ifndef X8_FLASH_WORDS_H
#define X8_FLASH_WORDS_H

#include "flash/script.h"

/* One sentence for ucmd and acmd. */
void x8_words_ucmd(const struct x8_command *command, char out[512]);

/* The file a script names, for a sentence: "inner in archive.tar", without slash star. */
void x8_words_file(char out[256], const char *text);

#endif
