"""A client of TLS that ends its side with a close_notify and leaves the socket open in both
directions: no FIN tells of its end.

usage: tls_half_close.py PORT HOST {with-request | PATH-OF-TARGETS-SIGN}

With `with-request` the close_notify goes out in one write with the request. Else it is sent when
the file exists. Says "ready", then what it was answered, "over" at the orderly end of TLS, and
"ended" when the socket has ended.
"""

import os
import socket
import ssl
import sys
import time

port, host, when = int(sys.argv[1]), sys.argv[2], sys.argv[3]
context = ssl.create_default_context()
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
tls = context.wrap_bio(incoming, outgoing, server_hostname=host)
wire = socket.create_connection(("127.0.0.1", port), timeout=60)


def take(step):
    """Does a step of TLS, sending and reading as it asks for; None at the end of the socket."""
    while True:
        try:
            result = step()
            wire.sendall(outgoing.read())
            return result
        except ssl.SSLWantReadError:
            wire.sendall(outgoing.read())
            received = wire.recv(65536)
            if not received:
                return None
            incoming.write(received)


def say_end():
    try:
        tls.unwrap()
    except ssl.SSLWantReadError:
        pass  # The peer has not said its own end yet.


take(tls.do_handshake)
print("ready", flush=True)
tls.write(f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
if when == "with-request":
    say_end()
    wire.sendall(outgoing.read())
else:
    wire.sendall(outgoing.read())
    deadline = time.monotonic() + 30
    while not os.path.exists(when) and time.monotonic() < deadline:
        time.sleep(0.002)
    say_end()
    wire.sendall(outgoing.read())
try:
    while True:
        got = take(lambda: tls.read(65536))
        if got is None:
            break
        if not got:
            print("over", flush=True)
            break
        print(got.decode().replace("\r\n", " "), flush=True)
except ssl.SSLError:
    print("over", flush=True)
try:
    while wire.recv(65536):
        pass
except OSError:
    pass
print("ended", flush=True)
