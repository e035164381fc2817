"""Checkpoints of other projects, told by the names of their weights: what they are, what to do."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from pixelguide.errors import InputError
from pixelguide.prior.kinds import FITS

TRAIN = "Train a prior on the same pictures: `pixelguide train prior`."
KINDS: tuple[tuple[str, str, str], ...] = (
    (
        r"(first_stage_model|cond_stage_model|model\.diffusion_model)\.",
        "a latent diffusion checkpoint (LDM, Stable Diffusion)",
        f"Its network makes latents, not pictures. {FITS}",
    ),
    (
        r"(.*\.)?(init_conv\.weight|downs\.0\.0\.)",
        "a checkpoint of denoising-diffusion-pytorch (lucidrains)",
        f"Its network has layers that no UNet2DModel has. {TRAIN}",
    ),
    (
        r"(.*\.)?temb\.dense\.0\.weight",
        "a checkpoint of pytorch_diffusion or ddim (pesser, ermongroup)",
        "Convert it by diffusers' convert_ddpm_original_checkpoint_to_diffusers.py, then take the "
        "folder as it is.",
    ),
    (
        r"(.*\.)?(enc|dec)\.\d+x\d+_",
        "an EDM network (NVlabs/edm), which is told noise scales, not timesteps",
        FITS,
    ),
    (
        r"(.*\.)?all_modules\.\d+\.",
        "a checkpoint of score_sde, which is told continuous times, not timesteps",
        FITS,
    ),
    (
        r"(.*\.)?down_blocks\.\d+\.",
        "weights of a diffusers model, without its configuration",
        "Put them into a folder with their config.json and scheduler_config.json, then "
        "`pixelguide convert diffusers FOLDER -o MODEL`.",
    ),
    (r".*adaLN_modulation", "a DiT, a transformer over latents", FITS),
    (r".*lora_(up|down|A|B)\b", "an adapter (LoRA), not a model", "Fuse it into its model first."),
    (
        r"(module\.)?layers\.[036]\.weight",
        "a pixel classifier of DatasetDDPM, not a prior",
        "See `pixelguide convert classifiers --help`.",
    ),
)
"""Names that only these have, what they are then, and what to do."""
PICKLED: tuple[tuple[bytes, str], ...] = (
    (b"torch_utils.persistence", "As EDM's and StyleGAN's pickles do, it brings its own code. "),
    (b"pytorch_lightning", "It is a checkpoint of PyTorch Lightning, as LDM's are. "),
    (b"denoising_diffusion_pytorch", "It is one of denoising-diffusion-pytorch (lucidrains). "),
)
"""Modules that pickles name near their beginning, and whose they are."""
_DEPTH, _MOST = 4, 100_000


def refuse_foreign(content: Any, where: str) -> None:
    """Raise InputError, saying what it is, if `content` of a PyTorch file is known to be another
    project's. where: the file, for the error."""
    names: list[str] = []
    _collect(content, "", names)
    if any(name.endswith("input_blocks.0.0.weight") and "diffusion_model" not in name
           for name in names):  # fmt: skip
        return  # of guided-diffusion's family, which has its own words
    for pattern, what, hint in KINDS:
        found = next((name for name in names if re.match(pattern, name)), None)
        if found is not None:
            raise InputError(f"{what} ('{found:.80}')", where, hint)


def whose(path: Path) -> str:
    """A sentence on whose pickle `path` is, by the bytes it begins with; "" if that is not known.
    Nothing of it is run."""
    with path.open("rb") as file:
        start = file.read(1 << 20)
    return next((said for module, said in PICKLED if module in start), "")


def _collect(content: Any, prefix: str, names: list[str], depth: int = 0) -> None:
    """The names of what `content` holds, each with and without those of the dicts around it."""
    if not isinstance(content, dict) or depth > _DEPTH:
        return
    for key, value in content.items():
        if not isinstance(key, str) or len(names) > _MOST:
            continue
        names.append(key)
        if prefix:
            names.append(f"{prefix}.{key}")
        _collect(value, key, names, depth + 1)
