#!/usr/bin/env python3
"""What strangers' tools say of Teal as it is configured by default: testssl.sh must find nothing above LOW, and
while slowhttptest holds thousands of slow heads, bodies and reads open, other clients are served and memory
stays bounded; and nobody's clients lose anything through fifty shifts (shifts_check.py). Takes some minutes, so it
is no test but ./dev edge.

usage: edge_check.py TEAL [tls] [slow] [shifts]"""

import asyncio
import json
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from running import PATIENCE, Program, free_port
from shifts_check import look_at_shifts

CONNECTIONS, SECONDS = 3000, 20
MOST_KIB_A_CONNECTION = 64  # An idle one has half a KiB; a slow one may have a read's worth waiting.
ATTACKS = {
    "slow heads": ["-H", "-i", "2", "-x", "24"],
    "slow bodies": ["-B", "-i", "2", "-s", "8192", "-x", "10"],
    "slow reads": ["-X", "-n", "3", "-w", "10", "-y", "20", "-z", "32", "-k", "3"],
}
# What an application says of itself; testssl.sh looks for it, and it is not for a proxy to invent.
APPLICATION = (b"X-Content-Type-Options: nosniff\r\nX-Frame-Options: DENY\r\n"
               b"Content-Security-Policy: default-src 'none'\r\nReferrer-Policy: no-referrer\r\n")
# Of the certificate's making, which is the operator's: one of a private authority without revocation.
NOT_OURS = re.compile(r"cert_|DNS_CAArecord|engine_problem")

CONFIGURATION = """
admin: {{ address: "127.0.0.1:{admin}" }}
state: "sqlite:{folder}/teal.db"
access_log: off
listeners:
  plain: {{ address: "127.0.0.1:{plain}" }}
  secure:
    address: "127.0.0.1:{secure}"
    hsts: true
    tls: {{ certificates: [ {{ certificate: "{folder}/chain.pem", key: "{folder}/leaf.key" }} ] }}
services:
  shop:
    match: [ {{ listener: plain }}, {{ listener: secure }} ]
    blue: {{ revision: v1, targets: [ "127.0.0.1:{target}" ] }}
    green: {{ }}
    live: blue
"""


async def answer(reader, writer):
    """A large body, so that a slow reader has something to read; a small one for probes."""
    try:
        while head := await reader.readuntil(b"\r\n\r\n"):
            length = re.search(rb"content-length: (\d+)", head, re.I)
            await reader.readexactly(int(length[1]) if length else 0)
            body = b"x" * (2 if b"/probe" in head else 200_000)
            writer.write(b"HTTP/1.1 200 OK\r\n%sContent-Length: %d\r\n\r\n%s" % (APPLICATION, len(body), body))
            await writer.drain()
    except (asyncio.IncompleteReadError, OSError):
        pass
    finally:
        writer.close()


def serve(server):
    async def run():
        await (await asyncio.start_server(answer, sock=server)).serve_forever()
    asyncio.run(run())


def openssl(folder, *arguments):
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)


def make_certificates(folder):
    openssl(folder, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "90", "-subj", "/CN=An authority",
            "-keyout", "ca.key", "-out", "ca.pem")
    openssl(folder, "req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-keyout", "leaf.key", "-out", "leaf.csr")
    (folder / "leaf.ext").write_text("subjectAltName=DNS:localhost\nextendedKeyUsage=serverAuth\n")
    openssl(folder, "x509", "-req", "-in", "leaf.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "60",
            "-extfile", "leaf.ext", "-out", "leaf.pem")
    (folder / "chain.pem").write_text((folder / "leaf.pem").read_text() + (folder / "ca.pem").read_text())


def start(teal, folder, ports):
    path = folder / "teal.yaml"
    path.write_text(CONFIGURATION.format(folder=folder, **ports))
    return Program("teal", [teal, "serve", str(path)], ports["admin"], folder / "teal.out")


def look_at_tls(folder, ports):
    found = folder / "testssl.json"
    subprocess.run(["testssl", "--quiet", "--color", "0", "--warnings", "off", "--ip", "127.0.0.1", "--add-ca",
                    str(folder / "ca.pem"), "--jsonfile", str(found), f"https://localhost:{ports['secure']}"],
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, timeout=1800)
    findings = json.loads(found.read_text())
    bad = [each for each in findings if each["severity"] in ("MEDIUM", "HIGH", "CRITICAL", "FATAL")
           and not NOT_OURS.search(each["id"])]
    print(f"testssl.sh: {len(findings)} findings, {len(bad)} above LOW")
    for each in bad:
        print(f"  {each['severity']} {each['id']}: {each['finding']}")
    return not bad and len(findings) > 50


def resident_kib(pid):
    return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text())[1])


def probe(port):
    """Seconds, or None where there was no good answer."""
    began = time.monotonic()
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as client:
            client.sendall(b"GET /probe HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            return time.monotonic() - began if client.makefile("rb").readline().startswith(b"HTTP/1.1 200") else None
    except OSError:
        return None


def attack(name, options, process, port):
    before = resident_kib(process.pid)
    tool = subprocess.Popen(["slowhttptest", "-c", str(CONNECTIONS), "-r", "1000", "-l", str(SECONDS), "-p", "3", "-v", "0",
                             *options, "-u", f"http://127.0.0.1:{port}/"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    times, most = [], before
    while tool.poll() is None:
        times.append(probe(port))
        most = max(most, resident_kib(process.pid))
        time.sleep(0.1)
    lost = times.count(None)
    slowest = max((each for each in times if each is not None), default=0)
    allowed = before + CONNECTIONS * MOST_KIB_A_CONNECTION
    print(f"{name}: {len(times)} others asked meanwhile, {lost} in vain, the slowest took {slowest * 1e3:.0f} ms; "
          f"memory {before / 1024:.0f} MiB, at most {most / 1024:.0f} MiB")
    return lost == 0 and len(times) > 20 and most <= allowed and process.is_alive()


def main():
    wanted = sys.argv[2:] or ["tls", "slow", "shifts"]
    well = True
    with tempfile.TemporaryDirectory(prefix="teal-edge-") as name:
        folder = pathlib.Path(name)
        make_certificates(folder)
        server = socket.create_server(("127.0.0.1", 0), backlog=1024)
        threading.Thread(target=serve, args=(server,), daemon=True).start()
        ports = {each: free_port() for each in ("admin", "plain", "secure")}
        process = start(sys.argv[1], folder, {**ports, "target": server.getsockname()[1]})
        try:
            if "slow" in wanted:
                for name, options in ATTACKS.items():
                    well = attack(name, options, process, ports["plain"]) and well
            if "tls" in wanted:
                well = look_at_tls(folder, ports) and well
            if "shifts" in wanted:
                well = look_at_shifts(sys.argv[1], folder) and well
        finally:
            process.stop()
    sys.exit(0 if well else 1)


if __name__ == "__main__":
    main()
