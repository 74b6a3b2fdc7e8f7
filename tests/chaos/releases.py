"""Releases, one after the other, while Teal is reloaded: most of them become live by canary steps with short bakes,
some are stopped, rolled back or fail. Each ends as it should, and each bake lasts as long as it was to."""

import concurrent.futures
import dataclasses
import datetime
import re
import threading
import time

from running import PATIENCE

PLANS = [("10%", "300ms", "50%", "300ms"), ("20%", "500ms"), ("5%", "200ms", "30%", "250ms", "70%", "200ms")]
LONG = [{"set_weight": "30%"}, {"bake": "30s"}]
# By kind: how it ends, and the word for why not.
ENDS = {"succeeds": ("Succeeded", ""), "as the file says": ("Succeeded", ""), "is stopped": ("Stopped", "MANUAL_STOP"),
        "is rolled back": ("Stopped", "MANUAL_STOP"), "is rolled back late": ("Succeeded", ""),
        "fails": ("Stopped", "ALARM_ACTIVE")}
FIRST = ["succeeds", "is stopped", "is rolled back", "fails", "is rolled back late", "as the file says"]
LATER = FIRST + 4 * ["succeeds", "as the file says"]
KEPT = 100         # Finished ones of a service that Teal remembers.
QUICK = [step for share in ("25%", "50%", "75%") for step in ({"set_weight": share}, {"bake": "10ms"})]
EVIDENT = {"worse": {"compare": "errors", "tolerance": 5}}
STRICT = {"error_rate": "> 10%", "over": "2s", "minimum_requests": 10}
BAKE = re.compile(r"bake (\S+) at ")
RELOADED = re.compile(r"the service's configuration is that of generation \d+")
RESUMED = re.compile(r"resumed after ")
MS = {"ms": 1, "s": 1000, "m": 60_000}
EXACT_MS = 50
TRUNCATED_MS = 2   # Of two times, each written in whole milliseconds.


def milliseconds(text):
    return sum(int(number) * MS[unit] for number, unit in re.findall(r"(\d+)(ms|s|m)", text))


def moment(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


@dataclasses.dataclass
class Baked:
    """`begin` and `end`: as in time.time(); `resumed`: how often another process went on with it."""

    asked_ms: float
    begin: float
    end: float
    resumed: int

    def late_ms(self):
        return (self.end - self.begin) * 1000 - self.asked_ms


def bakes_of(timeline):
    """Each bake that is over, from the line that says that it begins to the next one of the deployment's own. Behind a
    line that says that it was resumed, one begins the rest of it."""
    own, baking = [each for each in timeline if not RELOADED.match(each["what"])], None
    for entry in own:
        what, at = entry["what"], moment(entry["at"]).timestamp()
        if baking and RESUMED.match(what):
            baking.resumed += 1
            is_rest = True
        elif match := BAKE.match(what):
            if not (baking and is_rest):
                baking = Baked(milliseconds(match[1]), at, at, 0)
            is_rest = False
        elif baking:
            baking.end = at
            yield baking
            baking = None


class Releases(threading.Thread):
    """`admin` asks and tells, `configured(service)` is the `deploy` of the file, under `lock` for as long as it counts;
    `command` runs the command line. In a long run its history is filled first."""

    def __init__(self, admin, command, targets, book, random, configured, lock, waits, slack, is_long):
        super().__init__(daemon=True)
        self.admin, self.command, self.targets, self.book, self.random = admin, command, targets, book, random
        self.configured, self.lock, self.waits = configured, lock, waits
        self.slack, self.is_long = slack, is_long
        self.stopping = threading.Event()
        self.count, self.kinds, self.lasted, self.reloaded, self.resumed = 0, {}, [], 0, 0
        self.colours = {"shop": 0, "chat": 0, "rpc": 0}
        self.running = None       # The id of one that goes its way by itself and may be paused.
        self.paused = set()
        self.filled = threading.Event()

    def run(self):
        first = self.random.sample(FIRST, len(FIRST))
        try:
            if self.is_long:
                with concurrent.futures.ThreadPoolExecutor() as pool:
                    self.count += sum(pool.map(self.fill_history, self.colours))
            self.filled.set()
            while first or not self.stopping.is_set():
                self.ship(first.pop() if first else self.random.choice(LATER))
        except Exception as error:  # Whatever it is, it is what the test looks for.
            self.book.fail(f"release {self.count}: {error!r}")

    def fill_history(self, service):
        """As many as are kept, so that from then on a new one takes the place of an old one of its size."""
        for number in range(KEPT):
            request = self.request_of(service, 1 - self.colours[service], "")
            request.update(revision=f"{service}-{number}", plan=QUICK, alarms=EVIDENT)
            identity = self.begin(service, request, "")["id"]
            self.wait(identity, lambda report: report["status"] == "Succeeded", "it has succeeded", 0.02)
            if number % 4:
                self.colours[service] = 1 - self.colours[service]
                continue
            back = self.admin.call("POST", f"/v1/services/{service}/rollback", {}, (200, 201, 202))["id"]
            self.wait(back, lambda report: report["finished"], "it is rolled back", 0.02)
        return KEPT

    def stop(self):
        self.stopping.set()
        self.join(6 * PATIENCE)
        if self.is_alive():
            self.book.fail("a release does not end")

    # ---- one of them

    def ship(self, kind):
        service = "shop" if kind == "fails" else self.random.choice(["shop", "shop", "chat", "rpc"])
        self.count += 1
        self.kinds[kind] = self.kinds.get(kind, 0) + 1
        colour = 1 - self.colours[service]
        answer = self.begin(service, self.request_of(service, colour, kind), kind)
        identity = answer["id"]
        self.running = identity if kind in ("succeeds", "as the file says") else None
        self.interfere(kind, service, identity)
        report = self.follow(service, identity, kind)
        self.running = None
        self.check_bakes(report)
        if report["status"] == "Succeeded" and kind != "is rolled back late":
            self.colours[service] = colour

    def request_of(self, service, colour, kind):
        request = {"revision": f"v{self.count}", "targets": self.targets_of(service, colour, kind), "keep_old": "2s",
                   "watch_after": 0, "not_enough_evidence": "proceed", "alarms_at_start": "ignore",
                   "rollback_on": ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"]}
        if kind != "as the file says":
            request["plan"] = self.plan_of(kind)
        if kind == "fails":
            request["alarms"] = {"strict": STRICT}
        return request

    def begin(self, service, request, kind):
        with self.lock:
            deploy = self.configured(service)
            answer = self.admin.call("POST", f"/v1/services/{service}/deployments", request, (201,))
        if kind == "as the file says":
            self.compare_plan(answer["id"], deploy.get("plan"), answer["plan"])
        return answer

    def targets_of(self, service, colour, kind):
        if kind == "fails":
            return [f"127.0.0.1:{self.targets[self.random.choice(['ill-500', 'ill-503'])]}"]
        names = {"shop": "ab"[colour] + "1 " + "ab"[colour] + "2", "chat": "ab"[colour], "rpc": "ab"[colour]}[service]
        return [f"127.0.0.1:{self.targets[f'{service}-{each}']}" for each in names.split(" ")]

    def plan_of(self, kind):
        if kind in ("is stopped", "is rolled back", "fails"):
            return LONG
        return [{"set_weight" if each.endswith("%") else "bake": each} for each in self.random.choice(PLANS)]

    def compare_plan(self, identity, expected, plan):
        """A deployment that says nothing of a plan goes by that of the file as it was loaded last."""
        if expected is None:
            is_so = plan["steps"] == []
        else:
            wanted = [each.get("set_weight") or milliseconds(each["bake"]) for each in expected]
            steps = [each.get("weight") or each["duration_ms"] for each in plan["steps"]]
            is_so = steps[:len(wanted)] == wanted and set(steps[len(wanted):]) <= {"100%"}
        if not is_so:
            self.book.fail(f"{identity} goes by {plan} and not by {expected}")

    def interfere(self, kind, service, identity):
        if kind in ("is stopped", "is rolled back"):
            self.wait(identity, lambda report: report["phase"] == "Baking", "it bakes")
            if kind == "is stopped":
                self.admin.call("POST", f"/v1/deployments/{identity}/stop", {}, (200, 202))
            else:
                self.command("rollback", service)
        elif kind == "is rolled back late":
            self.wait(identity, lambda report: report["finished"], "it has ended")
            self.command("rollback", service)

    def follow(self, service, identity, kind):
        report = self.wait(identity, lambda report: report["finished"], "it has ended")
        status, code = ENDS[kind]
        if report["status"] != status or report["error_code"] != code:
            self.book.fail(f"{identity}, which {kind}: {report['status']} {report['error_code']}: {report['reason']}")
        if "roll" in kind or kind in ("fails", "is stopped"):
            report = self.wait(identity, lambda report: report["rolled_back_by"], "it is rolled back")
            back = self.wait(report["rolled_back_by"], lambda report: report["finished"], "the rollback has ended")
            if back["status"] != "Succeeded":
                self.book.fail(f"the rollback of {identity}: {back['status']}: {back['reason']}")
        return report

    def wait(self, identity, is_so, what, pause=0.05):
        deadline = time.monotonic() + 2 * PATIENCE
        while not is_so(report := self.admin.call("GET", f"/v1/deployments/{identity}")):
            if time.monotonic() > deadline:
                raise TimeoutError(f"not within {2 * PATIENCE} s: {what}: {report}")
            time.sleep(pause)
        return report

    def check_bakes(self, report):
        """Where nobody interfered."""
        if report["id"] in self.paused or report["status"] != "Succeeded":
            return
        self.reloaded += sum(1 for each in report["timeline"] if RELOADED.match(each["what"]))
        for each in bakes_of(report["timeline"]):
            late, waited = each.late_ms(), self.waits.between(each.begin, each.end)
            self.resumed += each.resumed
            self.lasted.append((late, late - waited))
            if not -TRUNCATED_MS * (1 + each.resumed) <= late <= EXACT_MS + waited + self.slack:
                self.book.fail(f"a bake of {each.asked_ms} ms lasted {late:+.0f} ms, {waited:.0f} ms of them without a "
                               f"core: {report['id']} {report['timeline']}")

    def pause(self):
        """Holds the present release where it is, so that it surely runs: its id; None where that came too late."""
        identity = self.running
        if identity is None:
            return None
        self.paused.add(identity)
        answer = self.admin.ask("POST", f"/v1/deployments/{identity}/pause", {})
        return identity if answer.status in (200, 202) else None

    def go_on(self, identity):
        self.admin.call("POST", f"/v1/deployments/{identity}/continue", {}, (200, 202))
