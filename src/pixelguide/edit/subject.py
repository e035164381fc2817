"""The picture that is being edited, and what has been learned about it so far."""

from __future__ import annotations

import math
from copy import deepcopy

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from pixelguide.errors import InputError
from pixelguide.guidance.inversion import invert
from pixelguide.images import to_model
from pixelguide.labels import LabelMap
from pixelguide.photo.detail import DetailStep
from pixelguide.photo.framing import Placement
from pixelguide.photo.full_size import FullSize
from pixelguide.photo.map_sizes import reduced_map
from pixelguide.prior.denoiser import Denoiser
from pixelguide.prior.schedule import Schedule, spaced_timesteps
from pixelguide.segment.familiarity import Familiarity, familiarity
from pixelguide.segment.picture_statistics import PictureStatistics
from pixelguide.segment.segmenter import Segmenter


class Subject:
    """One picture of the model's size. What takes passes of the network is computed once.

    image: uint8 S×S×3, not to be written to. placement: where it lies in its photograph, None for
    one without. known_familiarity: once it has been asked for.
    """

    def __init__(
        self,
        denoiser: Denoiser,
        segmenter: Segmenter,
        statistics: PictureStatistics,
        image: NDArray[np.uint8],
        placement: Placement | None = None,
        detail: DetailStep | None = None,
    ) -> None:
        """segmenter: f_multi. statistics: what the category's pictures are like. detail: what it
        paints that is finer than its pixels, if it does."""
        self.image, self.placement = image, placement
        image.setflags(write=False)  # what was computed from it is kept
        self._denoiser, self._segmenter, self._statistics = denoiser, segmenter, statistics
        self._detail = detail
        self._label_map: LabelMap | None = None
        self.known_familiarity: Familiarity | None = None
        self._inversions: dict[tuple[int, int], Tensor] = {}

    def x_0(self) -> Tensor:
        """The picture as the network sees it, float32 1×3×S×S in [-1, 1]."""
        return to_model(self.image, self._denoiser.device)

    @property
    def knows_lightness_alone(self) -> bool:
        """Whether the category was made of grey pictures."""
        return self._statistics.grey

    def segment(self) -> LabelMap:
        """The label map with its uncertainty; a copy, which may be painted on."""
        if self._label_map is None:
            self._label_map = self._segmenter(self.x_0())[0]
        return deepcopy(self._label_map)

    def familiarity(self) -> Familiarity:
        """How far the picture lies from those the category was made for."""
        if self.known_familiarity is None:
            known = familiarity(self._denoiser, self._statistics, self.x_0(), self.segment())
            self.known_familiarity = known
        return self.known_familiarity

    def strangeness(self) -> float:
        """How little the category knows the picture, about 0 … 1: the geometric mean of the share
        of its contrast that the prior cannot tell through noise (its error alone is small wherever
        all is smooth) and the segmenter's doubt."""
        known = self.familiarity()
        unexplained = known.denoising / max(float(self.image.std()), 1.0)
        return math.sqrt(unexplained * known.doubt)

    def inverted(self, start: int, steps: int, instead: Tensor | None = None) -> Tensor:
        """x_{t0} of the inversion to t0 = `start` over `steps` timesteps, 1×3×S×S. instead: of
        another x_0, of which it is not kept."""
        schedule: Schedule = self._denoiser.schedule.respaced(spaced_timesteps(start, steps))
        if instead is not None:
            return invert(self._denoiser, instead, schedule)
        if (start, steps) not in self._inversions:
            self._inversions[start, steps] = invert(self._denoiser, self.x_0(), schedule)
        return self._inversions[start, steps]

    def at_model_size(self, label_map: LabelMap, known: LabelMap | None = None) -> LabelMap:
        """A map of the picture, S×S; one of its photograph's or crop's size is reduced, `known`
        (by default what the model reads) telling what lies beyond and breaking ties. Raises
        InputError for other classes or another size."""
        if label_map.labels.names != self._segmenter.labels.names:
            raise InputError("map with classes of another category", "map", "Segment again.")
        if label_map.ids.shape == self.image.shape[:2]:
            return label_map
        if self.placement:
            return reduced_map(self.placement, label_map, known or self.segment())
        height, width = label_map.ids.shape
        size = len(self.image)
        raise InputError(
            f"map of {width}×{height} pixels for a picture of {size}×{size}",
            "map",
            "Both must have the same size.",
        )

    def full_size(
        self, roi: NDArray[np.bool_], feather: int, seed: int = 0, detailed: bool = True
    ) -> FullSize | None:
        """The way of results back into the photograph, if there is one; see `FullSize`. detailed:
        whether finer detail is painted, where the category does so. Raises InputError when nothing
        of the ROI (bool S×S) lies in it."""
        if self.placement is None:
            return None
        full = FullSize(
            self.placement, self.image, roi, feather, self._statistics.grey, seed=seed,
            detail=self._detail if detailed else None,
        )  # fmt: skip
        if not full.region.any():
            raise InputError("the edit lies outside the picture", "crop", "Give another crop.")
        return full
