#!/usr/bin/env python3
"""One line for each file of the rooms: its own first sentence, as its first comment says it. A .cc that says
nothing belongs to the header of its name.

usage: ./dev map [FOLDER]..."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROOMS = ("base", "config", "net", "proxy", "health", "control", "app")
COMMENT = re.compile(r"//[ \t]?(.*)\n")


def first_sentence(path):
    """Empty: the file begins with something else than a comment."""
    words = []
    for line in path.read_text("utf-8").splitlines(keepends=True):
        found = COMMENT.match(line)
        if not found or not found.group(1):
            break
        words += found.group(1).split()
    return re.split(r"(?<=[^.][.])\s+(?=[A-Z`])", " ".join(words))[0]


def entries(root, folders):
    """(path, sentence) of each file that has one, and (path, None) of each that has neither that nor a header."""
    for folder in folders:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix not in (".h", ".cc"):
                continue
            sentence = first_sentence(path)
            if sentence:
                yield path.relative_to(root), sentence
            elif path.suffix == ".h" or not path.with_suffix(".h").exists():
                yield path.relative_to(root), None


def main():
    folder = None
    for path, sentence in entries(ROOT, sys.argv[1:] or ROOMS):
        if path.parent != folder:
            folder = path.parent
            print(f"\n{folder}/")
        print(f"  {path.name:<28} {sentence or ''}")


if __name__ == "__main__":
    main()
