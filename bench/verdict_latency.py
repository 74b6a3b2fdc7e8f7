"""verdict-latency: how long a rollback takes from the verdict to all workers off the release.

Again and again a release that answers 500 to everything is shipped at 50 % under load and compared
with the live group; Teal's own clock says how long it took from the end of the request that decided
(with it, all that began before the bad ones were settled) to the last worker that took the new table
(`rollback_took_ms` of the deployment). `verdict-latency-reloads` is the same while another
configuration is loaded ten times a second."""

import contextlib
import itertools

import subprocess
import threading
import time

import machine
from control import SERVICE


def load_until(stop, port, core):
    """Keeps 16 connections busy, a second at a time, beside the proxy's core as in other cases."""
    while not stop.is_set():
        subprocess.run(["wrk", "--threads", "1", "--connections", "16", "--duration", "1s",
                        f"http://127.0.0.1:{port}/who"], capture_output=True, check=True,
                       preexec_fn=machine.pin_to(core))


def reload_until(stop, api, path):
    """Loads the configuration with another time limit of the service each time."""
    text = path.read_text()
    for number in itertools.count():
        if stop.wait(0.1):
            break
        path.write_text(f"{text}    timeouts: {{ connect: {700 + number % 100}ms }}\n")
        api.call("POST", "/v1/config/reload", {})
    path.write_text(text)


@contextlib.contextmanager
def reloading(api, path):
    stop = threading.Event()
    reloads = threading.Thread(target=reload_until, args=(stop, api, path))
    reloads.start()
    try:
        yield
    finally:
        stop.set()
        reloads.join()


def measure(api, port, broken_port, rollbacks, core):
    """Milliseconds of each rollback."""
    machine.pin_to(core)()  # This client of the control API is load, too.
    stop = threading.Event()
    load = threading.Thread(target=load_until, args=(stop, port, core))
    load.start()
    took = []
    try:
        for number in range(rollbacks):
            deployment = api.call("POST", f"/v1/services/{SERVICE}/deployments", {
                "revision": f"broken-{time.monotonic_ns()}",
                "targets": [f"127.0.0.1:{broken_port}"],
                "plan": [{"set_weight": "50%"}, {"bake": "10m"}],
                "alarms": {"worse": {"compare": "errors"}},
            })
            api.wait_until("the rollback", lambda service: service["deployment"] is None)
            ended = api.call("GET", f"/v1/deployments/{deployment['id']}")
            if ended["rollback_took_ms"] is None:
                raise SystemExit(f"bench: rollback {number + 1} did not happen: {ended['reason']}")
            took.append(ended["rollback_took_ms"])
    finally:
        stop.set()
        load.join()
    return took
