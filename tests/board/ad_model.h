/*
 * Inside of the adb daemon's double: what its files share. Read ad_link.c first.
 */
#ifndef AD_MODEL_H
#define AD_MODEL_H

#include "adbd.h"
#include "util/bytes.h"

#include <poll.h>
#include <stddef.h>
#include <sys/types.h>

#define AD_CNXN 0x4e584e43u
#define AD_OPEN 0x4e45504fu
#define AD_OKAY 0x59414b4fu
#define AD_CLSE 0x45534c43u
#define AD_WRTE 0x45545257u
#define AD_AUTH 0x48545541u

#define AD_HEADER      24u
#define AD_OLD_VERSION 0x01000000u
#define AD_NEW_VERSION 0x01000001u
#define AD_OLD_MAXDATA 4096u
#define AD_NEW_MAXDATA (1u << 20)
#define AD_STREAMS     128 /* at a time; more are refused */
#define AD_TOKEN       20
#define AD_FOREVER     INT64_MAX

/* ---- bytes ---- */

/* A queue of bytes: [off, len) are in it. */
struct ad_buf {
    uint8_t *data;
    size_t off, len, cap;
};

uint8_t *ad_buf_room(struct ad_buf *b, size_t need); /* at least so many free bytes at its end */
void ad_buf_add(struct ad_buf *b, const void *data, size_t len);
size_t ad_buf_get(struct ad_buf *b, void *out, size_t cap);
void ad_buf_drop(struct ad_buf *b, size_t len); /* from its front */
void ad_buf_free(struct ad_buf *b);
static inline size_t ad_buf_len(const struct ad_buf *b)
{
    return b->len - b->off;
}

struct ad_packet {
    uint32_t command, arg0, arg1, len, sum, magic;
    const uint8_t *data;
};

uint32_t ad_sum(const uint8_t *data, size_t len);
void ad_header_get(struct ad_packet *p, const uint8_t header[AD_HEADER]);
void ad_header_put(const struct ad_packet *p, uint8_t header[AD_HEADER]);
const char *ad_command_word(uint32_t command);

int64_t ad_now_us(void);

/* ---- words ---- */

struct ad_config {
    int is_new, auth, noise, silent, zero_close, queues;
    int64_t reaccept_ms, restart_ms; /* restart: -1 never */
    uint32_t maxdata;
    uint64_t chop; /* payloads towards the host at most so long; 0 as they come */
    uint64_t rate; /* bytes/s of the link; 0 free */
    int64_t latency_us;
    char banner[512], cwd[256];
};

int ad_number(const char *text, unsigned kilo, uint64_t *out);

/* ---- faults ---- */

enum ad_action {
    AD_DO_NOTHING,
    AD_DO_DROP,
    AD_DO_STALL,
    AD_DO_BADSUM,
    AD_DO_BADMAGIC,
    AD_DO_OVERSIZE,
    AD_DO_GARBAGE,
    AD_DO_DELAY,
    AD_DO_SLOW,
    AD_DO_DIE,
    AD_DO_REFUSE,
    AD_DO_REBOOT,
};

enum { AD_IN = 1, AD_OUT = 2 };

struct ad_fault {
    enum ad_action action;
    uint32_t command; /* 0 any message */
    int dir;          /* AD_IN, AD_OUT or both */
    int has_after, has_cut;
    uint64_t after, nth, cut, rate;
    int64_t for_us, times; /* -1 for ever */
    char match[128];
};

/* What a fault has counted. Kept apart, so that it can outlive a boot. */
struct ad_mark {
    uint64_t messages, bytes;
    int64_t struck;
};

#define AD_FAULTS 16

int ad_fault_parse(struct ad *ad, const char *text, char why[256]);
/* A message passes: the fault that strikes now, or NULL. *cut: so many bytes of it still go through
 * (header included). */
const struct ad_fault *ad_fault_at(struct ad *ad, int dir, uint32_t command, size_t len,
                                   const char *service, size_t *cut);

/* ---- streams ---- */

struct ad_link;
struct ad_stream;

/* What a stream leads to. All but `name` and `input` may be NULL. */
struct ad_kind {
    const char *name;
    /* Bytes from the host: how many were taken. The rest is offered again later. */
    size_t (*input)(struct ad_stream *s, const uint8_t *data, size_t len);
    /* Bytes for the host into `out`. 0: none now. Sets s->ended when none will follow. */
    size_t (*output)(struct ad_stream *s, uint8_t *out, size_t cap);
    /* The descriptors it waits for, at most AD_WAITS. */
    size_t (*waits)(struct ad_stream *s, struct pollfd *fds);
    void (*release)(struct ad_stream *s);
    /* s->due_us has come (and was cleared). */
    void (*due)(struct ad_stream *s);
};

#define AD_WAITS 4

struct ad_stream {
    struct ad_link *link;
    uint32_t id, peer;
    char *service;
    const struct ad_kind *kind;
    void *state;           /* the kind's own */
    struct ad_buf pending; /* of a message that could not be taken at once: its OKAY is owed */
    struct ad_buf text;    /* made for the host, not yet sent */
    int in, out, err;      /* descriptors; `in` and `out` may be the same */
    pid_t pid;
    int pid_fd, exited, status;
    int is_deaf;      /* its process takes nothing more */
    int64_t due_us;   /* look after it at this time */
    int waiting;      /* a message of ours is not acknowledged */
    int ended;        /* nothing more will come from it: close when `text` is out */
    uint64_t okay_at; /* `queued` behind our last OKAY: before it is written, no WRTE can come */
    unsigned early;   /* messages in `pending` that came before their turn */
    int lingering;    /* closed by the host; what was taken is still being written */
    int dead;         /* to be freed */
};

struct ad_stream *ad_stream_new(struct ad_link *link, uint32_t peer, const char *service);
void ad_stream_free(struct ad_stream *s);
void ad_stream_input(struct ad_stream *s, const uint8_t *data, size_t len);
void ad_stream_queue(struct ad_stream *s, const uint8_t *data, size_t len); /* early=queue */
void ad_stream_step(struct ad_stream *s); /* move what can be moved, both ways */
void ad_stream_close(struct ad_stream *s);
void ad_stream_close_by_host(struct ad_stream *s);
/* Put text at the end of what goes to the host. */
void ad_stream_say(struct ad_stream *s, const char *text);

/* Make `s` what its service says. 0, or -1: there is no such service, or it refuses. */
int ad_service_open(struct ad_stream *s);
int ad_socket_open(struct ad_stream *s);
int ad_sync_open(struct ad_stream *s);

/* Kinds of ad_shell.c: descriptors of a process or a socket. */
extern const struct ad_kind ad_kind_fds, ad_kind_shell2;

enum ad_channel { AD_PTY, AD_SOCKET, AD_SOCKETS };

struct ad_command {
    const char *text; /* NULL or "": interactive */
    const char *term;
    enum ad_channel channel; /* SOCKETS: stderr apart */
};

int ad_spawn(struct ad_stream *s, const struct ad_command *command);
int ad_shell_open(struct ad_stream *s, const struct ad_command *command);
int ad_shell2_open(struct ad_stream *s, const struct ad_command *command);
int ad_noise_open(struct ad_stream *s, const char *command);
size_t ad_fds_waits(struct ad_stream *s, struct pollfd *fds);
void ad_fds_release(struct ad_stream *s);
/* As much as fits and is there; -1 at the end. */
ssize_t ad_read_all(int fd, uint8_t *out, size_t cap);
/* Notice whether its process ended. */
void ad_reap(struct ad_stream *s);

/* ---- the link ---- */

#define AD_ARRIVALS 1024

struct ad_link {
    struct ad *ad;
    int fd;
    struct ad_buf in, out;
    uint32_t version, maxdata; /* as negotiated */
    int online, is_stalled, is_authorized;
    uint8_t token[AD_TOKEN];
    uint32_t last_id;
    struct ad_stream *streams[AD_STREAMS];
    size_t stream_count;
    int64_t busy_until_us; /* the paced link is moving bytes so long */
    int64_t stop_due_us;   /* told to stop: the end, whoever still speaks; 0 */
    uint64_t rate;
    uint64_t taken_in, read_in, released_in; /* bytes handled, read, and old enough */
    uint64_t queued, written;                /* bytes towards the host since the link began */
    struct {
        uint64_t end;
        int64_t due_us;
    } arrivals[AD_ARRIVALS]; /* bytes before `end` are looked at from `due_us` on */
    size_t arrival_first, arrival_count;
    uint64_t messages_in, messages_out;
    enum ad_end end; /* 0: goes on */
};

void ad_link_send(struct ad_link *link, uint32_t command, uint32_t arg0, uint32_t arg1,
                  const void *data, size_t len, const char *service);
/* The same in two steps, without a copy: room for a payload, then how much of it was used. */
uint8_t *ad_link_room(struct ad_link *link, size_t cap);
void ad_link_commit(struct ad_link *link, uint32_t command, uint32_t arg0, uint32_t arg1,
                    size_t len, const char *service);
void ad_link_flush(struct ad_link *link);                 /* what can be written now */
void ad_link_account(struct ad_link *link, size_t bytes); /* of a paced link */
void ad_link_hang_up(struct ad_link *link);
void ad_link_end(struct ad_link *link, enum ad_end end, const char *why);
void ad_link_strike(struct ad_link *link, const struct ad_fault *fault);
/* One whole packet: what the board does about it. */
void ad_packet_take(struct ad_link *link, const struct ad_packet *p);

/* ---- authentication ---- */

void ad_auth_ask(struct ad_link *link);
void ad_auth_take(struct ad_link *link, const struct ad_packet *p);
void ad_connected(struct ad_link *link);

/* ---- the daemon ---- */

struct ad_orphan {
    pid_t pid;
    int fd;
};

#define AD_ORPHANS 256

struct ad {
    struct ad_config cfg;
    struct ad_fault faults[AD_FAULTS];
    size_t fault_count;
    struct ad_mark own_marks[AD_FAULTS], *marks; /* `marks` may be shared memory */
    int stop_fd, log_fd, keys_fd;
    int64_t away_until_us; /* the link comes back then */
    int exit_status;
    struct ad_orphan orphans[AD_ORPHANS]; /* processes whose stream is gone */
    size_t orphan_count;
};

__attribute__((format(printf, 2, 3))) void ad_log(struct ad *ad, const char *format, ...);
void ad_orphan_add(struct ad *ad, pid_t pid, int fd);
void ad_orphans_reap(struct ad *ad);

#endif
