"""What makes the edits of a batch: a model behind a lock, files in, files out."""

from __future__ import annotations

import io
import json
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from PIL import Image

from pixelguide.batch.batch_edit import EditInputs
from pixelguide.batch.scripted import repainted
from pixelguide.bounded_json import load_json
from pixelguide.devices import choose_device
from pixelguide.edit.editor import Editor
from pixelguide.edit.opening import Opened, moved, open_category
from pixelguide.edit.result import EditResult
from pixelguide.edit.result_folder import REPORT
from pixelguide.errors import InputError
from pixelguide.evaluate.contact_sheet import region_alone
from pixelguide.images import converted, open_image
from pixelguide.label_files import LabelFile
from pixelguide.labels import LabelMap
from pixelguide.photo.framing import Frame
from pixelguide.photo.photograph import Photograph
from pixelguide.photo.photograph_files import OutputFormat, PhotographWriter
from pixelguide.prior.kernels.options import DEFAULT_OPTIONS, InferenceOptions
from pixelguide.workers.task import Check

STRIP = "strip.png"
"""What a contact sheet shows of an edit, side by side at the model's size: the picture, the map
that was followed, what may change, the best candidate."""
_METADATA = "pixelguide"


@dataclass(frozen=True)
class EditFiles:
    """Files of an edit by name, and the seconds of its stages, which no file has: two runs have the
    same files."""

    files: dict[str, bytes]
    seconds: dict[str, float]


@dataclass(frozen=True)
class OpenEditWorker:
    """Opens an `EditWorker` of parts that lie on its device, or on the CPU; in this process or in
    another that it was sent to. device: where the worker computes."""

    parts: Opened
    device: str = "cpu"
    options: InferenceOptions = DEFAULT_OPTIONS

    def __call__(self) -> EditWorker:
        """The worker."""
        parts = moved(self.parts, torch.device(self.device), self.options)
        return EditWorker(Editor(**vars(parts)))


def open_edit_worker(
    model: str | Path, device: str, options: InferenceOptions, elsewhere: bool
) -> OpenEditWorker:
    """Open a category for workers: of this process, or `elsewhere`, with devices of their own, such
    as "cuda". Arguments and errors else as of `Editor.from_pretrained`."""
    if elsewhere and device != "cpu":  # laid out for its device where that is
        parts = open_category(model, "cpu", InferenceOptions(plain=True))
        return OpenEditWorker(parts, device, options)
    place = choose_device(device)
    parts = open_category(model, place, options)
    return OpenEditWorker(parts, str(place), options)


class EditWorker:
    """Makes edits of `EditInputs`; see `Worker`. Only one thread at a time has the model."""

    def __init__(self, editor: Editor) -> None:
        self._editor, self._lock = editor, threading.Lock()

    def perform(self, payload: EditInputs, check: Check) -> EditFiles:
        """The edit's files. Raises InputError for what cannot be edited."""
        with tempfile.TemporaryDirectory(prefix="pixelguide-") as name:
            given = _Given.read(payload, Path(name), self._editor)
            with self._lock:
                check()
                result = self._edit(given, payload, check)
            return _files(result, Path(name) / "out", cast("OutputFormat", payload.output))

    def _edit(self, given: _Given, payload: EditInputs, check: Check) -> EditResult:
        editor = self._editor
        if given.square is not None:
            editor.set_image(given.square)
        else:
            editor.set_image(cast("Photograph", given.photograph), crop=given.frame or "auto")
        if editor.statistics.pictures:
            editor.familiarity()  # reports have it
        classes = payload.classes
        if payload.edit is not None:
            source = given.source or editor.segment()
            target, named = repainted(source, payload.edit)
            classes = classes or named
        else:
            source, target = given.source, given.target  # type: ignore[assignment]
        return editor.edit(
            target,
            source=source,
            edit_classes=classes,
            on_progress=lambda state: check(),
            **payload.settings,
        )


@dataclass(frozen=True)
class _Given:
    """An edit's files, decoded. square: a picture that the model takes as it is, else a photograph
    and its part, None to look for it."""

    square: np.ndarray[Any, np.dtype[np.uint8]] | None
    photograph: Photograph | None
    frame: Frame | None
    target: LabelMap | None
    source: LabelMap | None

    @classmethod
    def read(cls, payload: EditInputs, folder: Path, editor: Editor) -> _Given:
        """Decode what `edit` would read of files. Raises InputError naming the file."""
        target = source = frame = None
        if payload.crop not in (None, "auto"):
            frame = Frame.parse(str(payload.crop))
        if payload.map is not None:
            file = LabelFile.decode(payload.map, str(payload.map_name))
            target = LabelMap.from_file(file, editor.labels)
            text = file.text(_METADATA) or (payload.part or b"").decode("utf-8", "replace")
            frame = frame or _frame_of(text, str(payload.map_name))
        if payload.source is not None:
            file = LabelFile.decode(payload.source, str(payload.source_name))
            source = LabelMap.from_file(file, editor.labels)
        path = folder / f"picture{Path(payload.image_name).suffix.lower()}"
        path.write_bytes(payload.image)
        try:
            image = open_image(path, prepare=lambda image, where: None)
            plain = image.mode in ("RGB", "P") and "transparency" not in image.info
            fits = image.size == (editor.size, editor.size) and plain
            if frame is None and fits and payload.output == "png":
                square = np.asarray(converted(image, "RGB"), np.uint8)
                if not image.getexif().get(0x0112, 1) > 1:
                    return cls(square, None, None, target, source)
            del image  # 160 MB where it is large
            photograph = Photograph.open(path)
            PhotographWriter(photograph, payload.output)  # type: ignore[arg-type]  # which it checks
        except InputError as error:
            where = payload.image_name if error.where == path.name else error.where
            raise type(error)(error.what, where, error.hint) from None
        if frame is None and target is not None:  # its map says no part: all of it
            width, height = photograph.size
            if width != height:
                raise InputError(f"{width}×{height} pixels are no square", payload.image_name,
                                 "Say which part to edit: crop x,y,size.")  # fmt: skip
        return cls(None, photograph, frame, target, source)


def _frame_of(text: str, where: str) -> Frame | None:
    if not text:
        return None
    try:
        return Frame.from_json(load_json(text)["frame"], where)
    except (ValueError, KeyError, TypeError, RecursionError):
        raise InputError("metadata that say no frame", where, "Give a crop.") from None


def _files(result: EditResult, folder: Path, output: OutputFormat) -> EditFiles:
    """What `EditResult.save` writes, without its seconds, and the strip for the sheet."""
    report = result.save(folder, output)
    files = {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
    seconds = report.pop("seconds")
    files[REPORT] = (json.dumps(report, indent=2) + "\n").encode()
    image = cast("Any", result.original)
    region = region_alone(image, result.roi)
    strip = np.concatenate([image, result.target.colour(), region, result.best.image], 1)
    buffer = io.BytesIO()
    Image.fromarray(strip.astype(np.uint8)).save(buffer, "PNG")
    return EditFiles({**files, STRIP: buffer.getvalue()}, seconds)
