"""Latency that a proxy adds, at fixed request rates: closed-loop load only measures its own queue.

h2load paces 64 HTTP/1.1 connections and logs every request. The rates are shares of what the slowest
peer can carry, so that all are asked for the same; what the origin takes by itself is subtracted."""

import dataclasses
import pathlib
import subprocess
import tempfile

import load
import machine

SHARES = (0.3, 0.7, 0.9)
QUANTILES = (0.5, 0.99, 0.999)
CONNECTIONS = 64


@dataclasses.dataclass(frozen=True)
class Sample:
    share: float
    rate: int
    p50_us: float
    p99_us: float
    p999_us: float
    errors: int


def at_rate(port, rate, seconds, core, share):
    with tempfile.NamedTemporaryFile(prefix="teal-latency-") as log:
        command = ["h2load", "--h1", "-c", str(CONNECTIONS), "--rps", f"{rate / CONNECTIONS:.2f}",
                   "-D", str(seconds), "--warm-up-time", "1", "--log-file", log.name,
                   f"http://127.0.0.1:{port}/128"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60,
                              preexec_fn=machine.pin_to(core))
        if done.returncode != 0:
            raise SystemExit(f"bench: h2load failed: {done.stderr or done.stdout}")
        # Start time, status, time taken; both times in microseconds.
        rows = [line.split("\t") for line in pathlib.Path(log.name).read_text().splitlines()]
    times = sorted(int(row[2]) for row in rows)
    if not times:
        raise SystemExit(f"bench: h2load finished no request at {rate} a second")
    at = [float(times[min(len(times) - 1, int(q * len(times)))]) for q in QUANTILES]
    return Sample(share, rate, *at, errors=sum(row[1] != "200" for row in rows))


def measure(stage, chosen, rounds, seconds):
    """peer -> share -> Samples of all rounds; "direct" is the origin without a proxy."""
    case = load.CASES["get128"]
    capacity = min(load.measure(case, stage.ports[peer], stage.processes[peer].pid, seconds,
                                stage.cores).requests_per_second for peer in chosen)
    ports = {"direct": stage.values["origin"], **{peer: stage.ports[peer] for peer in chosen}}
    samples = {name: {share: [] for share in SHARES} for name in ports}
    for number in range(rounds):
        for share in SHARES:
            for name in ports if number % 2 == 0 else reversed(ports):
                samples[name][share].append(at_rate(ports[name], int(share * capacity), seconds,
                                                    stage.cores.load, share))
    return samples
