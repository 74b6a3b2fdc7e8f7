"""Teal's control API, as far as the bench drives it (`GET /v1/openapi.json` describes it all)."""

import contextlib
import http.client
import json
import time

SERVICE = "shop"


class ControlApi:
    def __init__(self, port):
        self.port = port

    def call(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        with contextlib.closing(connection):
            text = json.dumps(body) if body is not None else None
            connection.request(method, path, text, {"Content-Type": "application/json"} if text else {})
            response = connection.getresponse()
            answer = response.read()
            if response.status >= 300:
                raise SystemExit(f"bench: {method} {path} was answered {response.status}: "
                                 f"{answer.decode(errors='replace')}")
            return json.loads(answer) if answer else None

    def wait_until(self, what, is_true, seconds=30):
        deadline = time.monotonic() + seconds
        while not is_true(self.call("GET", f"/v1/services/{SERVICE}")):
            if time.monotonic() > deadline:
                raise SystemExit(f"bench: waited {seconds} s in vain for: {what}")
            time.sleep(0.02)

    def give_green(self, release_port):
        """Green has a healthy target again, whatever earlier rollbacks have emptied."""
        self.call("PUT", f"/v1/services/{SERVICE}/groups/green/targets/127.0.0.1:{release_port}")
        self.wait_until("green's target", lambda service: any(
            target["accepts_requests"] for target in service["groups"]["green"]["targets"]))

    def begin_shift(self, release_port, seconds):
        """A linear shift that takes longer than so many seconds, with the configured alarms live."""
        every = max(1, round(seconds / 20))
        deployment = self.call("POST", f"/v1/services/{SERVICE}/deployments", {
            "revision": f"v-{time.monotonic_ns()}",
            "targets": [f"127.0.0.1:{release_port}"],
            "plan": f"Linear1PercentEvery{every}Seconds",
        })
        self.wait_until("the shift to begin", lambda service: service["split"]["green"] != "0%")
        return deployment["id"]

    def begin_canary(self, release_port):
        """One request in ten goes to a release that is compared by its errors and its latency."""
        deployment = self.call("POST", f"/v1/services/{SERVICE}/deployments", {
            "revision": f"v-{time.monotonic_ns()}",
            "targets": [f"127.0.0.1:{release_port}"],
            "plan": [{"set_weight": "10%"}, {"bake": "1h"}],
            "alarms": {"worse": {"compare": "errors"}, "slower": {"compare": "latency"}},
        })
        self.wait_until("the canary", lambda service: service["split"]["green"] != "0%")
        return deployment["id"]

    @contextlib.contextmanager
    def comparing(self, release_port):
        deployment = self.begin_canary(release_port)
        try:
            yield
            if self.call("GET", f"/v1/deployments/{deployment}")["finished"]:
                raise SystemExit("bench: the canary ended before the measurement did; the figure is void")
        finally:
            self.call("POST", f"/v1/deployments/{deployment}/rollback", {})
            self.wait_until("the rollback to end", lambda service: service["deployment"] is None)

    @contextlib.contextmanager
    def shifting(self, release_port, seconds):
        """A shift that takes longer than the measurement. Afterwards the traffic is taken back, so
        that the next round starts from the same place."""
        deployment = self.begin_shift(release_port, seconds)
        try:
            yield
            if self.call("GET", f"/v1/services/{SERVICE}")["deployment"] is None:
                raise SystemExit("bench: the shift ended before the measurement did; the figure is void")
        finally:
            self.call("POST", f"/v1/deployments/{deployment}/rollback", {})
            self.wait_until("the rollback to end", lambda service: service["deployment"] is None)
