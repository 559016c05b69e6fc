/*
 * Results that are wider than the terminal.
 */
#include "ui/parts.h"
#include "ui/table.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { ROOM_MIN = 24, BELOW = 4 };

int x8_file_columns(FILE *file)
{
    struct winsize size = {0};

    if (!isatty(fileno(file)) || ioctl(fileno(file), TIOCGWINSZ, &size) != 0)
        return 0;
    return size.ws_col;
}

static size_t longest_word(const char *text)
{
    size_t longest = 0;
    char word[512];

    while (*text) {
        size_t len = strcspn(text, " "), wide;

        snprintf(word, sizeof word, "%.*s", (int)(len < sizeof word ? len : sizeof word - 1), text);
        wide = x8_columns(word);
        longest = wide > longest ? wide : longest;
        text += len + strspn(text + len, " ");
    }
    return longest;
}

void x8_put_behind(struct x8_buf *out, const char *head, const char *text, int columns)
{
    size_t used = x8_columns(head), wide = (size_t)(columns > 0 ? columns : 0), len = strlen(head);

    if (wide == 0 || used + x8_columns(text) < wide || used <= BELOW ||
        (used + ROOM_MIN <= wide && used + longest_word(text) < wide)) {
        x8_put(out, "%s", head);
        x8_put_wrapped(out, text, columns, used, used);
        return;
    }
    while (len && head[len - 1] == ' ')
        len--;
    x8_put(out, "%.*s\n%*s", (int)len, head, BELOW, "");
    x8_put_wrapped(out, text, columns, BELOW, BELOW);
}
