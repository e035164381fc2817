"""Edits made while settings are chosen: measured once, and kept so that a killed run goes on."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from pixelguide.bounded_json import load_json
from pixelguide.edit.editor import Editor
from pixelguide.evaluate.measures import psnr
from pixelguide.files import write_atomically
from pixelguide.tune.search import Choice, Measure, Score
from pixelguide.tune.truth_edits import TruthEdit

FILE = "measured.json"


class Measurements:
    """Scores of choices on edits, in a folder that belongs to one run.

    What lies there of a run with another `identity` (other pictures, model or seed) goes.
    """

    def __init__(
        self,
        folder: Path,
        identity: str,
        edits: Sequence[TruthEdit],
        on_edit: Callable[[int], None],
    ) -> None:
        """on_edit: told after each edit how many are made."""
        self.folder, self._edits, self._on_edit = folder, edits, on_edit
        self._known: dict[str, tuple[float, float]] = {}
        self._identity = identity
        content = _read(folder / FILE)
        if content.get("identity") == identity:
            self._known = {key: (own[0], own[1]) for key, own in content["scores"].items()}
        else:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            self._keep()

    def measure(self, places: Sequence[int], editors: Mapping[int, Editor]) -> Measure:
        """For `search`: choices on the edits at `places`; editors: by the picture's number."""

        def scores(choice: Choice, count: int) -> list[Score]:
            found, made = [], 0
            for place in places[:count]:
                key = f"{place} {json.dumps(asdict(choice))}"
                if key not in self._known:
                    edit = self._edits[place]
                    self._known[key] = _made(editors[edit.picture], edit, choice)
                    made += 1
                    self._on_edit(len(self._known))
                found.append(Score(*self._known[key]))
            if made:
                self._keep()
            return found

        return scores

    def _keep(self) -> None:
        content = {"identity": self._identity, "scores": self._known}
        write_atomically(self.folder / FILE, (json.dumps(content) + "\n").encode())


def _made(editor: Editor, edit: TruthEdit, choice: Choice) -> tuple[float, float]:
    """PSNR to the truth in the region, and accuracy there by f_multi, of one candidate."""
    task = edit.task
    editor.set_image(task.image)
    result = editor.edit(
        task.target, source=task.source, edit_classes=task.classes, num_images=1,
        rank="agreement", roi=task.roi_mode, dilation=task.dilation, **choice.settings(),
    )  # fmt: skip
    truth = task.image if task.truth is None else task.truth
    near = psnr(result.best.image, truth, result.roi)
    return float(np.clip(near, 0, 100)), result.best.roi_accuracy


def _read(path: Path) -> dict[str, Any]:
    try:
        content = load_json(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}  # none yet, or none that could be gone on with
    return content if isinstance(content, dict) else {}
