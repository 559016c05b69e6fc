/*
 * Files from web servers, against a server that says what each test wants. What a real one does is
 * in http_nginx_test.c.
 */
#include "kit_web.h"

#include "net/http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct x8_http_config plain = {.user_agent = "x8ctl/test"};
static const struct x8_op quiet = {.deadline = X8_NO_DEADLINE};

/* Where the body goes. */
struct taken {
    struct x8_sink sink;
    struct x8_buf bytes;
    int begins, finishes;
    uint64_t start, total;
    int begin_code, push_code; /* to fail with */
};

static int push(struct x8_sink *sink, const void *data, size_t len, struct x8_error *err)
{
    struct taken *t = (struct taken *)sink;

    if (t->push_code)
        return x8_fail(err, X8_E_HOST_SPACE, "full");
    return x8_buf_add(&t->bytes, data, len);
}

static int finish(struct x8_sink *sink, struct x8_error *err)
{
    (void)err;
    ((struct taken *)sink)->finishes++;
    return 0;
}

static int begin(void *ctx, const struct x8_http_result *result, struct x8_error *err)
{
    struct taken *t = ctx;

    t->begins++;
    t->start = result->start;
    t->total = result->total;
    return t->begin_code ? x8_fail(err, X8_E_BUSY, "not now") : 0;
}

static const struct x8_sink_ops taken_ops = {push, finish};

struct call {
    struct web web;
    struct x8_http_config config;
    struct x8_http_get get;
    struct x8_http_result result;
    struct x8_error err;
    struct taken taken;
    char url[200];
};

static void start(struct call *c, void (*answer)(struct web *web, int fd, unsigned n))
{
    memset(c, 0, sizeof *c);
    c->config = plain;
    web_start(&c->web, answer, c);
    web_url(&c->web, "file", c->url);
    c->get.url = c->url;
    c->taken.sink.ops = &taken_ops;
}

static int fetch_with(struct call *c, const struct x8_op *op)
{
    struct x8_http_body body = {begin, &c->taken, &c->taken.sink};

    x8_buf_done(&c->taken.bytes);
    c->taken.begins = c->taken.finishes = 0;
    memset(&c->err, 0, sizeof c->err);
    return x8_http_fetch(op, &c->config, &c->get, &body, &c->result, &c->err);
}

static int fetch(struct call *c)
{
    return fetch_with(c, &quiet);
}

static void end(struct call *c)
{
    web_stop(&c->web);
    x8_buf_done(&c->taken.bytes);
}

static void contains(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("'%s' is not in: %s", part, text);
}

static void comes(struct call *c, const char *want)
{
    if (fetch(c) < 0)
        fail_msg("%s: %s", c->err.msg, c->err.why);
    test_same_text(x8_buf_text(&c->taken.bytes), want);
    assert_int_equal(c->taken.begins, 1);
    assert_int_equal(c->taken.finishes, 1);
    assert_int_equal(c->result.received, strlen(want));
}

static void fails(struct call *c, const char *why, int retriable)
{
    assert_int_equal(fetch(c), -X8_E_NETWORK);
    contains(c->err.why, why);
    assert_true(c->err.next[0] != '\0');
    assert_int_equal(c->result.is_retriable, retriable);
    assert_int_equal(c->taken.finishes, 0);
}

static void say_file(struct web *web, int fd, unsigned n)
{
    (void)web;
    (void)n;
    web_say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nETag: \"v1\"\r\n"
                "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\nhello");
}

static void count_progress(void *ctx, const struct x8_event *event)
{
    uint64_t *last = ctx;

    if (event->kind == X8_EV_PROGRESS) {
        last[0] = event->done;
        last[1] = event->total;
    }
}

static void a_file_comes_whole(void **state)
{
    struct call c;
    uint64_t last[2] = {0};
    struct x8_op op = {.deadline = X8_NO_DEADLINE, .emit = count_progress, .emit_ctx = last};

    (void)state;
    start(&c, say_file);
    comes(&c, "hello");
    assert_int_equal(c.result.status, 200);
    assert_int_equal(c.result.start, 0);
    assert_int_equal(c.result.total, 5);
    assert_int_equal(c.taken.total, 5);
    assert_string_equal(c.result.validator, "\"v1\"");
    assert_string_equal(c.result.url, c.url);
    assert_int_equal(c.result.retry_after_ms, -1);
    assert_true(web_asked(&c.web, "GET /file HTTP/1.1\r\n"));
    assert_true(web_asked(&c.web, "User-Agent: x8ctl/test\r\n"));
    assert_true(web_asked(&c.web, "Accept-Encoding: identity\r\n"));
    assert_false(web_asked(&c.web, "Range"));
    assert_false(web_asked(&c.web, "Cookie"));
    assert_int_equal(fetch_with(&c, &op), 0);
    assert_int_equal(last[0], 5);
    assert_int_equal(last[1], 5);
    end(&c);
}

static void say_empty(struct web *web, int fd, unsigned n)
{
    (void)web;
    (void)n;
    web_say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nETag: W/\"weak\"\r\n\r\n");
}

static void an_empty_file_begins_and_ends(void **state)
{
    struct call c;

    (void)state;
    start(&c, say_empty);
    comes(&c, "");
    assert_int_equal(c.result.total, 0);
    assert_string_equal(c.result.validator, ""); /* weak */
    end(&c);
}

static void say_unsized(struct web *web, int fd, unsigned n)
{
    (void)web;
    if (n == 0)
        web_say(fd, "HTTP/1.0 200 OK\r\nSet-Cookie: a=b\r\n\r\nhello");
    else
        web_say(fd, "HTTP/1.1 103 Early\r\nETag: \"early\"\r\n\r\n"
                    "HTTP/1.1 200 OK\r\nTransfer-Encoding: "
                    "chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n");
}

static void a_size_that_nobody_says_is_unknown(void **state)
{
    struct call c;

    (void)state;
    start(&c, say_unsized);
    for (int i = 0; i < 2; i++) {
        comes(&c, "hello");
        assert_true(c.result.total == UINT64_MAX);
        assert_string_equal(c.result.validator, ""); /* not that of an interim answer */
    }
    assert_false(web_asked(&c.web, "Cookie"));
    end(&c);
}

/* Going on */

static void say_rest(struct web *web, int fd, unsigned n)
{
    (void)web;
    (void)n;
    web_say(fd,
            "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 3-4/5\r\nContent-Length: 2\r\n"
            "ETag: \"v1\"\r\n\r\nlo");
}

static void a_server_goes_on_where_it_stopped(void **state)
{
    struct call c;

    (void)state;
    start(&c, say_rest);
    c.get.offset = 3;
    c.get.validator = "\"v1\"";
    comes(&c, "lo");
    assert_int_equal(c.taken.start, 3);
    assert_int_equal(c.result.start, 3);
    assert_int_equal(c.result.total, 5);
    assert_true(web_asked(&c.web, "Range: bytes=3-\r\n"));
    assert_true(web_asked(&c.web, "If-Range: \"v1\"\r\n"));
    end(&c);
}

static void a_file_that_changed_comes_from_its_start(void **state)
{
    struct call c;

    (void)state;
    start(&c, say_file);
    c.get.offset = 3;
    c.get.validator = "\"v0\"";
    comes(&c, "hello");
    assert_int_equal(c.taken.start, 0);
    end(&c);
}

static void without_a_validator_nothing_is_gone_on_with(void **state)
{
    static const char *const bad[] = {NULL, "", "W/\"v1\"", "\"v\r\nX: y\"", "yesterday"};
    struct call c;

    (void)state;
    start(&c, say_file);
    c.get.offset = 3;
    for (size_t i = 0; i < X8_COUNT(bad); i++) {
        c.get.validator = bad[i];
        comes(&c, "hello");
        assert_int_equal(c.result.start, 0);
    }
    assert_false(web_asked(&c.web, "Range"));
    end(&c);
}

static const char *const wrong_parts[] = {
    "206 Partial Content\r\nContent-Range: bytes 2-4/5\r\nETag: \"v1\"\r\nContent-Length: 2",
    "206 Partial Content\r\nContent-Range: bytes 3-4/5\r\nETag: \"v2\"\r\nContent-Length: 2",
    "206 Partial Content\r\nContent-Range: lines 3-4/5\r\nContent-Length: 2",
    "206 Partial Content\r\nContent-Length: 2",
    "416 Range Not Satisfiable\r\nContent-Range: bytes */2\r\nContent-Length: 2",
};

static void say_wrong_part(struct web *web, int fd, unsigned n)
{
    if (n % 2 == 0)
        web_say(fd, "HTTP/1.1 %s\r\n\r\nxx", wrong_parts[n / 2]);
    else
        say_file(web, fd, n);
}

static void another_part_than_asked_means_all_again(void **state)
{
    struct call c;

    (void)state;
    start(&c, say_wrong_part);
    c.get.offset = 3;
    c.get.validator = "\"v1\"";
    for (size_t i = 0; i < X8_COUNT(wrong_parts); i++) {
        comes(&c, "hello");
        assert_int_equal(c.taken.start, 0);
    }
    assert_int_equal(c.web.count, 2 * X8_COUNT(wrong_parts));
    end(&c);
}

static void say_complete(struct web *web, int fd, unsigned n)
{
    (void)web;
    (void)n;
    web_say(fd, "HTTP/1.1 416 Range Not Satisfiable\r\nContent-Range: bytes */3\r\n"
                "Content-Length: 4\r\n\r\noops");
}

static void what_was_complete_already_is_success(void **state)
{
    struct call c;

    (void)state;
    start(&c, say_complete);
    c.get.offset = 3;
    c.get.validator = "Sun, 06 Nov 1994 08:49:37 GMT";
    comes(&c, "");
    assert_int_equal(c.result.start, 3);
    assert_int_equal(c.result.total, 3);
    end(&c);
}

/* Ends that are none */

static const char *const short_answers[] = {
    "HTTP/1.1 200 OK\r\nContent-Length: 100\r\nETag: \"v1\"\r\n\r\nhello",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nETag: \"v1\"\r\n\r\n5\r\nhello\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nETag: \"v1\"\r\n\r\nff\r\nhello",
};

static void say_short(struct web *web, int fd, unsigned n)
{
    (void)web;
    web_say(fd, "%s", short_answers[n]);
}

static void a_truncated_file_is_no_file(void **state)
{
    struct call c;

    (void)state;
    start(&c, say_short);
    for (size_t i = 0; i < X8_COUNT(short_answers); i++) {
        fails(&c, "ended too early after 5 B", 1);
        contains(c.err.next, "kept");
        assert_int_equal(c.result.received, 5);
        assert_string_equal(c.result.validator, "\"v1\"");
    }
    end(&c);
}

static void say_part_of_rest(struct web *web, int fd, unsigned n)
{
    (void)web;
    (void)n;
    web_say(fd, "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 3-4/900\r\n"
                "Content-Length: 2\r\n\r\nlo");
}

static void a_server_that_sends_less_than_the_rest_is_told(void **state)
{
    struct call c;

    (void)state;
    start(&c, say_part_of_rest);
    c.get.offset = 3;
    c.get.validator = "\"v1\"";
    fails(&c, "sent only a part: 5 B of 900 B", 1);
    end(&c);
}

static void say_nonsense(struct web *web, int fd, unsigned n)
{
    (void)web;
    if (n == 0)
        web_say(fd, "SSH-2.0-OpenSSH_9.2\r\n\r\n");
    if (n == 1)
        web_say(fd, "HTTP/x.y\r\n\r\n");
}

static void what_is_no_web_server_is_told(void **state)
{
    struct call c;

    (void)state;
    start(&c, say_nonsense);
    fails(&c, "does not speak HTTP", 0);
    fails(&c, "does not speak HTTP", 0);
    fails(&c, "closed the connection without an answer", 1);
    end(&c);
}

static void say_then_silence(struct web *web, int fd, unsigned n)
{
    if (n > 0)
        web_say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello");
    web_wait(web, 60000); /* until the test is over */
}

static void silence_has_a_limit(void **state)
{
    struct call c;
    int64_t began;

    (void)state;
    start(&c, say_then_silence);
    c.config.stall_ms = 300;
    began = x8_now_ms();
    fails(&c, "took the request and said nothing for ", 1);
    assert_in_range(x8_now_ms() - began, 290, X8_HTTP_STALL_MS / 2); /* ours, not the usual one */
    end(&c);
    start(&c, say_then_silence);
    c.config.stall_ms = 2000; /* the server's first words have to be in time */
    atomic_store(&c.web.count, 1);
    fails(&c, "nothing came from 127.0.0.1", 1);
    contains(c.err.why, "after 5 B of 100 B");
    end(&c);
}

static void note_wait(void *ctx, const struct x8_event *event)
{
    char *first = ctx;

    if (event->kind == X8_EV_WAIT && !first[0])
        snprintf(first, 200, "%s", event->text);
}

static void a_silence_is_told_before_its_limit(void **state)
{
    char words[200] = "";
    struct x8_op op = {.deadline = X8_NO_DEADLINE, .emit = note_wait, .emit_ctx = words};
    struct call c;
    long seconds;

    (void)state;
    start(&c, say_then_silence);
    c.config.stall_ms = 4600; /* it is told after 2 s, or soon after that on a busy computer */
    assert_int_equal(fetch_with(&c, &op), -X8_E_NETWORK);
    contains(words, " sends nothing for ");
    contains(words, " s; the limit is 5 s");
    seconds = strtol(strstr(words, " for ") + 5, NULL, 10);
    assert_in_range(seconds, 2, 4);
    end(&c);
}

static void say_slowly(struct web *web, int fd, unsigned n)
{
    (void)n;
    web_say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n");
    for (int i = 0; i < 6; i++) {
        web_say(fd, "x");
        web_wait(web, 1500);
    }
}

/* Each byte comes in time, with much to spare, but three in four seconds are too few. */
static void a_trickle_is_silence_too(void **state)
{
    struct call c;

    (void)state;
    start(&c, say_slowly);
    c.config.stall_ms = 4000;
    fails(&c, "hardly anything came from 127.0.0.1", 1);
    end(&c);
}

static void say_headers_for_ever(struct web *web, int fd, unsigned n)
{
    (void)web;
    (void)n;
    web_say(fd, "HTTP/1.1 200 OK\r\n");
    for (int i = 0; i < 20000; i++)
        web_say(fd, "X-%d: a header without an end\r\n", i);
}

static void headers_have_a_limit(void **state)
{
    struct call c;

    (void)state;
    start(&c, say_headers_for_ever);
    fails(&c, "does not speak HTTP", 0);
    end(&c);
}

static void say_nothing(struct web *web, int fd, unsigned n)
{
    (void)web;
    (void)fd;
    (void)n;
}

/* What a TLS client says first has no empty line, so the server never answers. */
static void a_handshake_has_a_limit(void **state)
{
    struct call c;

    (void)state;
    start(&c, say_nothing);
    snprintf(c.url, sizeof c.url, "https://127.0.0.1:%u/file", c.web.port);
    c.config.connect_ms = 300;
    fails(&c, "did not take the connection in time", 1);
    end(&c);
}

static void *raise_soon(void *ctx)
{
    struct x8_cancel *cancel = ctx;

    x8_cancel_sleep(NULL, x8_deadline_in(100), X8_CANCEL_SOFT, NULL);
    x8_cancel_raise(cancel, X8_CANCEL_SOFT, X8_E_STOPPED);
    return NULL;
}

/* How long a call takes that is stopped after 100 ms. */
static int64_t stopped_after(struct call *c)
{
    struct x8_cancel cancel;
    struct x8_op op = {.deadline = X8_NO_DEADLINE, .cancel = &cancel};
    int64_t began = x8_now_ms(), took;
    pthread_t thread;

    x8_cancel_init(&cancel);
    assert_int_equal(pthread_create(&thread, NULL, raise_soon, &cancel), 0);
    assert_int_equal(fetch_with(c, &op), -X8_E_STOPPED);
    took = x8_now_ms() - began;
    pthread_join(thread, NULL);
    x8_cancel_done(&cancel);
    return took;
}

/* 100 ms and a little. On a busy computer it is the smallest of several that says so. */
static void is_stopped_at_once(void (*answer)(struct web *web, int fd, unsigned n),
                               const char *scheme)
{
    int64_t least = INT64_MAX;
    struct call c;

    for (int i = 0; i < 10 && least >= 1000; i++) {
        int64_t took;

        start(&c, answer);
        snprintf(c.url, sizeof c.url, "%s://127.0.0.1:%u/file", scheme, c.web.port);
        took = stopped_after(&c);
        least = took < least ? took : least;
        end(&c);
    }
    assert_in_range(least, 99, 1000);
}

static void a_stop_is_heard_at_once(void **state)
{
    (void)state;
    is_stopped_at_once(say_then_silence, "http");
}

static void a_stop_is_heard_in_a_handshake(void **state)
{
    (void)state;
    is_stopped_at_once(say_nothing, "https");
}

static void the_operations_deadline_holds(void **state)
{
    struct call c;
    struct x8_op op = {.deadline = x8_deadline_in(150)};

    (void)state;
    start(&c, say_then_silence);
    assert_int_equal(fetch_with(&c, &op), -X8_E_TIMEOUT);
    contains(c.err.next, "--timeout");
    end(&c);
}

/* Elsewhere */

static void say_eight_times(struct web *web, int fd, unsigned n)
{
    if (n < 8)
        web_say(fd, "HTTP/1.1 30%d Moved\r\nLocation: next%u\r\nContent-Length: 3\r\n\r\nxxx",
                n % 2 ? 2 : 8, n);
    else
        say_file(web, fd, n);
}

static void say_in_circles(struct web *web, int fd, unsigned n)
{
    (void)web;
    (void)n;
    web_say(fd, "HTTP/1.1 301 Moved\r\nLocation: /file\r\nContent-Length: 0\r\n\r\n");
}

static void redirects_are_followed_eight_times(void **state)
{
    struct call c;

    (void)state;
    start(&c, say_eight_times);
    comes(&c, "hello");
    contains(c.result.url, "/next7");
    assert_true(web_asked(&c.web, "GET /next0 HTTP/1.1"));
    end(&c);
    start(&c, say_in_circles);
    fails(&c, "more than 8 times", 0);
    assert_int_equal(c.web.count, 9);
    end(&c);
}

static const char *const bad_places[] = {"ftp://127.0.0.1/x", "file:///etc/passwd", "gopher://h/"};

static void say_bad_place(struct web *web, int fd, unsigned n)
{
    (void)web;
    web_say(fd, "HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n", bad_places[n]);
}

static void a_redirect_to_another_scheme_is_refused(void **state)
{
    struct call c;

    (void)state;
    start(&c, say_bad_place);
    for (size_t i = 0; i < X8_COUNT(bad_places); i++)
        fails(&c, "which is not https", 0);
    assert_int_equal(c.web.count, 3);
    end(&c);
}

/* Refusals */

static const struct {
    const char *line;
    int status, is_retriable;
    const char *why, *next;
} refusals[] = {
    {"404 Not Found", 404, 0, "has no such file: it answers 404 Not Found", "moved"},
    {"403 Forbidden", 403, 0, "does not give this file to us: it answers 403", "address"},
    {"401 Unauthorized", 401, 0, "asks for a user name", "http://USER:PASSWORD@127.0.0.1"},
    {"410 Gone", 410, 0, "no longer", "moved"},
    {"408 Timeout", 408, 1, "408", "network"},
    {"429 Slow\r\nRetry-After: 7", 429, 1, "asked too often", "in 7 s, as the server asks"},
    {"500 Oh", 500, 1, "trouble", "minutes"},
    {"502 Oh", 502, 1, "trouble", "minutes"},
    {"503 \033[2J\r\nRetry-After: 999999", 503, 1, "503 ?[2J", "in 3600 s"},
    {"504 Oh", 504, 1, "trouble", "minutes"},
    {"204 No Content", 204, 0, "does not send this file: it answers 204", "address"},
    {"206 Partial Content\r\nContent-Range: bytes 0-1/2", 206, 0, "206", "address"},
    {"304 Not Modified", 304, 0, "304", "address"},
    {"302 Found", 302, 0, "302", "address"}, /* to nowhere */
    {"407 Proxy", 407, 0, "407", "address"}, /* without a proxy */
    {"418 Teapot", 418, 0, "418 Teapot", "address"},
};

static void say_refusal(struct web *web, int fd, unsigned n)
{
    (void)web;
    web_say(fd, "HTTP/1.1 %s\r\nConnection: close\r\n\r\n%s", refusals[n].line,
            n == 10 || n == 12 ? "" : "<html>words</html>");
}

static void each_refusal_has_its_words(void **state)
{
    struct call c;

    (void)state;
    start(&c, say_refusal);
    for (size_t i = 0; i < X8_COUNT(refusals); i++) {
        fails(&c, refusals[i].why, refusals[i].is_retriable);
        contains(c.err.msg, c.url);
        contains(c.err.why, "127.0.0.1");
        contains(c.err.next, refusals[i].next);
        assert_int_equal(c.result.status, refusals[i].status);
        assert_int_equal(c.taken.begins, 0);
        assert_int_equal(c.taken.bytes.len, 0);
    }
    end(&c);
}

static void say_unauthorized(struct web *web, int fd, unsigned n)
{
    (void)web;
    (void)n;
    web_say(fd, "HTTP/1.1 401 No\r\nConnection: close\r\n\r\n");
}

static void a_login_that_is_refused_is_what_has_to_be_checked(void **state)
{
    struct call c;
    char url[200];

    (void)state;
    start(&c, say_unauthorized);
    snprintf(url, sizeof url, "http://me:se%%23cret@127.0.0.1:%u/file", c.web.port);
    c.get.url = url;
    fails(&c, "does not take this user name with this password: it answers 401", 0);
    contains(c.err.next, "check the user name and the password");
    contains(c.err.next, "# is %23 there");
    assert_null(strstr(c.err.why, "cret"));
    end(&c);
}

static void a_body_beyond_the_limit_is_refused(void **state)
{
    struct call c;
    struct x8_buf out = {0};

    (void)state;
    start(&c, say_file);
    c.get.max = 4;
    assert_int_equal(fetch(&c), -X8_E_BAD_IMAGE);
    contains(c.err.msg, "is larger than 4 B");
    c.get.max = 5;
    comes(&c, "hello");
    assert_int_equal(x8_http_load(&quiet, &plain, c.url, 4, &out, &c.result, &c.err),
                     -X8_E_BAD_IMAGE);
    x8_buf_done(&out);
    assert_int_equal(x8_http_load(&quiet, &plain, c.url, 5, &out, &c.result, &c.err), 0);
    assert_string_equal(x8_buf_text(&out), "hello");
    x8_buf_done(&out);
    end(&c);
}

static void what_the_caller_cannot_take_ends_the_call(void **state)
{
    struct call c;

    (void)state;
    start(&c, say_file);
    c.taken.push_code = 1;
    assert_int_equal(fetch(&c), -X8_E_HOST_SPACE);
    assert_string_equal(c.err.msg, "full");
    assert_int_equal(c.result.is_retriable, 0);
    c.taken.push_code = 0;
    c.taken.begin_code = 1;
    assert_int_equal(fetch(&c), -X8_E_BUSY);
    assert_int_equal(c.taken.bytes.len, 0);
    end(&c);
    start(&c, say_empty);
    c.taken.begin_code = 1;
    assert_int_equal(fetch(&c), -X8_E_BUSY);
    end(&c);
}

/* The way there */

static void nobody_listens_and_nobody_is_called_so(void **state)
{
    struct call c;

    (void)state;
    start(&c, say_file);
    web_stop(&c.web);
    fails(&c, "cannot be reached", 1);
    contains(c.err.why, "127.0.0.1:");
    c.get.url = "http://no-such-host.invalid/x";
    c.config.connect_ms = 5000;
    assert_int_equal(fetch(&c), -X8_E_NETWORK);
    contains(c.err.why, "no-such-host.invalid");
    assert_int_equal(c.result.is_retriable, 1);
    x8_buf_done(&c.taken.bytes);
}

static void only_web_servers_are_asked(void **state)
{
    static const char *const bad[] = {"file:///etc/passwd", "ftp://h/x", "934.tar.gz",   "",
                                      "https:/x",           "http://",   "http://[::1/x"};
    struct call c;

    (void)state;
    start(&c, say_file);
    for (size_t i = 0; i < X8_COUNT(bad); i++) {
        c.get.url = bad[i];
        assert_int_equal(fetch(&c), -X8_E_USAGE);
        contains(c.err.msg, "is no address of a web server");
    }
    assert_int_equal(c.web.count, 0);
    end(&c);
}

static void a_password_that_breaks_its_address_is_said_to_be_written_in_numbers(void **state)
{
    static const char *const bad[] = {"http://me:p#w@h/x", "http://me:p/w@h/x", "http://me:p?w@h/x",
                                      "http://me:p@w@h/x"};
    struct call c;

    (void)state;
    start(&c, say_file);
    for (size_t i = 0; i < X8_COUNT(bad); i++) {
        c.get.url = bad[i];
        assert_int_equal(fetch(&c), -X8_E_USAGE);
        contains(c.err.msg, "'http://***@h/x' is no address of a web server");
        contains(c.err.why, "password");
        contains(c.err.next, "# is %23 there, / %2F, ? %3F, @ %40 and % %25");
    }
    c.get.url = "http://";
    assert_int_equal(fetch(&c), -X8_E_USAGE);
    contains(c.err.why, "no host");
    assert_null(strstr(c.err.next, "%"));
    end(&c);
}

static void passwords_are_sent_and_never_shown(void **state)
{
    struct call c;
    char url[200];

    (void)state;
    start(&c, say_short);
    snprintf(url, sizeof url, "http://me:secret@127.0.0.1:%u/file?key=secret", c.web.port);
    c.get.url = url;
    fails(&c, "too early", 1);
    assert_true(web_asked(&c.web, "Authorization: Basic bWU6c2VjcmV0\r\n"));
    assert_null(strstr(c.err.msg, "secret"));
    assert_null(strstr(c.err.why, "secret"));
    contains(c.err.msg, "http://***@127.0.0.1:");
    contains(c.result.url, "/file?...");
    end(&c);
}

static void the_proxy_that_is_given_is_asked(void **state)
{
    struct call c;
    char proxy[200];

    (void)state;
    start(&c, say_file);
    snprintf(proxy, sizeof proxy, "http://127.0.0.1:%u", c.web.port);
    c.config.http_proxy = proxy;
    c.get.url = "http://files.example/x";
    comes(&c, "hello");
    assert_true(web_asked(&c.web, "GET http://files.example/x HTTP/1.1\r\n"));
    /* a host that is to be reached directly; nobody has this name */
    c.config.no_proxy = "other, files.invalid";
    c.get.url = "http://files.invalid/x";
    assert_int_equal(fetch(&c), -X8_E_NETWORK);
    contains(c.err.why, "the name of files.invalid");
    assert_int_equal(c.web.count, 1);
    end(&c);
}

static void the_environment_is_not_asked(void **state)
{
    struct call c;

    (void)state;
    start(&c, say_file);
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    setenv("all_proxy", "http://127.0.0.1:1", 1);
    comes(&c, "hello");
    unsetenv("http_proxy");
    unsetenv("all_proxy");
    end(&c);
}

static void say_proxy(struct web *web, int fd, unsigned n)
{
    (void)web;
    if (n == 0)
        web_say(fd, "HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic realm=\"x\"\r\n"
                    "Content-Length: 0\r\nConnection: close\r\n\r\n");
    else
        web_say(fd, "HTTP/1.1 %d Oh\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
                n == 1 ? 403 : 503);
}

static void what_a_proxy_says_is_told_as_its_own(void **state)
{
    struct call c;
    char proxy[200];

    (void)state;
    start(&c, say_proxy);
    snprintf(proxy, sizeof proxy, "http://127.0.0.1:%u", c.web.port);
    c.config.https_proxy = proxy;
    c.get.url = "https://files.example/x";
    fails(&c, "the proxy 127.0.0.1:", 0);
    contains(c.err.why, "wants a user name and a password");
    contains(c.err.next, "https_proxy=http://USER:PASSWORD@127.0.0.1:");
    fails(&c, "it answers 403", 0);
    fails(&c, "it answers 503", 1);
    assert_true(web_asked(&c.web, "CONNECT files.example:443 HTTP/1.1\r\n"));
    web_stop(&c.web);
    snprintf(proxy, sizeof proxy, "http://me:secret@127.0.0.1:%u", c.web.port);
    fails(&c, "the proxy 127.0.0.1:", 0);
    contains(c.err.why, "cannot be reached");
    contains(c.err.next, "https_proxy");
    assert_null(strstr(c.err.why, "secret"));
    c.config.https_proxy = "http://proxy.invalid:3128";
    fails(&c, "the proxy proxy.invalid:3128 cannot be reached", 0);
    x8_buf_done(&c.taken.bytes);
}

static void waiting_grows_unless_the_server_says(void **state)
{
    struct x8_http_result r = {.retry_after_ms = -1};
    static const int64_t want[] = {1000, 1000, 2000, 4000, 8000, 16000, 30000, 30000};

    (void)state;
    for (unsigned i = 0; i < X8_COUNT(want); i++)
        assert_int_equal(x8_http_backoff_ms(&r, i), want[i]);
    assert_int_equal(x8_http_backoff_ms(&r, 4000000000u), 30000);
    r.retry_after_ms = 0;
    assert_int_equal(x8_http_backoff_ms(&r, 3), 4000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_comes_whole),
        cmocka_unit_test(an_empty_file_begins_and_ends),
        cmocka_unit_test(a_size_that_nobody_says_is_unknown),
        cmocka_unit_test(a_server_goes_on_where_it_stopped),
        cmocka_unit_test(a_file_that_changed_comes_from_its_start),
        cmocka_unit_test(without_a_validator_nothing_is_gone_on_with),
        cmocka_unit_test(another_part_than_asked_means_all_again),
        cmocka_unit_test(what_was_complete_already_is_success),
        cmocka_unit_test(a_truncated_file_is_no_file),
        cmocka_unit_test(a_server_that_sends_less_than_the_rest_is_told),
        cmocka_unit_test(what_is_no_web_server_is_told),
        cmocka_unit_test(silence_has_a_limit),
        cmocka_unit_test(a_silence_is_told_before_its_limit),
        cmocka_unit_test(a_trickle_is_silence_too),
        cmocka_unit_test(headers_have_a_limit),
        cmocka_unit_test(a_handshake_has_a_limit),
        cmocka_unit_test(a_stop_is_heard_at_once),
        cmocka_unit_test(a_stop_is_heard_in_a_handshake),
        cmocka_unit_test(the_operations_deadline_holds),
        cmocka_unit_test(redirects_are_followed_eight_times),
        cmocka_unit_test(a_redirect_to_another_scheme_is_refused),
        cmocka_unit_test(each_refusal_has_its_words),
        cmocka_unit_test(a_login_that_is_refused_is_what_has_to_be_checked),
        cmocka_unit_test(a_body_beyond_the_limit_is_refused),
        cmocka_unit_test(what_the_caller_cannot_take_ends_the_call),
        cmocka_unit_test(nobody_listens_and_nobody_is_called_so),
        cmocka_unit_test(only_web_servers_are_asked),
        cmocka_unit_test(a_password_that_breaks_its_address_is_said_to_be_written_in_numbers),
        cmocka_unit_test(passwords_are_sent_and_never_shown),
        cmocka_unit_test(the_proxy_that_is_given_is_asked),
        cmocka_unit_test(the_environment_is_not_asked),
        cmocka_unit_test(what_a_proxy_says_is_told_as_its_own),
        cmocka_unit_test(waiting_grows_unless_the_server_says),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
