"""Bad pictures, maps and options: one line, an exit code, nothing half-written."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from command_line import Run, assert_one_error
from pixelguide.images import load_rgb, save_png
from pixelguide.labels import LabelMap, LabelSet


def write_bytes(content: bytes) -> Callable[[Path], Any]:
    return lambda path: path.write_bytes(content)


def picture_of(*shape: int) -> Callable[[Path], Any]:
    return lambda path: save_png(path, np.zeros(shape, np.uint8))


BAD_PICTURES: list[tuple[Callable[[Path], Any], str]] = [
    (lambda path: None, "no such file"),
    (lambda path: path.mkdir(), "bad.png"),
    (write_bytes(b""), "bad.png"),
    (write_bytes(b"I am no picture"), "not a readable picture"),
    (write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0" * 40), "bad.png"),
    (write_bytes(b"GIF89a" + b"\0" * 40), "bad.png"),
    (lambda path: Image.new("F", (16, 16)).save(path, "TIFF"), "pixels of type F"),
    (lambda path: Image.new("CMYK", (16, 16)).save(path, "JPEG"), "pixels of type CMYK"),
    (picture_of(16, 20, 3), "20×16 pixels"),
    (picture_of(3, 3, 3), "a crop of 3 pixels for a model of 16"),
]


@pytest.mark.parametrize(("make", "message"), BAD_PICTURES)
def test_a_bad_picture_is_one_line(
    edit: Run, run: Run, desk: Path, make: Callable[[Path], Any], message: str
) -> None:
    make(desk / "bad.png")
    assert message in assert_one_error(edit(picture="bad.png"))
    segmented = run(
        "segment", desk / "bad.png", "-o", desk / "out" / "map.png", "--model", desk / "model"
    )
    assert message in assert_one_error(segmented)
    assert not (desk / "out").exists()


def test_a_cut_picture_is_one_line(edit: Run, desk: Path) -> None:
    whole = (desk / "picture.png").read_bytes()
    (desk / "bad.png").write_bytes(whole[: len(whole) // 2])
    assert "bad.png" in assert_one_error(edit(picture="bad.png"))
    assert not (desk / "out").exists()


@pytest.mark.parametrize("option", ["map", "source_map"])
@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: None, "no such file"),
        (write_bytes(b"no map"), "not a readable picture, bad.png"),
        (lambda path: Image.new("RGB", (16, 16)).save(path, "JPEG"), "bad.png"),
        (lambda path: Image.new("L", (16, 20)).save(path), "map of 16×20 pixels"),
        (lambda path: Image.new("L", (16, 16), 3).save(path), "unknown class id 3"),
        (lambda path: Image.new("RGB", (16, 16), (1, 2, 3)).save(path), "colour (1, 2, 3)"),
        (lambda path: Image.new("RGBA", (16, 16), (0, 0, 255, 9)).save(path), "transparent"),
        (lambda path: Image.new("I;16", (16, 16)).save(path), "bad.png"),
    ],
)
def test_a_bad_map_is_one_line(
    edit: Run, desk: Path, option: str, make: Callable[[Path], Any], message: str
) -> None:
    make(desk / "bad.png")
    assert message in assert_one_error(edit(**{option: desk / "bad.png"}))
    assert not (desk / "out").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"classes": "roof"}, "unknown class 'roof'"),
        ({"classes": "house,,sky"}, "unknown class ''"),
        ({"classes": ","}, "no class named, --classes"),
        ({"classes": ""}, "no class named, --classes"),
        ({"start": 1}, "start 1"),
        ({"start": 1001}, "start 1001"),
        ({"start": -5}, "start -5"),
        ({"start": "early"}, "--start early. Give a whole number or auto."),
        ({"start": "12.5"}, "--start 12.5. Give a whole number or auto."),
        ({"start": 2}, "3 steps from start 2"),
        ({"steps": 1}, "--steps 1. Give a whole number in 2 … 1000 or auto."),
        ({"steps": 1001}, "--steps 1001"),
        ({"steps": "abc"}, "--steps abc. Give a whole number in 2 … 1000 or auto."),
        ({"inversion_steps": 1}, "--inversion-steps 1. Give"),
        ({"scale": "strong"}, "--scale strong. Give a number or auto."),
        ({"scale": ""}, "--scale"),
        ({"scale": "nan"}, "--scale nan"),
        ({"scale": "inf"}, "--scale inf"),
        ({"scale": -1}, "scale -1"),
        ({"sampler": "euler"}, "--sampler euler. Give ddpm, ddim, sde, sde-2m, dpm-2m or auto."),
        ({"roi": "everything"}, "--roi everything. Give classes, parts, changed or auto."),
        ({"seed": -1}, "--seed -1. Give a whole number in 0 … "),
        ({"seed": 2**64}, "--seed"),
        ({"dilation": -1}, "--dilation -1. Give a whole number in 0 … 64."),
        ({"sampler": "euler", "model": "nowhere"}, "--sampler euler"),  # before the model opens
        ({"device": "abacus"}, "device 'abacus' is not available"),
        ({"device": "cuda:77"}, "device 'cuda:77' is not available"),
        ({"model": "nowhere"}, "no model 'nowhere'"),
    ],
)
def test_a_bad_option_is_one_line(
    edit: Run, desk: Path, options: dict[str, Any], message: str
) -> None:
    assert message in assert_one_error(edit(**options))
    assert not (desk / "out").exists()


@pytest.mark.parametrize("count", [0, 65, -1])
def test_a_bad_number_of_candidates_is_one_line(edit: Run, desk: Path, count: int) -> None:
    told = assert_one_error(edit("-n", count))
    assert told == f"error: -n {count}. Give a whole number in 1 … 64."
    assert not (desk / "out").exists()


def test_nothing_to_edit_is_one_line(edit: Run, run: Run, desk: Path, labels: LabelSet) -> None:
    assert "nothing to edit" in assert_one_error(edit(map=desk / "source.png"))
    bare = LabelMap(np.zeros((16, 16), np.uint8), labels)
    bare.save(desk / "bare.png")
    bare.ids[2:5, 2:5] = 1
    bare.save(desk / "meadow.png")
    maps = {"map": desk / "meadow.png", "source_map": desk / "bare.png"}
    assert "'house' occurs in neither map" in assert_one_error(edit(**maps))
    assert not (desk / "out").exists()
    model = ("--model", desk / "model")
    run("segment", desk / "picture.png", "-o", desk / "read.png", *model)
    assert "nothing to edit" in assert_one_error(edit(map=desk / "read.png", source_map=None))


@pytest.mark.parametrize("failing", [1, 2, 3, 4, 5])
def test_a_full_disk_ends_with_4_and_no_report(
    edit: Run, desk: Path, monkeypatch: pytest.MonkeyPatch, failing: int
) -> None:
    synced: list[int] = []
    real = os.fsync

    def fsync(handle: int) -> None:
        if not os.path.isdir(f"/proc/self/fd/{handle}"):
            synced.append(handle)
            if len(synced) == failing:
                raise OSError(errno.ENOSPC, "No space left on device")
        real(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    code, out, err = edit()
    assert code == 4
    assert out == ""
    (line,) = [line for line in err.splitlines() if line.startswith("error: ")]
    assert "no space left on device" in line
    assert err.strip().endswith(line), "the last word is the error"
    assert "Traceback" not in err
    written = sorted(path.name for path in (desk / "out").iterdir())
    assert written == ["00.png", "01.png", "roi.png", "target.png"][: failing - 1]
    for name in written:
        load_rgb(desk / "out" / name)  # whole, every one of them


def test_which_map_has_another_size_is_told(edit: Run, desk: Path) -> None:
    Image.new("L", (16, 20)).save(desk / "bad.png")
    for which in ("map", "source_map"):
        told = assert_one_error(edit(**{which: desk / "bad.png"}))
        assert "pixels for a picture of 16×16, bad.png." in told


@pytest.mark.parametrize("command", ["segment", "edit"])
def test_an_output_that_cannot_be_written_is_bad_input(
    run: Run, edit: Run, desk: Path, command: str
) -> None:
    (desk / "file").write_text("mine")
    out = desk / "file" / "deeper"
    if command == "edit":
        code, shown, err = edit(out=out)
    else:
        code, shown, err = run(
            "segment", desk / "picture.png", "-o", out, "--model", desk / "model"
        )
    assert code == 2
    assert shown == ""
    assert err.splitlines()[-1].startswith("error: cannot write")
    assert "Traceback" not in err
    assert len(err.splitlines()) == 1, "before the work"
    assert (desk / "file").read_text() == "mine"
