"""Label maps painted in GIMP, Krita and MyPaint, without a screen; and pyora's files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from pixelguide.errors import InputError
from pixelguide.label_files import LabelFile
from pixelguide.labels import IGNORE, LabelMap
from pixelguide.photo.open_raster import edit_layers, open_raster
from pixelguide.portraits.palette import LABELS
from tools.conftest import Run
from tools.test_maps import painted

pytestmark = pytest.mark.tools

TEXT = {"pixelguide": '{"frame": {"x": 1, "y": 2, "size": 3, "angle": 0}}'}
GIMP = """
(let* ((image (car (gimp-file-load RUN-NONINTERACTIVE "in.png" "in.png")))
       (layer (car (gimp-image-get-active-drawable image))))
  STEPS
  (file-png-save RUN-NONINTERACTIVE image (car (gimp-image-get-active-drawable image))
                 "out.png" "out.png" 0 9 0 0 0 COMMENT 0)
  (gimp-quit 0))
"""
PENCIL = """
  (gimp-context-set-foreground '(215 50 90))
  (gimp-context-set-brush "2. Hardness 100")
  (gimp-context-set-brush-size 5)
  (gimp-pencil layer 4 #(8 8 50 30))
"""
SOFT = PENCIL.replace("100", "050").replace("gimp-pencil", "gimp-paintbrush-default")
OPTIMUM = (
    "(gimp-image-convert-indexed image CONVERT-DITHER-NONE CONVERT-PALETTE-GENERATE 255 0 0 {})"
)
WEB = "(gimp-image-convert-indexed image CONVERT-DITHER-NONE CONVERT-PALETTE-WEB 255 0 0 {})"


def gimp(run: Run, steps: str, comment: bool = False) -> None:
    """Take in.png through Script-Fu to out.png."""
    script = GIMP.replace("STEPS", steps.replace("{}", '""')).replace("COMMENT", str(int(comment)))
    # the second batch ends GIMP where the first one failed
    run("gimp", "-i", "-f", "-b", " ".join(script.split()), "-b", "(gimp-quit 1)")


def krita(run: Run, source: Path, target: Path) -> None:
    """Open and export, on a screen of its own: without one Krita does not start."""
    run("xvfb-run", "-a", "krita", "--export", "--export-filename", str(target), str(source))


def saved(path: Path, ids: NDArray[np.uint8]) -> NDArray[np.uint8]:
    LabelMap(ids, LABELS).save(path, TEXT)
    return ids


def test_gimp_keeps_an_indexed_map_and_its_comment(tmp_path: Path, run: Run) -> None:
    ids = saved(tmp_path / "in.png", painted(unlabelled=True))
    gimp(run, "", comment=True)
    file = LabelFile.open(tmp_path / "out.png")
    assert np.array_equal(LabelMap.from_file(file, LABELS).ids, ids)
    assert file.text("pixelguide") == TEXT["pixelguide"]


def test_gimp_s_pencil_paints_what_it_should_and_nothing_else(tmp_path: Path, run: Run) -> None:
    ids = saved(tmp_path / "in.png", painted(unlabelled=True))
    gimp(run, PENCIL)
    found = LabelMap.load(tmp_path / "out.png", LABELS).ids
    changed = found != ids
    assert 100 < changed.sum() < 1000
    assert (found[changed] == LABELS.id("lips")).all()


def test_gimp_s_soft_brush_lands_on_entries_of_no_class(tmp_path: Path, run: Run) -> None:
    """On an indexed image a blend becomes the nearest entry: without ours, the nearest class."""
    saved(tmp_path / "in.png", painted(unlabelled=True))
    gimp(run, SOFT)
    with pytest.raises(InputError, match="is no class"):
        LabelMap.load(tmp_path / "out.png", LABELS)


@pytest.mark.parametrize("mode", ["P", "RGB"])
def test_gimp_s_optimum_palette_is_in_another_order(tmp_path: Path, run: Run, mode: str) -> None:
    ids = saved(tmp_path / "in.png", painted(unlabelled=True))
    with Image.open(tmp_path / "in.png") as image:
        image.convert("RGB").save(tmp_path / "in.png")
    gimp(run, OPTIMUM if mode == "P" else "")
    assert np.array_equal(LabelMap.load(tmp_path / "out.png", LABELS).ids, ids)


def test_gimp_s_web_palette_is_refused(tmp_path: Path, run: Run) -> None:
    ids = painted(unlabelled=False)
    Image.fromarray(LabelMap(ids, LABELS).colour()).save(tmp_path / "in.png")
    gimp(run, WEB)
    with pytest.raises(InputError, match="no class"):
        LabelMap.load(tmp_path / "out.png", LABELS)


ERASED = """
  (gimp-layer-add-alpha layer)
  (gimp-image-select-rectangle image CHANNEL-OP-REPLACE 3 2 4 5)
  (gimp-drawable-edit-clear layer)
"""


def test_a_hole_erased_in_gimp_is_refused_where_it_is(tmp_path: Path, run: Run) -> None:
    saved(tmp_path / "in.png", painted(unlabelled=False))
    gimp(run, ERASED)
    with pytest.raises(InputError, match=r"transparent .* 20 pixels, first at \(3, 2\)"):
        LabelMap.load(tmp_path / "out.png", LABELS)


def an_edit(path: Path) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Writes an edit of a part of a picture of 90×70; the map that the whole has, and the part."""
    ids = painted(unlabelled=False)[:40, :40].copy()
    picture = np.random.default_rng(0).integers(0, 256, (70, 90, 3), np.uint8)
    region = np.ones((40, 40), np.bool_)
    layers = edit_layers(picture, picture[10:50, 13:53], LabelMap(ids, LABELS), region, 13, 10)
    path.write_bytes(open_raster(layers, picture))
    whole = np.full((70, 90), IGNORE, np.uint8)
    whole[10:50, 13:53] = ids
    return whole, ids


MYPAINT = """
import sys
sys.path.insert(0, '/usr/lib/mypaint')
import lib.document
document = lib.document.Document(brushinfo=None, painting_only=False)
document.load('IN')
document.set_frame_enabled(FRAME)
document.save('out.ora')
"""


@pytest.mark.parametrize("frame", [False, True])
def test_mypaint_s_layers(tmp_path: Path, run: Run, frame: bool) -> None:
    whole, _ = an_edit(tmp_path / "in.ora")
    script = MYPAINT.replace("IN", "in.ora").replace("FRAME", str(frame))
    run("debian-python", "-c", script)
    assert np.array_equal(LabelMap.load(tmp_path / "out.ora", LABELS).ids, whole)


@pytest.mark.parametrize("frame", [False, True])
def test_a_map_opened_in_mypaint(tmp_path: Path, run: Run, frame: bool) -> None:
    ids = painted(unlabelled=True)[:, :50].copy()  # 50×48: the canvas becomes 64×64
    Image.fromarray(LabelMap(ids, LABELS).colour()).save(tmp_path / "in.png")
    script = MYPAINT.replace("IN", "in.png").replace("FRAME", str(frame))
    run("debian-python", "-c", script)
    assert np.array_equal(LabelMap.load(tmp_path / "out.ora", LABELS).ids, ids)


def test_pyora_s_layers(tmp_path: Path, run: Run) -> None:
    whole, part = an_edit(tmp_path / "in.ora")
    run("python", "-c", "from pyora import Project; Project.load('in.ora').save('out.ora')")
    assert np.array_equal(LabelMap.load(tmp_path / "out.ora", LABELS).ids, whole)
    Image.fromarray(LabelMap(part, LABELS).colour()).save(tmp_path / "in.png")
    new = (
        "from pyora import Project; from PIL import Image; p = Project.new(90, 70); "
        "p.add_layer(Image.open('in.png').convert('RGBA'), 'group/mine', offsets=(13, 10)); "
        "p.save('new.ora')"
    )
    run("python", "-c", new)
    found = LabelMap.load(tmp_path / "new.ora", LABELS, layer="mine")
    assert np.array_equal(found.ids, whole)


@pytest.mark.parametrize("kind", ["png", "ora"])
def test_krita_keeps_colours(tmp_path: Path, run: Run, kind: str) -> None:
    ids = painted(unlabelled=True)
    Image.fromarray(LabelMap(ids, LABELS).colour()).save(tmp_path / "in.png")
    krita(run, tmp_path / "in.png", tmp_path / f"out.{kind}")
    assert np.array_equal(LabelMap.load(tmp_path / f"out.{kind}", LABELS).ids, ids)


def test_krita_s_layers(tmp_path: Path, run: Run) -> None:
    whole, _ = an_edit(tmp_path / "in.ora")
    krita(run, tmp_path / "in.ora", tmp_path / "out.ora")
    assert np.array_equal(LabelMap.load(tmp_path / "out.ora", LABELS).ids, whole)
