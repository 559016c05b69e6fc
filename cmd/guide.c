/*
 * x8ctl guide: which switches to set on which carrier, and what the LEDs mean. Text in the binary
 * (src/board/carriers.h); touches no board.
 */
#include "main.h"

#include "board/carriers.h"
#include "util/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct x8_example examples[] = {
    {"x8ctl guide", "the carriers and what to do on each"},
    {"x8ctl guide breakout", "switches, steps and LEDs for the Breakout"},
    {"x8ctl guide leds", "what the LEDs of the X8 mean"},
    {NULL, NULL},
};

static const unsigned char exits[] = {X8_E_USAGE, 0};

static struct x8_json *json_carrier(const struct x8_carrier *carrier)
{
    struct x8_json *object = x8_json_object(), *on = x8_json_array(), *steps = x8_json_array();

    for (size_t i = 0; i < X8_CARRIER_SWITCHES && carrier->switches[i]; i++)
        x8_json_str(on, NULL, carrier->switches[i]);
    for (size_t i = 0; i < X8_CARRIER_STEPS && carrier->steps[i]; i++)
        x8_json_str(steps, NULL, carrier->steps[i]);
    x8_json_str(object, "name", carrier->name);
    x8_json_str(object, "title", carrier->title);
    x8_json_add(object, "switches_on", on);
    x8_json_add(object, "steps", steps);
    x8_json_str(object, "hands", carrier->hands);
    x8_json_str(object, "after", carrier->after);
    return object;
}

static struct x8_json *json_leds(void)
{
    struct x8_json *leds = x8_json_array();
    const struct x8_led *led;

    for (size_t i = 0; (led = x8_led_row(i)); i++) {
        struct x8_json *object = x8_json_object();

        x8_json_str(object, "led", led->led);
        x8_json_str(object, "color", led->color);
        x8_json_str(object, "meaning", led->meaning);
        x8_json_add(leds, NULL, object);
    }
    return leds;
}

/* One carrier, or all when `only` is NULL, and the LEDs. */
static void print_json(const struct x8_carrier *only, int leds_only)
{
    struct x8_json *top = x8_json_object();
    const struct x8_carrier *carrier;
    char *text;

    if (!leds_only) {
        struct x8_json *list = x8_json_array();

        for (size_t i = 0; (carrier = x8_carrier_row(i)); i++)
            if (!only || carrier == only)
                x8_json_add(list, NULL, json_carrier(carrier));
        x8_json_add(top, "carriers", list);
    }
    x8_json_add(top, "leds", json_leds());
    text = x8_json_text(top, 1);
    printf("%s\n", text);
    free(text);
    x8_json_free(&top);
}

static void print_table(struct x8_table *table)
{
    x8_table_print(table, stdout, isatty(STDOUT_FILENO));
    x8_table_free(&table);
}

static void print_carriers(void)
{
    static const char *const columns[] = {"CARRIER", "FOR FLASHING", "AFTERWARDS", NULL};
    struct x8_table *table = x8_table_new(columns);
    const struct x8_carrier *carrier;

    for (size_t i = 0; (carrier = x8_carrier_row(i)); i++) {
        /* "Max Carrier: BOOT SEL and ..."; the name stands in the first column already. */
        const char *colon = strstr(carrier->hands, ": ");
        const char *cells[] = {carrier->name, colon ? colon + 2 : carrier->hands, carrier->after};

        x8_table_row(table, cells);
    }
    print_table(table);
}

static void print_leds(void)
{
    static const char *const columns[] = {"LED", "COLOR", "MEANING", NULL};
    struct x8_table *table = x8_table_new(columns);
    const struct x8_led *led;

    for (size_t i = 0; (led = x8_led_row(i)); i++) {
        const char *cells[] = {led->led, led->color, led->meaning};

        x8_table_row(table, cells);
    }
    print_table(table);
}

static int unknown(const char *word, struct x8_error *err)
{
    const char *names[16];
    const struct x8_carrier *carrier;
    char shown[80];
    const char *near;
    size_t n = 0;
    int rc;

    for (; n < X8_COUNT(names) - 1 && (carrier = x8_carrier_row(n)); n++)
        names[n] = carrier->name;
    names[n++] = "leds";
    near = x8_closest(word, names, n);
    x8_clean(shown, sizeof shown, word, strlen(word));
    rc = x8_fail(err, X8_E_USAGE, "there is no carrier '%s'", shown);
    x8_error_why(err, "known are max, breakout, hat, mid, none, and leds");
    x8_error_next(err, "x8ctl guide%s%s", near ? " " : "", near ? near : "");
    return rc;
}

static int print_page(const struct x8_carrier *carrier, struct x8_error *err)
{
    struct x8_ui_config config = {0};
    X8_AUTO_BUF page = {0};

    x8_env_ui(&config);
    if (x8_carrier_page(carrier, config.utf8, &page) < 0)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    fputs(x8_buf_text(&page), stdout);
    return 0;
}

static int run(struct x8_ctx *ctx, struct x8_error *err)
{
    const char *word = ctx->argc > 0 ? ctx->argv[0] : NULL;
    const struct x8_carrier *carrier = word ? x8_carrier_find(word) : NULL;
    int leds_only = word && x8_casecmp(word, "leds") == 0;

    if (ctx->argc > 1) {
        int rc = x8_fail(err, X8_E_USAGE, "guide takes one carrier");

        x8_error_next(err, "x8ctl guide");
        return rc;
    }
    if (word && !carrier && !leds_only)
        return unknown(word, err);
    if (ctx->globals->json)
        print_json(carrier, leds_only);
    else if (carrier)
        return print_page(carrier, err);
    else if (leds_only)
        print_leds();
    else
        print_carriers();
    return 0;
}

const struct x8_cmd x8_cmd_guide = {
    .name = "guide",
    .group = "look",
    .summary = "switches of the carriers for flashing, meaning of the LEDs",
    .usage = "[CARRIER|leds]",
    .description =
        "Shows what to do with your hands: which switches to set to ON before flashing,\n"
        "how to start the board, and what to undo afterwards. CARRIER is max, breakout,\n"
        "hat, mid or none; without it all are listed. The pictures are schematic: go by\n"
        "the labels printed on the board, not by the order of the switches.",
    .examples = examples,
    .exits = exits,
    .see_also = "x8ctl flash, x8ctl list",
    .complete = "carrier",
    .run = run,
};
