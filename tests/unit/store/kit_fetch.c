#include "kit_fetch.h"

#include "util/digest.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE ((size_t)16 << 10)

void kit_sha(const void *data, size_t len, char out[65])
{
    uint8_t digest[X8_SHA256_LEN];
    struct x8_sha256 *sha = x8_sha256_new();

    x8_sha256_add(sha, data, len);
    x8_sha256_take(sha, digest);
    x8_sha256_free(&sha);
    x8_hex(out, digest, X8_SHA256_LEN);
}

uint8_t *kit_noise(size_t len, unsigned seed)
{
    uint8_t *data = malloc(len + 1);
    uint64_t x = 0x9e3779b97f4a7c15u + seed;

    for (size_t i = 0; data && i < len; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        data[i] = (uint8_t)(x >> 32);
    }
    return data;
}

/* The last request: 1 with *out_from when it wants the rest of this very file. With the lock. */
static int wants_rest(struct web *web, const struct file *f, size_t *out_from)
{
    unsigned long long from = 0;
    char condition[200];
    const char *range = strstr(web->request, "Range: bytes=");
    int is_it = 0;

    if (range && f->etag && sscanf(range, "Range: bytes=%llu-", &from) == 1) {
        snprintf(condition, sizeof condition, "If-Range: %s\r\n", f->etag);
        is_it = strstr(web->request, condition) != NULL;
    }
    web->asked = 0; /* room for the next */
    web->request[0] = '\0';
    *out_from = (size_t)from;
    return is_it;
}

static void send_body(struct web *web, int fd, const struct file *f, size_t from)
{
    size_t end = f->cut && f->cut < f->len ? f->cut : f->len;

    while (from < end) {
        size_t n = end - from < PIECE ? end - from : PIECE;
        ssize_t sent = send(fd, f->data + from, n, MSG_NOSIGNAL);

        if (sent <= 0)
            return;
        from += (size_t)sent;
        if (f->pace_ms)
            web_wait(web, f->pace_ms);
    }
}

static void say_head(int fd, const struct file *f, size_t from, int is_rest)
{
    char etag[120] = "", length[80] = "";

    if (f->etag)
        snprintf(etag, sizeof etag, "ETag: %s\r\n", f->etag);
    if (!f->is_unsized)
        snprintf(length, sizeof length, "Content-Length: %llu\r\n",
                 f->claims ? (unsigned long long)f->claims : (unsigned long long)(f->len - from));
    if (is_rest)
        web_say(fd, "HTTP/1.1 206 Partial Content\r\n%sContent-Range: bytes %zu-%zu/%zu\r\n%s\r\n",
                etag, from, f->len - 1, f->len, length);
    else
        web_say(fd, "HTTP/1.1 200 OK\r\n%s%sConnection: close\r\n\r\n", etag, length);
}

static void say_busy(int fd, const struct file *f)
{
    char after[40] = "";

    if (f->retry_after >= 0)
        snprintf(after, sizeof after, "Retry-After: %d\r\n", f->retry_after);
    web_say(fd, "HTTP/1.1 503 Busy\r\n%sContent-Length: 0\r\n\r\n", after);
}

static void answer(struct web *web, int fd, unsigned n)
{
    struct kit *kit = web->ctx;
    struct file f;
    size_t from;
    int is_rest, is_busy;

    pthread_mutex_lock(&web->lock);
    if (kit->file.before)
        kit->file.before(&kit->file, n);
    f = kit->file;
    is_busy = f.fails > 0;
    kit->file.fails -= is_busy;
    is_rest = wants_rest(web, &f, &from);
    pthread_mutex_unlock(&web->lock);
    if (is_busy) {
        say_busy(fd, &f);
    } else if (f.status) {
        web_say(fd, "HTTP/1.1 %d Oh\r\n%s%s%sContent-Length: 0\r\n\r\n", f.status,
                f.location ? "Location: " : "", f.location ? f.location : "",
                f.location ? "\r\n" : "");
    } else if (is_rest && from >= f.len) {
        web_say(fd,
                "HTTP/1.1 416 No\r\nETag: %s\r\nContent-Range: bytes */%zu\r\n"
                "Content-Length: 0\r\n\r\n",
                f.etag, f.len);
    } else {
        atomic_fetch_add(&kit->bodies, 1);
        say_head(fd, &f, is_rest ? from : 0, is_rest);
        send_body(web, fd, &f, is_rest ? from : 0);
    }
}

static void hear(void *ctx, const struct x8_event *event)
{
    static const char *const kinds[] = {"start",  "stage", "progress", "notice", "wait",  "warn",
                                        "detail", "trace", "wire",     "error",  "result"};
    struct kit *kit = ctx;
    size_t len;

    pthread_mutex_lock(&kit->lock);
    len = strlen(kit->told);
    if (event->kind == X8_EV_PROGRESS) {
        kit->done = event->done;
        kit->total = event->total;
    } else if (len + 600 < sizeof kit->told) {
        snprintf(kit->told + len, sizeof kit->told - len, "%s %s: %.500s\n", kinds[event->kind],
                 event->stage ? event->stage : "-", event->text ? event->text : "");
    }
    pthread_mutex_unlock(&kit->lock);
    if (event->kind == X8_EV_PROGRESS && kit->on_progress)
        kit->on_progress(kit);
}

void kit_begin(struct kit *kit, const void *data, size_t len)
{
    memset(kit, 0, sizeof *kit);
    pthread_mutex_init(&kit->lock, NULL);
    x8_cancel_init(&kit->cancel);
    kit->dir = test_dir_new();
    kit->cache = test_path(kit->dir, "a/cache");
    kit->file.etag = "\"v1\"";
    kit->file.retry_after = -1;
    kit->file.data = data;
    kit->file.len = len;
    web_start(&kit->web, answer, kit);
    web_url(&kit->web, "images/934.tar.gz", kit->url);
    kit_sha(data, len, kit->sha);
    kit->http = (struct x8_http_config){.user_agent = "x8ctl/test"};
    kit->op = (struct x8_op){
        .deadline = X8_NO_DEADLINE, .cancel = &kit->cancel, .emit = hear, .emit_ctx = kit};
    kit->job = (struct x8_fetch){.folder = kit->cache,
                                 .url = kit->url,
                                 .name = "934",
                                 .sha256 = kit->sha,
                                 .http = &kit->http};
}

void kit_end(struct kit *kit)
{
    web_stop(&kit->web);
    x8_cancel_done(&kit->cancel);
    pthread_mutex_destroy(&kit->lock);
    free(kit->cache);
    test_dir_free(kit->dir);
}

void kit_meet(struct kit *kit)
{
    pthread_mutex_lock(&kit->web.lock);
    pthread_mutex_unlock(&kit->web.lock);
}

int kit_fetch(struct kit *kit)
{
    memset(&kit->err, 0, sizeof kit->err);
    memset(&kit->got, 0, sizeof kit->got);
    kit->told[0] = '\0';
    kit_meet(kit);
    int rc = x8_fetch(&kit->op, &kit->job, &kit->got, &kit->err);
    kit_meet(kit);
    return rc;
}

unsigned kit_count(const struct kit *kit, const char *kind)
{
    DIR *dir = opendir(kit->cache);
    struct dirent *entry;
    unsigned count = 0;

    while (dir && (entry = readdir(dir)))
        count += kind[0] ? strncmp(entry->d_name, kind, strlen(kind)) == 0
                         : strlen(entry->d_name) == 64 && !strchr(entry->d_name, '-');
    if (dir)
        closedir(dir);
    return count;
}

char *kit_part_path(const struct kit *kit, const char *ending)
{
    char *path = malloc(1200);

    x8_cache_path(kit->cache, "part", kit->url, ending, path, 1200);
    return path;
}

long kit_part(const struct kit *kit)
{
    char *path = kit_part_path(kit, "");
    struct stat st;
    int rc = stat(path, &st);

    free(path);
    return rc == 0 ? (long)st.st_size : -1;
}

void kit_comes(struct kit *kit, const void *data, size_t len)
{
    size_t got_len = 0;
    char sha[65];

    if (kit_fetch(kit) < 0)
        fail_msg("%s: %s (%s)", kit->err.msg, kit->err.why, kit->told);
    char *got = test_read(kit->got.path, &got_len);
    assert_int_equal(got_len, len);
    assert_memory_equal(got, data, len);
    free(got);
    kit_sha(data, len, sha);
    assert_string_equal(kit->got.sha256, sha);
    assert_int_equal(kit->got.size, len);
    assert_int_equal(kit_count(kit, "part-"), 0);
}

void kit_fails(struct kit *kit, int code, const char *words)
{
    int rc = kit_fetch(kit);

    if (rc != -code)
        fail_msg("%d: %s: %s", rc, kit->err.msg, kit->err.why);
    if (!strstr(kit->err.msg, words) && !strstr(kit->err.why, words))
        fail_msg("'%s' is not in: %s: %s", words, kit->err.msg, kit->err.why);
    assert_true(kit->err.next[0] != '\0');
    assert_int_equal(kit_count(kit, ""), 0);
}
