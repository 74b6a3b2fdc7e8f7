"""Everybody who asks Teal while it is reloaded: kept and short connections of HTTP/1.1, in the clear and over TLS,
HTTP/2, WebSockets over both, a response without an end. gRPC is in calls.py. All in one thread of its own, at a pace,
so that it costs little beside Teal; the methods of Load are for other threads."""

import asyncio
import contextlib
import functools
import random
import ssl
import threading

import websocket
from connections import Http1, Http2
from origins import MURMUR
from running import PATIENCE

KEPT, KEPT_OVER_TLS, HTTP2_CLIENTS = 11, 3, 6  # Clients that ask RATE times a second.
RATE = 20
SHORT_RATE, SHORT_TLS_RATE, SHORT_TUNNEL_RATE = 20, 5, 5
ECHO_RATE = 5
LONG_TUNNELS = [("/chat/long/h1", False), ("/chat/long/tls", True)]
LONG_TUNNELS_OVER_HTTP2 = 2


class Pace:
    """So many times a second, whatever the work takes."""

    def __init__(self, rate, loop):
        self.pause, self.loop = 1 / rate, loop
        self.due = loop.time() + random.random() * self.pause

    async def wait(self):
        now = self.loop.time()
        if self.due > now:
            await asyncio.sleep(self.due - now)
        self.due = max(self.due + self.pause, now)


def request_of(prefix, number):
    """(method, target, fields, body): various ones."""
    target, fields, body = f"/{prefix}/{number}", [], None
    if number % 5 == 1:
        target = f"/guest-{number % 3}/{prefix}/{number}"
    elif number % 13 == 2:
        target = f"/route-{number % 4}/{prefix}/{number}"
    elif number % 17 == 3:
        target = f"/vault/{prefix}/{number}"
    wish = {4: "size=3000", 5: "size=40000&chunked=1", 7: "size=5000&packed=1", 8: "size=4000"}.get(number % 23)
    if number % 19 == 6:
        body = b"b" * (number % 1500)
    if number % 23 in (7, 8):
        fields.append(("accept-encoding", "gzip"))
    return "POST" if body is not None else "GET", f"{target}?{wish}" if wish else target, fields, body


class Load:
    def __init__(self, book, ports, authority, longest=None):
        """`longest`: in seconds, of tunnels and of responses without an end of their own, which then begin anew."""
        self.book, self.ports, self.longest = book, ports, longest
        self.context = ssl.create_default_context(cafile=authority)
        self.context_http2 = ssl.create_default_context(cafile=authority)
        self.context_http2.set_alpn_protocols(["h2"])
        self.stopping = False
        self.extras, self.tasks, self.orphans = {}, [], []
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()

    def call(self, coroutine, patience=2 * PATIENCE):
        """From another thread: what comes of it."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(patience)

    def begin(self):
        self.call(self.start())

    async def start(self):
        plain, secure = self.ports["plain"], self.ports["secure"]
        for i in range(KEPT):
            self.spawn(self.keep("http/1.1", f"h1/{i}", plain))
        for i in range(KEPT_OVER_TLS):
            self.spawn(self.keep("http/1.1 tls", f"tls/{i}", secure, self.context))
        self.spawn(self.come_and_go("http/1.1 short", "short/plain", plain, SHORT_RATE))
        self.spawn(self.come_and_go("http/1.1 tls short", "short/tls", secure, SHORT_TLS_RATE, self.context))
        for i, port, context in [(0, plain, None), (1, secure, self.context_http2)]:
            shared = SharedHttp2(port, context)
            for j in range(HTTP2_CLIENTS // 2):
                self.spawn(self.multiplex(f"h2/{i}-{j}", shared))
        for target, is_secure in LONG_TUNNELS:
            self.spawn(self.hold_tunnels(target, functools.partial(self.upgrade, target, is_secure)))
        for i in range(LONG_TUNNELS_OVER_HTTP2):
            target = f"/chat/long/h2-{i}"
            self.spawn(self.hold_tunnels(target, functools.partial(self.upgrade_over_http2, target)))
        self.spawn(self.talk_shortly())
        self.spawn(self.listen())

    def spawn(self, coroutine):
        task = self.loop.create_task(self.guard(coroutine))
        self.tasks.append(task)
        return task

    async def guard(self, coroutine):
        try:
            await coroutine
        except Exception as error:  # Whatever it is, it is what the test looks for.
            self.book.fail(f"{coroutine.__qualname__}: {error!r}")

    def stop(self):
        """All of them end what they are at. The response without an end has to be ended before."""
        self.stopping = True
        self.call(self.finish(), 3 * PATIENCE)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(PATIENCE)

    async def finish(self):
        async with asyncio.timeout(2 * PATIENCE):
            await asyncio.gather(*self.tasks)
            # Connections that Teal was to end when their last request was over.
            others = asyncio.all_tasks() - {asyncio.current_task()}
            await asyncio.gather(*others, return_exceptions=True)

    # ---- requests

    async def exchange(self, protocol, connection, method, target, fields=(), body=None, **more):
        """An answer that is well, or a failure in the book. Raises where there is none."""
        # A listener that goes answers the last requests of its connections as before.
        number = 0 if connection.is_going else self.book.number
        self.book.begin(protocol)
        async with asyncio.timeout(PATIENCE):
            answer = await connection.ask(method, target, fields, body, **more)
        self.book.take(protocol, target, len(body or b""), number, answer)
        return answer

    async def keep(self, protocol, prefix, port, context=None):
        """One connection, and another only where Teal has said that it is the last answer of this one."""
        pace, connection, number = Pace(RATE, self.loop), None, 0
        while not self.stopping:
            await pace.wait()
            if connection is None or not connection.is_open:
                connection = await self.open(port, context)
            number += 1
            try:
                await self.exchange(protocol, connection, *request_of(prefix, number))
            except Exception as error:
                self.book.fail(f"{prefix}, request {number}: {error!r}")
                connection.is_open = False
        if connection:
            connection.close()

    async def open(self, port, context=None):
        allowed = set(self.book.certificates)
        connection = await asyncio.wait_for(Http1.open(port, context), PATIENCE)
        if context and connection.certificate() not in allowed | self.book.certificates:
            self.book.fail("a new connection sees an old certificate")
        return connection

    async def come_and_go(self, protocol, prefix, port, rate, context=None):
        pace, number = Pace(rate, self.loop), 0
        while not self.stopping:
            await pace.wait()
            number += 1
            with contextlib.closing(await self.open(port, context)) as connection:
                await self.exchange(protocol, connection, *request_of(prefix, number))

    async def multiplex(self, prefix, shared):
        pace, number = Pace(RATE, self.loop), 0
        while not self.stopping:
            await pace.wait()
            number += 1
            connection = await shared.get()
            try:
                await self.exchange("http/2", connection, *request_of(prefix, number))
            except Exception as error:
                self.book.fail(f"{prefix}, request {number}: {error!r}")
        shared.close()

    async def listen(self):
        """To one response as long as all of it lasts, or one after the other."""
        if self.longest is None:
            return await self.listen_to("/h1/stream?endless=1")
        while not self.stopping:
            await self.listen_to(f"/h1/stream?pieces={int(random.uniform(1, self.longest) / MURMUR)}")

    async def listen_to(self, target):
        """No piece may be missing."""
        connection = await self.open(self.ports["plain"])
        self.book.begin("http/1.1 endless")
        answer = await connection.ask("GET", target)
        pieces = answer.body.split(b"\n")[1:-2]
        if pieces != [b"tick %d" % i for i in range(len(pieces))] or not answer.body.endswith(b"\nend\n"):
            self.book.fail(f"a response with a gap: {pieces[-5:]}")
        self.book.end("http/1.1 endless", target)
        connection.close()

    # ---- tunnels

    async def upgrade(self, target, is_secure):
        port, context = (self.ports["secure"], self.context) if is_secure else (self.ports["plain"], None)
        connection = await self.open(port, context)
        if not await connection.upgrade(target, websocket.KEY):
            raise ValueError(f"{target} was not upgraded")
        return connection

    async def upgrade_over_http2(self, target):
        connection = await Http2.open(self.ports["plain"])
        stream = await connection.connect(target)
        if stream is None:
            raise ValueError(f"{target} was not upgraded")
        return stream

    async def hold_tunnels(self, target, open_tunnel):
        """One for all of the time, or one after the other."""
        while not self.stopping:
            until = asyncio.Event()
            if self.longest is not None:
                self.loop.call_later(random.uniform(1, self.longest), until.set)
            await self.hold_tunnel(target, open_tunnel(), until)

    async def hold_tunnel(self, target, opening, until=None):
        """Talks until the end, or until `until` is set; both sides number what they say."""
        self.book.begin("websocket held")
        tunnel = await asyncio.wait_for(opening, PATIENCE)
        talk = Talk(tunnel, self.book)
        hearing = self.loop.create_task(talk.hear())
        pace = Pace(ECHO_RATE, self.loop)
        try:
            while not self.stopping and not hearing.done() and not (until and until.is_set()):
                await pace.wait()
                talk.say()
                if talk.is_late(self.loop.time()):
                    raise TimeoutError(f"no echo for {PATIENCE} s")
            if not hearing.done():
                tunnel.write(websocket.encode(b"\x03\xe8", websocket.CLOSE, True))
            await asyncio.wait_for(hearing, PATIENCE)
            await asyncio.wait_for(tunnel.end(), PATIENCE)
        except Exception as error:
            self.book.fail(f"the tunnel {target} after {talk.heard} echoes: {error!r}")
        finally:
            hearing.cancel()
        self.book.end("websocket held", target)

    async def talk_shortly(self):
        pace, number = Pace(SHORT_TUNNEL_RATE, self.loop), 0
        while not self.stopping:
            await pace.wait()
            number += 1
            target = f"/chat/short/{number}"
            self.book.begin("websocket short")
            tunnel = await self.upgrade(target, False)
            talk = Talk(tunnel, self.book)
            for _ in range(3):
                talk.say()
            tunnel.write(websocket.encode(b"\x03\xe8", websocket.CLOSE, True))
            await asyncio.wait_for(talk.hear(), PATIENCE)
            await asyncio.wait_for(tunnel.end(), PATIENCE)
            self.book.end("websocket short", target)


class SharedHttp2:
    """A connection for several clients, and another one when Teal has said that it takes no more."""

    def __init__(self, port, context):
        self.port, self.context = port, context
        self.connection, self.lock = None, asyncio.Lock()

    async def get(self):
        async with self.lock:
            if self.connection is None or not self.connection.is_open:
                self.connection = await asyncio.wait_for(Http2.open(self.port, self.context), PATIENCE)
            return self.connection

    def close(self):
        if self.connection and not self.connection.streams:
            self.connection.close()


class Talk:
    """Of one WebSocket: what was said comes back whole and in order, and so do the server's own words."""

    def __init__(self, tunnel, book):
        self.tunnel, self.book = tunnel, book
        self.said, self.heard, self.murmured = 0, 0, 0
        self.since = asyncio.get_running_loop().time()

    def words(self, number):
        return b"%d:" % number + b"w" * (1, 120, 126, 500, 3000)[number % 5]

    def say(self):
        self.tunnel.write(websocket.encode(self.words(self.said), is_client=True))
        self.said += 1

    def is_late(self, now):
        return self.heard < self.said and now - self.since > PATIENCE

    async def hear(self):
        """Until the other side closes, which it does when all has come back."""
        while True:
            opcode, payload = await websocket.read(self.tunnel.read_exactly)
            if opcode == websocket.CLOSE:
                break
            if payload.startswith(b"murmur "):
                if payload != b"murmur %d" % self.murmured:
                    raise ValueError(f"{payload} in place of number {self.murmured}")
                self.murmured += 1
            else:
                if payload != self.words(self.heard):
                    raise ValueError(f"{payload[:20]} in place of echo {self.heard}")
                self.heard += 1
                self.since = asyncio.get_running_loop().time()
                self.book.echo()
        if self.heard != self.said:
            raise ValueError(f"{self.heard} echoes of {self.said}")
