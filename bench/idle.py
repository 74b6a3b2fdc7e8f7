"""What an idle connection costs in memory: the growth of the proxy's resident set over so many
connections, each of which has had one request, by their number."""

import contextlib
import pathlib
import resource
import socket
import ssl

import machine

CONNECTIONS, TLS_CONNECTIONS = 5000, 2000
WARM_UP = 200


def resident(pid):
    """Bytes, of the process and its children."""
    total = 0
    for member in machine.family(pid):
        with contextlib.suppress(OSError):
            pages = int(pathlib.Path(f"/proc/{member}/statm").read_text().split()[1])
            total += pages * resource.getpagesize()
    return total


def anybody():
    """TLS that trusts whoever answers."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def open_with_one_request(port, stack, tls):
    connection = socket.create_connection(("127.0.0.1", port), timeout=10)
    if tls is not None:
        connection = tls.wrap_socket(connection)
    stack.enter_context(connection)
    connection.sendall(b"GET /128 HTTP/1.1\r\nHost: bench\r\n\r\n")
    received = b""
    while not received.endswith(b"x" * 128):
        piece = connection.recv(4096)
        if not piece:
            raise SystemExit("bench: a proxy closed an idle connection")
        received += piece


def bytes_per_connection(port, pid, secure=False):
    tls, connections = (anybody(), TLS_CONNECTIONS) if secure else (None, CONNECTIONS)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with contextlib.ExitStack() as stack:
        for _ in range(WARM_UP):
            open_with_one_request(port, stack, tls)
        before = resident(pid)
        for _ in range(connections):
            open_with_one_request(port, stack, tls)
        return (resident(pid) - before) / connections
