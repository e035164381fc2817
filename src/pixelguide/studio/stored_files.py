"""Pictures, label maps and ROIs: PNG files in the data folder, known by opaque ids; and the
photographs that pictures were taken from, as they came."""

from __future__ import annotations

import contextlib
import io
import re
import time
import uuid
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pixelguide.files import write_atomically
from pixelguide.images import converted, decode_image
from pixelguide.label_files import LabelFile
from pixelguide.labels import LabelMap, LabelSet
from pixelguide.photo.full_size import PLAIN, Finish
from pixelguide.studio.database import Database
from pixelguide.studio.decoded_photographs import DecodedPhotographs
from pixelguide.studio.http_errors import not_found
from pixelguide.studio.provenance import Provenance

Kind = Literal["picture", "map", "roi", "photograph"]
_ID = re.compile(r"[0-9a-f]{32}")


def is_id(text: object) -> bool:
    """Whether `text` has the form of an id: 32 hexadecimal digits."""
    return isinstance(text, str) and _ID.fullmatch(text) is not None


def png(image: Image.Image) -> bytes:
    """A picture as the bytes of a PNG."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def picture_png(pixels: NDArray[np.uint8]) -> bytes:
    """uint8 H×W×3 (or H×W) as the bytes of a PNG."""
    return png(Image.fromarray(pixels))


class FileStore:
    """Files by opaque id. An id is looked up in the table before it becomes part of a path."""

    def __init__(
        self, database: Database, folder: Path, labels: LabelSet, finish: Finish = PLAIN
    ) -> None:
        """labels, finish: of the model whose pictures and maps these are."""
        self._database, self._folder, self.labels, self.finish = database, folder, labels, finish
        self.provenance = Provenance(database)
        self.decoded = DecodedPhotographs()

    def add(self, *files: tuple[Kind, bytes]) -> list[str]:
        """Keep files, all of them or none; their ids. Files come first: an id never dangles."""
        ids = [uuid.uuid4().hex for _ in files]
        for identity, (_, content) in zip(ids, files, strict=True):
            write_atomically(self._path(identity), content)
        with self._database.write() as connection:
            connection.executemany(
                "INSERT INTO items (id, kind, used) VALUES (?, ?, ?)",
                [(i, kind, time.time()) for i, (kind, _) in zip(ids, files, strict=True)],
            )
        return ids

    def read(self, identity: object, kind: Kind) -> bytes:
        """The file's content.

        Raises HttpError (404) for a malformed or unknown id, or one of another kind.
        """
        self.check(identity, kind)
        try:
            return self._path(str(identity)).read_bytes()
        except FileNotFoundError:
            raise not_found(kind) from None

    def check(self, identity: object, kind: Kind) -> None:
        """Raise HttpError (404) unless `identity` is one of that kind."""
        query = "SELECT 1 FROM items WHERE id = ? AND kind = ?"
        if not is_id(identity) or not self._database.read(query, (identity, kind)):
            raise not_found(kind)

    def picture(self, identity: object) -> NDArray[np.uint8]:
        """A picture, uint8 S×S×3. Raises as `read`."""
        image = decode_image(io.BytesIO(self.read(identity, "picture")), "picture", ("PNG",))
        return np.asarray(converted(image, "RGB", "picture"))

    def roi(self, identity: object) -> NDArray[np.bool_]:
        """A ROI, bool S×S. Raises as `read`."""
        image = decode_image(io.BytesIO(self.read(identity, "roi")), "roi", ("PNG",))
        return np.asarray(image) > 0

    def label_map(self, identity: object) -> LabelMap:
        """A label map. Raises as `read`."""
        file = LabelFile.decode(self.read(identity, "map"), "map")
        return LabelMap.from_file(file, self.labels)

    def forget(self, before: float) -> None:
        """Remove what was last used before that time (seconds since the epoch), and files that
        belong to nothing: those of a server that was killed between file and table."""
        with self._database.write() as connection:
            connection.execute("DELETE FROM items WHERE used < ?", (before,))
        self.provenance.forget()
        known = {row["id"] for row in self._database.read("SELECT id FROM items")}
        if not self._folder.is_dir():
            return
        for path in self._folder.iterdir():
            if path.stem not in known:
                with contextlib.suppress(OSError):
                    path.unlink()

    def _path(self, identity: str) -> Path:
        return self._folder / f"{identity}.png"
