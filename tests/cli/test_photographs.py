"""`segment`, `edit` and `inpaint` with photographs."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageFile

from command_line import Run, assert_one_error
from photographs import exif
from pixelguide.cli.photographs import warn_of_unlikely
from pixelguide.edit.editor import Editor
from pixelguide.edit.result import Candidate
from pixelguide.images import load_rgb, save_png
from pixelguide.labels import IGNORE, LabelMap, LabelSet
from pixelguide.photo.find_face import Face
from pixelguide.segment.picture_statistics import UNLIKELY
from tool_files import PALETTE, png

CROP = (13, 9, 48)


@pytest.fixture
def photograph(desk: Path, picture: NDArray[np.uint8]) -> Path:
    """The picture, three times as large, in a wider one: a JPEG turned by the camera."""
    pixels = np.random.default_rng(0).integers(0, 256, (70, 90, 3), np.uint8)
    x, y, size = CROP
    pixels[y : y + size, x : x + size] = picture.repeat(3, 0).repeat(3, 1)
    stored = Image.fromarray(np.ascontiguousarray(np.rot90(pixels)))
    stored.save(desk / "photograph.jpg", exif=exif(6).tobytes(), quality=95)
    return desk / "photograph.jpg"


def _report(desk: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((desk / "out" / "report.json").read_text())
    return content


def _unchanged_outside(desk: Path, photograph: Path, name: str = "00.png") -> None:
    before, after = load_rgb(photograph), load_rgb(desk / "out" / name)
    roi = load_rgb(desk / "out" / "roi.png")[..., 0] == 255
    assert before.shape == after.shape == (*roi.shape, 3) == (70, 90, 3)
    assert np.array_equal(before[~roi], after[~roi])
    assert not np.array_equal(before, after)
    assert _report(desk)["roi_pixels"] == roi.sum()


def test_an_edit_of_a_crop_leaves_the_rest_as_it_was(
    edit: Run, desk: Path, photograph: Path
) -> None:
    code, out, err = edit("--open-raster", picture=photograph.name, crop="13,9,48")
    assert code == 0, err
    assert "0 pixels changed outside the ROI" in out
    _unchanged_outside(desk, photograph)
    report = _report(desk)
    assert report["settings"]["crop"] == "13,9,48"
    assert report["settings"]["photograph"]["format"] == "JPEG"
    with zipfile.ZipFile(desk / "out" / "edit.ora") as archive:
        stack = archive.read("stack.xml")
        assert stack.index(b'"Label map"') < stack.index(b'"Edited"') < stack.index(b'"Original"')
        with Image.open(io.BytesIO(archive.read("mergedimage.png"))) as merged:
            best = load_rgb(desk / "out" / report["best"])
            assert np.array_equal(np.array(merged)[..., :3], best)


def test_a_picture_of_the_model_s_size_has_layers_too(edit: Run, desk: Path) -> None:
    assert edit("--open-raster")[0] == 0
    with zipfile.ZipFile(desk / "out" / "edit.ora") as archive:
        assert archive.read("mimetype") == b"image/openraster"


def test_painting_over_the_photograph(
    run: Run, edit: Run, desk: Path, photograph: Path, labels: LabelSet
) -> None:
    model = ("--model", desk / "model", "--device", "cpu")
    told = run(
        "segment", photograph, "-o", desk / "full.png", "--crop", "13,9,48", "--full-size", *model
    )
    assert told[0] == 0
    assert "--crop 13,9,48" in told[1]
    full = LabelMap.load(desk / "full.png", labels)
    assert full.ids.shape == (70, 90)
    assert (full.ids[:9] == IGNORE).all()

    full.ids[20:40, 20:40] = (full.ids[20:40, 20:40] + 1) % 3
    # the frame is in the map's file: it need not be given again
    with Image.open(desk / "full.png") as image:
        full.save(desk / "painted.png", {"pixelguide": image.info["pixelguide"]})
    options = {"source_map": None, "classes": None, "roi": "changed"}
    assert edit(picture=photograph.name, map=desk / "painted.png", **options)[0] == 0
    _unchanged_outside(desk, photograph)
    first = (desk / "out" / "00.png").read_bytes()
    # a paint program may drop it: then it must
    full.save(desk / "painted.png")
    answer = edit(picture=photograph.name, map=desk / "painted.png", out=desk / "b", **options)
    told = assert_one_error(answer)
    assert "90×70 pixels are no square, photograph.jpg." in told
    assert "painted.png does not say which part it shows: give --crop 13,9,48" in told
    code, *_ = edit(
        picture=photograph.name, map=desk / "painted.png", crop="13,9,48", out=desk / "b", **options
    )
    assert code == 0
    assert (desk / "b" / "00.png").read_bytes() == first


def _with_texts(path: Path, chunks: list[tuple[bytes, bytes]], last: bool) -> None:
    """Write a PNG again with these text chunks alone, before or behind its pixels."""
    with Image.open(path) as image:
        values, palette = np.asarray(image), image.getpalette() or []
    colours = list(zip(palette[::3], palette[1::3], palette[2::3], strict=True))
    path.write_bytes(png(values, PALETTE, 8, colours, texts=chunks, texts_last=last))


@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize(
    "kept",
    [
        "tEXt pixelguide",  # ImageMagick 6.9.11, GraphicsMagick 1.3.40
        "tEXt Comment",  # GIMP 2.10.34
        "tEXt comment",  # as ImageMagick calls it
        "iTXt Comment",
        "iTXt pixelguide",  # as we wrote it before 2026-11-28
    ],
)
def test_the_part_that_a_map_shows_survives_what_programs_keep(
    run: Run, edit: Run, desk: Path, photograph: Path, labels: LabelSet, kept: str, last: bool
) -> None:
    model = ("--model", desk / "model", "--device", "cpu")
    run("segment", photograph, "-o", desk / "map.png", "--crop", "13,9,48", *model)
    with Image.open(desk / "map.png") as image:
        texts = {key: str(image.info[key]) for key in ("pixelguide", "Comment")}
    kind, keyword = kept.split()
    content = texts["pixelguide" if keyword == "pixelguide" else "Comment"].encode()
    between = bytes(5) if kind == "iTXt" else b"\0"
    chunks = [(kind.encode(), keyword.encode() + between + content)]
    changed = LabelMap.load(desk / "map.png", labels)
    changed.ids[4:9, 4:9] = (changed.ids[4:9, 4:9] + 1) % 3
    changed.save(desk / "map.png")
    _with_texts(desk / "map.png", chunks, last)
    code, _, err = edit(
        picture=photograph.name, map=desk / "map.png", source_map=None, classes=None, roi="changed"
    )
    assert code == 0, err
    assert _report(desk)["settings"]["crop"] == "13,9,48"


def test_the_text_chunks_are_those_that_most_programs_keep(
    run: Run, desk: Path, photograph: Path
) -> None:
    model = ("--model", desk / "model", "--device", "cpu")
    run("segment", photograph, "-o", desk / "map.png", "--crop", "13,9,48", *model)
    content = (desk / "map.png").read_bytes()
    assert b"iTXt" not in content
    assert b'tEXtpixelguide\0{"frame": ' in content
    assert b'tEXtComment\0pixelguide {"frame": ' in content


def test_layers_of_an_edit_are_a_map(edit: Run, desk: Path, photograph: Path) -> None:
    assert edit("--open-raster", picture=photograph.name, crop="13,9,48")[0] == 0
    first = (desk / "out" / "00.png").read_bytes()
    (desk / "out" / "edit.ora").rename(desk / "edit.ora")
    options = {"map": desk / "edit.ora", "crop": "13,9,48", "picture": photograph.name,
               "out": desk / "again"}  # fmt: skip
    code, _, err = edit(**options)
    assert code == 0, err
    assert (desk / "again" / "00.png").read_bytes() == first
    told = assert_one_error(edit("--layer", "Sketch", "--overwrite", **options))
    assert "no layer is called 'Sketch', edit.ora" in told
    assert "'Label map', 'Edited', 'Original'" in told
    assert edit("--layer", "label map", "--overwrite", **options)[0] == 0


def test_a_snap_that_makes_rims_is_warned_of(edit: Run, desk: Path, labels: LabelSet) -> None:
    sky, grass, _ = (np.array(colour, np.float64) for colour in labels.palette)
    with Image.open(desk / "target.png") as image:
        pixels = np.array(image.convert("RGB"))
    pixels[:, :6], pixels[:, 7:9] = sky, grass
    pixels[:, 6] = np.rint(sky * 0.5 + grass * 0.5)
    labels_between = LabelSet(labels.names, (*labels.palette[:2], (20, 64, 128)), labels.groups)
    (desk / "model" / "labels.json").write_text(labels_between.to_json())
    (desk / "model" / "manifest.json").unlink()
    save_png(desk / "target.png", np.where((pixels == labels.palette[2]).all(-1, keepdims=True),
                                           np.array((20, 64, 128), np.uint8), pixels))  # fmt: skip
    told = assert_one_error(edit())
    assert "--snap 20 (pixels: 16 to house)" in told
    code, _, err = edit("--snap", 20)
    assert code == 0, err
    assert "warning: target.png: 16 pixels were taken for house" in err


def test_a_map_that_may_show_a_part_needs_to_say_which(
    run: Run, edit: Run, desk: Path, picture: NDArray[np.uint8], labels: LabelSet
) -> None:
    save_png(desk / "square.png", picture.repeat(4, 0).repeat(4, 1))
    model = ("--model", desk / "model", "--device", "cpu")
    part = ("--crop", "8,4,40", "--full-size")
    run("segment", desk / "square.png", "-o", desk / "full.png", *part, *model)
    full = LabelMap.load(desk / "full.png", labels)
    full.ids[20:30, 20:30] = (full.ids[20:30, 20:30] + 1) % 3
    full.save(desk / "painted.png")  # without the text that says the part
    options = {"map": desk / "painted.png", "source_map": None, "classes": None}
    told = assert_one_error(edit(picture="square.png", **options))
    assert "pixels without a label" in told
    assert "painted.png. Give --crop 8,4,40, as full.part.json says." in told
    (desk / "full.part.json").unlink()
    told = assert_one_error(edit(picture="square.png", **options))
    assert "Give --crop x,y,size as for segment, or --crop 0,0,64" in told
    Image.fromarray(np.eye(64, dtype=np.uint8) * 255).save(desk / "mask.png")
    inpainted = run(
        "inpaint", desk / "square.png", "--mask", desk / "mask.png", "-o", desk / "out",
        "--map", desk / "painted.png", *model,
    )  # fmt: skip
    assert "Give --crop" in assert_one_error(inpainted)
    assert not (desk / "out").exists()
    assert edit(picture="square.png", crop="8,4,40", roi="changed", **options)[0] == 0


@pytest.mark.parametrize("mode", ["L", "LA", "RGBA"])
def test_grey_and_alpha_of_a_picture_of_the_model_s_size_stay(
    edit: Run, desk: Path, mode: str
) -> None:
    with Image.open(desk / "picture.png") as image:
        before = image.convert(mode)
    if mode != "L":
        before.putalpha(Image.linear_gradient("L").resize(before.size))
    before.save(desk / "other.png")
    code, _, err = edit(picture="other.png")
    assert code == 0, err
    roi = load_rgb(desk / "out" / "roi.png")[..., 0] == 255
    with Image.open(desk / "out" / "00.png") as after:
        assert after.mode == mode
        assert np.array_equal(np.array(before)[~roi], np.array(after)[~roi])
        assert not np.array_equal(np.array(before), np.array(after))
    assert _report(desk)["candidates"][0]["changed_pixels_outside"] == 0


def test_an_unpainted_full_size_map_is_no_edit(
    run: Run, edit: Run, desk: Path, photograph: Path
) -> None:
    model = ("--model", desk / "model", "--device", "cpu")
    run(
        "segment",
        photograph,
        "-o",
        desk / "full.png",
        "--crop",
        "5,3,60,4.5",
        "--full-size",
        *model,
    )
    answer = edit(
        picture=photograph.name, map=desk / "full.png", source_map=desk / "full.png", classes=None
    )
    assert "nothing to edit" in assert_one_error(answer)


def test_eyes_choose_the_part(run: Run, edit: Run, desk: Path, photograph: Path) -> None:
    answer = edit(picture=photograph.name, eyes="30,30,50,31")
    assert "models calibrate" in assert_one_error(answer)
    where = ("--eyes", "0.3,0.4,0.7,0.4")
    assert run("models", "calibrate", desk / "model", *where)[0] == 0
    code, _, err = edit(picture=photograph.name, eyes="30,30,50,31")
    assert code == 0, err
    _unchanged_outside(desk, photograph)
    crop = _report(desk)["settings"]["crop"]
    first = (desk / "out" / "00.png").read_bytes()
    assert edit("--overwrite", picture=photograph.name, crop=crop)[0] == 0
    assert (desk / "out" / "00.png").read_bytes() == first


def test_the_original_s_format_on_request(edit: Run, desk: Path, photograph: Path) -> None:
    code, _, err = edit(picture=photograph.name, crop="13,9,48", format="same")
    assert code == 0
    assert "JPEG, which stores no pixel exactly" in err
    assert _report(desk)["candidates"][0]["file"] == "00.jpg"
    with Image.open(desk / "out" / "00.jpg") as image:
        assert image.size == (70, 90)
        assert image.getexif()[0x0112] == 6
        assert image.getexif()[0x010F] == "Maker"


def test_a_mask_over_the_photograph(run: Run, desk: Path, photograph: Path) -> None:
    mask = np.zeros((70, 90), np.uint8)
    mask[20:30, 25:40] = 255
    Image.fromarray(mask).save(desk / "mask.png")
    code, out, err = run(
        "inpaint", photograph, "--mask", desk / "mask.png", "-o", desk / "out", "--crop", "13,9,48",
        "--model", desk / "model", "--device", "cpu", "-n", 1, "--steps", 3,
    )  # fmt: skip
    assert code == 0, err
    assert "0 pixels changed outside the mask" in out
    _unchanged_outside(desk, photograph)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"crop": "1,2"}, "crop '1,2'"),
        ({"crop": "80,60,48"}, "of the crop lie in the picture"),
        ({"crop": "0,0,48", "eyes": "1,2,3,4"}, "--crop and --eyes"),
        ({"eyes": "1,2,3"}, "--eyes 1,2,3. Give four numbers"),
        ({"eyes": "a,b,c,d"}, "--eyes a,b,c,d. Give four numbers: x1,y1,x2,y2."),
        ({"format": "gif"}, "--format gif"),
        ({}, "90×70 pixels are no square"),
    ],
)
def test_what_cannot_be_is_one_line(
    edit: Run, desk: Path, photograph: Path, options: dict[str, str], message: str
) -> None:
    assert message in assert_one_error(edit(picture=photograph.name, **options))
    assert not (desk / "out").exists()


def _found(monkeypatch: pytest.MonkeyPatch, *faces: Face) -> None:
    """Have the finder, which need not be installed, find these."""
    monkeypatch.setattr("pixelguide.edit.reader.open_finder", lambda: lambda pixels: list(faces))


@pytest.fixture
def with_eyes(run: Run, desk: Path) -> None:
    """Say where the model has its eyes."""
    assert run("models", "calibrate", desk / "model", "--eyes", "0.3,0.4,0.7,0.4")[0] == 0


@pytest.mark.usefixtures("with_eyes")
def test_the_largest_face_is_taken_and_the_others_are_told(
    run: Run, edit: Run, desk: Path, photograph: Path, monkeypatch: pytest.MonkeyPatch,
    labels: LabelSet,
) -> None:  # fmt: skip
    large, small = (
        Face(((30, 30), (50, 30)), (40, 50)),
        Face(((70, 12), (74, 12)), (72, 16), sideways=0.4),
    )
    _found(monkeypatch, large, small)
    model = ("--model", desk / "model", "--device", "cpu")
    code, out, err = run("segment", photograph, "-o", desk / "map.png", *model)
    assert code == 0
    assert "(--crop 15,10,50)" in out
    told = "photograph.jpg: the largest of 2 faces; the others: --crop 67,8,10\n"
    assert told in err
    assert "warning: photograph.jpg" not in err, "the small one is turned, which was not taken"
    # the map says its part: no face is looked for again
    _found(monkeypatch, small)
    label_map = LabelMap.load(desk / "map.png", labels)
    label_map.ids[2:9, 3:9] = (label_map.ids[2:9, 3:9] + 1) % 3
    with Image.open(desk / "map.png") as image:
        label_map.save(desk / "map.png", {"pixelguide": image.info["pixelguide"]})
    code, _, err = edit(
        picture=photograph.name, map=desk / "map.png", source_map=None, classes=None, roi="changed"
    )
    assert code == 0, err
    assert "faces" not in err
    assert _report(desk)["settings"]["crop"] == "15,10,50"


@pytest.mark.usefixtures("with_eyes")
def test_a_map_that_has_lost_its_part_gets_no_other(
    edit: Run, photograph: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _found(monkeypatch, Face(((30, 30), (50, 30)), (40, 50)))
    assert "90×70 pixels are no square" in assert_one_error(edit(picture=photograph.name))


@pytest.mark.usefixtures("with_eyes")
def test_faces_at_the_border_and_turned_away_are_warned_of(
    run: Run, desk: Path, photograph: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _found(monkeypatch, Face(((5, 30), (25, 30)), (15, 50), sideways=-0.4))
    mask = np.zeros((70, 90), np.uint8)
    mask[20:30, 10:30] = 255
    Image.fromarray(mask).save(desk / "mask.png")
    code, _, err = run(
        "inpaint", photograph, "--mask", desk / "mask.png", "-o", desk / "out",
        "--model", desk / "model", "--device", "cpu", "-n", 1, "--steps", 3,
    )  # fmt: skip
    assert code == 0, err
    assert "warning: photograph.jpg: 19% of the part lie outside the picture" in err
    assert "warning: photograph.jpg: the face is turned away" in err
    assert _report(desk)["settings"]["crop"] == "-10,10,50"


@pytest.mark.usefixtures("with_eyes")
@pytest.mark.parametrize(
    ("faces", "message"),
    [
        ([], "error: no face found, photograph.jpg. Say which part to edit: --crop x,y,size, or "),
        ([Face(((1, 1), (41, 1)), (21, 40))], "error: a face, but only"),
    ],
)
def test_no_face_that_can_be_edited_is_one_line(
    run: Run, desk: Path, photograph: Path, monkeypatch: pytest.MonkeyPatch,
    faces: list[Face], message: str,
) -> None:  # fmt: skip
    _found(monkeypatch, *faces)
    model = ("--model", desk / "model", "--device", "cpu")
    told = assert_one_error(run("segment", photograph, "-o", desk / "map.png", *model))
    assert told.startswith(message)
    assert not (desk / "map.png").exists()


def test_sixteen_bits_stay_sixteen_bits(edit: Run, desk: Path) -> None:
    from photographs import random_pixels, write_photograph
    from pixelguide.photo.photograph import Photograph

    pixels = random_pixels(0, 90, 70, bits=16)
    write_photograph(desk / "deep.tif", pixels, "TIFF")
    code, _, err = edit(picture="deep.tif", crop="13,9,48")
    assert code == 0, err
    after = Photograph.open(desk / "out" / "00.png").pixels
    roi = load_rgb(desk / "out" / "roi.png")[..., 0] == 255
    assert after.dtype == np.uint16
    assert np.array_equal(after[~roi], pixels[~roi])


def test_the_editor_takes_a_crop_too(desk: Path, photograph: Path, labels: LabelSet) -> None:
    editor = Editor.from_pretrained(desk / "model", "cpu")
    editor.set_image(photograph, crop=CROP)
    target = LabelMap.load(desk / "target.png", labels)
    source = LabelMap.load(desk / "source.png", labels)
    result = editor.edit(
        target, source=source, num_images=1, num_inference_steps=2, start_timestep=300
    )
    assert result.photograph().shape == (70, 90, 3)
    assert result.full_size is not None
    outside = ~result.full_size.region
    assert np.array_equal(result.photograph()[outside], load_rgb(photograph)[outside])


def test_where_all_candidates_are_unlikely_the_command_says_what_to_try(
    capsys: pytest.CaptureFixture[str],
) -> None:
    image = np.zeros((2, 2, 3), np.uint8)
    odd, fine = (Candidate(0, image, 0.5, 0.9, 0, oddity) for oddity in (UNLIKELY + 1, 1.0))
    warn_of_unlikely([odd, fine])
    warn_of_unlikely([Candidate(0, image, 0.5, 0.9, 0)])
    assert capsys.readouterr().err == ""
    warn_of_unlikely([odd, odd])
    err = capsys.readouterr().err
    assert err.startswith("warning: all candidates are unlikely")
    for option in ("--dry-run", "--seed", "-n", "--scale"):
        assert option in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("dry_run", [False, True])
def test_a_photograph_is_decoded_once(
    edit: Run, photograph: Path, monkeypatch: pytest.MonkeyPatch, dry_run: bool
) -> None:
    decoded = []
    load = ImageFile.ImageFile.load

    def counting(image: ImageFile.ImageFile) -> Any:
        if image.tile and image.format == "JPEG":
            decoded.append(image.size)
        return load(image)

    monkeypatch.setattr(ImageFile.ImageFile, "load", counting)
    options = ["--dry-run"] if dry_run else []
    code, _, err = edit(*options, picture=photograph.name, crop="13,9,48")
    assert code == 0, err
    assert decoded == [(70, 90)]  # as the camera held it
