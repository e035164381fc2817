"""Random edits of 25 kinds of file change no pixel outside, as a reader of our own counts them;
and the same question has the same answer however it is asked."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from faults.battery import SHARES
from faults.png_reader import read_png
from pixelguide.edit.editor import Editor
from pixelguide.labels import LabelMap
from pixelguide.photo.framing import Frame
from pixelguide.photo.photograph import Photograph
from pixelguide.photo.photograph_files import PhotographWriter

Record = Callable[[str, object], None]
RNG = np.random.default_rng(5)
PHOTO = np.kron(RNG.integers(20, 230, (9, 11, 3)), np.ones((6, 6, 1))).astype(np.uint8)
OWN = PHOTO[:16, :16]


def exif(orientation: int) -> bytes:
    block = Image.Exif()
    block[0x0112] = orientation
    return block.tobytes()


def by_pillow(kind: str, mode: str = "RGB", own: bool = False, **options: Any) -> Any:
    def save(path: Path) -> None:
        Image.fromarray(OWN if own else PHOTO).convert(mode).save(path, kind, **options)

    return save


def deep(output: str, channels: int) -> Callable[[Path], None]:
    def save(path: Path) -> None:
        pixels = PHOTO.astype(np.uint16) * 257 + 77
        alpha = np.full((*PHOTO.shape[:2], 1), 65535, np.uint16)
        chosen = np.dstack([pixels, alpha])[..., {1: [0], 3: [0, 1, 2], 4: [0, 1, 2, 3]}[channels]]
        writer = PhotographWriter(Photograph(np.ascontiguousarray(chosen)), output)  # type: ignore[arg-type]
        path.write_bytes(b"".join(writer.encode()))

    return save


KINDS: dict[str, Callable[[Path], None]] = {
    "RGB.png": by_pillow("PNG"), "RGBA.png": by_pillow("PNG", "RGBA"),
    "L.png": by_pillow("PNG", "L"), "LA.png": by_pillow("PNG", "LA"),
    "P.png": by_pillow("PNG", "P"),
    "1.png": by_pillow("PNG", "1"), "own.png": by_pillow("PNG", own=True),
    "own-L.png": by_pillow("PNG", "L", own=True), "own-P.png": by_pillow("PNG", "P", own=True),
    "deep.png": deep("png", 3), "deep-grey.png": deep("png", 1), "deep-alpha.png": deep("png", 4),
    "a.jpg": by_pillow("JPEG"), "grey.jpg": by_pillow("JPEG", "L"),
    "progressive.jpg": by_pillow("JPEG", progressive=True),
    **{f"turned-{k}.jpg": by_pillow("JPEG", exif=exif(k)) for k in (2, 3, 5, 6, 8)},
    "a.webp": by_pillow("WEBP", lossless=True), "lossy.webp": by_pillow("WEBP"),
    "a.bmp": by_pillow("BMP"), "a.tif": by_pillow("TIFF"), "deep.tif": deep("tiff", 3),
}  # fmt: skip


def painted(editor: Editor, rng: np.random.Generator) -> tuple[LabelMap, LabelMap]:
    """A map, and the same with a rectangle of another class."""
    ids = np.zeros((16, 16), np.uint8)
    ids[8:] = 1
    source = LabelMap(ids, editor.labels)
    target = source.copy()
    x, y = rng.integers(0, 12, 2)
    width, height = rng.integers(2, 6, 2)
    mask = np.zeros((16, 16), np.bool_)
    mask[y : y + height, x : x + width] = True
    target.paint("house", mask)
    return source, target


def outside(before: NDArray[Any], after: NDArray[Any], region: NDArray[np.bool_]) -> int:
    """Pixels out of the region that differ."""
    return int(((before != after).any(-1) & ~region).sum())


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("share", SHARES)
def test_no_pixel_outside_changes(
    share: int, tiny_editor: Editor, tmp_path: Path, record: Record
) -> None:
    assert len(KINDS) == 25
    rng, edits, changed, total = np.random.default_rng(1), 0, 0, 0
    for name, make in KINDS.items():
        path = tmp_path / name
        make(path)
        for number in range(max(1, 40 // share // 4 if share > 1 else 40)):
            own = name.startswith("own")
            crop = None if own else Frame(
                float(rng.uniform(0, 20)), float(rng.uniform(0, 10)), float(rng.uniform(20, 40))
            )  # fmt: skip
            tiny_editor.set_image(path, crop=crop)
            source, target = painted(tiny_editor, rng)
            result = tiny_editor.edit(
                target, source=source, num_images=1, num_inference_steps=2,
                seed=int(rng.integers(2**31)),
            )  # fmt: skip
            out = tmp_path / f"{name}-{number}"
            result.save(out)
            found = read_png((out / "00.png").read_bytes())
            placed = tiny_editor.placement
            before = OWN if placed is None else placed.photograph.pixels
            if placed is None:
                before = tiny_editor.image
                region = result.roi
            else:
                region = result.full_size.region if result.full_size else result.roi
            assert found.shape == before.shape, name
            changed += outside(before.astype(np.uint16), found, region)
            total += int((before != found).any(-1).sum())
            edits += 1
    record("random edits of 25 kinds of file", f"{edits} edits, pixels outside {changed}")
    assert changed == 0
    assert total > 0


PROGRAM = """
import sys, torch, numpy as np
torch.set_num_threads(int(sys.argv[1]))
from pathlib import Path
from pixelguide.edit.editor import Editor
from pixelguide.labels import LabelMap
import hashlib
editor = Editor.from_pretrained(sys.argv[2], "cpu")
rng = np.random.default_rng(3)
editor.set_image(rng.integers(0, 256, (16, 16, 3), np.uint8))
ids = np.zeros((16, 16), np.uint8); ids[8:] = 1
source = LabelMap(ids, editor.labels); target = source.copy()
mask = np.zeros((16, 16), bool); mask[5:10, 4:9] = True
target.paint("house", mask)
count = int(sys.argv[3])
result = editor.edit(target, source=source, num_images=count, num_inference_steps=3, seed=7)
painted = editor.inpaint(mask, num_images=count, num_inference_steps=5, seed=7)
made = [result.candidates[0].image, painted.images[0]]
print(hashlib.sha256(b"".join(image.tobytes() for image in made)).hexdigest())
"""


@pytest.mark.parametrize("share", SHARES)
def test_the_same_question_has_the_same_answer(share: int, category: Path, record: Record) -> None:
    """In processes of one and two threads, with one to four candidates."""
    environment = {**os.environ, "OMP_NUM_THREADS": "2"}
    cases = [(1, 1), (1, 2), (1, 4), (2, 1), (2, 3), (1, 1)][: 6 if share == 1 else 2]
    answers = {}
    for number, (threads, count) in enumerate(cases):
        done = subprocess.run(  # noqa: S603
            [sys.executable, "-c", PROGRAM, str(threads), str(category), str(count)],
            capture_output=True, text=True, check=False, env=environment, timeout=300,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        answers[number, threads, count] = done.stdout.strip()
    different = len({*answers.values()})
    record("determinism of edit and inpaint", f"{len(cases)} processes, answers {different}")
    assert len({*answers.values()}) == 1, answers


@pytest.mark.parametrize("share", SHARES)
def test_photographs_and_interpolations_are_the_same_again(
    share: int, tiny_editor: Editor, tmp_path: Path, record: Record
) -> None:
    before, found = torch.get_num_threads(), []
    path = tmp_path / "RGB.png"
    KINDS["RGB.png"](path)
    try:
        for threads in (1, 2, 1) if share == 1 else (1, 2):
            torch.set_num_threads(threads)
            tiny_editor.set_image(path, crop=Frame(3, 2, 40))
            source, target = painted(tiny_editor, np.random.default_rng(9))
            result = tiny_editor.edit(
                target, source=source, num_images=2, num_inference_steps=3, seed=7
            )
            out = tmp_path / f"{len(found)}"
            result.save(out)
            frames = tiny_editor.interpolate(out / "00.png", num_frames=3, num_inference_steps=4)
            pictures = b"".join(p.read_bytes() for p in sorted(out.glob("0*.png")))
            found.append((pictures, [np.asarray(frame).tobytes() for frame in frames.frames]))
    finally:
        torch.set_num_threads(before)
    record("determinism of photographs and interpolations", f"{len(found)} runs, alike")
    assert all(each == found[0] for each in found[1:])
