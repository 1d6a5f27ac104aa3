# SPDX-License-Identifier: BSD-2-Clause
"""Results as a chart: a panel of horizontal bars for each of some figures. An SVG that follows light and dark."""

from html import escape

# Scenario, figure, title of the panel, and whether less is better.
PANELS = (
    ("1000x50", "cpu", "CPU per delivery, whole path, µs", "less is better"),
    ("1000x50", "p99", "latency p99, ms", "less is better"),
    ("1000x1000", "deliveries", "deliveries per second", "more is better"),
)
WIDTH, NAMES, VALUES = 740, 215, 90
BAR, GAP, TITLE, MARGIN = 16, 6, 34, 12
STYLE = """
text { font: 13px system-ui, sans-serif; fill: #24292f }
.title { font-weight: 600 }
.note { fill: #57606a }
.bar { fill: #8c959f }
.own { fill: #0969da }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .note { fill: #9198a1 }
  .bar { fill: #656c76 }
  .own { fill: #4493f8 }
}
"""


def panels_of(document):
    """Title, note and bars (title, value, is ours) of each panel that was measured."""
    results = {result["name"]: result for result in document["scenarios"]}
    for scenario, figure, title, note in PANELS:
        if scenario not in results:
            continue
        result = results[scenario]
        bars = [
            (peer["title"], result["medians"][peer["name"]][figure], peer["title"].startswith("fcgi-push"))
            for peer in result["peers"]
            if result["medians"].get(peer["name"], {}).get(figure) is not None
        ]
        if bars:
            yield f"{result['title']}: {title}", note, bars


def bar_lines(top, bars):
    longest = max(value for _, value, _ in bars) or 1
    for index, (title, value, is_own) in enumerate(bars):
        y = top + index * (BAR + GAP)
        kind = "bar own" if is_own else "bar"
        width = max((WIDTH - NAMES - VALUES) * value / longest, 1)
        text = f"{value:,.0f}" if value >= 1000 else f"{value:,.1f}"
        yield f'<text x="{NAMES - 8}" y="{y + BAR - 3}" text-anchor="end">{escape(title)}</text>'
        yield f'<rect class="{kind}" x="{NAMES}" y="{y}" width="{width:.1f}" height="{BAR}" rx="2"/>'
        yield f'<text x="{NAMES + width + 6:.1f}" y="{y + BAR - 3}">{text}</text>'


def svg(document):
    """The chart's text, or None when none of its figures was measured."""
    lines, y = [], MARGIN
    for title, note, bars in panels_of(document):
        lines.append(
            f'<text class="title" x="{MARGIN}" y="{y + 14}">{escape(title)}<tspan class="note" dx="8" '
            f'font-weight="400">{escape(note)}</tspan></text>'
        )
        lines += bar_lines(y + TITLE - 8, bars)
        y += TITLE + len(bars) * (BAR + GAP) + MARGIN
    if not lines:
        return None
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}" role="img" aria-label="Measurements">'
    return "\n".join([head, f"<style>{STYLE}</style>", *lines, "</svg>"]) + "\n"
