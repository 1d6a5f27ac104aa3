# SPDX-License-Identifier: BSD-2-Clause
"""Calls tests/bench/load on a peer, and reads what it found."""

import json
import subprocess

from servers import BUILD

BENCH = BUILD / "tests" / "bench"
LOAD = BENCH / "load"


def run(peer, *arguments, channels=1, is_publishing=True, timeout=180):
    """What the generator reports; arguments: of its command line, beside those that the peer gives."""
    words = [LOAD, "--json", *peer.receiving(channels), "--channels", channels]
    words += peer.publishing(channels) if is_publishing else []
    for name, pids in peer.processes().items():
        for pid in pids:
            words += ["--pid", f"{name}={pid}"]
    done = subprocess.run(
        [str(word) for word in [*words, *arguments]], capture_output=True, text=True, timeout=timeout
    )
    assert done.stdout, f"load could not begin: {done.stderr.strip()[-400:]}"
    report = json.loads(done.stdout)
    opened, wanted = report["opened"], report["streams"]
    assert opened == wanted, f"{opened} streams of {wanted} opened: {report['first_error']}"
    return report


def cpu_seconds(report, name=None):
    """CPU time of one of the watched processes while measuring, or of all."""
    watched = report["processes"]
    return sum(watched[each]["cpu_seconds"] or 0 for each in ([name] if name else watched))
