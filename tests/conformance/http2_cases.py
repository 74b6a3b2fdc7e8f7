"""What an HTTP/2 server must do with right and wrong bytes: RFC 9113 and RFC 7541, section by section. A
case sends something after the connection is open and says what must come of it."""

from frames import *

CASES = []
# A stream error may be treated as a connection error (RFC 9113, section 5.4.2), never the other way.


class Want:
    """`statuses`: an answer with one of them; `errors`: RST_STREAM of the stream with one of them;
    `goaway`: the connection ends, with one of them; `alive`: and it goes on."""

    def __init__(self, stream=1, statuses=(), errors=(), goaway=(), alive=None, more=None):
        self.stream, self.statuses, self.errors, self.goaway = stream, statuses, errors, goaway
        self.alive = bool(statuses or errors) and not goaway if alive is None else alive
        self.more = more

    def came(self, seen):
        return (seen.status.get(self.stream) in self.statuses and self.stream in seen.ended
                or seen.resets.get(self.stream) in self.errors
                or bool(self.goaway) and seen.closed)

    def holds(self, seen):
        if self.goaway and seen.closed and (seen.goaway is None or seen.goaway in self.goaway):
            return True
        return (seen.status.get(self.stream) in self.statuses and self.stream in seen.ended
                or seen.resets.get(self.stream) in self.errors)


def case(section, name, send, want, settings=()):
    CASES.append((f"{section} {name}", send, want, settings))


def answered(stream=1, **more):
    return Want(stream, statuses=(200,), **more)


def malformed(stream=1):
    """RFC 9113, section 8.1.1: a stream error, before which a server may answer."""
    return Want(stream, statuses=(400, 431, 501), errors=(PROTOCOL_ERROR,))


def connection_error(*errors):
    return Want(goaway=errors)


def stream_error(*errors, stream=1):
    return Want(stream, errors=errors, goaway=errors, alive=False)


def pong(payload):
    return Want(more=lambda seen: payload in seen.pongs, alive=True)


OPEN = END_HEADERS  # A request whose body follows.
BODY = frame(DATA, END_STREAM, 1, b"body")
POST = request("POST")

# ---- 3.4 and 4: connections and frames
case("4.1", "a frame of an unknown kind is ignored", frame(0x16, 0, 0, b"?") + headers(1), answered())
case("4.1", "undefined flags are ignored", frame(PING, 0x16, 0, b"12345678"), pong(b"12345678"))
case("4.1", "the reserved bit is ignored", frame(PING, 0, 0x80000000, b"12345678"), pong(b"12345678"))
case("4.2", "DATA of 2^14 bytes", headers(1, POST, OPEN) + frame(DATA, END_STREAM, 1, bytes(2**14)), answered())
case("4.2", "DATA beyond SETTINGS_MAX_FRAME_SIZE", headers(1, POST, OPEN) + frame(DATA, END_STREAM, 1, bytes(2**14 + 1)),
     stream_error(FRAME_SIZE_ERROR))
case("4.2", "HEADERS beyond SETTINGS_MAX_FRAME_SIZE", headers(1, request() + literal("x", "y" * 2**14)),
     connection_error(FRAME_SIZE_ERROR))
case("4.3", "a field block that does not decode", headers(1, b"\xbf"), connection_error(COMPRESSION_ERROR))
case("4.3", "PRIORITY within a field block", headers(1, None, END_STREAM) + frame(PRIORITY, 0, 1, priority(0)),
     connection_error(PROTOCOL_ERROR))
case("4.3", "HEADERS of another stream within a field block", headers(1, None, END_STREAM) + headers(3),
     connection_error(PROTOCOL_ERROR))

# ---- 5.1: stream states
for name, sent in [("DATA", frame(DATA, END_STREAM, 1, b"x")), ("RST_STREAM", frame(RST_STREAM, 0, 1, number(CANCEL, 4))),
                   ("WINDOW_UPDATE", frame(WINDOW_UPDATE, 0, 1, number(1, 4))),
                   ("CONTINUATION", frame(CONTINUATION, END_HEADERS, 1, request()))]:
    case("5.1", f"idle: {name}", sent, connection_error(PROTOCOL_ERROR, STREAM_CLOSED))
case("5.1", "idle: PRIORITY", frame(PRIORITY, 0, 1, priority(0)) + headers(1), answered())
case("5.1", "idle: PRIORITY of a later stream", frame(PRIORITY, 0, 5, priority(0)) + headers(1), answered())
for name, sent in [("DATA", frame(DATA, END_STREAM, 1, b"x")), ("HEADERS", headers(1))]:
    case("5.1", f"half-closed (remote): {name}", headers(1, request(path="/held")) + sent, stream_error(STREAM_CLOSED))
case("5.1", "half-closed (remote): CONTINUATION", headers(1, request(path="/held"))
     + frame(CONTINUATION, END_HEADERS, 1, block(("x", "y"))), connection_error(PROTOCOL_ERROR, STREAM_CLOSED))
for name, sent in [("WINDOW_UPDATE", frame(WINDOW_UPDATE, 0, 1, number(1, 4))), ("PRIORITY", frame(PRIORITY, 0, 1, priority(0)))]:
    case("5.1", f"half-closed (remote): {name}", headers(1) + sent, answered())
case("5.1", "half-closed (remote): RST_STREAM", headers(1, request(path="/held"))
     + frame(RST_STREAM, 0, 1, number(CANCEL, 4)) + headers(3), answered(3))
RESET = headers(1, POST, OPEN) + frame(RST_STREAM, 0, 1, number(CANCEL, 4))
for name, sent in [("DATA", frame(DATA, END_STREAM, 1, b"x")), ("HEADERS", headers(1))]:
    # May be a connection error, and may be ignored.
    case("5.1", f"closed by the client's reset: {name}", RESET + sent + headers(3),
         Want(3, statuses=(200,), goaway=(STREAM_CLOSED, PROTOCOL_ERROR), alive=False))
case("5.1", "closed by the client's reset: CONTINUATION", RESET + frame(CONTINUATION, END_HEADERS, 1, block(("x", "y"))),
     connection_error(STREAM_CLOSED, PROTOCOL_ERROR))
for name, sent in [("PRIORITY", frame(PRIORITY, 0, 1, priority(0))),
                   ("WINDOW_UPDATE", frame(WINDOW_UPDATE, 0, 1, number(1, 4))),
                   ("RST_STREAM", frame(RST_STREAM, 0, 1, number(CANCEL, 4)))]:
    case("5.1", f"closed: {name} is tolerated", RESET + sent + headers(3), answered(3))
case("5.1.1", "an even stream identifier", headers(2), connection_error(PROTOCOL_ERROR))
case("5.1.1", "an identifier below the last one", headers(5) + headers(3), connection_error(PROTOCOL_ERROR, STREAM_CLOSED))
case("5.1.1", "identifiers with gaps", headers(1) + headers(7), answered(7))
case("5.1.2", "more streams than SETTINGS_MAX_CONCURRENT_STREAMS",
     b"".join(headers(1 + 2 * n, request(path="/held")) for n in range(129)),
     Want(257, errors=(REFUSED_STREAM, PROTOCOL_ERROR), goaway=(PROTOCOL_ERROR, REFUSED_STREAM, ENHANCE_YOUR_CALM), alive=False))
case("5.3", "a stream that depends on itself is no concern", headers(1, priority(1) + request(), END_STREAM | END_HEADERS | PRIORITISED),
     Want(statuses=(200,), errors=(PROTOCOL_ERROR,), goaway=(PROTOCOL_ERROR,), alive=False))
case("5.4.1", "a connection error ends the connection", frame(PING, 0, 0, b"short"), connection_error(FRAME_SIZE_ERROR))
case("5.5", "an unknown frame on a stream", headers(1, POST, OPEN) + frame(0x21, 0xff, 1, b"?") + BODY, answered())
case("5.5", "an unknown frame within a field block", headers(1, None, END_STREAM) + frame(0x21, 0, 1, b"?")
     + frame(CONTINUATION, END_HEADERS, 1), connection_error(PROTOCOL_ERROR))

# ---- 6.1 to 6.4
case("6.1", "DATA", headers(1, POST, OPEN) + BODY, answered())
case("6.1", "DATA in several frames", headers(1, POST, OPEN) + frame(DATA, 0, 1, b"bo") + frame(DATA, END_STREAM, 1, b"dy"), answered())
case("6.1", "DATA with padding", headers(1, POST, OPEN) + frame(DATA, END_STREAM | PADDED, 1, b"\x03body\0\0\0"), answered())
case("6.1", "DATA that is all padding", headers(1, POST, OPEN) + frame(DATA, END_STREAM | PADDED, 1, b"\x03\0\0\0"), answered())
case("6.1", "DATA on stream 0", frame(DATA, 0, 0, b"x"), connection_error(PROTOCOL_ERROR))
case("6.1", "DATA with more padding than payload", headers(1, POST, OPEN) + frame(DATA, END_STREAM | PADDED, 1, b"\x06body"),
     connection_error(PROTOCOL_ERROR))
case("6.1", "DATA with padding of its length", headers(1, POST, OPEN) + frame(DATA, END_STREAM | PADDED, 1, b"\x05body"),
     connection_error(PROTOCOL_ERROR))
case("6.1", "DATA of no bytes with a padding flag", headers(1, POST, OPEN) + frame(DATA, END_STREAM | PADDED, 1, b""),
     connection_error(PROTOCOL_ERROR, FRAME_SIZE_ERROR))
case("6.2", "HEADERS", headers(1), answered())
case("6.2", "HEADERS with padding", headers(1, b"\x02" + request() + b"\0\0", END_STREAM | END_HEADERS | PADDED), answered())
case("6.2", "HEADERS with priority", headers(1, priority(0) + request(), END_STREAM | END_HEADERS | PRIORITISED), answered())
case("6.2", "HEADERS with both", headers(1, b"\x02" + priority(0) + request() + b"\0\0", END_STREAM | END_HEADERS | PADDED | PRIORITISED),
     answered())
case("6.2", "HEADERS on stream 0", headers(0), connection_error(PROTOCOL_ERROR))
case("6.2", "HEADERS with more padding than payload", headers(1, b"\xff" + request(), END_STREAM | END_HEADERS | PADDED),
     connection_error(PROTOCOL_ERROR))
case("6.2", "HEADERS too short for its priority", headers(1, b"\0\0", END_STREAM | END_HEADERS | PRIORITISED),
     connection_error(PROTOCOL_ERROR, FRAME_SIZE_ERROR))
for weight in (0, 255):
    case("6.3", f"PRIORITY with the weight {weight + 1}", frame(PRIORITY, 0, 1, priority(0, weight)) + headers(1), answered())
case("6.3", "PRIORITY that is exclusive", frame(PRIORITY, 0, 1, priority(0x80000003)) + headers(1), answered())
case("6.3", "PRIORITY on stream 0", frame(PRIORITY, 0, 0, priority(1)), connection_error(PROTOCOL_ERROR))
case("6.3", "PRIORITY of four bytes", headers(1, POST, OPEN) + frame(PRIORITY, 0, 1, b"\0\0\0\0"), stream_error(FRAME_SIZE_ERROR))
case("6.4", "RST_STREAM", headers(1, POST, OPEN) + frame(RST_STREAM, 0, 1, number(CANCEL, 4)) + headers(3), answered(3))
case("6.4", "RST_STREAM on stream 0", frame(RST_STREAM, 0, 0, number(CANCEL, 4)), connection_error(PROTOCOL_ERROR))
case("6.4", "RST_STREAM of three bytes", headers(1, POST, OPEN) + frame(RST_STREAM, 0, 1, b"\0\0\0"), connection_error(FRAME_SIZE_ERROR))

# ---- 6.5: SETTINGS
case("6.5", "SETTINGS are acknowledged", settings((3, 100)), Want(more=lambda seen: seen.settings_acks >= 2, alive=True))
case("6.5", "an acknowledgement with a payload", frame(SETTINGS, ACK, 0, b"\0" * 6), connection_error(FRAME_SIZE_ERROR))
case("6.5", "SETTINGS on a stream", frame(SETTINGS, 0, 1, b"\0\3\0\0\0\x64"), connection_error(PROTOCOL_ERROR))
case("6.5", "SETTINGS of seven bytes", frame(SETTINGS, 0, 0, b"\0\3\0\0\0\x64\0"), connection_error(FRAME_SIZE_ERROR))
case("6.5.2", "SETTINGS_ENABLE_PUSH of 2", settings((2, 2)), connection_error(PROTOCOL_ERROR))
case("6.5.2", "SETTINGS_INITIAL_WINDOW_SIZE of 2^31", settings((4, 2**31)), connection_error(FLOW_CONTROL_ERROR))
case("6.5.2", "SETTINGS_MAX_FRAME_SIZE of 2^14 - 1", settings((5, 2**14 - 1)), connection_error(PROTOCOL_ERROR))
case("6.5.2", "SETTINGS_MAX_FRAME_SIZE of 2^24", settings((5, 2**24)), connection_error(PROTOCOL_ERROR))
case("6.5.2", "an unknown setting is ignored", settings((0xff, 1)) + headers(1), answered())
case("6.5.3", "the last of two values counts", settings((4, 100), (4, 1)) + headers(1, request(path="/five")),
     Want(more=lambda seen: seen.bodies.get(1) == b"f", alive=True))

# ---- 6.6 to 6.8
case("6.6", "PUSH_PROMISE from a client", headers(1, POST, OPEN) + frame(PUSH_PROMISE, END_HEADERS, 1, number(2, 4) + request()),
     connection_error(PROTOCOL_ERROR))
case("6.7", "PING", frame(PING, 0, 0, b"12345678"), pong(b"12345678"))
case("6.7", "an answer to a PING that was not sent", frame(PING, ACK, 0, b"odd-odd-") + frame(PING, 0, 0, b"12345678"),
     pong(b"12345678"))
case("6.7", "PING on a stream", frame(PING, 0, 1, b"12345678"), connection_error(PROTOCOL_ERROR))
case("6.7", "PING of six bytes", frame(PING, 0, 0, b"123456"), connection_error(FRAME_SIZE_ERROR))
case("6.8", "GOAWAY on a stream", frame(GOAWAY, 0, 1, number(0, 8)), connection_error(PROTOCOL_ERROR))
case("6.8", "GOAWAY lets what runs end", headers(1) + frame(GOAWAY, 0, 0, number(0, 8)), answered(alive=False))

# ---- 6.9: flow control
case("6.9", "WINDOW_UPDATE of the connection", frame(WINDOW_UPDATE, 0, 0, number(1, 4)) + headers(1), answered())
case("6.9", "WINDOW_UPDATE of 0 on the connection", frame(WINDOW_UPDATE, 0, 0, number(0, 4)), connection_error(PROTOCOL_ERROR))
case("6.9", "WINDOW_UPDATE of 0 on a stream", headers(1, POST, OPEN) + frame(WINDOW_UPDATE, 0, 1, number(0, 4)),
     stream_error(PROTOCOL_ERROR))
case("6.9", "WINDOW_UPDATE of three bytes", frame(WINDOW_UPDATE, 0, 0, b"\0\0\1"), connection_error(FRAME_SIZE_ERROR))
case("6.9.1", "no more than the window is sent", headers(1, request(path="/five")),
     Want(more=lambda seen: seen.bodies.get(1) == b"f", alive=True), settings=((4, 1),))
case("6.9.1", "the connection's window beyond 2^31 - 1", frame(WINDOW_UPDATE, 0, 0, number(2**31 - 1, 4)) * 2,
     connection_error(FLOW_CONTROL_ERROR))
case("6.9.1", "a stream's window beyond 2^31 - 1", headers(1, POST, OPEN) + frame(WINDOW_UPDATE, 0, 1, number(2**31 - 1, 4)) * 2,
     stream_error(FLOW_CONTROL_ERROR))
case("6.9.2", "SETTINGS_INITIAL_WINDOW_SIZE changes open streams", headers(1, request(path="/five")) + settings((4, 1)),
     Want(more=lambda seen: seen.bodies.get(1) == b"f", alive=True), settings=((4, 0),))
case("6.9.2", "a window can be negative", headers(1, request(path="/five")) + settings((4, 2)) + frame(WINDOW_UPDATE, 0, 1, number(1, 4)),
     Want(more=lambda seen: seen.bodies.get(1) == b"fiv", alive=True), settings=((4, 0),))
case("6.9.2", "SETTINGS_INITIAL_WINDOW_SIZE that overflows a window",
     headers(1, POST, OPEN) + frame(WINDOW_UPDATE, 0, 1, number(1, 4)) + settings((4, 2**31 - 1)),
     connection_error(FLOW_CONTROL_ERROR), settings=((4, 65535),))
case("6.9", "DATA beyond the window", headers(1, request("POST", "/unread"), OPEN)
     + b"".join(frame(DATA, 0, 1, bytes(2**14)) for _ in range(200)), stream_error(FLOW_CONTROL_ERROR))

# ---- 6.10: CONTINUATION
half = len(request()) // 2
case("6.10", "a head in two frames", headers(1, request()[:half], END_STREAM) + frame(CONTINUATION, END_HEADERS, 1, request()[half:]), answered())
case("6.10", "a head in three frames", headers(1, request()[:9], END_STREAM) + frame(CONTINUATION, 0, 1, request()[9:half])
     + frame(CONTINUATION, END_HEADERS, 1, request()[half:]), answered())
case("6.10", "another frame before the end of the head", headers(1, request()[:half], END_STREAM) + frame(DATA, END_STREAM, 1, b"x"),
     connection_error(PROTOCOL_ERROR))
case("6.10", "CONTINUATION on stream 0", headers(1, request()[:half], END_STREAM) + frame(CONTINUATION, END_HEADERS, 0, request()[half:]),
     connection_error(PROTOCOL_ERROR))
case("6.10", "CONTINUATION of another stream", headers(1, request()[:half], END_STREAM) + frame(CONTINUATION, END_HEADERS, 3, request()[half:]),
     connection_error(PROTOCOL_ERROR))
case("6.10", "CONTINUATION after a whole head", headers(1, POST, OPEN) + frame(CONTINUATION, END_HEADERS, 1, block(("x", "y"))),
     connection_error(PROTOCOL_ERROR))
case("6.10", "CONTINUATION after DATA", headers(1, POST, OPEN) + frame(DATA, 0, 1, b"x") + frame(CONTINUATION, END_HEADERS, 1, block(("x", "y"))),
     connection_error(PROTOCOL_ERROR))
case("7", "RST_STREAM with an unknown error", headers(1, POST, OPEN) + frame(RST_STREAM, 0, 1, number(0xff, 4)) + headers(3), answered(3))

# ---- 8: messages
case("8.1", "HEAD", headers(1, request("HEAD")), answered())
case("8.1", "trailers", headers(1, POST, OPEN) + frame(DATA, 0, 1, b"x") + headers(1, block(("x-sum", "1"))), answered())
case("8.1", "a second head without an end", headers(1, POST, OPEN) + headers(1, block(("x", "y")), OPEN), malformed())
case("8.2.1", "a capital in a name", headers(1, request("GET", "/", ("X-Test", "y"))), malformed())
case("8.2.1", "a space in a name", headers(1, request("GET", "/", ("x test", "y"))), malformed())
case("8.2.1", "a colon in a name", headers(1, request("GET", "/", ("x:test", "y"))), malformed())
case("8.2.1", "an empty name", headers(1, request("GET", "/", ("", "y"))), malformed())
case("8.2.1", "a byte beyond ASCII in a name", headers(1, request("GET", "/", ("x\xe9", "y"))), malformed())
for name, value in [("NUL", "a\0b"), ("LF", "a\nb"), ("CR", "a\rb"), ("CRLF and a field", "a\r\nx: b")]:
    case("8.2.1", f"{name} in a value", headers(1, request("GET", "/", ("x-test", value))), malformed())
for name, value in [("before", " a"), ("behind", "a "), ("before, a tab", "\ta"), ("behind, a tab", "a\t")]:
    case("8.2.1", f"white space {name} a value", headers(1, request("GET", "/", ("x-test", value))), malformed())
for field in [("connection", "keep-alive"), ("keep-alive", "5"), ("proxy-connection", "x"), ("transfer-encoding", "chunked"), ("upgrade", "x")]:
    case("8.2.2", f"the connection's field {field[0]}", headers(1, request("GET", "/", field)), malformed())
case("8.2.2", "TE of something but trailers", headers(1, request("GET", "/", ("te", "trailers, deflate"))), malformed())
case("8.2.2", "TE of trailers", headers(1, request("GET", "/", ("te", "trailers"))), answered())
case("8.2.3", "crumbs of a cookie", headers(1, request("GET", "/", ("cookie", "a=1"), ("cookie", "b=2"))), answered())
case("8.3", "an unknown pseudo-field", headers(1, request("GET", "/", (":test", "y"))), malformed())
case("8.3", "a pseudo-field of responses", headers(1, request("GET", "/", (":status", "200"))), malformed())
case("8.3", "a pseudo-field in trailers", headers(1, POST, OPEN) + headers(1, block((":method", "POST"))), malformed())
case("8.3", "a pseudo-field behind a field", headers(1, block((":method", "GET"), (":scheme", "http"), ("x", "y"), (":path", "/"), (":authority", "a"))),
     malformed())
for missing in ("method", "scheme", "path"):
    fields = [f for f in [(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "a")] if f[0] != ":" + missing]
    case("8.3.1", f"no :{missing}", headers(1, block(*fields)), malformed())
for twice in [(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "a.example")]:
    case("8.3.1", f"{twice[0]} twice", headers(1, block(twice) + request()), malformed())
case("8.3.1", "an empty :path", headers(1, request(path="")), malformed())
case("8.3.1", "a :path without a slash", headers(1, request(path="x")), malformed())
case("8.3.1", "a :path with a space", headers(1, request(path="/a b")), malformed())
case("8.3.1", "an asterisk for GET", headers(1, request(path="*")), malformed())
case("8.3.1", "an asterisk for OPTIONS", headers(1, request("OPTIONS", "*")), answered())
case("8.3.1", "an empty :method", headers(1, request("")), malformed())
case("8.3.1", "a :method that is no token", headers(1, request("GE T")), malformed())
case("8.3.1", "a user in :authority", headers(1, request(authority="u@a.example")), malformed())
case("8.3.1", "Host beside :authority, the same", headers(1, request("GET", "/", ("host", "a.example"))), answered())
case("8.3.1", "Host beside :authority, another", headers(1, request("GET", "/", ("host", "b.example"))), malformed())
case("8.3.1", "Host instead of :authority", headers(1, request("GET", "/", ("host", "a.example"), authority=None)), answered())
case("8.3.1", "neither", headers(1, request(authority=None)), malformed())
case("8.5", "CONNECT", headers(1, block((":method", "CONNECT"), (":authority", "a.example:80"))), malformed())
case("8.1.1", "a length above the DATA", headers(1, request("POST", "/", ("content-length", "5")), OPEN) + BODY, malformed())
case("8.1.1", "a length below the DATA", headers(1, request("POST", "/", ("content-length", "1")), OPEN) + frame(DATA, 0, 1, b"x") + BODY,
     malformed())
case("8.1.1", "a length without DATA", headers(1, request("POST", "/", ("content-length", "1"))), malformed())
case("8.1.1", "a length that is none", headers(1, request("POST", "/", ("content-length", "+4")), OPEN) + BODY, malformed())
case("8.1.1", "two lengths", headers(1, request("POST", "/", ("content-length", "4"), ("content-length", "5")), OPEN) + BODY, malformed())
case("8.1.1", "the length of the DATA", headers(1, request("POST", "/", ("content-length", "4")), OPEN) + BODY, answered())

# ---- RFC 7541
GET = request("GET", "/")
case("HPACK 2.3.3", "an index beyond the tables", headers(1, GET + b"\xbe"), connection_error(COMPRESSION_ERROR))
case("HPACK 4.2", "a size update at the end", headers(1, GET + b"\x20"), connection_error(COMPRESSION_ERROR))
case("HPACK 5.2", "Huffman padding of more than 7 bits", headers(1, GET + b"\0\x85\xf2\xb2\x4a\x84\xff\x84\x49\x50\x9f\xff"),
     connection_error(COMPRESSION_ERROR))
case("HPACK 5.2", "Huffman padding of zeros", headers(1, GET + b"\0\x85\xf2\xb2\x4a\x84\xff\x83\x49\x50\x90"), connection_error(COMPRESSION_ERROR))
case("HPACK 5.2", "Huffman with EOS", headers(1, GET + b"\0\x85\xf2\xb2\x4a\x84\xff\x87\xff\xff\xff\xfa\x84\x9e\xd6"),
     connection_error(COMPRESSION_ERROR))
case("HPACK 6.1", "the index 0", headers(1, GET + b"\x80"), connection_error(COMPRESSION_ERROR))
case("HPACK 6.3", "a table larger than allowed", headers(1, b"\x3f\xff\xff\x3f" + GET), connection_error(COMPRESSION_ERROR))
case("HPACK 5.1", "an integer without an end", headers(1, GET + b"\xff" + b"\xff" * 20), connection_error(COMPRESSION_ERROR))
case("HPACK 5.1", "a string longer than its block", headers(1, GET + b"\0\x7f\x05x"), connection_error(COMPRESSION_ERROR))
case("HPACK 6.1", "indexed fields", headers(1, b"\x82\x86\x84" + literal(":authority", "a")), answered())
case("HPACK 6.2.1", "literals that are indexed, and used", headers(1, b"\x82\x86\x84" + literal(":authority", "a", b"\x40"))
     + headers(3, b"\x82\x86\x84\xbe"), answered(3))
case("HPACK 6.2.1", "an indexed name", headers(1, b"\x82\x86\x84\x41\x01a"), answered())
case("HPACK 6.2.2", "literals without indexing, an indexed name", headers(1, b"\x82\x86\x84\x01\x01a"), answered())
case("HPACK 6.2.3", "literals never to be indexed", headers(1, b"\x82\x86\x84" + literal(":authority", "a", b"\x10")), answered())
case("HPACK 6.2.3", "never to be indexed, an indexed name", headers(1, b"\x82\x86\x84\x11\x01a"), answered())
case("HPACK 6.3", "a size update", headers(1, b"\x20" + GET), answered())
case("HPACK 6.3", "two size updates", headers(1, b"\x20\x3f\x01" + GET), answered())
