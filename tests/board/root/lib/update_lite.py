"""aktualizr-lite by hand: `--help` and `rollback`. That one was new in generation C; it marks what runs as bad and installs the
target before it, with what the fleet's server says of that (here: a board that is registered has one, another has none)."""
import os
import sys

import update_install as do
from update_aklite import Options, Tool, generation, hung_up
from update_state import Speech, take_lock, unit_property
from update_world import World

COMMANDS = ("daemon update pull install list check status finalize run", " rollback")


def usage(gen):
    print("aktualizr-lite command line options [command] [flags]\nCommands:")
    for name in (COMMANDS[0] + (COMMANDS[1] if gen == "C" else "")).split():
        print(f"  {name:<20} ...")


def previous(state):
    found = [n for n, one in state["installed"].items() if one["was"] and not one["bad"] and n != state["current"]]
    return found[-1] if found else None


def rollback(tool):
    state, speech = tool.state, tool.speech
    if state["current"]:
        speech.info(f"Marking target {state['current']} as a failing target")
        state.one(state["current"])["bad"] = True
    name = previous(state)
    if name is None:
        speech.error("Failed to find Target to rollback to")
        return 1
    if not tool.registered:
        speech.error("Failed to update Device metadata: no server is known")
        return 4
    try:
        do.deploy(tool.world, state.one(name)["sha"])
    except do.Failed as e:
        speech.error(str(e))
        return 130
    state.update(pending=name, docker=None)
    state.want_reboot()
    state.save()
    speech.info(f"Rolling back to {name}: a reboot is required")
    return 100


def main(arguments):
    world = World()
    gen = generation(world, World.version_of(""))
    words = [w for i, w in enumerate(arguments) if not w.startswith("--") and arguments[i - 1] != "--loglevel"]
    if "--help" in arguments or words != ["rollback"] or gen != "C":
        usage(gen)
        return 0 if "--help" in arguments else 1
    world.tool = "lite "
    world.log("rollback")
    hung_up(world, "rollback")
    options = Options()
    options.config = []
    speech = Speech(options.level)
    if unit_property("aktualizr-lite.service", "ActiveState") == "active" or not take_lock():
        speech.complain("Failed to obtain the aklite lock: Resource temporarily unavailable")
        status = 1
    else:
        status = rollback(Tool(world, gen, "rollback", options, speech))
    world.log(f"rollback -> {status}")
    return status


if __name__ == "__main__":
    os.umask(0o077)
    sys.exit(main(sys.argv[1:]))
