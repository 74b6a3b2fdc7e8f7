#!/usr/bin/env python3
"""./dev and .ci/run: what they leave out they name, what fails does not stop the rest, and the last line is
ctest's. Run as they are, in a folder of their own, with stand-ins for the programs that they call."""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PASSED = "100% tests passed, 0 tests failed out of 7"
STANDINS = {
    # Everything is installed but what $ABSENT names.
    "dpkg-query": 'for name in "${@:3}"; do [[ " $ABSENT " == *" $name "* ]] || echo "ii  $name"; done',
    "cmake": "exit 0",
    "ctest": f'''case " $* " in
  *" --print-labels "*) printf 'All Labels:\\n  e2e\\n  needs-%s\\n' "$LABEL"; exit 0 ;;
esac
echo "$* TEAL_BINARY=${{TEAL_BINARY:-}}" >> ctest.log
echo "{PASSED}"
exit "${{CTEST_EXIT:-0}}"''',
}


class ScriptTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name).resolve()
        self.environment = {**os.environ, "PATH": f"{self.root}/bin:{os.environ['PATH']}", "ABSENT": "",
                            "LABEL": "browsers"}
        self.environment.pop("TEAL_BINARY", None)
        for name, text in STANDINS.items():
            self.program(f"bin/{name}", text)
        for name in ("dev", "CMakePresets.json"):
            shutil.copy(ROOT / name, self.root / name)
        self.write("packages.txt", "build g++\ntest curl\nclang clang-19\nfuzz xxd\nbrowsers chromium\n")

    def write(self, name, text):
        (self.root / name).parent.mkdir(parents=True, exist_ok=True)
        (self.root / name).write_text(text)

    def program(self, name, text):
        self.write(name, f"#!/usr/bin/env bash\n{text}\n")
        (self.root / name).chmod(0o755)

    def run_script(self, *words, **environment):
        """(exit code, lines)"""
        done = subprocess.run(words, cwd=self.root, env={**self.environment, **environment}, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
        return done.returncode, done.stdout.splitlines()

    def calls(self):
        return (self.root / "ctest.log").read_text().splitlines()


class Dev(ScriptTest):
    def test_runs_what_a_set_is_needed_for_where_it_is_installed(self):
        code, lines = self.run_script("./dev", "test")
        self.assertEqual((code, lines[-1]), (0, PASSED), lines)
        self.assertNotIn("-LE", self.calls()[0])

    def test_leaves_out_and_names_what_is_not_installed(self):
        code, lines = self.run_script("./dev", "test", ABSENT="chromium")
        self.assertEqual(code, 0, lines)
        self.assertIn("-LE ^needs-(browsers)$", self.calls()[0])
        self.assertEqual(lines[-1], "not run, for their packages are not installed: needs-browsers "
                                    "(./dev setup browsers)")

    def test_names_it_when_tests_fail_too(self):
        code, lines = self.run_script("./dev", "test", ABSENT="chromium", CTEST_EXIT="8")
        self.assertEqual(code, 1)
        self.assertTrue(any("needs-browsers" in line for line in lines), lines)

    def test_knows_every_set_that_a_label_names(self):
        code, lines = self.run_script("./dev", "test", LABEL="bowsers")
        self.assertEqual(code, 1)
        self.assertTrue(any("packages.txt has no set 'bowsers'" in line for line in lines), lines)

    def test_tests_a_sanitizers_binary_by_the_tests_of_the_release_tree(self):
        for preset in ("asan", "tsan"):
            (self.root / "ctest.log").unlink(missing_ok=True)
            code, lines = self.run_script("./dev", preset)
            self.assertEqual(code, 0, lines)
            own, end_to_end = self.calls()
            self.assertIn(f"--test-dir build/{preset} ", own)
            self.assertIn("--test-dir build/release ", end_to_end)
            self.assertIn("-L ^e2e$", end_to_end)
            self.assertTrue(end_to_end.endswith(f"TEAL_BINARY={self.root}/build/{preset}/teal"), end_to_end)

    def test_runs_the_end_to_end_tests_though_others_failed(self):
        code, lines = self.run_script("./dev", "asan", CTEST_EXIT="8")
        self.assertEqual(code, 1, lines)
        self.assertEqual(len(self.calls()), 2)

    def test_fuzzes_all_targets_though_one_finds_something(self):
        for name, exit_code in (("a", 77), ("b", 0), ("c", 0)):
            self.write(f"tests/fuzz/seeds/{name}/one", "x")
            self.program(f"build/asan/tests/fuzz/fuzz_{name}",
                         f"echo stat::number_of_executed_units: 9; exit {exit_code}")
        code, lines = self.run_script("./dev", "fuzz", "all", "1")
        self.assertEqual(code, 1, lines)
        self.assertTrue(any("target a found" in line for line in lines), lines)
        for name in "bc":
            self.assertIn(f"{name}: stat::number_of_executed_units: 9", lines)


class Ci(ScriptTest):
    STAGES = ["lint --quick", "tidy", "test", "asan", "tsan", "fuzz all 15"]

    def setUp(self):
        super().setUp()
        self.write(".ci/run", (ROOT / ".ci/run").read_text())
        (self.root / ".ci/run").chmod(0o755)
        # Fails at what $FAILS names. The log is appended to by one short write: stages run side by side.
        self.program("dev", f'echo "$*" >> dev.log\necho "{PASSED}"\n[[ $1 != "$FAILS" ]]')

    def ran(self):
        return (self.root / "dev.log").read_text().splitlines()

    def test_ends_with_the_verdict_of_ctest(self):
        code, lines = self.run_script(".ci/run", FAILS="")
        self.assertEqual((code, lines[-1]), (0, PASSED), lines)
        self.assertEqual([each for each in self.STAGES if each not in self.ran()], [])
        for stage in ("setup", "lint", "release", "asan", "tsan", "fuzz", "tidy", "counts", "all"):
            self.assertTrue(any(re.fullmatch(rf"{stage} +ok +\d+ s", line) for line in lines), stage)

    def test_goes_on_after_a_failure_and_tells_it(self):
        for fails, name in (("lint", "lint"), ("tidy", "tidy"), ("test", "release"), ("tsan", "tsan"),
                            ("bench", "counts")):
            (self.root / "dev.log").unlink(missing_ok=True)
            code, lines = self.run_script(".ci/run", FAILS=fails)
            self.assertEqual(code, 1, name)
            self.assertEqual(lines[-1], f"failed: {name} (logs in build/ci)")
            self.assertEqual(len(self.ran()), 9, self.ran())

    def test_shows_at_the_end_what_failed(self):
        self.program("dev", """echo "$*" >> dev.log
if [[ $1 == test ]]; then
  echo " 1/2 Test #7: e2e.Odd ....***Failed 0.1 sec"; echo "it is odd"
  for i in {1..100}; do echo "and more $i"; done
  exit 1
fi
echo "in between"
""")
        code, lines = self.run_script(".ci/run")
        self.assertEqual(code, 1)
        end = lines[lines.index("######## what failed in release"):]
        self.assertIn("it is odd", end)
        self.assertIn("and more 100", end)
        self.assertNotIn("and more 65", end)

    def test_counts_instructions_when_nothing_else_runs(self):
        self.program("dev", 'echo "$*" >> dev.log\n[[ $1 != tidy ]] || sleep 0.3\n'
                            f'echo "end of $1" >> dev.log\necho "{PASSED}"')
        self.run_script(".ci/run")
        ran = self.ran()
        self.assertLess(ran.index("end of tidy"), next(i for i, each in enumerate(ran) if "counts" in each))

    def test_does_nothing_without_packages(self):
        code, lines = self.run_script(".ci/run", FAILS="setup")
        self.assertEqual((code, lines[-1]), (1, "failed: setup (logs in build/ci)"))
        self.assertEqual(len(self.ran()), 1)


class Packages(unittest.TestCase):
    def test_have_every_set_that_tests_need_and_ci_installs_it(self):
        sets = {line.split()[0] for line in (ROOT / "packages.txt").read_text().splitlines()
                if line and not line.startswith("#")}
        cmake = re.sub(r"#.*", "", (ROOT / "tests/CMakeLists.txt").read_text())
        needed = set(re.findall(r"(?<!\w)NEEDS ([a-z]+)|needs-([a-z]+)", cmake))
        needed = {one or other for one, other in needed}
        self.assertIn("prometheus", needed)
        self.assertLessEqual(needed, sets)
        installed = re.search(r"stage setup \./dev setup (.*)", (ROOT / ".ci/run").read_text())[1].split()
        self.assertLessEqual(needed | {"build", "test"}, set(installed))


if __name__ == "__main__":
    unittest.main()
