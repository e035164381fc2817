"""Label maps as programs write them: each outcome made here byte by byte, the right ids beside it.

`make test-tools` shows that the programs do write such files.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from pixelguide.errors import InputError
from pixelguide.label_files import LabelFile
from pixelguide.labels import IGNORE, LabelMap, LabelSet
from pixelguide.portraits.palette import LABELS
from tool_files import (
    GREY,
    GREY_ALPHA,
    PALETTE,
    RGB,
    RGBA,
    Colour,
    brightness,
    by_first_occurrence,
    png,
    reindexed,
)

Ids = NDArray[np.uint8]
WHITE = (255, 255, 255)
IDS = np.array(
    [[4, 4, 0, 10, 11], [5, 0, 13, 8, 7], [6, 1, 2, 3, 0], [4, 5, 6, 1, 1]], np.uint8
)  # 9, 12 and 14 do not occur
UNLABELLED = np.where(np.eye(4, 5, 1) > 0, IGNORE, IDS).astype(np.uint8)


def colours(ids: Ids) -> NDArray[np.uint8]:
    table = np.full((256, 3), 255, np.uint8)
    table[: len(LABELS)] = LABELS.palette
    return table[ids]


def read(content: bytes, labels: LabelSet = LABELS) -> Ids:
    return LabelMap.from_file(LabelFile.decode(content, "m.png"), labels).ids


def paletted(ids: Ids, palette: list[Colour], bits: int = 8, transparency: bytes = b"") -> bytes:
    return png(reindexed(colours(ids), palette), PALETTE, bits, palette, transparency)


def first_occurrence(ids: Ids) -> bytes:
    return paletted(ids, by_first_occurrence(colours(ids)), 4)


def old_palette_of_ours(ids: Ids) -> bytes:
    return png(ids, PALETTE, 8, [*LABELS.palette, *[WHITE] * 241])


def gimp_pencil(ids: Ids) -> bytes:
    """White is looked up, and of 241 white entries the first one is taken."""
    moved = np.where(ids == IGNORE, len(LABELS), ids).astype(np.uint8)
    moved[0] = ids[0]  # outside the stroke's box
    return png(moved, PALETTE, 8, [*LABELS.palette, *[WHITE] * 241])


def sorted_by(key: Callable[[Colour], float], bits: int = 4) -> Callable[[Ids], bytes]:
    return lambda ids: paletted(ids, sorted(by_first_occurrence(colours(ids)), key=key), bits)


def extra_transparent(ids: Ids) -> bytes:
    palette = [(0, 0, 0), *by_first_occurrence(colours(ids))]
    return paletted(ids, palette, 8, b"\0" + b"\xff" * (len(palette) - 1))


def grey_palette(ids: Ids) -> bytes:
    used = np.unique(ids)
    return png(
        np.searchsorted(used, ids).astype(np.uint8), PALETTE, 4, [(int(v),) * 3 for v in used]
    )


def swapped(ids: Ids) -> bytes:
    """Red and blue, as a program that mixes up OpenCV's order."""
    palette = sorted(by_first_occurrence(colours(ids)))
    moved = reindexed(colours(ids), palette)
    return png(moved, PALETTE, 8, [(b, g, r) for r, g, b in palette])


PROGRAMS: dict[str, Callable[[Ids], bytes]] = {
    "ImageMagick 6.9.11 and 7.1.1, saved again": first_occurrence,
    "Krita 5.1.5, indexed, no alpha": first_occurrence,
    "sharp 0.35.5 and vips 8.14, palette": sorted_by(lambda colour: -brightness(colour)),
    "pyoxipng 9.1.1": sorted_by(lambda colour: sum(colour), 8),
    "zopflipng 1.0.3": sorted_by(lambda colour: colour[0] << 16 | colour[1] << 8 | colour[2]),
    "pngquant 2.17": sorted_by(brightness),
    "UPNG.js 2.1.0, lossless": extra_transparent,
    "GIMP 2.10.34, RGB to indexed, optimum": sorted_by(lambda colour: colour[2] * 997 % 256),
    "Pillow 13, quantize and ADAPTIVE": sorted_by(lambda colour: -sum(colour)),
    "FFmpeg 5.1.9, palettegen": lambda ids: paletted(
        ids, sorted(by_first_occurrence(colours(ids))) + [(0, 0, 0)] * 230
    ),
    "GIMP 2.10.34, alpha channel on an indexed map": lambda ids: paletted(
        ids, [(0, 0, 0), *LABELS.palette, WHITE], 8, b"\0" + b"\xff" * 16
    ),
    "GIMP 2.10.34, pencil on a map of before 2026-11-28": gimp_pencil,
    "pixelguide of before 2026-11-28": old_palette_of_ours,
    "OptiPNG 0.7.7 on grey ids": grey_palette,
    "grey ids as RGB, OpenCV and pngjs 7": lambda ids: png(
        np.repeat(ids[..., None], 3, axis=2), RGB
    ),
    "grey ids as RGBA, Jimp 1.6": lambda ids: png(
        np.concatenate(
            [np.repeat(ids[..., None], 3, axis=2), np.full_like(ids, 255)[..., None]], 2
        ),
        RGBA,
    ),
    "grey ids with alpha": lambda ids: png(
        np.stack([ids, np.full_like(ids, 255)], axis=2), GREY_ALPHA
    ),
    "red and blue swapped, and reordered": swapped,
}


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("ids", [IDS, UNLABELLED], ids=["labelled", "partly"])
def test_what_programs_write_gives_the_ids_that_were_meant(program: str, ids: Ids) -> None:
    assert np.array_equal(read(PROGRAMS[program](ids)), ids)


@given(st.permutations(range(len(LABELS) + 1)), st.integers(0, 200))
def test_no_order_of_the_palette_changes_a_map(order: list[int], more: int) -> None:
    palette = [LABELS.colours()[IGNORE if k == len(LABELS) else k].tolist() for k in order]
    palette += [(k, 1, 255 - k) for k in range(more)]
    assert np.array_equal(read(paletted(UNLABELLED, [tuple(c) for c in palette])), UNLABELLED)


def test_gimp_s_web_palette_has_changed_the_colours() -> None:
    """Levels of 51; eye white has become white, which alone would mean no label."""
    shifted = np.rint(colours(IDS) / 51).astype(np.uint8) * 51
    palette = sorted(by_first_occurrence(shifted))
    content = png(reindexed(shifted, palette), PALETTE, 4, palette)
    with pytest.raises(InputError, match=r"colour \(\d+, .* is no class.* --snap \d+ .*hair"):
        read(content)


def test_colours_that_are_nearly_the_classes_in_another_order_are_refused() -> None:
    """As colour management leaves them: nothing matches, and the index is not the id."""
    shifted = (colours(IDS) // 2 * 2 ^ 3).astype(np.uint8)
    palette = by_first_occurrence(shifted)
    assert not {*palette} & {*LABELS.palette}
    with pytest.raises(InputError, match=r"nearly a class's but not that of palette entry 0: 3"):
        read(png(reindexed(shifted, palette), PALETTE, 8, palette))


def test_colours_that_are_nearly_the_classes_at_their_places_say_the_same_as_the_index() -> None:
    table = [(r ^ 1, g ^ 1, b ^ 1) for r, g, b in LABELS.palette]
    assert np.array_equal(read(png(IDS, PALETTE, 8, table)), IDS)


def test_a_palette_of_others_is_read_by_index_with_white_for_no_label() -> None:
    table = [(7 * i % 256, 255 - i, 3 * i % 256) for i in range(255)]
    assert np.array_equal(read(png(UNLABELLED, PALETTE, 8, [*table, WHITE])), UNLABELLED)


def test_a_palette_of_others_with_a_transparent_entry_may_have_moved() -> None:
    """GIMP 2.10.34: an alpha channel makes entry 0 the transparent one."""
    table = [(0, 0, 0), *((7 * i % 256, 255 - i, 3 * i % 256) for i in range(20))]
    with pytest.raises(InputError, match="transparent entry and colours of no class"):
        read(png(IDS + 1, PALETTE, 8, table, b"\0"))


@pytest.mark.parametrize("transparency", [b"\xff" * 4 + b"\0", b"\xff" * 4 + b"\xfe"])
def test_a_transparent_entry_that_is_used_is_named_with_its_place(transparency: bytes) -> None:
    content = png(IDS, PALETTE, 8, list(LABELS.palette), transparency)
    message = (
        r"transparent colour \(250, 205, 165\) of palette entry 4: 3 pixels, first at \(0, 0\)"
    )
    with pytest.raises(InputError, match=message):
        read(content)


def test_a_mixture_of_classes_and_others_is_refused_with_colour_and_place() -> None:
    table = [*LABELS.palette]
    table[8] = (1, 2, 3)
    with pytest.raises(InputError, match=r"\(1, 2, 3\) is no class: 1 pixels, first at \(3, 1\)"):
        read(png(IDS, PALETTE, 8, table))


def test_a_pixel_beyond_the_palette_is_refused() -> None:
    with pytest.raises(InputError, match=r"no entry 13: 1 pixels, first at \(2, 1\)"):
        read(png(IDS, PALETTE, 8, list(LABELS.palette[:12])))


@pytest.mark.parametrize("bits", [2, 4])
def test_grey_of_few_bits_holds_ids(bits: int) -> None:
    """pypng 0.20220715.0, bitdepth: Pillow scales what it reads to 0 … 255."""
    ids = IDS % 2**bits
    assert np.array_equal(read(png(ids, GREY, bits)), ids)
    assert np.array_equal(read(png(ids // 3 * 3, GREY, bits)), ids // 3 * 3)


def test_four_bits_that_could_be_ids_or_brightness_are_refused() -> None:
    """With 18 classes 0 and 1 may be written so, or 0 and 17 by a program that saves bits."""
    labels = LabelSet(tuple(map(str, range(18))), tuple((i, 9, 90) for i in range(18)))
    ids = IDS % 2
    with pytest.raises(InputError, match=r"4 bits a pixel: 1 at \(4, 0\) may be the id.* 17"):
        read(png(ids, GREY, 4), labels)
    assert np.array_equal(read(png(ids * 2, GREY, 2), labels), ids * 2)


def test_one_bit_grey_is_refused() -> None:
    """pyoxipng, zopflipng and ImageMagick 6.9.11 write 0 and 255 so, pypng 0 and 1."""
    with pytest.raises(InputError, match="1 bit a pixel, where 1 may be the id or stand for 255"):
        read(png(IDS % 2, GREY, 1))


@pytest.mark.parametrize(("bits", "value"), [(8, 11), (4, 11), (2, 3)])
def test_a_grey_value_that_is_said_to_be_transparent_is_refused(bits: int, value: int) -> None:
    content = png(IDS & (2**bits - 1), GREY, bits, transparency=bytes([0, value]))
    with pytest.raises(InputError, match=r"at \(4, 0\): label map with \d transparent pixels"):
        read(content)


def test_a_colour_that_is_said_to_be_transparent_is_refused() -> None:
    key = bytes(v for value in LABELS.palette[11] for v in (0, value))
    with pytest.raises(InputError, match=r"\(215, 50, 90\) at \(4, 0\): .*1 transparent pixels"):
        read(png(colours(IDS), RGB, transparency=key))
    clear = bytes(v for value in (1, 2, 3) for v in (0, value))
    assert np.array_equal(read(png(colours(IDS), RGB, transparency=clear)), IDS)


def test_black_and_white_in_colours_are_no_ids() -> None:
    mask = np.where(IDS > 4, 255, 0).astype(np.uint8)[..., None].repeat(3, 2)
    with pytest.raises(InputError, match=r"colour \(0, 0, 0\) is no class"):
        read(png(mask, RGB))


def test_no_label_survives_where_a_class_is_white(tmp_path: Path) -> None:
    labels = LabelSet(("paper", "ink"), (WHITE, (0, 0, 0)))
    ids = np.array([[0, 1, IGNORE]], np.uint8)
    LabelMap(ids, labels).save(tmp_path / "map.png")
    assert np.array_equal(LabelMap.load(tmp_path / "map.png", labels).ids, ids)
    before = png(ids, PALETTE, 8, [*labels.palette, *[WHITE] * 254])  # as we wrote it once
    assert np.array_equal(read(before, labels), ids)


def test_images_that_are_open_and_not_decoded_are_read_like_files(tmp_path: Path) -> None:
    from PIL import Image

    (tmp_path / "m.png").write_bytes(png(IDS % 4, GREY, 2))
    with Image.open(tmp_path / "m.png") as image:
        assert np.array_equal(LabelMap.from_image(image, LABELS).ids, IDS % 4)
