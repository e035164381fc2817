"""What a category of 128² brings beside one of 64² for pictures of 128²: true edits of portraits.

    python -m benchmarks.portrait_sizes portraits-128 [portraits-64] [--first 0] [--edits 60]

Held-out portraits of `pixelguide evaluate`'s seed, drawn at 128², are edited by each model from the
map it reads and the true labels painted on it, once (seed 0), with its own settings: at its own
size where that is 128, else as a photograph, whose change goes back enlarged. Where the true edit
changes labels, and three pixels around: PSNR and SSIM to the true picture, and the accuracy of the
independent segmenter against the true labels. Prints means with 95 % intervals and the differences
to the first model, edit by edit, and processor seconds.
"""

from __future__ import annotations

import sys
import time

import numpy as np

from benchmarks.setup import option_parser
from pixelguide.edit.editor import Editor
from pixelguide.evaluate.bootstrap import bootstrap_mean
from pixelguide.evaluate.independent import IndependentSegmenter
from pixelguide.evaluate.measures import psnr
from pixelguide.evaluate.portrait_edits import EVALUATION_SEED, EditCase, portrait_edits
from pixelguide.evaluate.similarity import ssim
from pixelguide.guidance.region import dilate
from pixelguide.labels import IGNORE
from pixelguide.photo.photograph import Pixels
from pixelguide.seeds import generator

SIZE, AROUND = 128, 3
MEASURES = ("PSNR, dB", "SSIM", "independent accuracy", "CPU s")


def edited(editor: Editor, large: EditCase, own: EditCase) -> Pixels:
    """The portrait at 128² edited by a model: `own` is the same case at the model's size."""
    if editor.size == SIZE:
        editor.set_image(large.before.image)
    else:
        editor.set_image(large.before.image, crop=(0, 0, SIZE))
    target, classes = own.repaint(editor.segment())
    result = editor.edit(target, edit_classes=classes, num_images=1, seed=0)
    return result.photograph()


def measured(editor: Editor, large: EditCase, own: EditCase) -> list[float]:
    """The values of `MEASURES` for one edit."""
    began = time.process_time()
    picture = edited(editor, large, own)
    seconds = time.process_time() - began
    true = large.after.label_ids
    region = dilate(large.before.label_ids != true, AROUND) & (true != IGNORE)
    read = IndependentSegmenter.built_in()(picture[None])[0]
    return [
        psnr(picture, large.after.image, region),
        ssim(picture, large.after.image, region),
        float((read == true)[region].mean()),
        seconds,
    ]


def main() -> None:
    """Edit by every model, print a table."""
    parser = option_parser(__doc__)
    parser.add_argument("models", nargs="+")
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--edits", type=int, default=60)
    arguments = parser.parse_args()
    asked = {"first": arguments.first, "seed": EVALUATION_SEED}
    rows = {}
    for model in arguments.models:
        editor = Editor.from_pretrained(model, "cpu")
        cases = zip(
            portrait_edits(arguments.edits, SIZE, **asked),
            portrait_edits(arguments.edits, editor.size, **asked),
            strict=True,
        )
        rows[model] = np.array([measured(editor, large, own) for large, own in cases])
    first = rows[arguments.models[0]]
    for model, values in rows.items():
        for k, name in enumerate(MEASURES):
            mean = bootstrap_mean(values[:, k].tolist(), generator(0, "bootstrap"))
            line = f"{model}, {name}: {mean.mean:.3f} [{mean.low:.3f}, {mean.high:.3f}]"
            if values is not first:
                apart = bootstrap_mean((values - first)[:, k].tolist(), generator(0, "bootstrap"))
                line += (
                    f", beside the first {apart.mean:+.3f} [{apart.low:+.3f}, {apart.high:+.3f}]"
                )
            sys.stdout.write(line + "\n")


if __name__ == "__main__":
    main()
