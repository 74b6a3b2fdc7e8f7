"""What is done to a Teal in faults.py. Each fault begins, lasts a little and is undone; what it says here of clients is
all that may happen to them meanwhile. `run` is that of faults.py."""

import contextlib
import json
import os
import resource
import signal
import threading
import time

from fault_load import Aborters
from stage import eventually

IDLE, SHIFTING, BAKING, ROLLING_BACK, PROMOTING = "idle", "shifting", "baking", "rolling back", "promoting"
MOMENTS = [IDLE, SHIFTING, BAKING, ROLLING_BACK, PROMOTING]
RELEASED = [SHIFTING, BAKING, PROMOTING]
HOLD = 0.5    # Seconds.
STORM = 20    # Reloads at once.


# ---- the process

def killed(run):
    with run.excused("cut", "refused", "unlogged"):
        run.teal.kill()
        run.teal.start()


def terminated(run):
    with run.excused("cut", "refused"):
        if (code := run.teal.terminate()) != 0:
            run.fail(f"SIGTERM: it ended with {code}")
        run.teal.start()


def stopped_for_a_second(run):
    os.kill(run.teal.pid, signal.SIGSTOP)
    time.sleep(1)
    os.kill(run.teal.pid, signal.SIGCONT)


# ---- what it needs of the system

@contextlib.contextmanager
def limited(run, what, most):
    before = resource.prlimit(run.teal.pid, what)
    resource.prlimit(run.teal.pid, what, (most, before[1]))
    try:
        yield
    finally:
        resource.prlimit(run.teal.pid, what, before)


def disk_full(run):
    """Not one byte more, of the store and of the access log."""
    with run.excused("unlogged"):
        with limited(run, resource.RLIMIT_FSIZE, 0):
            time.sleep(HOLD)
            answer = run.deploy("100%", alarms={})
            if answer.status == 201:
                run.fail(f"a deployment began that nobody could note: {answer.text}")
        eventually(lambda: run.metric("teal_store_healthy") == 1, "the store can be written again")


def no_descriptors(run):
    """What clients and targets have now stays; whoever comes waits. Teal looks at its limit ten times a second."""
    with run.excused("5xx", "cut"):
        with limited(run, resource.RLIMIT_NOFILE, len(os.listdir(f"/proc/{run.teal.pid}/fd"))):
            time.sleep(HOLD)
        time.sleep(HOLD)


# ---- targets

def die(run, *targets):
    with run.excused("5xx"):
        for each in targets:
            each.die()
        time.sleep(HOLD)
        for each in targets:
            each.come_back()
        run.await_healthy()


def release_dies(run):
    die(run, run.release)


def live_dies(run):
    """What is taken back serves on where nobody else can."""
    run.may_serve_again.add(run.release.revision)
    die(run, run.live)


def all_die(run):
    run.may_serve_again.add(run.release.revision)
    die(run, run.live, run.release)


def misbehaves(mode):
    def fault(run):
        with run.excused("5xx"):
            run.release.mode = mode
            try:
                run.must_be_taken_back()
            finally:
                run.release.mode = "well"
    fault.__name__ = f"the release answers with: {mode}"
    return fault


# ---- clients

def clients_go_away(run):
    aborters = [Aborters(run.port) for _ in range(3)]
    time.sleep(HOLD)
    for each in aborters:
        each.stop()


# ---- configurations

def bad_files(run):
    before = run.admin.call("GET", "/v1/config")
    for text in ("listeners: [", json.dumps({**run.config, "services": {}, "more": 1}),
                 json.dumps({**run.config, "listeners": {"web": {"address": "192.0.2.1:1"}}})):
        run.write(text)
        answer = run.admin.ask("POST", "/v1/config/reload", {})
        if answer.status not in (409, 422):
            run.fail(f"a bad file was answered {answer.status}: {answer.text}")
    run.write(json.dumps(run.config))
    now = run.admin.call("GET", "/v1/config")
    if {**before, "last_reload": None} != {**now, "last_reload": None}:
        run.fail(f"bad files changed {before} to {now}")


def reload_once(run, number):
    run.config["services"]["shop"]["timeouts"]["connect"] = f"{1000 + number}ms"
    run.write(json.dumps(run.config))
    answer = run.admin.ask("POST", "/v1/config/reload", {})
    if answer.status not in (200, 409):
        run.fail(f"a reload was answered {answer.status}: {answer.text}")


def reload_storm(run):
    """One at a time is done, the others are told so."""
    threads = [threading.Thread(target=reload_once, args=(run, number)) for number in range(STORM)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()


def breach_in_a_reload(run):
    with run.excused("5xx"):
        run.release.mode = "error"
        storm = threading.Thread(target=reload_storm, args=(run,))
        storm.start()
        try:
            run.must_be_taken_back()
        finally:
            run.release.mode = "well"
            storm.join()


# By fault: when, and how what is being shipped may end.
GOES_ON, ANYHOW = {"Succeeded"}, {"Succeeded", "Stopped", "Failed"}
FAULTS = {
    killed: (MOMENTS, GOES_ON),
    terminated: (MOMENTS, GOES_ON),
    stopped_for_a_second: (MOMENTS, GOES_ON),
    disk_full: (MOMENTS, GOES_ON),
    no_descriptors: (MOMENTS, ANYHOW),
    release_dies: (RELEASED, ANYHOW),
    live_dies: (MOMENTS, ANYHOW),
    all_die: (MOMENTS, ANYHOW),
    **{misbehaves(mode): ([BAKING], {"Stopped"}) for mode in ("error", "reset", "garbage", "half", "hang")},
    clients_go_away: (MOMENTS, GOES_ON),
    bad_files: (MOMENTS, GOES_ON),
    reload_storm: (MOMENTS, GOES_ON),
    breach_in_a_reload: ([BAKING], {"Stopped"}),
}


def pairs(is_sanitized):
    """UndefinedBehaviorSanitizer looks at memory through a pipe: without a descriptor it takes good objects for bad."""
    return [(fault, moment) for fault, (moments, _) in FAULTS.items() for moment in moments
            if not (is_sanitized and fault is no_descriptors)]


def name_of(fault):
    return fault.__name__.replace("_", " ")
