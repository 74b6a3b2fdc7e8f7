"""The origin and the proxies before it, each a process of ours made from a template in bench/peers."""

import contextlib
import os
import pathlib
import re
import subprocess
import sys

import load
import machine

HERE = pathlib.Path(__file__).resolve().parent
MANY = "-workers"  # Ends the name of a peer that has several workers.
BODIES = {"64k": 64 * 1024, "1m": 1024 * 1024}


class Process:
    """A child pinned to a core; stopped by its pid, politely first."""

    def __init__(self, name, command, core, log):
        self.name, self.log = name, log
        with open(log, "ab") as output:
            self.child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output,
                                          stderr=output, preexec_fn=machine.pin_to(core))
        self.pid = self.child.pid

    def is_alive(self):
        return self.child.poll() is None

    def wait_until_ready(self, port, seconds):
        if not machine.wait_for_port(port, seconds, self.is_alive):
            sys.exit(f"bench: {self.name} does not listen on 127.0.0.1:{port}; its log says:\n"
                     f"{pathlib.Path(self.log).read_text(errors='replace')[-2000:]}")

    def stop(self, patience=5):
        self.child.terminate()
        try:
            self.child.wait(patience)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()


class Stage:
    """Everything that runs during a bench, in one temporary folder on tmpfs."""

    def __init__(self, folder, cores, binary, before=None):
        self.folder, self.cores = pathlib.Path(folder), cores
        self.binary, self.before = binary, before
        self.values = {
            "dir": str(folder),
            "user": "user root;" if os.getuid() == 0 else "",
            "origin": machine.free_port(),
            "release": machine.free_port(),
            "broken": machine.free_port(),
            "grpc_origin": machine.free_port(),
            "body128": "x" * 128,
        }
        self.processes = {}
        self.ports = {}
        self.h2_ports = {}  # Of those that speak HTTP/2 in the clear.
        self.tls_ports = {}
        (self.folder / "bodies").mkdir()
        for name, size in BODIES.items():
            (self.folder / "bodies" / name).write_bytes(b"x" * size)
        (self.folder / "bodies" / "chunked").mkdir()
        (self.folder / "bodies" / "chunked" / "16k.html").write_bytes(b"x" * 16384)
        (self.folder / "bodies" / "grpc").mkdir()
        (self.folder / "bodies" / "grpc" / "unary").write_bytes(load.GRPC_MESSAGE)
        self.make_certificate()

    def make_certificate(self):
        key, certificate = self.folder / "tls.key", self.folder / "tls.crt"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                        "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1", "-keyout", key, "-out", certificate],
                       check=True, capture_output=True)
        (self.folder / "tls.pem").write_bytes(certificate.read_bytes() + key.read_bytes())

    def port_for(self, case, peer):
        """None: the peer has no such listener."""
        if case.tls:
            return self.tls_ports.get(peer)
        return (self.h2_ports if case.streams else self.ports).get(peer)

    def render(self, template, name, **more):
        values = {**self.values, **more}
        text = (HERE / "peers" / template).read_text()
        path = self.folder / name
        path.write_text(re.sub(r"@(\w+)@", lambda found: str(values[found[1]]), text))
        return str(path)

    def start(self, name, command, port, core, patience=15):
        process = Process(name, command, core, self.folder / f"{name}.out")
        self.processes[name] = process
        process.wait_until_ready(port, patience)
        return process

    def start_origin(self):
        conf = self.render("origin.conf.in", "origin.conf")
        self.start("origin", ["nginx", "-c", conf, "-p", str(self.folder)], self.values["origin"],
                   self.cores.load)

    def start_peer(self, name, prefix=(), patience=15, workers=1):
        """`prefix`: a command to run it under, such as valgrind."""
        kind = name.removesuffix(MANY)
        port = self.ports[name] = machine.free_port()
        h2_port = port
        if kind != "relay":
            # Others tell HTTP/2 from HTTP/1 in the clear by the port.
            h2_port = machine.free_port() if kind in ("nginx", "haproxy", "haproxy-64k") else port
            self.h2_ports[name] = h2_port
            self.tls_ports[name] = machine.free_port()
        ports = {"port": port, "h2_port": h2_port, "tls_port": self.tls_ports.get(name),
                 "workers": workers, "peer": name}
        if kind == "nginx":
            conf = self.render("nginx.conf.in", f"{name}.conf", **ports)
            command = ["nginx", "-c", conf, "-p", str(self.folder)]
        elif kind in ("haproxy", "haproxy-64k"):
            bufsize = 65536 if kind == "haproxy-64k" else 16384
            conf = self.render("haproxy.cfg.in", f"{name}.cfg", **ports, bufsize=bufsize)
            command = ["haproxy", "-db", "-q", "-f", conf]
        elif kind == "nghttpx":
            conf = self.render("nghttpx.conf.in", "nghttpx.conf", **ports)
            command = ["nghttpx", f"--conf={conf}"]
        elif kind == "relay":
            conf = self.render("relay.cfg.in", "relay.cfg", port=port)
            command = ["haproxy", "-db", "-q", "-f", conf]
        else:
            template, log = {"teal": ("teal.yaml.in", "off"), "teal-before": ("teal.yaml.in", "off"),
                             "teal-log": ("teal.yaml.in", "json"),
                             "teal-full": ("teal-full.yaml.in", "json"),
                             "teal-nolog": ("teal-full.yaml.in", "off"),
                             "teal-idle": ("teal-full.yaml.in", "off"),
                             "teal-canary": ("teal-full.yaml.in", "off")}[kind]
            admin = machine.free_port()
            self.ports[f"{name}-admin"] = admin
            self.ports.setdefault("admin", admin)
            conf = self.render(template, f"{name}.yaml", **ports, admin=admin, log=log)
            command = [self.before if kind == "teal-before" else self.binary, "serve", conf]
        process = self.start(name, [*prefix, *command], port, self.cores.proxy, patience)
        if f"{name}-admin" in self.ports:
            process.wait_until_ready(self.ports[f"{name}-admin"], patience)
        return process

    def stop(self):
        for process in reversed(self.processes.values()):
            with contextlib.suppress(ProcessLookupError):
                process.stop()
