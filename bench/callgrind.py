"""Reads callgrind's output files: instructions, and how often the heap was asked for memory."""

import dataclasses
import re

ALLOCATORS = {"malloc", "calloc", "realloc", "aligned_alloc", "posix_memalign", "memalign"}


@dataclasses.dataclass(frozen=True)
class Profile:
    instructions: int
    allocations: int


def read(folder, skip_first_thread):
    """The sum over all processes and threads. `--separate-threads` writes NAME-01, NAME-02, ...
    and NAME with what belongs to none."""
    instructions = allocations = 0
    for path in sorted(folder.iterdir()):
        thread = re.search(r"-(\d+)$", path.name)
        if skip_first_thread and (thread is None or int(thread[1]) == 1):
            continue
        text = path.read_text(errors="replace")
        total = re.search(r"^(?:summary|totals): (\d+)", text, re.M)
        if total is None:
            continue
        instructions += int(total[1])
        allocations += calls_of(text, ALLOCATORS)
    if instructions == 0:
        raise SystemExit(f"bench: callgrind counted nothing: {[p.name for p in folder.iterdir()]}")
    return Profile(instructions, allocations)


def calls_of(text, wanted):
    """Sums the `calls=` lines whose callee is wanted. A name stands beside its number once, at its
    first use (as caller or callee), later the number alone."""
    names, callee, calls = {}, None, 0
    for line in text.splitlines():
        if line.startswith(("fn=", "cfn=")):
            number, _, name = line.partition("=")[2].partition(" ")
            if name:
                names[number] = name
            if line.startswith("c"):
                callee = names[number]
        elif line.startswith("calls=") and callee in wanted:
            calls += int(line[6:].split()[0])
    return calls
