/* The session room's kit: a session over ADB with the virtual board's Linux behind it. */
#include "../session/kit_adb.c"
