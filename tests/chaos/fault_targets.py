"""Targets of faults.py, in its own process: each says which release it is and counts what it has answered whole; it can
be told to misbehave while it serves."""

import collections
import contextlib
import http.server
import socket
import struct
import threading
import time

MODES = ["well", "error", "reset", "garbage", "half", "hang"]
HANG = 1.0  # Seconds: much more than the time limit of the configuration in faults.py.
LINGER = struct.pack("ii", 1, 0)


class Target:
    """Of one release. `mode`: how it answers from now on. `dead`: nobody listens."""

    def __init__(self, revision):
        self.revision, self.mode = revision, "well"
        self.answered = collections.Counter()  # By path, answers that were written whole,
        self.late = collections.Counter()      # and those that came when nobody waits, but for a Teal that rested.
        self.lock = threading.Lock()
        self.server = None
        self.begin(0)
        self.port = self.server.server_address[1]

    def begin(self, port):
        target = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1
            disable_nagle_algorithm = True

            def do_GET(self):
                target.answer(self)

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 256
            allow_reuse_address = True

            def handle_error(self, *_):
                """A connection that ended is what this is about."""

        self.server = Server(("127.0.0.1", port), Handler)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def answer(self, call):
        if call.path == "/healthz":
            return self.write(call, 200, b"ok")
        mode = self.mode
        if mode == "reset":
            call.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER)
            call.close_connection = True
            return call.connection.close()
        if mode == "garbage":
            call.close_connection = True
            return call.wfile.write(b"HTTP/9.9 \x00\xff what\r\n\r\n")
        if mode == "half":
            call.close_connection = True
            return call.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Le")
        if mode == "hang":
            time.sleep(HANG)
        self.write(call, 500 if mode == "error" else 200, f"{self.revision} {call.path}".encode())
        call.wfile.flush()
        with self.lock:
            (self.late if mode == "hang" else self.answered)[call.path] += 1
        return None

    def write(self, call, status, body):
        call.send_response(status)
        call.send_header("Content-Length", str(len(body)))
        call.send_header("X-Release", self.revision)
        call.end_headers()
        call.wfile.write(body)

    def die(self):
        self.server.shutdown()
        self.server.server_close()

    def come_back(self):
        self.begin(self.port)

    def stop(self):
        with contextlib.suppress(OSError):
            self.die()
