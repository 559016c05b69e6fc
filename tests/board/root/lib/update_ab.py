"""Generations A (images 674 to 881) and B (91.8, 934): `install` and `run`."""
import os

import update_install as do
import update_tuf as tuf
from update_state import apps_of


def metadata(tool):
    """A stops at metadata that is older than the board's; B goes on with what is stored."""
    try:
        tuf.refresh(tool.world, tool.state, tool.src(), tool.kind)
    except tuf.TufError as e:
        if e.kind != "older" or tool.gen == "A":
            raise ValueError(f"Failed to pull TUF metadata: {e}") from None
        tool.speech.warning(str(e))
        tuf.stored_is_valid(tool.world, tool.state)
    tool.state.save()


def refs_of(src):
    found = set()
    for folder, _, names in os.walk(os.path.join(src, "ostree_repo", "refs")):
        for name in names:
            with open(os.path.join(folder, name), encoding="ascii", errors="replace") as f:
                found.add(f.read().strip())
    return found


def bundle_apps(src):
    """URIs of the apps that are in the bundle."""
    found, folder = {}, os.path.join(src, "apps", "apps")
    for name in os.listdir(folder) if os.path.isdir(folder) else ():
        for sha in os.listdir(f"{folder}/{name}"):
            with open(f"{folder}/{name}/{sha}/uri", encoding="utf-8") as f:
                found[name] = f.read()
    return found


def select(tool):
    """The highest version for this board whose commit a ref names and whose apps cover those of the bundle."""
    src, best = tool.src(), None
    refs, apps = refs_of(src), bundle_apps(src)
    for name, target in tool.state["tuf"]["targets"]["targets"].items():
        custom = target["custom"]
        if custom.get("targetFormat") != "OSTREE" or custom.get("hardwareIds") != [tool.config["provision.primary_ecu_hardware_id"]]:
            continue
        if tool.tags and not set(tool.tags) & set(custom.get("tags", [])):
            continue
        if target["hashes"]["sha256"] not in refs or not set(apps.items()) <= set(apps_of(target).items()):
            continue
        if best is None or int(custom["version"]) > int(best[1]["custom"]["version"]):
            best = (name, target)
    if best is None:
        raise ValueError(f"Target to install has not been found; hardware ID: {tool.config['provision.primary_ecu_hardware_id']}")
    return best[0], best[1], apps


def install(tool):
    state, speech, world = tool.state, tool.speech, tool.world
    do.confirm(world, state)
    if tool.gen == "B" and do.firmware_waits(world):
        speech.say("Reboot a device to confirm a boot firmware update, and then execute `aklite-offline install` again", end="")
        return 90
    metadata(tool)
    name, target, apps = select(tool)
    if apps and not tool.restorable():
        raise ValueError("The offline update cannot be done with a non-restorable app engine")
    commit = target["hashes"]["sha256"]
    if tool.gen == "B" and name == state["current"] and (state["synced"] == name or not apps_of(target)):
        speech.say(f"The given Target has been already installed: {name}")
        return 0
    speech.info(f"Found a Target to install: {name}, ostree {commit}")
    try:
        do.pull(world, speech, tool.src(), commit)
        do.pull_apps(world, tool.src(), apps)
    except do.Failed as e:
        raise ValueError(f"Failed to download Target; target: {name}, err: {e}") from None
    same = commit == world.booted_commit()
    if not same:
        try:
            do.deploy(world, commit, world.word("deployfail") != "0")
        except do.Failed as e:
            raise ValueError(f"Failed to install Target; err: {e}") from None
    state.remember(name, target)
    state.update(pending=name, need_reboot=False, docker=do.docker_now() if apps else None)
    if not same:
        state.want_reboot()
    state.save()
    world.step("installed")
    again = f"`aklite-{'apps' if tool.gen == 'A' else 'offline'} run`"
    if same:
        speech.say(f"Please restart `docker` service (systemctl restart docker) and execute {again} command to start the updated Apps")
        return 101
    speech.say(f"Please reboot a device and execute {again} command to apply the update")
    return 100


def finalise(tool, name):
    """The pending target is the one that runs, apps included."""
    state, one = tool.state, tool.state["installed"][name]
    tool.world.step("confirm")
    one.update(bad=False, was=True)
    state.update(current=name, pending=None, need_reboot=False, synced=name, docker=None)
    write_current(tool, name, one)
    state.save()
    do.confirm(tool.world, state)


def write_current(tool, name, one):
    with open("/var/sota/current-target", "w", encoding="utf-8") as f:
        f.write(f'TARGET_NAME="{name}"\nCUSTOM_VERSION="{one["version"]}"\nTAG="{",".join(tool.tags)}"\n')


def rollback_target(state):
    """What to go back to: the current one; further back when the current one is the one that fails."""
    pending = state["pending"]
    if state["current"] and state["current"] != pending:
        return state["current"]
    return next((n for n, one in state["installed"].items() if one["was"] and not one["bad"] and n != pending), None)


def go_back(tool, name):
    """Install an older target once more. True when that worked."""
    state, one = tool.state, tool.state["installed"][name]
    tool.speech.info(f"Rollback to {name}")
    try:
        do.deploy(tool.world, one["sha"], tool.world.word("deployfail") == "2")
    except do.Failed:
        return False
    state.update(pending=name, docker=None)
    state.want_reboot()
    state.save()
    return True


def too_early(tool):
    """`run` before the reboot counts as a failure: A cancels the update or goes further back, B leaves database and
    deployments in disagreement."""
    state, speech = tool.state, tool.speech
    tool.world.note("run before the reboot")
    if tool.gen == "B":
        state["pending"] = state["current"]
        state.save()
        speech.error("Apps start has failed, and rollback is not possible")
        return 120
    others = [n for n, one in state["installed"].items() if one["was"] and n not in (state["current"], state["pending"])]
    name = (others or [state["current"]])[0]
    if name:
        go_back(tool, name)
    speech.warning("The update has been rolled backed; reboot a device to complete it")
    return 100


def booted_old(tool):
    """The boot loader went back."""
    state, speech, world = tool.state, tool.speech, tool.world
    failed, booted = state["pending"], world.booted_commit()
    speech.error(f"Expected to boot {state.one(failed)['sha']} but found {booted}")
    state.one(failed)["bad"] = True
    name = next((n for n, one in state["installed"].items() if one["sha"] == booted and n != failed), None)
    state.update(pending=None, need_reboot=False, docker=None)
    state.save()
    do.confirm(world, state)
    if name is None:
        if tool.gen == "A":
            speech.info("Successfully applied new version")
            return 0
        speech.error("A device was rolled back to an unknown Target. Apps are in undefined state")
        return 110
    speech.info(f"Rollback to {name}")
    app = do.start_apps(world, name, state.one(name)["apps"], True)
    state["current"] = name
    state.save()
    if app:
        speech.error(f"failed to start App: {app}")
        if tool.gen == "B":
            speech.error("Apps start has failed after the rollback")
            return 120
        speech.warning("The update has been rolled backed, but apps do not start")
        return 100
    speech.info("Successfully applied new version" if tool.gen == "A" else "The device has been rolled back. No reboot is required")
    return 0 if tool.gen == "A" else 99


def apps_failed(tool, app):
    state, speech = tool.state, tool.speech
    failed = state["pending"]
    speech.error(f"failed to start App: {app}")
    state.one(failed)["bad"] = True
    back = rollback_target(state)
    if back is None:
        if tool.gen == "B":
            state.update(pending=None, need_reboot=False)
            state.save()
            speech.error("Apps start has failed, and there is no Target to roll back to")
            return 120
        speech.info(f"Rollback to {failed}")
        speech.warning("The update has been rolled backed; reboot a device to complete it")
        state.save()
        return 100
    if tool.gen == "B" and state.one(back)["sha"] == tool.world.booted_commit():
        state.save()
        speech.error("Apps start has failed after the rollback")
        return 120
    go_back(tool, back)
    speech.warning("The update has been rolled backed; reboot a device to complete it" if tool.gen == "A" else
                   "Apps start has failed so a device is rollbacking; reboot a device and execute `aklite-offline run`")
    return 100


def run(tool):
    state, speech, world = tool.state, tool.speech, tool.world
    if state["tuf"]:
        try:
            tuf.stored_is_valid(world, state)
        except tuf.TufError as e:
            raise ValueError(f"Invalid local TUF metadata: {e}") from None
    do.confirm(world, state)
    name = state["pending"]
    if name is None:
        speech.info("No any pending installations found" if tool.gen == "A" else "No pending installation found")
        speech.info("Successfully applied new version")
        return 0
    if not state.rebooted():
        return too_early(tool)
    world.step("run")
    if state.one(name)["sha"] != world.booted_commit():
        return booted_old(tool)
    app = do.start_apps(world, name, state.one(name)["apps"], not is_new(state, name), state["docker"])
    if app:
        return apps_failed(tool, app)
    world.step("started")
    finalise(tool, name)
    speech.info("Update has been successfully applied")
    speech.info("Successfully applied new version")
    if tool.gen == "B" and do.firmware_waits(world):
        speech.info("A device can be optionally reboot to confirm a boot firmware update")
        return 90
    return 0


def is_new(state, name):
    """Not what was there before."""
    return not state.one(name)["was"]


COMMANDS = {"install": install, "run": run}
