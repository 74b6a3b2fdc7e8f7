"""Frames for streams that are over, and beginnings that are none: what Teal answers, word by word, and what
HAProxy does. A case is a list of what is sent and of what is waited for in between."""

import dataclasses

from frames import *


@dataclasses.dataclass(frozen=True)
class Over:
    name: str
    steps: list  # Bytes, or conditions of what came back.
    teal: object  # Text, or one in the clear and another over TLS.
    haproxy: object
    opens: bool = True  # The connection is opened as it should be first.


ERRORS = {NO_ERROR: "NO_ERROR", PROTOCOL_ERROR: "PROTOCOL_ERROR", STREAM_CLOSED: "STREAM_CLOSED",
          REFUSED_STREAM: "REFUSED_STREAM", CANCEL: "CANCEL"}


def outcome(connection):
    """What came back, in words."""
    seen, said = connection.seen, []
    if connection.input.startswith(b"HTTP/1.1 "):
        said.append(connection.input.split(b"\r\n")[0].decode())
    said += [f"{status} on {stream}" for stream, status in sorted(seen.status.items())]
    # Whether a reset comes before the end of everything is chance.
    if seen.goaway is not None:
        said.append(f"GOAWAY {ERRORS.get(seen.goaway, seen.goaway)}")
    else:
        said += [f"RST_STREAM {ERRORS.get(error, error)} on {stream}" for stream, error in sorted(seen.resets.items())]
        said += ["closed"] if seen.closed else []
    return ", ".join(said) or "goes on"


DATA_MORE = frame(DATA, 0, 1, b"more")
OWN_PRIORITY = frame(PRIORITY, 0, 1, priority(1))
OPEN_POST = headers(1, request("POST", "/held"), END_HEADERS)

CLOSED = "RST_STREAM STREAM_CLOSED on 1"
# Behind an answer of HTTP/1, which whoever has not begun with the preface may speak; over TLS, ALPN has said HTTP/2.
BAD_LINE = {"clear": "HTTP/1.1 400 Bad Request, closed", "secure": "GOAWAY PROTOCOL_ERROR"}
BAD_VERSION = {"clear": "HTTP/1.1 505 HTTP Version Not Supported, closed", "secure": "GOAWAY PROTOCOL_ERROR"}

CASES = [
    Over("DATA after END_STREAM, the response under way", [headers(1, request(path="/held")), DATA_MORE],
         teal=CLOSED, haproxy=CLOSED),
    Over("DATA after END_STREAM costs the other streams nothing",
         [headers(1, request(path="/held")), DATA_MORE, headers(3), lambda seen: 3 in seen.ended],
         teal="200 on 3, " + CLOSED, haproxy="200 on 3, " + CLOSED),
    # RFC 9113, section 5.1: a connection error; HAProxy has forgotten how the stream ended.
    Over("DATA after END_STREAM, the stream closed", [headers(1), lambda seen: 1 in seen.ended, DATA_MORE],
         teal="200 on 1, GOAWAY STREAM_CLOSED", haproxy="200 on 1, " + CLOSED),
    Over("DATA after trailers, the stream closed",
         [headers(1, request("POST"), END_HEADERS), headers(1, block(("x-sum", "1"))), lambda seen: 1 in seen.ended, DATA_MORE],
         teal="200 on 1, GOAWAY STREAM_CLOSED", haproxy="200 on 1, " + CLOSED),
    Over("DATA after the client's RST_STREAM", [OPEN_POST, frame(RST_STREAM, 0, 1, number(CANCEL, 4)), DATA_MORE],
         teal=CLOSED, haproxy=CLOSED),
    # What was on the way is no error of anybody's (section 5.1); to HAProxy a malformed field is one of the connection.
    Over("DATA that was on the way when its stream was reset",
         [headers(1, request("POST", "/held", ("x y", "z")), END_HEADERS), DATA_MORE, DATA_MORE,
          lambda seen: 1 in seen.resets, DATA_MORE],
         teal="RST_STREAM PROTOCOL_ERROR on 1", haproxy="GOAWAY PROTOCOL_ERROR"),
    Over("PRIORITY on its own stream, idle", [OWN_PRIORITY], teal="GOAWAY PROTOCOL_ERROR", haproxy="GOAWAY PROTOCOL_ERROR"),
    # RFC 7540, section 5.3.1: an error of the stream.
    Over("PRIORITY on its own stream, open", [OPEN_POST, OWN_PRIORITY], teal="RST_STREAM PROTOCOL_ERROR on 1",
         haproxy="GOAWAY PROTOCOL_ERROR"),
    Over("PRIORITY on its own stream, closed", [headers(1), lambda seen: 1 in seen.ended, OWN_PRIORITY],
         teal="200 on 1, GOAWAY PROTOCOL_ERROR", haproxy="200 on 1, GOAWAY PROTOCOL_ERROR"),
    Over("a first line that is no preface", [b"INVALID CONNECTION PREFACE\r\n\r\n" + settings()], teal=BAD_LINE,
         haproxy="closed", opens=False),
    Over("a first line of another version", [b"PRI * HTTP/2.1\r\n\r\nSM\r\n\r\n" + settings()], teal=BAD_VERSION,
         haproxy="closed", opens=False),
    Over("a preface with another end", [b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n" + settings()], teal="GOAWAY PROTOCOL_ERROR",
         haproxy="closed", opens=False),
    Over("a preface that frames cut short", [PREFACE[:16] + settings() + settings()], teal="GOAWAY PROTOCOL_ERROR",
         haproxy="closed", opens=False),
    Over("frames without a preface", [settings() + headers(1)], teal=BAD_LINE, haproxy="closed", opens=False),
]
