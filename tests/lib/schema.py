"""JSON against the schemas of tests/fixtures/schema: `check(value, name)` returns what is wrong, or None. Understands the
part of JSON Schema that x8ctl help --schema prints, and refuses a schema that has more.

    schema.py NAME FILE         one document
    schema.py NAME --lines FILE one on each line
    schema.py --seen FOLDER     what a suite kept in FOLDER (tests/e2e/kit.sh): index has a line "FILE KIND TITLE LINE" for
                                each, between tabs; KIND is document or events, LINE the command line behind x8ctl
    schema.py --lacks FOLDER NAMES...  which schemas are not among those, without an error; NAMES need not be
"""
import json
import os
import re
import sys

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "fixtures", "schema")
KNOWN = {"$schema", "title", "description", "type", "enum", "pattern", "items", "properties", "required",
         "additionalProperties", "anyOf"}
KINDS = {
    "object": lambda v: isinstance(v, dict),
    "array": lambda v: isinstance(v, list),
    "string": lambda v: isinstance(v, str),
    "boolean": lambda v: isinstance(v, bool),
    "null": lambda v: v is None,
    "number": lambda v: isinstance(v, (int, float)) and not isinstance(v, bool),
    "integer": lambda v: not isinstance(v, bool) and (isinstance(v, int) or isinstance(v, float) and v == int(v)),
}


def members(value, schema, at):
    known = schema.get("properties", {})
    other = schema.get("additionalProperties", True)
    for name in schema.get("required", []):
        if name not in value:
            yield f"{at}: {name} is missing"
    for name, item in value.items():
        if name in known:
            yield from faults(item, known[name], f"{at}.{name}")
        elif other is False:
            yield f"{at}: {name} is in no schema"
        elif other is not True:
            yield from faults(item, other, f"{at}.{name}")


def faults(value, schema, at="$"):
    for word in set(schema) - KNOWN:
        yield f"{at}: the schema has {word}, which is not known here"
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds and not any(KINDS[kind](value) for kind in kinds):
        yield f"{at}: {json.dumps(value)[:80]} is no {' or '.join(kinds)}"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{at}: {json.dumps(value)[:80]} is none of {schema['enum']}"
    if "pattern" in schema and isinstance(value, str) and not re.search(schema["pattern"], value):
        yield f"{at}: {value[:80]!r} does not look like {schema['pattern']}"
    if isinstance(value, dict):
        yield from members(value, schema, at)
        ways = [list(faults(value, way, at)) for way in schema.get("anyOf", [])]
        if ways and all(ways):
            yield ways[0][0]
    if isinstance(value, list):
        for i, item in enumerate(value):
            yield from faults(item, schema.get("items", {}), f"{at}[{i}]")


def load(name):
    with open(os.path.join(FOLDER, name + ".json"), encoding="utf-8") as file:
        return json.load(file)


def check(value, name):
    return next(faults(value, load(name)), None)


def name_of(words):
    """What a command line prints with --json: the first word that is a command decides, with a verb behind it. None: no
    document has a schema."""
    names = {entry[:-5] for entry in os.listdir(FOLDER)}
    for i, word in enumerate(words):
        for verb in words[i + 1:]:
            if f"{word}-{verb}" in names:
                return f"{word}-{verb}"
        if word in names and word != "events":
            return word
    return None


def only_error(value):
    if not isinstance(value, dict) or list(value) != ["error"]:
        return "no result of this command is known, and no error"
    return next(faults(value["error"], load("list")["properties"]["error"]), None)


def fault_of(text, kind, line):
    words = line.split()
    name = "events" if kind == "events" else name_of(words)
    if "logs" in words:
        return None  # lines of the journal: the board's
    try:
        if kind == "events" or name == "watch":
            values = [json.loads(row) for row in text.splitlines()]
        else:
            values = [json.loads(text)]
    except ValueError as error:
        return f"no JSON: {error}"
    for value in values:
        alone = not name or name == "watch" and list(value) == ["error"]
        fault = only_error(value) if alone else check(value, name)
        if fault:
            return f"not as tests/fixtures/schema/{name or '*'}.json says: {fault}"
    return None


def entries(folder):
    with open(os.path.join(folder, "index"), encoding="utf-8") as index:
        for entry in index:
            file, kind, title, line = entry.rstrip("\n").split("\t", 3)
            with open(os.path.join(folder, file), encoding="utf-8") as kept:
                yield kept.read(), kind, title, line


def seen(folder):
    failed = 0
    for text, kind, title, line in entries(folder):
        fault = fault_of(text, kind, line)
        if fault:
            failed = 1
            print(f"FAILED: {title}\n  x8ctl{line}\n  -> {fault}")
    return failed


def lacks(folder, others):
    names = {entry[:-5] for entry in os.listdir(FOLDER)} - set(others)
    for text, kind, _, line in entries(folder):
        if kind == "events":
            names.discard("events")
        elif name_of(line.split()) in names and "error" not in json.loads(text):
            names.discard(name_of(line.split()))
    if names:
        sys.exit(f"never seen without an error: {', '.join(sorted(names))}")


def main(arguments):
    if arguments[0] == "--seen":
        sys.exit(seen(arguments[1]))
    if arguments[0] == "--lacks":
        return lacks(arguments[1], arguments[2:])
    text = open(arguments[-1], encoding="utf-8").read()
    values = [json.loads(line) for line in text.splitlines()] if arguments[1] == "--lines" else [json.loads(text)]
    for value in values:
        fault = check(value, arguments[0])
        if fault:
            sys.exit(f"not as tests/fixtures/schema/{arguments[0]}.json says: {fault}")
    return None


if __name__ == "__main__":
    main(sys.argv[1:])
