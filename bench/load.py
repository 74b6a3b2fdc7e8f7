"""One measurement: wrk (HTTP/2 and gRPC: h2load) against a peer, and what the peer spent meanwhile."""

import dataclasses
import pathlib
import re
import subprocess
import tempfile
import time

import machine

HERE = pathlib.Path(__file__).resolve().parent
CONNECTIONS = 64
# A flag, a length, and the message (gRPC over HTTP/2, "Length-Prefixed-Message").
GRPC_MESSAGE = b"\0" + (16).to_bytes(4, "big") + b"x" * 16
UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4}


@dataclasses.dataclass(frozen=True)
class Case:
    name: str
    path: str
    script: str | None = None
    connections: int = CONNECTIONS
    has_body: bool = False  # Then HAProxy's larger buffers are a peer of their own.
    shifting: bool = False  # Teal is in the middle of a deployment, with its access log on.
    compared: bool = False  # Teal alone, with and without a canary that is compared.
    streams: int = 0  # HTTP/2 with so many at once on each connection; 0: HTTP/1.1.
    tls: bool = False
    workers: int = 1  # More: peers of their own, on the one core, started for the case.
    grpc: bool = False  # A unary call; the origin is a server of gRPC over HTTP/2.

    def url(self, port):
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{port}{self.path}"


CASES = {case.name: case for case in [
    Case("get128", "/128"),
    Case("get128-c256", "/128", connections=256),
    Case("get128-c256-workers", "/128", connections=256, workers=8),
    Case("get64k", "/64k", has_body=True),
    Case("get1m", "/1m", has_body=True),
    Case("post16k", "/sink", script="post16k.lua", has_body=True),
    Case("chunked16k", "/chunked/16k.html", has_body=True),
    Case("close", "/128", script="close.lua"),
    Case("headers", "/128", script="headers.lua"),
    Case("get128-shift", "/128", shifting=True),
    Case("get128-canary", "/128", compared=True),
    Case("h2-get128", "/128", connections=16, streams=32),
    Case("h2-get128-workers", "/128", connections=16, streams=32, workers=8),
    Case("h2-get64k", "/64k", connections=16, streams=4),
    Case("tls-get128", "/128", tls=True),
    Case("tls-handshake", "/128", script="close.lua", tls=True),
    Case("h2-tls-get128", "/128", connections=16, streams=32, tls=True),
    Case("grpc-unary", "/grpc/unary", connections=16, streams=32, grpc=True),
]}


@dataclasses.dataclass(frozen=True)
class Sample:
    requests_per_second: float
    cpu_us: float  # Proxy CPU per request.
    user_us: float
    system_us: float
    util: float  # Of the proxy's core: below 0.9 the load side was the limit.
    p50_ms: float
    p99_ms: float
    errors: int


def run_wrk(case, port, seconds, core):
    command = ["wrk", "--threads", "1", "--connections", str(case.connections), "--latency",
               "--timeout", "10s", "--duration", f"{seconds}s"]
    if case.script:
        command += ["--script", str(HERE / "wrk" / case.script)]
    command.append(case.url(port))

    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60,
                          preexec_fn=machine.pin_to(core))
    if done.returncode != 0:
        raise SystemExit(f"bench: wrk failed: {done.stderr or done.stdout}")
    return done.stdout


def run_h2load(case, port, seconds, core):
    """Standard output and the time of each request, in ms."""
    with tempfile.NamedTemporaryFile(prefix="teal-h2load-", mode="r") as log, \
            tempfile.NamedTemporaryFile(prefix="teal-h2load-") as message:
        command = ["h2load", "--threads", "1", "--clients", str(case.connections),
                   "--max-concurrent-streams", str(case.streams), "--duration", str(seconds),
                   # Windows as browsers have them: 8 MiB a stream, 16 MiB in all.
                   "--window-bits", "23", "--connection-window-bits", "24",
                   "--log-file", log.name, case.url(port)]
        if case.grpc:
            message.write(GRPC_MESSAGE)
            message.flush()
            command += ["--data", message.name, "--header", "content-type: application/grpc",
                        "--header", "te: trailers"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60,
                              preexec_fn=machine.pin_to(core))
        if done.returncode != 0:
            raise SystemExit(f"bench: h2load failed: {done.stderr or done.stdout}")
        return done.stdout, sorted(int(line.split("\t")[2]) / 1e3 for line in log)


def measure_h2(case, port, pid, seconds, cores):
    run_h2load(case, port, 1, cores.load)
    meter, begin = machine.CpuMeter(pid), time.monotonic()
    output, times = run_h2load(case, port, seconds, cores.load)
    spent, wall = meter.spent(), time.monotonic() - begin
    done, bad = map(int, re.search(r"requests: .* (\d+) succeeded, (\d+) failed", output).groups())
    others = sum(map(int, re.search(r"(\d+) 3xx, (\d+) 4xx, (\d+) 5xx", output).groups()))
    cpu_us = spent.total * 1e6 / max(done, 1)
    at = lambda share: times[int((len(times) - 1) * share)] if times else 0.0
    return Sample(requests_per_second=done / wall, cpu_us=cpu_us, user_us=cpu_us * spent.user_share,
                  system_us=cpu_us * (1 - spent.user_share), util=spent.total / wall,
                  p50_ms=at(0.5), p99_ms=at(0.99), errors=bad + others)


def milliseconds(text):
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s|m)", text).groups()
    return float(number) * UNITS[unit]


def measure(case, port, pid, seconds, cores):
    if case.streams:
        return measure_h2(case, port, pid, seconds, cores)
    run_wrk(case, port, 1, cores.load)  # Warm up: connections, caches, the branch predictor.
    meter, begin = machine.CpuMeter(pid), time.monotonic()
    output = run_wrk(case, port, seconds, cores.load)
    spent, wall = meter.spent(), time.monotonic() - begin

    requests = int(re.search(r"(\d+) requests in", output)[1])
    quantile = dict(re.findall(r"^\s+(50|99)%\s+(\S+)$", output, re.M))
    socket_errors = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)",
                              output)
    bad_status = re.search(r"Non-2xx or 3xx responses: (\d+)", output)
    cpu_us = spent.total * 1e6 / max(requests, 1)
    return Sample(
        requests_per_second=float(re.search(r"Requests/sec:\s+([\d.]+)", output)[1]),
        cpu_us=cpu_us,
        user_us=cpu_us * spent.user_share,
        system_us=cpu_us * (1 - spent.user_share),
        util=spent.total / wall,
        p50_ms=milliseconds(quantile["50"]),
        p99_ms=milliseconds(quantile["99"]),
        errors=sum(map(int, socket_errors.groups() if socket_errors else []))
        + int(bad_status[1] if bad_status else 0))
