"""Decoder activations of a U-Net, by the block numbers of ADM."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor

from pixelguide.errors import InputError
from pixelguide.prior.kernels.graphs import GraphedPasses
from pixelguide.prior.kernels.unrolled import UnrolledUNet
from pixelguide.prior.unet import Network

Pass = Callable[[Tensor, Tensor, bool], list[Tensor]]
"""(x_t, t, whether to stop at the last tap) to the activations and, unless so, the output."""


@dataclass(frozen=True)
class Tap:
    """One decoder block as ADM counts its `output_blocks`, coarsest first.

    index: ADM's number. channels: width. stride: side of the picture over side of the activation.
    """

    index: int
    channels: int
    stride: int

    @property
    def name(self) -> str:
        """Readable name, such as `block5_1/2` for block 5 at half resolution."""
        return f"block{self.index}_1/{self.stride}"


def list_taps(unet: Network) -> tuple[Tap, ...]:
    """Every tap of `unet`, in the order of its decoder."""
    levels = len(unet.up_blocks)
    taps: list[Tap] = []
    for level, block in enumerate(unet.up_blocks):
        stride = 1 << (levels - 1 - level)
        for position, resnet in enumerate(block.resnets):
            upsampled = position == len(block.resnets) - 1 and block.upsamplers is not None
            taps.append(Tap(len(taps), resnet.out_channels, stride // 2 if upsampled else stride))
    return tuple(taps)


class TapReader:
    """Runs a U-Net and hands out chosen decoder activations beside its output.

    In ADM a decoder block is a residual block with its attention and, last in its level, the
    upsampling; DatasetDDPM (Baranchuk et al. 2021, arXiv 2112.03126) numbers its features so.
    """

    def __init__(
        self,
        unet: Network,
        indices: Sequence[int],
        compile: bool = False,
        graphs: bool = False,
    ) -> None:
        """compile: run it by `torch.compile`, from the first pass on. graphs: replay whole passes
        as `GraphedPasses`. The network must not change after the first pass with either. Raises
        InputError for indices that `unet` has not."""
        known = {tap.index: tap for tap in list_taps(unet)}
        for index in indices:
            if index not in known:
                raise InputError(
                    f"no decoder block {index}", "taps", f"Blocks run from 0 to {max(known)}."
                )
        self.taps = tuple(known[index] for index in sorted(set(indices)))
        self._dtype = unet.dtype
        self._network: Pass = UnrolledUNet(unet, [tap.index for tap in self.taps])
        self._compiles = compile
        self._graphed = GraphedPasses(self._whole) if graphs else None
        if compile:
            # CUDA graphs spare the launches of a thousand small kernels
            mode = "reduce-overhead" if unet.device.type == "cuda" else "default"
            self._network = torch.compile(self._network, mode=mode, dynamic=False)

    def __call__(self, x_t: Tensor, t: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Output N×C×H×W of the network for x_t at timesteps t (int64 N or 1), and its activations,
        each N×channels×(H/stride)×(W/stride), in the order of `self.taps`; all float32.

        Gradients flow through the activations alone: behind the last of them nothing is kept."""
        *read, output = self._run(x_t, t, stop=False)
        return output, read

    def features(self, x_t: Tensor, t: Tensor) -> list[Tensor]:
        """The activations alone; the pass ends at the last of them."""
        return self._run(x_t, t, stop=True)

    def _run(self, x_t: Tensor, t: Tensor, stop: bool) -> list[Tensor]:
        """The activations and, unless the pass is to stop there, the output behind them."""
        if self._graphed and not stop:
            return self._graphed(x_t, t)
        if self._compiles:
            torch.compiler.cudagraph_mark_step_begin()
        results = self._single(x_t, t, stop)
        # the next pass may write where the results of this one are: CUDA graphs own their memory
        return [result.clone() for result in results] if self._compiles else results

    @contextmanager
    def eager(self) -> Iterator[None]:
        """Passes in here are not replayed from graphs: whoever counts operators sees them all."""
        graphed, self._graphed = self._graphed, None
        try:
            yield
        finally:
            self._graphed = graphed

    def _whole(self, x_t: Tensor, t: Tensor) -> list[Tensor]:
        return self._single(x_t, t, stop=False)

    def _single(self, x_t: Tensor, t: Tensor, stop: bool) -> list[Tensor]:
        """Half precision as float32; a network in float64 stays exact."""
        return [
            result.to(torch.promote_types(result.dtype, torch.float32))
            for result in self._network(x_t.to(self._dtype), t, stop)
        ]


PAPER_BLOCKS, PAPER_DEPTH = (5, 6, 7, 8, 12), 18
"""Matsunaga et al. 2022, sec. 4: blocks of an ADM for 256 pixels, which has 18."""


def default_taps(unet: Network) -> tuple[int, ...]:
    """Blocks to use when none are named: the paper's, at the same relative depth.

    They lie at 1/8, 1/4 and 1/2 of full resolution. A network of fewer than 12 blocks has so few
    at these depths that all that resolve the parts of a picture, from a quarter up, are read.
    """
    taps = list_taps(unet)
    if len(taps) < 12:
        return tuple(tap.index for tap in taps if tap.stride <= 4)
    return tuple(round(index * len(taps) / PAPER_DEPTH) for index in PAPER_BLOCKS)


def named_taps(unet: Network, names: Iterable[str]) -> tuple[int, ...]:
    """Indices of taps given by number or by `Tap.name`. Raises InputError for an unknown one."""
    known = {str(key): tap.index for tap in list_taps(unet) for key in (tap.index, tap.name)}
    for name in names:
        if name not in known:
            raise InputError(
                f"no decoder block '{name}'",
                "taps",
                f"Blocks run from 0 to {len(known) // 2 - 1}; see `pixelguide models show`.",
            )
    return tuple(sorted({known[name] for name in names}))
