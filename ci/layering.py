#!/usr/bin/env python3
"""Refuses an #include that points up or sideways.

Headers of all libraries lie in one folder (/usr/include), so linking alone does
not keep CAF out of core/ or Redis out of net/. The table is the one in
docs/architecture.md. `ci/layering.py [ROOT]` checks the tree at ROOT.
"""

import pathlib
import re
import sys

# What net/ and cluster/ may know of actors/: messages and abstract classes,
# never an actor's class.
SHARED = (
    "actors/interfaces.hpp",
    "actors/caf_bridge.hpp",
    "actors/loop.hpp",
    "actors/neighbour.hpp",
    "actors/pinned.hpp",
)

ASIO = ("boost/asio", "boost/beast")
REDIS = ("hiredis",)
CAF = ("caf/",)
SQLITE = ("sqlite3",)
PROMETHEUS = ("prometheus",)

# folder: (which files of ours it may include, which libraries it may not)
LAYERS = {
    "core": (("core/",), CAF + ASIO + REDIS + SQLITE + PROMETHEUS),
    "watch": (("core/", "watch/"), CAF + ASIO + REDIS + SQLITE + PROMETHEUS),
    "actors": (("core/", "actors/"), ASIO + REDIS + SQLITE + PROMETHEUS),
    "net": (("core/", "net/") + SHARED, REDIS + SQLITE + PROMETHEUS),
    "cluster": (("core/", "cluster/") + SHARED, ("boost/beast",) + PROMETHEUS),
    "app": (("core/", "watch/", "actors/", "net/", "cluster/", "app/"), ()),
    "bench": (("core/", "actors/", "net/", "cluster/", "bench/"), ()),
    # Tests may put layers together as they like, but what needs the whole
    # program belongs into tests/app.
    "tests": (("core/", "watch/", "actors/", "net/", "cluster/", "tests/"), ()),
    "tests/bench": (("bench/", "tests/"), ()),
    "tests/app": (
        ("core/", "watch/", "actors/", "net/", "cluster/", "app/", "tests/"), ()),
}

OURS = tuple(name + "/" for name in LAYERS)
INCLUDE = re.compile(r'\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)')


def layer_of(path):
    """The longest folder of LAYERS that `path` lies in, or None."""
    inside = [name for name in LAYERS if path.startswith(name + "/")]
    return max(inside, key=len, default=None)


def resolve(root, file, quoted):
    """What a quoted include names, as a path from the root: the compiler looks
    beside the file first."""
    beside = (file.parent / quoted).resolve()
    if beside.is_file() and root in beside.parents:
        return beside.relative_to(root).as_posix()
    return quoted


def objection(layer, target):
    """Why a file of `layer` may not include `target`, or None."""
    allowed, forbidden = LAYERS[layer]
    if target.startswith(forbidden):
        return f"{layer}/ never uses this library"
    if target.startswith(OURS) and not target.startswith(allowed):
        return f"{layer}/ may include only " + " ".join(allowed)
    return None


def check_file(root, file):
    path = file.relative_to(root).as_posix()
    layer = layer_of(path)
    for number, line in enumerate(file.read_text("utf-8").splitlines(), 1):
        found = INCLUDE.match(line)
        if not found:
            continue
        quoted, angled = found.groups()
        target = resolve(root, file, quoted) if quoted else angled
        why = objection(layer, target)
        if why:
            yield f"{path}:{number}: #include of {target}: {why}"


def check(root):
    root = pathlib.Path(root).resolve()
    for name in LAYERS:
        for file in sorted((root / name).rglob("*.[chi]pp")):
            # tests/app lies in tests: each file answers to its own layer once.
            if layer_of(file.relative_to(root).as_posix()) == name:
                yield from check_file(root, file)


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[1]
    problems = list(check(root))
    print("\n".join(problems), end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
