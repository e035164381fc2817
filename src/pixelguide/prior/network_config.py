"""Which networks can serve as a prior, by their configuration. Torch is not imported for it."""

from __future__ import annotations

from typing import Any

from pixelguide.prior.foreign_numbers import check_numbers
from pixelguide.prior.kinds import NoPriorError

BLOCKS = {f"{kind}{way}" for kind in ("", "Attn") for way in ("DownBlock2D", "UpBlock2D")} | {
    "ResnetDownsampleBlock2D",
    "ResnetUpsampleBlock2D",
}
"""The blocks of DDPM and ADM. Others (score-based models' skip blocks) have no decoder to tap."""


def check_network(config: dict[str, Any]) -> dict[str, Any]:
    """The configuration of a `UNet2DModel` with one number for the size, if it can be a prior's.

    A prior is unconditional, takes and gives RGB pictures, square ones of a known size, and may
    give as many channels again for its variance. Raises NoPriorError for one that is no prior, and
    whatever comes of entries of the wrong type.
    """
    check_numbers(config)
    if config.get("_class_name") != "UNet2DModel":
        raise NoPriorError(_other_network(config))
    if config.get("layers_per_block", 0) > 64 or len(config["block_out_channels"]) > 16:
        raise NoPriorError("more blocks than any such network has")
    if config.get("num_class_embeds") or config.get("class_embed_type"):
        raise NoPriorError("class-conditional; a prior knows no classes")
    if config.get("time_embedding_type") == "fourier":
        raise NoPriorError(
            "conditioned on noise scales, as score-based (VE) models are; a prior is told timesteps"
        )
    channels = config.get("in_channels", 3), config.get("out_channels", 3)
    if channels not in ((3, 3), (3, 6)):
        raise NoPriorError(_other_channels(*channels))
    blocks = {*config["down_block_types"], *config["up_block_types"]}
    if blocks - BLOCKS:
        raise NoPriorError(f"blocks of type {min(map(str, blocks - BLOCKS))}")
    size = config.get("sample_size")
    if isinstance(size, (list, tuple)) and len(size) == 2 and size[0] == size[1]:
        size = size[0]
    if not isinstance(size, int) or not 1 <= size <= 4096:
        raise NoPriorError(
            f"sample_size {size}; give the side of its square pictures",
            "Correct sample_size there.",
        )
    return {**config, "sample_size": size}


def _other_network(config: dict[str, Any]) -> str:
    kind = str(config.get("_class_name"))
    if "Conditional" in kind or "Condition" in kind:
        return f"a {kind}, which is told a text or a picture; only UNet2DModel is supported"
    return f"a {kind}; only UNet2DModel is supported"


def _other_channels(into: Any, out: Any) -> str:
    if (into, out) in ((1, 1), (1, 2)):
        kind = "of grey pictures"
    elif into == out == 4:
        kind = "of latents"
    elif (into, out) in ((6, 3), (6, 6)):
        kind = "of super-resolution, told a small picture"
    else:
        kind = "of something else"
    return f"{into} channels in, {out} out, {kind}; a prior has 3, and 3 or 6"
