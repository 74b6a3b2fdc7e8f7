#!/usr/bin/env python3
"""coverage.py adds up what gcov says: lines of a header once, folders by themselves, other people's files not
at all."""

import collections
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import coverage


def document(file, counts):
    return {"current_working_directory": "/teal/build",
            "files": [{"file": file, "lines": [{"line_number": n, "count": c} for n, c in counts.items()]}]}


class Coverage(unittest.TestCase):
    def lines(self, *documents):
        lines = collections.defaultdict(collections.Counter)
        for each in documents:
            coverage.add(lines, each, root="/teal")
        return lines

    def test_a_line_of_a_header_is_run_if_it_was_anywhere(self):
        lines = self.lines(document("../base/a.h", {1: 0, 2: 0}), document("/teal/base/a.h", {1: 3, 2: 0}))
        self.assertEqual(lines, {"base/a.h": {1: 3, 2: 0}})

    def test_others_files_are_left_out(self):
        self.assertEqual(self.lines(document("/usr/include/a.h", {1: 1}), document("../tests/a.cc", {1: 1})), {})

    def test_each_folder_stands_by_itself(self):
        lines = self.lines(document("../net/http/a.cc", {1: 1, 2: 0}), document("../net/io/b.cc", {1: 1}))
        found = [line.split() for line in coverage.table(lines)]
        self.assertEqual(found[1:], [["net/http/", "2", "1", "50.0", "%"], ["net/io/", "1", "1", "100.0", "%"],
                                     ["all", "3", "2", "66.7", "%"]])

    def test_a_folder_that_is_named_says_what_was_not_run(self):
        lines = self.lines(document("../net/http/a.cc", {1: 1, 2: 0, 3: 0, 4: 1, 9: 0}))
        self.assertTrue(list(coverage.table(lines, ["net/http/"]))[-1].endswith("40.0 %  not: 2-3, 9"))

    @unittest.skipUnless(shutil.which("g++") and shutil.which("gcov"), "needs the compiler")
    def test_reads_what_the_compiler_counts(self):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder).resolve()
            (root / "main.cc").write_text("int main(int n, char**) {\n  if (n > 1)\n    return 1;\n  return 0;\n}\n")
            subprocess.run(["g++", "--coverage", "-O0", "-o", "main", "main.cc"], cwd=root, check=True)
            subprocess.run(["./main"], cwd=root, check=True)
            counts = [str(path) for path in root.rglob("*.gcda")]
            files = coverage.gcov(root, counts)[0]["files"]
            self.assertEqual({line["line_number"]: line["count"] for line in files[0]["lines"]},
                             {1: 1, 2: 1, 3: 0, 4: 1})


if __name__ == "__main__":
    unittest.main()
