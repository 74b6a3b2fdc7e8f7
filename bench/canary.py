"""A Teal of its own before two small origins, for the cases in which a release misbehaves: its
workers are pinned to no core, and may be more than one."""

import contextlib
import pathlib
import subprocess

import machine
from control import SERVICE, ControlApi
from peers import Process

ORIGIN = """worker_processes 1; daemon off; {user} pid {dir}/origin.pid; error_log {dir}/origin.log;
events {{ worker_connections 4096; }}
http {{
  access_log off; keepalive_timeout 300s; keepalive_requests 1000000000;
  split_clients "${{request_id}}" $one_in_100 {{ 1% 1; * 0; }}
  split_clients "${{request_id}}" $one_in_1000 {{ 0.1% 1; * 0; }}
  server {{ listen 127.0.0.1:{blue}; {blue_does} location / {{ return 200 "fine"; }} }}
  server {{ listen 127.0.0.1:{green}; {green_does} location / {{ return 200 "fine"; }} }}
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
    outlier: off
    {service}
"""


class Canary:
    def __init__(self, values):
        self.values = values
        self.port = values["port"]
        self.api = ControlApi(values["admin"])

    def ship(self, weight, alarms=None):
        """A release on green, at that weight until it is taken back."""
        deployment = self.api.call("POST", f"/v1/services/{SERVICE}/deployments", {
            "revision": "v2", "targets": [f"127.0.0.1:{self.values['green']}"],
            "plan": [{"set_weight": weight}, {"bake": "1h"}], "alarms": alarms or {}})
        self.api.wait_until("the canary", lambda service: service["split"]["green"] != "0%")
        return deployment["id"]

    def metric(self, name, label=""):
        text = subprocess.run(["curl", "-s", f"http://127.0.0.1:{self.values['admin']}/metrics"],
                              check=True, capture_output=True, text=True).stdout
        return sum(float(line.rsplit(" ", 1)[1]) for line in text.splitlines()
                   if line.startswith(name) and label in line)


@contextlib.contextmanager
def running(folder, binary, workers, blue="", green="", service="", user=""):
    """`blue`, `green`: what the origins do before they answer 200, in nginx's words; `service`: a
    further line of the service's configuration."""
    folder = pathlib.Path(folder) / "canary"
    folder.mkdir()
    values = {"dir": folder, "workers": workers, "blue_does": blue, "green_does": green,
              "service": service, "user": user,
              **{name: machine.free_port() for name in ("blue", "green", "admin", "port")}}
    (folder / "origin.conf").write_text(ORIGIN.format(**values))
    (folder / "teal.yaml").write_text(TEAL.format(**values))
    origin = Process("origin", ["nginx", "-c", str(folder / "origin.conf"), "-p", str(folder)],
                     None, folder / "origin.out")
    teal = Process("teal", [binary, "serve", str(folder / "teal.yaml")], None,
                   folder / "teal.out")
    try:
        origin.wait_until_ready(values["blue"], 15)
        teal.wait_until_ready(values["port"], 15)
        yield Canary(values)
    finally:
        teal.stop()
        origin.stop()
