"""Connections of HTTP/1.1 and HTTP/2 by hand, which tell every end from every other: what a library would mend in
silence, by asking again on another connection, is what reloads.py looks for."""

import asyncio
import dataclasses
import pathlib
import sys

import hpack

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "conformance"))
import frames

HOST = "shop.example.com"
NEVER_FULL = 2**31 - 1


@dataclasses.dataclass
class Answer:
    status: int
    fields: dict
    body: bytes


class Http1:
    is_going = False  # Its listener has gone, or is about to.

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer
        self.is_open = True

    @classmethod
    async def open(cls, port, context=None):
        name = "localhost" if context else None
        return cls(*await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname=name))

    def has_ended(self):
        """By the other side, while nothing was asked."""
        return self.reader.at_eof()

    async def ended(self):
        while await self.reader.read(4096):
            pass

    def certificate(self):
        return self.writer.get_extra_info("ssl_object").getpeercert(binary_form=True)

    def send(self, method, target, fields=(), body=None):
        head = f"{method} {target} HTTP/1.1\r\nHost: {HOST}\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in fields)
        if body is not None:
            head += f"Content-Length: {len(body)}\r\n"
        self.writer.write(head.encode() + b"\r\n" + (body or b""))

    async def ask(self, method, target, fields=(), body=None, on_head=None):
        self.send(method, target, fields, body)
        status, fields = await self.read_head()
        if on_head:
            on_head()
        return Answer(status, fields, await self.read_body(fields))

    async def read_head(self):
        head = await self.reader.readuntil(b"\r\n\r\n")
        line, *fields = head.decode("latin-1").split("\r\n")
        fields = {name.lower(): value.strip() for name, _, value in (each.partition(":") for each in fields)}
        if fields.get("connection", "").lower() == "close":
            self.is_open = False
        return int(line.split(" ")[1]), fields

    async def read_body(self, fields):
        if "content-length" in fields:
            return await self.reader.readexactly(int(fields["content-length"]))
        pieces = []
        while size := int(await self.reader.readuntil(b"\r\n"), 16):
            pieces.append((await self.reader.readexactly(size + 2))[:-2])
        await self.reader.readuntil(b"\r\n")
        return b"".join(pieces)

    async def upgrade(self, target, key):
        """True: it speaks WebSocket from now on."""
        self.send("GET", target, [("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13"),
                                  ("Sec-WebSocket-Key", key)])
        return (await self.read_head())[0] == 101

    def write(self, data):
        self.writer.write(data)

    def read_exactly(self, size):
        return self.reader.readexactly(size)

    async def end(self):
        """Of a tunnel that has been closed: waits for its end."""
        if rest := await self.reader.read():
            raise ValueError(f"{len(rest)} bytes behind the end of a tunnel")
        self.close()

    def close(self):
        self.is_open = False
        self.writer.close()


class Stream:
    """Of HTTP/2; of a tunnel its bytes come by `data`."""

    def __init__(self, connection, number):
        self.connection, self.number = connection, number
        self.fields = None
        self.begun = asyncio.get_running_loop().create_future()
        self.data = asyncio.StreamReader(limit=2**24)

    def write(self, data):
        self.connection.writer.write(frames.frame(frames.DATA, 0, self.number, data))

    def read_exactly(self, size):
        return self.data.readexactly(size)

    async def end(self):
        self.connection.writer.write(frames.frame(frames.DATA, frames.END_STREAM, self.number))
        if rest := await self.data.read():
            raise ValueError(f"{len(rest)} bytes behind the end of a tunnel")
        if not self.connection.streams:
            self.connection.close()

    def fail(self, error):
        if not self.begun.done():
            self.begun.set_exception(error)
        self.data.set_exception(error)


class Http2:
    """Bodies are small: Teal gives more window long before it is needed."""

    is_going = False

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer
        self.is_open = True
        self.streams = {}
        self.next = 1
        self.decoder = hpack.Decoder()
        self.writer.write(frames.PREFACE + frames.settings((4, NEVER_FULL), (2, 0)) + frames.frame(
            frames.WINDOW_UPDATE, 0, 0, frames.number(NEVER_FULL - 65535, 4)))
        self.hearing = asyncio.create_task(self.hear())

    @classmethod
    async def open(cls, port, context=None):
        name = "localhost" if context else None
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname=name)
        if context and writer.get_extra_info("ssl_object").selected_alpn_protocol() != "h2":
            raise ValueError("HTTP/2 was not chosen")
        return cls(reader, writer)

    def begin(self, block, flags):
        stream = self.streams[self.next] = Stream(self, self.next)
        self.writer.write(frames.headers(self.next, block, flags | frames.END_HEADERS))
        self.next += 2
        return stream

    async def ask(self, method, target, fields=(), body=None):
        stream = self.begin(frames.request(method, target, *fields, authority=HOST),
                            frames.END_STREAM if body is None else 0)
        if body is not None:
            self.writer.write(frames.frame(frames.DATA, frames.END_STREAM, stream.number, body))
        status = await stream.begun
        return Answer(status, stream.fields, await stream.data.read())

    async def connect(self, target):
        """A tunnel of WebSocket (RFC 8441), or None."""
        fields = [(":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "http"), (":path", target),
                  (":authority", HOST), ("sec-websocket-version", "13")]
        stream = self.begin(frames.block(*fields), 0)
        return stream if await stream.begun == 200 else None

    def has_ended(self):
        return self.hearing.done()

    async def ended(self):
        await asyncio.wait([self.hearing])

    async def hear(self):
        error = None
        try:
            while True:
                head = await self.reader.readexactly(9)
                payload = await self.reader.readexactly(int.from_bytes(head[:3], "big"))
                await self.on_frame(head[3], head[4], int.from_bytes(head[5:], "big"), payload)
        except (asyncio.IncompleteReadError, OSError) as ended:
            error = ended
        self.is_open = False
        for stream in self.streams.values():
            stream.fail(ConnectionError(f"the connection ended: {error!r}"))
        self.writer.close()

    async def on_frame(self, kind, flags, number, payload):
        stream = self.streams.get(number)
        if kind == frames.HEADERS:
            while not flags & frames.END_HEADERS:
                head = await self.reader.readexactly(9)
                payload += await self.reader.readexactly(int.from_bytes(head[:3], "big"))
                flags |= head[4]
            self.on_head(stream, self.decoder.decode(payload))
        elif kind == frames.DATA and stream:
            stream.data.feed_data(payload)
        elif kind == frames.RST_STREAM and stream:
            self.streams.pop(number).fail(ConnectionError(f"reset with {int.from_bytes(payload, 'big')}"))
        elif kind in (frames.SETTINGS, frames.PING) and not flags & frames.ACK:
            self.writer.write(frames.frame(kind, frames.ACK, 0, payload if kind == frames.PING else b""))
        elif kind == frames.GOAWAY:
            self.on_goaway(int.from_bytes(payload[:4], "big"), int.from_bytes(payload[4:8], "big"))
        if kind in (frames.HEADERS, frames.DATA) and flags & frames.END_STREAM and stream:
            del self.streams[number]
            stream.data.feed_eof()

    def on_head(self, stream, fields):
        fields = dict(fields)
        if stream and stream.fields is None and fields.get(":status", "")[:1] != "1":
            stream.fields = fields
            stream.begun.set_result(int(fields[":status"]))

    def on_goaway(self, last, error):
        self.is_open = False
        for number in [each for each in self.streams if each > last]:
            self.streams.pop(number).fail(ConnectionError(f"GOAWAY {error} before it"))

    def close(self):
        self.is_open = False
        self.hearing.cancel()
        self.writer.close()
