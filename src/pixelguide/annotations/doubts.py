"""What may be wrong with a set of maps although all of them can be read, in sentences."""

from __future__ import annotations

import shlex

import numpy as np

from pixelguide.annotations.naming import IGNORED
from pixelguide.annotations.types import Annotations, LoadedPicture
from pixelguide.labels import IGNORE


class Doubts:
    """Looks at pictures one by one; `notes` then says what is odd about all of them."""

    def __init__(self, annotations: Annotations) -> None:
        self._names = annotations.labels.names
        self._stored_frame = annotations.stored_frame
        self._pixels = np.zeros(256, np.int64)
        self._hidden_classes: dict[str, None] = {}
        self._drawn = False
        self._hidden = self._empty = self._turned = 0

    def seen(self, picture: LoadedPicture) -> LoadedPicture:
        """Take a picture into account, and return it."""
        self._pixels += np.bincount(picture.label_map.ids.reshape(-1), minlength=256)
        self._drawn |= picture.drawn
        self._turned += picture.orientation != 1 and not self._stored_frame
        for shape in picture.hidden:
            self._hidden += shape.pixels > 0
            self._empty += shape.pixels == 0
            if shape.pixels:
                self._hidden_classes[shape.name] = None
        return picture

    @property
    def hidden_classes(self) -> list[str]:
        """Classes that shapes were drawn of, and of which no pixel is in any map."""
        present = {name for name, count in zip(self._names, self._pixels, strict=False) if count}
        return [name for name in self._hidden_classes if name not in present]

    def notes(self) -> list[str]:
        """One sentence for each thing, with what to do if it is not meant so."""
        found = [self._binary(), *self._alike(), self._covered(), self._small(), self._frame()]
        return [note for note in found if note]

    def _binary(self) -> str:
        names, pixels = self._names, self._pixels
        if self._drawn or not pixels[0] or not pixels[IGNORE] or pixels[1:IGNORE].any():
            return ""
        if len(names) == 1:
            return f"the maps hold 0 and 255 only: 0 is '{names[0]}', and 255 means no label"
        return (
            f"the maps hold 0 and 255 only, and 255 means no label: '{names[1]}' has no pixel; if "
            f"255 is meant for it, convert with --map {IGNORED}={shlex.quote(names[1])}"
        )

    def _alike(self) -> list[str]:
        first: dict[str, str] = {}
        pairs = [(first.setdefault(" ".join(n.split()).casefold(), n), n) for n in self._names]
        return [
            f"the classes {one!r} and {other!r} differ in case or spaces only: if they are one, "
            f"convert with --map {shlex.quote(f'{other}={one}')}"
            for one, other in pairs
            if one != other
        ]

    def _covered(self) -> str:
        if not self._hidden:
            return ""
        hidden = ", ".join(self.hidden_classes)
        classes = f" (nothing at all of {hidden})" if hidden else ""
        return (
            f"shapes of which no pixel is seen: {self._hidden}{classes}; later ones lie above and "
            "cover them, --order area puts small ones on top"
        )

    def _small(self) -> str:
        return f"shapes that cover no pixel's centre: {self._empty}" if self._empty else ""

    def _frame(self) -> str:
        if not self._turned:
            return ""
        return (
            f"pictures that EXIF turns, and that are read upright: {self._turned}; if the maps "
            "were made of the pictures as they are stored, read with --stored-frame"
        )
