#!/usr/bin/env bash
# dlib-bin 20.0.1: whether the face detector finds a face depends on how the numpy array with the
# picture lies in memory.
#
# Guess before running: a view (mirrored by a[:, ::-1], every second column, columns first) is read
# where it lies, copied first, or refused, as dlib 19 refused some ("The stride of the 3rd dimension
# ... must be 1"); in no case are boxes and scores others than those of a contiguous copy with equal
# values.
#
# What happens: nothing is refused or warned of. A contiguous array gives the same at each call; a
# view with equal values gives lower scores, or other boxes: a drawn face of 2.2 is not found at all.
#
# For users: hand dlib np.ascontiguousarray(picture) after slicing, mirroring or turning one; a missing
# face is no proof that there is none.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check dlib-bin==20.0.1 numpy==2.3.5
cat >"$work/try.py" <<'PYTHON'
import sys

import dlib
import numpy as np

print("dlib", dlib.__version__, "numpy", np.__version__)
detector = dlib.get_frontal_face_detector()


def face(size=240):
    """A drawn face: light, with dark brows, eyes, nose and mouth, on a darker ground."""
    y, x = (np.mgrid[0:size, 0:size] + 0.5) / size
    grey = np.full((size, size), 90.0)

    def spot(cx, cy, rx, ry, value):
        inside = 1 / (1 + np.exp(np.minimum(12 * ((x - cx) / rx) ** 2 + 12 * ((y - cy) / ry) ** 2, 60) - 12))
        grey[:] = grey * (1 - inside) + value * inside

    spot(0.5, 0.52, 0.33, 0.43, 205)
    for side in (-1, 1):
        spot(0.5 + side * 0.14, 0.36, 0.095, 0.022, 60)
        spot(0.5 + side * 0.135, 0.44, 0.07, 0.032, 120)
        spot(0.5 + side * 0.135, 0.44, 0.03, 0.03, 30)
        spot(0.5 + side * 0.035, 0.62, 0.02, 0.014, 90)
    spot(0.5, 0.6, 0.05, 0.03, 175)
    spot(0.5, 0.74, 0.12, 0.028, 110)
    return np.repeat(np.rint(grey).astype(np.uint8)[..., None], 3, 2)


def found(picture):
    boxes, scores, _ = detector.run(picture, 0, -1.0)
    return sorted((round(s, 4), b.left(), b.top(), b.width()) for b, s in zip(boxes, scores))[::-1]


base = face()
wide = np.zeros((240, 480, 3), np.uint8)
wide[:, ::2] = base
views = {
    "mirrored": base[:, ::-1],
    "every second column": wide[:, ::2],
    "columns first": np.asfortranarray(base),
}
steady = differ = True
for name, view in views.items():
    copy = np.ascontiguousarray(view)
    assert np.array_equal(view, copy)
    of_copy, of_view = ([found(each) for _ in range(3)] for each in (copy, view))
    faces = len(detector(copy, 0)), len(detector(view, 0))
    steady &= of_copy[0] == of_copy[1] == of_copy[2] and faces[0] == 1
    differ &= all(each != of_copy[0] for each in of_view) and faces[1] == 0
    print(f"{name}: best score, box of the copy {of_copy[0][0]}, of the view {of_view[0][:1]};",
          f"faces found: {faces[0]}, {faces[1]}")
print("as found" if steady and differ else "no longer so")
sys.exit(0 if steady and differ else 1)
PYTHON
"$work/venv/bin/python" "$work/try.py"
