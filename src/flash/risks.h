/*
 * Inside of script*.c: what texts for a shell on the board may do. The door for all others is
 * x8_command_risks() in script.h.
 */
#ifndef X8_FLASH_RISKS_H
#define X8_FLASH_RISKS_H

#include "flash/script.h"

/* Risks of a text for the loader's shell (FB:) or for the Linux behind FBK:. Pure. */
unsigned x8_shell_risks(enum x8_proto proto, const char *text);

/* The text of a command that a shell on the board runs (ucmd, acmd, -format); NULL for the others.
 */
const char *x8_command_shell_text(const struct x8_command *command);

/* Fill in the commands' hidden_risks: what shows once the variables that the script itself sets are
 * put into its texts ("setenv f fuse", later "${f} prog"). What the board had stored before is not
 * known here. */
void x8_script_find_hidden(struct x8_script *script);

#endif
