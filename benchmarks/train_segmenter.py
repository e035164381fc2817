"""Train the independent segmenter of `pixelguide evaluate` on endlessly rendered portraits.

    python -m benchmarks.train_segmenter OUT [--steps 1800] [--threads 1] [--measure]

Writes OUT/portraits-64-unet.safetensors (fp16), to be copied to src/pixelguide/evaluate/weights,
and goes on from OUT/training.safetensors after a kill, to the same weights. Then measures it on
held-out portraits and on true edits; with --measure only that, of the weights that come with the
package.
"""

from __future__ import annotations

import sys
from functools import lru_cache
from pathlib import Path

import numpy as np
import safetensors.torch
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from benchmarks.setup import option_parser
from pixelguide.evaluate.independent import SIZE, WEIGHTS, IndependentSegmenter, SmallUNet
from pixelguide.evaluate.measures import confusion, intersection_over_union
from pixelguide.evaluate.portrait_edits import held_out_portraits, portrait_edits
from pixelguide.files import write_atomically
from pixelguide.guidance.region import dilate
from pixelguide.images import to_model
from pixelguide.labels import IGNORE
from pixelguide.portraits import EDITS, LABELS, ODDITIES, add_oddity, random_portrait, render
from pixelguide.prior.model_parts import tensor_bytes
from pixelguide.prior.safe import read_tensors
from pixelguide.seeds import generator

SEED = 7000
"""No prior, classifier or benchmark draws portraits of this seed."""
BATCH, FRESH = 16, 4  # pictures a step, and how many of them are new: rendering takes as long
RATE, WARMUP, DECAY = 4e-3, 100, 0.01  # of AdamW; the rate then falls linearly to zero
CHECKPOINT = 100  # steps
STATE = "training.safetensors"


def main() -> None:
    """Train, write, measure."""
    parser = option_parser(__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--steps", type=int, default=1800)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--measure", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    if arguments.measure:
        segmenter = IndependentSegmenter.built_in()
    else:
        network = train(arguments.out, arguments.steps)
        write_atomically(arguments.out / WEIGHTS, tensor_bytes(network.state_dict()))
        segmenter = IndependentSegmenter(network)
    measure(segmenter)


def train(out: Path, steps: int) -> SmallUNet:
    """A segmenter after `steps` steps; step k draws all from (SEED, k)."""
    torch.manual_seed(SEED)  # torch initializes layers from its global generator only
    network = SmallUNet(len(LABELS))
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizer = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=DECAY)
    first = resume(out / STATE, network, optimizer)
    losses = []
    for step in range(first, steps):
        pictures, ids = batch(step)
        for group in optimizer.param_groups:
            group["lr"] = RATE * min(
                (step + 1) / WARMUP, (steps - step) / max(1, steps - WARMUP), 1.0
            )
        loss = F.cross_entropy(network(pictures), ids, ignore_index=IGNORE)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        if (step + 1) % CHECKPOINT == 0 or step + 1 == steps:
            save(out / STATE, network, optimizer, step + 1)
            sys.stdout.write(f"step {step + 1}: loss {np.mean(losses[-CHECKPOINT:]):.4f}\n")
            sys.stdout.flush()
    return network


def batch(step: int) -> tuple[Tensor, Tensor]:
    """Pictures N×3×S×S in [-1, 1] and maps int64 N×S×S: new ones and ones seen before, each
    mirrored or not and seen a little differently."""
    draws = generator(SEED, "step", step)
    known = torch.randint((step + 1) * FRESH, (BATCH - FRESH,), generator=draws).tolist()
    numbers = [*range(step * FRESH, (step + 1) * FRESH), *known]
    shown = [labelled_render(number) for number in numbers]
    pictures = to_model(np.stack([image for image, _ in shown]))
    ids = torch.from_numpy(np.stack([own for _, own in shown])).long()
    mirrored = torch.rand(BATCH, generator=draws) < 0.5
    pictures = torch.where(mirrored[:, None, None, None], pictures.flip(-1), pictures)
    ids = torch.where(mirrored[:, None, None], ids.flip(-1), ids)
    return vary(pictures, draws).contiguous(memory_format=torch.channels_last), ids


def vary(pictures: Tensor, draws: torch.Generator) -> Tensor:
    """A third of the pictures each: other colours, a little noise, a little blur. What it will
    read was painted by networks, whose pictures are not as clean as renders."""
    chosen = torch.rand(3, len(pictures), 1, 1, 1, generator=draws) < 1 / 3
    gain = 1 + 0.1 * torch.randn(len(pictures), 3, 1, 1, generator=draws)
    shift = 0.06 * torch.randn(len(pictures), 3, 1, 1, generator=draws)
    varied = torch.where(chosen[0], pictures * gain + shift, pictures)
    noise = torch.randn(pictures.shape, generator=draws)
    varied = torch.where(chosen[1], varied + 0.04 * noise, varied)
    rim = F.pad(varied, (1, 1, 1, 1), mode="replicate")
    blurred = 0.6 * varied + 0.4 * F.avg_pool2d(rim, 3, stride=1)
    return torch.where(chosen[2], blurred, varied).clamp(-1, 1)


@lru_cache(maxsize=20_000)  # about 16 KB each
def labelled_render(number: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Picture `number` of an endless series and its map: every third portrait is edited, every
    fourth shows an oddity."""
    rng = np.random.default_rng([SEED, number])
    portrait = random_portrait(rng)
    if number % 3 == 0:
        possible = [edit for edit in EDITS.values() if edit.applies(portrait)]
        portrait = possible[int(rng.integers(len(possible)))].apply(portrait, rng)
    rendering = render(portrait, SIZE)
    if number % 4 == 0:
        name = list(ODDITIES)[int(rng.integers(len(ODDITIES)))]
        rendering = add_oddity(rendering, portrait, name, rng)
    return rendering.image, rendering.label_ids


def save(path: Path, network: SmallUNet, optimizer: torch.optim.Optimizer, step: int) -> None:
    """Write all that the next step depends on."""
    tensors = {f"model.{name}": value for name, value in network.state_dict().items()}
    for index, state in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{index}.{name}": value for name, value in state.items()}
    tensors["step"] = torch.tensor(step)
    plain = {name: value.contiguous() for name, value in tensors.items()}
    write_atomically(path, safetensors.torch.save(plain))


def resume(path: Path, network: SmallUNet, optimizer: torch.optim.Optimizer) -> int:
    """Fill network and optimizer from `path`; the step to go on with, 0 if there is no file."""
    if not path.exists():
        return 0
    tensors = read_tensors(path)
    state: dict[int, dict[str, Tensor]] = {}
    for name, value in tensors.items():
        if name.startswith("optimizer."):
            _, index, key = name.split(".")
            state.setdefault(int(index), {})[key] = value
    own = {n.removeprefix("model."): v for n, v in tensors.items() if n.startswith("model.")}
    network.load_state_dict(own)
    optimizer.load_state_dict({**optimizer.state_dict(), "state": state})
    return int(tensors["step"])


def measure(segmenter: IndependentSegmenter, portraits: int = 200, edits: int = 80) -> None:
    """Print mIoU and accuracy on held-out portraits, and accuracy on true edits."""
    images, maps = held_out_portraits(portraits)
    counts = confusion(segmenter(images), maps, len(LABELS))
    own = intersection_over_union(counts)
    sys.stdout.write(
        f"{portraits} held-out portraits: mIoU {np.nanmean(own):.4f}, "
        f"pixel accuracy {np.trace(counts) / counts.sum():.4f}\n"
    )
    for name, value in zip(LABELS.names, own, strict=True):
        sys.stdout.write(f"  {name}: {value:.3f}\n")
    cases = list(portrait_edits(edits))
    right = segmenter(np.stack([case.after.image for case in cases])) == np.stack(
        [case.after.label_ids for case in cases]
    )
    inside = np.stack(
        [
            dilate(
                np.isin(case.before.label_ids, LABELS.ids(case.edit.classes))
                | np.isin(case.after.label_ids, LABELS.ids(case.edit.classes)),
                2,
            )
            for case in cases
        ]
    )
    sys.stdout.write(
        f"{edits} true edits: pixel accuracy {right.mean():.4f}, in the ROI of eq. 7 (dilated by "
        f"2) {np.mean([own[roi].mean() for own, roi in zip(right, inside, strict=True)]):.4f}\n"
    )


if __name__ == "__main__":
    main()
