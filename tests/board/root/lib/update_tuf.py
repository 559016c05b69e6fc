"""Metadata of a bundle as the board sees it: chain of roots, signatures, versions, expiry by the board's clock.

Written from The Update Framework's specification, apart from what x8ctl does; signatures are openssl's to judge."""
import base64
import calendar
import hashlib
import json
import os
import time

from update_world import host

ORDER = ("timestamp", "snapshot", "targets")


class TufError(Exception):
    """kind: expired missing invalid unreadable older bundle"""

    def __init__(self, kind, text):
        super().__init__(text)
        self.kind = kind


def canonical(value):
    if isinstance(value, dict):
        return b"{" + b",".join(canonical(k) + b":" + canonical(value[k]) for k in sorted(value)) + b"}"
    if isinstance(value, list):
        return b"[" + b",".join(canonical(v) for v in value) + b"]"
    if isinstance(value, str):
        return b'"' + value.replace("\\", "\\\\").replace('"', '\\"').encode() + b'"'
    return json.dumps(value).encode()


def load(src, name):
    """(parsed, bytes)"""
    try:
        with open(os.path.join(src, "tuf", name), "rb") as f:
            data = f.read()
    except FileNotFoundError:
        raise TufError("missing", f"The metadata file {name} was not found in {src}/tuf") from None
    except OSError as e:
        raise TufError("unreadable", f"Failed to read {name}: {e.strerror}") from None
    try:
        found = json.loads(data, strict=False)
        if not isinstance(found["signed"], dict) or not isinstance(found["signatures"], list):
            raise ValueError
    except (ValueError, KeyError, TypeError):
        raise TufError("unreadable", f"Failed to parse {name}") from None
    return found, data


def memory(data):
    fd = os.memfd_create("x")
    os.write(fd, data)
    return fd


def valid(key, signature, data):
    """Whether openssl accepts it."""
    rsa = key["keytype"].upper() == "RSA"
    public = key["keyval"]["public"]
    if not rsa:
        der = bytes.fromhex("302a300506032b6570032100") + bytes.fromhex(public)
        public = "-----BEGIN PUBLIC KEY-----\n" + base64.b64encode(der).decode() + "\n-----END PUBLIC KEY-----\n"
    fds = [memory(public.encode()), memory(base64.b64decode(signature["sig"])), memory(data)]
    names = [f"/proc/self/fd/{fd}" for fd in fds]
    if rsa:
        words = ["dgst", "-sha256", "-verify", names[0], "-signature", names[1], "-sigopt", "rsa_padding_mode:pss", names[2]]
    else:
        words = ["pkeyutl", "-verify", "-pubin", "-rawin", "-inkey", names[0], "-sigfile", names[1], "-in", names[2]]
    done = host("openssl", *words, pass_fds=fds, capture_output=True)
    for fd in fds:
        os.close(fd)
    return done.returncode == 0


def verify(what, envelope, root, role):
    """Enough signatures of the role's keys."""
    allowed, good = root["roles"][role], set()
    data = canonical(envelope["signed"])
    for one in envelope["signatures"]:
        keyid = one.get("keyid")
        if keyid in allowed["keyids"] and keyid in root["keys"] and keyid not in good:
            key = root["keys"][keyid]
            if hashlib.sha256(canonical({"keytype": key["keytype"], "keyval": key["keyval"]})).hexdigest() != keyid:
                raise TufError("invalid", f"The {what} metadata has a key whose id is not its own")
            try:
                if valid(key, one, data):
                    good.add(keyid)
            except (ValueError, KeyError):
                pass
    if len(good) < allowed["threshold"]:
        raise TufError("invalid", f"The {what} metadata had insufficient signatures: {len(good)} of {allowed['threshold']}")


def fresh(world, what, signed):
    expires = calendar.timegm(time.strptime(signed["expires"], "%Y-%m-%dT%H:%M:%SZ"))
    if expires <= world.clock():
        raise TufError("expired", f"The {what} metadata was expired.")


def first_root(world, src, kind):
    """Provisioned, or trusted at first use; the second version must be there as well."""
    folder = f"/usr/lib/sota/tuf/{kind}"
    if not os.path.isdir(folder):
        for name in ("1.root.json", "2.root.json"):
            load(src, name)
        return load(src, "1.root.json")[0]["signed"], os.path.join(src, "tuf")
    with open(folder + "/1.root.json", encoding="utf-8") as f:
        return json.load(f)["signed"], folder


def chain(world, state, src, kind):
    """The newest root that can be reached."""
    root, folder = state["tuf"].get("root"), None
    if root is None:
        root, folder = first_root(world, src, kind)
    while True:
        name = f"{root['version'] + 1}.root.json"
        provisioned = folder and folder.startswith("/usr") and os.path.exists(f"{folder}/{name}")
        if provisioned:
            with open(f"{folder}/{name}", encoding="utf-8") as f:
                envelope = json.load(f)
        elif os.path.exists(os.path.join(src, "tuf", name)):
            envelope = load(src, name)[0]
        else:
            return root
        verify("root", envelope, root, "root")
        verify("root", envelope, envelope["signed"], "root")
        if envelope["signed"]["version"] != root["version"] + 1:
            raise TufError("invalid", "The root metadata has a wrong version")
        root = envelope["signed"]


def refresh(world, state, src, kind="ci"):
    """Take the bundle's metadata into the board's. Raises TufError; what was good before stays stored."""
    root = chain(world, state, src, kind)
    fresh(world, "root", root)
    state["tuf"]["root"] = root
    taken, expected = {}, None
    for role in ORDER:
        envelope, data = load(src, role + ".json")
        if expected is not None and hashlib.sha256(data).hexdigest() != expected["hashes"]["sha256"]:
            raise TufError("invalid", f"Hash mismatch of the {role} metadata")
        verify(role, envelope, root, role)
        signed = envelope["signed"]
        if str(signed.get("_type", "")).lower() != role:
            raise TufError("invalid", f"The {role} metadata has a wrong type")
        if expected is not None and expected["version"] != signed["version"]:
            raise TufError("invalid", f"Version mismatch of the {role} metadata")
        stored = state["tuf"].get(role)
        if stored and stored["version"] > signed["version"]:
            raise TufError("older", f"Rollback attempt: the {role} metadata is version {signed['version']}, stored is {stored['version']}")
        fresh(world, role, signed)
        taken[role] = signed
        following = {"timestamp": "snapshot.json", "snapshot": "targets.json"}.get(role)
        expected = signed["meta"].get(following) if following else None
        if following and expected is None:
            raise TufError("invalid", f"The {role} metadata lacks {following}")
    state["tuf"].update(taken)


def stored_is_valid(world, state):
    """What `run` of A and B and an older bundle ask for."""
    for role in ("root", *ORDER):
        signed = state["tuf"].get(role)
        if signed is None:
            raise TufError("missing", f"The {role} metadata is not stored")
        fresh(world, role, signed)


def bundle_targets(world, state, src, kind, tags, registered):
    """Names that the bundle lists; None for a bundle without that file, which is a warning."""
    path = os.path.join(src, "tuf", "bundle-targets.json")
    if not os.path.exists(path):
        return None
    with open(path, "rb") as f:
        if f.read().strip() == b"null":
            return None
    try:
        envelope, _ = load(src, "bundle-targets.json")
        root = chain(world, state, src, kind)
        verify("bundle-targets", envelope, root, "targets")
        body = envelope["signed"]["x-fio-offline-bundle"]
        listed = [str(name) for name in body["targets"]]
    except TufError as e:
        raise e if e.kind == "missing" else TufError("bundle", str(e)) from None
    except (KeyError, TypeError):
        raise TufError("bundle", "Failed to parse the bundle metadata") from None
    fresh(world, "bundle-targets", envelope["signed"])
    if registered and body["type"] != kind:
        raise TufError("bundle", f"The bundle is of type {body['type']}, the device of type {kind}")
    if tags and body["tag"] not in tags:
        raise TufError("bundle", f"The bundle's tag {body['tag']} is none of the device's: {','.join(tags)}")
    return listed
