"""Odd requests, each as its bytes, and why Teal takes it as it does where a peer does not. A case without
a reason must come out the same from all three (differential_test.py)."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Odd:
    name: str
    request: bytes
    why: str = ""


def get(*lines, target="/x"):
    return message(f"GET {target} HTTP/1.1", "Host: a.example", *lines)


def post(*lines, body=""):
    return message("POST /x HTTP/1.1", "Host: a.example", *lines, body=body)


def message(*lines, body=""):
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode("latin-1")


HIDDEN = "GET /hidden HTTP/1.1\r\nHost: a.example\r\n\r\n"
PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7"
CHUNKED = "Transfer-Encoding: chunked"

# RFC 9112, section 6.3 lets a proxy drop the length of such a message; RFC 9112, section 11.2 says why
# it should not be passed on. Teal takes no message that two readers could read in two ways.
AMBIGUOUS = "readers differ in what it says or where it ends: refused, not repaired (RFC 9112, 11.2)"
STATUS = "refused by all; which status says so is a matter of taste"
STREAMED = "chunks go on as chunks: a body is passed on as it comes, not kept until its length is known"
GRAMMAR = "outside the grammar of RFC 9112 or 9110: refused"
EXPECT = "any expectation but 100-continue, said once, is 417: what readers made of others has split requests"
TRACE = "of a trace that nobody can read nothing goes on, so that whoever records begins one (Trace Context, 3.2.2)"
TARGET = "the path is normalised, or refused where readers differ; what was routed is what is passed on"

ODD = [
    Odd("a plain request", get()),
    Odd("a body with a length", post("Content-Length: 5", body="hello")),
    Odd("a body in chunks", post(CHUNKED, body="5\r\nhello\r\n0\r\n\r\n"), STREAMED),
    Odd("the coding in capitals", post("Transfer-Encoding: Chunked", body="0\r\n\r\n"),
        "written anew, so that the target sees one spelling; " + STREAMED),

    # ---- where a message ends
    Odd("length and chunks", post("Content-Length: 4", CHUNKED, body="0\r\n\r\n" + HIDDEN), AMBIGUOUS),
    Odd("chunks and length", post(CHUNKED, "Content-Length: 4", body="0\r\n\r\n" + HIDDEN), AMBIGUOUS),
    Odd("two equal lengths", post("Content-Length: 5", "Content-Length: 5", body="hello"), AMBIGUOUS),
    Odd("a list of equal lengths", post("Content-Length: 5, 5", body="hello"), AMBIGUOUS),
    Odd("two lengths that differ", post("Content-Length: 5", "Content-Length: 6", body="hello!")),
    Odd("a length with a plus", post("Content-Length: +5", body="hello")),
    Odd("a length with a minus", post("Content-Length: -5", body="hello")),
    Odd("a length in hexadecimal", post("Content-Length: 0x5", body="hello")),
    Odd("an empty length", post("Content-Length: ")),
    Odd("a length beyond 64 bits", post("Content-Length: 99999999999999999999")),
    Odd("a length behind a space", post("Content-Length : 5", body="hello")),
    Odd("chunked twice", post(CHUNKED, CHUNKED, body="0\r\n\r\n")),
    Odd("chunked twice in one field", post(CHUNKED + ", chunked", body="0\r\n\r\n"), STATUS),
    Odd("another coding", post("Transfer-Encoding: gzip", body="x"),
        "not chunked at last, so nobody can tell where it ends: 400 (RFC 9112, 6.3)"),
    Odd("gzip, then chunked", post("Transfer-Encoding: gzip, chunked", body="0\r\n\r\n"),
        "a coding that Teal does not know: 501 (RFC 9112, 6.1)"),
    Odd("identity", post("Transfer-Encoding: identity", body=""), STATUS),
    Odd("xchunked", post("Transfer-Encoding: xchunked", body="0\r\n\r\n"), STATUS),
    Odd("chunked in quotes", post('Transfer-Encoding: "chunked"', body="0\r\n\r\n"), STATUS),
    Odd("chunked behind a vertical tab", post("Transfer-Encoding: \x0bchunked", body="0\r\n\r\n"),
        STATUS),
    Odd("chunks in HTTP/1.0",
        message("POST /x HTTP/1.0", "Host: a.example", CHUNKED, body="0\r\n\r\n"),
        "HTTP/1.0 has no chunks, so somebody before us may have passed on what it did not understand "
        "(RFC 9112, 6.1)"),
    Odd("a GET with a body", get("Content-Length: 5")[:-2] + b"\r\nhello"),
    Odd("a length that Connection names", post("Connection: Content-Length", "Content-Length: 5",
                                               body="hello"),
        "what frames the message stays with it, whatever Connection says"),

    # ---- chunks
    Odd("a chunk extension", post(CHUNKED, body='5;a="b"\r\nhello\r\n0\r\n\r\n'), STREAMED),
    Odd("a chunk size with 0x", post(CHUNKED, body="0x5\r\nhello\r\n0\r\n\r\n")),
    Odd("a chunk size with a plus", post(CHUNKED, body="+5\r\nhello\r\n0\r\n\r\n")),
    Odd("a chunk size behind a space", post(CHUNKED, body=" 5\r\nhello\r\n0\r\n\r\n")),
    Odd("a chunk size before a space", post(CHUNKED, body="5 \r\nhello\r\n0\r\n\r\n"), GRAMMAR),
    Odd("a chunk size beyond 64 bits", post(CHUNKED, body="fffffffffffffffff\r\nhello\r\n0\r\n\r\n")),
    Odd("a chunk line that ends in LF", post(CHUNKED, body="5\nhello\r\n0\r\n\r\n"), AMBIGUOUS),
    Odd("a chunk that ends in LF", post(CHUNKED, body="5\r\nhello\n0\r\n\r\n"), AMBIGUOUS),
    Odd("a chunk that is longer than it says", post(CHUNKED, body="5\r\nhello!\r\n0\r\n\r\n")),
    Odd("trailers", post(CHUNKED, "Trailer: X-Sum", body="0\r\nX-Sum: 1\r\n\r\n"),
        "dropped unless the route asks for them: they would go round what is done to heads (RFC 9110, "
        "6.5.1: merged only by who knows their fields)"),
    Odd("a length among the trailers", post(CHUNKED, body="0\r\nContent-Length: 9\r\n\r\n"),
        "what frames a message must not be among its trailers (RFC 9110, 6.5.1)"),

    # ---- lines
    Odd("lines that end in LF", b"GET /x HTTP/1.1\nHost: a.example\n\n", AMBIGUOUS),
    Odd("a CR in a value", get("X-A: b\rX-C: d")),
    Odd("a NUL in a value", get("X-A: b\0c"), GRAMMAR),
    Odd("a control byte in a value", get("X-A: b\x01c"), GRAMMAR),
    Odd("bytes beyond ASCII in a value", get("X-A: caf\xe9")),
    Odd("a folded line", get("X-A: b", " c"), AMBIGUOUS),
    Odd("a line without a colon", get("X-A"), GRAMMAR),
    Odd("an empty name", get(": b")),
    Odd("a space in a name", get("X A: b")),
    Odd("an underscore in a name", get("X_A: b"),
        "a token (RFC 9110, 5.6.2), which `underscores` of the listener may drop or refuse"),
    Odd("a name that CGI takes for X-Forwarded-For", get("X_Forwarded_For: 192.0.2.1"),
        "what Teal vouches for comes from Teal, however it is read"),
    Odd("a name that CGI takes for Transfer-Encoding", get("Transfer_Encoding: chunked"),
        "what frames a message is written by Teal, however it is read"),
    Odd("a name that lighttpd's CGI takes for X-Real-IP", get("X.Real.IP: 192.0.2.1"),
        "what Teal vouches for comes from Teal, however it is read"),
    Odd("a space before the colon", get("X-A : b")),
    Odd("an empty line first", b"\r\n" + get()),
    Odd("two empty lines first", b"\r\n\r\n" + get(),
        "one is allowed for (RFC 9112, 2.2), more is not a client"),
    Odd("a hundred and one fields", get(*[f"X-Filler-{n}: 1" for n in range(100)]),
        "header_count is 100 here; the peers' limits are in bytes or at 101"),
    Odd("a field of nine thousand bytes", get("X-Filler: " + "b" * 9000), "the limits differ: 32 KiB a head"),

    # ---- the request line
    Odd("two spaces", b"GET  /x HTTP/1.1\r\nHost: a.example\r\n\r\n", GRAMMAR),
    Odd("a space in the target", get(target="/x y")),
    Odd("a tab in the target", get(target="/x\ty")),
    Odd("a fragment", get(target="/x#y"), "a fragment is never sent (RFC 9110, 4.1)"),
    Odd("bytes beyond ASCII in the target", get(target="/caf\xe9"), GRAMMAR),
    Odd("a backslash in the target", get(target="/a\\b"), TARGET),
    Odd("a percent that escapes nothing", get(target="/a%zz"), TARGET),
    Odd("an escaped NUL", get(target="/a%00b"), TARGET),
    Odd("an escaped slash", get(target="/a%2fb"), TARGET),
    Odd("dot segments", get(target="/a/../b"), TARGET),
    Odd("escaped dot segments", get(target="/a/%2e%2e/b"), TARGET),
    Odd("dot segments above the root", get(target="/../b"), TARGET),
    Odd("two slashes", get(target="/a//b"), TARGET),
    Odd("parameters of the path", get(target="/a;x=1/b;y")),
    Odd("dots before a parameter", get(target="/a/..;/b"), TARGET),
    Odd("a target without a slash", get(target="x")),
    Odd("an asterisk", message("OPTIONS * HTTP/1.1", "Host: a.example"),
        "passed on: it asks about the server as a whole (RFC 9110, 9.3.7)"),
    Odd("an asterisk for GET", get(target="*"), GRAMMAR),
    Odd("CONNECT", message("CONNECT a.example:80 HTTP/1.1", "Host: a.example:80"),
        "no tunnels to where a client says"),
    Odd("TRACE", message("TRACE /x HTTP/1.1", "Host: a.example"),
        "it would show the client what we added"),
    Odd("a method of its own", message("BREW /x HTTP/1.1", "Host: a.example")),
    Odd("a method in small letters", message("get /x HTTP/1.1", "Host: a.example"),
        "methods are case-sensitive: another one, passed on (RFC 9110, 9.1)"),
    Odd("HTTP/0.9", b"GET /x\r\n\r\n", "nobody speaks it any more"),
    Odd("HTTP/1.2", message("GET /x HTTP/1.2", "Host: a.example"),
        "there is no such version, so whoever names it is up to something"),
    Odd("HTTP/2.0 by name", message("GET /x HTTP/2.0", "Host: a.example"),
        "HTTP/2 does not look like this"),
    Odd("http in small letters", message("GET /x http/1.1", "Host: a.example")),

    # ---- hosts
    Odd("no Host", message("GET /x HTTP/1.1"), "it must have one (RFC 9112, 3.2)"),
    Odd("no Host in HTTP/1.0", message("GET /x HTTP/1.0"),
        "the target speaks HTTP/1.1 and is owed one: its own address"),
    Odd("two Hosts", message("GET /x HTTP/1.1", "Host: a.example", "Host: b.example")),
    Odd("two equal Hosts", message("GET /x HTTP/1.1", "Host: a.example", "Host: a.example"), AMBIGUOUS),
    Odd("an empty Host", message("GET /x HTTP/1.1", "Host: "),
        "no route could be told by it, and it is not the empty authority of RFC 9112, 3.2"),
    Odd("a Host with a user", message("GET /x HTTP/1.1", "Host: u@a.example"),
        "a stranger's part of it must not be taken for the host (RFC 9110, 4.2.4)"),
    Odd("a Host with a path", message("GET /x HTTP/1.1", "Host: a.example/b"), GRAMMAR),
    Odd("a Host with a port that is none", message("GET /x HTTP/1.1", "Host: a.example:http"), GRAMMAR),
    Odd("an absolute target", message("GET http://a.example/x HTTP/1.1", "Host: a.example"),
        "that form is for proxies; a server is sent the path (RFC 9112, 3.2.1)"),
    Odd("an absolute target of another host", message("GET http://b.example/x HTTP/1.1",
                                                      "Host: a.example"),
        "the two name two hosts, and readers differ in which they believe"),
    Odd("an absolute target of another scheme", message("GET ftp://a.example/x HTTP/1.1",
                                                        "Host: a.example"), GRAMMAR),

    # ---- fields of one connection
    Odd("a field that Connection names", get("Connection: X-Gone", "X-Gone: 1"),
        "what Connection names is for us alone (RFC 9110, 7.6.1)"),
    Odd("Connection names Host", get("Connection: Host"),
        "a client must not be able to take away what we or the target rely on"),
    Odd("TE", get("TE: trailers, deflate", "Connection: TE"),
        "said anew for the connection to the target: trailers only"),
    Odd("an upgrade to h2c", get("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c",
                                 "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA"),
        "never passed on: the target would switch behind our back"),
    Odd("Proxy", get("Proxy: http://evil.example"),
        "CGI programs would take it for their own setting (httpoxy)"),
    Odd("an expectation of nothing", post("Expect: 100-continue", "Content-Length: 0"),
        "there is no body that could be held back: the target need not know"),
    Odd("an expectation with its body", post("Expect: 100-continue", "Content-Length: 4", body="body"),
        "who has sent the body waits for nothing, so the target is not asked; nginx says 100 all the same"),
    Odd("an expectation of HTTP/1.0", message("POST /x HTTP/1.0", "Host: a.example", "Expect: 100-continue",
                                              "Content-Length: 4", body="body"),
        "a client of HTTP/1.0 knows no 100 (RFC 9110, 10.1.1): the target need not know"),
    Odd("another expectation", post("Expect: 200-ok", "Content-Length: 0"), EXPECT),
    Odd("an expectation behind a word", post("Expect: y 100-continue", "Content-Length: 4", body="body"), EXPECT),
    Odd("an expectation twice", post("Expect: 100-continue", "Expect: 100-continue", "Content-Length: 4",
                                     body="body"), EXPECT),
    Odd("a list of expectations", post("Expect: 100-continue, 100-continue", "Content-Length: 4", body="body"),
        EXPECT),
    Odd("an empty expectation", post("Expect:", "Content-Length: 4", body="body"), EXPECT),
    Odd("two requests at once", get() + get(target="/y")),

    # ---- traces
    Odd("a trace that is not sampled", get(f"Traceparent: {PARENT}-00", "Tracestate: a=1")),
    Odd("a sampled trace with the random flag", get(f"Traceparent: {PARENT}-03", "Tracestate: a=1,\tb=2")),
    Odd("a trace of a later version", get(f"Traceparent: 01{PARENT[2:]}-09-more")),
    Odd("a traceparent without an id", get(f"Traceparent: 00-{'0' * 32}-00f067aa0ba902b7-01", "Tracestate: a=1"),
        TRACE),
    Odd("two traceparents", get(f"Traceparent: {PARENT}-00", f"Traceparent: {PARENT}-01", "Tracestate: a=1"),
        TRACE),
    Odd("a tracestate alone", get("Tracestate: a=1"), TRACE),
]
