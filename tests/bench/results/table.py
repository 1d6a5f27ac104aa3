# SPDX-License-Identifier: BSD-2-Clause
"""Results as tables, of text or of Markdown."""

from results import disturbance


def number(value, digits):
    return "–" if value is None else f"{value:,.{digits}f}"


def limit_of(target):
    if target["at_most"] is not None:
        return f"≤ {target['at_most']:,g}"
    return f"≥ {target['at_least']:,g}"


def verdict_of(target):
    return {True: "met", False: "MISSED", None: "not measured"}[target["is_met"]]


def head_of(result):
    """Titles of columns: the peer, each figure, and a ratio behind those that are compared."""
    titles = ["peer"]
    for figure in result["figures"]:
        titles.append(f"{figure['name']}, {figure['unit']}" if figure["unit"] else figure["name"])
        titles += ["×"] if figure["is_compared"] else []
    return titles


def row_of(result, peer):
    medians = result["medians"].get(peer["name"])
    if medians is None:
        return [peer["title"], *["–"] * (len(head_of(result)) - 1)]
    base = result["medians"].get(result["peers"][0]["name"], {})
    cells = [peer["title"]]
    for figure in result["figures"]:
        value, reference = medians.get(figure["name"]), base.get(figure["name"])
        cells.append(number(value, figure["digits"]))
        if figure["is_compared"]:
            cells.append(number(value / reference, 2) if value is not None and reference else "–")
    return cells


def table_of(result):
    """Rows of cells, the titles first. Ratios are to the first peer."""
    return [head_of(result), *(row_of(result, peer) for peer in result["peers"])]


def targets_of(results):
    rows = [["scenario", "target", "measured", "limit", ""]]
    for result in results:
        for target in result["targets"]:
            rows.append(
                [result["name"], target["text"], number(target["value"], 2), limit_of(target), verdict_of(target)]
            )
    return rows


def notes_of(result):
    titles = {peer["name"]: peer["title"] for peer in result["peers"]}
    failures = [f"{titles[name]} failed: {reason}" for name, reason in result["failures"].items()]
    remarks = [result["remark"]] if result.get("remark") else []
    return remarks + failures + list(disturbance.notes_of(result))


def text_lines(rows):
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        first, *others = row
        cells = [first.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(others, widths[1:]))]
        yield "  ".join(cells).rstrip()


def markdown_lines(rows):
    head, *body = rows
    yield "| " + " | ".join(head) + " |"
    yield "|---" + "|---:" * (len(head) - 1) + "|"
    for row in body:
        yield "| " + " | ".join(row) + " |"


def text(document):
    lines = [*facts_of(document), ""]
    for result in document["scenarios"]:
        lines += [f"{result['name']}: {result['title']}", *text_lines(table_of(result)), *notes_of(result), ""]
    return "\n".join([*lines, *text_lines(targets_of(document["scenarios"]))]) + "\n"


def markdown(document):
    lines = [*(f"- {fact}" for fact in facts_of(document)), ""]
    for result in document["scenarios"]:
        lines += [f"**{result['name']}**: {result['title']}", "", *markdown_lines(table_of(result)), ""]
        notes = [f"- {note}" for note in notes_of(result)]
        lines += [*notes, ""] if notes else []
    return "\n".join([*lines, *markdown_lines(targets_of(document["scenarios"]))]) + "\n"


def machine_of(document):
    """When and where."""
    machine = document["machine"]
    where = f"{machine['cores']} cores ({machine['processor']}), {machine['memory_gb']} GB, {machine['kernel']}"
    return f"{document['date']}, {where}"


def facts_of(document):
    versions = ", ".join(f"{name} {version}" for name, version in document["versions"].items() if version)
    return [
        machine_of(document),
        versions,
        "Medians of rounds in which the peers take turns; × is the ratio to the first line. "
        "Generator and servers share the machine.",
    ]
