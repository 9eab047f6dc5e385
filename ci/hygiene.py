#!/usr/bin/env python3
"""Refuses text that makes noisy diffs or that only works on one machine."""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).parents[1]

# Written with a gap, so that this file passes its own check.
ABSOLUTE = re.compile(r"(?<![\w.$~})])/(?:" "work|home|root" r")/\w")

RULES = (
    (re.compile(r"[ \t]+(?=\r?$)"), "ends in blanks; remove them"),
    (re.compile(r"\r$"), "ends in CR LF; use LF"),
    (re.compile(r"\t"), "holds a tab; use blanks, or \\t in a literal"),
    (ABSOLUTE, "names a path of one machine; make it relative"),
)
# npm writes where it downloaded from, which is true on one machine only.
LOCK_RULE = (
    re.compile(r'"resolved":'),
    "names a registry; run npm with --omit-lockfile-registry-resolved",
)
# Debian 12 has Node.js 18, a machine of ours may have a newer one.
JAVASCRIPT_RULE = (
    re.compile(r"\.(toSorted|toReversed|toSpliced)\(|Promise\.withResolvers"
               r"|(Object|Map)\.groupBy|Array\.fromAsync"
               r"|import\.meta\.(dirname|filename)"),
    "is not in Node.js 18; write it with what is",
)
# Its paths are those of the machine that it makes.
MAY_NAME_ROOT = ("ci/fresh-root",)


def files():
    """What is committed or would be by `git add .`."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, check=True, stdout=subprocess.PIPE)
    for name in sorted(listed.stdout.decode("utf-8").split("\0")):
        if name and (ROOT / name).is_file() and not (ROOT / name).is_symlink():
            yield name


def rules_for(name):
    rules = RULES
    if name in MAY_NAME_ROOT:
        rules = tuple(rule for rule in rules if rule[0] is not ABSOLUTE)
    if name.endswith("package-lock.json"):
        return rules + (LOCK_RULE,)
    if name.endswith((".js", ".mjs")):
        return rules + (JAVASCRIPT_RULE,)
    return rules


def check_file(name):
    raw = (ROOT / name).read_bytes()
    if b"\0" in raw or "corpus" in pathlib.PurePath(name).parts:
        return  # An image, or what a fuzzer found: bytes, not text.
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        yield f"{name}: is not UTF-8 ({error.reason} at byte {error.start})"
        return
    if text and not text.endswith("\n"):
        yield f"{name}: has no newline at its end"
    rules = rules_for(name)
    for number, line in enumerate(text.split("\n"), 1):
        for pattern, complaint in rules:
            if pattern.search(line):
                yield f"{name}:{number}: {complaint}"


def main():
    problems = [problem for name in files() for problem in check_file(name)]
    print("\n".join(problems), end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
