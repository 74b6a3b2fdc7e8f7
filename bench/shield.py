#!/usr/bin/env python3
"""The shield under load: wrk asks a canary whose release answers 500 to everything. Not one failure
may be seen, whatever the weight of the load; says how many requests there were, how many of them the
release failed, and how many the retry budget would not let the live group have.

    python3 bench/shield.py [--requests 100000] [--connections 64] [--weight 10%] [--workers 2]
"""

import argparse
import pathlib
import re
import subprocess
import tempfile
import time

import machine
from control import SERVICE, ControlApi
from peers import Process

ROOT = pathlib.Path(__file__).resolve().parents[1]

ORIGIN = """worker_processes 1; daemon off; user root; pid {dir}/origin.pid; error_log {dir}/origin.log;
events {{ worker_connections 4096; }}
http {{
  access_log off; keepalive_timeout 300s; keepalive_requests 1000000000;
  server {{ listen 127.0.0.1:{blue}; location / {{ return 200 "fine"; }} }}
  server {{ listen 127.0.0.1:{green}; location / {{ return 500 "broken"; }} }}
}}
"""
TEAL = """admin: {{ address: "127.0.0.1:{admin}" }}
state: "sqlite:{dir}/teal.db"
workers: {workers}
access_log: off
listeners: {{ public: {{ address: "127.0.0.1:{port}" }} }}
services:
  shop:
    match: {{ listener: public }}
    blue: {{ revision: v1, targets: [ "127.0.0.1:{blue}" ] }}
    shield: {{ on: 5xx }}
    outlier: off
    limits: {{ idle_per_target: 512 }}
"""


def metric(text, name, label=""):
    return sum(float(line.rsplit(" ", 1)[1]) for line in text.splitlines()
               if line.startswith(name) and label in line)


def scrape(port):
    return subprocess.run(["curl", "-s", f"http://127.0.0.1:{port}/metrics"], check=True,
                          capture_output=True, text=True).stdout


def run(arguments, folder):
    values = {"dir": folder, "workers": arguments.workers,
              **{name: machine.free_port() for name in ("blue", "green", "admin", "port")}}
    (folder / "origin.conf").write_text(ORIGIN.format(**values))
    (folder / "teal.yaml").write_text(TEAL.format(**values))
    origin = Process("origin", ["nginx", "-c", str(folder / "origin.conf"), "-p", str(folder)],
                     None, folder / "origin.out")
    teal = Process("teal", [arguments.binary, "serve", str(folder / "teal.yaml")], None,
                   folder / "teal.out")
    try:
        origin.wait_until_ready(values["blue"])
        teal.wait_until_ready(values["port"])
        api = ControlApi(values["admin"])
        api.call("POST", f"/v1/services/{SERVICE}/deployments", {
            "revision": "v2", "targets": [f"127.0.0.1:{values['green']}"],
            "plan": [{"set_weight": arguments.weight}, {"bake": "1h"}]})
        api.wait_until("the canary", lambda service: service["split"]["green"] != "0%")
        asked = failed = 0
        began = time.monotonic()
        while asked < arguments.requests:
            done = subprocess.run(
                ["wrk", "--threads", "1", "--connections", str(arguments.connections),
                 "--duration", "2s", f"http://127.0.0.1:{values['port']}/"],
                check=True, capture_output=True, text=True).stdout
            asked += int(re.search(r"(\d+) requests in", done)[1])
            bad = re.search(r"Non-2xx or 3xx responses: (\d+)", done)
            failed += int(bad[1]) if bad else 0
            if errors := re.search(r"Socket errors: .*", done):
                failed += sum(int(number) for number in re.findall(r"\d+", errors[0]))
        seconds = time.monotonic() - began
        text = scrape(values["admin"])
    finally:
        teal.stop()
        origin.stop()
    shielded = metric(text, "teal_shielded_requests_total", 'group="green"')
    refused = metric(text, "teal_shield_refused_total", 'reason="budget"')
    connects = metric(text, "teal_upstream_connections_opened_total")
    print(f"{asked} requests in {seconds:.1f} s at {arguments.weight}: {failed} failures seen, "
          f"{shielded:.0f} shielded, {refused:.0f} over the retry budget, "
          f"{connects:.0f} connections opened to targets")
    return 1 if failed else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--weight", default="10%")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--binary", default=str(ROOT / "build/release/teal"))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="teal-shield-") as folder:
        raise SystemExit(run(arguments, pathlib.Path(folder)))


if __name__ == "__main__":
    main()
