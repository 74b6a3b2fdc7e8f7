#!/usr/bin/env python3
"""A WebSocket client over HTTP/2 (RFC 8441) by Debian's python3-h2: several streams on one connection, each of which
speaks WebSocket frames by hand to a server that echoes. Prints one line of JSON.

websocket_over_http2.py HOST:PORT STREAMS MESSAGES
"""
import json
import os
import socket
import struct
import sys

import h2.config
import h2.connection
import h2.events
import h2.settings


def frame(payload, opcode=1):
    mask = os.urandom(4)
    size = len(payload)
    head = bytes([0x80 | opcode])
    if size < 126:
        head += bytes([0x80 | size])
    elif size < 65536:
        head += bytes([0x80 | 126]) + struct.pack("!H", size)
    else:
        head += bytes([0x80 | 127]) + struct.pack("!Q", size)
    return head + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(payload))


class Stream:
    def __init__(self):
        self.status = None
        self.headers = []
        self.data = b""
        self.waiting = b""
        self.messages = []
        self.closed = False
        self.ended = False

    def frames(self):
        """Whole frames that have come: the server's are not masked."""
        while len(self.data) >= 2:
            opcode, size, at = self.data[0] & 15, self.data[1] & 127, 2
            if len(self.data) < 2 + {126: 2, 127: 8}.get(size, 0):
                return
            if size == 126:
                size, at = struct.unpack("!H", self.data[2:4])[0], 4
            elif size == 127:
                size, at = struct.unpack("!Q", self.data[2:10])[0], 10
            if len(self.data) < at + size:
                return
            yield opcode, self.data[at : at + size]
            self.data = self.data[at + size :]


def main():
    host, port = sys.argv[1].rsplit(":", 1)
    count, messages = int(sys.argv[2]), int(sys.argv[3])
    sock = socket.create_connection((host, int(port)), timeout=20)
    connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True, header_encoding="utf-8"))
    connection.initiate_connection()
    sock.sendall(connection.data_to_send())
    streams = {}
    errors = []
    connect_protocol = None

    def say(number, stream):
        while stream.waiting:
            room = min(connection.local_flow_control_window(number), connection.max_outbound_frame_size, len(stream.waiting))
            if room == 0:
                return
            connection.send_data(number, stream.waiting[:room])
            stream.waiting = stream.waiting[room:]

    def next_message(stream):
        sent = len(stream.messages)
        stream.messages.append(bytes([97 + sent % 26]) * (1, 125, 4000, 40000)[sent % 4])
        stream.waiting += frame(stream.messages[-1])

    def hear(number, stream):
        for opcode, payload in stream.frames():
            if opcode == 9:
                stream.waiting += frame(payload, 10)
            elif opcode == 8:
                stream.closed = True
            elif opcode == 1 and not payload.startswith((b"name ", b"murmur ")):
                if payload != stream.messages[-1]:
                    errors.append("stream %d: another echo" % number)
                if len(stream.messages) < messages:
                    next_message(stream)
                else:
                    stream.waiting += frame(struct.pack("!H", 1000), 8)

    while not errors and not (streams and all(s.ended for s in streams.values())):
        data = sock.recv(65536)
        if not data:
            errors.append("the connection ended")
            break
        for event in connection.receive_data(data):
            if isinstance(event, h2.events.RemoteSettingsChanged):
                connect_protocol = connection.remote_settings.enable_connect_protocol
                for _ in range(count if not streams else 0):
                    number = connection.get_next_available_stream_id()
                    streams[number] = Stream()
                    connection.send_headers(
                        number,
                        [
                            (":method", "CONNECT"),
                            (":protocol", "websocket"),
                            (":scheme", "http"),
                            (":path", "/chat"),
                            (":authority", "shop.example.com"),
                            ("sec-websocket-version", "13"),
                        ],
                    )
            elif isinstance(event, h2.events.ResponseReceived):
                stream = streams[event.stream_id]
                stream.headers = dict(event.headers)
                stream.status = stream.headers[":status"]
                if stream.status != "200":
                    errors.append("status " + stream.status)
                next_message(stream)
            elif isinstance(event, h2.events.DataReceived):
                connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                streams[event.stream_id].data += event.data
                hear(event.stream_id, streams[event.stream_id])
            elif isinstance(event, h2.events.StreamEnded):
                stream = streams[event.stream_id]
                stream.ended = True
                if not stream.closed:
                    errors.append("stream %d ended without a close" % event.stream_id)
                connection.end_stream(event.stream_id)
            elif isinstance(event, h2.events.StreamReset):
                if not streams[event.stream_id].ended:
                    errors.append("stream %d was reset: %s" % (event.stream_id, event.error_code))
                    streams[event.stream_id].ended = True
        for number, stream in streams.items():
            if not stream.ended:
                say(number, stream)
        sock.sendall(connection.data_to_send())
    print(
        json.dumps(
            {
                "connect_protocol": connect_protocol,
                "statuses": sorted({s.status for s in streams.values()}),
                "echoes": sum(len(s.messages) for s in streams.values()),
                "accepts": sum("sec-websocket-accept" in s.headers for s in streams.values()),
                "errors": errors,
            }
        )
    )


main()
