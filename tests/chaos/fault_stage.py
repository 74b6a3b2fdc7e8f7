"""What faults.py and upgrade_faults.py play on: one Teal with one service, in a folder, whose targets are in the script
itself, and releases that it is asked for."""

import contextlib
import json
import os
import signal
import threading
import time

from fault_targets import Target
from observed import Counters, total
from running import Program, free_port
from stage import Admin, eventually

STRICT = {"strict": {"error_rate": "> 20%", "over": "2s", "minimum_requests": 5}}
LOG = "access.log"
MARGIN = 0.3   # Seconds around a fault in which what it excuses may be seen.


class Teal:
    """The process that there is now, on one folder."""

    def __init__(self, binary, folder, port, admin):
        self.binary, self.folder, self.port, self.admin = binary, folder, port, admin
        self.lives = 0
        self.start()

    def start(self):
        self.lives += 1
        self.process = Program("teal", [self.binary, "serve", str(self.folder / "teal.yaml")], self.port,
                               self.folder / f"teal-{self.lives}.out")
        self.pid, self.counters = self.process.pid, Counters()
        eventually(lambda: self.admin.ask("GET", "/readyz").status == 200, "Teal is ready")

    def kill(self):
        os.kill(self.pid, signal.SIGKILL)
        self.process.process.wait()

    def terminate(self):
        return self.process.stop()


class FaultStage:
    def __init__(self, binary, folder, admin=Admin):
        self.binary, self.folder = binary, folder
        self.port, self.admin_port = free_port(), free_port()
        self.admin = admin(self.admin_port)
        self.failures, self.excuses, self.lock = [], [], threading.Lock()
        self.targets = []
        self.live, self.release, self.identity = self.new_target("v0"), None, None
        self.config = self.first_config()

    def start(self):
        self.write(json.dumps(self.config))
        self.teal = Teal(self.binary, self.folder, self.admin_port, self.admin)

    def first_config(self):
        return {
            "admin": {"address": f"127.0.0.1:{self.admin_port}"}, "state": f"sqlite:{self.folder}/teal.db",
            "workers": 2, "shutdown_grace": "10s", "access_log": {"format": "json", "path": str(self.folder / LOG)},
            "listeners": {"web": {"address": f"127.0.0.1:{self.port}"}},
            "services": {"shop": {
                "match": [{"listener": "web", "path": "/"}], "timeouts": {"connect": "1s", "response_header": "300ms"},
                "health": {"http": "/healthz", "interval": "100ms", "timeout": "100ms"},
                "blue": {"revision": "v0", "targets": [f"127.0.0.1:{self.live.port}"]}}},
        }

    def new_target(self, revision):
        self.targets.append(Target(revision))
        return self.targets[-1]

    def write(self, text):
        with self.lock:
            beside = self.folder / "teal.yaml.new"
            beside.write_text(text)
            beside.rename(self.folder / "teal.yaml")

    def fail(self, what):
        self.failures.append(what)

    @contextlib.contextmanager
    def excused(self, *kinds):
        """Of clients, until it is over: "cut", "refused", "5xx", and "unlogged" for what is not in the access log."""
        excuse = [time.monotonic() - MARGIN, float("inf"), kinds]
        self.excuses.append(excuse)
        try:
            yield
        finally:
            excuse[1] = time.monotonic() + MARGIN

    def is_excused(self, outcome, kind):
        return any(begin <= outcome.over and outcome.sent <= end and kind in kinds
                   for begin, end, kinds in self.excuses)

    def metric(self, name):
        return total(self.admin.ask("GET", "/metrics").text, name)

    def deploy(self, share, bake="100ms", alarms=STRICT):
        return self.admin.ask("POST", "/v1/services/shop/deployments", {
            "revision": self.release.revision, "targets": [f"127.0.0.1:{self.release.port}"], "keep_old": "1s",
            "plan": [{"set_weight": share}, {"bake": bake}], "watch_after": 0, "not_enough_evidence": "proceed",
            "alarms_at_start": "ignore", "alarms": alarms,
            "rollback_on": ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"]})

    def report(self):
        return self.admin.call("GET", f"/v1/deployments/{self.identity}")

    def await_report(self, is_so, what):
        last = {}

        def look():
            last.update(self.report())
            return is_so(last)
        try:
            eventually(look, what)
        except TimeoutError as late:
            raise TimeoutError(f"{late}: {last}") from None
        return last

    def is_settled(self):
        service = self.admin.call("GET", "/v1/services/shop")
        return service["split"][service["live"]] == "100%" and service["deployment"] is None
