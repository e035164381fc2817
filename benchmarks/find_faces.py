"""How often `--crop auto` finds both eyes of a face in a busy photograph.

    python -m benchmarks.find_faces FOLDER [--count 100] [--seed 0] [--bare 20] [--worst FILE.png]

FOLDER: square pictures of one face each in FFHQ's framing, which says where the eyes are: at
`EYES`. Each is put into a photograph made here, of 1200×900 to 1600×1200 pixels of shapes and
noise: at a random place, 96 to 700 pixels large (evenly by its logarithm), turned by up to 20
degrees. Printed: in how many both eyes of the proposed part lie within 5 % of their distance, the
largest face being taken; the same by size, for the eyes' landmarks themselves (a face turned away
has its eyes closer together than the framing does), and on the pictures as they are, neither turned
nor put anywhere; and what is found in further photographs without a face. Needs the extra [faces].
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from benchmarks.setup import option_parser
from pixelguide.errors import InputError
from pixelguide.images import SUFFIXES, load_rgb
from pixelguide.photo.find_face import FaceFinder, open_finder

EYES = np.array([[0.374, 0.475], [0.622, 0.475]])
"""Where FFHQ's framing has the left and the right eye, in shares of the side (spread 0.004)."""
SIZES = (96, 700)
TURN = 20.0
WITHIN = 0.05
"""Of the distance between the eyes."""
GROUPS = ((96, 160), (160, 300), (300, 701))


def ground(rng: np.random.Generator) -> Image.Image:
    """A busy ground: soft colours, hundreds of shapes, lines, patches of stripes, and noise."""
    width, height = int(rng.integers(1200, 1601)), int(rng.integers(900, 1201))
    coarse = Image.fromarray(rng.integers(0, 256, (5, 7, 3), np.uint8))
    picture = coarse.resize((width, height), Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(picture)
    for _ in range(300):
        x, y = rng.uniform(-50, width), rng.uniform(-50, height)
        w, h = np.exp(rng.uniform(np.log(8), np.log(250), 2))
        colour = tuple(int(value) for value in rng.integers(0, 256, 3))
        kind = rng.integers(4)
        if kind == 0:
            draw.rectangle((x, y, x + w, y + h), fill=colour)
        elif kind == 1:
            draw.ellipse((x, y, x + w, y + h), fill=colour)
        elif kind == 2:
            draw.line((x, y, x + w, y + h), fill=colour, width=int(rng.integers(1, 9)))
        else:
            for k in range(0, int(h), 8):
                draw.line((x, y + k, x + w, y + k), fill=colour, width=3)
    picture = picture.filter(ImageFilter.GaussianBlur(float(rng.uniform(0, 1.5))))
    noisy = np.asarray(picture, np.float32) + rng.normal(0, 8, (height, width, 1))
    return Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))


def composed(
    face: NDArray[np.uint8], rng: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.float64], int]:
    """A photograph (uint8 H×W×3) with the face (uint8 S×S×3), its eyes (2×2, in pixels, left and
    right), and the face's size in it."""
    picture = ground(rng)
    size = round(float(np.exp(rng.uniform(*np.log(SIZES)))))
    turn = np.deg2rad(rng.uniform(-TURN, TURN))
    cos, sin = np.cos(turn), np.sin(turn)
    half = size / 2 * (cos + abs(sin))
    centre = np.array([rng.uniform(half, side - half) for side in picture.size])
    turned = np.array([[cos, -sin], [sin, cos]])
    # Pillow wants the place in the face of each pixel of the photograph
    inverse = turned.T * len(face) / size
    shift = np.array([len(face) / 2] * 2) - inverse @ centre
    data = (*inverse[0], shift[0], *inverse[1], shift[1])
    source = Image.fromarray(face)
    if size < len(face):  # without this, reducing would alias
        source = source.filter(ImageFilter.GaussianBlur(0.35 * (len(face) / size - 1)))
    bicubic, affine = Image.Resampling.BICUBIC, Image.Transform.AFFINE
    layer = source.transform(picture.size, affine, data, bicubic)
    mask = Image.new("L", source.size, 255).transform(picture.size, affine, data, bicubic)
    picture.paste(layer, mask=mask)
    eyes = (EYES - 0.5) * size @ turned.T + centre
    return np.array(picture), eyes, size


def errors_of(
    finder: FaceFinder, pixels: NDArray[np.uint8], eyes: NDArray[np.float64]
) -> tuple[float, float]:
    """How far the worse eye of the largest face is off, in distances of the eyes: where the
    proposed part has it, and where its landmarks are; inf for none."""
    faces = finder(pixels)
    if not faces:
        return float("inf"), float("inf")
    level, own = (
        float(np.linalg.norm(np.array(found) - eyes, axis=1).max())
        for found in (faces[0].level_eyes(), faces[0].eyes)
    )
    distance = float(np.linalg.norm(eyes[1] - eyes[0]))
    return level / distance, own / distance


def main() -> None:
    """Compose, find, count and print."""
    parser = option_parser(__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--bare", type=int, default=20, help="photographs without a face")
    parser.add_argument("--worst", type=Path, help="a sheet of the photographs that were missed")
    arguments = parser.parse_args()
    finder = open_finder()
    if finder is None:
        raise InputError("no face detector", "dlib", "pip install pixelguide[faces]")
    files = sorted(p for p in arguments.folder.iterdir() if p.suffix.lower() in SUFFIXES)
    rng = np.random.default_rng(arguments.seed)
    chosen = rng.choice(len(files), arguments.count, replace=False)
    errors, sizes, seconds, alone, missed = [], [], [], [], []
    for index in chosen:
        face = load_rgb(files[index])
        pixels, eyes, size = composed(face, rng)
        began = time.perf_counter()
        errors.append(errors_of(finder, pixels, eyes))
        seconds.append(time.perf_counter() - began)
        sizes.append(size)
        alone.append(errors_of(finder, face, EYES * len(face)))
        if not errors[-1][0] <= WITHIN:
            sys.stdout.write(f"missed: {files[index].name}, {size} pixels, {errors[-1][0]:.3f}\n")
            sys.stdout.flush()
            missed.append(Image.fromarray(pixels).resize((400, 300)))
    within, own = np.array(errors) <= WITHIN, np.array(alone) <= WITHIN
    good = within[:, 0]
    sys.stdout.write(f"both eyes of the part within {WITHIN:.0%}: {good.sum()} of {len(good)}\n")
    for low, high in GROUPS:
        of = (np.array(sizes) >= low) & (np.array(sizes) < high)
        sys.stdout.write(f"  {low} to {high - 1} pixels: {good[of].sum()} of {of.sum()}\n")
    sys.stdout.write(f"both eyes' own landmarks: {within[:, 1].sum()}\n")
    sys.stdout.write(f"no face found: {np.isinf(errors)[:, 0].sum()}\n")
    sys.stdout.write(f"median error: {np.median(errors, 0)[0]:.3f} of the distance\n")
    sys.stdout.write(f"the pictures themselves: {own[:, 0].sum()}; landmarks {own[:, 1].sum()}\n")
    others = np.random.default_rng((arguments.seed, 1))
    false = sum(len(finder(np.array(ground(others)))) for _ in range(arguments.bare))
    sys.stdout.write(f"faces in {arguments.bare} photographs without one: {false}\n")
    sys.stdout.write(f"seconds: median {np.median(seconds):.2f}, most {max(seconds):.2f}\n")
    if arguments.worst and missed:
        sheet = Image.new("RGB", (1600, 300 * -(-len(missed) // 4)))
        for k, picture in enumerate(missed):
            sheet.paste(picture, (k % 4 * 400, k // 4 * 300))
        sheet.save(arguments.worst)


if __name__ == "__main__":
    main()
