#!/usr/bin/env python3
"""facts.py KIND SCREEN PIPE DOCUMENT: what a command said on a terminal (the report of terminal.py), into a pipe, and with
--json. KIND says how to read it; from each of the three the facts are taken, and have to be the same. A digest that a
terminal shows only the beginning of is compared as far."""
import json
import re
import sys

DIGEST = 12


def size(count):
    """x8ctl's own words for a number of bytes."""
    if count < 1024:
        return f"{count} B"
    value, unit = count / 1024, 0
    while value >= 1023.95 and unit < 5:
        value, unit = value / 1024, unit + 1
    return f"{value:.{2 if unit >= 2 else 1}f} {['KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'][unit]}"


def cell(text):
    return None if text in ("-", "") else text


def table(lines, person):
    """Rows as {HEADING: cell}; what is not there is None."""
    if not person:
        heads = lines[0].split("\t")
        return [dict(zip(heads, map(cell, line.split("\t")))) for line in lines[1:]]
    starts = [match.start() for match in re.finditer(r"\S+", lines[0])]
    heads, ends = lines[0].split(), starts[1:] + [None]
    return [{head: cell(line[a:b].strip()) for head, a, b in zip(heads, starts, ends)} for line in lines[1:]]


def labels(lines, person):
    """{label: [texts]} of lines "label  text"."""
    out = {}
    for line in filter(str.strip, lines):
        parts = line.split(None, 1) if person else line.split("\t", 1)
        out.setdefault(parts[0], []).append(parts[1].strip() if len(parts) > 1 else "")
    return out


def rows_of(headings, rows):
    return [{head: row.get(head) for head in headings} for row in rows]


def board(document):
    return document["boards"][0]


# --- list, image list ---

LIST = ["SERIAL", "NAME", "STATE", "IMAGE", "CARRIER", "LINKS", "WHERE", "NOTE", "NEXT"]
IMAGES = ["IMAGE", "DATE", "RELEASE", "LMP", "CACHED", "NOTES"]


def list_text(lines, person):
    return rows_of(LIST, table(lines, person))


def list_json(document):
    return [{head: row[head.lower()] for head in LIST} for row in document["boards"]]


def images_text(lines, person):
    return rows_of(IMAGES, table(lines, person))


def images_json(document):
    return [{head: row[head.lower()] for head in IMAGES} for row in document["images"]]


# --- info, os-release ---

MOVING = {"uptime", "clock", "root", "var", "tmp"}  # another value at each look: only that it is said


def info_text(lines, person):
    said = labels(lines, person)
    out = {key.replace("-", "_"): cell(texts[0]) for key, texts in said.items() if key != "note"}
    out = {key: "said" if key in MOVING else text for key, text in out.items() if text}
    return out | {"notes": said.get("note", [])}


def info_json(document):
    skip = {"where", "code", "notes"}
    out = {key: "said" if key in MOVING else value for key, value in board(document).items() if key not in skip and value}
    return out | {"notes": board(document)["notes"]}


def release_text(lines, _):
    return dict(line.split("=", 1) for line in lines)


def release_json(document):
    return board(document)["os_release"]


# --- update ---

def findings_text(lines, person):
    out = []
    for line in lines:
        if person and (match := re.match(r" +next  (.*)$", line)):
            out[-1] = out[-1][:3] + (match[1],)
        elif person and (match := re.match(r"(ok|info|warning|bad) +(\S+) +(.*)$", line)):
            out.append((match[1], match[2], match[3], None))
        elif not person and line.startswith("check\t"):
            kind, name, text, todo = line.split("\t")[1:]
            out.append((kind, name, text, todo or None))
    return out


def findings_json(findings):
    return [(f["status"], f["id"], f["detail"], f["next"]) for f in findings]


def flags(text):
    return {key: int(value) for key, value in re.findall(r"(\w+)=(\d+)", text)}


def known(text):
    return None if text in ("none", "not known", "-", "not said") else text


EARLY = ["off", "enabled", "runs", "enabled, runs"]


def status_text(lines, person):
    said = labels(lines, person)
    tool = re.match(r"generation (\w)|(none)", said["aklite-offline"][0])
    early = re.match(r"(.*), recovery (off|enabled, runs|enabled|runs)(, may empty.*)?$", said["early-start"][0])
    journal = re.match(r"(\S+) to (\S+), begun (\S+), (\S+) since ([^ :]+:[^ :]+:[^ :]+)(?:: (.*))?$", said["journal"][0])
    containers = [re.match(r"(\S+)( \(stopped\))?, ([^,]+)(?:, of (.*))?$", text).groups() for text in said.get("container", [])]
    return {"system": [known(said[key][0]) for key in ("image", "target", "booted", "pending", "before")],
            "flags": flags(said["boot-loader"][0]), "tool": tool[1] or tool[2],
            "daemon": (said["aktualizr-lite"][0].split(";")[0], "registered" in said["aktualizr-lite"][0]),
            "early": (EARLY.index(early[1]), EARLY.index(early[2]), bool(early[3])),
            "containers": [(name, not stopped, image, app) for name, stopped, image, app in containers],
            "journal": journal.groups() if journal else None, "next": "next" in said and "x8ctl update finish" in said["next"],
            "findings": findings_text(lines, person), "free": "free" in said}


def status_json(document):
    row, system = board(document), board(document)["board"]
    names = {"rollback_flag": "rollback"}
    journal = row["journal"]
    if journal:
        journal = tuple(journal[key] for key in ("from", "to", "begun", "step", "changed", "note"))
    daemon = "runs" if system["daemon_active"] else "enabled, does not run" if system["daemon_enabled"] else "off"
    return {"system": [system[key] for key in ("image", "target", "booted", "pending", "rollback")],
            "flags": {names.get(key, key): system[key] for key in
                      ("upgrade_available", "bootcount", "rollback_flag", "bootupgrade_available") if system[key] is not None},
            "tool": system["aklite"], "daemon": (daemon, system["registered"]),
            "early": (system["early_start"] & 3, system["early_recovery"] & 3, system["reset_store"]),
            "containers": [(c["name"], c["running"], c["image"], c["app"]) for c in system["containers"]],
            "journal": journal, "next": row["unfinished"], "findings": findings_json(row["findings"]),
            "free": "free_bytes" in system}


ROLES = ["root", "timestamp", "snapshot", "targets", "bundle-targets"]


def show_text(lines, person):
    findings = findings_text(lines, person)
    said = labels([line for line in lines if line and not line.startswith("check\t")], person)
    roles = {}
    for role in ROLES:
        if role in said:
            roles[role] = re.match(r"version (\d+), until (\S+) \(.*\), (\d+) of (\d+) signatures", said[role][0]).groups()
    kind = re.match(r"([^,]+)(?:, tag (.*))?$", said["type"][0])
    usable = re.match(r"(?:over for )?(\d+) day.*?(?: \((.*)\))?$", said["usable"][0])
    return {"bundle": said["bundle"][0], "type": (known(kind[1]), kind[2]),
            "target": [known(said[key][0]) for key in ("target", "version", "commit", "hardware", "tags")],
            "apps": [re.match(r"(\S+?)( \(not in the bundle\))?, (.*)$", text).groups() for text in said.get("app", [])],
            "objects": said["objects"][0] if "objects" in said else None, "others": said.get("other", []),
            "days": (int(usable[1]), usable[2]), "roles": roles,
            "trust": ("trusted one" in said["trust"][0], said["trust"][0].split(", keys ")[1]), "findings": findings}


def show_json(document):
    bundle = document["bundle"]
    target = next(t for t in bundle["targets"] if t["name"] == bundle["target"])
    objects = f"{bundle['objects']}, {size(bundle['stored_bytes'])}, unpacked {size(bundle['unpacked_bytes'])}"
    return {"bundle": bundle["path"], "type": (bundle["type"], bundle["tag"]),
            "target": [target[key] for key in ("name", "version", "commit", "hardware", "tags")],
            "apps": [(a["name"], None if a["required"] else " (not in the bundle)", a["uri"]) for a in target["apps"]],
            "objects": objects if bundle["objects"] else None,
            "others": [t["name"] for t in bundle["targets"] if t is not target],
            "days": (abs(bundle["days_left"]), bundle["expires_role"]),
            "roles": {name: (str(r["version"]), r["expires"], str(r["good"]), str(r["threshold"]))
                      for name, r in bundle["roles"].items()},
            "trust": (bundle["anchored"], bundle["root_keys"]), "findings": findings_json(document["findings"])}


# --- image show, explain ---

def image_text(lines, person):
    said = labels(lines, person)
    out = {"source": said["source"][0], "sha256": said["sha256"][0][:64] if "sha256" in said else None,
           "machine": said.get("machine", [None])[0], "table": said.get("table", [None])[0],
           "others": int(said["others"][0].split()[0]) if "others" in said else 0}
    out["release"] = said["release"][0].split(",")[0] if "release" in said else None
    out["used"] = said["used"][0].split(" (")[0] if "used" in said else None
    parts = [re.match(r"(\S+) +(-|[\d.]+ \w+) +(\S+) +(.*)$", text).groups() for text in said.get("part", [])]
    out["parts"] = [(role, cell(long), cell(digest[:DIGEST]), path) for role, long, digest, path in parts]
    partitions = [re.match(r"\d+ +(.+?) at (.+?), (\S+)(?: (.*?))?, (\S+ \w+) used(?:: (.*))?$", text).groups()
                  for text in said.get("partition", [])]
    out["partitions"] = [(long, start, None if kind == "unknown" else kind, label, used, note)
                         for long, start, kind, label, used, note in partitions]
    return out


def image_json(document):
    system = document["os"] or {}
    out = {"source": document["source"], "sha256": document["sha256"], "machine": document["machine"],
           "table": system.get("table"), "others": document["other_files"], "release": document["image"]}
    out["used"] = f"{size(system['used'])} of {size(system['size'])}" if "used" in system else None
    out["parts"] = [(p["role"], size(p["size"]) if p["size"] is not None else None, (p["sha256"] or "")[:DIGEST] or None,
                     p["path"]) for p in document["parts"]]
    out["partitions"] = [(size(p["size"]), size(p["start"]), p["kind"], p["label"], size(p["used"]), p["note"])
                         for p in system.get("partitions", [])]
    return out


def explain_text(lines, _):
    rows = []
    for line in lines:  # a terminal breaks long lines
        if rows and line.startswith(" " * 14) and line.strip():
            rows[-1] += " " + line.strip()
        else:
            rows.append(line)
    out = {"head": rows[0], "steps": [], "files": [], "notes": [], "end": rows[-1]}
    for row in rows[1:-1]:
        if match := re.match(r"(\S.*) \(([^)]*)\)$", row):
            out["steps"].append((match[2], match[1]))
        elif match := re.match(r"  line (\d+) +(info|warn|unsafe) +(.*)$", row):
            out["notes"].append((int(match[1]), match[2], match[3]))
        elif match := re.match(r"  line (\d+)( !)? +(.*)$", row):
            out["steps"].append((int(match[1]), bool(match[2]), match[3]))
        elif match := re.match(r"  (unknown|there|MISSING|UNUSABLE|replaced) +(\S+) +\(line (\d+)(?:, (.*))?\)$", row):
            out["files"].append((match[1].lower(), match[2], int(match[3]), match[4]))
    return out


def explain_json(document):
    steps, count = [], 0
    for stage in document["stages"]:
        steps.append((stage["protocol"], stage["title"]))
        for step in stage["steps"]:
            count += 1
            steps.append((step["line"], bool({"host", "fuse"} & set(step["risks"])), step["words"]))
    files = []
    for file in document["files"]:
        more = [size(file["size"])] if "size" in file and file["state"] not in ("missing", "unusable") else []
        more += [file["detail"]] if "detail" in file else []
        files.append((file["state"], file["name"], file["line"], ", ".join(more) or None))
    version = f", written for uuu {document['uuu_version']}" if document["uuu_version"] else ""
    missing, unsafe = document["missing"], document["unsafe"]
    end = "nothing is missing, nothing is unsafe"
    if missing + unsafe:
        end = f"{missing} file{'s' * (missing != 1)} missing, {unsafe} unsafe line{'s' * (unsafe != 1)}"
    return {"head": f"{document['script']}: {count} command{'s' * (count != 1)}{version}", "steps": steps, "files": files,
            "notes": [(n["line"], n["level"], n["text"]) for n in document["notes"]], "end": end}


# --- sketch status ---

def sketch_text(lines, person):
    said = {key: texts[0] for key, texts in labels(lines, person).items()}
    record = re.match(r"(was )?(.+), (\w+), (\S+Z), sha256 (\w+)$", said["sketch"])
    file = re.match(r"(not x8ctl's last one: )?(.+?), (\S+Z), sha256 (\w+)$", said["file"])
    verdict = {"programmed": "verified", "failed:": "failed"}.get(said["last-run"].split()[0])
    return {"record": (bool(record[1]),) + record.groups()[1:4] + (record[5][:DIGEST],) if record else None,
            "file": (file[2], file[3], file[4][:DIGEST]) if file else None,
            "listens": said["watcher"] == "listens", "last": verdict,
            "bridge": said["bridge"].startswith("the M7 answers"),
            "firmware": said["bridge"].split("firmware ")[1][:DIGEST] if "firmware" in said["bridge"] else None}


def sketch_json(document):
    row = board(document)
    record, file, watcher, last = row["record"], row["file"], row["watcher"], row["last"]
    return {"record": record and (record["replaced"], record["name"], record["outcome"], record["time"],
                                  record["sha256"][:DIGEST]),
            "file": file and (size(file["size"]), file["time"], file["sha256"][:DIGEST]),
            "listens": watcher["present"] and watcher["path_state"] == "active" and not watcher["busy"] and not watcher["dead"],
            "last": last["verdict"] if last and last["verdict"] != "unknown" else None, "bridge": row["bridge"] == "answers",
            "firmware": (row["m7_firmware"] or "")[:DIGEST] or None}


# --- udev check, flash ---

def udev_text(lines, _):
    path, state = lines[0].split(": ", 1)
    return {"path": path, "good": state == "in place and current"}


def udev_json(document):
    return {"path": document["path"], "good": document["present"] and document["current"] and document["effective"]}


def flash_text(lines, _):
    match = re.match(r"(\S+): written (\S+ \S+)(?: \((\S+ \S+) of zeros left erased\))? and verified on the board, in \d+:\d+$",
                     lines[0])
    return {"port": match[1], "written": match[2], "holes": match[3] or "0 B", "verified": True}


def flash_json(document):
    row = board(document)
    holes = sum(target["holes"] for target in row["targets"])
    return {"port": row["port"], "written": size(row["written"]), "holes": size(holes), "verified": row["verified"] == "full"}


KINDS = {"list": (list_text, list_json), "images": (images_text, images_json), "info": (info_text, info_json),
         "os-release": (release_text, release_json), "update-status": (status_text, status_json),
         "update-show": (show_text, show_json), "image": (image_text, image_json), "explain": (explain_text, explain_json),
         "sketch": (sketch_text, sketch_json), "udev": (udev_text, udev_json), "flash": (flash_text, flash_json)}


def main(kind, screen, pipe, document):
    from_text, from_json = KINDS[kind]
    with open(screen, encoding="utf-8") as file:
        seen = [line.rstrip() for line in json.load(file)["screen"]]
    with open(pipe, encoding="utf-8") as file:
        piped = file.read().splitlines()
    with open(document, encoding="utf-8") as file:
        wanted = from_json(json.load(file))
    while seen and not seen[-1]:
        seen.pop()
    failed = 0
    for name, facts in (("terminal", from_text(seen, True)), ("pipe", from_text(piped, False))):
        if json.dumps(facts, sort_keys=True) != json.dumps(wanted, sort_keys=True):
            failed = 1
            print(f"the {name} says {json.dumps(facts, sort_keys=True)}\n  JSON says     {json.dumps(wanted, sort_keys=True)}")
    if not wanted:
        failed = 1
        print("there is no fact")
    sys.exit(failed)


if __name__ == "__main__":
    main(*sys.argv[1:])
