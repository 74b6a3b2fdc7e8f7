"""What the scale bench measures of one stage; each function gives figures by name.

A figure of several samples is a dictionary of quantiles in milliseconds with their number `n`: fewer
than asked for where they took longer than the patience of the bench."""

import json
import selectors
import socket
import time

from scaling import wire
from scaling.stage import PROBED, SHIPPED

SETTLED = 60  # Requests in a row that got one answer: nobody is left who would give the other.
PACE_NS = 250_000  # Between two requests of the traffic; what is seen from outside is as exact.
CUT = 0  # In place of a status.
CONNECTIONS = 8  # So that each worker has some.
MINIMUM_REQUESTS = 10  # The failure that decides, where it is to be known which one does.


def quantiles(values):
    if not values:
        return None
    ordered = sorted(values)
    at = lambda share: round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 4)
    return {"p50": at(0.5), "p99": at(0.99), "max": round(ordered[-1], 4), "n": len(ordered)}


def milliseconds(nanoseconds):
    return nanoseconds / 1e6


def tell_if_fewer(what, done, count):
    if done < count:
        print(f"  {what}: {done} of {count} within --patience", flush=True)


def idle(stage, seconds):
    """Percent of a core without any load."""
    before, began = stage.cpu_seconds(), time.monotonic()
    time.sleep(seconds)
    after, took = stage.cpu_seconds(), time.monotonic() - began
    spent = {thread: after[thread] - before.get(thread, 0.0) for thread in after}
    return {"idle": 100 * sum(spent.values()) / took, "idle_control": 100 * spent[stage.teal.pid] / took}


def reads(stage, times=3):
    """One whole /metrics and one whole list of services, the quickest of some."""
    client, scrapes, lists = stage.client(), [], []
    for _ in range(times):
        text = client.must("GET", "/metrics")
        scrapes.append(milliseconds(client.took_ns))
        took, size, path, pages = 0, 0, wire.LIST, 0
        while path:
            body = client.must("GET", path)
            took, size, pages = took + client.took_ns, size + len(body), pages + 1
            path = wire.page_behind(body, body)
        lists.append(milliseconds(took))
    return {"scrape": min(scrapes), "scrape_bytes": len(text), "scrape_lines": text.count(b"\n"),
            "list": min(lists), "list_bytes": size, "list_pages": pages}


def splits(stage, count, patience, after_each=lambda done: None):
    """Splits by hand over one kept connection, one service after the other."""
    client, took = stage.client(), []
    deadline = time.monotonic() + patience
    for number in range(count):
        turn, place = divmod(number + stage.splits_done, len(stage.plain))
        green = b'{"green":"50%"}' if turn % 2 == 0 else b'{"green":"0%"}'
        client.must("PUT", f"/v1/services/{stage.plain[place]}/split", green)
        took.append(milliseconds(client.took_ns))
        after_each(number + 1)
        if time.monotonic() > deadline:
            break
    stage.splits_done += len(took)
    tell_if_fewer("splits", len(took), count)
    return quantiles(took)


def splits_and_memory(stage, count, patience):
    """The same, with resident memory as it grows; told at each thousand where there are many."""
    every = 1000 if count >= 5000 else max(1, count // 10)
    memory = [[0, stage.resident_mb()]]

    def look(done):
        if done % every == 0:
            memory.append([done, stage.resident_mb()])
            if count >= 5000:
                print(f"  {done:6} splits: {memory[-1][1]:8.1f} MB", flush=True)

    found = splits(stage, count, patience, look)
    return {"split": found, "memory_splits": stage.resident_mb(), "memory_by_splits": memory}


class Exchange:
    """A connection with one request under way, opened anew when it is cut."""

    def __init__(self, port, selector):
        self.port, self.selector = port, selector
        self.socket, self.started, self.coming = None, 0, None
        self.open()

    def open(self):
        self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.selector.register(self.socket, selectors.EVENT_READ, self)

    def reopen(self):
        self.selector.unregister(self.socket)
        self.socket.close()
        self.open()

    def send(self, message):
        self.coming, self.started = wire.Answer(), time.monotonic_ns()
        try:
            self.socket.sendall(message)
        except ConnectionError:  # It was cut while nothing was under way.
            self.reopen()
            self.socket.sendall(message)

    def answer(self):
        """(status, body) once it is whole, else None. Status 0: cut."""
        try:
            piece = self.socket.recv(65536)
        except ConnectionError:
            piece = b""
        if not piece:
            self.reopen()
            is_under_way, self.coming = self.coming is not None, None
            return (CUT, b"") if is_under_way else None
        if not self.coming.is_whole_with(piece):
            return None
        whole, self.coming = self.coming, None
        return whole.status, whole.body()


class Traffic:
    """Requests to one service, paced, over connections that take turns."""

    def __init__(self, stage, service):
        # Of the selectors this one waits for less than a millisecond.
        self.selector = selectors.SelectSelector()
        self.free = [Exchange(stage.public, self.selector) for _ in range(CONNECTIONS)]
        self.all = list(self.free)
        self.get = f"GET / HTTP/1.1\r\nHost: {service}.bench\r\n\r\n".encode()

    def close(self):
        for exchange in self.all:
            exchange.socket.close()

    def one(self):
        """The answer to one request, with nothing else under way."""
        return next(self.run(lambda: False, pace_ns=0, at_most=1))

    def run(self, is_over, pace_ns=PACE_NS, at_most=None):
        """Yields answers as they come until it is over and nothing is under way."""
        due, sent = time.monotonic_ns(), 0
        while True:
            is_enough = is_over() or (at_most is not None and sent >= at_most)
            if is_enough and len(self.free) == len(self.all):
                return
            now = time.monotonic_ns()
            if not is_enough and self.free and now >= due:
                self.free.pop(0).send(self.get)
                due, sent = max(now, due + pace_ns), sent + 1
            idle_ns = 10**8 if is_enough or not self.free else max(0, due - time.monotonic_ns())
            for key, _ in self.selector.select(idle_ns / 1e9):
                answer = key.data.answer()
                if answer is not None:
                    self.free.append(key.data)
                    yield key.data.started, *answer

    def until(self, is_wanted, seconds, is_told=lambda *_: None):
        """When the first request began from which on all answers were wanted; None: not in time."""
        began_ns, answers = time.monotonic_ns(), []
        state = {"over": False}
        for started, status, body in self.run(lambda: state["over"]):
            is_told(status, body)
            answers.append((started, is_wanted(status, body)))
            last = answers[-SETTLED:]
            in_time = time.monotonic_ns() - began_ns < seconds * 1e9
            state["over"] = (len(last) == SETTLED and all(good for _, good in last)) or not in_time
        answers.sort()
        bad = [place for place, (_, good) in enumerate(answers) if not good]
        first = bad[-1] + 1 if bad else 0
        return answers[first][0] if first < len(answers) else None


def health_changes(stage, times, patience):
    """From the first answer to a probe that says so until no worker's routing contradicts it."""
    control, took = stage.client(), []
    path = f"/v1/services/{PROBED}/groups/blue/targets/127.0.0.1:{stage.ports['probed'][0]}"
    control.must("PUT", path)
    traffic = Traffic(stage, PROBED)
    deadline = time.monotonic() + patience
    try:
        traffic.until(lambda status, _: status == 200, 10)
        for number in range(times):
            is_well = number % 2 == 1
            stage.targets.tell(become=[0, is_well])
            began = traffic.until(lambda status, _: (status == 200) == is_well, 30)
            told = stage.targets.tell(told=0)
            if began is None or told is None:
                raise SystemExit("a target's change of health was not seen within 30 s")
            took.append(milliseconds(max(0, began - told)))
            if time.monotonic() > deadline:
                break
    finally:
        traffic.close()
        stage.targets.tell(become=[0, True])
        control.ask("DELETE", path)
    return quantiles(took)


# Two kinds of alarm. What Teal says of a comparison counts from the end of the request that decided,
# with all the waiting for the control thread. An error_rate needs a known number of failures, so that
# the one that decides is known outside; it looks at most each 5 ms, which is a part of its p99.
ALARMS = {"compared": {"compare": "errors"},
          "counted": {"error_rate": "> 50%", "over": "60s", "minimum_requests": MINIMUM_REQUESTS}}
WEIGHTS = {"compared": "50%", "counted": "90%"}


class Verdicts:
    """Releases that fail, shipped and taken back."""

    def __init__(self, stage):
        self.stage, self.control, self.left_ns = stage, stage.client(), {}
        self.failures = 0

    def note(self, status, body):
        """Each failure of the release says its number and when it left."""
        if status == 500:
            _, number, left = body.split()
            self.failures = max(self.failures, int(number))
            self.left_ns[int(number)] = int(left)

    def one(self, kind):
        """(what Teal says it took, what was seen from outside or None), in ms."""
        body = json.dumps({
            "revision": f"bad-{time.monotonic_ns()}",
            "targets": [f"127.0.0.1:{self.stage.ports['release']}"],
            "plan": [{"set_weight": WEIGHTS[kind]}, {"bake": "1h"}], "alarms": {"bad": ALARMS[kind]},
        }).encode()
        once = f"Idempotency-Key: {time.monotonic_ns()}\r\n"
        path = f"/v1/services/{SHIPPED}/deployments"
        with self.stage.hushed():
            deployment = json.loads(self.control.must("POST", path, body, once))["id"]
            traffic, before = Traffic(self.stage, SHIPPED), self.failures
            self.fail_before_the_last(traffic, before + (MINIMUM_REQUESTS - 1 if kind == "counted" else 1))
        try:
            began = traffic.until(lambda status, _: status == 200, 60, self.note)
        finally:
            traffic.close()
        if began is None:
            raise SystemExit(f"no verdict within 60 s ({kind})")
        outside = None
        if kind == "counted":
            outside = milliseconds(max(0, began - self.left_ns[before + MINIMUM_REQUESTS]))
        with self.stage.hushed():
            return self.took(deployment), outside

    def fail_before_the_last(self, traffic, wanted):
        """So many failures, one after the other, and at least a request on each connection."""
        deadline, asked = time.monotonic() + 60, 0
        while self.failures < wanted or asked < CONNECTIONS:
            _, status, answer = traffic.one()
            self.note(status, answer)
            asked += 1
            if time.monotonic() > deadline:
                raise SystemExit("the release was given no traffic within 60 s")
        time.sleep(0.02)

    def took(self, deployment):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            said = json.loads(self.control.must("GET", f"/v1/deployments/{deployment}"))
            if said["finished"] and said["rollback_took_ms"] is not None and self.is_free():
                return said["rollback_took_ms"]
            time.sleep(0.01)
        raise SystemExit(f"deployment {deployment} was not taken back within 60 s")

    def is_free(self):
        """The rollback has ended as well."""
        return json.loads(self.control.must("GET", f"/v1/services/{SHIPPED}"))["deployment"] is None


def verdicts(stage, count, patience):
    """As many of either kind: by Teal's clock, and as seen from outside."""
    teller, took, outside = Verdicts(stage), [], []
    deadline = time.monotonic() + patience
    for _ in range(count):
        try:
            took.append(teller.one("compared")[0])
            outside.append(teller.one("counted")[1])
        except SystemExit as problem:
            print(f"  {problem}", flush=True)
            break
        if time.monotonic() > deadline:
            break
    tell_if_fewer("verdicts", len(took), count)
    return {"verdict": quantiles(took), "outside": quantiles(outside)}


def measure(stage, arguments, found):
    """All figures of a stage that has just become ready, into `found`: what was measured before
    something went wrong is kept."""
    found |= {"start": stage.start_ms, "memory_start": stage.resident_mb()}
    stage.remove_probed()
    time.sleep(arguments.pause)
    found["memory_pause"] = stage.resident_mb()
    found |= idle(stage, arguments.idle)
    found |= reads(stage)
    found["health"] = health_changes(stage, arguments.changes, arguments.patience)
    found |= splits_and_memory(stage, arguments.splits, arguments.patience)
    found |= verdicts(stage, arguments.verdicts, arguments.patience)
    found["crowd"] = {}
    with stage.disturbed(found["crowd"]):
        disturbed = verdicts(stage, arguments.verdicts, arguments.patience)
        found |= {f"{name}_disturbed": value for name, value in disturbed.items()}
        found["split_disturbed"] = splits(stage, arguments.disturbed_splits, arguments.patience)
    found |= {"memory_end": stage.resident_mb(), "failures": sum(each.failures for each in stage.clients)}
