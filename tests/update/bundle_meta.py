"""Keys and signed metadata of a bundle (The Update Framework as Foundries' server makes it)."""
import datetime
import hashlib
import os
import re
import shutil
import subprocess
import tempfile

ROLES = ("root", "targets", "snapshot", "timestamp")
SPANS = {"root": 365, "targets": 365, "snapshot": 365, "timestamp": 30, "bundle-targets": 30}
# PKCS#8 of an ed25519 key in front of its 32 bytes. Source: RFC 8410.
ED25519 = bytes.fromhex("302e020100300506032b657004220420")


def canonical(value):
    """Canonical JSON as OLPC defines it: in strings only quotation mark and backslash are escaped."""
    if isinstance(value, dict):
        return b"{" + b",".join(canonical(k) + b":" + canonical(value[k]) for k in sorted(value)) + b"}"
    if isinstance(value, (list, tuple)):
        return b"[" + b",".join(canonical(v) for v in value) + b"]"
    if value is None or isinstance(value, bool):
        return {None: b"null", True: b"true", False: b"false"}[value]
    if isinstance(value, int):
        return str(value).encode()
    return b'"' + value.replace("\\", "\\\\").replace('"', '\\"').encode() + b'"'


def openssl(*arguments, data=None):
    done = subprocess.run(["openssl", *arguments], input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if done.returncode:
        raise SystemExit(f"make-bundle: openssl {arguments[0]}: {done.stderr.decode().strip()}")
    return done.stdout


class Keys:
    """A folder of private keys, NAME-TYPE.pem. Those of ed25519 follow from their names; RSA is made once."""

    def __init__(self, folder, bits):
        self.folder, self.bits, self.known = folder, bits, {}
        os.makedirs(folder, exist_ok=True)

    def file(self, name, kind):
        path = os.path.join(self.folder, f"{name}-{kind}.pem")
        if os.path.exists(path):
            return path
        if kind == "rsa":
            made = openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", f"rsa_keygen_bits:{self.bits}")
        else:
            made = openssl("pkey", "-inform", "DER", data=ED25519 + hashlib.sha256(b"x8ctl test " + name.encode()).digest())
        fd, new = tempfile.mkstemp(dir=self.folder)
        with os.fdopen(fd, "wb") as f:
            f.write(made)
        try:
            os.link(new, path)  # whoever came first
        except FileExistsError:
            pass
        os.unlink(new)
        return path

    def get(self, name, kind):
        """(id, the key as it stands in a root, file). The id is the SHA-256 of the canonical key."""
        if (name, kind) not in self.known:
            path = self.file(name, kind)
            if kind == "rsa":
                entry = {"keytype": "RSA", "keyval": {"public": openssl("pkey", "-in", path, "-pubout").decode()}}
            else:
                public = openssl("pkey", "-in", path, "-pubout", "-outform", "DER")[-32:].hex()
                entry = {"keytype": "ED25519", "keyval": {"public": public}}
            self.known[name, kind] = (hashlib.sha256(canonical(entry)).hexdigest(), entry, path)
        return self.known[name, kind]

    def sign(self, signed, keys):
        """The envelope, signed by each (name, kind)."""
        data = canonical(signed)
        found = {}
        for name, kind in keys:
            keyid, _, path = self.get(name, kind)
            if keyid not in found:
                found[keyid] = {"keyid": keyid, "method": {"rsa": "rsassa-pss-sha256"}.get(kind, kind),
                                "sig": self.signature(path, kind, data)}
        return {"signatures": list(found.values()), "signed": signed}

    @staticmethod
    def signature(path, kind, data):
        import base64
        with tempfile.NamedTemporaryFile() as f:
            f.write(data)
            f.flush()
            if kind == "rsa":
                made = openssl("dgst", "-sha256", "-sign", path, "-sigopt", "rsa_padding_mode:pss", "-sigopt",
                               "rsa_pss_saltlen:32", f.name)
            else:
                made = openssl("pkeyutl", "-sign", "-rawin", "-inkey", path, "-in", f.name)
        return base64.b64encode(made).decode()


def when(text, now):
    """+30d, -2h, +90s, +5m or a full date."""
    found = re.fullmatch(r"([+-]\d+)([dhms])", text)
    if not found:
        if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", text):
            raise SystemExit(f"make-bundle: --expires: {text}: neither +30d, -2h nor 2026-12-31T00:00:00Z")
        return text
    unit = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}[found[2]]
    return (now + datetime.timedelta(**{unit: int(found[1])})).strftime("%Y-%m-%dT%H:%M:%SZ")


def expiries(options):
    now = datetime.datetime.fromtimestamp(options.now, datetime.timezone.utc)
    found = {role: when(f"+{days}d", now) for role, days in SPANS.items()}
    for part in filter(None, ",".join(options.expires).split(",")):
        role, equals, text = part.partition("=")
        if not equals or role not in (*SPANS, "all"):
            raise SystemExit(f"make-bundle: --expires: {part}: ROLE=WHEN, ROLE of all {' '.join(SPANS)}")
        found.update({r: when(text, now) for r in (SPANS if role == "all" else [role])})
    return found


class Roles:
    """Which keys each role has in each version of the root. The root's own key is another one in every version."""

    def __init__(self, options):
        kinds = {"root": ["ed25519"], "targets": ["ed25519", "rsa"], "snapshot": ["ed25519"], "timestamp": ["rsa"]}
        for one in options.keys_of:
            role, _, list_ = one.partition("=")
            kinds[role] = list_.split(",")
        self.kinds = kinds
        self.threshold = {role: 1 for role in ROLES}
        for one in options.threshold:
            role, _, count = one.partition("=")
            self.threshold[role] = int(count)

    def of(self, role, version):
        number = {kind: 0 for kind in ("rsa", "ed25519")}
        found = []
        for kind in self.kinds[role]:
            number[kind] += 1
            name = f"root{version}-{number[kind]}" if role == "root" else f"{role}-{number[kind]}"
            found.append((name, kind))
        return found


def root_of(keys, roles, version, expires):
    signed = {"_type": "Root", "consistent_snapshot": False, "expires": expires, "keys": {}, "roles": {}, "version": version,
              "x-changelog": [], "x-key-owners": {}}
    for role in ROLES:
        ids = []
        for name, kind in roles.of(role, version):
            keyid, entry, _ = keys.get(name, kind)
            signed["keys"][keyid] = entry
            signed["x-key-owners"][keyid] = "tests"
            ids.append(keyid)
        signed["roles"][role] = {"keyids": ids, "threshold": roles.threshold[role]}
    signers = roles.of("root", version) + (roles.of("root", version - 1) if version > 1 else [])
    return keys.sign(signed, signers)


def described(data, version):
    return {"hashes": {"sha256": hashlib.sha256(data).hexdigest()}, "length": len(data), "version": version}


def metadata(keys, roles, options, targets, bundle):
    """name -> bytes of each file in tuf/; the roots, which the server gives out as ordinary JSON, are among them."""
    import json
    expires, last, version = expiries(options), options.roots, options.meta_version
    files = {}
    for number in range(1, last + 1):
        files[f"{number}.root.json"] = json.dumps(root_of(keys, roles, number, expires["root"]), ensure_ascii=False).encode()

    def signed(role, body):
        body = {"_type": role.capitalize(), "expires": expires[role], "version": version, **body}
        return canonical(keys.sign(body, roles.of(role, last)))

    files["targets.json"] = signed("targets", {"targets": targets})
    files["snapshot.json"] = signed("snapshot", {"meta": {
        "root.json": {"version": last}, "targets.json": described(files["targets.json"], version)}})
    files["timestamp.json"] = signed("timestamp", {"meta": {"snapshot.json": described(files["snapshot.json"], version)}})
    if options.null_bundle_targets:
        files["bundle-targets.json"] = b"null"
    elif not options.no_bundle_targets:
        body = {"_type": "bundle-targets", "expires": expires["bundle-targets"], "version": version,
                "x-fio-offline-bundle": {"tag": options.tag, "targets": bundle, "type": options.type}}
        files["bundle-targets.json"] = canonical(keys.sign(body, roles.of("targets", last)))
    return files, expires


def write_metadata(folder, files, without=()):
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    for name, data in files.items():
        if name not in without:
            with open(os.path.join(folder, name), "wb") as f:
                f.write(data)
