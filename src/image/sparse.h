/*
 * Android sparse images: encoder (raw bytes in, pieces out) and strict reader (checks a sparse file
 * before it is sent). Source: flash-protocol 6.1 (format), 6.3 (what U-Boot accepts), uboot-witness
 * 1 (tried). Header size 28, chunk header 12, no CRC32 chunks, checksum field 0.
 */
#ifndef X8_IMAGE_SPARSE_H
#define X8_IMAGE_SPARSE_H

#include "util/stream.h"

#define X8_SPARSE_MAGIC     0xED26FF3Au
#define X8_SPARSE_HEADER    28u
#define X8_SPARSE_CHUNK     12u
#define X8_SPARSE_RAW       0xCAC1u
#define X8_SPARSE_FILL      0xCAC2u
#define X8_SPARSE_DONT_CARE 0xCAC3u
#define X8_SPARSE_CRC32     0xCAC4u

/* Runs shorter than this stay RAW: a FILL chunk costs the loader a 512 KiB buffer each
 * (uboot-witness 1). */
#define X8_SPARSE_MIN_FILL (64u * 1024u)

/* A complete sparse image that writes image bytes [start, end). */
struct x8_piece {
    uint8_t *data; /* as given by the port's `get`; the port owns it again once it was put */
    size_t len;
    uint64_t start, end; /* range of the image this piece is about, multiples of the block size (end
                            may be padded past the image) */
    uint64_t written;    /* bytes the board will write for it (RAW + FILL) */
    uint64_t filled;     /* of these, by FILL */
    uint64_t skipped;    /* bytes left alone inside [start, end) by DONT_CARE */
    uint64_t holes;      /* zeros inside [start, end) that are there already: DONT_CARE too, not
                            counted in `skipped` */
    int last;
    void *owner;
};

/*
 * Where pieces come from and go to. `get` gives an empty buffer of at least `cap` bytes (may block
 * until one is free), `put` takes a complete piece. Both from the encoder's thread; a negative code
 * from either ends the encoding. A buffer that was got and not put when the encoder is freed stays
 * the port's business.
 */
struct x8_piece_port {
    int (*get)(void *ctx, uint8_t **out_data, void **out_owner, struct x8_error *err);
    int (*put)(void *ctx, const struct x8_piece *piece, struct x8_error *err);
    void *ctx;
};

struct x8_sparse_config {
    uint32_t block_size; /* of the sparse format: the board's logical block size, multiple of 512 */
    size_t piece_cap;    /* bytes of one piece at most, header included */
    uint64_t max_fill;   /* bytes of FILL in one piece at most, so that the answer comes within a
                            known time; at least a block; 0 for no limit */
    uint64_t image_limit; /* capacity of the target: more bytes than this is X8_E_MISFIT; UINT64_MAX
                             for unknown */
    /* Ranges of the image to leave alone (DONT_CARE), sorted, multiples of block_size; NULL for
     * none. Borrowed. */
    const struct x8_range *skip;
    size_t skip_count;
    /* Ranges of the target that are known to read as zeros (erased, and proven): runs of zeros of
     * X8_SPARSE_MIN_FILL and more inside them become DONT_CARE instead of FILL (counted in
     * x8_piece.holes; max_fill is not about them). A run is cut where a range begins or ends, and
     * each part is measured for itself; so is a piece, so that a range that is left out later does
     * not move the other pieces (ranges that touch are cut between too). Sorted, multiples of
     * block_size; NULL for none. Borrowed. Of a sparse file only FILL with zeros counts. */
    const struct x8_range *zeros;
    size_t zero_count;
};

struct x8_range {
    uint64_t start, end;
};

/*
 * Raw image bytes in (a sink: any lengths), pieces out. The last piece is put only by finish(),
 * that is after the stream's own checks. An image that is no multiple of the block size is padded
 * with zeros. Constant 32-bit patterns over X8_SPARSE_MIN_FILL and more become FILL (not only
 * zeros). An empty image is X8_E_BAD_IMAGE.
 */
struct x8_sparse_encoder;
int x8_sparse_encoder_new(const struct x8_sparse_config *config, const struct x8_piece_port *port,
                          struct x8_sparse_encoder **out, struct x8_error *err);
struct x8_sink *x8_sparse_encoder_sink(struct x8_sparse_encoder *encoder);
void x8_sparse_encoder_free(struct x8_sparse_encoder **encoder);

/*
 * Checks a sparse file as it passes and cuts it into pieces of at most piece_cap (same port): every
 * header, size and sum is checked, CRC32 chunks are checked and dropped, nothing is trusted.
 * `config->block_size` is the board's: the file's must be a multiple of it. Also a sink.
 */
struct x8_sparse_splitter;
int x8_sparse_splitter_new(const struct x8_sparse_config *config, const struct x8_piece_port *port,
                           struct x8_sparse_splitter **out, struct x8_error *err);
struct x8_sink *x8_sparse_splitter_sink(struct x8_sparse_splitter *splitter);
void x8_sparse_splitter_free(struct x8_sparse_splitter **splitter);

/* Pieces that write zeros over `ranges` (ascending, multiples of the block size, at least one) and
 * leave everything else alone. */
int x8_sparse_zero(const struct x8_sparse_config *config, const struct x8_piece_port *port,
                   const struct x8_range *ranges, size_t count, struct x8_error *err);

/* 1 when the first bytes are a sparse header (magic and major version 1). */
int x8_sparse_is(struct x8_span head);

/*
 * What a sparse file or piece writes, in order, for verification: calls `on` with the image offset
 * and the bytes (FILL expanded in blocks of at most 64 KiB). DONT_CARE is left out. Pure; checks as
 * the splitter does.
 */
typedef int x8_sparse_bytes_fn(void *ctx, uint64_t offset, const void *data, size_t len,
                               struct x8_error *err);
int x8_sparse_replay(struct x8_span piece, x8_sparse_bytes_fn *on, void *ctx, struct x8_error *err);

#endif
