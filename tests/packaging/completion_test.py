#!/usr/bin/env python3
"""bash, zsh and fish complete Teal's command line with what `teal completion` gives them: the shells
themselves are asked, with words of the model and the names of a running Teal.

completion_test.py TEAL. Wants zsh and fish (the set package of packages.txt)."""

import http.server
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

TEAL = pathlib.Path(sys.argv[1]).resolve()

BASH = """
source <(teal completion bash)
COMP_LINE=$1 COMP_POINT=${#1}
IFS=' ' read -ra COMP_WORDS <<< "$1"
[[ $1 == *' ' ]] && COMP_WORDS+=('')
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_teal
printf '%s\\n' "${COMPREPLY[@]}"
"""
# The function is called as zsh's completion system calls it, and what would be shown is printed.
ZSH = """
compdef() { : }
compset() { PREFIX=${PREFIX#*=} }
_describe() { print -rl -- "${found[@]}" }
_files() { print -rl -- ${PREFIX}*(N) }
source <(teal completion zsh)
words=(${(s: :)1})
[[ $1 == *' ' ]] && words+=('')
CURRENT=$#words PREFIX=$words[-1]
_teal
"""
FISH = "teal completion fish | source; complete -C $argv[1]"


class Services(http.server.BaseHTTPRequestHandler):
    """The control API, as far as names go."""

    def do_GET(self):
        body = json.dumps({"services": [{"name": "shop", "live": "blue", "deployment": None}]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Completion(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Services)
        threading.Thread(target=cls.server.serve_forever, daemon=True).start()
        cls.addClassCleanup(cls.server.shutdown)
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        (cls.folder / "front door.yaml").touch()
        os.symlink(TEAL, cls.folder / "teal")

    def words(self, line, shells=("bash", "zsh", "fish"), admin=None):
        """What each shell offers, which is the same in all."""
        admin = admin or f"127.0.0.1:{self.server.server_port}"
        environment = {"PATH": f"{self.folder}:/usr/bin:/bin", "HOME": str(self.folder), "TEAL_ADMIN": admin,
                       "LC_ALL": "C.UTF-8"}
        offered = {}
        for shell in shells:
            command = {"bash": ["bash", "--norc", "-c", BASH, "bash", line],
                       "zsh": ["zsh", "-f", "-c", ZSH, "zsh", line],
                       "fish": ["fish", "--no-config", "-c", FISH, line]}[shell]
            said = subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True,
                                  timeout=30)
            self.assertEqual(said.stderr, "", shell)
            split = {"bash": "\n", "zsh": ":", "fish": "\t"}[shell]
            offered[shell] = [text.split(split)[0] for text in said.stdout.splitlines() if text]
        first = sorted(offered[shells[0]])
        for shell in shells:
            self.assertEqual(sorted(offered[shell]), first, shell)
        return first

    def test_offers_commands(self):
        self.assertEqual(self.words("teal st"), ["state", "status", "stop"])
        self.assertIn("deploy", self.words("teal "))
        self.assertEqual(self.words("teal target "), ["add", "drain"])

    def test_offers_options_and_what_they_take(self):
        self.assertEqual(self.words("teal deploy shop --pl"), ["--plan", "--plan-file"])
        self.assertEqual(self.words("teal --output "), ["json", "table"])
        self.assertEqual(self.words("teal completion z"), ["zsh"])

    def test_offers_the_value_of_an_option_behind_its_sign(self):
        self.assertEqual(self.words("teal --output=j", ["zsh", "fish"]), ["--output=json"])
        self.assertEqual(self.words("teal --output=j", ["bash"]), ["json"], "it replaces what follows the sign")

    def names(self, line):
        """What needs an answer within 200 ms, which a busy machine gives sooner or later."""
        deadline = time.monotonic() + 60
        found = []
        while not found and time.monotonic() < deadline:
            found = [self.words(line, [shell]) for shell in ("bash", "zsh", "fish")]
            found = found[0] if found[0] and found.count(found[0]) == 3 else []
        return found

    def test_offers_the_services_of_a_running_teal(self):
        self.assertEqual(self.names("teal status "), ["shop"])
        self.assertEqual(self.names("teal stop sh"), ["shop"])

    def test_offers_files(self):
        self.assertEqual(self.words("teal check fr"), ["front door.yaml"])

    def test_is_silent_where_nobody_answers_or_nothing_fits(self):
        self.assertEqual(self.words("teal status ", admin="127.0.0.1:1"), [])
        self.assertEqual(self.words("teal nonsense x"), [])

    def test_waits_for_a_silent_teal_no_longer_than_a_person_would(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            begin = time.monotonic()
            found = self.words("teal status ", ["fish"], admin=f"127.0.0.1:{silent.getsockname()[1]}")
            self.assertEqual(found, [])
            self.assertLess(time.monotonic() - begin, 10, "200 ms, and a busy machine's start of a shell")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
