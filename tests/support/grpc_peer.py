"""A real server and a real client of gRPC (Debian's python3-grpcio), for the tests. Messages are bytes,
so that nothing has to be generated.

  grpc_peer.py serve NAME        prints its port, serves until it is killed
  grpc_peer.py call ADDRESS CASE [ARGUMENT]...    prints what came of it, one line a message

The server answers grpc.health.v1.Health/Check with SERVING, or NOT_SERVING for the service "ill".
"""
import signal
import sys
import threading
import time
from concurrent import futures

import grpc

ECHO = "teal.test.Echo"


def unary(name):
    def answer(request, context):
        context.set_trailing_metadata((("x-served-by", name),))
        return name.encode() + b":" + request

    return answer


def fail(request, context):
    """'14 text': ends with that status."""
    code, _, text = request.decode().partition(" ")
    status = next(each for each in grpc.StatusCode if each.value[0] == int(code))
    context.abort(status, text)


def fail_late(request, context):
    yield b"first"
    fail(request, context)


def sleep(request, context):
    """As long as it is asked to, or until the call is cancelled."""
    gone = threading.Event()
    context.add_callback(gone.set)
    gone.wait(float(request))
    return b"remaining" if context.time_remaining() is None else b"%.1f" % context.time_remaining()


def stream_out(request, context):
    for i in range(int(request)):
        yield b"%d" % i


def stream_in(requests, context):
    return b"+".join(requests)


def both_ways(requests, context):
    for request in requests:
        yield b"re:" + request


def check_health(request, context):
    return b"\x08\x02" if request.endswith(b"ill") else b"\x08\x01"


def serve(name):
    def plain(kind, behaviour):
        return getattr(grpc, kind + "_rpc_method_handler")(behaviour)

    server = grpc.server(futures.ThreadPoolExecutor(max_workers=64))
    server.add_generic_rpc_handlers((
        grpc.method_handlers_generic_handler(ECHO, {
            "Unary": plain("unary_unary", unary(name)),
            "Fail": plain("unary_unary", fail),
            "FailLate": plain("unary_stream", fail_late),
            "Sleep": plain("unary_unary", sleep),
            "Out": plain("unary_stream", stream_out),
            "In": plain("stream_unary", stream_in),
            "Both": plain("stream_stream", both_ways),
        }),
        grpc.method_handlers_generic_handler("grpc.health.v1.Health", {
            "Check": plain("unary_unary", check_health),
        }),
    ))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    server.wait_for_termination()


class Client:
    def __init__(self, address):
        self.channel = grpc.insecure_channel(address, options=[("grpc.enable_retries", 0)])

    def method(self, kind, name):
        return getattr(self.channel, kind)(f"/{ECHO}/{name}")

    def unary(self, text):
        response, call = self.method("unary_unary", "Unary").with_call(text.encode(), timeout=20)
        print(response.decode())
        print("trailers", dict(call.trailing_metadata()).get("x-served-by"))

    def any(self, path, timeout="20", *metadata):
        """One call of any path; metadata are name=value."""
        pairs = [tuple(each.split("=", 1)) for each in metadata]
        call = self.channel.unary_unary(path)
        print(call(b"0", timeout=float(timeout), metadata=pairs).decode())

    def fail(self, text):
        self.method("unary_unary", "Fail")(text.encode(), timeout=20)

    def fail_late(self, text):
        for each in self.method("unary_stream", "FailLate")(text.encode(), timeout=20):
            print(each.decode(), flush=True)

    def sleep(self, seconds, timeout):
        began = time.monotonic()
        try:
            print(self.method("unary_unary", "Sleep")(seconds.encode(), timeout=float(timeout)))
        finally:
            print("early" if time.monotonic() - began < float(seconds) - 0.5 else "late")

    def out(self, count):
        got = [int(each) for each in self.method("unary_stream", "Out")(count.encode(), timeout=60)]
        print("in order" if got == list(range(int(count))) else got)

    def into(self, count, size):
        pieces = (b"%d" % (i % 10) * int(size) for i in range(int(count)))
        print(len(self.method("stream_unary", "In")(pieces, timeout=60)))

    def both(self, count):
        """Each message is sent when the one before was answered: nothing may wait in between."""
        turn = threading.Semaphore(1)

        def requests():
            for i in range(int(count)):
                if not turn.acquire(timeout=20):
                    return
                yield b"%d" % i

        answers = 0
        for each in self.method("stream_stream", "Both")(requests(), timeout=60):
            assert each == b"re:%d" % answers, each
            answers += 1
            turn.release()
        print(answers)

    def load(self, clients):
        """Calls of all kinds by several threads until SIGTERM; says how many failed."""
        stop = threading.Event()
        signal.signal(signal.SIGTERM, lambda *_: stop.set())
        done, failures = [0], []
        streams = [
            ("unary_unary", "Unary", lambda: b"x"),
            ("unary_stream", "Out", lambda: b"20"),
            ("stream_unary", "In", lambda: iter([b"a"] * 20)),
            ("stream_stream", "Both", lambda: iter([b"a"] * 20)),
        ]

        def work():
            while not stop.is_set():
                for kind, name, request in streams:
                    try:
                        got = self.method(kind, name)(request(), timeout=20)
                        if kind.endswith("stream"):
                            assert len(list(got)) == 20
                        done[0] += 1
                    except Exception as error:
                        failures.append(error)

        threads = [threading.Thread(target=work) for _ in range(int(clients))]
        for each in threads:
            each.start()
        print("started", flush=True)
        # The signal may come to a thread of the library's, which does not wake this one.
        while not stop.wait(0.1):
            pass
        for each in threads:
            each.join()
        print("failed", len(failures), *failures[:3])
        print("done", "many" if done[0] > 100 else done[0])


def main():
    if sys.argv[1] == "serve":
        serve(sys.argv[2])
        return
    client = Client(sys.argv[2])
    try:
        getattr(client, sys.argv[3])(*sys.argv[4:])
    except grpc.RpcError as error:
        print(error.code().name, error.details())


main()
