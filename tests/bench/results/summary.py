# SPDX-License-Identifier: BSD-2-Clause
"""The chosen rows of a document of results, as the table of the top README: a row for each figure, a column for each
peer."""

from results import disturbance
from results.table import machine_of, markdown_lines, number

# Title, and the peers of which the first one that was measured stands there.
COLUMNS = (
    ("fcgi-push", ("fcgi-push", "straight-redis", "longpoll")),
    ("Nchan", ("nchan", "nchan-redis")),
    ("Node", ("node",)),
    ("PHP-FPM", ("php",)),
    ("bare C loop", ("floor",)),
)

# Scenario, figure, and how the row is named.
ROWS = (
    ("1000x50", "cpu", "1,000 streams × 50 messages/s: CPU of all processes, µs a delivery"),
    ("1000x50", "p99", "the same: latency p99, ms"),
    ("1000x1000", "deliveries", "1,000 streams × 1,000 messages/s offered: deliveries/s"),
    ("1000x1000", "p99", "the same: latency p99, ms"),
    ("1000x2000", "deliveries", "1,000 streams × 2,000 messages/s offered: deliveries/s"),
    ("most", "deliveries", "at most, 3,000–6,000 messages/s offered: deliveries/s"),
    ("idle-memory", "whole path", "memory of responder and web server, bytes an idle stream"),
    ("one-message", "last write", "one message to 18,000 streams, no web server: ms until the last write"),
    ("storm", "all served", "5,000 clients come back for 100 events each: s until all have them"),
    ("recorded", "recorded", "recorded in Redis and heard by one listener, messages/s"),
)


def cell(result, names, figure):
    digits = next(each["digits"] for each in result["figures"] if each["name"] == figure)
    medians = next((result["medians"][name] for name in names if name in result["medians"]), {})
    return number(medians.get(figure), digits)


def rows_of(document):
    """The titles first; a row for each figure that was measured."""
    results = {result["name"]: result for result in document["scenarios"]}
    rows = [["", *(title for title, _ in COLUMNS)]]
    for scenario, figure, title in ROWS:
        if scenario in results:
            rows.append([title, *(cell(results[scenario], names, figure) for _, names in COLUMNS)])
    return rows


def markdown(document):
    """The table, and where and when it was measured."""
    note = f"Measured {machine_of(document)}, at commit {document['versions']['commit']}."
    shown = {scenario for scenario, _, _ in ROWS}
    disturbed, every = disturbance.count([each for each in document["scenarios"] if each["name"] in shown])
    if disturbed:
        note += f" Disturbed by what else the machine did: {disturbed} of {every} measurements."
    return "\n".join([*markdown_lines(rows_of(document)), "", note]) + "\n"
