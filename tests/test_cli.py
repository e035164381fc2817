"""The command line from outside: exit codes, files, and one line for every error."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from model_folders import tiny_maps, write_category
from pixelguide import cli, demo
from pixelguide.edit.editor import Editor
from pixelguide.errors import ResourceError
from pixelguide.images import from_model, load_rgb, save_png
from pixelguide.labels import LabelMap, LabelSet
from pixelguide.prior.bundle import WEIGHTS, ModelFolder
from pixelguide.prior.denoiser import Denoiser
from pixelguide.segment.classifier import ClassifierBank

Run = Callable[..., tuple[int, str, str]]
QUICK = ("--steps", "3", "--start", "300", "-n", "2")


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command line; gives exit code, standard output, standard error."""

    def run(*arguments: Any) -> tuple[int, str, str]:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main([str(argument) for argument in arguments])
        return int(ended.value.code or 0), *capsys.readouterr()

    return run


@pytest.fixture
def picture(x_0: Tensor) -> NDArray[np.uint8]:
    return from_model(x_0)[0]


@pytest.fixture
def desk(
    tmp_path: Path,
    picture: NDArray[np.uint8],
    denoiser: Denoiser,
    segmenter_bank: ClassifierBank,
    guide_bank: ClassifierBank,
    labels: LabelSet,
) -> Path:
    """A folder with a model, a picture, the map before and the map after."""
    write_category(tmp_path / "model", denoiser, segmenter_bank, guide_bank, labels)
    save_png(tmp_path / "picture.png", picture)
    source, target = tiny_maps(labels)
    source.save(tmp_path / "source.png")
    target.save(tmp_path / "target.png")
    return tmp_path


@pytest.fixture
def edit(run: Run, desk: Path) -> Run:
    """Runs a good edit, but for what the arguments change: name=value, None to leave out."""

    def edit(*more: Any, picture: Any = "picture.png", **options: Any) -> tuple[int, str, str]:
        settings = {
            "map": desk / "target.png",
            "source-map": desk / "source.png",
            "out": desk / "out",
            "model": desk / "model",
            "device": "cpu",
            "steps": 3,
            "start": 300,
            "classes": "house",
        } | {name.replace("_", "-"): value for name, value in options.items()}
        arguments = [f"--{name}={value}" for name, value in settings.items() if value is not None]
        return run("edit", desk / picture, "-n", 2, *arguments, *more)

    return edit


def assert_one_error(result: tuple[int, str, str], code: int = 2) -> str:
    """The only line of standard error, which must be our kind of error."""
    found, out, err = result
    assert found == code, err
    assert out == ""
    lines = err.splitlines()
    assert len(lines) == 1, err
    assert lines[0].startswith("error: ")
    assert "Traceback" not in err
    return lines[0]


# what works


@pytest.mark.parametrize(
    "command",
    [
        "",
        "demo",
        "segment",
        "edit",
        "portraits",
        "train",
        "train prior",
        "train classifiers",
        "models",
        "models show",
        "models verify",
    ],
)
def test_every_command_explains_itself(run: Run, command: str) -> None:
    code, out, err = run(*command.split(), "--help")
    assert code == 0
    assert "Usage" in out
    assert err == ""


def test_the_edit_command_keeps_the_names_scripts_rely_on(run: Run) -> None:
    _, out, _ = run("edit", "--help")
    for option in (
        "--map", "--source-map", "--classes", "-n", "--seed", "--steps", "--start", "--scale",
        "--sampler", "--roi", "--model", "--device", "-o",
    ):  # fmt: skip
        assert option in out


def test_segment_paint_edit(run: Run, desk: Path, picture: NDArray[np.uint8]) -> None:
    model = ("--model", desk / "model", "--device", "cpu")
    code, out, _ = run("segment", desk / "picture.png", "-o", desk / "map.png", *model)
    assert code == 0
    assert str(desk / "map.png") in out
    editor = Editor.from_pretrained(desk / "model", "cpu")
    editor.set_image(picture)
    painted = LabelMap.load(desk / "map.png", editor.labels)
    assert np.array_equal(painted.ids, editor.segment().ids)

    ids = np.array(Image.open(desk / "map.png"))  # as a paint program sees it
    ids[3:7, 3:7] = (ids[3, 3] + 1) % 3
    LabelMap(ids, editor.labels).save(desk / "painted.png")
    out_folder = desk / "results"
    code, out, _ = run(
        "edit", desk / "picture.png", "--map", desk / "painted.png", "-o", out_folder,
        "--roi", "changed", "--seed", 7, *QUICK, *model,
    )  # fmt: skip
    assert code == 0
    assert "0 pixels changed outside" in out
    files = {path.name for path in out_folder.iterdir()}
    assert files == {"00.png", "01.png", "roi.png", "target.png", "report.json"}
    report = json.loads((out_folder / "report.json").read_text())
    assert set(report) == {"settings", "roi_pixels", "best", "candidates", "seconds"}
    roi = load_rgb(out_folder / "roi.png")[..., 0] == 255
    assert report["roi_pixels"] == roi.sum() == 6 * 6  # 4×4 painted, dilated by one
    assert report["settings"]["seed"] == 7
    assert report["settings"]["model"]["hash"] == ModelFolder.open(desk / "model").hash
    for k, candidate in enumerate(report["candidates"]):
        assert candidate["file"] == f"0{k}.png"
        assert candidate["changed_pixels_outside"] == 0
        image = load_rgb(out_folder / candidate["file"])
        assert image.shape == picture.shape
        assert np.array_equal(image[~roi], picture[~roi])
    assert report["best"] in out


def test_the_same_command_writes_the_same_pictures(edit: Run, desk: Path) -> None:
    for name, more in (("a", ()), ("b", ()), ("c", ("--seed", 1))):
        assert edit(*more, out=desk / name)[0] == 0
    a, b, c = ((desk / name / "00.png").read_bytes() for name in "abc")
    assert a == b != c


def test_colours_serve_as_well_as_ids(edit: Run, desk: Path, labels: LabelSet) -> None:
    target = LabelMap.load(desk / "target.png", labels)
    save_png(desk / "colours.png", target.colour())
    assert edit(out=desk / "a")[0] == 0
    assert edit(out=desk / "b", map=desk / "colours.png")[0] == 0
    assert (desk / "a" / "00.png").read_bytes() == (desk / "b" / "00.png").read_bytes()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"start": "auto", "scale": "auto"}, {"start_timestep": 750}),
        ({"start": 200, "scale": 1.5}, {"start_timestep": 200, "guidance_scale": 1.5}),
        ({"scale": 0}, {"guidance_scale": 0}),
        ({"sampler": "ddim"}, {"sampler": "ddim"}),
        ({"classes": "nature, house"}, {"edit_classes": ["nature", "house"]}),
        ({"classes": None}, {"edit_classes": ["sky", "grass", "house"]}),
        ({"dilation": 0}, {"dilation": 0}),
    ],
)
def test_options_reach_the_edit(
    edit: Run, desk: Path, options: dict[str, Any], told: dict[str, Any]
) -> None:
    code, _, err = edit(**options)
    assert code == 0, err
    settings = json.loads((desk / "out" / "report.json").read_text())["settings"]
    assert {name: settings[name] for name in told} == told


def test_portraits_become_a_category(run: Run, tmp_path: Path, labels: LabelSet) -> None:
    code, _, _ = run("portraits", tmp_path / "data", "--count", 2, "--seed", 3, "--with-labels")
    assert code == 0
    names = {path.name for path in (tmp_path / "data").iterdir()}
    assert names == {
        "000000.png", "000000_label.png", "000001.png", "000001_label.png", "labels.json",
    }  # fmt: skip


def test_a_prior_and_its_classifiers_are_trained(
    run: Run, desk: Path, labels: LabelSet, picture: NDArray[np.uint8]
) -> None:
    data, model = desk / "data", desk / "trained"
    for k in range(2):
        save_png(data / f"{k}.png", np.roll(picture, k, 0))
        tiny_maps(labels)[1].save(data / f"{k}_label.png")
    (data / "labels.json").write_text(labels.to_json())
    code, out, err = run(
        "train", "prior", data, "-o", model, "--size", 16, "--channels", "32", "--images", 4,
        "--batch-size", 2, "--held-out", 1, "--device", "cpu",
    )  # fmt: skip
    assert code == 0, err
    assert "samples.png" in out
    code, out, err = run(
        "train", "classifiers", data, "--model", model, "-o", model, "--limit", 1,
        "--iterations", 1, "--noise-draws", 1, "--device", "cpu",
    )  # fmt: skip
    assert code == 0, err
    assert "ready" in out
    code, out, _ = run("models", "show", model)
    assert code == 0
    assert json.loads(out)["classes"] == list(labels.names)
    code, out, _ = run("models", "verify", model)
    assert code == 0
    assert ModelFolder.open(model).hash in out


def test_models_lists_what_is_built_in(
    run: Run, desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pixelguide.prior import bundle

    monkeypatch.setattr(bundle, "built_in_models", lambda: {"tiny": desk / "model"})
    code, out, _ = run("models")
    assert code == 0
    assert out.split() == ["tiny", str(desk / "model")]


def test_demo_prints_the_table_and_where_to_look(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run_demo(out: Path, model: str, device: str, *numbers: Any) -> dict[str, Any]:
        assert (out, model, device) == (tmp_path, "portraits-64", "auto")
        assert numbers[:3] == (8, 40, 4)
        return {"edits": 8, "table": [("ROI accuracy", "0.912", "0.345")]}

    monkeypatch.setattr(demo, "run_demo", run_demo)
    code, out, _ = run("demo", "--out", tmp_path)
    assert code == 0
    for text in ("ROI accuracy", "0.912", "0.345", "contact-sheet.png", "report.json"):
        assert text in out.replace("\n", "")


# what does not


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
    (lambda path: Image.new("I;16", (16, 16)).save(path), "bad.png"),
    (picture_of(16, 20, 3), "20×16 pixels"),
    (picture_of(64, 64, 3), "64×64 pixels"),
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
        ({"start": 1}, "start 1"),
        ({"start": 1001}, "start 1001"),
        ({"start": -5}, "start -5"),
        ({"start": "early"}, "--start early"),
        ({"start": "12.5"}, "--start 12.5"),
        ({"start": 2}, "3 steps from start 2"),
        ({"steps": 1}, "num_inference_steps"),
        ({"steps": 1001}, "num_inference_steps"),
        ({"scale": "strong"}, "--scale strong"),
        ({"scale": ""}, "--scale"),
        ({"scale": "nan"}, "guidance_scale"),
        ({"scale": "inf"}, "guidance_scale"),
        ({"scale": -1}, "scale -1"),
        ({"sampler": "euler"}, "sampler"),
        ({"roi": "everything"}, "roi"),
        ({"seed": -1}, "seed"),
        ({"seed": 2**64}, "seed"),
        ({"dilation": -1}, "dilation"),
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
    assert "num_images" in assert_one_error(edit("-n", count))
    assert not (desk / "out").exists()


def test_nothing_to_edit_is_one_line(edit: Run, run: Run, desk: Path, labels: LabelSet) -> None:
    assert "nothing to edit" in assert_one_error(edit(map=desk / "source.png"))
    bare = LabelMap(np.zeros((16, 16), np.uint8), labels)
    bare.save(desk / "bare.png")
    bare.ids[2:5, 2:5] = 1
    bare.save(desk / "meadow.png")
    maps = {"map": desk / "meadow.png", "source_map": desk / "bare.png"}
    assert "class 'house' occurs in neither map" in assert_one_error(edit(**maps))
    assert not (desk / "out").exists()
    model = ("--model", desk / "model")
    run("segment", desk / "picture.png", "-o", desk / "read.png", *model)
    assert "nothing to edit" in assert_one_error(edit(map=desk / "read.png", source_map=None))


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("edit",),
        ("edit", "picture.png"),
        ("edit", "picture.png", "--map", "m.png", "-o", "o", "--steps", "many"),
        ("edit", "picture.png", "--map", "m.png", "-o", "o", "--guidance", "1"),
        ("demo", "--edits", "3"),
        ("demo", "-n", "17"),
        ("paint",),
    ],
)
def test_wrong_usage_ends_with_2_and_no_traceback(run: Run, arguments: tuple[str, ...]) -> None:
    code, out, err = run(*arguments)
    assert code == 2
    assert "Usage" in err + out
    assert "Traceback" not in err


@pytest.mark.parametrize(
    "part",
    [
        "labels.json",
        "unet/config.json",
        f"unet/{WEIGHTS}",
        "scheduler/scheduler_config.json",
        f"segmenter/{WEIGHTS}",
        "guide/config.json",
        f"guide/{WEIGHTS}",
    ],
)
@pytest.mark.parametrize("damage", ["missing", "cut", "garbage"])
@pytest.mark.parametrize("manifest", [True, False])
def test_a_damaged_model_is_one_line(
    edit: Run, run: Run, desk: Path, part: str, damage: str, manifest: bool
) -> None:
    file = desk / "model" / part
    content = file.read_bytes()
    if damage == "missing":
        file.unlink()
    else:
        file.write_bytes(content[: len(content) // 2] if damage == "cut" else b"\x01garbage")
    if not manifest:
        (desk / "model" / "manifest.json").unlink()
    assert file.name in assert_one_error(edit())
    assert not (desk / "out").exists()
    assert_one_error(run("models", "verify", desk / "model"))


@pytest.mark.parametrize("kind", ["file.pt", "file.ckpt", "file.bin", "weights", "protocol 2"])
def test_a_pickle_is_refused_for_safety(edit: Run, run: Run, desk: Path, kind: str) -> None:
    if kind.startswith("file"):
        model = desk / kind
        torch.save({"a": torch.zeros(1)}, model)
    else:
        model = desk / "model"
        (model / "manifest.json").unlink()
        torch.save(
            {"a": torch.zeros(1)},
            model / "unet" / WEIGHTS,
            _use_new_zipfile_serialization=kind == "weights",
        )
    assert "pickle" in assert_one_error(edit(model=model), code=3)
    assert_one_error(run("models", "verify", model), code=3)
    assert not (desk / "out").exists()


def test_links_out_of_a_model_are_refused_for_safety(edit: Run, desk: Path) -> None:
    secret = desk / "secret"
    secret.write_text("x")
    (desk / "model" / "extra").symlink_to(secret)
    assert "link" in assert_one_error(edit(), code=3)


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
    assert (desk / "file").read_text() == "mine"


@pytest.mark.parametrize("error", [MemoryError(), torch.OutOfMemoryError("CUDA out of memory")])
def test_out_of_memory_ends_with_4(
    edit: Run, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(Editor, "segment", fail)
    assert "out of memory" in assert_one_error(edit(source_map=None), ResourceError.exit_code)


def test_interrupted_by_hand_it_stops_without_a_traceback(
    edit: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Editor, "segment", interrupt)
    code, _, err = edit(source_map=None)
    assert code == 130
    assert "Traceback" not in err


@pytest.mark.parametrize(
    "arguments",
    [
        ("train", "prior", "nowhere", "-o", "out"),
        ("train", "prior", ".", "-o", "out"),
        ("train", "prior", "pictures", "-o", "out", "--channels", "auto"),
        ("train", "prior", "pictures", "-o", "out", "--channels", "16,wide"),
        ("train", "prior", "pictures", "-o", "out", "--channels", "17"),
        ("train", "prior", "pictures", "-o", "out", "--size", "30"),
        ("train", "prior", "pictures", "-o", "out", "--size", "0"),
        ("train", "prior", "pictures", "-o", "out", "--images", "3"),
        ("train", "prior", "pictures", "-o", "out", "--device", "abacus"),
        ("train", "prior", "pictures", "-o", "out", "--mixed-precision", "fp4"),
        ("train", "prior", "pictures", "-o", "model/manifest.json"),
        ("train", "classifiers", "nowhere", "--model", "model", "-o", "out"),
        ("train", "classifiers", "pictures", "--model", "model", "-o", "out"),
        ("train", "classifiers", "pictures", "--model", "nowhere", "-o", "out"),
        ("train", "classifiers", "pictures", "--model", "model", "-o", "out", "--taps", "auto"),
        ("train", "classifiers", "pictures", "--model", "model", "-o", "out", "--taps", "9"),
        ("train", "classifiers", "pictures", "--model", "model", "-o", "out", "--device", "abacus"),
        ("train", "classifiers", "pictures", "--model", "model", "-o", "model/manifest.json"),
        ("models", "show", "nowhere"),
        ("models", "show", "pictures"),
        ("models", "verify", "nowhere"),
        ("models", "verify", "model/manifest.json"),
        ("portraits", "model/manifest.json"),
        ("portraits", "model/manifest.json/deeper"),
    ],
)
def test_bad_input_of_the_other_commands_is_one_line(
    run: Run, desk: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    (desk / "pictures").mkdir()
    for k in range(2):
        save_png(desk / "pictures" / f"{k}.png", np.zeros((16, 16, 3), np.uint8))
    manifest = (desk / "model" / "manifest.json").read_bytes()
    monkeypatch.chdir(desk)
    if arguments[2:3] == (".",):
        for path in desk.rglob("*.png"):
            path.unlink()
    assert_one_error(run(*arguments))
    assert not (desk / "out").exists()
    assert (desk / "model" / "manifest.json").read_bytes() == manifest
