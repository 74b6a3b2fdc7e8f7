"""gRPC by Debian's python3-grpcio while Teal is reloaded: calls one after the other, and streams that are held open
and talk both ways all the time. Nothing is tried twice."""

import queue
import random
import threading
import time

import grpc

from running import PATIENCE

CALLERS, RATE = 2, 20
STREAMS, STREAM_RATE = 2, 5
ECHO = "/teal.test.Echo"


class Calls:
    """`longest`: in seconds, of streams, which then begin anew."""

    def __init__(self, book, port, longest=None):
        self.book, self.longest, self.over = book, longest, threading.Event()
        self.channels = [grpc.insecure_channel(f"127.0.0.1:{port}", options=[
            ("grpc.enable_retries", 0), ("grpc.use_local_subchannel_pool", 1)]) for _ in range(CALLERS)]
        self.threads = [threading.Thread(target=self.call, args=(i,), daemon=True) for i in range(CALLERS)]
        self.threads += [threading.Thread(target=self.hold, args=(i,), daemon=True) for i in range(STREAMS)]
        for each in self.threads:
            each.start()

    def call(self, index):
        method = self.channels[index].unary_unary(f"{ECHO}/Unary")
        due, number = time.monotonic(), 0
        while not self.over.wait(max(0, due - time.monotonic())):
            due, number = max(due + 1 / RATE, time.monotonic()), number + 1
            self.book.begin("grpc")
            try:
                answer = method(b"%d" % number, timeout=PATIENCE)
                if not answer.endswith(b":%d" % number):
                    self.book.fail(f"call {number} was answered with {answer}")
                self.book.end("grpc", f"{ECHO}/Unary")
            except grpc.RpcError as error:
                self.book.fail(f"call {number} of {index}: {error.code()} {error.details()}")

    def hold(self, index):
        """One stream for all of the time, or one after the other."""
        while not self.over.is_set():
            self.talk(index, float("inf") if self.longest is None else random.uniform(1, self.longest) * STREAM_RATE)

    def talk(self, index, most):
        """By one stream; the next message goes when the one before has come back."""
        wishes = queue.Queue()
        self.book.begin("grpc stream")
        number = 0
        try:
            answers = self.channels[index % CALLERS].stream_stream(f"{ECHO}/Both")(iter(wishes.get, None))
            while number < most and not self.over.wait(1 / STREAM_RATE):
                wishes.put(b"%d" % number)
                if (answer := next(answers)) != b"re:%d" % number:
                    self.book.fail(f"stream {index}: {answer} in place of {number}")
                self.book.echo()
                number += 1
            wishes.put(None)
            if list(answers):
                self.book.fail(f"stream {index} says more than it was asked")
            self.book.end("grpc stream", f"{ECHO}/Both")
        except grpc.RpcError as error:
            self.book.fail(f"stream {index} after {number} messages: {error.code()} {error.details()}")
            wishes.put(None)

    def stop(self):
        self.over.set()
        for each in self.threads:
            each.join(2 * PATIENCE)
            if each.is_alive():
                self.book.fail("a call does not end")
        for each in self.channels:
            each.close()
