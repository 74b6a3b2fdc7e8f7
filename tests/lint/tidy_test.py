#!/usr/bin/env python3
"""tidy.py finds together what clang-tidy finds alone, remembers what was clean, and looks again when
anything that a file is made of has changed. Runs the real clang-tidy over small rooms."""

import json
import pathlib
import re
import tempfile
import unittest
import unittest.mock

import tidy

CONFIGURATION = """
Checks: '-*,bugprone-use-after-move,bugprone-suspicious-include,modernize-use-nullptr,modernize-deprecated-headers,misc-definitions-in-headers'
WarningsAsErrors: '*'
CheckOptions:
  - { key: modernize-deprecated-headers.CheckHeaderFile, value: true }
"""
CLEAN = "namespace {\n\nint half(int n) {\n  return n / 2;\n}\n\n}  // namespace\n\n"


class TidyTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name).resolve()
        self.write(".clang-tidy", CONFIGURATION)
        self.addCleanup(setattr, tidy, "ROOT", tidy.ROOT)
        tidy.ROOT = self.root

    def write(self, name, text):
        (self.root / name).parent.mkdir(parents=True, exist_ok=True)
        (self.root / name).write_text(text)

    def check(self, wanted=None, world="", flags=""):
        entries = [{"file": str(path), "directory": str(self.root),
                    "command": f"c++ -std=c++20 -I{self.root} {flags} -o {path}.o -c {path}"}
                   for path in self.root.glob("*/*.cc") if path.parent.name in ("base", "net")]
        self.write("build/compile_commands.json", json.dumps(entries))
        found, looked, _ = tidy.check(self.root, self.root / "build", ("base", "net"), wanted, world, 1)
        places = sorted(re.findall(r"(\w+/\w+\.\w+):(\d+):\d+: error: .*\[([\w-]+)", found))
        return places, looked

    def test_finds_what_is_wrong_in_sources_headers_and_headers_of_nobody(self):
        self.write("base/a.cc", '#include "base/a.h"\nint* a() {\n  return 0;\n}\n')
        self.write("base/a.h", "#pragma once\n#include <string.h>\nint* a();\n")
        self.write("base/b.cc", CLEAN + "int b() {\n  return half(2);\n}\n")
        self.write("base/nobody.h", "#pragma once\ninline int* nobody() {\n  return 0;\n}\nint value = 1;\n")
        wrong = [("base/a.cc", "3", "modernize-use-nullptr"),
                 ("base/a.h", "2", "modernize-deprecated-headers"),
                 ("base/nobody.h", "3", "modernize-use-nullptr"),
                 ("base/nobody.h", "5", "misc-definitions-in-headers")]
        self.assertEqual(self.check(), (wrong, 3))
        self.assertEqual(self.check(), (wrong, 2), "the clean one is not looked at again, the others are")

    def test_looks_at_clean_files_together(self):
        for name, function in (("a", "half"), ("b", "third"), ("c", "quarter")):
            self.write(f"base/{name}.cc", CLEAN.replace("half", function) + f"int {name}() {{ return {function}(1); }}\n")
        with unittest.mock.patch.object(tidy.Tidy, "run", autospec=True, side_effect=tidy.Tidy.run) as run:
            self.assertEqual(self.check(), ([], 3))
        self.assertEqual(run.call_count, 1)

    def test_says_nothing_that_holds_only_in_company(self):
        # Each is right; together they do not compile, and their layout does not show it.
        for name in "ab":
            self.write(f"base/{name}.cc", "static int same() { return 1; }\n"
                                          f"int {name}() {{ return same(); }}\n")
        tree = tidy.Tree(self.root, ("base", "net"))
        self.assertEqual(tidy.groups(tree.sources, tree), [["base/a.cc", "base/b.cc"]])
        self.assertEqual(self.check(), ([], 2))
        self.assertEqual(self.check(), ([], 0))

    def test_keeps_equal_names_apart(self):
        for name in ("base/a", "base/b", "net/c"):
            self.write(f"{name}.cc", CLEAN)
        self.write("base/d.cc", CLEAN.replace("half", "third"))
        tree = tidy.Tree(self.root, ("base", "net"))
        self.assertEqual(tidy.groups(tree.sources, tree),
                         [["base/a.cc", "base/d.cc"], ["base/b.cc"], ["net/c.cc"]])
        self.assertEqual(tidy.local_names(
            "namespace {\n\nnamespace json = boost::json;\nusing Text = int;\nconstexpr int kMany = 1;\n"
            "template <class T>\nstd::vector<int> all(const T& from, int n) {\n  int inner = 2;\n}\n"
            "struct Part {\n  int field;\n};\nclass Whole : Part {};\n\n}  // namespace\nint outside();\n"),
            {"Text", "kMany", "all", "Part", "Whole"})

    def test_looks_again_at_whatever_includes_what_changed(self):
        self.write("base/a.h", "#pragma once\nint a();\n")
        self.write("base/b.h", '#pragma once\n#include "base/a.h"\n')
        self.write("base/a.cc", '#include "base/b.h"\nint a() { return 1; }\n')
        self.write("base/c.cc", "int c() { return 1; }\n")
        self.assertEqual(self.check(), ([], 2))
        self.write("base/a.h", "#pragma once\nint a();\nint b();\n")
        self.assertEqual(self.check(), ([], 1))
        self.assertEqual(self.check(world="another clang-tidy"), ([], 2))
        self.assertEqual(self.check(world="another clang-tidy", flags="-DMORE"), ([], 2))
        self.assertEqual(self.check(wanted=["base/a.h"], flags="-DLESS"), ([], 1))


if __name__ == "__main__":
    unittest.main()
