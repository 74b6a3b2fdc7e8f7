"""One Teal with so many services and targets, and the processes that stand around it."""

import contextlib
import json
import os
import pathlib
import resource
import select
import subprocess
import sys
import time

import machine
from peers import Process

from scaling import wire

HERE = pathlib.Path(__file__).resolve().parent
# Two of the services have targets that answer: one is shipped, of the other targets fall ill.
SHIPPED, PROBED = "shipped", "probed"
READY_PATIENCE, HELPER_PATIENCE = 120, 120  # Seconds.
NGINX = """worker_processes 1; daemon off; {user} pid {dir}/probes.pid; error_log {dir}/probes.log;
worker_rlimit_nofile 65536;
events {{ worker_connections 60000; }}
http {{ access_log off; server {{ listen {port} backlog=4096; allow 127.0.0.0/8; deny all;
  location / {{ return 200 "fine"; }} }} }}
"""
CONFIG = """admin: {{ address: "127.0.0.1:{admin}" }}
state: "sqlite:{dir}/teal.db"
workers: 2
access_log: off
{limits}listeners: {{ public: {{ address: "127.0.0.1:{port}" }} }}
services:
  shipped:
    match: {{ listener: public, host: shipped.bench }}
    outlier: off
    blue: {{ revision: v1, targets: [ "127.0.0.1:{live}" ] }}
  probed:
    match: {{ listener: public, host: probed.bench }}
    outlier: off
    health: {{ http: /healthz, interval: 100ms, fast_interval: 100ms, timeout: 100ms, rise: 1, fall: 1 }}
    blue: {{ revision: v1, targets: [ "127.0.0.1:{first_probed}" ] }}
"""
# The default keeps part of the metrics of many services back.
LIMITS = "limits: { metric_samples: 10000000 }\n"


class Refused(Exception):
    """The binary does not take so many services; the text is what it says."""


class Helper:
    """A process of ours that speaks JSON by the line, and ends with its input."""

    def __init__(self, script, *words):
        self.child = subprocess.Popen([sys.executable, str(HERE / script), *map(str, words)],
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def read(self):
        """Its answer to the last command; it says nothing else, so that nothing is read beforehand."""
        if not select.select([self.child.stdout], [], [], HELPER_PATIENCE)[0]:
            raise SystemExit(f"{self.child.args[1]} has not answered within {HELPER_PATIENCE} s")
        line = self.child.stdout.readline()
        if not line:
            raise SystemExit(f"{self.child.args[1]} has ended unasked")
        return json.loads(line)

    def send(self, **command):
        self.child.stdin.write(json.dumps(command) + "\n")
        self.child.stdin.flush()

    def tell(self, **command):
        self.send(**command)
        return self.read()

    def stop(self):
        """What it says in the end."""
        with contextlib.suppress(BrokenPipeError):
            self.child.stdin.close()
        try:
            said = self.child.stdout.read()
            self.child.wait(20)
        finally:
            self.child.kill()
            self.child.wait()
        return json.loads(said.splitlines()[-1]) if said.strip() else None


def address(number, port):
    """Of each target another one on loopback: 127.1.0.0 and upwards."""
    return f"127.{1 + (number >> 16)}.{number >> 8 & 255}.{number & 255}:{port}"


def configuration(values, services, targets, probes):
    """Half of a service's targets are blue, half are green. Written tersely: a file may have 4 MiB."""
    health = "health: {http: /healthz}, " if probes else ""
    lines, number = [CONFIG.format(**values)], 0
    for service in range(services - 2):
        of_service = [address(number + each, values["silent"]) for each in range(targets)]
        number += targets
        blue, green = (",".join(half) for half in (of_service[:targets // 2], of_service[targets // 2:]))
        lines.append(f"  s{service}: {{match: {{listener: public, host: s{service}.bench}}, {health}"
                     f"blue: {{revision: v1, targets: [{blue}]}}, "
                     f"green: {{revision: v2, targets: [{green}]}}}}\n")
    return "".join(lines)


class Stage:
    def __init__(self, folder, binary, services, targets, probes, pollers):
        self.folder, self.binary = pathlib.Path(folder), binary
        self.pollers, self.splits_done = pollers, 0
        self.plain = [f"s{number}" for number in range(services - 2)]
        self.targets = Helper("targets.py")
        self.processes, self.clients, self.crowds = [self.targets], [], {}
        try:
            self.ports = self.targets.read()
            self.start(services, targets, probes)
        except BaseException:
            self.stop()
            raise

    def start(self, services, targets, probes):
        self.admin, self.public = machine.free_port(), machine.free_port()
        values = {"dir": self.folder, "admin": self.admin, "port": self.public, "limits": LIMITS,
                  "live": self.ports["live"], "first_probed": self.ports["probed"][0],
                  "silent": self.start_probe_target() if probes else 9}
        path = self.folder / "teal.yaml"
        path.write_text(configuration(values, services, targets, probes))
        if self.check(path):  # It may be that there is no such limit any more.
            path.write_text(configuration({**values, "limits": ""}, services, targets, probes))
            if problem := self.check(path):
                raise Refused(problem)
        began = time.perf_counter()
        self.teal = Process("teal", [self.binary, "serve", "--quiet", str(path)], None, self.folder / "teal.out")
        self.processes.append(self.teal)
        self.wait_until_ready(began + READY_PATIENCE)
        self.start_ms = (time.perf_counter() - began) * 1e3

    def start_probe_target(self):
        """Answers the probes of all targets: it listens at all addresses and answers those of loopback only."""
        port = machine.free_port()
        user = "user root;" if os.getuid() == 0 else ""
        (self.folder / "probes.conf").write_text(NGINX.format(dir=self.folder, port=port, user=user))
        nginx = Process("probes", ["nginx", "-c", str(self.folder / "probes.conf"), "-p", str(self.folder)],
                        None, self.folder / "probes.out")
        self.processes.append(nginx)
        nginx.wait_until_ready(port, 15)
        return port

    def check(self, path):
        """What is wrong with the file, or nothing."""
        done = subprocess.run([self.binary, "check", "--output", "json", str(path)], capture_output=True,
                              text=True, timeout=READY_PATIENCE)
        if done.returncode == 0:
            return ""
        said = (done.stdout + done.stderr).strip()
        with contextlib.suppress(ValueError, KeyError, IndexError, TypeError):
            first = json.loads(done.stdout)["problems"][0]
            return f"{first['key']}: {first['message']}".removeprefix(": ")
        return said[:300] or f"exit code {done.returncode}"

    def wait_until_ready(self, deadline):
        client = self.client()
        while True:
            with contextlib.suppress(OSError):
                if client.ask("GET", "/readyz")[0] == 200:
                    return
            if not self.teal.is_alive() or time.perf_counter() > deadline:
                said = pathlib.Path(self.teal.log).read_text(errors="replace")[-2000:]
                raise SystemExit(f"Teal is not ready after {READY_PATIENCE} s; its log says:\n{said}"
                                 if self.teal.is_alive() else f"Teal has ended; its log says:\n{said}")
            time.sleep(0.001)

    def client(self):
        self.clients.append(wire.Client(self.admin))
        return self.clients[-1]

    # ---- what is read of the process

    def resident_mb(self):
        pages = int(pathlib.Path(f"/proc/{self.teal.pid}/statm").read_text().split()[1])
        return pages * resource.getpagesize() / 1e6

    def cpu_seconds(self):
        """By thread; that of control is the first, whose id is the process's."""
        return {int(task.name): int((task / "schedstat").read_text().split()[0]) / 1e9
                for task in pathlib.Path(f"/proc/{self.teal.pid}/task").iterdir()}

    # ---- disturbance

    @contextlib.contextmanager
    def disturbed(self, told):
        """A scraper, pollers, and targets of one service that fall ill and recover, about twenty
        changes a second in all. `told` gets what the crowd was answered."""
        control = self.client()
        for port in self.ports["probed"]:
            control.must("PUT", f"/v1/services/{PROBED}/groups/blue/targets/127.0.0.1:{port}")
        self.targets.tell(flip_each=0.5)
        self.crowds = {"scrapes": Helper("crowd.py", self.admin, "/metrics", 1),
                       "lists": Helper("crowd.py", self.admin, wire.LIST, self.pollers)}
        self.processes += self.crowds.values()
        try:
            self.let_crowds_ask(True)
            yield
        finally:
            for name, crowd in self.crowds.items():
                self.processes.remove(crowd)
                told[name] = crowd.stop()
            self.crowds = {}
            self.targets.tell(flip_each=0)
        self.remove_probed()

    def let_crowds_ask(self, may_ask):
        for crowd in self.crowds.values():
            crowd.send(ask=may_ask)
        for crowd in self.crowds.values():
            crowd.read()
        if may_ask and self.crowds:
            time.sleep(0.1)

    @contextlib.contextmanager
    def hushed(self):
        """What has to be done but is not measured does not wait behind the crowd."""
        self.let_crowds_ask(False)
        try:
            yield
        finally:
            self.let_crowds_ask(True)

    def remove_probed(self):
        """No target is probed unless something is measured by it: probes are not idle."""
        control = self.client()
        for port in self.ports["probed"]:
            control.ask("DELETE", f"/v1/services/{PROBED}/groups/blue/targets/127.0.0.1:{port}")

    def stop(self):
        for client in self.clients:
            client.close()
        for process in reversed(self.processes):
            with contextlib.suppress(ProcessLookupError, ValueError):
                process.stop()
