"""What commands leave and say: earlier results, JSON, silence, sheets, edits made again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from command_line import Run, assert_one_error
from pixelguide.edit.editor import Editor
from pixelguide.images import load_rgb, save_png
from pixelguide.photo.strength import at_strength


def _content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.fixture
def mask(desk: Path) -> Path:
    values = np.zeros((16, 16), np.uint8)
    values[5:10, 4:9] = 255
    save_png(desk / "mask.png", values)
    return desk / "mask.png"


@pytest.fixture
def commands(desk: Path, mask: Path, picture: NDArray[np.uint8]) -> dict[str, list[Any]]:
    """A good call of each command that writes results to `out`."""
    other = picture.copy()
    other[5:9, 4:9] ^= 255
    save_png(desk / "other.png", other)
    model = ["--model", desk / "model", "--device", "cpu", "--steps", 3, "-n", 2]
    image, out = desk / "picture.png", ["-o", desk / "out"]
    maps = ["--map", desk / "target.png", "--source-map", desk / "source.png"]
    return {
        "edit": ["edit", image, *maps, "--start", 300, *out, *model],
        "inpaint": ["inpaint", image, "--mask", mask, *out, *model],
        "interpolate": ["interpolate", image, desk / "other.png", "--start", 300, *out, *model],
    }


@pytest.mark.parametrize("command", ["edit", "inpaint", "interpolate"])
def test_earlier_results_stay_unless_they_are_to_go(
    run: Run, desk: Path, commands: dict[str, list[Any]], command: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    assert run(*commands[command])[0] == 0
    before = _content(desk / "out")
    with monkeypatch.context() as patch:
        patch.setattr(Editor, "from_pretrained", None)  # it is told before a model is opened
        told = assert_one_error(run(*commands[command]))
    assert told.startswith(f"error: the folder holds results (00{'0' * (command[:3] == 'int')}.png")
    assert told.endswith(f"{desk / 'out'}. Choose another, or --overwrite it.")
    assert _content(desk / "out") == before
    code, _, err = run(*commands[command], "--overwrite")
    assert code == 0, err
    assert _content(desk / "out").keys() == before.keys()


@pytest.mark.parametrize("command", ["edit", "inpaint", "interpolate"])
def test_json_is_the_report_and_quiet_is_nothing(
    run: Run, desk: Path, commands: dict[str, list[Any]], command: str
) -> None:
    code, out, err = run(*commands[command], "--json")
    assert code == 0, err
    assert out.count("\n") == 1
    content = json.loads(out)
    assert content.pop("out") == str(desk / "out")
    assert content == json.loads((desk / "out" / "report.json").read_text())
    assert run(*commands[command], "--quiet", "--overwrite") == (0, "", "")


def test_several_pictures_are_a_line_of_json_each(run: Run, desk: Path) -> None:
    for k in range(2):
        save_png(desk / "faces" / f"{k}.png", load_rgb(desk / "picture.png"))
    code, out, err = run(
        "segment", desk / "faces" / "*.png", "-o", desk / "maps", "--json", "--model",
        desk / "model", "--device", "cpu",
    )  # fmt: skip
    assert code == 0, err
    told = [json.loads(line) for line in out.splitlines()]
    assert [each["out"] for each in told] == [str(desk / "maps" / f"{k}.png") for k in range(2)]
    assert all(each["classes"] and each["crop"] is None for each in told)


@pytest.mark.parametrize("command", ["edit", "inpaint"])
def test_a_sheet_shows_all_candidates(
    run: Run, desk: Path, commands: dict[str, list[Any]], command: str
) -> None:
    assert run(*commands[command], "--sheet")[0] == 0
    sheet = load_rgb(desk / "out" / "sheet.png")
    large = load_rgb(desk / "picture.png").repeat(12, 0).repeat(12, 1)
    tops = [
        (y, x)
        for y in range(sheet.shape[0] - 191)
        for x in range(0, 40)
        if np.array_equal(sheet[y, x : x + 192], large[0])
    ]
    assert tops, "the picture comes first"
    assert sheet.shape[1] > 3 * 192


def test_a_sheet_of_a_photograph_shows_its_part(
    edit: Run, desk: Path, picture: NDArray[np.uint8]
) -> None:
    pixels = np.full((100, 120, 3), 7, np.uint8)
    pixels[10:58, 20:68] = picture.repeat(3, 0).repeat(3, 1)
    save_png(desk / "photograph.png", pixels)
    code, _, err = edit("--sheet", picture="photograph.png", crop="20,10,48")
    assert code == 0, err
    assert load_rgb(desk / "out" / "sheet.png").shape[1] > 3 * 192


def test_a_strength_fades_as_the_page_does(
    edit: Run, desk: Path, picture: NDArray[np.uint8]
) -> None:
    assert edit(out=desk / "full")[0] == 0
    assert edit(out=desk / "faint", strength=0.6)[0] == 0
    assert edit(out=desk / "none", strength=0)[0] == 0
    for name in ("00.png", "01.png"):
        full, faint, none = (load_rgb(desk / f / name) for f in ("full", "faint", "none"))
        assert not np.array_equal(full, picture)
        assert np.array_equal(faint, at_strength(picture, full, 0.6))
        assert np.array_equal(none, picture)
    report = json.loads((desk / "faint" / "report.json").read_text())
    assert report["settings"]["strength"] == 0.6
    assert "--strength 2" in assert_one_error(edit(out=desk / "more", strength=2))


def test_an_edit_is_made_again_from_its_report(run: Run, edit: Run, desk: Path) -> None:
    code, _, err = edit("--seed", 5, strength=0.7, roi="changed", temperature=0.5)
    assert code == 0, err
    again = (
        "edit", desk / "picture.png", "--from", desk / "out" / "report.json", "--source-map",
        desk / "source.png", "--model", desk / "model", "--device", "cpu",
    )  # fmt: skip
    code, _, err = run(*again, "-o", desk / "again")
    assert code == 0, err
    first, second = _content(desk / "out"), _content(desk / "again")
    reports = [json.loads(each.pop("report.json")) for each in (first, second)]
    assert first == second
    assert reports[0]["settings"] == reports[1]["settings"]
    # what is typed comes first; a folder is its report
    more = ("--from", desk / "out", "-o", desk / "other", "--seed", 0, "-n", 1)
    assert run(*again, *more)[0] == 0
    settings = json.loads((desk / "other" / "report.json").read_text())["settings"]
    assert (settings["seed"], settings["num_images"]) == (0, 1)
    assert (settings["strength"], settings["roi"]) == (0.7, "changed")


def test_a_region_that_is_another_one_is_warned_of(run: Run, edit: Run, desk: Path) -> None:
    assert edit(roi="changed")[0] == 0
    code, _, err = run(
        "edit", desk / "picture.png", "--from", desk / "out", "-o", desk / "again", "--model",
        desk / "model", "--device", "cpu",
    )  # fmt: skip
    assert code == 0, err
    assert err.startswith("warning: the region has ")
    assert "--source-map, give it again." in err


def test_a_part_is_edited_again(run: Run, edit: Run, desk: Path) -> None:
    save_png(desk / "photograph.png", load_rgb(desk / "picture.png").repeat(4, 0).repeat(5, 1))
    code, _, err = edit(picture="photograph.png", crop="5,9,48")
    assert code == 0, err
    code, _, err = run(
        "edit", desk / "photograph.png", "--from", desk / "out", "-o", desk / "again",
        "--source-map", desk / "source.png", "--model", desk / "model", "--device", "cpu",
    )  # fmt: skip
    assert code == 0, err
    assert (desk / "again" / "00.png").read_bytes() == (desk / "out" / "00.png").read_bytes()


def test_another_model_makes_no_edit_again_unless_it_is_told(
    run: Run, edit: Run, desk: Path
) -> None:
    assert edit()[0] == 0
    report = desk / "out" / "report.json"
    content = json.loads(report.read_text())
    content["settings"]["model"]["hash"] = "0123456789abcdef"
    report.write_text(json.dumps(content))
    again = (
        "edit", desk / "picture.png", "--from", report, "-o", desk / "again", "--source-map",
        desk / "source.png", "--model", desk / "model", "--device", "cpu",
    )  # fmt: skip
    told = assert_one_error(run(*again))
    assert "made by a model of hash 0123456789abcdef" in told
    assert "--any-model" in told
    assert run(*again, "--any-model")[0] == 0


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"settings": {"seed": 1}, "roi_pixels": 3}'])
def test_what_is_no_report_of_an_edit_is_one_line(run: Run, desk: Path, content: str) -> None:
    (desk / "report.json").write_text(content)
    given = ("edit", desk / "picture.png", "-o", desk / "out", "--from")
    assert "no report of an edit" in assert_one_error(run(*given, desk / "report.json"))
    assert "cannot read the report" in assert_one_error(run(*given, desk / "nowhere.json"))
    two = ("edit", desk / "picture.png", desk / "target.png", "-o", desk / "out", "--from", desk)
    assert "--from with several pictures" in assert_one_error(run(*two))


def test_stopped_by_hand_it_says_what_is_kept(
    run: Run, desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for k in range(3):
        save_png(desk / "faces" / f"{k}.png", load_rgb(desk / "picture.png"))
    given = ("segment", desk / "faces" / "*.png", "-o", desk / "maps", "--model", desk / "model")
    segment, calls = Editor.segment, []

    def interrupted(self: Editor) -> Any:
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return segment(self)

    monkeypatch.setattr(Editor, "segment", interrupted)
    code, _, err = run(*given, "--device", "cpu")
    assert code == 130
    assert err.splitlines()[-1] == (
        f"stopped: {desk / 'maps' / '0.png'} and 1 more, which were finished before, are kept"
    )
    calls[:] = [1, 1]
    code, _, err = run(*given, "--device", "cpu")
    assert err.splitlines()[-1] == "stopped: nothing was written"


def test_interpolation_of_photographs(
    run: Run, edit: Run, desk: Path, picture: NDArray[np.uint8]
) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (70, 90, 3), np.uint8)
    pixels[9:57, 13:61] = picture.repeat(3, 0).repeat(3, 1)
    save_png(desk / "photograph.png", pixels)
    code, _, err = edit(picture="photograph.png", crop="13,9,48")
    assert code == 0, err
    between = (
        "interpolate", desk / "photograph.png", desk / "out" / "00.png", "--steps", 3, "--start",
        300, "--model", desk / "model", "--device", "cpu",
    )  # fmt: skip
    code, out, err = run(*between, "-n", 3, "-o", desk / "between")  # the part is in the report
    assert code == 0, err
    assert "0 pixels changed outside" in out
    frames = [load_rgb(desk / "between" / f"00{k}.png") for k in range(3)]
    roi = load_rgb(desk / "between" / "roi.png")[..., 0] == 255
    assert np.array_equal(frames[0], pixels)
    assert np.array_equal(frames[2], load_rgb(desk / "out" / "00.png"))
    assert np.array_equal(frames[1][~roi], pixels[~roi])
    assert not np.array_equal(frames[1][roi], pixels[roi])
    report = json.loads((desk / "between" / "report.json").read_text())
    assert report["settings"]["crop"] == "13,9,48"
    assert report["roi_pixels"] == roi.sum()
    with Image.open(desk / "between" / "frames.gif") as film:
        assert film.size == (90, 70)
    code, _, err = run(*between, "-n", 2, "-o", desk / "b", "--crop", "13,9,48", "--dilation", 1)
    assert code == 0, err
    told = assert_one_error(run(*between, "-o", desk / "c", "--crop", "40,9,48", "--dilation", 1))
    assert "outside the part, 00.png. Give the --crop that was edited, or --roi." in told


def test_interpolation_of_a_jpeg_keeps_the_rest_of_the_photograph(
    run: Run, edit: Run, desk: Path, picture: NDArray[np.uint8]
) -> None:
    save_png(desk / "photograph.png", picture.repeat(4, 0).repeat(4, 1))
    assert edit(picture="photograph.png", crop="0,0,60", format="jpeg")[0] == 0
    code, out, err = run(
        "interpolate", desk / "photograph.png", desk / "out" / "00.jpg", "--strength", "0.5,1",
        "-o", desk / "between", "--steps", 3, "--start", 300, "--model", desk / "model", "--device",
        "cpu",
    )  # fmt: skip
    assert code == 0, err
    assert "2 frames; 0 pixels changed outside" in out


def test_a_strength_is_a_frame(run: Run, commands: dict[str, list[Any]]) -> None:
    told = assert_one_error(run(*commands["interpolate"], "--strength", "0.5"))
    assert told == "error: -n and --strength. Give one of them: each strength is a frame."


def test_a_photograph_is_no_mask(run: Run, desk: Path, commands: dict[str, list[Any]]) -> None:
    told = assert_one_error(run(*commands["inpaint"], "--mask", desk / "picture.png"))
    assert "not a mask: " in told
    assert "picture.png. Give black and white (white is painted anew)" in told
    assert not (desk / "out").exists()
