"""A network for pictures of twice the size, grown from one that is trained."""

from __future__ import annotations

import torch
from diffusers import UNet2DModel
from torch import Tensor

from pixelguide.errors import InputError
from pixelguide.prior.architecture import fresh_network
from pixelguide.prior.schedule import Schedule


def grown(network: UNet2DModel, width: int, generator: torch.Generator) -> UNet2DModel:
    """`network` with one level more of `width` channels outside, for pictures of twice the size.

    What lies inside keeps its weights. Where a tensor's shape changes with its new neighbour, the
    channels that both have are kept; the level itself starts fresh from `generator`, adding
    nothing. Halving a picture averages its noise away: the inner levels see timestep t of the large
    picture as they saw the one with four times the signal-to-noise ratio before, so the timestep's
    embedding is fitted to theirs at those (least squares over all t).

    Raises InputError for a width that the network's groups do not divide, and for a network whose
    timesteps are not embedded by sinusoids.
    """
    # without diffusers' list of values that were defaults: they are given explicitly here
    config = {name: value for name, value in network.config.items() if not name.startswith("_")}
    groups = config["norm_num_groups"]
    if width < 16 or width % groups or width % 2:
        raise InputError(
            f"a level of {width} channels",
            hint=f"Use a multiple of {max(groups, 2)}, 16 at least.",
        )
    if config["time_embedding_type"] != "positional":
        raise InputError(
            f"timesteps embedded as '{config['time_embedding_type']}'",
            hint="Only networks with sinusoids can grow.",
        )
    inner = list(config["block_out_channels"])
    config |= {
        "sample_size": 2 * config["sample_size"],
        "block_out_channels": [width, *inner],
        "down_block_types": ["ResnetDownsampleBlock2D", *config["down_block_types"]],
        "up_block_types": [*config["up_block_types"], "ResnetUpsampleBlock2D"],
        "time_embedding_dim": config["time_embedding_dim"] or 4 * inner[0],
    }
    larger = fresh_network(config, generator)
    old = network.state_dict()
    new = larger.state_dict()
    with torch.no_grad():
        for name, value in new.items():
            known = old.get(_inner_name(name))
            if known is not None and not name.startswith("time_embedding.linear_1"):
                sides = zip(value.shape, known.shape, strict=True)
                shared = tuple(slice(min(new_side, old_side)) for new_side, old_side in sides)
                value[shared] = known[shared]
        weight, bias = _embedding(network, larger)
        new["time_embedding.linear_1.weight"].copy_(weight)
        new["time_embedding.linear_1.bias"].copy_(bias)
    return larger


def _inner_name(name: str) -> str:
    """What a tensor of the grown network was called in the one inside; "" for the new level's."""
    kind, _, rest = name.partition(".")
    if kind != "down_blocks":
        return "" if kind in ("conv_in", "conv_out", "conv_norm_out") else name
    level, _, rest = rest.partition(".")
    return f"down_blocks.{int(level) - 1}.{rest}"


def _embedding(network: UNet2DModel, larger: UNet2DModel) -> tuple[Tensor, Tensor]:
    """Weight and bias of the first layer over the new sinusoids that best repeat the old layer."""
    schedule = Schedule.linear()
    log_snr = torch.log(schedule.alpha_bar / (1 - schedule.alpha_bar))
    t = torch.arange(len(schedule))
    # log-SNR falls with t: the level with four times the ratio is the nearest one from above
    as_seen = (log_snr[None, :] - (log_snr + torch.log(torch.tensor(4.0)))[:, None]).abs().argmin(1)
    layer = network.time_embedding.linear_1
    wanted = network.time_proj(as_seen).double() @ layer.weight.double().T + layer.bias.double()
    sinusoids = larger.time_proj(t).double()
    design = torch.cat([sinusoids, torch.ones(len(t), 1, dtype=torch.float64)], 1)
    # a little ridge: neighbouring slow sinusoids are nearly the same column
    gram = design.T @ design + torch.eye(design.shape[1], dtype=torch.float64)
    solution = torch.linalg.solve(gram, design.T @ wanted)
    return solution[:-1].T.float(), solution[-1].float()
