"""One layer of an OpenRaster file, as Krita, MyPaint, pyora and we write them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from pixelguide.errors import InputError
from pixelguide.labels import IGNORE, LabelMap
from pixelguide.photo.open_raster import edit_layers, open_raster
from pixelguide.portraits.palette import LABELS

PART = np.random.default_rng(0).integers(0, 9, (40, 40), np.uint8)
WHOLE = np.full((70, 90), IGNORE, np.uint8)
WHOLE[10:50, 13:53] = PART
PICTURE = np.random.default_rng(1).integers(0, 256, (70, 90, 3), np.uint8)
MYPAINT = 'xmlns:mypaint="http://mypaint.org/ns/openraster" mypaint:frame-active='


def png(pixels: NDArray[np.uint8]) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def padded(pixels: NDArray[np.uint8], left: int = 0, top: int = 0) -> NDArray[np.uint8]:
    """RGBA from (left, top) on, transparent up to whole tiles of 64 pixels, as MyPaint saves."""
    height, width = pixels.shape[:2]
    shape = [-(-length // 64) * 64 for length in (top + height, left + width)]
    canvas = np.zeros((*shape, 4), np.uint8)
    canvas[top : top + height, left : left + width] = np.dstack(
        [pixels, np.full((height, width), 255, np.uint8)]
    )
    return canvas


def ora(path: Path, stack: str, members: Mapping[str, bytes], attributes: str = "") -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "image/openraster")
        for name, content in members.items():
            archive.writestr(name, content)
        archive.writestr("stack.xml", f"<image {attributes}>{stack}</image>")
    return path


def colour(ids: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return LabelMap(ids, LABELS).colour()


def layer(name: str, source: str, x: int = 0, y: int = 0, more: str = "") -> str:
    return f'<layer name="{name}" src="{source}" x="{x}" y="{y}" {more}/>'


def krita(path: Path) -> Path:
    """Krita 5.1.5: offsets, hidden layers with half an opacity, layers numbered from below."""
    hidden = 'opacity="0.498039" visibility="hidden" composite-op="svg:src-over"'
    stack = layer("Label map", "data/layer1.png", 13, 10, hidden)
    stack += layer("Original", "data/layer0.png")
    return ora(
        path,
        f'<stack opacity="1" isolation="isolate" x="0" y="0">{stack}</stack>',
        {"data/layer0.png": png(PICTURE), "data/layer1.png": png(padded(colour(PART))[:40, :40])},
        'w="90" h="70" xres="75" yres="75" version="0.0.1"',
    )


def mypaint(path: Path, frame: bool) -> Path:
    """MyPaint 2.0.1: layers of whole tiles; without a frame the canvas, too; a background."""
    stack = layer("Label map", "data/layer-00.png", more='selected="true"')
    stack += layer("Original", "data/layer-01.png")
    tile = 'mypaint:background-tile="data/background-02-tile.png"'
    stack += layer("background", "data/background-02.png", more=tile)
    size = 'w="90" h="70"' if frame else 'w="128" h="128"'
    members = {
        "data/layer-00.png": png(padded(colour(PART), 13, 10)),
        "data/layer-01.png": png(padded(PICTURE)),
        "data/background-02.png": png(np.full((128, 128, 3), 200, np.uint8)),
    }
    told = f'{MYPAINT}"{str(frame).lower()}"'
    return ora(path, f"<stack>{stack}</stack>", members, f"{size} {told} version='0.0.5'")


def pyora(path: Path) -> Path:
    """pyora 0.3.11: members whose names begin with a slash; groups."""
    inner = layer("Label map", "/data/layer0.png", 13, 10)
    stack = f'<stack name="root"><stack name="maps" x="0" y="0">{inner}</stack></stack>'
    return ora(path, stack, {"/data/layer0.png": png(colour(PART))}, 'w="90" h="70"')


def ours(path: Path) -> Path:
    labelled = LabelMap(PART, LABELS)
    layers = edit_layers(PICTURE, PICTURE[10:50, 13:53], labelled, PART > 3, 13, 10)
    path.write_bytes(open_raster(layers, PICTURE))
    return path


@pytest.mark.parametrize(
    "program",
    [krita, pyora, ours, lambda path: mypaint(path, False), lambda path: mypaint(path, True)],
    ids=["Krita 5.1.5", "pyora 0.3.11", "pixelguide", "MyPaint 2.0.1", "MyPaint 2.0.1, frame"],
)
def test_the_map_lies_where_its_layer_lies(tmp_path: Path, program) -> None:  # type: ignore[no-untyped-def]
    found = LabelMap.load(program(tmp_path / "m.ora"), LABELS)
    assert np.array_equal(found.ids, WHOLE)


@pytest.mark.parametrize("size", [(90, 70), (64, 64), (65, 1), (128, 100)])
def test_a_map_opened_in_mypaint_comes_back_in_its_own_size(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    """MyPaint 2.0.1, a PNG saved as .ora: the only layer but for the background is called so."""
    width, height = size
    ids = np.random.default_rng(2).integers(0, 9, (height, width), np.uint8)
    ids[0] = IGNORE
    pixels = padded(colour(ids))
    told = f'w="{pixels.shape[1]}" h="{pixels.shape[0]}" {MYPAINT}"false"'
    stack = layer("Layer", "data/layer-00.png") + layer(
        "background", "b.png", 0, 0, "background_tile='b'"
    )
    path = ora(
        tmp_path / "m.ora", f"<stack>{stack}</stack>", {"data/layer-00.png": png(pixels)}, told
    )
    assert np.array_equal(LabelMap.load(path, LABELS).ids, ids)


def test_offsets_may_be_negative_and_groups_move_what_is_in_them(tmp_path: Path) -> None:
    inner = layer("m", "a.png", -8, -7)
    stack = f'<stack><stack x="5" y="3">{inner}</stack></stack>'
    path = ora(tmp_path / "m.ora", stack, {"a.png": png(colour(PART))}, 'w="20" h="30"')
    assert np.array_equal(LabelMap.load(path, LABELS).ids, PART[4:34, 3:23])


def test_the_layer_is_chosen_by_its_name(tmp_path: Path) -> None:
    other = (PART + 1) % 9
    stack = layer("Mine", "a.png") + layer("Label map", "b.png") + layer("twice", "a.png") * 2
    members = {"a.png": png(colour(PART)), "b.png": png(colour(other))}
    path = ora(tmp_path / "m.ora", f"<stack>{stack}</stack>", members, 'w="40" h="40"')
    assert np.array_equal(LabelMap.load(path, LABELS).ids, other)
    for name in ("Mine", "mine"):
        assert np.array_equal(LabelMap.load(path, LABELS, layer=name).ids, PART)
    with pytest.raises(
        InputError, match=r"no layer is called 'x', m\.ora\..*--layer.* 'Mine', 'La"
    ):
        LabelMap.load(path, LABELS, layer="x")
    with pytest.raises(InputError, match="2 layers are called 'twice'"):
        LabelMap.load(path, LABELS, layer="twice")


def test_what_is_erased_has_no_label_and_half_is_refused(tmp_path: Path) -> None:
    pixels = padded(colour(PART))[:40, :40].copy()
    pixels[3:5, 6:9] = 0
    ids = PART.copy()
    ids[3:5, 6:9] = IGNORE
    stack = f"<stack>{layer('m', 'a.png')}</stack>"
    path = ora(tmp_path / "m.ora", stack, {"a.png": png(pixels)}, 'w="40" h="40"')
    assert np.array_equal(LabelMap.load(path, LABELS).ids, ids)
    pixels[7, 2, 3] = 128
    path = ora(tmp_path / "m.ora", stack, {"a.png": png(pixels)}, 'w="40" h="40"')
    with pytest.raises(InputError, match=r"at \(2, 7\): label map with 1 transparent pixels"):
        LabelMap.load(path, LABELS)


@pytest.mark.parametrize(
    ("stack", "attributes", "message"),
    [
        ("<stack/>", 'w="4" h="4"', "There are: none"),
        (f"<stack>{layer('m', 'none.png')}</stack>", 'w="4" h="4"', "no 'none.png' in it"),
        (f"<stack>{layer('m', 'stack.xml')}</stack>", 'w="4" h="4"', "not a readable picture"),
        (f"<stack>{layer('m', 'clear.png')}</stack>", 'w="4" h="4"', "layer 'm' is empty"),
        (f"<stack>{layer('m', 'clear.png', 99)}</stack>", 'w="4" h="4"', "layer 'm' is empty"),
        (f"<stack>{layer('m', 'a.png')}</stack>", 'w="0" h="4"', "canvas of 0×4"),
        (f"<stack>{layer('m', 'a.png')}</stack>", 'w="9999999" h="9999999"', "40 megapixels"),
        (f"<stack>{layer('m', 'a.png')}</stack>", 'w="x" h="4"', "damaged OpenRaster"),
        ("<stack>", 'w="4" h="4"', "damaged OpenRaster"),
        ("<layer name='m' src='a.png' x='1e999'/>", 'w="4" h="4"', "There are: none"),
        ("<stack><layer name='m' src='a.png' x='1e999'/></stack>", 'w="4" h="4"', "damaged Open"),
    ],
)
def test_what_cannot_be_read_is_one_line(
    tmp_path: Path, stack: str, attributes: str, message: str
) -> None:
    members = {"a.png": png(colour(PART)), "clear.png": png(np.zeros((4, 4, 4), np.uint8))}
    path = ora(tmp_path / "m.ora", stack, members, attributes)
    with pytest.raises(InputError, match=message) as caught:
        LabelMap.load(path, LABELS)
    assert "m.ora" in str(caught.value)


def test_declarations_in_xml_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.ora"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "image/openraster")
        archive.writestr(
            "stack.xml", '<!DOCTYPE x [<!ENTITY a "b">]><image w="1" h="1">&a;</image>'
        )
    with pytest.raises(InputError, match="declarations"):
        LabelMap.load(path, LABELS)


def test_other_zip_files_and_damage_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.png"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.png", b"")
    with pytest.raises(InputError, match=r"no 'mimetype' in it, m\.png"):
        LabelMap.load(path, LABELS)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", b"application/epub+zip")
    with pytest.raises(InputError, match="not OpenRaster"):
        LabelMap.load(path, LABELS)
    whole = ours(tmp_path / "m.ora").read_bytes()
    start = whole.index(b"stack.xml") + len("stack.xml")
    broken = whole[:start] + b"\0" * 20 + whole[start + 20 :]
    (tmp_path / "m.ora").write_bytes(broken)
    with pytest.raises(InputError, match="damaged OpenRaster"):
        LabelMap.load(tmp_path / "m.ora", LABELS)


def test_a_picture_has_no_layers(tmp_path: Path) -> None:
    LabelMap(PART, LABELS).save(tmp_path / "m.png")
    with pytest.raises(InputError, match=r"no layer 'x', m\.png"):
        LabelMap.load(tmp_path / "m.png", LABELS, layer="x")
