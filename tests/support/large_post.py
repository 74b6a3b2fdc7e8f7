"""Clients that send a body as a whole before they read, as Python's http.client does.

usage: large_post.py {http | https} PORT HOST MEGABYTES

Says the status that it was answered, with its body, or what went wrong instead.
"""

import http.client
import ssl
import sys

scheme, port, host, megabytes = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
if scheme == "https":
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=60, context=context)
else:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
try:
    connection.request("POST", "/", body=bytes(megabytes << 20), headers={"Host": host})
    answer = connection.getresponse()
    print(answer.status, answer.read().decode().strip(), flush=True)
except OSError as failed:
    print(type(failed).__name__, failed, flush=True)
