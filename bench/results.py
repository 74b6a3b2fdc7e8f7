"""What a run of the bench found, kept as one JSON file for whoever makes something of it (page.py)."""

import dataclasses
import json
import pathlib
import platform
import re
import subprocess
import time


class Book:
    """Sections by name, each as the JSON of what was measured; every case with all its rounds."""

    def __init__(self, arguments):
        self.sections = {"about": {**about_this_machine(), "rounds": arguments.rounds,
                                   "seconds": arguments.seconds},
                         "cases": {}}

    def add_case(self, name, rounds):
        self.sections["cases"][name] = {peer: [dataclasses.asdict(sample) for sample in samples]
                                        for peer, samples in rounds.items()}

    def add(self, name, found):
        self.sections[name] = plain(found)

    def save(self, path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(self.sections, indent=1))


def plain(found):
    """Dataclasses as dictionaries, keys as text."""
    if dataclasses.is_dataclass(found):
        return dataclasses.asdict(found)
    if isinstance(found, dict):
        return {str(key): plain(value) for key, value in found.items()}
    if isinstance(found, (list, tuple)):
        return [plain(each) for each in found]
    return found


def about_this_machine():
    processor = re.search(r"^model name\s*:\s*(.+)$", pathlib.Path("/proc/cpuinfo").read_text(), re.M)
    return {
        "date": time.strftime("%Y-%m-%d"),
        "processor": processor[1] if processor else platform.machine(),
        "kernel": platform.release(),
        "nginx": version_of(["nginx", "-v"]),
        "haproxy": version_of(["haproxy", "-v"]),
    }


def version_of(command):
    """The first number with dots that the program says, or nothing where it is not there."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10)
    except OSError:
        return ""
    number = re.search(r"\d+\.\d+(?:\.\d+)*", done.stdout + done.stderr)
    return number[0] if number else ""
