"""An evaluation as Markdown tables and CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence

from pixelguide.evaluate.judge import MEASURES
from pixelguide.evaluate.runner import Row
from pixelguide.evaluate.summary import SET_MEASURES, Entry

DIGITS = {"fid": 2, "inception_score": 3, "prior_frechet": 3}
FACTORS = {"prior_frechet": 1000.0}
COLUMNS = ("task", "kind", "method", "pick", "candidates", "roi_pixels", "changed_pixels_outside")


def to_csv(rows: Sequence[Row]) -> str:
    """One line for each measured picture; empty where something is not known."""
    text = io.StringIO()
    writer = csv.DictWriter(text, [*COLUMNS, *MEASURES], lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: row[name] for name in writer.fieldnames} for row in rows)
    return text.getvalue()


def to_markdown(entries: Sequence[Entry], reference: str) -> str:
    """Three tables: means with intervals, paired differences to the first row, means by kind.

    reference: what sets of pictures were compared with.
    """
    measures = [name for name in MEASURES if any(name in e["measures"] for e in entries)]
    sets = [name for name in SET_MEASURES if any(name in e["set"] for e in entries)]
    titles = [MEASURES[name].title for name in measures] + [SET_MEASURES[name] for name in sets]
    lines = [_line(["method", "pick", "edits", *titles]), _rule(3 + len(titles))]
    for entry in entries:
        cells = [interval_text(name, entry["measures"].get(name)) for name in measures]
        cells += [_number(entry["set"].get(name), name) for name in sets]
        lines.append(_line([entry["method"], entry["pick"], str(entry["edits"]), *cells]))
    title = "Means over edits, with 95 % bootstrap intervals."
    if sets:
        title += f" Distances between sets of pictures are to {reference}."
    tables = [f"{title}\n\n{_joined(lines)}"]

    rest = [entry for entry in entries if entry["over_first"]]
    if rest:
        judged = [name for name in measures if MEASURES[name].better]
        lines = [_line(["method", "pick", *(MEASURES[name].title for name in judged)])]
        lines.append(_rule(2 + len(judged)))
        for entry in rest:
            cells = [interval_text(name, entry["over_first"].get(name), "+") for name in judged]
            lines.append(_line([entry["method"], entry["pick"], *cells]))
        first = f"{entries[0]['method']} ({entries[0]['pick']})"
        tables.append(f"Paired differences to {first}, edit by edit.\n\n{_joined(lines)}")

    lines = [
        _line(["kind", "method", "pick", "edits", *(MEASURES[name].title for name in measures)])
    ]
    lines.append(_rule(4 + len(measures)))
    for kind in dict.fromkeys(kind for entry in entries for kind in entry["kinds"]):
        for entry in entries:
            means = entry["kinds"].get(kind)
            if means is None:
                continue
            cells = [_number(means.get(name), name) for name in measures]
            start = [kind, entry["method"], entry["pick"], f"{means['edits']:.0f}"]
            lines.append(_line([*start, *cells]))
    tables.append(f"Means by kind of edit.\n\n{_joined(lines)}")
    return "\n".join(tables)


def interval_text(name: str, interval: Mapping[str, float] | None, sign: str = "-") -> str:
    """A measure as tables show it: mean [low, high]. sign: "+" to show signs of both kinds."""
    if interval is None:
        return ""
    mean, low, high = (_number(interval[end], name, sign) for end in ("mean", "low", "high"))
    return mean if low == high == mean else f"{mean} [{low}, {high}]"


def _number(value: float | None, name: str, sign: str = "-") -> str:
    """`value` as its column shows it; sign: as in a format, "+" to show both."""
    if value is None:
        return ""
    digits = MEASURES[name].digits if name in MEASURES else DIGITS[name]
    factor = MEASURES[name].factor if name in MEASURES else FACTORS.get(name, 1.0)
    return f"{value * factor:{sign}.{digits}f}"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _rule(columns: int) -> str:
    return "|" + "---|" * columns


def _joined(lines: Sequence[str]) -> str:
    return "\n".join(lines) + "\n"
