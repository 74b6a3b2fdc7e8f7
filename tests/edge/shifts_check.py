"""Everybody at once: browsers, command-line clients, gRPC and WebSockets, over HTTP/1.1 and HTTP/2, in the clear and
over TLS, talk through Teal while fifty shifts happen. Nobody may lose a request or a conversation. For ./dev edge."""

import asyncio
import http.client
import json
import pathlib
import re
import signal
import subprocess
import threading
import time

from running import PATIENCE, Program, free_port

SHIFTS = 50
SUPPORT = pathlib.Path(__file__).resolve().parents[1] / "support"
PYTHON = "/usr/bin/python3"  # Debian's, which has the packages.

CONFIGURATION = """
admin: {{ address: "127.0.0.1:{admin}" }}
state: "sqlite:{folder}/shifts.db"
access_log: {{ format: json, path: "{folder}/shifts.log" }}
listeners:
  plain: {{ address: "127.0.0.1:{plain}" }}
  secure:
    address: "127.0.0.1:{secure}"
    tls: {{ certificates: [ {{ certificate: "{folder}/chain.pem", key: "{folder}/leaf.key" }} ] }}
services:
  web:
    match: [ {{ listener: plain }}, {{ listener: secure }} ]
    blue: {{ revision: v1, targets: [ "127.0.0.1:{blue}" ] }}
    green: {{ revision: v2, targets: [ "127.0.0.1:{green}" ] }}
    live: blue
  echo:
    match: [ {{ listener: plain, path: /teal.test.Echo/ }} ]
    blue: {{ revision: v1, targets: [ "127.0.0.1:{grpc_blue}" ] }}
    green: {{ revision: v2, targets: [ "127.0.0.1:{grpc_green}" ] }}
    live: blue
    upstream: {{ protocol: http2 }}
  page:
    match: [ {{ listener: secure, path: /page }} ]
    blue: {{ revision: v1, targets: [ "127.0.0.1:{page}" ] }}
    green: {{ }}
    live: blue
"""

# Asks and talks until it is told to stop, then says what became of it. The WebSocket goes by a stream of the same
# connection (RFC 8441).
PAGE = """<!doctype html><title>shifts</title><script>
const seen = { fetched: 0, echoed: 0, failed: [] };
let over = false;
async function ask() {
  while (!over) {
    try {
      const got = await fetch("/x", { cache: "no-store" });
      if (got.ok) { await got.text(); seen.fetched++; } else { seen.failed.push("status " + got.status); }
    } catch (error) { seen.failed.push(String(error)); }
  }
}
function talk() {
  return new Promise(done => {
    const socket = new WebSocket("wss://" + location.host + "/chat");
    let said = "";
    const say = () => { said = "echo " + seen.echoed; socket.send(said); };
    socket.onopen = say;
    socket.onmessage = event => {
      if (/^(name|murmur) /.test(event.data)) return;
      if (event.data !== said) seen.failed.push("another echo");
      seen.echoed++;
      if (over) socket.close(1000); else say();
    };
    socket.onclose = event => { if (event.code !== 1000) seen.failed.push("closed " + event.code); done(); };
  });
}
async function wait() { over = (await (await fetch("/page/over", { cache: "no-store" })).text()) === "yes"; }
(async () => {
  await fetch("/page/begun");
  const all = [ask(), ask(), talk()];
  while (!over) { await wait(); await new Promise(done => setTimeout(done, 100)); }
  await Promise.all(all);
  await fetch("/page/report", { method: "POST", body: JSON.stringify(seen) });
})();
</script>"""


class PageServer:
    """Serves the page and hears its report."""

    def __init__(self):
        self.port = free_port()
        self.begun, self.over, self.reported = threading.Event(), threading.Event(), threading.Event()
        self.report = {}
        threading.Thread(target=lambda: asyncio.run(self.serve()), daemon=True).start()

    async def serve(self):
        server = await asyncio.start_server(self.answer, "127.0.0.1", self.port)
        await server.serve_forever()

    async def answer(self, reader, writer):
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = re.search(rb"content-length: (\d+)", head, re.I)
                chunked = re.search(rb"transfer-encoding: chunked", head, re.I)
                body = await reader.readexactly(int(length[1])) if length else b""
                while chunked and (size := int(await reader.readline(), 16)):
                    body += (await reader.readexactly(size + 2))[:-2]
                if chunked:
                    await reader.readline()
                path = head.split()[1].decode()
                text = PAGE if path == "/page" else "yes" if self.over.is_set() else "no"
                if path == "/page/begun":
                    self.begun.set()
                if path == "/page/report":
                    self.report = json.loads(body)
                    self.reported.set()
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n" % len(text)
                             + text.encode())
                await writer.drain()
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            writer.close()


class Repeated(threading.Thread):
    """A command again and again; `count` says from its output how many requests went well, and there are `each`."""

    def __init__(self, name, command, each, count):
        super().__init__()
        self.name, self.command, self.each, self.count = name, command, each, count
        self.well, self.failed, self.over = 0, [], threading.Event()
        self.start()

    def run(self):
        while not self.over.is_set():
            try:
                done = subprocess.run(self.command, capture_output=True, text=True, timeout=60)
                well = self.count(done.stdout)
            except Exception as error:  # It hung, or said what nobody understands.
                self.failed.append(repr(error))
                continue
            self.well += well
            if done.returncode != 0 or well != self.each:
                self.failed.append(f"{well} of {self.each}, exit code {done.returncode}: {done.stdout[-300:]}{done.stderr[-300:]}")

    def stop(self):
        self.over.set()
        self.join()
        return self.well, self.failed


class Lasting:
    """A client that goes on until SIGTERM and then says what became of it; `read` makes (well, failures) of that."""

    def __init__(self, name, command, read):
        self.name, self.read = name, read
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        self.process.stdout.readline()  # It has begun.

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.read(self.process.communicate(timeout=60)[0])


class Browser:
    name = "Chromium: pages and a WebSocket over HTTP/2 and TLS"

    def __init__(self, page, port, folder):
        self.page = page
        self.process = subprocess.Popen(
            ["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
             "--ignore-certificate-errors", f"--user-data-dir={folder}/chromium", f"https://localhost:{port}/page"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.has_begun = page.begun.wait(60)

    def stop(self):
        self.page.over.set()
        has_reported = self.page.reported.wait(60)
        self.process.terminate()
        self.process.wait(60)
        if not has_reported:
            return 0, ["it said nothing" + ("" if self.has_begun else ", not even that it has begun")]
        report = self.page.report
        few = [] if report["fetched"] > 100 and report["echoed"] > 100 else [f"it did little: {report}"]
        return report["fetched"] + report["echoed"], report["failed"] + few


def served(name, kind):
    """A server of tests/support and its port."""
    process = subprocess.Popen([PYTHON, SUPPORT / kind, "serve", name], stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, text=True)
    return process, int(process.stdout.readline())


def of_grpc(text):
    failed = re.search(r"^failed (\d+)(.*)", text, re.M)
    return ("many" if "done many" in text else 0), [] if failed and failed[1] == "0" else [text]


def of_websockets(text):
    report = json.loads(text.splitlines()[-1])
    return report["echoes"], report["errors"]


def clients_of(ports, page, folder):
    plain, secure = f"127.0.0.1:{ports['plain']}", f"localhost:{ports['secure']}"
    good = lambda text: text.count("200\n")
    curl = lambda url, *options: ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}\n", *options, url]
    ca = ["--cacert", f"{folder}/ca.pem"]
    talk = [PYTHON, SUPPORT / "websocket_peer.py", "talk", f"ws://{plain}/chat", "8"]
    streams = [PYTHON, SUPPORT / "websocket_over_http2.py", plain, "10", "40"]
    yield Repeated("curl over HTTP/1.1", curl(f"http://{plain}/[1-40]", "--http1.1"), 40, good)
    # curl 7.88 fails at a second one on such a connection, whatever the server.
    yield Repeated("curl over HTTP/2", curl(f"http://{plain}/", "--http2-prior-knowledge"), 1, good)
    yield Repeated("curl over HTTP/1.1 and TLS", curl(f"https://{secure}/[1-40]", "--http1.1", *ca), 40, good)
    yield Repeated("curl over HTTP/2 and TLS", curl(f"https://{secure}/[1-40]", "--http2", *ca), 40, good)
    yield Repeated("nghttp", ["nghttp", "-n", "-s", *[f"http://{plain}/{i}" for i in range(20)]], 20,
                   lambda text: len(re.findall(r"\s200\s+\d+ /\d+$", text, re.M)))
    yield Repeated("h2load", ["h2load", "-n", "400", "-c", "4", "-m", "8", f"http://{plain}/"], 400,
                   lambda text: int((re.search(r"status codes: (\d+) 2xx", text) or [0, 0])[1]))
    yield Repeated("WebSockets over HTTP/2", streams, 400, lambda text: json.loads(text or "{}").get("echoes", 0))
    yield Lasting("WebSockets over HTTP/1.1", talk, of_websockets)
    yield Lasting("gRPC", [PYTHON, SUPPORT / "grpc_peer.py", "call", plain, "load", "2"], of_grpc)
    yield Browser(page, ports["secure"], folder)


def ask_admin(port, method, path, body=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    connection.request(method, path, body, {"content-type": "application/json"})
    answer = connection.getresponse()
    text = answer.read().decode()
    if answer.status >= 300:
        raise RuntimeError(f"{method} {path}: {answer.status} {text}")
    return text


def requests_of(admin, part=""):
    lines = ask_admin(admin, "GET", "/metrics").splitlines()
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith("teal_requests_total{") and part in line)


def shift(admin, number):
    share = ("100%", "50%", "0%")[number % 3]
    for service in ("web", "echo"):
        ask_admin(admin, "PUT", f"/v1/services/{service}/split", json.dumps({"green": share}))
    before, deadline = requests_of(admin), time.monotonic() + PATIENCE
    while requests_of(admin) < before + 200:
        if time.monotonic() > deadline:
            raise RuntimeError(f"no traffic behind shift {number + 1}")
        time.sleep(0.02)


def look_at_shifts(teal, folder):
    servers = {name: served(name.split("_")[-1], kind) for name, kind in [
        ("blue", "websocket_peer.py"), ("green", "websocket_peer.py"),
        ("grpc_blue", "grpc_peer.py"), ("grpc_green", "grpc_peer.py")]}
    page = PageServer()
    ports = {each: free_port() for each in ("admin", "plain", "secure")}
    ports.update({name: port for name, (_, port) in servers.items()}, page=page.port)
    path = folder / "shifts.yaml"
    path.write_text(CONFIGURATION.format(folder=folder, **ports))
    process = Program("teal", [teal, "serve", str(path)], ports["admin"], folder / "shifts.out")
    well, clients = True, []
    try:
        try:
            clients.extend(clients_of(ports, page, folder))
            for number in range(SHIFTS):
                shift(ports["admin"], number)
        finally:
            for client in clients:
                done, failed = client.stop()
                well = well and not failed and done != 0
                print(f"{client.name}: {done} went well, {len(failed)} failed through {SHIFTS} shifts", *failed[:3], sep="\n  ")
        bad = requests_of(ports["admin"], 'code="5xx"')
        print(f"{requests_of(ports['admin']):.0f} requests in all, {bad:.0f} of them 5xx")
        return well and bad == 0
    finally:
        process.stop()
        for server, _ in servers.values():
            server.kill()
            server.wait()
