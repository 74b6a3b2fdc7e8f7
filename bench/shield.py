"""shield: wrk asks a canary whose release answers 500 to everything. Not one failure may be seen,
whatever the weight of the load."""

import dataclasses
import re
import subprocess

import canary

CONNECTIONS, WEIGHT, WORKERS = 64, "10%", 2


@dataclasses.dataclass(frozen=True)
class Shield:
    asked: int
    failed: int  # As wrk saw it.
    shielded: int
    refused: int  # By the retry budget.


def measure(folder, binary, requests, user):
    asked = failed = 0
    with canary.running(folder, binary, WORKERS, green='if ($uri) { return 500 "broken"; }',
                        service="shield: { on: 5xx }", user=user) as stage:
        stage.ship(WEIGHT)
        while asked < requests:
            done = subprocess.run(
                ["wrk", "--threads", "1", "--connections", str(CONNECTIONS), "--duration", "2s",
                 f"http://127.0.0.1:{stage.port}/"], check=True, capture_output=True, text=True).stdout
            asked += int(re.search(r"(\d+) requests in", done)[1])
            bad = re.search(r"Non-2xx or 3xx responses: (\d+)", done)
            failed += int(bad[1]) if bad else 0
            if errors := re.search(r"Socket errors: .*", done):
                failed += sum(int(number) for number in re.findall(r"\d+", errors[0]))
        return Shield(asked, failed, int(stage.metric("teal_shielded_requests_total", 'group="green"')),
                      int(stage.metric("teal_shield_refused_total", 'reason="budget"')))
