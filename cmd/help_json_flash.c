/*
 * Documents of the commands that write boards over USB, and of those about images.
 */
#include "help_json.h"

#include <stddef.h>

/* clang-format off */
static const struct x8_json_row plan[] = {
    {"source", "string|null", "what was named"},
    {"url", "string?", "from the cache: the address it came from"},
    {"sha256", "sha256?", "from the cache: digest of the file"},
    {"script", "string|null", "the script that is run"},
    {"image", "string|null", "the system image in it"},
    {"unused", "object?", "with --skip-unused"},
    {"unused.by", "=bmap|map", "who says what is in use: a block map, or the file systems"},
    {"unused.image_bytes", "integer", "size of the image"},
    {"unused.used_bytes", "integer", "bytes in use"},
    {"unused.left_bytes", "integer", "bytes that stay on the board as they were"},
    {"unused.partitions[]", "object?", "by map: what its table lists"},
    {"unused.partitions[].start", "integer", "byte where it begins"},
    {"unused.partitions[].bytes", "integer", "its size"},
    {"unused.partitions[].used_bytes", "integer", "bytes in use"},
    {"unused.partitions[].kind", "string|null", "its file system"},
    {"unused.partitions[].label", "string|null", "its label"},
    {"unused.partitions[].all_used_because", "string|null", "why all of it counts as used"},
    {0},
};

static const struct x8_json_row flash[] = {
    {"", "@plan", "what was to be written"},
    {"boards[]", "object?", "not with --dry-run"},
    {"boards[].port", "string!", "USB port, the same in every mode"},
    {"boards[].serial", "string|null!", "serial number, as far as it was shown"},
    {"boards[].result", "=ok|failed!", ""},
    {"boards[].code", "code!", "how it ended on this board"},
    {"boards[].entered_at", "string|null!", "the mode it was found in"},
    {"boards[].written", "integer!", "bytes that this run wrote to the eMMC"},
    {"boards[].sent", "integer!", "bytes over USB"},
    {"boards[].verified", "=none|partly|full!", "what was read back and compared"},
    {"boards[].unverified_reason", "string|null!", "why not all of it was"},
    {"boards[].seconds", "number!", "from the start of the run"},
    {"boards[].write_seconds", "number!", "of these: writing"},
    {"boards[].verify_seconds", "number!", "of these: reading back"},
    {"boards[].full_speed", "boolean!", "the link ran at 12 Mbit/s"},
    {"boards[].retries", "integer!", "how often a stage was taken up again"},
    {"boards[].pieces_sent", "integer!", "parts of images that were sent, again included"},
    {"boards[].pieces_same", "integer!", "parts that were found right on the board and not sent"},
    {"boards[].resumed", "boolean!", "it went on with an earlier run"},
    {"boards[].targets[].partition", "string!", "where to"},
    {"boards[].targets[].file", "string!", "what"},
    {"boards[].targets[].bytes", "integer!", "its size"},
    {"boards[].targets[].written", "integer!", "bytes written"},
    {"boards[].targets[].filled", "integer!", "of these: repeated patterns, not sent"},
    {"boards[].targets[].skipped", "integer!", "bytes left as they were"},
    {"boards[].targets[].holes", "integer!", "zeros left erased, proven to read as zeros"},
    {"boards[].targets[].same", "integer!", "bytes found right on the board, not sent"},
    {"boards[].targets[].deflated", "integer!", "bytes written that travelled compressed"},
    {"boards[].targets[].sent", "integer!", "bytes sent"},
    {"boards[].targets[].verified", "boolean!", "read back and the same"},
    {"boards[].bad_regions[].partition", "string!", "where the board has other bytes"},
    {"boards[].bad_regions[].offset", "integer!", "first byte"},
    {"boards[].bad_regions[].bytes", "integer!", "how many"},
    {"boards[].bad_regions[].unreadable", "boolean!", "they could not be read"},
    {"boards[].variables", "object?", "answers to getvar of the script or line"},
    {"boards[].variables.*", "string", "name and value"},
    {"boards[].linux", "object?", "with --wait, once it answers: what came up"},
    {"boards[].linux.image", "string!", "number of the image, \"-\" where it has none"},
    {"boards[].linux.serial", "string|null!", "serial number of the chip"},
    {"boards[].linux.seconds", "number!", "since it left flashing mode"},
    {"boards[].error", "@error?", "with result failed"},
    {"dry_run", "boolean?", "with --dry-run: true, and nothing was sent"},
    {"image_bytes", "integer?", "with --dry-run: size of the image"},
    {"send_bytes", "integer?", "with --dry-run: what would go over USB"},
    {"fill_bytes", "integer?", "with --dry-run: what would be repeated patterns"},
    {"skip_bytes", "integer?", "with --dry-run: what would be left as it is"},
    {"pieces", "integer?", "with --dry-run: downloads"},
    {"may_erase", "boolean?",
     "with --dry-run: the area is erased first, and zeros are left out where it reads as such"},
    {0},
};

static const struct x8_json_row explain[] = {
    {"script", "string|null", "its name"},
    {"uuu_version", "string|null", "the uuu it was written for"},
    {"stages[].protocol", "string", "CFG:, SDP, SDPV, FB, ..."},
    {"stages[].title", "string", "the mode in words"},
    {"stages[].steps[].line", "integer", "line of the script"},
    {"stages[].steps[].command", "string", "as it is written"},
    {"stages[].steps[].words", "string", "what it does"},
    {"stages[].steps[].risks[]", "=host|fuse|erase", "runs on this computer; burns fuses; erases"},
    {"files[].name", "string", "file the script needs"},
    {"files[].line", "integer", "line that names it first"},
    {"files[].state", "=unknown|there|missing|unusable|replaced", "whether it can be had"},
    {"files[].size", "integer?", "bytes, where there is one"},
    {"files[].detail", "string?", "what takes its place, or why it cannot be used"},
    {"notes[].line", "integer", "line it is about"},
    {"notes[].level", "=info|warn|unsafe", ""},
    {"notes[].text", "string", ""},
    {"missing", "integer", "files that are missing"},
    {"unsafe", "integer", "lines that are unsafe"},
    {0},
};

static const struct x8_json_row image_list[] = {
    {"images[].image", "string|null", "its number; latest; with --all also names of files"},
    {"images[].date", "string|null", "year and month"},
    {"images[].release", "string|null", "the vendor's name for it"},
    {"images[].lmp", "string|null", "version of Linux microPlatform"},
    {"images[].cached", "=yes|no|part|damaged", "on this computer; damaged: not what it should be"},
    {"images[].notes", "string|null", "what one should know"},
    {"images[].url", "string|null", "where it is offered"},
    {"images[].sha256", "sha256|null", "digest of the file"},
    {"images[].size", "integer|null", "bytes of the file"},
    {"images[].path", "string|null", "the complete file in the cache"},
    {"images[].bytes_here", "integer|null", "bytes in the cache"},
    {0},
};

static const struct x8_json_row image_get[] = {
    {"image", "string|null", "its number"},
    {"name", "string|null", "what was asked for: a number, latest, or the file's name"},
    {"url", "string|null", "where it came from"},
    {"path", "string", "where it is now"},
    {"size", "integer", "bytes"},
    {"sha256", "sha256", "its digest"},
    {"known", "boolean", "a catalogue has this digest"},
    {0},
};

#define DIGEST "=unknown|good|wrong"

/* clang-format off */
#define CHECKSUMS                                                                                  \
    {"checksums", "object|null", "lists of checksums in it or beside it, if any"},                    \
    {"checksums.list", "string|null", "the first that was read, or the one that is wrong"},        \
    {"checksums.lists", "integer", "how many there are"},                                          \
    {"checksums.good", "integer", "files that are as listed"},                                     \
    {"checksums.wrong", "integer", "files that are not"},                                          \
    {"checksums.absent", "integer", "files that are listed and not there"},                        \
    {"checksums.first_wrong", "string|null", "the first file that is not as listed"},              \
    {"checksums.first_absent", "string|null", "the first file that is listed and not there"},      \
    {"checksums.unread", "integer", "what is called a list and could not be read as one"},         \
    {"checksums.first_unread", "string|null", "the first of these"}
/* clang-format on */

static const struct x8_json_row image_show[] = {
    {"source", "string", "file or folder"},
    {"sha256", "sha256|null", "of the archive"},
    {"digest", DIGEST, "what the catalogue says to that"},
    {"image", "string|null", "number of the release"},
    {"release", "string|null", "the vendor's name for it"},
    {"release_by", "string|null", "how that is known"},
    {"machine", "string|null", "LMP_MACHINE of the image"},
    {"os", "object|null", "the system image, if there is one that can be read"},
    {"os.path", "string", "file in the source"},
    {"os.size", "integer", "bytes unpacked"},
    {"os.sha256", "sha256", "of these bytes"},
    {"os.sparse", "boolean", "in Android's sparse form, which is not looked into"},
    {"os.used", "integer?", "not sparse: bytes in use"},
    {"os.bmap_ranges", "integer?", "not sparse: ranges of a block map that fits; 0 without one"},
    {"os.table", "=none|MBR|GPT?", "not sparse: partition table"},
    {"os.partitions[]", "object?", "not sparse"},
    {"os.partitions[].start", "integer", "byte where it begins"},
    {"os.partitions[].size", "integer", "bytes"},
    {"os.partitions[].used", "integer", "bytes in use"},
    {"os.partitions[].kind", "string|null", "its file system"},
    {"os.partitions[].label", "string|null", "its label"},
    {"os.partitions[].note", "string|null", "why all of it counts as used"},
    {"parts[].role", "=other|script|flash-spl|flash-fit|os|spl|fit|sit|bmap|archive",
     "what it is for; archive: with parts that stand beside it"},
    {"parts[].path", "string", "file in the source"},
    {"parts[].size", "integer|null", "bytes"},
    {"parts[].sha256", "sha256|null", "its digest"},
    {"parts[].digest", DIGEST, "what the catalogue says to that"},
    {"other_files", "integer", "files that are no parts"},
    CHECKSUMS,
    {0},
};

static const struct x8_json_row image_verify[] = {
    {"verdict", "code", "ok, or what the command ends with"},
    {"source", "string", "file or folder"},
    {"image", "string|null", "number of the release"},
    {"release_by", "string|null", "how that is known"},
    {"good", "integer", "digests that are as the catalogue says"},
    {"unknown", "integer", "digests it does not have"},
    {"wrong", "integer", "digests that are others"},
    {"bmap_ranges", "integer", "ranges of a block map that were compared"},
    CHECKSUMS,
    {"digests[].what", "string", "file"},
    {"digests[].sha256", "sha256", "its digest"},
    {"digests[].digest", DIGEST, ""},
    {0},
};

static const struct x8_json_row image_map[] = {
    {"path", "string", "the block map"},        {"written", "boolean", "not with --dry-run"},
    {"size", "integer", "bytes of the image"},  {"used", "integer", "bytes in use"},
    {"ranges", "integer", "ranges in the map"}, {0},
};

static const struct x8_json_row image_prune[] = {
    {"dry_run", "boolean", "nothing was removed"},
    {"removed[].name", "string", "what was, or would be"},
    {"removed[].path", "string", "its file"},
    {"removed[].size", "integer", "bytes"},
    {"removed[].url", "string?", "the address that a digest was noted of (--pins)"},
    {"removed[].sha256", "string?", "that digest"},
    {"freed_bytes", "integer", "of all"},
    {0},
};

const struct x8_json_doc x8_json_flash[] = {
    {"flash", "boards that were written", flash, X8_JSON_DOCUMENT},
    {"uuu", "the same for a script or a line", flash, X8_JSON_DOCUMENT},
    {"explain", "what a script does", explain, X8_JSON_DOCUMENT},
    {"image-list", "the catalogue", image_list, X8_JSON_DOCUMENT},
    {"image-get", "an image in the cache", image_get, X8_JSON_DOCUMENT},
    {"image-show", "what is in an image", image_show, X8_JSON_DOCUMENT},
    {"image-verify", "whether it is right", image_verify, X8_JSON_DOCUMENT},
    {"image-map", "a block map of it", image_map, X8_JSON_DOCUMENT},
    {"image-prune", "what was removed from the cache", image_prune, X8_JSON_DOCUMENT},
    {"plan", "what is to be written", plan, X8_JSON_SHAPE},
    {0},
};
