#!/usr/bin/env python3
"""The man pages say everything that the command line and config/teal.yaml say, and groff minds nothing in them.

man_pages_test.py TEAL. Wants groff (the set package of packages.txt)."""

import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TEAL = pathlib.Path(sys.argv[1]).resolve()
sys.path.insert(0, str(ROOT / "packaging"))

import man_pages  # noqa: E402


def rendered(page):
    """What a reader sees, in one line, and what groff minds."""
    said = subprocess.run(["groff", "-man", "-ww", "-Tascii", "-P-cbou", "-rLL=200n", str(page)],
                          capture_output=True, text=True, timeout=60)
    return " ".join(said.stdout.split()), said.stderr


def lines_of(text):
    """The keys of a configuration, found in another way than man_pages.py does."""
    return {key.strip('"') for key in re.findall(r'(?m)^ *(?:- )?("[^"\n]+"|[\w-]+):(?= |$)', text)}


class Pages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        subprocess.run([sys.executable, ROOT / "packaging/man_pages.py", TEAL, cls.folder], check=True)
        model = subprocess.run([TEAL, "command-model"], check=True, capture_output=True, text=True).stdout
        cls.model = json.loads(model)

    def test_are_understood_by_groff(self):
        for name in man_pages.PAGES:
            text, minded = rendered(self.folder / name)
            self.assertEqual(minded, "", name)
            self.assertGreater(len(text), 1000, name)

    def test_tell_of_every_command_and_option(self):
        text, _ = rendered(self.folder / "teal.1")
        for path, command in man_pages.leaves(self.model, ""):
            self.assertIn(f" {path} ", text)
            for option in command["options"]:
                for word in (*option["names"], option["argument"]):
                    self.assertIn(word, text, path)
                self.assertIn(" ".join(option["help"].split()), text, path)

    def test_tell_of_every_command_that_help_lists(self):
        said = subprocess.run([TEAL, "--help"], check=True, capture_output=True, text=True).stdout
        listed = re.findall(r"^  (\w+) ", said.split("Subcommands:")[1], re.M)
        self.assertIn("deploy", listed)
        self.assertEqual(listed, [command["name"] for command in self.model["commands"]])

    def test_tell_how_the_front_door_is_started(self):
        text, _ = rendered(self.folder / "teal-serve.8")
        for word in ("teal serve CONFIG", "--quiet", "SIGTERM", "SIGHUP", "SIGUSR1", "/etc/teal/teal.yaml"):
            self.assertIn(word, text)

    def test_tell_of_every_key_of_the_configuration_with_its_comment(self):
        example = (ROOT / "config/teal.yaml").read_text("utf-8")
        page = (self.folder / "teal.yaml.5").read_text("utf-8")
        text, _ = rendered(self.folder / "teal.yaml.5")
        keys = lines_of(example)
        self.assertGreater(len(keys), 150)
        missing = [key for key in sorted(keys) if f"\\fB{man_pages.literal(key)}:\\fR" not in page and
                   f'.SH "{man_pages.literal(key)}"' not in page]
        self.assertEqual(missing, [])
        words = " ".join(re.sub(r"^.*?# ?", "", line) for line in example.split("\n") if re.match(r" *# ", line))
        lost = [word for word in words.split() if word not in text]
        self.assertEqual(lost, [])

    def test_nest_keys_as_the_file_does(self):
        depths = [depth for depth, key, _, _ in man_pages.config_entries("a:\n  b:\n    - c: 1  # One.\n") if key]
        self.assertEqual(depths, [0, 2, 6])
        page = (self.folder / "teal.yaml.5").read_text("utf-8").split("\n")
        self.assertEqual(sum(line.startswith(".RS") for line in page), page.count(".RE"))

    def test_take_a_comment_behind_a_value_for_its_own(self):
        found = list(man_pages.config_entries('# Above.\na: "#1"  # Behind.\n'))
        self.assertEqual(found, [(0, "a", '"#1"', ["Above.", "Behind."])])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
