"""What is measured about one edited picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pixelguide.edit.editor import Editor
from pixelguide.evaluate.boundary import boundary_f_score
from pixelguide.evaluate.cases import EditTask
from pixelguide.evaluate.features import feature_distance
from pixelguide.evaluate.independent import SIZE, IndependentSegmenter
from pixelguide.evaluate.measures import mean_absolute_error, psnr
from pixelguide.evaluate.similarity import ssim
from pixelguide.labels import IGNORE
from pixelguide.portraits import LABELS


@dataclass(frozen=True)
class Measure:
    """One number of an edit. better: +1 where more is better, -1 where less is, 0 for a cost.
    digits: shown after the point. factor: what a table multiplies it by, and says so."""

    title: str
    better: int
    digits: int
    factor: float = 1


MEASURES: dict[str, Measure] = {
    "mae_outside": Measure("MAE outside ×10⁻³", -1, 2, 1000),
    "psnr_outside": Measure("PSNR outside, dB", 1, 2),
    "roi_accuracy": Measure("ROI accuracy, f_multi", 1, 3),
    "independent_accuracy": Measure("ROI accuracy, independent", 1, 3),
    "boundary_f": Measure("boundary F, independent", 1, 3),
    "true_psnr": Measure("PSNR to the true edit, dB", 1, 2),
    "true_ssim": Measure("SSIM to the true edit", 1, 3),
    "true_feature_distance": Measure("feature distance to the true edit", -1, 3),
    "seconds": Measure("seconds", 0, 2),
    "cpu_seconds": Measure("CPU seconds", 0, 2),
    "evaluations": Measure("U-Net evaluations", 0, 0),
}
"""What is measured of every edit: MAE with colours in [0, 1]; the three about the true edit inside
the ROI; costs for all candidates together."""


class Judge:
    """Measures pictures against what their task asked for."""

    def __init__(self, editor: Editor, independent: IndependentSegmenter | None) -> None:
        """independent: see `independent_of`."""
        self.editor, self.independent = editor, independent

    def __call__(self, task: EditTask, image: NDArray[np.uint8]) -> dict[str, float | None]:
        """The measures by their names in `MEASURES` but for the costs, of `image` (uint8 S×S×3);
        None for what is not known of the task or where there is no pixel to measure. Besides
        `roi_pixels` and `changed_pixels_outside`."""
        roi = task.roi
        self.editor.set_image(task.image)
        (scored,) = self.editor.score(image[None], task.target, roi)
        values: dict[str, float | None] = {
            "roi_pixels": int(roi.sum()),
            "changed_pixels_outside": scored.changed_pixels_outside,
            "mae_outside": mean_absolute_error(image, task.image, ~roi),
            "psnr_outside": psnr(image, task.image, ~roi),
            "roi_accuracy": scored.roi_accuracy,
            "independent_accuracy": None,
            "boundary_f": None,
            "true_psnr": None,
            "true_ssim": None,
            "true_feature_distance": None,
        }
        if self.independent:
            (read,) = self.independent(image[None])
            counted = roi & (task.target.ids != IGNORE)
            right = read[counted] == task.target.ids[counted]
            values["independent_accuracy"] = float(right.mean()) if right.size else None
            values["boundary_f"] = boundary_f_score(read, task.target.ids, roi)
        if task.truth is not None:
            values["true_psnr"] = psnr(image, task.truth, roi)
            values["true_ssim"] = ssim(image, task.truth, roi)
            values["true_feature_distance"] = feature_distance(
                self.editor.denoiser, image, task.truth, roi
            )
        return {
            name: None if value is None or np.isnan(value) else value
            for name, value in values.items()
        }


def independent_of(editor: Editor) -> IndependentSegmenter | None:
    """The independent segmenter where it can read what `editor` edits: portraits of 64, 128 …"""
    if editor.size % SIZE == 0 and editor.labels.names == LABELS.names:
        return IndependentSegmenter.built_in(editor.denoiser.device)
    return None
