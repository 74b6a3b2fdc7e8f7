#!/usr/bin/env python3
"""Which lines of the rooms have been run, by folder: `./dev coverage` runs the unit tests of a tree that
counts (preset coverage), and this adds up what gcov makes of the counts. A line of a header is run if it
was in any file that includes it.

coverage.py TREE [FOLDER...]: a table of all folders of the rooms; of the folders that are named one line for
each file, with the lines that were not run."""

import collections
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys

ROOMS = ("base", "config", "net", "health", "proxy", "control", "app")
ROOT = pathlib.Path(__file__).resolve().parents[2]
BATCH = 20


def gcov(tree, counts):
    """The documents of gcov's (gcov(1), --json-format) for some files of counts."""
    done = subprocess.run(["gcov", "--json-format", "--stdout", *counts], cwd=tree, check=True,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return [json.loads(line) for line in done.stdout.splitlines() if line]


def name_of(file, folder, root=ROOT):
    """The file's path in the project; empty: it is none of the rooms'."""
    path = os.path.relpath(os.path.join(folder, file), root)
    return path if path.split("/")[0] in ROOMS else ""


def add(lines, document, root=ROOT):
    """Adds the document's counts to {path: {line: count}}."""
    for file in document["files"]:
        name = name_of(file["file"], document["current_working_directory"], root)
        for line in file["lines"] if name else ():
            lines[name][line["line_number"]] += line["count"]


def read(tree):
    counts = sorted(str(path.resolve()) for path in pathlib.Path(tree).rglob("*.gcda"))
    lines = collections.defaultdict(collections.Counter)
    batches = [counts[at:at + BATCH] for at in range(0, len(counts), BATCH)]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for documents in pool.map(lambda batch: gcov(tree, batch), batches):
            for document in documents:
                add(lines, document)
    return lines


def ranges(numbers):
    """"3-5, 9" of 3, 4, 5, 9."""
    found = []
    for number in sorted(numbers):
        if found and number == found[-1][1] + 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in found)


def row(name, counts):
    run = sum(1 for count in counts if count > 0)
    return f"{name:<32} {len(counts):>6} {run:>6} {100 * run / max(len(counts), 1):>6.1f} %"


def table(lines, folders=()):
    by_folder = collections.defaultdict(list)
    for name, counts in lines.items():
        by_folder[name.rpartition("/")[0] + "/"] += counts.values()
    yield f"{'folder':<32} {'lines':>6} {'run':>6} {'share':>8}"
    for folder, counts in sorted(by_folder.items()):
        yield row(folder, counts)
    yield row("all", [count for counts in by_folder.values() for count in counts])
    for folder in folders:
        yield ""
        for name, counts in sorted(lines.items()):
            if name.rpartition("/")[0] == folder.rstrip("/"):
                missed = ranges(line for line, count in counts.items() if count == 0)
                yield row(name, counts.values()) + (f"  not: {missed}" if missed else "")


if __name__ == "__main__":
    print(*table(read(sys.argv[1]), sys.argv[2:]), sep="\n")
