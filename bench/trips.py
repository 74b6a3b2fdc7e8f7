"""trip-time: how long it takes until a release that fails one request in a hundred is taken back from
before a live group that fails one in a thousand, at 1000 requests per second and 10 %; through the
door of the real binary, from the split until the end of the deployment."""

import pathlib
import subprocess
import tempfile
import time

import canary

RATE, CONNECTIONS = 1000, 50
PATIENCE = 120
COMPARISONS = {
    "confidence 0.99, tolerance 1": {"compare": "errors", "confidence": 0.99, "tolerance": 1},
    "the defaults: 0.999, 1.5": {"compare": "errors"},
}


def one(folder, binary, user, compare):
    """Seconds; PATIENCE where it did not happen."""
    with canary.running(folder, binary, 1, user=user,
                        blue='if ($one_in_1000) { return 500 "broken"; }',
                        green='if ($one_in_100) { return 500 "broken"; }') as stage:
        load = subprocess.Popen(["h2load", "--h1", "-c", str(CONNECTIONS), "--rps",
                                 str(RATE // CONNECTIONS), "-D", str(PATIENCE + 5),
                                 f"http://127.0.0.1:{stage.port}/"],
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            stage.api.wait_until("the load", lambda service:
                                 service["groups"]["blue"]["requests_per_second"] > RATE * 0.8)
            deployment = stage.ship("10%", {"worse": compare})
            began = time.monotonic()
            while time.monotonic() - began < PATIENCE:
                if stage.api.call("GET", f"/v1/deployments/{deployment}")["finished"]:
                    return time.monotonic() - began
                time.sleep(0.05)
            return PATIENCE
        finally:
            load.terminate()
            load.wait()


def measure(binary, trips, user):
    """By comparison: the seconds of each of so many deployments."""
    found = {}
    for name, compare in COMPARISONS.items():
        found[name] = []
        for _ in range(trips):
            with tempfile.TemporaryDirectory(prefix="teal-trip-") as folder:
                found[name].append(one(pathlib.Path(folder), binary, user, compare))
    return found
