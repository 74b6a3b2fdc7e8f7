#!/usr/bin/env python3
"""Named as the binary of an upgrade, in place of the real one, which it starts on a channel of its own: it relays each
packet between the two processes, descriptors and all, and behind the first one of its plan's step it does something to
one of them or to the channel. Whatever else it is asked, the real binary answers.

interposer.py PLAN ARGUMENT...     PLAN: a file, JSON {"binary", "step", "act", "seconds", "journal"}"""

import array
import ctypes
import json
import os
import pathlib
import select
import signal
import socket
import subprocess
import sys
import threading
import time

FD = "TEAL_HANDOVER_FD"
# By the third byte of a frame, from FIRST_KIND on: as app/upgrade/handover_message.h has them; STATE is its Control.
STEPS = ("HELLO", "SOCKETS", "LISTENERS", "READY", "KNOWN", "STATE", "SERVING", "PING", "PONG", "STABLE", "FAILED")
FIRST_KIND, KIND_AT = 64, 2
LARGEST, MOST_FDS = 1 << 20, 253
DEATH_SIGNAL = 1        # PR_SET_PDEATHSIG of <linux/prctl.h>.
FORWARDED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2)
GARBAGE = b"\x00\xff{\"garbage\": " * 9


def step_of(packet):
    number = packet[KIND_AT] - FIRST_KIND if len(packet) > KIND_AT else -1
    return STEPS[number] if 0 <= number < len(STEPS) else ""


def receive(channel):
    """(packet, descriptors); an empty packet is the end."""
    try:
        packet, control, flags, _ = channel.recvmsg(LARGEST, socket.CMSG_SPACE(4 * MOST_FDS), socket.MSG_CMSG_CLOEXEC)
    except ConnectionError:
        return b"", []
    fds = array.array("i")
    for level, kind, data in control:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            fds.frombytes(data[:len(data) // 4 * 4])
    if flags & (socket.MSG_TRUNC | socket.MSG_CTRUNC):
        raise ValueError(f"a packet of more than {LARGEST} bytes or {MOST_FDS} descriptors")
    return packet, list(fds)


def send(channel, packet, fds=()):
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
    try:
        channel.sendmsg([packet], rights)
    except OSError as gone:  # Whoever ends meanwhile.
        return repr(gone)
    return ""


class Interposer:
    """`old`: who has started this one, with the channel to it; `new`: whom this one starts."""

    def __init__(self, plan, arguments):
        self.plan, self.acted = plan, False
        self.journal = open(plan["journal"], "a", encoding="utf-8", buffering=1)
        self.timers, self.old_pid, number = [], os.getppid(), int(os.environ[FD])
        old = socket.socket(fileno=os.dup(number))
        new, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        os.dup2(theirs.fileno(), number)  # In place of the end that this one has inherited.
        self.child = subprocess.Popen([plan["binary"], *arguments], pass_fds=[number], preexec_fn=self.die_with_me)
        os.close(number)
        theirs.close()
        self.channels = {"old": old, "new": new}
        self.note(what="began", old=self.old_pid, interposer=os.getpid(), new=self.child.pid)
        for each in FORWARDED:
            signal.signal(each, lambda number, _: self.child.send_signal(number))

    def die_with_me(self):
        """Who kills the successor that he knows kills it all."""
        ctypes.CDLL(None).prctl(DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)

    def note(self, **what):
        self.journal.write(json.dumps({"at": time.monotonic(), **what}) + "\n")

    def run(self):
        poller = select.poll()
        by_fd = {channel.fileno(): name for name, channel in self.channels.items()}
        for each in by_fd:
            poller.register(each, select.POLLIN)
        while self.channels:
            for fd, _ in poller.poll():
                if self.channels:
                    self.relay(by_fd[fd])
        self.child.wait()
        self.note(what="ended", code=self.child.returncode)
        for each in self.timers:
            each.join()
        return self.child.returncode

    def relay(self, source):
        target = "new" if source == "old" else "old"
        packet, fds = receive(self.channels[source])
        if not packet:
            self.note(what="end", of=source)
            return self.close()
        step = step_of(packet)
        is_it = step == self.plan["step"] and not self.acted
        if is_it and self.plan["act"] == "corrupt":
            packet = packet[:len(packet) // 2]
        error = send(self.channels[target], packet, fds)
        for each in fds:
            os.close(each)
        self.note(what="packet", of=source, step=step, size=len(packet), fds=len(fds), error=error,
                  begin=packet[:80].decode(errors="replace"))
        if is_it:
            self.acted = True
            self.act(target)
        return None

    def act(self, target):
        act, seconds = self.plan["act"], self.plan.get("seconds", 0)
        self.note(what="act")
        pid = self.old_pid if act.endswith("old") else self.child.pid
        if act.startswith("kill"):
            os.kill(pid, signal.SIGKILL)
        elif act.startswith("stop"):
            os.kill(pid, signal.SIGSTOP)
            self.timers.append(threading.Timer(seconds, self.go_on, (pid,)))
            self.timers[-1].start()
        elif act == "close":
            self.close()
        elif act == "garbage":
            send(self.channels[target], GARBAGE)

    def go_on(self, pid):
        self.note(what="goes on")
        try:
            os.kill(pid, signal.SIGCONT)
        except ProcessLookupError:
            pass

    def close(self):
        for each in self.channels.values():
            each.close()
        self.channels = {}


def main(plan, *arguments):
    plan = json.loads(pathlib.Path(plan).read_text())
    if FD not in os.environ or arguments[:1] in (("check",), ("version",)):
        os.execv(plan["binary"], [plan["binary"], *arguments])
    code = Interposer(plan, arguments).run()
    if code < 0:  # As it ended, so does this one.
        signal.signal(-code, signal.SIG_DFL) if -code not in (signal.SIGKILL, signal.SIGSTOP) else None
        os.kill(os.getpid(), -code)
    sys.exit(code)


if __name__ == "__main__":
    main(*sys.argv[1:])
