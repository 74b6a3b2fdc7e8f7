#!/usr/bin/env python3
"""What befalls an upgrade behind each of its messages: the old or the new process is killed or stands still, or the
channel between them is closed or carries nonsense; under a little load, and while a release bakes. No request fails but
what a killed process was at, exactly one process serves then, the bake goes on, nobody is left over, and the next
upgrade does well. Prints a table. `./dev chaos upgrade_faults`.

usage: upgrade_faults.py TEAL [PATTERN]      all cases, unless it says which, by a regular expression"""

import collections
import json
import os
import pathlib
import re
import shlex
import signal
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))
from fault_load import Clients
from fault_stage import FaultStage, MARGIN
from observed import Waits, descriptors
from processes import Lineage, adopt_orphans, end_of, name_of, reap_all, runs
from releases import EXACT_MS, TRUNCATED_MS, bakes_of
from running import PATIENCE, binary_under_test, is_sanitized
from stage import PYTHON, eventually
from upgrade_cases import NEW, NOBODY, OLD, SERVING, cases
from upgrading import PAUSE, PatientAdmin

CLIENTS = 4
STILL = 60.0  # Seconds that a client waits for a Teal that stands still.
SHARE, BAKE = "40%", "5s"
SANITIZER_SLACK_MS = 1000


class Play(FaultStage):
    """Of one case."""

    def __init__(self, binary, folder, case):
        super().__init__(binary, folder, PatientAdmin)
        self.case, self.journal_file = case, folder / "journal"
        self.between = folder / "teal-between"
        self.config["upgrade"] = {"probation": "1s", "drain": "20s", "binary": str(self.between)}
        self.write_between()
        self.config["services"]["shop"]["timeouts"] = {"connect": "60s", "response_header": "60s"}
        self.start()
        self.pid = self.old = self.teal.pid
        self.lineage, self.waits = Lineage(binary, self.old), Waits(self.old)
        self.counters = self.teal.counters
        self.listening = descriptors(self.old)["listening"]
        self.clients = Clients(self.port, CLIENTS, STILL)
        self.happened, self.late = "", 0.0

    def go(self):
        self.ship()
        self.scrape()
        self.admin.call("POST", "/v1/upgrade", {"timeout": "60s"}, (202,))
        self.await_act()
        self.served_by = self.await_outcome()
        self.excuse()
        if self.served_by not in self.case.serves:
            self.fail(f"{self.served_by} serves, and not {' or '.join(self.case.serves)}")
        if self.served_by == NOBODY:
            self.start_another()
        self.check_server()
        self.check_release()
        self.upgrade_again()
        self.clients.stop()
        self.check_clients()
        self.end()

    # ---- the upgrade

    def ship(self):
        self.release = self.new_target("v1")
        answer = self.deploy(SHARE, BAKE)
        if answer.status != 201:
            raise RuntimeError(f"it cannot be shipped: {answer.status} {answer.text}")
        self.identity = json.loads(answer.text)["id"]
        self.await_report(lambda report: report["phase"] == "Baking", "it bakes")

    def write_between(self):
        """A binary that has somebody in between."""
        plan = self.folder / "plan.json"
        plan.write_text(json.dumps({"binary": os.path.abspath(self.binary), "step": self.case.step,
                                    "act": self.case.act, "seconds": self.case.seconds,
                                    "journal": str(self.journal_file)}))
        words = shlex.join([PYTHON, str(HERE / "interposer.py"), str(plan)])
        self.between.write_text(f'#!/bin/sh\nexec {words} "$@"\n')
        self.between.chmod(0o700)

    def journal(self, **what):
        """Its lines that say so."""
        text = self.journal_file.read_text() if self.journal_file.exists() else ""
        lines = [json.loads(each) for each in text.split("\n")[:-1]]
        return [each for each in lines if what.items() <= each.items()]

    def await_act(self):
        def look():
            self.follow_new()
            return self.journal(what="act")
        try:
            eventually(look, f"{self.case.step} is sent", STILL, PAUSE)
        except TimeoutError as late:
            packets = [(each["of"], each["begin"]) for each in self.journal(what="packet")]
            raise TimeoutError(f"{late}: {packets}, {self.admin.upgrade()}") from None

    def follow_new(self):
        for each in self.journal(what="began"):
            self.waits.follow(each["new"])

    def new_pid(self):
        return self.journal(what="began")[0]["new"]

    # ---- who serves then

    def await_outcome(self):
        """Until one is alone, or nobody is there."""
        found = []

        def look():
            found[:] = [each for each in self.lineage.running() if runs(each, self.binary)]
            return not self.stands_still() and (not found or (len(found) == 1 and self.is_alone(found[0])))
        eventually(look, "one process is alone", self.case.seconds + STILL + PATIENCE, PAUSE)
        self.settled_at = time.monotonic()
        if not found:
            self.happened = "both are gone"
            return NOBODY
        self.pid = found[0]
        return OLD if self.pid == self.old else NEW

    def stands_still(self):
        """One of them, for as long as the interposer is there to let it go on."""
        began = self.journal(what="began")[0]
        return self.case.seconds and not self.journal(what="goes on") and began["interposer"] in self.lineage.running()

    def is_alone(self, pid):
        try:
            now = self.admin.upgrade()
        except OSError:
            return False
        if now["state"] != "idle" or now["predecessors"] or now["pid"] != pid or (pid == self.old and not now["last"]):
            return False
        last = now["last"] or {"result": "done", "reason": "", "blind_seconds": None}
        blind = "" if last["blind_seconds"] is None else f", blind for {1000 * last['blind_seconds']:.0f} ms"
        self.happened = f"given up: {last['reason']}" if last["result"] == "failed" else f"done{blind}"
        if (last["result"] == "failed") != (pid == self.old) or (pid == self.old and not last["reason"]):
            self.fail(f"{pid} serves and says {now}")
        return True

    def excuse(self):
        """What a killed process was at is cut; where nobody is left, clients are refused until somebody is."""
        acted, served = self.journal(what="act")[0]["at"], self.journal(what="packet", step=SERVING)
        if self.served_by == NOBODY:
            self.excuses.append([acted - MARGIN, float("inf"), ("cut", "refused")])
        elif self.case.kills_server():
            self.excuses.append([acted - MARGIN, acted + MARGIN, ("cut",)])
        elif self.served_by == OLD and served:
            self.excuses.append([served[0]["at"] - MARGIN, self.settled_at, ("cut",)])

    def start_another(self):
        self.teal.start()
        self.pid = self.teal.pid
        self.waits.follow(self.pid)
        self.excuses[-1][1] = time.monotonic() + MARGIN

    # ---- what has to be true then

    def scrape(self):
        for each in self.counters.take(self.admin.ask("GET", "/metrics").text):
            self.fail(each)

    def check_server(self):
        if not self.case.kills_server() and self.served_by != NOBODY:
            self.scrape()
        if (now := descriptors(self.pid)["listening"]) != self.listening:
            self.fail(f"it listens by {now} descriptors and not by {self.listening}")
        before = self.answers()
        eventually(lambda: self.answers() > before + 2 * CLIENTS, "everybody is served")

    def answers(self):
        with self.clients.lock:
            return sum(1 for each in self.clients.outcomes if each.what == 200)

    def check_release(self):
        report = self.await_report(lambda report: report["finished"], "it has ended")
        if report["status"] != "Succeeded":
            self.fail(f"{self.identity} is {report['status']}: {report['reason']}: {report['timeline']}")
        for each in bakes_of(report["timeline"]):
            self.late = each.late_ms()
            most = 1000 * self.case.late_most(self.served_by) + EXACT_MS + self.waits.between(each.begin, each.end)
            most += SANITIZER_SLACK_MS if is_sanitized(self.binary) else 0
            if not -TRUNCATED_MS * (1 + each.resumed) <= self.late <= most:
                self.fail(f"a bake of {BAKE} lasted {self.late:+.0f} ms, at most {most:.0f}: {report['timeline']}")
        eventually(self.is_settled, "it has all of the traffic")

    def upgrade_again(self):
        """To the real binary, and with nobody in between."""
        before = self.pid
        self.config["upgrade"]["binary"] = os.path.abspath(self.binary)
        self.write(json.dumps(self.config))
        self.admin.call("POST", "/v1/config/reload", {})
        self.admin.call("POST", "/v1/upgrade", {}, (202,))
        now = self.admin.await_upgrade(
            lambda now: now["state"] == "idle" and not now["predecessors"] and now["last"] and (
                now["pid"] != before or now["last"]["result"] == "failed"), "the next upgrade is over", STILL)
        if now["pid"] == before or now["last"]["result"] != "done":
            self.fail(f"the next upgrade: {now}")
        self.pid = now["pid"]

    def bad(self):
        """Outcomes of clients, but good ones."""
        with self.clients.lock:
            return [each for each in self.clients.outcomes if each.what != 200]

    def check_clients(self):
        bad = self.bad()
        self.failures += [f"nothing excuses {each}" for each in bad if not self.is_excused(each, each.what)][:10]
        if (cut := sum(1 for each in bad if each.what == "cut")) > CLIENTS:
            self.fail(f"{cut} requests of {CLIENTS} clients were cut")

    def end(self):
        os.kill(self.pid, signal.SIGTERM)
        if (code := end_of(self.pid, 3 * PATIENCE)) != 0:
            self.fail(f"Teal ended with {code}")
        eventually(lambda: not self.lineage.running(), "nobody is left")
        if self.served_by == NEW and not self.case.kills_server() and (code := end_of(self.old, 1)) not in (0, None):
            self.fail(f"the old one ended with {code}")

    # ---- the end of it, however it went

    def clear(self):
        self.clients.over.set()
        for each in self.lineage.running():
            self.fail(f"{name_of(each)} is left")
        self.lineage.kill()
        reap_all()
        for each in self.targets:
            each.stop()

    def row(self):
        failed = collections.Counter(str(each.what) for each in self.bad())
        told = ", ".join(f"{count} {what}" for what, count in failed.items()) or "0"
        serves = getattr(self, "served_by", "?")
        return f"| {self.case} | {self.happened}; bake {self.late:+.0f} ms | {told} | {serves} |"


def play(binary, case):
    """Prints its row; what went wrong, as lines."""
    with tempfile.TemporaryDirectory(prefix="teal-upgrade-") as folder:
        run = Play(binary, pathlib.Path(folder), case)
        try:
            run.go()
        except (Exception, SystemExit) as error:  # Whatever it is, it is what the test looks for.
            run.fail(repr(error))
        finally:
            run.clear()
        print(run.row(), flush=True)
        if not run.failures:
            return []
        said = "".join(each.read_text(errors="replace") for each in sorted(pathlib.Path(folder).glob("teal-*.out")))
        packets = [f"{each['at']:.3f} {json.dumps(each)}" for each in run.journal()]
        return [f"{case}:", *run.failures, "what was between them:", *packets, "last words:", *said.splitlines()[-20:]]


def main():
    binary = binary_under_test(sys.argv[1])
    pattern = re.compile(sys.argv[2] if len(sys.argv) > 2 else "")
    adopt_orphans()
    print("| case | what happens | requests failed | who serves then |\n|---|---|---|---|", flush=True)
    failures = [line for case in cases() if pattern.search(str(case)) for line in play(binary, case)]
    if failures:
        print(*failures, sep="\n  ")
        sys.exit(1)


if __name__ == "__main__":
    main()
