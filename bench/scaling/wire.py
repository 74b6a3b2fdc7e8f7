"""A client of the control API that costs little itself: one kept connection, requests written by hand,
one clock around sending and reading. It reads bodies with a length and bodies in chunks."""

import re
import socket
import time

PIECE = 1 << 20
LAST_CHUNK = b"\r\n0\r\n\r\n"
LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d+)", re.IGNORECASE)
CHUNKED = re.compile(rb"\r\ntransfer-encoding:[ \t]*chunked", re.IGNORECASE)
NEXT = re.compile(rb'"next"\s*:\s*"([^"]+)"')
LIST = "/v1/services"
ENDS = 200  # Bytes of a body at either end that are looked at for `next`.


def request(method, path, host, body=b"", fields=""):
    """`fields`: further lines of the head, each with its end."""
    head = f"{method} {path} HTTP/1.1\r\nHost: {host}\r\n{fields}"
    if body:
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return f"{head}\r\n".encode() + body


def page_behind(begin, end):
    """The path of the next page of a list of services, or None at its end. `next` stands beside the
    list, before it or behind it, so that the begin and the end of the body say it."""
    found = NEXT.search(begin[:ENDS]) or NEXT.search(end[-ENDS:])
    return f"{LIST}?after={found[1].decode()}" if found else None


class Answer:
    """One answer as it comes in, piece by piece."""

    def __init__(self):
        self.pieces, self.size = [], 0
        self.status, self.head_size, self.length = None, 0, None

    def is_whole_with(self, piece):
        """Takes the piece; true once nothing is missing."""
        self.pieces.append(piece)
        self.size += len(piece)
        if self.status is None and not self._read_head():
            return False
        if self.length is not None:
            return self.size - self.head_size >= self.length
        tail = self.pieces[-1][-len(LAST_CHUNK):]
        if len(tail) < len(LAST_CHUNK):
            tail = b"".join(self.pieces[-8:])[-len(LAST_CHUNK):]
        return tail == LAST_CHUNK

    def _read_head(self):
        received = b"".join(self.pieces)
        end = received.find(b"\r\n\r\n")
        if end < 0:
            return False
        head = received[:end]
        self.pieces, self.head_size = [received], end + 4
        self.status = int(head.split(None, 2)[1])
        length = LENGTH.search(head)
        if length:
            self.length = int(length[1])
        elif not CHUNKED.search(head):
            if self.status not in (204, 304):
                raise SystemExit(f"an answer has neither length nor chunks: {head[:300]!r}")
            self.length = 0
        return True

    def next_page(self):
        """As page_behind, without putting a large body together."""
        return page_behind(self.pieces[0][self.head_size:], b"".join(self.pieces[-2:]))

    def body(self):
        received = b"".join(self.pieces)[self.head_size:]
        if self.length is not None:
            return received
        chunks, at = [], 0
        while True:
            end = received.index(b"\r\n", at)
            size = int(received[at:end].split(b";")[0], 16)
            if size == 0:
                return b"".join(chunks)
            chunks.append(received[end + 2:end + 2 + size])
            at = end + 2 + size + 2


class Client:
    """Blocking, for one thread. `took_ns` is of the last request, from sending to the whole answer."""

    def __init__(self, port, patience=60):
        self.port, self.patience = port, patience
        self.host = f"127.0.0.1:{port}"
        self.socket, self.took_ns = None, 0
        self.failures = 0  # Connections that were cut and answers of 503 and 504, which were asked for again.

    def ask(self, method, path, body=b"", fields=""):
        """(status, body). Raises OSError where the connection is refused, cut or silent."""
        if self.socket is None:
            self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=self.patience)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            answer = self._exchange(request(method, path, self.host, body, fields))
        except OSError:
            self.close()
            raise
        return answer.status, answer.body()

    def must(self, method, path, body=b"", fields=""):
        """The body of a good answer. What is cut or refused for want of room is asked for again, which
        must do no harm, and `took_ns` counts from the first time on."""
        began = time.perf_counter_ns()
        while True:
            try:
                status, answer = self.ask(method, path, body, fields)
            except OSError as error:
                status, answer = 503, str(error).encode()
            self.took_ns = time.perf_counter_ns() - began
            if status < 300:
                return answer
            if status not in (503, 504) or self.took_ns > self.patience * 1e9:
                raise SystemExit(f"{method} {path} was answered {status}: "
                                 f"{answer[:400].decode(errors='replace')}")
            self.failures += 1
            time.sleep(0.001)

    def close(self):
        if self.socket:
            self.socket.close()
            self.socket = None

    def _exchange(self, message):
        answer = Answer()
        self.socket.sendall(message)
        while True:
            piece = self.socket.recv(PIECE)
            if not piece:
                raise ConnectionResetError("Teal closed the connection")
            if answer.is_whole_with(piece):
                return answer
