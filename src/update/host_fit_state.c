/*
 * Is the board in a state to be updated: its generation of aklite-offline, what is pending, its
 * boot partition and loader, its registration.
 */
#include "update/host_parts.h"

#include <string.h>

struct state {
    const struct x8_bundle *bundle;
    const struct x8_update_board *board;
    struct x8_findings *to;
};

static int is_ab(const struct state *state)
{
    return state->board->aklite == X8_AKLITE_A || state->board->aklite == X8_AKLITE_B;
}

static void no_tool(const struct state *state)
{
    const char *version = state->board->version;

    if (state->board->has_aklite)
        x8_found(state->to, X8_FOUND_BAD, X8_E_WRONG_STATE, "generation",
                 "x8ctl flash    or install by hand: x8ctl exec --root -- aklite-offline --help",
                 "the board's aklite-offline (image %s) is of a kind that nobody knows here",
                 version[0] ? version : "unknown");
    else
        x8_found(state->to, X8_FOUND_BAD, X8_E_WRONG_STATE, "generation",
                 strcmp(version, "399") == 0
                     ? "x8ctl update legacy-399 BUNDLE    or, with a cable and all data lost: "
                       "x8ctl flash"
                     : "x8ctl flash    writes a newer image, all data is lost (image 399 has "
                       "x8ctl update legacy-399)",
                 "image %s has no aklite-offline: it came with image 674",
                 version[0] ? version : "unknown");
}

/* A and B take the newest target that a ref of the repository names, all of whose apps are those
 * in the bundle. */
static void generation_fits(const struct state *state)
{
    const struct x8_bundle *bundle = state->bundle;
    const char *name = x8_aklite_name(state->board->aklite);
    size_t foreign = 0;

    for (size_t i = 0; i < bundle->app_count; i++)
        foreign += !bundle->apps[i].is_of_target;
    if (state->board->aklite == X8_AKLITE_NONE)
        no_tool(state);
    else if (is_ab(state) && bundle->tuf.count > 1 && bundle->tuf.roles[X8_TUF_BUNDLE].present)
        x8_found(state->to, X8_FOUND_BAD, X8_E_MISFIT, "generation",
                 "make a bundle with one target",
                 "the bundle has %zu targets, the board's aklite-offline (%s) takes one",
                 bundle->tuf.count, name);
    else if (is_ab(state) && bundle->graph.count > 0 && !bundle->repo_ref[0])
        x8_found(state->to, X8_FOUND_BAD, X8_E_MISFIT, "generation",
                 "make the bundle again with fioctl, which writes refs/heads",
                 "no ref of the bundle names the commit, and the board's aklite-offline (%s) "
                 "looks for one",
                 name);
    else if (is_ab(state) && foreign > 0)
        x8_found(state->to, X8_FOUND_WARN, X8_OK, "generation", "make the bundle again",
                 "%zu of the bundle's apps are not the target's; the board's aklite-offline (%s) "
                 "may refuse them",
                 foreign, name);
    else
        x8_found(state->to, X8_FOUND_OK, X8_OK, "generation", NULL,
                 "the board's aklite-offline is of generation %s", name);
}

static void pending_fits(const struct state *state)
{
    const struct x8_update_board *board = state->board;
    const struct x8_tuf_target *target = state->bundle->target;

    if (board->pending[0] && board->ootb_pending)
        x8_found(state->to, X8_FOUND_BAD, X8_E_WRONG_STATE, "pending",
                 "x8ctl reboot    and wait some minutes: the board's own unit ends it",
                 "the board's own page has deployed an update (%.12s) that waits for a restart",
                 board->pending);
    else if (board->pending[0])
        x8_found(state->to, X8_FOUND_BAD, X8_E_WRONG_STATE, "pending",
                 "x8ctl update finish    or x8ctl reboot, when it was not x8ctl that began it",
                 "%s (%.12s) is deployed on the board and waits for a restart",
                 target && strcmp(board->pending, target->commit) == 0 ? "this very target"
                                                                       : "another system",
                 board->pending);
    else if (board->upgrade_available == 1)
        x8_found(state->to, X8_FOUND_WARN, X8_OK, "pending", "x8ctl update finish",
                 "image %s runs on the board, but an earlier update to it was not confirmed: its "
                 "boot loader has counted %d start%s",
                 board->version, board->bootcount, board->bootcount == 1 ? "" : "s");
    else if (board->ootb_pending)
        x8_found(state->to, X8_FOUND_WARN, X8_OK, "pending",
                 "x8ctl exec --root -- rm /var/sota/offline-update-pending    when the board's "
                 "page shows no update",
                 "the board still has the mark of an update by its own page, whose unit runs at "
                 "each start");
    else
        x8_found(state->to, X8_FOUND_OK, X8_OK, "pending", NULL, "no update is under way");
}

static void loader_fits(const struct state *state)
{
    const struct x8_update_board *board = state->board;

    if (!board->boot_mounted && board->upgrade_available < 0 && board->sees_sota)
        x8_found(state->to, X8_FOUND_BAD, X8_E_WRONG_STATE, "boot",
                 "x8ctl exec --root -- mount /mnt/boot    if that fails, flash the board",
                 "/mnt/boot is not mounted and the boot loader's variables cannot be read: the "
                 "board could not go back if the new system does not start");
    else if (board->bootupgrade_available == 1)
        x8_found(state->to, X8_FOUND_WARN, X8_OK, "boot", "",
                 "an earlier boot firmware update waits for one more restart; it is made first");
    else if (board->upgrade_available < 0)
        x8_found(state->to, X8_FOUND_WARN, X8_OK, "boot", "x8ctl exec --root -- fw_printenv",
                 "the boot loader's variables could not be read, so going back is not sure");
    else if (board->rollback_flag == 1)
        x8_found(state->to, X8_FOUND_WARN, X8_OK, "boot", "x8ctl logs --root -b -1",
                 "the boot loader went back to the present system after an earlier update");
    else
        x8_found(state->to, X8_FOUND_OK, X8_OK, "boot", NULL,
                 "the boot loader's variables can be read, no boot firmware is pending");
}

static void engine_fits(const struct state *state)
{
    const struct x8_update_board *board = state->board;

    if (!state->bundle->app_count)
        return;
    if (board->is_registered && !board->has_reset_apps)
        x8_found(state->to, X8_FOUND_BAD, X8_E_MISFIT, "apps-engine",
                 "use a bundle without apps (fioctl targets offline-update --no-apps), or set "
                 "reset_apps in the board's configuration",
                 "the bundle has %zu apps, the board is registered without reset_apps and takes "
                 "none offline",
                 state->bundle->app_count);
    else if (!board->has_docker)
        x8_found(state->to, X8_FOUND_WARN, X8_OK, "apps-engine", "",
                 "the bundle has %zu apps, the board has no docker and leaves them out",
                 state->bundle->app_count);
}

/* Without a root of its own the board takes the bundle's first as its anchor, for good. */
static void trust_fits(const struct state *state)
{
    const struct x8_update_board *board = state->board;
    const struct x8_tuf *tuf = &state->bundle->tuf;

    if (!board->sees_sota || board->has_sql || board->root_json.len > 0)
        return;
    if (tuf->root_first != 1)
        x8_found(state->to, X8_FOUND_WARN, X8_OK, "trust",
                 "add 1.root.json and 2.root.json of the factory to the bundle's tuf/",
                 "the board has no root of trust yet, and the bundle does not begin with "
                 "1.root.json, so the board cannot make one of it");
    else
        x8_found(state->to, X8_FOUND_WARN, X8_OK, "trust", "",
                 "the board has no root of trust yet: it will trust this bundle's from now on");
}

void host_fit_state(const struct x8_bundle *bundle, const struct x8_update_board *board,
                    struct x8_findings *findings)
{
    const struct state state = {bundle, board, findings};

    generation_fits(&state);
    pending_fits(&state);
    loader_fits(&state);
    engine_fits(&state);
    trust_fits(&state);
}
