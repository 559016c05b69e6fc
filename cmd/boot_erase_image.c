/*
 * Is an image complete enough for a board that has nothing left to start from?
 */
#include "boot_erase.h"

#include "flash/plan.h"

enum { BLOCK_SIZE = 512 };

static int misses(const char *what, struct x8_error *err)
{
    x8_fail(err, X8_E_MISFIT, "the image has no %s", what);
    x8_error_why(err, "a board whose boot areas are cleared starts nothing by itself: everything "
                      "it needs must be in the image");
    x8_error_next(err, "use a complete release, such as 934.tar.gz");
    return -(int)X8_E_MISFIT;
}

int x8_to_flash_check(const struct x8_op *op, const struct x8_plan *plan, struct x8_error *err)
{
    struct x8_measure measure;
    int has_loader = 0;

    for (size_t i = 0; i < plan->step_count; i++) {
        const struct x8_step *step = &plan->steps[i];

        has_loader |= !step->is_skipped && step->place && step->place->hwpart == 1 &&
                      step->place->holds == X8_HOLDS_IVT;
    }
    if (!x8_plan_has(plan, X8_PROTO_SDP))
        return misses("loader that the boot ROM could take", err);
    if (!has_loader)
        return misses("loader for the boot area", err);
    if (!x8_plan_os(plan))
        return misses("OS image", err);
    return x8_plan_measure(op, plan, BLOCK_SIZE, &measure, err);
}

int x8_to_flash_check_source(struct x8_ctx *ctx, const char *source, struct x8_error *err)
{
    struct x8_plan_options options = {.source = source, .is_flash = 1, .getenv = x8_env_for_script};
    struct x8_plan plan;
    int rc = x8_plan_open(&ctx->op, &options, &plan, err);

    if (rc < 0)
        return rc;
    rc = x8_to_flash_check(&ctx->op, &plan, err);
    x8_plan_done(&plan);
    return rc;
}
