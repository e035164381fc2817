from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from command_line import Run, assert_one_error
from pixelguide.images import load_rgb, save_png
from pixelguide.labels import LabelMap, LabelSet


@pytest.fixture
def donor(desk: Path, labels: LabelSet) -> Path:
    """The picture four times as large; the maps on the desk paint sky where the model reads it."""
    save_png(desk / "other.png", load_rgb(desk / "picture.png").repeat(4, 0).repeat(4, 1))
    ids = np.full((16, 16), labels.id("grass"), np.uint8)
    LabelMap(ids, labels).save(desk / "source.png")
    ids[7:12, 10:15] = labels.id("sky")
    LabelMap(ids, labels).save(desk / "target.png")
    return desk / "other.png"


def test_a_donor_is_named_and_the_edit_made_again(
    run: Run, edit: Run, desk: Path, donor: Path
) -> None:
    assert edit(classes="sky")[0] == 0
    plain = (desk / "out" / "00.png").read_bytes()
    code, _, err = edit(classes="sky", donor=donor, donor_crop="0,0,64", out=desk / "given")
    assert code == 0, err
    given = (desk / "given" / "00.png").read_bytes()
    assert given != plain
    report = json.loads((desk / "given" / "report.json").read_text())["settings"]["donor"]
    assert (report["file"], report["crop"]) == (str(donor), "0,0,64")
    again = (
        "edit", desk / "picture.png", "--from", desk / "given", "--source-map",
        desk / "source.png", "--model", desk / "model", "--device", "cpu",
    )  # fmt: skip
    code, _, err = run(*again, "-o", desk / "again")
    assert code == 0, err
    assert (desk / "again" / "00.png").read_bytes() == given
    donor.rename(desk / "moved.png")
    assert "other.png" in assert_one_error(run(*again, "-o", desk / "gone"))
    # a part is that of the donor that was read, not of one that is typed
    code, _, err = run(*again, "--donor", desk / "moved.png", "-o", desk / "typed")
    assert code == 0, err
    assert (desk / "typed" / "00.png").read_bytes() == given


def test_bad_donors_are_told_in_a_line(
    edit: Run, desk: Path, donor: Path, labels: LabelSet
) -> None:
    assert "--donor without --map" in assert_one_error(
        edit(map=None, colour="house=red", donor=donor)
    )
    assert "without --donor" in assert_one_error(edit(donor_crop="0,0,64"))
    assert "--donor-crop and --donor-eyes" in assert_one_error(
        edit(donor=donor, donor_crop="0,0,64", donor_eyes="1,2,3,4")
    )
    assert "nothing.png" in assert_one_error(edit(donor=desk / "nothing.png"))
    ids = np.full((16, 16), labels.id("grass"), np.uint8)
    ids[7:12, 10:15] = labels.id("house")
    LabelMap(ids, labels).save(desk / "target.png")
    told = assert_one_error(edit(donor=donor))
    assert "other.png" in told
    assert "it shows no house" in told
