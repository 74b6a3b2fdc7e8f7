#!/usr/bin/env python3
"""The documents name nothing that is not there and are no wider than a reader's window, the code map of
ARCHITECTURE.md misses no folder, and each file says what it is."""

import pathlib
import re
import tempfile
import unittest

import code_map

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROOMS = ("base", "config", "net", "proxy", "health", "control", "app")
FOLDERS = (*ROOMS, "tests", "bench", "docs", "cmake", "packaging", ".ci")
MAP = "ARCHITECTURE.md"

LINK = re.compile(r"\[[^\]]*\]\((?!https?:|#)([^)#\s]+)[^)]*\)")
CODE = re.compile(r"`([^`\s]+)`")
NAMED = re.compile(r"(?<![\w./-])((?:%s)/[\w./*-]*)" % "|".join(map(re.escape, FOLDERS)))
SOURCE = re.compile(r"[\w./*-]+\.(?:h|cc|py|md|cmake)$")
ENTRY = re.compile(r"[\w.*-]+(?:/[\w./*-]*|\.\w+)$")
HEADING = re.compile(r"#+ (.*)")
FENCE = re.compile(r"```")
ANCHORED = re.compile(r"\[[^\]]*\]\((?!https?:)([^)#\s]*)#([^)\s]+)\)")
ANY_LINK = re.compile(r"\[[^\]]*\]\([^)]*\)")
COLUMNS = 100


def documents(root):
    return [root / name for name in (MAP, "README.md", "SECURITY.md", "packaging/README.md")] + sorted(root.glob("docs/**/*.md"))


def folders_of(heading):
    """The folders that a heading is about: "### tests/, bench/ and around"."""
    return [name for name in re.findall(r"([\w.]+)/", heading) if name in FOLDERS]


def exists(name, places):
    name = name.rstrip(".")
    if "*" in name:
        return any(any(place.glob(name)) for place in places)
    return any((place / name).exists() for place in places)


def names(text):
    """(line number, path, folders) of each path that a document names: links, `code` that looks like
    a file, and whatever begins with one of our folders. The folders are those of the section."""
    folders, fenced = [], False
    for number, line in enumerate(text.split("\n"), 1):
        if FENCE.match(line):
            fenced = not fenced
        if not fenced and (heading := HEADING.match(line)):
            folders = folders_of(heading.group(1))
        found = set(NAMED.findall(line))
        if not fenced:  # There, brackets before parentheses may be a lambda.
            found.update(LINK.findall(line))
        for code in CODE.findall(line):
            if SOURCE.match(code) or (folders and ENTRY.match(code)):
                found.add(code)
        for name in sorted(found):
            yield number, name, folders


def missing(root, document):
    text = document.read_text("utf-8")
    for number, name, folders in names(text):
        places = [root, document.parent, *(root / folder for folder in folders)]
        if not exists(name, places):
            yield f"{document.relative_to(root)}:{number}: there is no {name}"


def prose(text):
    """(line number, line) of each line that stands in no fence."""
    fenced = False
    for number, line in enumerate(text.split("\n"), 1):
        if FENCE.match(line):
            fenced = not fenced
        elif not fenced:
            yield number, line


def anchors(text):
    """What GitHub makes of the headings of a page."""
    return {re.sub(r"[^\w -]", "", found.group(1).lower()).replace(" ", "-")
            for _, line in prose(text) if (found := HEADING.match(line))}


def astray(root, document):
    """Links to a heading that their page does not have."""
    for number, line in prose(document.read_text("utf-8")):
        for name, anchor in ANCHORED.findall(line):
            page = document.parent / name if name else document
            if page.is_file() and anchor not in anchors(page.read_text("utf-8")):
                yield f"{document.relative_to(root)}:{number}: {name or 'this page'} has no heading #{anchor}"


def wide(root, document):
    """Lines of prose beyond the last column. Tables and headings have no other place to break, nor have links."""
    for number, line in prose(document.read_text("utf-8")):
        if not line.startswith(("|", "#")) and len(ANY_LINK.sub("", line)) > COLUMNS:
            yield f"{document.relative_to(root)}:{number}: wrap it at {COLUMNS} columns"


def unmapped(root, rooms=ROOMS):
    """Folders of the rooms that the code map does not name."""
    text = (root / MAP).read_text("utf-8")
    for room in rooms:
        folders = {str(path.parent.relative_to(root)) for path in (root / room).rglob("*.h")}
        for folder in sorted(folders):
            if f"| `{folder}/` |" not in text:
                yield f"{MAP}: {folder}/ is not on the map: say what it holds"


def silent(root, rooms=ROOMS):
    """Files that neither say in a first comment what they are nor belong to a header that does."""
    for path, sentence in code_map.entries(root, rooms):
        if sentence is None:
            yield f"{path}: begin with a comment that says what this file is, for ./dev map"


class Documents(unittest.TestCase):
    def test_name_nothing_that_is_not_there(self):
        found = [line for document in documents(ROOT) for line in missing(ROOT, document)]
        self.assertEqual(found, [], "\n" + "\n".join(found))

    def test_lead_to_headings_that_are_there(self):
        found = [line for document in documents(ROOT) for line in astray(ROOT, document)]
        self.assertEqual(found, [], "\n" + "\n".join(found))

    def test_wrap_at_100_columns(self):
        found = [line for document in documents(ROOT) for line in wide(ROOT, document)]
        self.assertEqual(found, [], "\n" + "\n".join(found))

    def test_name_something(self):
        for document in (ROOT / MAP, ROOT / "README.md", ROOT / "docs/operations/README.md"):
            self.assertGreater(len(list(names(document.read_text("utf-8")))), 3, document)

    def test_map_every_folder_of_every_room(self):
        found = list(unmapped(ROOT))
        self.assertEqual(found, [], "\n" + "\n".join(found))

    def test_have_a_line_for_every_file_of_every_room(self):
        found = list(silent(ROOT))
        self.assertEqual(found, [], "\n" + "\n".join(found))

    def test_keep_the_map_short(self):
        self.assertLessEqual(len((ROOT / MAP).read_text("utf-8").splitlines()), 300)


class TheCheckItself(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        for file in ("base/time.h", "base/time.cc", "base/parse_a.cc", "docs/adr/0001-one.md"):
            (self.root / file).parent.mkdir(parents=True, exist_ok=True)
            (self.root / file).touch()

    def missing(self, text, name=MAP):
        (self.root / name).write_text(text, "utf-8")
        return [line.split(": ", 1)[1] for line in missing(self.root, self.root / name)]

    def unmapped(self, text):
        (self.root / MAP).write_text(text, "utf-8")
        return [line.split()[1] for line in unmapped(self.root, ["base"])]

    def test_sees_a_file_that_is_gone(self):
        self.assertEqual(self.missing("see `base/gone.h`, `base/time.h`"),
                         ["there is no base/gone.h"])
        self.assertEqual(self.missing("see net/ and base/."), ["there is no net/"])
        self.assertEqual(self.missing("[one](docs/adr/0001-one.md) [two](docs/adr/0002-two.md)"),
                         ["there is no docs/adr/0002-two.md"])
        self.assertEqual(self.missing("[one](0001-one.md) [two](0002-two.md)", "docs/adr/README.md"),
                         ["there is no 0002-two.md"])
        self.assertEqual(self.missing("## base/\n`time.h` `gone.h` `gone/` `parse_*.cc` `none_*.cc`"),
                         ["there is no gone.h", "there is no gone/", "there is no none_*.cc"])

    def test_leaves_alone_what_is_no_file_of_ours(self):
        self.assertEqual(
            self.missing("`/v1/services` `teal.db` `application/json` https://example.com/base/x.h "
                         "[x](https://example.com/x.md) `10.0.0.0/8` build/release/teal"), [])

    def test_sees_a_heading_that_is_gone(self):
        (self.root / "docs/a.md").write_text("# Who, when\n```\n# no\n```\n[a](#who-when) [b](#no)\n", "utf-8")
        self.assertEqual(list(astray(self.root, self.root / "docs/a.md")),
                         ["docs/a.md:5: this page has no heading #no"])
        (self.root / "b.md").write_text("[a](docs/a.md#who-when) [a](docs/a.md#why)\n", "utf-8")
        self.assertEqual(list(astray(self.root, self.root / "b.md")),
                         ["b.md:1: docs/a.md has no heading #why"])

    def test_sees_a_line_that_is_too_wide(self):
        word = "ten words "
        (self.root / "b.md").write_text(f"{word * 10}\n{word * 11}\n| {word * 11}|\n# {word * 11}\n"
                                        f"1. [{word * 11}](a.md)\n```\n{word * 11}\n```\n", "utf-8")
        self.assertEqual(list(wide(self.root, self.root / "b.md")), ["b.md:2: wrap it at 100 columns"])

    def test_sees_a_hole_in_the_map(self):
        self.assertEqual(self.unmapped("| `net/` | x |"), ["base/"])
        self.assertEqual(self.unmapped("| `base/` | x |"), [])

    def test_sees_a_file_that_does_not_say_what_it_is(self):
        self.assertEqual(len(list(silent(self.root, ["base"]))), 2)
        (self.root / "base/time.h").write_text("// Time as values. And more.\n#pragma once\n", "utf-8")
        (self.root / "base/parse_a.cc").write_text("// How a is read.\n", "utf-8")
        self.assertEqual(list(silent(self.root, ["base"])), [])
        self.assertEqual([line for _, line in code_map.entries(self.root, ["base"])],
                         ["How a is read.", "Time as values."])


if __name__ == "__main__":
    unittest.main()
