"""A U-Net as one function of its input that has decoder activations among its results."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from pixelguide.errors import InputError
from pixelguide.prior.unet import Network
from pixelguide.prior.unet_layers import resampled


class UnrolledUNet(nn.Module):
    """`UNet2DModel.forward` with its decoder unrolled, so that activations are among its results.

    Hooks would do as well, but not in several threads at once, nor under `torch.compile`.
    """

    def __init__(self, unet: Network, indices: Sequence[int]) -> None:
        """indices: decoder blocks by ADM's count, rising. Raises InputError for networks that are
        no unconditional DDPM or ADM."""
        super().__init__()
        blocks = [*unet.down_blocks, *unet.up_blocks]
        by_class = getattr(unet, "class_embedding", None) is not None
        if by_class or unet.config.time_embedding_type == "fourier":
            raise InputError("a network conditioned on classes or noise scales", "network")
        if any(hasattr(block, "skip_conv") for block in blocks):
            raise InputError("a network with skip blocks", "network")
        self.unet = unet
        self.indices = tuple(indices)

    def forward(self, x_t: Tensor, t: Tensor, stop: bool) -> list[Tensor]:
        """The activations, and behind them the output unless `stop`. x_t: N×C×H×W. t: int64 N or 1.

        Gradients end at the last tap, and with `stop` so does the pass.
        """
        unet: Any = self.unet
        if unet.config.center_input_sample:
            x_t = 2 * x_t - 1
        emb = unet.time_embedding(unet.time_proj(t).to(x_t.dtype))  # N×width or 1×width
        hidden = unet.conv_in(x_t)
        skips = [hidden]
        for block in unet.down_blocks:
            hidden, own = block(hidden, temb=emb)
            skips += own
        if unet.mid_block is not None:
            hidden = unet.mid_block(hidden, emb)
        taps: list[Tensor] = []
        index = 0
        for block in unet.up_blocks:
            attentions = getattr(block, "attentions", None)
            for position, resnet in enumerate(block.resnets):
                hidden = resnet(torch.cat([hidden, skips.pop()], dim=1), emb)
                if attentions is not None:
                    hidden = attentions[position](hidden)
                if position == len(block.resnets) - 1 and block.upsamplers is not None:
                    hidden = resampled(block.upsamplers[0], hidden, emb)
                if index in self.indices:
                    taps.append(hidden)
                    if index == self.indices[-1]:
                        if stop:
                            return taps
                        hidden, skips = hidden.detach(), [skip.detach() for skip in skips]
                index += 1
        return [*taps, unet.conv_out(unet.conv_act(unet.conv_norm_out(hidden)))]
