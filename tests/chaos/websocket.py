"""What a WebSocket says on the wire (RFC 6455), for a client and a server that count every message."""

import os
import struct

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
KEY = "dGhlIHNhbXBsZSBub25jZQ=="


def encode(payload, opcode=TEXT, is_client=False):
    size = len(payload)
    masked = 0x80 if is_client else 0
    if size < 126:
        head = bytes([0x80 | opcode, masked | size])
    elif size < 65536:
        head = struct.pack("!BBH", 0x80 | opcode, masked | 126, size)
    else:
        head = struct.pack("!BBQ", 0x80 | opcode, masked | 127, size)
    if not is_client:
        return head + payload
    mask = os.urandom(4)
    return head + mask + xor(payload, mask)


def xor(payload, mask):
    size = len(payload)
    key = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(key, "big")).to_bytes(size, "big")


async def read(read_exactly):
    """(opcode, payload) of the next frame; `read_exactly` waits for so many bytes."""
    first, second = await read_exactly(2)
    size = second & 127
    if size == 126:
        size, = struct.unpack("!H", await read_exactly(2))
    elif size == 127:
        size, = struct.unpack("!Q", await read_exactly(8))
    mask = await read_exactly(4) if second & 0x80 else None
    payload = await read_exactly(size)
    return first & 15, xor(payload, mask) if mask else payload
