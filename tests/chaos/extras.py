"""The clients of a listener that comes, moves, gets another name and goes while they ask.

A listener that goes ends its connections with their requests, and those that are idle at once. A client that sends
just then finds its connection closed (RFC 9112, 9.5): such a request counts as not sent, once for a connection, and is
told in the notes. What was under way is answered whole."""

import asyncio

from connections import Unanswered
from load import ORPHANS, Pace, request_of
from running import PATIENCE

KEPT, KEPT_RATE, SHORT_RATE = 2, 10, 5
SLOW = 3           # Requests that are under way when a listener goes, or gets another name.
SLOW_MS = 300
EARLY = 3          # Connections that have said nothing yet when a listener moves.


class Extra:
    """In the thread of `load`."""

    def __init__(self, load, name, port, context):
        self.load, self.book, self.name, self.port, self.context = load, load.book, name, port, context
        self.may_open, self.is_going = True, False
        self.connections, self.opening = set(), 0
        self.pending, self.early = [], []
        self.leave_tunnel = asyncio.Event()
        self.tasks = [load.spawn(self.keep(i)) for i in range(KEPT)] + [load.spawn(self.come_and_go())]
        if context is None:
            target = f"/chat/{name}/{port}"
            self.tunnel = load.spawn(load.hold_tunnel(target, self.upgrade(target), self.leave_tunnel))
        else:
            self.tunnel = None

    async def open(self):
        self.opening += 1
        try:
            connection = await self.load.open(self.port, self.context)
        except ConnectionResetError:
            if not self.is_going or self.context is None:
                raise
            self.book.note("handshakes that were cut")
            await asyncio.sleep(0)
            return await self.open()
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
        if not await connection.upgrade(target, "dGhlIHNhbXBsZSBub25jZQ=="):
            raise ValueError(f"{target} was not upgraded")
        return connection

    async def ask(self, protocol, connection, request, note):
        try:
            await self.load.exchange(protocol, connection, *request)
        except Unanswered as error:
            if not connection.is_going:
                self.book.fail(f"{self.name}, {request[1]}: {error!r}")
            self.book.withdraw(protocol, note)

    async def keep(self, index):
        pace, connection, number = Pace(KEPT_RATE, self.load.loop), None, 0
        while not self.load.stopping:
            await pace.wait()
            if connection and connection.is_open and connection.has_ended():
                connection.is_open = False
                if not connection.is_going:
                    self.book.fail(f"{self.name}: a kept connection was closed")
            if connection is None or not connection.is_open:
                if connection:
                    self.close(connection)
                if not self.may_open:
                    return
                connection = await self.open()
            number += 1
            request = request_of(f"extra/{self.name}-{self.port}-{index}", number)
            await self.ask("http/1.1 extra", connection, request, "kept connections that were closed as they asked")
        if connection:
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
            request = request_of(f"extra/{self.name}-{self.port}-short", number)
            await self.ask("http/1.1 extra short", connection, request, "new connections that were closed as they asked")
            self.close(connection)

    # ---- around a reload

    async def begin_slow(self):
        """Requests whose answers have begun, and some that nothing has come for yet."""
        for number in range(SLOW):
            connection, begun = await self.open(), asyncio.Event()
            target = f"/extra/{self.name}-{self.port}-slow/{number}?slow={SLOW_MS}"
            self.pending.append((connection, self.load.spawn(
                self.load.exchange("http/1.1 slow", connection, "GET", target, on_head=begun.set))))
            await asyncio.wait_for(begun.wait(), PATIENCE)

    async def end_slow(self):
        for connection, task in self.pending:
            await task
            self.close(connection)
        self.pending = []

    def begin_going(self):
        self.is_going = True
        for connection in self.connections:
            connection.is_going = True

    async def opened(self):
        while self.opening:
            await asyncio.sleep(0.001)

    async def before_removal(self):
        await self.begin_slow()
        self.may_open = False
        await self.opened()
        self.begin_going()

    async def after_removal(self):
        """Its connections end by themselves; a tunnel goes on."""
        await self.end_slow()
        await asyncio.wait_for(asyncio.gather(*self.tasks), PATIENCE)
        await self.expect_refused(self.port)
        if self.tunnel:
            self.load.orphans.append(self)
        if len(self.load.orphans) > ORPHANS:
            self.load.orphans.pop(0).leave_tunnel.set()

    async def before_renaming(self):
        await self.begin_slow()
        self.begin_going()

    async def after_renaming(self):
        self.is_going = False
        await self.end_slow()

    async def before_moving(self):
        self.may_open = False
        await self.opened()
        for _ in range(EARLY):
            self.early.append(await self.load.open(self.port, self.context))

    async def after_moving(self, port):
        await self.expect_refused(self.port)
        self.port, self.may_open = port, True
        for number, connection in enumerate(self.early):
            await self.load.exchange("http/1.1 early", connection, "GET", f"/extra/{self.name}-{port}-early/{number}")
            connection.close()
        self.early = []

    async def expect_refused(self, port):
        try:
            await self.load.open(port, self.context)
        except ConnectionRefusedError:
            return
        self.book.fail(f"{self.name}: somebody still listens at port {port}, where no listener is")
