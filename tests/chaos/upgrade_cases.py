"""What upgrade_faults.py does, behind each message of the protocol of an upgrade, and who may serve then: the old
process, the new one, or nobody, where both are gone and whoever looks after them has to start another one."""

import dataclasses

OLD, NEW, NOBODY = "the old one", "the new one", "nobody"
HELLO, LISTENERS, READY, STATE, SERVING, STABLE = STEPS = ("HELLO", "LISTENERS", "READY", "STATE", "SERVING", "STABLE")
SECONDS = (1, 3, 30)
SILENT = 2  # Seconds that the old process waits for the new one when it has stopped deciding.
DOES = {"kill old": "kill -9 of the old one", "kill new": "kill -9 of the new one", "stop old": "the old one stops for",
        "stop new": "the new one stops for", "close": "the channel is closed", "corrupt": "half of the message",
        "garbage": "garbage follows it"}

# By act: who may serve when it has been done behind each of the STEPS.
SERVES = {
    # Until it is stable the old one can take everything back; from then on its end is that of any process.
    "kill new": [OLD, OLD, OLD, OLD, OLD, {NOBODY, OLD}],
    # Without the state the new one has nothing to go on with.
    "kill old": [NOBODY, NOBODY, {NOBODY, NEW}, NEW, NEW, NEW],
    "stop new 1": [NEW, NEW, NEW, NEW, NEW, NEW],
    "stop new 3": [NEW, NEW, {OLD, NEW}, {OLD, NEW}, {OLD, NEW}, NEW],
    "stop new 30": [{OLD, NEW}, {OLD, NEW}, OLD, OLD, {OLD, NEW}, NEW],
    "stop old 1": [NEW, NEW, NEW, NEW, NEW, NEW],
    "stop old 3": [NEW, NEW, {OLD, NEW}, {OLD, NEW}, {OLD, NEW}, NEW],
    "stop old 30": [{OLD, NEW}, {OLD, NEW}, {OLD, NEW}, {OLD, NEW}, {OLD, NEW}, NEW],
    "close": [OLD, OLD, OLD, {OLD, NEW}, {OLD, NEW}, NEW],
    "corrupt": [OLD, OLD, OLD, OLD, OLD, NEW],
    "garbage": [OLD, OLD, OLD, {OLD, NEW}, {OLD, NEW}, NEW],
}


@dataclasses.dataclass(frozen=True)
class Case:
    step: str
    act: str
    seconds: int
    serves: frozenset

    def __str__(self):
        return f"{self.step}: {DOES[self.act]}" + (f" {self.seconds} s" if self.seconds else "")

    def kills_server(self):
        """At once; later it may be killed by its own."""
        return self.act == "kill old"

    def late_most(self, who):
        """Seconds that the bake under way may take longer: nobody counts down while the one that decides stands still;
        a start charges up to five."""
        if NOBODY in self.serves or self.kills_server():
            return 6
        frozen = who == OLD and self.step in (READY, STATE, SERVING)
        return self.seconds + (SILENT + 1 if frozen else 0)


def cases():
    for key, row in SERVES.items():
        act, _, seconds = key.rpartition(" ") if key.startswith("stop") else (key, "", "0")
        for step, serves in zip(STEPS, row):
            yield Case(step, act, int(seconds), frozenset({serves} if isinstance(serves, str) else serves))
