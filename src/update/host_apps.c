/*
 * What an update may do to containers that are not its own. Source: meta-lmp,
 * compose-apps-early-start-recovery: with /var/sota/reset-apps there, it deletes all of
 * /var/lib/docker when the apps do not come up.
 */
#include "update/host_parts.h"

#include <stdio.h>
#include <string.h>

static int is_of_target(const struct x8_bundle *bundle, const char *project)
{
    if (!project[0])
        return 0;
    for (size_t i = 0; bundle->target && i < bundle->target->app_count; i++)
        if (strcmp(bundle->target->apps[i].name, project) == 0)
            return 1;
    return 0;
}

/* Add a name where it fits; else the list ends with dots. */
static void add_name(char *names, size_t cap, const char *name)
{
    size_t len = strlen(names);

    if (len + strlen(name) + 8 < cap)
        snprintf(names + len, cap - len, "%s%s", len ? ", " : "", name);
    else if (len > 3 && strcmp(names + len - 3, "...") != 0)
        snprintf(names + len, cap - len, ", ...");
}

static size_t strangers(const struct x8_bundle *bundle, const struct x8_update_board *board,
                        char *names, size_t cap)
{
    size_t count = 0;

    for (size_t i = 0; i < board->container_count; i++) {
        const struct x8_container *container = &board->containers[i];

        if (!container->is_running || is_of_target(bundle, container->project))
            continue;
        add_name(names, cap, container->name);
        count++;
    }
    return count;
}

size_t x8_update_apps(const struct x8_bundle *bundle, const struct x8_update_board *board,
                      struct x8_findings *findings)
{
    char names[200] = "";
    size_t count = strangers(bundle, board, names, sizeof(names));
    int unit = board->early_start != 0, armed = unit && board->has_reset_store;
    int will = unit && !armed && bundle->app_count > 0;

    if (count > 0)
        x8_found(findings, X8_FOUND_WARN, X8_OK, "containers",
                 "save what they hold first (docker commit, docker save); --keep-apps when you "
                 "know",
                 "%zu running container%s of no app of the bundle: %s", count,
                 count == 1 ? " is" : "s are", names);
    else
        x8_found(findings, X8_FOUND_OK, X8_OK, "containers", NULL,
                 "no container runs that is not of the bundle");
    if (armed || will)
        x8_found(findings, X8_FOUND_WARN, X8_OK, "docker-wipe",
                 "x8ctl exec --root -- systemctl disable --now compose-apps-early-start.service "
                 "compose-apps-early-start-recovery.service",
                 "%s: when the apps do not start, the board's recovery unit empties "
                 "/var/lib/docker, other containers and volumes included%s",
                 armed ? "armed already" : "armed by this update, which has apps",
                 board->early_recovery & 2 ? " (it runs just now)" : "");
    return count;
}
