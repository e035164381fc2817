"""Automatic settings for a category: accuracy and truth of edits over starts and scales.

    python -m benchmarks.choose_settings [--model portraits-64] [--first 60] [--edits 25]
        [--settings 500:120,500:400,400:300] [--num-images 2] [--start-from auto]

Edits `first` … of the portrait benchmark, apart from those that results are measured on, each with
every START:SCALE. Small and large regions (at most, or more than, the model's `small_roi` pixels
before dilation) are told apart. Prints the means: ROI accuracy of the best candidate by f_multi,
and PSNR to the true edit in the ROI.
"""

from __future__ import annotations

import sys

import numpy as np

from benchmarks.setup import add_edits, option_parser
from pixelguide.edit.editor import Editor
from pixelguide.evaluate.measures import psnr
from pixelguide.evaluate.portrait_edits import portrait_edits
from pixelguide.guidance.region import region_of_interest


def main() -> None:
    """Edit, measure, print."""
    parser = option_parser(__doc__)
    add_edits(parser, 60, 25)
    parser.add_argument("--settings", default="500:120,500:400,400:300")
    parser.add_argument("--num-images", type=int, default=2)
    parser.add_argument("--start-from", choices=("inversion", "colours", "auto"), default="auto")
    parser.add_argument("--group", choices=("small", "large", "both"), default="both")
    arguments = parser.parse_args()
    settings = [
        (int(start), float(scale))
        for start, scale in (pair.split(":") for pair in arguments.settings.split(","))
    ]
    editor = Editor.from_pretrained(arguments.model)
    measured: dict[tuple[str, int, float], list[tuple[float, float]]] = {}
    for case in portrait_edits(arguments.edits, editor.size, arguments.first):
        editor.set_image(case.before.image)
        source = editor.segment()
        target, classes = case.repaint(source)
        bare = region_of_interest(source, target, classes, dilation=0)
        group = "large" if bare.sum() > editor.defaults.small_roi else "small"
        if arguments.group not in (group, "both"):
            continue
        for start, scale in settings:
            result = editor.edit(
                target,
                edit_classes=classes,
                roi="classes",
                rank="agreement",
                num_images=arguments.num_images,
                start_from=arguments.start_from,
                start_timestep=start,
                guidance_scale=scale,
            )
            best = result.best
            numbers = best.roi_accuracy, psnr(best.image, case.after.image, result.roi)
            measured.setdefault((group, start, scale), []).append(numbers)
    sys.stdout.write("| region | edits | t0 | s | ROI accuracy | PSNR to the true edit, dB |\n")
    sys.stdout.write("|---|---|---|---|---|---|\n")
    for (group, start, scale), pairs in sorted(measured.items(), reverse=True):
        accuracy, truth = np.mean(pairs, 0)
        sys.stdout.write(
            f"| {group} | {len(pairs)} | {start} | {scale:g} | {accuracy:.3f} | {truth:.2f} |\n"
        )


if __name__ == "__main__":
    main()
