"""HTTP/2 as bytes, right and wrong ones: frames by hand, and a connection that reads what comes back.
HPACK is encoded here, literally, so that every mistake can be made; what Teal sends is decoded by the
hpack package, which is not its own encoder."""

import socket
import ssl
import time

import hpack

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM, ACK, END_HEADERS, PADDED, PRIORITISED = 0x1, 0x1, 0x4, 0x8, 0x20

NO_ERROR, PROTOCOL_ERROR, INTERNAL_ERROR, FLOW_CONTROL_ERROR, SETTINGS_TIMEOUT, STREAM_CLOSED, \
    FRAME_SIZE_ERROR, REFUSED_STREAM, CANCEL, COMPRESSION_ERROR = range(10)
ENHANCE_YOUR_CALM = 11

PATIENCE = 10


def number(value, size):
    return value.to_bytes(size, "big")


def frame(kind, flags=0, stream=0, payload=b"", length=None):
    return number(len(payload) if length is None else length, 3) + bytes([kind, flags]) + number(stream, 4) + payload


def settings(*pairs):
    return frame(SETTINGS, 0, 0, b"".join(number(name, 2) + number(value, 4) for name, value in pairs))


def literal(name, value, first=b"\x00"):
    """A field that is not indexed, without Huffman coding. `first`: how the table is to be treated."""
    name, value = (text.encode("latin-1") if isinstance(text, str) else text for text in (name, value))
    return first + length_of(name) + name + length_of(value) + value


def length_of(text):
    if len(text) < 127:
        return bytes([len(text)])
    rest, coded = len(text) - 127, b"\x7f"
    while rest >= 128:
        coded, rest = coded + bytes([rest % 128 + 128]), rest // 128
    return coded + bytes([rest])


def block(*fields):
    return b"".join(literal(name, value) for name, value in fields)


def request(method="GET", path="/", *more, scheme="http", authority="a.example"):
    pseudo = [(":method", method), (":scheme", scheme), (":path", path), (":authority", authority)]
    return block(*[field for field in pseudo if field[1] is not None], *more)


def headers(stream, fields=None, flags=END_STREAM | END_HEADERS):
    return frame(HEADERS, flags, stream, request() if fields is None else fields)


def priority(depends_on, weight=15):
    return number(depends_on, 4) + bytes([weight])


class Seen:
    """All that came back for one case."""

    def __init__(self):
        self.status, self.bodies, self.resets, self.ended = {}, {}, {}, set()
        self.goaway, self.closed, self.pongs, self.settings_acks = None, False, [], 0
        self.settings = {}


class Connection:
    def __init__(self, address, tls):
        self.socket = socket.create_connection(address, timeout=PATIENCE)
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            context.set_alpn_protocols(["h2"])
            self.socket = context.wrap_socket(self.socket, server_hostname="a.example")
        self.decoder = hpack.Decoder()
        self.input, self.head = b"", b""
        self.seen = Seen()

    def send(self, data):
        try:
            self.socket.sendall(data)
        except OSError:  # It ends already; reading tells how.
            pass

    def open(self, *more):
        """The preface, SETTINGS and their acknowledgement."""
        self.send(PREFACE + settings(*more))
        self.until(lambda seen: seen.settings_acks > 0 and seen.settings is not None)
        self.send(frame(SETTINGS, ACK))

    def until(self, condition):
        """Reads until the condition holds or the connection ends; raises where neither comes in time."""
        deadline = time.monotonic() + PATIENCE
        while not condition(self.seen) and not self.seen.closed:
            self.socket.settimeout(max(deadline - time.monotonic(), 0.01))
            try:
                got = self.socket.recv(65536)
            except (ConnectionResetError, BrokenPipeError, ssl.SSLError):
                got = b""
            self.seen.closed = not got
            self.input += got
            while len(self.input) >= 9 and len(self.input) >= 9 + int.from_bytes(self.input[:3], "big"):
                length = int.from_bytes(self.input[:3], "big")
                head, payload = self.input[:9], self.input[9:9 + length]
                self.input = self.input[9 + length:]
                self.take(head[3], head[4], int.from_bytes(head[5:9], "big") & 0x7fffffff, payload)

    def take(self, kind, flags, stream, payload):
        seen = self.seen
        if kind in (HEADERS, CONTINUATION):
            self.head += payload
            if flags & END_HEADERS:
                fields = dict(self.decoder.decode(self.head))
                self.head = b""
                if ":status" in fields:
                    seen.status[stream] = int(fields[":status"])
        elif kind == DATA:
            seen.bodies[stream] = seen.bodies.get(stream, b"") + payload
        elif kind == RST_STREAM:
            seen.resets[stream] = int.from_bytes(payload, "big")
        elif kind == GOAWAY:
            # The first of two announces only.
            seen.goaway = int.from_bytes(payload[4:8], "big")
        elif kind == PING and flags & ACK:
            seen.pongs.append(payload)
        elif kind == SETTINGS and flags & ACK:
            seen.settings_acks += 1
        elif kind == SETTINGS:
            seen.settings = {int.from_bytes(payload[i:i + 2], "big"): int.from_bytes(payload[i + 2:i + 6], "big")
                             for i in range(0, len(payload), 6)}
        if kind in (HEADERS, DATA) and flags & END_STREAM:
            seen.ended.add(stream)

    def close(self):
        self.socket.close()
