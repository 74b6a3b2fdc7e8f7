#!/usr/bin/env python3
"""The targets of reloads.py, several in one process: HTTP/1.1 and WebSockets, by hand, so that it is known what each
of them has answered.

origins.py FOLDER NAME...    prints the ports by name as JSON, serves until SIGTERM, then prints what came of it.
                             `vault` speaks TLS with a.pem of FOLDER; `ill-STATUS` answers every other request so.
                             SIGUSR1 ends the responses that have no end of their own."""

import asyncio
import base64
import gzip
import hashlib
import json
import signal
import ssl
import sys
import urllib.parse

import websocket

CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"
MURMUR = 0.2  # Seconds between two words of a WebSocket's own.
WORDS = b"All that is gold does not glitter, not all those who wander are lost. "


class Origin:
    def __init__(self, name):
        self.name = name
        self.status = int(name.split("-")[1]) if name.startswith("ill-") else 200
        self.requests = 0
        self.errors = 0
        self.ending = asyncio.Event()

    async def serve(self, reader, writer):
        try:
            while await self.answer(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def answer(self, reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        line, *fields = head.decode("latin-1").split("\r\n")
        target = line.split(" ")[1]
        fields = {name.lower(): value.strip() for name, _, value in (each.partition(":") for each in fields)}
        if "websocket" in fields.get("upgrade", ""):
            await self.talk(fields["sec-websocket-key"], reader, writer)
            return False
        body = await read_body(fields, reader)
        path, _, query = target.partition("?")
        if path.startswith("/healthz"):
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        else:
            await self.answer_client(target, dict(urllib.parse.parse_qsl(query)), fields, body, writer)
        await writer.drain()
        return True

    async def answer_client(self, target, wish, fields, body, writer):
        self.requests += 1
        if self.status != 200 and self.requests % 2 == 0:
            self.errors += 1
            writer.write(b"HTTP/1.1 %d No\r\nX-Ill: 1\r\nContent-Length: 3\r\n\r\nill" % self.status)
            return
        text = b"%s %s %d\n" % (self.name.encode(), target.encode(), len(body))
        text += (WORDS * (int(wish.get("size", 0)) // len(WORDS) + 1))[:int(wish.get("size", 0))]
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nX-Seen: %s\r\n" % fields.get("x-edit", "").encode()
        if "packed" in wish:
            text, head = gzip.compress(text), head + b"Content-Encoding: gzip\r\n"
        if {"endless", "pieces", "slow"} & wish.keys():
            await self.answer_slowly(head, text, wish, writer)
        elif "chunked" in wish:
            writer.write(head + CHUNKED + chunk(text[:20]) + chunk(text[20:]) + chunk(b""))
        else:
            writer.write(head + b"Content-Length: %d\r\n\r\n" % len(text) + text)

    async def answer_slowly(self, head, text, wish, writer):
        """First a piece, the rest when its time has come; one piece after the other, so many or without an end."""
        writer.write(head + CHUNKED + chunk(text))
        if "slow" in wish:
            await asyncio.sleep(int(wish["slow"]) / 1000)
        number = 0
        pieces = float("inf") if "endless" in wish else int(wish.get("pieces", 0))
        while number < pieces and not self.ending.is_set():
            writer.write(chunk(b"tick %d\n" % number))
            number += 1
            await asyncio.sleep(MURMUR)
        writer.write(chunk(b"end\n") + chunk(b""))

    async def talk(self, key, reader, writer):
        accept = base64.b64encode(hashlib.sha1(key.encode() + websocket.GUID).digest())
        writer.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                     b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n")
        murmuring = asyncio.create_task(self.murmur(writer))
        try:
            while True:
                opcode, payload = await websocket.read(reader.readexactly)
                if opcode == websocket.CLOSE:
                    break
                writer.write(websocket.encode(payload))
        finally:
            murmuring.cancel()
        writer.write(websocket.encode(payload, websocket.CLOSE))
        await writer.drain()

    async def murmur(self, writer):
        number = 0
        while True:
            writer.write(websocket.encode(b"murmur %d" % number))
            number += 1
            await asyncio.sleep(MURMUR)


def chunk(text):
    return b"%x\r\n%s\r\n" % (len(text), text)


async def read_body(fields, reader):
    if "content-length" in fields:
        return await reader.readexactly(int(fields["content-length"]))
    body = b""
    if fields.get("transfer-encoding", "").lower() == "chunked":
        while size := int(await reader.readuntil(b"\r\n"), 16):
            body += (await reader.readexactly(size + 2))[:-2]
        await reader.readuntil(b"\r\n")
    return body


async def main(folder, names):
    origins = [Origin(name) for name in names]
    loop, over = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, over.set)
    loop.add_signal_handler(signal.SIGUSR1, lambda: [each.ending.set() for each in origins])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{folder}/a.pem")
    ports = {}
    for each in origins:
        server = await asyncio.start_server(each.serve, "127.0.0.1", 0, ssl=context if each.name == "vault" else None)
        ports[each.name] = server.sockets[0].getsockname()[1]
    print(json.dumps(ports), flush=True)
    await over.wait()
    print(json.dumps({each.name: {"requests": each.requests, "errors": each.errors} for each in origins}), flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2:]))
