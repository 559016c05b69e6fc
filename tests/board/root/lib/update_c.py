"""Generation C (95.x): check, install, run, current. Statuses are those of one enumeration; `run` changes three of them."""
import os

import update_install as do
import update_tuf as tuf
from update_ab import finalise, is_new, rollback_target, write_current
from update_state import apps_of

OF_TUF = {"expired": 12, "missing": 14, "unreadable": 13, "invalid": 11, "older": 4, "bundle": 15}


class Stop(Exception):
    """Ends the command with a status."""

    def __init__(self, status, text):
        super().__init__(text)
        self.status = status


def candidates(tool):
    """Targets of the bundle for this board, highest version first; whether the stored metadata had to do."""
    state, src, cached = tool.state, tool.src(), False
    try:
        listed = tuf.bundle_targets(tool.world, state, src, tool.kind, tool.tags, tool.registered)
        if listed is None:
            tool.speech.warning("The bundle metadata bundle-targets.json was not found")
        try:
            tuf.refresh(tool.world, state, src, tool.kind)
        except tuf.TufError as e:
            if e.kind != "older":
                raise
            tool.speech.warning(f"{e}; the stored metadata is used")
            tuf.stored_is_valid(tool.world, state)
            cached = True
    except tuf.TufError as e:
        raise Stop(OF_TUF[e.kind], str(e)) from None
    finally:
        state.save()
    trusted = state["tuf"]["targets"]["targets"]
    for name in listed or []:
        if name not in trusted:
            raise Stop(15, f"Target {name} of the bundle was not found among trusted TUF targets")
    hwid, found = tool.config["provision.primary_ecu_hardware_id"], []
    for name in listed if listed is not None else trusted:
        custom = trusted[name]["custom"]
        if custom.get("targetFormat") == "OSTREE" and custom.get("hardwareIds") == [hwid] and \
                (not tool.tags or set(tool.tags) & set(custom.get("tags", []))):
            found.append((name, trusted[name]))
    if not found:
        raise Stop(6, f"No Target found matching the device's hardware ID: {hwid}, tags: {','.join(tool.tags)}")
    return sorted(found, key=lambda t: -int(t[1]["custom"]["version"])), cached


def wanted_apps(target):
    """Which apps of the target the bundle has to hold."""
    apps, fetched = apps_of(target), target["custom"].get("fetched-apps")
    if not isinstance(fetched, dict):
        return apps
    if not fetched.get("uri"):
        return {}
    shortlist = (fetched.get("shortlist") or "").replace(",", " ").split()
    return {n: u for n, u in apps.items() if not shortlist or n in shortlist}


def missing(tool, target):
    """What the bundle lacks, or None."""
    src, commit = tool.src(), target["hashes"]["sha256"]
    if not os.path.exists(f"{src}/ostree_repo/objects/{commit[:2]}/{commit[2:]}.commit"):
        return f"missing ostree commit: {commit}"
    lacking = []
    for name, uri in wanted_apps(target).items():
        path = f"{src}/apps/apps/{name}/{uri.rpartition(':')[2]}/uri"
        try:
            with open(path, encoding="utf-8") as f:
                if f.read() != uri:
                    lacking.append(name)
        except OSError:
            lacking.append(name)
    return "missing apps: " + ",".join(lacking) if lacking else None


def complete(tool, found):
    """Those of the candidates whose content is in the bundle."""
    lacks = {name: missing(tool, target) for name, target in found}
    full = [(name, target) for name, target in found if lacks[name] is None]
    if not full:
        raise Stop(8, "No update content found; " + "; ".join(f"{n}: {why}" for n, why in lacks.items()))
    return full


def stopped(command):
    def around(tool):
        try:
            return command(tool)
        except Stop as e:
            tool.speech.error(str(e))
            return e.status
    return around


def show(tool, found):
    say = tool.speech.say
    say("")
    say("Found Targets: " if found else "No Targets found")
    for name, target in found:
        say(f"{name}\n\tostree: {target['hashes']['sha256']}")
        if apps_of(target):
            say("\tapps:")
            for app, uri in apps_of(target).items():
                say(f"\t\t(on) {app} -> {uri}")
        say("")


@stopped
def check(tool):
    state = tool.state
    do.confirm(tool.world, state)
    found, cached = candidates(tool)
    found = complete(tool, found)
    show(tool, found)
    name, target = found[0]
    known = state.one(name)
    if known and known["bad"]:
        return 18
    if name != state["current"] and target["hashes"]["sha256"] != tool.world.booted_commit():
        return 16
    if state["synced"] != name and apps_of(target):
        return 17
    return 3 if cached else 0


def choose(tool):
    found, _ = candidates(tool)
    wanted = tool.options.target
    if wanted is not None:
        found = [one for one in found if one[0] == wanted]
        if not found:
            raise Stop(20, f"No Target found: {wanted}")
    name, target = complete(tool, found)[0]
    now = tool.state.one(tool.state["current"])
    if now and int(target["custom"]["version"]) < int(now["version"]) and not tool.options.force:
        raise Stop(102, f"Downgrade is not allowed by default, from version {now['version']} to {target['custom']['version']}; use --force")
    return name, target


def fetch(tool, name, target):
    apps = wanted_apps(target)
    if apps and not tool.restorable():
        raise Stop(1, "The offline update cannot be done with a non-restorable app engine")
    try:
        do.pull(tool.world, tool.speech, tool.src(), target["hashes"]["sha256"])
    except do.Failed as e:
        text = f"Failed to download Target {name}: {e}"
        raise Stop(60, text + "; Insufficient storage available") if e.kind == "space" else Stop(50, text) from None
    try:
        do.pull_apps(tool.world, tool.src(), apps)
    except do.Failed as e:
        raise Stop(80, str(e)) from None


@stopped
def install(tool):
    state, speech, world = tool.state, tool.speech, tool.world
    if state["pending"]:
        raise Stop(30, f"There is an ongoing installation: {state['pending']}; reboot or run `aklite-offline run`")
    do.confirm(world, state)
    if do.firmware_waits(world):
        speech.say("Reboot a device to confirm a boot firmware update, and then execute the `install` command again", end="")
        return 90
    name, target = choose(tool)
    commit = target["hashes"]["sha256"]
    speech.info(f"Installing Target {name}, ostree {commit}")
    fetch(tool, name, target)
    same = commit == world.booted_commit()
    if not same:
        failing = world.word("deployfail")
        try:
            do.deploy(world, commit, failing != "0")
        except do.Failed as e:
            raise Stop(130 if failing == "2" else 110, str(e)) from None
    state.remember(name, target)
    state.update(pending=name, need_reboot=False, docker=None)
    if not same:
        state.want_reboot()
    state.save()
    world.step("installed")
    if same:
        speech.say("Please run `aklite-offline run` command to start the updated Apps")
        return 10
    speech.say("Please reboot a device and execute `aklite-offline run` to apply installation")
    return 100


def booted_old(tool):
    state, speech, world = tool.state, tool.speech, tool.world
    failed, booted = state["pending"], world.booted_commit()
    speech.error(f"Expected to boot {state.one(failed)['sha']} but found {booted}")
    state.one(failed)["bad"] = True
    name = next((n for n, one in state["installed"].items() if one["sha"] == booted and n != failed), None)
    state.update(pending=None, need_reboot=False, current=name)
    state.save()
    do.confirm(world, state)
    if name and do.start_apps(world, name, state.one(name)["apps"], True):
        speech.complain("Apps start has failed after the boot loader's rollback")
        return 120
    speech.info("The device has been rolled back. No reboot is required")
    return 99


def apps_failed(tool, app):
    state, speech = tool.state, tool.speech
    failed = state["pending"]
    speech.error(f"failed to start App: {app}")
    state.one(failed)["bad"] = True
    back = rollback_target(state)
    if back is None or state.one(back)["sha"] == tool.world.booted_commit():
        state.update(pending=None, need_reboot=False)
        state.save()
        speech.complain("Apps start has failed, and the Target to roll back to is unknown")
        return 120
    speech.info(f"Rolling back to {back}")
    try:
        do.deploy(tool.world, state.one(back)["sha"], tool.world.word("deployfail") == "2")
    except do.Failed as e:
        speech.complain(f"Apps start has failed, and so has the rollback: {e}")
        return 120
    state.update(pending=back)
    state.want_reboot()
    state.save()
    speech.complain("Apps start has failed, so the device is rolling back. Reboot the device and execute `run` to complete the rollback")
    return 100


def run(tool):
    state, speech, world = tool.state, tool.speech, tool.world
    name = state["pending"]
    do.confirm(world, state)
    if name is None:
        speech.info("No pending installation to finalize")
        return 40
    if not state.rebooted():
        speech.info("Install finalization wasn't invoked: a reboot is needed")
        return 100
    world.step("run")
    if state.one(name)["sha"] != world.booted_commit():
        return booted_old(tool)
    app = do.start_apps(world, name, state.one(name)["apps"], not is_new(state, name))
    if app:
        return apps_failed(tool, app)
    world.step("started")
    finalise(tool, name)
    if do.firmware_waits(world):
        speech.say("The update has been applied. The device can be rebooted to confirm a boot firmware update")
        return 5
    speech.info("The update has been applied")
    return 0


def current(tool):
    """Not only a look: a pending installation is finalised at the start, without what `run` does for apps."""
    state, world, say = tool.state, tool.world, tool.speech.say
    do.confirm(world, state)
    name = state["pending"]
    if name and state.rebooted():
        one = state.one(name)
        if one["sha"] == world.booted_commit():
            one["was"] = True
            state.update(current=name)
            write_current(tool, name, one)
        else:
            one["bad"] = True
        state.update(pending=None, need_reboot=False)
        state.save()
        world.note(f"current finalised {name}")
    name = state["current"]
    one = state.one(name) or {"apps": {}}
    say(f"Target: {name or 'unknown'}\nOstree hash: {world.booted_commit()}")
    if one["apps"]:
        say("Apps:")
        for app, uri in one["apps"].items():
            say(f"\ton : {app} -> {uri}")
    return 1


COMMANDS = {"check": check, "install": install, "run": run, "current": current}
