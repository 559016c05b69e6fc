/*
 * One command asks, one parser reads (host_parse.c). A line of the answer is a key, a blank and the
 * rest; the key is put in front by the command itself, so that no file's contents can be taken for
 * another's. What a board lacks gives no line. Nothing is changed: aklite-offline is asked for its
 * help alone, because its `check` stores metadata and its `current` finalises what is pending.
 *
 * Sources of the paths: meta-lmp (recipes-sota, u-boot-ostree-scr-fit, compose-apps-early-start),
 * meta-partner-arduino (arduino-ootb), aktualizr's packagemanager.
 */
#include "update/host_parts.h"

#include "session/run.h"

#include <string.h>

#define PROBE_MS 120000 /* each tool has 10 s of its own */

/* p KEY: put the key in front of each line of stdin, at most 200 lines of 900 bytes. t: with a
 * limit, and no input to wait for. */
#define PRELUDE                                                                                    \
    "exec 2>/dev/null; export LC_ALL=C LANG=C PATH=\"$PATH:/usr/sbin:/sbin\"\n"                    \
    "p() { local l n=0; while [ $n -lt 200 ] && { IFS= read -r l || [ -n \"$l\" ]; }; do\n"        \
    "printf '%s %s\\n' \"$1\" \"${l:0:900}\"; n=$((n + 1)); done; }\n"                             \
    "f() { [ -r \"$2\" ] && p \"$1\" <\"$2\"; }\n"                                                 \
    "h() { command -v \"$1\" >/dev/null; }\n"                                                      \
    "t() { if h timeout; then timeout 10 \"$@\"; else \"$@\"; fi </dev/null; }\n"

#define SYSTEM                                                                                     \
    "f os $S/etc/os-release; f boot_id /proc/sys/kernel/random/boot_id; date +%s | p clock\n"      \
    "d=$S/sysroot; [ -d \"$d\" ] || d=$S/; df -P -k \"$d\" | p df/sysroot\n"                       \
    "df -P -k $S/var | p df/var\n"                                                                 \
    "for c in aklite-offline docker ostree; do h $c && echo has $c; done\n"                        \
    "h aklite-offline && { t aklite-offline --help 2>&1 | head -c 8192; echo; } | p usage\n"

/* The kernel was told a link below /ostree/boot.N; where it leads names the deployment. */
#define OSTREE                                                                                     \
    "h ostree && t ostree admin status | p status\n"                                               \
    "o=; read -r -a w <$S/proc/cmdline\n"                                                          \
    "for x in \"${w[@]}\"; do case $x in ostree=*) o=${x#ostree=};; esac; done\n"                  \
    "[ -n \"$o\" ] && { o=$(readlink -f \"$S$o\") && echo \"cmdline ${o##*/}\"; }\n"

/* The later file wins: the parser takes them in this order. Only keys that matter travel. */
#define SOTA                                                                                       \
    "s=$S/var/sota\n"                                                                              \
    "[ -r $s ] && [ -x $s ] && echo is seen\n"                                                     \
    "for x in $S/usr/lib/sota/conf.d/*.toml $s/sota.toml $S/etc/sota/conf.d/*.toml; do\n"          \
    "[ -r \"$x\" ] && { echo 'toml ['; grep -E '^[[:space:]]*(\\[|\"?(primary_ecu_hardware_id|'"   \
    "'tags|reset_apps)\"?[[:space:]]*=)' \"$x\" | p toml; }; done\n"                               \
    "[ -e $s/sota.toml ] && echo is registered; [ -e $s/sql.db ] && echo is sql\n"                 \
    "[ -e $s/offline-update-pending ] && echo is ootb; [ -e $s/reset-apps ] && echo is reset\n"    \
    "f target $s/current-target\n"                                                                 \
    "k=; [ -e $s/sota.toml ] && [ -r $s/client.pem ] && h openssl &&\n"                            \
    "{ case $(t openssl x509 -noout -subject -in $s/client.pem) in\n"                              \
    "'') ;; *businessCategory*production*|*2.5.4.15*production*) k=prod;; *) k=ci;; esac; }\n"     \
    "[ -n \"$k\" ] && echo \"type $k\"\n"

/*
 * The trust anchor: the newest of the image's own roots; for a board of no type yet no newer than
 * the second, because from the third on ci and prod have roots of their own. Its bytes follow the
 * line that says how many they are.
 */
#define ROOTS                                                                                      \
    "b=0 bf= m=1000000; [ -n \"$k\" ] || m=2\n"                                                    \
    "for x in $S/usr/lib/sota/tuf/${k:-ci}/*.root.json; do n=${x##*/}; n=${n%.root.json}\n"        \
    "case $n in ''|*[!0-9]*|???????*) continue;; esac; n=$((10#$n))\n"                             \
    "[ $n -gt $b ] && [ $n -le $m ] && [ -r \"$x\" ] && { b=$n; bf=$x; }; done\n"                  \
    "[ -n \"$bf\" ] && { j=$(head -c 1048576 \"$bf\"; echo .) && j=${j%.} &&\n"                    \
    "printf 'root %d %s\\n%s\\n' ${#j} \"${bf#$S}\" \"$j\"; }\n"

/* fw_printenv comes first: where the boot partition is mounted on demand, it does so. One that
 * falls back to its built-in values says so on stderr, and knows nothing. */
#define LOADER                                                                                     \
    "h fw_printenv && e=$(t fw_printenv 2>&1) && case $e in\n"                                     \
    "*'Bad CRC'*|*'wrong or corrupted'*|*'default env'*) ;;\n"                                     \
    "*=*) echo env .; grep -E '^(bootcount|upgrade_available|rollback|bootupgrade_available)='"    \
    " <<<\"$e\" | p env;; esac\n"                                                                  \
    "while read -r x y z; do case $y in */mnt/boot) echo is boot; break;; esac; done"              \
    " <$S/proc/mounts\n"

#define SERVICES                                                                                   \
    "h systemctl && for u in aktualizr-lite compose-apps-early-start"                              \
    " compose-apps-early-start-recovery; do\n"                                                     \
    "x=$(t systemctl is-active $u.service); y=$(t systemctl is-enabled $u.service)\n"              \
    "echo \"unit $u ${x:--} ${y:--}\"; done\n"                                                     \
    "q='{{.Status}}|{{.Names}}|{{.Image}}|{{.Label \"com.docker.compose.project\"}}'\n"            \
    "h docker && { t docker ps -a --no-trunc --format \"$q\" ||\n"                                 \
    "{ h sg && t sg docker -c \"docker ps -a --no-trunc --format '$q'\"; }; } | p docker\n"

/* Without it the text was cut: nothing is missing, something was lost. */
#define END "echo end .; exit 0\n"

static int add(struct x8_buf *out, const char *text)
{
    return x8_buf_add(out, text, strlen(text));
}

int host_probe_text(struct x8_buf *out, const char *top)
{
    if (add(out, "S=") < 0 || x8_quote(out, top) < 0 || add(out, "\n" PRELUDE SYSTEM) < 0)
        return -1;
    return add(out, OSTREE SOTA ROOTS LOADER SERVICES END);
}

void x8_update_board_done(struct x8_update_board *board)
{
    x8_buf_done(&board->root_json);
}

int x8_update_board_probe(struct x8_session *session, const struct x8_op *op,
                          const struct x8_root *root, struct x8_update_board *out,
                          struct x8_error *err)
{
    X8_AUTO_BUF text = {0};
    X8_AUTO_RAN ran = {0};
    int rc;

    if (host_probe_text(&text, "") < 0)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    rc = x8_run_as(session, op, root, x8_buf_text(&text), PROBE_MS, &ran, err);
    if (rc < 0) {
        x8_error_prefix(err, "asking the board about its system");
        return rc;
    }
    return x8_update_board_parse(x8_buf_span(&ran.out), out, err);
}
