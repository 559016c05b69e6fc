/*
 * The words a daemon is made from: "persona=new auth=ask fault=...". ADBD.md lists them.
 */
#include "ad_model.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Digits and at most one letter of K, M, G. */
int ad_number(const char *text, unsigned kilo, uint64_t *out)
{
    static const char letters[] = "KMG";
    if (!isdigit((unsigned char)*text))
        return -1;
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 0);
    const char *letter = *end ? strchr(letters, toupper((unsigned char)*end)) : NULL;
    if (errno || (*end && (!letter || end[1])))
        return -1;
    for (const char *l = letters; letter && l <= letter; l++) {
        if (value > UINT64_MAX / kilo)
            return -1;
        value *= kilo;
    }
    *out = value;
    return 0;
}

static int wrong(char why[256], const char *word, const char *text)
{
    snprintf(why, 256, "%.120s: %s", word, text);
    return -1;
}

/* 1 taken, 0 not such a word, -1 wrong value: so do all below. */
static int take_choice(struct ad_config *cfg, const char *word, const char *value)
{
    const struct {
        const char *word, *off, *on;
        int *out;
    } choices[] = {
        {"persona", "old", "new", &cfg->is_new}, {"auth", "off", "ask", &cfg->auth},
        {"silent", "0", "1", &cfg->silent},      {"clse", "id", "zero", &cfg->zero_close},
        {"noise", "0", "1", &cfg->noise},        {"early", "drop", "queue", &cfg->queues},
    };
    for (size_t i = 0; i < sizeof choices / sizeof *choices; i++) {
        if (strcmp(choices[i].word, word))
            continue;
        if (choices[i].out == &cfg->noise && strcmp(value, "root") == 0) {
            cfg->noise = 2;
            return 1;
        }
        int on = strcmp(value, choices[i].on) == 0;
        if (!on && strcmp(value, choices[i].off))
            return -1;
        *choices[i].out = on;
        return 1;
    }
    return 0;
}

static int take_number(struct ad_config *cfg, const char *word, const char *value)
{
    uint64_t maxdata = 0, chop = cfg->chop, rate = cfg->rate, latency = 0, reaccept = 0,
             restart = 0;
    const struct {
        const char *word;
        unsigned kilo;
        uint64_t min, max, *out;
    } numbers[] = {
        {"maxdata", 1024, 64, AD_NEW_MAXDATA, &maxdata},
        {"chop", 1024, 0, AD_NEW_MAXDATA, &chop},
        {"rate", 1000, 0, 1ull << 40, &rate},
        {"latency", 1000, 0, 60000000, &latency},
        {"reaccept", 1000, 0, 3600000, &reaccept},
        {"restart", 1000, 0, 3600000, &restart},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        if (strcmp(numbers[i].word, word))
            continue;
        uint64_t n;
        if (ad_number(value, numbers[i].kilo, &n) || n < numbers[i].min || n > numbers[i].max)
            return -1;
        *numbers[i].out = n;
        cfg->chop = chop;
        cfg->rate = rate;
        if (numbers[i].out == &maxdata)
            cfg->maxdata = (uint32_t)maxdata;
        else if (numbers[i].out == &latency)
            cfg->latency_us = (int64_t)latency;
        else if (numbers[i].out == &reaccept)
            cfg->reaccept_ms = (int64_t)reaccept;
        else if (numbers[i].out == &restart)
            cfg->restart_ms = (int64_t)restart;
        return 1;
    }
    return 0;
}

static int take_text(struct ad_config *cfg, const char *word, const char *value)
{
    const struct {
        const char *word;
        char *out;
        size_t cap;
    } texts[] = {
        {"banner", cfg->banner, sizeof cfg->banner},
        {"cwd", cfg->cwd, sizeof cfg->cwd},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (strcmp(texts[i].word, word))
            continue;
        if (!*value || strlen(value) >= texts[i].cap)
            return -1;
        memcpy(texts[i].out, value, strlen(value) + 1);
        return 1;
    }
    return 0;
}

/* A file by its path, or by a descriptor that was inherited: "fd:7". */
static int open_file(const char *value, int flags)
{
    uint64_t n;
    if (strncmp(value, "fd:", 3))
        return open(value, flags | O_CLOEXEC, 0666);
    if (ad_number(value + 3, 1000, &n) || n > 65535)
        return -1;
    return fcntl((int)n, F_DUPFD_CLOEXEC, 3);
}

static int take_file(struct ad *ad, const char *word, const char *value)
{
    int *out = !strcmp(word, "log") ? &ad->log_fd : !strcmp(word, "keys") ? &ad->keys_fd : NULL;
    if (out) {
        int flags = out == &ad->log_fd ? O_WRONLY | O_CREAT | O_APPEND : O_RDONLY;
        int fd = open_file(value, flags);
        if (fd < 0)
            return -1;
        if (*out >= 0)
            close(*out);
        *out = fd;
        return 1;
    }
    if (strcmp(word, "marks"))
        return 0;
    int fd = open_file(value, O_RDWR);
    size_t size = sizeof(struct ad_mark) * AD_FAULTS;
    void *shared =
        fd < 0 ? MAP_FAILED : mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (fd >= 0)
        close(fd);
    if (shared == MAP_FAILED)
        return -1;
    ad->marks = shared;
    return 1;
}

int ad_word(struct ad *ad, const char *text, char why[256])
{
    char word[32];
    const char *value = strchr(text, '=');
    if (!value || (size_t)(value - text) >= sizeof word)
        return 0;
    memcpy(word, text, (size_t)(value - text));
    word[value - text] = 0;
    value++;
    if (strcmp(word, "fault") == 0)
        return ad_fault_parse(ad, value, why) ? -1 : 1;
    int taken = take_choice(&ad->cfg, word, value);
    if (taken == 0)
        taken = take_number(&ad->cfg, word, value);
    if (taken == 0)
        taken = take_text(&ad->cfg, word, value);
    if (taken == 0)
        taken = take_file(ad, word, value);
    return taken < 0 ? wrong(why, text, "this value is not possible") : taken;
}

int ad_next_word(const char **text, char *out, unsigned cap)
{
    const char *p = *text;
    while (isspace((unsigned char)*p))
        p++;
    if (!*p)
        return 0;
    unsigned len = 0;
    char quote = 0;
    for (; *p && (quote || !isspace((unsigned char)*p)); p++) {
        if (quote ? *p == quote : (*p == '\'' || *p == '"')) {
            quote = quote ? 0 : *p;
            continue;
        }
        if (len + 1 >= cap)
            return -1;
        out[len++] = *p;
    }
    out[len] = 0;
    *text = p;
    return 1;
}

int ad_words(struct ad *ad, const char *words, char why[256])
{
    char word[1024];
    int more;
    while ((more = ad_next_word(&words, word, sizeof word)) > 0) {
        int taken = ad_word(ad, word, why);
        if (taken <= 0)
            return taken ? -1 : wrong(why, word, "no such word");
    }
    return more < 0 ? wrong(why, "words", "one of them is too long") : 0;
}
