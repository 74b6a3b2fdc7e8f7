"""split-latency: how quickly a new split holds. A steady load runs over a few connections while the
split is set by hand to 50 % and back to 0 %, again and again, through the control API.

One loop reads and writes all sockets and stamps every event with one clock. A request starts when
its bytes are handed to the kernel; the acknowledgement is when the PUT's answer has been read. What
counts (the issue's promise): no request that starts after the acknowledgement of 0 % reaches green.
"""

import dataclasses
import json
import selectors
import socket
import time

from control import SERVICE

CONNECTIONS = 8
DWELL_NS = 5_000_000  # Load at each split before the next PUT.


@dataclasses.dataclass(frozen=True)
class SplitLatency:
    puts: int
    round_trip_us: list  # PUT sent to answer read.
    after_send_us: list  # PUT of 0 % sent to the last start of a request that green answered.
    after_ack_us: list  # The same from the acknowledgement on; 0 where none started after it.
    late_requests: int  # Started after an acknowledgement of 0 %, answered by green.


class Exchange:
    """A connection with one request under way; knows when it started and what was answered."""

    def __init__(self, port, selector):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received = b""
        self.started = 0
        selector.register(self.socket, selectors.EVENT_READ, self)

    def send(self, message):
        self.received = b""
        self.started = time.monotonic_ns()
        self.socket.sendall(message)

    def answer(self):
        """(status, body) once it is whole, else None."""
        piece = self.socket.recv(65536)
        if not piece:
            raise SystemExit("bench: Teal closed a connection in the middle of split-latency")
        self.received += piece
        head, end, body = self.received.partition(b"\r\n\r\n")
        if not end:
            return None
        length = next((int(line.split(b":")[1]) for line in head.split(b"\r\n")
                       if line.lower().startswith(b"content-length:")), None)
        if length is None:
            raise SystemExit("bench: split-latency needs answers with a Content-Length")
        return (int(head.split()[1]), body) if len(body) >= length else None


def put_split(green, port):
    body = json.dumps({"green": green}).encode()
    return (f"PUT /v1/services/{SERVICE}/split HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n").encode() + body


def measure(port, admin_port, puts):
    selector = selectors.DefaultSelector()
    get = f"GET /who HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()
    clients = [Exchange(port, selector) for _ in range(CONNECTIONS)]
    control = Exchange(admin_port, selector)
    greens = []  # Starts of the requests that green answered in the present cycle.
    result = SplitLatency(puts, [], [], [], 0)
    late = 0

    def run_until(is_over):
        while not is_over():
            for key, _ in selector.select(0.001):
                exchange = key.data
                answer = exchange.answer()
                if answer is None:
                    continue
                status, body = answer
                if status >= 300:
                    raise SystemExit(f"bench: split-latency was answered {status}: {body[:300]!r}")
                if exchange is control:
                    acknowledged.append(time.monotonic_ns())
                    continue
                if body.startswith(b"green"):
                    greens.append(exchange.started)
                exchange.send(get)

    def set_split(green):
        acknowledged.clear()
        control.send(put_split(green, admin_port))
        run_until(lambda: acknowledged)
        result.round_trip_us.append((acknowledged[0] - control.started) / 1e3)
        until = time.monotonic_ns() + DWELL_NS
        run_until(lambda: time.monotonic_ns() > until)

    acknowledged = []
    for client in clients:
        client.send(get)
    for _ in range(puts // 2):
        greens.clear()
        set_split("50%")
        if not greens:
            raise SystemExit("bench: green answered nothing at 50 %: the measurement would be void")
        set_split("0%")
        result.after_send_us.append(max(0, max(greens) - control.started) / 1e3)
        result.after_ack_us.append(max(0, max(greens) - acknowledged[0]) / 1e3)
        late += sum(start > acknowledged[0] for start in greens)
    for exchange in [*clients, control]:
        exchange.socket.close()
    return dataclasses.replace(result, late_requests=late)
