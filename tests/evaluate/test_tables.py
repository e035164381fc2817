from __future__ import annotations

import csv
import io

import pytest

from evaluate.test_summary import ROWS, row, summary
from pixelguide.evaluate.tables import interval_text, to_csv, to_markdown


def test_csv_has_a_line_for_every_picture() -> None:
    read = list(csv.DictReader(io.StringIO(to_csv([{**own, **EXTRA} for own in ROWS]))))
    assert len(read) == len(ROWS)
    for line, own in zip(read, ROWS, strict=True):
        assert line["task"] == own["task"]
        assert float(line["roi_accuracy"]) == own["roi_accuracy"]
        assert line["true_psnr"] == "", "not known"


EXTRA = {"roi_pixels": 9, "changed_pixels_outside": 0}


def table(text: str, number: int) -> list[list[str]]:
    """Cells of the table of that number, its heading first."""
    lines = text.split("\n\n")[2 * number + 1].splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line]
    return [cells[0], *cells[2:]]


def test_markdown_shows_what_was_measured_and_no_other_column() -> None:
    text = to_markdown(summary(ROWS), "the truth")
    heading, ours, theirs = table(text, 0)
    assert heading == [
        "method", "pick", "edits", "ROI accuracy, f_multi",
        "Fréchet distance, prior's features ×10⁻³",
    ]  # fmt: skip
    assert ours[:3] == ["ours", "best", "4"]
    assert ours[3].startswith("0.850 [0.")
    assert ours[4] == "1500.000"
    assert theirs[3].startswith("0.525 [0.")
    assert "are to the truth." in text
    assert "FID" not in text
    assert "Inception" not in text


def test_differences_show_their_sign_and_kinds_their_means() -> None:
    text = to_markdown(summary(ROWS), "the truth")
    heading, theirs = table(text, 1)
    assert heading == ["method", "pick", "ROI accuracy, f_multi"]
    assert theirs[2].startswith("-0.325 [-0.")
    kinds = table(text, 2)
    assert ["even", "ours", "best", "2", "0.800"] in kinds
    assert ["odd", "theirs", "best", "2", "0.450"] in kinds
    assert len(kinds) == 5


def test_one_method_needs_no_differences() -> None:
    text = to_markdown(summary([own for own in ROWS if own["method"] == "ours"]), "the truth")
    assert "differences" not in text


@pytest.mark.parametrize(
    ("interval", "sign", "text"),
    [
        (None, "-", ""),
        ({"mean": 0.0, "low": 0.0, "high": 0.0}, "-", "0.00"),
        ({"mean": 0.0123, "low": 0.01, "high": 0.02}, "-", "12.30 [10.00, 20.00]"),
        ({"mean": 0.001, "low": -0.001, "high": 0.003}, "+", "+1.00 [-1.00, +3.00]"),
    ],
)
def test_intervals_as_they_are_shown(
    interval: dict[str, float] | None, sign: str, text: str
) -> None:
    assert interval_text("mae_outside", interval, sign) == text


def test_every_row_of_a_table_has_as_many_cells() -> None:
    rows = [*ROWS, row(0, "third", true_psnr=20.0, seconds=1.0)]
    for number in range(3):
        assert (
            len({len(cells) for cells in table(to_markdown(summary(rows), "the truth"), number)})
            == 1
        )
