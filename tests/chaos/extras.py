"""The clients of a listener that comes, moves, gets another name and goes while they ask.

A connection of a listener that goes is answered once more, with `Connection: close`, or gets a GOAWAY; tunnels stay.
So nobody is refused who was there before the reload, not even who had not said anything yet."""

import asyncio
import contextlib

import websocket
from connections import Http1, Http2
from load import Pace, request_of
from running import PATIENCE

KEPT, KEPT_RATE, SHORT_RATE = 2, 10, 5
SLOW, SLOW_MS = 3, 300  # Requests that are under way while Teal is reloaded.
EARLY = 3               # Connections that have said nothing yet.
ORPHANS = 3             # Tunnels of listeners that are gone.


class Extra:
    """In the thread of `load`."""

    def __init__(self, load, name, port, context):
        self.load, self.book, self.name, self.port, self.context = load, load.book, name, port, context
        self.may_open, self.is_going = True, False
        self.connections, self.opening = set(), 0
        self.slow, self.early, self.going = [], [], []
        self.leave_tunnel, self.tunnel = asyncio.Event(), None
        self.tasks = [load.spawn(self.keep(i, Http1)) for i in range(KEPT)] + [load.spawn(self.come_and_go())]
        if context is None:
            self.tasks.append(load.spawn(self.keep("h2", Http2)))
            target = f"/chat/{name}/{port}"
            self.tunnel = load.spawn(load.hold_tunnel(target, self.upgrade(target), self.leave_tunnel))

    async def open(self, kind=Http1):
        self.opening += 1
        try:
            connection = await (self.load.open(self.port, self.context) if kind is Http1 else Http2.open(self.port))
        finally:
            self.opening -= 1
        connection.is_going = self.is_going
        self.connections.add(connection)
        return connection

    def close(self, connection):
        self.connections.discard(connection)
        connection.close()

    async def upgrade(self, target):
        connection = await self.load.open(self.port)
        if not await connection.upgrade(target, websocket.KEY):
            raise ValueError(f"{target} was not upgraded")
        return connection

    def named(self, what):
        return f"extra/{self.name}-{self.port}-{what}"

    async def ask(self, protocol, connection, request):
        try:
            await self.load.exchange(protocol, connection, *request)
        except Exception as error:
            self.book.fail(f"{self.name}, {request[1]}: {error!r}")
            connection.is_open = False

    async def keep(self, index, kind):
        """Opens another connection only where Teal has said that this is the last answer."""
        pace, connection, number = Pace(KEPT_RATE, self.load.loop), await self.open(kind), 0
        while not self.load.stopping:
            await pace.wait()
            if connection.is_open and connection.has_ended():
                self.book.fail(f"{self.name}: a connection was closed that had not been told so")
                connection.is_open = False
            if not connection.is_open:
                await self.see_end(connection)
                if not self.may_open:
                    return
                connection = await self.open(kind)
            number += 1
            protocol = "http/1.1 extra" if kind is Http1 else "http/2 extra"
            await self.ask(protocol, connection, request_of(self.named(index), number))
        self.close(connection)

    async def see_end(self, connection):
        """What Teal has ended it closes, too."""
        try:
            await asyncio.wait_for(connection.ended(), PATIENCE)
        except TimeoutError:
            self.book.fail(f"{self.name}: a connection is not closed that was to be the last")
        self.close(connection)

    async def come_and_go(self):
        pace, number = Pace(SHORT_RATE, self.load.loop), 0
        while not self.load.stopping:
            await pace.wait()
            if not self.may_open:
                if self.is_going:
                    return
                continue
            number += 1
            connection = await self.open()
            await self.ask("http/1.1 extra short", connection, request_of(self.named("short"), number))
            self.close(connection)

    # ---- around a reload

    async def before(self, may_open, is_going):
        """Some requests have begun to be answered then, and some connections have said nothing."""
        for number in range(SLOW):
            connection, begun = await self.open(), asyncio.Event()
            target = f"/{self.named('slow')}/{number}?slow={SLOW_MS}"
            self.slow.append((connection, self.load.spawn(
                self.load.exchange("http/1.1 slow", connection, "GET", target, on_head=begun.set))))
            await asyncio.wait_for(begun.wait(), PATIENCE)
        for _ in range(EARLY):
            self.early.append(await self.open())
        self.may_open = may_open
        while not may_open and self.opening:
            await asyncio.sleep(0.001)
        self.is_going = is_going
        self.going = [each for each in self.connections if is_going]
        for connection in self.going:
            connection.is_going = True

    async def after(self):
        for number, connection in enumerate(self.early):
            await self.ask("http/1.1 early", connection, request_of(self.named("early"), number))
            if connection.is_open == self.is_going:
                self.book.fail(f"{self.name}: Connection: close is {'missing' if self.is_going else 'there'}")
            self.close(connection)
        for connection, task in self.slow:
            await task
            self.close(connection)
        self.slow, self.early = [], []

    async def before_removal(self):
        await self.before(may_open=False, is_going=True)

    async def after_removal(self):
        """Its tunnel goes on."""
        await self.after()
        await asyncio.wait_for(asyncio.gather(*self.tasks), PATIENCE)
        await self.expect_refused(self.port)
        if self.tunnel:
            self.load.orphans.append(self)
        if len(self.load.orphans) > ORPHANS:
            self.load.orphans.pop(0).leave_tunnel.set()

    async def before_renaming(self):
        await self.before(may_open=True, is_going=True)

    async def after_renaming(self, name):
        await self.after()
        self.name, self.is_going = name, False
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                while any(each.is_open for each in self.going):
                    await asyncio.sleep(0.01)
        if any(each.is_open for each in self.going):
            self.book.fail(f"{name}: connections of another name go on and on")

    async def before_moving(self):
        await self.before(may_open=False, is_going=False)

    async def after_moving(self, port):
        await self.expect_refused(self.port)
        await self.after()
        self.port, self.may_open = port, True

    async def expect_refused(self, port):
        try:
            await self.load.open(port, self.context)
        except ConnectionRefusedError:
            return
        self.book.fail(f"{self.name}: somebody still listens at port {port}, where no listener is")
