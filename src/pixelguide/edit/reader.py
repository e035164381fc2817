"""Reading a picture by a category's model: what an `Editor` knows before it edits."""

from __future__ import annotations

from pathlib import Path
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray

from pixelguide.edit.auto_crop import propose_parts
from pixelguide.edit.defaults import EditDefaults
from pixelguide.edit.opening import open_category
from pixelguide.edit.progress import Progress
from pixelguide.edit.subject import Subject
from pixelguide.errors import InputError
from pixelguide.guidance.guidance import GuidedDenoiser, guided, unguided
from pixelguide.guidance.inversion import reconstruct
from pixelguide.guidance.noise_units import in_noise_units
from pixelguide.guidance.schedules import GuidanceUnit
from pixelguide.images import from_model
from pixelguide.labels import LabelMap, LabelSet
from pixelguide.photo.detail import DetailStep
from pixelguide.photo.find_face import FaceFinder, open_finder
from pixelguide.photo.framing import Frame, Placement, Point
from pixelguide.photo.paste_back import grey
from pixelguide.photo.photograph import Photograph
from pixelguide.photo.picture import (
    AnyPicture,
    Crop,
    deep_photograph,
    place,
    read_photograph,
    read_picture,
)
from pixelguide.photo.proposals import Proposal
from pixelguide.prior.denoiser import Denoiser
from pixelguide.prior.kernels.options import DEFAULT_OPTIONS, InferenceOptions
from pixelguide.prior.schedule import spaced_timesteps
from pixelguide.segment.familiarity import Familiarity
from pixelguide.segment.picture_statistics import PictureStatistics
from pixelguide.segment.pixel_classifiers import PixelClassifiers
from pixelguide.segment.segmenter import Segmenter


class PictureReader:
    """A category's model, and the picture that it reads."""

    def __init__(
        self,
        denoiser: Denoiser,
        segmenter: PixelClassifiers,
        guide: PixelClassifiers,
        labels: LabelSet,
        defaults: EditDefaults | None = None,
        model: dict[str, str] | None = None,
        statistics: PictureStatistics | None = None,
        detail: DetailStep | None = None,
    ) -> None:
        self.labels = labels
        self.defaults = defaults or EditDefaults.for_size(denoiser.size)
        self.has_own_settings = defaults is not None
        self.statistics = statistics or PictureStatistics()
        self._denoiser, self._guide = denoiser, guide
        self._segmenter = Segmenter(denoiser, segmenter, labels)
        self._colours = {
            labels.id(name): np.array(colour, np.float64)
            for name, colour in self.defaults.colours.items()
        }
        self._model = model or {}
        self._detail = detail
        self._subject: Subject | None = None
        self._proposals: tuple[Proposal, ...] = ()
        self._finder: FaceFinder | None = None

    @classmethod
    def from_pretrained(
        cls,
        model: str | Path = "portraits-64",
        device: str | torch.device = "auto",
        options: InferenceOptions = DEFAULT_OPTIONS,
        on_progress: Progress | None = None,
    ) -> Self:
        """Open a category by built-in or pulled name, or by folder.

        Parameters
        ----------
        model : str or Path
            Name of a built-in or pulled model, a model folder, or OWNER/NAME of a model of the
            hub, which is fetched if it is not here yet.
        device : str or torch.device
            Where it is computed; "auto" takes CUDA, else MPS, else the CPU.
        options : InferenceOptions
            How the network is run, see `prior.kernels.options`.
        on_progress : callable, optional
            Told {"stage": "open", "done", "total"} before the first and after each of its stages.

        Returns
        -------
        Self
            The opened model, without a picture.

        Raises
        ------
        InputError
            If the model is missing, incomplete or damaged, or there is no such device.
        SafetyError
            If reading the model could do harm.
        """
        return cls(**vars(open_category(model, device, options, on_progress)))

    @property
    def denoiser(self) -> Denoiser:
        """The frozen prior."""
        return self._denoiser

    def __repr__(self) -> str:
        name = self._model.get("name", "a model without a name")
        picture = "a picture" if self._subject else "no picture"
        return f"{type(self).__name__}({name}, {self.size}×{self.size}, {picture})"

    @property
    def size(self) -> int:
        """Side S of the pictures that the model works on, in pixels."""
        return self._denoiser.size

    @property
    def image(self) -> NDArray[np.uint8]:
        """The picture, uint8 S×S×3 in RGB; InputError before `set_image`."""
        return self._opened().image

    @property
    def placement(self) -> Placement | None:
        """Where the picture lies in its photograph; None for one of the model's own size."""
        return self._subject.placement if self._subject else None

    @property
    def proposals(self) -> tuple[Proposal, ...]:
        """What `crop="auto"` found in the picture.

        The part that was taken, then the others (the other faces, the largest first); empty if the
        part was given.
        """
        return self._proposals

    def set_image(
        self,
        image: AnyPicture,
        *,
        crop: Crop | None = None,
        eyes: tuple[Point, Point] | None = None,
    ) -> None:
        """Choose the picture, and forget the one before.

        Parameters
        ----------
        image : str, Path, PIL.Image.Image, numpy.ndarray or Photograph
            The picture. Without `crop` and `eyes` it has the model's size: uint8 S×S×3 if it is an
            array.
        crop : Frame, tuple or str, optional
            The part of a photograph to edit, in its pixels: a `Frame`, (x, y, size), (x, y, size,
            angle in degrees), or "auto": all of a picture of the model's size, else the largest
            face (extra [faces]) or what looks most like the category's pictures (see
            `propose_parts` and `proposals`). Results then have the photograph's size too.
        eyes : tuple of two (x, y), optional
            Both eyes of a face, in pixels of the photograph, left and right as seen; the part is
            chosen so that they lie where the category has them.

        Raises
        ------
        InputError
            If the picture cannot be read, is not of the model's size without a crop, or the crop
            is too small or lies too far outside; with "auto", if nothing was found.
        """
        self._subject, self._proposals = self._open(image, crop, eyes)

    def _open(
        self, image: AnyPicture, crop: Crop | None, eyes: tuple[Point, Point] | None
    ) -> tuple[Subject, tuple[Proposal, ...]]:
        """The picture, and what "auto" found in it."""
        proposals: tuple[Proposal, ...] = ()
        if crop is None and eyes is None and not isinstance(image, Photograph):
            deep = deep_photograph(image)  # which keeps its 16 bits, as those of other sizes do
            if deep is not None and deep.size == (self.size, self.size):
                image, crop = deep, Frame.whole(*deep.size)
        if crop is None and eyes is None and not isinstance(image, Photograph):
            subject = self._read(read_picture(image, self.size))
        else:
            photograph, seen = read_photograph(image), dict[Frame, Subject]()
            if crop == "auto" and eyes is None:
                proposals = tuple(self._propose(photograph, seen))
                crop = proposals[0].frame
            placement = place(photograph, self.size, crop, eyes, self.statistics.eyes)
            subject = seen.get(placement.frame) or self._part(placement)
        return subject, proposals

    def _propose(self, photograph: Photograph, seen: dict[Frame, Subject]) -> list[Proposal]:
        """As `propose_parts`; what was looked at last, which may be what is taken, is in `seen`."""

        def look(frame: Frame) -> Subject:
            seen.clear()
            seen[frame] = subject = self._part(Placement(photograph, frame, self.size))
            return subject

        return propose_parts(photograph, self.size, self.statistics, self._open_finder, look)

    def _open_finder(self) -> FaceFinder | None:
        """Opened once: its landmarks are a file of 100 MB."""
        if self._finder is None:
            self._finder = open_finder()
        return self._finder

    def _part(self, placement: Placement) -> Subject:
        picture = placement.extract()
        return self._read(grey(picture) if self.statistics.grey else picture, placement)

    def _read(self, picture: NDArray[np.uint8], placement: Placement | None = None) -> Subject:
        return Subject(
            self._denoiser, self._segmenter, self.statistics, picture, placement, self._detail
        )

    def segment(self) -> LabelMap:
        """Read the picture's label map by f_multi; computed once per picture.

        Returns
        -------
        LabelMap
            A copy, which may be painted on: ids uint8 S×S, uncertainty float32 S×S in [0, 1].

        Raises
        ------
        InputError
            If there is no picture yet.
        """
        return self._opened().segment()

    def familiarity(self) -> Familiarity:
        """Measure how far the picture lies from those the category was made for.

        Better known before an edit than after. Computed once per picture.

        Returns
        -------
        Familiarity
            The measures, what they are compared with, and which of them are above that.

        Raises
        ------
        InputError
            If there is no picture yet.
        """
        return self._opened().familiarity()

    def reconstruct(self, start_timestep: int, steps: int = 50) -> NDArray[np.uint8]:
        """Invert the picture to t0 and decode it by DDIM, without any edit.

        Parameters
        ----------
        start_timestep : int
            The timestep t0, 2 … 1000.
        steps : int
            Steps each way, 2 … t0.

        Returns
        -------
        numpy.ndarray
            The picture, uint8 S×S×3 in RGB.
        """
        schedule = self._denoiser.schedule.respaced(spaced_timesteps(start_timestep, steps))
        x_t = self._opened().inverted(start_timestep, steps)
        image: NDArray[np.uint8] = from_model(reconstruct(self._denoiser, x_t, schedule))[0]
        return image

    def _predictor(
        self, target: LabelMap, roi: NDArray[np.bool_], scale: float, unit: GuidanceUnit
    ) -> GuidedDenoiser:
        if scale == 0:
            return unguided(self._denoiser)
        device = self._denoiser.device
        wanted = torch.from_numpy(target.ids.astype(np.int64)).to(device)
        inside = torch.from_numpy(roi).to(device)
        predict = guided(self._denoiser, self._guide, wanted, inside)
        return in_noise_units(predict, inside) if unit == "noise" else predict

    def _opened(self) -> Subject:
        if self._subject is None:
            raise InputError("no picture yet", "editor", "Call set_image first.")
        return self._subject
