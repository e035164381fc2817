"""Which models are no priors, said in words: by the index of a folder, its files, its scheduler.

A prior is an unconditional model of RGB pixels that is told timesteps. What others are is known
from the classes of diffusers' configurations, without reading a weight.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from pixelguide.errors import InputError

FITS = "Take an unconditional DDPM or ADM of RGB pictures; docs/models.md says what fits."
PIPELINES = ("DDPMPipeline", "DDIMPipeline", "PNDMPipeline", "RePaintPipeline")
"""diffusers' own pipelines of unconditional models of pixels."""
OWN_PIPELINE = "PixelGuidedPipeline"
LATENT_PARTS = ("vae", "vqvae", "movq", "vqgan")
"""Parts that turn latents into pictures: the network beside them never sees a pixel."""
TOLD_PARTS = {
    "text_encoder": "a text-to-image model",
    "image_encoder": "a model conditioned on pictures",
    "transformer": "a transformer, not a U-Net",
    "prior": "a model conditioned on embeddings",
    "low_res_scheduler": "a super-resolution model",
    "controlnet": "a model conditioned on pictures",
}
"""Parts by which a network is told something, and what it is then."""
OTHER_PIPELINES = {
    "LDMPipeline": "a latent model",
    "DiTPipeline": "a class-conditional latent model",
    "ScoreSdeVePipeline": "a score-based model (VE), which is told noise scales",
    "KarrasVePipeline": "a score-based model (VE), which is told noise scales",
    "ConsistencyModelPipeline": "a consistency model, which takes no small steps",
    "DanceDiffusionPipeline": "a model of sounds",
    "AudioDiffusionPipeline": "a model of spectrograms",
}
SCHEDULERS = {
    "ScoreSdeVe": "noise scales of a VE model",
    "ScoreSdeVp": "continuous times of a score-based model",
    "KarrasVe": "noise scales of a VE model",
    "EDM": "noise scales of an EDM",
    "FlowMatch": "times of a flow-matching model",
    "FlowMap": "times of a flow-matching model",
    "CMStochastic": "noise scales of a consistency model",
    "VQDiffusion": "steps of a discrete diffusion",
}
"""How the class of a scheduler begins, and what it holds instead of a DDPM's levels."""


class NoPriorError(ValueError):
    """A configuration of a model that cannot serve as a prior; `hint` says what to do."""

    def __init__(self, what: str, hint: str = FITS) -> None:
        super().__init__(what)
        self.hint = hint


def check_index(index: Mapping[str, Any], where: str) -> None:
    """Raise InputError if a `model_index.json` is of a model that is no prior, saying what it is.

    where: named in the error.
    """
    kind = index.get("_class_name")
    if isinstance(kind, (list, tuple)):  # code of the folder's own, and the class in it
        kind = kind[-1] if kind else None
    present = [name for name, entry in index.items() if entry and entry != [None, None]]
    check_parts(present, where, str(kind) if kind else "")
    if kind is None or kind in (*PIPELINES, OWN_PIPELINE):
        return
    what = OTHER_PIPELINES.get(str(kind))
    if what is None:
        raise InputError(
            f"'{kind:.80}' is no pipeline of an unconditional model of pixels", where,
            f"{FITS} If its unet is one, copy unet/ and scheduler/ into a folder of their own.",
        )  # fmt: skip
    raise InputError(f"{what} ({kind})", where, FITS)


def check_parts(parts: Collection[str], where: str, kind: str = "") -> None:
    """Raise InputError if a model has a part (a folder, or an entry of its index) that a prior has
    not. kind: of the pipeline, where it is known."""
    for part in LATENT_PARTS:
        if part in parts:
            named = f"{kind} with a '{part}'" if kind else f"with a '{part}'"
            raise InputError(
                f"a latent model ({named})", where,
                f"Its network makes latents, not pictures. {FITS}",
            )  # fmt: skip
    for part, what in TOLD_PARTS.items():
        if part in parts:
            raise InputError(f"{what} (it has a '{part}')", where, FITS)


def folders(names: Collection[str]) -> set[str]:
    """The top folders of files by relative name."""
    return {name.partition("/")[0] for name in names if "/" in name}


def check_scheduler(config: Mapping[str, Any]) -> None:
    """Raise NoPriorError for a `scheduler_config.json` without the noise levels of a DDPM."""
    if config.keys() & {"beta_schedule", "trained_betas"}:
        return
    kind = str(config.get("_class_name"))
    for begins, what in SCHEDULERS.items():
        if kind.startswith(begins):
            raise NoPriorError(f"no noise levels of a DDPM, but {what}")
    raise NoPriorError(f"no noise levels of a DDPM in a {kind}")
