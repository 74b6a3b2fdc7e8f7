#!/usr/bin/env python3
"""A target that wants a header of the PROXY protocol, read here by the specification's own words and
independently of Teal. Answers each request with what it knows of the connection, on one line:
"SOURCE DESTINATION connection=N request=M path=PATH"; "locals" is how many connections named no client.

proxy_origin.py v1|v2 [CERTIFICATE KEY]     prints its port
"""
import ipaddress
import socket
import ssl
import struct
import sys
import threading

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
lock = threading.Lock()
connections = 0
nobodies = 0


def exactly(sock, size):
    data = b""
    while len(data) < size:
        piece = sock.recv(size - len(data))
        if not piece:
            raise EOFError
        data += piece
    return data


def read_v1(sock):
    line = b""
    while not line.endswith(b"\r\n"):
        line += exactly(sock, 1)
        if len(line) > 107:
            raise ValueError(line)
    words = line[:-2].decode("ascii").split(" ")
    if words == ["PROXY", "UNKNOWN"]:
        return None
    word, family, source, destination, source_port, destination_port = words
    if word != "PROXY" or family not in ("TCP4", "TCP6"):
        raise ValueError(line)
    for address in (source, destination):
        if ipaddress.ip_address(address).version != int(family[3]):
            raise ValueError(line)
    return "%s:%d" % (source, int(source_port)), "%s:%d" % (destination, int(destination_port))


def read_v2(sock):
    signature, command, family, size = struct.unpack("!12sBBH", exactly(sock, 16))
    block = exactly(sock, size)
    if signature != SIGNATURE or command not in (0x20, 0x21):
        raise ValueError(signature)
    if command == 0x20 or family == 0:
        return None
    width = {0x11: 4, 0x21: 16}[family]
    if len(block) != 2 * width + 4:
        raise ValueError(block)
    source, destination = block[:width], block[width : 2 * width]
    ports = struct.unpack("!HH", block[2 * width :])
    return tuple("%s:%d" % (ipaddress.ip_address(a), p) for a, p in zip((source, destination), ports))


def serve(sock, read_header, context):
    global connections, nobodies
    try:
        ends = read_header(sock)
        with lock:
            connections += 1
            number = connections
            nobodies += ends is None
        if context:
            sock = context.wrap_socket(sock, server_side=True)
        requests = 0
        while True:
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                head += exactly(sock, 1)
            requests += 1
            path = head.split(b" ")[1].decode("ascii")
            said = "%s connection=%d request=%d path=%s" % (" ".join(ends or ("nobody", "nobody")), number, requests, path)
            if path == "/locals":
                said = str(nobodies)
            body = said.encode()
            sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
    except (EOFError, OSError):
        pass
    except (ValueError, KeyError) as error:
        print("refused:", error, file=sys.stderr, flush=True)
    finally:
        sock.close()


def main():
    read_header = {"v1": read_v1, "v2": read_v2}[sys.argv[1]]
    context = None
    if len(sys.argv) > 2:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[2], sys.argv[3])
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    print(listener.getsockname()[1], flush=True)
    while True:
        sock, _ = listener.accept()
        threading.Thread(target=serve, args=(sock, read_header, context), daemon=True).start()


main()
