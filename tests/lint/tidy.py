#!/usr/bin/env python3
"""clang-tidy over the rooms, with a memory: what was clean is not looked at again while nothing that it is made
of has changed. `./dev tidy` runs it.

Most of clang-tidy's time goes into headers that are not ours, so files of one room are looked at together, as
one source that includes them, wherever their unnamed namespaces allow. What is found that way, or does not
compile, is looked at again file by file, and only that is told: nothing is said of a file that holds only in
its neighbours' company. Headers that no file of the rooms includes are looked at as well.

usage: tidy.py BUILD_FOLDER [FILE...]       the files and whatever includes them, or all"""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
TIDY = "clang-tidy-19"
TOGETHER = 10  # Files; more of them take more memory than a compiler does.
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*"([^"]+)"', re.M)
# A type, or the last word before what makes a function or a variable of it.
DECLARED = re.compile(r"(?:template .*> ?)?(?:struct|class|enum class|enum|union|using) (\w+)"
                      r"|(?!namespace )[^(={\[;]*?\b(\w+)(?:\(|\{| =|\[|;)")
# What clang-tidy cannot use of a compiler's command.
DROPPED = re.compile(r"-fpch-preprocess|-Winvalid-pch|-fuse-ld=.*|-fdiagnostics-color.*")


class Tree:
    """The files of the rooms, and what each is made of."""

    def __init__(self, root, rooms):
        self.root = root
        self.sources = sorted(str(path.relative_to(root)) for room in rooms
                              for path in (root / room).rglob("*.cc"))
        self.headers = sorted(str(path.relative_to(root)) for room in rooms
                              for path in (root / room).rglob("*.h"))
        self.read = {}

    def text(self, file):
        if file not in self.read:
            self.read[file] = (self.root / file).read_text("utf-8")
        return self.read[file]

    def made_of(self, file):
        """The file and all of ours that it includes, however far."""
        found, waiting = set(), [file]
        while waiting:
            each = waiting.pop()
            if each in found or not (self.root / each).is_file():
                continue
            found.add(each)
            waiting += INCLUDE.findall(self.text(each))
        return found

    def unseen_headers(self):
        return sorted(set(self.headers).difference(*(self.made_of(file) for file in self.sources)))


def local_names(text):
    """The names in a file's unnamed namespaces, as far as clang-format's layout shows them. One too many
    only keeps two files apart; one too few makes them be looked at again."""
    names = set()
    for part in re.findall(r"^namespace \{$(.*?)^\}  // namespace$", text, re.M | re.S):
        for line in re.findall(r"^[A-Za-z][^\n]*", part, re.M):
            if found := DECLARED.match(line):
                names.add(found[1] or found[2])
    return names


def groups(files, tree):
    """The files of each room in as few groups as their names allow."""
    made = []
    for file in files:
        room, names = file.split("/")[0], local_names(tree.text(file))
        for group in made:
            if group["room"] == room and len(group["files"]) < TOGETHER and not names & group["names"]:
                break
        else:
            group = {"room": room, "files": [], "names": set()}
            made.append(group)
        group["files"].append(file)
        group["names"] |= names
    return [group["files"] for group in made]


class Commands:
    """How each file is compiled, without what is the compiler's own business."""

    def __init__(self, build):
        entries = json.loads((build / "compile_commands.json").read_text("utf-8"))
        self.by_file = {entry["file"]: self.arguments(entry) for entry in entries}

    @staticmethod
    def arguments(entry):
        words = iter(shlex.split(entry["command"]))
        kept = []
        for word in words:
            if word in ("-o", "-c"):
                next(words) if word == "-o" else None
            elif word == "-include":
                if "cmake_pch" not in (header := next(words)):
                    kept += [word, header]
            elif word.startswith("-") and not DROPPED.fullmatch(word):
                kept.append(word)
                if word in ("-isystem", "-I", "-D"):
                    kept.append(next(words))
        return kept

    def of(self, file):
        """A header is compiled as any file of its room."""
        path = str(ROOT / file)
        if path in self.by_file:
            return self.by_file[path]
        room = str(ROOT / file.split("/")[0]) + "/"
        return next(arguments for each, arguments in self.by_file.items() if each.startswith(room))


def installed():
    """What else decides what clang-tidy says: its version, and those of the libraries."""
    version = subprocess.run([TIDY, "--version"], capture_output=True, text=True, check=True).stdout
    packages = subprocess.run(["dpkg-query", "-W", "-f", "${Package} ${Version}\n", "*-dev"],
                              capture_output=True, text=True).stdout
    return version + packages


class Tidy:
    def __init__(self, root, build, tree, commands, world):
        self.root, self.tree, self.commands = root, tree, commands
        self.folder = build / "clean"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.world = world + (root / ".clang-tidy").read_text("utf-8")

    def stamp(self, file):
        """Is there when the file was clean as it is now."""
        key = hashlib.sha256(self.world.encode())
        key.update("\0".join(self.commands.of(file)).encode())
        for part in sorted(self.tree.made_of(file)):
            key.update(f"\0{part}\0{self.tree.text(part)}".encode())
        return self.folder / f"{key.hexdigest()}.clean"

    def run(self, files):
        """clang-tidy's exit code, and what it said."""
        together = self.folder / f"{hashlib.sha256(' '.join(files).encode()).hexdigest()[:16]}.cc"
        source = self.root / files[0]
        if len(files) > 1 or source.suffix == ".h":
            source = together
            source.write_text("".join(
                f'#include "{self.root / file}"  // NOLINT(bugprone-suspicious-include)\n' for file in files))
        done = subprocess.run(
            [TIDY, "--quiet", f"--config-file={self.root}/.clang-tidy",
             r"--header-filter=/(base|config|net|proxy|health|control|app)/.*\.(h|cc)$",
             str(source), "--", *self.commands.of(files[0])],
            capture_output=True, text=True, cwd=self.root)
        return done.returncode, done.stdout + done.stderr

    def look(self, files):
        """What was found in the files."""
        code, said = self.run(files)
        if code == 0:
            for file in files:
                self.stamp(file).touch()
            return ""
        if len(files) == 1:
            return said
        return "".join(self.look([file]) for file in files)


def check(root, build, rooms, wanted, world, jobs):
    """(what was found, how many files were looked at, of how many)."""
    tree = Tree(root, rooms)
    files = tree.sources + tree.unseen_headers()
    if wanted is not None:
        files = [file for file in files if tree.made_of(file) & set(wanted)]
    tidy = Tidy(root, build, tree, Commands(build), world)
    stale = [file for file in files if not tidy.stamp(file).exists()]
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        # Long ones first: then nobody waits for one that began last.
        parts = sorted(groups(stale, tree), key=len, reverse=True)
        found = "".join(pool.map(tidy.look, parts))
    return found, len(stale), len(files)


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    rooms = ("base", "config", "net", "proxy", "health", "control", "app")
    jobs = int(os.environ.get("TIDY_JOBS") or os.cpu_count())
    found, looked, count = check(ROOT, build, rooms, sys.argv[2:] or None, installed(), jobs)
    print(found, end="")
    print(f"clang-tidy: {count} files, {count - looked} of them known to be clean")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
