#!/usr/bin/env python3
"""WebSocket by Debian's python3-websockets: a server that tells its name and echoes, and clients.

websocket_peer.py serve NAME            prints its port; answers other requests with 200
websocket_peer.py talk URL CONNECTIONS  talks both ways on each connection, and opens a short one now and then,
                                        until SIGTERM; prints what became of it as JSON
"""
import asyncio
import http
import json
import signal
import sys

import websockets


async def serve(name):
    async def echo(socket):
        await socket.send("name " + name)
        # Unasked words of the server's own, among the echoes.
        async def murmur():
            number = 0
            while True:
                await asyncio.sleep(0.01)
                await socket.send("murmur %d" % number)
                number += 1

        murmuring = asyncio.create_task(murmur())
        try:
            async for message in socket:
                await socket.send(message)
        except websockets.ConnectionClosedError:
            pass
        finally:
            murmuring.cancel()

    async def plain(path, headers):
        if headers.get("Upgrade", "").lower() != "websocket":
            return http.HTTPStatus.OK, [("x-target", name)], name.encode()
        return None

    async with websockets.serve(echo, "127.0.0.1", 0, process_request=plain, compression=None, ping_interval=1) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.Future()


class Talk:
    def __init__(self, url):
        self.url = url
        self.over = asyncio.Event()
        self.echoes = 0
        self.murmurs = 0
        self.names = {}
        self.short = {}
        self.errors = []

    async def hear(self, socket, expected):
        """The next echo; murmurs before it have to be in their order."""
        while True:
            message = await asyncio.wait_for(socket.recv(), 20)
            if isinstance(message, str) and message.startswith("murmur "):
                number = int(message.split()[1])
                if number != socket.murmured:
                    raise ValueError("murmur %d after %d" % (number, socket.murmured))
                socket.murmured += 1
                self.murmurs += 1
                continue
            if message != expected:
                raise ValueError("an echo of something else")
            self.echoes += 1
            return

    async def connect(self):
        socket = await websockets.connect(self.url, compression=None, max_size=None)
        socket.murmured = 0
        name = await asyncio.wait_for(socket.recv(), 20)
        return socket, name.split()[1]

    async def long(self, number):
        try:
            socket, name = await self.connect()
            self.names[name] = self.names.get(name, 0) + 1
            sent = 0
            while not self.over.is_set():
                size = (1, 125, 126, 4000, 70000)[sent % 5]
                message = bytes([sent % 256]) * size if sent % 2 else ("%d:" % number).ljust(size, "x")
                await socket.send(message)
                await self.hear(socket, message)
                sent += 1
                await asyncio.sleep(0)
            await socket.close()
            if socket.close_code != 1000:
                raise ValueError("closed with %s" % socket.close_code)
        except Exception as error:  # Whatever it is, it is a cut conversation.
            self.errors.append("long %d: %r" % (number, error))

    async def brief(self):
        while not self.over.is_set():
            try:
                socket, name = await self.connect()
                await socket.send("hello")
                await self.hear(socket, "hello")
                await socket.close()
                self.short[name] = self.short.get(name, 0) + 1
            except Exception as error:
                self.errors.append("short: %r" % error)
            await asyncio.sleep(0.005)


async def talk(url, connections):
    talk = Talk(url)
    loop = asyncio.get_running_loop()
    tasks = [asyncio.create_task(talk.long(i)) for i in range(connections)]
    tasks.append(asyncio.create_task(talk.brief()))
    loop.add_signal_handler(signal.SIGTERM, talk.over.set)
    print("talking", flush=True)
    await asyncio.gather(*tasks)
    print(json.dumps({"echoes": talk.echoes, "murmurs": talk.murmurs, "names": talk.names, "short": talk.short, "errors": talk.errors}))


if sys.argv[1] == "serve":
    asyncio.run(serve(sys.argv[2]))
else:
    asyncio.run(talk(sys.argv[2], int(sys.argv[3])))
